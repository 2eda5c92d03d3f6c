//! The record of what a session knows, and the way back.

use crate::auth::credentials::Credential;
use crate::auth::credentials::record::CredentialRecord;
use crate::auth::digest::state::record::StateRecord;
use crate::auth::netrc::record as netrc;
use crate::cookies::jar::Jar;
use crate::cookies::load::LoadProblem;
use crate::cookies::reason::Rejection;
use crate::cookies::snapshot::JarSnapshot;
use crate::headers::record::{self as headers, DefaultsRecord, OriginRecord};
use crate::hsts::record::EntryRecord;
use crate::hsts::{HstsEntry, HstsStore, Ignored};
use crate::limits::Limits;
use crate::message::bound::Bound;
use crate::message::origin::Origin;
use crate::message::record::{Damage, list_of, optional_text, required, text};
use crate::session::exchange::check_host;
use crate::session::memory::{Credentials, Digests, Memory, Openness};
use crate::session::origin_settings::record as origin_settings;
use crate::time::Now;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a session knows.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MemoryRecord {
    pub(super) cookies: JarSnapshot,
    pub(super) headers: DefaultsRecord,
    pub(super) origin_headers: Vec<OriginRecord>,
    pub(super) origin_settings: Vec<origin_settings::OriginRecord>,
    #[serde(deserialize_with = "required")]
    pub(super) credential: Option<GeneralRecord>,
    pub(super) credentials: Vec<GivenRecord>,
    pub(super) netrc: Vec<netrc::EntryRecord>,
    pub(super) digests: Vec<DigestRecord>,
    #[serde(with = "entries")]
    pub(super) hsts: Vec<HstsEntry>,
    /// What is left of the budget of retries.
    retry_tokens: u32,
    #[serde(with = "OpennessRecord")]
    pub(super) open: Openness,
}

/// The credential for the first origin that uses it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GeneralRecord {
    /// `None` before its first use.
    #[serde(with = "optional_text")]
    pub(super) origin: Option<Origin>,
    pub(super) credential: HeldRecord,
}

/// A credential that was given for an origin.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenRecord {
    #[serde(with = "text")]
    pub(super) origin: Origin,
    pub(super) credential: HeldRecord,
}

/// A credential as a session holds it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum HeldRecord {
    Data(CredentialRecord),
    /// A scheme of the caller's own, which the program gives again; this is its name.
    Custom(String),
}

impl HeldRecord {
    fn of(credential: &Credential) -> Self {
        match CredentialRecord::of(credential) {
            Ok(record) => Self::Data(record),
            Err(scheme) => Self::Custom(scheme.name().to_owned()),
        }
    }

    /// The way back. A scheme of the caller's own is the one that the session was given in the same place.
    fn restore(self, before: Option<&Bound<Credential>>) -> Result<Credential, Damage> {
        let name = match self {
            Self::Data(record) => return Ok(record.restore()),
            Self::Custom(name) => name,
        };
        match before.map(Bound::expose) {
            Some(Credential::Custom(scheme)) if scheme.name() == name => Ok(Credential::Custom(Arc::clone(scheme))),
            _ => Err(Damage::new("a session that is given the same scheme of the caller's own in this place")),
        }
    }
}

/// What is known of Digest at one origin.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DigestRecord {
    #[serde(with = "text")]
    pub(super) origin: Origin,
    pub(super) state: StateRecord,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Openness", rename_all = "snake_case")]
enum OpennessRecord {
    Open,
    Closed,
}

list_of!(entries, super::HstsEntry, "super::EntryRecord");

impl MemoryRecord {
    pub(super) fn of(memory: &Memory, now: Now) -> Self {
        // Taken apart as a whole, so that a new part is not forgotten here.
        let Memory {
            jar,
            defaults,
            origin_headers,
            origin_settings,
            credentials,
            netrc,
            digests,
            // A proxy challenges anew.
            proxies: _,
            hsts,
            retries,
            open,
        } = memory;
        let mut live = jar.clone();
        live.remove_expired(now.wall());
        let general = |held: &Bound<Credential>| GeneralRecord {
            origin: held.origin().cloned(),
            credential: HeldRecord::of(held.expose()),
        };
        let given = |held: &Bound<Credential>| {
            Some(GivenRecord { origin: held.origin()?.clone(), credential: HeldRecord::of(held.expose()) })
        };
        Self {
            cookies: live.snapshot(),
            headers: DefaultsRecord::of(defaults),
            origin_headers: headers::of_origins(origin_headers),
            origin_settings: origin_settings::of(origin_settings),
            credential: credentials.general.as_ref().map(general),
            credentials: credentials.of_origins.iter().filter_map(given).collect(),
            netrc: netrc::of(netrc),
            digests: digests
                .iter()
                .map(|(origin, state)| DigestRecord { origin: origin.clone(), state: StateRecord::of(state) })
                .collect(),
            hsts: hsts.entries(now).collect(),
            retry_tokens: retries.tokens(),
            open: *open,
        }
    }

    /// The way back, within these limits. What is a setting comes from `before`: the public suffixes and mode of its jar, how
    /// large its budget is, schemes of the caller's own.
    pub(super) fn restore(self, before: &Memory, limits: &Limits, now: Now) -> Result<Memory, Damage> {
        let jar = restore_jar(&before.jar, &self.cookies, now).map_err(|damage| damage.at("cookies"))?;
        let defaults = self.headers.restore().map_err(|damage| damage.at("headers"))?;
        if check_host(defaults.ordinary()).is_err() {
            return Err(Damage::new("one Host: a host, or host:port").at("headers.ordinary"));
        }
        let credentials = restore_credentials(&before.credentials, self.credential, self.credentials)?;
        ascending(self.digests.iter().map(|record| &record.origin)).map_err(|damage| damage.at("digests"))?;
        ascending(self.hsts.iter().map(|entry| &entry.host)).map_err(|damage| damage.at("hsts"))?;
        let mut digests = Digests::default();
        for (index, DigestRecord { origin, state }) in self.digests.into_iter().enumerate() {
            let state = state.restore(limits.challenge_bytes);
            let state = state.map_err(|damage| damage.at(format_args!("digests[{index}].state")))?;
            digests.with(&origin, limits.digest_origins, |held| *held = state);
        }
        let mut hsts = HstsStore::new();
        for (index, entry) in self.hsts.iter().enumerate() {
            match hsts.insert(entry, now, limits) {
                Ok(()) | Err(Ignored::Full) => {}
                Err(why) => {
                    let expected = format!("a host that can have an entry; of this one, {why}");
                    return Err(Damage::new(expected).at(format_args!("hsts[{index}].host")));
                }
            }
        }
        Ok(Memory {
            jar,
            defaults,
            origin_headers: headers::restore_origins(self.origin_headers)
                .map_err(|damage| damage.at("origin_headers"))?,
            origin_settings: origin_settings::restore(self.origin_settings)
                .map_err(|damage| damage.at("origin_settings"))?,
            credentials,
            netrc: netrc::restore(self.netrc).map_err(|damage| damage.at("netrc"))?,
            digests,
            proxies: before.proxies.clone(),
            hsts,
            retries: before.retries.with_tokens(self.retry_tokens),
            open: self.open,
        })
    }
}

fn restore_credentials(
    before: &Credentials,
    general: Option<GeneralRecord>,
    given: Vec<GivenRecord>,
) -> Result<Credentials, Damage> {
    let mut credentials = Credentials::default();
    if let Some(GeneralRecord { origin, credential }) = general {
        let credential = credential.restore(before.general.as_ref()).map_err(|damage| damage.at("credential"))?;
        credentials.general = Some(match origin {
            Some(origin) => Bound::to(origin, credential),
            None => Bound::unbound(credential),
        });
    }
    for (index, GivenRecord { origin, credential }) in given.into_iter().enumerate() {
        let at = |damage: Damage| damage.at(format_args!("credentials[{index}]"));
        let of = |held: &Credentials| held.of_origins.iter().position(|held| held.origin() == Some(&origin));
        if of(&credentials).is_some() {
            return Err(at(Damage::new("one credential for each origin")));
        }
        let before = of(before).and_then(|index| before.of_origins.get(index));
        let credential = credential.restore(before).map_err(at)?;
        credentials.set_for(origin, credential);
    }
    Ok(credentials)
}

/// The cookies, and nothing else of the jar before. What is expired, what there is no room for, and what the list of public
/// suffixes would keep back anyway, is left out; so is everything, where the jar is one that ignores all. Any other cookie
/// that is not taken is damage.
fn restore_jar(before: &Jar, cookies: &JarSnapshot, now: Now) -> Result<Jar, Damage> {
    let mut jar = before.clone();
    jar.clear();
    let damage = |index: usize, expected: String| Damage::new(expected).at(format_args!("cookies[{index}]"));
    if let Some(index) = cookies.repeated() {
        return Err(damage(index, "each cookie once".to_owned()));
    }
    let version = |_| Damage::new(format!("version {}", JarSnapshot::VERSION)).at("version");
    for warning in jar.restore(cookies, now.wall()).map_err(version)? {
        match warning.problem {
            LoadProblem::Expired
            | LoadProblem::Rejected(Rejection::NoRoom | Rejection::PublicSuffix | Rejection::Ignored) => {}
            problem => {
                let expected = format!("a cookie that a jar takes; of this one, {problem}");
                return Err(damage(warning.record.saturating_sub(1), expected));
            }
        }
    }
    Ok(jar)
}

/// Each once, the least first, as they are written.
fn ascending<'a, T: Ord + 'a>(keys: impl Iterator<Item = &'a T> + Clone) -> Result<(), Damage> {
    let out_of_order = keys.clone().zip(keys.skip(1)).position(|(before, after)| before >= after);
    match out_of_order {
        Some(index) => Err(Damage::new("each once, in order").at(format_args!("[{}]", index.saturating_add(1)))),
        None => Ok(()),
    }
}

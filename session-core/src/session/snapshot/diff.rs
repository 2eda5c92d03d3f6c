//! What differs between two snapshots, told without a single value.

use crate::cookies::reason::CookieId;
use crate::cookies::snapshot::Said;
use crate::message::host::CanonicalHost;
use crate::message::origin::Origin;
use crate::session::memory::Openness;
use crate::session::origin_settings::OriginSettings;
use crate::session::snapshot::Snapshot;
use crate::session::snapshot::memory::{GeneralRecord, HeldRecord, MemoryRecord};
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::BTreeMap;
use std::fmt;

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no fourth way to differ")]
pub enum Difference {
    /// It is there now and was not.
    Added,
    /// It is another one now.
    Changed,
    /// It was there and is not any more.
    Removed,
}

/// One thing that changed. `Display` is one sentence, and as in `Debug` there is no value in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// A cookie; changed is one whose value, expiry or flags did. That it was used is no change.
    Cookie(Difference, CookieId),
    /// A default field.
    Header(Difference, HeaderName),
    /// A default Authorization or Cookie was used for the first time and belongs to this origin now.
    HeaderBound(HeaderName, Origin),
    /// The fields for an origin.
    OriginHeaders(Difference, Origin),
    /// The settings for an origin: timeouts, cookies, proxy.
    OriginSettings(Difference, Origin),
    /// The session's credential for an origin, or the one for the first origin that uses it.
    Credential(Difference, Option<Origin>),
    /// The session's credential was used for the first time and belongs to this origin now.
    CredentialBound(Origin),
    /// The entries of netrc, all together.
    Netrc(Difference),
    /// What is known of an origin's Digest challenge; changed is one with another nonce. That it was used is no change.
    Digest(Difference, Origin),
    /// A host that is asked over https alone; changed is one whose time or reach did.
    Hsts(Difference, CanonicalHost),
    /// The session was closed.
    Closed,
    /// The session was closed and is not any more.
    Reopened,
}

impl Snapshot {
    /// What changed from `earlier` to this one, in the order of kinds and names. See
    /// [`Session::diff`](crate::session::Session::diff).
    ///
    /// ```
    /// # use session_core::session::Session;
    /// # use session_core::session::snapshot::Change;
    /// # use session_core::time::Now;
    /// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
    /// let mut session = Session::builder().build()?;
    /// let earlier = session.snapshot(now);
    /// session.close();
    /// assert_eq!(session.snapshot(now).diff(&earlier), [Change::Closed]);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    #[must_use]
    pub fn diff(&self, earlier: &Self) -> Vec<Change> {
        let (before, after) = (&*earlier.session_state, &*self.session_state);
        let mut changes = Vec::new();
        let (held, holds) = (before.cookies.by_identity(), after.cookies.by_identity());
        compare(&held, &holds, |how, _, cookie: &Said<'_>| changes.push(Change::Cookie(how, cookie.id())));
        headers(before, after, &mut changes);
        credentials(before, after, &mut changes);
        let digests = |memory: &MemoryRecord| -> BTreeMap<Origin, Vec<u8>> {
            let known = memory.digests.iter().filter_map(|record| Some((&record.origin, record.state.nonce()?)));
            known.map(|(origin, nonce)| (origin.clone(), nonce.to_vec())).collect()
        };
        compare(&digests(before), &digests(after), |how, origin, _| changes.push(Change::Digest(how, origin.clone())));
        let hosts = |memory: &MemoryRecord| -> BTreeMap<CanonicalHost, _> {
            memory.hsts.iter().map(|entry| (entry.host.clone(), (entry.expires, entry.subdomains))).collect()
        };
        compare(&hosts(before), &hosts(after), |how, host, _| changes.push(Change::Hsts(how, host.clone())));
        match (before.open, after.open) {
            (Openness::Open, Openness::Closed) => changes.push(Change::Closed),
            (Openness::Closed, Openness::Open) => changes.push(Change::Reopened),
            (Openness::Open, Openness::Open) | (Openness::Closed, Openness::Closed) => {}
        }
        changes
    }
}

/// Tells each key whose values differ, in the order of keys.
fn compare<K: Ord, V: PartialEq>(
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
    mut tell: impl FnMut(Difference, &K, &V),
) {
    let mut found: Vec<(Difference, &K, &V)> = Vec::new();
    for (key, value) in after {
        match before.get(key) {
            None => found.push((Difference::Added, key, value)),
            Some(held) if held != value => found.push((Difference::Changed, key, value)),
            Some(_) => {}
        }
    }
    let gone = before.iter().filter(|(key, _)| !after.contains_key(key));
    found.extend(gone.map(|(key, value)| (Difference::Removed, key, value)));
    found.sort_by_key(|(_, key, _)| *key);
    found.into_iter().for_each(|(how, key, value)| tell(how, key, value));
}

/// Whether something is there, before and after.
fn presence(before: bool, after: bool, equal: bool) -> Option<Difference> {
    match (before, after) {
        (false, true) => Some(Difference::Added),
        (true, false) => Some(Difference::Removed),
        (true, true) if !equal => Some(Difference::Changed),
        (true, true) | (false, false) => None,
    }
}

fn headers(before: &MemoryRecord, after: &MemoryRecord, changes: &mut Vec<Change>) {
    fn by_name(fields: &HeaderMap) -> BTreeMap<&str, (&HeaderName, Vec<&HeaderValue>)> {
        fields.keys().map(|name| (name.as_str(), (name, fields.get_all(name).iter().collect()))).collect()
    }
    let (held, holds) = (by_name(&before.headers.ordinary), by_name(&after.headers.ordinary));
    compare(&held, &holds, |how, _, (name, _)| changes.push(Change::Header(how, (*name).clone())));
    for (name, held, holds) in [
        (AUTHORIZATION, &before.headers.authorization, &after.headers.authorization),
        (COOKIE, &before.headers.cookie, &after.headers.cookie),
    ] {
        let same_lines = held.as_ref().map(|held| held.lines()) == holds.as_ref().map(|holds| holds.lines());
        let binding = (
            held.as_ref().and_then(|held| held.origin.as_ref()),
            holds.as_ref().and_then(|holds| holds.origin.as_ref()),
        );
        if let (true, (None, Some(origin))) = (same_lines, binding) {
            changes.push(Change::HeaderBound(name, origin.clone()));
        } else if let Some(how) = presence(held.is_some(), holds.is_some(), held == holds) {
            changes.push(Change::Header(how, name));
        }
    }
    let of_origins = |memory: &MemoryRecord| -> BTreeMap<Origin, HeaderMap> {
        memory.origin_headers.iter().map(|record| (record.origin.clone(), record.fields.clone())).collect()
    };
    let (held, holds) = (of_origins(before), of_origins(after));
    compare(&held, &holds, |how, origin, _| changes.push(Change::OriginHeaders(how, origin.clone())));
    let settings = |memory: &MemoryRecord| -> BTreeMap<Origin, OriginSettings> {
        memory.origin_settings.iter().map(|record| (record.origin.clone(), record.settings.clone())).collect()
    };
    let (held, holds) = (settings(before), settings(after));
    compare(&held, &holds, |how, origin, _| changes.push(Change::OriginSettings(how, origin.clone())));
}

fn credentials(before: &MemoryRecord, after: &MemoryRecord, changes: &mut Vec<Change>) {
    let (held, holds) = (&before.credential, &after.credential);
    let same = held.as_ref().map(|held| &held.credential) == holds.as_ref().map(|holds| &holds.credential);
    let binding = |general: &Option<GeneralRecord>| general.as_ref().and_then(|general| general.origin.clone());
    if let (true, (None, Some(origin))) = (same, (binding(held), binding(holds))) {
        changes.push(Change::CredentialBound(origin));
    } else {
        let equal = same && binding(held) == binding(holds);
        changes.extend(presence(held.is_some(), holds.is_some(), equal).map(|how| Change::Credential(how, None)));
    }
    let by_origin = |memory: &MemoryRecord| -> BTreeMap<Origin, HeldRecord> {
        memory.credentials.iter().map(|held| (held.origin.clone(), held.credential.clone())).collect()
    };
    let (held, holds) = (by_origin(before), by_origin(after));
    compare(&held, &holds, |how, origin, _| changes.push(Change::Credential(how, Some(origin.clone()))));
    let (held, holds) = (&before.netrc, &after.netrc);
    changes.extend(presence(!held.is_empty(), !holds.is_empty(), held == holds).map(Change::Netrc));
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cookie(how, id) => write!(f, "the cookie {id} was {how}"),
            Self::Header(how, name) => write!(f, "the default field {name} was {how}"),
            Self::HeaderBound(name, origin) => write!(f, "the default field {name} belongs to {origin} now"),
            Self::OriginHeaders(how, origin) => write!(f, "the fields for {origin} were {how}"),
            Self::OriginSettings(how, origin) => write!(f, "the settings for {origin} were {how}"),
            Self::Credential(how, Some(origin)) => write!(f, "the credential for {origin} was {how}"),
            Self::Credential(how, None) => write!(f, "the credential for the first origin that uses it was {how}"),
            Self::CredentialBound(origin) => write!(f, "the credential belongs to {origin} now"),
            Self::Netrc(how) => write!(f, "the entries of netrc were {how}"),
            Self::Digest(how, origin) => write!(f, "the Digest challenge of {origin} was {how}"),
            Self::Hsts(how, host) => write!(f, "the entry of {host} for https alone was {how}"),
            Self::Closed => f.write_str("the session was closed"),
            Self::Reopened => f.write_str("the session was opened again"),
        }
    }
}

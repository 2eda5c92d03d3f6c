//! Strict transport security (RFC 6797): which hosts are asked over https alone, learned from their responses.
//!
//! The store decides and remembers; where it is kept is its owner's business: [`HstsStore::entries`] and
//! [`HstsStore::insert`] take it out and bring it back. Hosts are compared in their canonical spelling without a trailing
//! dot.

use crate::hsts::header::Header;
use crate::limits::Limits;
use crate::message::host::CanonicalHost;
use crate::message::origin::{Origin, Scheme};
use crate::message::target::Target;
use crate::ordered::Ordered;
use crate::time::Now;
use http::HeaderMap;
use http::header::STRICT_TRANSPORT_SECURITY;
use std::fmt;
use std::time::{Duration, SystemTime};

mod header;
#[cfg(feature = "serde")]
pub(crate) mod record;

pub use header::MalformedHeader;

/// The longest name there is in the DNS, in bytes; a longer one is never stored.
const LONGEST_NAME: usize = 253;

/// The hosts that are asked over https alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HstsStore {
    /// By name, without trailing dot.
    entries: Ordered<Box<str>, Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    expires: SystemTime,
    subdomains: Subdomains,
}

/// Whether an entry holds for the subdomains of its host too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 6797 knows these two")]
pub enum Subdomains {
    /// It does.
    Included,
    /// It holds for the host alone.
    Excluded,
}

/// How a response came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Channel {
    /// Over TLS, and the certificate was checked without any fault. Clear text in an http origin.
    Verified,
    /// Over TLS whose certificate was not checked, or whose faults were passed over.
    Unverified,
}

/// What was learned of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Learned {
    /// Nothing: it has no `Strict-Transport-Security`.
    Nothing,
    /// The host is asked over https alone until then.
    Stored {
        /// When the entry expires.
        expires: SystemTime,
        /// Whether it holds for subdomains.
        subdomains: Subdomains,
    },
    /// The host has no entry any more, or never had one: it asked for `max-age=0`.
    Removed,
    /// The field was ignored.
    Ignored(Ignored),
}

/// Why a `Strict-Transport-Security` field was ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ignored {
    /// It came in clear text, where anybody may have put it.
    ClearText,
    /// It came over TLS whose certificate was not checked.
    Unverified,
    /// The host is an IP address.
    Address,
    /// The host's name is longer than any in the DNS.
    LongName,
    /// The field is malformed.
    Malformed(MalformedHeader),
    /// The store is full of entries that live longer.
    Full,
}

/// One entry, as it is kept outside of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HstsEntry {
    /// The host's name; a trailing dot makes no difference.
    pub host: CanonicalHost,
    /// When it expires, by the wall clock.
    pub expires: SystemTime,
    /// Whether it holds for subdomains.
    pub subdomains: Subdomains,
}

impl HstsEntry {
    /// An entry for `host`.
    #[must_use]
    pub fn new(host: CanonicalHost, expires: SystemTime, subdomains: Subdomains) -> Self {
        Self { host, expires, subdomains }
    }
}

impl HstsStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes what a response of `origin` says (RFC 6797 8.1), redirects and errors too. Of several lines the first counts.
    /// Only the entry of this very host changes. What lives longer than [`Limits::hsts_seconds`] lives that long; beyond
    /// [`Limits::hsts_entries`] expired entries go, and then the one that expires first.
    pub fn learn(
        &mut self,
        origin: &Origin,
        channel: Channel,
        headers: &HeaderMap,
        now: Now,
        limits: &Limits,
    ) -> Learned {
        let Some(value) = headers.get(STRICT_TRANSPORT_SECURITY) else { return Learned::Nothing };
        if origin.scheme() == Scheme::Http {
            return Learned::Ignored(Ignored::ClearText);
        }
        if channel == Channel::Unverified {
            return Learned::Ignored(Ignored::Unverified);
        }
        if let Some(reason) = cannot_hold(origin.host()) {
            return Learned::Ignored(reason);
        }
        let header = match Header::parse(value.as_bytes()) {
            Ok(header) => header,
            Err(fault) => return Learned::Ignored(Ignored::Malformed(fault)),
        };
        if header.max_age == 0 {
            self.entries.remove(origin.host().without_dot());
            return Learned::Removed;
        }
        let expires = now.advanced(Duration::from_secs(header.max_age.min(limits.hsts_seconds))).wall();
        let subdomains = if header.include_subdomains { Subdomains::Included } else { Subdomains::Excluded };
        match self.put(origin.host(), Entry { expires, subdomains }, now, limits) {
            Ok(()) => Learned::Stored { expires, subdomains },
            Err(reason) => Learned::Ignored(reason),
        }
    }

    /// The https target that is asked in place of an http one (RFC 6797 8.3), where the host is in the store: port 80
    /// becomes 443, any other port stays. `None` where the target stays as it is.
    #[must_use]
    pub fn upgrade(&self, target: &Target, now: Now) -> Option<Target> {
        if target.origin().scheme() != Scheme::Http || !self.holds(target.origin().host(), now) {
            return None;
        }
        let mut url = target.url().clone();
        // Both are special schemes, so neither call fails. An explicit 80 was dropped when the URL was parsed.
        url.set_scheme(Scheme::Https.as_str()).ok()?;
        Target::new(url).ok().map(|(target, _)| target)
    }

    /// Whether `host` is asked over https alone: it has an entry, or a parent of it has one that includes subdomains.
    #[must_use]
    pub fn holds(&self, host: &CanonicalHost, now: Now) -> bool {
        if host.ip().is_some() {
            return false;
        }
        let name = host.without_dot();
        let live = |name: &str| self.entries.get(name).filter(|entry| entry.expires > now.wall());
        // Names that are too long are not in the store, and looking them up would cost the square of their length.
        let parents = name
            .match_indices('.')
            .filter_map(|(at, dot)| name.get(at.checked_add(dot.len())?..))
            .filter(|parent| parent.len() <= LONGEST_NAME);
        live(name).is_some() || parents.filter_map(live).any(|parent| parent.subdomains == Subdomains::Included)
    }

    /// Brings an entry back. It replaces the one of its host.
    ///
    /// # Errors
    /// Why it was not taken: an address, too long a name, a full store. An entry that expired is not taken, which is no
    /// error.
    pub fn insert(&mut self, entry: &HstsEntry, now: Now, limits: &Limits) -> Result<(), Ignored> {
        if let Some(reason) = cannot_hold(&entry.host) {
            return Err(reason);
        }
        let HstsEntry { host, expires, subdomains } = entry;
        let latest = now.advanced(Duration::from_secs(limits.hsts_seconds)).wall();
        self.put(host, Entry { expires: (*expires).min(latest), subdomains: *subdomains }, now, limits)
    }

    /// The entries that have not expired, by name.
    pub fn entries(&self, now: Now) -> impl Iterator<Item = HstsEntry> {
        self.entries.iter().filter(move |(_, entry)| entry.expires > now.wall()).filter_map(|(name, entry)| {
            Some(HstsEntry::new(CanonicalHost::parse(name)?, entry.expires, entry.subdomains))
        })
    }

    /// Forgets this host's own entry. One of a parent that includes subdomains stays.
    pub fn remove(&mut self, host: &CanonicalHost) {
        self.entries.remove(host.without_dot());
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    fn put(&mut self, host: &CanonicalHost, entry: Entry, now: Now, limits: &Limits) -> Result<(), Ignored> {
        let name = host.without_dot();
        self.entries.insert(name.into(), entry);
        if self.entries.len() > limits.hsts_entries || entry.expires <= now.wall() {
            self.entries.retain(|entry| entry.expires > now.wall());
        }
        while self.entries.len() > limits.hsts_entries {
            // Of equals an older entry stays: a flood of new names pushes out its own.
            let first = self.entries.iter().min_by_key(|(other, entry)| (entry.expires, other.as_ref() != name));
            let Some(first) = first.map(|(name, _)| name.clone()) else { break };
            self.entries.remove(&first);
            if *first == *name {
                return Err(Ignored::Full);
            }
        }
        Ok(())
    }
}

/// Why a host can have no entry.
fn cannot_hold(host: &CanonicalHost) -> Option<Ignored> {
    if host.ip().is_some() {
        Some(Ignored::Address)
    } else if host.without_dot().len() > LONGEST_NAME {
        Some(Ignored::LongName)
    } else {
        None
    }
}

impl fmt::Display for Learned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("no Strict-Transport-Security"),
            Self::Stored { subdomains: Subdomains::Excluded, .. } => {
                f.write_str("host noted: it is asked over https alone")
            }
            Self::Stored { subdomains: Subdomains::Included, .. } => {
                f.write_str("host noted: it and its subdomains are asked over https alone")
            }
            Self::Removed => f.write_str("host no longer noted for https: it asked for max-age=0"),
            Self::Ignored(why) => write!(f, "Strict-Transport-Security ignored: {why}"),
        }
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClearText => f.write_str("it came in clear text"),
            Self::Unverified => f.write_str("it came over TLS whose certificate was not checked"),
            Self::Address => f.write_str("the host is an IP address"),
            Self::LongName => f.write_str("the host's name is too long"),
            Self::Malformed(fault) => write!(f, "{fault}"),
            Self::Full => f.write_str("the store is full of entries that live longer"),
        }
    }
}

#[cfg(test)]
mod tests;

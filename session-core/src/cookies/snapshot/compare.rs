//! The cookies of a snapshot by their identity, so that two snapshots can be compared.

use super::super::reason::CookieId;
use super::{JarSnapshot, Record, read};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Domain, path, name, and whether it is host-only (RFC 6265bis 5.7).
type Identity<'a> = (&'a str, &'a str, &'a str, bool);

/// What a cookie says beside its identity. When it was used makes no difference.
pub(crate) struct Said<'a>(&'a Record);

impl JarSnapshot {
    pub(crate) fn by_identity(&self) -> BTreeMap<Identity<'_>, Said<'_>> {
        self.cookies.iter().map(|record| (record.identity(), Said(record))).collect()
    }

    /// The first cookie that stands there for the second time, counted from 0.
    pub(crate) fn repeated(&self) -> Option<usize> {
        let mut seen = BTreeMap::new();
        self.cookies.iter().position(|record| seen.insert(record.identity(), ()).is_some())
    }
}

impl Record {
    fn identity(&self) -> Identity<'_> {
        (&self.domain, &self.path, &self.name, self.host_only)
    }
}

impl Said<'_> {
    /// Which cookie it is.
    pub(crate) fn id(&self) -> CookieId {
        let (domain, path, name, host_only) = self.0.identity();
        let name = read(name).unwrap_or_default();
        CookieId::new(&name, Arc::from(domain), path.as_bytes(), host_only)
    }
}

impl PartialEq for Said<'_> {
    fn eq(&self, other: &Self) -> bool {
        let (one, other) = (self.0, other.0);
        one.value == other.value
            && one.expires == other.expires
            && one.secure == other.secure
            && one.http_only == other.http_only
            && one.same_site == other.same_site
    }
}

//! Where the cookies lie: by domain, found from a host by its own labels, whatever else is held.
//!
//! Domains are ordered by a hash and then by their text. So a look-up compares numbers, and domains chosen to collide
//! cost a comparison of texts more, never a scan. A second order, by labels from the right, finds what is below a domain.

use super::cookie::Cookie;
use super::domain::is_below;
use crate::message::host::CanonicalHost;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

/// All cookies of a jar.
#[derive(Clone, Default)]
pub(super) struct Index {
    sites: Vec<(u64, Box<Site>)>,
    domains: BTreeSet<FromTheRight>,
    cookies: usize,
}

/// The cookies of one domain, oldest first. It is never empty.
#[derive(Clone)]
struct Site {
    domain: Arc<str>,
    cookies: Vec<Cookie>,
}

impl Index {
    /// How many cookies there are.
    pub(super) fn len(&self) -> usize {
        self.cookies
    }

    /// Every cookie, in no order that means anything.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Cookie> {
        self.sites.iter().flat_map(|(_, site)| &site.cookies)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Cookie> {
        self.sites.iter_mut().flat_map(|(_, site)| &mut site.cookies)
    }

    /// The cookies of exactly this domain, oldest first.
    pub(super) fn of(&self, domain: &str) -> &[Cookie] {
        self.at(hash(domain), domain)
    }

    /// The cookies of `host` and of the domains above it.
    pub(super) fn at_and_above<'a, 'h>(&'a self, host: &'h str) -> impl Iterator<Item = &'a Cookie> + use<'a, 'h> {
        suffixes(host).flat_map(|(hash, domain)| self.at(hash, domain))
    }

    /// Shows `each` the cookies whose domain may match `host`.
    pub(super) fn for_each_mut(&mut self, host: &CanonicalHost, mut each: impl FnMut(&mut Cookie)) {
        for (hash, domain) in suffixes(host.as_str()) {
            if let Ok(place) = self.find(hash, domain)
                && let Some((_, site)) = self.sites.get_mut(place)
            {
                site.cookies.iter_mut().for_each(&mut each);
            }
        }
    }

    /// The cookies of the domains below `domain`.
    pub(super) fn below<'a, 'd>(&'a self, domain: &'d str) -> impl Iterator<Item = &'a Cookie> + use<'a, 'd> {
        let first = FromTheRight([".", domain].concat().into());
        self.domains
            .range((Bound::Included(first), Bound::Unbounded))
            .take_while(move |below| is_below(&below.0, domain))
            .flat_map(|below| self.of(&below.0))
    }

    /// The domain's text as the index already holds it, or a new one.
    pub(super) fn intern(&self, domain: &str) -> Arc<str> {
        match self.of(domain) {
            [cookie, ..] => Arc::clone(cookie.domain_arc()),
            [] => Arc::from(domain),
        }
    }

    /// Puts a cookie in, behind all others of its domain or in the place of the one with its identity; gives that one
    /// back. The replacement takes over its sequence number.
    pub(super) fn put(&mut self, mut cookie: Cookie) -> Option<Cookie> {
        let hash = hash(cookie.domain());
        let place = match self.find(hash, cookie.domain()) {
            Ok(place) => place,
            Err(place) => {
                let domain = Arc::clone(cookie.domain_arc());
                self.domains.insert(FromTheRight(Arc::clone(&domain)));
                self.sites.insert(place, (hash, Box::new(Site { domain, cookies: Vec::new() })));
                place
            }
        };
        let (_, site) = self.sites.get_mut(place)?;
        let (name, path, host_only) = (cookie.name(), cookie.path_bytes(), cookie.is_host_only());
        if let Some(held) = site.cookies.iter_mut().find(|held| held.is(name, path, host_only)) {
            cookie.set_sequence(held.sequence());
            return Some(std::mem::replace(held, cookie));
        }
        // Most domains have a few cookies: room for four at once would be most of what a jar weighs.
        if site.cookies.len() == site.cookies.capacity() {
            site.cookies.reserve_exact(site.cookies.len().div_ceil(2).max(1));
        }
        site.cookies.push(cookie);
        self.cookies = self.cookies.saturating_add(1);
        None
    }

    /// Takes the first cookie of this domain out for which `is_it` holds.
    pub(super) fn take(&mut self, domain: &str, is_it: impl FnMut(&Cookie) -> bool) -> Option<Cookie> {
        let place = self.find(hash(domain), domain).ok()?;
        let (_, site) = self.sites.get_mut(place)?;
        let at = site.cookies.iter().position(is_it)?;
        let cookie = site.cookies.remove(at);
        self.cookies = self.cookies.saturating_sub(1);
        if site.cookies.is_empty() {
            let (_, site) = self.sites.remove(place);
            self.domains.remove(&FromTheRight(site.domain));
        }
        Some(cookie)
    }

    /// Keeps the cookies for which `keep` holds.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Cookie) -> bool) {
        let Self { sites, domains, cookies } = self;
        *cookies = 0;
        sites.retain_mut(|(_, site)| {
            site.cookies.retain(&mut keep);
            *cookies = cookies.saturating_add(site.cookies.len());
            if site.cookies.is_empty() {
                domains.remove(&FromTheRight(Arc::clone(&site.domain)));
            }
            !site.cookies.is_empty()
        });
    }

    fn at(&self, hash: u64, domain: &str) -> &[Cookie] {
        match self.find(hash, domain) {
            Ok(place) => self.sites.get(place).map_or(&[], |(_, site)| &site.cookies),
            Err(_) => &[],
        }
    }

    fn find(&self, hash: u64, domain: &str) -> Result<usize, usize> {
        self.sites.binary_search_by(|(held, site)| held.cmp(&hash).then_with(|| (*site.domain).cmp(domain)))
    }
}

/// A domain ordered by its octets from the right, so that all that is below a domain stands together.
#[derive(Clone, PartialEq, Eq)]
struct FromTheRight(Arc<str>);

impl Ord for FromTheRight {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.bytes().rev().cmp(other.0.bytes().rev())
    }
}

impl PartialOrd for FromTheRight {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A name and every name above it with their hashes, shortest first: one pass from the right over its octets. The parts
/// of an address come too; they are nobody's domain.
fn suffixes(host: &str) -> impl Iterator<Item = (u64, &str)> {
    let mut hash = SEED;
    host.bytes().enumerate().rev().filter_map(move |(at, byte)| {
        let below = hash;
        hash = mixed(hash, byte);
        if at == 0 {
            Some((hash, host))
        } else if byte == b'.' {
            // The dot that ends a fully qualified name has no label behind it.
            host.get(at.saturating_add(1)..).filter(|name| !name.is_empty()).map(|name| (below, name))
        } else {
            None
        }
    })
}

fn hash(domain: &str) -> u64 {
    domain.bytes().rev().fold(SEED, mixed)
}

// FNV-1a: it only has to spread, see above.
const SEED: u64 = 0xcbf2_9ce4_8422_2325;

fn mixed(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

#[cfg(test)]
mod tests {
    use super::{FromTheRight, hash, suffixes};

    #[test]
    fn a_host_is_walked_label_by_label() {
        let names = |host| suffixes(host).map(|(_, name)| name).collect::<Vec<_>>();
        assert_eq!(names("x.a.test"), ["test", "a.test", "x.a.test"]);
        assert_eq!(names("x.a.test."), ["test.", "a.test.", "x.a.test."]);
        assert_eq!(names("localhost"), ["localhost"]);
        assert_eq!(names("a"), ["a"]);
        for (found, name) in suffixes("y.x.a.test.") {
            assert_eq!(found, hash(name), "{name}");
        }
    }

    #[test]
    fn what_is_below_a_domain_stands_together() {
        let mut names = ["b.test", "x.a.test", "ba.test", "y.x.a.test", "x-a.test", "a.test", "test"];
        names.sort_by_key(|name| FromTheRight((*name).into()));
        assert_eq!(names, ["test", "a.test", "x-a.test", "x.a.test", "y.x.a.test", "ba.test", "b.test"]);
    }
}

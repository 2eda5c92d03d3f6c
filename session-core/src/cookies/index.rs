//! Where the cookies lie: by domain, found from a host by its own labels, whatever else is held.
//!
//! A table of buckets, each ordered by hash and then by text. The hash has no secret in it, so domains can be chosen to
//! share a bucket: that costs a look-up some comparisons more, never a scan. A second order, by octets from the right,
//! finds what is below a domain.

use super::cookie::Cookie;
use super::domain::is_below;
use crate::ordered::Ordered;
use std::sync::Arc;

/// All cookies of a jar.
#[derive(Clone, Default)]
pub(super) struct Index {
    /// None, or a power of two of them.
    buckets: Vec<Vec<Site>>,
    sites: usize,
    /// Every domain, its octets from the right, so that all that is below a domain stands together. None until somebody
    /// asks for it: a jar that hears from trustworthy connections only never does.
    domains: Option<Ordered<Box<[u8]>, ()>>,
    cookies: usize,
}

/// The cookies of one domain, oldest first. It is never empty.
#[derive(Clone)]
struct Site {
    hash: u64,
    domain: Arc<str>,
    cookies: Vec<Cookie>,
}

/// A domain and its hash: who asks more than once hashes once.
#[derive(Clone, Copy)]
pub(super) struct Key<'a> {
    hash: u64,
    domain: &'a str,
}

/// Where a site lies until the next one comes or goes.
#[derive(Clone, Copy)]
pub(super) struct Place {
    bucket: usize,
    at: usize,
}

impl<'a> Key<'a> {
    #[inline(never)]
    pub(super) fn of(domain: &'a str) -> Self {
        Self { hash: spread(domain.bytes().rev().fold(SEED, mixed)), domain }
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }
}

impl Index {
    /// How many cookies there are.
    pub(super) fn len(&self) -> usize {
        self.cookies
    }

    /// Every cookie, in no order that means anything.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Cookie> {
        self.buckets.iter().flatten().flat_map(|site| &site.cookies)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Cookie> {
        self.buckets.iter_mut().flatten().flat_map(|site| &mut site.cookies)
    }

    /// The cookies of exactly this domain, oldest first.
    pub(super) fn of(&self, key: Key<'_>) -> &[Cookie] {
        self.find(key).map_or(&[], |place| self.at(place))
    }

    /// The cookies of a place.
    pub(super) fn at(&self, place: Place) -> &[Cookie] {
        self.buckets.get(place.bucket).and_then(|bucket| bucket.get(place.at)).map_or(&[], |site| &site.cookies)
    }

    pub(super) fn at_mut(&mut self, place: Place) -> &mut [Cookie] {
        let bucket = self.buckets.get_mut(place.bucket);
        bucket.and_then(|bucket| bucket.get_mut(place.at)).map_or(&mut [], |site| &mut site.cookies)
    }

    /// Shows `each` where the cookies of `host` and of the domains above it lie, and the domain, shortest first.
    pub(super) fn for_each_place<'h>(&self, host: &'h str, mut each: impl FnMut(Place, &'h str)) {
        if self.cookies == 0 {
            return;
        }
        for_each_suffix(host, |key| {
            if let Some(place) = self.find(key) {
                each(place, key.domain);
            }
        });
    }

    /// Whether `is_it` holds for a cookie of the domains below `domain`.
    pub(super) fn any_below(&mut self, domain: &str, is_it: impl Fn(&Cookie) -> bool) -> bool {
        let mut first = reversed(domain).into_vec();
        first.push(b'.');
        let domains = match self.domains.take() {
            Some(domains) => domains,
            None => self.buckets.iter().flatten().map(|site| (reversed(&site.domain), ())).collect(),
        };
        let mut found = false;
        for (below, ()) in domains.from(first.as_slice()) {
            let name = String::from_utf8(below.iter().rev().copied().collect()).unwrap_or_default();
            if found || !is_below(&name, domain) {
                break;
            }
            found = self.of(Key::of(&name)).iter().any(&is_it);
        }
        self.domains = Some(domains);
        found
    }

    /// The domain's text as the index already holds it, or a new one.
    pub(super) fn intern(&self, key: Key<'_>) -> Arc<str> {
        self.intern_at(self.find(key), key)
    }

    /// As [`Index::intern`], where the place of the key is known.
    pub(super) fn intern_at(&self, place: Option<Place>, key: Key<'_>) -> Arc<str> {
        match place.map_or(&[][..], |place| self.at(place)) {
            [cookie, ..] => Arc::clone(cookie.domain_arc()),
            [] => Arc::from(key.domain),
        }
    }

    /// Puts a cookie of the key's domain in, whose place this is: behind all others of it or in the place of the one with
    /// its identity, which is given back, its sequence number taken over. Says how many the domain has.
    pub(super) fn put(&mut self, key: Key<'_>, place: Option<Place>, mut cookie: Cookie) -> (usize, Option<Cookie>) {
        let site = place.and_then(|place| self.buckets.get_mut(place.bucket)?.get_mut(place.at));
        let Some(site) = site else {
            self.add(key.hash, cookie);
            return (1, None);
        };
        let (name, path, host_only) = (cookie.name(), cookie.path_bytes(), cookie.is_host_only());
        if let Some(held) = site.cookies.iter_mut().find(|held| held.is(name, path, host_only)) {
            cookie.set_sequence(held.sequence());
            let replaced = std::mem::replace(held, cookie);
            return (site.cookies.len(), Some(replaced));
        }
        // Many domains have one cookie, and got room for one: room for four would be most of what a jar weighs.
        if site.cookies.len() == site.cookies.capacity() {
            site.cookies.reserve_exact(site.cookies.len().max(3));
        }
        site.cookies.push(cookie);
        self.cookies = self.cookies.saturating_add(1);
        (site.cookies.len(), None)
    }

    /// Takes the first cookie of this domain out for which `is_it` holds.
    pub(super) fn take(&mut self, key: Key<'_>, mut is_it: impl FnMut(&Cookie) -> bool) -> Option<Cookie> {
        self.find(key).and_then(|place| self.take_at(place, &mut is_it))
    }

    /// Takes the first cookie out for which `is_it` holds and whose domain has this hash.
    pub(super) fn take_hashed(&mut self, hash: u64, mut is_it: impl FnMut(&Cookie) -> bool) -> Option<Cookie> {
        let bucket = bucket_of(hash, self.buckets.len());
        let sites = self.buckets.get(bucket)?;
        let first = sites.partition_point(|site| site.hash < hash);
        let found = sites
            .iter()
            .enumerate()
            .skip(first)
            .take_while(|(_, site)| site.hash == hash)
            .find(|(_, site)| site.cookies.iter().any(&mut is_it));
        let at = found?.0;
        self.take_at(Place { bucket, at }, &mut is_it)
    }

    /// Keeps the cookies for which `keep` holds.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Cookie) -> bool) {
        let Self { buckets, sites, domains, cookies } = self;
        *cookies = 0;
        for bucket in buckets {
            bucket.retain_mut(|site| {
                site.cookies.retain(&mut keep);
                *cookies = cookies.saturating_add(site.cookies.len());
                if site.cookies.is_empty() {
                    domains.as_mut().map(|domains| domains.remove(&*reversed(&site.domain)));
                    *sites = sites.saturating_sub(1);
                }
                !site.cookies.is_empty()
            });
        }
    }

    fn take_at(&mut self, place: Place, is_it: &mut dyn FnMut(&Cookie) -> bool) -> Option<Cookie> {
        let bucket = self.buckets.get_mut(place.bucket)?;
        let site = bucket.get_mut(place.at)?;
        let at = site.cookies.iter().position(is_it)?;
        let cookie = site.cookies.remove(at);
        self.cookies = self.cookies.saturating_sub(1);
        if site.cookies.is_empty() {
            let site = bucket.remove(place.at);
            self.domains.as_mut().map(|domains| domains.remove(&*reversed(&site.domain)));
            self.sites = self.sites.saturating_sub(1);
        }
        Some(cookie)
    }

    /// Adds a site that is not held yet, with its first cookie.
    fn add(&mut self, hash: u64, cookie: Cookie) {
        if self.sites >= self.buckets.len().saturating_mul(LOAD) {
            self.grow();
        }
        if let Some(domains) = &mut self.domains {
            domains.insert(reversed(cookie.domain()), ());
        }
        let domain = Arc::clone(cookie.domain_arc());
        self.insert(Site { hash, domain, cookies: vec![cookie] });
        self.sites = self.sites.saturating_add(1);
        self.cookies = self.cookies.saturating_add(1);
    }

    fn grow(&mut self) {
        let count = self.buckets.len().saturating_mul(4).max(LEAST_BUCKETS);
        let old = std::mem::take(&mut self.buckets);
        self.buckets.resize_with(count, Vec::new);
        old.into_iter().flatten().for_each(|site| self.insert(site));
    }

    fn insert(&mut self, site: Site) {
        let count = self.buckets.len();
        let Some(bucket) = self.buckets.get_mut(bucket_of(site.hash, count)) else { return };
        let at = bucket.partition_point(|held| (held.hash, &*held.domain) < (site.hash, &*site.domain));
        if bucket.len() == bucket.capacity() {
            bucket.reserve_exact(bucket.len().max(2));
        }
        bucket.insert(at, site);
    }

    /// Where the cookies of exactly this domain lie.
    pub(super) fn find(&self, key: Key<'_>) -> Option<Place> {
        let bucket = bucket_of(key.hash, self.buckets.len());
        let sites = self.buckets.get(bucket)?;
        let order = |site: &Site| site.hash.cmp(&key.hash).then_with(|| (*site.domain).cmp(key.domain));
        let at = sites.binary_search_by(order).ok()?;
        Some(Place { bucket, at })
    }
}

/// How many sites there are for each bucket before there are more buckets.
const LOAD: usize = 3;

/// Fewer are not worth growing from.
const LEAST_BUCKETS: usize = 8;

/// The bucket of a hash among so many: its upper bits say it.
fn bucket_of(hash: u64, count: usize) -> usize {
    let bits = count.checked_ilog2().unwrap_or(0);
    // Without any bits there is one bucket or none.
    let upper = hash.checked_shr(u64::BITS.saturating_sub(bits)).unwrap_or(0);
    usize::try_from(upper).unwrap_or(usize::MAX)
}

#[inline(never)]
fn reversed(domain: &str) -> Box<[u8]> {
    domain.bytes().rev().collect()
}

/// Shows `each` a name and every name above it, shortest first, in one pass from the right over its octets. The parts of
/// an address come too; they are nobody's domain.
fn for_each_suffix<'h>(host: &'h str, mut each: impl FnMut(Key<'h>)) {
    let mut hash = SEED;
    for (at, byte) in host.bytes().enumerate().rev() {
        // The dot that ends a fully qualified name has no label behind it.
        if byte == b'.'
            && let Some(domain) = host.get(at.saturating_add(1)..)
            && !domain.is_empty()
        {
            each(Key { hash: spread(hash), domain });
        }
        hash = mixed(hash, byte);
    }
    each(Key { hash: spread(hash), domain: host });
}

// FNV-1a, octets from the right, so that one pass gives the hash of every name above. It only has to spread.
const SEED: u64 = 0xcbf2_9ce4_8422_2325;

fn mixed(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}

/// Brings what the last octets changed into the upper bits.
fn spread(hash: u64) -> u64 {
    (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::{Index, Key, bucket_of, for_each_suffix, reversed};
    use crate::cookies::cookie::Cookie;
    use crate::cookies::set_cookie::SetCookie;
    use crate::limits::Limits;
    use std::sync::Arc;

    #[test]
    fn a_host_is_walked_label_by_label() {
        let names = |host: &'static str| {
            let mut names = Vec::new();
            for_each_suffix(host, |key| {
                assert_eq!(key.hash, Key::of(key.domain).hash, "{}", key.domain);
                names.push(key.domain);
            });
            names
        };
        assert_eq!(names("x.a.test"), ["test", "a.test", "x.a.test"]);
        assert_eq!(names("x.a.test."), ["test.", "a.test.", "x.a.test."]);
        assert_eq!(names("localhost"), ["localhost"]);
        assert_eq!(names("a"), ["a"]);
    }

    #[test]
    fn what_is_below_a_domain_stands_together() {
        let mut names = ["b.test", "x.a.test", "ba.test", "y.x.a.test", "x-a.test", "a.test", "test"];
        names.sort_by_key(|name| reversed(name));
        assert_eq!(names, ["test", "a.test", "x-a.test", "x.a.test", "y.x.a.test", "ba.test", "b.test"]);
    }

    #[test]
    fn domains_that_share_a_bucket_are_told_apart() {
        // However large the table grows here, these stay together.
        let together = |domain: &String| Key::of(domain).hash() >> 54 == 0;
        let domains: Vec<String> = (0..).map(|number| format!("{number}.test")).filter(together).take(64).collect();
        let set = SetCookie::parse(b"a=1", &Limits::default()).unwrap();
        let mut index = Index::default();
        for (count, domain) in domains.iter().enumerate() {
            let cookie = Cookie::new(&set, Arc::from(domain.as_str()), true, b"/", None).unwrap();
            let key = Key::of(domain);
            assert_eq!((index.find(key).is_none(), index.put(key, None, cookie).0), (true, 1), "{count}");
        }
        assert_eq!((index.len(), index.iter().count()), (64, 64));
        for (left, domain) in (0..64).rev().zip(&domains) {
            let key = Key::of(domain);
            assert_eq!(index.of(key).first().map(Cookie::domain), Some(domain.as_str()));
            assert!(index.take_hashed(key.hash(), |cookie| cookie.domain() == domain).is_some());
            assert_eq!((index.len(), index.of(key).len()), (left, 0));
        }
    }

    #[test]
    fn every_hash_has_a_bucket() {
        for count in [8, 16, 1 << 20] {
            for hash in [0, 1, u64::MAX / 2, u64::MAX] {
                assert!(bucket_of(hash, count) < count);
            }
            assert_eq!((bucket_of(0, count), bucket_of(u64::MAX, count)), (0, count - 1));
        }
        assert_eq!((bucket_of(u64::MAX, 0), bucket_of(u64::MAX, 1)), (0, 0));
    }
}

//! The jar: what it is made of, how cookies come in, and how they are looked at and edited.
//!
//! The rules stand elsewhere: storing in `store`, what goes when room is short in `evict`, sending in `select`.

use super::context::Context;
use super::cookie::Cookie;
#[cfg(feature = "psl")]
use super::domain::CompiledList;
#[cfg(not(feature = "psl"))]
use super::domain::SingleLabels;
use super::domain::{PublicSuffix, is_below, is_public_suffix};
use super::evict::{Eldest, Expiries};
use super::index::{Index, Key, Place};
use super::reason::{CookieId, Decision, Rejection};
use super::set_cookie::SetCookie;
use crate::limits::Limits;
use crate::message::target::Target;
use http::HeaderMap;
use http::header::SET_COOKIE;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// The cookies of a session, by RFC 6265bis.
///
/// A jar never holds more than [`Limits::cookies_per_domain`] and [`Limits::cookies_total`] cookies, and frees what is
/// expired whenever it is handed the time.
#[derive(Clone)]
pub struct Jar {
    pub(super) index: Index,
    pub(super) list: Arc<dyn PublicSuffix>,
    pub(super) limits: Limits,
    /// The number that the next cookie gets.
    pub(super) sequence: u64,
    access: u64,
    pub(super) expiries: Expiries,
    pub(super) eldest: Eldest,
}

impl Default for Jar {
    fn default() -> Self {
        Self::new()
    }
}

impl Jar {
    /// An empty jar. Its public suffixes are those of `CompiledList` with the feature `psl`; without it, single labels
    /// only (`SingleLabels`).
    #[must_use]
    pub fn new() -> Self {
        #[cfg(feature = "psl")]
        let list = CompiledList;
        #[cfg(not(feature = "psl"))]
        let list = SingleLabels;
        Self::with_public_suffix(Arc::new(list))
    }

    /// An empty jar with this list of public suffixes.
    #[must_use]
    pub fn with_public_suffix(list: Arc<dyn PublicSuffix>) -> Self {
        Self {
            index: Index::default(),
            list,
            limits: Limits::default(),
            sequence: 0,
            access: 0,
            expiries: Expiries::default(),
            eldest: Eldest::default(),
        }
    }

    /// The same jar with these limits. What it holds beyond them goes as if it had just been stored.
    #[must_use]
    pub fn with_limits(mut self, limits: &Limits) -> Self {
        self.limits = limits.clone();
        let domains: Vec<Arc<str>> = self.index.iter().map(|cookie| Arc::clone(cookie.domain_arc())).collect();
        for domain in domains {
            self.make_room(Key::of(&domain));
        }
        self
    }

    /// Takes another list of public suffixes. Cookies for what is one now stay, but are no longer sent.
    pub fn set_public_suffix(&mut self, list: Arc<dyn PublicSuffix>) {
        for cookie in self.index.iter_mut() {
            let on_suffix = !cookie.is_host_only() && is_public_suffix(&*list, cookie.domain());
            cookie.set_on_suffix(on_suffix);
        }
        self.list = list;
    }

    /// Takes one Set-Cookie line of a response from `target`: the field's value.
    ///
    /// ```
    /// # use session_core::cookies::{Decision, Jar, Rejection};
    /// # use session_core::message::target::Target;
    /// # use std::time::SystemTime;
    /// # let target = Target::new(url::Url::parse("https://w.a.test/").unwrap()).unwrap().0;
    /// # let now = SystemTime::UNIX_EPOCH;
    /// let mut jar = Jar::new();
    /// let decision = jar.accept(&target, b"sid=1; Domain=a.test", now);
    /// assert!(matches!(decision, Decision::Stored(_)));
    /// let decision = jar.accept(&target, b"sid=1; Domain=bank.test", now);
    /// assert_eq!(decision.rejection(), Some(Rejection::DomainMismatch));
    /// ```
    pub fn accept(&mut self, target: &Target, line: &[u8], now: SystemTime) -> Decision {
        self.accept_in(target, Context::default(), line, now)
    }

    /// As [`Jar::accept`], for a response to a request that came about in this way.
    pub fn accept_in(&mut self, target: &Target, context: Context, line: &[u8], now: SystemTime) -> Decision {
        self.sweep(now);
        match SetCookie::parse(line, &self.limits) {
            Ok(set) => self.store(&set, target, context, now),
            Err(rejection) => self.refused(target, line, rejection),
        }
    }

    /// Takes every Set-Cookie line of a response, in order, and tells `sink` what became of each. Those beyond
    /// [`Limits::cookies_per_response`] are rejected.
    pub fn accept_all(
        &mut self,
        target: &Target,
        headers: &HeaderMap,
        now: SystemTime,
        mut sink: impl FnMut(Decision),
    ) {
        for (count, line) in headers.get_all(SET_COOKIE).iter().enumerate() {
            sink(if count < self.limits.cookies_per_response {
                self.accept(target, line.as_bytes(), now)
            } else {
                self.refused(target, line.as_bytes(), Rejection::TooManyInResponse)
            });
        }
    }

    /// Puts in a cookie made by the caller, as if `target` had set it: the same rules hold.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # use std::time::SystemTime;
    /// # let target = Target::new(url::Url::parse("https://a.test/").unwrap()).unwrap().0;
    /// # let now = SystemTime::UNIX_EPOCH;
    /// let mut jar = Jar::new();
    /// jar.insert(&target, ("theme", "dark"), now);
    /// jar.insert(&target, cookie::Cookie::build(("lang", "de")).path("/docs").build(), now);
    /// assert_eq!(jar.len(), 2);
    /// ```
    pub fn insert<'c>(
        &mut self,
        target: &Target,
        cookie: impl Into<::cookie::Cookie<'c>>,
        now: SystemTime,
    ) -> Decision {
        self.sweep(now);
        let cookie = cookie.into();
        match SetCookie::from_cookie(&cookie, &self.limits) {
            Ok(set) => self.store(&set, target, Context::default(), now),
            Err(rejection) => {
                let name = cut(cookie.name().as_bytes());
                let id = CookieId::new(name, self.index.intern(Key::of(target.origin().host().as_str())), b"", true);
                Decision::Rejected(id, rejection)
            }
        }
    }

    /// Every cookie, in the order of creation.
    pub fn iter(&self) -> impl Iterator<Item = &Cookie> {
        let mut cookies: Vec<&Cookie> = self.index.iter().collect();
        cookies.sort_unstable_by_key(|cookie| cookie.sequence());
        cookies.into_iter()
    }

    /// The cookie of this name, wherever it is for. Of several, the one with the longest path; of those, the newest.
    pub fn find(&self, name: impl AsRef<[u8]>) -> Option<&Cookie> {
        let named = self.index.iter().filter(|cookie| cookie.name() == name.as_ref());
        named.max_by_key(|cookie| (cookie.path_len(), cookie.sequence()))
    }

    /// The cookie of exactly this name, domain and path. Of two, the one that is host-only.
    pub fn find_in(&self, name: impl AsRef<[u8]>, domain: &str, path: &str) -> Option<&Cookie> {
        let domain = domain_text(domain);
        let cookies = self.index.of(Key::of(&domain));
        let find = |host_only| cookies.iter().find(|cookie| cookie.is(name.as_ref(), path.as_bytes(), host_only));
        find(true).or_else(|| find(false))
    }

    /// Removes the cookies of exactly this name, domain and path: none, one, or two where one of them is host-only. Says
    /// how many it were.
    pub fn remove(&mut self, name: impl AsRef<[u8]>, domain: &str, path: &str) -> usize {
        let domain = domain_text(domain);
        let removed = [true, false].map(|host_only| {
            usize::from(
                self.index
                    .take(Key::of(&domain), |cookie| cookie.is(name.as_ref(), path.as_bytes(), host_only))
                    .is_some(),
            )
        });
        removed.into_iter().sum()
    }

    /// Removes every cookie.
    pub fn clear(&mut self) {
        self.index = Index::default();
        self.expiries = Expiries::default();
        self.eldest = Eldest::default();
    }

    /// Keeps the cookies for which `keep` holds.
    pub fn retain(&mut self, keep: impl FnMut(&Cookie) -> bool) {
        self.index.retain(keep);
    }

    /// Removes the cookies of a domain and of the names below it.
    pub fn clear_domain(&mut self, domain: &str) {
        let domain = domain_text(domain);
        self.retain(|cookie| cookie.domain() != domain && !is_below(cookie.domain(), &domain));
    }

    /// Removes the cookies that are not persistent, as the end of a browser's session does.
    pub fn clear_session(&mut self) {
        self.retain(Cookie::is_persistent);
    }

    /// Frees what is expired at `now`.
    pub fn remove_expired(&mut self, now: SystemTime) {
        self.sweep(now);
    }

    /// Names and values, whatever they are for; what is not UTF-8 is replaced by U+FFFD. Of several cookies of one name
    /// the one that [`Jar::find`] gives counts.
    #[must_use]
    pub fn to_map(&self) -> BTreeMap<String, String> {
        let mut cookies: Vec<&Cookie> = self.index.iter().collect();
        cookies.sort_unstable_by_key(|cookie| (cookie.path_len(), cookie.sequence()));
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        cookies.into_iter().map(|cookie| (text(cookie.name()), text(cookie.value()))).collect()
    }

    /// How many cookies there are. Expired ones may be among them until the jar is handed the time.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is no cookie.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Holds a cookie as the newest and the last used, and makes room for it.
    pub(super) fn put(&mut self, key: Key<'_>, place: Option<Place>, mut cookie: Cookie) -> Put {
        let sequence = self.sequence;
        self.sequence = sequence.saturating_add(1);
        cookie.set_sequence(sequence);
        cookie.touch(self.tick());
        let expires = cookie.expires();
        let (of_domain, replaced) = self.index.put(key, place, cookie);
        if let Some(replaced) = replaced {
            if replaced.expires() != expires {
                self.remember_expiry(key.hash(), replaced.sequence(), expires);
            }
            return Put::Replaced;
        }
        self.remember_expiry(key.hash(), sequence, expires);
        let full = of_domain > self.limits.cookies_per_domain || self.index.len() > self.limits.cookies_total;
        if full && self.make_room(key) && !self.index.of(key).iter().any(|held| held.sequence() == sequence) {
            return Put::Evicted;
        }
        Put::Added
    }

    /// The number for what is used now.
    pub(super) fn tick(&mut self) -> u64 {
        self.access = self.access.saturating_add(1);
        self.access
    }

    /// A line that makes no cookie, whoever sent it.
    fn refused(&self, target: &Target, line: &[u8], rejection: Rejection) -> Decision {
        // A line without `=` is all value, which is nothing to show.
        let mut parts = line.split(|&byte| byte == b'=' || byte == b';');
        let name = parts.next().filter(|name| line.get(name.len()) == Some(&b'=')).unwrap_or_default();
        let id = CookieId::new(cut(name), self.index.intern(Key::of(target.origin().host().as_str())), b"", true);
        Decision::Rejected(id, rejection)
    }
}

impl Extend<Cookie> for Jar {
    /// Takes cookies over from another jar as they are, as if they had been set now. A cookie for what is a public
    /// suffix here is held, but not sent.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// let (mut jar, other) = (Jar::new(), Jar::new());
    /// jar.extend(other.iter().cloned());
    /// ```
    fn extend<T: IntoIterator<Item = Cookie>>(&mut self, cookies: T) {
        for mut cookie in cookies {
            cookie.set_on_suffix(!cookie.is_host_only() && is_public_suffix(&*self.list, cookie.domain()));
            let domain = Arc::clone(cookie.domain_arc());
            let key = Key::of(&domain);
            self.put(key, self.index.find(key), cookie);
        }
    }
}

impl fmt::Debug for Jar {
    /// Every cookie without its value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// What came of a cookie that was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    Added,
    Replaced,
    /// It was the first to go for want of room.
    Evicted,
}

/// How much of a name is kept of a line that made no cookie.
fn cut(name: &[u8]) -> &[u8] {
    name.get(..64).unwrap_or(name)
}

/// A domain as cookies have it, from one as people write it.
fn domain_text(domain: &str) -> Cow<'_, str> {
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    if domain.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(domain.to_ascii_lowercase())
    } else {
        Cow::Borrowed(domain)
    }
}

//! The jar: what it is made of and how cookies come in.
//!
//! How they are looked at and edited stands in `edit`. The rules stand elsewhere too: storing in `store`, what goes when room is short in `evict`, sending in `select`.

use super::context::Context;
use super::cookie::Cookie;
#[cfg(feature = "psl")]
use super::domain::CompiledList;
#[cfg(not(feature = "psl"))]
use super::domain::SingleLabels;
use super::domain::{PublicSuffix, is_public_suffix};
use super::evict::{Eldest, Expiries};
use super::index::{Index, Key, Place};
use super::reason::{CookieId, Decision, Rejection};
use super::set_cookie::SetCookie;
use crate::limits::Limits;
use crate::message::target::Target;
use http::HeaderMap;
use http::header::SET_COOKIE;
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
    pub(super) ignoring: bool,
}

impl Default for Jar {
    fn default() -> Self {
        Self::new()
    }
}

impl Jar {
    /// An empty jar. Its public suffixes are those of `CompiledList` with the feature `psl`; without it, single labels
    /// only (`SingleLabels`).
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// let jar = Jar::new();
    /// assert!(jar.is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        #[cfg(feature = "psl")]
        let list = CompiledList;
        #[cfg(not(feature = "psl"))]
        let list = SingleLabels;
        Self::with_public_suffix(Arc::new(list))
    }

    /// An empty jar with this list of public suffixes.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use session_core::cookies::{Jar, NoSuffixes};
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// let mut jar = Jar::with_public_suffix(Arc::new(NoSuffixes));
    /// jar.accept(&target, b"a=1; Domain=test", now);
    /// assert_eq!(jar.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
            ignoring: false,
        }
    }

    /// A jar that ignores every cookie: it is empty and stays so, whatever is accepted, inserted, loaded or taken over.
    /// For a session that must not be recognised; what a request brings itself is sent all the same.
    ///
    /// ```
    /// # use session_core::cookies::{Jar, Rejection};
    /// # use session_core::message::target::Target;
    /// # use std::time::SystemTime;
    /// # let target = Target::new(url::Url::parse("https://a.test/").unwrap()).unwrap().0;
    /// # let now = SystemTime::UNIX_EPOCH;
    /// let mut jar = Jar::ignoring();
    /// assert_eq!(jar.accept(&target, b"sid=1", now).rejection(), Some(Rejection::Ignored));
    /// assert!(jar.is_empty());
    /// ```
    #[must_use]
    pub fn ignoring() -> Self {
        Self { ignoring: true, ..Self::new() }
    }

    /// The same jar with these limits. What it holds beyond them goes as if it had just been stored.
    ///
    /// ```
    /// # use session_core::limits::Limits;
    /// # use session_core::cookies::Jar;
    /// let mut limits = Limits::default();
    /// limits.cookies_per_domain = 180;
    /// let jar = Jar::new().with_limits(&limits);
    /// ```
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
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use session_core::cookies::{Jar, PublicSuffix};
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1; Domain=a.test", now);
    /// struct Registry;
    /// impl PublicSuffix for Registry {
    ///     fn is_public_suffix(&self, domain: &str) -> bool {
    ///         ["test", "a.test"].contains(&domain)
    ///     }
    /// }
    /// jar.set_public_suffix(Arc::new(Registry));
    /// assert!(jar.select(&target, now).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    /// # use session_core::cookies::{Context, Jar, Rejection, SameSite};
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// let image_from_elsewhere = Context::cross_site();
    /// let decision = jar.accept_in(&target, image_from_elsewhere, b"a=1; SameSite=Lax", now);
    /// assert_eq!(decision.rejection(), Some(Rejection::CrossSite));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn accept_in(&mut self, target: &Target, context: Context, line: &[u8], now: SystemTime) -> Decision {
        self.sweep(now);
        match SetCookie::parse(line, &self.limits) {
            Ok(set) => self.store(&set, target, context, now),
            Err(rejection) => self.refused(target, line, rejection),
        }
    }

    /// Takes every Set-Cookie line of a response, in order, and tells `sink` what became of each. Those beyond
    /// [`Limits::cookies_per_response`] are rejected.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// let mut headers = http::HeaderMap::new();
    /// headers.append("set-cookie", http::HeaderValue::from_static("a=1"));
    /// headers.append("set-cookie", http::HeaderValue::from_static("b=2; Domain=bank.test"));
    /// let mut refused = 0;
    /// jar.accept_all(&target, &headers, now, |decision| refused += usize::from(decision.rejection().is_some()));
    /// assert_eq!((jar.len(), refused), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
        if self.ignoring {
            return;
        }
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

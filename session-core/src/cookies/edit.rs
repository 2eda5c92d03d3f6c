//! The jar as the caller sees and changes it: looking up, removing, counting.

use super::cookie::Cookie;
use super::domain::is_below;
use super::evict::{Eldest, Expiries};
use super::index::{Index, Key};
use super::jar::Jar;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::SystemTime;

impl Jar {
    /// Every cookie, in the order of creation.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1", now);
    /// jar.accept(&target, b"b=2; Path=/x", now);
    /// let names: Vec<_> = jar.iter().filter_map(|cookie| cookie.name_str()).collect();
    /// assert_eq!(names, ["a", "b"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = &Cookie> {
        let mut cookies: Vec<&Cookie> = self.index.iter().collect();
        cookies.sort_unstable_by_key(|cookie| cookie.sequence());
        cookies.into_iter()
    }

    /// The cookie of this name, wherever it is for. Of several, the one with the longest path; of those, the newest.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1", now);
    /// jar.accept(&target, b"a=2; Path=/x", now);
    /// assert_eq!(jar.find("a").and_then(|cookie| cookie.value_str()), Some("2"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn find(&self, name: impl AsRef<[u8]>) -> Option<&Cookie> {
        let named = self.index.iter().filter(|cookie| cookie.name() == name.as_ref());
        named.max_by_key(|cookie| (cookie.path_len(), cookie.sequence()))
    }

    /// The cookie of exactly this name, domain and path. Of two, the one that is host-only.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1", now);
    /// assert!(jar.find_in("a", "w.a.test", "/").is_some());
    /// assert!(jar.find_in("a", "a.test", "/").is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn find_in(&self, name: impl AsRef<[u8]>, domain: &str, path: &str) -> Option<&Cookie> {
        let domain = domain_text(domain);
        let cookies = self.index.of(Key::of(&domain));
        let find = |host_only| cookies.iter().find(|cookie| cookie.is(name.as_ref(), path.as_bytes(), host_only));
        find(true).or_else(|| find(false))
    }

    /// Removes the cookies of exactly this name, domain and path: none, one, or two where one of them is host-only. Says
    /// how many it were.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1", now);
    /// assert_eq!(jar.remove("a", "w.a.test", "/"), 1);
    /// assert!(jar.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1", now);
    /// jar.clear();
    /// assert!(jar.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clear(&mut self) {
        self.index = Index::default();
        self.expiries = Expiries::default();
        self.eldest = Eldest::default();
    }

    /// Keeps the cookies for which `keep` holds.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1; Secure", now);
    /// jar.accept(&target, b"b=2", now);
    /// jar.retain(|cookie| cookie.is_secure());
    /// assert_eq!(jar.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retain(&mut self, keep: impl FnMut(&Cookie) -> bool) {
        self.index.retain(keep);
    }

    /// Removes the cookies of a domain and of the names below it.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1", now);
    /// jar.clear_domain("a.test");
    /// assert!(jar.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clear_domain(&mut self, domain: &str) {
        let domain = domain_text(domain);
        self.retain(|cookie| cookie.domain() != domain && !is_below(cookie.domain(), &domain));
    }

    /// Removes the cookies that are not persistent, as the end of a browser's session does.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1", now);
    /// jar.accept(&target, b"b=2; Max-Age=60", now);
    /// jar.clear_session();
    /// assert_eq!(jar.to_map().into_keys().collect::<Vec<_>>(), ["b"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clear_session(&mut self) {
        self.retain(Cookie::is_persistent);
    }

    /// Frees what is expired at `now`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1; Max-Age=60", now);
    /// jar.remove_expired(now + Duration::from_secs(60));
    /// assert!(jar.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove_expired(&mut self, now: SystemTime) {
        self.sweep(now);
    }

    /// Names and values, whatever they are for; what is not UTF-8 is replaced by U+FFFD. Of several cookies of one name
    /// the one that [`Jar::find`] gives counts.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1", now);
    /// assert_eq!(jar.to_map()["a"], "1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_map(&self) -> BTreeMap<String, String> {
        let mut cookies: Vec<&Cookie> = self.index.iter().collect();
        cookies.sort_unstable_by_key(|cookie| (cookie.path_len(), cookie.sequence()));
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        cookies.into_iter().map(|cookie| (text(cookie.name()), text(cookie.value()))).collect()
    }

    /// How many cookies there are. Expired ones may be among them until the jar is handed the time.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1", now);
    /// assert_eq!(jar.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is no cookie.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// assert!(jar.is_empty());
    /// jar.accept(&target, b"a=1", now);
    /// assert!(!jar.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
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

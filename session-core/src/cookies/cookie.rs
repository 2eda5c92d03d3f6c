//! A cookie as the jar holds it.

use super::date;
use super::reason::CookieId;
use super::set_cookie::{SameSite, SetCookie, set_flags};
use ::cookie::time::OffsetDateTime;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// A stored cookie. Name and value are bytes; `Debug` never shows the value.
#[derive(Clone)]
pub struct Cookie {
    /// Name, value and path, one behind the other.
    text: Box<[u8]>,
    name_len: u32,
    value_len: u32,
    /// Shared by all cookies of the domain.
    domain: Arc<str>,
    expires: Option<SystemTime>,
    /// What was created earlier has the smaller number; a replacement takes over that of the cookie it replaces.
    sequence: u64,
    /// What was stored or sent later has the larger number.
    access: u64,
    host_only: bool,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
    /// The domain is a public suffix by the list that the jar has now.
    on_suffix: bool,
}

impl Cookie {
    /// A cookie that has just been set; its numbers are the jar's to give.
    pub(super) fn new(
        set: &SetCookie<'_>,
        domain: Arc<str>,
        host_only: bool,
        path: &[u8],
        expires: Option<SystemTime>,
    ) -> Option<Self> {
        let (name, value) = (set.name(), set.value());
        Some(Self {
            text: joined(name, value, path),
            name_len: u32::try_from(name.len()).ok()?,
            value_len: u32::try_from(value.len()).ok()?,
            domain,
            expires,
            sequence: 0,
            access: 0,
            host_only,
            secure: set.is_secure(),
            http_only: set.is_http_only(),
            same_site: set.same_site(),
            on_suffix: false,
        })
    }

    /// The name; empty for a nameless cookie.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1", now);
    /// let cookie = jar.iter().next().unwrap();
    /// assert_eq!(cookie.name(), b"sid");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.text.get(..self.name_len as usize).unwrap_or_default()
    }

    /// The name where it is UTF-8.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1", now);
    /// let cookie = jar.iter().next().unwrap();
    /// assert_eq!(cookie.name_str(), Some("sid"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn name_str(&self) -> Option<&str> {
        std::str::from_utf8(self.name()).ok()
    }

    /// The value as it came, quotes included.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=\"1\"", now);
    /// let cookie = jar.iter().next().unwrap();
    /// assert_eq!(cookie.value(), b"\"1\"");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn value(&self) -> &[u8] {
        self.parts().1
    }

    /// The value where it is UTF-8.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1", now);
    /// let cookie = jar.iter().next().unwrap();
    /// assert_eq!(cookie.value_str(), Some("1"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn value_str(&self) -> Option<&str> {
        std::str::from_utf8(self.value()).ok()
    }

    /// The domain: a canonical host without a leading dot, IPv6 without brackets.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1; Domain=.A.test", now);
    /// let cookie = jar.iter().next().unwrap();
    /// assert_eq!(cookie.domain(), "a.test");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The path; it begins with a slash.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1; Path=/docs", now);
    /// let cookie = jar.iter().next().unwrap();
    /// assert_eq!(cookie.path(), "/docs");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> &str {
        std::str::from_utf8(self.path_bytes()).unwrap_or("/")
    }

    /// Whether it is sent over trustworthy connections only.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1; Secure", now);
    /// let cookie = jar.iter().next().unwrap();
    /// assert!(cookie.is_secure());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether scripts may not see it.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1; HttpOnly", now);
    /// let cookie = jar.iter().next().unwrap();
    /// assert!(cookie.is_http_only());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_http_only(&self) -> bool {
        self.http_only
    }

    /// Whether it is sent to its domain alone and not to names below it.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1", now);
    /// let cookie = jar.iter().next().unwrap();
    /// assert!(cookie.is_host_only());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_host_only(&self) -> bool {
        self.host_only
    }

    /// Whether it outlives the session: it has an expiry.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1; Max-Age=60", now);
    /// let cookie = jar.iter().next().unwrap();
    /// assert!(cookie.is_persistent());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_persistent(&self) -> bool {
        self.expires.is_some()
    }

    /// When it expires; `None` for a session cookie.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1; Max-Age=60", now);
    /// let cookie = jar.iter().next().unwrap();
    /// assert_eq!(cookie.expires(), Some(now + Duration::from_secs(60)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// Whether it is expired at `now`: the instant of its expiry is the first at which it is.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1; Max-Age=60", now);
    /// let cookie = jar.iter().next().unwrap();
    /// assert!(cookie.is_expired(now + Duration::from_secs(60)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Its SameSite attribute.
    ///
    /// ```
    /// # use session_core::cookies::{Jar, SameSite};
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1; SameSite=Lax", now);
    /// let cookie = jar.iter().next().unwrap();
    /// assert_eq!(cookie.same_site(), SameSite::Lax);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn same_site(&self) -> SameSite {
        self.same_site
    }

    /// Writes the cookie as it stands in a Cookie field: `name=value`, or the bare value of a nameless cookie.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1", now);
    /// let cookie = jar.iter().next().unwrap();
    /// let mut pair = Vec::new();
    /// cookie.write_pair(&mut pair);
    /// assert_eq!(pair, b"sid=1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write_pair(&self, out: &mut Vec<u8>) {
        let (name, value, _) = self.parts();
        if !name.is_empty() {
            out.extend_from_slice(name);
            out.push(b'=');
        }
        out.extend_from_slice(value);
    }

    /// How many bytes [`Cookie::write_pair`] writes.
    pub(crate) fn pair_len(&self) -> usize {
        let (name, value) = (self.name_len as usize, self.value_len as usize);
        name.saturating_add(usize::from(name > 0)).saturating_add(value)
    }

    pub(super) fn path_bytes(&self) -> &[u8] {
        self.text.get(self.before_path()..).unwrap_or_default()
    }

    pub(super) fn path_len(&self) -> usize {
        self.text.len().saturating_sub(self.before_path())
    }

    fn before_path(&self) -> usize {
        (self.name_len as usize).saturating_add(self.value_len as usize)
    }

    fn parts(&self) -> (&[u8], &[u8], &[u8]) {
        let (name_len, value_len) = (self.name_len as usize, self.value_len as usize);
        let split = self.text.split_at_checked(name_len);
        let (name, rest) = split.unwrap_or_default();
        let (value, path) = rest.split_at_checked(value_len).unwrap_or_default();
        (name, value, path)
    }

    pub(super) fn domain_arc(&self) -> &Arc<str> {
        &self.domain
    }

    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(super) fn set_sequence(&mut self, sequence: u64) {
        self.sequence = sequence;
    }

    pub(super) fn access(&self) -> u64 {
        self.access
    }

    pub(super) fn touch(&mut self, access: u64) {
        self.access = access;
    }

    pub(super) fn is_on_suffix(&self) -> bool {
        self.on_suffix
    }

    pub(super) fn set_on_suffix(&mut self, on_suffix: bool) {
        self.on_suffix = on_suffix;
    }

    /// Whether it has this identity (RFC 6265bis 5.7), given that it is of the right domain.
    pub(super) fn is(&self, name: &[u8], path: &[u8], host_only: bool) -> bool {
        let same_shape = self.host_only == host_only && self.name_len as usize == name.len();
        same_shape && self.path_len() == path.len() && self.name() == name && self.path_bytes() == path
    }

    /// Whether the other has its identity, so that a jar could hold only one of them.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.is(other.name(), other.path_bytes(), other.host_only) && self.domain == other.domain
    }

    pub(super) fn id(&self) -> CookieId {
        CookieId::new(self.name(), Arc::clone(&self.domain), self.path_bytes(), self.host_only)
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie")
            .field("name", &DebugText(self.name()))
            .field("domain", &self.domain)
            .field("path", &self.path())
            .field("expires", &self.expires)
            .field("host_only", &self.host_only)
            .field("secure", &self.secure)
            .field("http_only", &self.http_only)
            .field("same_site", &self.same_site)
            .finish_non_exhaustive()
    }
}

impl TryFrom<&Cookie> for ::cookie::Cookie<'static> {
    type Error = std::str::Utf8Error;

    /// With the attributes that would set the cookie again: Domain only where it is not host-only, Path always. Fails
    /// where name or value are not UTF-8.
    fn try_from(cookie: &Cookie) -> Result<Self, Self::Error> {
        let name = std::str::from_utf8(cookie.name())?.to_owned();
        let value = std::str::from_utf8(cookie.value())?.to_owned();
        let mut made = Self::new(name, value);
        made.set_path(cookie.path().to_owned());
        if !cookie.host_only {
            made.set_domain(cookie.domain().to_owned());
        }
        if let Some(expires) = cookie.expires.and_then(to_time) {
            made.set_expires(expires);
        }
        set_flags(&mut made, cookie.secure, cookie.http_only, cookie.same_site);
        Ok(made)
    }
}

/// Three texts, one behind the other.
pub(super) fn joined(first: &[u8], second: &[u8], third: &[u8]) -> Box<[u8]> {
    let length = first.len().saturating_add(second.len()).saturating_add(third.len());
    let mut text = Vec::with_capacity(length);
    text.extend_from_slice(first);
    text.extend_from_slice(second);
    text.extend_from_slice(third);
    text.into_boxed_slice()
}

/// Bytes as `Debug` shows them: a cut and escaped string.
pub(super) struct DebugText<'a>(pub(super) &'a [u8]);

impl fmt::Debug for DebugText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", crate::error::excerpt(self.0))
    }
}

/// The instant in the terms of the `cookie` crate; `None` beyond the years that it can hold.
pub(super) fn to_time(instant: SystemTime) -> Option<OffsetDateTime> {
    let seconds = match instant.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).ok()?,
        Err(before) => i64::try_from(before.duration().as_secs()).ok()?.checked_neg()?,
    };
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}

/// The instant that the `cookie` crate means, in whole seconds.
pub(super) fn from_time(time: OffsetDateTime) -> Option<SystemTime> {
    date::instant(time.unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::Cookie;

    /// Beside this a cookie weighs its name, value and path once, and its domain a share.
    #[cfg(target_pointer_width = "64")]
    #[test]
    fn a_cookie_weighs_little() {
        assert!(size_of::<Cookie>() <= 80, "{}", size_of::<Cookie>());
    }
}

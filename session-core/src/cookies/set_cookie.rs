//! One Set-Cookie line, taken apart (RFC 6265bis 5.6). What becomes of it is decided in `store`.

use super::cookie::{DebugText, from_time, to_time};
use super::date;
use super::line::{Attribute, is, next_part};
use super::reason::Rejection;
use crate::limits::Limits;
use crate::message::grammar::{decimal, trim_blanks};
use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

/// The SameSite attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 6265bis 5.6.7 has these")]
pub enum SameSite {
    /// Absent, or a value that is none of the three.
    #[default]
    Default,
    /// Sent with cross-site requests too; needs Secure.
    None,
    /// Sent with same-site requests and with top-level navigations by a safe method.
    Lax,
    /// Sent with same-site requests only.
    Strict,
}

/// One Set-Cookie line as it was written. Of each attribute the last usable one counts.
#[derive(Clone)]
pub struct SetCookie<'a> {
    name: &'a [u8],
    value: &'a [u8],
    /// ASCII in lower case.
    domain: Option<Cow<'a, [u8]>>,
    /// ASCII that begins with a slash.
    path: Option<&'a [u8]>,
    expires: Option<SystemTime>,
    max_age: Option<u64>,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
}

/// The parts of a cookie that did not come as a line.
pub(super) struct Parts<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
    pub(super) domain: Option<&'a [u8]>,
    pub(super) path: Option<&'a [u8]>,
    pub(super) expires: Option<SystemTime>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: SameSite,
}

impl<'a> SetCookie<'a> {
    /// Takes a line apart: the field's value, not its name.
    ///
    /// # Errors
    /// A [`Rejection`] where the line makes no cookie whoever sent it: a control character, neither name nor value, name
    /// and value longer than [`Limits::cookie_bytes`], a Domain that is `.` or not ASCII, a Path that is not ASCII.
    ///
    /// ```
    /// use session_core::cookies::SetCookie;
    /// use session_core::limits::Limits;
    ///
    /// let line = b"sid = \"1=2\" ; Domain=.A.test; Max-Age=60; Path=x; Secure";
    /// let cookie = SetCookie::parse(line, &Limits::default())?;
    /// assert_eq!((cookie.name(), cookie.value()), (b"sid".as_slice(), b"\"1=2\"".as_slice()));
    /// assert_eq!((cookie.domain(), cookie.path(), cookie.is_secure()), (Some("a.test"), None, true));
    /// # Ok::<(), session_core::cookies::Rejection>(())
    /// ```
    pub fn parse(line: &'a [u8], limits: &Limits) -> Result<Self, Rejection> {
        // The whole line is looked at without a branch for each octet.
        if line.iter().fold(false, |found, &byte| found | is_control(byte)) {
            return Err(Rejection::ControlCharacter);
        }
        let (pair, mut rest) = next_part(line);
        // Without a `=` everything is the value.
        let (name, value) = pair.value.map_or((b"".as_slice(), pair.name), |value| (pair.name, value));
        let mut cookie = Self::bare(name, value, limits)?;
        let (mut domain, mut path) = (None, None);
        while let Some(attributes) = rest {
            if let [b';', behind @ ..] = attributes {
                rest = Some(behind);
                continue;
            }
            let (part, after) = next_part(attributes);
            rest = after;
            let value = part.value.unwrap_or_default();
            if value.len() > limits.cookie_attribute_bytes {
                continue;
            }
            match Attribute::named(part.name) {
                Some(Attribute::Expires) => cookie.expires = date::parse(value).or(cookie.expires),
                Some(Attribute::MaxAge) => cookie.max_age = max_age(value).or(cookie.max_age),
                Some(Attribute::Domain) => domain = Some(value),
                Some(Attribute::Path) => path = Some(value),
                Some(Attribute::Secure) => cookie.secure = true,
                Some(Attribute::HttpOnly) => cookie.http_only = true,
                Some(Attribute::SameSite) => cookie.same_site = same_site(value),
                None => {}
            }
        }
        cookie.domain = domain.map(canonical_domain).transpose()?.flatten();
        cookie.path = path.map(absolute_path).transpose()?.flatten();
        Ok(cookie)
    }

    fn bare(name: &'a [u8], value: &'a [u8], limits: &Limits) -> Result<Self, Rejection> {
        if name.is_empty() && value.is_empty() {
            return Err(Rejection::Empty);
        }
        if name.len().saturating_add(value.len()) > limits.cookie_bytes {
            return Err(Rejection::TooLong);
        }
        Ok(Self {
            name,
            value,
            domain: None,
            path: None,
            expires: None,
            max_age: None,
            secure: false,
            http_only: false,
            same_site: SameSite::Default,
        })
    }

    /// A cookie made by the caller, by the rules of [`SetCookie::parse`]; unlike a line, nothing in it is trimmed or cut.
    ///
    /// # Errors
    /// Also [`Rejection::Unwritable`] for a `;` or a blank at an end of the name or value, and for a `=` in the name: on
    /// the wire that would be another cookie.
    ///
    /// ```
    /// # use session_core::limits::Limits;
    /// # use session_core::cookies::SetCookie;
    /// let made = cookie::Cookie::build(("sid", "1")).path("/docs").build();
    /// let set = SetCookie::from_cookie(&made, &Limits::default())?;
    /// assert_eq!((set.name(), set.path()), (b"sid".as_slice(), Some("/docs")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_cookie(cookie: &'a ::cookie::Cookie<'_>, limits: &Limits) -> Result<Self, Rejection> {
        let attributes = [cookie.path(), cookie.domain()];
        if attributes.iter().flatten().any(|attribute| attribute.contains(';')) {
            return Err(Rejection::Unwritable);
        }
        let mut set = Self::from_parts(
            Parts {
                name: cookie.name().as_bytes(),
                value: cookie.value().as_bytes(),
                path: cookie.path().map(str::as_bytes),
                domain: cookie.domain().map(str::as_bytes),
                expires: cookie.expires_datetime().and_then(from_time),
                secure: cookie.secure() == Some(true),
                http_only: cookie.http_only() == Some(true),
                same_site: match cookie.same_site() {
                    None => SameSite::Default,
                    Some(::cookie::SameSite::None) => SameSite::None,
                    Some(::cookie::SameSite::Lax) => SameSite::Lax,
                    Some(::cookie::SameSite::Strict) => SameSite::Strict,
                },
            },
            limits,
        )?;
        set.max_age = cookie.max_age().map(|age| u64::try_from(age.whole_seconds()).unwrap_or(0));
        Ok(set)
    }

    /// A cookie whose parts did not come as a line: what a line could not say is refused.
    pub(super) fn from_parts(parts: Parts<'a>, limits: &Limits) -> Result<Self, Rejection> {
        let Parts { name, value, domain, path, expires, secure, http_only, same_site } = parts;
        for part in [Some(name), Some(value), path, domain].into_iter().flatten() {
            if part.iter().any(|&byte| is_control(byte)) {
                return Err(Rejection::ControlCharacter);
            }
            if trim_blanks(part).len() != part.len() {
                return Err(Rejection::Unwritable);
            }
        }
        // A path may have a semicolon in it: the directory of a URL may.
        if name.contains(&b'=') || name.contains(&b';') || value.contains(&b';') {
            return Err(Rejection::Unwritable);
        }
        let mut set = Self::bare(name, value, limits)?;
        set.domain = domain.map(canonical_domain).transpose()?.flatten();
        set.path = path.map(absolute_path).transpose()?.flatten();
        Ok(Self { expires, secure, http_only, same_site, ..set })
    }

    /// The name; empty for a nameless cookie.
    ///
    /// ```
    /// # use session_core::limits::Limits;
    /// # use session_core::cookies::SetCookie;
    /// let cookie = SetCookie::parse(b"sid=1", &Limits::default())?;
    /// assert_eq!(cookie.name(), b"sid");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.name
    }

    /// The name as text, where it is UTF-8.
    #[must_use]
    pub fn name_str(&self) -> Option<&'a str> {
        str::from_utf8(self.name).ok()
    }

    /// The value, quotes included.
    ///
    /// ```
    /// # use session_core::limits::Limits;
    /// # use session_core::cookies::SetCookie;
    /// let cookie = SetCookie::parse(b"sid=\"1\"", &Limits::default())?;
    /// assert_eq!(cookie.value(), b"\"1\"");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        self.value
    }

    /// The value as text, where it is UTF-8.
    ///
    /// ```
    /// # use session_core::limits::Limits;
    /// # use session_core::cookies::SetCookie;
    /// let cookie = SetCookie::parse(b"sid=1; Path=/", &Limits::default())?;
    /// assert_eq!((cookie.name_str(), cookie.value_str()), (Some("sid"), Some("1")));
    /// assert_eq!(SetCookie::parse(b"sid=\xff", &Limits::default())?.value_str(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn value_str(&self) -> Option<&'a str> {
        str::from_utf8(self.value).ok()
    }

    /// The Domain attribute, lower case and without its leading dot; `None` where there is none or an empty one.
    ///
    /// ```
    /// # use session_core::limits::Limits;
    /// # use session_core::cookies::SetCookie;
    /// let cookie = SetCookie::parse(b"sid=1; Domain=.A.test", &Limits::default())?;
    /// assert_eq!(cookie.domain(), Some("a.test"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.domain_bytes().and_then(|domain| std::str::from_utf8(domain).ok())
    }

    pub(super) fn domain_bytes(&self) -> Option<&[u8]> {
        self.domain.as_deref()
    }

    /// The Path attribute; `None` where there is none that begins with a slash.
    ///
    /// ```
    /// # use session_core::limits::Limits;
    /// # use session_core::cookies::SetCookie;
    /// let cookie = SetCookie::parse(b"sid=1; Path=/docs", &Limits::default())?;
    /// assert_eq!(cookie.path(), Some("/docs"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> Option<&'a str> {
        self.path.and_then(|path| std::str::from_utf8(path).ok())
    }

    pub(super) fn path_bytes(&self) -> Option<&'a [u8]> {
        self.path
    }

    /// The Expires attribute.
    ///
    /// ```
    /// # use session_core::limits::Limits;
    /// # use std::time::Duration;
    /// # use session_core::cookies::SetCookie;
    /// let cookie = SetCookie::parse(b"sid=1; Expires=Thu, 01 Jan 1970 00:00:05 GMT", &Limits::default())?;
    /// let expected = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(5);
    /// assert_eq!(cookie.expires(), Some(expected));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// The Max-Age attribute; zero where it was zero or less. It wins over Expires.
    ///
    /// ```
    /// # use session_core::limits::Limits;
    /// # use std::time::Duration;
    /// # use session_core::cookies::SetCookie;
    /// let cookie = SetCookie::parse(b"sid=1; Max-Age=60", &Limits::default())?;
    /// assert_eq!(cookie.max_age(), Some(Duration::from_secs(60)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_age(&self) -> Option<Duration> {
        self.max_age.map(Duration::from_secs)
    }

    /// The Secure attribute.
    ///
    /// ```
    /// # use session_core::limits::Limits;
    /// # use session_core::cookies::SetCookie;
    /// let cookie = SetCookie::parse(b"sid=1; Secure", &Limits::default())?;
    /// assert!(cookie.is_secure());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The HttpOnly attribute.
    ///
    /// ```
    /// # use session_core::limits::Limits;
    /// # use session_core::cookies::SetCookie;
    /// let cookie = SetCookie::parse(b"sid=1; HttpOnly", &Limits::default())?;
    /// assert!(cookie.is_http_only());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_http_only(&self) -> bool {
        self.http_only
    }

    /// The SameSite attribute.
    ///
    /// ```
    /// # use session_core::limits::Limits;
    /// # use session_core::cookies::{SameSite, SetCookie};
    /// let cookie = SetCookie::parse(b"sid=1; SameSite=Lax", &Limits::default())?;
    /// assert_eq!(cookie.same_site(), SameSite::Lax);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn same_site(&self) -> SameSite {
        self.same_site
    }
}

impl fmt::Debug for SetCookie<'_> {
    /// Everything but the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookie")
            .field("name", &DebugText(self.name))
            .field("domain", &self.domain())
            .field("path", &self.path())
            .field("expires", &self.expires)
            .field("max_age", &self.max_age)
            .field("secure", &self.secure)
            .field("http_only", &self.http_only)
            .field("same_site", &self.same_site)
            .finish_non_exhaustive()
    }
}

impl TryFrom<&SetCookie<'_>> for ::cookie::Cookie<'static> {
    type Error = std::str::Utf8Error;

    /// Fails where name or value are not UTF-8.
    fn try_from(set: &SetCookie<'_>) -> Result<Self, Self::Error> {
        let name = std::str::from_utf8(set.name)?.to_owned();
        let value = std::str::from_utf8(set.value)?.to_owned();
        let mut cookie = Self::new(name, value);
        if let Some(domain) = set.domain() {
            cookie.set_domain(domain.to_owned());
        }
        if let Some(path) = set.path() {
            cookie.set_path(path.to_owned());
        }
        if let Some(expires) = set.expires.and_then(to_time) {
            cookie.set_expires(expires);
        }
        if let Some(seconds) = set.max_age {
            cookie.set_max_age(::cookie::time::Duration::seconds(i64::try_from(seconds).unwrap_or(i64::MAX)));
        }
        set_flags(&mut cookie, set.secure, set.http_only, set.same_site);
        Ok(cookie)
    }
}

/// Sets those flags of a cookie that are not as without the attribute.
pub(super) fn set_flags(cookie: &mut ::cookie::Cookie<'_>, secure: bool, http_only: bool, same_site: SameSite) {
    if secure {
        cookie.set_secure(true);
    }
    if http_only {
        cookie.set_http_only(true);
    }
    cookie.set_same_site(match same_site {
        SameSite::Default => None,
        SameSite::None => Some(::cookie::SameSite::None),
        SameSite::Lax => Some(::cookie::SameSite::Lax),
        SameSite::Strict => Some(::cookie::SameSite::Strict),
    });
}

/// Octets that no Set-Cookie line may hold: the controls but HTAB.
fn is_control(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f
}

/// Digits, or `-` and digits; anything else is no Max-Age. What is too large to count stays the largest.
fn max_age(value: &[u8]) -> Option<u64> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if digits.len() < value.len() { Some(0) } else { Some(decimal(digits).unwrap_or(u64::MAX)) }
}

fn same_site(value: &[u8]) -> SameSite {
    if is(value, b"none") {
        SameSite::None
    } else if is(value, b"strict") {
        SameSite::Strict
    } else if is(value, b"lax") {
        SameSite::Lax
    } else {
        SameSite::Default
    }
}

/// `None` for an empty Domain: the cookie is for the host alone.
fn canonical_domain(value: &[u8]) -> Result<Option<Cow<'_, [u8]>>, Rejection> {
    if value.is_empty() {
        return Ok(None);
    }
    let domain = value.strip_prefix(b".").unwrap_or(value);
    if domain.is_empty() || !domain.is_ascii() {
        return Err(Rejection::InvalidDomain);
    }
    Ok(Some(if domain.iter().any(u8::is_ascii_uppercase) {
        Cow::Owned(domain.to_ascii_lowercase())
    } else {
        Cow::Borrowed(domain)
    }))
}

/// `None` for a Path that does not begin with a slash: the default path is taken.
fn absolute_path(value: &[u8]) -> Result<Option<&[u8]>, Rejection> {
    if !value.is_ascii() {
        return Err(Rejection::InvalidPath);
    }
    Ok(value.starts_with(b"/").then_some(value))
}

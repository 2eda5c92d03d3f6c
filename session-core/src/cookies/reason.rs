//! What was decided about a cookie, and why: data that costs next to nothing until it is shown.

use super::cookie::joined;
use crate::error::excerpt;
use std::fmt;
use std::sync::Arc;

#[cfg(feature = "serde")]
pub(crate) mod record;

/// Which cookie: its identity (RFC 6265bis 5.7) without its value.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CookieId {
    /// Name and path, one behind the other.
    text: Box<[u8]>,
    name_len: usize,
    domain: Arc<str>,
    host_only: bool,
}

impl CookieId {
    pub(super) fn new(name: &[u8], domain: Arc<str>, path: &[u8], host_only: bool) -> Self {
        let text = joined(name, path, b"");
        Self { text, name_len: name.len(), domain, host_only }
    }

    /// The name; empty for a nameless cookie. That of a line which made no cookie is cut at 64 bytes.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// let decision = jar.accept(&target, b"sid=1", now);
    /// assert_eq!(decision.cookie().name(), b"sid");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.text.get(..self.name_len).unwrap_or_default()
    }

    /// The domain; the host that set the cookie where it was rejected for its domain or before that was looked at.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// let decision = jar.accept(&target, b"sid=1", now);
    /// assert_eq!(decision.cookie().domain(), "w.a.test");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The path; empty where the cookie was rejected before it was looked at.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// let decision = jar.accept(&target, b"sid=1", now);
    /// assert_eq!(decision.cookie().path(), "/");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> &str {
        self.text.get(self.name_len..).and_then(|path| std::str::from_utf8(path).ok()).unwrap_or_default()
    }

    /// Whether the cookie is for its domain alone.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// let decision = jar.accept(&target, b"sid=1", now);
    /// assert!(decision.cookie().is_host_only());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_host_only(&self) -> bool {
        self.host_only
    }
}

impl fmt::Display for CookieId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\" of {}{}", excerpt(self.name()), self.domain, self.path())
    }
}

impl fmt::Debug for CookieId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CookieId({self}{})", if self.host_only { ", host-only" } else { "" })
    }
}

/// What became of one Set-Cookie line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 6265bis 5.7 ends in one of these")]
pub enum Decision {
    /// The jar holds a new cookie.
    Stored(CookieId),
    /// The jar holds it in the place of an older one with the same identity.
    Replaced(CookieId),
    /// It was expired when it came: the jar holds no cookie of this identity, and one it held is gone.
    Deleted(CookieId),
    /// The jar is as before.
    Rejected(CookieId, Rejection),
}

impl Decision {
    /// Which cookie it is about.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// let decision = jar.accept(&target, b"sid=1", now);
    /// assert_eq!(decision.cookie().name(), b"sid");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn cookie(&self) -> &CookieId {
        match self {
            Self::Stored(id) | Self::Replaced(id) | Self::Deleted(id) | Self::Rejected(id, _) => id,
        }
    }

    /// Why the cookie was rejected, where it was.
    ///
    /// ```
    /// # use session_core::cookies::{Jar, Rejection};
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// let decision = jar.accept(&target, b"sid=1; Domain=bank.test", now);
    /// assert_eq!(decision.rejection(), Some(Rejection::DomainMismatch));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn rejection(&self) -> Option<Rejection> {
        match self {
            Self::Rejected(_, rejection) => Some(*rejection),
            _ => None,
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stored(id) => write!(f, "cookie {id} was stored"),
            Self::Replaced(id) => write!(f, "cookie {id} was replaced"),
            Self::Deleted(id) => write!(f, "cookie {id} was deleted"),
            Self::Rejected(id, rejection) => write!(f, "cookie {id} was rejected: {rejection}"),
        }
    }
}

/// Why a cookie was not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rejection {
    /// The line holds a control character other than HTAB.
    ControlCharacter,
    /// Name and value are both empty.
    Empty,
    /// Name and value are longer than [`Limits::cookie_bytes`](crate::limits::Limits::cookie_bytes).
    TooLong,
    /// A cookie made by the caller would be another one on the wire: `;`, a blank at an end, or `=` in its name.
    Unwritable,
    /// The Domain attribute is a lone dot or not ASCII.
    InvalidDomain,
    /// The Path attribute is not ASCII.
    InvalidPath,
    /// The host is neither the Domain attribute nor a name below it.
    DomainMismatch,
    /// The Domain attribute is a public suffix.
    PublicSuffix,
    /// Secure, but set over clear text.
    SecureFromClearText,
    /// Set over clear text, it would stand in for a Secure cookie of the same name.
    ShadowsSecure,
    /// HttpOnly, but set by a script, or by a script in the place of an HttpOnly one.
    HttpOnlyFromScript,
    /// Bound to its own site, but set by a cross-site request.
    CrossSite,
    /// SameSite=None without Secure.
    SameSiteNoneWithoutSecure,
    /// `__Secure-` without Secure.
    SecurePrefix,
    /// `__Host-` without Secure and `Path=/`, or with a Domain.
    HostPrefix,
    /// `__Http-` without Secure and HttpOnly.
    HttpPrefix,
    /// `__Host-Http-` without what both prefixes ask for.
    HostHttpPrefix,
    /// Nameless, with a value that looks like a name with a prefix.
    NamelessPrefix,
    /// The response has more lines than [`Limits::cookies_per_response`](crate::limits::Limits::cookies_per_response).
    TooManyInResponse,
    /// The jar is full of cookies that come before it: the Secure ones of its domain before one that is not.
    NoRoom,
    /// The jar ignores every cookie ([`Jar::ignoring`](crate::cookies::Jar::ignoring)).
    Ignored,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ControlCharacter => "the line holds a control character",
            Self::Empty => "it has neither name nor value",
            Self::TooLong => "name and value are too long",
            Self::Unwritable => "it cannot be written in a Cookie field as it is",
            Self::InvalidDomain => "its Domain is no domain name",
            Self::InvalidPath => "its Path is not ASCII",
            Self::DomainMismatch => "its Domain is neither the host nor above it",
            Self::PublicSuffix => "its Domain is a public suffix",
            Self::SecureFromClearText => "it is Secure and was set over clear text",
            Self::ShadowsSecure => "over clear text it would stand in for a Secure cookie",
            Self::HttpOnlyFromScript => "a script cannot set or replace an HttpOnly cookie",
            Self::CrossSite => "a cross-site request may not set it",
            Self::SameSiteNoneWithoutSecure => "SameSite=None needs Secure",
            Self::SecurePrefix => "a __Secure- cookie needs Secure",
            Self::HostPrefix => "a __Host- cookie needs Secure, Path=/ and no Domain",
            Self::HttpPrefix => "a __Http- cookie needs Secure and HttpOnly",
            Self::HostHttpPrefix => "a __Host-Http- cookie needs Secure, HttpOnly, Path=/ and no Domain",
            Self::NamelessPrefix => "a nameless cookie must not look like one with a prefix",
            Self::TooManyInResponse => "the response sets too many cookies",
            Self::NoRoom => "there is no room for it beside cookies that come first",
            Self::Ignored => "the jar ignores every cookie",
        })
    }
}

impl std::error::Error for Rejection {}

/// What happens to a cookie of the jar in one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a cookie is sent or it is not")]
pub enum Verdict {
    /// It is sent.
    Sent,
    /// It stays in the jar.
    Withheld(Withheld),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent => f.write_str("it is sent"),
            Self::Withheld(reason) => write!(f, "it is withheld: {reason}"),
        }
    }
}

/// Why a cookie is not sent with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Withheld {
    /// The host is not of the cookie's domain.
    OtherDomain,
    /// The host is below the cookie's domain, and the cookie is for that host alone.
    HostOnly,
    /// The cookie's domain is a public suffix by the list that the jar has now.
    PublicSuffix,
    /// The path is not at or below the cookie's.
    OtherPath,
    /// It is expired.
    Expired,
    /// It is Secure, and the request goes over clear text.
    ClearText,
    /// It is HttpOnly, and a script asks.
    HttpOnly,
    /// Its SameSite keeps it from this cross-site request.
    CrossSite,
    /// The Cookie field is at [`Limits::cookie_field`](crate::limits::Limits::cookie_field) with the cookies before it.
    FieldFull,
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherDomain => "the host is not of its domain",
            Self::HostOnly => "it is for one host alone",
            Self::PublicSuffix => "its domain is a public suffix",
            Self::OtherPath => "the path is not at or below its own",
            Self::Expired => "it is expired",
            Self::ClearText => "it is Secure and the request goes over clear text",
            Self::HttpOnly => "it is HttpOnly and a script asks",
            Self::CrossSite => "its SameSite keeps it from a cross-site request",
            Self::FieldFull => "the Cookie field has no room for it",
        })
    }
}

//! Scheme, host and port: what credentials are bound to and connections are kept for.

use crate::error::{Error, ErrorKind, Phase};
use crate::message::host::CanonicalHost;
use http::HeaderValue;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use url::Url;

/// The two schemes that a request can be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "HTTP has these two schemes")]
pub enum Scheme {
    /// Clear text.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The scheme of a URL, where it is one of the two.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        Self::named(url.scheme())
    }

    /// The scheme of this name, in lower case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }

    /// `http` or `https`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// 80 or 443.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Scheme, canonical host and port (RFC 9110 4.3.1). Two URLs are of one origin if and only if these are equal.
#[derive(Clone)]
pub struct Origin(Arc<Parts>);

/// Shared by the clones: an origin stands in targets, keys and bindings all over a request.
struct Parts {
    scheme: Scheme,
    host: CanonicalHost,
    port: u16,
    authority: Box<str>,
    /// The same as a field value, made once.
    field: Option<HeaderValue>,
}

impl Origin {
    fn new(scheme: Scheme, host: CanonicalHost, port: u16) -> Self {
        let bare = host.ip().is_none_or(|address| address.is_ipv4());
        let authority: Box<str> = match (port == scheme.default_port(), bare) {
            (true, true) => host.as_str().into(),
            (true, false) => host.to_string().into(),
            (false, _) => format!("{host}:{port}").into(),
        };
        let field = HeaderValue::from_str(&authority).ok();
        Self(Arc::new(Parts { scheme, host, port, authority, field }))
    }

    /// The origin of a URL; `None` where no request can be sent to it (another scheme, no host, an empty label, port 0).
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        let scheme = Scheme::of(url)?;
        let port = url.port().unwrap_or_else(|| scheme.default_port());
        if port == 0 {
            return None;
        }
        Some(Self::new(scheme, CanonicalHost::of(url)?, port))
    }

    /// The same, where `known` is the origin of `other`: of URLs that are spelled alike in what makes an origin, it is
    /// not made anew.
    #[must_use]
    pub(crate) fn of_beside(url: &Url, other: &Url, known: &Self) -> Option<Self> {
        let alike = url.scheme() == other.scheme() && url.host_str() == other.host_str() && url.port() == other.port();
        if alike { Some(known.clone()) } else { Self::of(url) }
    }

    /// An origin as written, such as `https://a.test:8443`. A path, query, fragment or user information is refused.
    ///
    /// ```
    /// use session_core::message::origin::Origin;
    ///
    /// assert_eq!(Origin::parse("https://A.test:443/")?, Origin::parse("https://a.test")?);
    /// assert_ne!(Origin::parse("http://a.test")?, Origin::parse("https://a.test")?);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let error = || {
            Error::new(ErrorKind::InvalidUrl, Phase::Build, "an origin is not valid")
                .with_expected("scheme, host and port, such as https://a.test:8443")
        };
        let url = Url::parse(text).map_err(|source| error().with_source(source))?;
        let bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !bare {
            return Err(error());
        }
        Self::of(&url).ok_or_else(error)
    }

    /// The scheme.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.0.scheme
    }

    /// The host.
    #[must_use]
    pub fn host(&self) -> &CanonicalHost {
        &self.0.host
    }

    /// The port, also where it is the default.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Whether what is sent there is hidden on its way: https, or a host that is this machine.
    #[must_use]
    pub fn is_trustworthy(&self) -> bool {
        self.0.scheme == Scheme::Https || self.0.host.is_loopback()
    }

    /// Host and port as the Host field has them: no default port, IPv6 in brackets (RFC 9110 7.2).
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.0.authority
    }

    /// The same as a Host field's value; `None` where the host cannot stand in a field.
    #[must_use]
    pub fn host_field(&self) -> Option<&HeaderValue> {
        self.0.field.as_ref()
    }

    fn key(&self) -> (Scheme, &CanonicalHost, u16) {
        (self.0.scheme, &self.0.host, self.0.port)
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.is_as(other)
    }
}

impl Eq for Origin {}

impl PartialOrd for Origin {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Origin {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.order(other) }
    }
}

// Two origins are mostly one and the same, so what compares their parts is not put where they are compared.
impl Origin {
    #[inline(never)]
    fn is_as(&self, other: &Self) -> bool {
        self.key() == other.key()
    }

    #[inline(never)]
    fn order(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme(), self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;
    use url::Url;

    fn origin(url: &str) -> Option<String> {
        Origin::of(&Url::parse(url).unwrap()).map(|origin| origin.to_string())
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert_eq!(origin("https://A.TEST:443/x").as_deref(), Some("https://a.test"));
        assert_eq!(origin("http://a.test:443/x").as_deref(), Some("http://a.test:443"));
        assert_eq!(origin("http://[::1]:8080/").as_deref(), Some("http://[::1]:8080"));
        assert_eq!(origin("http://a.test:0/"), None);
        assert_eq!(origin("ftp://a.test/"), None);
        assert_eq!(origin("http://a..test/"), None);
        assert_eq!(origin("data:,x"), None);
    }

    #[test]
    fn a_written_origin_has_nothing_else() {
        assert_eq!(Origin::parse("https://a.test:8443").unwrap().to_string(), "https://a.test:8443");
        for bad in ["a.test", "https://a.test/x", "https://u@a.test", "https://a.test/?q", "ftp://a.test", ""] {
            assert!(Origin::parse(bad).is_err(), "{bad}");
        }
    }
}

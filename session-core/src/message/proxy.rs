//! A proxy as a place: scheme, host, port and the credential for it. Which request goes there is decided by
//! [`proxy::select`](crate::proxy::select).

pub(crate) mod opening;

use self::opening::Open;
use crate::error::{Error, ErrorKind, Phase};
use crate::means::Means;
use crate::message::basic;
use crate::message::host::CanonicalHost;
use crate::message::origin::Scheme;
use crate::message::sensitive::Secret;
use crate::message::target::{UserInfo, take_user_info};
use http::HeaderValue;
use std::fmt;
use url::Url;

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProxyScheme {
    /// HTTP in clear text.
    Http,
    /// HTTP over TLS.
    Https,
    /// SOCKS 4a: the proxy resolves names.
    Socks4a,
    /// SOCKS 5 (RFC 1928); names are resolved here.
    Socks5,
    /// SOCKS 5; the proxy resolves names.
    Socks5h,
}

impl ProxyScheme {
    pub(super) const ALL: [Self; 5] = [Self::Http, Self::Https, Self::Socks4a, Self::Socks5, Self::Socks5h];

    /// The scheme as it stands in a URL.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks4a => "socks4a",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    /// 80, 443 or 1080.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Socks4a | Self::Socks5 | Self::Socks5h => 1080,
        }
    }

    /// Who resolves the name of the origin's host.
    #[must_use]
    pub fn resolver(self) -> Resolver {
        match self {
            Self::Socks5 => Resolver::Client,
            Self::Http | Self::Https | Self::Socks4a | Self::Socks5h => Resolver::Proxy,
        }
    }
}

/// Who resolves the name of the origin's host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is nobody else")]
pub enum Resolver {
    /// The transport, which gives the proxy an address.
    Client,
    /// The proxy, which is given the name.
    Proxy,
}

/// How a request gets through a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Passage {
    /// The proxy gets the request itself, in absolute-form, with `Proxy-Authorization` (RFC 9112 3.2.2).
    Forward,
    /// The proxy gets a CONNECT with `Proxy-Authorization`, and the origin the request, which has none (RFC 9110 9.3.6).
    Tunnel,
    /// The proxy is asked by SOCKS, and the origin gets the request.
    Socks,
}

/// One proxy, with the credential for it.
///
/// Two are equal only if their credentials are: what belongs to one never serves the other.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProxyServer {
    scheme: ProxyScheme,
    host: CanonicalHost,
    port: u16,
    user_info: Option<UserInfo>,
    /// Made of the user information, for HTTP.
    authorization: Option<HeaderValue>,
    /// What opens the way through it.
    open: Means<Open>,
}

impl ProxyServer {
    /// The proxy that a URL names, and what opens the way through it. Whoever reads one has to bring that along:
    /// [`ProxyServer::parse`] does.
    pub(crate) fn read(text: &str, open: Open) -> Result<Self, Error> {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => {
                let known = ProxyScheme::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(scheme));
                (known.ok_or_else(|| invalid("a proxy of http, https, socks4a, socks5 or socks5h"))?, rest)
            }
            None => (ProxyScheme::Http, text),
        };
        let expected = "a URL of nothing but scheme, user information, host and port";
        // Read as a URL of each kind that has a host, because a parser leaves out the port that is the default there.
        let read = |scheme: &str| {
            Url::parse(&format!("{scheme}://{rest}")).map_err(|source| invalid(expected).with_source(source))
        };
        let (mut url, port) = (read("http")?, read("https")?.port());
        let user_info = take_user_info(&mut url);
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(invalid(expected));
        }
        let port = url.port().or(port).unwrap_or_else(|| scheme.default_port());
        if port == 0 {
            return Err(invalid("a port above 0"));
        }
        let host = CanonicalHost::of(&url).ok_or_else(|| invalid("a host"))?;
        let server = Self { scheme, host, port, user_info: None, authorization: None, open: Means(open) };
        match user_info {
            Some(UserInfo { user, password }) => server.with_credential(user, password),
            None => Ok(server),
        }
    }

    /// The same proxy with this credential: Basic for HTTP, user name and password for SOCKS 5 (RFC 1929), a user name for
    /// SOCKS 4a.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidHeader`] for what Basic cannot send. [`ErrorKind::InvalidSetting`] for what SOCKS cannot: a name
    /// or password above 255 bytes, an empty name, NUL in a name, a password for SOCKS 4a.
    pub fn with_credential(mut self, user: impl Into<String>, password: Secret<String>) -> Result<Self, Error> {
        let user = user.into();
        let refused = |expected: &str| {
            Err(Error::new(ErrorKind::InvalidSetting, Phase::Build, "the credential cannot be sent to a SOCKS proxy")
                .with_expected(expected))
        };
        self.authorization = None;
        match self.scheme {
            ProxyScheme::Http | ProxyScheme::Https => {
                self.authorization = Some(basic::authorization(&user, &password)?);
            }
            ProxyScheme::Socks4a | ProxyScheme::Socks5 | ProxyScheme::Socks5h => {
                if user.is_empty() || user.len() > 255 || user.contains('\0') {
                    return refused("a user name of 1 to 255 bytes without NUL");
                }
                if password.expose().len() > 255 {
                    return refused("a password of at most 255 bytes");
                }
                if self.scheme == ProxyScheme::Socks4a && !password.expose().is_empty() {
                    return refused("no password, which SOCKS 4a does not know");
                }
            }
        }
        self.user_info = Some(UserInfo { user, password });
        Ok(self)
    }

    /// The same proxy without a credential.
    #[must_use]
    pub fn without_credential(mut self) -> Self {
        self.user_info = None;
        self.authorization = None;
        self
    }

    /// How it is spoken to.
    #[must_use]
    pub fn scheme(&self) -> ProxyScheme {
        self.scheme
    }

    /// Its host.
    #[must_use]
    pub fn host(&self) -> &CanonicalHost {
        &self.host
    }

    /// Its port, also where it is the default.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The value of `Proxy-Authorization`, marked sensitive: for an HTTP proxy with a credential. It goes with what
    /// [`Passage::Forward`] and [`Passage::Tunnel`] send to this proxy, and nowhere else.
    #[must_use]
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// User name and password, for SOCKS.
    #[must_use]
    pub fn user_info(&self) -> Option<&UserInfo> {
        self.user_info.as_ref()
    }

    /// What opens the way through it.
    pub(crate) fn opens_by(&self) -> Open {
        self.open.0
    }

    /// How a request to an origin of this scheme gets through.
    #[must_use]
    pub fn passage(&self, scheme: Scheme) -> Passage {
        match (self.scheme, scheme) {
            (ProxyScheme::Http | ProxyScheme::Https, Scheme::Http) => Passage::Forward,
            (ProxyScheme::Http | ProxyScheme::Https, Scheme::Https) => Passage::Tunnel,
            (ProxyScheme::Socks4a | ProxyScheme::Socks5 | ProxyScheme::Socks5h, _) => Passage::Socks,
        }
    }
}

impl fmt::Display for ProxyServer {
    /// Its URL without user information. The port is left out where it is the default of http or https.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.host)?;
        match (self.scheme, self.port) {
            (ProxyScheme::Http, 80) | (ProxyScheme::Https, 443) => Ok(()),
            (_, port) => write!(f, ":{port}"),
        }
    }
}

impl fmt::Debug for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let credential = if self.user_info.is_some() { "(not shown)" } else { "none" };
        f.debug_struct("ProxyServer")
            .field("url", &format_args!("{self}"))
            .field("credential", &format_args!("{credential}"))
            .finish()
    }
}

fn invalid(expected: &str) -> Error {
    Error::new(ErrorKind::InvalidUrl, Phase::Build, "the proxy's URL is not valid").with_expected(expected)
}

#[cfg(test)]
mod tests {
    use super::{Passage, ProxyScheme, ProxyServer, Resolver};
    use crate::error::{ErrorKind, Fault};
    use crate::message::origin::Scheme;
    use crate::message::route::Route;
    use crate::message::sensitive::Secret;
    use proptest::prelude::*;
    use std::sync::Arc;

    fn server(url: &str) -> ProxyServer {
        ProxyServer::parse(url).unwrap()
    }

    #[test]
    fn scheme_and_port_have_defaults_and_the_port_that_was_given_stays() {
        for (url, shown, port) in [
            ("proxy.test", "http://proxy.test", 80),
            ("proxy.test:3128", "http://proxy.test:3128", 3128),
            ("http://Proxy.Test:443/", "http://proxy.test:443", 443),
            ("HTTPS://proxy.test", "https://proxy.test", 443),
            ("https://proxy.test:80", "https://proxy.test:80", 80),
            ("socks5://proxy.test", "socks5://proxy.test:1080", 1080),
            ("socks5h://proxy.test:80", "socks5h://proxy.test:80", 80),
            ("socks4a://proxy.test:443", "socks4a://proxy.test:443", 443),
            ("http://[::1]:8080", "http://[::1]:8080", 8080),
            ("[::1]", "http://[::1]", 80),
            ("socks5://127.1", "socks5://127.0.0.1:1080", 1080),
            ("http://stra\u{df}e.test", "http://xn--strae-oqa.test", 80),
        ] {
            let server = server(url);
            assert_eq!((server.to_string().as_str(), server.port()), (shown, port), "{url}");
            assert!(server.authorization().is_none() && server.user_info().is_none());
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_and_not_shown() {
        for url in [
            "",
            "http://",
            "socks4://hunter2@p.test",
            "socks://p.test",
            "ftp://u:hunter2@p.test",
            "://p.test",
            "http://u:hunter2@p.test/path",
            "http://u:hunter2@p.test/?q",
            "http://u:hunter2@p.test/#f",
            "http://u:hunter2@p.test:0",
            "http://u:hunter2@p.test:99999",
            "http://u:hunter2@p..test",
            "http://u:hunter2@p test",
            "u:hunter2@[::1%25eth0]",
        ] {
            let error = ProxyServer::parse(url).unwrap_err();
            assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidUrl, Fault::Caller), "{url}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[test]
    fn user_information_is_the_credential_and_never_printed() {
        let proxy = server("http://pu:p%40hunter2@proxy.test:3128");
        assert_eq!(proxy.authorization().unwrap(), "Basic cHU6cEBodW50ZXIy");
        assert!(proxy.authorization().unwrap().is_sensitive());
        assert_eq!(proxy.user_info().unwrap().user, "pu");
        let shown = format!("{proxy} {proxy:?} {:?}", Route::Via(Arc::new(proxy.clone())));
        assert!(!shown.contains("hunter2") && !shown.contains("cHU6") && !shown.contains("pu"), "{shown}");
        assert!(shown.contains("(not shown)"));
        assert_eq!(proxy.without_credential(), server("http://proxy.test:3128"));
    }

    #[test]
    fn socks_has_user_and_password_and_no_field() {
        let proxy = server("socks5://u:p@proxy.test");
        assert!(proxy.authorization().is_none());
        assert_eq!(proxy.user_info().unwrap().password.expose(), "p");
        assert!(ProxyServer::parse("socks4a://u@proxy.test").is_ok());
        for (url, kind) in [
            ("socks4a://u:hunter2@proxy.test".to_owned(), ErrorKind::InvalidSetting),
            ("socks5://:hunter2@proxy.test".to_owned(), ErrorKind::InvalidSetting),
            ("socks5://hunter2%00@proxy.test".to_owned(), ErrorKind::InvalidSetting),
            (format!("socks5://{}:hunter2@proxy.test", "u".repeat(256)), ErrorKind::InvalidSetting),
            (format!("socks5h://u:hunter2{}@proxy.test", "p".repeat(249)), ErrorKind::InvalidSetting),
            ("http://u%3a:hunter2@proxy.test".to_owned(), ErrorKind::InvalidHeader),
            ("http://u:hunter2%0a@proxy.test".to_owned(), ErrorKind::InvalidHeader),
        ] {
            let error = ProxyServer::parse(&url).unwrap_err();
            assert_eq!(error.kind(), kind, "{url}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
        assert!(ProxyServer::parse(&format!("socks5h://{}:{}@proxy.test", "u".repeat(255), "p".repeat(255))).is_ok());
    }

    /// Threat PX-03: what belongs to one proxy or credential never serves another.
    #[test]
    fn routes_are_equal_only_with_the_same_proxy_and_credential() {
        let route = |url: &str| Route::Via(Arc::new(server(url)));
        assert_eq!(route("http://u:p@proxy.test:80"), route("HTTP://u:p@Proxy.test"));
        let all = [
            Route::Direct,
            route("http://proxy.test"),
            route("http://u:p@proxy.test"),
            route("http://u:q@proxy.test"),
            route("https://u:p@proxy.test"),
            route("http://u:p@proxy.test:81"),
            route("socks5://u:p@proxy.test:80"),
            route("socks5://u:q@proxy.test:80"),
        ];
        for (one, first) in all.iter().enumerate() {
            for (other, second) in all.iter().enumerate() {
                assert_eq!(first == second, one == other, "{first:?} {second:?}");
            }
        }
        assert_eq!(all[2].proxy(), Some(&server("http://u:p@proxy.test")));
        assert_eq!((Route::Direct.proxy(), Route::Direct.to_string().as_str()), (None, "direct"));
        assert_eq!(all[2].to_string(), "http://proxy.test");
    }

    #[test]
    fn a_request_gets_through_by_the_schemes_of_both() {
        for (url, http, https, resolver) in [
            ("http://p.test", Passage::Forward, Passage::Tunnel, Resolver::Proxy),
            ("https://p.test", Passage::Forward, Passage::Tunnel, Resolver::Proxy),
            ("socks4a://p.test", Passage::Socks, Passage::Socks, Resolver::Proxy),
            ("socks5://p.test", Passage::Socks, Passage::Socks, Resolver::Client),
            ("socks5h://p.test", Passage::Socks, Passage::Socks, Resolver::Proxy),
        ] {
            let server = server(url);
            assert_eq!((server.passage(Scheme::Http), server.passage(Scheme::Https)), (http, https), "{url}");
            assert_eq!(server.scheme().resolver(), resolver, "{url}");
        }
    }

    #[test]
    fn a_credential_can_be_given_apart() {
        let proxy = server("http://old:hunter2@proxy.test").with_credential("u", Secret::new("p".to_owned())).unwrap();
        assert_eq!(proxy, server("http://u:p@proxy.test"));
        assert_eq!(proxy.scheme(), ProxyScheme::Http);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(http|socks5h)?(://)?[ -~\u{a1}-\u{ff}]{0,30}") {
            if let Ok(server) = ProxyServer::parse(&text) {
                prop_assert_eq!(server.clone().without_credential(), ProxyServer::parse(&server.to_string()).unwrap());
            }
        }
    }
}

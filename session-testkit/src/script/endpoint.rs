//! Where a client connects to: scheme, host and port of an origin or a proxy, as one canonical text.
//!
//! A scripted peer is told on which endpoint a connection came in, so that a request's URL never depends on its Host field.

use std::fmt;
use url::Url;

/// Scheme, host and port; the port is left out where it is the scheme's default.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    text: String,
    scheme: String,
    host: String,
    port: u16,
    role: Role,
}

/// What listens at an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "a client talks to an origin or to a proxy")]
pub enum Role {
    /// The origin itself.
    Origin,
    /// A proxy, which takes requests for other origins and opens tunnels.
    Proxy,
}

impl Endpoint {
    /// The origin of a URL; `None` where the URL has no host or no known port.
    #[must_use]
    pub fn origin(url: &str) -> Option<Self> {
        Self::new(url, Role::Origin)
    }

    /// The proxy that a URL names.
    #[must_use]
    pub fn proxy(url: &str) -> Option<Self> {
        Self::new(url, Role::Proxy)
    }

    fn new(url: &str, role: Role) -> Option<Self> {
        let url = Url::parse(url).ok()?;
        let host = url.host_str().filter(|host| !host.is_empty())?.to_owned();
        let socks = matches!(url.scheme(), "socks4a" | "socks5" | "socks5h").then_some(1080);
        let port = url.port_or_known_default().or(socks)?;
        let scheme = url.scheme().to_owned();
        let text = match url.port() {
            Some(port) if Some(port) != socks => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        };
        Some(Self { text, scheme, host, port, role })
    }

    /// `scheme://host[:port]`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme, such as `https`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host, IPv6 in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also where it is the default.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether an origin or a proxy listens there.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    fn origin(url: &str) -> Option<String> {
        Endpoint::origin(url).map(|endpoint| endpoint.to_string())
    }

    #[test]
    fn an_endpoint_has_one_spelling() {
        assert_eq!(origin("HTTPS://A.test:443/x?y#z").as_deref(), Some("https://a.test"));
        assert_eq!(origin("http://u:p@a.test:8080").as_deref(), Some("http://a.test:8080"));
        assert_eq!(origin("http://[::1]/").as_deref(), Some("http://[::1]"));
        assert_eq!(origin("http://a.test./").as_deref(), Some("http://a.test."));
        assert_eq!(origin("data:,x"), None);
        assert_eq!(origin("a.test"), None);
    }

    #[test]
    fn a_proxy_is_named_without_user_information() {
        assert_eq!(Endpoint::proxy("http://u:p@proxy.test:3128").unwrap().as_str(), "http://proxy.test:3128");
        assert_eq!(Endpoint::proxy("socks5://proxy.test:1080").unwrap().as_str(), "socks5://proxy.test");
    }
}

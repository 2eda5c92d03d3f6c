//! Which proxy a request takes: a pure function of the configuration and the request's origin.

use crate::means::Means;
use crate::message::origin::{Origin, Scheme};
use crate::message::proxy::ProxyServer;
use crate::message::route::Route;
use crate::proxy::no_proxy::NoProxy;
use std::fmt;
use std::sync::Arc;

#[cfg(feature = "serde")]
pub(crate) mod record;

/// The proxies by the scheme of the request, and the exceptions.
///
/// ```
/// use session_core::message::{origin::Origin, proxy::ProxyServer};
/// use session_core::proxy::{no_proxy::NoProxy, select::ProxyConfig};
///
/// let proxies = ProxyConfig::new()
///     .all(ProxyServer::parse("http://proxy.test:3128")?)
///     .no_proxy(NoProxy::parse("localhost, .intern.test, 10.0.0.0/8"));
/// assert!(proxies.exceptions().exception(&Origin::parse("http://w.intern.test")?).is_some());
/// assert!(proxies.exceptions().exception(&Origin::parse("https://a.test")?).is_none());
/// # Ok::<(), session_core::error::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxyConfig {
    http: Option<Arc<ProxyServer>>,
    https: Option<Arc<ProxyServer>>,
    all: Option<Arc<ProxyServer>>,
    no_proxy: NoProxy,
    distrusted: bool,
    /// What chooses, where there is something to choose from: it comes with the first proxy.
    choose: Option<Means<Choose>>,
}

type Choose = fn(&ProxyConfig, &Origin) -> Choice;

/// The choice for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a request takes a proxy or none")]
pub enum Choice {
    /// It goes straight to its origin.
    Direct(Direct),
    /// It goes through this proxy.
    Via(Arc<ProxyServer>, Chosen),
}

/// Why a request takes no proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direct {
    /// There is none for its scheme.
    NoneSet,
    /// There is none for its scheme, because `HTTP_PROXY` was not trusted: see
    /// [`from_environment`](crate::proxy::environment::from_environment).
    Distrusted,
    /// This entry of the exceptions holds for it.
    Excepted(String),
    /// What is set for its origin asks for none.
    OfOrigin,
    /// The request itself asks for none.
    OfRequest,
}

/// Why a request takes the proxy it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Chosen {
    /// It is the one for the request's scheme.
    ForScheme(Scheme),
    /// It is the one for all, and there is none for the request's scheme.
    ForAll,
    /// It is the one that is set for the request's origin.
    OfOrigin,
    /// It is the request's own.
    OfRequest,
}

impl ProxyConfig {
    /// No proxy at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The proxy for `http` URLs.
    #[must_use]
    pub fn http(mut self, server: ProxyServer) -> Self {
        self.http = Some(Arc::new(server));
        self.choosing()
    }

    /// The proxy for `https` URLs.
    #[must_use]
    pub fn https(mut self, server: ProxyServer) -> Self {
        self.https = Some(Arc::new(server));
        self.choosing()
    }

    /// The proxy for URLs of a scheme that has none of its own.
    #[must_use]
    pub fn all(mut self, server: ProxyServer) -> Self {
        self.all = Some(Arc::new(server));
        self.choosing()
    }

    /// The hosts that are asked without a proxy.
    #[must_use]
    pub fn no_proxy(mut self, no_proxy: NoProxy) -> Self {
        self.no_proxy = no_proxy;
        self
    }

    /// The exceptions.
    #[must_use]
    pub fn exceptions(&self) -> &NoProxy {
        &self.no_proxy
    }

    /// Whether every request goes straight to its origin.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none() && self.all.is_none()
    }

    /// The choice for a request to `origin`: to be made anew for each hop. An exception goes before any proxy, the proxy of
    /// the scheme before the one for all.
    #[must_use]
    pub fn select(&self, origin: &Origin) -> Choice {
        match self.choose {
            Some(Means(choose)) => choose(self, origin),
            None => Choice::Direct(Direct::NoneSet),
        }
    }

    /// Notes that an `HTTP_PROXY` was left out because it cannot be trusted.
    pub(super) fn distrusting(mut self) -> Self {
        self.distrusted = true;
        self.choosing()
    }

    fn choosing(mut self) -> Self {
        self.choose = Some(Means(choose));
        self
    }
}

/// The choice, where there is a proxy or one that was not trusted.
fn choose(proxies: &ProxyConfig, origin: &Origin) -> Choice {
    let own = match origin.scheme() {
        Scheme::Http => &proxies.http,
        Scheme::Https => &proxies.https,
    };
    let (server, chosen) = match (own, &proxies.all) {
        (Some(server), _) => (server, Chosen::ForScheme(origin.scheme())),
        (None, Some(server)) => (server, Chosen::ForAll),
        (None, None) if proxies.distrusted && origin.scheme() == Scheme::Http => {
            return Choice::Direct(Direct::Distrusted);
        }
        (None, None) => return Choice::Direct(Direct::NoneSet),
    };
    match proxies.no_proxy.exception(origin) {
        Some(entry) => Choice::Direct(Direct::Excepted(entry.to_owned())),
        None => Choice::Via(Arc::clone(server), chosen),
    }
}

impl Choice {
    /// The way that the request takes.
    #[must_use]
    pub fn route(&self) -> Route {
        match self {
            Self::Direct(_) => Route::Direct,
            Self::Via(server, _) => Route::Via(Arc::clone(server)),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct(why) => write!(f, "direct: {why}"),
            Self::Via(server, why) => write!(f, "through {server}: {why}"),
        }
    }
}

impl fmt::Display for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoneSet => f.write_str("no proxy is set for this scheme"),
            Self::Distrusted => f.write_str("HTTP_PROXY is not trusted where REQUEST_METHOD is set; http_proxy is"),
            Self::OfOrigin => f.write_str("what is set for this origin asks for none"),
            Self::OfRequest => f.write_str("the request asks for none"),
            Self::Excepted(entry) => write!(f, "the entry \"{}\" of no_proxy holds", entry.escape_debug()),
        }
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ForScheme(scheme) => write!(f, "it is the proxy for {scheme}"),
            Self::ForAll => f.write_str("it is the proxy for all schemes"),
            Self::OfOrigin => f.write_str("it is the proxy for this origin"),
            Self::OfRequest => f.write_str("it is the request's own proxy"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, ProxyConfig};
    use crate::message::origin::Origin;
    use crate::message::proxy::ProxyServer;
    use crate::message::route::Route;
    use crate::proxy::no_proxy::NoProxy;
    use url::Url;

    fn server(url: &str) -> ProxyServer {
        ProxyServer::parse(url).unwrap()
    }

    fn choice(config: &ProxyConfig, url: &str) -> Choice {
        config.select(&Origin::of(&Url::parse(url).unwrap()).unwrap())
    }

    fn route(config: &ProxyConfig, url: &str) -> String {
        choice(config, url).route().to_string()
    }

    #[test]
    fn the_proxy_of_the_scheme_goes_before_the_one_for_all() {
        let config = ProxyConfig::new().http(server("http://second.test:8080")).all(server("http://proxy.test:3128"));
        assert_eq!(route(&config, "http://a.test/"), "http://second.test:8080");
        assert_eq!(route(&config, "https://a.test/"), "http://proxy.test:3128");
        let config = ProxyConfig::new().https(server("socks5h://proxy.test"));
        assert_eq!(route(&config, "http://a.test/"), "direct");
        assert_eq!(route(&config, "https://a.test/"), "socks5h://proxy.test:1080");
        assert!(ProxyConfig::new().is_empty() && !config.is_empty());
    }

    /// Threat PX-01 (CVE-2026-44486): where an exception holds, the credential does not go along either.
    #[test]
    fn an_exception_goes_before_any_proxy() {
        let config = ProxyConfig::new()
            .all(server("http://u:p@proxy.test"))
            .http(server("http://u:p@proxy.test"))
            .no_proxy(NoProxy::parse("in.test"));
        assert_eq!(choice(&config, "http://w.in.test/").route(), Route::Direct);
        assert_eq!(choice(&config, "https://in.test/").route(), Route::Direct);
        assert!(choice(&config, "http://out.test/").route().proxy().unwrap().authorization().is_some());
        assert!(!config.exceptions().is_empty());
    }

    /// Threat PX-06 (CVE-2020-28168): each hop of http://a.test, https://a.test, http://in.test is decided by itself.
    #[test]
    fn the_choice_is_a_function_of_the_origin() {
        let config = ProxyConfig::new()
            .http(server("http://pu:pp@proxy.test:3128"))
            .https(server("http://x:y@second.test:8080"))
            .no_proxy(NoProxy::parse("in.test"));
        for _ in 0..2 {
            assert_eq!(route(&config, "http://a.test/1"), "http://proxy.test:3128");
            assert_eq!(route(&config, "https://a.test/2"), "http://second.test:8080");
            assert_eq!(route(&config, "http://in.test/3"), "direct");
        }
    }

    #[test]
    fn every_choice_is_a_sentence_without_secrets() {
        let config = ProxyConfig::new().no_proxy(NoProxy::parse("in.test"));
        assert_eq!(choice(&config, "http://in.test/").to_string(), "direct: no proxy is set for this scheme");
        assert_eq!(
            choice(&config.clone().distrusting(), "http://in.test/").to_string(),
            "direct: HTTP_PROXY is not trusted where REQUEST_METHOD is set; http_proxy is"
        );
        assert_eq!(
            choice(&config.clone().distrusting(), "https://in.test/").to_string(),
            "direct: no proxy is set for this scheme"
        );
        let config = config.http(server("http://u:hunter2@proxy.test")).all(server("https://u:hunter2@second.test"));
        assert_eq!(
            choice(&config, "http://a.test/").to_string(),
            "through http://proxy.test: it is the proxy for http"
        );
        assert_eq!(
            choice(&config, "https://a.test/").to_string(),
            "through https://second.test: it is the proxy for all schemes"
        );
        assert_eq!(choice(&config, "http://in.test/").to_string(), "direct: the entry \"in.test\" of no_proxy holds");
        let shown = format!("{config:?} {:?}", choice(&config, "http://a.test/"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

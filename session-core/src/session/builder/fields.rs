//! What requests have by default: fields, parameters, credentials; for all of them, or for one origin.

use crate::auth::credentials::Credential;
use crate::auth::netrc::Netrc;
use crate::message::origin::Origin;
use crate::message::proxy::ProxyServer;
use crate::session::builder::{SessionBuilder, sendable};
use crate::session::origin_settings::OriginSettings;
use crate::session::proxy_auth::ProxyCredentials;
use crate::session::request::field;
use crate::session::start::APPEND_PARAMS;
use crate::session::transport::Transport;
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;

impl<T: Transport> SessionBuilder<T> {
    /// Adds a default field, sent with every request. An Authorization or Cookie belongs to the origin of the first
    /// request that uses it.
    ///
    /// ```
    /// # use session_core::time::Now;
    /// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
    /// use session_core::session::{Session, request::Request, step::Step};
    ///
    /// let mut session = Session::builder().default_header("x-app", "demo").build()?;
    /// let Step::Send(hop) = session.begin(Request::get("https://a.test/"), now)? else { panic!() };
    /// assert_eq!(hop.head().headers()["x-app"], "demo");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn default_header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: AsRef<[u8]> + TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        match field(name, value) {
            Ok((name, value)) => {
                self.memory.defaults.append(name, value);
                self
            }
            Err(error) => self.refuse(error),
        }
    }

    /// Adds default fields. See [`SessionBuilder::default_header`].
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use http::{HeaderMap, HeaderValue, header};
    ///
    /// let mut fields = HeaderMap::new();
    /// fields.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    /// let session = Session::builder().default_headers(fields).build()?;
    /// assert_eq!(session.get("http://a.test/").preview()?.head.headers()["accept"], "application/json");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn default_headers(mut self, fields: HeaderMap) -> Self {
        self.memory.defaults.extend(&fields);
        self
    }

    /// Fields that are sent to one origin alone, on every hop that reaches it: the place for an API key.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use http::{HeaderMap, HeaderValue};
    ///
    /// let key = HeaderMap::from_iter([("x-api-key".parse().unwrap(), HeaderValue::from_static("k1"))]);
    /// let session = Session::builder().origin_headers("https://api.test", key).build()?;
    /// assert!(session.get("https://api.test/").preview()?.head.headers().contains_key("x-api-key"));
    /// assert!(!session.get("https://b.test/").preview()?.head.headers().contains_key("x-api-key"));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn origin_headers(mut self, origin: &str, fields: HeaderMap) -> Self {
        match Origin::parse(origin) {
            Ok(origin) => {
                self.memory.origin_headers.set(origin, fields);
                self
            }
            Err(error) => self.refuse(error),
        }
    }

    /// What the session does otherwise at one origin, on every hop that reaches it: timeouts, cookies, proxy.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::session::origin_settings::OriginSettings;
    /// use session_core::session::settings::CookieMode;
    /// use std::time::Duration;
    ///
    /// let slow = OriginSettings::new().head_timeout(Duration::from_secs(300)).cookies(CookieMode::Off);
    /// let session = Session::builder().origin_settings("https://reports.test", slow).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn origin_settings(mut self, origin: &str, settings: OriginSettings) -> Self {
        match Origin::parse(origin) {
            Ok(origin) if settings.says_nothing() => {
                self.memory.origin_settings.remove(&origin);
                self
            }
            Ok(origin) => {
                self.memory.origin_settings.insert(origin, settings);
                self
            }
            Err(error) => self.refuse(error),
        }
    }

    /// A parameter that is added to the query of every request's first URL.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// let session = Session::builder().param("key", "k1").build()?;
    /// assert_eq!(session.get("http://a.test/?q=x").preview()?.head.uri(), "http://a.test/?q=x&key=k1");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.params.push((name.into(), value.into()));
        self.settings.append_params = APPEND_PARAMS;
        self
    }

    /// What the session calls itself. Default: `session-core/VERSION`.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// let session = Session::builder().user_agent("shop/1.0").build()?;
    /// assert_eq!(session.get("http://a.test/").preview()?.head.headers()["user-agent"], "shop/1.0");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn user_agent<V>(mut self, value: V) -> Self
    where
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        match field(USER_AGENT, value) {
            Ok((_, value)) => {
                self.settings.user_agent = Some(value);
                self
            }
            Err(error) => self.refuse(error),
        }
    }

    /// Sends no User-Agent.
    pub fn no_user_agent(mut self) -> Self {
        self.settings.user_agent = None;
        self
    }

    /// The session's credential. It belongs to the origin of the first request that uses it and goes nowhere else.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::auth::credentials::Credential;
    ///
    /// let session = Session::builder().auth(Credential::digest("ada", "secret")).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn auth(mut self, credential: Credential) -> Self {
        match sendable(&credential) {
            Ok(()) => {
                self.memory.credentials.set(credential);
                self
            }
            Err(error) => self.refuse(error),
        }
    }

    /// The session's credential for one origin.
    ///
    /// ```
    /// # use session_core::time::Now;
    /// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
    /// use session_core::auth::credentials::Credential;
    /// use session_core::session::{Session, request::Request, step::Step};
    ///
    /// let credential = Credential::basic("ada", "secret");
    /// let mut session = Session::builder().auth_for("https://a.test", credential).build()?;
    /// for (url, is_sent) in [("https://a.test/", true), ("http://a.test/", false), ("https://b.test/", false)] {
    ///     let Step::Send(hop) = session.begin(Request::get(url), now)? else { panic!() };
    ///     assert_eq!(hop.head().headers().contains_key("authorization"), is_sent);
    /// }
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn auth_for(mut self, origin: &str, credential: Credential) -> Self {
        match Origin::parse(origin).and_then(|origin| sendable(&credential).map(|()| origin)) {
            Ok(origin) => {
                self.memory.credentials.set_for(origin, credential);
                self
            }
            Err(error) => self.refuse(error),
        }
    }

    /// The credential for one proxy of http or https, by its URL: in the place of what is in the URL of a proxy that is set, and
    /// whichever setting leads through it. Digest and schemes of one's own answer its challenges (407), with a request that is
    /// forwarded as in CONNECT. It goes to that proxy alone.
    ///
    /// ```
    /// use session_core::auth::credentials::Credential;
    /// use session_core::message::proxy::ProxyServer;
    /// use session_core::proxy::select::ProxyConfig;
    /// use session_core::session::Session;
    ///
    /// let proxies = ProxyConfig::new().all(ProxyServer::parse("http://proxy.test:3128")?);
    /// let builder = Session::builder().proxy(proxies);
    /// let session = builder.proxy_auth("http://proxy.test:3128", Credential::digest("ada", "secret")).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// Building fails for a URL that is no proxy's or one of SOCKS, which has its credential in its URL, and for a credential that
    /// cannot be sent.
    pub fn proxy_auth(mut self, proxy: &str, credential: Credential) -> Self {
        let given = sendable(&credential).and_then(|()| ProxyServer::parse(proxy)).and_then(|proxy| {
            let credentials = self.settings.proxy_auth.get_or_insert_with(|| Arc::new(ProxyCredentials::new()));
            Arc::make_mut(credentials).give(proxy, credential)
        });
        match given {
            Ok(()) => self,
            Err(error) => self.refuse(error),
        }
    }

    /// The entries of a netrc file. Any explicit credential goes before them.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::auth::netrc::Netrc;
    ///
    /// let (netrc, warnings) = Netrc::parse("machine a.test login ada password secret");
    /// assert!(warnings.is_empty());
    /// let session = Session::builder().netrc(netrc).build()?;
    /// assert!(session.get("https://a.test/").preview()?.head.headers().contains_key("authorization"));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn netrc(mut self, netrc: Netrc) -> Self {
        self.memory.netrc = netrc;
        self
    }
}

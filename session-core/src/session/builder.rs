//! Building a session: every setting by the name that reqwest's builder has for it, where it has one. The settings of its
//! connections stand in `builder/connect.rs`, what requests have by default in `builder/fields.rs`, and so on.

mod connect;
mod environment;
mod fields;
#[cfg(feature = "serde")]
mod restore;
mod timeouts;
mod tls;

use crate::auth::credentials::Credential;
use crate::auth::netrc::Netrc;
use crate::content::charset::TextRules;
use crate::cookies::jar::Jar;
use crate::entropy::Entropy;
use crate::error::Error;
use crate::headers::DefaultHeaders;
use crate::hsts::HstsStore;
use crate::limits::Limits;
use crate::message::into_url::{BaseJoin, IntoUrl};
use crate::message::origin::Origin;
use crate::message::target::take_user_info;
use crate::ordered::Ordered;
use crate::proxy::select::ProxyConfig;
use crate::redirect::policy::RedirectPolicy;
use crate::retry::policy::RetryPolicy;
use crate::session::Session;
#[cfg(feature = "serde")]
use crate::session::builder::restore::Restores;
use crate::session::change::check_base;
use crate::session::compat::Compat;
use crate::session::environment::{Environment, TrustEnv};
use crate::session::hooks::Hooks;
use crate::session::memory::{Credentials, Digests, Memory, Openness};
use crate::session::proxy_auth::ProxyStates;
use crate::session::settings::{CookieMode, HstsMode, Recording, Setting, Settings};
use crate::session::transport::{ConnectSettings, Transport};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

mod decoding;

/// Builds a session `T`: the bare machine of this crate, or a transport's session around it. What is wrong with a setting
/// is told by [`SessionBuilder::build`].
#[must_use = "a builder does nothing until `build`"]
pub struct SessionBuilder<T: Transport> {
    settings: Settings,
    memory: Memory,
    entropy: Option<Entropy>,
    connect: ConnectSettings,
    resolver: Option<T::Resolver>,
    #[cfg(feature = "serde")]
    restores: Option<Restores>,
    trust: TrustEnv,
    environment: Option<Environment>,
    error: Option<Error>,
    builds: PhantomData<fn() -> T>,
}

impl<T: Transport> SessionBuilder<T> {
    /// Every setting at its default.
    #[expect(clippy::new_without_default, reason = "`Session::builder` is the way in")]
    pub fn new() -> Self {
        Self {
            settings: Settings { codings: T::codings(), ..Settings::default() },
            memory: Memory {
                jar: Jar::new(),
                defaults: DefaultHeaders::new(),
                origin_headers: crate::headers::OriginHeaders::default(),
                origin_settings: Ordered::new(),
                credentials: Credentials::default(),
                netrc: Netrc::default(),
                digests: Digests::default(),
                proxies: ProxyStates::default(),
                hsts: HstsStore::new(),
                retries: RetryPolicy::default().full_budget(),
                open: Openness::Open,
            },
            entropy: None,
            connect: ConnectSettings::default(),
            resolver: None,
            #[cfg(feature = "serde")]
            restores: None,
            trust: TrustEnv::nothing(),
            environment: None,
            error: None,
            builds: PhantomData,
        }
    }

    /// The rules of another client, for code that comes from there. Default: [`Compat::Fetch`].
    ///
    /// It sets the number of redirects in [`Limits`], the rules for text and [`Decoding`](crate::session::settings::Decoding) as well; what is called after it overrides
    /// single ones, and [`SessionBuilder::limits`] brings its own number. The User-Agent stays this library's unless it is
    /// set, and credentials stay bound to their origin: docs/compat.md tells what else a preset leaves out.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::session::compat::Compat;
    ///
    /// // PUT becomes GET at a 302, 30 redirects are followed, and so on.
    /// let session = Session::builder().compat(Compat::Requests).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn compat(mut self, compat: Compat) -> Self {
        self.settings.set_compat(compat);
        self
    }

    /// How relative URLs are joined to the `base_url`. Default: [`BaseJoin::Rfc3986`], also in every preset.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::message::into_url::BaseJoin;
    ///
    /// let session = Session::builder().base_url("https://a.test/v1").base_join(BaseJoin::Append).build()?;
    /// assert_eq!(session.get("/users").preview()?.head.uri(), "https://a.test/v1/users");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn base_join(mut self, join: BaseJoin) -> Self {
        self.settings.base_join = join;
        self
    }

    /// What the text of a body is where its Content-Type names no charset. Default: [`TextRules::FETCH`].
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::content::charset::TextRules;
    ///
    /// // Latin-1 where a text/* names no charset, as requests has it.
    /// let session = Session::builder().text_rules(TextRules::REQUESTS).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn text_rules(mut self, rules: TextRules) -> Self {
        self.settings.text = rules;
        self
    }

    /// The URL that relative ones are joined to, by RFC 3986: end it with a slash. User information in it becomes the
    /// credential of its origin.
    ///
    /// ```
    /// # use session_core::time::Now;
    /// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
    /// use session_core::session::{Session, request::Request, step::Step};
    ///
    /// let mut session = Session::builder().base_url("https://a.test/api/").build()?;
    /// let Step::Send(hop) = session.begin(Request::get("users?page=2"), now)? else { panic!() };
    /// assert_eq!(hop.target().url().as_str(), "https://a.test/api/users?page=2");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn base_url(mut self, url: impl IntoUrl) -> Self {
        match url.into_reference().absolute(None) {
            Ok(mut url) => {
                let user_info = take_user_info(&mut url);
                if let (Some(user_info), Some(origin)) = (user_info, Origin::of(&url)) {
                    self.memory.credentials.set_for(origin, Credential::from(user_info));
                }
                self.settings.base_url = Some(url);
                self
            }
            Err(error) => self.refuse(error),
        }
    }

    /// The cookies to start with. Default: an empty jar.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::cookies::Jar;
    ///
    /// let session = Session::builder().cookie_jar(Jar::ignoring()).build()?;
    /// assert!(session.cookies().set("https://a.test/", "lang", "de").is_err());
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn cookie_jar(mut self, jar: Jar) -> Self {
        self.memory.jar = jar;
        self
    }

    /// What requests and answers have to do with the jar. Default: [`CookieMode::Merge`]. [`Setting::Off`] is
    /// [`CookieMode::Off`].
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::session::settings::CookieMode;
    ///
    /// let session = Session::builder().cookie_mode(CookieMode::Off).build()?;
    /// session.cookies().set("https://a.test/", "lang", "de")?;
    /// assert!(!session.get("https://a.test/").preview()?.head.headers().contains_key("cookie"));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn cookie_mode(mut self, mode: impl Into<Setting<CookieMode>>) -> Self {
        self.settings.cookie_mode = mode.into().or(Some(CookieMode::default())).unwrap_or(CookieMode::Off);
        self
    }

    /// The redirect rules. Default: 20 are followed, to http and https.
    ///
    /// ```
    /// use session_core::redirect::policy::RedirectPolicy;
    /// use session_core::session::Session;
    ///
    /// let session = Session::builder().redirect(RedirectPolicy::limited(5)).build()?;
    /// # let _ = session;
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn redirect(mut self, policy: RedirectPolicy) -> Self {
        self.settings.redirect = Arc::new(policy);
        self
    }

    /// The retry rules. Default: none but the silent one on a reused connection that turns out closed.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::retry::policy::RetryPolicy;
    /// use std::time::Duration;
    ///
    /// let policy = RetryPolicy::new(3).backoff(Duration::from_millis(200), Duration::from_secs(5));
    /// let session = Session::builder().retry(policy).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.memory.retries = policy.full_budget();
        self.settings.retry = Some(policy);
        self
    }

    /// Whether clear text is refused, asked for or redirected to. Default: it is not.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::error::ErrorKind;
    ///
    /// let session = Session::builder().https_only(true).build()?;
    /// assert_eq!(session.get("http://a.test/").send().unwrap_err().kind(), ErrorKind::HttpsOnly);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn https_only(mut self, only: bool) -> Self {
        self.settings.https_only = only;
        self
    }

    /// Whether hosts that ask for it over https are asked over https alone (RFC 6797). Default: they are.
    pub fn hsts(mut self, mode: HstsMode) -> Self {
        self.settings.hsts = mode;
        self
    }

    /// The proxies, chosen anew at each hop. Default: none. Those that the environment names are read by
    /// [`from_environment`](crate::proxy::environment::from_environment) of a snapshot that the caller takes.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::message::proxy::ProxyServer;
    /// use session_core::proxy::{no_proxy::NoProxy, select::ProxyConfig};
    ///
    /// let proxies = ProxyConfig::new()
    ///     .http(ProxyServer::parse("http://user:secret@proxy.test:3128")?)
    ///     .https(ProxyServer::parse("socks5h://proxy.test:1080")?)
    ///     .no_proxy(NoProxy::parse("localhost,.intern.test"));
    /// let session = Session::builder().proxy(proxies).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn proxy(mut self, proxies: ProxyConfig) -> Self {
        self.settings.proxy = proxies;
        self
    }

    /// The bounds. See [`Limits`] for the defaults.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::limits::Limits;
    ///
    /// let mut limits = Limits::default();
    /// limits.redirects = 5;
    /// limits.gathered_body = 1024 * 1024;
    /// let session = Session::builder().limits(limits).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// Whether the reasons of decisions are kept in the history. Default: they are.
    pub fn recording(mut self, recording: Recording) -> Self {
        self.settings.recording = recording;
        self
    }

    /// Adds hooks: closures that see each request, answer, redirect and retry, and may change or stop them. Default: none.
    /// See [`Hooks`] for what they must not do.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::session::hooks::Hooks;
    ///
    /// let hooks = Hooks::new()
    ///     .request(|sending| Ok(sending.insert("x-hop", sending.number().to_string())?))
    ///     .response(|arrived| {
    ///         println!("{} {}", arrived.head().status, arrived.url());
    ///         Ok(())
    ///     });
    /// let session = Session::builder().hooks(hooks).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn hooks(mut self, hooks: Hooks) -> Self {
        self.settings.hooks.append(hooks);
        self
    }

    /// Random bytes for the spread of pauses. Default: the transports seed it from the system's generator; the bare
    /// machine spreads its pauses the same way each time until it is seeded.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::entropy::Entropy;
    ///
    /// // The same pauses, nonces and boundaries each time: for tests.
    /// let session = Session::builder().entropy(Entropy::from_seed([7; 32])).build()?;
    /// # drop(session);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn entropy(mut self, entropy: Entropy) -> Self {
        self.entropy = Some(entropy);
        self
    }

    /// Builds the session.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::error::ErrorKind;
    ///
    /// let refused = Session::builder().base_url("a.test").user_agent("shop\n").build().unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::InvalidUrl, "the first that was wrong");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first setting that was refused: a URL, a field, an origin, or what the transport cannot do.
    pub fn build(mut self) -> Result<T, Error> {
        if let Some(error) = self.error {
            return Err(error);
        }
        self.take_environment()?;
        crate::session::exchange::check_host(self.memory.defaults.ordinary())?;
        self.settings.base_url.as_ref().map(check_base).transpose()?;
        let limits = &self.settings.limits;
        let memory = Memory { jar: self.memory.jar.with_limits(limits), ..self.memory };
        let session = Session::from_parts(self.settings, memory, self.entropy);
        #[cfg(feature = "serde")]
        let session = Self::restored(session, self.restores, self.connect.clock.as_ref())?;
        T::assemble(session, self.connect, self.resolver)
    }

    fn refuse(mut self, error: Error) -> Self {
        self.error.get_or_insert(error);
        self
    }
}

/// Whether a credential can be sent at all. One that waits for a challenge shows that only then.
pub(crate) fn sendable(credential: &Credential) -> Result<(), Error> {
    if credential.answers_challenges() { Ok(()) } else { credential.authorization().map(|_| ()) }
}

impl<T: Transport> fmt::Debug for SessionBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::SessionBuilder;
    use crate::entropy::Entropy;
    use crate::session::Session;

    fn drawn(builder: SessionBuilder<Session>, seeds: &[u8]) -> u64 {
        let mut session = builder.build().unwrap();
        for seed in seeds {
            session.seed_entropy(Entropy::from_seed([*seed; 32]));
        }
        session.entropy.number()
    }

    #[test]
    fn what_the_builder_was_given_stays_when_a_driver_seeds() {
        let of = |seed: u8| Entropy::from_seed([seed; 32]).number();
        assert_eq!(drawn(Session::builder(), &[1]), of(1));
        assert_eq!(drawn(Session::builder(), &[1, 2]), of(1), "a session is seeded once");
        assert_eq!(drawn(Session::builder().entropy(Entropy::from_seed([7; 32])), &[1]), of(7));
        let mut session = Session::builder().build().unwrap();
        session.seed_entropy(Entropy::from_seed([1; 32]));
        session.set_entropy(Entropy::from_seed([2; 32]));
        assert_eq!(session.entropy.number(), of(2));
    }
}

//! Settings for one origin, and what holds at a hop: the request's own word, else that for the hop's origin, else that of the
//! session.

use crate::message::origin::Origin;
use crate::message::proxy::ProxyServer;
use crate::proxy::select::{Choice, Chosen, Direct, ProxyConfig};
use crate::session::request::RequestTimeouts;
use crate::session::settings::{CookieMode, Setting};
use crate::time::Timeouts;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "serde")]
pub(crate) mod record;

/// What a session does otherwise at one origin (scheme, host and port), on every hop that reaches it, also by a redirect.
///
/// Whatever is not said is inherited from the session. A request's own word goes before this one. How long a whole exchange
/// may take is no matter of one origin: see [`SessionBuilder::timeout`](crate::session::builder::SessionBuilder::timeout).
/// Fields and credentials of an origin have settings of their own:
/// [`origin_headers`](crate::session::builder::SessionBuilder::origin_headers) and
/// [`auth_for`](crate::session::builder::SessionBuilder::auth_for).
///
/// ```
/// use session_core::session::Session;
/// use session_core::session::origin_settings::OriginSettings;
/// use session_core::session::settings::Setting;
/// use std::time::Duration;
///
/// let slow = OriginSettings::new().head_timeout(Duration::from_secs(300)).cookies(Setting::Off).proxy(Setting::Off);
/// let session = Session::builder().origin_settings("https://reports.test", slow).build()?;
/// # Ok::<(), session_core::error::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OriginSettings {
    connect: Setting<Duration>,
    resolve: Setting<Duration>,
    tls: Setting<Duration>,
    head: Setting<Duration>,
    expect: Setting<Duration>,
    idle: Setting<Duration>,
    drain: Setting<Duration>,
    cookies: Setting<CookieMode>,
    proxy: Setting<Arc<ProxyServer>>,
}

impl OriginSettings {
    /// All of it inherited.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long resolving and connecting may take.
    #[must_use]
    pub fn connect_timeout(mut self, connect: impl Into<Setting<Duration>>) -> Self {
        self.connect = connect.into();
        self
    }

    /// How long it may take to ask for the addresses of its name, within the time for connecting.
    #[must_use]
    pub fn resolve_timeout(mut self, resolve: impl Into<Setting<Duration>>) -> Self {
        self.resolve = resolve.into();
        self
    }

    /// How long each TLS handshake on the way there may take, within the time for connecting.
    #[must_use]
    pub fn tls_timeout(mut self, tls: impl Into<Setting<Duration>>) -> Self {
        self.tls = tls.into();
        self
    }

    /// How long the response head may take in total.
    #[must_use]
    pub fn head_timeout(mut self, head: impl Into<Setting<Duration>>) -> Self {
        self.head = head.into();
        self
    }

    /// How long a body that expects a 100 waits for it before it is sent all the same.
    #[must_use]
    pub fn expect_timeout(mut self, expect: impl Into<Setting<Duration>>) -> Self {
        self.expect = expect.into();
        self
    }

    /// How long a body may pause between two bytes, sent or received.
    #[must_use]
    pub fn read_timeout(mut self, idle: impl Into<Setting<Duration>>) -> Self {
        self.idle = idle.into();
        self
    }

    /// How long an unwanted body may be waited for.
    #[must_use]
    pub fn drain_timeout(mut self, drain: impl Into<Setting<Duration>>) -> Self {
        self.drain = drain.into();
        self
    }

    /// What requests and answers have to do with the jar. [`Setting::Off`] is [`CookieMode::Off`].
    #[must_use]
    pub fn cookies(mut self, mode: impl Into<Setting<CookieMode>>) -> Self {
        self.cookies = mode.into();
        self
    }

    /// The proxy, whatever the session's say, their exceptions too. [`Setting::Off`] goes straight to the origin.
    #[must_use]
    pub fn proxy(mut self, server: impl Into<Setting<ProxyServer>>) -> Self {
        self.proxy = server.into().map(Arc::new);
        self
    }

    /// Whether all of it is inherited.
    pub(crate) fn says_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// The way to `origin`: the request's own, else what is set for the origin, else by the session's proxies.
pub(crate) fn choose(
    own: &Setting<Arc<ProxyServer>>,
    of_origin: Option<&OriginSettings>,
    proxies: &ProxyConfig,
    origin: &Origin,
) -> Choice {
    let of_origin = of_origin.map_or(&Setting::Inherit, |settings| &settings.proxy);
    match (own, of_origin) {
        (Setting::Set(server), _) => Choice::Via(Arc::clone(server), Chosen::OfRequest),
        (Setting::Off, _) => Choice::Direct(Direct::OfRequest),
        (Setting::Inherit, Setting::Set(server)) => Choice::Via(Arc::clone(server), Chosen::OfOrigin),
        (Setting::Inherit, Setting::Off) => Choice::Direct(Direct::OfOrigin),
        (Setting::Inherit, Setting::Inherit) => proxies.select(origin),
    }
}

/// What an exchange began with: the session's settings at that time and the request's own, which an origin's stand between.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    pub(crate) timeouts: Arc<Timeouts>,
    /// None where the request says nothing of them.
    pub(crate) own_timeouts: Option<Box<RequestTimeouts>>,
    pub(crate) cookie_mode: CookieMode,
    pub(crate) own_cookie_mode: Setting<CookieMode>,
}

impl Begun {
    pub(crate) fn new(
        timeouts: Arc<Timeouts>,
        own_timeouts: Option<Box<RequestTimeouts>>,
        cookie_mode: CookieMode,
        own_cookie_mode: Setting<CookieMode>,
    ) -> Self {
        Self { timeouts, own_timeouts, cookie_mode, own_cookie_mode }
    }

    /// Sets what the session and the request say of the timeouts.
    pub(crate) fn set_timeouts(&mut self, timeouts: Arc<Timeouts>, own: Option<Box<RequestTimeouts>>) {
        (self.timeouts, self.own_timeouts) = (timeouts, own);
    }

    /// How long each phase of a hop may take, with what is set for its origin, if anything.
    pub(crate) fn timeouts(&self, of_origin: Option<&OriginSettings>) -> Arc<Timeouts> {
        if self.own_timeouts.is_none() && of_origin.is_none() {
            return Arc::clone(&self.timeouts);
        }
        let (own, session) = (self.own_timeouts.as_deref().copied().unwrap_or_default(), &self.timeouts);
        let of = |part: fn(&OriginSettings) -> Setting<Duration>| of_origin.map(part).unwrap_or_default();
        Arc::new(Timeouts {
            connect: own.connect.before(of(|settings| settings.connect)).or(session.connect),
            resolve: own.resolve.before(of(|settings| settings.resolve)).or(session.resolve),
            tls: own.tls.before(of(|settings| settings.tls)).or(session.tls),
            head: own.head.before(of(|settings| settings.head)).or(session.head),
            expect: own.expect.before(of(|settings| settings.expect)).or(session.expect),
            idle: own.idle.before(of(|settings| settings.idle)).or(session.idle),
            drain: own.drain.before(of(|settings| settings.drain)).or(session.drain),
            total: self.total(),
        })
    }

    /// How long the whole exchange may take.
    pub(crate) fn total(&self) -> Option<Duration> {
        self.own_timeouts.as_ref().map_or(self.timeouts.total, |own| own.total.or(self.timeouts.total))
    }

    /// What a hop and its answer have to do with the jar.
    pub(crate) fn cookie_mode(&self, of_origin: Option<&OriginSettings>) -> CookieMode {
        let of_origin = of_origin.map(|settings| settings.cookies).unwrap_or_default();
        self.own_cookie_mode.before(of_origin).or(Some(self.cookie_mode)).unwrap_or(CookieMode::Off)
    }
}

//! The settings of a session, as plain data.

use crate::content::charset::TextRules;
use crate::content::coding::Codings;
use crate::limits::Limits;
use crate::means::Means;
use crate::message::into_url::BaseJoin;
use crate::message::origin::Origin;
use crate::ordered::Ordered;
use crate::proxy::select::ProxyConfig;
use crate::redirect::policy::RedirectPolicy;
use crate::retry::policy::RetryPolicy;
use crate::session::compat::Compat;
use crate::session::hooks::Hooks;
use crate::session::proxy_auth::ProxyCredentials;
use crate::session::start::AppendParams;
use crate::time::Timeouts;
use crate::tls::settings::TlsSettings;
use http::HeaderValue;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// A word on something that there is a default for: a request's on what its session has, a session's on what it has by itself.
///
/// ```
/// use session_core::session::Session;
/// use session_core::session::settings::Setting;
/// use std::time::Duration;
///
/// // Where a setting is asked for, a value is enough.
/// let builder = Session::builder().connect_timeout(Duration::from_secs(3)).read_timeout(Setting::Off);
/// assert_eq!(Setting::Set(1).before(Setting::Off), Setting::Set(1));
/// # drop(builder);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a default is used, left out or replaced")]
pub enum Setting<T> {
    /// The session's default holds.
    #[default]
    Inherit,
    /// None, whatever the session's default is.
    Off,
    /// This one.
    Set(T),
}

impl<T> Setting<T> {
    /// What holds, given the session's default.
    pub fn or(self, default: Option<T>) -> Option<T> {
        match self {
            Self::Inherit => default,
            Self::Off => None,
            Self::Set(value) => Some(value),
        }
    }

    /// What holds, given a weaker word on the same thing.
    #[must_use]
    pub fn before(self, weaker: Self) -> Self {
        match self {
            Self::Inherit => weaker,
            said => said,
        }
    }

    /// The same word with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Setting<U> {
        match self {
            Self::Inherit => Setting::Inherit,
            Self::Off => Setting::Off,
            Self::Set(value) => Setting::Set(change(value)),
        }
    }
}

impl<T> From<T> for Setting<T> {
    /// Where a setting is asked for, a value is enough.
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

/// What requests and answers have to do with the cookie jar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookieMode {
    /// The jar's cookies and the request's own are sent in one field; the request's win by name on the first hop.
    #[default]
    Merge,
    /// Where the request has cookies of its own, the jar's are left out on hops that send these. Answers are stored.
    ReplaceJar,
    /// Nothing is stored and nothing of the jar is sent; the request's own cookies still are.
    Off,
}

/// Whether the reasons of decisions are kept in the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "reasons are kept or not")]
pub enum Recording {
    /// Every decision is recorded.
    #[default]
    On,
    /// The history holds the hops and no reasons.
    Off,
}

/// Whether hosts that ask for it are asked over https alone (RFC 6797).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it is heeded or not")]
pub enum HstsMode {
    /// What hosts ask for over https is remembered, and plain URLs of theirs are upgraded.
    #[default]
    On,
    /// Nothing is remembered and nothing upgraded.
    Off,
}

/// Whether content codings are offered to servers and undone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "they are undone or not")]
pub enum Decoding {
    /// Those that the session decodes are offered, unless the caller sets an Accept-Encoding, and undone in every answer that has
    /// them, whoever asked for it.
    #[default]
    On,
    /// None is offered, and a body that comes coded is delivered coded.
    Off,
}

impl Decoding {
    /// Which of a session's codings are decoded.
    pub(crate) fn of(self, codings: Codings) -> Codings {
        match self {
            Self::On => codings,
            Self::Off => Codings::NONE,
        }
    }
}

/// Everything a session was told, apart from what it learns.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) compat: Compat,
    pub(crate) base_url: Option<Url>,
    pub(crate) base_join: BaseJoin,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) append_params: Option<Means<AppendParams>>,
    pub(crate) user_agent: Option<HeaderValue>,
    pub(crate) https_only: bool,
    pub(crate) hsts: HstsMode,
    pub(crate) proxy: ProxyConfig,
    /// What proves the session to proxies, where anything was given for one.
    pub(crate) proxy_auth: Option<Arc<ProxyCredentials>>,
    pub(crate) cookie_mode: CookieMode,
    pub(crate) redirect: Arc<RedirectPolicy>,
    pub(crate) retry: Option<RetryPolicy>,
    /// Shared with every exchange that began with them.
    pub(crate) timeouts: Arc<Timeouts>,
    pub(crate) limits: Limits,
    pub(crate) text: TextRules,
    pub(crate) decoding: Decoding,
    /// What is decoded while that is on.
    pub(crate) codings: Codings,
    pub(crate) recording: Recording,
    pub(crate) tls: TlsRules,
    pub(crate) hooks: Hooks,
}

/// What TLS connections are to be like: to most origins, and to some.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsRules {
    pub(crate) default: Arc<TlsSettings>,
    pub(crate) origins: Ordered<Origin, Arc<TlsSettings>>,
}

impl TlsRules {
    /// Those for this origin.
    pub(crate) fn of(&self, origin: &Origin) -> &Arc<TlsSettings> {
        self.origins.get(origin).unwrap_or(&self.default)
    }
}

impl Settings {
    /// Takes a preset: its rules, its number of redirects and its rules for text.
    pub(crate) fn set_compat(&mut self, compat: Compat) {
        let rules = compat.rules();
        self.compat = compat;
        self.limits.redirects = rules.redirects;
        self.text = rules.text;
        self.decoding = rules.decoding;
    }
}

impl fmt::Debug for Settings {
    /// Parameters by name only: many services take a key in one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("base_url", &self.base_url.as_ref().map(Url::as_str))
            .field("params", &self.params.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("https_only", &self.https_only)
            .field("cookie_mode", &self.cookie_mode)
            .field("redirect", &self.redirect)
            .field("retry", &self.retry)
            .field("timeouts", &self.timeouts)
            .field("limits", &self.limits)
            .field("tls", &self.tls)
            .field("hooks", &self.hooks)
            .finish_non_exhaustive()
    }
}

/// What a session calls itself unless told otherwise: `session-core/VERSION`.
pub const USER_AGENT: &str = concat!("session-core/", env!("CARGO_PKG_VERSION"));

impl Default for Settings {
    fn default() -> Self {
        Self {
            compat: Compat::default(),
            base_url: None,
            base_join: BaseJoin::default(),
            params: Vec::new(),
            append_params: None,
            user_agent: Some(HeaderValue::from_static(USER_AGENT)),
            https_only: false,
            hsts: HstsMode::default(),
            proxy: ProxyConfig::new(),
            proxy_auth: None,
            cookie_mode: CookieMode::default(),
            redirect: Arc::default(),
            retry: None,
            timeouts: Arc::default(),
            limits: Limits::default(),
            text: TextRules::default(),
            decoding: Decoding::default(),
            codings: Codings::NONE,
            recording: Recording::default(),
            tls: TlsRules::default(),
            hooks: Hooks::new(),
        }
    }
}

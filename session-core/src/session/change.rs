//! The settings of a session that stands, changed at any time. An exchange under way keeps the timeouts, the redirect rules,
//! the cookie mode, the codings, the preset, the rules for text, the recording and the parameters that it began with; everything else is
//! looked up anew at each of its hops, what is set for single origins too.

use crate::content::charset::TextRules;
use crate::error::{Error, ErrorKind, Phase};
use crate::hsts::HstsStore;
use crate::limits::Limits;
use crate::message::into_url::BaseJoin;
use crate::message::origin::Origin;
use crate::proxy::select::ProxyConfig;
use crate::redirect::policy::RedirectPolicy;
use crate::retry::policy::RetryPolicy;
use crate::session::Session;
use crate::session::compat::Compat;
use crate::session::hooks::Hooks;
use crate::session::settings::{CookieMode, Decoding, HstsMode, Recording};
use crate::session::start::APPEND_PARAMS;
use crate::time::Timeouts;
use crate::tls::settings::TlsSettings;
use http::HeaderValue;
use std::sync::Arc;
use url::Url;

/// The settings, to be read and changed at any time. They are those of the
/// [`SessionBuilder`](crate::session::builder::SessionBuilder), where each has its default.
///
/// ```
/// use session_core::redirect::policy::RedirectPolicy;
/// use session_core::session::Session;
///
/// let mut session = Session::builder().param("lang", "en").build()?;
/// session.params_mut().push(("page".to_owned(), "2".to_owned()));
/// session.set_redirect(RedirectPolicy::none());
/// assert_eq!(session.params().len(), 2);
/// # Ok::<(), session_core::error::Error>(())
/// ```
impl Session {
    /// The URL that relative ones are joined to.
    #[must_use]
    pub fn base_url(&self) -> Option<&Url> {
        self.settings.base_url.as_ref()
    }

    /// How they are joined.
    #[must_use]
    pub fn base_join(&self) -> BaseJoin {
        self.settings.base_join
    }

    /// Sets how they are joined.
    pub fn set_base_join(&mut self, join: BaseJoin) {
        self.settings.base_join = join;
    }

    /// Sets the URL that relative ones are joined to; `None` leaves them without one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] for a URL that no request can be sent to, and for one with user information: a credential
    /// is set by [`Session::set_auth_for`].
    pub fn set_base_url(&mut self, url: Option<Url>) -> Result<(), Error> {
        if let Some(url) = &url {
            check_base(url)?;
            if !url.username().is_empty() || url.password().is_some() {
                return Err(Error::new(ErrorKind::InvalidUrl, Phase::Build, "the base_url has user information"));
            }
        }
        self.settings.base_url = url;
        Ok(())
    }

    /// The parameters that each request's first URL gets.
    #[must_use]
    pub fn params(&self) -> &[(String, String)] {
        &self.settings.params
    }

    /// The parameters that each request's first URL gets, to be changed.
    pub fn params_mut(&mut self) -> &mut Vec<(String, String)> {
        self.settings.append_params = APPEND_PARAMS;
        &mut self.settings.params
    }

    /// Sets what the session calls itself; `None` sends no User-Agent.
    pub fn set_user_agent(&mut self, value: Option<HeaderValue>) {
        self.settings.user_agent = value;
    }

    /// Sets what requests and answers have to do with the jar.
    pub fn set_cookie_mode(&mut self, mode: CookieMode) {
        self.settings.cookie_mode = mode;
    }

    /// Sets whether content codings are offered and undone.
    pub fn set_decoding(&mut self, decoding: Decoding) {
        self.settings.decoding = decoding;
    }

    /// Sets the redirect rules.
    pub fn set_redirect(&mut self, policy: RedirectPolicy) {
        self.settings.redirect = Arc::new(policy);
    }

    /// Sets the retry rules, with a full budget; `None` is none but the silent one.
    pub fn set_retry(&mut self, policy: Option<RetryPolicy>) {
        self.memory.retries = policy.clone().unwrap_or_default().full_budget();
        self.settings.retry = policy;
    }

    /// Sets the proxies.
    pub fn set_proxy(&mut self, proxies: ProxyConfig) {
        self.settings.proxy = proxies;
    }

    /// Sets whether clear text is refused.
    pub fn set_https_only(&mut self, only: bool) {
        self.settings.https_only = only;
    }

    /// Sets whether hosts that ask for it over https are asked over https alone. What was learned stays.
    pub fn set_hsts(&mut self, mode: HstsMode) {
        self.settings.hsts = mode;
    }

    /// The hosts that are asked over https alone.
    #[must_use]
    pub fn hsts(&self) -> &HstsStore {
        &self.memory.hsts
    }

    /// What TLS connections are to be like: to most origins first, then to those that have their own settings.
    pub fn tls(&self) -> impl Iterator<Item = &Arc<TlsSettings>> {
        std::iter::once(&self.settings.tls.default).chain(self.settings.tls.origins.values())
    }

    /// The hosts that are asked over https alone, to be changed.
    pub fn hsts_mut(&mut self) -> &mut HstsStore {
        &mut self.memory.hsts
    }

    /// Sets the rules of another client, as [`SessionBuilder::compat`](crate::session::builder::SessionBuilder::compat) does:
    /// with its number of redirects, its rules for text and for content codings.
    pub fn set_compat(&mut self, compat: Compat) {
        self.settings.set_compat(compat);
    }

    /// Sets what the text of a body is where its Content-Type names no charset.
    pub fn set_text_rules(&mut self, rules: TextRules) {
        self.settings.text = rules;
    }

    /// Sets whether the reasons of decisions are kept in the history.
    pub fn set_recording(&mut self, recording: Recording) {
        self.settings.recording = recording;
    }

    /// The hooks.
    #[must_use]
    pub fn hooks(&self) -> &Hooks {
        &self.settings.hooks
    }

    /// The hooks, to be changed. An exchange under way asks them from its next step on.
    pub fn hooks_mut(&mut self) -> &mut Hooks {
        &mut self.settings.hooks
    }

    /// How long each phase may take, unless a request says otherwise.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        *self.settings.timeouts
    }

    /// Sets how long each phase may take.
    pub fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.settings.timeouts = Arc::new(timeouts);
    }

    /// The bounds. They are set once, in the builder, but for the number of redirects of a preset: the jar and the connections go by them from the start.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.settings.limits
    }
}

/// Whether relative URLs can be joined to this one, and a request be sent to what comes of it.
pub(crate) fn check_base(url: &Url) -> Result<(), Error> {
    if Origin::of(url).is_none() {
        return Err(Error::new(ErrorKind::InvalidUrl, Phase::Build, "the base_url cannot be a base")
            .with_expected("an http or https URL with a host"));
    }
    Ok(())
}

//! Redirects one step at a time: a delivered redirect gives the next request, which goes on with the same exchange.

use crate::error::{Error, ErrorKind, Phase};
use crate::message::target::Target;
use crate::redirect::policy::{Following, RedirectPolicy};
use crate::session::decide::{Onward, redirection};
use crate::session::exchange::{Exchange, check_host, check_server_wide, framing, framing_with};
use crate::session::hooks::Hooks;
use crate::session::reason::CredentialSource;
use crate::session::recent::Recent;
use crate::session::request::{Request, RequestTimeouts};
use crate::session::settings::{Setting, Settings};
use crate::session::start::{append_params, own_cookies};
use crate::session::step::{Answer, Delivery};
use crate::session::version::check_version;
use crate::time::Now;
use std::sync::Arc;

impl Delivery {
    /// Lets go of the bytes of the request's body, which no answer needs any more but one that leads to another request.
    pub(crate) fn forget_body(&mut self) {
        self.exchange.hashable = None;
    }

    /// The request that this answer leads to, where it is a redirect that was not followed (`response.next` in requests);
    /// `None` where the answer leads nowhere.
    ///
    /// It goes on with the same exchange: what a change of origin took away stays away, and the deadline holds. What its
    /// body is like, [`Request::body`] says; the bytes are the caller's to give again, and without them beginning it is
    /// [`ErrorKind::BodyNotReplayable`]. How often this is done is the
    /// caller's to bound.
    ///
    /// # Errors
    /// What following the redirect would end with: a Location that is no URL, another scheme, a forbidden downgrade, a body
    /// that cannot be sent again.
    ///
    /// ```
    /// # use http::{HeaderMap, HeaderValue, StatusCode};
    /// # use session_core::message::head::ResponseHead;
    /// # use session_core::redirect::policy::RedirectPolicy;
    /// # use session_core::session::{Session, request::Request, step::Step};
    /// # use session_core::time::Now;
    /// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
    /// # let mut fields = HeaderMap::new();
    /// # fields.insert("location", HeaderValue::from_static("/next"));
    /// # let redirect = ResponseHead::new(StatusCode::FOUND).with_headers(fields);
    /// let mut session = Session::builder().redirect(RedirectPolicy::none()).build()?;
    /// let Step::Send(hop) = session.begin(Request::get("http://a.test/"), now)? else { panic!() };
    /// let Step::Done(delivery) = session.handle_response(hop, redirect, now)? else { panic!() };
    /// let next = delivery.next_request().expect("it is a redirect")?;
    /// let Step::Send(hop) = session.begin(next, now)? else { panic!() };
    /// assert_eq!(hop.target().url().as_str(), "http://a.test/next");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    #[must_use]
    pub fn next_request(&self) -> Option<Result<Request, Error>> {
        let mut exchange = self.exchange.clone();
        let rules = Arc::clone(&exchange.redirect);
        exchange.redirect = Arc::new(RedirectPolicy::clone(&rules).following(Following::Follow));
        let (recent, Answer { head, lead, .. }) = (&mut Recent::default(), &*self.answer);
        let onward = Onward { recent, upgrade: |_: &Target| lead.upgrade.clone(), https_only: lead.https_only };
        let next = match redirection(onward, &Hooks::new(), &mut exchange, u32::MAX, head) {
            Ok(Ok(next)) => next,
            Ok(Err(_)) => return None,
            Err(error) => return Some(Err(error.with_url(self.url()))),
        };
        exchange.redirect = rules;
        exchange.follow(next);
        let mut request = Request::new(exchange.method.clone(), exchange.target.url());
        request.headers = std::mem::take(&mut exchange.own);
        request.body = exchange.body;
        request.trailers = std::mem::take(&mut exchange.trailers);
        request.hashable = exchange.hashable.clone();
        request.version = exchange.version;
        request.resumes = Some(exchange);
        Some(Ok(request))
    }
}

/// An exchange to go on with, and what goes on with it: a program that follows no redirect by itself has no code for that.
/// And one that drops a request has none for dropping an exchange.
pub(crate) trait Resumes: Send + Sync {
    /// See [`exchange`].
    fn go_on(self: Box<Self>, settings: &Settings, request: Request, now: Now) -> Result<Box<Exchange>, Error>;

    fn once_more(&self) -> Box<dyn Resumes>;
}

impl Resumes for Exchange {
    fn go_on(self: Box<Self>, settings: &Settings, request: Request, now: Now) -> Result<Box<Exchange>, Error> {
        exchange(settings, self, request, now)
    }

    fn once_more(&self) -> Box<dyn Resumes> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Resumes> {
    fn clone(&self) -> Self {
        self.as_ref().once_more()
    }
}

/// Goes on with `before`, as `request` has it now. A URL that was changed to another origin is a change of origin.
///
/// What the request says beside is said anew: its credential, cookies, parameters, timeouts, redirect rules, decoding.
fn exchange(
    settings: &Settings,
    mut before: Box<Exchange>,
    mut request: Request,
    now: Now,
) -> Result<Box<Exchange>, Error> {
    let mut url = request.url.clone().absolute(None)?;
    append_params(&mut url, &[], &request.params);
    let (target, _) = Target::new(url)?;
    let at = |error: Error| error.with_url(target.url());
    if request.server_wide {
        check_server_wide(&request.method, &target).map_err(at)?;
    }
    check_host(&request.headers).map_err(at)?;
    let empty_length = before.compat.rules().empty_length;
    if request.body.is_empty() && !before.body.is_empty() {
        // What is sent without its body is another request. A redirect that drops the body has none here.
        let error =
            Error::new(ErrorKind::BodyNotReplayable, Phase::Build, "the next request has a body, and none was given");
        return Err(at(error.with_expected("the body of the request that was redirected")));
    }
    let framing = framing(&request.method, request.body, &mut request.headers, empty_length).map_err(at)?;
    let framing = framing_with(&request.trailers, framing).map_err(at)?;
    check_version(request.version, framing, &request.headers).map_err(at)?;
    before.version = request.version;
    before.own_cookies.append(&mut own_cookies(&mut request).map_err(at)?);
    before.method = request.method;
    before.own = request.headers;
    before.body = request.body;
    before.framing = framing;
    before.trailers = request.trailers;
    before.server_wide = request.server_wide;
    before.hashable = request.hashable;
    before.go_to(target);
    before.removed.append(&mut request.removed);
    match request.auth {
        Setting::Inherit => {}
        Setting::Off => before.without_session_credential = true,
        Setting::Set(credential) => before.credential = Some(Box::new((*credential, CredentialSource::Request))),
    }
    before.own_retry = request.retry.before(before.own_retry);
    if let Some(policy) = request.redirect {
        before.redirect = policy;
    }
    if let Some(decoding) = request.decoding {
        before.codings = decoding.of(settings.codings);
    }
    before.begun.own_cookie_mode = request.cookie_mode.before(before.begun.own_cookie_mode);
    before.own_proxy = request.proxy.before(before.own_proxy);
    if request.tls.is_some() {
        before.own_tls = request.tls;
    }
    if request.timeouts.as_ref().is_some_and(|own| **own != RequestTimeouts::default()) {
        before.begun.set_timeouts(Arc::clone(&settings.timeouts), request.timeouts);
        before.deadline = before.begun.total().and_then(|total| now.deadline(total));
    }
    Ok(before)
}

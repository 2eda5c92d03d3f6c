//! What the caller does next: the steps and the tokens they hand out.
//!
//! A token is the exchange. Giving it back to the session is the only way on, and it can be done once; dropping it
//! abandons the exchange and leaves nothing behind.

use crate::content::charset::TextRules;
use crate::content::coding::{BodyCoding, Codings, Kept};
use crate::error::{Error, ErrorKind, Phase};
use crate::idle::PoolKey;
use crate::message::body::{BodyPlan, Framing};
use crate::message::fields::expects_continue;
use crate::message::head::{ResponseHead, ShownFields};
use crate::message::origin::Origin;
use crate::message::present::Present;
use crate::message::proxy::Passage;
use crate::message::route::Route;
use crate::message::target::Target;
use crate::proxy::connect;
use crate::retry::failure::{Failure, FailureKind};
use crate::retry::policy::ConnectionChoice;
use crate::session::exchange::{Exchange, Lead};
use crate::session::history::History;
use crate::session::reason::Reason;
use crate::time::timings::Timings;
use crate::time::{Now, Timeouts};
use crate::tls::settings::{TlsPath, TlsSettings};
use http::header::USER_AGENT;
use http::{HeaderMap, Method, StatusCode};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

/// What to do next.
#[must_use = "an exchange goes on only when its step is carried out"]
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "the loop of a transport handles every step")]
pub enum Step {
    /// Send this hop, then call `handle_response` or `handle_failure` with it, or `handle_outcome`.
    Send(Hop),
    /// Wait until the pause is over, then call `handle_timeout` with it.
    Wait(Pause),
    /// The exchange is over: here is the response head, its body is yours to read.
    Done(Delivery),
}

/// One request to send.
///
/// It is inert data: [`Hop::head`] can be handed to any HTTP client. If the answer to it turns out not to be delivered,
/// its body is not wanted: read and drop up to `Limits::drain` bytes of it, or close the connection.
#[must_use = "an exchange goes on only when its hop is answered"]
#[derive(Clone)]
pub struct Hop {
    pub(crate) plan: BodyPlan,
    pub(crate) fresh: bool,
    pub(crate) exchange: Box<Exchange>,
}

impl Hop {
    /// The next hop of an exchange, whose head is made.
    pub(crate) fn new(on: ConnectionChoice, exchange: Box<Exchange>) -> Self {
        let plan = match (exchange.body.is_empty(), exchange.body.is_replayable()) {
            (true, _) => BodyPlan::None,
            (false, true) => BodyPlan::FromStart,
            (false, false) => BodyPlan::Continue,
        };
        Self { plan, fresh: on == ConnectionChoice::Fresh, exchange }
    }

    /// Method, absolute URI and fields, Host first. The fields that frame the body are not among them: see
    /// [`Hop::framing`].
    #[must_use]
    pub fn head(&self) -> &http::Request<()> {
        &self.exchange.head
    }

    /// The target: URL and origin.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.exchange.target
    }

    /// The origin that the hop goes to.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        self.exchange.target.origin()
    }

    /// The way it takes.
    #[must_use]
    pub fn route(&self) -> &Route {
        &self.exchange.route
    }

    /// How the proxy on the way is used, where there is one.
    #[must_use]
    pub fn passage(&self) -> Option<Passage> {
        self.route().proxy().map(|proxy| proxy.passage(self.origin().scheme()))
    }

    /// The CONNECT request that opens the way through the proxy, where it is [`Passage::Tunnel`]. Nothing of the hop itself
    /// precedes a 2xx answer to it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] where the origin's host cannot stand in a request.
    pub fn connect_head(&self) -> Result<Option<http::Request<()>>, Error> {
        let tunnel = self.route().proxy().filter(|_| self.passage() == Some(Passage::Tunnel));
        let user_agent = self.head().headers().get(USER_AGENT);
        tunnel.map(|_| connect::head(self.origin(), self.tunnel_authorization(), user_agent)).transpose()
    }

    /// What a connection must have been made for, to be used for this hop.
    #[must_use]
    pub fn pool_key(&self) -> PoolKey {
        PoolKey::new(self.origin().clone(), self.exchange.route.clone()).with_tls(self.exchange.tls.clone())
    }

    /// What TLS it takes: decided anew for each hop, so that what is set for one origin alone holds for no other.
    #[must_use]
    pub fn tls(&self) -> &TlsPath {
        &self.exchange.tls
    }

    /// For a client of somebody else, that knows nothing of a hop but its head, its body and its deadline: refuses what would be
    /// left out without a word.
    ///
    /// ```
    /// use session_core::message::proxy::ProxyServer;
    /// use session_core::proxy::select::ProxyConfig;
    /// use session_core::session::{Session, request::Request, step::Step};
    /// # use session_core::time::Now;
    /// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
    ///
    /// let proxies = ProxyConfig::new().http(ProxyServer::parse("http://proxy.test:3128")?);
    /// let mut session = Session::builder().proxy(proxies).build()?;
    /// let Step::Send(hop) = session.begin(Request::get("http://a.test/"), now)? else { panic!() };
    /// let refused = hop.require_plain().unwrap_err();
    /// let error = session.handle_failure(hop, refused, now).unwrap_err();
    /// assert_eq!(error.kind().name(), "unsupported");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A failure that ends the exchange as [`ErrorKind::Unsupported`]: the hop goes by a proxy, has settings for TLS other than the
    /// defaults, waits for a 100, asks the server as a whole, or has trailers.
    pub fn require_plain(&self) -> Result<(), Failure> {
        let settings = self.tls().origin.as_deref();
        let asked = [
            (self.route().proxy().is_some(), "a proxy"),
            (settings.is_some_and(|settings| *settings != TlsSettings::default()), "settings for TLS"),
            (self.expects_continue(), "a body that waits for a 100"),
            (self.is_server_wide(), "a request for the server as a whole"),
            (!self.trailers().is_empty(), "trailers"),
        ];
        match asked.into_iter().find(|(is_asked, _)| *is_asked) {
            None => Ok(()),
            Some((_, what)) => {
                let error = Error::new(ErrorKind::Unsupported, Phase::Build, "this client does not carry that out");
                Err(Failure::before_sending(
                    FailureKind::Request,
                    error.with_expected("a hop without more").with_came(what.as_bytes()),
                ))
            }
        }
    }

    /// What to do with the request's body.
    #[must_use]
    pub fn body(&self) -> BodyPlan {
        self.plan
    }

    /// Whether it asks the server as a whole: the request target is `*`, and through a plain proxy the URL without its path
    /// (RFC 9112 3.2.4). A client that cannot send that must not send it to `/`, which is a resource.
    #[must_use]
    pub fn is_server_wide(&self) -> bool {
        self.exchange.server_wide
    }

    /// Whether the body waits for a 100 (`Expect: 100-continue`, RFC 9110 10.1.1): the head is sent alone, then the body
    /// once a 100 came or [`Timeouts::expect`] passed. Where another answer comes first, the body is not sent.
    #[must_use]
    pub fn expects_continue(&self) -> bool {
        self.plan != BodyPlan::None && expects_continue(self.head().headers())
    }

    /// Says that no byte was taken out of the body for this hop, as where it waited for a 100 in vain: even a body that can
    /// be read only once is then there for the next hop.
    pub fn keep_body(&mut self) {
        self.exchange.body_unread = true;
    }

    /// Says how long the stages of this hop took, for its [record](crate::session::history::HopRecord::timings). What the
    /// wall clock showed when the hop was handed out is known already.
    pub fn set_timings(&mut self, timings: Timings) {
        self.exchange.timings = timings.after(&self.exchange.timings);
    }

    /// How the body is framed.
    #[must_use]
    pub fn framing(&self) -> Framing {
        self.exchange.framing
    }

    /// The trailer fields that follow the body, which is chunked where there are any.
    #[must_use]
    pub fn trailers(&self) -> &HeaderMap {
        &self.exchange.trailers
    }

    /// When the whole exchange must be over.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.exchange.deadline
    }

    /// How long there is until the [deadline](Self::deadline), zero where it has passed: what a client takes as its own bound.
    /// `None` where there is no deadline.
    #[must_use]
    pub fn time_left(&self, now: Now) -> Option<Duration> {
        self.deadline().map(|deadline| deadline.saturating_duration_since(now.instant()))
    }

    /// How long each phase of this hop may take.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        *self.exchange.timeouts
    }

    /// The same, shared with the session that they come from.
    #[must_use]
    pub fn shared_timeouts(&self) -> Arc<Timeouts> {
        Arc::clone(&self.exchange.timeouts)
    }

    /// Which hop of the exchange this is, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.exchange.hop_number
    }

    /// Whether it must not go on a connection that was used before.
    #[must_use]
    pub fn fresh_connection(&self) -> bool {
        self.fresh
    }
}

impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hop")
            .field("number", &self.number())
            .field("method", self.head().method())
            .field("url", &self.target().url().as_str())
            .field("headers", &ShownFields(self.head().headers()))
            .field("body", &self.plan)
            .finish_non_exhaustive()
    }
}

/// A wait before the next attempt.
#[must_use = "an exchange goes on only when its pause is over"]
#[derive(Clone)]
pub struct Pause {
    /// Boxed, as the answer of a [`Delivery`] is: each step is as large as the largest, and goes from hand to hand.
    pub(crate) rest: Box<Rest>,
    pub(crate) exchange: Box<Exchange>,
}

/// What is waited for, and what comes then.
#[derive(Clone)]
pub(crate) struct Rest {
    pub(crate) until: Instant,
    pub(crate) connection: ConnectionChoice,
}

impl Pause {
    /// When it is over.
    #[must_use]
    pub fn until(&self) -> Instant {
        self.rest.until
    }

    /// How long it still is, zero where it is over: what a client sleeps for.
    #[must_use]
    pub fn time_left(&self, now: Now) -> Duration {
        self.rest.until.saturating_duration_since(now.instant())
    }

    /// When the whole exchange must be over; later than [`Pause::until`].
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.exchange.deadline
    }
}

impl fmt::Debug for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pause").field("until", &self.rest.until).finish_non_exhaustive()
    }
}

/// The response that is handed to the user.
#[derive(Clone)]
pub struct Delivery {
    pub(crate) answer: Box<Answer>,
    pub(crate) exchange: Box<Exchange>,
}

/// The answer that is delivered.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) head: ResponseHead,
    /// What the session says of the target that a redirect leads to, where it was not followed.
    pub(crate) lead: Lead,
    pub(crate) coding: BodyCoding,
}

impl Delivery {
    /// The answer that ends an exchange; its fields are `present`.
    pub(crate) fn of(exchange: Box<Exchange>, head: ResponseHead, present: Present, lead: Lead) -> Self {
        let coding =
            if present.lacks(Present::CONTENT_ENCODING) { BodyCoding::Plain } else { body_coding(&exchange, &head) };
        Self { answer: Box::new(Answer { head, lead, coding }), exchange }
    }

    /// The response's head.
    #[must_use]
    pub fn head(&self) -> &ResponseHead {
        &self.answer.head
    }

    /// The URL that answered, with its fragment.
    #[must_use]
    pub fn url(&self) -> &Url {
        self.exchange.target.url()
    }

    /// Every hop, and why.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.exchange.history
    }

    /// How the body is read as text: see [`TextRules::decode`].
    #[must_use]
    pub fn text_rules(&self) -> TextRules {
        self.exchange.text
    }

    /// The content codings that are undone for the caller: what a [`Decoder`](crate::content::coding::decoder::Decoder) is made
    /// with. None where [`Delivery::body_coding`] says that nothing is to be undone.
    #[must_use]
    pub fn codings(&self) -> Codings {
        match self.body_coding() {
            BodyCoding::Decoded => self.exchange.codings,
            BodyCoding::Plain | BodyCoding::Kept(_) => Codings::NONE,
        }
    }

    /// How the body stands to its Content-Encoding when it reaches the caller. An answer to HEAD, a 204 and a 304 have no body,
    /// whatever their fields say (RFC 9112 6.3).
    #[must_use]
    pub fn body_coding(&self) -> BodyCoding {
        self.answer.coding
    }

    /// How long each phase may take, for reading the body.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        *self.exchange.timeouts
    }

    /// The same, shared with the session that they come from.
    #[must_use]
    pub fn shared_timeouts(&self) -> Arc<Timeouts> {
        Arc::clone(&self.exchange.timeouts)
    }

    /// When the body must have been read.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.exchange.deadline
    }

    /// Head, URL and history.
    #[must_use]
    pub fn into_parts(self) -> (ResponseHead, Url, History) {
        let (answer, target, history) = self.into_shared();
        (answer.head, target.into_url(), history)
    }

    /// The same in a box, with the target as the exchange had it.
    pub(crate) fn into_shared(self) -> (Box<Answer>, Target, History) {
        let Exchange { target, history, .. } = *self.exchange;
        (self.answer, target, history)
    }
}

/// How a body stands to its Content-Encoding.
fn body_coding(exchange: &Exchange, head: &ResponseHead) -> BodyCoding {
    let status = head.status;
    if exchange.method == Method::HEAD || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED {
        return BodyCoding::Plain;
    }
    match BodyCoding::of(&head.headers, exchange.codings) {
        BodyCoding::Decoded if status == StatusCode::PARTIAL_CONTENT => BodyCoding::Kept(Kept::Part),
        coding => coding,
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("url", &self.url().as_str())
            .field("head", self.head())
            .field("history", self.history())
            .finish()
    }
}

/// An exchange that ended without a delivery: the error, and every hop so far with its response head.
pub struct ExchangeError(Box<Failed>);

struct Failed {
    error: Error,
    history: History,
}

impl ExchangeError {
    /// The error that ends an exchange.
    pub(crate) fn of(mut exchange: Exchange, error: Error) -> Self {
        if let Some(last) = exchange.history.last_mut() {
            last.reasons.append(&mut exchange.reasons);
            Reason::Failed(error.kind()).add_to(&mut last.reasons);
        }
        Self(Box::new(Failed { error: error.with_url(exchange.target.url()), history: exchange.history }))
    }

    /// What went wrong.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.0.error
    }

    /// The kind of what went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.error.kind()
    }

    /// Every hop, and why.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.0.history
    }

    /// The head of the last response, where one came: the redirect that was one too many, or was refused.
    #[must_use]
    pub fn response(&self) -> Option<&ResponseHead> {
        self.0.history.hops().last()?.response()
    }

    /// Error and history.
    #[must_use]
    pub fn into_parts(self) -> (Error, History) {
        (self.0.error, self.0.history)
    }
}

impl From<Error> for ExchangeError {
    fn from(error: Error) -> Self {
        Self(Box::new(Failed { error, history: History::default() }))
    }
}

impl From<ExchangeError> for Error {
    fn from(error: ExchangeError) -> Self {
        error.0.error
    }
}

impl fmt::Debug for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExchangeError").field("error", &self.0.error).field("history", &self.0.history).finish()
    }
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.error, f)
    }
}

impl std::error::Error for ExchangeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0.error)
    }
}

//! The session machine: four verbs over owned steps.
//!
//! [`Session::begin`] starts an exchange; each further verb consumes the token that the last step handed out and gives
//! the next step. The session holds what lives between exchanges and no registry of those under way, so many run at once
//! over one session, and dropping a token leaves nothing behind. No verb does IO: a lock around the session is held for a
//! transition and never while bytes move.

pub mod address_rule;
pub mod builder;
mod change;
pub mod compat;
mod cookie_field;
mod decide;
pub mod environment;
mod exchange;
mod fields;
mod hashable;
pub mod history;
pub mod hooks;
mod lent;
mod memory;
pub mod origin_settings;
mod plain;
mod prepare;
pub mod preview;
mod proxy_auth;
pub mod reason;
mod recent;
pub mod request;
mod resume;
pub mod settings;
#[cfg(feature = "serde")]
pub mod snapshot;
pub(crate) mod start;
pub mod step;
pub mod transport;
mod version;

use crate::auth::credentials::Credential;
use crate::auth::netrc::Netrc;
use crate::cookies::jar::Jar;
use crate::entropy::Entropy;
use crate::error::bound::Bound;
use crate::error::{Error, ErrorKind, Phase};
use crate::headers::DefaultHeaders;
use crate::message::head::ResponseHead;
use crate::message::origin::Origin;
use crate::message::present::Present;
use crate::retry::failure::Failure;
use crate::retry::policy::ConnectionChoice;
use crate::session::builder::SessionBuilder;
use crate::session::decide::{Again, Verdict};
use crate::session::exchange::Exchange;
use crate::session::history::Ending;
use crate::session::memory::{Memory, Openness};
use crate::session::origin_settings::OriginSettings;
use crate::session::plain::Plain;
use crate::session::recent::Recent;
use crate::session::request::Request;
use crate::session::settings::Settings;
use crate::session::step::{Delivery, ExchangeError, Hop, Pause, Rest, Step};
use crate::time::Now;
use crate::time::timings::Timings;
use http::HeaderMap;
use std::fmt;
use std::time::Duration;

/// A session: its settings and what it learned.
///
/// ```
/// use http::StatusCode;
/// use session_core::message::head::ResponseHead;
/// use session_core::session::{Session, request::Request, step::Step};
/// use session_core::time::Now;
/// # fn now() -> Now { Now::new(std::time::Instant::now(), std::time::SystemTime::now()) }
/// # fn wire(_: &http::Request<()>) -> ResponseHead { ResponseHead::new(StatusCode::OK) }
///
/// let mut session = Session::builder().build()?;
/// let mut step = session.begin(Request::get("http://a.test/x"), now())?;
/// let delivery = loop {
///     step = match step {
///         // `wire` sends the head and the body by whatever client there is, and reads the response head.
///         Step::Send(hop) => { let head = wire(hop.head()); session.handle_response(hop, head, now())? }
///         Step::Wait(pause) => session.handle_timeout(pause, now())?,
///         Step::Done(delivery) => break delivery,
///     }
/// };
/// assert_eq!(delivery.head().status, StatusCode::OK);
/// # Ok::<(), session_core::error::Error>(())
/// ```
pub struct Session {
    settings: Settings,
    memory: Memory,
    entropy: Entropy,
    seeding: Seeding,
    recent: Recent,
    plain: Plain,
}

/// Where the random bytes of a session come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seeding {
    /// Nobody gave any: they are the same each time.
    Wanted,
    /// The builder was given them, or a driver.
    Given,
}

impl Session {
    /// A builder with every default.
    pub fn builder() -> SessionBuilder<Self> {
        SessionBuilder::new()
    }

    pub(crate) fn from_parts(settings: Settings, memory: Memory, entropy: Option<Entropy>) -> Self {
        let seeding = if entropy.is_some() { Seeding::Given } else { Seeding::Wanted };
        let entropy = entropy.unwrap_or_else(|| Entropy::from_seed([0; 32]));
        Self { settings, memory, entropy, seeding, recent: Recent::default(), plain: Plain::default() }
    }
}

/// The verbs.
impl Session {
    /// Starts an exchange.
    ///
    /// ```
    /// # use session_core::session::{Session, request::Request, step::Step};
    /// # use session_core::time::Now;
    /// # fn now() -> Now { Now::new(std::time::Instant::now(), std::time::SystemTime::now()) }
    /// # let mut session = Session::builder().build()?;
    /// let step = session.begin(Request::get("https://a.test/x"), now())?;
    /// let Step::Send(hop) = step else { panic!("the first step sends") };
    /// assert_eq!((hop.head().method().as_str(), hop.origin().to_string().as_str()), ("GET", "https://a.test"));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// The request cannot be sent: a URL, field, method or framing that is not valid, clear text in an `https_only`
    /// session, a closed session. Nothing was sent.
    pub fn begin(&mut self, request: impl Into<Box<Request>>, now: Now) -> Result<Step, ExchangeError> {
        self.begin_boxed(request.into(), now)
    }

    fn begin_boxed(&mut self, request: Box<Request>, now: Now) -> Result<Step, ExchangeError> {
        if self.memory.open == Openness::Closed {
            let error = Error::new(ErrorKind::Closed, Phase::Build, "the session is closed")
                .with_expected("a request before `close`");
            return Err(match request.url.joined(self.settings.base_url.as_ref(), self.settings.base_join) {
                Ok(url) => error.with_url(&url).into(),
                Err(_) => error.into(),
            });
        }
        let mut exchange = start::exchange(&self.settings, &self.memory, &mut self.recent, request, now)?;
        decide::upgrade(&self.settings, &self.memory, &mut exchange, now);
        self.send(exchange, ConnectionChoice::Any, now)
    }

    /// Takes the final response head that came for a hop. Interim (1xx) responses are not handed in.
    ///
    /// ```
    /// # use session_core::session::{Session, request::Request, step::Step};
    /// # use session_core::time::Now;
    /// # fn now() -> Now { Now::new(std::time::Instant::now(), std::time::SystemTime::now()) }
    /// # let mut session = Session::builder().build()?;
    /// use http::StatusCode;
    /// use session_core::message::head::ResponseHead;
    ///
    /// let Step::Send(hop) = session.begin(Request::get("http://a.test/old"), now())? else { panic!() };
    /// let mut moved = ResponseHead::new(StatusCode::FOUND);
    /// moved.headers.insert("location", http::HeaderValue::from_static("/new"));
    /// let Step::Send(next) = session.handle_response(hop, moved, now())? else { panic!() };
    /// assert_eq!(next.target().url().path(), "/new");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// The answer is a redirect that cannot or must not be followed. The error holds every hop and the answer's head.
    pub fn handle_response(&mut self, hop: Hop, head: ResponseHead, now: Now) -> Result<Step, ExchangeError> {
        let Hop { mut exchange, .. } = hop;
        let (settings, memory) = (&self.settings, &mut self.memory);
        exchange.answered = true;
        let present = Present::of(&head.headers);
        decide::remember(settings, memory, &mut exchange, &head, present, now);
        if let Err(error) = settings.hooks.arrived(&exchange.arrived(&head)) {
            exchange.end_hop(Some(head.status), Some(head), Ending::Failed);
            return Err(ExchangeError::of(*exchange, error));
        }
        let (recent, entropy) = (&mut self.recent, &mut self.entropy);
        match decide::on_response(settings, memory, recent, entropy, &mut exchange, &head, now) {
            Ok(Verdict::Deliver) => {
                self.memory.retries.refill();
                exchange.end_hop(Some(head.status), None, Ending::Delivered);
                let lead = decide::lead(&self.settings, &self.memory, &exchange, &head, now);
                Ok(Step::Done(Delivery::of(exchange, head, present, lead)))
            }
            Ok(Verdict::Follow(next)) => {
                exchange.end_hop(Some(head.status), Some(head), Ending::Followed);
                exchange.follow(next);
                self.send(exchange, ConnectionChoice::Any, now)
            }
            Ok(Verdict::Answer) => {
                exchange.attempts.next_hop();
                exchange.end_hop(Some(head.status), Some(head), Ending::Answered);
                self.send(exchange, ConnectionChoice::Any, now)
            }
            Ok(Verdict::Unexpect) => {
                exchange.end_hop(Some(head.status), Some(head), Ending::Retried);
                self.send(exchange, ConnectionChoice::Any, now)
            }
            Ok(Verdict::Retry(again)) => {
                exchange.end_hop(Some(head.status), Some(head), Ending::Retried);
                self.again(exchange, again, now)
            }
            Err(error) => {
                exchange.end_hop(Some(head.status), Some(head), Ending::Failed);
                Err(ExchangeError::of(*exchange, error))
            }
        }
    }

    /// Takes the failure of a hop: no complete response head came for it.
    ///
    /// ```
    /// # use session_core::session::{Session, request::Request, step::Step};
    /// # use session_core::time::Now;
    /// # fn now() -> Now { Now::new(std::time::Instant::now(), std::time::SystemTime::now()) }
    /// # let mut session = Session::builder().build()?;
    /// use session_core::retry::failure::{Failure, FailureKind};
    ///
    /// let Step::Send(hop) = session.begin(Request::get("http://a.test/"), now())? else { panic!() };
    /// let failure = Failure::reported(FailureKind::Resolve, "no such host");
    /// assert!(session.handle_failure(hop, failure, now()).is_err(), "nobody asked for retries");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// The failure's own error, where the hop is not tried again.
    pub fn handle_failure(&mut self, hop: Hop, failure: Failure, now: Now) -> Result<Step, ExchangeError> {
        let Hop { mut exchange, .. } = hop;
        if decide::answers_proxy(&self.settings, &mut self.memory, &mut exchange, &failure) {
            exchange.attempts.next_hop();
            exchange.end_hop(None, None, Ending::Answered);
            return self.send(exchange, ConnectionChoice::Any, now);
        }
        match decide::on_failure(&self.settings, &mut self.memory, &mut self.entropy, &mut exchange, &failure, now) {
            Some(again) => {
                exchange.end_hop(None, None, Ending::Retried);
                self.again(exchange, again, now)
            }
            None => {
                exchange.end_hop(None, None, Ending::Failed);
                Err(ExchangeError::of(*exchange, failure.into_error()))
            }
        }
    }

    /// Takes what came of a hop, be it a head or a failure, by [`handle_response`](Self::handle_response) or
    /// [`handle_failure`](Self::handle_failure).
    ///
    /// # Errors
    /// Those of the two.
    pub fn handle_outcome(
        &mut self,
        hop: Hop,
        outcome: Result<ResponseHead, Failure>,
        now: Now,
    ) -> Result<Step, ExchangeError> {
        match outcome {
            Ok(head) => self.handle_response(hop, head, now),
            Err(failure) => self.handle_failure(hop, failure, now),
        }
    }

    /// Goes on after a pause, also where the session was closed meanwhile. Called too early, it hands the same pause out again.
    ///
    /// ```
    /// # use session_core::session::{Session, request::Request, step::Step};
    /// # use session_core::time::Now;
    /// # fn now() -> Now { Now::new(std::time::Instant::now(), std::time::SystemTime::now()) }
    /// # let mut session = Session::builder().build()?;
    /// # use http::StatusCode;
    /// # use session_core::message::head::ResponseHead;
    /// # use session_core::retry::policy::RetryPolicy;
    /// # let mut session = Session::builder().retry(RetryPolicy::new(1)).build()?;
    /// # let Step::Send(hop) = session.begin(Request::get("http://a.test/"), now())? else { panic!() };
    /// # let busy = ResponseHead::new(StatusCode::SERVICE_UNAVAILABLE);
    /// let Step::Wait(pause) = session.handle_response(hop, busy, now())? else { panic!() };
    /// // A driver sleeps until then; here it is said to be so late.
    /// let early = now();
    /// let late = early.advanced(pause.until() - early.instant());
    /// assert!(matches!(session.handle_timeout(pause, late)?, Step::Send(_)));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// The next attempt cannot be made: the deadline passed.
    pub fn handle_timeout(&mut self, pause: Pause, now: Now) -> Result<Step, ExchangeError> {
        if now.instant() < pause.rest.until {
            return Ok(Step::Wait(pause));
        }
        self.send(pause.exchange, pause.rest.connection, now)
    }

    /// The next hop of an exchange.
    fn send(&mut self, mut exchange: Box<Exchange>, on: ConnectionChoice, now: Now) -> Result<Step, ExchangeError> {
        if exchange.deadline.is_some_and(|deadline| deadline <= now.instant()) {
            let error = Error::new(ErrorKind::Timeout, Phase::Decide, Bound::Total.message()).with_bound(Bound::Total);
            return Err(ExchangeError::of(*exchange, error));
        }
        exchange.hop_number = exchange.hop_number.saturating_add(1);
        exchange.body_unread = false;
        exchange.timings = Timings::default().with_wall(now.wall());
        let Self { settings, memory, plain, entropy, .. } = self;
        if let Err(error) = prepare::head(settings, memory, plain, entropy, &mut exchange, now) {
            return Err(ExchangeError::of(*exchange, error));
        }
        Ok(Step::Send(Hop::new(on, exchange)))
    }

    /// The same hop once more, at once or after a pause.
    fn again(&mut self, exchange: Box<Exchange>, again: Again, now: Now) -> Result<Step, ExchangeError> {
        let Some(pause) = again.pause else { return self.send(exchange, again.connection, now) };
        // A moment that the clock cannot hold is as far away as the clock goes.
        let until = now.deadline(pause).unwrap_or_else(|| now.advanced(FAR).instant());
        Ok(Step::Wait(Pause { rest: Box::new(Rest { until, connection: again.connection }), exchange }))
    }
}

/// Longer than anybody waits: about 136 years.
const FAR: Duration = Duration::from_secs(u32::MAX as u64);

/// What a session knows, to be read and changed at any time.
impl Session {
    /// The cookies.
    #[must_use]
    pub fn cookies(&self) -> &Jar {
        &self.memory.jar
    }

    /// The cookies, to be changed.
    pub fn cookies_mut(&mut self) -> &mut Jar {
        &mut self.memory.jar
    }

    /// The default fields.
    #[must_use]
    pub fn headers(&self) -> &DefaultHeaders {
        &self.memory.defaults
    }

    /// The default fields, to be changed.
    pub fn headers_mut(&mut self) -> &mut DefaultHeaders {
        &mut self.memory.defaults
    }

    /// Sets the fields that are sent to one origin alone; an empty map removes them.
    pub fn set_origin_headers(&mut self, origin: Origin, fields: HeaderMap) {
        self.memory.origin_headers.set(origin, fields);
    }

    /// Sets what the session does otherwise at one origin; settings that say nothing remove what was set. An exchange under
    /// way goes by them from its next hop on.
    pub fn set_origin_settings(&mut self, origin: Origin, settings: OriginSettings) {
        if settings.says_nothing() {
            self.memory.origin_settings.remove(&origin);
        } else {
            self.memory.origin_settings.insert(origin, settings);
        }
    }

    /// What the session does otherwise at this origin.
    #[must_use]
    pub fn origin_settings(&self, origin: &Origin) -> Option<&OriginSettings> {
        self.memory.origin_settings.get(origin)
    }

    /// Sets the credential that will belong to the origin of the first request that uses it; `None` removes all.
    pub fn set_auth(&mut self, credential: Option<Credential>) {
        match credential {
            Some(credential) => self.memory.credentials.set(credential),
            None => self.memory.credentials.clear(),
        }
    }

    /// Sets the credential of one origin.
    pub fn set_auth_for(&mut self, origin: Origin, credential: Credential) {
        self.memory.credentials.set_for(origin, credential);
    }

    /// Removes the credential of one origin, be it set for it or bound to it by its use; says whether there was one.
    pub fn remove_auth_for(&mut self, origin: &Origin) -> bool {
        self.memory.credentials.remove_for(origin)
    }

    /// The origins that have a credential of the session's.
    pub fn auth_origins(&self) -> impl Iterator<Item = &Origin> {
        self.memory.credentials.origins()
    }

    /// Whether the session has any credential, also one that was not used yet.
    #[must_use]
    pub fn has_auth(&self) -> bool {
        self.memory.credentials.general.is_some() || !self.memory.credentials.of_origins.is_empty()
    }

    /// Sets the entries of a netrc file.
    pub fn set_netrc(&mut self, netrc: Netrc) {
        self.memory.netrc = netrc;
    }

    /// Sets where the spread of pauses comes from.
    pub fn set_entropy(&mut self, entropy: Entropy) {
        (self.entropy, self.seeding) = (entropy, Seeding::Given);
    }

    /// The same, but only where none was given before: what [`SessionBuilder::entropy`] was given stays. For drivers,
    /// which seed each session that they are handed.
    pub fn seed_entropy(&mut self, entropy: Entropy) {
        if self.seeding == Seeding::Wanted {
            self.set_entropy(entropy);
        }
    }

    /// The next 32 random bytes, of which nobody who does not know the seed can tell one: for whoever needs some beside the
    /// session, as the boundary of a form does. In a session that was given no [`Entropy`] they are the same each time.
    pub fn random(&mut self) -> [u8; 32] {
        self.entropy.block()
    }

    /// Takes no further request: each later `begin` is [`ErrorKind::Closed`]. Exchanges under way go on to their end.
    pub fn close(&mut self) {
        self.memory.open = Openness::Closed;
    }

    /// Whether [`Session::close`] was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.memory.open == Openness::Closed
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("settings", &self.settings)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}

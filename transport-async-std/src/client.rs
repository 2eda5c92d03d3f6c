//! The session over its sockets: the loop that carries out what the core decides.

mod cookie_file;
mod environment;
mod platform;
pub(crate) mod pool;
mod replace;
mod request;
pub(crate) mod response;
#[cfg(all(feature = "serde", feature = "json"))]
mod session_file;
mod shared_jar;
#[cfg(feature = "serde")]
mod snapshot;
pub(crate) mod trace;

pub use request::{Request, RequestBuilder};
pub use response::Response;
pub use shared_jar::SharedJar;

use self::platform::PLATFORM;
use self::pool::{Connections, Lease};
use self::shared_jar::Machine;
use self::trace::Trace;
use crate::body::{Body, Incoming};
use crate::connect::runtime::sleep;
use crate::connect::{Connector, Resolve, System};
use crate::error::Result;
use crate::wire::Wire;
use session_core::content::coding::{Coding, Codings};
use session_core::entropy::Entropy;
use session_core::error::{Error as CoreError, ErrorKind, Phase};
use session_core::handle::{Access, Clocked};
use session_core::handle_methods;
use session_core::idle::pool::Wanted;
use session_core::limits::Limits;
use session_core::message::into_url::BaseJoin;
use session_core::request::Dispatch;
use session_core::retry::failure::Failure;
use session_core::session::Session as Core;
use session_core::session::environment::{Environment, TrustEnv};
use session_core::session::preview::Preview;
use session_core::session::request::Request as CoreRequest;
use session_core::session::step::{Delivery, Hop, Step};
use session_core::time::timings::Stopwatch;
use session_core::time::{Now, Timeouts};
use session_core::transport::bounds::Bounds;
use session_core::transport::content::CodedBody;
use session_core::transport::response::ResponseInfo;
use session_core::transport::support::{check_supported, tls_configs};
use session_core::transport::{ConnectSettings, Transport};
use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};
use url::Url;

/// Builds a [`Session`].
///
/// ```no_run
/// use std::time::Duration;
/// use transport_async_std::{
///     Certificate, Credential, Hooks, Limits, NoProxy, ProxyConfig, ProxyServer, RedirectPolicy, RetryPolicy, Session, TrustEnv,
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut limits = Limits::default();
/// limits.gathered_body = 10 * 1024 * 1024;
/// let session = Session::builder()
///     .base_url("https://a.test/api/")
///     .default_header("accept", "application/json")
///     .auth_for("https://a.test", Credential::basic("ada", "secret"))
///     .timeout(Duration::from_secs(30))
///     .connect_timeout(Duration::from_secs(3))
///     .redirect(RedirectPolicy::limited(5))
///     .retry(RetryPolicy::new(3))
///     .proxy(ProxyConfig::new().all(ProxyServer::parse("http://proxy.test:3128")?).no_proxy(NoProxy::parse("localhost")))
///     .tls_certs_merge([Certificate::pem(std::fs::read("own-ca.pem")?)])
///     .trust_env(TrustEnv::nothing().netrc())
///     .max_connections_per_key(8)
///     .limits(limits)
///     .hooks(Hooks::new().response(|arrived| Ok(println!("{}", arrived.head().status))))
///     .build()?;
/// # drop(session);
/// # Ok(())
/// # }
/// ```
pub type SessionBuilder = session_core::session::builder::SessionBuilder<Session>;

/// A session over the futures-io traits. Clones share everything; with the last one the idle connections close.
#[derive(Clone)]
pub struct Session(Arc<Shared>);

/// What the clones of a session share.
pub(crate) struct Shared {
    core: Mutex<Machine>,
    connections: Arc<Connections>,
    connector: Connector,
    limits: Arc<Limits>,
}

impl Session {
    /// A session with every default.
    ///
    /// # Panics
    /// Where the system has no random bytes to give. [`SessionBuilder::build`] makes that an error.
    #[must_use]
    #[expect(clippy::expect_used, reason = "documented; a default session fails for nothing else")]
    #[expect(clippy::new_without_default, reason = "a session is made on purpose: it opens sockets")]
    pub fn new() -> Self {
        Self::builder().build().expect("the system has random bytes")
    }

    fn shared(&self) -> &Shared {
        &self.0
    }

    /// A builder with every default.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::new()
    }

    /// Takes no further request: each later one is [`ErrorKind::Closed`]. Idle connections close at once; exchanges under
    /// way go on, and their connections close with them. For all clones.
    pub fn close(&self) {
        self.with(Core::close);
        self.shared().connections.close();
    }

    /// Closes the connections that have lain idle for longer than [`Limits::idle_seconds`] or their servers allow. Each
    /// request does so too; a session that makes none for long keeps them open unless this is called.
    pub fn close_expired(&self) {
        self.shared().connections.close_expired();
    }

    /// How many connections lie idle.
    #[must_use]
    pub fn idle_connections(&self) -> usize {
        self.shared().connections.idle()
    }
}

handle_methods!(impl[] Session);

impl Transport for Session {
    type Resolver = Arc<dyn Resolve>;

    fn assemble(
        mut session: Core,
        settings: ConnectSettings,
        resolver: Option<Arc<dyn Resolve>>,
    ) -> Result<Self, CoreError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|source| {
            CoreError::new(ErrorKind::Io, Phase::Build, "the system has no random bytes").with_source(source)
        })?;
        session.seed_entropy(Entropy::from_seed(seed));
        let limits = Arc::new(session.limits().clone());
        let connections = Connections::new(&limits, settings.clock.clone());
        let resolver = resolver.unwrap_or_else(|| Arc::new(System));
        let tls = Mutex::new(tls_configs(&session, PLATFORM)?);
        let connector = Connector { settings, resolver, tls, limits: Arc::clone(&limits) };
        Ok(Self(Arc::new(Shared { core: Mutex::new(Machine::new(session)), connections, connector, limits })))
    }

    fn environment(trust: TrustEnv) -> Result<Environment, CoreError> {
        environment::read(trust)
    }

    #[cfg(all(feature = "serde", feature = "json"))]
    fn session_file(path: &std::path::Path, longest: u64) -> Result<Option<(Vec<u8>, Now)>, CoreError> {
        let now = Now::new(Instant::now(), SystemTime::now());
        Ok(session_file::read(path, longest)?.map(|text| (text, now)))
    }

    fn codings() -> Codings {
        [
            (Coding::Gzip, cfg!(feature = "gzip")),
            (Coding::Deflate, cfg!(feature = "deflate")),
            (Coding::Brotli, cfg!(feature = "br")),
            (Coding::Zstd, cfg!(feature = "zstd")),
        ]
        .into_iter()
        .filter(|(_, is_in)| *is_in)
        .fold(Codings::NONE, |codings, (coding, _)| codings.with(coding))
    }
}

impl Access for Session {
    fn with<R>(&self, act: impl FnOnce(&mut Core) -> R) -> R {
        lock(&self.shared().core).with(act)
    }
}

impl Clocked for Session {
    fn now(&self) -> Now {
        self.shared().now()
    }
}

impl Dispatch for &Session {
    type Body = Body;
    type Outcome = ResponseFuture;

    fn base_url(&self) -> Option<Url> {
        self.with(|core| core.base_url().cloned())
    }

    fn base_join(&self) -> BaseJoin {
        self.with(|core| core.base_join())
    }

    fn random(&self) -> Option<[u8; 32]> {
        Some(self.with(Core::random))
    }

    fn preview(&self, request: CoreRequest) -> Result<Preview, CoreError> {
        self.shared().verb(|core, now| core.preview(request, now))
    }

    fn dispatch(self, request: Result<(Box<CoreRequest>, Option<Body>), CoreError>) -> ResponseFuture {
        let shared = Arc::clone(&self.0);
        // The exchange's own future, and none around it, which would move the response once more. The body is boxed: a future
        // keeps what it is given twice, and is made faster where it is small.
        ResponseFuture(match request {
            Ok((request, body)) => Box::pin(shared.exchange(request, body.map(Box::new))),
            Err(error) => Box::pin(ready(Err(error.into()))),
        })
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("idle_connections", &self.idle_connections()).finish_non_exhaustive()
    }
}

/// A request under way: a future of `Result<Response>`. It borrows nothing, so it can be spawned. Nothing happens before
/// it is polled; dropping it closes its connection.
#[must_use = "a request is sent when its future is awaited"]
pub struct ResponseFuture(Pin<Box<dyn Future<Output = Result<Response>> + Send>>);

impl Future for ResponseFuture {
    type Output = Result<Response>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture(..)")
    }
}

impl Shared {
    /// One exchange: carries out each step, until there is a response or an error.
    async fn exchange(self: Arc<Self>, request: Box<CoreRequest>, mut body: Option<Box<Body>>) -> Result<Response> {
        let begun = Instant::now();
        let mut elapsed = Duration::ZERO;
        let mut answered = None;
        let mut trace = Trace::new();
        // The clock is read once for what happens between two waits.
        let mut now = begun;
        let mut next = self.verb_at(now, |core, now| core.begin(request, now));
        loop {
            next = match next.inspect_err(|error| trace.ended(error))? {
                Step::Send(mut hop) => {
                    let mut watch = Stopwatch::new(begun, now);
                    trace.hop(&hop);
                    let bounds = self.bounds(hop.shared_timeouts(), hop.deadline(), now);
                    let sent = match self.take_connection(&hop, &bounds, &mut watch, &trace).await {
                        Ok(wire) => wire.round_trip(&hop, body.as_deref_mut(), &bounds, &mut watch).await,
                        Err(failure) => Err(failure),
                    };
                    now = Instant::now();
                    match &sent {
                        Ok(_) => elapsed = watch.answered(now),
                        Err(_) => watch.failed(now),
                    }
                    trace.outcome(sent.as_ref().map(|(_, head)| head), watch.timings());
                    hop.set_timings(watch.timings());
                    if body.as_deref().is_some_and(Body::is_unread) {
                        hop.keep_body();
                    }
                    let (wire, outcome) = match sent {
                        Ok((wire, head)) => (Some(wire), Ok(head)),
                        Err(failure) => (None, Err(failure)),
                    };
                    let next = self.verb_at(now, |core, now| core.handle_outcome(hop, outcome, now));
                    match (wire, &next) {
                        (Some(wire), Ok(Step::Done(_))) => answered = Some(wire),
                        (Some(mut wire), _) => {
                            // An error does not wait for the rest of the answer.
                            let is_drained = match next {
                                Ok(_) => wire.drain(self.limits.drain, &bounds, now).await,
                                Err(_) => wire.drain_arrived(),
                            };
                            now = Instant::now();
                            if is_drained {
                                self.connections.give_back(wire, now);
                            }
                        }
                        (None, _) => {}
                    }
                    next
                }
                Step::Wait(pause) => {
                    let until = pause.until();
                    sleep(until.saturating_duration_since(self.now().instant())).await;
                    // A clock that stands still must not make this wait for ever.
                    now = Instant::now();
                    self.verb_at(now, |core, now| {
                        let late = until.saturating_duration_since(now.instant());
                        core.handle_timeout(pause, now.advanced(late))
                    })
                }
                Step::Done(delivery) => {
                    return Ok(self.deliver(delivery, answered, begun, elapsed, now, trace));
                }
            };
        }
    }

    /// What the caller gets: the head, and the body that is still on its connection.
    fn deliver(
        &self,
        delivery: Delivery,
        answered: Option<Box<Wire>>,
        begun: Instant,
        elapsed: Duration,
        now: Instant,
        trace: Trace,
    ) -> Response {
        let bounds = self.bounds(delivery.shared_timeouts(), delivery.deadline(), now);
        let content = CodedBody::of(&delivery, &self.limits);
        trace.delivered(&delivery);
        let home = Arc::downgrade(&self.connections);
        let body = Incoming::new(answered, content, bounds, begun, trace.into_body(), home);
        let info = ResponseInfo::new(delivery, body.peer(), elapsed, self.limits.clone());
        Response::new(info, body)
    }

    /// An idle connection that the peer has not closed, or a new one.
    async fn take_connection(
        &self,
        hop: &Hop,
        bounds: &Bounds,
        watch: &mut Stopwatch,
        trace: &Trace,
    ) -> Result<Box<Wire>, Failure> {
        check_supported(hop, &self.connector.settings)?;
        let deadline = bounds.connect(watch.now());
        let key = self.connector.settings.pool_key(hop);
        let wanted = if hop.fresh_connection() { Wanted::Fresh } else { Wanted::Any };
        let mut lease = self.connections.lease(key, wanted, deadline, watch).await?;
        loop {
            lease = match lease {
                Lease::Open(permit) => {
                    let connecting = trace.connecting(hop);
                    // Boxed: it is large and rare, and would weigh on every request's future.
                    let socket = Box::pin(self.connector.connect(hop, bounds, deadline, self.now(), watch)).await?;
                    connecting.made(socket.peer());
                    return Ok(Box::new(Wire::new(socket, permit, &self.limits)));
                }
                Lease::Ready(mut wire) => {
                    if wire.is_alive() {
                        return Ok(wire);
                    }
                    match wire.close() {
                        Some(permit) => self.connections.replace(permit),
                        None => {
                            let key = self.connector.settings.pool_key(hop);
                            self.connections.lease(key, wanted, deadline, watch).await?
                        }
                    }
                }
            };
        }
    }

    /// Does something with the core, alone with it.
    fn verb<R>(&self, act: impl FnOnce(&mut Core, Now) -> R) -> R {
        self.verb_at(Instant::now(), act)
    }

    /// The same at a moment of the system's clock that was read just now.
    fn verb_at<R>(&self, at: Instant, act: impl FnOnce(&mut Core, Now) -> R) -> R {
        let now = self.now_at(at);
        lock(&self.core).with(|core| act(core, now))
    }

    /// What bounds the time from here on. Sockets wait by the system's clock, whatever the session goes by.
    fn bounds(&self, timeouts: Arc<Timeouts>, deadline: Option<Instant>, now: Instant) -> Bounds {
        let session_now = self.connector.settings.clock.as_ref().map_or(now, |clock| clock.now().instant());
        Bounds::new(timeouts, deadline, session_now, now)
    }

    fn now(&self) -> Now {
        self.now_at(Instant::now())
    }

    /// What the session's clock shows at a moment of the system's.
    fn now_at(&self, at: Instant) -> Now {
        match &self.connector.settings.clock {
            Some(clock) => clock.now(),
            None => Now::new(at, SystemTime::now()),
        }
    }
}

/// The lock, also after a panic of somebody who held it: what it guards is whole between any two of its own steps.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

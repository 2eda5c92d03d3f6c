//! One exchange over a script: the loop of a transport, a step at a time, so that a blocking session runs through it and a future
//! can be polled through it.

use crate::memory::clock::Clock;
use crate::scripted::body::Body;
use crate::scripted::content::{Arrived, Content, End};
use crate::scripted::expect::Asked;
use crate::scripted::reply::{Failure as Missing, Kind, Parts, Reply};
use crate::scripted::script::Script;
use crate::scripted::shared_jar::{Machine, SharedJar};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Method};
use session_core::content::coding::{Coding, Codings};
use session_core::entropy::Entropy;
use session_core::error::{Error, ErrorKind, Phase};
use session_core::handle::Access;
use session_core::limits::Limits;
use session_core::message::body::BodyPlan;
use session_core::message::head::ResponseHead;
use session_core::retry::failure::{ConnectionAge, Failure, FailureKind, Sent};
use session_core::session::Session as Core;
use session_core::session::request::Request;
use session_core::session::step::{ExchangeError, Hop, Step};
use session_core::session::transport::ConnectSettings;
use session_core::time::Now;
use session_core::time::timings::{Stage, Stopwatch};
use session_core::transport::address::Place;
use session_core::transport::bounds::Bounds;
use session_core::transport::cause::Cause;
use session_core::transport::content::CodedBody;
use session_core::transport::response::ResponseInfo;
use session_core::transport::support::check_supported;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What the clones of a session share.
pub(super) struct Shared {
    core: Mutex<Machine>,
    script: Script,
    connect: ConnectSettings,
    limits: Arc<Limits>,
}

/// The address of every name that nothing is set for. It is public, so that a rule on addresses takes it; no byte goes there.
const SOMEWHERE: Ipv4Addr = Ipv4Addr::new(1, 1, 1, 1);

/// How long a silent peer is waited for where no timeout says so.
const PATIENCE: Duration = Duration::from_secs(3600);

impl Shared {
    /// A session over a script; where there is none, over one that expects nothing. What it draws at random is the same in each.
    pub(super) fn new(mut core: Core, connect: ConnectSettings, script: Option<Script>) -> Self {
        core.seed_entropy(Entropy::from_seed([7; 32]));
        let limits = Arc::new(core.limits().clone());
        Self { core: Mutex::new(Machine::new(core)), script: script.unwrap_or_default(), connect, limits }
    }

    fn core(&self) -> MutexGuard<'_, Machine> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn share_cookies(&self, jar: &SharedJar) {
        self.core().share(jar);
    }

    fn clock(&self) -> &Clock {
        self.script.clock()
    }

    pub(super) fn now(&self) -> Now {
        self.connect.clock.as_ref().map_or_else(|| self.clock().now(), session_core::session::transport::Clock::now)
    }

    /// One hop: asked of the script, within the hop's bounds.
    fn send(&self, hop: &Hop, body: Option<&Body>) -> Result<(ResponseHead, Arrived), Failure> {
        check_supported(hop, &self.connect)?;
        let place = Place::of(hop);
        let known = place.known(&self.connect);
        let addresses = known.unwrap_or_else(|| vec![SocketAddr::from((SOMEWHERE, place.port()))]);
        let addresses = place.resolved(&self.connect, Ok(addresses))?;
        let body = match hop.body() {
            BodyPlan::None => Bytes::new(),
            _ => body.map(|body| body.as_bytes().clone()).unwrap_or_default(),
        };
        let head = hop.head();
        let asked = Asked::new(head.method().clone(), hop.target().url().clone(), head.headers().clone(), body);
        let Reply { kind, after, .. } = self.script.answer(asked).map_err(|unexpected| unexpected.into_failure())?;
        let parts = match kind {
            Kind::Response(parts) => {
                self.wait(hop, after)?;
                *parts
            }
            Kind::Failure(Missing::Silence) => {
                self.wait(hop, PATIENCE)?;
                return Err(lost(FailureKind::Closed, io::ErrorKind::ConnectionAborted));
            }
            Kind::Failure(missing) => {
                self.wait(hop, after)?;
                return Err(match missing {
                    Missing::Unresolved => match place.resolved(&self.connect, Ok(Vec::new())) {
                        Err(failure) => failure,
                        Ok(_) => place.no_connection(Vec::new()),
                    },
                    Missing::Refused => {
                        let refused = |address| (address, io::ErrorKind::ConnectionRefused.into());
                        place.no_connection(addresses.into_iter().map(refused).collect())
                    }
                    Missing::Reset => lost(FailureKind::Reset, io::ErrorKind::ConnectionReset),
                    Missing::Closed | Missing::Silence => closed(),
                });
            }
        };
        Ok(arrived(parts, head.method()))
    }

    /// Lets virtual time pass until an answer comes, or until a bound of the hop does.
    fn wait(&self, hop: &Hop, delay: Duration) -> Result<(), Failure> {
        let start = self.clock().now().instant();
        let bounds = Bounds::new(hop.timeouts(), hop.deadline(), self.now().instant(), start);
        let late = bounds.head(start).filter(|deadline| deadline.left(start) < delay);
        self.clock().advance(late.map_or(delay, |deadline| deadline.left(start)));
        match late.map(Cause::Late) {
            Some(cause) => {
                let kind = cause.kind(false);
                Err(Failure::new(kind, Sent::All, ConnectionAge::Fresh, cause.into_error(Phase::Head)))
            }
            None => Ok(()),
        }
    }
}

impl Access for Shared {
    fn with<R>(&self, act: impl FnOnce(&mut Core) -> R) -> R {
        self.core().with(act)
    }
}

/// The content codings that this build undoes.
pub(super) fn codings() -> Codings {
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

/// An answer as it arrives: the head as a server writes it, and what comes of the body.
fn arrived(parts: Parts, method: &Method) -> (ResponseHead, Arrived) {
    let Parts { status, mut fields, body, trailers, cut } = parts;
    let is_bodyless = matches!(status.as_u16(), 100..=199 | 204 | 304);
    if !(is_bodyless || fields.contains_key(CONTENT_LENGTH) || fields.contains_key(TRANSFER_ENCODING)) {
        fields.insert(CONTENT_LENGTH, body.len().into());
    }
    let arrived = match cut {
        _ if is_bodyless || *method == Method::HEAD => Arrived { told: Some(0), ..Arrived::default() },
        Some(count) => {
            let bytes = body.slice(..count.min(body.len()));
            Arrived { bytes, told: told(&fields), end: End::Cut, ..Arrived::default() }
        }
        None => Arrived { bytes: body, told: told(&fields), end: End::Whole, trailers },
    };
    (ResponseHead::new(status).with_headers(fields), arrived)
}

/// How long a head says that its body is.
fn told(fields: &HeaderMap) -> Option<u64> {
    fields.get(CONTENT_LENGTH).filter(|_| !fields.contains_key(TRANSFER_ENCODING))?.to_str().ok()?.parse().ok()
}

fn lost(kind: FailureKind, how: io::ErrorKind) -> Failure {
    Failure::new(kind, Sent::All, ConnectionAge::Fresh, Cause::Io(how.into()).into_error(Phase::Head))
}

fn closed() -> Failure {
    let error = Error::new(ErrorKind::Incomplete, Phase::Head, "the connection closed before any response");
    Failure::new(FailureKind::Closed, Sent::All, ConnectionAge::Fresh, error)
}

/// What an exchange gives: the head with its history, and the body.
pub(super) type Delivered = (ResponseInfo, Content);

/// An exchange under way.
pub(super) struct Exchange {
    shared: Arc<Shared>,
    started: Instant,
    body: Option<Body>,
    came: Option<Arrived>,
    elapsed: Duration,
    step: Step,
}

/// Where an exchange is after a step.
pub(super) enum Progress {
    Under(Box<Exchange>),
    Over(Result<Box<Delivered>, ExchangeError>),
}

impl Exchange {
    pub(super) fn begin(shared: Arc<Shared>, request: Request, body: Option<Body>) -> Progress {
        let started = shared.clock().now().instant();
        let now = shared.now();
        let begun = shared.with(|core| core.begin(request, now));
        match begun {
            Ok(step) => {
                Progress::Under(Box::new(Self { shared, started, body, came: None, elapsed: Duration::ZERO, step }))
            }
            Err(error) => Progress::Over(Err(error)),
        }
    }

    /// Carries out the next step.
    pub(super) fn advance(self: Box<Self>) -> Progress {
        let Self { shared, started, body, mut came, mut elapsed, step } = *self;
        let next = match step {
            Step::Send(mut hop) => {
                let begun = shared.clock().now().instant();
                let mut watch = Stopwatch::new(started, begun);
                let sent = shared.send(&hop, body.as_ref());
                let ended = shared.clock().now().instant();
                match &sent {
                    Ok(_) => {
                        watch.lap(Stage::Send, begun);
                        elapsed = watch.answered(ended);
                    }
                    Err(_) => watch.failed(ended),
                }
                hop.set_timings(watch.timings());
                let now = shared.now();
                match sent {
                    Ok((head, arrived)) => {
                        came = Some(arrived);
                        shared.with(|core| core.handle_response(hop, head, now))
                    }
                    Err(failure) => shared.with(|core| core.handle_failure(hop, failure, now)),
                }
            }
            Step::Wait(pause) => {
                let until = pause.until();
                shared.clock().advance(until.saturating_duration_since(shared.now().instant()));
                let now = shared.now();
                let late = until.saturating_duration_since(now.instant());
                shared.with(|core| core.handle_timeout(pause, now.advanced(late)))
            }
            Step::Done(delivery) => {
                let coded = CodedBody::of(&delivery, &shared.limits);
                let content = Content::new(came.unwrap_or_default(), coded, shared.clock().clone(), started);
                let info = ResponseInfo::new(delivery, None, elapsed, Arc::clone(&shared.limits));
                return Progress::Over(Ok(Box::new((info, content))));
            }
        };
        match next {
            Ok(step) => Progress::Under(Box::new(Self { shared, started, body, came, elapsed, step })),
            Err(error) => Progress::Over(Err(error)),
        }
    }
}

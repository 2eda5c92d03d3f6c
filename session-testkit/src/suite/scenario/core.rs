//! The driver "core": the session machine and the codec over the in-memory peer, in virtual time.
//!
//! It is a transport without sockets: the same loop, the same pool, the same order of reading and deciding.

use crate::memory::clock::Clock;
use crate::memory::peer::{ConnectionId, MemoryPeer, NotConnected, Received};
use crate::script::endpoint::Endpoint;
use crate::suite::jar;
use crate::suite::outcome::Outcome;
use crate::suite::scenario::apply::{self, NotApplied};
use crate::suite::scenario::check::check;
use crate::suite::scenario::model::{Exchange, Scenario};
use crate::suite::scenario::observe::{self, Delivered, FieldLines, Given, SeenRequest};
use crate::suite::scenario::script::Script;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use session_core::content::coding::Codings;
use session_core::error::{Error, ErrorKind, Phase};
use session_core::h1::{Connection, Event, PeerErrorKind, RecvBuffer, Reuse, TargetForm};
use session_core::idle::Idle;
use session_core::limits::Limits;
use session_core::message::body::{BodyPlan, BodySize, Framing, RequestBody};
use session_core::message::head::ResponseHead;
use session_core::message::proxy::Passage;
use session_core::request::{Dispatch, RequestContent, describe_bytes};
use session_core::retry::failure::{ConnectionAge, Failure, FailureKind, Sent};
use session_core::session::Session;
use session_core::session::request::Request;
use session_core::session::step::{Hop, Step};
use session_core::transport::content::{CodedBody, Decoded};
use std::time::Duration;

/// Steps that one exchange may take before the case fails. The longest chain of the defaults is 20 redirects.
const STEPS: usize = 500;

/// Runs a case.
#[must_use]
pub fn run(case: &Scenario) -> Outcome {
    run_with(case, Script::new()).0
}

/// What a run on the core shows of a case, for a driver that must know it beforehand.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Rehearsal {
    /// Every endpoint to which the session asks for a connection.
    pub met: Vec<Endpoint>,
    /// How long the session pauses in all.
    pub paused: Duration,
}

/// Runs a case for what it shows. What comes of it is told by the run that is for that.
#[must_use]
pub fn rehearse(case: &Scenario) -> Rehearsal {
    let script = Script::new();
    let (_, paused) = run_with(case, script.clone());
    Rehearsal { met: script.met(), paused }
}

/// The outcome, and how long the session paused.
fn run_with(case: &Scenario, script: Script) -> (Outcome, Duration) {
    let clock = Clock::starting_at(case.session.now.wall());
    let mut driver = Driver {
        peer: MemoryPeer::new(script.clone(), clock.clone()),
        script,
        idle: Idle::new(&Limits::default()),
        clock,
        paused: Duration::ZERO,
    };
    let outcome = driver.play(case);
    (outcome, driver.paused)
}

struct Driver {
    peer: MemoryPeer<Script>,
    script: Script,
    idle: Idle<Wire>,
    clock: Clock,
    paused: Duration,
}

/// One connection and its codec.
struct Wire {
    id: ConnectionId,
    codec: Connection,
    input: RecvBuffer,
    age: ConnectionAge,
}

/// A response whose body was not read yet.
struct Answered {
    wire: Wire,
    hop_key: session_core::idle::PoolKey,
    head: ResponseHead,
}

/// A request's body, held by the driver: what was taken of one that can be read only once is gone.
struct Body {
    bytes: Bytes,
    described: RequestBody,
    taken: bool,
}

impl Driver {
    fn play(&mut self, case: &Scenario) -> Outcome {
        // What a transport decodes, this one does.
        let builder = Session::builder().codings(Codings::compiled_in());
        let built = apply::session(builder, &case.session).and_then(|builder| Ok(builder.build()?));
        let mut session = match built {
            Ok(session) => Ok(session),
            Err(NotApplied::Unsupported(message)) => return Outcome::Failed(vec![message]),
            Err(NotApplied::Refused(error)) => Err(failure(&error)),
        };
        let mut differences = Vec::new();
        for (index, exchange) in case.exchanges.iter().enumerate() {
            let found = self.exchange(case, exchange, &mut session);
            differences.extend(found.into_iter().map(|line| format!("exchange {index}: {line}")));
        }
        Outcome::of(differences)
    }

    fn exchange(
        &mut self,
        case: &Scenario,
        exchange: &Exchange,
        session: &mut Result<Session, observe::Failure>,
    ) -> Vec<String> {
        if let Some(at) = exchange.at {
            match Duration::try_from_secs_f64(at) {
                Ok(at) => self.clock.advance_to(at),
                Err(error) => return vec![format!("at: {error}")],
            }
        }
        self.script.play(&exchange.hops);
        let faults_before = self.peer.log().faults.len();
        let given = match session {
            Err(refused) => Given::new(Err(refused.clone()), Vec::new(), Some(Vec::new())),
            Ok(session) => {
                let mut waits = Vec::new();
                let result = match self.ask(case, exchange, session, &mut waits) {
                    Ok(delivered) => Ok(delivered),
                    Err(NotApplied::Refused(error)) => Err(failure(&error)),
                    Err(NotApplied::Unsupported(message)) => return vec![message],
                };
                let jar = jar::lines(session.cookies(), self.clock.now().wall());
                Given::new(result, waits, Some(jar))
            }
        };
        let faults = self.peer.log().faults.get(faults_before..).unwrap_or_default().to_vec();
        check(&case.session, exchange, &self.script.take_seen(), &faults, &given)
    }

    fn ask(
        &mut self,
        case: &Scenario,
        exchange: &Exchange,
        session: &mut Session,
        waits: &mut Vec<f64>,
    ) -> Result<Delivered, NotApplied> {
        let builder = apply::request(Capture, &case.session, &exchange.request, |text| Body {
            bytes: text.into(),
            described: RequestBody::once(BodySize::Streaming),
            taken: false,
        })?;
        let (request, mut body) = builder.send()?;
        let mut step = session.begin(request, self.clock.now()).map_err(Error::from)?;
        let mut answered: Option<Answered> = None;
        for _ in 0..STEPS {
            step = match step {
                Step::Send(hop) => {
                    // Only a delivery's body is wanted.
                    if let Some(answered) = answered.take() {
                        self.drain(answered);
                    }
                    match self.wire(&hop, body.as_mut()) {
                        Ok(came) => {
                            let next = session.handle_response(hop, came.head.clone(), self.clock.now());
                            match &next {
                                Ok(_) => answered = Some(came),
                                // The scripted peer sends an answer at once, so all of it has come.
                                Err(_) => self.drain(came),
                            }
                            next
                        }
                        Err(failed) => session.handle_failure(hop, failed, self.clock.now()),
                    }
                }
                Step::Wait(pause) => {
                    if let Some(answered) = answered.take() {
                        self.drain(answered);
                    }
                    let paused = self.clock.advance_until(pause.until());
                    self.paused = self.paused.saturating_add(paused);
                    waits.push(paused.as_secs_f64());
                    session.handle_timeout(pause, self.clock.now())
                }
                Step::Done(delivery) => {
                    let Some(answered) = answered.take() else {
                        return Err(NotApplied::Unsupported("a response was delivered that never came".to_owned()));
                    };
                    let history = delivery.history().statuses();
                    let coded = CodedBody::of(&delivery, &Limits::default());
                    let (head, url, _) = delivery.into_parts();
                    let body = self.read_body(answered, u64::MAX)?;
                    let body = coded.map_or(Ok(body.clone()), |coded| decoded(*coded, body.into()))?;
                    return Ok(Delivered {
                        status: head.status.as_u16(),
                        url: url.into(),
                        headers: lines(&head.headers),
                        body,
                        history,
                    });
                }
            }
            .map_err(Error::from)?;
        }
        Err(NotApplied::Unsupported(format!("the exchange took more than {STEPS} steps")))
    }

    /// Sends one hop and reads the final response head.
    fn wire(&mut self, hop: &Hop, body: Option<&mut Body>) -> Result<Answered, Failure> {
        let mut wire = self.connection(hop)?;
        let mut out = BytesMut::new();
        let form = match hop.passage() {
            Some(Passage::Forward) => TargetForm::Absolute,
            _ => TargetForm::Origin,
        };
        let written = write_request(hop, form, &mut wire.codec, body, &mut out);
        if let Err(error) = written {
            self.peer.close(wire.id);
            return Err(Failure::before_sending(FailureKind::Cancelled, error));
        }
        self.peer.send(wire.id, &out);
        match self.read_head(&mut wire, hop) {
            Ok(head) => Ok(Answered { wire, hop_key: hop.pool_key(), head }),
            Err((kind, error)) => {
                self.peer.close(wire.id);
                Err(Failure::new(kind, Sent::All, wire.age, error))
            }
        }
    }

    fn connection(&mut self, hop: &Hop) -> Result<Wire, Failure> {
        if !hop.fresh_connection() && !self.script.next_needs_a_connection_that_fails() {
            let taken = self.idle.take(&hop.pool_key(), self.clock.now().instant());
            for expired in taken.expired {
                self.peer.close(expired.id);
            }
            if let Some((wire, _)) = taken.connection {
                return Ok(Wire { age: ConnectionAge::Reused, ..wire });
            }
        }
        let origin = hop.origin().to_string();
        let refused = |kind, error_kind, phase, what: &str| {
            Failure::before_sending(kind, Error::new(error_kind, phase, what).with_url(hop.target().url()))
        };
        let endpoint = match hop.route().proxy() {
            None => Endpoint::origin(&origin),
            Some(proxy) => Endpoint::proxy(&proxy.to_string()),
        };
        let Some(endpoint) = endpoint else {
            return Err(refused(FailureKind::Resolve, ErrorKind::Connect, Phase::Resolve, "the origin is no endpoint"));
        };
        match self.peer.connect(&endpoint) {
            Ok(id) => {
                if hop.passage() == Some(Passage::Socks)
                    && !Endpoint::origin(&origin).is_some_and(|origin| self.peer.tunnel(id, &origin))
                {
                    return Err(refused(FailureKind::Proxy, ErrorKind::Proxy, Phase::Tunnel, "the proxy refused"));
                }
                let connect = hop.connect_head().map_err(|error| Failure::before_sending(FailureKind::Proxy, error))?;
                if let Some(head) = connect {
                    self.tunnel(id, &head, hop)?;
                }
                let codec = Connection::new(&Limits::default());
                Ok(Wire { id, codec, input: RecvBuffer::new(), age: ConnectionAge::Fresh })
            }
            Err(why) => {
                let head = hop.head();
                let request =
                    SeenRequest::not_sent(head.method().as_str(), hop.target().absolute(), lines(head.headers()));
                // The handshake that fails is that within the tunnel.
                let connect = hop.connect_head().ok().flatten().filter(|_| why == NotConnected::Tls);
                self.script.not_sent(request, connect.map(|head| lines(head.headers())));
                Err(match why {
                    NotConnected::Refused => {
                        refused(FailureKind::Connect, ErrorKind::Connect, Phase::Connect, "the connection was refused")
                    }
                    NotConnected::Tls => {
                        refused(FailureKind::Tls, ErrorKind::Tls, Phase::Tls, "the certificate is not trusted")
                    }
                })
            }
        }
    }

    /// Asks a proxy for a tunnel on a new connection to it.
    fn tunnel(&mut self, id: ConnectionId, head: &http::Request<()>, hop: &Hop) -> Result<(), Failure> {
        let codec = Connection::new(&Limits::default());
        let mut wire = Wire { id, codec, input: RecvBuffer::new(), age: ConnectionAge::Fresh };
        let failed = |error: Error| Failure::before_sending(FailureKind::Proxy, error.with_url(hop.target().url()));
        let mut out = BytesMut::new();
        let written = wire.codec.send_head(head, TargetForm::Authority, Framing::None, &mut out);
        written.map_err(|error| failed(error.into_error(Phase::Tunnel)))?;
        self.peer.send(id, &out);
        let answer = self.read_head(&mut wire, hop).map_err(|(_, error)| failed(error))?;
        if answer.status.is_success() {
            return Ok(());
        }
        self.peer.close(id);
        let refusal = format!("the proxy answered {} to CONNECT", answer.status.as_u16());
        Err(failed(Error::new(ErrorKind::Proxy, Phase::Tunnel, refusal)))
    }

    fn read_head(&mut self, wire: &mut Wire, hop: &Hop) -> Result<ResponseHead, (FailureKind, Error)> {
        loop {
            match wire.codec.next_event(&mut wire.input) {
                Ok(Event::Final(head)) => return Ok(head),
                Ok(Event::NeedData) => {}
                Ok(_) => continue,
                Err(error) => {
                    let kind = match error.kind() {
                        PeerErrorKind::Incomplete if wire.codec.has_received() => FailureKind::Incomplete,
                        PeerErrorKind::Incomplete => FailureKind::Closed,
                        PeerErrorKind::Limit => FailureKind::Limit,
                        _ => FailureKind::Protocol,
                    };
                    return Err((kind, error.into_error(Phase::Head).with_url(hop.target().url())));
                }
            }
            match self.peer.receive(wire.id) {
                Received::Bytes(bytes) => wire.input.extend_from_slice(&bytes),
                Received::End => wire.codec.handle_eof(),
                Received::Reset => {
                    let kind = if wire.codec.has_received() { FailureKind::Incomplete } else { FailureKind::Reset };
                    let error = Error::new(ErrorKind::Incomplete, Phase::Head, "the connection was reset");
                    return Err((kind, error.with_url(hop.target().url())));
                }
                Received::Nothing => return Err(self.time_out(hop)),
            }
        }
    }

    /// Lets time pass until the first bound of the hop.
    fn time_out(&self, hop: &Hop) -> (FailureKind, Error) {
        let now = self.clock.now();
        let head = hop.timeouts().head.and_then(|head| now.deadline(head));
        let (kind, until) = match (hop.deadline(), head) {
            (Some(deadline), head) if head.is_none_or(|head| deadline <= head) => {
                (FailureKind::Deadline, Some(deadline))
            }
            (_, head) => (FailureKind::Timeout, head),
        };
        if let Some(until) = until {
            self.clock.advance_until(until);
        }
        let error = Error::new(ErrorKind::Timeout, Phase::Head, "no response came in time");
        (kind, error.with_url(hop.target().url()))
    }

    /// Reads and drops the body of a response that is not delivered, or closes its connection where that is long.
    fn drain(&mut self, answered: Answered) {
        // A body that is too long or broken costs the connection and nothing else.
        let _ = self.read_body(answered, Limits::default().drain);
    }

    /// Reads a body to its end, at most `limit` bytes of it, and keeps or closes the connection.
    fn read_body(&mut self, answered: Answered, limit: u64) -> Result<Vec<u8>, Error> {
        let Answered { mut wire, hop_key, .. } = answered;
        let mut body = Vec::new();
        loop {
            let fault = match wire.codec.next_event(&mut wire.input) {
                Ok(Event::Data(data)) => {
                    body.extend_from_slice(&data);
                    if u64::try_from(body.len()).is_ok_and(|length| length <= limit) {
                        continue;
                    }
                    Error::new(ErrorKind::Limit, Phase::Body, "the body is longer than is drained")
                }
                Ok(Event::End(_)) => {
                    self.put_back(wire, hop_key);
                    return Ok(body);
                }
                Ok(Event::NeedData) => match self.peer.receive(wire.id) {
                    Received::Bytes(bytes) => {
                        wire.input.extend_from_slice(&bytes);
                        continue;
                    }
                    Received::End => {
                        wire.codec.handle_eof();
                        continue;
                    }
                    Received::Reset => Error::new(ErrorKind::Incomplete, Phase::Body, "the connection was reset"),
                    Received::Nothing => Error::new(ErrorKind::Timeout, Phase::Body, "the body did not come in time"),
                },
                Ok(_) => Error::new(ErrorKind::Protocol, Phase::Body, "a head came within a body"),
                Err(error) => error.into_error(Phase::Body),
            };
            self.peer.close(wire.id);
            return Err(fault);
        }
    }

    fn put_back(&mut self, mut wire: Wire, key: session_core::idle::PoolKey) {
        let kept = wire.codec.reuse(&wire.input) == Reuse::Keep && wire.codec.start_next_cycle(&wire.input).is_ok();
        let close = if kept { self.idle.insert(key, wire, self.clock.now().instant()) } else { vec![wire] };
        for wire in close {
            self.peer.close(wire.id);
        }
    }
}

/// Writes head and body of a hop as the plan says.
fn write_request(
    hop: &Hop,
    form: TargetForm,
    codec: &mut Connection,
    body: Option<&mut Body>,
    out: &mut BytesMut,
) -> Result<(), Error> {
    let sending = |error: session_core::h1::LocalError| error.into_error(Phase::Send);
    codec.send_head(hop.head(), form, hop.framing(), out).map_err(sending)?;
    if let (BodyPlan::FromStart | BodyPlan::Continue, Some(body)) = (hop.body(), body) {
        if body.taken && !body.described.is_replayable() {
            return Err(Error::new(ErrorKind::Body, Phase::Send, "a body that can be read once was asked for again"));
        }
        body.taken = true;
        let frame = codec.send_data(body.bytes.len()).map_err(sending)?;
        out.extend_from_slice(frame.prefix());
        out.extend_from_slice(&body.bytes);
        out.extend_from_slice(frame.suffix());
    }
    codec.send_end(out).map_err(sending)
}

/// The content of a body that is coded.
fn decoded(mut coded: CodedBody, body: Bytes) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    let mut left = body;
    loop {
        match coded.pull(None)? {
            Decoded::Data(data) => content.extend_from_slice(&data),
            // Nothing at all says that the body is over.
            Decoded::NeedInput => coded.push(std::mem::take(&mut left)),
            Decoded::Direct(_) | Decoded::End => return Ok(content),
        }
    }
}

fn lines(headers: &HeaderMap) -> FieldLines {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}

fn failure(error: &Error) -> observe::Failure {
    observe::Failure::new(error.kind().name(), error.to_string())
}

/// Gives the request that a builder made, and its body.
struct Capture;

impl Dispatch for Capture {
    type Body = Body;
    type Outcome = Result<(Request, Option<Body>), Error>;

    fn dispatch(self, request: Result<(Box<Request>, Option<Body>), Error>) -> Self::Outcome {
        request.map(|(request, body)| (*request, body))
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        let described = describe_bytes(&bytes);
        Self { bytes, described, taken: false }
    }
}

impl RequestContent for Body {
    fn describe(&self) -> RequestBody {
        self.described
    }

    fn bytes(&self) -> Option<Bytes> {
        self.described.is_replayable().then(|| self.bytes.clone())
    }
}

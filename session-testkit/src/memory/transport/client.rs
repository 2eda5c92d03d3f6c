//! The session over an in-memory network: the loop that carries out what the core decides, and the idle connections.

use crate::memory::network::Network;
use crate::memory::transport::body::{Body, Incoming};
use crate::memory::transport::connect::Connector;
use crate::memory::transport::wire::Wire;
use bytes::Bytes;
use http::HeaderMap;
use session_core::error::Error;
use session_core::idle::{Idle, PoolKey};
use session_core::message::head::ResponseHead;
use session_core::request::describe_bytes;
use session_core::retry::failure::Failure;
use session_core::session::Session;
use session_core::session::request::Request;
use session_core::session::step::{Hop, Step};
use session_core::session::transport::ConnectSettings;
use session_core::time::Timeouts;
use session_core::transport::bounds::Bounds;
use session_core::transport::content::CodedBody;
use session_core::transport::support::{check_supported, tls_configs};
use std::time::Instant;

/// A session and what it is connected by.
pub struct Client {
    core: Session,
    idle: Idle<Wire>,
    connector: Connector,
}

/// A response whose body was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// What came after it.
    pub trailers: HeaderMap,
    /// The statuses of the redirects that were followed.
    pub history: Vec<u16>,
}

/// Steps that one exchange may take. The longest chain of the defaults is 20 redirects.
const STEPS: usize = 500;

impl Client {
    /// A session over a network.
    ///
    /// # Errors
    /// Its TLS settings cannot hold.
    pub fn new(core: Session, network: Network) -> Result<Self, Error> {
        let limits = core.limits().clone();
        let idle = Idle::new(&limits);
        let tls = tls_configs(&core, None)?;
        Ok(Self {
            core,
            idle,
            connector: Connector { network, settings: ConnectSettings::default(), tls, limits: limits.into() },
        })
    }

    /// One exchange, with all of its response. Bytes are its body.
    ///
    /// # Errors
    /// Those of the exchange and of its body.
    pub fn ask(&mut self, mut request: Request, body: Option<Bytes>) -> Result<Reply, Error> {
        if let Some(body) = &body {
            request.set_body(describe_bytes(body));
        }
        let mut body = body.map(Body::new);
        let mut answered = None;
        let mut step = self.core.begin(request, self.connector.network.clock().now())?;
        for _ in 0..STEPS {
            step = match step {
                Step::Send(hop) => {
                    let bounds = self.bounds(hop.timeouts(), hop.deadline());
                    match self.send(&hop, body.as_mut(), &bounds) {
                        Ok((mut wire, head)) => {
                            let next = self.core.handle_response(hop, head, self.connector.network.clock().now())?;
                            if matches!(next, Step::Done(_)) {
                                answered = Some(wire);
                            } else if wire.drain(self.connector.limits.drain, &bounds) {
                                self.give_back(wire);
                            }
                            next
                        }
                        Err(failure) => self.core.handle_failure(hop, failure, self.connector.network.clock().now())?,
                    }
                }
                Step::Wait(pause) => {
                    let clock = self.connector.network.clock();
                    clock.advance_until(pause.until());
                    self.core.handle_timeout(pause, clock.now())?
                }
                Step::Done(delivery) => {
                    let bounds = self.bounds(delivery.timeouts(), delivery.deadline());
                    let content = CodedBody::of(&delivery, &self.connector.limits);
                    let history = delivery.history().statuses();
                    let ResponseHead { status, headers, .. } = delivery.head().clone();
                    let mut incoming = Incoming::new(answered, content, bounds);
                    let body = incoming.gather(self.connector.limits.gathered_body)?;
                    let (wire, trailers) = incoming.end();
                    wire.into_iter().for_each(|wire| self.give_back(wire));
                    return Ok(Reply { status: status.as_u16(), headers, body, trailers, history });
                }
            };
        }
        panic!("the exchange took more than {STEPS} steps");
    }

    /// How many connections lie idle.
    #[must_use]
    pub fn idle_connections(&self) -> usize {
        self.idle.len()
    }

    /// One hop: on an idle connection, or on a new one.
    fn send(&mut self, hop: &Hop, body: Option<&mut Body>, bounds: &Bounds) -> Result<(Wire, ResponseHead), Failure> {
        check_supported(hop, &self.connector.settings)?;
        let key = self.connector.settings.pool_key(hop);
        let mut wire = match self.take_idle(hop, &key) {
            Some(wire) => wire,
            None => Wire::new(self.connector.connect(hop, bounds)?, key, &self.connector.limits),
        };
        let head = wire.round_trip(hop, body, bounds)?;
        Ok((wire, head))
    }

    /// An idle connection that the peer has not closed.
    fn take_idle(&mut self, hop: &Hop, key: &PoolKey) -> Option<Wire> {
        if hop.fresh_connection() {
            return None;
        }
        loop {
            let now = self.connector.network.clock().now().instant();
            let (mut wire, _) = self.idle.take(key, now).connection?;
            if wire.is_alive() {
                return Some(wire);
            }
        }
    }

    /// Takes a connection whose response is over, or closes it where it cannot be used again.
    fn give_back(&mut self, wire: Wire) {
        let Some(wire) = wire.into_idle() else { return };
        let now = self.connector.network.clock().now().instant();
        let key = wire.key().clone();
        let surplus = match wire.keep() {
            Some(keep) => self.idle.insert_for(key, wire, now, keep),
            None => self.idle.insert(key, wire, now),
        };
        drop(surplus);
    }

    fn bounds(&self, timeouts: Timeouts, deadline: Option<Instant>) -> Bounds {
        let now = self.connector.network.clock().now().instant();
        Bounds::new(timeouts, deadline, now, now)
    }
}

//! Opening the way through a proxy to an origin: CONNECT through the HTTP/1.1 codec, or SOCKS, as one machine.
//!
//! Nothing of the origin's request is in it, and no answer of the proxy is ever taken for the origin's (RFC 9110 9.3.6).

use crate::error::{Error, ErrorKind, Fault, Phase};
use crate::h1::connection::Connection;
use crate::h1::event::Event;
use crate::h1::recv_buffer::RecvBuffer;
use crate::h1::request::TargetForm;
use crate::limits::Limits;
use crate::message::body::Framing;
use crate::message::proxy::{Passage, Resolver};
use crate::proxy::socks::{Socks, Target};
use crate::retry::failure::Failure;
use crate::session::step::Hop;
use crate::transport::address::failure;
use crate::transport::cause::Cause;
use crate::transport::setup::Setup;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use std::fmt;
use std::net::SocketAddr;

/// The conversation with a proxy before the first request.
///
/// It [is done](Setup::is_done) once the proxy has answered, whatever it said. Where it refused, the rest of its answer
/// may be read while [`wants_rest`](Self::wants_rest); [`finish`](Self::finish) tells how it came out.
#[derive(Debug)]
pub struct Tunnel(Kind);

#[derive(Debug)]
enum Kind {
    Connect(Box<Connect>),
    Socks(Box<Socks>),
}

impl Tunnel {
    /// What a hop needs before its request, where it needs anything. `address` is the origin's, where it
    /// [must be known](Self::needs_address).
    ///
    /// # Errors
    /// The origin's host cannot be told to the proxy.
    pub fn of(hop: &Hop, address: Option<SocketAddr>, limits: &Limits) -> Result<Option<Self>, Error> {
        let Some(proxy) = hop.route().proxy() else { return Ok(None) };
        match proxy.passage(hop.origin().scheme()) {
            Passage::Forward => Ok(None),
            Passage::Tunnel => {
                let Some(head) = hop.connect_head()? else { return Ok(None) };
                Ok(Some(Self(Kind::Connect(Box::new(Connect::new(&head, limits)?)))))
            }
            Passage::Socks => {
                let (host, port) = (hop.origin().host(), hop.origin().port());
                let target = match (address, host.ip()) {
                    (Some(address), _) => Target::Address(address.ip(), address.port()),
                    (None, Some(ip)) => Target::Address(ip, port),
                    (None, None) => Target::Name(host.as_str(), port),
                };
                Ok(Some(Self(Kind::Socks(Box::new(Socks::new(proxy, target)?)))))
            }
        }
    }

    /// Whether the origin is to be resolved here, for the proxy to be given an address, one that the session's rule on
    /// addresses admits.
    #[must_use]
    pub fn needs_address(hop: &Hop) -> bool {
        hop.route().proxy().is_some_and(|proxy| proxy.scheme().resolver() == Resolver::Client)
    }

    /// Whether the proxy refused and more of its answer may come: read on, for a short time, and whatever comes of that,
    /// [`finish`](Self::finish).
    #[must_use]
    pub fn wants_rest(&self) -> bool {
        matches!(&self.0, Kind::Connect(connect) if connect.state == State::Refused)
    }

    /// The bytes that came after the proxy's answer: they are the beginning of what the origin says, and go to TLS alone.
    ///
    /// # Errors
    /// [`ErrorKind::Proxy`] where the proxy answered and opened nothing: with
    /// [`proxy_status`](Error::proxy_status) and [`proxy_body`](Error::proxy_body). [`ErrorKind::Incomplete`] where it has
    /// not answered at all.
    pub fn finish(self) -> Result<Bytes, Error> {
        match self.0 {
            Kind::Socks(socks) if socks.is_open() => Ok(Bytes::new()),
            Kind::Connect(mut connect) => match connect.refusal() {
                None if connect.state == State::Open => Ok(connect.input.take_rest()),
                None => Err(unanswered()),
                Some(error) => Err(error),
            },
            Kind::Socks(_) => Err(unanswered()),
        }
    }
}

impl Setup for Tunnel {
    fn out(&self) -> &[u8] {
        match &self.0 {
            Kind::Connect(connect) => connect.out.get(connect.written..).unwrap_or_default(),
            Kind::Socks(socks) => socks.out(),
        }
    }

    fn wrote(&mut self, n: usize) {
        match &mut self.0 {
            Kind::Connect(connect) => connect.written = connect.written.saturating_add(n).min(connect.out.len()),
            Kind::Socks(socks) => socks.wrote(n),
        }
    }

    fn spare(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Kind::Connect(connect) => connect.input.spare(READ),
            Kind::Socks(socks) => socks.spare(),
        }
    }

    fn received(&mut self, n: usize) -> Result<(), Error> {
        match &mut self.0 {
            Kind::Connect(connect) => connect.received(n),
            Kind::Socks(socks) => socks.received(n),
        }
    }

    fn is_done(&self) -> bool {
        match &self.0 {
            Kind::Connect(connect) => connect.state != State::Asked,
            Kind::Socks(socks) => socks.is_open(),
        }
    }
}

/// Hands the machine that comes next, which is TLS, what had come behind the proxy's answer ([`Tunnel::finish`]): as if it
/// had been read from the connection now.
///
/// # Errors
/// Those of the machine; [`ErrorKind::Protocol`] where it takes no byte before it has spoken.
pub fn feed(setup: &mut impl Setup, mut early: &[u8]) -> Result<(), Error> {
    while !early.is_empty() {
        let spare = setup.spare();
        let n = spare.len().min(early.len());
        let (Some(room), Some((now, later))) = (spare.get_mut(..n), early.split_at_checked(n)) else { break };
        if n == 0 {
            return Err(unasked(early));
        }
        room.copy_from_slice(now);
        early = later;
        setup.received(n)?;
    }
    Ok(())
}

/// Where nothing reads what had come behind the proxy's answer, there must be nothing.
///
/// # Errors
/// [`ErrorKind::Protocol`]: there is.
pub fn nothing_early(early: &[u8]) -> Result<(), Failure> {
    if early.is_empty() { Ok(()) } else { Err(failure(Cause::Setup(unasked(early)), Phase::Tunnel)) }
}

fn unasked(early: &[u8]) -> Error {
    let error = Error::new(ErrorKind::Protocol, Phase::Tunnel, "bytes came before they were asked for");
    error.with_fault(Fault::Proxy).with_expected("an open tunnel that is silent").with_came(early)
}

/// How much is read at once.
const READ: usize = 4 * 1024;

/// One CONNECT and its answer.
struct Connect {
    codec: Connection,
    out: BytesMut,
    written: usize,
    input: RecvBuffer,
    state: State,
    status: StatusCode,
    /// The beginning of a refusal's body, at most `most` bytes.
    body: BytesMut,
    most: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No final head came.
    Asked,
    /// The tunnel stands.
    Open,
    /// It does not, and more of the answer is to come.
    Refused,
    /// It does not, and nothing more is read.
    Told,
}

impl Connect {
    fn new(head: &http::Request<()>, limits: &Limits) -> Result<Self, Error> {
        let mut codec = Connection::new(limits);
        let mut out = BytesMut::new();
        codec
            .send_head(head, TargetForm::Authority, Framing::None, &mut out)
            .and_then(|()| codec.send_end(&mut out))
            .map_err(|error| error.into_error(Phase::Tunnel))?;
        Ok(Self {
            codec,
            out,
            written: 0,
            input: RecvBuffer::new(),
            state: State::Asked,
            status: StatusCode::OK,
            body: BytesMut::new(),
            most: limits.proxy_answer,
        })
    }

    fn received(&mut self, n: usize) -> Result<(), Error> {
        match n {
            0 => self.codec.handle_eof(),
            n => self.input.filled(n),
        }
        loop {
            match (self.state, self.codec.next_event(&mut self.input)) {
                (_, Ok(Event::NeedData)) => return Ok(()),
                (_, Ok(Event::Interim(_))) => {}
                (_, Ok(Event::Final(head))) if head.status.is_success() => {
                    // Length and coding say nothing here: what follows is the tunnel (RFC 9110 9.3.6).
                    self.state = State::Open;
                    return Ok(());
                }
                (_, Ok(Event::Final(head))) => {
                    self.status = head.status;
                    self.state = State::Refused;
                }
                (_, Ok(Event::Data(data))) => {
                    let room = self.most.saturating_sub(self.body.len());
                    self.body.extend_from_slice(data.get(..room).unwrap_or(&data));
                    if data.len() >= room {
                        self.state = State::Told;
                        return Ok(());
                    }
                }
                (_, Ok(Event::End(_))) => {
                    self.state = State::Told;
                    return Ok(());
                }
                (State::Asked, Err(error)) => return Err(error.into_error(Phase::Tunnel).with_fault(Fault::Proxy)),
                // The refusal counts; how its body ended does not.
                (_, Err(_)) => {
                    self.state = State::Told;
                    return Ok(());
                }
            }
        }
    }

    fn refusal(&mut self) -> Option<Error> {
        if !matches!(self.state, State::Refused | State::Told) {
            return None;
        }
        let error = match self.status {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                let error = Error::new(ErrorKind::Proxy, Phase::Tunnel, "the proxy wants a credential, or another one");
                error.with_expected("a credential in the proxy's URL that it takes")
            }
            _ => Error::new(ErrorKind::Proxy, Phase::Tunnel, "the proxy opened no tunnel").with_expected("a 2xx"),
        };
        let body = std::mem::take(&mut self.body).freeze();
        Some(error.with_came(self.status.as_str().as_bytes()).with_proxy_answer(self.status, body))
    }
}

impl fmt::Debug for Connect {
    /// Without bytes: what is to be written may hold the credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect").field("state", &self.state).field("status", &self.status).finish_non_exhaustive()
    }
}

fn unanswered() -> Error {
    let error = Error::new(ErrorKind::Incomplete, Phase::Tunnel, "the proxy has not answered");
    error.with_expected("an open tunnel").with_fault(Fault::Proxy)
}

#[cfg(test)]
mod tests;

//! Opening the way through a proxy to an origin, as one machine, whatever kind of proxy it is. The proxy brings along what opens it
//! ([`proxy`](crate::proxy)).
//!
//! Nothing of the origin's request is in it, and no answer of the proxy is ever taken for the origin's (RFC 9110 9.3.6).

use crate::error::{Error, ErrorKind, Fault, Phase};
use crate::limits::Limits;
use crate::message::proxy::Resolver;
use crate::message::proxy::opening::{Asked, Opening};
use crate::retry::failure::Failure;
use crate::session::step::Hop;
use crate::transport::address::failure;
use crate::transport::cause::Cause;
use crate::transport::setup::Setup;
use bytes::Bytes;
use http::header::USER_AGENT;
use std::net::SocketAddr;

/// The conversation with a proxy before the first request.
///
/// It [is done](Setup::is_done) once the proxy has answered, whatever it said. Where it refused, the rest of its answer
/// may be read while [`wants_rest`](Self::wants_rest); [`finish`](Self::finish) tells how it came out.
#[derive(Debug)]
pub struct Tunnel(Box<dyn Opening>);

impl Tunnel {
    /// What a hop needs before its request, where it needs anything. `address` is the origin's, where it
    /// [must be known](Self::needs_address).
    ///
    /// # Errors
    /// The origin's host cannot be told to the proxy.
    pub fn of(hop: &Hop, address: Option<SocketAddr>, limits: &Limits) -> Result<Option<Self>, Error> {
        let Some(proxy) = hop.route().proxy() else { return Ok(None) };
        let user_agent = hop.head().headers().get(USER_AGENT);
        let (origin, authorization) = (hop.origin(), hop.tunnel_authorization());
        let opening = proxy.opens_by()(proxy, &Asked { origin, address, user_agent, authorization, limits })?;
        Ok(opening.map(Self))
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
        self.0.wants_rest()
    }

    /// The bytes that came after the proxy's answer: they are the beginning of what the origin says, and go to TLS alone.
    ///
    /// # Errors
    /// [`ErrorKind::Proxy`] where the proxy answered and opened nothing: with
    /// [`proxy_status`](Error::proxy_status) and [`proxy_body`](Error::proxy_body). [`ErrorKind::Incomplete`] where it has
    /// not answered at all.
    pub fn finish(mut self) -> Result<Bytes, Error> {
        self.0.finish()
    }
}

impl Setup for Tunnel {
    fn out(&self) -> &[u8] {
        self.0.out()
    }

    fn wrote(&mut self, n: usize) {
        self.0.wrote(n);
    }

    fn spare(&mut self) -> &mut [u8] {
        self.0.spare()
    }

    fn received(&mut self, n: usize) -> Result<(), Error> {
        self.0.received(n)
    }

    fn is_done(&self) -> bool {
        self.0.is_done()
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

#[cfg(test)]
mod tests;

//! Who decides what a scripted peer answers.

use crate::script::answer::Answer;
use crate::script::endpoint::Endpoint;
use crate::script::log::Place;
use crate::script::request::{Head, Request};

/// Decides what a peer does. One responder serves all connections of a peer, one request after the other.
///
/// A closure from request and place to answer is a responder.
pub trait Responder: Send {
    /// What happens to a connection that is about to be made. Default: it is accepted. Only the in-memory peer asks:
    /// a socket server cannot refuse what it has accepted (see `Server::refuse`).
    fn admit(&mut self, endpoint: &Endpoint) -> Admission {
        let _ = endpoint;
        Admission::Accept
    }

    /// What happens to a TLS handshake of an origin, which was reached directly or through a tunnel, or of a proxy, before any
    /// tunnel. Default: it is made with a certificate that is trusted. The in-memory peer has no TLS and asks [`admit`](Self::admit) alone.
    fn admit_tls(&mut self, place: &Place) -> Admission {
        let _ = place;
        Admission::Accept
    }

    /// What happens to the tunnel that a SOCKS proxy was asked for; the place is within it. Default: it is opened. A
    /// CONNECT is a request like any other.
    fn admit_tunnel(&mut self, place: &Place) -> Admission {
        let _ = place;
        Admission::Accept
    }

    /// What is done when the head of a request with a body has come and the body has not. Default: wait for the body.
    fn respond_early(&mut self, head: &Head, place: &Place) -> Early {
        let _ = (head, place);
        Early::Wait
    }

    /// What is done with a request that came in whole.
    fn respond(&mut self, request: &Request, place: &Place) -> Answer;

    /// Whether another connection to `endpoint`, and through a tunnel in it to an origin, is closed before the answer that
    /// was given last is sent. Default: all stay. The in-memory peer does not ask.
    fn ends_others(&mut self, endpoint: &Endpoint, tunnel: Option<&Endpoint>) -> bool {
        let _ = (endpoint, tunnel);
        false
    }
}

/// What happens to a connection that is about to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Admission {
    /// It is made.
    Accept,
    /// It is refused: nobody listens.
    Refuse,
    /// It is made, and the TLS handshake fails: the peer's certificate is not trusted.
    FailTls,
}

/// What is done before a request's body has come.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Early {
    /// The body is waited for.
    Wait,
    /// This is sent, and then the body is waited for: an interim response.
    Interim(Answer),
    /// This is the answer; the body is read where it still comes and answered by nothing more.
    Final(Answer),
}

impl<F: FnMut(&Request, &Place) -> Answer + Send> Responder for F {
    fn respond(&mut self, request: &Request, place: &Place) -> Answer {
        self(request, place)
    }
}

/// A responder of two closures: one for the head of a request with a body, one for whole requests.
pub fn with_early(
    early: impl FnMut(&Head, &Place) -> Early + Send,
    whole: impl FnMut(&Request, &Place) -> Answer + Send,
) -> impl Responder {
    WithEarly { early, whole }
}

struct WithEarly<E, W> {
    early: E,
    whole: W,
}

impl<E, W> Responder for WithEarly<E, W>
where
    E: FnMut(&Head, &Place) -> Early + Send,
    W: FnMut(&Request, &Place) -> Answer + Send,
{
    fn respond_early(&mut self, head: &Head, place: &Place) -> Early {
        (self.early)(head, place)
    }

    fn respond(&mut self, request: &Request, place: &Place) -> Answer {
        (self.whole)(request, place)
    }
}

//! What a scripted peer saw: every request with where and how it came, and whatever was no request.

use crate::script::endpoint::{Endpoint, Role};
use crate::script::request::Request;

/// Where a request came in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The endpoint that the client connected to.
    pub endpoint: Endpoint,
    /// The number of the connection, counted over all endpoints from 0.
    pub connection: u64,
    /// Whether the request is the first on its connection; within a tunnel, the first in it.
    pub fresh: bool,
    /// The tunnel in which the request came; `None` where it came to the endpoint itself.
    pub tunnel: Option<Tunnel>,
}

/// A way through a proxy to an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tunnel {
    /// Where it leads: `https://host[:port]`, or `http://` where clear text is spoken in it.
    pub origin: Endpoint,
    /// The CONNECT request that opened it; `None` for a SOCKS proxy.
    pub connect: Option<Request>,
    /// User and password that a SOCKS proxy was given; of SOCKS4 the user alone.
    pub login: Option<(String, String)>,
}

impl Tunnel {
    /// A tunnel to `host:port`, in which TLS is expected. `None` where that is no host and port.
    #[must_use]
    pub fn to(authority: &str) -> Option<Self> {
        Endpoint::origin(&format!("https://{authority}")).map(Self::of)
    }

    pub(super) fn of(origin: Endpoint) -> Self {
        Self { origin, connect: None, login: None }
    }

    /// The same tunnel with clear text in it.
    #[must_use]
    pub fn in_clear(mut self) -> Self {
        let authority = format!("http://{}:{}", self.origin.host(), self.origin.port());
        if let Some(origin) = Endpoint::origin(&authority) {
            self.origin = origin;
        }
        self
    }
}

impl Place {
    /// The absolute URL, without fragment, of a request with this target that came in here, as a server has to see it
    /// (RFC 9112 3.3). The Host field plays no part.
    #[must_use]
    pub fn url_of(&self, target: &str) -> String {
        match &self.tunnel {
            Some(tunnel) => format!("{}{target}", tunnel.origin),
            None if self.endpoint.role() == Role::Proxy => target.to_owned(),
            None => format!("{}{target}", self.endpoint),
        }
    }
}

/// A request and where it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded {
    /// Where.
    pub place: Place,
    /// What, with its raw bytes.
    pub request: Request,
}

/// Everything that a peer saw, over all its connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Log {
    /// The requests that came in whole, in the order in which they were answered.
    pub requests: Vec<Recorded>,
    /// What the client did wrong: bytes that are no request, a request that broke off.
    pub faults: Vec<String>,
    /// TLS handshakes that the client did not complete, and why.
    pub handshakes: Vec<String>,
    /// How many connections were made.
    pub connections: u64,
    /// How many of them are over, by whichever side.
    pub ended: u64,
}

//! What a scripted peer saw: every request with where and how it came, and whatever was no request.

use crate::script::endpoint::Endpoint;
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
    /// The CONNECT request that opened the tunnel in which the request came.
    pub tunnel: Option<Request>,
}

impl Place {
    /// The absolute URL, without fragment, of a request with this target that came in here, as a server has to see it
    /// (RFC 9112 3.3). The Host field plays no part.
    #[must_use]
    pub fn url_of(&self, target: &str) -> String {
        match &self.tunnel {
            Some(connect) => {
                let authority = &connect.head.target;
                let origin = Endpoint::origin(&format!("https://{authority}"));
                format!("{}{target}", origin.map_or_else(|| format!("https://{authority}"), |it| it.to_string()))
            }
            None if self.endpoint.role() == crate::script::endpoint::Role::Proxy => target.to_owned(),
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
    /// How many connections were made.
    pub connections: u64,
    /// How many of them are over, by whichever side.
    pub ended: u64,
}

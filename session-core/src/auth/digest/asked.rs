//! The request that an answer is made for.

use crate::auth::digest::hash::{BodyHash, HashAlgorithm};
use crate::message::body::RequestBody;
use crate::message::target::Target;
use http::Method;
use std::fmt;

/// Gives the hash of the request's body by the named function; `None` where it cannot.
pub type HashBody<'a> = &'a dyn Fn(HashAlgorithm) -> Option<BodyHash>;

/// What of a request goes into an answer, and where the request goes.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub(super) method: &'a Method,
    /// The request target as it is on the wire.
    pub(super) uri: &'a str,
    /// `None` at a proxy, whose protection space is all of it.
    pub(super) target: Option<&'a Target>,
    body: RequestBody,
    hashing: Option<Hashing<'a>>,
}

/// Where the hash of a body comes from.
#[derive(Clone, Copy)]
enum Hashing<'a> {
    Of(&'a [u8]),
    By(HashBody<'a>),
}

impl<'a> Asked<'a> {
    /// A request without body to an origin. The `uri` of its answer is path and query, through a plain proxy too: that is
    /// what the origin gets to see.
    #[must_use]
    pub fn of_origin(method: &'a Method, target: &'a Target) -> Self {
        Self { method, uri: target.path_and_query(), target: Some(target), body: RequestBody::EMPTY, hashing: None }
    }

    /// A request without body to a proxy: `request_target` is the authority of a CONNECT, or the absolute URL.
    #[must_use]
    pub fn of_proxy(method: &'a Method, request_target: &'a str) -> Self {
        Self { method, uri: request_target, target: None, body: RequestBody::EMPTY, hashing: None }
    }

    /// The same to the server as a whole, whose request target is `*` (RFC 9112 3.2.4).
    #[must_use]
    pub fn server_wide(mut self) -> Self {
        self.uri = "*";
        self
    }

    /// The same with a body: as it is sent on this hop, so `RequestBody::EMPTY` where a redirect dropped it.
    #[must_use]
    pub fn with_body(mut self, body: RequestBody) -> Self {
        self.body = body;
        self
    }

    /// The same with a way to get the hash of its body, for servers that ask for `qop=auth-int` alone. It is called at
    /// most once for an answer, and only when it is needed. Without it, such a challenge is answered for an empty body
    /// alone.
    #[must_use]
    pub fn with_hash(mut self, hash_body: HashBody<'a>) -> Self {
        self.hashing = Some(Hashing::By(hash_body));
        self
    }

    /// The same with the bytes of its body, to be hashed where it must be.
    pub(crate) fn with_bytes(mut self, body: &'a [u8]) -> Self {
        self.hashing = Some(Hashing::Of(body));
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.method
    }

    /// The request target, as it stands in the request line for an origin, or as the proxy is asked.
    #[must_use]
    pub fn request_target(&self) -> &str {
        self.uri
    }

    /// Whether the body can be sent a second time.
    #[must_use]
    pub fn is_replayable(&self) -> bool {
        self.body.is_replayable()
    }

    /// Whether a hash of the body is likely to be had.
    #[must_use]
    pub fn has_body_hash(&self) -> bool {
        self.body.is_empty() || self.hashing.is_some()
    }

    /// The hash of the body.
    pub(super) fn body_hash(&self, algorithm: HashAlgorithm) -> Option<BodyHash> {
        if self.body.is_empty() {
            return Some(BodyHash::of(algorithm, b""));
        }
        match self.hashing? {
            Hashing::Of(bytes) => Some(BodyHash::of(algorithm, bytes)),
            Hashing::By(hash) => hash(algorithm).filter(|hash| hash.algorithm() == algorithm),
        }
    }
}

impl fmt::Debug for Asked<'_> {
    /// Method and body alone: a query may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked").field("method", &self.method).field("body", &self.body).finish_non_exhaustive()
    }
}

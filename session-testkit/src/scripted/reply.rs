//! What a request of a script is answered by, as data.

use bytes::Bytes;
use http::header::TRANSFER_ENCODING;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use session_core::message::trailers::may_trail;
use std::fmt;
use std::time::Duration;

/// A response, or what comes instead of one.
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) kind: Kind,
    pub(super) after: Duration,
    /// What was wrong with how it was written; told when it is asked for.
    pub(crate) flaw: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Response(Box<Parts>),
    Failure(Failure),
}

#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) status: StatusCode,
    pub(super) fields: HeaderMap,
    pub(super) body: Bytes,
    /// What follows the body, which is then sent in chunks.
    pub(super) trailers: HeaderMap,
    /// How many bytes of the body come before the connection closes.
    pub(super) cut: Option<usize>,
}

/// What comes instead of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The host has no address.
    Unresolved,
    /// Nobody listens.
    Refused,
    /// The connection was made, the request sent, and the connection closes without a byte.
    Closed,
    /// The same, and the connection is reset.
    Reset,
    /// Nothing comes, until a timeout of the session passes. Where it has none, until the script gives up, after an hour of virtual time.
    Silence,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unresolved => "a host without an address",
            Self::Refused => "a refused connection",
            Self::Closed => "a closed connection",
            Self::Reset => "a reset connection",
            Self::Silence => "silence",
        })
    }
}

impl Reply {
    /// A response of this status without fields or body. A status that is none is told when the reply is asked for.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let found = StatusCode::from_u16(status);
        let flaw = found.is_err().then(|| format!("{status} is no status"));
        let kind = Kind::Response(Box::new(Parts {
            status: found.unwrap_or_default(),
            fields: HeaderMap::new(),
            body: Bytes::new(),
            trailers: HeaderMap::new(),
            cut: None,
        }));
        Self { kind, after: Duration::ZERO, flaw }
    }

    /// Status 200 with this body.
    #[must_use]
    pub fn ok(body: impl Into<Bytes>) -> Self {
        Self::status(200).body(body)
    }

    /// No response, but this.
    #[must_use]
    pub fn failure(failure: Failure) -> Self {
        Self { kind: Kind::Failure(failure), after: Duration::ZERO, flaw: None }
    }

    /// The same with one more line of a field.
    #[must_use]
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let name = name.try_into().map_err(Into::into);
        match name.and_then(|name| Ok((name, value.try_into().map_err(Into::into)?))) {
            Ok((name, value)) => self.change("a field", |parts| {
                parts.fields.append(name, value);
            }),
            Err(error) => self.flaw(format!("a field that cannot be sent: {error}")),
        }
        self
    }

    /// The same with one more line of a field behind the body, which then comes in chunks (RFC 9110 6.5). A field that does not
    /// count there is a flaw of the script: a client would ignore it.
    #[must_use]
    pub fn trailer<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let name = name.try_into().map_err(Into::into);
        match name.and_then(|name| Ok((name, value.try_into().map_err(Into::into)?))) {
            Ok((name, _)) if !may_trail(&name) => self.flaw(format!("{name} does not count behind a body")),
            Ok((name, value)) => self.change("a trailer", |parts| {
                parts.fields.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
                parts.trailers.append(name, value);
            }),
            Err(error) => self.flaw(format!("a trailer that cannot be sent: {error}")),
        }
        self
    }

    /// The same with a cookie that it sets, as its line says: `sid=1; Path=/; HttpOnly`.
    #[must_use]
    pub fn cookie(self, line: &str) -> Self {
        self.header(http::header::SET_COOKIE, line)
    }

    /// The same with this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        let new = body.into();
        self.change("a body", |parts| parts.body = new);
        self
    }

    /// The same with this as its body, and the Content-Type that says so.
    #[cfg(feature = "json")]
    #[must_use]
    pub fn json(mut self, value: &(impl serde::Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(text) => self.header(http::header::CONTENT_TYPE, "application/json").body(text),
            Err(error) => {
                self.flaw(format!("a body that cannot be written as JSON: {error}"));
                self
            }
        }
    }

    /// The same, of whose body only the first `count` bytes come before the connection closes.
    #[must_use]
    pub fn cut_after(mut self, count: usize) -> Self {
        self.change("a body that is cut", |parts| parts.cut = Some(count));
        self
    }

    /// The same, this much later: in virtual time for the sessions of a script, in real time over sockets.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.after = delay;
        self
    }

    pub(super) fn flaw(&mut self, flaw: String) {
        self.flaw.get_or_insert(flaw);
    }

    fn change(&mut self, what: &str, change: impl FnOnce(&mut Parts)) {
        match &mut self.kind {
            Kind::Response(parts) => change(parts),
            Kind::Failure(failure) => {
                let flaw = format!("{what} was given to {failure}");
                self.flaw(flaw);
            }
        }
    }
}

/// Status 200 with this body.
impl From<&'static str> for Reply {
    fn from(body: &'static str) -> Self {
        Self::ok(body)
    }
}

/// Status 200 with this body.
impl From<String> for Reply {
    fn from(body: String) -> Self {
        Self::ok(body)
    }
}

/// A response of this status.
impl From<u16> for Reply {
    fn from(status: u16) -> Self {
        Self::status(status)
    }
}

impl From<Failure> for Reply {
    fn from(failure: Failure) -> Self {
        Self::failure(failure)
    }
}

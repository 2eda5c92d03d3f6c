//! What a transport reports about an attempt that got no complete response head.
//!
//! It holds facts only: what happened, how much of the request had left, on what connection. Whether to try again is
//! decided in [`policy`](crate::retry::policy).

use crate::error::Error;
use std::fmt;

/// An attempt that ended without a complete response head, and the error that is delivered where there is no retry.
#[derive(Debug)]
pub struct Failure {
    kind: FailureKind,
    sent: Sent,
    connection: ConnectionAge,
    error: Error,
}

impl Failure {
    /// A failure on a connection that was made. `error` is what the caller gets where the attempt is not repeated.
    #[must_use]
    pub fn new(kind: FailureKind, sent: Sent, connection: ConnectionAge, error: Error) -> Self {
        Self { kind, sent, connection, error }
    }

    /// A failure before there was a connection to write on: resolving, connecting, TLS, the tunnel.
    #[must_use]
    pub fn before_sending(kind: FailureKind, error: Error) -> Self {
        Self::new(kind, Sent::Nothing, ConnectionAge::Fresh, error)
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// How much of the request had left.
    #[must_use]
    pub fn sent(&self) -> Sent {
        self.sent
    }

    /// Whether the connection had carried a request before.
    #[must_use]
    pub fn connection(&self) -> ConnectionAge {
        self.connection
    }

    /// The error that is delivered where there is no retry.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// The error itself.
    #[must_use]
    pub fn into_error(self) -> Error {
        self.error
    }

    /// Whether the server can have seen anything of the request, and so can have acted on it.
    #[must_use]
    pub fn may_have_been_seen(&self) -> bool {
        self.sent != Sent::Nothing
    }
}

/// What ended an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureKind {
    /// The host name did not resolve.
    Resolve,
    /// No address accepted a connection.
    Connect,
    /// The TLS handshake or the check of the certificate failed.
    Tls,
    /// The proxy answered and gave no tunnel. A proxy that could not be reached is [`FailureKind::Connect`].
    Proxy,
    /// The peer closed the connection before any byte of a response.
    Closed,
    /// The connection was reset before any byte of a response, also as a broken pipe while writing.
    Reset,
    /// The connection ended, by close or reset, after part of a response head.
    Incomplete,
    /// A bound of one phase passed (connecting, the response head, a pause between bytes).
    Timeout,
    /// The deadline of the whole exchange passed. No time is left to try again.
    Deadline,
    /// What came is not HTTP as the rules have it.
    Protocol,
    /// A bound of [`Limits`](crate::limits::Limits) was passed.
    Limit,
    /// The caller's body failed, ended early or went on too long.
    Body,
    /// The request cannot be sent: its head must not go on the wire, or it asks for what the transport does not do.
    Request,
    /// The caller gave the attempt up.
    Cancelled,
    /// Any other fault of the network or the system.
    Io,
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "the host did not resolve",
            Self::Connect => "no connection could be made",
            Self::Tls => "TLS failed",
            Self::Proxy => "the proxy gave no tunnel",
            Self::Closed => "the connection closed before any response",
            Self::Reset => "the connection was reset before any response",
            Self::Incomplete => "the connection ended within the response head",
            Self::Timeout => "a time limit passed",
            Self::Deadline => "the deadline of the exchange passed",
            Self::Protocol => "the response is not valid HTTP",
            Self::Limit => "the response is larger than allowed",
            Self::Body => "the request body failed",
            Self::Request => "the request cannot be sent",
            Self::Cancelled => "the request was given up",
            Self::Io => "the connection failed",
        })
    }
}

/// How much of a request had left when its attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "nothing, part and all leave no fourth case")]
pub enum Sent {
    /// No byte of it was accepted for writing, and no byte was taken out of the caller's body. So it may go out again
    /// whatever its method, and also a body that can be read only once is still whole.
    Nothing,
    /// Some bytes of it.
    Part,
    /// All of it.
    All,
}

/// Whether a connection had carried a request before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a connection is new or it is not")]
pub enum ConnectionAge {
    /// It was made for this attempt.
    Fresh,
    /// It had carried a request before and had lain idle.
    Reused,
}

#[cfg(test)]
mod tests {
    use super::{ConnectionAge, Failure, FailureKind, Sent};
    use crate::error::{Error, ErrorKind, Phase};

    #[test]
    fn what_was_not_written_was_not_seen() {
        let failure = |sent| {
            let error = Error::new(ErrorKind::Incomplete, Phase::Head, "the connection closed");
            Failure::new(FailureKind::Closed, sent, ConnectionAge::Reused, error)
        };
        assert!(!failure(Sent::Nothing).may_have_been_seen());
        assert!(failure(Sent::Part).may_have_been_seen());
        assert!(failure(Sent::All).may_have_been_seen());
    }

    #[test]
    fn a_failure_before_sending_sent_nothing_and_keeps_its_error() {
        let error = Error::new(ErrorKind::Connect, Phase::Connect, "no address answered");
        let failure = Failure::before_sending(FailureKind::Connect, error);
        assert!(!failure.may_have_been_seen());
        assert_eq!(failure.connection(), ConnectionAge::Fresh);
        assert_eq!(failure.into_error().kind(), ErrorKind::Connect);
    }
}

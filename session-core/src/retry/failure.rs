//! What a transport reports about an attempt that got no complete response head.
//!
//! It holds facts only: what happened, how much of the request had left, on what connection. Whether to try again is
//! decided in [`policy`](crate::retry::policy).

use crate::error::bound::Bound;
use crate::error::{Error, ErrorKind, Phase};
use std::error::Error as StdError;
use std::fmt;

/// An attempt that ended without a complete response head, and the error that is delivered where there is no retry.
///
/// ```
/// use session_core::error::{Error, ErrorKind, Phase};
/// use session_core::retry::failure::{ConnectionAge, Failure, FailureKind, Sent};
///
/// // A connection that was used again turned out closed before anything was sent: the session sends it on a fresh one.
/// let error = Error::new(ErrorKind::Incomplete, Phase::Send, "the connection closed");
/// let failure = Failure::new(FailureKind::Closed, Sent::Nothing, ConnectionAge::Reused, error);
/// assert!(!failure.may_have_been_seen());
/// ```
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

    /// A failure as a client reports it that the session was put around: what happened, and the client's own error.
    ///
    /// Such a client seldom tells how much of the request had left, and on what connection; where it does, say so by [`Failure::with_sent`]
    /// and [`Failure::with_connection`]. Where there was no connection yet, or the request was refused
    /// by the client itself, that is nothing; elsewhere all of it is taken to have left, so only a request that is idempotent is
    /// made again. The connection counts as fresh: a client that keeps connections sees to its stale ones.
    ///
    /// ```
    /// use session_core::retry::failure::{Failure, FailureKind};
    ///
    /// let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
    /// assert!(!Failure::reported(FailureKind::Connect, refused).may_have_been_seen());
    /// ```
    #[must_use]
    pub fn reported(kind: FailureKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let (error, phase, sent) = match kind {
            FailureKind::Resolve => (ErrorKind::Connect, Phase::Resolve, Sent::Nothing),
            FailureKind::Connect => (ErrorKind::Connect, Phase::Connect, Sent::Nothing),
            FailureKind::Tls => (ErrorKind::Tls, Phase::Tls, Sent::Nothing),
            FailureKind::Proxy => (ErrorKind::Proxy, Phase::Tunnel, Sent::Nothing),
            FailureKind::Request => (ErrorKind::Unsupported, Phase::Build, Sent::Nothing),
            FailureKind::Body => (ErrorKind::Body, Phase::Send, Sent::All),
            FailureKind::Closed | FailureKind::Reset | FailureKind::Incomplete => {
                (ErrorKind::Incomplete, Phase::Head, Sent::All)
            }
            FailureKind::Timeout | FailureKind::Deadline => (ErrorKind::Timeout, Phase::Head, Sent::All),
            FailureKind::Protocol => (ErrorKind::Protocol, Phase::Head, Sent::All),
            FailureKind::Limit => (ErrorKind::Limit, Phase::Head, Sent::All),
            FailureKind::Cancelled | FailureKind::Io => (ErrorKind::Io, Phase::Head, Sent::All),
        };
        let error = Error::new(error, phase, kind.to_string()).with_source(source);
        let error = if kind == FailureKind::Deadline { error.with_bound(Bound::Total) } else { error };
        Self::new(kind, sent, ConnectionAge::Fresh, error)
    }

    /// The same failure where this much of the request had left.
    #[must_use]
    pub fn with_sent(mut self, sent: Sent) -> Self {
        self.sent = sent;
        self
    }

    /// The same failure on a connection of this age.
    #[must_use]
    pub fn with_connection(mut self, connection: ConnectionAge) -> Self {
        self.connection = connection;
        self
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
    use crate::error::bound::Bound;
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
    fn a_reported_failure_left_nothing_before_there_was_a_connection_and_else_all_of_it() {
        let reported = |kind| Failure::reported(kind, "as the client says");
        for kind in [FailureKind::Resolve, FailureKind::Connect, FailureKind::Tls, FailureKind::Request] {
            assert_eq!(reported(kind).sent(), Sent::Nothing, "{kind:?}");
        }
        for kind in [FailureKind::Closed, FailureKind::Timeout, FailureKind::Protocol, FailureKind::Io] {
            assert_eq!(reported(kind).sent(), Sent::All, "{kind:?}");
        }
        let error = reported(FailureKind::Deadline).into_error();
        assert_eq!((error.kind(), error.bound()), (ErrorKind::Timeout, Some(Bound::Total)));
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "as the client says");
        let stale = reported(FailureKind::Closed).with_sent(Sent::Nothing).with_connection(ConnectionAge::Reused);
        assert_eq!((stale.sent(), stale.connection()), (Sent::Nothing, ConnectionAge::Reused));
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

//! What ended the work on a connection: as a fact for the session, which decides whether to try again, and as the error
//! that is told where it does not.

use crate::error::bound::Bound;
use crate::error::{Error, ErrorKind, Phase};
use crate::h1::error::{LocalError, LocalErrorKind, PeerError, PeerErrorKind};
use crate::retry::failure::FailureKind;
use crate::tls::error::{TlsError, TlsErrorKind};
use crate::transport::bounds::Deadline;
use std::io;

/// What ended the work on a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The socket failed.
    Io(io::Error),
    /// A deadline passed.
    Late(Deadline),
    /// The peer broke the protocol or broke off.
    Peer(PeerError),
    /// TLS failed, or ended without its word for that.
    Tls(TlsError),
    /// The connection could not be made ready for its first request.
    Setup(Error),
    /// The request cannot go on the wire, or its body is not as long as was said.
    Local(LocalError),
    /// The source of the request's body failed.
    Source(io::Error),
}

impl Cause {
    /// The same as a fact for the session. `received`: some of the response came before.
    #[must_use]
    pub fn kind(&self, received: bool) -> FailureKind {
        match self {
            Self::Io(error) if is_lost(error) && received => FailureKind::Incomplete,
            Self::Io(error) if is_lost(error) => FailureKind::Reset,
            Self::Io(_) => FailureKind::Io,
            Self::Late(deadline) if deadline.bound() == Bound::Total => FailureKind::Deadline,
            Self::Late(_) => FailureKind::Timeout,
            Self::Peer(error) => match error.kind() {
                PeerErrorKind::Incomplete if received => FailureKind::Incomplete,
                PeerErrorKind::Incomplete => FailureKind::Closed,
                PeerErrorKind::Limit => FailureKind::Limit,
                PeerErrorKind::MalformedHead
                | PeerErrorKind::MalformedFraming
                | PeerErrorKind::MalformedChunk
                | PeerErrorKind::UnexpectedBytes
                | PeerErrorKind::UnexpectedSwitch => FailureKind::Protocol,
            },
            Self::Tls(error) => match error.kind() {
                TlsErrorKind::Truncated if received => FailureKind::Incomplete,
                TlsErrorKind::Truncated => FailureKind::Closed,
                _ => FailureKind::Tls,
            },
            Self::Setup(error) => match error.kind() {
                ErrorKind::Proxy => FailureKind::Proxy,
                ErrorKind::Incomplete => FailureKind::Incomplete,
                ErrorKind::Limit => FailureKind::Limit,
                ErrorKind::Protocol => FailureKind::Protocol,
                ErrorKind::InvalidUrl | ErrorKind::Unsupported => FailureKind::Request,
                _ => FailureKind::Tls,
            },
            Self::Local(error) => match error.kind() {
                LocalErrorKind::BodyLength => FailureKind::Body,
                LocalErrorKind::State | LocalErrorKind::Target | LocalErrorKind::Field => FailureKind::Request,
            },
            Self::Source(_) => FailureKind::Body,
        }
    }

    /// Whether the peer, or something in its name, broke the connection.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Io(error) if is_lost(error))
    }

    /// The same as the error of a stream that is no exchange any more.
    #[must_use]
    pub fn into_io(self) -> io::Error {
        match self {
            Self::Io(error) | Self::Source(error) => error,
            Self::Late(deadline) => io::Error::new(io::ErrorKind::TimedOut, deadline.bound().message()),
            Self::Tls(error) => io::Error::new(io::ErrorKind::InvalidData, error),
            Self::Setup(error) => io::Error::other(error),
            Self::Peer(error) => io::Error::new(io::ErrorKind::InvalidData, error),
            Self::Local(error) => io::Error::new(io::ErrorKind::InvalidInput, error),
        }
    }

    /// Whether TLS ended without its word for that.
    #[must_use]
    pub fn is_truncation(&self) -> bool {
        matches!(self, Self::Tls(error) if error.kind() == TlsErrorKind::Truncated)
    }

    /// The same as the error of an exchange, which was in `phase`.
    #[must_use]
    pub fn into_error(self, phase: Phase) -> Error {
        match self {
            Self::Io(error) if is_lost(&error) => {
                Error::new(ErrorKind::Incomplete, phase, "the peer reset the connection").with_source(error)
            }
            Self::Io(error) => Error::new(ErrorKind::Io, phase, "the connection failed").with_source(error),
            Self::Late(deadline) => {
                let error =
                    Error::new(ErrorKind::Timeout, phase, deadline.bound().message()).with_bound(deadline.bound());
                match deadline.allowed() {
                    Some(allowed) => error.with_expected(format!("at most {allowed:?}")),
                    None => error,
                }
            }
            Self::Peer(error) => error.into_error(phase),
            Self::Tls(error) => error.into_error(phase),
            Self::Setup(error) => error,
            Self::Local(error) => error.into_error(phase),
            Self::Source(error) => {
                Error::new(ErrorKind::Body, phase, "the source of the request body failed").with_source(error)
            }
        }
    }
}

impl From<PeerError> for Cause {
    fn from(error: PeerError) -> Self {
        Self::Peer(error)
    }
}

impl From<TlsError> for Cause {
    fn from(error: TlsError) -> Self {
        Self::Tls(error)
    }
}

impl From<LocalError> for Cause {
    fn from(error: LocalError) -> Self {
        Self::Local(error)
    }
}

/// Whether the peer, or something in its name, broke the connection.
fn is_lost(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
            | io::ErrorKind::WriteZero
    )
}

#[cfg(test)]
mod tests {
    use super::Cause;
    use crate::error::bound::Bound;
    use crate::error::{ErrorKind, Fault, Phase};
    use crate::h1::connection::Connection;
    use crate::h1::event::Event;
    use crate::h1::recv_buffer::RecvBuffer;
    use crate::h1::request::TargetForm;
    use crate::limits::Limits;
    use crate::message::body::Framing;
    use crate::retry::failure::FailureKind;
    use crate::time::Timeouts;
    use crate::transport::bounds::Bounds;
    use bytes::BytesMut;
    use std::io;
    use std::time::{Duration, Instant};

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
        Instant::now()
    }

    #[test]
    fn a_broken_connection_is_a_reset_before_a_response_and_incomplete_within_one() {
        for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe, io::ErrorKind::WriteZero] {
            let cause = || Cause::Io(kind.into());
            assert_eq!(cause().kind(false), FailureKind::Reset, "{kind}");
            assert_eq!(cause().kind(true), FailureKind::Incomplete, "{kind}");
            let error = cause().into_error(Phase::Head);
            assert_eq!((error.kind(), error.fault()), (ErrorKind::Incomplete, Fault::Peer), "{kind}");
        }
        let cause = || Cause::Io(io::ErrorKind::PermissionDenied.into());
        assert_eq!(cause().kind(true), FailureKind::Io);
        assert_eq!(cause().into_error(Phase::Send).kind(), ErrorKind::Io);
    }

    #[test]
    fn a_deadline_tells_its_bound_and_the_total_one_leaves_no_time() {
        let start = start();
        let timeouts = Timeouts { total: Some(Duration::from_secs(1)), ..Timeouts::default() };
        let total = Bounds::new(timeouts, Some(start), start, start).head(start).unwrap();
        let head = Bounds::new(timeouts, None, start, start).head(start).unwrap();
        assert_eq!(Cause::Late(total).kind(true), FailureKind::Deadline);
        assert_eq!(Cause::Late(head).kind(true), FailureKind::Timeout);
        let error = Cause::Late(head).into_error(Phase::Head);
        assert_eq!((error.kind(), error.expected()), (ErrorKind::Timeout, Some("at most 60s")));
        assert!(Cause::Late(total).into_error(Phase::Head).to_string().contains("the exchange took longer"));
    }

    #[test]
    fn the_error_of_a_deadline_tells_each_bound_by_its_type() {
        let start = start();
        let bounds = Bounds::new(Timeouts::default(), None, start, start);
        let total = Bounds::new(Timeouts::default(), Some(start), start, start);
        let second = Some(Duration::from_secs(1));
        let own = Bounds::new(Timeouts { resolve: second, tls: second, ..Timeouts::default() }, None, start, start);
        for (deadline, bound) in [
            (bounds.connect(start), Bound::Connect),
            (own.resolve(bounds.connect(start), start), Bound::Resolve),
            (own.tls(bounds.connect(start), start), Bound::Tls),
            (bounds.head(start), Bound::Head),
            (bounds.expect(start), Bound::Expect),
            (bounds.idle(start), Bound::Idle),
            (bounds.drain(start), Bound::Drain),
            (total.connect(start), Bound::Total),
            (total.idle(start), Bound::Total),
        ] {
            for phase in [Phase::Resolve, Phase::Connect, Phase::Tunnel, Phase::Tls, Phase::Send] {
                let error = Cause::Late(deadline.unwrap()).into_error(phase);
                assert_eq!((error.bound(), error.phase()), (Some(bound), phase));
            }
        }
        assert_eq!(Cause::Io(io::Error::other("gone")).into_error(Phase::Send).bound(), None);
    }

    #[test]
    fn a_head_that_the_codec_refuses_is_the_request_and_a_wrong_length_is_its_body() {
        let mut codec = Connection::new(&Limits::default());
        let mut out = BytesMut::new();
        let head = http::Request::post("http://a.test/").header("content-length", "3").body(()).unwrap();
        let refused = codec.send_head(&head, TargetForm::Origin, Framing::Length(3), &mut out).unwrap_err();
        assert_eq!(Cause::from(refused.clone()).kind(false), FailureKind::Request);
        assert_eq!(Cause::from(refused).into_error(Phase::Send).kind(), ErrorKind::InvalidHeader);
        let head = http::Request::post("http://a.test/").body(()).unwrap();
        codec.send_head(&head, TargetForm::Origin, Framing::Length(3), &mut out).unwrap();
        let too_long = codec.send_data(4).unwrap_err();
        assert_eq!(Cause::from(too_long.clone()).kind(false), FailureKind::Body);
        assert_eq!(Cause::from(too_long).into_error(Phase::Send).fault(), Fault::Caller);
        let failed = || Cause::Source(io::Error::other("gone"));
        assert_eq!(failed().kind(true), FailureKind::Body);
        assert_eq!(failed().into_error(Phase::Send).kind(), ErrorKind::Body);
    }

    #[test]
    fn what_the_peer_sends_wrong_is_told_apart() {
        let broken = |bytes: &[u8], ends: bool| {
            let mut codec = Connection::new(&Limits::default());
            let mut input = RecvBuffer::new();
            let head = http::Request::get("http://a.test/").body(()).unwrap();
            codec.send_head(&head, TargetForm::Origin, Framing::None, &mut BytesMut::new()).unwrap();
            codec.send_end(&mut BytesMut::new()).unwrap();
            if !bytes.is_empty() {
                input.spare(bytes.len()).get_mut(..bytes.len()).unwrap().copy_from_slice(bytes);
                input.filled(bytes.len());
            }
            if ends {
                codec.handle_eof();
            }
            let error = loop {
                match codec.next_event(&mut input) {
                    Ok(Event::Interim(_)) => {}
                    Ok(other) => panic!("expected an error, got {other:?}"),
                    Err(error) => break Cause::from(error),
                }
            };
            error.kind(codec.has_received())
        };
        assert_eq!(broken(b"", true), FailureKind::Closed);
        assert_eq!(broken(b"HTTP/1.1 200 OK\r\n", true), FailureKind::Incomplete);
        assert_eq!(broken(b"SSH-2.0\r\n\r\n", false), FailureKind::Protocol);
        assert_eq!(broken(&b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(17), false), FailureKind::Limit);
    }
}

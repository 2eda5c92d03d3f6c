//! Errors of the codec, by whose fault: the peer's bytes, or the caller's use.
//!
//! How they become the error of a whole exchange is said here too; which phase that was, the caller knows.

use crate::error::{Error, ErrorKind, Fault, Phase, excerpt};
use std::error::Error as StdError;
use std::fmt;

/// What is wrong with the peer's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PeerErrorKind {
    /// A status line or field line is not as RFC 9112 sections 2 to 5 have it.
    MalformedHead,
    /// Content-Length or Transfer-Encoding do not tell one length (RFC 9112 6.3).
    MalformedFraming,
    /// A chunk's line, its end or the trailer section is not as RFC 9112 7.1 has it.
    MalformedChunk,
    /// A bound of [`Limits`](crate::limits::Limits) was passed.
    Limit,
    /// The peer closed before the message was complete (RFC 9112 8).
    Incomplete,
    /// Bytes came while no response was awaited (RFC 9112 9.2).
    UnexpectedBytes,
    /// A 101 that was not asked for, or to a protocol that was not offered (RFC 9110 15.2.2).
    UnexpectedSwitch,
}

impl PeerErrorKind {
    /// The kind's name as the suites write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::MalformedHead => "malformed_head",
            Self::MalformedFraming => "malformed_framing",
            Self::MalformedChunk => "malformed_chunk",
            Self::Limit => "limit",
            Self::Incomplete => "incomplete",
            Self::UnexpectedBytes => "unexpected_bytes",
            Self::UnexpectedSwitch => "unexpected_switch",
        }
    }
}

impl fmt::Display for PeerErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The peer broke the protocol or broke off. The connection is of no further use.
///
/// What is shown of the peer's bytes is cut and escaped, and never a field's value other than that of Content-Length,
/// Transfer-Encoding or Upgrade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerError {
    kind: PeerErrorKind,
    message: &'static str,
    expected: Option<String>,
    came: Option<Box<[u8]>>,
}

impl PeerError {
    // Its makers stand in the way of what goes well, so none of them is put there.
    #[cold]
    #[inline(never)]
    pub(super) fn new(kind: PeerErrorKind, message: &'static str) -> Self {
        Self { kind, message, expected: None, came: None }
    }

    pub(super) fn with_expected(self, expected: impl Into<String>) -> Self {
        self.and_expected(expected.into())
    }

    #[cold]
    #[inline(never)]
    fn and_expected(mut self, expected: String) -> Self {
        self.expected = Some(expected);
        self
    }

    #[cold]
    #[inline(never)]
    pub(super) fn with_came(mut self, came: &[u8]) -> Self {
        self.came = Some(came.get(..KEPT).unwrap_or(came).into());
        self
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> PeerErrorKind {
        self.kind
    }

    /// What is wrong, as one sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        self.message
    }

    /// What was expected, where the error can tell.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        self.expected.as_deref()
    }

    /// What came instead, cut and escaped.
    #[must_use]
    pub fn came(&self) -> Option<String> {
        self.came.as_deref().map(excerpt)
    }

    /// The same as the error of an exchange, which was in `phase`.
    #[must_use]
    pub fn into_error(self, phase: Phase) -> Error {
        let kind = match self.kind {
            PeerErrorKind::Incomplete => ErrorKind::Incomplete,
            PeerErrorKind::Limit => ErrorKind::Limit,
            PeerErrorKind::MalformedHead
            | PeerErrorKind::MalformedFraming
            | PeerErrorKind::MalformedChunk
            | PeerErrorKind::UnexpectedBytes
            | PeerErrorKind::UnexpectedSwitch => ErrorKind::Protocol,
        };
        let mut error = Error::new(kind, phase, self.message);
        if let Some(expected) = &self.expected {
            error = error.with_expected(expected.as_str());
        }
        if let Some(came) = &self.came {
            error = error.with_came(came);
        }
        error.with_source(self)
    }
}

/// One byte more than an excerpt shows, so that it can tell that something was cut.
const KEPT: usize = 65;

impl fmt::Display for PeerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)?;
        if let Some(expected) = &self.expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(came) = self.came() {
            write!(f, ", got \"{came}\"")?;
        }
        Ok(())
    }
}

impl StdError for PeerError {}

/// What is wrong with what the caller did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LocalErrorKind {
    /// The verb does not fit the state of the connection: a mistake in the program that drives it.
    State,
    /// The request target cannot stand on the request line in the form asked for.
    Target,
    /// The method or a field must not go on the wire.
    Field,
    /// The body is shorter or longer than its Content-Length.
    BodyLength,
}

/// The caller asked for what must not be done. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalError {
    kind: LocalErrorKind,
    message: &'static str,
    detail: Option<String>,
}

impl LocalError {
    pub(super) fn new(kind: LocalErrorKind, message: &'static str) -> Self {
        Self { kind, message, detail: None }
    }

    pub(super) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> LocalErrorKind {
        self.kind
    }

    /// The same as the error of an exchange, which was in `phase`.
    #[must_use]
    pub fn into_error(self, phase: Phase) -> Error {
        let kind = match self.kind {
            LocalErrorKind::State => ErrorKind::Unsupported,
            LocalErrorKind::Target => ErrorKind::InvalidUrl,
            LocalErrorKind::Field => ErrorKind::InvalidHeader,
            LocalErrorKind::BodyLength => ErrorKind::Body,
        };
        Error::new(kind, phase, self.to_string()).with_fault(Fault::Caller)
    }
}

impl fmt::Display for LocalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)?;
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        Ok(())
    }
}

impl StdError for LocalError {}

#[cfg(test)]
mod tests {
    use super::{LocalError, LocalErrorKind, PeerError, PeerErrorKind};
    use crate::error::{ErrorKind, Fault, Phase};

    #[test]
    fn a_peers_error_keeps_what_was_expected_and_what_came() {
        let error = PeerError::new(PeerErrorKind::MalformedChunk, "a chunk size is no number")
            .with_expected("hex digits")
            .with_came(b"+5\x1b");
        assert_eq!(error.to_string(), "a chunk size is no number; expected hex digits, got \"+5\\x1b\"");
        let error = error.into_error(Phase::Body);
        assert_eq!((error.kind(), error.fault()), (ErrorKind::Protocol, Fault::Peer));
        assert_eq!(error.expected(), Some("hex digits"));
        assert_eq!(error.came(), Some("+5\\x1b"));
    }

    #[test]
    fn what_came_is_cut() {
        let error = PeerError::new(PeerErrorKind::MalformedHead, "x").with_came(&[b'y'; 1000]);
        assert_eq!(error.came().map(|came| came.len()), Some(64 + 3));
    }

    #[test]
    fn a_local_error_is_the_callers_fault() {
        for (kind, expected) in [
            (LocalErrorKind::State, ErrorKind::Unsupported),
            (LocalErrorKind::Target, ErrorKind::InvalidUrl),
            (LocalErrorKind::Field, ErrorKind::InvalidHeader),
            (LocalErrorKind::BodyLength, ErrorKind::Body),
        ] {
            let error = LocalError::new(kind, "no").with_detail("x").into_error(Phase::Send);
            assert_eq!((error.kind(), error.fault()), (expected, Fault::Caller));
        }
    }
}

//! What went wrong: the core's error, with the exchange's history and, for a status, the response; and how the causes
//! on a connection become such errors. Whether to try again is decided in the core.

use crate::client::Response;
use crate::connect::{Bound, Deadline};
use http::StatusCode;
use session_core::error::{Error as CoreError, ErrorKind, Fault, Phase};
use session_core::h1::{LocalError, PeerError, PeerErrorKind};
use session_core::retry::failure::FailureKind;
use session_core::session::history::History;
use session_core::session::step::ExchangeError;
use std::fmt;
use std::io;
use url::Url;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request, or the reading of its response, failed.
///
/// It tells the [`kind`](Self::kind), the [`phase`](Self::phase) and the [`url`](Self::url), and holds no secrets.
pub struct Error(Box<Inner>);

struct Inner {
    error: CoreError,
    history: History,
    status: Option<StatusCode>,
    response: Option<Response>,
}

impl Error {
    /// The error of a response whose status says failure, and the response with it.
    pub(crate) fn of_status(response: Response) -> Self {
        let mut error = Self::of_status_ref(&response);
        error.0.response = Some(response);
        error
    }

    /// The error of a response whose status says failure.
    pub(crate) fn of_status_ref(response: &Response) -> Self {
        let (status, history) = (response.status(), response.history().clone());
        let fault = if status.is_client_error() { Fault::Caller } else { Fault::Peer };
        let error = CoreError::new(ErrorKind::Status, Phase::Decide, format!("the response's status is {status}"))
            .with_fault(fault)
            .with_url(response.url());
        Self(Box::new(Inner { error, history, status: Some(status), response: None }))
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.error.kind()
    }

    /// What was going on.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.0.error.phase()
    }

    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.0.error.fault()
    }

    /// The URL that was asked, without user information and fragment.
    #[must_use]
    pub fn url(&self) -> Option<&Url> {
        self.0.error.url()
    }

    /// Every hop of the exchange, and why. Empty where nothing was sent, and for errors of a body.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.0.history
    }

    /// The response, for an error made of it by [`Response::error_for_status`]; its body can still be read: see [`Error::into_response`].
    #[must_use]
    pub fn response(&self) -> Option<&Response> {
        self.0.response.as_ref()
    }

    /// The response itself, for an error made of it by [`Response::error_for_status`].
    #[must_use]
    pub fn into_response(self) -> Option<Response> {
        self.0.response
    }

    /// The status, for an error made of one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The core's own error, which tells also what was expected and what came.
    #[must_use]
    pub fn as_core(&self) -> &CoreError {
        &self.0.error
    }

    /// A deadline passed; the phase says which.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.error.is_timeout()
    }

    /// No connection could be made.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.0.error.is_connect()
    }

    /// A redirect could not or must not be followed.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        self.0.error.is_redirect()
    }

    /// A body, the request's or the response's, broke off or failed.
    #[must_use]
    pub fn is_body(&self) -> bool {
        self.0.error.is_body()
    }

    /// The content did not decode.
    #[must_use]
    pub fn is_decode(&self) -> bool {
        self.0.error.is_decode()
    }

    /// The status says failure.
    #[must_use]
    pub fn is_status(&self) -> bool {
        self.0.error.is_status()
    }

    /// The request or the session was refused before anything was sent.
    #[must_use]
    pub fn is_builder(&self) -> bool {
        self.0.error.is_builder()
    }

    /// The session was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.kind() == ErrorKind::Closed
    }
}

impl From<CoreError> for Error {
    fn from(error: CoreError) -> Self {
        Self(Box::new(Inner { error, history: History::default(), status: None, response: None }))
    }
}

impl From<ExchangeError> for Error {
    fn from(error: ExchangeError) -> Self {
        let (error, history) = error.into_parts();
        Self(Box::new(Inner { error, history, status: None, response: None }))
    }
}

impl From<Error> for io::Error {
    /// For readers that speak `std::io`; the error itself is kept as the inner one.
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Timeout => io::ErrorKind::TimedOut,
            ErrorKind::Incomplete => io::ErrorKind::UnexpectedEof,
            ErrorKind::Protocol | ErrorKind::Limit => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.error, f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("error", &self.0.error).field("hops", &self.0.history.hops().len());
        if let Some(response) = &self.0.response {
            out.field("response", response);
        }
        out.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0.error)
    }
}

/// What ended the work on a connection.
#[derive(Debug)]
pub(crate) enum Cause {
    /// The socket failed.
    Io(io::Error),
    /// A deadline passed.
    Late(Deadline),
    /// The peer broke the protocol or broke off.
    Peer(PeerError),
    /// The request cannot go on the wire, or its body is not as long as was said.
    Local(LocalError),
    /// The source of the request's body failed.
    Source(io::Error),
}

impl Cause {
    /// The same as a fact for the core. `received`: some of the response came before.
    pub(crate) fn kind(&self, received: bool) -> FailureKind {
        match self {
            Self::Io(error) if is_lost(error) && received => FailureKind::Incomplete,
            Self::Io(error) if is_lost(error) => FailureKind::Reset,
            Self::Io(_) => FailureKind::Io,
            Self::Late(deadline) if deadline.bound == Bound::Total => FailureKind::Deadline,
            Self::Late(_) => FailureKind::Timeout,
            Self::Peer(error) => match error.kind() {
                PeerErrorKind::Incomplete if received => FailureKind::Incomplete,
                PeerErrorKind::Incomplete => FailureKind::Closed,
                PeerErrorKind::Limit => FailureKind::Limit,
                _ => FailureKind::Protocol,
            },
            Self::Local(_) | Self::Source(_) => FailureKind::Body,
        }
    }

    /// The same as the error of an exchange, which was in `phase`.
    pub(crate) fn into_error(self, phase: Phase) -> CoreError {
        match self {
            Self::Io(error) if is_lost(&error) => {
                CoreError::new(ErrorKind::Incomplete, phase, "the peer reset the connection").with_source(error)
            }
            Self::Io(error) => CoreError::new(ErrorKind::Io, phase, "the connection failed").with_source(error),
            Self::Late(deadline) => {
                let error = CoreError::new(ErrorKind::Timeout, phase, deadline.bound.message());
                match deadline.allowed {
                    Some(allowed) => error.with_expected(format!("at most {allowed:?}")),
                    None => error,
                }
            }
            Self::Peer(error) => error.into_error(phase),
            Self::Local(error) => error.into_error(phase),
            Self::Source(error) => {
                CoreError::new(ErrorKind::Body, phase, "the source of the request body failed").with_source(error)
            }
        }
    }
}

impl From<PeerError> for Cause {
    fn from(error: PeerError) -> Self {
        Self::Peer(error)
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

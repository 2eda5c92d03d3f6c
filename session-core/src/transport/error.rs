//! The error that a user of a transport gets: the core's, with the exchange's history and, for a status, the response.

use crate::error::bound::Bound;
use crate::error::{Error as CoreError, ErrorKind, Fault, Phase};
use crate::session::history::History;
use crate::session::step::ExchangeError;
use http::StatusCode;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use url::Url;

/// Why a request, or the reading of its response, failed. `R` is the transport's response.
///
/// It tells the [`kind`](Self::kind), the [`phase`](Self::phase) and the [`url`](Self::url), and holds no secrets.
///
/// ```
/// # let script = session_testkit::Script::new().any("/a").reply(404).body("no such page");
/// # let session = script.session();
/// let error = session.get("http://a.test/a").send()?.error_for_status().unwrap_err();
/// assert!(error.is_status() && !error.is_timeout());
/// assert_eq!(error.url().map(|url| url.path()), Some("/a"));
/// let response = error.into_response().expect("that of a status keeps it");
/// assert_eq!(response.text()?, "no such page");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Error<R>(Box<Inner<R>>);

struct Inner<R> {
    error: CoreError,
    history: History,
    status: Option<StatusCode>,
    response: Option<Box<dyn Kept<R>>>,
}

/// A response that an error keeps. What drops it comes with it, so a program that only drops errors has no code for that.
trait Kept<R>: Send + Sync {
    fn look(&self) -> &R;
    fn take(self: Box<Self>) -> R;
}

impl<R: Send + Sync> Kept<R> for R {
    fn look(&self) -> &R {
        self
    }

    fn take(self: Box<Self>) -> R {
        *self
    }
}

impl<R> Error<R> {
    /// The error of a response whose status says failure.
    pub(super) fn of_status(status: StatusCode, url: &Url, history: History) -> Self {
        let fault = if status.is_client_error() { Fault::Caller } else { Fault::Peer };
        let error = CoreError::new(ErrorKind::Status, Phase::Decide, format!("the response's status is {status}"))
            .with_fault(fault)
            .with_url(url);
        Self(Box::new(Inner { error, history, status: Some(status), response: None }))
    }

    /// The error where a response was to be a switch to another protocol and is none.
    pub(super) fn no_switch(status: StatusCode, url: &Url, history: History) -> Self {
        let switched = status == StatusCode::SWITCHING_PROTOCOLS;
        let message = if switched {
            "the connection cannot be handed over: its request was not sent whole, or its body was read"
        } else {
            "the server did not switch to another protocol"
        };
        let error = CoreError::new(ErrorKind::Status, Phase::Decide, message)
            .with_expected("101, once")
            .with_came(status.as_str().as_bytes())
            .with_url(url);
        Self(Box::new(Inner { error, history, status: Some(status), response: None }))
    }

    /// The same error with the response that it was made of.
    #[must_use]
    pub fn with_response(mut self, response: R) -> Self
    where
        R: Send + Sync + 'static,
    {
        self.0.response = Some(Box::new(response));
        self
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

    /// The response, for an error made of it by `error_for_status`; its body can still be read: see
    /// [`Error::into_response`].
    #[must_use]
    pub fn response(&self) -> Option<&R> {
        self.0.response.as_deref().map(Kept::look)
    }

    /// The response itself, for an error made of it by `error_for_status`.
    #[must_use]
    pub fn into_response(self) -> Option<R> {
        self.0.response.map(Kept::take)
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

    /// Which bound of time passed, for an [`ErrorKind::Timeout`]. With the [`phase`](Self::phase) it tells what took too long:
    /// [`Bound::Connect`] holds for the name, the connection, the proxy's tunnel and TLS together.
    #[must_use]
    pub fn bound(&self) -> Option<Bound> {
        self.0.error.bound()
    }

    /// A deadline passed; [`Error::bound`] says which.
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

impl<R> From<CoreError> for Error<R> {
    fn from(error: CoreError) -> Self {
        Self(Box::new(Inner { error, history: History::default(), status: None, response: None }))
    }
}

impl<R> From<ExchangeError> for Error<R> {
    fn from(error: ExchangeError) -> Self {
        let (error, history) = error.into_parts();
        Self(Box::new(Inner { error, history, status: None, response: None }))
    }
}

impl<R: fmt::Debug + Send + Sync + 'static> From<Error<R>> for io::Error {
    /// For readers that speak `std::io`; the error itself is kept as the inner one.
    fn from(error: Error<R>) -> Self {
        let kind = match error.kind() {
            ErrorKind::Timeout => io::ErrorKind::TimedOut,
            ErrorKind::Incomplete => io::ErrorKind::UnexpectedEof,
            ErrorKind::Protocol | ErrorKind::Limit | ErrorKind::Decode => io::ErrorKind::InvalidData,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

impl<R> fmt::Display for Error<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.error, f)
    }
}

impl<R: fmt::Debug> fmt::Debug for Error<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("error", &self.0.error).field("hops", &self.0.history.hops().len());
        if let Some(response) = self.response() {
            out.field("response", response);
        }
        out.finish()
    }
}

impl<R: fmt::Debug> StdError for Error<R> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        StdError::source(&self.0.error)
    }
}

#[cfg(test)]
mod tests {
    use super::Error;
    use crate::error::{Error as CoreError, ErrorKind, Fault, Phase};
    use crate::session::history::History;
    use http::StatusCode;
    use std::error::Error as _;
    use std::io;
    use url::Url;

    type Failed = Error<&'static str>;

    #[test]
    fn an_error_of_a_status_keeps_the_response_that_it_is_given() {
        let url = Url::parse("http://dan:hunter2@a.test/x#top").unwrap();
        let of = |status| Failed::of_status(status, &url, History::default());
        let error = of(StatusCode::NOT_FOUND);
        assert_eq!((error.kind(), error.phase(), error.fault()), (ErrorKind::Status, Phase::Decide, Fault::Caller));
        assert_eq!((error.status(), error.response()), (Some(StatusCode::NOT_FOUND), None));
        assert_eq!(error.url().unwrap().as_str(), "http://a.test/x");
        assert!(error.is_status() && !error.is_builder());
        assert_eq!(of(StatusCode::BAD_GATEWAY).fault(), Fault::Peer);
        let error = error.with_response("the response");
        assert!(format!("{error:?}").contains("the response") && !format!("{error:?}{error}").contains("hunter2"));
        assert_eq!(error.into_response(), Some("the response"));
    }

    #[test]
    fn a_core_error_comes_through_with_its_source() {
        let error = CoreError::new(ErrorKind::Io, Phase::Send, "the connection failed").with_source("no route");
        let error = Failed::from(error);
        assert_eq!((error.kind(), error.as_core().phase()), (ErrorKind::Io, Phase::Send));
        assert_eq!(error.source().unwrap().to_string(), "no route");
        assert!(error.history().hops().is_empty() && error.response().is_none() && error.status().is_none());
        assert!(Failed::from(CoreError::new(ErrorKind::Closed, Phase::Build, "closed")).is_closed());
    }

    #[test]
    fn a_reader_of_std_gets_a_kind_that_fits_and_the_error_itself() {
        for (kind, fits) in [
            (ErrorKind::Timeout, io::ErrorKind::TimedOut),
            (ErrorKind::Incomplete, io::ErrorKind::UnexpectedEof),
            (ErrorKind::Protocol, io::ErrorKind::InvalidData),
            (ErrorKind::Limit, io::ErrorKind::InvalidData),
            (ErrorKind::Decode, io::ErrorKind::InvalidData),
            (ErrorKind::Io, io::ErrorKind::Other),
        ] {
            let error = io::Error::from(Failed::from(CoreError::new(kind, Phase::Body, "no")));
            assert_eq!(error.kind(), fits);
            assert_eq!(error.get_ref().unwrap().downcast_ref::<Failed>().unwrap().kind(), kind);
        }
    }
}

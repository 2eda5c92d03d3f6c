//! What went wrong, whose fault it is, in which phase, what was expected and what came.
//!
//! One type for the whole core; each transport wraps it. Nothing secret is in it: URLs are kept without user
//! information, and what a peer sent is cut short and escaped before it is shown.

pub mod bound;
mod debug;

use self::bound::Bound;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use std::error::Error as StdError;
use std::fmt;
use url::Url;

/// What kind of thing went wrong. The names are those of the suites (`too_many_redirects` and so on).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// More redirects than [`Limits::redirects`](crate::limits::Limits::redirects) or the request's own bound allow.
    TooManyRedirects,
    /// A redirect to a place where the rules do not go: another scheme, a forbidden downgrade, an open target, a veto.
    RedirectRefused,
    /// The body would have to be sent a second time and cannot be.
    BodyNotReplayable,
    /// A URL, given by the caller or by a `Location`, that is none or that no request can be sent to.
    InvalidUrl,
    /// A method, field name, field value or framing that the caller gave and that must not go on the wire.
    InvalidHeader,
    /// A setting that cannot hold.
    InvalidSetting,
    /// An `https_only` session was to send a request in clear text.
    HttpsOnly,
    /// The proxy refused or failed.
    Proxy,
    /// No connection could be made: the name did not resolve, or no address answered.
    Connect,
    /// The session's [`AddressRule`](crate::session::address_rule::AddressRule) refuses every address of the host.
    AddressRefused,
    /// A deadline passed; [`Error::bound`] says which, and the phase in what.
    Timeout,
    /// The TLS handshake or the check of the certificate failed.
    Tls,
    /// The peer closed or reset the connection before the message was complete.
    Incomplete,
    /// What the peer sent is not HTTP as the rules have it.
    Protocol,
    /// A bound of [`Limits`](crate::limits::Limits) was passed.
    Limit,
    /// A coding or charset of the content did not decode.
    Decode,
    /// The caller's body ended early, went on too long, or failed.
    Body,
    /// The connection broke while bytes moved (any other fault of the network or the system).
    Io,
    /// The session was closed.
    Closed,
    /// A response whose status says failure, made an error by `error_for_status`.
    Status,
    /// A [hook](crate::session::hooks) stopped the exchange; its error is the source.
    Stopped,
    /// Something that this build or this version does not do; the message names it.
    Unsupported,
}

impl ErrorKind {
    /// The kind's name as the suites write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TooManyRedirects => "too_many_redirects",
            Self::RedirectRefused => "redirect_refused",
            Self::BodyNotReplayable => "body_not_replayable",
            Self::InvalidUrl => "invalid_url",
            Self::InvalidHeader => "invalid_header",
            Self::InvalidSetting => "invalid_setting",
            Self::HttpsOnly => "https_only",
            Self::Proxy => "proxy",
            Self::Connect => "connect",
            Self::AddressRefused => "address_refused",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Incomplete => "incomplete",
            Self::Protocol => "protocol",
            Self::Limit => "limit",
            Self::Decode => "decode",
            Self::Body => "body",
            Self::Io => "io",
            Self::Closed => "closed",
            Self::Status => "status",
            Self::Stopped => "stopped",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whose fault an error is; who has to change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The caller: a setting, a request, a body.
    Caller,
    /// The server, or whoever speaks in its name.
    Peer,
    /// The proxy between.
    Proxy,
    /// The network or the operating system.
    Network,
}

/// What was going on when the error arose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// The request or the session was being built; nothing was sent.
    Build,
    /// The host name was being resolved.
    Resolve,
    /// The connection was being made.
    Connect,
    /// The TLS handshake was under way.
    Tls,
    /// The proxy was asked for a tunnel.
    Tunnel,
    /// The request was being written.
    Send,
    /// The response head was awaited or read.
    Head,
    /// The response was being decided on: a redirect, a challenge, a retry.
    Decide,
    /// The response body was being read.
    Body,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Build => "building the request",
            Self::Resolve => "resolving the host",
            Self::Connect => "connecting",
            Self::Tls => "the TLS handshake",
            Self::Tunnel => "asking the proxy for a tunnel",
            Self::Send => "sending the request",
            Self::Head => "reading the response head",
            Self::Decide => "deciding on the response",
            Self::Body => "reading the response body",
        })
    }
}

/// An error of the core or of a transport over it.
// What makes one is never inlined: it is called in some hundred places, none of which is on the way of a request that goes well.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    fault: Fault,
    phase: Phase,
    message: String,
    expected: Option<String>,
    came: Option<String>,
    url: Option<Url>,
    bound: Option<Bound>,
    refusal: Option<(StatusCode, Bytes)>,
    /// What a proxy asks for that wants a credential.
    challenges: Option<Box<HeaderMap>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind` in `phase`. `message` is one sentence without a full stop and without anything secret.
    #[cold]
    #[inline(never)]
    pub fn new(kind: ErrorKind, phase: Phase, message: impl Into<String>) -> Self {
        let fault = match kind {
            ErrorKind::BodyNotReplayable
            | ErrorKind::InvalidHeader
            | ErrorKind::InvalidSetting
            | ErrorKind::HttpsOnly
            | ErrorKind::AddressRefused
            | ErrorKind::Body
            | ErrorKind::Closed
            | ErrorKind::Stopped
            | ErrorKind::Unsupported => Fault::Caller,
            ErrorKind::InvalidUrl if phase == Phase::Build => Fault::Caller,
            ErrorKind::Proxy => Fault::Proxy,
            ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Io => Fault::Network,
            ErrorKind::TooManyRedirects
            | ErrorKind::RedirectRefused
            | ErrorKind::InvalidUrl
            | ErrorKind::Tls
            | ErrorKind::Incomplete
            | ErrorKind::Protocol
            | ErrorKind::Limit
            | ErrorKind::Decode
            | ErrorKind::Status => Fault::Peer,
        };
        Self(Box::new(Inner {
            kind,
            fault,
            phase,
            message: message.into(),
            expected: None,
            came: None,
            url: None,
            bound: None,
            refusal: None,
            challenges: None,
            source: None,
        }))
    }

    /// The same error, laid at another door than its kind usually is.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.0.fault = fault;
        self
    }

    /// The same error with what was expected.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn with_expected(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = Some(expected.into());
        self
    }

    /// The same error with what came instead. The bytes are escaped and cut at 64.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn with_came(mut self, came: &[u8]) -> Self {
        self.0.came = Some(excerpt(came));
        self
    }

    /// The same error with the URL that was asked. User information and fragment are left out; the first URL stays.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn with_url(mut self, url: &Url) -> Self {
        if self.0.url.is_none() {
            let mut url = url.clone();
            // Neither fails for a URL that can have a host.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            // `dan:secret@a.test`, where a scheme was forgotten, is a URL of the scheme `dan`.
            if url.cannot_be_a_base() && url.path().contains('@') {
                url.set_path("..");
            }
            url.set_fragment(None);
            self.0.url = Some(url);
        }
        self
    }

    /// The same error with the bound of time that passed.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn with_bound(mut self, bound: Bound) -> Self {
        self.0.bound = Some(bound);
        self
    }

    /// The same error with what a proxy answered instead of opening a tunnel: the status, and the beginning of the body.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn with_proxy_answer(mut self, status: StatusCode, body: Bytes) -> Self {
        self.0.refusal = Some((status, body));
        self
    }

    /// The same error with the challenges of that answer.
    #[must_use]
    pub(crate) fn with_proxy_challenges(mut self, challenges: HeaderMap) -> Self {
        self.0.challenges = Some(Box::new(challenges));
        self
    }

    /// The challenges of a proxy that wants a credential.
    pub(crate) fn proxy_challenges(&self) -> Option<&HeaderMap> {
        self.0.challenges.as_deref()
    }

    /// The same error with its cause.
    #[must_use]
    #[cold]
    #[inline(never)]
    pub fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.and_source(source.into())
    }

    #[cold]
    #[inline(never)]
    fn and_source(mut self, source: Box<dyn StdError + Send + Sync>) -> Self {
        self.0.source = Some(source);
        self
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        self.0.fault
    }

    /// What was going on.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// The URL that was asked, without user information and fragment.
    #[must_use]
    pub fn url(&self) -> Option<&Url> {
        self.0.url.as_ref()
    }

    /// What was expected, where the error can tell.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }

    /// What came instead, escaped and cut short.
    #[must_use]
    pub fn came(&self) -> Option<&str> {
        self.0.came.as_deref()
    }

    /// Which bound of time passed, for an [`ErrorKind::Timeout`]. With the [`phase`](Self::phase) it tells what took too long.
    #[must_use]
    pub fn bound(&self) -> Option<Bound> {
        self.0.bound
    }

    /// The status by which a proxy refused a tunnel. It is the proxy's own, and says nothing of the origin.
    #[must_use]
    pub fn proxy_status(&self) -> Option<StatusCode> {
        self.0.refusal.as_ref().map(|(status, _)| *status)
    }

    /// The beginning of the body of that answer, at most [`Limits::proxy_answer`](crate::limits::Limits::proxy_answer)
    /// bytes. Errors do not show it: whoever stands between may have written anything there.
    #[must_use]
    pub fn proxy_body(&self) -> Option<&Bytes> {
        self.0.refusal.as_ref().map(|(_, body)| body)
    }

    /// A deadline passed.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == ErrorKind::Timeout
    }

    /// No connection could be made.
    #[must_use]
    pub fn is_connect(&self) -> bool {
        self.kind() == ErrorKind::Connect
    }

    /// A redirect could not or must not be followed.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        matches!(self.kind(), ErrorKind::TooManyRedirects | ErrorKind::RedirectRefused | ErrorKind::BodyNotReplayable)
            || (self.kind() == ErrorKind::InvalidUrl && self.phase() == Phase::Decide)
    }

    /// A body, the request's or the response's, broke off or failed.
    #[must_use]
    pub fn is_body(&self) -> bool {
        self.kind() == ErrorKind::Body || self.phase() == Phase::Body
    }

    /// The content did not decode.
    #[must_use]
    pub fn is_decode(&self) -> bool {
        self.kind() == ErrorKind::Decode
    }

    /// The status says failure.
    #[must_use]
    pub fn is_status(&self) -> bool {
        self.kind() == ErrorKind::Status
    }

    /// The request or the session was refused before anything was sent.
    #[must_use]
    pub fn is_builder(&self) -> bool {
        self.phase() == Phase::Build
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(expected) = &self.0.expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(came) = &self.0.came {
            write!(f, ", got \"{came}\"")?;
        }
        write!(f, " (while {}", self.0.phase)?;
        if let Some(url) = &self.0.url {
            write!(f, ", {url}")?;
        }
        f.write_str(")")
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// How much of a peer's bytes an error shows.
const EXCERPT: usize = 64;

/// A peer's bytes as an error may show them: escaped, printable ASCII only, cut at 64 bytes.
#[must_use]
#[cold]
#[inline(never)]
pub fn excerpt(bytes: &[u8]) -> String {
    let shown = bytes.get(..EXCERPT).unwrap_or(bytes);
    let mut text = shown.escape_ascii().to_string();
    if shown.len() < bytes.len() {
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Error, ErrorKind, Fault, Phase, excerpt};
    use bytes::Bytes;
    use http::StatusCode;
    use url::Url;

    #[test]
    fn an_error_tells_kind_fault_phase_and_url_without_user_information() {
        let url = Url::parse("https://dan:secret@a.test/x?q=1#top").unwrap();
        let error = Error::new(ErrorKind::Protocol, Phase::Head, "the status line is no status line")
            .with_expected("HTTP/1.0 or HTTP/1.1")
            .with_came(b"SSH-2.0\x1b[2J")
            .with_url(&url);
        assert_eq!(error.fault(), Fault::Peer);
        assert_eq!(error.url().map(Url::as_str), Some("https://a.test/x?q=1"));
        assert_eq!(
            error.to_string(),
            "the status line is no status line; expected HTTP/1.0 or HTTP/1.1, got \"SSH-2.0\\x1b[2J\" \
             (while reading the response head, https://a.test/x?q=1)"
        );
        assert!(!format!("{error:?}{error}").contains("secret"));
        let forgotten =
            Error::new(ErrorKind::InvalidUrl, Phase::Build, "no").with_url(&"dan:secret@a.test".parse().unwrap());
        assert_eq!(forgotten.url().map(Url::as_str), Some("dan:.."));
    }

    #[test]
    fn a_proxys_answer_is_kept_and_its_body_not_shown() {
        let error = Error::new(ErrorKind::Proxy, Phase::Tunnel, "the proxy gave no tunnel");
        assert_eq!((error.proxy_status(), error.proxy_body()), (None, None));
        let error = error.with_proxy_answer(StatusCode::BAD_GATEWAY, Bytes::from_static(b"hunter2"));
        assert_eq!(error.proxy_status(), Some(StatusCode::BAD_GATEWAY));
        assert_eq!(error.proxy_body().unwrap(), "hunter2");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("502") && shown.contains("7 bytes") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn a_peers_bytes_are_cut_and_escaped() {
        assert_eq!(excerpt(b"a\r\n\0"), "a\\r\\n\\x00");
        assert_eq!(excerpt(&[b'y'; 65]).len(), 64 + 3);
        assert_eq!(excerpt(&[b'y'; 64]).len(), 64);
    }
}

//! The asynchronous session over a script: sending gives a future, which any executor drives.

mod reading;

pub use reading::{Events, Lines};

use crate::scripted::body::{Body, Content};
use crate::scripted::exchange::{Exchange, Progress, Shared, codings};
use crate::scripted::script::Script;
use bytes::Bytes;
use http::{HeaderMap, Method};
use session_core::content::coding::Codings;
use session_core::error::Error as CoreError;
use session_core::handle::auth::Auth;
use session_core::handle::hooks::SessionHooks;
use session_core::handle::{Access, Cookies, Headers};
use session_core::message::into_url::{BaseJoin, IntoUrl};
use session_core::request::Dispatch;
use session_core::request::built::BuiltRequest;
use session_core::session::Session as Core;
use session_core::session::preview::Preview;
use session_core::session::request::Request;
use session_core::session::transport::{ConnectSettings, Transport};
use session_core::time::timings::Timings;
use session_core::transport::response::ResponseInfo;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use url::Url;

/// Why a request, or the reading of its response, failed. See [`session_core::transport::error::Error`].
pub type Error = session_core::transport::error::Error<Response>;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Builds a [`Session`]. [`Script::builder`] gives one that knows its script.
pub type SessionBuilder = session_core::session::builder::SessionBuilder<Session>;

/// Builds a request; [`send`](session_core::request::RequestBuilder::send) gives a [`ResponseFuture`].
pub type RequestBuilder<'a> = session_core::request::RequestBuilder<&'a Session>;

/// A session over a script. Clones share everything.
#[derive(Clone)]
pub struct Session(Arc<Shared>);

impl Session {
    /// A GET request.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::GET, url)
    }

    /// A POST request.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::POST, url)
    }

    /// A PUT request.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::PUT, url)
    }

    /// A PATCH request.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::PATCH, url)
    }

    /// A DELETE request.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::DELETE, url)
    }

    /// A HEAD request.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::HEAD, url)
    }

    /// An OPTIONS request.
    pub fn options(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::OPTIONS, url)
    }

    /// A TRACE request.
    pub fn trace(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::TRACE, url)
    }

    /// A request of any method: a [`Method`], or text. A relative URL is joined to the session's `base_url`.
    pub fn request<M>(&self, method: M, url: impl IntoUrl) -> RequestBuilder<'_>
    where
        M: TryInto<Method, Error: Into<http::Error>>,
    {
        RequestBuilder::new(self, method, url)
    }

    /// Sends a request that was built before, or an [`http::Request`].
    pub fn execute(&self, request: impl Into<BuiltRequest<Body>>) -> ResponseFuture {
        self.dispatch(Ok(request.into().into_parts()))
    }

    /// The cookies, to be read and changed.
    pub fn cookies(&self) -> Cookies<'_, Self> {
        Cookies::of(self)
    }

    /// The default fields, to be read and changed.
    pub fn headers(&self) -> Headers<'_, Self> {
        Headers::of(self)
    }

    /// The same as [`Session::headers`].
    pub fn headers_mut(&self) -> Headers<'_, Self> {
        self.headers()
    }

    /// The credentials, to be set and removed.
    pub fn auth(&self) -> Auth<'_, Self> {
        Auth::of(self)
    }

    /// The hooks, to be added and removed.
    pub fn hooks(&self) -> SessionHooks<'_, Self> {
        SessionHooks::of(self)
    }

    /// Takes no further request. For all clones.
    pub fn close(&self) {
        self.with(Core::close);
    }

    /// Whether [`Session::close`] was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.with(|core| core.is_closed())
    }
}

impl Transport for Session {
    /// What answers: given by [`Script::builder`], else a script that expects nothing.
    type Resolver = Script;

    fn assemble(session: Core, connect: ConnectSettings, script: Option<Script>) -> Result<Self, CoreError> {
        Ok(Self(Arc::new(Shared::new(session, connect, script))))
    }

    fn codings() -> Codings {
        codings()
    }
}

impl Access for Session {
    fn with<R>(&self, act: impl FnOnce(&mut Core) -> R) -> R {
        self.0.with(act)
    }
}

impl Dispatch for &Session {
    type Body = Body;
    type Outcome = ResponseFuture;

    fn base_url(&self) -> Option<Url> {
        self.with(|core| core.base_url().cloned())
    }

    fn base_join(&self) -> BaseJoin {
        self.with(|core| core.base_join())
    }

    fn random(&self) -> Option<[u8; 32]> {
        Some(self.with(Core::random))
    }

    fn preview(&self, request: Request) -> Result<Preview, CoreError> {
        let now = self.0.now();
        self.with(|core| core.preview(request, now))
    }

    fn dispatch(self, request: Result<(Box<Request>, Option<Body>), CoreError>) -> ResponseFuture {
        let shared = Arc::clone(&self.0);
        ResponseFuture(Some(match request {
            Ok((request, body)) => Stage::Asked(shared, request, body),
            Err(error) => Stage::Refused(error),
        }))
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(..)")
    }
}

/// A request under way: a future of `Result<Response>`. It borrows nothing. Nothing happens before it is polled, and each step of
/// its exchange is a poll of its own, so that futures that are joined take turns.
#[must_use = "a request is sent when its future is awaited"]
pub struct ResponseFuture(Option<Stage>);

enum Stage {
    Asked(Arc<Shared>, Box<Request>, Option<Body>),
    Under(Box<Exchange>),
    Refused(CoreError),
}

impl Future for ResponseFuture {
    type Output = Result<Response>;

    /// # Panics
    /// Where it is polled after it was ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let progress = match self.0.take().expect("a future is not polled after it was ready") {
            Stage::Asked(shared, request, body) => Exchange::begin(shared, *request, body),
            Stage::Under(exchange) => exchange.advance(),
            Stage::Refused(error) => return Poll::Ready(Err(error.into())),
        };
        match progress {
            Progress::Under(exchange) => {
                self.0 = Some(Stage::Under(exchange));
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Progress::Over(Ok(delivered)) => {
                let (info, body) = *delivered;
                Poll::Ready(Ok(Response { info, body }))
            }
            Progress::Over(Err(error)) => Poll::Ready(Err(error.into())),
        }
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture(..)")
    }
}

/// A response: its head, which is [`ResponseInfo`], and its body as far as it has not been read.
pub struct Response {
    info: ResponseInfo,
    body: Content,
}

impl Deref for Response {
    type Target = ResponseInfo;

    fn deref(&self) -> &ResponseInfo {
        &self.info
    }
}

impl Response {
    /// When the hop that gave this response began, and how long its stages took, in virtual time.
    #[must_use]
    pub fn timings(&self) -> Timings {
        ResponseInfo::timings(&self.info)
    }

    /// The trailer fields, of which a script has none; `None` before the body's end was read.
    #[must_use]
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.body.trailers()
    }

    /// The response itself, unless its status is 400 to 599.
    ///
    /// # Errors
    /// [`ErrorKind::Status`](session_core::error::ErrorKind::Status). The error keeps the response.
    pub fn error_for_status(self) -> Result<Self> {
        match ResponseInfo::status_error::<Self>(&self) {
            Some(error) => Err(error.with_response(self)),
            None => Ok(self),
        }
    }

    /// The same without taking the response; the error does not hold it.
    ///
    /// # Errors
    /// [`ErrorKind::Status`](session_core::error::ErrorKind::Status) for a status of 400 to 599.
    pub fn error_for_status_ref(&self) -> Result<&Self> {
        ResponseInfo::status_error(self).map_or(Ok(self), Err)
    }

    /// The body as text, as a transport reads it.
    ///
    /// # Errors
    /// As [`Response::bytes`].
    pub async fn text(mut self) -> Result<String> {
        let bytes = self.gather()?;
        Ok(ResponseInfo::decode_text(&self, &bytes))
    }

    /// The same, by the charset `default` (a label, as `koi8-r`) where neither the Content-Type nor a byte order mark names one that
    /// is known.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSetting`](session_core::error::ErrorKind::InvalidSetting) where nobody knows `default`; the error keeps
    /// the response. Else as [`Response::bytes`].
    #[cfg(feature = "charset")]
    pub async fn text_with_charset(mut self, default: &str) -> Result<String> {
        let charset = match ResponseInfo::charset_of_label::<Self>(&self, default) {
            Ok(charset) => charset,
            Err(error) => return Err(error.with_response(self)),
        };
        let bytes = self.gather()?;
        Ok(ResponseInfo::decode_text_by(&self, &bytes, charset))
    }

    /// The body read as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](session_core::error::ErrorKind::Decode) where it is no such JSON; else as [`Response::bytes`].
    #[cfg(feature = "json")]
    pub async fn json<T: serde::de::DeserializeOwned>(mut self) -> Result<T> {
        let bytes = self.gather()?;
        Ok(ResponseInfo::decode_json(&self, &bytes)?)
    }

    /// All of the body.
    ///
    /// # Errors
    /// Those of a transport: it is longer than the session's limits allow, it was cut, or it does not decode.
    pub async fn bytes(mut self) -> Result<Bytes> {
        self.gather()
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// As [`Response::bytes`], but for its length.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.next_chunk()
    }

    fn next_chunk(&mut self) -> Result<Option<Bytes>> {
        self.body.chunk().map_err(|error| ResponseInfo::located(&self.info, error))
    }

    fn gather(&mut self) -> Result<Bytes> {
        let most = ResponseInfo::limits(&self.info).gathered_body;
        self.body.gather(most).map_err(|error| ResponseInfo::located(&self.info, error))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.info, f)
    }
}

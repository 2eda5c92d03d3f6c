//! The asynchronous session over a script: sending gives a future, which any executor drives.
//!
//! Nothing of it waits, so it is the same for all runtimes but for one thing: which traits a body is read and copied by. The type
//! parameter says that, [`FuturesIo`] or `TokioIo`. [`asynchronous`](super::asynchronous) and `tokio` (feature `tokio`) have names
//! for the types of either family, which are those of the transport whose place they take.

mod copy;
mod futures_io;
mod parts;
mod reading;
mod response;
#[cfg(feature = "tokio")]
mod tokio_io;

pub use self::futures_io::FuturesIo;
pub use self::parts::ResponseBody;
pub use self::reading::{Events, Lines};
pub use self::response::Response;
#[cfg(feature = "tokio")]
pub use self::tokio_io::TokioIo;

use crate::scripted::body::Body;
use crate::scripted::exchange::{Exchange, Progress, Shared, codings};
use crate::scripted::script::Script;
use http::Method;
use session_core::content::coding::Codings;
use session_core::error::Error as CoreError;
use session_core::handle::auth::Auth;
use session_core::handle::hooks::SessionHooks;
use session_core::handle::{Access, Clocked, Cookies, Headers};
use session_core::message::into_url::{BaseJoin, IntoUrl};
use session_core::request::Dispatch;
use session_core::request::built::BuiltRequest;
use session_core::session::Session as Core;
use session_core::session::preview::Preview;
use session_core::session::request::Request;
use session_core::session::transport::{ConnectSettings, Transport};
use session_core::time::Now;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use url::Url;

/// Why a request, or the reading of its response, failed. See [`session_core::transport::error::Error`].
pub type Error<T> = session_core::transport::error::Error<Response<T>>;

/// A result whose error is [`Error`].
pub type Result<R, T> = std::result::Result<R, Error<T>>;

/// Builds a [`Session`]. [`Script::builder`] gives one that knows its script.
pub type SessionBuilder<T> = session_core::session::builder::SessionBuilder<Session<T>>;

/// Builds a request; [`send`](session_core::request::RequestBuilder::send) gives a [`ResponseFuture`].
pub type RequestBuilder<'a, T> = session_core::request::RequestBuilder<&'a Session<T>>;

/// A session over a script. Clones share everything.
pub struct Session<T> {
    shared: Arc<Shared>,
    family: PhantomData<fn() -> T>,
}

impl<T> Session<T> {
    /// A builder with every default, over a script that expects nothing. [`Script::builder`] gives one that knows its script.
    pub fn builder() -> SessionBuilder<T> {
        SessionBuilder::new()
    }

    /// A GET request.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder<'_, T> {
        self.request(Method::GET, url)
    }

    /// A POST request.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder<'_, T> {
        self.request(Method::POST, url)
    }

    /// A PUT request.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder<'_, T> {
        self.request(Method::PUT, url)
    }

    /// A PATCH request.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder<'_, T> {
        self.request(Method::PATCH, url)
    }

    /// A DELETE request.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder<'_, T> {
        self.request(Method::DELETE, url)
    }

    /// A HEAD request.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder<'_, T> {
        self.request(Method::HEAD, url)
    }

    /// An OPTIONS request.
    pub fn options(&self, url: impl IntoUrl) -> RequestBuilder<'_, T> {
        self.request(Method::OPTIONS, url)
    }

    /// A TRACE request.
    pub fn trace(&self, url: impl IntoUrl) -> RequestBuilder<'_, T> {
        self.request(Method::TRACE, url)
    }

    /// A request of any method: a [`Method`], or text. A relative URL is joined to the session's `base_url`.
    pub fn request<M>(&self, method: M, url: impl IntoUrl) -> RequestBuilder<'_, T>
    where
        M: AsRef<str> + TryInto<Method, Error: Into<http::Error>>,
    {
        RequestBuilder::new(self, method, url)
    }

    /// Sends a request that was built before, or an [`http::Request`].
    pub fn execute(&self, request: impl Into<BuiltRequest<Body>>) -> ResponseFuture<T> {
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

impl<T> Transport for Session<T> {
    /// What answers: given by [`Script::builder`], else a script that expects nothing.
    type Resolver = Script;

    fn assemble(
        session: Core,
        connect: ConnectSettings,
        script: Option<Script>,
    ) -> std::result::Result<Self, CoreError> {
        Ok(Self { shared: Arc::new(Shared::new(session, connect, script)), family: PhantomData })
    }

    fn codings() -> Codings {
        codings()
    }
}

impl<T> Access for Session<T> {
    fn with<R>(&self, act: impl FnOnce(&mut Core) -> R) -> R {
        self.shared.with(act)
    }
}

impl<T> Clocked for Session<T> {
    fn now(&self) -> Now {
        self.shared.now()
    }
}

impl<T> Dispatch for &Session<T> {
    type Body = Body;
    type Outcome = ResponseFuture<T>;

    fn base_url(&self) -> Option<Url> {
        self.with(|core| core.base_url().cloned())
    }

    fn base_join(&self) -> BaseJoin {
        self.with(|core| core.base_join())
    }

    fn random(&self) -> Option<[u8; 32]> {
        Some(self.with(Core::random))
    }

    fn preview(&self, request: Request) -> std::result::Result<Preview, CoreError> {
        let now = self.shared.now();
        self.with(|core| core.preview(request, now))
    }

    fn dispatch(self, request: std::result::Result<(Box<Request>, Option<Body>), CoreError>) -> ResponseFuture<T> {
        let shared = Arc::clone(&self.shared);
        let stage = match request {
            Ok((request, body)) => Stage::Asked(shared, request, body),
            Err(error) => Stage::Refused(error),
        };
        ResponseFuture { stage: Some(stage), family: PhantomData }
    }
}

impl<T> Clone for Session<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), family: PhantomData }
    }
}

impl<T> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(..)")
    }
}

/// A request under way: a future of `Result<Response>`. It borrows nothing. Nothing happens before it is polled, and each step of
/// its exchange is a poll of its own, so that futures that are joined take turns.
#[must_use = "a request is sent when its future is awaited"]
pub struct ResponseFuture<T> {
    stage: Option<Stage>,
    family: PhantomData<fn() -> T>,
}

enum Stage {
    Asked(Arc<Shared>, Box<Request>, Option<Body>),
    Under(Box<Exchange>),
    Refused(CoreError),
}

impl<T> Future for ResponseFuture<T> {
    type Output = Result<Response<T>, T>;

    /// # Panics
    /// Where it is polled after it was ready.
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let progress = match self.stage.take().expect("a future is not polled after it was ready") {
            Stage::Asked(shared, request, body) => Exchange::begin(shared, *request, body),
            Stage::Under(exchange) => exchange.advance(),
            Stage::Refused(error) => return Poll::Ready(Err(error.into())),
        };
        match progress {
            Progress::Under(exchange) => {
                self.stage = Some(Stage::Under(exchange));
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Progress::Over(Ok(delivered)) => {
                let (info, body) = *delivered;
                Poll::Ready(Ok(Response::new(info, body)))
            }
            Progress::Over(Err(error)) => Poll::Ready(Err(error.into())),
        }
    }
}

impl<T> fmt::Debug for ResponseFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseFuture(..)")
    }
}

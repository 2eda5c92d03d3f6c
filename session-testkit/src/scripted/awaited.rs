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
mod saving;
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
#[cfg(feature = "serde")]
use crate::scripted::files::session_file;
use crate::scripted::methods::session_methods;
use crate::scripted::script::Script;
use session_core::content::coding::Codings;
use session_core::error::Error as CoreError;
use session_core::handle::{Access, Clocked};
use session_core::handle_methods;
use session_core::message::into_url::BaseJoin;
use session_core::request::Dispatch;
use session_core::request::built::BuiltRequest;
use session_core::request_methods;
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
    /// Sends a request that was built before, or an [`http::Request`].
    pub fn execute(&self, request: impl Into<BuiltRequest<Body>>) -> ResponseFuture<T> {
        self.dispatch(Ok(request.into().into_parts()))
    }

    fn shared(&self) -> &Shared {
        &self.shared
    }
}

request_methods!(impl[T] Session<T>);
handle_methods!(impl[T] Session<T>);
session_methods!(impl[T] Session<T>);

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

    #[cfg(feature = "serde")]
    fn session_file(path: &std::path::Path, _: u64) -> std::result::Result<Option<(Vec<u8>, Now)>, CoreError> {
        session_file(path)
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

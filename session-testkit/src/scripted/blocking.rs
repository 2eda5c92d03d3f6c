//! The blocking session over a script: sending gives a result, at once.

mod response;
mod saving;

pub use self::response::Response;
pub use self::response::parts::ResponseBody;
pub use self::response::reading::{Events, Lines};
pub use crate::scripted::body::{Body, multipart};
pub use crate::scripted::shared_jar::SharedJar;

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
use session_core::session::request::Request as CoreRequest;
use session_core::session::transport::{ConnectSettings, Transport};
use session_core::time::Now;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// Why a request, or the reading of its response, failed. See [`session_core::transport::error::Error`].
pub type Error = session_core::transport::error::Error<Response>;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Builds a [`Session`]. [`Script::builder`] gives one that knows its script.
pub type SessionBuilder = session_core::session::builder::SessionBuilder<Session>;

/// Builds a request; [`send`](session_core::request::RequestBuilder::send) gives a `Result<Response>`.
pub type RequestBuilder<'a> = session_core::request::RequestBuilder<&'a Session>;

/// A request with its body, as [`build`](session_core::request::RequestBuilder::build) gives it and [`Session::execute`] takes it.
pub type Request = BuiltRequest<Body>;

/// A session over a script. Clones share everything.
#[derive(Clone)]
pub struct Session(Arc<Shared>);

impl Session {
    /// Sends a request that was built before, or an [`http::Request`].
    pub fn execute(&self, request: impl Into<Request>) -> Result<Response> {
        self.dispatch(Ok(request.into().into_parts()))
    }

    fn shared(&self) -> &Shared {
        &self.0
    }
}

request_methods!(impl[] Session);
handle_methods!(impl[] Session);
session_methods!(impl[] Session);

impl Transport for Session {
    /// What answers: given by [`Script::builder`], else a script that expects nothing.
    type Resolver = Script;

    fn assemble(session: Core, connect: ConnectSettings, script: Option<Script>) -> Result<Self, CoreError> {
        Ok(Self(Arc::new(Shared::new(session, connect, script))))
    }

    #[cfg(feature = "serde")]
    fn session_file(path: &std::path::Path, _: u64) -> std::result::Result<Option<(Vec<u8>, Now)>, CoreError> {
        session_file(path)
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

impl Clocked for Session {
    fn now(&self) -> Now {
        self.0.now()
    }
}

impl Dispatch for &Session {
    type Body = Body;
    type Outcome = Result<Response>;

    fn base_url(&self) -> Option<Url> {
        self.with(|core| core.base_url().cloned())
    }

    fn base_join(&self) -> BaseJoin {
        self.with(|core| core.base_join())
    }

    fn random(&self) -> Option<[u8; 32]> {
        Some(self.with(Core::random))
    }

    fn preview(&self, request: CoreRequest) -> Result<Preview, CoreError> {
        let now = self.0.now();
        self.with(|core| core.preview(request, now))
    }

    fn dispatch(self, request: Result<(Box<CoreRequest>, Option<Body>), CoreError>) -> Result<Response> {
        let (request, body) = request?;
        let mut progress = Exchange::begin(Arc::clone(&self.0), *request, body);
        loop {
            progress = match progress {
                Progress::Under(exchange) => exchange.advance(),
                Progress::Over(result) => {
                    let (info, body) = *result?;
                    return Ok(Response::new(info, body));
                }
            };
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(..)")
    }
}

//! The names of [`awaited`] where bodies are read and copied by the traits of tokio: what stands in the place of `transport_tokio`.
//!
//! ```
//! // In the tests of a program that else says `use transport_tokio::{Response, Result, Session}`.
//! use session_testkit::scripted::tokio::{Response, Result, Session};
//!
//! async fn download(session: &Session, to: &mut (impl tokio::io::AsyncWrite + Unpin)) -> Result<u64> {
//!     let mut response: Response = session.get("http://a.test/film").send().await?.error_for_status()?;
//!     response.copy_to(to).await
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let script = session_testkit::Script::new().any("/film").reply(200).body("frames");
//! let mut film = Vec::new();
//! assert_eq!(download(&script.tokio_session(), &mut film).await.unwrap(), 6);
//! # }
//! ```

use crate::scripted::awaited::{self, TokioIo};

pub use crate::scripted::body::{Body, multipart};
pub use crate::scripted::shared_jar::SharedJar;

/// Why a request, or the reading of its response, failed. See [`session_core::transport::error::Error`].
pub type Error = awaited::Error<TokioIo>;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A session over a script. Clones share everything.
pub type Session = awaited::Session<TokioIo>;

/// Builds a [`Session`]. [`Script::builder`](crate::Script::builder) gives one that knows its script.
pub type SessionBuilder = awaited::SessionBuilder<TokioIo>;

/// Builds a request; [`send`](session_core::request::RequestBuilder::send) gives a [`ResponseFuture`].
pub type RequestBuilder<'a> = awaited::RequestBuilder<'a, TokioIo>;

/// A request with its body, as [`build`](session_core::request::RequestBuilder::build) gives it and [`Session::execute`] takes it.
pub type Request = session_core::request::built::BuiltRequest<Body>;

/// A request under way: a future of `Result<Response>`.
pub type ResponseFuture = awaited::ResponseFuture<TokioIo>;

/// A response: its head, and its body as far as it has not been read.
pub type Response = awaited::Response<TokioIo>;

/// The body of a response without its head: see [`Response::into_parts`].
pub type ResponseBody = awaited::ResponseBody<TokioIo>;

/// The lines of a body, as text: see [`Response::lines`].
pub type Lines = awaited::Lines<TokioIo>;

/// The events of a stream: see [`Response::events`].
pub type Events = awaited::Events<TokioIo>;

//! The names of [`awaited`] where bodies are read and copied by the
//! traits of `futures_io`: what stands in the place of `transport_async_std`, or of any asynchronous session that reads no body by
//! such a trait.

use crate::scripted::awaited::{self, FuturesIo};

pub use crate::scripted::body::{Body, multipart};
pub use crate::scripted::shared_jar::SharedJar;

/// Why a request, or the reading of its response, failed. See [`session_core::transport::error::Error`].
pub type Error = awaited::Error<FuturesIo>;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A session over a script. Clones share everything.
pub type Session = awaited::Session<FuturesIo>;

/// Builds a [`Session`]. [`Script::builder`](crate::Script::builder) gives one that knows its script.
pub type SessionBuilder = awaited::SessionBuilder<FuturesIo>;

/// Builds a request; [`send`](session_core::request::RequestBuilder::send) gives a [`ResponseFuture`].
pub type RequestBuilder<'a> = awaited::RequestBuilder<'a, FuturesIo>;

/// A request with its body, as [`build`](session_core::request::RequestBuilder::build) gives it and [`Session::execute`] takes it.
pub type Request = session_core::request::built::BuiltRequest<Body>;

/// A request under way: a future of `Result<Response>`.
pub type ResponseFuture = awaited::ResponseFuture<FuturesIo>;

/// A response: its head, and its body as far as it has not been read.
pub type Response = awaited::Response<FuturesIo>;

/// The body of a response without its head: see [`Response::into_parts`].
pub type ResponseBody = awaited::ResponseBody<FuturesIo>;

/// The lines of a body, as text: see [`Response::lines`].
pub type Lines = awaited::Lines<FuturesIo>;

/// The events of a stream: see [`Response::events`].
pub type Events = awaited::Events<FuturesIo>;

//! The error and the result of this transport. Everything about them is decided in the core; here they get the response
//! that they may hold.

use crate::client::Response;

/// Why a request, or the reading of its response, failed. See [`session_core::transport::error::Error`].
pub type Error = session_core::transport::error::Error<Response>;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

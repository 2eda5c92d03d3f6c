//! TLS (RFC 8446, RFC 5246), as bytes in and bytes out over the caller's buffers.
//!
//! What a connection is to be like is plain data: [`settings`]. That is always here; it is part of what two requests must
//! have in common to share a connection. With one of the features `tls`, `tls-ring` and `tls-aws-lc-rs` the settings are
//! made into a [`TlsConfig`](config::TlsConfig), and that into a [`Tls`](client::Tls), which is one connection. Without them
//! the types are there, so that a transport is the same code, and no value of them can be made. What goes wrong is a
//! [`TlsError`](error::TlsError).
//!
//! No clock is read: the time at which certificates must be valid is handed in. Randomness is the one thing that is not:
//! the cryptography takes it from the system, as keys must be, and there is no seed that would do.

#[cfg(feature = "__tls")]
pub mod client;
#[cfg(not(feature = "__tls"))]
#[path = "absent_client.rs"]
pub mod client;
#[cfg(feature = "__tls")]
pub mod config;
#[cfg(not(feature = "__tls"))]
#[path = "absent_config.rs"]
pub mod config;
pub mod error;
#[cfg(feature = "__tls")]
mod load;
pub mod plain;
pub mod settings;
#[cfg(feature = "__tls")]
mod signatures;
#[cfg(feature = "tls-ring")]
mod suites;
#[cfg(feature = "__tls")]
mod translate;
#[cfg(feature = "__tls")]
mod verify;

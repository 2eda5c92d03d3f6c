//! The HTTP session as a pure state machine.
//!
//! A session is what lives between HTTP requests: cookies, default headers, credentials, the rules for redirects and
//! retries. This crate decides and does no IO: no socket, clock, thread, randomness, file or environment.
#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic
    )
)]

pub mod auth;
pub mod content;
pub mod cookies;
pub mod entropy;
pub mod error;
pub mod h1;
pub mod handle;
pub mod headers;
pub mod hsts;
pub mod idle;
pub mod limits;
pub mod message;
mod ordered;
pub mod proxy;
pub mod redirect;
pub mod request;
pub mod retry;
pub mod session;
pub mod time;
pub mod tls;
pub mod transport;

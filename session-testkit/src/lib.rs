//! Testing programs that use HTTP sessions, and what the tests of the workspace stand on.
//!
//! For those who use the crates:
//!
//! - [`scripted`]: a [`Script`] answers requests without sockets through all of the real session logic, for blocking and
//!   asynchronous callers, in virtual time; or on loopback sockets, for sessions of real transports.
//! - `har` (feature `har`, on by default): HAR files, recorded from exchanges of any session without their secrets, and replayed to
//!   any session.
//! - [`server`]: a scripted peer behind real loopback sockets, down to single bytes, for tests of what is on the wire.
//! - [`watchdog`]: a bound for the time of a test.
//! - [`instant`]: instants as RFC 3339 writes them.
//! - `ca` and `tls` (feature `tls`): a certificate authority for tests, and a TLS server on loopback that does what a test says.
//!
//! What the workspace tests itself with (feature `suite`, which brings every transport, is for that alone; it is on by default, so a
//! program's own tests depend on this crate with `default-features = false, features = ["har"]`):
//!
//! - [`script`]: what a scripted peer is: a strict request parser, answers as data, one engine that turns a client's bytes
//!   into what the peer does next. It does no IO.
//! - [`memory`]: that engine behind an in-memory connection, with virtual time; with faults, TLS and proxies, and a transport over it
//!   (feature `suite`).
//! - [`server`]: that engine behind real loopback sockets, on threads of the standard library.
//! - [`login`]: the small application that the `login` examples talk to.
//! - `coded` (feature `coded`): bodies in each content coding.
//! - `hostile` (feature `suite`): a server that misbehaves in every way, against every transport; the binary `faults` calls it.
//! - `soak` (feature `suite`): very many requests over connections that end all the time; the binary `soak` calls it.
//! - `suite` (feature `suite`): cases as data, their runner and its checks; the binary `suite` calls it.

#[cfg(feature = "tls")]
pub mod ca;
#[cfg(feature = "coded")]
pub mod coded;
#[cfg(feature = "har")]
pub mod har;
#[cfg(feature = "suite")]
pub mod hostile;
pub mod instant;
pub mod login;
pub mod memory;
pub mod script;
pub mod scripted;
pub mod server;
#[cfg(feature = "suite")]
pub mod soak;
#[cfg(feature = "suite")]
pub mod suite;
#[cfg(feature = "tls")]
pub mod tls;
pub mod watchdog;

pub use scripted::script::Script;

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct ReadmeDoctests;

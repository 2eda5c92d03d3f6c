//! What the tests of the workspace stand on. Unpublished, and free of any transport.
//!
//! - [`script`]: what a scripted peer is: a strict request parser, answers as data, one engine that turns a client's bytes
//!   into what the peer does next. It does no IO.
//! - [`memory`]: that engine behind an in-memory connection, with virtual time; with faults, TLS and proxies, and a transport over it
//!   (feature `suite`).
//! - [`server`]: that engine behind real loopback sockets, on threads of the standard library.
//! - [`watchdog`]: a bound for the time of a test.
//! - [`login`]: the small application that the `login` examples talk to.
//! - `coded` (feature `coded`): bodies in each content coding.
//! - `ca` (feature `tls`): a certificate authority for tests, good certificates and bad ones.
//! - `tls` (feature `tls`): a TLS server on loopback that does what a test says, well or badly.
//! - `hostile` (feature `suite`): a server that misbehaves in every way, against every transport; the binary `faults` calls it.
//! - `soak` (feature `suite`): very many requests over connections that end all the time; the binary `soak` calls it.
//! - `suite` (feature `suite`): cases as data, their runner and its checks; the binary `suite` calls it.

#[cfg(feature = "tls")]
pub mod ca;
#[cfg(feature = "coded")]
pub mod coded;
#[cfg(feature = "suite")]
pub mod hostile;
pub mod login;
pub mod memory;
pub mod script;
pub mod server;
#[cfg(feature = "suite")]
pub mod soak;
#[cfg(feature = "suite")]
pub mod suite;
#[cfg(feature = "tls")]
pub mod tls;
pub mod watchdog;

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct ReadmeDoctests;

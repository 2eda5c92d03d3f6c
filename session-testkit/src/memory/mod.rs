//! An in-memory peer with virtual time: the script engine between two byte queues, no socket and no thread.
//!
//! [`peer`] speaks HTTP alone. `network` has TLS, proxies and faults too, and `transport` is what a transport is, over it:
//! the same loop and the same decisions, with no system under it.

pub mod clock;
#[cfg(feature = "suite")]
pub mod fault;
#[cfg(feature = "suite")]
pub mod network;
pub mod peer;
#[cfg(feature = "suite")]
pub(crate) mod stack;
#[cfg(feature = "suite")]
pub mod transport;

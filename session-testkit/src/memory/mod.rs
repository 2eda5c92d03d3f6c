//! An in-memory peer with virtual time: the script engine between two byte queues, no socket and no thread.

pub mod clock;
pub mod peer;

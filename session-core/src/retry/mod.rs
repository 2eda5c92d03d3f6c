//! Retries: what failed, whether the server can have seen it, and how long to pause.

pub mod failure;

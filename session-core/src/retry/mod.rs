//! Retries: what failed, whether the server can have seen it, and how long to pause.
//!
//! [`failure`] is what a transport reports, [`policy`] the rules and their verdict, [`backoff`] and [`retry_after`] the
//! length of a pause, [`budget`] how many retries a session may make in all. Nothing here waits or sends: the caller keeps an [`Attempts`](policy::Attempts) and asks.

pub mod backoff;
pub mod budget;
pub mod failure;
pub mod policy;
pub mod retry_after;

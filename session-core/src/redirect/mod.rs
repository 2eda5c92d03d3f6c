//! Redirects: which answers lead on, where to, and with which method, body and fields (RFC 9110 15.4, Fetch).
//!
//! [`policy`] holds the settings, [`follow`] finds and permits the target, [`rewrite`] says what the next request keeps.

pub mod follow;
pub mod policy;
pub mod rewrite;

//! The vocabulary of RFC 9110: grammar, fields, origins, targets, bodies, heads, secrets, proxies and dates.
//!
//! Everything above builds on these; nothing here knows a session, a codec or a policy.

pub mod basic;
pub mod body;
pub mod bound;
pub mod date;
pub mod fields;
pub mod grammar;
pub mod head;
pub mod host;
pub mod into_url;
pub(crate) mod methods;
pub mod origin;
pub(crate) mod present;
pub mod proxy;
#[cfg(feature = "serde")]
pub(crate) mod record;
pub mod route;
pub mod sensitive;
pub mod target;
pub mod trailers;
pub(crate) mod word;

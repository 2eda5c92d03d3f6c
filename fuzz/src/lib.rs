//! What the fuzz targets check, as ordinary code with ordinary tests: each target is one function call.
//!
//! A check panics where the library breaks its word. It is written against the public API and states the rule anew, in
//! the plainest way, instead of asking the library about itself.

pub mod challenges;
pub mod codings;
pub mod cookies;
pub mod dates;
pub mod exchange;
pub mod h1;
pub mod jar;
pub mod links;
pub mod locations;
/// The jar that the core's own tests compare with: a list, scanned for everything.
#[path = "../../session-core/tests/cookies_rules/model.rs"]
mod model;
pub mod netrc;
pub mod no_proxy;
pub mod streams;

//! What the fuzz targets check, as ordinary code with ordinary tests: each target is one function call.
//!
//! A check panics where the library breaks its word. It is written against the public API and states the rule anew, in
//! the plainest way, instead of asking the library about itself.

pub mod cookies;
pub mod h1;

//! What must hold of the whole core, seen from outside.

mod building;
mod change;
mod clock;
mod codings;
mod compat;
mod driver;
mod embedding;
mod environment;
mod expect;
mod hooks;
mod house;
mod leaks;
mod origin_settings;
mod proxy_auth;
mod read;
mod server_wide;
mod session;
#[cfg(all(feature = "serde", feature = "json"))]
mod snapshot;
mod states;
mod threats;
mod trailers;

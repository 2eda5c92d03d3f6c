//! A scripted peer on real loopback sockets: the script engine on threads of the standard library.
//!
//! There is one listener for each endpoint, so a custom Host field confuses nothing. An `https` origin is served with a
//! certificate of the server's own authority (feature `tls`); a proxy takes requests for other origins, and opens tunnels in
//! which it is the origin itself. Everything is bounded in time and count, and dropping the [`Server`](listen::Server)
//! ends and joins every thread.

mod connection;
pub mod full;
mod line;
pub mod listen;

mod socks;
pub mod talk;
#[cfg(feature = "tls")]
pub mod tls;

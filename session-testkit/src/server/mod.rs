//! A scripted peer on real loopback sockets: the script engine on threads of the standard library.
//!
//! There is one listener for each endpoint, so a custom Host field confuses nothing. Everything is bounded in time and
//! count, and dropping the [`Server`](listen::Server) ends and joins every thread.

mod connection;
pub mod full;
pub mod listen;
pub mod talk;

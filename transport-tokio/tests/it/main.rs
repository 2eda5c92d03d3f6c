//! The tokio transport over real sockets, against a small server of its own.

mod faults;
mod server;
mod session;
mod tasks;
mod upload;

//! A transport without sockets: the loop that every transport has, over an in-memory network and its clock. What can be
//! decided without IO is decided by the core, as for the others; the files are those of a transport.

mod body;
pub mod client;
mod connect;
mod socket;
mod wire;

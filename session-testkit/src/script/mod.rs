//! A scripted peer without its IO: requests are parsed strictly, answers are data, and one engine turns what a client
//! sends on a connection into what the peer does next. The in-memory peer and the socket server both run it.

pub mod answer;
pub mod conversation;
pub mod endpoint;
pub mod gate;
pub mod log;
pub mod request;
pub mod responder;

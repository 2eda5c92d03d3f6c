//! What every transport shares and decides without IO.
//!
//! A transport is sockets, waiting and the loop over the session's steps. What is the same for all of them stands here
//! once: what is refused before a socket is opened ([`support`]), which addresses to try, when and for how long
//! ([`address`], [`eyeballs`], [`bounds`]), what is said on a connection before the first request ([`setup`]), to a proxy
//! among others ([`tunnel`]), the TLS of one ([`channel`]), the state of one connection around the codec ([`wire`]),
//! decoding a body ([`content`]) and gathering it ([`gather`]), the head side of
//! a response ([`response`]), what of it a log may hold ([`shown`]), and errors ([`cause`], [`error`]). Clocks are read by the transport and handed in. What exchanges did
//! when is made readable by [`waterfall`].
//!
//! What a session is built into, and the settings for its connections, belong to the session's builder and are only
//! handed on from here.

pub mod address;
pub mod bounds;
pub mod cause;
pub mod channel;
pub mod content;
pub mod error;
pub mod eyeballs;
pub mod gather;
pub mod response;
pub mod setup;
pub mod shown;
pub mod support;
pub mod tunnel;
pub mod waterfall;
pub mod wire;

pub use crate::session::transport::{Clock, ConnectSettings, Transport};

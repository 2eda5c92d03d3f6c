//! Kind "scenario": one session, several exchanges, at head level.
//!
//! [`model`] and [`settings`] are what a case says, [`script`] the peer that plays it, [`observe`] what came of it, [`check`]
//! the comparison: none of them knows a session. [`apply`] puts a case to the library's builders, for every driver;
//! [`core`] is the driver without sockets, [`sockets`] the one for every transport, with [`roads`] to its listeners;
//! [`blocking`], [`tokio`] and [`async_std`] say how each is asked.

pub mod apply;
pub mod async_std;
pub mod blocking;
pub mod challenge;
pub mod check;
pub mod core;
pub mod digest;
pub mod model;
pub mod needs;
pub mod observe;
pub mod roads;
pub mod script;
pub mod settings;
pub mod sockets;
pub mod tokio;

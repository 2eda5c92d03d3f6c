//! Proxies: which one a request takes, or none.
//!
//! [`select`] decides by a plain configuration, [`environment`] makes one of an environment's variables, [`no_proxy`] holds
//! the exceptions, [`connect`] asks for a tunnel by CONNECT, [`socks`] by SOCKS. What a proxy is stands in
//! [`message::proxy`](crate::message::proxy); what opens the way through one comes with it from where it is read. The choice is made
//! anew for each hop.

pub mod connect;
pub mod environment;
pub mod no_proxy;
mod open;
#[cfg(feature = "serde")]
pub(crate) mod record;
pub mod select;
pub mod socks;

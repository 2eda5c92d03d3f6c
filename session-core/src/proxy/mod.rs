//! Proxies: which one a request takes, or none.
//!
//! [`select`] decides by a plain configuration, [`environment`] makes one of an environment's variables, [`no_proxy`] holds
//! the exceptions, [`connect`] makes the request for a tunnel, [`socks`] asks for one by SOCKS. What a proxy is stands in
//! [`message::proxy`](crate::message::proxy). The choice is made anew for each hop.

pub mod connect;
pub mod environment;
pub mod no_proxy;
pub mod select;
pub mod socks;

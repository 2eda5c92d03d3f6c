//! Proxies: which one a request takes, or none.
//!
//! [`select`] decides by a plain configuration, [`environment`] makes one of an environment's variables, [`no_proxy`] holds
//! the exceptions. What a proxy is stands in [`message::proxy`](crate::message::proxy). The choice is made anew for each hop.

pub mod environment;
pub mod no_proxy;
pub mod select;

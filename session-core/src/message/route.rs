//! Which way a request takes to its origin.

use crate::message::proxy::ProxyServer;
use std::fmt;
use std::sync::Arc;

/// The way from here to the origin.
///
/// A connection may serve another request only where origin and route are equal; routes through one proxy with different
/// credentials are not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Route {
    /// Straight to it.
    Direct,
    /// Through this proxy.
    Via(Arc<ProxyServer>),
}

impl Route {
    /// The proxy, where there is one.
    #[must_use]
    pub fn proxy(&self) -> Option<&ProxyServer> {
        match self {
            Self::Direct => None,
            Self::Via(proxy) => Some(proxy),
        }
    }
}

impl fmt::Display for Route {
    /// `direct`, or the proxy's URL without user information.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("direct"),
            Self::Via(proxy) => write!(f, "{proxy}"),
        }
    }
}

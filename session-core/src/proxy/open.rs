//! How a proxy comes to be, and what opens the way through it, which it brings along from there: a program that makes no proxy
//! has no code that speaks to one.

use crate::error::{Error, ErrorKind, Fault, Phase};
use crate::message::proxy::opening::{Asked, Opening};
use crate::message::proxy::{Passage, ProxyServer};
use crate::proxy::connect::{self, Connect};
use crate::proxy::socks::{Socks, Target};

impl ProxyServer {
    /// The proxy that a URL names, with the user information in it as the credential: `http://user:password@host:port`.
    /// Without a scheme it is http; without a port, that of the scheme.
    ///
    /// ```
    /// use session_core::message::proxy::ProxyServer;
    ///
    /// let proxy = ProxyServer::parse("socks5h://ada:secret@proxy.test")?;
    /// assert_eq!((proxy.host().as_str(), proxy.port()), ("proxy.test", 1080));
    /// assert!(!format!("{proxy:?}").contains("secret"));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] for a URL with a path or query, without host, with another scheme than http, https,
    /// socks4a, socks5 and socks5h. Errors of the credential: see [`ProxyServer::with_credential`]. None shows the URL.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text, open)
    }
}

/// Begins to ask for the way to an origin, by the schemes of both.
fn open(proxy: &ProxyServer, asked: &Asked<'_>) -> Result<Option<Box<dyn Opening>>, Error> {
    match proxy.passage(asked.origin.scheme()) {
        Passage::Forward => Ok(None),
        Passage::Tunnel => {
            let head = connect::head(asked.origin, asked.authorization, asked.user_agent)?;
            Ok(Some(Box::new(Connect::new(&head, asked.limits)?)))
        }
        Passage::Socks => {
            let (host, port) = (asked.origin.host(), asked.origin.port());
            let target = match (asked.address, host.ip()) {
                (Some(address), _) => Target::Address(address.ip(), address.port()),
                (None, Some(ip)) => Target::Address(ip, port),
                (None, None) => Target::Name(host.as_str(), port),
            };
            Ok(Some(Box::new(Socks::new(proxy, target)?)))
        }
    }
}

/// The error of a conversation that ended before the proxy had said anything final.
pub(super) fn unanswered() -> Error {
    let error = Error::new(ErrorKind::Incomplete, Phase::Tunnel, "the proxy has not answered");
    error.with_expected("an open tunnel").with_fault(Fault::Proxy)
}

//! What a transport is told beside the session's own settings, and how it is made from both. Plain data: the core
//! resolves and connects nothing.

use crate::content::coding::Codings;
use crate::error::{Error, ErrorKind, Phase};
use crate::message::grammar::decimal;
use crate::message::host::CanonicalHost;
use crate::session::Session;
use crate::session::address_rule::AddressRule;
use crate::time::Now;
use std::fmt;
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// Something that can be built by a [`SessionBuilder`](crate::session::builder::SessionBuilder): the bare machine, or a
/// transport's session around it.
pub trait Transport: Sized {
    /// Makes it of a session and the settings for its connections.
    ///
    /// # Errors
    /// Whatever the transport cannot do.
    fn assemble(session: Session, connect: ConnectSettings) -> Result<Self, Error>;

    /// The content codings that it undoes, which the session offers by default. Default: none, for it takes a decoder beside
    /// the session to read what a server then sends.
    #[must_use]
    fn codings() -> Codings {
        Codings::NONE
    }
}

impl Transport for Session {
    fn assemble(session: Session, _connect: ConnectSettings) -> Result<Self, Error> {
        Ok(session)
    }
}

/// How connections are made.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ConnectSettings {
    /// Addresses that stand for a host instead of what the system's resolver says. Later ones go before earlier ones.
    pub overrides: Vec<AddressOverride>,
    /// Which addresses may be connected to. Default: all.
    pub address_rule: AddressRule,
    /// Where the time comes from. Default: the system's clocks.
    pub clock: Option<Clock>,
}

/// The addresses that stand for a host, or for one port of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressOverride {
    host: CanonicalHost,
    port: Option<u16>,
    addresses: Vec<SocketAddr>,
}

/// A clock of one's own, for tests.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Now + Send + Sync>);

impl Clock {
    /// A clock that reads `now`.
    pub fn new(now: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// What it shows.
    #[must_use]
    pub fn now(&self) -> Now {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock(..)")
    }
}

impl ConnectSettings {
    /// The addresses set for this host and port, if any. What is set for `host:port` goes before what is set for `host`;
    /// port 0 in an address stands for the port that was asked for.
    #[must_use]
    pub fn addresses(&self, host: &CanonicalHost, port: u16) -> Option<Vec<SocketAddr>> {
        let find =
            |wanted: Option<u16>| self.overrides.iter().rev().find(|entry| entry.port == wanted && entry.host == *host);
        let found = find(Some(port)).or_else(|| find(None))?;
        let with_port = |address: &SocketAddr| match address.port() {
            0 => SocketAddr::new(address.ip(), port),
            _ => *address,
        };
        Some(found.addresses.iter().map(with_port).collect())
    }
}

impl AddressOverride {
    /// For `host` or `host:port`, the host in any spelling that a URL may use; an IPv6 address may go without brackets where
    /// there is no port. Several addresses are tried in their order.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSetting`] where that is no host, or the port is none.
    pub fn new(host: &str, addresses: &[SocketAddr]) -> Result<Self, Error> {
        let (name, port) = split(host).ok_or_else(|| refused(host))?;
        let host = CanonicalHost::parse(&name).ok_or_else(|| refused(host))?;
        Ok(Self { host, port, addresses: addresses.to_vec() })
    }
}

/// The host, as a URL writes it, and the port that stands behind its last colon.
fn split(text: &str) -> Option<(String, Option<u16>)> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return Some((format!("[{text}]"), None));
    }
    match text.rsplit_once(':').filter(|(_, port)| !port.contains(']')) {
        Some((host, port)) => {
            let port = decimal(port.as_bytes()).and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0)?;
            Some((host.to_owned(), Some(port)))
        }
        None => Some((text.to_owned(), None)),
    }
}

fn refused(host: &str) -> Error {
    Error::new(ErrorKind::InvalidSetting, Phase::Build, "the host that addresses are set for is none")
        .with_expected("host, or host:port")
        .with_came(host.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{AddressOverride, ConnectSettings};
    use crate::error::ErrorKind;
    use crate::message::host::CanonicalHost;
    use crate::session::Session;

    fn settings(overrides: &[(&str, &str)]) -> ConnectSettings {
        let entry = |(host, address): &(&str, &str)| AddressOverride::new(host, &[address.parse().unwrap()]).unwrap();
        ConnectSettings { overrides: overrides.iter().map(entry).collect(), ..ConnectSettings::default() }
    }

    fn found(settings: &ConnectSettings, host: &str, port: u16) -> Option<String> {
        let found = settings.addresses(&CanonicalHost::parse(host).unwrap(), port)?;
        Some(found[0].to_string())
    }

    #[test]
    fn an_override_for_the_port_goes_before_one_for_the_host_and_a_later_one_before_an_earlier() {
        let settings = settings(&[
            ("a.test", "127.0.0.9:0"),
            ("a.test", "127.0.0.1:0"),
            ("a.test:8001", "127.0.0.1:9"),
            ("a.test", "127.0.0.2:0"),
        ]);
        assert_eq!(found(&settings, "a.test", 80).unwrap(), "127.0.0.2:80");
        assert_eq!(found(&settings, "a.test", 8001).unwrap(), "127.0.0.1:9");
        assert_eq!(found(&settings, "b.test", 80), None);
        assert_eq!(found(&settings, "a.test.", 80), None, "a dot at the end makes another host");
    }

    #[test]
    fn every_spelling_of_a_host_is_the_same_host() {
        for (set, asked) in [
            ("A.Test", "a.test"),
            ("B\u{dc}CHER.test", "xn--bcher-kva.test"),
            ("xn--bcher-kva.test", "b\u{fc}cher.test"),
            ("127.1", "127.0.0.1"),
            ("0x7f000001:81", "127.0.0.1"),
            ("[0:0::1]", "[::1]"),
            ("0:0::1", "[::1]"),
            ("[::1]:81", "[::1]"),
        ] {
            assert_eq!(found(&settings(&[(set, "10.0.0.1:0")]), asked, 81).unwrap(), "10.0.0.1:81", "{set}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for bad in ["", ":80", "a..test", "a.test:", "a.test:x", "a.test:0", "a.test:65536", "a/b", "[::1", "a b"] {
            let refused = AddressOverride::new(bad, &[]).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidSetting, "{bad:?}");
        }
        let refused = Session::builder().resolve("a b", "127.0.0.1:0".parse().unwrap()).build().unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidSetting);
    }
}

//! What a transport is told beside the session's own settings, and how it is made from both. Plain data: the core
//! resolves and connects nothing.

use crate::content::coding::Codings;
use crate::error::{Error, ErrorKind, Phase};
use crate::idle::{Binding, PoolKey};
use crate::message::grammar::decimal;
use crate::message::host::CanonicalHost;
use crate::session::Session;
use crate::session::address_rule::AddressRule;
use crate::session::environment::{Environment, TrustEnv};
use crate::session::step::Hop;
use crate::time::Now;
use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Something that can be built by a [`SessionBuilder`](crate::session::builder::SessionBuilder): the bare machine, or a
/// transport's session around it.
pub trait Transport: Sized {
    /// What finds the addresses of names for it: a trait object of the transport's own, because asking waits.
    type Resolver;

    /// Makes it of a session, the settings for its connections, and the resolver that the caller gave, if any.
    ///
    /// # Errors
    /// Whatever the transport cannot do.
    fn assemble(session: Session, connect: ConnectSettings, resolver: Option<Self::Resolver>) -> Result<Self, Error>;

    /// The environment of the process, with the files that are wanted of it. Default: empty, as that of the bare machine,
    /// which reads nothing.
    ///
    /// # Errors
    /// A file that cannot be read.
    fn environment(trust: TrustEnv) -> Result<Environment, Error> {
        let _ = trust;
        Ok(Environment::default())
    }

    /// The bytes of a session file, one more than `longest` where it has more, and what the clocks show; `None` where there is
    /// no such file.
    ///
    /// # Errors
    /// It cannot be read. By default, as that of the bare machine: no file can.
    #[cfg(all(feature = "serde", feature = "json"))]
    fn session_file(path: &Path, longest: u64) -> Result<Option<(Vec<u8>, Now)>, Error> {
        let _ = (path, longest);
        Err(Error::new(ErrorKind::Unsupported, Phase::Build, "this kind of session reads no files"))
    }

    /// The content codings that it undoes, which the session offers by default. Default: none, for it takes a decoder beside
    /// the session to read what a server then sends.
    #[must_use]
    fn codings() -> Codings {
        Codings::NONE
    }
}

impl Transport for Session {
    /// The bare machine resolves nothing.
    type Resolver = Infallible;

    fn assemble(session: Session, _connect: ConnectSettings, _resolver: Option<Infallible>) -> Result<Self, Error> {
        Ok(session)
    }
}

/// How connections are made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConnectSettings {
    /// Addresses that stand for a host instead of what the system's resolver says. Later ones go before earlier ones.
    pub overrides: Vec<AddressOverride>,
    /// Which addresses may be connected to. Default: all.
    pub address_rule: AddressRule,
    /// The socket that every connection is made to, whatever the origin. Default: none, connections are TCP.
    pub unix_socket: Option<Arc<Path>>,
    /// The address that connections come from. Default: the system chooses.
    pub local_address: Option<IpAddr>,
    /// Whether small writes go out at once. Default: they do.
    pub tcp_nodelay: bool,
    /// After how much silence the system asks whether the peer is still there. Default: never.
    pub tcp_keepalive: Option<Duration>,
    /// How long an address has for itself before the next one is tried beside it. Default 250 ms (RFC 8305 8).
    pub attempt_delay: Duration,
    /// Where the time comes from. Default: the system's clocks.
    pub clock: Option<Clock>,
}

impl Default for ConnectSettings {
    fn default() -> Self {
        Self {
            overrides: Vec::new(),
            address_rule: AddressRule::default(),
            unix_socket: None,
            local_address: None,
            tcp_nodelay: true,
            tcp_keepalive: None,
            attempt_delay: Duration::from_millis(250),
            clock: None,
        }
    }
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

    /// What a connection must have been made for, and where to and from, to be used for a hop.
    #[must_use]
    pub fn pool_key(&self, hop: &Hop) -> PoolKey {
        let (host, port) = match hop.route().proxy() {
            Some(proxy) => (proxy.host(), proxy.port()),
            None => (hop.origin().host(), hop.origin().port()),
        };
        let addresses = match &self.unix_socket {
            Some(_) => None,
            None => self.addresses(host, port),
        };
        let binding = Binding {
            unix_socket: self.unix_socket.clone(),
            local_address: self.local_address,
            addresses: addresses.unwrap_or_default(),
        };
        hop.pool_key().with_binding(binding)
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
    use crate::session::request::Request;
    use crate::session::step::Step;
    use crate::time::Now;
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::time::{Instant, SystemTime};

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

    /// PI-01: what is connected elsewhere, or from elsewhere, is another connection.
    #[test]
    fn every_setting_of_a_place_makes_another_key() {
        #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
        let now = Now::new(Instant::now(), SystemTime::UNIX_EPOCH);
        let mut session = Session::builder().build().unwrap();
        let Ok(Step::Send(hop)) = session.begin(Request::get("http://a.test/"), now) else { panic!("no hop") };
        let mut all = vec![ConnectSettings::default(); 6];
        all[1].unix_socket = Some(Path::new("/a").into());
        all[2].unix_socket = Some(Path::new("/b").into());
        all[3].local_address = Some([127, 0, 0, 1].into());
        all[4].overrides.push(AddressOverride::new("a.test", &["127.0.0.1:0".parse().unwrap()]).unwrap());
        all[5].overrides.push(AddressOverride::new("a.test", &["127.0.0.2:0".parse().unwrap()]).unwrap());
        let keys: BTreeSet<_> = all.iter().map(|settings| settings.pool_key(&hop)).collect();
        assert_eq!(keys.len(), all.len());
        assert_eq!(all[0].pool_key(&hop), hop.pool_key());
        all[5].overrides[0].host = CanonicalHost::parse("b.test").unwrap();
        assert_eq!(all[5].pool_key(&hop), hop.pool_key(), "what was set for another host changes nothing");
    }
}

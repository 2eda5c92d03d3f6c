//! Where a hop's connection is made to: the origin, or the proxy on the way; and the errors where a name has no address, none
//! that may be connected to, or none that answers. Asking for a name's addresses, and connecting, is the transport's.

use crate::error::{Error, ErrorKind, Fault, Phase};
use crate::message::host::CanonicalHost;
use crate::message::origin::Origin;
use crate::message::proxy::ProxyServer;
use crate::retry::failure::{Failure, FailureKind};
use crate::session::address_rule::Admission;
use crate::session::step::Hop;
use crate::session::transport::ConnectSettings;
use crate::transport::bounds::Deadline;
use crate::transport::cause::Cause;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

/// A host and port to connect to: an origin's, or a proxy's.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    host: &'a CanonicalHost,
    port: u16,
    proxy: Option<&'a ProxyServer>,
}

impl<'a> Place<'a> {
    /// Where the way of a hop begins: at its proxy, else at its origin.
    #[must_use]
    pub fn of(hop: &'a Hop) -> Self {
        match hop.route().proxy() {
            Some(proxy) => Self { host: proxy.host(), port: proxy.port(), proxy: Some(proxy) },
            None => Self::origin(hop.origin()),
        }
    }

    /// An origin, whatever the way there.
    #[must_use]
    pub fn origin(origin: &'a Origin) -> Self {
        Self { host: origin.host(), port: origin.port(), proxy: None }
    }

    /// The host, to be asked for.
    #[must_use]
    pub fn host(&self) -> &'a str {
        self.host.as_str()
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The addresses that are known without asking: those set for it, or itself where it is one.
    #[must_use]
    pub fn known(&self, settings: &ConnectSettings) -> Option<Vec<SocketAddr>> {
        let set = settings.addresses(self.host, self.port);
        set.or_else(|| self.host.ip().map(|ip| vec![SocketAddr::new(ip, self.port)]))
    }

    /// Judges the addresses that were found, known or asked for: the one place through which a transport gets the addresses
    /// that it connects to, so that the session's rule on them holds for all of them. Port 0 in one stands for the place's own.
    ///
    /// # Errors
    /// There is none, they could not be asked for, or the session's rule refuses each of them.
    pub fn resolved(
        &self,
        settings: &ConnectSettings,
        answer: Result<Vec<SocketAddr>, Cause>,
    ) -> Result<Vec<SocketAddr>, Failure> {
        let unresolved = || Error::new(ErrorKind::Connect, Phase::Resolve, format!("{self} has no address"));
        match answer {
            Ok(addresses) if addresses.is_empty() => Err(Failure::before_sending(FailureKind::Resolve, unresolved())),
            Ok(addresses) => {
                let with_port = |address: SocketAddr| match address.port() {
                    0 => SocketAddr::new(address.ip(), self.port),
                    _ => address,
                };
                self.admitted(settings, addresses.into_iter().map(with_port).collect())
            }
            Err(Cause::Io(error)) => {
                Err(Failure::before_sending(FailureKind::Resolve, unresolved().with_source(error)))
            }
            Err(cause) => Err(failure(cause, Phase::Resolve)),
        }
    }

    /// The addresses that the session's rule admits.
    fn admitted(&self, settings: &ConnectSettings, mut addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Failure> {
        let first = addresses.first().copied();
        addresses.retain(|address| settings.address_rule.judge(self.host, *address) == Admission::Admit);
        match first {
            Some(refused) if addresses.is_empty() => {
                let message = format!("the session's rule on addresses refuses each one of {self}");
                let error = Error::new(ErrorKind::AddressRefused, Phase::Resolve, message)
                    .with_expected("an address that the rule admits")
                    .with_came(refused.to_string().as_bytes());
                Err(Failure::before_sending(FailureKind::Request, error))
            }
            _ => Ok(addresses),
        }
    }

    /// The failure where no address accepted a connection, each with why.
    #[must_use]
    pub fn no_connection(&self, failures: Vec<(SocketAddr, io::Error)>) -> Failure {
        let mut message = format!("no connection to {self}");
        if !failures.is_empty() {
            message.push_str(": ");
            message.push_str(&told(&failures));
        }
        let error = Error::new(ErrorKind::Connect, Phase::Connect, message);
        let error = match failures.into_iter().last() {
            Some((_, last)) => error.with_source(last),
            None => error,
        };
        Failure::before_sending(FailureKind::Connect, error)
    }

    /// The failure where the socket that stands in for it takes no connection.
    #[must_use]
    pub fn no_socket(&self, path: &Path, error: io::Error) -> Failure {
        let message = format!("no connection to {self} over the unix socket {}: {error}", path.display());
        let error = Error::new(ErrorKind::Connect, Phase::Connect, message).with_source(error);
        Failure::before_sending(FailureKind::Connect, error)
    }

    /// The failure where no address had accepted a connection by the deadline; `failures` are those that refused before.
    #[must_use]
    pub fn late(&self, deadline: Deadline, failures: &[(SocketAddr, io::Error)]) -> Failure {
        let cause = Cause::Late(deadline);
        let (kind, mut error) = (cause.kind(false), cause.into_error(Phase::Connect));
        if !failures.is_empty() {
            error = error.with_source(told(failures));
        }
        Failure::before_sending(kind, error)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.proxy {
            Some(proxy) => write!(f, "the proxy {proxy}"),
            None => write!(f, "{}", self.host),
        }
    }
}

/// Each address that was tried, and why it failed. There are no more than
/// [`Limits::addresses`](crate::limits::Limits::addresses).
fn told(failures: &[(SocketAddr, io::Error)]) -> String {
    let each: Vec<_> = failures.iter().map(|(address, error)| format!("{address} failed: {error}")).collect();
    each.join("; ")
}

/// What ended the way to a connection before there was any, as the failure of its hop.
#[must_use]
pub fn failure(cause: Cause, phase: Phase) -> Failure {
    let kind = cause.kind(false);
    let lost = matches!(cause, Cause::Io(_));
    let error = cause.into_error(phase);
    // While a tunnel is asked for, whoever is at the other end is the proxy.
    let error = if lost && phase == Phase::Tunnel { error.with_fault(Fault::Proxy) } else { error };
    Failure::before_sending(kind, error)
}

/// The failure where no connection came free before the deadline: as many are open as may be.
#[must_use]
pub fn no_free_connection(deadline: Deadline) -> Failure {
    let kind = Cause::Late(deadline).kind(false);
    let error = Error::new(ErrorKind::Timeout, Phase::Connect, "waited for a free connection and none came in time")
        .with_bound(deadline.bound());
    let error = match deadline.allowed() {
        Some(allowed) => error.with_expected(format!("one within {allowed:?}, or a higher bound on connections")),
        None => error,
    };
    Failure::before_sending(kind, error)
}

#[cfg(test)]
mod tests {
    use super::{Place, failure, no_free_connection};
    use crate::error::{Error, ErrorKind, Fault, Phase};
    use crate::message::origin::Origin;
    use crate::retry::failure::{Failure, FailureKind};
    use crate::session::address_rule::AddressRule;
    use crate::session::transport::{AddressOverride, ConnectSettings};
    use crate::time::Timeouts;
    use crate::transport::bounds::Bounds;
    use crate::transport::cause::Cause;
    use std::io;
    use std::net::SocketAddr;
    use std::time::Instant;

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
        Instant::now()
    }

    fn origin(url: &str) -> Origin {
        Origin::parse(url).unwrap()
    }

    fn known(settings: &ConnectSettings, url: &str) -> Option<Vec<SocketAddr>> {
        Place::origin(&origin(url)).known(settings)
    }

    fn told(failure: &Failure) -> (FailureKind, ErrorKind, Phase) {
        (failure.kind(), failure.error().kind(), failure.error().phase())
    }

    #[test]
    fn what_was_set_goes_before_an_address_and_names_are_asked_for() {
        let mut settings = ConnectSettings::default();
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert_eq!(known(&settings, "http://a.test"), None);
        assert_eq!(known(&settings, "http://127.0.0.1:81"), Some(vec![address("127.0.0.1:81")]));
        assert_eq!(known(&settings, "http://[::1]"), Some(vec![address("[::1]:80")]));
        settings.overrides.push(AddressOverride::new("127.0.0.1", &[address("10.0.0.1:0")]).unwrap());
        assert_eq!(known(&settings, "http://127.0.0.1:81"), Some(vec![address("10.0.0.1:81")]));
    }

    #[test]
    fn a_name_without_address_does_not_resolve() {
        let a_test = origin("http://a.test");
        let failed = |answer| told(&Place::origin(&a_test).resolved(&ConnectSettings::default(), answer).unwrap_err());
        let unresolved = (FailureKind::Resolve, ErrorKind::Connect, Phase::Resolve);
        assert_eq!(failed(Ok(Vec::new())), unresolved);
        let found = Place::origin(&a_test).resolved(
            &ConnectSettings::default(),
            Ok(vec!["10.0.0.1:0".parse().unwrap(), "10.0.0.1:9".parse().unwrap()]),
        );
        assert_eq!(found.unwrap().iter().map(SocketAddr::port).collect::<Vec<_>>(), [80, 9]);
        assert_eq!(failed(Err(Cause::Io(io::Error::other("no such name")))), unresolved);
        let start = start();
        let deadline = Bounds::new(Timeouts::default(), None, start, start).connect(start).unwrap();
        let late = (FailureKind::Timeout, ErrorKind::Timeout, Phase::Resolve);
        assert_eq!(failed(Err(Cause::Late(deadline))), late);
    }

    /// Threat RT-02.
    #[test]
    fn what_the_rule_refuses_is_left_out_wherever_it_comes_from() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let mut settings = ConnectSettings { address_rule: AddressRule::public_only(), ..ConnectSettings::default() };
        let judged = |settings: &ConnectSettings, url: &str, asked: &[&str]| {
            let origin = origin(url);
            let found = known(settings, url).unwrap_or_else(|| asked.iter().map(|text| address(text)).collect());
            Place::origin(&origin).resolved(settings, Ok(found))
        };
        let mixed = ["10.0.0.1:80", "1.1.1.1:80", "[::1]:80"];
        assert_eq!(judged(&settings, "http://a.test", &mixed).unwrap(), [address("1.1.1.1:80")]);
        settings.overrides.push(AddressOverride::new("set.test", &[address("127.0.0.1:0")]).unwrap());
        for url in ["http://a.test", "https://set.test", "http://127.1", "http://[::ffff:10.0.0.1]", "https://0"] {
            let failure = judged(&settings, url, &["192.168.0.1:80", "169.254.169.254:80"]).unwrap_err();
            let refused = (FailureKind::Request, ErrorKind::AddressRefused, Phase::Resolve);
            assert_eq!((told(&failure), failure.error().fault()), (refused, Fault::Caller), "{url}");
            assert!(!failure.may_have_been_seen());
        }
        let failure = judged(&settings, "http://a.test", &["192.168.0.1:80"]).unwrap_err();
        assert_eq!(failure.error().came(), Some("192.168.0.1:80"));
    }

    #[test]
    fn every_address_and_its_fault_are_told() {
        let a_test = origin("http://a.test");
        let place = Place::origin(&a_test);
        let refused = |address: &str| (address.parse().unwrap(), io::Error::from(io::ErrorKind::ConnectionRefused));
        let failures = || vec![refused("127.0.0.1:9"), refused("[::1]:9")];
        let failure = place.no_connection(failures());
        assert_eq!(told(&failure), (FailureKind::Connect, ErrorKind::Connect, Phase::Connect));
        let text = failure.error().to_string();
        assert!(text.contains("a.test: 127.0.0.1:9 failed: ") && text.contains("; [::1]:9 failed: "), "{text}");
        assert_eq!(told(&place.no_connection(Vec::new())).0, FailureKind::Connect);
        let start = start();
        let deadline = Bounds::new(Timeouts::default(), None, start, start).connect(start).unwrap();
        let late = place.late(deadline, &failures());
        assert_eq!(told(&late), (FailureKind::Timeout, ErrorKind::Timeout, Phase::Connect));
        assert!(std::error::Error::source(late.error()).unwrap().to_string().contains("127.0.0.1:9 failed"));
    }

    #[test]
    fn a_tunnel_that_breaks_is_the_proxys_fault_and_its_error_says_the_kind() {
        let lost = failure(Cause::Io(io::ErrorKind::ConnectionReset.into()), Phase::Tunnel);
        assert_eq!((told(&lost).0, lost.error().fault()), (FailureKind::Reset, Fault::Proxy));
        let lost = failure(Cause::Io(io::ErrorKind::ConnectionReset.into()), Phase::Tls);
        assert_eq!(lost.error().fault(), Fault::Peer);
        for (kind, fact) in [
            (ErrorKind::Proxy, FailureKind::Proxy),
            (ErrorKind::Tls, FailureKind::Tls),
            (ErrorKind::Incomplete, FailureKind::Incomplete),
            (ErrorKind::Limit, FailureKind::Limit),
            (ErrorKind::Protocol, FailureKind::Protocol),
            (ErrorKind::InvalidUrl, FailureKind::Request),
        ] {
            let failure = failure(Cause::Setup(Error::new(kind, Phase::Tunnel, "no")), Phase::Tunnel);
            assert_eq!((failure.kind(), failure.may_have_been_seen()), (fact, false));
        }
    }

    #[test]
    fn a_wait_in_vain_says_what_was_waited_for_and_sent_nothing() {
        let deadline = Bounds::new(Timeouts::default(), None, start(), start()).connect(start()).unwrap();
        let failure = no_free_connection(deadline);
        assert_eq!((failure.kind(), failure.may_have_been_seen()), (FailureKind::Timeout, false));
        assert_eq!((failure.error().kind(), failure.error().phase()), (ErrorKind::Timeout, Phase::Connect));
        assert!(failure.error().to_string().contains("free connection"), "{}", failure.error());
        assert!(failure.error().expected().unwrap().contains("10s"));
    }
}

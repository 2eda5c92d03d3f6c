//! Which addresses a hop is connected to, and the errors where there are none, none may be connected to or none answers.
//! Asking the system for a name's addresses, and connecting, is the transport's.

use crate::error::{Error, ErrorKind, Phase};
use crate::message::origin::Origin;
use crate::retry::failure::{Failure, FailureKind};
use crate::session::address_rule::Admission;
use crate::session::transport::ConnectSettings;
use crate::transport::bounds::Deadline;
use crate::transport::cause::Cause;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

/// The addresses of an origin that are known without asking: those set for it, or itself where it is one.
#[must_use]
pub fn known(settings: &ConnectSettings, origin: &Origin) -> Option<Vec<SocketAddr>> {
    let port = origin.port();
    let set = settings.addresses(origin.host(), port);
    set.or_else(|| origin.host().ip().map(|ip| vec![SocketAddr::new(ip, port)]))
}

/// Judges the addresses that were found for an origin, known or asked for: the one place through which a transport gets
/// the addresses that it connects to, so that the session's rule on them holds for all of them.
///
/// # Errors
/// There is none, they could not be asked for, or the session's rule refuses each of them.
pub fn resolved(
    settings: &ConnectSettings,
    origin: &Origin,
    answer: Result<Vec<SocketAddr>, Cause>,
) -> Result<Vec<SocketAddr>, Failure> {
    let unresolved =
        || Error::new(ErrorKind::Connect, Phase::Resolve, format!("{} has no address", origin.host().as_str()));
    match answer {
        Ok(addresses) if addresses.is_empty() => Err(Failure::before_sending(FailureKind::Resolve, unresolved())),
        Ok(addresses) => admitted(settings, origin, addresses),
        Err(Cause::Io(error)) => Err(Failure::before_sending(FailureKind::Resolve, unresolved().with_source(error))),
        Err(cause) => Err(Failure::before_sending(cause.kind(false), cause.into_error(Phase::Resolve))),
    }
}

/// The addresses that the session's rule admits.
fn admitted(
    settings: &ConnectSettings,
    origin: &Origin,
    mut addresses: Vec<SocketAddr>,
) -> Result<Vec<SocketAddr>, Failure> {
    let first = addresses.first().copied();
    addresses.retain(|address| settings.address_rule.judge(origin.host(), *address) == Admission::Admit);
    match first {
        Some(refused) if addresses.is_empty() => {
            let message = format!("the session's rule on addresses refuses each one of {}", origin.host());
            let error = Error::new(ErrorKind::AddressRefused, Phase::Resolve, message)
                .with_expected("an address that the rule admits")
                .with_came(refused.to_string().as_bytes());
            Err(Failure::before_sending(FailureKind::Request, error))
        }
        _ => Ok(addresses),
    }
}

/// The failure where no address of an origin accepted a connection; `last` is the one tried last, and why it failed.
#[must_use]
pub fn no_connection(
    origin: &Origin,
    last: Option<(SocketAddr, io::Error)>,
    deadline: Option<Deadline>,
    now: Instant,
) -> Failure {
    let timed_out = last.as_ref().is_none_or(|(_, error)| error.kind() == io::ErrorKind::TimedOut);
    if let Some(deadline) = deadline.filter(|deadline| timed_out && deadline.is_over(now)) {
        let cause = Cause::Late(deadline);
        return Failure::before_sending(cause.kind(false), cause.into_error(Phase::Connect));
    }
    let error = match last {
        Some((address, error)) => {
            let message = format!("no connection to {}: {address} failed: {error}", origin.host());
            Error::new(ErrorKind::Connect, Phase::Connect, message).with_source(error)
        }
        None => Error::new(ErrorKind::Connect, Phase::Connect, format!("no connection to {}", origin.host())),
    };
    Failure::before_sending(FailureKind::Connect, error)
}

#[cfg(test)]
mod tests {
    use super::{known, no_connection, resolved};
    use crate::error::{ErrorKind, Fault, Phase};
    use crate::message::origin::Origin;
    use crate::retry::failure::{Failure, FailureKind};
    use crate::session::address_rule::AddressRule;
    use crate::session::transport::{AddressOverride, ConnectSettings};
    use crate::time::Timeouts;
    use crate::transport::bounds::Bounds;
    use crate::transport::cause::Cause;
    use std::io;
    use std::net::SocketAddr;
    use std::time::{Duration, Instant};

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
        Instant::now()
    }

    fn origin(url: &str) -> Origin {
        Origin::parse(url).unwrap()
    }

    fn told(failure: &Failure) -> (FailureKind, ErrorKind, Phase) {
        (failure.kind(), failure.error().kind(), failure.error().phase())
    }

    #[test]
    fn what_was_set_goes_before_an_address_and_names_are_asked_for() {
        let mut settings = ConnectSettings::default();
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert_eq!(known(&settings, &origin("http://a.test")), None);
        assert_eq!(known(&settings, &origin("http://127.0.0.1:81")), Some(vec![address("127.0.0.1:81")]));
        assert_eq!(known(&settings, &origin("http://[::1]")), Some(vec![address("[::1]:80")]));
        settings.overrides.push(AddressOverride::new("127.0.0.1", &[address("10.0.0.1:0")]).unwrap());
        assert_eq!(known(&settings, &origin("http://127.0.0.1:81")), Some(vec![address("10.0.0.1:81")]));
    }

    #[test]
    fn a_name_without_address_does_not_resolve() {
        let a_test = origin("http://a.test");
        let failed = |answer| told(&resolved(&ConnectSettings::default(), &a_test, answer).unwrap_err());
        let unresolved = (FailureKind::Resolve, ErrorKind::Connect, Phase::Resolve);
        assert_eq!(failed(Ok(Vec::new())), unresolved);
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
            let found = known(settings, &origin).unwrap_or_else(|| asked.iter().map(|text| address(text)).collect());
            resolved(settings, &origin, Ok(found))
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
    fn the_last_address_and_its_fault_are_told_unless_the_time_was_up() {
        let a_test = origin("http://a.test");
        let address: SocketAddr = "127.0.0.1:9".parse().unwrap();
        let start = start();
        let deadline = Bounds::new(Timeouts::default(), None, start, start).connect(start);
        let refused = || Some((address, io::Error::from(io::ErrorKind::ConnectionRefused)));
        let late = start + Duration::from_secs(10);
        let failure = no_connection(&a_test, refused(), deadline, late);
        assert_eq!(told(&failure), (FailureKind::Connect, ErrorKind::Connect, Phase::Connect));
        assert!(failure.error().to_string().contains("a.test: 127.0.0.1:9 failed"), "{}", failure.error());
        let timed_out = || Some((address, io::Error::from(io::ErrorKind::TimedOut)));
        assert_eq!(no_connection(&a_test, timed_out(), deadline, start).kind(), FailureKind::Connect);
        assert_eq!(no_connection(&a_test, timed_out(), deadline, late).kind(), FailureKind::Timeout);
        assert_eq!(no_connection(&a_test, None, None, late).kind(), FailureKind::Connect);
    }
}

//! Which addresses a session may be connected to: the caller's rule, asked for every address before it is connected to.

use crate::means::Means;
use crate::message::host::{CanonicalHost, is_internal};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// A rule on the addresses that connections are made to, for programs that fetch what strangers name (SSRF).
///
/// It is asked after resolving and before connecting, once for each address, at every hop that opens a connection: the
/// first and each redirect, for names, for URLs with an address in them, and for addresses that were set by
/// [`resolve`](crate::session::builder::SessionBuilder::resolve). What is judged is what is connected to, so a name that
/// resolves otherwise a moment later changes nothing. A refused address is left out; where none is left, the request ends
/// with [`ErrorKind::AddressRefused`](crate::error::ErrorKind::AddressRefused), nothing is sent and nothing tried again.
///
/// A request that goes through a proxy is connected to the proxy, so the rule is asked for the proxy's addresses. Where a
/// proxy resolves names, the addresses of the origin are seen by the proxy alone, which then needs a rule of its own.
///
/// ```
/// use session_core::session::Session;
/// use session_core::session::address_rule::{Admission, AddressRule};
///
/// let public = AddressRule::public_only();
/// let own = AddressRule::custom(|host, address| match host.as_str() == "db.test" || address.port() != 5432 {
///     true => Admission::Admit,
///     false => Admission::Refuse,
/// });
/// let session = Session::builder().address_rule(own).build()?;
/// # Ok::<(), session_core::error::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct AddressRule(Kind);

#[derive(Clone, Default)]
enum Kind {
    #[default]
    Any,
    /// With what tells which addresses are not.
    PublicOnly(Means<fn(IpAddr) -> bool>),
    Custom(Arc<Decide>),
}

type Decide = dyn Fn(&CanonicalHost, SocketAddr) -> Admission + Send + Sync;

/// What a rule says of one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an address is connected to or not")]
pub enum Admission {
    /// It may be connected to.
    Admit,
    /// It is not connected to.
    Refuse,
}

impl AddressRule {
    /// Every address. The default.
    #[must_use]
    pub fn any() -> Self {
        Self(Kind::Any)
    }

    /// Only addresses of the public internet. Refused are those of this machine, private, shared (RFC 6598), link-local,
    /// unique local, unspecified, multicast and reserved ones (RFC 6890), and IPv6 addresses that stand for such an IPv4
    /// address: see [`CanonicalHost::is_internal`].
    #[must_use]
    pub fn public_only() -> Self {
        Self(Kind::PublicOnly(Means(is_internal)))
    }

    /// A rule of the caller's own. It sees the host as the URL names it, in its canonical spelling, and one address with the
    /// port. It must not wait: it is called where connections are made.
    #[must_use]
    pub fn custom(decide: impl Fn(&CanonicalHost, SocketAddr) -> Admission + Send + Sync + 'static) -> Self {
        Self(Kind::Custom(Arc::new(decide)))
    }

    /// What it says of an address of a host.
    #[must_use]
    pub fn judge(&self, host: &CanonicalHost, address: SocketAddr) -> Admission {
        match &self.0 {
            Kind::Any => Admission::Admit,
            Kind::PublicOnly(Means(is_internal)) if is_internal(address.ip()) => Admission::Refuse,
            Kind::PublicOnly(_) => Admission::Admit,
            Kind::Custom(decide) => decide(host, address),
        }
    }
}

impl fmt::Debug for AddressRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Any => "AddressRule::any()",
            Kind::PublicOnly(_) => "AddressRule::public_only()",
            Kind::Custom(_) => "AddressRule::custom(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{AddressRule, Admission};
    use crate::message::host::CanonicalHost;
    use std::net::{IpAddr, SocketAddr};

    fn judged(rule: &AddressRule, address: &str) -> Admission {
        let address = SocketAddr::new(address.parse::<IpAddr>().unwrap(), 80);
        rule.judge(&CanonicalHost::parse("a.test").unwrap(), address)
    }

    #[test]
    fn public_only_refuses_each_kind_of_internal_address_and_its_neighbours_are_public() {
        let rule = AddressRule::public_only();
        for internal in [
            "127.0.0.1",
            "127.255.255.255",
            "0.0.0.0",
            "10.0.0.1",
            "10.255.255.255",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "::",
            "::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:a00:1::",
            "2001::1",
        ] {
            assert_eq!(judged(&rule, internal), Admission::Refuse, "{internal}");
            assert_eq!(judged(&AddressRule::default(), internal), Admission::Admit, "{internal}");
        }
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "223.255.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            assert_eq!(judged(&rule, public), Admission::Admit, "{public}");
        }
    }

    #[test]
    fn a_rule_of_ones_own_sees_host_address_and_port() {
        let rule = AddressRule::custom(|host, address| match (host.as_str(), address.port()) {
            ("a.test", 80) => Admission::Refuse,
            _ => Admission::Admit,
        });
        assert_eq!(judged(&rule, "1.1.1.1"), Admission::Refuse);
        let other = "1.1.1.1:81".parse().unwrap();
        assert_eq!(rule.judge(&CanonicalHost::parse("a.test").unwrap(), other), Admission::Admit);
        assert_eq!(format!("{rule:?}"), "AddressRule::custom(..)");
    }
}

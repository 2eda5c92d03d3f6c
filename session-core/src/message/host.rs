//! The one spelling of a host: who compares hosts compares these.

use std::fmt;
use std::net::IpAddr;
use url::{Host, Url};

/// A host in its canonical spelling: lower case, A-labels, IPv4 as four decimal numbers, IPv6 compressed, no brackets.
///
/// A trailing dot stays: `a.test.` is another host than `a.test`. Empty labels (`a..test`, `.a.test`) are no host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CanonicalHost {
    text: Box<str>,
    address: Option<IpAddr>,
}

impl CanonicalHost {
    /// The host of a URL; `None` where it has none or one with an empty label.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        match url.host()? {
            Host::Domain(name) => Self::name(name),
            Host::Ipv4(address) => Some(Self::address(IpAddr::V4(address))),
            Host::Ipv6(address) => Some(Self::address(IpAddr::V6(address))),
        }
    }

    /// A host as written, in any spelling that a URL may use (`A.TEST`, `127.1`, `[::1]`, U-labels).
    #[must_use]
    pub fn parse(host: &str) -> Option<Self> {
        match Host::parse(host).ok()? {
            Host::Domain(name) => Self::name(&name),
            Host::Ipv4(address) => Some(Self::address(IpAddr::V4(address))),
            Host::Ipv6(address) => Some(Self::address(IpAddr::V6(address))),
        }
    }

    fn name(name: &str) -> Option<Self> {
        let labels = name.strip_suffix('.').unwrap_or(name);
        if labels.split('.').any(str::is_empty) {
            return None;
        }
        Some(Self { text: name.to_ascii_lowercase().into(), address: None })
    }

    fn address(address: IpAddr) -> Self {
        Self { text: address.to_string().into(), address: Some(address) }
    }

    /// The canonical text, IPv6 without brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The canonical text without a trailing dot: two spellings of one name in the DNS are equal in this.
    #[must_use]
    pub fn without_dot(&self) -> &str {
        self.text.strip_suffix('.').unwrap_or(&self.text)
    }

    /// The address, where the host is one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.address
    }

    /// Whether the host is this machine: `localhost`, a name below it, 127.0.0.0/8, ::1, or an IPv4-mapped one of these.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.address {
            Some(IpAddr::V4(address)) => address.is_loopback(),
            Some(IpAddr::V6(address)) => {
                address.is_loopback() || address.to_ipv4_mapped().is_some_and(|mapped| mapped.is_loopback())
            }
            None => {
                let name = self.without_dot();
                name == "localhost" || name.ends_with(".localhost")
            }
        }
    }
}

impl fmt::Display for CanonicalHost {
    /// As in a URL or a Host field: IPv6 in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(IpAddr::V6(address)) => write!(f, "[{address}]"),
            _ => f.write_str(&self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CanonicalHost;

    fn host(text: &str) -> Option<String> {
        CanonicalHost::parse(text).map(|host| host.to_string())
    }

    #[test]
    fn one_host_has_one_spelling() {
        for spelling in ["A.Test", "a.test", "\u{ff41}.test", "a\u{3002}test"] {
            assert_eq!(host(spelling).as_deref(), Some("a.test"), "{spelling}");
        }
        for spelling in ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "0x7f.1"] {
            assert_eq!(host(spelling).as_deref(), Some("127.0.0.1"), "{spelling}");
        }
        assert_eq!(host("[0:0::1]").as_deref(), Some("[::1]"));
        assert_eq!(host("stra\u{df}e.de").as_deref(), Some("xn--strae-oqa.de"));
        assert_eq!(host("b.test.").as_deref(), Some("b.test."));
        assert_eq!(host("a_b.test").as_deref(), Some("a_b.test"));
    }

    #[test]
    fn a_trailing_dot_can_be_left_out() {
        for spelling in ["a.test", "A.Test.", "a\u{3002}test\u{3002}"] {
            assert_eq!(CanonicalHost::parse(spelling).unwrap().without_dot(), "a.test", "{spelling}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for bad in [
            "",
            ".",
            "a..test",
            ".a.test",
            "...",
            "a b",
            "[::1%25eth0]",
            "1.2.3.4.5",
            "256.1.1.1",
            "a/b",
            "\u{2100}.test",
        ] {
            assert_eq!(host(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn loopback_in_every_spelling() {
        for spelling in ["localhost", "LOCALHOST.", "x.localhost", "127.9.9.9", "[::1]", "[::ffff:127.0.0.1]"] {
            assert!(CanonicalHost::parse(spelling).unwrap().is_loopback(), "{spelling}");
        }
        for spelling in ["localhost.test", "128.0.0.1", "[::2]", "notlocalhost"] {
            assert!(!CanonicalHost::parse(spelling).unwrap().is_loopback(), "{spelling}");
        }
    }
}

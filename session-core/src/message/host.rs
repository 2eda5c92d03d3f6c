//! The one spelling of a host: who compares hosts compares these.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
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
        let text = match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => v6(address).to_string().trim_matches(['[', ']']).to_owned(),
        };
        Self { text: text.into(), address: Some(address) }
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

    /// Whether the host is no single place of the public internet: this machine ([`CanonicalHost::is_loopback`]), or an
    /// address that is unspecified, private, shared, link-local, multicast or reserved (RFC 6890), or an IPv6 address that
    /// stands for such an IPv4 address (mapped, compatible, NAT64, 6to4) or may (Teredo).
    ///
    /// It is for rules on where a redirect may lead. Of a name only the addresses that it resolves to can tell, so it is
    /// false for every name but those of this machine: see [`AddressRule`](crate::session::address_rule::AddressRule).
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.address.map_or_else(|| self.is_loopback(), is_internal)
    }
}

/// Whether an address is no single place of the public internet: see [`CanonicalHost::is_internal`].
#[must_use]
pub fn is_internal(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_internal_v4(address),
        IpAddr::V6(address) => is_internal_v6(address),
    }
}

/// The spelling of a URL: an IPv4-mapped address has no dots in it there, unlike in that of the standard library.
fn v6(address: Ipv6Addr) -> Host {
    Host::Ipv6(address)
}

fn is_internal_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || first == 0
        || first >= 224
        || (first == 100 && second & 0xc0 == 64)
        || (first, second, third) == (192, 0, 0)
        || (first == 198 && second & 0xfe == 18)
}

fn is_internal_v6(address: Ipv6Addr) -> bool {
    let v4 = |high: u16, low: u16| is_internal_v4(Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low)));
    match address.segments() {
        // Mapped and compatible; the latter hold :: and ::1 too.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] => v4(high, low),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => v4(high, low),
        // NAT64 of a network's own, and Teredo, whose IPv4 addresses are masked.
        [0x64, 0xff9b, 1, ..] | [0x2001, 0, ..] => true,
        // Unique local, link-local, site-local, multicast.
        [first, ..] => first & 0xfe00 == 0xfc00 || first & 0xff80 == 0xfe80 || first >= 0xff00,
    }
}

impl fmt::Display for CanonicalHost {
    /// As in a URL or a Host field: IPv6 in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(IpAddr::V6(address)) => write!(f, "{}", v6(address)),
            _ => f.write_str(&self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CanonicalHost;
    use url::Url;

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
        for (spelling, canonical) in
            [("[0:0::1]", "[::1]"), ("[::FFFF:127.0.0.1]", "[::ffff:7f00:1]"), ("[::1.2.3.4]", "[::102:304]")]
        {
            assert_eq!(host(spelling).as_deref(), Some(canonical), "{spelling}");
            let url = Url::parse(&format!("http://{spelling}/")).unwrap();
            assert_eq!(url.host_str(), Some(canonical), "{spelling}");
            assert_eq!(CanonicalHost::of(&url).unwrap().as_str(), canonical.trim_matches(['[', ']']));
        }
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

    /// The blocks of RFC 6890: the first and the last address of each, and the neighbours outside.
    #[test]
    fn internal_addresses_in_every_spelling() {
        let internal = |text: &str| CanonicalHost::parse(text).unwrap().is_internal();
        for inside in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.0",
            "169.254.0.0",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.255",
            "192.168.0.0",
            "198.18.0.0",
            "198.19.255.255",
            "224.0.0.0",
            "255.255.255.255",
            "[::]",
            "[::1]",
            "[::7f00:1]",
            "[::ffff:10.0.0.1]",
            "[64:ff9b::a00:1]",
            "[64:ff9b:1::808:808]",
            "[2002:a00:1::5]",
            "[fc00::]",
            "[fdff:ffff::1]",
            "[fe80::]",
            "[febf::1]",
            "[fec0::1]",
            "[ff02::1]",
            "localhost",
            "x.localhost.",
        ] {
            assert!(internal(inside), "{inside}");
        }
        for outside in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "[::ffff:8.8.8.8]",
            "[64:ff9b::808:808]",
            "[2002:808:808::]",
            "[2001:4860::8888]",
            "[fbff::1]",
            "[fe7f::1]",
            "10.test",
            "a.test",
        ] {
            assert!(!internal(outside), "{outside}");
        }
    }
}

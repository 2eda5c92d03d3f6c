//! Lists of exceptions beside a plain reading of the same rules: addresses as strings of bits, names as lists of labels.

use arbitrary::Arbitrary;
use session_core::message::origin::Origin;
use session_core::proxy::no_proxy::NoProxy;
use std::net::{IpAddr, Ipv6Addr};
use url::{Host, Url};

/// A list, and an origin that it is asked about. As bytes: one for the origin (see [`ORIGINS`]), then the list; where it is
/// 255, the first line is a URL.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The number of the origin.
    pub origin: u8,
    /// The rest.
    pub bytes: &'a [u8],
}

/// Origins that a mistake would take for one another.
pub const ORIGINS: [&str; 12] = [
    "http://a.test/",
    "https://w.a.test:8080/",
    "http://ba.test./",
    "http://localhost/",
    "http://127.0.0.1/",
    "https://127.0.0.5/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]:8080/",
    "http://0.0.0.0/",
    "https://[fe80::1]/",
    "http://xn--strae-oqa.de/",
    "http://10.1.2.3:80/",
];

/// Any list.
pub fn check_no_proxy(asked: &Asked<'_>) {
    let text = String::from_utf8_lossy(asked.bytes);
    let (url, list) = match asked.origin {
        255 => text.split_once('\n').unwrap_or((&text, "")),
        number => (ORIGINS[usize::from(number) % ORIGINS.len()], &*text),
    };
    let Some(origin) = Url::parse(url).ok().and_then(|url| Origin::of(&url)) else { return };
    let read = NoProxy::parse(list);
    let entries: Vec<&str> = list.split([',', ' ', '\t', '\r', '\n']).filter(|entry| !entry.is_empty()).collect();
    let holds: Vec<&str> = entries.iter().copied().filter(|entry| stands_for(entry, &origin) == Some(true)).collect();
    assert_eq!(read.exception(&origin), holds.first().copied(), "{list:?} for {origin}");
    let unusable: Vec<&str> = entries.iter().copied().filter(|entry| stands_for(entry, &origin).is_none()).collect();
    assert_eq!(read.unusable(), unusable, "{list:?}");
    assert_eq!(read.is_empty(), unusable.len() == entries.len(), "{list:?}");
}

/// Whether an entry stands for an origin; `None` for what is no entry.
fn stands_for(entry: &str, origin: &Origin) -> Option<bool> {
    let address = origin.host().ip();
    if let Some((network, length)) = entry.split_once('/') {
        let network: IpAddr = match network.strip_prefix('[') {
            Some(rest) => IpAddr::V6(rest.strip_suffix(']')?.parse().ok()?),
            None => network.parse().ok()?,
        };
        let length = digits(length)?;
        if length > bits(network).len() as u64 {
            return None;
        }
        // A network of mapped addresses is one of IPv4.
        let (network, length) = match network.to_canonical() {
            IpAddr::V4(v4) if network.is_ipv6() && length >= 96 => (IpAddr::V4(v4), length - 96),
            IpAddr::V4(_) if network.is_ipv6() => (network, length),
            canonical => (canonical, length),
        };
        return Some(address.is_some_and(|address| {
            let address = address.to_canonical();
            let length = usize::try_from(length).expect("at most 128");
            address.is_ipv4() == network.is_ipv4() && bits(address)[..length] == bits(network)[..length]
        }));
    }
    if let Ok(v6) = entry.parse::<Ipv6Addr>() {
        return Some(address.is_some_and(|address| address.to_canonical() == v6.to_canonical()));
    }
    let (host, port) = match entry.rfind(':') {
        Some(colon) if !entry.ends_with(']') => (&entry[..colon], Some(digits(&entry[colon + 1..])?)),
        _ => (entry, None),
    };
    if port.is_some_and(|port| !(1..=65535).contains(&port)) {
        return None;
    }
    let here = port.is_none_or(|port| port == u64::from(origin.port()));
    let named = names(host, origin)?;
    Some(here && named)
}

/// Whether the host of an entry stands for that of an origin.
fn names(host: &str, origin: &Origin) -> Option<bool> {
    if host == "*" {
        return Some(true);
    }
    let (stem, itself) = match (host.strip_prefix("*."), host.strip_prefix('.')) {
        (Some(stem), _) => (stem, false),
        (None, Some(stem)) => (stem, true),
        (None, None) => match Host::parse(host).ok()? {
            Host::Ipv4(v4) => return Some(origin.host().ip().is_some_and(|ip| ip.to_canonical() == IpAddr::V4(v4))),
            Host::Ipv6(v6) => return Some(origin.host().ip().is_some_and(|ip| ip.to_canonical() == v6.to_canonical())),
            Host::Domain(name) if name.contains('*') => return None,
            Host::Domain(_) => (host, true),
        },
    };
    let Host::Domain(stem) = Host::parse(stem).ok()? else { return None };
    let stem: Vec<&str> = stem.strip_suffix('.').unwrap_or(&stem).split('.').collect();
    if stem.iter().any(|label| label.is_empty()) {
        return None;
    }
    if origin.host().ip().is_some() {
        return Some(false);
    }
    let name = origin.host().to_string();
    let name: Vec<&str> = name.strip_suffix('.').unwrap_or(&name).split('.').collect();
    Some(name.ends_with(&stem) && (itself || name.len() > stem.len()))
}

fn digits(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn bits(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.octets().iter().map(|byte| format!("{byte:08b}")).collect(),
        IpAddr::V6(v6) => v6.octets().iter().map(|byte| format!("{byte:08b}")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, ORIGINS, bits, check_no_proxy, stands_for};
    use session_core::message::origin::Origin;

    #[test]
    fn lists_are_read_alike() {
        for list in [
            "",
            "*",
            "a.test, .a.test *.a.test\ta.test:8080",
            "127.0.0.0/8,::ffff:127.0.0.0/104,::/0,0.0.0.0/0,[::1]/128,10.0.0.0/33,x/8,fe80::/10",
            "[::1] ::1 [::1]:80 [::ffff:127.0.0.1]:8080 ::1%eth0 2130706433 127.1:80",
            "LOCALHOST. stra\u{df}e.de *.* *a.test a*.test:0 a.test:65536 a..test . *. : :80 /",
        ] {
            for origin in 0..12 {
                check_no_proxy(&Asked { origin, bytes: list.as_bytes() });
            }
            check_no_proxy(&Asked { origin: 255, bytes: format!("https://x.y.test:1/\n{list}").as_bytes() });
        }
    }

    #[test]
    fn the_plain_reading_knows_the_rules() {
        let origin = |number: usize| Origin::parse(ORIGINS[number].trim_end_matches('/')).unwrap();
        assert_eq!(stands_for("a.test", &origin(1)), Some(true));
        assert_eq!(stands_for("*.a.test", &origin(0)), Some(false));
        assert_eq!(stands_for("a.test", &origin(2)), Some(false));
        assert_eq!(stands_for("127.0.0.0/8", &origin(7)), Some(true));
        assert_eq!(stands_for("a.test:x", &origin(0)), None);
        assert_eq!(bits("1.2.3.255".parse().unwrap()).len(), 32);
    }
}

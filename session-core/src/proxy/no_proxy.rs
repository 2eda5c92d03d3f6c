//! The hosts that are asked without a proxy: the one matcher for `NO_PROXY` and the setting of that name.
//!
//! Entries are separated by commas or blanks. An entry may be:
//!
//! - `*`: every host.
//! - `a.test` or `.a.test`: that host and all below it, by whole labels (as in curl and Python).
//! - `*.a.test`: all below it, and not the host itself.
//! - `10.0.0.1`, `::1`, `[::1]`: that address; IPv4-mapped IPv6 addresses are the IPv4 address.
//! - `10.0.0.0/8`, `fe80::/10`: all addresses of the network.
//!
//! All but networks may end in a port, `a.test:8080` or `[::1]:8080`, and then hold for that port alone. Hosts are compared
//! in their canonical spelling, without regard to case or a trailing dot. Names are never resolved: `localhost` does not
//! stand for 127.0.0.1, nor an address for a name. An entry that is none of these matches nothing.

use crate::message::grammar::decimal;
use crate::message::host::CanonicalHost;
use crate::message::origin::Origin;
use std::net::{IpAddr, Ipv6Addr};

/// The list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoProxy {
    entries: Vec<Entry>,
    unusable: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    text: String,
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Hosts {
    All,
    /// The host of this name and all below it.
    From(String),
    /// All below the host of this name.
    Below(String),
    /// The addresses that share the first `prefix` bits.
    Network {
        address: IpAddr,
        prefix: u32,
    },
}

impl NoProxy {
    /// Reads a list. Never fails: [`NoProxy::unusable`] tells of entries that match nothing.
    #[must_use]
    pub fn parse(list: &str) -> Self {
        let mut read = Self::default();
        for text in list.split([',', ' ', '\t', '\r', '\n']).filter(|text| !text.is_empty()) {
            match entry(text) {
                Some((hosts, port)) => read.entries.push(Entry { text: text.to_owned(), hosts, port }),
                None => read.unusable.push(text.to_owned()),
            }
        }
        read
    }

    /// The entry, as it was written, by which `origin` is asked without a proxy.
    #[must_use]
    pub fn exception(&self, origin: &Origin) -> Option<&str> {
        let address = origin.host().ip().map(|address| address.to_canonical());
        let name = origin.host().without_dot();
        let holds = |entry: &&Entry| {
            entry.port.is_none_or(|port| port == origin.port())
                && match (&entry.hosts, address) {
                    (Hosts::All, _) => true,
                    (Hosts::Network { address: network, prefix }, Some(address)) => {
                        shares_prefix(*network, address, *prefix)
                    }
                    (Hosts::From(from), None) => name == from || is_below(name, from),
                    (Hosts::Below(stem), None) => is_below(name, stem),
                    (Hosts::Network { .. }, None) | (Hosts::From(_) | Hosts::Below(_), Some(_)) => false,
                }
        };
        self.entries.iter().find(holds).map(|entry| entry.text.as_str())
    }

    /// The entries that are none of the forms above, as they were written.
    #[must_use]
    pub fn unusable(&self) -> &[String] {
        &self.unusable
    }

    /// Whether no entry can match.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// What an entry stands for, and for which port.
fn entry(text: &str) -> Option<(Hosts, Option<u16>)> {
    if let Some((address, prefix)) = text.split_once('/') {
        return Some((network(address, prefix)?, None));
    }
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Some((one_address(address.into()), None));
    }
    let (host, port) = match text.rsplit_once(':') {
        // The colon is within the brackets of an address.
        Some(_) if text.ends_with(']') => (text, None),
        Some((host, port)) => (host, Some(u16::try_from(decimal(port.as_bytes())?).ok().filter(|&port| port != 0)?)),
        None => (text, None),
    };
    Some((hosts(host)?, port))
}

fn hosts(host: &str) -> Option<Hosts> {
    if host == "*" {
        return Some(Hosts::All);
    }
    let named = |name: &str| {
        let host = CanonicalHost::parse(name)?;
        if host.ip().is_some() { None } else { Some(host.without_dot().to_owned()) }
    };
    if let Some(stem) = host.strip_prefix("*.") {
        return named(stem).map(Hosts::Below);
    }
    if let Some(stem) = host.strip_prefix('.') {
        return named(stem).map(Hosts::From);
    }
    match CanonicalHost::parse(host)?.ip() {
        Some(address) => Some(one_address(address)),
        // A star anywhere else would be a pattern, which there is none.
        None => named(host).filter(|name| !name.contains('*')).map(Hosts::From),
    }
}

fn one_address(address: IpAddr) -> Hosts {
    let address = address.to_canonical();
    Hosts::Network { address, prefix: bits(address) }
}

/// A network in CIDR notation. One of IPv4-mapped addresses is the IPv4 network.
fn network(address: &str, prefix: &str) -> Option<Hosts> {
    let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address: IpAddr = match bare {
        Some(bare) => bare.parse::<Ipv6Addr>().ok()?.into(),
        None => address.parse().ok()?,
    };
    let prefix = u32::try_from(decimal(prefix.as_bytes())?).ok().filter(|&prefix| prefix <= bits(address))?;
    let canonical = address.to_canonical();
    match prefix.checked_sub(bits(address).saturating_sub(bits(canonical))) {
        Some(prefix) => Some(Hosts::Network { address: canonical, prefix }),
        // It reaches beyond the mapped addresses.
        None => Some(Hosts::Network { address, prefix }),
    }
}

fn bits(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn shares_prefix(network: IpAddr, address: IpAddr, prefix: u32) -> bool {
    match (network, address) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            (one.to_bits() ^ other.to_bits()).checked_shr(32_u32.saturating_sub(prefix)).unwrap_or(0) == 0
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            (one.to_bits() ^ other.to_bits()).checked_shr(128_u32.saturating_sub(prefix)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

fn is_below(name: &str, stem: &str) -> bool {
    name.strip_suffix(stem).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

#[cfg(test)]
mod tests;

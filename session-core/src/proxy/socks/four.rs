//! SOCKS 4 with names (4a): one request, one answer.

use super::{Target, Verdict, broken, refused};
use crate::error::{Error, ErrorKind, Fault, Phase};
use crate::message::proxy::ProxyServer;
use std::net::{IpAddr, Ipv4Addr};

/// How long the answer is.
pub(super) const ANSWER: usize = 8;

/// Stands in the place of the address where a name follows.
const NAMED: Ipv4Addr = Ipv4Addr::new(0, 0, 0, 1);

/// Version, command, port, address, user name, and the name where there is one.
pub(super) fn request(proxy: &ProxyServer, target: Target<'_>) -> Result<Vec<u8>, Error> {
    let (address, name, port) = match target {
        Target::Name(name, port) => (NAMED, Some(name.to_owned()), port),
        // As an address this one would say that a name follows.
        Target::Address(IpAddr::V4(address), port) if matches!(address.octets(), [0, 0, 0, 1..=255]) => {
            (NAMED, Some(address.to_string()), port)
        }
        Target::Address(IpAddr::V4(address), port) => (address, None, port),
        Target::Address(IpAddr::V6(_), _) => {
            let error = Error::new(ErrorKind::Unsupported, Phase::Tunnel, "SOCKS 4a cannot carry an IPv6 address");
            return Err(error.with_expected("a socks5 proxy, a name or an IPv4 address").with_fault(Fault::Caller));
        }
    };
    let mut out = vec![4, 1];
    out.extend(port.to_be_bytes());
    out.extend(address.octets());
    out.extend(proxy.user_info().map_or("", |info| info.user.as_str()).bytes());
    out.push(0);
    if let Some(name) = name {
        out.extend(name.bytes());
        out.push(0);
    }
    Ok(out)
}

/// Judges the answer as far as it came, which is at least a byte. A refusal is told at once.
pub(super) fn judge(came: &[u8]) -> Result<Verdict, Error> {
    if came.first() != Some(&0) {
        return Err(broken("what answers does not speak SOCKS 4", "a first byte of 0", came));
    }
    match came.get(1) {
        None | Some(90) => {}
        Some(91) => return Err(refused("it rejected the request, or it failed")),
        Some(92) => return Err(refused("it cannot ask this machine who its user is")),
        Some(93) => return Err(refused("this machine gives its user another name")),
        Some(_) => return Err(broken("the proxy's answer has no known code", "90 to 93", came)),
    }
    Ok(if came.len() < ANSWER { Verdict::Wants(ANSWER) } else { Verdict::Open })
}

//! The server's side of SOCKS: version 4 and 4a (no RFC), and 5 (RFC 1928) with user and password (RFC 1929).

use crate::script::log::Tunnel;
use crate::server::line::Line;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What a client asked a SOCKS proxy for, before it was answered.
pub(super) struct Asked {
    /// Where to, and by whom.
    pub(super) tunnel: Tunnel,
    version: Version,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Four,
    Five,
}

const USER_AND_PASSWORD: u8 = 2;
const NO_AUTHENTICATION: u8 = 0;

/// Reads a request for a connection. Of the methods that the client offers, user and password goes first.
///
/// # Errors
/// What is no such request, and those of the socket.
pub(super) fn read_request(line: &mut Line) -> io::Result<Asked> {
    match byte(line)? {
        4 => read_four(line),
        5 => read_five(line),
        other => Err(fault(format!("the version of SOCKS is {other}"))),
    }
}

/// Answers a request: the tunnel is open, or it was refused.
///
/// # Errors
/// Those of the socket.
pub(super) fn answer(line: &mut Line, asked: &Asked, is_open: bool) -> io::Result<()> {
    // The address that the proxy is bound to is of no use to anybody: zero.
    match (asked.version, is_open) {
        (Version::Four, true) => line.write_all(&[0, 90, 0, 0, 0, 0, 0, 0]),
        (Version::Four, false) => line.write_all(&[0, 91, 0, 0, 0, 0, 0, 0]),
        (Version::Five, true) => line.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
        // Connection not allowed by ruleset.
        (Version::Five, false) => line.write_all(&[5, 2, 0, 1, 0, 0, 0, 0, 0, 0]),
    }
}

fn read_four(line: &mut Line) -> io::Result<Asked> {
    expect_connect(byte(line)?)?;
    let port = port(line)?;
    let address = bytes::<4>(line)?;
    let user = until_zero(line)?;
    // 0.0.0.x with x not zero: the name follows (4a).
    let host = match address {
        [0, 0, 0, last] if last != 0 => until_zero(line)?,
        address => Ipv4Addr::from(address).to_string(),
    };
    let login = (!user.is_empty()).then(|| (user, String::new()));
    asked(&host, port, login, Version::Four)
}

fn read_five(line: &mut Line) -> io::Result<Asked> {
    let methods = counted(line)?;
    let login = if methods.contains(&USER_AND_PASSWORD) {
        line.write_all(&[5, USER_AND_PASSWORD])?;
        let version = byte(line)?;
        if version != 1 {
            return Err(fault(format!("the version of the login is {version}")));
        }
        let login = (text(counted(line)?)?, text(counted(line)?)?);
        line.write_all(&[1, 0])?;
        Some(login)
    } else if methods.contains(&NO_AUTHENTICATION) {
        line.write_all(&[5, NO_AUTHENTICATION])?;
        None
    } else {
        line.write_all(&[5, 0xff])?;
        return Err(fault(format!("the methods of SOCKS5 are {methods:?}")));
    };
    let version = byte(line)?;
    if version != 5 {
        return Err(fault(format!("the version of the request is {version}")));
    }
    expect_connect(byte(line)?)?;
    let reserved = byte(line)?;
    if reserved != 0 {
        return Err(fault(format!("the reserved byte is {reserved}")));
    }
    let host = match byte(line)? {
        1 => Ipv4Addr::from(bytes::<4>(line)?).to_string(),
        3 => text(counted(line)?)?,
        4 => format!("[{}]", Ipv6Addr::from(bytes::<16>(line)?)),
        other => return Err(fault(format!("the kind of address is {other}"))),
    };
    let port = port(line)?;
    asked(&host, port, login, Version::Five)
}

fn asked(host: &str, port: u16, login: Option<(String, String)>, version: Version) -> io::Result<Asked> {
    let mut tunnel =
        Tunnel::to(&format!("{host}:{port}")).ok_or_else(|| fault(format!("the destination is {host:?}:{port}")))?;
    tunnel.login = login;
    Ok(Asked { tunnel, version })
}

fn expect_connect(command: u8) -> io::Result<()> {
    if command == 1 { Ok(()) } else { Err(fault(format!("the command of SOCKS is {command}"))) }
}

fn bytes<const N: usize>(line: &mut Line) -> io::Result<[u8; N]> {
    let mut read = [0; N];
    line.read_exact(&mut read)?;
    Ok(read)
}

fn byte(line: &mut Line) -> io::Result<u8> {
    bytes::<1>(line).map(|[byte]| byte)
}

fn port(line: &mut Line) -> io::Result<u16> {
    bytes::<2>(line).map(u16::from_be_bytes)
}

/// A length of one byte and as many bytes.
fn counted(line: &mut Line) -> io::Result<Vec<u8>> {
    let mut read = vec![0; usize::from(byte(line)?)];
    line.read_exact(&mut read)?;
    Ok(read)
}

/// Text that ends with a zero byte, of at most 255 bytes.
fn until_zero(line: &mut Line) -> io::Result<String> {
    let mut read = Vec::new();
    while read.len() <= 255 {
        match byte(line)? {
            0 => return text(read),
            byte => read.push(byte),
        }
    }
    Err(fault("a text of SOCKS4 does not end".to_owned()))
}

fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|error| fault(format!("a text is not UTF-8: {error}")))
}

fn fault(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

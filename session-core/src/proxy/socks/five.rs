//! SOCKS 5: the choice of a method, the login where it is asked for, the request (RFC 1928, RFC 1929).

use super::{Login, Step, Target, Verdict, broken, counted, refused};
use crate::error::Error;
use crate::message::proxy::ProxyServer;
use std::net::IpAddr;

/// How long the answers are: the choice, that to a login, and the least of that to the request.
pub(super) const CHOICE: usize = 2;
const LOGGED_IN: usize = 2;
const REPLY: usize = 4;

/// SOCKS 5 up to its last answer.
pub(super) struct Five {
    awaits: Awaits,
    /// What was offered, until it is sent.
    login: Option<Login>,
    request: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Awaits {
    Choice,
    LoggedIn,
    Reply,
}

impl Five {
    /// The conversation, and what opens it: the methods on offer.
    pub(super) fn new(proxy: &ProxyServer, target: Target<'_>) -> (Self, Vec<u8>) {
        let login = Login::of(proxy);
        let greeting = if login.is_some() { vec![5, 2, 0, 2] } else { vec![5, 1, 0] };
        (Self { awaits: Awaits::Choice, login, request: request(target) }, greeting)
    }

    /// What is awaited.
    pub(super) fn name(&self) -> &'static str {
        match self.awaits {
            Awaits::Choice => "method",
            Awaits::LoggedIn => "login",
            Awaits::Reply => "request",
        }
    }

    /// Judges an answer as far as it came, which is at least a byte.
    pub(super) fn judge(&mut self, came: &[u8]) -> Result<Verdict, Error> {
        match self.awaits {
            Awaits::Choice => self.choice(came),
            Awaits::LoggedIn => self.logged_in(came),
            Awaits::Reply => reply(came),
        }
    }

    fn choice(&mut self, came: &[u8]) -> Result<Verdict, Error> {
        version(came, 5, "a SOCKS 5 proxy")?;
        match (came.get(1), self.login.take()) {
            (None, login) => {
                self.login = login;
                Ok(Verdict::Wants(CHOICE))
            }
            (Some(0), _) => Ok(self.ask()),
            (Some(2), Some(login)) => {
                let mut out = vec![1];
                counted(&mut out, &login.user);
                counted(&mut out, login.password.expose());
                Ok(self.say(Awaits::LoggedIn, out, LOGGED_IN))
            }
            (Some(0xff), None) => Err(refused("it takes none of the methods; it may want a user name and password")),
            (Some(0xff), Some(_)) => Err(refused("it takes none of the methods, a user name and password among them")),
            (Some(_), _) => Err(broken("the proxy chose a method that was not offered", "one that was", came)),
        }
    }

    fn logged_in(&mut self, came: &[u8]) -> Result<Verdict, Error> {
        version(came, 1, "an answer to a user name and password")?;
        match came.get(1) {
            None => Ok(Verdict::Wants(LOGGED_IN)),
            Some(0) => Ok(self.ask()),
            Some(_) => Err(refused("the user name or the password is wrong")),
        }
    }

    fn ask(&mut self) -> Verdict {
        let request = std::mem::take(&mut self.request);
        self.say(Awaits::Reply, request, REPLY)
    }

    fn say(&mut self, awaits: Awaits, out: Vec<u8>, wanted: usize) -> Verdict {
        let request = std::mem::take(&mut self.request);
        Verdict::Say(Step::Five(Self { awaits, login: None, request }), out, wanted)
    }
}

/// The request to connect: version, command, a reserved byte, the target.
fn request(target: Target<'_>) -> Vec<u8> {
    let mut out = vec![5, 1, 0];
    let port = match target {
        Target::Address(IpAddr::V4(address), port) => {
            out.push(1);
            out.extend(address.octets());
            port
        }
        Target::Name(name, port) => {
            out.push(3);
            counted(&mut out, name);
            port
        }
        Target::Address(IpAddr::V6(address), port) => {
            out.push(4);
            out.extend(address.octets());
            port
        }
    };
    out.extend(port.to_be_bytes());
    out
}

/// The answer to the request. A refusal is told at once, also where the rest of the answer never comes; the address in it is
/// of no use here.
fn reply(came: &[u8]) -> Result<Verdict, Error> {
    version(came, 5, "a SOCKS 5 proxy")?;
    match came.get(1) {
        None | Some(0) => {}
        Some(&code) => return Err(refusal(code, came)),
    }
    if came.get(2).is_some_and(|&reserved| reserved != 0) {
        return Err(broken("the reserved byte of the proxy's answer is set", "0", came));
    }
    let whole = match (came.get(3), came.get(4)) {
        (None, _) => return Ok(Verdict::Wants(REPLY)),
        (Some(1), _) => REPLY.saturating_add(4 + 2),
        (Some(4), _) => REPLY.saturating_add(16 + 2),
        // The length of the name stands before it.
        (Some(3), None) => return Ok(Verdict::Wants(REPLY.saturating_add(1))),
        (Some(3), Some(&length)) => REPLY.saturating_add(1 + 2).saturating_add(usize::from(length)),
        (Some(_), _) => return Err(broken("the proxy's answer has an address of no known kind", "1, 3 or 4", came)),
    };
    Ok(if came.len() < whole { Verdict::Wants(whole) } else { Verdict::Open })
}

/// The refusals of RFC 1928 6.
fn refusal(code: u8, came: &[u8]) -> Error {
    refused(match code {
        1 => "it failed",
        2 => "its rules do not allow the connection",
        3 => "the network is unreachable",
        4 => "the host is unreachable",
        5 => "the target refused the connection",
        6 => "the time to live expired",
        7 => "it does not know the command",
        8 => "it does not know this kind of address",
        _ => return broken("the proxy's answer has no known code", "0 to 8", came),
    })
}

fn version(came: &[u8], version: u8, expected: &str) -> Result<(), Error> {
    if came.first() == Some(&version) {
        return Ok(());
    }
    Err(broken("what answers does not speak SOCKS 5", expected, came))
}

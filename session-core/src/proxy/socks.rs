//! Asking a SOCKS proxy for a connection, as bytes out and bytes in: SOCKS 5 (RFC 1928) without credential or with user
//! name and password (RFC 1929), and SOCKS 4a. Which bytes travel when is the caller's; the target's name is resolved
//! elsewhere, where the proxy does not do it.
//!
//! Only what the answer is made of is ever asked for, so that the bytes behind it stay where they belong.

mod five;
mod four;

use self::five::Five;
use crate::error::{Error, ErrorKind, Fault, Phase};
use crate::message::proxy::opening::Opening;
use crate::message::proxy::{ProxyScheme, ProxyServer};
use crate::message::sensitive::Secret;
use crate::proxy::open::unanswered;
use bytes::Bytes;
use std::fmt;
use std::net::IpAddr;

/// What the proxy is asked to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a place is named or has an address")]
pub enum Target<'a> {
    /// A name, which the proxy resolves: 1 to 255 bytes without NUL.
    Name(&'a str, u16),
    /// An address and its port.
    Address(IpAddr, u16),
}

/// One conversation with a SOCKS proxy.
///
/// Write [`out`](Self::out) and tell by [`wrote`](Self::wrote); where it is empty, read into [`spare`](Self::spare) and
/// tell by [`received`](Self::received), until it [is open](Self::is_open).
pub struct Socks {
    step: Step,
    /// What is to be written. It may hold the credential.
    out: Vec<u8>,
    written: usize,
    /// The answer as far as it came: `came` bytes of the `wanted`.
    answer: [u8; LONGEST],
    came: usize,
    wanted: usize,
}

/// The longest answer: that of SOCKS 5 to a request, with a name of 255 bytes.
const LONGEST: usize = 4 + 1 + 255 + 2;

/// Whose answer is awaited.
enum Step {
    /// SOCKS 5.
    Five(Five),
    /// SOCKS 4a: there is one.
    Four,
    /// None any more.
    Open,
}

/// What an answer, as far as it came, amounts to.
enum Verdict {
    /// It is this long, or its next part ends there.
    Wants(usize),
    /// It is whole, and this is to be said next.
    Say(Step, Vec<u8>, usize),
    /// The proxy has made the connection.
    Open,
}

impl Socks {
    /// Starts to ask `proxy` for a connection to `target`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] for a name of more than 255 bytes or none. [`ErrorKind::Unsupported`] for an IPv6 address
    /// by SOCKS 4a, which cannot carry one, and for a proxy that is not SOCKS.
    pub fn new(proxy: &ProxyServer, target: Target<'_>) -> Result<Self, Error> {
        if let Target::Name(name, _) = target
            && (name.is_empty() || name.len() > 255 || name.contains('\0'))
        {
            let error = Error::new(ErrorKind::InvalidUrl, Phase::Tunnel, "the host cannot be told to a SOCKS proxy");
            return Err(error.with_expected("a name of 1 to 255 bytes").with_fault(Fault::Caller));
        }
        let (step, out, wanted) = match proxy.scheme() {
            ProxyScheme::Socks4a => (Step::Four, four::request(proxy, target)?, four::ANSWER),
            ProxyScheme::Socks5 | ProxyScheme::Socks5h => {
                let (five, out) = Five::new(proxy, target);
                (Step::Five(five), out, five::CHOICE)
            }
            ProxyScheme::Http | ProxyScheme::Https => {
                return Err(Error::new(ErrorKind::Unsupported, Phase::Tunnel, "an HTTP proxy does not speak SOCKS"));
            }
        };
        Ok(Self { step, out, written: 0, answer: [0; LONGEST], came: 0, wanted })
    }

    /// What is to be written now.
    #[must_use]
    pub fn out(&self) -> &[u8] {
        self.out.get(self.written..).unwrap_or_default()
    }

    /// Says that the first `n` bytes of [`out`](Self::out) were written.
    pub fn wrote(&mut self, n: usize) {
        self.written = self.written.saturating_add(n).min(self.out.len());
        if self.written == self.out.len() {
            self.out.clear();
            self.written = 0;
        }
    }

    /// Where to read into: no longer than the rest of what is awaited. Empty only once it is open.
    #[must_use]
    pub fn spare(&mut self) -> &mut [u8] {
        self.answer.get_mut(self.came..self.wanted).unwrap_or_default()
    }

    /// Says that `n` bytes were read into [`spare`](Self::spare); 0 is the end.
    ///
    /// # Errors
    /// The proxy refused ([`ErrorKind::Proxy`], each reason by its own message), broke the rules of SOCKS
    /// ([`ErrorKind::Protocol`]), or closed within its answer ([`ErrorKind::Incomplete`]): all of them its fault.
    pub fn received(&mut self, n: usize) -> Result<(), Error> {
        if n == 0 {
            let error =
                Error::new(ErrorKind::Incomplete, Phase::Tunnel, "the proxy closed before its answer was whole");
            return Err(error
                .with_expected(format!("{} bytes of it", self.wanted))
                .with_came(self.answer.get(..self.came).unwrap_or_default())
                .with_fault(Fault::Proxy));
        }
        self.came = self.came.saturating_add(n).min(self.wanted);
        loop {
            let came = self.answer.get(..self.came).unwrap_or_default();
            let verdict = match &mut self.step {
                Step::Five(five) => five.judge(came)?,
                Step::Four => four::judge(came)?,
                Step::Open => return Ok(()),
            };
            match verdict {
                Verdict::Wants(wanted) => {
                    self.wanted = wanted.min(LONGEST);
                    return Ok(());
                }
                Verdict::Say(step, out, wanted) => {
                    (self.step, self.out, self.written) = (step, out, 0);
                    (self.came, self.wanted) = (0, wanted);
                    return Ok(());
                }
                Verdict::Open => {
                    self.step = Step::Open;
                    (self.came, self.wanted) = (0, 0);
                }
            }
        }
    }

    /// Whether the connection to the target stands: what follows on it is the target's.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.step, Step::Open)
    }
}

impl Opening for Socks {
    fn out(&self) -> &[u8] {
        self.out()
    }

    fn wrote(&mut self, n: usize) {
        self.wrote(n);
    }

    fn spare(&mut self) -> &mut [u8] {
        self.spare()
    }

    fn received(&mut self, n: usize) -> Result<(), Error> {
        self.received(n)
    }

    fn is_done(&self) -> bool {
        self.is_open()
    }

    /// It says in one answer what there is to say.
    fn wants_rest(&self) -> bool {
        false
    }

    /// Nothing is read that is not the proxy's.
    fn finish(&mut self) -> Result<Bytes, Error> {
        if self.is_open() { Ok(Bytes::new()) } else { Err(unanswered()) }
    }
}

impl fmt::Debug for Socks {
    /// Without bytes: they may hold the credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match &self.step {
            Step::Five(five) => five.name(),
            Step::Four => "request",
            Step::Open => "open",
        };
        f.debug_struct("Socks").field("step", &step).field("to_write", &self.out().len()).finish_non_exhaustive()
    }
}

/// User name and password as they go on the wire.
struct Login {
    user: String,
    password: Secret<String>,
}

impl Login {
    fn of(proxy: &ProxyServer) -> Option<Self> {
        proxy.user_info().map(|info| Self { user: info.user.clone(), password: info.password.clone() })
    }
}

/// A string with its length before it. The lengths were bounded where the strings came in.
fn counted(out: &mut Vec<u8>, text: &str) {
    out.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
    out.extend(text.bytes().take(255));
}

/// The proxy's answer is not SOCKS.
fn broken(message: &str, expected: &str, came: &[u8]) -> Error {
    let error = Error::new(ErrorKind::Protocol, Phase::Tunnel, message).with_expected(expected);
    error.with_came(came).with_fault(Fault::Proxy)
}

/// The proxy refused.
fn refused(why: &str) -> Error {
    Error::new(ErrorKind::Proxy, Phase::Tunnel, format!("the SOCKS proxy refused: {why}"))
}

#[cfg(test)]
mod tests;

//! One TLS connection of a client: encrypted bytes in, plaintext out, and the way back. It moves no byte itself.

use crate::message::host::CanonicalHost;
use crate::time::Now;
use crate::tls::config::TlsConfig;
use crate::tls::error::{TlsError, TlsErrorKind};
use crate::tls::incoming::Incoming;
use crate::tls::plain::{KEPT, Plain, WRITE};
use crate::tls::translate::translate;
use bytes::BytesMut;
use rustls::CommonState;
use rustls::client::{ClientConnectionData, UnbufferedClientConnection};
use rustls::pki_types::{DnsName, IpAddr, ServerName};
use rustls::unbuffered::{ConnectionState, EncodeError, EncodeTlsData, UnbufferedStatus, WriteTraffic};
use std::fmt;
use std::io::IoSlice;

/// One connection.
pub struct Tls {
    connection: Box<dyn Connection>,
    /// Encrypted bytes that came.
    incoming: Incoming,
    /// Plaintext that came, and how much of it was read.
    plain: Vec<u8>,
    read: usize,
    /// What is to be written.
    outgoing: BytesMut,
    /// A whole message of TLS came from the peer.
    heard: bool,
    /// The peer has said that no more comes.
    closed: bool,
    /// The encrypted bytes have ended.
    ended: bool,
    /// What it failed with. Nothing more comes of it.
    failed: Option<TlsError>,
}

/// What rustls has of it. Behind a `dyn`, what frees one is there once, and not in each crate that holds a [`Tls`].
trait Connection: Send + Sync {
    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, ClientConnectionData>;

    fn state(&self) -> &CommonState;
}

/// What is said once the handshake allows it.
enum Word<'a> {
    None,
    Data(&'a [u8]),
    /// That no more comes.
    End,
}

/// How much plaintext waits to be read before no more is taken in.
const WAITING: usize = 16 * 1024;

/// How much plaintext a record holds at most (RFC 8446 section 5.1).
const FULL: usize = 16 * 1024;

/// What a record adds to its plaintext at most: its head, a nonce, its type, what proves it.
const ADDED: usize = 5 + 8 + 1 + 16;

/// More than the record of an alert or of new keys, which may be said with it.
const ALERT: usize = 256;

impl Tls {
    /// Begins a connection to `host` at `now`; its first bytes are to be written, see [`Tls::take_out`].
    ///
    /// The name that is verified, and told to the server, is the host without a trailing dot. An IP address is verified as
    /// one, and told to nobody.
    ///
    /// # Errors
    /// The host can be no name of a certificate, or the system has no randomness.
    pub fn new(config: &TlsConfig, host: &CanonicalHost, now: Now) -> Result<Self, TlsError> {
        let name = match host.ip() {
            Some(address) => ServerName::IpAddress(IpAddr::from(address)),
            None => ServerName::DnsName(DnsName::try_from(host.without_dot().to_owned()).map_err(|_| {
                // No fault of the settings: a server may have led here.
                TlsError::new(TlsErrorKind::Other).with_detail("no certificate can be for this host's name")
            })?),
        };
        let connection = UnbufferedClientConnection::new(config.at(now), name);
        let mut tls = Self {
            connection: Box::new(connection.map_err(|error| translate(&error, false))?),
            incoming: Incoming::default(),
            plain: Vec::new(),
            read: 0,
            outgoing: BytesMut::new(),
            heard: false,
            closed: false,
            ended: false,
            failed: None,
        };
        tls.go_on()?;
        Ok(tls)
    }

    /// Where encrypted bytes are to be read into. Ask after [`Tls::read`] gave [`Plain::Pending`], or in the handshake.
    #[must_use]
    pub fn spare(&mut self) -> &mut [u8] {
        self.incoming.spare()
    }

    /// Says that `n` bytes were read into [`Tls::spare`]; 0 is the end of what is under the connection.
    pub fn received(&mut self, n: usize) {
        self.ended |= n == 0;
        self.incoming.add(n);
    }

    /// Goes as far as what came leads, and no further than there is room for plaintext. What is to be written because of it is given by
    /// [`Tls::take_out`], also after an error.
    ///
    /// # Errors
    /// The peer sent an alert, was not accepted, broke the protocol, or closed the connection within the handshake. It is the same for
    /// every later call.
    pub fn listen(&mut self) -> Result<(), TlsError> {
        self.check()?;
        if !self.incoming.is_empty() {
            self.go_on()?;
        }
        let fault = if self.incoming.is_full() && self.waiting().is_empty() {
            TlsError::new(TlsErrorKind::Protocol).with_detail("a message of the handshake has no end")
        } else if self.ended && self.is_handshaking() {
            TlsError::new(TlsErrorKind::ClosedInHandshake)
        } else {
            return Ok(());
        };
        Err(self.fail(fault))
    }

    /// Reads plaintext, as far as encrypted bytes have come.
    ///
    /// # Errors
    /// As [`Tls::listen`], and [`TlsErrorKind::Truncated`] where the encrypted bytes have ended and the peer had not said so. What came
    /// before is read first.
    pub fn read(&mut self, into: &mut [u8]) -> Result<Plain, TlsError> {
        if self.waiting().is_empty() && !self.incoming.is_empty() {
            // What came before a fault is read before the fault is told.
            let listened = self.listen();
            if self.waiting().is_empty() {
                listened?;
            }
        }
        let waiting = self.waiting();
        let n = waiting.len().min(into.len());
        if let (Some(from), Some(into)) = (waiting.get(..n), into.get_mut(..n)) {
            into.copy_from_slice(from);
        }
        if n > 0 {
            self.read = self.read.saturating_add(n);
            if self.waiting().is_empty() {
                self.read = 0;
                clear(&mut self.plain);
            }
            return Ok(Plain::Data(n));
        }
        if self.closed && self.waiting().is_empty() {
            return Ok(Plain::Closed);
        }
        self.check()?;
        match self.ended && self.waiting().is_empty() {
            true => Err(TlsError::new(TlsErrorKind::Truncated)),
            false => Ok(Plain::Pending),
        }
    }

    /// Whether it has failed.
    ///
    /// # Errors
    /// What it failed with.
    pub fn check(&self) -> Result<(), TlsError> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Gives back memory that is not in use, where it is much.
    pub fn release(&mut self) {
        self.incoming.release();
    }

    /// Encrypts from the front of `parts`, at most [`WRITE`] bytes, and appends what is to be written to `out`. Gives how
    /// much was taken; nothing before the handshake is over.
    pub fn write(&mut self, parts: &[IoSlice<'_>], out: &mut BytesMut) -> usize {
        if self.is_handshaking() || self.failed.is_some() {
            return 0;
        }
        let mut several;
        let mut filled = parts.iter().filter(|part| !part.is_empty());
        let plain: &[u8] = match (filled.next(), filled.next()) {
            (None, _) => return 0,
            (Some(one), None) => one.get(..WRITE).unwrap_or(one),
            // Records do not end where the caller's parts do.
            _ => {
                several = Vec::with_capacity(parts.iter().map(|part| part.len()).sum::<usize>().min(WRITE));
                for part in parts {
                    let room = WRITE.saturating_sub(several.len());
                    several.extend_from_slice(part.get(..room).unwrap_or(part));
                }
                &several
            }
        };
        self.take_out(out);
        self.advance(&Word::Data(plain), out).unwrap_or(0)
    }

    /// Appends to `out` what is to be written: the handshake, alerts, answers to new keys.
    pub fn take_out(&mut self, out: &mut BytesMut) {
        out.extend_from_slice(&self.outgoing);
        self.outgoing.clear();
    }

    /// Says that no more will be written. What that takes is appended to `out`.
    pub fn send_close_notify(&mut self, out: &mut BytesMut) {
        self.take_out(out);
        if self.failed.is_none() {
            // Where it cannot be said there is nobody who hears it.
            let _ = self.advance(&Word::End, out);
        }
    }

    /// Whether the handshake is still under way.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        self.connection.state().is_handshaking()
    }

    /// Whether it went on with an earlier session instead of a full handshake.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        self.connection.state().handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    }

    /// The plaintext that was not read yet.
    fn waiting(&self) -> &[u8] {
        self.plain.get(self.read..).unwrap_or_default()
    }

    /// Goes as far as what came leads.
    fn go_on(&mut self) -> Result<(), TlsError> {
        let mut out = std::mem::take(&mut self.outgoing);
        let done = self.advance(&Word::None, &mut out);
        self.outgoing = out;
        done.map(drop)
    }

    /// Goes as far as what came leads, and then says a word: how much of it was taken.
    fn advance(&mut self, word: &Word<'_>, out: &mut BytesMut) -> Result<usize, TlsError> {
        let mut failed = None;
        let said = loop {
            // Where nothing is to be said, plaintext is read before more comes. After a fault there is the alert that tells the peer, and
            // what came is not looked at again.
            let is_enough = matches!(word, Word::None) && self.waiting().len() > WAITING;
            if is_enough || failed.is_some() && !self.connection.state().wants_write() {
                break 0;
            }
            let UnbufferedStatus { discard, state, .. } = self.connection.process(self.incoming.rest());
            match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(Ok(record)) = traffic.next_record() {
                        self.plain.extend_from_slice(record.payload);
                    }
                }
                Ok(ConnectionState::EncodeTlsData(mut message)) => encode(&mut message, out),
                Ok(ConnectionState::TransmitTlsData(message)) => message.done(),
                Ok(ConnectionState::PeerClosed) => self.closed = true,
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    let said = say(&mut traffic, word, out);
                    self.incoming.take(discard);
                    break said;
                }
                // The handshake waits for more, or both have said that they end.
                Ok(_) => {
                    self.incoming.take(discard);
                    break 0;
                }
                Err(error) => failed = Some(error),
            }
            self.incoming.take(discard);
        };
        if self.closed {
            // What comes after the peer's last word is not looked at.
            self.incoming = Incoming::default();
        }
        match failed {
            None => {
                self.heard |= self.connection.state().protocol_version().is_some();
                Ok(said)
            }
            Some(error) => {
                let error = translate(&error, self.heard);
                Err(self.fail(error))
            }
        }
    }

    fn fail(&mut self, error: TlsError) -> TlsError {
        self.failed.insert(error).clone()
    }
}

impl Connection for UnbufferedClientConnection {
    fn process<'c, 'i>(&'c mut self, incoming: &'i mut [u8]) -> UnbufferedStatus<'c, 'i, ClientConnectionData> {
        self.process_tls_records(incoming)
    }

    fn state(&self) -> &CommonState {
        self
    }
}

/// Empties it, and gives its memory back where it is much.
fn clear(bytes: &mut Vec<u8>) {
    bytes.clear();
    if bytes.capacity() > KEPT {
        *bytes = Vec::new();
    }
}

/// Appends a message of the handshake, or an alert.
fn encode(message: &mut EncodeTlsData<'_, ClientConnectionData>, out: &mut BytesMut) {
    if let Err(EncodeError::InsufficientSize(needed)) = message.encode(&mut []) {
        append(out, needed.required_size, |room| message.encode(room).ok());
    }
}

/// Says a word, and gives how much of it was taken.
fn say(traffic: &mut WriteTraffic<'_, ClientConnectionData>, word: &Word<'_>, out: &mut BytesMut) -> usize {
    let plain = match word {
        Word::None => return 0,
        Word::Data(plain) => *plain,
        Word::End => {
            append(out, ALERT, |room| traffic.queue_close_notify(room).ok());
            return 0;
        }
    };
    let records = plain.len().div_ceil(FULL);
    let room = plain.len().saturating_add(records.saturating_mul(ADDED)).saturating_add(ALERT);
    let mut taken = 0;
    append(out, room, |room| {
        let written = traffic.encrypt(plain, room).ok()?;
        taken = plain.len();
        Some(written)
    });
    taken
}

/// Appends what `fill` writes to so much room.
fn append(out: &mut BytesMut, room: usize, fill: impl FnOnce(&mut [u8]) -> Option<usize>) {
    let start = out.len();
    out.resize(start.saturating_add(room), 0);
    let filled = fill(out.get_mut(start..).unwrap_or_default());
    out.truncate(start.saturating_add(filled.unwrap_or(0)));
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("is_handshaking", &self.is_handshaking()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

//! One TLS connection of a client: encrypted bytes in, plaintext out, and the way back. It moves no byte itself.

use crate::message::host::CanonicalHost;
use crate::time::Now;
use crate::tls::config::TlsConfig;
use crate::tls::error::{TlsError, TlsErrorKind};
use crate::tls::plain::{Plain, WRITE};
use crate::tls::translate::translate;
use bytes::{BufMut, BytesMut};
use rustls::ClientConnection;
use rustls::pki_types::{DnsName, IpAddr, ServerName};
use std::fmt;
use std::io::{self, IoSlice, Read, Write};

/// One connection.
pub struct Tls {
    connection: ClientConnection,
    /// A whole message of TLS came from the peer.
    heard: bool,
    /// What it failed with. Nothing more comes of it.
    failed: Option<TlsError>,
}

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
        let mut connection = ClientConnection::new(config.at(now), name).map_err(|error| translate(&error, false))?;
        connection.set_buffer_limit(Some(WRITE));
        Ok(Self { connection, heard: false, failed: None })
    }

    /// Takes encrypted bytes from the front of `input`, as many as there is room for; the rest is taken once plaintext has
    /// been read. What is to be written because of them is given by [`Tls::take_out`], also after an error.
    ///
    /// # Errors
    /// The peer sent an alert, was not accepted, or broke the protocol. It is the same for every later call.
    pub fn read_tls(&mut self, input: &mut &[u8]) -> Result<(), TlsError> {
        self.fail_again()?;
        while !input.is_empty() {
            match self.connection.read_tls(input) {
                // What comes after the peer's last word is not looked at.
                Ok(0) => *input = &[],
                Ok(_) => self.process()?,
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    let fault = TlsError::new(TlsErrorKind::Protocol);
                    return Err(
                        self.fail(fault.with_detail("a message of the handshake is too long, or in too many records"))
                    );
                }
                // Plaintext is to be read first.
                Err(_) => break,
            }
        }
        Ok(())
    }

    /// Says that the encrypted bytes have ended: the connection under it was closed.
    ///
    /// # Errors
    /// It is still in its handshake.
    pub fn handle_eof(&mut self) -> Result<(), TlsError> {
        self.fail_again()?;
        if self.connection.is_handshaking() {
            return Err(self.fail(TlsError::new(TlsErrorKind::ClosedInHandshake)));
        }
        // Nothing is read, and that is what it is told.
        let _ = self.connection.read_tls(&mut io::empty());
        Ok(())
    }

    /// Reads plaintext.
    ///
    /// # Errors
    /// [`TlsErrorKind::Truncated`] where the encrypted bytes have ended and the peer had not said so.
    pub fn read_plain(&mut self, into: &mut [u8]) -> Result<Plain, TlsError> {
        match self.connection.reader().read(into) {
            Ok(0) if into.is_empty() => Ok(Plain::Pending),
            Ok(0) => Ok(Plain::Closed),
            Ok(n) => Ok(Plain::Data(n)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.fail_again()?;
                Err(TlsError::new(TlsErrorKind::Truncated))
            }
            Err(_) => self.fail_again().map(|()| Plain::Pending),
        }
    }

    /// Encrypts from the front of `parts`, at most [`WRITE`] bytes, and appends what is to be written to `out`. Gives how
    /// much was taken; nothing before the handshake is over.
    pub fn write(&mut self, parts: &[IoSlice<'_>], out: &mut BytesMut) -> usize {
        if self.connection.is_handshaking() || self.failed.is_some() {
            return 0;
        }
        // A record is not opened for nothing.
        let taken = match parts.iter().all(|part| part.is_empty()) {
            true => 0,
            // It fails for nothing: it writes into memory.
            false => self.connection.writer().write_vectored(parts).unwrap_or(0),
        };
        self.take_out(out);
        taken
    }

    /// Appends to `out` what is to be written: the handshake, alerts, answers to new keys.
    pub fn take_out(&mut self, out: &mut BytesMut) {
        while self.connection.wants_write() {
            // It fails for nothing: it writes into memory.
            if !matches!(self.connection.write_tls(&mut out.writer()), Ok(1..)) {
                break;
            }
        }
    }

    /// Says that no more will be written. What that takes is appended to `out`.
    pub fn send_close_notify(&mut self, out: &mut BytesMut) {
        self.connection.send_close_notify();
        self.take_out(out);
    }

    /// Whether the handshake is still under way.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Whether it went on with an earlier session instead of a full handshake.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        self.connection.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    }

    fn process(&mut self) -> Result<(), TlsError> {
        match self.connection.process_new_packets() {
            Ok(_) => {
                self.heard |= self.connection.protocol_version().is_some();
                Ok(())
            }
            Err(error) => {
                let error = translate(&error, self.heard);
                Err(self.fail(error))
            }
        }
    }

    fn fail(&mut self, error: TlsError) -> TlsError {
        self.failed.insert(error).clone()
    }

    fn fail_again(&self) -> Result<(), TlsError> {
        self.failed.clone().map_or(Ok(()), Err)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("is_handshaking", &self.is_handshaking()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

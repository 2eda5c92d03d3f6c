//! What lies between a socket and the codec's buffers where that is not nothing: one TLS connection, or two of which the
//! one runs within the other (an https proxy and an https origin). The transport brings encrypted bytes and takes plaintext,
//! and the way back; no byte is moved here.

use crate::error::{Error, Phase};
use crate::message::host::CanonicalHost;
use crate::retry::failure::{Failure, FailureKind};
use crate::time::Now;
use crate::tls::client::Tls;
use crate::tls::config::TlsConfig;
use crate::tls::error::{TlsError, TlsErrorKind};
use crate::tls::plain::Plain;
use crate::transport::cause::Cause;
use crate::transport::setup::Setup;
use bytes::{Buf, BytesMut};
use std::io::IoSlice;

/// The TLS of a connection. A connection in clear text has no channel, and pays nothing for one.
///
/// Reading: [`read`](Channel::read); where that is [`Plain::Pending`], read the socket into [`spare`](Channel::spare), say so
/// by [`received`](Channel::received), and read again. Writing: [`write`](Channel::write), then put
/// [`out`](Channel::out) on the socket and say so by [`wrote`](Channel::wrote), which tells how much plaintext that was.
/// Whatever interrupts this between two calls, no byte is lost or sent twice: what was encrypted waits in `out`.
///
/// What it holds is bounded, and little of it while it lies idle: 32 KiB of encrypted bytes that came, 16 KiB of plaintext and a record for each TLS connection,
/// and what one write takes ([`WRITE`](crate::tls::plain::WRITE)).
#[derive(Debug)]
pub struct Channel {
    /// The one next to the socket.
    outer: Layer,
    /// The one within it, where there are two.
    inner: Option<Layer>,
    out: BytesMut,
    /// How much plaintext `out` holds of which the caller has not been told.
    accepted: usize,
}

/// A TLS handshake, to be run by the transport.
#[derive(Debug)]
pub struct Handshake {
    layer: Layer,
    out: BytesMut,
}

/// One TLS connection and the encrypted bytes that came for it.
#[derive(Debug)]
struct Layer {
    tls: Tls,
    /// Room to read into, and of it what was not taken yet: from `start` to `end`.
    input: Vec<u8>,
    start: usize,
    end: usize,
    /// What is beneath has ended.
    ended: bool,
}

/// How much is read at once, where a read showed that there is much.
const READ: usize = 32 * 1024;

/// How much is read at first, which is all that most answers have. Memory of this size stays while the connection lies idle: to take
/// and to zero it for each request would cost as much as all else that TLS does for a short one.
const FIRST: usize = 8 * 1024;

impl Handshake {
    /// A handshake with `host`, begun at `now`.
    ///
    /// # Errors
    /// [`Tls::new`]: the host can be in no certificate.
    pub fn new(config: &TlsConfig, host: &CanonicalHost, now: Now) -> Result<Self, Failure> {
        let failed = |error: TlsError| Failure::before_sending(FailureKind::Tls, error.into_error(Phase::Tls));
        let mut tls = Tls::new(config, host, now).map_err(failed)?;
        let mut out = BytesMut::new();
        tls.take_out(&mut out);
        Ok(Self { layer: Layer { tls, input: Vec::new(), start: 0, end: 0, ended: false }, out })
    }

    /// The channel once the handshake is over: within `outer`, where that is the one that it went through.
    #[must_use]
    pub fn into_channel(self, outer: Option<Channel>) -> Channel {
        match outer {
            None => Channel { outer: self.layer, inner: None, out: self.out, accepted: 0 },
            Some(outer) => Channel { inner: Some(self.layer), ..outer },
        }
    }

    /// What ended it, as a fact for the session: no byte of a request was written.
    #[must_use]
    pub fn failure(cause: Cause) -> Failure {
        let error = match cause {
            // Who ends or resets a connection in a handshake refuses it, also where that is within another TLS connection.
            cause if cause.is_lost() || cause.is_truncation() => {
                TlsError::new(TlsErrorKind::ClosedInHandshake).into_error(Phase::Tls)
            }
            cause => {
                let kind = cause.kind(false);
                return Failure::before_sending(kind, cause.into_error(Phase::Tls));
            }
        };
        Failure::before_sending(FailureKind::Tls, error)
    }
}

impl Setup for Handshake {
    fn out(&self) -> &[u8] {
        &self.out
    }

    fn wrote(&mut self, n: usize) {
        self.out.advance(n.min(self.out.len()));
    }

    fn spare(&mut self) -> &mut [u8] {
        self.layer.spare()
    }

    fn received(&mut self, n: usize) -> Result<(), Error> {
        self.layer.received(n);
        let fed = self.layer.feed();
        self.layer.tls.take_out(&mut self.out);
        fed.map_err(|error| error.into_error(Phase::Tls))
    }

    fn is_done(&self) -> bool {
        !self.layer.tls.is_handshaking()
    }
}

impl Channel {
    /// Reads plaintext, as far as encrypted bytes have come.
    ///
    /// # Errors
    /// The peer broke off without saying so, sent an alert, or broke the protocol. What came before is read first.
    pub fn read(&mut self, into: &mut [u8]) -> Result<Plain, TlsError> {
        let plain = match &mut self.inner {
            None => self.outer.read(into),
            Some(inner) => inner.read_through(&mut self.outer, into),
        };
        self.collect();
        plain
    }

    /// Where to read the socket into. Ask after [`read`](Channel::read) gave [`Plain::Pending`].
    #[must_use]
    pub fn spare(&mut self) -> &mut [u8] {
        self.outer.spare()
    }

    /// Says that `n` bytes of the socket were read into [`spare`](Channel::spare); 0 is the end.
    pub fn received(&mut self, n: usize) {
        self.outer.received(n);
    }

    /// Encrypts some of `parts`, unless what was encrypted before still waits in [`out`](Channel::out), or left it unseen
    /// ([`flushed`](Channel::flushed)): then `out` may be empty, and [`take_accepted`](Channel::take_accepted) tells how much
    /// that was.
    ///
    /// # Errors
    /// The connection takes nothing any more.
    pub fn write(&mut self, parts: &[IoSlice<'_>]) -> Result<(), TlsError> {
        if !self.out.is_empty() || self.accepted > 0 || parts.iter().all(|part| part.is_empty()) {
            return Ok(());
        }
        self.accepted = match &mut self.inner {
            None => self.outer.tls.write(parts, &mut self.out),
            Some(inner) => {
                let mut records = BytesMut::new();
                let taken = inner.tls.write(parts, &mut records);
                self.outer.wrap(&records, &mut self.out);
                taken
            }
        };
        if self.accepted > 0 {
            return Ok(());
        }
        let top = self.inner.as_mut().unwrap_or(&mut self.outer);
        // Its own error, where it has one.
        top.tls.read_tls(&mut [].as_slice())?;
        Err(TlsError::new(TlsErrorKind::Other).with_detail("nothing more can be written"))
    }

    /// What is to be put on the socket.
    #[must_use]
    pub fn out(&self) -> &[u8] {
        &self.out
    }

    /// Says that the socket took the first `n` bytes of [`out`](Channel::out). Gives how many bytes of plaintext count as
    /// written from now on: with the first byte of their records the peer may come to see them.
    pub fn wrote(&mut self, n: usize) -> usize {
        self.out.advance(n.min(self.out.len()));
        if n == 0 { 0 } else { std::mem::take(&mut self.accepted) }
    }

    /// Says the same where the one who writes is not asking, as in reading. What plaintext that was it is told when it
    /// comes again with the same bytes: they are not encrypted twice.
    pub fn flushed(&mut self, n: usize) {
        self.out.advance(n.min(self.out.len()));
    }

    /// Whether something was encrypted that does not count as written yet.
    #[must_use]
    pub fn has_accepted(&self) -> bool {
        self.accepted > 0
    }

    /// Counts what was encrypted as written, whether any of it has left or not: gives how much that is. For whoever does not
    /// come again with the same bytes, and for what went out in reading.
    pub fn take_accepted(&mut self) -> usize {
        std::mem::take(&mut self.accepted)
    }

    /// Adds to [`out`](Channel::out) the word that no more will come, unless something is half written.
    pub fn close(&mut self) {
        if !self.out.is_empty() {
            return;
        }
        if let Some(inner) = &mut self.inner {
            let mut records = BytesMut::new();
            inner.tls.send_close_notify(&mut records);
            self.outer.wrap(&records, &mut self.out);
        }
        self.outer.tls.send_close_notify(&mut self.out);
    }

    /// Whether it may lie idle: nothing more has come, and it has not ended, as far as is known here.
    pub fn may_rest(&mut self) -> bool {
        let quiet = matches!(self.read(&mut [0]), Ok(Plain::Pending));
        if quiet {
            self.outer.release();
            self.inner.iter_mut().for_each(Layer::release);
            if self.out.is_empty() && self.out.capacity() > FIRST {
                self.out = BytesMut::new();
            }
        }
        quiet
    }

    /// Takes what is to be written because of what was read: answers to new keys, alerts.
    fn collect(&mut self) {
        if let Some(inner) = &mut self.inner {
            let mut records = BytesMut::new();
            inner.tls.take_out(&mut records);
            self.outer.wrap(&records, &mut self.out);
        }
        self.outer.tls.take_out(&mut self.out);
    }
}

impl Layer {
    fn spare(&mut self) -> &mut [u8] {
        if self.start == self.end {
            // A read that filled all of it has left more.
            let wanted = if self.end > 0 && self.end == self.input.len() { READ } else { FIRST };
            if self.input.len() < wanted {
                self.input = vec![0; wanted];
            }
            (self.start, self.end) = (0, 0);
        }
        self.input.get_mut(self.end..).unwrap_or_default()
    }

    fn received(&mut self, n: usize) {
        self.ended |= n == 0;
        self.end = self.end.saturating_add(n).min(self.input.len());
    }

    /// Hands on what came, as much as is taken.
    fn feed(&mut self) -> Result<(), TlsError> {
        let mut rest = self.input.get(self.start..self.end).unwrap_or_default();
        let fed = self.tls.read_tls(&mut rest);
        self.start = self.end.saturating_sub(rest.len());
        fed?;
        if self.ended && self.start == self.end { self.tls.handle_eof() } else { Ok(()) }
    }

    fn read(&mut self, into: &mut [u8]) -> Result<Plain, TlsError> {
        let found = self.tls.read_plain(into)?;
        if found != Plain::Pending {
            return Ok(found);
        }
        if self.start == self.end && !self.ended {
            return Ok(Plain::Pending);
        }
        // What came before a fault is read before the fault is told.
        let fed = self.feed();
        match self.tls.read_plain(into) {
            Ok(Plain::Pending) => fed.map(|()| Plain::Pending),
            found => found,
        }
    }

    /// Reads what the layer beneath has for this one.
    fn read_through(&mut self, outer: &mut Self, into: &mut [u8]) -> Result<Plain, TlsError> {
        loop {
            match self.read(into)? {
                Plain::Pending => {}
                found => return Ok(found),
            }
            match outer.read(self.spare())? {
                Plain::Pending => return Ok(Plain::Pending),
                Plain::Data(n) => self.received(n),
                Plain::Closed => self.received(0),
            }
        }
    }

    /// Encrypts all of `records`, which are small or one write's.
    fn wrap(&mut self, mut records: &[u8], out: &mut BytesMut) {
        while !records.is_empty() {
            match self.tls.write(&[IoSlice::new(records)], out) {
                0 => return,
                n => records = records.get(n..).unwrap_or_default(),
            }
        }
    }

    /// Gives its memory back, where nothing is in it and it is much.
    fn release(&mut self) {
        if self.start == self.end {
            if self.input.len() > FIRST {
                self.input = Vec::new();
            }
            (self.start, self.end) = (0, 0);
        }
    }
}

#[cfg(all(test, feature = "__tls"))]
mod tests;

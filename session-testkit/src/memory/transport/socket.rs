//! A connection: read and write until a deadline, in clear text or through TLS. What the bytes mean is left to `wire`.

use crate::memory::network::Stream;
use bytes::Bytes;
use session_core::error::Phase;
use session_core::message::host::CanonicalHost;
use session_core::retry::failure::Failure;
use session_core::time::Now;
use session_core::tls::config::TlsConfig;
use session_core::tls::plain::Plain;
use session_core::transport::address::failure;
use session_core::transport::bounds::{Bounds, Deadline};
use session_core::transport::cause::Cause;
use session_core::transport::channel::{Channel, Handshake};
use session_core::transport::setup::Setup;
use session_core::transport::tunnel::{Tunnel, feed};
use std::io::{self, IoSlice};
use std::time::Instant;

/// A connection that waits no longer than it is told to.
pub(super) struct Socket {
    stream: Stream,
    /// What lies between the stream and the wire. In clear text that is nothing.
    channel: Option<Box<Channel>>,
}

impl Socket {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, channel: None }
    }

    pub(super) fn now(&self) -> Instant {
        self.stream.now()
    }

    /// Asks the proxy at the other end to let the way through. Gives what came behind its answer.
    pub(super) fn pass(
        &mut self,
        mut tunnel: Tunnel,
        bounds: &Bounds,
        deadline: Option<Deadline>,
    ) -> Result<Bytes, Failure> {
        self.set_up(&mut tunnel, deadline).map_err(|cause| failure(cause, Phase::Tunnel))?;
        let moment = Deadline::nearer(deadline, bounds.drain(self.now()));
        while tunnel.wants_rest() {
            let Ok(n) = self.read(tunnel.spare(), moment) else { break };
            if tunnel.received(n).is_err() {
                break;
            }
        }
        tunnel.finish().map_err(|error| failure(Cause::Setup(error), Phase::Tunnel))
    }

    /// Says what is to be said before the first request.
    fn set_up(&mut self, setup: &mut impl Setup, deadline: Option<Deadline>) -> Result<(), Cause> {
        // The peer may have said why before it closed: what is still to be said to it is dropped, and it is heard.
        let mut is_gone = false;
        loop {
            if is_gone {
                setup.wrote(setup.out().len());
            }
            if !is_gone && (!setup.out().is_empty() || self.holds()) {
                match self.write(&[IoSlice::new(setup.out())], deadline) {
                    Ok(n) => setup.wrote(n.unwrap_or(0)),
                    Err(cause) if cause.is_lost() => is_gone = true,
                    Err(cause) => return Err(cause),
                }
            } else if setup.is_done() {
                return Ok(());
            } else {
                let n = self.read(setup.spare(), deadline)?;
                if let Err(error) = setup.received(n) {
                    // The peer is told where that takes no waiting.
                    let _ = self.write(&[IoSlice::new(setup.out())], deadline);
                    return Err(Cause::Setup(error));
                }
            }
        }
    }

    /// Makes it a TLS connection with `host`, which has said `early` already, through the one that it is, if it is.
    pub(super) fn secure(
        &mut self,
        config: &TlsConfig,
        host: &CanonicalHost,
        early: &[u8],
        now: Now,
        deadline: Option<Deadline>,
    ) -> Result<(), Failure> {
        let mut handshake = Handshake::new(config, host, now)?;
        feed(&mut handshake, early).map_err(|error| Handshake::failure(Cause::Setup(error)))?;
        self.set_up(&mut handshake, deadline).map_err(Handshake::failure)?;
        let outer = self.channel.take().map(|channel| *channel);
        self.channel = Some(Box::new(handshake.into_channel(outer)));
        Ok(())
    }

    /// Whether something that counts as written is still to be put on the stream.
    pub(super) fn holds(&self) -> bool {
        self.channel.as_ref().is_some_and(|channel| !channel.out().is_empty())
    }

    /// Whether it may lie idle, as far as is known without asking the system.
    pub(super) fn may_rest(&mut self) -> bool {
        self.channel.as_mut().is_none_or(|channel| channel.may_rest())
    }

    /// Reads what comes next; 0 is the end.
    pub(super) fn read(&mut self, buffer: &mut [u8], deadline: Option<Deadline>) -> Result<usize, Cause> {
        loop {
            match self.read_channel(buffer)? {
                None => return self.read_stream(Some(buffer), deadline),
                Some(Plain::Data(n)) => return Ok(n),
                Some(Plain::Closed) => return Ok(0),
                Some(Plain::Pending) => self.read_stream(None, deadline)?,
            };
        }
    }

    /// What the channel has of plaintext, where there is one.
    fn read_channel(&mut self, buffer: &mut [u8]) -> Result<Option<Plain>, Cause> {
        let Some(channel) = &mut self.channel else { return Ok(None) };
        let plain = channel.read(buffer);
        if !channel.out().is_empty() {
            let n = self.stream.write(channel.out()).unwrap_or(0);
            channel.flushed(n);
        }
        Ok(Some(plain?))
    }

    /// Reads the stream: into `buffer`, or else into the channel.
    fn read_stream(&mut self, mut buffer: Option<&mut [u8]>, deadline: Option<Deadline>) -> Result<usize, Cause> {
        loop {
            let until = until(deadline, self.now())?;
            let read = match (&mut buffer, &mut self.channel) {
                (Some(buffer), _) => self.stream.read(buffer, until),
                (None, Some(channel)) => self.stream.read(channel.spare(), until).inspect(|n| channel.received(*n)),
                (None, None) => Ok(0),
            };
            match read {
                Err(error) if is_pause(&error) => {}
                read => return read.map_err(Cause::Io),
            }
        }
    }

    /// Reads what has come already: `None` is nothing, 0 the end.
    pub(super) fn read_arrived(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Cause> {
        loop {
            match self.read_channel(buffer)? {
                None => return arrived(&mut self.stream, buffer),
                Some(Plain::Data(n)) => return Ok(Some(n)),
                Some(Plain::Closed) => return Ok(Some(0)),
                Some(Plain::Pending) => {}
            }
            let Some(channel) = &mut self.channel else { return Ok(None) };
            match arrived(&mut self.stream, channel.spare())? {
                None => return Ok(None),
                Some(n) => channel.received(n),
            }
        }
    }

    /// Writes some of `parts`. `None`: the peer takes nothing for now.
    pub(super) fn write(&mut self, parts: &[IoSlice<'_>], deadline: Option<Deadline>) -> Result<Option<usize>, Cause> {
        until(deadline, self.now())?;
        let written = match &mut self.channel {
            None => {
                let together: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
                self.stream.write(&together)
            }
            Some(channel) => {
                channel.write(parts)?;
                if channel.out().is_empty() {
                    // What it held went out in reading.
                    return Ok(Some(channel.take_accepted()));
                }
                self.stream.write(channel.out())
            }
        };
        match written {
            Ok(0) => Err(Cause::Io(io::ErrorKind::WriteZero.into())),
            Ok(n) => Ok(Some(self.channel.as_mut().map_or(n, |channel| channel.wrote(n)))),
            Err(error) if is_pause(&error) => Ok(None),
            Err(error) => Err(Cause::Io(error)),
        }
    }
}

impl Drop for Socket {
    /// TLS says that it ends.
    fn drop(&mut self) {
        if let Some(channel) = &mut self.channel {
            channel.close();
            // Who is gone needs no farewell.
            let _ = self.stream.write(channel.out());
        }
    }
}

fn arrived(stream: &mut Stream, buffer: &mut [u8]) -> Result<Option<usize>, Cause> {
    loop {
        match stream.read_arrived(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read.map_err(Cause::Io),
        }
    }
}

fn until(deadline: Option<Deadline>, now: Instant) -> Result<Option<Instant>, Cause> {
    match deadline {
        Some(deadline) if deadline.is_over(now) => Err(Cause::Late(deadline)),
        deadline => Ok(deadline.map(|deadline| deadline.at())),
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock)
}

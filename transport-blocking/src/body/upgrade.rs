//! A connection that left HTTP: the stream of whatever protocol the server switched to.

use crate::client::pool::Permit;
use crate::connect::Socket;
use bytes::Bytes;
use session_core::time::Timeouts;
use session_core::transport::bounds::{Bounds, Deadline};
use session_core::transport::cause::Cause;
use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The connection of a 101, as a stream of bytes (RFC 9110 7.8). What the server sent right behind its 101 is read first.
///
/// It is `Read + Write`, belongs to nobody else, and closes when it is dropped. While it is open it counts as one of
/// the session's connections. No deadline of the session holds any more: see [`Upgraded::set_timeout`].
pub struct Upgraded {
    socket: Socket,
    /// What came already.
    rest: Bytes,
    bounds: Option<Bounds>,
    /// After the socket, which closes first.
    _permit: Option<Permit>,
}

impl Upgraded {
    pub(crate) fn new(socket: Socket, rest: Bytes, permit: Option<Permit>) -> Self {
        Self { socket, rest, bounds: None, _permit: permit }
    }

    /// The address that it is connected to, where it is one of TCP.
    #[must_use]
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.socket.peer()
    }

    /// How long each read and each write may wait; after that they fail with [`io::ErrorKind::TimedOut`], and may be tried
    /// again. Default: as long as it takes.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        let now = Instant::now();
        self.bounds = timeout.map(|timeout| {
            let mut timeouts = Timeouts::default();
            timeouts.idle = Some(timeout);
            Bounds::new(timeouts, None, now, now)
        });
    }

    /// Says that nothing more will be written.
    ///
    /// # Errors
    /// Those of the system.
    pub fn shutdown(&mut self) -> io::Result<()> {
        let deadline = self.deadline();
        self.socket.shutdown(deadline).map_err(Cause::into_io)
    }

    fn deadline(&self) -> Option<Deadline> {
        self.bounds.as_ref()?.idle(Instant::now())
    }

    /// Takes of what came already, as much as fits.
    fn take_rest(&mut self, most: usize) -> Bytes {
        self.rest.split_to(self.rest.len().min(most))
    }
}

impl Read for Upgraded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.rest.is_empty() {
            let deadline = self.deadline();
            return self.socket.read(buffer, deadline).map_err(Cause::into_io);
        }
        let taken = self.take_rest(buffer.len());
        if let Some(room) = buffer.get_mut(..taken.len()) {
            room.copy_from_slice(&taken);
        }
        Ok(taken.len())
    }
}

impl Write for Upgraded {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buffer)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        // No bytes are no reason to fail.
        if parts.iter().all(|part| part.is_empty()) {
            return Ok(0);
        }
        let deadline = self.deadline();
        self.socket.take(parts, deadline).map_err(Cause::into_io)
    }

    fn flush(&mut self) -> io::Result<()> {
        let deadline = self.deadline();
        self.socket.flush(deadline).map_err(Cause::into_io)
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgraded").field("remote_addr", &self.remote_addr()).finish_non_exhaustive()
    }
}

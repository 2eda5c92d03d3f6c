//! A connected socket: read and write until a deadline, in clear text or through TLS. What the bytes mean is left to `wire`.

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
use socket2::Socket as Stream;
use std::io::{self, IoSlice, Read};
use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

/// A connected socket that waits no longer than it is told to.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Stream,
    /// None for a unix socket.
    peer: Option<SocketAddr>,
    /// What lies between the stream and the wire. In clear text that is nothing.
    channel: Option<Box<Channel>>,
    /// What the system was told last, so that it is told only what changes.
    read_timeout: Option<Duration>,
}

/// The shortest time that is given to a socket.
const LEAST: Duration = Duration::from_millis(1);

impl Socket {
    pub(super) fn new(stream: Stream, peer: Option<SocketAddr>) -> Self {
        Self { stream, peer, channel: None, read_timeout: None }
    }

    /// The address that it is connected to, where it is one of TCP.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Asks the proxy at the other end to let the way through. Gives what came behind its answer.
    pub(super) fn pass(
        &mut self,
        mut tunnel: Tunnel,
        bounds: &Bounds,
        deadline: Option<Deadline>,
    ) -> Result<Bytes, Failure> {
        self.set_up(&mut tunnel, deadline).map_err(|cause| failure(cause, Phase::Tunnel))?;
        // What it says beside its refusal is worth a moment, and no other error.
        let moment = Deadline::nearer(deadline, bounds.drain(Instant::now()));
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
                match self.write(&[IoSlice::new(setup.out())], Listen::ToNobody, deadline) {
                    Ok(n) => setup.wrote(n.unwrap_or(0)),
                    Err(cause) if cause.is_lost() => is_gone = true,
                    Err(cause) => return Err(cause),
                }
            } else if setup.is_done() {
                return Ok(());
            } else {
                let n = self.read(setup.spare(), deadline)?;
                if let Err(error) = setup.received(n) {
                    self.tell(setup.out());
                    return Err(Cause::Setup(error));
                }
            }
        }
    }

    /// Tells the peer a last thing, as much of it as goes without waiting. Nobody hears whether it went.
    fn tell(&mut self, last: &[u8]) {
        match &mut self.channel {
            None => drop(send(&self.stream, &[IoSlice::new(last)])),
            Some(channel) => {
                if channel.write(&[IoSlice::new(last)]).is_ok() {
                    flush(&self.stream, channel);
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
    pub(crate) fn holds(&self) -> bool {
        self.channel.as_ref().is_some_and(|channel| !channel.out().is_empty())
    }

    /// Whether it may lie idle, as far as is known without asking the system.
    pub(crate) fn may_rest(&mut self) -> bool {
        self.channel.as_mut().is_none_or(|channel| channel.may_rest())
    }

    /// Reads what comes next; 0 is the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8], deadline: Option<Deadline>) -> Result<usize, Cause> {
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
            flush(&self.stream, channel);
        }
        Ok(Some(plain?))
    }

    /// Reads the stream: into `buffer`, or else into the channel.
    fn read_stream(&mut self, mut buffer: Option<&mut [u8]>, deadline: Option<Deadline>) -> Result<usize, Cause> {
        loop {
            let timeout = patience(deadline)?;
            if self.read_timeout != timeout {
                self.stream.set_read_timeout(timeout).map_err(Cause::Io)?;
                self.read_timeout = timeout;
            }
            let read = match (&mut buffer, &mut self.channel) {
                (Some(buffer), _) => self.stream.read(buffer),
                (None, Some(channel)) => self.stream.read(channel.spare()).inspect(|n| channel.received(*n)),
                (None, None) => Ok(0),
            };
            match read {
                Err(error) if is_pause(&error) => {}
                read => return read.map_err(Cause::Io),
            }
        }
    }

    /// Reads what has come already: `None` is nothing, 0 the end.
    pub(crate) fn read_arrived(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Cause> {
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

    /// Writes some of `parts`. With [`Listen::ToPeer`] it gives `None` where the peer takes nothing for now and may have
    /// said something. What counts as written may still be held: write until nothing [is](Self::holds).
    pub(crate) fn write(
        &mut self,
        parts: &[IoSlice<'_>],
        listen: Listen,
        deadline: Option<Deadline>,
    ) -> Result<Option<usize>, Cause> {
        loop {
            let written = match &mut self.channel {
                None => send(&self.stream, parts),
                Some(channel) => {
                    channel.write(parts)?;
                    if channel.out().is_empty() {
                        // What it held went out in reading.
                        return Ok(Some(channel.take_accepted()));
                    }
                    send(&self.stream, &[IoSlice::new(channel.out())])
                }
            };
            match written {
                Ok(0) => return Err(Cause::Io(io::ErrorKind::WriteZero.into())),
                Ok(n) => return Ok(Some(self.channel.as_mut().map_or(n, |channel| channel.wrote(n)))),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(Cause::Io(error)),
            }
            let patience = patience(deadline)?;
            if await_room(&self.stream, listen, patience).map_err(Cause::Io)? == Wake::PeerSpoke {
                return Ok(None);
            }
        }
    }

    /// Writes what is held.
    pub(crate) fn flush(&mut self, deadline: Option<Deadline>) -> Result<(), Cause> {
        while self.holds() {
            self.write(&[], Listen::ToNobody, deadline)?;
        }
        Ok(())
    }

    /// Takes some of `parts`, which may be others the next time: what TLS has encrypted of them is taken.
    pub(crate) fn take(&mut self, parts: &[IoSlice<'_>], deadline: Option<Deadline>) -> Result<usize, Cause> {
        self.flush(deadline)?;
        let written = self.write(parts, Listen::ToNobody, deadline);
        match (written, &mut self.channel) {
            (Ok(Some(n)), _) if n > 0 => Ok(n),
            (Ok(_) | Err(Cause::Late(_)), Some(channel)) if channel.has_accepted() => Ok(channel.take_accepted()),
            (Ok(n), _) => Ok(n.unwrap_or(0)),
            (Err(cause), _) => Err(cause),
        }
    }

    /// Says that nothing more will be written.
    pub(crate) fn shutdown(&mut self, deadline: Option<Deadline>) -> Result<(), Cause> {
        self.flush(deadline)?;
        if let Some(channel) = &mut self.channel {
            channel.close();
            self.flush(deadline)?;
        }
        self.stream.shutdown(Shutdown::Write).map_err(Cause::Io)
    }
}

impl Drop for Socket {
    /// TLS says that it ends, where that takes no waiting.
    fn drop(&mut self) {
        if let Some(channel) = &mut self.channel {
            channel.close();
            flush(&self.stream, channel);
        }
    }
}

/// Writes what the channel holds, as much as goes without waiting. What does not go goes with the next write.
fn flush(stream: &Stream, channel: &mut Channel) {
    let n = send(stream, &[IoSlice::new(channel.out())]).unwrap_or(0);
    channel.flushed(n);
}

/// Reads what the system has already: `None` is nothing, 0 the end.
fn arrived(stream: &mut Stream, buffer: &mut [u8]) -> Result<Option<usize>, Cause> {
    loop {
        let read = match peek(stream) {
            Ok(0) => Ok(0),
            Ok(_) => stream.read(buffer),
            Err(error) => Err(error),
        };
        return match read {
            Ok(n) => Ok(Some(n)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(Cause::Io(error)),
        };
    }
}

/// Whether a write that waits looks for what the peer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    ToPeer,
    ToNobody,
}

/// Why a wait for room to write ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wake {
    /// There is something to read, or may be.
    PeerSpoke,
    /// There may be room, or the time is up.
    TryAgain,
}

/// How long the system may wait before the deadline is looked at again: in whole seconds where there is more than one
/// left, so that it is the same from one request to the next.
fn patience(deadline: Option<Deadline>) -> Result<Option<Duration>, Cause> {
    let Some(deadline) = deadline else { return Ok(None) };
    match deadline.left(Instant::now()) {
        Duration::ZERO => Err(Cause::Late(deadline)),
        left if left.as_secs() > 0 => Ok(Some(Duration::from_secs(left.as_secs()))),
        left => Ok(Some(left.max(LEAST))),
    }
}

/// Whether a socket says that it has waited as long as it was told to, or was woken for something else.
fn is_pause(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock => true,
        // Elsewhere this is the peer that no longer answers.
        io::ErrorKind::TimedOut => cfg!(windows),
        _ => false,
    }
}

/// Whether something has come, without waiting and without taking it.
#[cfg(unix)]
fn peek(stream: &Stream) -> io::Result<usize> {
    let mut byte = [std::mem::MaybeUninit::uninit()];
    stream.recv_with_flags(&mut byte, libc::MSG_PEEK | libc::MSG_DONTWAIT)
}

/// Writes what there is room for, without waiting.
#[cfg(unix)]
fn send(stream: &Stream, parts: &[IoSlice<'_>]) -> io::Result<usize> {
    // A peer that is gone is an error to be told and no signal; elsewhere the socket was set up for that.
    #[cfg(target_vendor = "apple")]
    const FLAGS: i32 = libc::MSG_DONTWAIT;
    #[cfg(not(target_vendor = "apple"))]
    const FLAGS: i32 = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    stream.send_vectored_with_flags(parts, FLAGS)
}

/// Waits until there is room to write or, where it listens, until there is something to read.
#[cfg(unix)]
fn await_room(stream: &Stream, listen: Listen, patience: Option<Duration>) -> io::Result<Wake> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let wanted = match listen {
        Listen::ToPeer => PollFlags::OUT | PollFlags::IN,
        Listen::ToNobody => PollFlags::OUT,
    };
    let mut sockets = [PollFd::new(stream, wanted)];
    // A time that the system cannot hold is none.
    let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
    match poll(&mut sockets, patience.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let [socket] = sockets;
    Ok(if socket.revents().contains(PollFlags::IN) { Wake::PeerSpoke } else { Wake::TryAgain })
}

/// Whether something has come, without waiting and without taking it.
#[cfg(not(unix))]
fn peek(stream: &Stream) -> io::Result<usize> {
    stream.set_nonblocking(true)?;
    let seen = stream.peek(&mut [std::mem::MaybeUninit::uninit()]);
    stream.set_nonblocking(false)?;
    seen
}

/// Writes what there is room for, without waiting.
#[cfg(not(unix))]
fn send(mut stream: &Stream, parts: &[IoSlice<'_>]) -> io::Result<usize> {
    stream.set_nonblocking(true)?;
    let sent = io::Write::write_vectored(&mut stream, parts);
    stream.set_nonblocking(false)?;
    sent
}

/// Waits a little: a wait for two things at once is asked of unix alone.
#[cfg(not(unix))]
fn await_room(_: &Stream, listen: Listen, patience: Option<Duration>) -> io::Result<Wake> {
    const LOOK: Duration = Duration::from_millis(5);
    std::thread::sleep(patience.map_or(LOOK, |patience| patience.min(LOOK)));
    Ok(if listen == Listen::ToPeer { Wake::PeerSpoke } else { Wake::TryAgain })
}

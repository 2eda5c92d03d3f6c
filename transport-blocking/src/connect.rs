//! Addresses and sockets: resolve, connect, make TLS of it, and read and write until a deadline. What the bytes mean is left to `wire`.

use session_core::message::host::CanonicalHost;
use session_core::message::origin::Origin;
use session_core::retry::failure::Failure;
use session_core::time::Now;
use session_core::tls::config::TlsConfig;
use session_core::tls::plain::Plain;
use session_core::transport::ConnectSettings;
use session_core::transport::address::{known, no_connection, resolved};
use session_core::transport::bounds::Deadline;
use session_core::transport::cause::Cause;
use session_core::transport::channel::{Channel, Handshake};
use session_core::transport::setup::Setup;
use std::io::{self, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Connects to an origin: to each of its addresses in turn, until one accepts.
pub(crate) fn connect(
    settings: &ConnectSettings,
    origin: &Origin,
    deadline: Option<Deadline>,
) -> Result<Socket, Failure> {
    let addresses = resolve(settings, origin, deadline)?;
    let mut last = None;
    for (tried, address) in addresses.iter().enumerate() {
        let waiting = addresses.len().saturating_sub(tried);
        let share = deadline.map(|deadline| deadline.share(Instant::now(), waiting));
        match open(*address, share) {
            Ok(stream) => return Ok(Socket::new(stream, *address)),
            Err(error) => last = Some((*address, error)),
        }
        if deadline.is_some_and(|deadline| deadline.is_over(Instant::now())) {
            break;
        }
    }
    Err(no_connection(origin, last, deadline, Instant::now()))
}

/// The addresses of an origin: those that are known, else what the system says.
fn resolve(
    settings: &ConnectSettings,
    origin: &Origin,
    deadline: Option<Deadline>,
) -> Result<Vec<SocketAddr>, Failure> {
    let addresses = match known(settings, origin) {
        Some(addresses) => Ok(addresses),
        None => look_up(origin.host().as_str(), origin.port(), deadline),
    };
    resolved(settings, origin, addresses)
}

/// Asks the system, on a thread of its own: it cannot be told to stop, and the caller must not wait for it longer than it
/// may. A thread that is left alone ends with its answer.
fn look_up(host: &str, port: u16, deadline: Option<Deadline>) -> Result<Vec<SocketAddr>, Cause> {
    let name = (host.to_owned(), port);
    let ask = move || (name.0.as_str(), name.1).to_socket_addrs().map(Iterator::collect);
    let Some(deadline) = deadline else { return ask().map_err(Cause::Io) };
    let (answer, answered) = mpsc::sync_channel(1);
    let asking = thread::Builder::new().name("resolve".to_owned()).spawn(move || {
        // Nobody listens any more where the deadline passed.
        let _ = answer.send(ask());
    });
    asking.map_err(Cause::Io)?;
    match answered.recv_timeout(deadline.left(Instant::now())) {
        Ok(addresses) => addresses.map_err(Cause::Io),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(Cause::Late(deadline)),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(Cause::Io(io::Error::other("the look-up gave no answer"))),
    }
}

/// One connection, within `share` of the time. Zero is no time to a socket but a mistake.
fn open(address: SocketAddr, share: Option<Duration>) -> io::Result<TcpStream> {
    let stream = match share {
        Some(share) => TcpStream::connect_timeout(&address, share.max(LEAST))?,
        None => TcpStream::connect(address)?,
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A connected socket that waits no longer than it is told to.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    peer: SocketAddr,
    /// What lies between the stream and the wire. In clear text that is nothing.
    channel: Option<Box<Channel>>,
    /// What the system was told last, so that it is told only what changes.
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

/// How long a write waits before its caller may look for what the peer says meanwhile.
const LOOK: Duration = Duration::from_millis(200);

/// The shortest time that is given to a socket.
const LEAST: Duration = Duration::from_millis(1);

impl Socket {
    fn new(stream: TcpStream, peer: SocketAddr) -> Self {
        Self { stream, peer, channel: None, read_timeout: None, write_timeout: None }
    }

    /// The address that it is connected to.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Says what is to be said before the first request.
    pub(crate) fn set_up(&mut self, setup: &mut impl Setup, deadline: Option<Deadline>) -> Result<(), Cause> {
        loop {
            if !setup.out().is_empty() || self.holds() {
                match self.write(&[IoSlice::new(setup.out())], deadline) {
                    Ok(n) => setup.wrote(n.unwrap_or(0)),
                    // The peer may have said why before it closed.
                    Err(cause) if cause.is_lost() => setup.wrote(setup.out().len()),
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

    /// Makes it a TLS connection with `host`, through the one that it is already, if it is.
    pub(crate) fn secure(
        &mut self,
        config: &TlsConfig,
        host: &CanonicalHost,
        now: Now,
        deadline: Option<Deadline>,
    ) -> Result<(), Failure> {
        let mut handshake = Handshake::new(config, host, now)?;
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
            flush(&mut self.stream, channel);
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

    /// Writes some of `parts`. `None`: the peer takes nothing for now, look whether it says something and come again. What
    /// counts as written may still be held: write until nothing [is](Self::holds).
    pub(crate) fn write(&mut self, parts: &[IoSlice<'_>], deadline: Option<Deadline>) -> Result<Option<usize>, Cause> {
        let timeout = Some(patience(deadline)?.map_or(LOOK, |patience| patience.min(LOOK)));
        if self.write_timeout != timeout {
            self.stream.set_write_timeout(timeout).map_err(Cause::Io)?;
            self.write_timeout = timeout;
        }
        let written = match &mut self.channel {
            None => self.stream.write_vectored(parts),
            Some(channel) => {
                channel.write(parts)?;
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
    /// TLS says that it ends, where that takes no waiting.
    fn drop(&mut self) {
        if let Some(channel) = &mut self.channel {
            channel.close();
            flush(&mut self.stream, channel);
        }
    }
}

/// Writes what the channel holds, as much as goes without waiting. What does not go goes with the next write.
fn flush(stream: &mut TcpStream, channel: &mut Channel) {
    if stream.set_nonblocking(true).is_ok() {
        let n = stream.write(channel.out()).unwrap_or(0);
        channel.wrote(n);
        // A stream that cannot be told fails with the next use.
        let _ = stream.set_nonblocking(false);
    }
}

/// Reads what the system has already: `None` is nothing, 0 the end.
fn arrived(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<Option<usize>, Cause> {
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
fn peek(stream: &TcpStream) -> io::Result<usize> {
    let mut byte = [std::mem::MaybeUninit::uninit()];
    socket2::SockRef::from(stream).recv_with_flags(&mut byte, libc::MSG_PEEK | libc::MSG_DONTWAIT)
}

/// Whether something has come, without waiting and without taking it.
#[cfg(not(unix))]
fn peek(stream: &TcpStream) -> io::Result<usize> {
    stream.set_nonblocking(true)?;
    let seen = stream.peek(&mut [0]);
    stream.set_nonblocking(false)?;
    seen
}

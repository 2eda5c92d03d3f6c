//! Opening sockets: several connections at once where the system can wait for them together, elsewhere one after another.
//! Which address is tried when is decided in the core.

use super::stream::Stream;
use session_core::transport::ConnectSettings;
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// An attempt that ended: connected, and blocking again, or failed.
pub(super) type Ended = (SocketAddr, io::Result<Stream>);

/// The attempts under way. Those that are left are closed with it.
pub(super) struct Attempts<'a> {
    settings: &'a ConnectSettings,
    #[cfg(unix)]
    running: Vec<(SocketAddr, Socket)>,
}

/// A socket with what is set for it.
fn socket(settings: &ConnectSettings, address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if settings.tcp_nodelay {
        socket.set_tcp_nodelay(true)?;
    }
    if let Some(silence) = settings.tcp_keepalive {
        socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(silence))?;
    }
    if let Some(local) = settings.local_address {
        socket.bind(&SocketAddr::new(local, 0).into())?;
    }
    Ok(socket)
}

#[cfg(unix)]
impl<'a> Attempts<'a> {
    pub(super) fn new(settings: &'a ConnectSettings) -> Self {
        Self { settings, running: Vec::new() }
    }

    /// Starts to connect to an address, which may end at once.
    pub(super) fn start(&mut self, address: SocketAddr, _share: Option<Duration>) -> Option<Ended> {
        let begun = socket(self.settings, address).and_then(|socket| {
            socket.set_nonblocking(true)?;
            match socket.connect(&address.into()) {
                Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
                _ => Ok(socket),
            }
        });
        match begun {
            Ok(socket) => {
                self.running.push((address, socket));
                None
            }
            Err(error) => Some((address, Err(error))),
        }
    }

    /// Waits until an attempt ends, and at most until `until`.
    pub(super) fn wait(&mut self, until: Option<Instant>) -> io::Result<Option<Ended>> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        let mut watched: Vec<_> = self.running.iter().map(|(_, socket)| PollFd::new(socket, PollFlags::OUT)).collect();
        match poll(&mut watched, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ended = watched.iter().position(|one| !one.revents().is_empty());
        Ok(ended.map(|ended| {
            let (address, socket) = self.running.swap_remove(ended);
            (address, connected(socket))
        }))
    }
}

/// How an attempt came out that the system says has ended.
#[cfg(unix)]
fn connected(socket: Socket) -> io::Result<Stream> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    // An attempt that was given up without an error has no peer.
    socket.peer_addr()?;
    socket.set_nonblocking(false)?;
    Ok(Stream::new(socket))
}

#[cfg(not(unix))]
impl<'a> Attempts<'a> {
    pub(super) fn new(settings: &'a ConnectSettings) -> Self {
        Self { settings }
    }

    /// Connects to an address within `share` of the time. Zero is no time to a socket but a mistake.
    pub(super) fn start(&mut self, address: SocketAddr, share: Option<Duration>) -> Option<Ended> {
        let connected = socket(self.settings, address).and_then(|socket| {
            match share {
                Some(share) => socket.connect_timeout(&address.into(), share.max(Duration::from_millis(1)))?,
                None => socket.connect(&address.into())?,
            }
            Ok(Stream::new(socket))
        });
        Some((address, connected))
    }

    /// Nothing is ever under way.
    pub(super) fn wait(&mut self, _until: Option<Instant>) -> io::Result<Option<Ended>> {
        Ok(None)
    }
}

/// A connection to a unix socket, within `left` of the time.
#[cfg(unix)]
pub(super) fn open_unix(path: &Path, left: Option<Duration>) -> io::Result<Stream> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // The time to write is also that for a place in the listener's queue. Zero would be no bound.
    socket.set_write_timeout(left.map(|left| left.max(Duration::from_millis(1))))?;
    socket.connect(&socket2::SockAddr::unix(path)?)?;
    socket.set_write_timeout(None)?;
    Ok(Stream::new(socket))
}

/// The session's builder has refused it.
#[cfg(not(unix))]
pub(super) fn open_unix(_path: &Path, _left: Option<Duration>) -> io::Result<Stream> {
    Err(io::ErrorKind::Unsupported.into())
}

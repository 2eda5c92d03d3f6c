//! Opening sockets: several connections at once, in the task of whoever asks. Which address is tried when is decided in
//! the core.

use super::runtime::timeout_at;
use super::stream::Stream;
use async_io::Async;
use session_core::transport::ConnectSettings;
use session_core::transport::bounds::Deadline;
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};
use std::future::{Future, poll_fn};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::pin::Pin;
use std::task::Poll;
use std::time::Instant;

/// An attempt that ended: connected, or failed.
pub(super) type Ended = (SocketAddr, io::Result<Stream>);

/// The attempts under way. Those that are left are closed with it.
pub(super) struct Attempts<'a> {
    settings: &'a ConnectSettings,
    running: Vec<(SocketAddr, Attempt)>,
}

type Attempt = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

/// A socket with what is set for it, which does not wait.
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
    socket.set_nonblocking(true)?;
    Ok(socket)
}

impl<'a> Attempts<'a> {
    pub(super) fn new(settings: &'a ConnectSettings) -> Self {
        Self { settings, running: Vec::new() }
    }

    /// Starts to connect to an address, which may end at once.
    pub(super) fn start(&mut self, address: SocketAddr) -> Option<Ended> {
        match socket(self.settings, address) {
            Ok(socket) => {
                self.running.push((address, Box::pin(connect(socket, address))));
                None
            }
            Err(error) => Some((address, Err(error))),
        }
    }

    /// Waits until an attempt ends, and at most until `until`.
    pub(super) async fn wait(&mut self, until: Option<Instant>) -> Option<Ended> {
        let ended = poll_fn(|cx| {
            let ended =
                self.running.iter_mut().enumerate().find_map(|(index, (_, attempt))| match attempt.as_mut().poll(cx) {
                    Poll::Ready(ended) => Some((index, ended)),
                    Poll::Pending => None,
                });
            ended.map_or(Poll::Pending, Poll::Ready)
        });
        let (index, ended) = match until {
            Some(until) => timeout_at(until, ended).await?,
            None => ended.await,
        };
        let (address, _) = self.running.swap_remove(index);
        Some((address, ended))
    }
}

/// Connects, and waits for the outcome.
async fn connect(socket: Socket, address: SocketAddr) -> io::Result<Stream> {
    match socket.connect(&address.into()) {
        Err(error) if !is_under_way(&error) => return Err(error),
        _ => {}
    }
    let stream = Async::new_nonblocking(TcpStream::from(socket))?;
    stream.writable().await?;
    if let Some(error) = stream.get_ref().take_error()? {
        return Err(error);
    }
    // An attempt that was given up without an error has no peer.
    stream.get_ref().peer_addr()?;
    Ok(Stream::Tcp(stream))
}

/// Whether connecting goes on without the caller.
fn is_under_way(error: &io::Error) -> bool {
    #[cfg(unix)]
    return error.raw_os_error() == Some(libc::EINPROGRESS);
    #[cfg(not(unix))]
    return error.kind() == io::ErrorKind::WouldBlock;
}

/// A connection to a unix socket, by the deadline.
#[cfg(unix)]
pub(super) async fn open_unix(path: &Path, deadline: Option<Deadline>) -> io::Result<Stream> {
    let opened = Async::<std::os::unix::net::UnixStream>::connect(path);
    let stream = match deadline {
        Some(deadline) => timeout_at(deadline.at(), opened).await.ok_or(io::ErrorKind::TimedOut)??,
        None => opened.await?,
    };
    Ok(Stream::Unix(stream))
}

/// The session's builder has refused it.
#[cfg(not(unix))]
pub(super) async fn open_unix(_path: &Path, _deadline: Option<Deadline>) -> io::Result<Stream> {
    Err(io::ErrorKind::Unsupported.into())
}

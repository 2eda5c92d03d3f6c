//! Opening sockets: several connections at once, in the task of whoever asks. Which address is tried when is decided in
//! the core.

use super::runtime::timeout_at;
use super::stream::Stream;
use session_core::transport::ConnectSettings;
use session_core::transport::bounds::Deadline;
use socket2::{SockRef, TcpKeepalive};
use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::task::Poll;
use std::time::Instant;
use tokio::net::TcpSocket;

/// An attempt that ended: connected, or failed.
pub(super) type Ended = (SocketAddr, io::Result<Stream>);

/// The attempts under way. Those that are left are closed with it.
pub(super) struct Attempts<'a> {
    settings: &'a ConnectSettings,
    running: Vec<(SocketAddr, Attempt)>,
}

type Attempt = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

/// A socket with what is set for it.
fn socket(settings: &ConnectSettings, address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv6() { TcpSocket::new_v6()? } else { TcpSocket::new_v4()? };
    if settings.tcp_nodelay {
        socket.set_nodelay(true)?;
    }
    if let Some(silence) = settings.tcp_keepalive {
        SockRef::from(&socket).set_tcp_keepalive(&TcpKeepalive::new().with_time(silence))?;
    }
    if let Some(local) = settings.local_address {
        socket.bind(SocketAddr::new(local, 0))?;
    }
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
                let attempt = async move { socket.connect(address).await.map(Stream::Tcp) };
                self.running.push((address, Box::pin(attempt)));
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

/// A connection to a unix socket, by the deadline.
#[cfg(unix)]
pub(super) async fn open_unix(path: &Path, deadline: Option<Deadline>) -> io::Result<Stream> {
    let opened = tokio::net::UnixStream::connect(path);
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

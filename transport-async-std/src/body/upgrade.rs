//! A connection that left HTTP: the stream of whatever protocol the server switched to.

use crate::client::pool::Permit;
use crate::connect::Socket;
use bytes::Bytes;
use futures_io::{AsyncRead, AsyncWrite};
use session_core::transport::cause::Cause;
use std::fmt;
use std::io::{self, IoSlice, Read};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The connection of a 101, as a stream of bytes (RFC 9110 7.8). What the server sent right behind its 101 is read first.
///
/// It is `AsyncRead + AsyncWrite` of futures-io, belongs to nobody else, and closes when it is dropped. While it is open it counts as one of
/// the session's connections. No deadline of the session holds any more.
pub struct Upgraded {
    socket: Socket,
    /// What came already.
    rest: Bytes,
    /// After the socket, which closes first.
    _permit: Option<Permit>,
}

impl Upgraded {
    pub(crate) fn new(socket: Socket, rest: Bytes, permit: Option<Permit>) -> Self {
        Self { socket, rest, _permit: permit }
    }

    /// The address that it is connected to, where it is one of TCP.
    #[must_use]
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.socket.peer()
    }

    /// Takes of what came already, as much as fits.
    fn take_rest(&mut self, most: usize) -> Bytes {
        self.rest.split_to(self.rest.len().min(most))
    }
}

impl AsyncRead for Upgraded {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let rest = stream.take_rest(buffer.len());
        if !rest.is_empty() {
            return Poll::Ready((&*rest).read(buffer));
        }
        stream.socket.poll_read(cx, buffer, None).map_err(Cause::into_io)
    }
}

impl AsyncWrite for Upgraded {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buffer)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // No bytes are no reason to fail.
        if parts.iter().all(|part| part.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        self.get_mut().socket.poll_take(cx, parts).map_err(Cause::into_io)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().socket.poll_flush(cx).map_err(Cause::into_io)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().socket.poll_shutdown(cx).map_err(Cause::into_io)
    }
}

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgraded").field("remote_addr", &self.remote_addr()).finish_non_exhaustive()
    }
}

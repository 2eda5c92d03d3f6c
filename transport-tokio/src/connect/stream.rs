//! The two kinds of stream that a connection may be, as one.

use socket2::SockRef;
use std::io::{self, IoSlice, Read};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// A connected stream.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// Does the same to either.
macro_rules! each {
    ($stream:expr, $inner:ident => $act:expr) => {
        match $stream {
            Stream::Tcp($inner) => $act,
            #[cfg(unix)]
            Stream::Unix($inner) => $act,
        }
    };
}

impl Stream {
    /// Reads what the system has already, whatever the runtime knows.
    pub(super) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        // The runtime first, which otherwise goes on taking a stream for readable that was read past it.
        match each!(self, stream => stream.try_read(buffer)) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                (&*each!(self, stream => SockRef::from(stream))).read(buffer)
            }
            read => read,
        }
    }

    /// Writes what goes without waiting.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        each!(self, stream => stream.try_write(bytes))
    }

    /// Whether there is something to read, as far as the runtime knows.
    pub(super) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_read_ready(cx))
    }

    /// Reads, waiting for it.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        let read = each!(self, stream => Pin::new(stream).poll_read(cx, &mut buffer));
        read.map_ok(|()| buffer.filled().len())
    }

    /// Writes some of the bytes, waiting for room.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    /// The same of several pieces.
    pub(super) fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_write_vectored(cx, parts))
    }

    /// Says that nothing more will be written.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}

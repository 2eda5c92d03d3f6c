//! The two kinds of stream that a connection may be, as one.

use async_io::Async;
use futures_io::{AsyncRead, AsyncWrite};
use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A connected stream.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(Async<TcpStream>),
    #[cfg(unix)]
    Unix(Async<UnixStream>),
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
    /// Reads what has come, without waiting.
    pub(super) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        each!(self, stream => stream.get_ref().read(buffer))
    }

    /// Writes what goes without waiting.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        each!(self, stream => stream.get_ref().write(bytes))
    }

    /// Whether something has come since this task asked before.
    pub(super) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self, stream => stream.poll_readable(cx))
    }

    /// Reads, waiting for it.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        each!(self, stream => Pin::new(stream).poll_read(cx, buffer))
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

    /// Says that nothing more will be written. async-io's own does not.
    pub(super) fn poll_shutdown(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match each!(self, stream => stream.get_ref().shutdown(Shutdown::Write)) {
            // The peer was first.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            ended => ended,
        })
    }
}

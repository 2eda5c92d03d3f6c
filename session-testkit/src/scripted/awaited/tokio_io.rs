//! The family of IO traits of tokio: bodies are read and copied by them.

use super::copy::Writer;
use super::{Response, ResponseBody, Result};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bodies are read by [`AsyncRead`] and copied to [`AsyncWrite`] of tokio.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct TokioIo;

impl Response<TokioIo> {
    /// Copies the rest of the body, and flushes the writer. Gives how many bytes that were.
    ///
    /// # Errors
    /// As [`Response::chunk`]; [`ErrorKind::Io`](session_core::error::ErrorKind::Io) where the writer fails.
    pub async fn copy_to(&mut self, writer: &mut (impl AsyncWrite + Unpin + ?Sized)) -> Result<u64, TokioIo> {
        self.copy_to_with(writer, |_, _| {}).await
    }

    /// The same, telling `progress` how far it is: how many bytes were copied, and how many that will be, where it is known (not
    /// for a body in chunks, and not for one that is decoded). It is told at the start, and after each piece.
    ///
    /// # Errors
    /// As [`Response::copy_to`].
    pub async fn copy_to_with(
        &mut self,
        writer: &mut (impl AsyncWrite + Unpin + ?Sized),
        progress: impl FnMut(u64, Option<u64>),
    ) -> Result<u64, TokioIo> {
        self.copy(ByTrait(writer), progress).await
    }
}

struct ByTrait<'a, W: ?Sized>(&'a mut W);

impl<W: AsyncWrite + Unpin + ?Sized> Writer for ByTrait<'_, W> {
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(cx, bytes)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(cx)
    }
}

impl AsyncRead for Response<TokioIo> {
    /// Reads the body. An error holds an [`Error`](super::Error) as its inner one.
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let response = self.get_mut();
        let read = response.body.read(buffer.initialize_unfilled());
        buffer.advance(read.map_err(|error| response.located(error))?);
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for ResponseBody<TokioIo> {
    /// Reads the body. An error holds an [`Error`](super::Error) as its inner one.
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let response = self.get_mut();
        let read = response.body.read(buffer.initialize_unfilled());
        buffer.advance(read.map_err(|error| response.located(error))?);
        Poll::Ready(Ok(()))
    }
}

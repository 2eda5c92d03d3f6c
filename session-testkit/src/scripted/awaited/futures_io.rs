//! The family of IO traits of `futures_io`: bodies are read and copied by them.

use super::copy::Writer;
use super::{Response, ResponseBody, Result};
use futures_io::{AsyncRead, AsyncWrite};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Bodies are read by [`AsyncRead`] and copied to [`AsyncWrite`] of `futures_io`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FuturesIo;

impl Response<FuturesIo> {
    /// Copies the rest of the body, and flushes the writer. Gives how many bytes that were.
    ///
    /// # Errors
    /// As [`Response::chunk`]; [`ErrorKind::Io`](session_core::error::ErrorKind::Io) where the writer fails.
    pub async fn copy_to(&mut self, writer: &mut (impl AsyncWrite + Unpin + ?Sized)) -> Result<u64, FuturesIo> {
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
    ) -> Result<u64, FuturesIo> {
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

impl AsyncRead for Response<FuturesIo> {
    /// Reads the body. An error holds an [`Error`](super::Error) as its inner one.
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let response = self.get_mut();
        Poll::Ready(response.body.read(buffer).map_err(|error| response.located(error).into()))
    }
}

impl AsyncRead for ResponseBody<FuturesIo> {
    /// Reads the body. An error holds an [`Error`](super::Error) as its inner one.
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let response = self.get_mut();
        Poll::Ready(response.body.read(buffer).map_err(|error| response.located(error).into()))
    }
}

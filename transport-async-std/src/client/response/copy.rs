//! Copying a body to a writer.

use super::Response;
use crate::error::Result;
use futures_io::AsyncWrite;
use session_core::transport::response::ResponseInfo;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

impl Response {
    /// Copies the rest of the body, and flushes the writer. Gives how many bytes that were.
    ///
    /// # Errors
    /// As [`Response::chunk`]; [`ErrorKind::Io`] where the writer fails.
    ///
    /// [`ErrorKind::Io`]: session_core::error::ErrorKind::Io
    pub async fn copy_to(&mut self, writer: &mut (impl AsyncWrite + Unpin + ?Sized)) -> Result<u64> {
        self.copy_to_with(writer, |_, _| {}).await
    }

    /// The same, telling `progress` how far it is: how many bytes were copied, and how many that will be, where it is known (not
    /// for a body in chunks, and not for one that is decoded). It is told at the start, and after each piece.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), transport_async_std::Error> {
    /// # let session = transport_async_std::Session::new();
    /// let mut response = session.get("http://a.test/file").send().await?.error_for_status()?;
    /// let mut file = futures_lite::io::sink();
    /// response.copy_to_with(&mut file, |copied, total| println!("{copied} of {total:?} bytes")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Response::copy_to`].
    pub async fn copy_to_with(
        &mut self,
        writer: &mut (impl AsyncWrite + Unpin + ?Sized),
        mut progress: impl FnMut(u64, Option<u64>),
    ) -> Result<u64> {
        let total = self.0.body.left();
        let mut copied: u64 = 0;
        progress(copied, total);
        while let Some(chunk) = self.chunk().await? {
            let mut rest = &chunk[..];
            poll_fn(|cx| poll_write_all(cx, Pin::new(&mut *writer), &mut rest))
                .await
                .map_err(|source| ResponseInfo::copy_error(self, source))?;
            copied = copied.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            progress(copied, total);
        }
        poll_fn(|cx| Pin::new(&mut *writer).poll_flush(cx))
            .await
            .map_err(|source| ResponseInfo::copy_error(self, source))?;
        Ok(copied)
    }
}

/// Writes what is left of `rest`.
fn poll_write_all(
    cx: &mut Context<'_>,
    mut writer: Pin<&mut (impl AsyncWrite + ?Sized)>,
    rest: &mut &[u8],
) -> Poll<io::Result<()>> {
    while !rest.is_empty() {
        match ready!(writer.as_mut().poll_write(cx, rest))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            n => *rest = rest.get(n..).unwrap_or_default(),
        }
    }
    Poll::Ready(Ok(()))
}

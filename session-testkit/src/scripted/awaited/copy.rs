//! Copying a body to a writer, by whichever trait that is one.

use super::{Response, Result};
use session_core::transport::response::ResponseInfo;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

/// A writer of either family.
pub(super) trait Writer {
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

impl<T> Response<T> {
    pub(super) async fn copy(
        &mut self,
        mut writer: impl Writer,
        mut progress: impl FnMut(u64, Option<u64>),
    ) -> Result<u64, T> {
        let total = self.body.left();
        let mut copied: u64 = 0;
        progress(copied, total);
        while let Some(chunk) = self.next_chunk()? {
            let mut rest = &chunk[..];
            poll_fn(|cx| poll_write_all(cx, &mut writer, &mut rest))
                .await
                .map_err(|source| ResponseInfo::copy_error(self, source))?;
            copied = copied.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            progress(copied, total);
        }
        poll_fn(|cx| writer.poll_flush(cx)).await.map_err(|source| ResponseInfo::copy_error(self, source))?;
        Ok(copied)
    }
}

/// Writes what is left of `rest`.
fn poll_write_all(cx: &mut Context<'_>, writer: &mut impl Writer, rest: &mut &[u8]) -> Poll<io::Result<()>> {
    while !rest.is_empty() {
        match ready!(writer.poll_write(cx, rest))? {
            0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            n => *rest = rest.get(n..).unwrap_or_default(),
        }
    }
    Poll::Ready(Ok(()))
}

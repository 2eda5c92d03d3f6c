//! Reading a body line by line.

use super::Response;
use crate::error::Result;
use futures_core::Stream;
use session_core::content::lines::LineReader;
use session_core::transport::response::ResponseInfo;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The lines of a body, as text: see [`Response::lines`]. A [`Stream`] of `Result<String>`; after an error there are no more.
#[derive(Debug)]
pub struct Lines {
    response: Response,
    reader: LineReader,
    failed: bool,
}

impl Response {
    /// The body line by line, as it comes. A line ends by LF or CRLF, which is no part of it; the last one needs no end. The text is
    /// that of [`Response::text`], but nothing of it is guessed.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), transport_async_std::Error> {
    /// # let session = transport_async_std::Session::new();
    /// let mut lines = session.get("http://a.test/log").send().await?.error_for_status()?.lines();
    /// while let Some(line) = lines.next_line().await? {
    ///     println!("{line}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn lines(self) -> Lines {
        let reader = ResponseInfo::line_reader(&self);
        Lines { response: self, reader, failed: false }
    }
}

impl Lines {
    /// The next line; `None` at the end of the body.
    ///
    /// # Errors
    /// As [`Response::chunk`], and [`ErrorKind::Limit`] where a line is longer than [`Limits::line_bytes`].
    ///
    /// [`ErrorKind::Limit`]: session_core::error::ErrorKind::Limit
    /// [`Limits::line_bytes`]: session_core::limits::Limits::line_bytes
    pub async fn next_line(&mut self) -> Result<Option<String>> {
        poll_fn(|cx| self.poll_next_line(cx)).await
    }

    fn poll_next_line(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<String>>> {
        loop {
            match self.reader.next_line() {
                Ok(Some(line)) => return Poll::Ready(Ok(Some(line))),
                Ok(None) if self.reader.is_finished() => return Poll::Ready(Ok(None)),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Err(self.response.located(error))),
            }
            match ready!(self.response.poll_chunk(cx))? {
                Some(piece) => self.reader.push(&piece),
                None => self.reader.finish(),
            }
        }
    }

    /// The response that they are read from: its head, and at the end its trailers.
    #[must_use]
    pub fn response(&self) -> &Response {
        &self.response
    }
}

impl Stream for Lines {
    type Item = Result<String>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let lines = self.get_mut();
        if lines.failed {
            return Poll::Ready(None);
        }
        let next = ready!(lines.poll_next_line(cx));
        lines.failed = next.is_err();
        Poll::Ready(next.transpose())
    }
}

//! Reading a body line by line.

use super::Response;
use crate::error::Result;
use session_core::content::lines::LineReader;
use session_core::transport::response::ResponseInfo;

/// The lines of a body, as text: see [`Response::lines`]. An iterator over `Result<String>`; after an error there are no more.
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
    /// # let session = transport_blocking::Session::new();
    /// for line in session.get("http://a.test/log").send()?.error_for_status()?.lines() {
    ///     println!("{}", line?);
    /// }
    /// # Ok::<(), transport_blocking::Error>(())
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
    pub fn next_line(&mut self) -> Result<Option<String>> {
        loop {
            match self.reader.next_line() {
                Ok(Some(line)) => return Ok(Some(line)),
                Ok(None) if self.reader.is_finished() => return Ok(None),
                Ok(None) => {}
                Err(error) => return Err(self.response.located(error)),
            }
            match self.response.chunk()? {
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

impl Iterator for Lines {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.next_line();
        self.failed = next.is_err();
        next.transpose()
    }
}

//! Reading a body otherwise than as a whole: by lines, by server-sent events, into a writer, as in the transports.

use super::Response;
use crate::scripted::blocking::Result;
use session_core::content::events::{Event, EventReader};
use session_core::content::lines::LineReader;
use session_core::transport::response::ResponseInfo;
use std::io::Write;
use std::time::Duration;

impl Response {
    /// The body line by line. A line ends by LF or CRLF, which is no part of it; the last one needs no end.
    pub fn lines(self) -> Lines {
        let reader = ResponseInfo::line_reader(&self);
        Lines { response: self, reader, failed: false }
    }

    /// The body as server-sent events.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](session_core::error::ErrorKind::Decode) where its Content-Type is not `text/event-stream`. The error
    /// keeps the response.
    pub fn events(self) -> Result<Events> {
        match ResponseInfo::event_reader(&self) {
            Some(reader) => Ok(Events { response: self, reader, failed: false }),
            None => Err(ResponseInfo::event_error::<Self>(&self).with_response(self)),
        }
    }

    /// Copies the rest of the body, and flushes the writer. Gives how many bytes that were.
    ///
    /// # Errors
    /// As [`Response::chunk`]; [`ErrorKind::Io`](session_core::error::ErrorKind::Io) where the writer fails.
    pub fn copy_to(&mut self, writer: &mut (impl Write + ?Sized)) -> Result<u64> {
        self.copy_to_with(writer, |_, _| {})
    }

    /// The same, telling `progress` how far it is: how many bytes were copied, and how many that will be, where it is known (not
    /// for a body in chunks, and not for one that is decoded). It is told at the start, and after each piece.
    ///
    /// # Errors
    /// As [`Response::copy_to`].
    pub fn copy_to_with(
        &mut self,
        writer: &mut (impl Write + ?Sized),
        mut progress: impl FnMut(u64, Option<u64>),
    ) -> Result<u64> {
        let total = self.body.left();
        let mut copied: u64 = 0;
        progress(copied, total);
        while let Some(chunk) = self.chunk()? {
            writer.write_all(&chunk).map_err(|source| ResponseInfo::copy_error(self, source))?;
            copied = copied.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            progress(copied, total);
        }
        writer.flush().map_err(|source| ResponseInfo::copy_error(self, source))?;
        Ok(copied)
    }
}

/// The lines of a body, as text: see [`Response::lines`]. An iterator over `Result<String>`; after an error there are no more.
#[derive(Debug)]
pub struct Lines {
    response: Response,
    reader: LineReader,
    failed: bool,
}

impl Lines {
    /// The next line; `None` at the end of the body.
    ///
    /// # Errors
    /// As [`Response::chunk`], and [`ErrorKind::Limit`](session_core::error::ErrorKind::Limit) where a line is too long.
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

    /// The response that they are read from.
    #[must_use]
    pub fn response(&self) -> &Response {
        &self.response
    }
}

/// The events of a stream (WHATWG HTML 9.2): see [`Response::events`]. An iterator over `Result<Event>`; after an error there are no more.
#[derive(Debug)]
pub struct Events {
    response: Response,
    reader: EventReader,
    failed: bool,
}

impl Events {
    /// The next event; `None` at the end of the body.
    ///
    /// # Errors
    /// As [`Response::chunk`], and [`ErrorKind::Limit`](session_core::error::ErrorKind::Limit) where an event is too long.
    pub fn next_event(&mut self) -> Result<Option<Event>> {
        loop {
            match self.reader.next_event() {
                Ok(Some(event)) => return Ok(Some(event)),
                Ok(None) => {}
                Err(error) => return Err(self.response.located(error)),
            }
            match self.response.chunk()? {
                Some(piece) => self.reader.push(piece),
                None => return Ok(None),
            }
        }
    }

    /// The id to be sent as `Last-Event-ID` by whoever connects anew; empty where there is none.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        self.reader.last_event_id()
    }

    /// How long to wait before connecting anew, where the server said so.
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        self.reader.retry()
    }

    /// The response that they are read from.
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

impl Iterator for Events {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.next_event();
        self.failed = next.is_err();
        next.transpose()
    }
}

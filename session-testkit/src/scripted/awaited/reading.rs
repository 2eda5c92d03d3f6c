//! Reading a body otherwise than as a whole: by lines, by server-sent events, as in the transports.

use super::{Response, Result};
use futures_core::Stream;
use session_core::content::events::{Event, EventReader};
use session_core::content::lines::LineReader;
use session_core::transport::response::ResponseInfo;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

impl<T> Response<T> {
    /// The body line by line. A line ends by LF or CRLF, which is no part of it; the last one needs no end.
    pub fn lines(self) -> Lines<T> {
        let reader = ResponseInfo::line_reader(&self);
        Lines { response: self, reader, failed: false }
    }

    /// The body as server-sent events.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](session_core::error::ErrorKind::Decode) where its Content-Type is not `text/event-stream`. The error
    /// keeps the response.
    pub fn events(self) -> Result<Events<T>, T>
    where
        T: 'static,
    {
        match ResponseInfo::event_reader(&self) {
            Some(reader) => Ok(Events { response: self, reader, failed: false }),
            None => Err(ResponseInfo::event_error::<Self>(&self).with_response(self)),
        }
    }
}

/// The lines of a body, as text: see [`Response::lines`]. A [`Stream`] of `Result<String>`; after an error there are no more.
pub struct Lines<T> {
    response: Response<T>,
    reader: LineReader,
    failed: bool,
}

impl<T> Lines<T> {
    /// The next line; `None` at the end of the body.
    ///
    /// # Errors
    /// As [`Response::chunk`], and [`ErrorKind::Limit`](session_core::error::ErrorKind::Limit) where a line is too long.
    pub async fn next_line(&mut self) -> Result<Option<String>, T> {
        self.read()
    }

    fn read(&mut self) -> Result<Option<String>, T> {
        loop {
            match self.reader.next_line() {
                Ok(Some(line)) => return Ok(Some(line)),
                Ok(None) if self.reader.is_finished() => return Ok(None),
                Ok(None) => {}
                Err(error) => return Err(self.response.located(error)),
            }
            match self.response.next_chunk()? {
                Some(piece) => self.reader.push(&piece),
                None => self.reader.finish(),
            }
        }
    }

    /// The response that they are read from.
    #[must_use]
    pub fn response(&self) -> &Response<T> {
        &self.response
    }
}

/// The events of a stream (WHATWG HTML 9.2): see [`Response::events`]. A [`Stream`] of `Result<Event>`; after an error there are no more.
pub struct Events<T> {
    response: Response<T>,
    reader: EventReader,
    failed: bool,
}

impl<T> Events<T> {
    /// The next event; `None` at the end of the body.
    ///
    /// # Errors
    /// As [`Response::chunk`], and [`ErrorKind::Limit`](session_core::error::ErrorKind::Limit) where an event is too long.
    pub async fn next_event(&mut self) -> Result<Option<Event>, T> {
        self.read()
    }

    fn read(&mut self) -> Result<Option<Event>, T> {
        loop {
            match self.reader.next_event() {
                Ok(Some(event)) => return Ok(Some(event)),
                Ok(None) => {}
                Err(error) => return Err(self.response.located(error)),
            }
            match self.response.next_chunk()? {
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
    pub fn response(&self) -> &Response<T> {
        &self.response
    }
}

impl<T> Stream for Lines<T> {
    type Item = Result<String, T>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.failed {
            return Poll::Ready(None);
        }
        let next = this.read();
        this.failed = next.is_err();
        Poll::Ready(next.transpose())
    }
}

impl<T> Stream for Events<T> {
    type Item = Result<Event, T>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.failed {
            return Poll::Ready(None);
        }
        let next = this.read();
        this.failed = next.is_err();
        Poll::Ready(next.transpose())
    }
}

impl<T> fmt::Debug for Lines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("response", &self.response).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Events<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("response", &self.response).finish_non_exhaustive()
    }
}

//! Reading a body as server-sent events.

use super::Response;
use crate::error::Result;
use session_core::content::events::{Event, EventReader};
use session_core::transport::response::ResponseInfo;
use std::time::Duration;

/// The events of a stream (WHATWG HTML 9.2): see [`Response::events`]. An iterator over `Result<Event>`; after an error there are no
/// more.
#[derive(Debug)]
pub struct Events {
    response: Response,
    reader: EventReader,
    failed: bool,
}

impl Response {
    /// The body as server-sent events, as they come. Its end is theirs: connecting anew, with [`Events::last_event_id`] and after
    /// [`Events::retry`], is the caller's. A pause between two events is bounded as in any body, by the idle timeout.
    ///
    /// ```no_run
    /// # let session = transport_blocking::Session::new();
    /// use transport_blocking::session_core::session::{request::RequestTimeouts, settings::Setting};
    ///
    /// // A server with nothing to say may be silent for as long as it likes.
    /// let mut patient = RequestTimeouts::default();
    /// patient.idle = Setting::Off;
    /// for event in session.get("http://a.test/news").timeouts(patient).send()?.events()? {
    ///     let event = event?;
    ///     println!("{}: {}", event.event, event.data);
    /// }
    /// # Ok::<(), transport_blocking::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] where its Content-Type is not `text/event-stream`. The error keeps the response: see
    /// [`Error::into_response`](crate::Error::into_response).
    ///
    /// [`ErrorKind::Decode`]: session_core::error::ErrorKind::Decode
    pub fn events(self) -> Result<Events> {
        match ResponseInfo::event_reader(&self) {
            Some(reader) => Ok(Events { response: self, reader, failed: false }),
            None => Err(ResponseInfo::event_error::<Self>(&self).with_response(self)),
        }
    }
}

impl Events {
    /// The next event; `None` at the end of the body.
    ///
    /// # Errors
    /// As [`Response::chunk`], and [`ErrorKind::Limit`] where an event is longer than [`Limits::event_bytes`], or its id than
    /// [`Limits::event_id`].
    ///
    /// [`ErrorKind::Limit`]: session_core::error::ErrorKind::Limit
    /// [`Limits::event_bytes`]: session_core::limits::Limits::event_bytes
    /// [`Limits::event_id`]: session_core::limits::Limits::event_id
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

//! Reading a body as server-sent events.

use super::Response;
use crate::error::Result;
use futures_core::Stream;
use session_core::content::events::{Event, EventReader};
use session_core::transport::response::ResponseInfo;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// The events of a stream (WHATWG HTML 9.2): see [`Response::events`]. A [`Stream`] of `Result<Event>`; after an error there are no
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
    /// # async fn run() -> Result<(), transport_async_std::Error> {
    /// # let session = transport_async_std::Session::new();
    /// use transport_async_std::session_core::session::{request::RequestTimeouts, settings::Setting};
    ///
    /// // A server with nothing to say may be silent for as long as it likes.
    /// let mut patient = RequestTimeouts::default();
    /// patient.idle = Setting::Off;
    /// let mut events = session.get("http://a.test/news").timeouts(patient).send().await?.events()?;
    /// while let Some(event) = events.next_event().await? {
    ///     println!("{}: {}", event.event, event.data);
    /// }
    /// # Ok(())
    /// # }
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
    pub async fn next_event(&mut self) -> Result<Option<Event>> {
        poll_fn(|cx| self.poll_next_event(cx)).await
    }

    fn poll_next_event(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Event>>> {
        loop {
            match self.reader.next_event() {
                Ok(Some(event)) => return Poll::Ready(Ok(Some(event))),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Err(self.response.located(error))),
            }
            match ready!(self.response.poll_chunk(cx))? {
                Some(piece) => self.reader.push(piece),
                None => return Poll::Ready(Ok(None)),
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

impl Stream for Events {
    type Item = Result<Event>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let events = self.get_mut();
        if events.failed {
            return Poll::Ready(None);
        }
        let next = ready!(events.poll_next_event(cx));
        events.failed = next.is_err();
        Poll::Ready(next.transpose())
    }
}

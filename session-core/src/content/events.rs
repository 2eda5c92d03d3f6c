//! Server-sent events (WHATWG HTML 9.2, `text/event-stream`), push-style: pieces of a body in, events out.
//!
//! A stream is UTF-8 whatever its Content-Type says, and what is not valid becomes U+FFFD. Connecting again after the end, with
//! `Last-Event-ID` and after the pause that the server asked for, is the caller's: both are told.

use crate::error::{Error, ErrorKind, Phase};
use crate::limits::Limits;
use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr2;
use std::time::Duration;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Its type; `message` where the server names none.
    pub event: String,
    /// Its data: the lines of it, joined by line feeds.
    pub data: String,
    /// The id that was last given, by this event or one before it; empty where there is none. A client that connects anew sends
    /// it as `Last-Event-ID`.
    pub id: String,
    /// How long to wait before connecting anew, where the server said so with this event, or between the one before and this.
    pub retry: Option<Duration>,
}

/// Reads a stream of events: [`push`](Self::push) what came, then take events until there is none.
///
/// ```
/// use session_core::content::events::EventReader;
/// use session_core::limits::Limits;
///
/// let mut events = EventReader::new(&Limits::default());
/// events.push("event: tick\ndata: on".into());
/// assert_eq!(events.next_event()?, None);
/// events.push("e\r\ndata: two\r\n\r\n".into());
/// let event = events.next_event()?.unwrap();
/// assert_eq!((event.event.as_str(), event.data.as_str()), ("tick", "one\ntwo"));
/// # Ok::<(), session_core::error::Error>(())
/// ```
#[derive(Debug)]
pub struct EventReader {
    /// What was pushed and not looked at.
    input: Bytes,
    /// A line that has begun.
    line: Vec<u8>,
    /// Whether a line feed comes next that belongs to the carriage return before it.
    skip: Skip,
    place: Place,
    /// The event that is being gathered.
    event: String,
    data: Option<String>,
    pause: Option<Duration>,
    /// The id that the next event will have.
    id: String,
    /// The id of the last event, or of what ended like one.
    last_id: String,
    /// The pause that was last asked for.
    retry: Option<Duration>,
    most: usize,
    most_id: usize,
    failed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Skip {
    Nothing,
    LineFeed,
}

/// Where the next line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    First,
    Later,
}

const MARK: &[u8] = b"\xef\xbb\xbf";

/// What may stand before a value: a byte order mark, and the longest name that means something.
const BEFORE_VALUE: usize = MARK.len() + "event: ".len();

impl EventReader {
    /// The start of a stream.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            input: Bytes::new(),
            line: Vec::new(),
            skip: Skip::Nothing,
            place: Place::First,
            event: String::new(),
            data: None,
            pause: None,
            id: String::new(),
            last_id: String::new(),
            retry: None,
            most: limits.event_bytes,
            most_id: limits.event_id,
            failed: false,
        }
    }

    /// Takes the next piece of the stream, cut anywhere.
    pub fn push(&mut self, piece: Bytes) {
        if self.input.is_empty() {
            self.input = piece;
        } else {
            let mut joined = BytesMut::from(std::mem::take(&mut self.input));
            joined.extend_from_slice(&piece);
            self.input = joined.freeze();
        }
    }

    /// The next event that is complete; `None` until more is pushed. An event that is not complete when the stream ends is none.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`], from then on: an event or a line is longer than [`Limits::event_bytes`], or an id longer than
    /// [`Limits::event_id`].
    pub fn next_event(&mut self) -> Result<Option<Event>, Error> {
        if self.failed {
            return Err(too_long("the stream of events broke off before", "Limits::event_bytes", self.most));
        }
        let next = self.read();
        self.failed = next.is_err();
        next
    }

    /// The id to be sent as `Last-Event-ID` by whoever connects anew; empty where there is none.
    #[must_use]
    pub fn last_event_id(&self) -> &str {
        &self.last_id
    }

    /// How long to wait before connecting anew, where the server said so.
    #[must_use]
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    fn read(&mut self) -> Result<Option<Event>, Error> {
        while !self.input.is_empty() {
            if std::mem::replace(&mut self.skip, Skip::Nothing) == Skip::LineFeed && self.input.first() == Some(&b'\n')
            {
                self.input.advance(1);
                continue;
            }
            let Some(end) = memchr2(b'\r', b'\n', &self.input) else {
                self.line.extend_from_slice(&std::mem::take(&mut self.input));
                self.check_line(self.line.len())?;
                break;
            };
            let whole = self.input.split_to(end);
            if self.input.first() == Some(&b'\r') {
                self.skip = Skip::LineFeed;
            }
            self.input.advance(1);
            let event = if self.line.is_empty() {
                self.take_line(&whole)?
            } else {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(&whole);
                let event = self.take_line(&line)?;
                line.clear();
                self.line = line;
                event
            };
            if event.is_some() {
                return Ok(event);
            }
        }
        Ok(None)
    }

    /// One line without its end (9.2.6, "interpreting an event stream").
    fn take_line(&mut self, line: &[u8]) -> Result<Option<Event>, Error> {
        self.check_line(line.len())?;
        let line = match std::mem::replace(&mut self.place, Place::Later) {
            Place::First => line.strip_prefix(MARK).unwrap_or(line),
            Place::Later => line,
        };
        if line.is_empty() {
            return Ok(self.dispatch());
        }
        let colon = line.iter().position(|&byte| byte == b':').unwrap_or(line.len());
        let (name, rest) = line.split_at_checked(colon).unwrap_or((line, &[]));
        let value = rest.strip_prefix(b":").unwrap_or(rest);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"event" => self.event = String::from_utf8_lossy(value).into_owned(),
            b"data" => {
                let value = String::from_utf8_lossy(value);
                match &mut self.data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(&value);
                    }
                    None => self.data = Some(value.into_owned()),
                }
            }
            b"id" if !value.contains(&0) => {
                self.id = String::from_utf8_lossy(value).into_owned();
                if self.id.len() > self.most_id {
                    return Err(too_long("the id of an event is too long", "Limits::event_id", self.most_id));
                }
            }
            b"retry" => {
                let wait = milliseconds(value);
                (self.pause, self.retry) = (wait.or(self.pause), wait.or(self.retry));
            }
            // A comment, or a name that nobody knows.
            _ => {}
        }
        let data = self.data.as_ref().map_or(0, String::len);
        if self.event.len().saturating_add(data) > self.most {
            return Err(too_long("an event is too long", "Limits::event_bytes", self.most));
        }
        Ok(None)
    }

    /// The empty line that ends an event. Where no data came, there is none, but its id counts.
    fn dispatch(&mut self) -> Option<Event> {
        self.last_id.clone_from(&self.id);
        let event = std::mem::take(&mut self.event);
        let data = self.data.take()?;
        let event = if event.is_empty() { "message".to_owned() } else { event };
        Some(Event { event, data, id: self.id.clone(), retry: self.pause.take() })
    }

    fn check_line(&self, length: usize) -> Result<(), Error> {
        if length > self.most.saturating_add(BEFORE_VALUE) {
            return Err(too_long("a line of events is too long", "Limits::event_bytes", self.most));
        }
        Ok(())
    }
}

/// Whether a Content-Type is that of a stream of events.
#[must_use]
pub fn is_event_stream(content_type: &[u8]) -> bool {
    let essence = content_type.split(|&byte| byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"text/event-stream")
}

/// A number of milliseconds; ASCII digits alone, and no more than fit.
fn milliseconds(value: &[u8]) -> Option<Duration> {
    let digits = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    digits.parse().ok().map(Duration::from_millis)
}

fn too_long(message: &str, limit: &str, most: usize) -> Error {
    Error::new(ErrorKind::Limit, Phase::Body, message).with_expected(format!("at most {most} bytes ({limit})"))
}

#[cfg(test)]
mod tests;

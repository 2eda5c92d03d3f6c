//! One connection without its socket: the codec, its buffers, and what is known of the request and the response that are
//! under way. A transport reads and writes what this asks for; what the bytes mean is the codec's to say, what a response
//! leads to is the session's.

use crate::error::Phase;
use crate::h1::body::DataFrame;
use crate::h1::connection::Connection;
use crate::h1::error::{LocalError, PeerError};
use crate::h1::event::Event;
use crate::h1::recv_buffer::RecvBuffer;
use crate::h1::request::TargetForm;
use crate::h1::reuse::{Reuse, keep_alive};
use crate::limits::Limits;
use crate::message::fields::connection_has;
use crate::message::head::ResponseHead;
use crate::message::present::Present;
use crate::message::proxy::Passage;
use crate::retry::failure::{ConnectionAge, Failure, Sent};
use crate::session::step::Hop;
use crate::transport::cause::Cause;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::time::{Duration, Instant};

/// A connection's codec and buffers.
pub struct WireState {
    connection: Connection,
    input: RecvBuffer,
    /// What is to be written before anything else.
    out: BytesMut,
    age: ConnectionAge,
    /// How long the peer keeps the connection, where it said so.
    keep: Option<Duration>,
    /// This response is the last, whatever the codec says.
    closes: bool,
    /// How many bytes of this request the system took.
    written: u64,
    /// How many it took at once the last time.
    last_write: usize,
    /// When what the peer says was last looked for while this request was being written.
    looked: Option<Instant>,
    /// The final head, where it came before all of the request was written.
    early: Option<ResponseHead>,
    expectation: Expectation,
    /// What follows the request's body.
    trailers: HeaderMap,
    /// How much may be read while the request is being written.
    read_ahead: usize,
    /// The peer has closed its side.
    closed: bool,
}

/// How it stands with `Expect: 100-continue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expectation {
    /// The body waits for a 100.
    Waits,
    /// It goes out: nothing is expected, or a 100 came, or the wait is over.
    Over,
}

/// How the target stands on the request line (RFC 9112 3.2): a proxy that is no tunnel is told the whole URI.
fn target_form(hop: &Hop) -> TargetForm {
    match (hop.passage(), hop.is_server_wide()) {
        (Some(Passage::Forward), false) => TargetForm::Absolute,
        (Some(Passage::Forward), true) => TargetForm::AbsoluteServer,
        (_, false) => TargetForm::Origin,
        (_, true) => TargetForm::Asterisk,
    }
}

/// How often what the peer says is looked for at most while it takes [`MUCH`] at once: shorter than any way over a network.
const LOOK_EVERY: Duration = Duration::from_micros(100);

/// A write of this takes about ten times as long as a look.
const MUCH: usize = 64 * 1024;

/// How much is read at once.
const READ: usize = 32 * 1024;

/// How it stands once the request was written, or could not be.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "the head came already or it is to be read")]
pub enum AfterSend {
    /// The final head came meanwhile.
    Answered(ResponseHead),
    /// The head is to be read. Where writing broke, the cause: the peer may have answered before it closed.
    Awaited(Option<Cause>),
}

/// One more piece of a response body.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a body goes on, in one of two places, or ends")]
pub enum Piece {
    /// Some of it.
    Data(Bytes),
    /// This many bytes, which stand in the caller's buffer.
    Direct(usize),
    /// All of it came; the trailers.
    End(HeaderMap),
}

/// How far an unwanted body was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a body goes on, ends, or is given up")]
pub enum Skipped {
    /// As far as it has come; there is more.
    Some,
    /// To its end.
    All,
    /// It is longer than is worth reading, or broken: the connection is to be closed.
    TooMuch,
}

/// The request.
impl WireState {
    /// A fresh connection.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            connection: Connection::new(limits),
            input: RecvBuffer::new(),
            out: BytesMut::new(),
            age: ConnectionAge::Fresh,
            keep: None,
            closes: false,
            written: 0,
            last_write: 0,
            looked: None,
            early: None,
            expectation: Expectation::Over,
            trailers: HeaderMap::new(),
            read_ahead: limits.read_ahead,
            closed: false,
        }
    }

    /// Starts a hop: its head is to be written.
    ///
    /// # Errors
    /// The codec refuses the head; nothing is to be written.
    pub fn send_head(&mut self, hop: &Hop) -> Result<(), LocalError> {
        self.written = 0;
        self.looked = None;
        self.early = None;
        self.out.clear();
        if !(self.trailers.is_empty() && hop.trailers().is_empty()) {
            self.trailers.clone_from(hop.trailers());
        }
        self.expectation = if hop.expects_continue() { Expectation::Waits } else { Expectation::Over };
        self.connection.send_head(hop.head(), target_form(hop), hop.framing(), &mut self.out)
    }

    /// Whether the body must wait: neither a 100 nor a final head came, and the wait is not over.
    #[must_use]
    pub fn awaits_continue(&self) -> bool {
        self.expectation == Expectation::Waits && self.early.is_none()
    }

    /// Ends the wait for a 100 without one: the body is sent all the same.
    pub fn stop_awaiting(&mut self) {
        self.expectation = Expectation::Over;
    }

    /// Makes ready a piece of the body of this length: what is to be written before it waits in
    /// [`take_out`](Self::take_out), what after it is the frame's suffix.
    ///
    /// # Errors
    /// The body is longer than was said.
    pub fn send_data(&mut self, length: usize) -> Result<DataFrame, LocalError> {
        let frame = self.connection.send_data(length)?;
        self.out.extend_from_slice(frame.prefix());
        Ok(frame)
    }

    /// Ends the body; what that takes is to be written.
    ///
    /// # Errors
    /// The body is shorter than was said.
    pub fn send_end(&mut self) -> Result<(), LocalError> {
        self.connection.send_trailers(&self.trailers, &mut self.out)
    }

    /// Takes what is to be written. Give the buffer back by [`reclaim`](Self::reclaim).
    #[must_use]
    pub fn take_out(&mut self) -> BytesMut {
        std::mem::take(&mut self.out)
    }

    /// Takes back a buffer whose bytes were written, or are not to be written any more.
    pub fn reclaim(&mut self, mut out: BytesMut) {
        out.clear();
        self.out = out;
    }

    /// Says that the system took `n` more bytes of the request.
    pub fn wrote(&mut self, n: usize) {
        self.written = self.written.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        self.last_write = n;
    }

    /// Whether to look for what the peer says before more of the request is written: once any was written, each time. Only where the
    /// system takes much at once is it not asked again so soon; where it takes nothing, look whatever this says.
    #[must_use]
    pub fn is_look_due(&mut self, now: Instant) -> bool {
        let soon = self.looked.is_some_and(|looked| now.saturating_duration_since(looked) < LOOK_EVERY);
        let due = self.has_written() && !(soon && self.last_write >= MUCH);
        if due {
            self.looked = Some(now);
        }
        due
    }

    /// Whether the system took any byte of the request.
    #[must_use]
    pub fn has_written(&self) -> bool {
        self.written > 0
    }

    /// Looks whether what has come while the request is being written holds its final head.
    ///
    /// # Errors
    /// It is no response.
    pub fn look(&mut self) -> Result<(), PeerError> {
        if self.early.is_none() {
            self.early = self.next_head()?;
        }
        Ok(())
    }

    /// Whether to read what the peer sends while the request is being written: it has not closed its side, and what it sent
    /// is not more than [`Limits::read_ahead`].
    #[must_use]
    pub fn listens(&self) -> bool {
        !self.closed && self.input.len() < self.read_ahead
    }

    /// Whether the peer has answered already and does not want the rest of the body: the answer is no success and no switch
    /// to another protocol, or it is one that came while the body waited for a 100, or nothing can come after it.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        let is_last = self.closed || self.expectation == Expectation::Waits;
        let goes_on = |status: StatusCode| status.is_success() || status == StatusCode::SWITCHING_PROTOCOLS;
        self.early.as_ref().is_some_and(|head| is_last || !goes_on(head.status))
    }

    /// Judges how the sending ended: whether there is a head, or one is to be read.
    ///
    /// # Errors
    /// Neither: the hop has failed.
    pub fn after_send(&mut self, sent: Result<(), Cause>) -> Result<AfterSend, Failure> {
        if sent.is_err() {
            self.connection.send_failed();
        }
        // Who refuses a body before it is written may never read it.
        self.closes = self.is_refused();
        match (sent, self.early.take()) {
            (Ok(()) | Err(Cause::Io(_) | Cause::Late(_)), Some(head)) => Ok(AfterSend::Answered(head)),
            // It ended without the word of TLS for that, after its answer.
            (Err(cause), Some(head)) if cause.is_truncation() => Ok(AfterSend::Answered(head)),
            (Ok(()), None) => Ok(AfterSend::Awaited(None)),
            (Err(cause @ Cause::Io(_)), None) => Ok(AfterSend::Awaited(Some(cause))),
            (Err(cause @ Cause::Peer(_)), _) => Err(self.failure(cause, self.some_sent(), Phase::Head)),
            (Err(cause), None) if cause.is_truncation() => Err(self.failure(cause, self.some_sent(), Phase::Head)),
            (Err(cause), _) => Err(self.failure(cause, self.some_sent(), Phase::Send)),
        }
    }

    /// The failure of a hop whose head could not be read for `cause`. `broken` is why the writing broke, where it did.
    #[must_use]
    pub fn no_answer(&self, cause: Cause, broken: Option<Cause>) -> Failure {
        match broken {
            None => self.failure(cause, Sent::All, Phase::Head),
            Some(_) if self.connection.has_received() => self.failure(cause, self.some_sent(), Phase::Head),
            Some(broken) => self.failure(broken, self.some_sent(), Phase::Send),
        }
    }

    fn some_sent(&self) -> Sent {
        if self.written == 0 { Sent::Nothing } else { Sent::Part }
    }

    fn failure(&self, cause: Cause, sent: Sent, phase: Phase) -> Failure {
        let kind = cause.kind(self.connection.has_received());
        Failure::new(kind, sent, self.age, cause.into_error(phase))
    }
}

/// The response.
impl WireState {
    /// Where to read into.
    #[must_use]
    pub fn spare(&mut self) -> &mut [u8] {
        self.input.spare(READ)
    }

    /// Says that `n` bytes were read into [`spare`](Self::spare); 0 is the end.
    pub fn received(&mut self, n: usize) {
        match n {
            0 => {
                self.closed = true;
                self.connection.handle_eof();
            }
            n => self.input.filled(n),
        }
    }

    /// The final head, where all of it has come. Interim ones are passed over.
    ///
    /// # Errors
    /// What came is no response.
    pub fn next_head(&mut self) -> Result<Option<ResponseHead>, PeerError> {
        loop {
            match self.connection.next_event(&mut self.input)? {
                Event::Interim(head) if head.status == StatusCode::CONTINUE => self.expectation = Expectation::Over,
                Event::Interim(_) => {}
                Event::Final(head) => return Ok(Some(head)),
                // No body comes before its head.
                Event::NeedData | Event::Data(_) | Event::End(_) => return Ok(None),
            }
        }
    }

    /// Takes from the final head, which [`next_head`](Self::next_head) gave, what it says about the connection.
    pub fn accept(&mut self, head: &ResponseHead) {
        let present = self.connection.present();
        self.keep = if present.lacks(Present::KEEP_ALIVE) { None } else { keep_alive(&head.headers) };
        self.closes |= !present.lacks(Present::CONNECTION) && connection_has(&head.headers, "close");
    }

    /// The next piece of the body that has come; `None` where more is to be read.
    ///
    /// # Errors
    /// The body broke off, or is no such body.
    pub fn next_piece(&mut self) -> Result<Option<Piece>, PeerError> {
        loop {
            match self.connection.next_event(&mut self.input)? {
                Event::NeedData => return Ok(None),
                Event::Data(data) => return Ok(Some(Piece::Data(data))),
                Event::End(trailers) => return Ok(Some(Piece::End(trailers))),
                // No head comes after the final one.
                Event::Interim(_) | Event::Final(_) => {}
            }
        }
    }

    /// The part of the caller's buffer that may be read into directly, past the receive buffer. Ask after
    /// [`next_piece`](Self::next_piece) gave `None`, and say by [`received_directly`](Self::received_directly) what came.
    #[must_use]
    pub fn direct_room<'a>(&self, into: Option<&'a mut [u8]>) -> Option<&'a mut [u8]> {
        let into = into.filter(|into| !into.is_empty())?;
        let remaining = usize::try_from(self.connection.body_remaining()?).unwrap_or(usize::MAX);
        let most = into.len().min(remaining);
        into.get_mut(..most)
    }

    /// Says that `n` bytes of the body stand in the caller's buffer; 0 is the end. Gives the piece, where there is one.
    ///
    /// # Errors
    /// More than was to come.
    pub fn received_directly(&mut self, n: usize) -> Result<Option<Piece>, LocalError> {
        if n == 0 {
            self.connection.handle_eof();
            return Ok(None);
        }
        self.connection.received_directly(n)?;
        Ok(Some(Piece::Direct(n)))
    }

    /// How much of a body of known length is still to come.
    #[must_use]
    pub fn body_remaining(&self) -> Option<u64> {
        self.connection.body_remaining()
    }

    /// How much of the body is still to be read, where that is known: also where that is nothing.
    #[must_use]
    pub fn body_left(&self) -> Option<u64> {
        self.connection.body_left()
    }

    /// Whether to read an unwanted body of which `most` bytes are worth the connection.
    #[must_use]
    pub fn is_worth_draining(&self, most: u64) -> bool {
        !self.closes && self.body_remaining().is_none_or(|remaining| remaining <= most)
    }

    /// Drops what has come of an unwanted body, at most `left` bytes; they are taken off it.
    pub fn skip_arrived(&mut self, left: &mut u64) -> Skipped {
        loop {
            match self.connection.next_event(&mut self.input) {
                Ok(Event::NeedData) => return Skipped::Some,
                Ok(Event::Data(data)) => match left.checked_sub(u64::try_from(data.len()).unwrap_or(u64::MAX)) {
                    Some(rest) => *left = rest,
                    None => return Skipped::TooMuch,
                },
                Ok(Event::End(_)) => return Skipped::All,
                Ok(Event::Interim(_) | Event::Final(_)) | Err(_) => return Skipped::TooMuch,
            }
        }
    }

    /// Whether what has come already is all of the body; it is dropped.
    pub fn drain_arrived(&mut self) -> bool {
        let mut left = u64::MAX;
        matches!(self.skip_arrived(&mut left), Skipped::All)
    }
}

/// Between two requests.
impl WireState {
    /// How long the peer keeps the connection idle, where it said so.
    #[must_use]
    pub fn keep(&self) -> Option<Duration> {
        self.keep
    }

    /// Makes the connection ready for another request, where the response that is over allows that. Gives whether it
    /// does.
    #[must_use]
    pub fn start_next(&mut self) -> bool {
        if self.closes || self.connection.start_next_cycle(&self.input).is_err() {
            return false;
        }
        self.age = ConnectionAge::Reused;
        true
    }

    /// Ends HTTP on the connection, where a 101 as asked for was its last response and all of the request was sent: gives
    /// what has come already of the other protocol. `None` where HTTP goes on.
    #[must_use]
    pub fn switch(&mut self) -> Option<Bytes> {
        if !self.connection.has_switched() || self.connection.next_event(&mut self.input).is_err() {
            return None;
        }
        (self.connection.reuse(&self.input) == Reuse::Switched).then(|| self.input.take_rest())
    }

    /// Whether an idle connection may still be used after `n` bytes came on it: what comes between requests is never a
    /// response. The codec passes over the one empty line that some peers send too much.
    #[must_use]
    pub fn is_usable_after(&mut self, n: usize) -> bool {
        if n == 0 {
            return false;
        }
        self.input.filled(n);
        matches!(self.connection.next_event(&mut self.input), Ok(Event::NeedData))
    }
}

impl fmt::Debug for WireState {
    /// Without what is to be written: it may hold credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireState")
            .field("connection", &self.connection)
            .field("age", &self.age)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

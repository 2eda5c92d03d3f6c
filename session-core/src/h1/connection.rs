//! One connection as a client sees it: what may be sent now, what the received bytes amount to, what comes next.
//!
//! The states are moved by the tables of `state` alone. Grammar, framing and persistence are decided in their own files;
//! here they are only asked in order.

use crate::h1::body::{DataFrame, RequestWriter, ResponseReader};
use crate::h1::error::{LocalError, LocalErrorKind, PeerError, PeerErrorKind};
use crate::h1::event::{Event, Piece};
use crate::h1::framing::{Asked, ResponseFraming, response_framing};
use crate::h1::head::{parse_head, section_error};
use crate::h1::recv_buffer::RecvBuffer;
use crate::h1::request::{TargetForm, write_head};
use crate::h1::reuse::{CloseReason, Reuse, close_after, close_after_interim};
use crate::h1::section::{Opening, SectionScan};
use crate::h1::state::{RequestMove, RequestState, ResponseMove, ResponseState};
use crate::h1::upgrade::{check_switch, offered};
use crate::limits::Limits;
use crate::message::body::Framing;
use crate::message::fields::connection_has;
use crate::message::head::ResponseHead;
use crate::message::present::Present;
use bytes::BytesMut;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version};

/// The client's side of one connection, one cycle (a request and its response) at a time.
///
/// Sending: [`send_head`](Self::send_head), [`send_data`](Self::send_data) as often as needed,
/// [`send_end`](Self::send_end). Receiving, also meanwhile: [`next_event`](Self::next_event) until it gives
/// [`Event::End`]. Then [`reuse`](Self::reuse), and where that is [`Reuse::Keep`],
/// [`start_next_cycle`](Self::start_next_cycle).
#[derive(Debug)]
pub struct Connection {
    limits: Limits,
    request: RequestState,
    response: ResponseState,
    writer: RequestWriter,
    reader: ResponseReader,
    asked: Asked,
    /// The protocols that the request offers to switch to.
    offered: Vec<HeaderValue>,
    scan: SectionScan,
    /// Where heads are copied to.
    heads: BytesMut,
    /// Bytes of the interim heads of this cycle.
    head_bytes: usize,
    /// Interim responses of this cycle.
    interim: usize,
    /// What a head said about the end of the connection.
    close: Option<CloseReason>,
    peer: Peer,
    error: Option<PeerError>,
    leading: Leading,
    received: bool,
    /// What the final head has.
    present: Present,
}

/// Whether the peer may still send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Open,
    Closed,
}

/// Whether an empty line may precede the status line (RFC 9112 2.2: some peers send one too many after a body).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leading {
    Ignored,
    Refused,
}

impl Connection {
    /// A fresh connection, on which nothing was sent or received.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            request: RequestState::Idle,
            response: ResponseState::Idle,
            writer: RequestWriter::new(Framing::None),
            reader: ResponseReader::EMPTY,
            asked: Asked::Other,
            offered: Vec::new(),
            scan: SectionScan::new(Opening::StatusLine),
            heads: BytesMut::new(),
            head_bytes: 0,
            interim: 0,
            close: None,
            peer: Peer::Open,
            error: None,
            leading: Leading::Refused,
            received: false,
            present: Present::default(),
        }
    }

    /// Writes request line and fields into `out`. The version on the line is that of `head`, HTTP/1.1 or HTTP/1.0; after a request
    /// of HTTP/1.0 the connection is not used again.
    ///
    /// The URI of `head` is absolute (`host:port` will do for [`TargetForm::Authority`]), `form` says how the target
    /// stands on the line. Host comes first: the one of `head`, else the URI's. Content-Length or Transfer-Encoding are
    /// written as `framing` says. Next: send the body, and its end; without a body [`send_end`](Self::send_end) may be
    /// left out.
    ///
    /// # Errors
    /// A target that the form does not allow, or a method or field that must not go on the wire (also a Content-Length
    /// or Transfer-Encoding of the caller's): nothing was written, and another head may be tried. Also where a head was
    /// sent before in this cycle.
    pub fn send_head(
        &mut self,
        head: &Request<()>,
        form: TargetForm,
        framing: Framing,
        out: &mut BytesMut,
    ) -> Result<(), LocalError> {
        let (Some(request), Some(response)) =
            (self.request.after(RequestMove::Head), self.response.after(ResponseMove::Asked))
        else {
            return Err(wrong_state("a request head was sent in this cycle, or the connection is of no further use"));
        };
        write_head(head, form, framing, out)?;
        self.asked = match *head.method() {
            Method::HEAD => Asked::Head,
            Method::CONNECT => Asked::Connect,
            _ => Asked::Other,
        };
        let present = Present::of(head.headers());
        self.offered = if present.lacks(Present::UPGRADE) { Vec::new() } else { offered(head.headers()) };
        self.writer = RequestWriter::new(framing);
        if !present.lacks(Present::CONNECTION) && connection_has(head.headers(), "close") {
            self.close = Some(CloseReason::RequestSaidClose);
        } else if head.version() == Version::HTTP_10 {
            self.close = Some(CloseReason::OldRequest);
        }
        self.request = request;
        self.response = response;
        Ok(())
    }

    /// Accounts for `length` bytes of the body and gives what must stand around them. Next: write the frame's prefix,
    /// the data and the frame's suffix. A length of 0 writes nothing.
    ///
    /// # Errors
    /// [`LocalErrorKind::BodyLength`] where the body is longer than was said: the data must not be written, and the
    /// connection will be closed. Also where no head was sent or the body was ended.
    pub fn send_data(&mut self, length: usize) -> Result<DataFrame, LocalError> {
        let Some(request) = self.request.after(RequestMove::Data) else {
            return Err(wrong_state("no request body is under way"));
        };
        let frame = self.writer.data(length);
        if frame.is_ok() {
            self.request = request;
        } else {
            self.send_failed();
        }
        frame
    }

    /// Ends the body; for a chunked one the last chunk is written into `out`.
    ///
    /// # Errors
    /// [`LocalErrorKind::BodyLength`] where the body is shorter than was said: the connection will be closed. Also where
    /// no head was sent or the body was ended before.
    pub fn send_end(&mut self, out: &mut BytesMut) -> Result<(), LocalError> {
        self.send_trailers(&HeaderMap::new(), out)
    }

    /// The same with trailer fields behind the last chunk (RFC 9112 7.1.2).
    ///
    /// # Errors
    /// As [`send_end`](Self::send_end), and [`LocalErrorKind::Field`] for trailers of a body that is not chunked and for
    /// fields that have a say before the body (RFC 9110 6.5.1): the connection will be closed.
    pub fn send_trailers(&mut self, trailers: &HeaderMap, out: &mut BytesMut) -> Result<(), LocalError> {
        let Some(request) = self.request.after(RequestMove::End) else {
            return Err(wrong_state("no request body is under way"));
        };
        let ended = self.writer.end(trailers, out);
        if ended.is_ok() {
            self.request = request;
        } else {
            self.send_failed();
        }
        ended
    }

    /// The body's source failed: a chunked body is never ended, so that the peer cannot take it for complete, and the
    /// connection will be closed. A response may still be read.
    pub fn send_failed(&mut self) {
        if let Some(request) = self.request.after(RequestMove::Fail) {
            self.request = request;
        }
    }

    /// What the bytes in `input` amount to, one step at a time; what it tells of is taken out of `input`.
    ///
    /// On [`Event::NeedData`] read more into `input`, or tell of the end by [`handle_eof`](Self::handle_eof), and ask
    /// again. After [`Event::End`] there is nothing more to ask: later bytes stay in `input`.
    ///
    /// # Errors
    /// The peer broke the protocol, a limit, or off. The connection is of no further use; asking again gives the same
    /// error. Body data that was given before is incomplete.
    pub fn next_event(&mut self, input: &mut RecvBuffer) -> Result<Event, PeerError> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let event = match self.response {
            ResponseState::Idle => self.read_idle(input),
            ResponseState::Head => self.read_head(input),
            ResponseState::Body | ResponseState::LastHead => self.read_body(input),
            ResponseState::Done | ResponseState::Switched | ResponseState::Failed => Ok(Event::NeedData),
        };
        if let Err(error) = &event {
            self.error = Some(error.clone());
            self.step(ResponseMove::Fail);
        }
        event
    }

    /// The peer closed its side: nothing comes after what waits in the receive buffer. Next:
    /// [`next_event`](Self::next_event), which ends a body without length, and makes anything else incomplete.
    ///
    /// A connection that broke (a reset, a TLS stream without its closing alert) must not be told of here.
    pub fn handle_eof(&mut self) {
        self.peer = Peer::Closed;
    }

    /// How much of a body of known length is still to come, at least 1; `None` where no such body is under way. That
    /// much may be read past the receive buffer, once that is empty: see
    /// [`received_directly`](Self::received_directly).
    #[must_use]
    pub fn body_remaining(&self) -> Option<u64> {
        match (self.response, &self.reader) {
            (ResponseState::Body, ResponseReader::Length { remaining, .. }) if *remaining > 0 => Some(*remaining),
            _ => None,
        }
    }

    /// How much of the body of the response that was begun is still to be given by [`next_event`](Self::next_event), where that is
    /// known: 0 also for one that has none. `None` for any other body, and where no response is under way.
    #[must_use]
    pub fn body_left(&self) -> Option<u64> {
        match (self.response, &self.reader) {
            (ResponseState::Body, ResponseReader::Length { remaining, .. }) => Some(*remaining),
            _ => None,
        }
    }

    /// Says that `n` bytes of a body of known length were read past the receive buffer, which must have been empty.
    /// Next: [`next_event`](Self::next_event) or more of the same.
    ///
    /// # Errors
    /// Where no such body is under way, or less of it is to come.
    pub fn received_directly(&mut self, n: usize) -> Result<(), LocalError> {
        if let (ResponseState::Body, ResponseReader::Length { remaining, .. }) = (self.response, &mut self.reader)
            && let Some(rest) = u64::try_from(n).ok().and_then(|n| remaining.checked_sub(n))
        {
            *remaining = rest;
            return Ok(());
        }
        Err(wrong_state("more was read than the body has, or there is no body of known length"))
    }

    /// What becomes of the connection. Ask after [`Event::End`]; while a message is under way the answer is to close.
    /// On a connection that lies idle it tells whether another request may be sent.
    #[must_use]
    pub fn reuse(&self, input: &RecvBuffer) -> Reuse {
        let reason = match (self.request, self.response) {
            (_, ResponseState::Failed) => CloseReason::PeerFailed,
            (_, ResponseState::Head | ResponseState::Body | ResponseState::LastHead) => CloseReason::ResponseUnfinished,
            (request, ResponseState::Done | ResponseState::Switched) if !self.is_sent(request) => {
                CloseReason::RequestUnfinished
            }
            (_, ResponseState::Switched) => return Reuse::Switched,
            (_, ResponseState::Idle | ResponseState::Done) => match (self.close, self.peer) {
                (Some(reason), _) => reason,
                (None, _) if !input.is_empty() => CloseReason::LeftoverBytes,
                (None, Peer::Closed) => CloseReason::PeerClosed,
                (None, Peer::Open) => return Reuse::Keep,
            },
        };
        Reuse::Close(reason)
    }

    /// Starts another cycle. Next: [`send_head`](Self::send_head).
    ///
    /// # Errors
    /// Unless [`reuse`](Self::reuse) is [`Reuse::Keep`].
    pub fn start_next_cycle(&mut self, input: &RecvBuffer) -> Result<(), LocalError> {
        match self.reuse(input) {
            Reuse::Keep => {}
            Reuse::Close(reason) => {
                return Err(wrong_state("the connection cannot be used again").with_detail(reason.to_string()));
            }
            Reuse::Switched => return Err(wrong_state("the connection speaks another protocol")),
        }
        if self.response == ResponseState::Done {
            self.request = RequestState::Idle;
            self.response = ResponseState::Idle;
            self.offered.clear();
            self.scan = SectionScan::new(Opening::StatusLine);
            self.head_bytes = 0;
            self.interim = 0;
            self.leading = Leading::Ignored;
            self.received = false;
        }
        Ok(())
    }

    /// Whether a head came after which the connection speaks another protocol: a 101 as asked for, or a 2xx to CONNECT.
    #[must_use]
    pub fn has_switched(&self) -> bool {
        matches!(self.response, ResponseState::LastHead | ResponseState::Switched)
    }

    /// Whether any byte of this cycle's response was seen. Where none was, the connection may have been closed before
    /// the peer saw the request.
    #[must_use]
    pub fn has_received(&self) -> bool {
        self.received
    }

    /// Which fields the final head of this cycle has.
    pub(crate) fn present(&self) -> Present {
        self.present
    }

    fn is_sent(&self, request: RequestState) -> bool {
        match request {
            RequestState::Idle | RequestState::Done => true,
            RequestState::Body => self.writer.is_complete(),
            RequestState::Failed => false,
        }
    }

    fn step(&mut self, by: ResponseMove) {
        // Each caller stands in a state that has the move; were it not so, the state would stay.
        if let Some(next) = self.response.after(by) {
            self.response = next;
        }
    }

    fn read_idle(&mut self, input: &mut RecvBuffer) -> Result<Event, PeerError> {
        if self.skip_empty_line(input) || input.is_empty() {
            return Ok(Event::NeedData);
        }
        self.received = true;
        // The first line alone: what follows may be a cookie.
        let line = input.as_slice().split(|&byte| byte == b'\r').next().unwrap_or_default();
        Err(PeerError::new(PeerErrorKind::UnexpectedBytes, "bytes came before any request")
            .with_expected("nothing")
            .with_came(line))
    }

    fn read_head(&mut self, input: &mut RecvBuffer) -> Result<Event, PeerError> {
        if self.skip_empty_line(input) {
            return self.wait_for_head(input);
        }
        if !input.is_empty() {
            self.received = true;
        }
        let allowed = self.limits.head_bytes.saturating_sub(self.head_bytes);
        let section = input.as_slice();
        let end = match self.scan.advance(section, allowed, self.limits.head_fields) {
            Ok(Some(end)) => end,
            Ok(None) => return self.wait_for_head(input),
            Err(fault) => return Err(section_error(fault, section, PeerErrorKind::MalformedHead)),
        };
        let head = parse_head(section.get(..end).unwrap_or(section), self.scan.fields(), &mut self.heads)?;
        input.consume(end);
        self.head_bytes = self.head_bytes.saturating_add(end);
        self.scan = SectionScan::new(Opening::StatusLine);
        self.leading = Leading::Refused;
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            check_switch(&self.offered, &head)?;
            self.present = Present::of(&head.headers);
            self.reader = ResponseReader::EMPTY;
            self.step(ResponseMove::Switch);
            Ok(Event::Final(head))
        } else if head.status.is_informational() {
            self.interim_head(&head)?;
            Ok(Event::Interim(head))
        } else {
            self.final_head(&head)?;
            Ok(Event::Final(head))
        }
    }

    fn interim_head(&mut self, head: &ResponseHead) -> Result<(), PeerError> {
        self.interim = self.interim.saturating_add(1);
        if self.interim > self.limits.interim_responses {
            return Err(PeerError::new(PeerErrorKind::Limit, "more interim responses than allowed"));
        }
        self.close = self.close.or_else(|| close_after_interim(head));
        self.step(ResponseMove::Interim);
        Ok(())
    }

    fn final_head(&mut self, head: &ResponseHead) -> Result<(), PeerError> {
        let present = Present::of(&head.headers);
        self.present = present;
        let framing = response_framing(self.asked, head, present)?;
        self.reader = ResponseReader::new(framing);
        if framing == ResponseFraming::Tunnel {
            self.step(ResponseMove::Switch);
            return Ok(());
        }
        self.close = self.close.or_else(|| close_after(head, present));
        if framing == ResponseFraming::UntilClose {
            self.close = self.close.or(Some(CloseReason::UntilClose));
        }
        self.step(ResponseMove::Final);
        Ok(())
    }

    fn read_body(&mut self, input: &mut RecvBuffer) -> Result<Event, PeerError> {
        match self.reader.next(input, self.peer == Peer::Closed, &self.limits)? {
            Piece::NeedData => Ok(Event::NeedData),
            Piece::Data(data) => {
                self.step(ResponseMove::Data);
                Ok(Event::Data(data))
            }
            Piece::End(trailers) => {
                self.step(ResponseMove::End);
                Ok(Event::End(trailers))
            }
        }
    }

    fn wait_for_head(&self, input: &RecvBuffer) -> Result<Event, PeerError> {
        if self.peer == Peer::Open {
            return Ok(Event::NeedData);
        }
        let error = |message| PeerError::new(PeerErrorKind::Incomplete, message);
        Err(if !self.received {
            error("the peer closed before any byte of a response").with_expected("a response head")
        } else if input.is_empty() {
            error("the peer closed after an interim response").with_expected("the final response")
        } else {
            error("the peer closed in the midst of a response head")
                .with_expected(format!("the rest of the head, received {} bytes", input.len()))
        })
    }

    /// Takes the one empty line that may precede a later response. Gives whether there is nothing else to look at yet.
    fn skip_empty_line(&mut self, input: &mut RecvBuffer) -> bool {
        if self.leading == Leading::Refused {
            return false;
        }
        match input.as_slice() {
            b"\r" => true,
            [b'\r', b'\n', rest @ ..] => {
                let nothing_else = rest.is_empty();
                self.leading = Leading::Refused;
                input.consume(2);
                nothing_else
            }
            _ => false,
        }
    }
}

fn wrong_state(message: &'static str) -> LocalError {
    LocalError::new(LocalErrorKind::State, message)
}

#[cfg(test)]
mod tests;

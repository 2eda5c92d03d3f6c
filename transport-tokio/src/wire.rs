//! One hop over one connection: the request out, the response head and body in, each within its time. What the bytes
//! mean is the codec's to say; what a response leads to is the session's.

use crate::body::Body;
use crate::connect::{Bounds, Deadline, Listen, Socket};
use crate::error::Cause;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName};
use session_core::error::Phase;
use session_core::h1::{Connection, Event, RecvBuffer, TargetForm};
use session_core::idle::PoolKey;
use session_core::limits::Limits;
use session_core::message::body::BodyPlan;
use session_core::message::fields::connection_has;
use session_core::message::grammar::{decimal, list_members};
use session_core::message::head::ResponseHead;
use session_core::retry::failure::{ConnectionAge, Failure, Sent};
use session_core::session::step::Hop;
use std::future::poll_fn;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// A connection and what stands in its buffers.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: Socket,
    connection: Connection,
    input: RecvBuffer,
    /// What is to be written before anything else.
    out: BytesMut,
    key: PoolKey,
    age: ConnectionAge,
    /// How long the peer keeps the connection, where it said so.
    keep: Option<Duration>,
    /// This response is the last, whatever the codec says.
    closes: bool,
    /// How many bytes of this request the system took.
    written: u64,
    /// The final head, where it came before all of the request was written.
    early: Option<ResponseHead>,
    /// When the next piece of a body must have come; set while one is awaited.
    awaited: Option<Deadline>,
}

/// How much is read at once.
const READ: usize = 32 * 1024;

/// For how long what the peer did may go unnoticed by the runtime, which looks only when its tasks wait. After more than
/// that the system is asked.
const UNNOTICED: Duration = Duration::from_millis(10);

/// One more piece of a response body.
#[derive(Debug)]
pub(crate) enum Piece {
    /// Some of it.
    Data(Bytes),
    /// This many bytes, which stand in the caller's buffer.
    Direct(usize),
    /// All of it came; the trailers.
    End(HeaderMap),
}

/// The request.
impl Wire {
    pub(crate) fn new(socket: Socket, key: PoolKey, limits: &Limits) -> Self {
        Self {
            socket,
            connection: Connection::new(limits),
            input: RecvBuffer::new(),
            out: BytesMut::new(),
            key,
            age: ConnectionAge::Fresh,
            keep: None,
            closes: false,
            written: 0,
            early: None,
            awaited: None,
        }
    }

    /// What it was connected for.
    pub(crate) fn key(&self) -> &PoolKey {
        &self.key
    }

    /// The address that it is connected to.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.socket.peer()
    }

    /// How long the peer keeps it idle, where it said so.
    pub(crate) fn keep(&self) -> Option<Duration> {
        self.keep
    }

    /// Sends a hop's request and reads the final head of its response.
    pub(crate) async fn round_trip(
        &mut self,
        hop: &Hop,
        body: Option<&mut Body>,
        bounds: &Bounds,
    ) -> Result<ResponseHead, Failure> {
        self.written = 0;
        self.early = None;
        let sent = self.send(hop, body, bounds).await;
        if sent.is_err() {
            self.connection.send_failed();
        }
        let refused = self.is_refused();
        let head = match (sent, self.early.take()) {
            (Ok(()) | Err(Cause::Io(_) | Cause::Late(_)), Some(head)) => head,
            (Ok(()), None) => match self.read_head(bounds.head()).await {
                Ok(head) => head,
                Err(cause) => return Err(self.failure(cause, Sent::All, Phase::Head)),
            },
            // The peer takes no more, but may have answered before it closed.
            (Err(Cause::Io(error)), None) => match self.read_head(bounds.head()).await {
                Ok(head) => head,
                Err(cause) if self.connection.has_received() => {
                    return Err(self.failure(cause, self.some_sent(), Phase::Head));
                }
                Err(_) => return Err(self.failure(Cause::Io(error), self.some_sent(), Phase::Send)),
            },
            (Err(cause @ Cause::Peer(_)), _) => return Err(self.failure(cause, self.some_sent(), Phase::Head)),
            (Err(cause), _) => return Err(self.failure(cause, self.some_sent(), Phase::Send)),
        };
        self.keep = keep_alive(&head.headers);
        // Who refuses a body before it is written may never read it.
        self.closes = refused || connection_has(&head.headers, "close");
        Ok(head)
    }

    /// Writes head and body. It may end before all is written, where a final head came that is no success.
    async fn send(&mut self, hop: &Hop, body: Option<&mut Body>, bounds: &Bounds) -> Result<(), Cause> {
        let mut pieces: u64 = 0;
        self.out.clear();
        self.connection.send_head(hop.head(), TargetForm::Origin, hop.framing(), &mut self.out)?;
        if let Some(body) = body.filter(|_| hop.body() != BodyPlan::None) {
            if hop.body() == BodyPlan::FromStart {
                body.rewind();
            }
            loop {
                self.fill(body, bounds).await?;
                if self.is_refused() {
                    return Ok(());
                }
                let piece = body.piece();
                if piece.is_empty() {
                    break;
                }
                pieces = pieces.saturating_add(1);
                let frame = self.connection.send_data(piece.len())?;
                self.out.extend_from_slice(frame.prefix());
                self.write(piece, frame.suffix(), bounds).await?;
                if self.is_refused() {
                    return Ok(());
                }
                let length = piece.len();
                body.consume(length);
            }
        }
        self.connection.send_end(&mut self.out)?;
        self.write(&[], &[], bounds).await?;
        if pieces > 1 { self.look() } else { Ok(()) }
    }

    /// Waits for the body's next piece, and watches for what the peer says meanwhile.
    async fn fill(&mut self, body: &mut Body, bounds: &Bounds) -> Result<(), Cause> {
        let deadline = bounds.idle();
        loop {
            let listen = self.listen();
            let filled = poll_fn(|cx| {
                if let Poll::Ready(filled) = body.poll_fill(cx) {
                    return Poll::Ready(filled.map(Some).map_err(Cause::Source));
                }
                if listen == Listen::ToPeer && self.socket.poll_readable(cx).is_ready() {
                    return Poll::Ready(Ok(None));
                }
                self.socket.poll_late(cx, deadline).map(Err)
            });
            if filled.await?.is_some() {
                return Ok(());
            }
            self.look()?;
            if self.is_refused() {
                return Ok(());
            }
        }
    }

    /// Writes what waits in `out`, then `piece`, then `suffix`, and watches for what the peer says meanwhile.
    async fn write(&mut self, piece: &[u8], suffix: &[u8], bounds: &Bounds) -> Result<(), Cause> {
        let out = std::mem::take(&mut self.out);
        let mut parts = [IoSlice::new(&out), IoSlice::new(piece), IoSlice::new(suffix)];
        let written = self.write_all(&mut parts, bounds).await;
        self.out = out;
        self.out.clear();
        written
    }

    async fn write_all(&mut self, mut rest: &mut [IoSlice<'_>], bounds: &Bounds) -> Result<(), Cause> {
        // Empty parts are passed over.
        IoSlice::advance_slices(&mut rest, 0);
        let mut deadline = bounds.idle();
        while !rest.is_empty() {
            if self.written > 0 {
                self.look()?;
                if self.is_refused() {
                    break;
                }
            }
            let listen = self.listen();
            if let Some(n) = poll_fn(|cx| self.socket.poll_write(cx, rest, listen, deadline)).await? {
                self.written = self.written.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
                IoSlice::advance_slices(&mut rest, n);
                deadline = bounds.idle();
            }
        }
        Ok(())
    }

    /// Takes in what the peer has sent while the request is being written.
    fn look(&mut self) -> Result<(), Cause> {
        while self.early.is_none() {
            match self.socket.read_arrived(self.input.spare(READ))? {
                None => return Ok(()),
                Some(0) => self.connection.handle_eof(),
                Some(n) => self.input.filled(n),
            }
            self.early = self.next_head()?;
        }
        Ok(())
    }

    /// Whether there is anything to be heard of the peer while the request is being written: its head comes once.
    fn listen(&self) -> Listen {
        if self.early.is_none() { Listen::ToPeer } else { Listen::ToNobody }
    }

    /// Whether the peer has answered already, and not with a success: it does not want the rest of the body.
    fn is_refused(&self) -> bool {
        self.early.as_ref().is_some_and(|head| !head.status.is_success())
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
impl Wire {
    async fn read_head(&mut self, deadline: Option<Deadline>) -> Result<ResponseHead, Cause> {
        loop {
            if let Some(head) = self.next_head()? {
                return Ok(head);
            }
            self.read(deadline).await?;
        }
    }

    /// The final head, where all of it has come. Interim ones are passed over.
    fn next_head(&mut self) -> Result<Option<ResponseHead>, Cause> {
        loop {
            match self.connection.next_event(&mut self.input)? {
                Event::Interim(_) => {}
                Event::Final(head) => return Ok(Some(head)),
                // No body comes before its head.
                Event::NeedData | Event::Data(_) | Event::End(_) => return Ok(None),
            }
        }
    }

    /// Reads once; the codec is told where that is the end.
    async fn read(&mut self, deadline: Option<Deadline>) -> Result<(), Cause> {
        poll_fn(|cx| self.poll_read(cx, deadline)).await
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, deadline: Option<Deadline>) -> Poll<Result<(), Cause>> {
        match ready!(self.socket.poll_read(cx, self.input.spare(READ), deadline))? {
            0 => self.connection.handle_eof(),
            n => self.input.filled(n),
        }
        Poll::Ready(Ok(()))
    }

    /// The next piece of the body. With `into`, what was not read so far goes straight there where the framing allows.
    pub(crate) fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        mut into: Option<&mut [u8]>,
        bounds: &Bounds,
    ) -> Poll<Result<Piece, Cause>> {
        loop {
            match self.connection.next_event(&mut self.input)? {
                Event::NeedData => {}
                Event::Data(data) => return Poll::Ready(Ok(Piece::Data(data))),
                Event::End(trailers) => return Poll::Ready(Ok(Piece::End(trailers))),
                // No head comes after the final one.
                Event::Interim(_) | Event::Final(_) => continue,
            }
            // It holds until something comes, however often somebody asks.
            if self.awaited.is_none() {
                self.awaited = bounds.idle();
            }
            match (into.as_deref_mut(), self.connection.body_remaining()) {
                (Some(into), Some(remaining)) if !into.is_empty() => {
                    let most = into.len().min(usize::try_from(remaining).unwrap_or(usize::MAX));
                    let into = into.get_mut(..most).unwrap_or_default();
                    match ready!(self.socket.poll_read(cx, into, self.awaited))? {
                        0 => self.connection.handle_eof(),
                        n => {
                            self.awaited = None;
                            self.connection.received_directly(n)?;
                            return Poll::Ready(Ok(Piece::Direct(n)));
                        }
                    }
                }
                _ => ready!(self.poll_read(cx, self.awaited))?,
            }
            self.awaited = None;
        }
    }

    /// How much of a body of known length is still to come.
    pub(crate) fn body_remaining(&self) -> Option<u64> {
        self.connection.body_remaining()
    }

    /// Reads an unwanted body, where that is worth the connection. Gives whether all of it came.
    pub(crate) async fn drain(&mut self, most: u64, bounds: &Bounds) -> bool {
        if self.closes || self.body_remaining().is_some_and(|remaining| remaining > most) {
            return false;
        }
        let deadline = bounds.drain();
        let mut left = most;
        loop {
            match self.skip_arrived(&mut left) {
                Skipped::All => return true,
                Skipped::Some if self.read(deadline).await.is_ok() => {}
                Skipped::Some | Skipped::TooMuch => return false,
            }
        }
    }

    /// Whether what has come already is all of the body; it is dropped.
    pub(crate) fn drain_arrived(&mut self) -> bool {
        let mut left = u64::MAX;
        matches!(self.skip_arrived(&mut left), Skipped::All)
    }

    fn skip_arrived(&mut self, left: &mut u64) -> Skipped {
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
}

/// How far an unwanted body was passed over.
enum Skipped {
    Some,
    All,
    TooMuch,
}

/// Between two requests.
impl Wire {
    /// Makes it ready for another request, where the response that is over allows that.
    pub(crate) fn into_idle(mut self: Box<Self>) -> Option<Box<Self>> {
        if self.closes {
            return None;
        }
        self.connection.start_next_cycle(&self.input).ok()?;
        self.age = ConnectionAge::Reused;
        self.awaited = None;
        self.socket.rest();
        Some(self)
    }

    /// Whether the peer has kept it open and sent nothing: what comes between requests is never a response. `idle` is how
    /// long it was not looked after.
    pub(crate) async fn is_alive(&mut self, idle: Duration) -> bool {
        match poll_fn(|cx| Poll::Ready(self.socket.poll_readable(cx))).await {
            // The runtime that it belongs to is gone.
            Poll::Ready(Err(_)) => return false,
            Poll::Pending if idle < UNNOTICED => return true,
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        loop {
            match self.socket.read_arrived(self.input.spare(READ)) {
                Ok(None) => return true,
                Ok(Some(0)) | Err(_) => return false,
                Ok(Some(n)) => self.input.filled(n),
            }
            // The codec passes over the one empty line that some peers send too much.
            if !matches!(self.connection.next_event(&mut self.input), Ok(Event::NeedData)) {
                return false;
            }
        }
    }
}

/// How long the peer will keep the connection: `Keep-Alive: timeout=` in seconds (RFC 2068 19.7.1.1).
fn keep_alive(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(HeaderName::from_static("keep-alive"));
    lines.iter().flat_map(|line| list_members(line.as_bytes())).find_map(|parameter| {
        let (name, value) = parameter.split_at_checked("timeout=".len())?;
        let seconds = name.eq_ignore_ascii_case(b"timeout=").then(|| decimal(value))??;
        Some(Duration::from_secs(seconds))
    })
}

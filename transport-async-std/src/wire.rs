//! One hop over one connection: the request out, the response head and body in, each within its time. What the bytes
//! mean is the codec's to say; what a response leads to is the session's.

use crate::body::Body;
use crate::body::upgrade::Upgraded;
use crate::client::pool::Permit;
use crate::connect::{Listen, Socket};
use bytes::Bytes;
use session_core::error::bound::Bound;
use session_core::limits::Limits;
use session_core::message::body::BodyPlan;
use session_core::message::head::ResponseHead;
use session_core::retry::failure::Failure;
use session_core::session::step::Hop;
use session_core::time::timings::{Stage, Stopwatch};
use session_core::transport::bounds::{Bounds, Deadline};
use session_core::transport::cause::Cause;
use session_core::transport::wire::{AfterSend, Piece, Skipped, WireState};
use std::future::poll_fn;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// A connection: its socket, and what stands in its buffers.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: Socket,
    state: WireState,
    /// Its right to be open, after the socket: what is closed first is dropped first. None while it lies idle.
    permit: Option<Permit>,
    /// When the next piece of a body must have come; set while one is awaited.
    awaited: Option<Deadline>,
}

/// What sends a body. Boxed: it is large and rare, and would weigh on every request's future.
pub(crate) type SendBody = for<'a> fn(&'a mut Wire, &'a Hop, &'a mut Body, &'a Bounds, Instant) -> Sending<'a>;
type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), Cause>> + Send + 'a>>;

/// The request.
impl Wire {
    pub(crate) fn new(socket: Socket, permit: Permit, limits: &Limits) -> Self {
        Self { socket, state: WireState::new(limits), permit: Some(permit), awaited: None }
    }

    /// The address that it is connected to.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.socket.peer()
    }

    /// How long the peer keeps it idle, where it said so.
    pub(crate) fn keep(&self) -> Option<Duration> {
        self.state.keep()
    }

    /// Sends a hop's request and reads the final head of its response. Where that fails it closes.
    pub(crate) async fn round_trip(
        mut self: Box<Self>,
        hop: &Hop,
        body: Option<&mut Body>,
        bounds: &Bounds,
        watch: &mut Stopwatch,
    ) -> Result<(Box<Self>, ResponseHead), Failure> {
        let sent = self.send(hop, body, bounds, watch.now()).await;
        let (now, broken) = {
            // All of it would be kept over the wait otherwise.
            let after = self.state.after_send(sent)?;
            let now = Instant::now();
            watch.lap(Stage::Send, now);
            match after {
                AfterSend::Answered(head) => {
                    self.state.accept(&head);
                    return Ok((self, head));
                }
                AfterSend::Awaited(broken) => (now, broken),
            }
        };
        let head = match self.read_head(bounds.head(now), watch).await {
            Ok(head) => head,
            Err(cause) => return Err(self.state.no_answer(cause, broken)),
        };
        self.state.accept(&head);
        Ok((self, head))
    }

    /// Writes head and body. It may end before all is written, where a final head came that is no success.
    async fn send(&mut self, hop: &Hop, body: Option<&mut Body>, bounds: &Bounds, now: Instant) -> Result<(), Cause> {
        self.state.send_head(hop)?;
        if let Some(body) = body.filter(|_| hop.body() != BodyPlan::None) {
            return body.sends_by()(self, hop, body, bounds, now).await;
        }
        self.state.send_end()?;
        self.write(&[], &[], bounds, now).await
    }

    /// Writes the head that is ready, and the body.
    pub(crate) async fn send_body(
        &mut self,
        hop: &Hop,
        body: &mut Body,
        bounds: &Bounds,
        mut now: Instant,
    ) -> Result<(), Cause> {
        let mut pieces: u64 = 0;
        if hop.body() == BodyPlan::FromStart {
            body.rewind();
        }
        if self.state.awaits_continue() {
            self.write(&[], &[], bounds, now).await?;
            self.await_continue(bounds).await?;
            if self.state.is_refused() {
                return Ok(());
            }
        }
        loop {
            self.fill(body, bounds).await?;
            now = Instant::now();
            if self.state.is_refused() {
                return Ok(());
            }
            let piece = body.piece();
            if piece.is_empty() {
                break;
            }
            pieces = pieces.saturating_add(1);
            let frame = self.state.send_data(piece.len())?;
            self.write(piece, frame.suffix(), bounds, now).await?;
            if self.state.is_refused() {
                return Ok(());
            }
            let length = piece.len();
            body.consume(length);
        }
        self.state.send_end()?;
        self.write(&[], &[], bounds, now).await?;
        if pieces > 1 { self.look() } else { Ok(()) }
    }

    /// Waits for the body's next piece, and watches for what the peer says meanwhile.
    async fn fill(&mut self, body: &mut Body, bounds: &Bounds) -> Result<(), Cause> {
        let deadline = bounds.idle(Instant::now());
        loop {
            let listen = self.listen();
            let filled = poll_fn(|cx| {
                if let Poll::Ready(filled) = body.poll_fill(cx) {
                    return Poll::Ready(filled.map(Some).map_err(Cause::Source));
                }
                if listen == Listen::ToPeer
                    && let Poll::Ready(readable) = self.socket.poll_readable(cx)
                {
                    return Poll::Ready(readable.map(|()| None));
                }
                self.socket.poll_late(cx, deadline).map(Err)
            });
            if filled.await?.is_some() {
                return Ok(());
            }
            self.look()?;
            if self.state.is_refused() {
                return Ok(());
            }
        }
    }

    /// Waits for a 100, for as long as the body has to.
    async fn await_continue(&mut self, bounds: &Bounds) -> Result<(), Cause> {
        let deadline = bounds.expect(Instant::now());
        loop {
            self.state.look()?;
            if !self.state.awaits_continue() {
                return Ok(());
            }
            match self.read(deadline).await {
                Err(Cause::Late(late)) if late.bound() == Bound::Expect => self.state.stop_awaiting(),
                read => read?,
            }
        }
    }

    /// Writes what waits to be written, then `piece`, then `suffix`, and watches for what the peer says meanwhile.
    async fn write(&mut self, piece: &[u8], suffix: &[u8], bounds: &Bounds, now: Instant) -> Result<(), Cause> {
        let out = self.state.take_out();
        let mut parts = [IoSlice::new(&out), IoSlice::new(piece), IoSlice::new(suffix)];
        let written = self.write_all(&mut parts, bounds, now).await;
        self.state.reclaim(out);
        written
    }

    async fn write_all(&mut self, mut rest: &mut [IoSlice<'_>], bounds: &Bounds, now: Instant) -> Result<(), Cause> {
        // Empty parts are passed over.
        IoSlice::advance_slices(&mut rest, 0);
        let mut deadline = bounds.idle(now);
        let mut looks = self.state.is_look_due(now);
        while !rest.is_empty() || self.socket.holds() {
            if looks {
                self.look()?;
                if self.state.is_refused() {
                    break;
                }
            }
            let listen = self.listen();
            let Some(n) = poll_fn(|cx| self.socket.poll_write(cx, rest, listen, deadline)).await? else {
                looks = self.state.has_written();
                continue;
            };
            self.state.wrote(n);
            IoSlice::advance_slices(&mut rest, n);
            if rest.is_empty() && !self.socket.holds() {
                break;
            }
            let now = Instant::now();
            deadline = bounds.idle(now);
            looks = self.state.is_look_due(now);
        }
        Ok(())
    }

    /// Takes in what the peer has sent while the request is being written.
    fn look(&mut self) -> Result<(), Cause> {
        while self.state.listens() {
            match self.socket.read_arrived(self.state.spare())? {
                None => return Ok(()),
                Some(n) => self.state.received(n),
            }
            self.state.look()?;
        }
        Ok(())
    }

    /// Whether to look for what the peer says while the request is being written.
    fn listen(&self) -> Listen {
        if self.state.listens() { Listen::ToPeer } else { Listen::ToNobody }
    }
}

/// The response.
impl Wire {
    async fn read_head(&mut self, deadline: Option<Deadline>, watch: &mut Stopwatch) -> Result<ResponseHead, Cause> {
        let mut read = false;
        loop {
            if let Some(head) = self.state.next_head()? {
                return Ok(head);
            }
            // Most heads come in one piece, and then nobody asks what time it is twice.
            if read {
                watch.first_byte(Instant::now());
            }
            self.read(deadline).await?;
            read = true;
        }
    }

    async fn read(&mut self, deadline: Option<Deadline>) -> Result<(), Cause> {
        poll_fn(|cx| self.poll_read(cx, deadline)).await
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, deadline: Option<Deadline>) -> Poll<Result<(), Cause>> {
        let n = ready!(self.socket.poll_read(cx, self.state.spare(), deadline))?;
        self.state.received(n);
        Poll::Ready(Ok(()))
    }

    /// The next piece of the body. With `into`, what was not read so far goes straight there where the framing allows.
    pub(crate) fn poll_read_body(
        &mut self,
        cx: &mut Context<'_>,
        mut into: Option<&mut [u8]>,
        bounds: &Bounds,
    ) -> Poll<Result<Piece, Cause>> {
        loop {
            if let Some(piece) = self.state.next_piece()? {
                return Poll::Ready(Ok(piece));
            }
            // It holds until something comes, however often somebody asks.
            if self.awaited.is_none() {
                self.awaited = bounds.idle(Instant::now());
            }
            match self.state.direct_room(into.as_deref_mut()) {
                Some(into) => {
                    let n = ready!(self.socket.poll_read(cx, into, self.awaited))?;
                    if let Some(piece) = self.state.received_directly(n)? {
                        self.awaited = None;
                        return Poll::Ready(Ok(piece));
                    }
                }
                None => ready!(self.poll_read(cx, self.awaited))?,
            }
            self.awaited = None;
        }
    }

    /// How much of a body of known length is still to come.
    pub(crate) fn body_remaining(&self) -> Option<u64> {
        self.state.body_remaining()
    }

    /// How much of the body is still to be read, where that is known.
    pub(crate) fn body_left(&self) -> Option<u64> {
        self.state.body_left()
    }

    /// Reads an unwanted body, where that is worth the connection. Gives whether all of it came.
    pub(crate) async fn drain(&mut self, most: u64, bounds: &Bounds, now: Instant) -> bool {
        if !self.state.is_worth_draining(most) {
            return false;
        }
        let deadline = bounds.drain(now);
        let mut left = most;
        loop {
            match self.state.skip_arrived(&mut left) {
                Skipped::All => return true,
                Skipped::Some if self.read(deadline).await.is_ok() => {}
                Skipped::Some | Skipped::TooMuch => return false,
            }
        }
    }

    /// Whether what has come already is all of the body; it is dropped.
    pub(crate) fn drain_arrived(&mut self) -> bool {
        self.state.drain_arrived()
    }
}

/// Between two requests.
impl Wire {
    /// Ends HTTP, where the response that is over switched to another protocol: gives what has come of that.
    pub(crate) fn switch(&mut self) -> Option<Bytes> {
        self.state.switch()
    }

    /// The stream of the other protocol.
    pub(crate) fn into_upgraded(self: Box<Self>, rest: Bytes) -> Upgraded {
        let Self { socket, permit, .. } = *self;
        Upgraded::new(socket, rest, permit)
    }

    /// Makes it ready for another request, where the response that is over allows that.
    pub(crate) fn into_idle(mut self: Box<Self>) -> Option<Box<Self>> {
        self.awaited = None;
        self.socket.rest();
        (self.socket.may_rest() && self.state.start_next()).then_some(self)
    }

    /// Gives it the right to be open, when it is taken.
    pub(crate) fn hold(&mut self, permit: Permit) {
        self.permit = Some(permit);
    }

    /// Takes that right, when it is to lie idle.
    pub(crate) fn take_permit(&mut self) -> Option<Permit> {
        self.permit.take()
    }

    /// Closes it, and gives the right to open another.
    pub(crate) fn close(mut self: Box<Self>) -> Option<Permit> {
        self.permit.take()
    }

    /// Whether the peer has kept it open and sent nothing. The system is asked: nobody else looks after an idle connection.
    pub(crate) fn is_alive(&mut self) -> bool {
        loop {
            match self.socket.read_arrived(self.state.spare()) {
                Ok(None) => return true,
                Ok(Some(n)) if self.state.is_usable_after(n) => {}
                Ok(Some(_)) | Err(_) => return false,
            }
        }
    }
}

//! One hop over one connection: the request out, the response head and body in, each within its time.

use crate::memory::transport::body::Body;
use crate::memory::transport::socket::Socket;
use session_core::error::bound::Bound;
use session_core::idle::PoolKey;
use session_core::limits::Limits;
use session_core::message::body::BodyPlan;
use session_core::message::head::ResponseHead;
use session_core::retry::failure::Failure;
use session_core::session::step::Hop;
use session_core::transport::bounds::{Bounds, Deadline};
use session_core::transport::cause::Cause;
use session_core::transport::wire::{AfterSend, Piece, Skipped, WireState};
use std::io::IoSlice;
use std::time::Duration;

/// A connection, and what stands in its buffers.
pub(super) struct Wire {
    socket: Socket,
    state: WireState,
    key: PoolKey,
}

/// The request.
impl Wire {
    pub(super) fn new(socket: Socket, key: PoolKey, limits: &Limits) -> Self {
        Self { socket, state: WireState::new(limits), key }
    }

    /// What it was connected for.
    pub(super) fn key(&self) -> &PoolKey {
        &self.key
    }

    /// How long the peer keeps it idle, where it said so.
    pub(super) fn keep(&self) -> Option<Duration> {
        self.state.keep()
    }

    /// Sends a hop's request and reads the final head of its response.
    pub(super) fn round_trip(
        &mut self,
        hop: &Hop,
        body: Option<&mut Body>,
        bounds: &Bounds,
    ) -> Result<ResponseHead, Failure> {
        let sent = self.send(hop, body, bounds);
        let head = match self.state.after_send(sent)? {
            AfterSend::Answered(head) => head,
            AfterSend::Awaited(broken) => match self.read_head(bounds.head(self.socket.now())) {
                Ok(head) => head,
                Err(cause) => return Err(self.state.no_answer(cause, broken)),
            },
        };
        self.state.accept(&head);
        Ok(head)
    }

    /// Writes head and body. It may end before all is written, where a final head came that is no success.
    fn send(&mut self, hop: &Hop, body: Option<&mut Body>, bounds: &Bounds) -> Result<(), Cause> {
        let mut pieces: u64 = 0;
        self.state.send_head(hop)?;
        if let Some(body) = body.filter(|_| hop.body() != BodyPlan::None) {
            if hop.body() == BodyPlan::FromStart {
                body.rewind();
            }
            if self.state.awaits_continue() {
                self.write(&[], &[], bounds)?;
                self.await_continue(bounds)?;
                if self.state.is_refused() {
                    return Ok(());
                }
            }
            loop {
                let piece = body.piece();
                if piece.is_empty() {
                    break;
                }
                pieces += 1;
                let frame = self.state.send_data(piece.len())?;
                self.write(piece, frame.suffix(), bounds)?;
                if self.state.is_refused() {
                    return Ok(());
                }
                let length = piece.len();
                body.consume(length);
            }
        }
        self.state.send_end()?;
        self.write(&[], &[], bounds)?;
        if pieces > 1 { self.look() } else { Ok(()) }
    }

    /// Waits for a 100, for as long as the body has to.
    fn await_continue(&mut self, bounds: &Bounds) -> Result<(), Cause> {
        let deadline = bounds.expect(self.socket.now());
        loop {
            self.state.look()?;
            if !self.state.awaits_continue() {
                return Ok(());
            }
            match self.read(deadline) {
                Err(Cause::Late(late)) if late.bound() == Bound::Expect => self.state.stop_awaiting(),
                read => read?,
            }
        }
    }

    /// Writes what waits to be written, then `piece`, then `suffix`, and watches for what the peer says meanwhile.
    fn write(&mut self, piece: &[u8], suffix: &[u8], bounds: &Bounds) -> Result<(), Cause> {
        let out = self.state.take_out();
        let mut parts = [IoSlice::new(&out), IoSlice::new(piece), IoSlice::new(suffix)];
        let written = self.write_all(&mut parts, bounds);
        self.state.reclaim(out);
        written
    }

    fn write_all(&mut self, mut rest: &mut [IoSlice<'_>], bounds: &Bounds) -> Result<(), Cause> {
        // Empty parts are passed over.
        IoSlice::advance_slices(&mut rest, 0);
        let mut deadline = bounds.idle(self.socket.now());
        while !rest.is_empty() || self.socket.holds() {
            if self.state.has_written() {
                self.look()?;
                if self.state.is_refused() {
                    break;
                }
            }
            if let Some(n) = self.socket.write(rest, deadline)? {
                self.state.wrote(n);
                IoSlice::advance_slices(&mut rest, n);
                deadline = bounds.idle(self.socket.now());
            }
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
}

/// The response.
impl Wire {
    fn read_head(&mut self, deadline: Option<Deadline>) -> Result<ResponseHead, Cause> {
        loop {
            if let Some(head) = self.state.next_head()? {
                return Ok(head);
            }
            self.read(deadline)?;
        }
    }

    fn read(&mut self, deadline: Option<Deadline>) -> Result<(), Cause> {
        let n = self.socket.read(self.state.spare(), deadline)?;
        self.state.received(n);
        Ok(())
    }

    /// The next piece of the body. With `into`, what was not read so far goes straight there where the framing allows.
    pub(super) fn read_body(&mut self, mut into: Option<&mut [u8]>, bounds: &Bounds) -> Result<Piece, Cause> {
        loop {
            if let Some(piece) = self.state.next_piece()? {
                return Ok(piece);
            }
            let deadline = bounds.idle(self.socket.now());
            match self.state.direct_room(into.as_deref_mut()) {
                Some(into) => {
                    let n = self.socket.read(into, deadline)?;
                    if let Some(piece) = self.state.received_directly(n)? {
                        return Ok(piece);
                    }
                }
                None => self.read(deadline)?,
            }
        }
    }

    /// How much of a body of known length is still to come.
    pub(super) fn body_remaining(&self) -> Option<u64> {
        self.state.body_remaining()
    }

    /// Reads an unwanted body, where that is worth the connection. Gives whether all of it came.
    pub(super) fn drain(&mut self, most: u64, bounds: &Bounds) -> bool {
        if !self.state.is_worth_draining(most) {
            return false;
        }
        let deadline = bounds.drain(self.socket.now());
        let mut left = most;
        loop {
            match self.state.skip_arrived(&mut left) {
                Skipped::All => return true,
                Skipped::Some if self.read(deadline).is_ok() => {}
                Skipped::Some | Skipped::TooMuch => return false,
            }
        }
    }
}

/// Between two requests.
impl Wire {
    /// Makes it ready for another request, where the response that is over allows that.
    pub(super) fn into_idle(mut self) -> Option<Self> {
        (self.socket.may_rest() && self.state.start_next()).then_some(self)
    }

    /// Whether the peer has kept it open and sent nothing.
    pub(super) fn is_alive(&mut self) -> bool {
        loop {
            match self.socket.read_arrived(self.state.spare()) {
                Ok(None) => return true,
                Ok(Some(n)) if self.state.is_usable_after(n) => {}
                Ok(Some(_)) | Err(_) => return false,
            }
        }
    }
}

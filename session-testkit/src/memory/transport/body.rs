//! Bodies: the request's, which are bytes, and the response's, as it came or decoded.

use crate::memory::transport::wire::Wire;
use bytes::Bytes;
use http::HeaderMap;
use session_core::error::{Error, Phase};
use session_core::transport::bounds::Bounds;
use session_core::transport::content::{CodedBody, Decoded};
use session_core::transport::gather::{Gather, Room};
use session_core::transport::wire::Piece;

/// A request's body.
pub(super) struct Body {
    bytes: Bytes,
    sent: usize,
}

/// How much of a body is framed and written at once: little, so that short bodies go in several pieces.
const PIECE: usize = 40;

impl Body {
    pub(super) fn new(bytes: Bytes) -> Self {
        Self { bytes, sent: 0 }
    }

    pub(super) fn rewind(&mut self) {
        self.sent = 0;
    }

    /// What is sent next; empty at the end.
    pub(super) fn piece(&self) -> &[u8] {
        let rest = self.bytes.get(self.sent..).unwrap_or_default();
        rest.get(..PIECE).unwrap_or(rest)
    }

    pub(super) fn consume(&mut self, n: usize) {
        self.sent += n;
    }
}

/// A body on its way in.
pub(super) struct Incoming {
    wire: Option<Wire>,
    trailers: Option<HeaderMap>,
    content: Option<Box<CodedBody>>,
    bounds: Bounds,
}

enum Came {
    Piece(Bytes),
    Direct(usize),
    End,
}

impl Incoming {
    pub(super) fn new(wire: Option<Wire>, content: Option<Box<CodedBody>>, bounds: Bounds) -> Self {
        Self { wire, trailers: None, content, bounds }
    }

    /// All of it, where that is not more than `most` bytes.
    pub(super) fn gather(&mut self, most: u64) -> Result<Bytes, Error> {
        let mut gathered = Gather::new(most);
        loop {
            let remaining = match (&self.content, &self.wire) {
                (None, Some(wire)) => wire.body_remaining(),
                _ => None,
            };
            let (came, room) = match gathered.room(remaining)? {
                Room::Piece => (self.next(None)?, None),
                Room::Buffer(buffer) => match self.next(Some(&mut *buffer))? {
                    Came::Piece(piece) => {
                        // It fits: what is not read straight into the buffer is read for its length.
                        let n = piece.len().min(buffer.len());
                        buffer.iter_mut().zip(piece.slice(..n)).for_each(|(place, byte)| *place = byte);
                        (Came::Direct(n), Some(piece.slice(n..)))
                    }
                    came => (came, None),
                },
            };
            match came {
                Came::Piece(piece) => gathered.push(piece)?,
                Came::Direct(n) => {
                    gathered.filled(n)?;
                    if let Some(rest) = room.filter(|rest| !rest.is_empty()) {
                        gathered.push(rest)?;
                    }
                }
                Came::End => return Ok(gathered.finish()),
            }
        }
    }

    /// Its connection and its trailers, where all of it came.
    pub(super) fn end(self) -> (Option<Wire>, HeaderMap) {
        match self.trailers {
            Some(trailers) => (self.wire, trailers),
            None => (None, HeaderMap::new()),
        }
    }

    fn next(&mut self, mut into: Option<&mut [u8]>) -> Result<Came, Error> {
        loop {
            let Some(content) = &mut self.content else { return self.next_as_it_came(into) };
            match content.pull(into.as_deref_mut())? {
                Decoded::Data(data) => return Ok(Came::Piece(data)),
                Decoded::Direct(n) => return Ok(Came::Direct(n)),
                Decoded::End => return Ok(Came::End),
                Decoded::NeedInput => {
                    let coded = match self.next_as_it_came(None)? {
                        Came::Piece(piece) => piece,
                        Came::Direct(_) | Came::End => Bytes::new(),
                    };
                    if let Some(content) = &mut self.content {
                        content.push(coded);
                    }
                }
            }
        }
    }

    fn next_as_it_came(&mut self, into: Option<&mut [u8]>) -> Result<Came, Error> {
        let Some(wire) = self.wire.as_mut().filter(|_| self.trailers.is_none()) else { return Ok(Came::End) };
        match wire.read_body(into, &self.bounds) {
            Ok(Piece::Data(data)) => Ok(Came::Piece(data)),
            Ok(Piece::Direct(n)) => Ok(Came::Direct(n)),
            Ok(Piece::End(trailers)) => {
                self.trailers = Some(trailers);
                Ok(Came::End)
            }
            Err(cause) => {
                self.wire = None;
                Err(cause.into_error(Phase::Body))
            }
        }
    }
}

//! A response's body as far as it was not read: what a transport has of it, but that all of it is in memory.

use crate::memory::clock::Clock;
use bytes::Bytes;
use http::HeaderMap;
use session_core::error::{Error, ErrorKind, Phase};
use session_core::time::timings::{Stage, Timings};
use session_core::transport::content::{CodedBody, Decoded};
use session_core::transport::gather::Gather;
use session_core::transport::response::ResponseInfo;
use std::time::{Duration, Instant};

/// A body as a script has it: what comes of it, and how it ends.
#[derive(Debug, Default)]
pub(super) struct Arrived {
    pub(super) bytes: Bytes,
    /// How long the head said that it would be.
    pub(super) told: Option<u64>,
    pub(super) end: End,
    pub(super) trailers: HeaderMap,
}

/// How a body ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    #[default]
    Whole,
    /// The connection closes before all of it came.
    Cut,
}

/// A response's body as far as it was not read.
#[derive(Debug)]
pub(super) struct Content {
    arrived: Arrived,
    coded: Option<Box<CodedBody>>,
    /// What is left of the piece that a reader began.
    rest: Bytes,
    state: State,
    clock: Clock,
    begun: Instant,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Open,
    /// All of it came, this long after the exchange began.
    Ended(Duration),
    Failed(ErrorKind),
}

impl Content {
    pub(super) fn new(arrived: Arrived, coded: Option<Box<CodedBody>>, clock: Clock, begun: Instant) -> Self {
        Self { arrived, coded, rest: Bytes::new(), state: State::Open, clock, begun }
    }

    /// The next piece; `None` at the end.
    pub(super) fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        if !self.rest.is_empty() {
            return Ok(Some(std::mem::take(&mut self.rest)));
        }
        loop {
            let coded = match (&mut self.coded, self.state) {
                (Some(coded), State::Open | State::Ended(_)) => coded,
                (Some(_), State::Failed(_)) | (None, _) => return self.chunk_as_it_came(),
            };
            match coded.pull(None) {
                Ok(Decoded::Data(data)) => return Ok(Some(data)),
                Ok(Decoded::Direct(_)) => {}
                Ok(Decoded::End) => return Ok(None),
                Ok(Decoded::NeedInput) => {
                    let more = self.chunk_as_it_came()?.unwrap_or_default();
                    if let Some(coded) = &mut self.coded {
                        coded.push(more);
                    }
                }
                Err(error) => {
                    self.state = State::Failed(error.kind());
                    return Err(error);
                }
            }
        }
    }

    fn chunk_as_it_came(&mut self) -> Result<Option<Bytes>, Error> {
        match self.state {
            State::Ended(_) => return Ok(None),
            State::Failed(kind) => return Err(Error::new(kind, Phase::Body, "the body broke off before")),
            State::Open => {}
        }
        let Arrived { bytes, told, end, .. } = &mut self.arrived;
        if !bytes.is_empty() {
            *told = told.and_then(|told| told.checked_sub(length(bytes)));
            return Ok(Some(std::mem::take(bytes)));
        }
        match end {
            End::Whole => {
                self.state = State::Ended(self.clock.now().instant().saturating_duration_since(self.begun));
                Ok(None)
            }
            End::Cut => {
                self.state = State::Failed(ErrorKind::Incomplete);
                let message = "the connection closed before the body was complete";
                Err(Error::new(ErrorKind::Incomplete, Phase::Body, message))
            }
        }
    }

    /// Reads into a buffer; 0 at the end, or where the buffer is empty.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.rest.is_empty() {
            self.rest = self.chunk()?.unwrap_or_default();
        }
        let part = self.rest.split_to(self.rest.len().min(buffer.len()));
        buffer.iter_mut().zip(&part).for_each(|(place, byte)| *place = *byte);
        Ok(part.len())
    }

    /// All of what was not read.
    pub(super) fn gather(&mut self, most: u64) -> Result<Bytes, Error> {
        let mut gathered = Gather::new(most);
        while let Some(piece) = self.chunk()? {
            gathered.push(piece)?;
        }
        Ok(gathered.finish())
    }

    /// How much is still to be handed out, where that is known: not of a body in chunks, and not of one that is decoded.
    pub(super) fn left(&self) -> Option<u64> {
        let told = match self.state {
            _ if self.coded.is_some() => None,
            State::Open => self.arrived.told,
            State::Ended(_) => Some(0),
            State::Failed(_) => None,
        };
        told?.checked_add(length(&self.rest))
    }

    /// The trailers, once all of it was handed out.
    pub(super) fn trailers(&self) -> Option<&HeaderMap> {
        let is_over = self.coded.as_ref().is_none_or(|coded| coded.is_over());
        (is_over && matches!(self.state, State::Ended(_))).then_some(&self.arrived.trailers)
    }

    /// Whether reading it failed.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }

    /// What was measured of the hop that was delivered, with the end of this body once it was read.
    pub(super) fn timings(&self, info: &ResponseInfo) -> Timings {
        let timings = ResponseInfo::timings(info);
        match self.state {
            State::Ended(after) => timings.with(Stage::Body, after),
            State::Open | State::Failed(_) => timings,
        }
    }
}

fn length(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

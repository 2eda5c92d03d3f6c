//! A chain of decoders without IO: encoded bytes are pushed in as they come, decoded ones pulled out as they are wanted. Between
//! two codings of a chain lies one buffer of fixed size, so what is held does not grow with what a body decodes to.

use super::{Coding, Codings, to_undo};
use crate::error::{Error, ErrorKind, Phase};
use crate::limits::Limits;
use bytes::{Buf, Bytes};
use http::HeaderMap;
use std::fmt;

/// Undoes the content codings of one body.
///
/// ```
/// # #[cfg(feature = "gzip")] {
/// use session_core::content::coding::Codings;
/// use session_core::content::coding::decoder::{Decoder, Pulled};
/// use session_core::limits::Limits;
///
/// let mut fields = http::HeaderMap::new();
/// fields.insert("content-encoding", http::HeaderValue::from_static("gzip"));
/// let coded = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106\x05\0\0\0";
/// let mut decoder = Decoder::of(&fields, Codings::compiled_in(), &Limits::default())?.expect("it is coded");
/// decoder.push(bytes::Bytes::from_static(coded));
/// decoder.finish();
/// let mut room = [0; 64];
/// assert_eq!(decoder.pull(&mut room)?, Pulled::Data(5));
/// assert_eq!(&room[..5], b"hello");
/// assert_eq!(decoder.pull(&mut room)?, Pulled::End);
/// # }
/// # Ok::<(), session_core::error::Error>(())
/// ```
pub struct Decoder {
    /// Each coding, the one that was applied last first: it is undone first.
    stages: Vec<Stage>,
    input: Bytes,
    finished: bool,
    /// How many encoded bytes were taken up.
    taken: u64,
    ratio: u64,
    floor: u64,
    failed: Option<ErrorKind>,
}

/// What [`Decoder::pull`] gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is something, nothing yet, or nothing more")]
pub enum Pulled {
    /// So many bytes, at least one.
    Data(usize),
    /// Nothing until more is pushed, or the body is said to be over.
    NeedInput,
    /// Nothing more will come: the body is whole.
    End,
}

/// One coding being undone.
pub(super) trait Codec: Send + Sync {
    /// Takes up some of `input` and writes some of the content, into `output`, which is not empty. Where neither happens it
    /// waits for more input; it has taken up all of it then.
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Error>;

    /// Whether the coded data may end here: at its end, or before any came.
    fn may_end(&self) -> bool;

    /// Its name.
    fn coding(&self) -> Coding;
}

/// What one step of a [`Codec`] did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    pub(super) read: usize,
    pub(super) written: usize,
}

struct Stage {
    codec: Box<dyn Codec>,
    /// What the stage before gave and is not yet taken up: `buffer[start..end]`. The first stage reads the input instead.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether nothing more comes from before.
    is_last: bool,
    /// How much it gave.
    written: u64,
}

/// How much lies between two codings at most.
const BETWEEN: usize = 8 * 1024;

impl Decoder {
    /// A decoder for a body with these fields, where these codings are to be decoded: the Content-Encoding from right to left,
    /// over all its lines. `None` where the body is delivered as it came: see [`BodyCoding::of`](super::BodyCoding::of).
    ///
    /// # Errors
    /// [`ErrorKind::Limit`]: there are more than [`Limits::codings`].
    pub fn of(headers: &HeaderMap, codings: Codings, limits: &Limits) -> Result<Option<Self>, Error> {
        let codings = to_undo(headers, codings, limits)?;
        Ok(Some(codings).filter(|codings| !codings.is_empty()).map(|codings| Self::undoing(&codings, limits)))
    }

    fn undoing(codings: &[Coding], limits: &Limits) -> Self {
        let stages = codings.iter().rev().filter_map(|coding| codec(*coding, limits));
        Self {
            stages: stages.map(Stage::new).collect(),
            input: Bytes::new(),
            finished: false,
            taken: 0,
            ratio: limits.decoded_ratio,
            floor: limits.decoded_floor,
            failed: None,
        }
    }

    /// Hands in the next encoded bytes. Do so where [`Decoder::pull`] asks for input: what was not yet taken up is kept and copied
    /// together with the new.
    pub fn push(&mut self, input: Bytes) {
        self.input = if self.input.is_empty() {
            input
        } else {
            let mut both = bytes::BytesMut::from(&*self.input);
            both.extend_from_slice(&input);
            both.freeze()
        };
    }

    /// Says that the body is over: nothing more is pushed.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// Decodes into `into`, as much as fits and is there.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`]: the body is damaged, or over before the coded data is. [`ErrorKind::Limit`]: it decodes to more than
    /// [`Limits::decoded_ratio`] allows, or needs a larger window than [`Limits::coding_window`]. An error comes again at each
    /// later call.
    pub fn pull(&mut self, into: &mut [u8]) -> Result<Pulled, Error> {
        if let Some(kind) = self.failed {
            return Err(Error::new(kind, Phase::Body, "the body did not decode"));
        }
        if into.is_empty() {
            return Ok(Pulled::Data(0));
        }
        self.advance(into).inspect_err(|error| self.failed = Some(error.kind()))
    }

    /// Steps from stage to stage: forth with what one gave, back where one waits.
    fn advance(&mut self, into: &mut [u8]) -> Result<Pulled, Error> {
        let Some(last) = self.stages.len().checked_sub(1) else { return Ok(Pulled::End) };
        let mut at = last;
        loop {
            let written = self.step(at, into)?;
            if written > 0 {
                if at == last {
                    return Ok(Pulled::Data(written));
                }
                at = at.saturating_add(1);
                continue;
            }
            // This one waits: it is over, or the one before has to give more.
            let Some(stage) = self.stages.get_mut(at) else { return Ok(Pulled::End) };
            if stage.is_last {
                if !stage.codec.may_end() {
                    return Err(truncated(stage.codec.coding()));
                }
                match self.stages.get_mut(at.saturating_add(1)) {
                    None => return Ok(Pulled::End),
                    Some(next) => next.is_last = true,
                }
                at = at.saturating_add(1);
            } else if let Some(before) = at.checked_sub(1) {
                at = before;
            } else if self.finished {
                stage.is_last = true;
            } else {
                return Ok(Pulled::NeedInput);
            }
        }
    }

    /// Lets one stage decode, into the buffer of the next or into the caller's, until it gave something or waits for input.
    fn step(&mut self, at: usize, into: &mut [u8]) -> Result<usize, Error> {
        let (stage, next) = match self.stages.get_mut(at..) {
            Some([stage, rest @ ..]) => (stage, rest.first_mut()),
            _ => return Ok(0),
        };
        let output = match next {
            Some(next) => {
                next.buffer.resize(BETWEEN, 0);
                // It asked for this because it had nothing left.
                (next.start, next.end) = (0, 0);
                Output::Next(next)
            }
            None => Output::Caller(into),
        };
        let (room, next_end) = match output {
            Output::Next(next) => (next.buffer.as_mut_slice(), Some(&mut next.end)),
            Output::Caller(into) => (into, None),
        };
        loop {
            let input =
                if at == 0 { &*self.input } else { stage.buffer.get(stage.start..stage.end).unwrap_or_default() };
            let nothing_left = input.is_empty();
            let Progress { read, written } = stage.codec.decode(input, room)?;
            if at == 0 {
                self.input.advance(read.min(self.input.len()));
                self.taken = self.taken.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
            } else {
                stage.start = stage.start.saturating_add(read);
            }
            if written > 0 {
                stage.written = stage.written.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
                if stage.written > self.floor && stage.written > self.taken.saturating_mul(self.ratio) {
                    return Err(Error::new(ErrorKind::Limit, Phase::Body, "the body decodes to far more than it is")
                        .with_expected(format!("at most {} times as much (Limits::decoded_ratio)", self.ratio)));
                }
                if let Some(end) = next_end {
                    *end = written;
                }
                return Ok(written);
            }
            if nothing_left {
                return Ok(0);
            }
            if read == 0 {
                return Err(damaged(stage.codec.coding(), "it does not go on"));
            }
        }
    }
}

/// Where a stage writes.
enum Output<'a> {
    Next(&'a mut Stage),
    Caller(&'a mut [u8]),
}

impl Stage {
    fn new(codec: Box<dyn Codec>) -> Self {
        Self { codec, buffer: Vec::new(), start: 0, end: 0, is_last: false, written: 0 }
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codings: Vec<_> = self.stages.iter().map(|stage| stage.codec.coding()).collect();
        f.debug_struct("Decoder").field("codings", &codings).field("taken", &self.taken).finish_non_exhaustive()
    }
}

/// The decoder of one coding; `None` where it is not compiled in.
fn codec(coding: Coding, limits: &Limits) -> Option<Box<dyn Codec>> {
    // Each is behind a feature; without any there is nothing to bound.
    let _ = limits;
    match coding {
        #[cfg(feature = "gzip")]
        Coding::Gzip => Some(Box::new(super::gzip::Gzip::new(limits))),
        #[cfg(feature = "deflate")]
        Coding::Deflate => Some(Box::new(super::deflate::Deflate::new())),
        #[cfg(feature = "br")]
        Coding::Brotli => Some(Box::new(super::br::Brotli::new())),
        #[cfg(feature = "zstd")]
        Coding::Zstd => Some(Box::new(super::zstd::Zstd::new(limits))),
        #[allow(unreachable_patterns, reason = "with every feature there is none left")]
        _ => None,
    }
}

/// The error of coded data that is not what its coding says.
pub(super) fn damaged(coding: Coding, what: &str) -> Error {
    Error::new(ErrorKind::Decode, Phase::Body, format!("the {} data is damaged: {what}", coding.name()))
}

fn truncated(coding: Coding) -> Error {
    Error::new(ErrorKind::Decode, Phase::Body, format!("the body is over before its {} data is", coding.name()))
}

#[cfg(all(feature = "gzip", feature = "deflate", feature = "br", feature = "zstd"))]
#[cfg(test)]
mod tests;

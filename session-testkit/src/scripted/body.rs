//! Bodies in memory: the request's, and the response's as far as it was not read.

use bytes::Bytes;
use http::HeaderMap;
use session_core::content::coding::encoder::Encoder;
use session_core::error::{Error, ErrorKind, Phase};
use session_core::message::body::{BodySize, RequestBody};
use session_core::request::{ComposedContent, RequestContent, describe_bytes};
use session_core::transport::content::{CodedBody, Decoded};
use session_core::transport::gather::Gather;

/// A request's body: bytes in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    bytes: Bytes,
    replays: Replays,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Replays {
    Always,
    Never,
}

impl Body {
    /// Bytes that stand for a stream of unknown length, which can be read only once: where a redirect or a retry asks for it again,
    /// the request is the error that a stream would be.
    pub fn once(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into(), replays: Replays::Never }
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl RequestContent for Body {
    fn describe(&self) -> RequestBody {
        match self.replays {
            Replays::Always => describe_bytes(&self.bytes),
            Replays::Never => RequestBody::once(BodySize::Streaming),
        }
    }

    fn bytes(&self) -> Option<Bytes> {
        (self.replays == Replays::Always).then(|| self.bytes.clone())
    }
}

/// All of it is in memory, so that is where it is composed; what can be read only once stays so.
impl ComposedContent for Body {
    fn sequence(bodies: Vec<Self>) -> Self {
        let once = bodies.iter().any(|body| body.replays == Replays::Never);
        let bytes = bodies.iter().flat_map(|body| body.bytes.iter().copied()).collect();
        Self { bytes, replays: if once { Replays::Never } else { Replays::Always } }
    }

    fn coded(self, encoder: Encoder) -> Self {
        Self { bytes: encoder.whole(&self.bytes).into(), ..self }
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Bytes::new().into()
    }
}

macro_rules! from_bytes {
    ($($source:ty),*) => {$(
        impl From<$source> for Body {
            fn from(bytes: $source) -> Self {
                Self { bytes: bytes.into(), replays: Replays::Always }
            }
        }
    )*};
}

from_bytes!(Bytes, Vec<u8>, String, &'static [u8], &'static str);

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Whole,
    /// The connection closes before all of it came.
    Cut,
}

/// A response's body as far as it was not read.
#[derive(Debug)]
pub(super) struct Content {
    rest: Option<Bytes>,
    end: End,
    coded: Option<Box<CodedBody>>,
    /// What is left of the piece that a reader began.
    read: Bytes,
    /// There from the body's end on.
    trailers: Option<HeaderMap>,
}

impl Content {
    pub(super) fn new(body: Bytes, end: End, coded: Option<Box<CodedBody>>) -> Self {
        Self { rest: Some(body), end, coded, read: Bytes::new(), trailers: None }
    }

    /// The next piece; `None` at the end.
    pub(super) fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        if !self.read.is_empty() {
            return Ok(Some(std::mem::take(&mut self.read)));
        }
        loop {
            let Some(coded) = &mut self.coded else { return self.chunk_as_it_came() };
            match coded.pull(None)? {
                Decoded::Data(data) => return Ok(Some(data)),
                Decoded::Direct(_) => {}
                Decoded::End => {
                    self.trailers.get_or_insert_default();
                    return Ok(None);
                }
                Decoded::NeedInput => {
                    let more = self.chunk_as_it_came()?.unwrap_or_default();
                    if let Some(coded) = &mut self.coded {
                        coded.push(more);
                    }
                }
            }
        }
    }

    fn chunk_as_it_came(&mut self) -> Result<Option<Bytes>, Error> {
        if let Some(piece) = self.rest.take().filter(|piece| !piece.is_empty()) {
            return Ok(Some(piece));
        }
        match self.end {
            End::Whole => {
                self.trailers.get_or_insert_default();
                Ok(None)
            }
            End::Cut => {
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
        if self.read.is_empty() {
            self.read = self.chunk()?.unwrap_or_default();
        }
        let part = self.read.split_to(self.read.len().min(buffer.len()));
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

    pub(super) fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_ref()
    }
}

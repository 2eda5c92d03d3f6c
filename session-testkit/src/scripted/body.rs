//! A request's body, in memory: what is read from files, readers or streams is for the caller to read, or to be stood for by
//! [`Body::once`].

use bytes::Bytes;
use session_core::content::coding::encoder::Encoder;
use session_core::message::body::{BodySize, RequestBody};
use session_core::request::{ComposedContent, RequestContent, describe_bytes};

/// Forms of several parts, whose bodies are in memory.
pub mod multipart {
    use super::Body;

    /// A form: see [`session_core::content::multipart::Form`].
    pub type Form = session_core::content::multipart::Form<Body>;

    /// A part of a form: see [`session_core::content::multipart::Part`].
    pub type Part = session_core::content::multipart::Part<Body>;
}

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

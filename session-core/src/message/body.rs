//! What a request has for a body, what a hop does with it, and how it is framed.
//!
//! Bodies never enter the machine: these types only describe them.

use std::fmt;

/// How much body there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a body has no size, a known size, or an unknown one")]
pub enum BodySize {
    /// There is none.
    #[default]
    Empty,
    /// This many bytes.
    Sized(u64),
    /// Not known before its end.
    Streaming,
}

/// What a request has for a body: its size, and whether it can be sent a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestBody {
    size: BodySize,
    replayable: bool,
}

impl RequestBody {
    /// No body. It can be "sent" any number of times.
    pub const EMPTY: Self = Self { size: BodySize::Empty, replayable: true };

    /// A body that can be sent from its start as often as needed, such as bytes in memory.
    #[must_use]
    pub fn replayable(size: BodySize) -> Self {
        Self { size, replayable: true }
    }

    /// A body that can be read only once, such as a pipe.
    #[must_use]
    pub fn once(size: BodySize) -> Self {
        Self { size, replayable: matches!(size, BodySize::Empty) }
    }

    /// How much there is.
    #[must_use]
    pub fn size(self) -> BodySize {
        self.size
    }

    /// Whether it can be sent a second time.
    #[must_use]
    pub fn is_replayable(self) -> bool {
        self.replayable
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.size == BodySize::Empty
    }
}

impl Default for RequestBody {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// What a hop does with the request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyPlan {
    /// Send none, even where the request has one.
    None,
    /// Send it from its start. On a later hop: rewind it first.
    FromStart,
    /// Send what is left of it: nothing of it was read so far, or the transport kept its place.
    Continue,
}

/// How a request's body is framed on the wire (RFC 9112 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "RFC 9112 knows no fourth framing of a request")]
pub enum Framing {
    /// Neither Content-Length nor Transfer-Encoding: there is no body.
    None,
    /// `Content-Length`, also 0 for a POST or PUT without body.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no body"),
            Self::Length(length) => write!(f, "{length} bytes"),
            Self::Chunked => f.write_str("chunked"),
        }
    }
}

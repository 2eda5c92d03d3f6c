//! Bodies under way: how much of the request's was written, how much of the response's was read.
//!
//! The bytes of chunked coding are left to `chunked`; which framing holds, to `framing`.

use crate::h1::chunked::{ChunkedReader, chunk_size_line};
use crate::h1::error::{LocalError, LocalErrorKind, PeerError, PeerErrorKind};
use crate::h1::event::Piece;
use crate::h1::framing::ResponseFraming;
use crate::h1::recv_buffer::RecvBuffer;
use crate::h1::request::{is_line, write_fields};
use crate::limits::Limits;
use crate::message::body::Framing;
use crate::message::trailers::may_trail;
use bytes::BytesMut;
use http::HeaderMap;

/// What must stand on the wire around one piece of body data: write the prefix, the data, the suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataFrame {
    line: [u8; 18],
    start: usize,
    suffix: &'static [u8],
}

impl DataFrame {
    const BARE: Self = Self { line: [0; 18], start: 18, suffix: b"" };

    /// What precedes the data: a chunk's size line, or nothing.
    #[must_use]
    pub fn prefix(&self) -> &[u8] {
        self.line.get(self.start..).unwrap_or_default()
    }

    /// What follows the data: a chunk's line end, or nothing.
    #[must_use]
    pub fn suffix(&self) -> &'static [u8] {
        self.suffix
    }
}

/// The request's body as far as it was accounted for.
#[derive(Clone, Copy, Debug)]
pub(super) enum RequestWriter {
    /// This many bytes are still to be written, of as many as were declared.
    Length { remaining: u64, declared: u64 },
    /// Any number of chunks, then the last one.
    Chunked,
}

impl RequestWriter {
    pub(super) fn new(framing: Framing) -> Self {
        match framing {
            Framing::None => Self::Length { remaining: 0, declared: 0 },
            Framing::Length(length) => Self::Length { remaining: length, declared: length },
            Framing::Chunked => Self::Chunked,
        }
    }

    /// Whether the message is complete on the wire, though its end was not told.
    pub(super) fn is_complete(self) -> bool {
        matches!(self, Self::Length { remaining: 0, .. })
    }

    pub(super) fn data(&mut self, length: usize) -> Result<DataFrame, LocalError> {
        match self {
            Self::Length { remaining, declared } => {
                let length = u64::try_from(length).unwrap_or(u64::MAX);
                *remaining = remaining.checked_sub(length).ok_or_else(|| {
                    LocalError::new(LocalErrorKind::BodyLength, "the body is longer than was said")
                        .with_detail(format!("{declared} bytes"))
                })?;
                Ok(DataFrame::BARE)
            }
            // A chunk of size 0 would be the last one.
            Self::Chunked if length == 0 => Ok(DataFrame::BARE),
            Self::Chunked => {
                let (line, start) = chunk_size_line(length);
                Ok(DataFrame { line, start, suffix: b"\r\n" })
            }
        }
    }

    pub(super) fn end(&self, trailers: &HeaderMap, out: &mut BytesMut) -> Result<(), LocalError> {
        match self {
            Self::Length { .. } if !trailers.is_empty() => {
                Err(LocalError::new(LocalErrorKind::Field, "only a chunked body has trailers"))
            }
            Self::Length { remaining: 0, .. } => Ok(()),
            Self::Length { remaining, declared } => {
                let written = declared.saturating_sub(*remaining);
                Err(LocalError::new(LocalErrorKind::BodyLength, "the body is shorter than was said")
                    .with_detail(format!("{written} of {declared} bytes")))
            }
            Self::Chunked => {
                check_trailers(trailers)?;
                out.extend_from_slice(b"0\r\n");
                write_fields(trailers, out);
                out.extend_from_slice(b"\r\n");
                Ok(())
            }
        }
    }
}

/// What must not go on the wire as a trailer: a field that has a say before the body, a value that would end its line.
fn check_trailers(trailers: &HeaderMap) -> Result<(), LocalError> {
    for (name, value) in trailers {
        let message = if !may_trail(name) {
            "a field that must not stand in a trailer section"
        } else if !is_line(value.as_bytes()) {
            "a field value holds a line end or a NUL"
        } else {
            continue;
        };
        return Err(LocalError::new(LocalErrorKind::Field, message).with_detail(name.as_str()));
    }
    Ok(())
}

/// The response's body as far as it was read.
#[derive(Debug)]
pub(super) enum ResponseReader {
    /// This many bytes are still to come, of as many as were declared.
    Length { remaining: u64, declared: u64 },
    /// Chunks.
    Chunked(ChunkedReader),
    /// Whatever comes before the peer closes.
    UntilClose,
}

impl ResponseReader {
    pub(super) const EMPTY: Self = Self::Length { remaining: 0, declared: 0 };

    pub(super) fn new(framing: ResponseFraming) -> Self {
        match framing {
            ResponseFraming::None | ResponseFraming::Tunnel => Self::EMPTY,
            ResponseFraming::Length(length) => Self::Length { remaining: length, declared: length },
            ResponseFraming::Chunked => Self::Chunked(ChunkedReader::new()),
            ResponseFraming::UntilClose => Self::UntilClose,
        }
    }

    /// The next piece. `closed`: nothing comes after what waits in `input`.
    pub(super) fn next(&mut self, input: &mut RecvBuffer, closed: bool, limits: &Limits) -> Result<Piece, PeerError> {
        match self {
            Self::Length { remaining: 0, .. } => Ok(Piece::End(HeaderMap::new())),
            Self::Length { remaining, declared } => {
                if input.is_empty() {
                    return if closed { Err(short_of(*remaining, *declared)) } else { Ok(Piece::NeedData) };
                }
                let data = input.split(usize::try_from(*remaining).unwrap_or(usize::MAX));
                *remaining = remaining.saturating_sub(u64::try_from(data.len()).unwrap_or(u64::MAX));
                Ok(Piece::Data(data))
            }
            Self::Chunked(reader) => match reader.next(input, limits)? {
                Piece::NeedData if closed => Err(reader.incomplete()),
                piece => Ok(piece),
            },
            Self::UntilClose if !input.is_empty() => Ok(Piece::Data(input.take_rest())),
            Self::UntilClose if closed => Ok(Piece::End(HeaderMap::new())),
            Self::UntilClose => Ok(Piece::NeedData),
        }
    }
}

fn short_of(remaining: u64, declared: u64) -> PeerError {
    let received = declared.saturating_sub(remaining);
    PeerError::new(PeerErrorKind::Incomplete, "the peer closed in the midst of a body")
        .with_expected(format!("{declared} bytes, received {received}"))
}

#[cfg(test)]
mod tests {
    use super::{RequestWriter, ResponseReader};
    use crate::h1::error::{LocalErrorKind, PeerErrorKind};
    use crate::h1::event::Piece;
    use crate::h1::framing::ResponseFraming;
    use crate::h1::recv_buffer::RecvBuffer;
    use crate::limits::Limits;
    use crate::message::body::Framing;
    use bytes::BytesMut;
    use http::{HeaderMap, HeaderName, HeaderValue};

    #[test]
    fn a_length_is_kept_to_the_byte() {
        let mut writer = RequestWriter::new(Framing::Length(5));
        assert_eq!(writer.data(3).unwrap().prefix(), b"");
        assert!(!writer.is_complete());
        assert_eq!(writer.end(&HeaderMap::new(), &mut BytesMut::new()).unwrap_err().kind(), LocalErrorKind::BodyLength);
        assert_eq!(writer.data(3).unwrap_err().kind(), LocalErrorKind::BodyLength);
        assert_eq!(writer.data(2).unwrap().suffix(), b"");
        assert!(writer.is_complete());
        let mut out = BytesMut::new();
        writer.end(&HeaderMap::new(), &mut out).unwrap();
        assert!(out.is_empty());
        assert!(RequestWriter::new(Framing::None).data(1).is_err());
    }

    #[test]
    fn chunks_are_framed_and_an_empty_one_is_none() {
        let mut writer = RequestWriter::new(Framing::Chunked);
        for (length, line) in [(1, "1\r\n"), (255, "ff\r\n"), (4096, "1000\r\n"), (usize::MAX, "ffffffffffffffff\r\n")]
        {
            let frame = writer.data(length).unwrap();
            assert!(line.as_bytes().ends_with(frame.prefix()) && frame.prefix().len() > 2, "{line}");
            assert_eq!(frame.suffix(), b"\r\n");
        }
        let empty = writer.data(0).unwrap();
        assert_eq!((empty.prefix(), empty.suffix()), (&b""[..], &b""[..]));
        assert!(!writer.is_complete());
        let mut out = BytesMut::new();
        writer.end(&HeaderMap::new(), &mut out).unwrap();
        assert_eq!(out, "0\r\n\r\n");
    }

    #[test]
    fn trailers_follow_the_last_chunk_and_none_that_would_have_had_a_say() {
        let trailers = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))])
        };
        let mut out = BytesMut::new();
        RequestWriter::new(Framing::Chunked).end(&trailers("x-sum", " 42 "), &mut out).unwrap();
        assert_eq!(out, "0\r\nx-sum: 42\r\n\r\n");
        for name in ["content-length", "transfer-encoding", "host", "authorization", "trailer", "cookie"] {
            let mut out = BytesMut::new();
            let error = RequestWriter::new(Framing::Chunked).end(&trailers(name, "1"), &mut out).unwrap_err();
            assert_eq!((error.kind(), out.len()), (LocalErrorKind::Field, 0), "{name}");
        }
        let sized = RequestWriter::new(Framing::Length(0)).end(&trailers("x-sum", "1"), &mut BytesMut::new());
        assert_eq!(sized.unwrap_err().kind(), LocalErrorKind::Field);
    }

    #[test]
    fn an_early_close_tells_how_much_came() {
        let mut reader = ResponseReader::new(ResponseFraming::Length(5));
        let mut input = RecvBuffer::new();
        input.extend_from_slice(b"hel");
        assert!(matches!(reader.next(&mut input, true, &Limits::default()), Ok(Piece::Data(data)) if data == "hel"));
        let error = reader.next(&mut input, true, &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), PeerErrorKind::Incomplete);
        assert_eq!(error.expected(), Some("5 bytes, received 3"));
    }
}

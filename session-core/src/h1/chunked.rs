//! Chunked transfer coding (RFC 9112 section 7.1), reading and writing.
//!
//! A state machine over bytes: each is looked at once, and a fault is found at the byte that makes it one, so that no cut
//! of the reads changes the outcome. Nothing is accepted that the grammar does not have; of what it has, white space
//! between a size and what follows is refused.

use crate::h1::error::{PeerError, PeerErrorKind};
use crate::h1::event::Piece;
use crate::h1::framing::LONGEST;
use crate::h1::head::{parse_trailers, section_error};
use crate::h1::recv_buffer::RecvBuffer;
use crate::h1::section::{FieldLines, Opening, SectionScan};
use crate::limits::Limits;
use crate::message::grammar::{is_field_value_byte, is_token_byte};
use crate::message::trailers::may_trail;
use http::HeaderMap;

/// A chunked body under way.
#[derive(Debug)]
pub(super) struct ChunkedReader {
    state: State,
    /// The size told so far by the line that is read.
    size: u64,
    /// The bytes of that line so far.
    line: usize,
    /// Body bytes of all chunks so far.
    data: u64,
    /// Extension bytes and leading zeros of all chunks so far.
    overhead: u64,
}

#[derive(Debug)]
enum State {
    /// In the line that opens a chunk.
    Line(Place),
    /// In a chunk's data, with this much to come.
    Data(u64),
    /// After a chunk's data; the line end is due.
    DataEnd(LineEnd),
    /// After the last chunk.
    Trailers(SectionScan),
    /// After everything.
    Done,
}

#[derive(Clone, Copy, Debug)]
enum LineEnd {
    Cr,
    Lf,
}

/// Where in `chunk-size [ chunk-ext ] CRLF` the next byte stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// The first digit.
    SizeStart,
    /// A digit, or what follows the size.
    Size,
    /// A blank or the first byte of an extension's name.
    NameStart,
    /// In an extension's name.
    Name,
    /// After blanks that follow a name: `=` or `;`.
    NameEnd,
    /// A blank or the first byte of an extension's value.
    ValueStart,
    /// In a value that is a token.
    Token,
    /// In a quoted string.
    Quoted,
    /// After a backslash in a quoted string.
    Escaped,
    /// After a quoted string.
    Unquoted,
    /// After blanks that follow a value: `;`.
    ValueEnd,
    /// After the CR.
    Lf,
}

impl ChunkedReader {
    pub(super) fn new() -> Self {
        Self { state: State::Line(Place::SizeStart), size: 0, line: 0, data: 0, overhead: 0 }
    }

    pub(super) fn next(&mut self, input: &mut RecvBuffer, limits: &Limits) -> Result<Piece, PeerError> {
        loop {
            match &mut self.state {
                State::Line(_) => {
                    if !self.read_line(input, limits)? {
                        return Ok(Piece::NeedData);
                    }
                }
                State::Data(0) => self.state = State::DataEnd(LineEnd::Cr),
                State::Data(_) if input.is_empty() => return Ok(Piece::NeedData),
                State::Data(remaining) => {
                    let data = input.split(usize::try_from(*remaining).unwrap_or(usize::MAX));
                    let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
                    *remaining = remaining.saturating_sub(length);
                    self.data = self.data.saturating_add(length);
                    return Ok(Piece::Data(data));
                }
                State::DataEnd(due) => {
                    let Some(&byte) = input.as_slice().first() else { return Ok(Piece::NeedData) };
                    self.state = match (due, byte) {
                        (LineEnd::Cr, b'\r') => State::DataEnd(LineEnd::Lf),
                        (LineEnd::Lf, b'\n') => {
                            self.size = 0;
                            self.line = 0;
                            State::Line(Place::SizeStart)
                        }
                        _ => {
                            return Err(malformed("a chunk is longer than its size, or does not end in CRLF")
                                .with_expected("CRLF")
                                .with_came(&[byte]));
                        }
                    };
                    input.consume(1);
                }
                State::Trailers(scan) => {
                    let section = input.as_slice();
                    let end = match scan.advance(section, limits.trailer_bytes, limits.head_fields) {
                        Ok(Some(end)) => end,
                        Ok(None) => return Ok(Piece::NeedData),
                        Err(fault) => return Err(section_error(fault, section, PeerErrorKind::MalformedChunk)),
                    };
                    let trailers = match scan.fields() {
                        FieldLines { count: 0, .. } => HeaderMap::new(),
                        fields => parse_trailers(section.get(..end).unwrap_or(section), fields, may_trail)?,
                    };
                    input.consume(end);
                    self.state = State::Done;
                    return Ok(Piece::End(trailers));
                }
                State::Done => return Ok(Piece::NeedData),
            }
        }
    }

    /// The error where nothing comes any more.
    pub(super) fn incomplete(&self) -> PeerError {
        let place = match self.state {
            State::Line(_) => "the next chunk's size",
            State::Data(_) | State::DataEnd(_) => "the rest of a chunk",
            State::Trailers(_) | State::Done => "the end of the trailer section",
        };
        PeerError::new(PeerErrorKind::Incomplete, "the peer closed in the midst of a chunked body")
            .with_expected(format!("{place} after {} body bytes", self.data))
    }

    /// Reads on in the line that opens a chunk; `false` where it goes on beyond the input.
    fn read_line(&mut self, input: &mut RecvBuffer, limits: &Limits) -> Result<bool, PeerError> {
        let State::Line(mut place) = self.state else { return Ok(true) };
        let bytes = input.as_slice();
        for (at, &byte) in bytes.iter().enumerate() {
            if matches!(place, Place::Lf) {
                if byte != b'\n' {
                    return Err(bad_line(byte));
                }
                self.state = if self.size == 0 {
                    State::Trailers(SectionScan::new(Opening::Fields))
                } else {
                    State::Data(self.size)
                };
                input.consume(at.saturating_add(1));
                return Ok(true);
            }
            place = match self.step(place, byte) {
                Some(place) => place,
                None => return Err(bad_line(byte)),
            };
            if !matches!(place, Place::Lf) {
                self.line = self.line.saturating_add(1);
                if self.line > limits.chunk_line {
                    return Err(PeerError::new(PeerErrorKind::Limit, "a chunk's line is longer than allowed"));
                }
            }
            let allowed = self.data.saturating_add(u64::try_from(limits.chunk_overhead).unwrap_or(u64::MAX));
            if self.overhead > allowed {
                return Err(PeerError::new(PeerErrorKind::Limit, "chunk extensions outweigh the body"));
            }
        }
        input.consume(input.len());
        self.state = State::Line(place);
        Ok(false)
    }

    /// The place after `byte`; `None` where it cannot stand here.
    fn step(&mut self, place: Place, byte: u8) -> Option<Place> {
        let next = match (place, byte) {
            (Place::SizeStart | Place::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                if matches!(place, Place::Size) && self.size == 0 {
                    self.overhead = self.overhead.saturating_add(1);
                }
                let digit = char::from(byte).to_digit(16)?;
                self.size = self.size.checked_mul(16)?.checked_add(u64::from(digit))?;
                return (self.size <= LONGEST).then_some(Place::Size);
            }
            (Place::Size | Place::Name | Place::Token | Place::Unquoted, b'\r') => return Some(Place::Lf),
            (Place::Size | Place::Name | Place::NameEnd | Place::Token | Place::Unquoted | Place::ValueEnd, b';') => {
                Place::NameStart
            }
            (Place::NameStart, b' ' | b'\t') => Place::NameStart,
            (Place::NameStart | Place::Name, byte) if is_token_byte(byte) => Place::Name,
            (Place::Name | Place::NameEnd, b' ' | b'\t') => Place::NameEnd,
            (Place::Name | Place::NameEnd, b'=') => Place::ValueStart,
            (Place::ValueStart, b' ' | b'\t') => Place::ValueStart,
            (Place::ValueStart, b'"') => Place::Quoted,
            (Place::ValueStart | Place::Token, byte) if is_token_byte(byte) => Place::Token,
            (Place::Token | Place::Unquoted | Place::ValueEnd, b' ' | b'\t') => Place::ValueEnd,
            (Place::Quoted, b'"') => Place::Unquoted,
            (Place::Quoted, b'\\') => Place::Escaped,
            (Place::Quoted | Place::Escaped, byte) if is_field_value_byte(byte) => Place::Quoted,
            _ => return None,
        };
        self.overhead = self.overhead.saturating_add(1);
        Some(next)
    }
}

fn bad_line(byte: u8) -> PeerError {
    malformed("the line that opens a chunk is malformed").with_expected("hex digits and CRLF").with_came(&[byte])
}

fn malformed(message: &'static str) -> PeerError {
    PeerError::new(PeerErrorKind::MalformedChunk, message)
}

/// The line that opens a chunk of `length` bytes, at the end of an array, and where in it the line starts.
pub(super) fn chunk_size_line(length: usize) -> ([u8; 18], usize) {
    let mut line = *b"0000000000000000\r\n";
    let mut start = line.len().saturating_sub(2);
    let mut rest = length;
    for place in line.iter_mut().rev().skip(2) {
        let digit = u32::try_from(rest & 0xf).ok().and_then(|digit| char::from_digit(digit, 16));
        *place = digit.and_then(|digit| u8::try_from(digit).ok()).unwrap_or(b'0');
        start = start.saturating_sub(1);
        rest >>= 4;
        if rest == 0 {
            break;
        }
    }
    (line, start)
}

#[cfg(test)]
mod tests;

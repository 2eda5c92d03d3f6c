//! deflate: by RFC 9110 8.4.1.2 the zlib format (RFC 1950).
//!
//! One leniency, `raw deflate`: data that does not begin with a zlib header is read as deflate data without one (RFC 1951), as
//! every browser does, because some servers send that. It has no checksum then. Which of the two it is shows in the first two
//! bytes. Nothing may come after the end.

use super::Coding;
use super::decoder::{Codec, Progress, damaged};
use super::inflate::inflate;
use crate::error::Error;
use flate2::{Decompress, Status};

/// Decodes deflate.
pub(super) struct Deflate {
    at: At,
}

enum At {
    /// Before the two bytes that tell which it is; the first, once it came.
    Start(Option<u8>),
    /// In the data: what of the first two bytes is still to be handed on.
    Data { inflate: Box<Decompress>, first: [u8; 2], handed: usize },
    /// After it.
    End,
}

impl Deflate {
    pub(super) fn new() -> Self {
        Self { at: At::Start(None) }
    }
}

/// Whether two bytes are a zlib header: deflate, a window of at most 32 KiB, and a multiple of 31 (RFC 1950 2.2).
fn is_zlib(first: u8, second: u8) -> bool {
    first & 0x0f == 8 && first >> 4 <= 7 && u16::from_be_bytes([first, second]).checked_rem(31) == Some(0)
}

impl Codec for Deflate {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Error> {
        let mut read = 0_usize;
        while let At::Start(first) = &mut self.at {
            let Some(byte) = input.get(read) else { return Ok(Progress { read, written: 0 }) };
            read = read.saturating_add(1);
            match *first {
                None => *first = Some(*byte),
                Some(first) => {
                    if is_zlib(first, *byte) && byte & 0x20 != 0 {
                        return Err(damaged(Coding::Deflate, "it wants a dictionary"));
                    }
                    let inflate = Box::new(Decompress::new(is_zlib(first, *byte)));
                    self.at = At::Data { inflate, first: [first, *byte], handed: 0 };
                }
            }
        }
        let rest = input.get(read..).unwrap_or_default();
        let At::Data { inflate: state, first, handed } = &mut self.at else {
            return match rest.is_empty() {
                true => Ok(Progress { read, written: 0 }),
                false => Err(damaged(Coding::Deflate, "something comes after its end").with_came(rest)),
            };
        };
        while let Some(held) = first.get(*handed..).filter(|held| !held.is_empty()) {
            let (progress, status) = inflate(state, Coding::Deflate, held, output)?;
            *handed = handed.saturating_add(progress.read);
            if status == Status::StreamEnd {
                let over = *handed < 2;
                self.at = At::End;
                return match over {
                    true => Err(damaged(Coding::Deflate, "something comes after its end")),
                    false => Ok(Progress { read, written: progress.written }),
                };
            }
            if progress.written > 0 {
                return Ok(Progress { read, written: progress.written });
            }
            if progress.read == 0 {
                return Err(damaged(Coding::Deflate, "it does not go on"));
            }
        }
        let (progress, status) = inflate(state, Coding::Deflate, rest, output)?;
        if status == Status::StreamEnd {
            self.at = At::End;
        }
        Ok(Progress { read: read.saturating_add(progress.read), written: progress.written })
    }

    fn may_end(&self) -> bool {
        matches!(self.at, At::Start(None) | At::End)
    }

    fn coding(&self) -> Coding {
        Coding::Deflate
    }
}

//! gzip (RFC 1952): members one after the other, each a header, deflate data and a trailer. The header and the trailer are read
//! here, so that each bound and each fault has its name; the data is the crate's.
//!
//! After a member comes another one or the end. Anything else is an error: nobody can say what it should be.

use super::Coding;
use super::decoder::{Codec, Progress, damaged};
use super::inflate::inflate;
use crate::error::Error;
use crate::limits::Limits;
use flate2::{Crc, Decompress, Status};

/// Decodes gzip.
pub(super) struct Gzip {
    at: At,
    inflate: Decompress,
    /// Of the content of this member.
    content: Crc,
    length: u32,
    /// Of the header of this member.
    header: Crc,
    header_length: usize,
    most_header: usize,
}

/// Where in a member it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before any member, or after a whole one.
    Between,
    /// In the ten bytes that every header has, of which so many came; the flags, once they came.
    Fixed { came: usize, flags: u8 },
    /// In the length of the extra field: how many bytes of it came, and what they say.
    ExtraLength { came: u8, length: u16, flags: u8 },
    /// In the extra field, of which so much is left.
    Extra { left: u16, flags: u8 },
    /// In the file name, up to a zero byte.
    Name { flags: u8 },
    /// In the comment, up to a zero byte.
    Comment { flags: u8 },
    /// In the checksum of the header.
    HeaderCrc { came: u8, sum: u16 },
    /// In the deflate data.
    Data,
    /// In the checksum and the length.
    Trailer { came: usize, bytes: [u8; 8] },
}

const FHCRC: u8 = 2;
const FEXTRA: u8 = 4;
const FNAME: u8 = 8;
const FCOMMENT: u8 = 16;
const RESERVED: u8 = 0xe0;

impl Gzip {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            at: At::Between,
            inflate: Decompress::new(false),
            content: Crc::new(),
            length: 0,
            header: Crc::new(),
            header_length: 0,
            most_header: limits.gzip_header,
        }
    }

    /// Takes up one byte of a header or a trailer.
    fn take(&mut self, byte: u8) -> Result<(), Error> {
        if let At::Trailer { .. } = self.at {
            return self.take_trailer(byte);
        }
        if self.at == At::Between {
            self.header.reset();
            self.header_length = 0;
            self.at = At::Fixed { came: 0, flags: 0 };
        }
        self.header_length = self.header_length.saturating_add(1);
        if self.header_length > self.most_header {
            let error = damaged(Coding::Gzip, "a header without end");
            return Err(error.with_expected(format!("at most {} bytes (Limits::gzip_header)", self.most_header)));
        }
        if !matches!(self.at, At::HeaderCrc { .. }) {
            self.header.update(&[byte]);
        }
        self.at = match self.at {
            At::Fixed { came, flags } => {
                let fits = match came {
                    0 => byte == 0x1f,
                    1 => byte == 0x8b,
                    2 => byte == 8,
                    3 => byte & RESERVED == 0,
                    _ => true,
                };
                if !fits {
                    return Err(match came {
                        0 | 1 => damaged(Coding::Gzip, "no gzip header where one should be"),
                        2 => damaged(Coding::Gzip, "an unknown method of compression"),
                        _ => damaged(Coding::Gzip, "a reserved flag is set"),
                    }
                    .with_came(&[byte]));
                }
                let flags = if came == 3 { byte } else { flags };
                match came {
                    9 => Self::after_fixed(flags),
                    _ => At::Fixed { came: came.saturating_add(1), flags },
                }
            }
            At::ExtraLength { came: 0, flags, .. } => At::ExtraLength { came: 1, length: u16::from(byte), flags },
            At::ExtraLength { length, flags, .. } => match length | (u16::from(byte) << 8) {
                0 => Self::after_extra(flags),
                left => At::Extra { left, flags },
            },
            At::Extra { left: ..=1, flags } => Self::after_extra(flags),
            At::Extra { left, flags } => At::Extra { left: left.saturating_sub(1), flags },
            At::Name { flags } if byte == 0 => Self::after_name(flags),
            At::Comment { flags } if byte == 0 => Self::after_comment(flags),
            At::HeaderCrc { came: 0, .. } => At::HeaderCrc { came: 1, sum: u16::from(byte) },
            At::HeaderCrc { sum, .. } => {
                let sum = sum | (u16::from(byte) << 8);
                // The lower half of the checksum (RFC 1952 2.3.1).
                if u32::from(sum) != self.header.sum() & 0xffff {
                    return Err(damaged(Coding::Gzip, "the checksum of the header is another"));
                }
                At::Data
            }
            same @ (At::Name { .. } | At::Comment { .. } | At::Between | At::Data | At::Trailer { .. }) => same,
        };
        if self.at == At::Data {
            self.inflate.reset(false);
            self.content.reset();
            self.length = 0;
        }
        Ok(())
    }

    fn after_fixed(flags: u8) -> At {
        if flags & FEXTRA != 0 { At::ExtraLength { came: 0, length: 0, flags } } else { Self::after_extra(flags) }
    }

    fn after_extra(flags: u8) -> At {
        if flags & FNAME != 0 { At::Name { flags } } else { Self::after_name(flags) }
    }

    fn after_name(flags: u8) -> At {
        if flags & FCOMMENT != 0 { At::Comment { flags } } else { Self::after_comment(flags) }
    }

    fn after_comment(flags: u8) -> At {
        if flags & FHCRC != 0 { At::HeaderCrc { came: 0, sum: 0 } } else { At::Data }
    }

    fn take_trailer(&mut self, byte: u8) -> Result<(), Error> {
        let At::Trailer { came, mut bytes } = self.at else { return Ok(()) };
        if let Some(place) = bytes.get_mut(came) {
            *place = byte;
        }
        self.at = At::Trailer { came: came.saturating_add(1), bytes };
        if came < 7 {
            return Ok(());
        }
        let whole = u64::from_le_bytes(bytes);
        if whole & u64::from(u32::MAX) != u64::from(self.content.sum()) {
            return Err(damaged(Coding::Gzip, "the checksum of the content is another"));
        }
        if whole >> 32 != u64::from(self.length) {
            return Err(damaged(Coding::Gzip, "the length of the content is another"));
        }
        self.at = At::Between;
        Ok(())
    }
}

impl Codec for Gzip {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Error> {
        let mut read = 0_usize;
        while self.at != At::Data {
            let Some(byte) = input.get(read) else { return Ok(Progress { read, written: 0 }) };
            self.take(*byte)?;
            read = read.saturating_add(1);
        }
        let rest = input.get(read..).unwrap_or_default();
        let (progress, status) = inflate(&mut self.inflate, Coding::Gzip, rest, output)?;
        let content = output.get(..progress.written).unwrap_or_default();
        self.content.update(content);
        // The length is told modulo 2^32.
        self.length = self.length.wrapping_add(u32::try_from(content.len()).unwrap_or(u32::MAX));
        if status == Status::StreamEnd {
            self.at = At::Trailer { came: 0, bytes: [0; 8] };
        }
        Ok(Progress { read: read.saturating_add(progress.read), written: progress.written })
    }

    fn may_end(&self) -> bool {
        self.at == At::Between
    }

    fn coding(&self) -> Coding {
        Coding::Gzip
    }
}

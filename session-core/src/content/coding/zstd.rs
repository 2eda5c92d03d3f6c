//! Zstandard (RFC 8878): frames one after the other, skippable ones passed over. The crate wants a whole block at once, so the
//! parts of a frame are gathered here: a header of at most 18 bytes, a block of at most 128 KiB.
//!
//! The window is bounded (RFC 9659); dictionaries are refused. After a frame comes another one or the end, else it is an error.
//! The crate gives what it decoded once it is older than the window, or the frame is over: a server that writes a little and
//! waits is heard late.

use super::Coding;
use super::decoder::{Codec, Progress, damaged};
use crate::error::{Error, ErrorKind, Phase};
use crate::limits::Limits;
use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::Read;

/// Decodes zstd.
pub(super) struct Zstd {
    at: At,
    /// What came of the part that is being gathered.
    held: Vec<u8>,
    window: u64,
}

enum At {
    /// Before any frame, or after a whole one.
    Between,
    /// In a frame that is passed over, of which so much is left.
    Skipping(u32),
    /// In a frame.
    Frame(Box<Frame>),
}

struct Frame {
    decoder: FrameDecoder,
    /// The length of the content, where the header tells it.
    told: Option<u64>,
    given: u64,
    has_checksum: bool,
}

const MAGIC: u32 = 0xfd2f_b528;
/// The lowest 4 bits of a skippable frame's magic number are free (RFC 8878 3.1.2).
const SKIPPABLE: u32 = 0x184d_2a50;

impl Zstd {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { at: At::Between, held: Vec::new(), window: limits.coding_window }
    }

    /// Gathers until `need` bytes are held. Gives whether they are.
    fn gather(&mut self, need: usize, input: &[u8], read: &mut usize) -> bool {
        let rest = input.get(*read..).unwrap_or_default();
        let missing = need.saturating_sub(self.held.len()).min(rest.len());
        self.held.extend_from_slice(rest.get(..missing).unwrap_or_default());
        *read = read.saturating_add(missing);
        self.held.len() >= need
    }

    /// Reads on where a frame begins. Gives whether all of its header came.
    fn begin(&mut self, input: &[u8], read: &mut usize) -> Result<bool, Error> {
        if !self.gather(4, input, read) {
            return Ok(false);
        }
        let magic = word(&self.held, 0);
        if magic & !0xf == SKIPPABLE {
            if !self.gather(8, input, read) {
                return Ok(false);
            }
            self.at = At::Skipping(word(&self.held, 4));
            self.held.clear();
            return Ok(true);
        }
        if magic != MAGIC {
            return Err(damaged(Coding::Zstd, "no frame where one should be").with_came(&self.held));
        }
        if !self.gather(5, input, read) {
            return Ok(false);
        }
        let descriptor = self.held.get(4).copied().unwrap_or_default();
        // RFC 8878 3.1.1.1.1.4: kept for the future, and a decoder must look. The crate does not.
        if descriptor & 0x08 != 0 {
            return Err(damaged(Coding::Zstd, "a frame has a header of another kind"));
        }
        let header = Header::of(descriptor);
        if !self.gather(header.length, input, read) {
            return Ok(false);
        }
        self.at = At::Frame(Box::new(self.frame(header)?));
        self.held.clear();
        Ok(true)
    }

    fn frame(&self, header: Header) -> Result<Frame, Error> {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(self.window);
        decoder.init(self.held.as_slice()).map_err(|source| match source {
            FrameDecoderError::WindowSizeTooBig { requested, .. } => {
                let error = Error::new(ErrorKind::Limit, Phase::Body, "the zstd data asks for too large a window");
                let error = error.with_expected(format!("at most {} bytes (Limits::coding_window)", self.window));
                error.with_came(requested.to_string().as_bytes())
            }
            FrameDecoderError::DictNotProvided { .. } => damaged(Coding::Zstd, "it wants a dictionary"),
            source => damaged(Coding::Zstd, "a frame has no valid header").with_source(source),
        })?;
        let told = header.tells_length.then(|| decoder.content_size());
        Ok(Frame { decoder, told, given: 0, has_checksum: header.has_checksum })
    }

    /// Gathers the next block of the frame. Gives whether all of it came.
    fn block(&mut self, has_checksum: bool, input: &[u8], read: &mut usize) -> Result<bool, Error> {
        if !self.gather(3, input, read) {
            return Ok(false);
        }
        let header = word(&self.held, 0) & 0x00ff_ffff;
        let (is_last, kind, size) = (header & 1, (header >> 1) & 3, header >> 3);
        if size > LARGEST_BLOCK {
            return Err(damaged(Coding::Zstd, "a block is larger than any may be"));
        }
        // A block of one repeated byte holds only that.
        let content = if kind == 1 { 1 } else { size };
        let checksum = if is_last == 1 && has_checksum { 4 } else { 0 };
        let need = content.saturating_add(checksum).saturating_add(3);
        Ok(self.gather(usize::try_from(need).unwrap_or(usize::MAX), input, read))
    }
}

/// A block and its content are at most this large (RFC 8878 3.1.1.2.4).
const LARGEST_BLOCK: u32 = 128 * 1024;

impl Frame {
    /// Gives some of what is decoded.
    fn give(&mut self, output: &mut [u8]) -> Result<usize, Error> {
        let written = self
            .decoder
            .read(output)
            .map_err(|source| damaged(Coding::Zstd, "a block cannot be decoded").with_source(source))?;
        self.given = self.given.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
        Ok(written)
    }

    /// Compares what was given with what the frame says of it.
    fn check(&self) -> Result<(), Error> {
        if self.told.is_some_and(|told| told != self.given) {
            return Err(damaged(Coding::Zstd, "the length of the content is another"));
        }
        if self.has_checksum && self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum() {
            return Err(damaged(Coding::Zstd, "the checksum of the content is another"));
        }
        Ok(())
    }
}

/// What the byte after the magic number says (RFC 8878 3.1.1.1.1).
struct Header {
    /// Of all of it.
    length: usize,
    tells_length: bool,
    has_checksum: bool,
}

impl Header {
    fn of(descriptor: u8) -> Self {
        let single = descriptor & 0x20 != 0;
        let content_size = match descriptor >> 6 {
            0 => usize::from(single),
            1 => 2,
            2 => 4,
            _ => 8,
        };
        let dictionary = match descriptor & 3 {
            0 => 0,
            1 => 1,
            2 => 2,
            _ => 4_usize,
        };
        let window = usize::from(!single);
        let length = window.saturating_add(dictionary).saturating_add(content_size).saturating_add(5);
        Self { length, tells_length: content_size > 0, has_checksum: descriptor & 4 != 0 }
    }
}

/// Up to four bytes from a place on, the lowest first.
fn word(bytes: &[u8], from: usize) -> u32 {
    let bytes = bytes.get(from..).unwrap_or_default();
    bytes.iter().take(4).rev().fold(0, |word, byte| (word << 8) | u32::from(*byte))
}

impl Codec for Zstd {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Error> {
        let mut read = 0;
        loop {
            match &mut self.at {
                At::Between => {
                    if !self.begin(input, &mut read)? {
                        return Ok(Progress { read, written: 0 });
                    }
                }
                At::Skipping(left) => {
                    let rest = input.len().saturating_sub(read);
                    let skipped = usize::try_from(*left).unwrap_or(usize::MAX).min(rest);
                    read = read.saturating_add(skipped);
                    *left = left.saturating_sub(u32::try_from(skipped).unwrap_or(u32::MAX));
                    if *left > 0 {
                        return Ok(Progress { read, written: 0 });
                    }
                    self.at = At::Between;
                }
                At::Frame(frame) => {
                    let written = frame.give(output)?;
                    if written > 0 {
                        return Ok(Progress { read, written });
                    }
                    if frame.decoder.is_finished() {
                        frame.check()?;
                        self.at = At::Between;
                        continue;
                    }
                    let has_checksum = frame.has_checksum;
                    if !self.block(has_checksum, input, &mut read)? {
                        return Ok(Progress { read, written: 0 });
                    }
                    if let At::Frame(frame) = &mut self.at {
                        frame
                            .decoder
                            .decode_blocks(self.held.as_slice(), BlockDecodingStrategy::UptoBlocks(1))
                            .map_err(|source| damaged(Coding::Zstd, "a block is not valid").with_source(source))?;
                    }
                    self.held.clear();
                }
            }
        }
    }

    fn may_end(&self) -> bool {
        matches!(self.at, At::Between) && self.held.is_empty()
    }

    fn coding(&self) -> Coding {
        Coding::Zstd
    }
}

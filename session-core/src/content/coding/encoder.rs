//! Coding a request's body, in pieces: the way there, where [`decoder`](super::decoder) is the way back. Whether a body is coded, and what
//! the server is told of it, is the request builder's.

use super::Coding;
use crate::error::{Error, ErrorKind, Phase};
#[cfg(any(feature = "gzip", feature = "deflate"))]
use flate2::{Compress, Compression, FlushCompress, Status};
use std::fmt;

/// Codes one body.
///
/// ```
/// # #[cfg(feature = "gzip")] {
/// # use session_core::content::coding::{Coding, encoder::Encoder};
/// let mut encoder = Encoder::new(Coding::Gzip)?;
/// encoder.push(b"abc");
/// encoder.finish();
/// assert!(encoder.piece().starts_with(&[0x1f, 0x8b]));
/// # }
/// # Ok::<(), session_core::error::Error>(())
/// ```
pub struct Encoder {
    // A trait object, so that a program that codes nothing has no code for it.
    codec: Box<dyn Encode + Send>,
    coding: Coding,
    /// What was coded: `out[taken..]` waits to be taken.
    out: Vec<u8>,
    taken: usize,
}

/// One coding.
trait Encode {
    /// Codes `input` behind what stands in `out`.
    fn push(&mut self, input: &[u8], out: &mut Vec<u8>);

    /// Ends the data.
    fn finish(&mut self, out: &mut Vec<u8>);

    /// The same coding at its start.
    fn fresh(&self) -> Box<dyn Encode + Send>;
}

impl Encoder {
    /// An encoder of this coding: gzip (RFC 1952) or deflate (the zlib format, RFC 1950), at the usual level 6.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for Brotli and Zstandard, which are decoded only, and for what is not compiled in.
    pub fn new(coding: Coding) -> Result<Self, Error> {
        let codec = codec(coding).ok_or_else(|| {
            let message = format!("nothing here codes a body by {}", coding.name());
            Error::new(ErrorKind::Unsupported, Phase::Build, message)
                .with_expected("gzip or deflate, with the feature of that name")
        })?;
        Ok(Self { codec, coding, out: Vec::new(), taken: 0 })
    }

    /// Which coding it is.
    #[must_use]
    pub fn coding(&self) -> Coding {
        self.coding
    }

    /// The same coding at its start.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self { codec: self.codec.fresh(), coding: self.coding, out: Vec::new(), taken: 0 }
    }

    /// Takes in the next bytes of the content. There need not be anything to be taken afterwards.
    pub fn push(&mut self, content: &[u8]) {
        self.codec.push(content, &mut self.out);
    }

    /// Ends the content. It is called once.
    pub fn finish(&mut self) {
        self.codec.finish(&mut self.out);
    }

    /// What is coded and was not taken.
    #[must_use]
    pub fn piece(&self) -> &[u8] {
        self.out.get(self.taken..).unwrap_or_default()
    }

    /// Takes `n` bytes of the piece.
    pub fn consume(&mut self, n: usize) {
        self.taken = self.taken.saturating_add(n);
        if self.taken >= self.out.len() {
            self.out.clear();
            self.taken = 0;
        }
    }

    /// All of a body that is in memory, coded. It begins anew for that.
    #[must_use]
    pub fn whole(&self, content: &[u8]) -> Vec<u8> {
        let mut encoder = self.fresh();
        encoder.push(content);
        encoder.finish();
        encoder.out
    }
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("coding", &self.coding).finish_non_exhaustive()
    }
}

fn codec(coding: Coding) -> Option<Box<dyn Encode + Send>> {
    match coding {
        #[cfg(feature = "gzip")]
        Coding::Gzip => Some(Box::new(Gzip::new())),
        #[cfg(feature = "deflate")]
        Coding::Deflate => Some(Box::new(Zlib(compress(true)))),
        _ => None,
    }
}

#[cfg(any(feature = "gzip", feature = "deflate"))]
fn compress(zlib: bool) -> Compress {
    Compress::new(Compression::default(), zlib)
}

/// How much room is made at once.
#[cfg(any(feature = "gzip", feature = "deflate"))]
const ROOM: usize = 8 * 1024;

/// Codes `input`, and with [`FlushCompress::Finish`] all that is still inside.
#[cfg(any(feature = "gzip", feature = "deflate"))]
fn run(compress: &mut Compress, mut input: &[u8], flush: FlushCompress, out: &mut Vec<u8>) {
    loop {
        out.reserve(ROOM);
        let before = compress.total_in();
        // Memory is all it needs; a state that is not consistent cannot come about from here.
        let Ok(status) = compress.compress_vec(input, out, flush) else { return };
        let read = usize::try_from(compress.total_in().saturating_sub(before)).unwrap_or(usize::MAX);
        input = input.get(read..).unwrap_or_default();
        let over = match flush {
            FlushCompress::Finish => status == Status::StreamEnd,
            _ => input.is_empty() && out.len() < out.capacity(),
        };
        if over {
            return;
        }
    }
}

/// deflate: the zlib format.
#[cfg(feature = "deflate")]
struct Zlib(Compress);

#[cfg(feature = "deflate")]
impl Encode for Zlib {
    fn push(&mut self, input: &[u8], out: &mut Vec<u8>) {
        run(&mut self.0, input, FlushCompress::None, out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        run(&mut self.0, &[], FlushCompress::Finish, out);
    }

    fn fresh(&self) -> Box<dyn Encode + Send> {
        Box::new(Self(compress(true)))
    }
}

/// gzip: one member, which tells neither a name nor a time.
#[cfg(feature = "gzip")]
struct Gzip {
    compress: Compress,
    content: flate2::Crc,
    /// Whether the header stands in front.
    begun: Begun,
}

#[cfg(feature = "gzip")]
#[derive(PartialEq, Eq)]
enum Begun {
    NotYet,
    Written,
}

/// Deflate data, no flags, no time, no hint, an unknown system (RFC 1952 2.3).
#[cfg(feature = "gzip")]
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

#[cfg(feature = "gzip")]
impl Gzip {
    fn new() -> Self {
        Self { compress: compress(false), content: flate2::Crc::new(), begun: Begun::NotYet }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.begun == Begun::NotYet {
            out.extend_from_slice(&GZIP_HEADER);
            self.begun = Begun::Written;
        }
    }
}

#[cfg(feature = "gzip")]
impl Encode for Gzip {
    fn push(&mut self, input: &[u8], out: &mut Vec<u8>) {
        self.begin(out);
        self.content.update(input);
        run(&mut self.compress, input, FlushCompress::None, out);
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        run(&mut self.compress, &[], FlushCompress::Finish, out);
        out.extend_from_slice(&self.content.sum().to_le_bytes());
        // Modulo 2^32, as the format has it.
        out.extend_from_slice(&self.content.amount().to_le_bytes());
    }

    fn fresh(&self) -> Box<dyn Encode + Send> {
        Box::new(Self::new())
    }
}

#[cfg(test)]
mod tests {
    use super::Encoder;
    use crate::content::coding::decoder::{Decoder, Pulled};
    use crate::content::coding::{Coding, Codings};
    use crate::error::{ErrorKind, Fault};
    use crate::limits::Limits;
    use bytes::Bytes;
    use http::header::CONTENT_ENCODING;
    use http::{HeaderMap, HeaderValue};

    fn decoded(coding: Coding, coded: &[u8]) -> Vec<u8> {
        let fields = HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(coding.name()))]);
        let mut decoder = Decoder::of(&fields, Codings::compiled_in(), &Limits::default()).unwrap().unwrap();
        decoder.push(Bytes::copy_from_slice(coded));
        decoder.finish();
        let (mut content, mut room) = (Vec::new(), [0; 4096]);
        while let Pulled::Data(n) = decoder.pull(&mut room).unwrap() {
            content.extend_from_slice(&room[..n]);
        }
        content
    }

    fn sample(length: usize) -> Vec<u8> {
        (0..length).map(|n| u8::try_from((n * n / 7) % 251).unwrap()).collect()
    }

    fn coded(coding: Coding) -> Option<Encoder> {
        Codings::compiled_in().contains(coding).then(|| Encoder::new(coding).unwrap())
    }

    #[test]
    fn what_is_coded_is_read_again_however_it_was_pushed() {
        for mut encoder in [Coding::Gzip, Coding::Deflate].into_iter().filter_map(coded) {
            for (length, piece) in [(0, 1), (1, 1), (1000, 7), (300_000, 100_000), (300_000, 4096)] {
                let content = sample(length);
                let mut out = Vec::new();
                for part in content.chunks(piece) {
                    encoder.push(part);
                    let some = encoder.piece().len() / 2;
                    out.extend_from_slice(&encoder.piece()[..some]);
                    encoder.consume(some);
                }
                encoder.finish();
                out.extend_from_slice(encoder.piece());
                assert_eq!(decoded(encoder.coding(), &out), content, "{encoder:?} {length}");
                assert_eq!(decoded(encoder.coding(), &encoder.whole(&content)), content);
                encoder = encoder.fresh();
            }
        }
    }

    #[test]
    fn what_nothing_codes_is_unsupported_and_the_callers_fault() {
        for coding in [Coding::Brotli, Coding::Zstd] {
            let error = Encoder::new(coding).unwrap_err();
            assert_eq!((error.kind(), error.fault()), (ErrorKind::Unsupported, Fault::Caller));
            assert!(error.to_string().contains(coding.name()), "{error}");
        }
    }
}

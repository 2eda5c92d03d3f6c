//! Bodies in each content coding: made here where there is an encoder, and as bytes where there is none.

use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use std::io::{Read, Write};

/// What the [`samples`] hold.
pub const TEXT: &str = "the content of a body, the content of a body";

/// [`TEXT`] by the Python package brotli 1.2.1, with the largest window (16 MiB).
pub const BR: &[u8] = b"\x1f\x2b\x00\xf8\xa5\xc3\xca\xd0\xe8\xa4\x22\x9e\x2c\x93\x26\x20\xb4\x52\x67\x30\x70\x1e\x76";

/// [`TEXT`] by the Python package zstandard 0.25.0, with a checksum.
pub const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd\x24\x2c\xed\x00\x00\xb8\x74\x68\x65\x20\x63\x6f\x6e\x74\x65\x6e\x74\x20\x6f\x66\x20\x61\x20\x62\x6f\x64\x79\x2c\x20\x01\x00\xf5\x9b\x4d\x1e\x2f\x2d\x5f";

/// As a member of gzip (RFC 1952).
///
/// # Panics
/// Never: nothing fails in memory.
#[must_use]
pub fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content.as_ref()).and_then(|()| encoder.finish()).expect("in memory")
}

/// In the zlib format (RFC 1950), which is what `deflate` names.
///
/// # Panics
/// Never: nothing fails in memory.
#[must_use]
pub fn zlib(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content.as_ref()).and_then(|()| encoder.finish()).expect("in memory")
}

/// As raw deflate data (RFC 1951), which some servers call `deflate`.
///
/// # Panics
/// Never: nothing fails in memory.
#[must_use]
pub fn raw_deflate(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content.as_ref()).and_then(|()| encoder.finish()).expect("in memory")
}

/// The content of one whole member of gzip, checked; none where it is anything else.
#[must_use]
pub fn gunzip(coded: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    GzDecoder::new(coded).read_to_end(&mut content).ok().map(|_| content)
}

/// The content of data in the zlib format, checked; none where it is anything else.
#[must_use]
pub fn unzlib(coded: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    ZlibDecoder::new(coded).read_to_end(&mut content).ok().map(|_| content)
}

/// [`TEXT`] in each coding, by the coding's name; `deflate` in both of its shapes.
#[must_use]
pub fn samples() -> [(&'static str, Vec<u8>); 5] {
    let text = TEXT.as_bytes();
    [
        ("gzip", gzip(text)),
        ("deflate", zlib(text)),
        ("deflate", raw_deflate(text)),
        ("br", BR.to_vec()),
        ("zstd", ZSTD.to_vec()),
    ]
}

//! Bombs: coded bodies that become very large, and those that need a large window.

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use std::io::Write;

/// A MiB of zero bytes by the same package brotli with the largest window, one more of them, and the end.
const BR_ZEROS: [&[u8]; 3] = [
    b"\xaf\xff\xff\x07\x40\x02\x20\x1e\x0b\x24\xf7\xfe\xc1\x00",
    b"\xfa\xff\x7f\x00\x24\x00\xe2\xb0\x00\x74\xef\x1f\x0c",
    b"\x03",
];

/// A writer that codes what is written to it.
pub(super) trait Encode: Write {
    /// What came of what was written so far.
    fn coded(&self) -> &[u8];
}

macro_rules! encode {
    ($($encoder:ident),*) => {$(
        impl Encode for $encoder<Vec<u8>> {
            fn coded(&self) -> &[u8] {
                self.get_ref()
            }
        }
    )*};
}

encode!(GzEncoder, ZlibEncoder, DeflateEncoder);

/// Zero bytes: how the coded data begins, and what makes it longer each time that it is said again.
#[derive(Clone)]
pub(super) struct Zeros {
    pub(super) coding: &'static str,
    pub(super) start: Vec<u8>,
    pub(super) again: Vec<u8>,
}

/// Zero bytes without end, in each coding.
pub(super) fn bombs() -> Result<[Zeros; 5], String> {
    let level = Compression::best();
    let br = |index: usize| BR_ZEROS.get(index).copied().unwrap_or_default().to_vec();
    Ok([
        zeros("gzip", GzEncoder::new(Vec::new(), level))?,
        zeros("deflate", ZlibEncoder::new(Vec::new(), level))?,
        zeros("deflate", DeflateEncoder::new(Vec::new(), level))?,
        Zeros { coding: "br", start: br(0), again: br(1) },
        Zeros { coding: "zstd", start: zstd_frame(0x68), again: ZSTD_ZEROS.to_vec() },
    ])
}

fn zeros(coding: &'static str, mut encoder: impl Encode) -> Result<Zeros, String> {
    let mut write = || {
        encoder.write_all(&vec![0; 1 << 20]).and_then(|()| encoder.flush()).map_err(|error| error.to_string())?;
        Ok::<_, String>(encoder.coded().to_vec())
    };
    let start = write()?;
    let again = write()?.split_off(start.len());
    Ok(Zeros { coding, start, again })
}

/// How a frame of zstd with this window begins (RFC 8878 3.1.1.1.2).
pub(super) fn zstd_frame(window: u8) -> Vec<u8> {
    vec![0x28, 0xb5, 0x2f, 0xfd, 0, window]
}

/// A block of zstd: 128 KiB of zero bytes.
pub(super) const ZSTD_ZEROS: [u8; 4] = [0x02, 0, 0x10, 0];

/// 9 MiB of zero bytes with the largest window that there is and is allowed: of br 16 MiB, of zstd 8 MiB.
pub(super) fn large_windows() -> [(&'static str, Vec<u8>); 2] {
    let [start, again, end] = BR_ZEROS;
    let zstd = [zstd_frame(0x68), ZSTD_ZEROS.repeat(71), vec![0x03, 0, 0x10, 0]].concat();
    [("br", [start, &again.repeat(8), end].concat()), ("zstd", zstd)]
}

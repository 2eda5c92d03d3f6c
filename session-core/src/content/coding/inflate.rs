//! Deflate data (RFC 1951) one step at a time, for the two codings that hold it.

use super::Coding;
use super::decoder::{Progress, damaged};
use crate::error::Error;
use flate2::{Decompress, FlushDecompress, Status};

/// One step of the crate's own decoder.
pub(super) fn inflate(
    inflate: &mut Decompress,
    coding: Coding,
    input: &[u8],
    output: &mut [u8],
) -> Result<(Progress, Status), Error> {
    let (read, written) = (inflate.total_in(), inflate.total_out());
    let status = inflate
        .decompress(input, output, FlushDecompress::None)
        .map_err(|source| damaged(coding, "it is no deflate data").with_source(source))?;
    let step = |now: u64, before: u64| usize::try_from(now.saturating_sub(before)).unwrap_or(usize::MAX);
    let progress = Progress { read: step(inflate.total_in(), read), written: step(inflate.total_out(), written) };
    Ok((progress, status))
}

//! Brotli (RFC 7932). Its window is at most 16 MiB by the format; the larger ones of a later extension are refused. Nothing may
//! come after the end.

use super::Coding;
use super::decoder::{Codec, Progress, damaged};
use crate::error::Error;
use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

type State = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

/// Decodes br.
pub(super) struct Brotli {
    at: At,
}

enum At {
    Start,
    Data(Box<State>),
    End,
}

impl Brotli {
    pub(super) fn new() -> Self {
        Self { at: At::Start }
    }
}

impl Codec for Brotli {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Error> {
        if input.is_empty() && !matches!(self.at, At::Data(_)) {
            return Ok(Progress::default());
        }
        if matches!(self.at, At::Start) {
            let alloc = StandardAlloc::default;
            self.at = At::Data(Box::new(State::new_strict(alloc(), alloc(), alloc())));
        }
        let At::Data(state) = &mut self.at else {
            return Err(damaged(Coding::Brotli, "something comes after its end").with_came(input));
        };
        let (mut input_left, mut output_left) = (input.len(), output.len());
        let (mut read, mut written, mut total) = (0, 0, 0);
        let result = BrotliDecompressStream(
            &mut input_left,
            &mut read,
            input,
            &mut output_left,
            &mut written,
            output,
            &mut total,
            state,
        );
        match result {
            BrotliResult::ResultSuccess => self.at = At::End,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
            BrotliResult::ResultFailure => return Err(damaged(Coding::Brotli, "it is no Brotli data")),
        }
        Ok(Progress { read, written })
    }

    fn may_end(&self) -> bool {
        !matches!(self.at, At::Data(_))
    }

    fn coding(&self) -> Coding {
        Coding::Brotli
    }
}

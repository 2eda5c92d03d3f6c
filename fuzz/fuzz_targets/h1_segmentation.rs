//! The same bytes in any pieces: see `session_fuzz::h1`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use session_fuzz::h1::{Segmented, check_segmentation};

fuzz_target!(|segmented: Segmented<'_>| check_segmentation(&segmented));

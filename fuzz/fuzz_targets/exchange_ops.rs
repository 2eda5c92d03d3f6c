//! A session under any operations: see `session_fuzz::exchange`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use session_fuzz::exchange::{Life, check_life};

fuzz_target!(|life: Life<'_>| check_life(&life));

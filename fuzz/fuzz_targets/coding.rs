//! Coded bodies: see `session_fuzz::codings`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use session_fuzz::codings::{Coded, check_coding};

fuzz_target!(|coded: Coded<'_>| check_coding(&coded));

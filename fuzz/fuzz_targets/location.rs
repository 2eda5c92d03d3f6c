//! A Location against a base: see `session_fuzz::locations`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use session_fuzz::locations::{Location, check_location};

fuzz_target!(|location: Location<'_>| check_location(&location));

//! Server-sent events: see `session_fuzz::streams`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use session_fuzz::streams::{Cut, check_events};

fuzz_target!(|body: Cut<'_>| check_events(body));

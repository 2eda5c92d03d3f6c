//! The life of a jar beside a naive model: see `session_fuzz::jar`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use session_fuzz::cookies::Script;
use session_fuzz::jar::check_jar;

fuzz_target!(|script: Script<'_>| check_jar(&script));

//! A conversation with a cookie jar: see `session_fuzz::cookies`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use session_fuzz::cookies::{Script, check_script};

fuzz_target!(|script: Script<'_>| check_script(&script));

//! Any bytes as a cookie file: see `session_fuzz::jar`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use session_fuzz::jar::check_netscape;

fuzz_target!(|bytes: &[u8]| check_netscape(bytes));

//! Any lines as challenges for credentials: see `session_fuzz::challenges`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use session_fuzz::challenges::check_challenges;

fuzz_target!(|bytes: &[u8]| check_challenges(bytes));

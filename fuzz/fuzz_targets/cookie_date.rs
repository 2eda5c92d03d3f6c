//! Any bytes as a cookie date: see `session_fuzz::dates`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use session_fuzz::dates::check_date;

fuzz_target!(|bytes: &[u8]| check_date(bytes));

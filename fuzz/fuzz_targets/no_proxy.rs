//! A list of exceptions to proxies: see `session_fuzz::no_proxy`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use session_fuzz::no_proxy::{Asked, check_no_proxy};

fuzz_target!(|asked: Asked<'_>| check_no_proxy(&asked));

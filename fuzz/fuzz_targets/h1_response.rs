//! Any bytes as the response to any request: see `session_fuzz::h1`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use session_fuzz::h1::{Response, check_response};

fuzz_target!(|response: Response<'_>| check_response(&response));

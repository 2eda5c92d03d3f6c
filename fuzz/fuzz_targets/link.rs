//! Link fields: see `session_fuzz::links`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use session_fuzz::links::check_links;

fuzz_target!(|field: &[u8]| check_links(field));

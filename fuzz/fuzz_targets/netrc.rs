//! Entries of a netrc file, and anything behind them: see `session_fuzz::netrc`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use session_fuzz::netrc::{File, check_netrc};

fuzz_target!(|file: File<'_>| check_netrc(&file));

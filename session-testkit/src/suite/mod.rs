//! Behaviour as data: the cases of `suites/`, their strict reading, their runners and their checks.
//!
//! The format is defined in `suites/README.md`. A file is an array of cases; each case is read by itself, so one that does
//! not read is an error of that case alone. What is checked knows the format only, never a case.

pub mod case;
pub mod cli;
pub mod cookie_date;
pub mod cookies;
pub mod expected;
pub mod jar;
pub mod outcome;
pub mod run;
pub mod scenario;
pub mod time;
pub mod value;
pub mod wire;

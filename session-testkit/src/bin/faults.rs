//! Plays the fault matrix, every way of a server to misbehave on every transport: `faults [--on TRANSPORT|all] [--here] [ROW]...`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(session_testkit::hostile::matrix::main(std::env::args().skip(1)))
}

//! Runs suites: `suite [--on core|blocking|tokio|async-std|smol|all] [--verbose] FILE...`. The format stands in
//! `suites/README.md`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(session_testkit::suite::cli::main(std::env::args().skip(1)))
}

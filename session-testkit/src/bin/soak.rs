//! Asks very many requests of a server whose connections end all the time: `soak [--on blocking|tokio|all] [REQUESTS]`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(session_testkit::soak::cli::main(std::env::args().skip(1)))
}

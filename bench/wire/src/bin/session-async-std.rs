//! Ours on async-std.

#[path = "../asynchronous/session.rs"]
mod session;

use std::process::ExitCode;

mod runtime {
    pub use bench_wire::run_async_std as run;
    pub use transport_async_std::{Body, Session, session_core};
}

fn main() -> ExitCode {
    session::main()
}

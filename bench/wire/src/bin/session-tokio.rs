//! Ours on tokio.

#[path = "../asynchronous/session.rs"]
mod session;

use std::process::ExitCode;

mod runtime {
    pub use bench_wire::run_async as run;
    pub use transport_tokio::{Body, Session, session_core};
}

fn main() -> ExitCode {
    session::main()
}

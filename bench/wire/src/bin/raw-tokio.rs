//! The limit on tokio.

#[path = "../asynchronous/raw.rs"]
mod raw;

use std::process::ExitCode;

mod runtime {
    pub use bench_wire::run_async as run;
    pub use tokio::io::{AsyncReadExt as ReadExt, AsyncWriteExt as WriteExt};
    pub use tokio::net::TcpStream;
}

fn main() -> ExitCode {
    raw::main()
}

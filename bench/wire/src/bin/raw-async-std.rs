//! The limit on async-std.

#[path = "../asynchronous/raw.rs"]
mod raw;

use std::process::ExitCode;

mod runtime {
    pub use async_std::io::{ReadExt, WriteExt};
    pub use async_std::net::TcpStream;
    pub use bench_wire::run_async_std as run;
}

fn main() -> ExitCode {
    raw::main()
}

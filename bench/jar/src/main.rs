//! The cookie jar in instructions and bytes, beside its targets.
//!
//! Without arguments it runs every workload of [`work`] under callgrind, once with N and once with twice as many
//! operations: the difference is what N operations cost, without start and setup. What cookies weigh is counted by memcheck
//! in the same way. No clock is read. With the name of a workload and a number it does that much work and prints nothing;
//! that is what valgrind runs.

mod table;
mod work;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.as_slice() {
        [] => table::print(),
        [name, operations] => work::run(name, operations).map(|()| true),
        _ => Err("usage: bench-jar [workload operations]".into()),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench-jar: {error}");
            ExitCode::from(2)
        }
    }
}

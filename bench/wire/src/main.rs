//! Requests over loopback, side by side with other clients: ratios of interleaved runs, and counts.
//!
//! `bench-wire` prints everything, `bench-wire memory` what streaming takes, `bench-wire counts` instructions, allocations and system calls (valgrind and strace count
//! them; nothing else needs to be quiet), `bench-wire times [ROUNDS]` the ratios (nothing else should run). Figures that have a
//! target stand beside it; a missed one is marked and makes the exit status 1.

mod clients;
mod counts;
mod times;

use bench_wire::Outcome;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match print(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench-wire: {error}");
            ExitCode::from(2)
        }
    }
}

fn print(arguments: &[&str]) -> Outcome<bool> {
    let server = clients::Server::start()?;
    let reached = match arguments {
        [] => counts::print(&server)? & times::print_memory(&server)? & times::print(&server, 5)?,
        ["memory"] => times::print_memory(&server)?,
        ["counts"] => counts::print(&server)?,
        ["times"] => times::print(&server, 5)?,
        ["times", rounds] => times::print(&server, rounds.parse()?)?,
        _ => return Err("usage: bench-wire [counts | memory | times [ROUNDS]]".into()),
    };
    println!("\n{}", if reached { "every target is reached" } else { "a target is missed" });
    Ok(reached)
}

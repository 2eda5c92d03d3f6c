//! Runs the workloads under callgrind and prints what they cost.

use crate::work::{HOSTILE, WORK};
use std::error::Error;
use std::process::Command;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Prints the whole table; whether every target is reached.
pub fn print() -> Outcome<bool> {
    let mut reached = true;
    println!("{:<70}{:>12}{:>10}", "instructions per operation", "measured", "target");
    for work in WORK {
        let operations = work.operations;
        let each =
            (instructions(work.name, operations * 2)? - instructions(work.name, operations)?) / i64::from(operations);
        reached &= row(work.what, each, work.target.map(u64::cast_signed));
    }
    println!("\n{:<70}{:>12}{:>10}", "bytes per stored cookie of a 100-byte line", "measured", "target");
    for (name, what) in [("held-10", "10 for each of 1,000 sites"), ("held-1", "1 for each of 10,000 sites")] {
        reached &= row(what, (bytes_held(name, 20_000)? - bytes_held(name, 10_000)?) / 10_000, Some(399));
    }
    println!(
        "\n{:<70}{:>12}{:>10}",
        "hostile lines of up to 4 KiB: instructions per line, 10,000 of them", "measured", "target"
    );
    for (name, what, line) in HOSTILE {
        let each = (instructions(name, 10_000)? - instructions(name, 5_000)?) / 5_000;
        // Linear: so many instructions for each byte, whatever the bytes are.
        reached &= row(what, each, Some(i64::try_from(line().len())? * PER_BYTE));
    }
    println!(
        "\n{:<70}{:>12}{:>10}",
        "cookies made to collide: cost of the 8th thousand by that of the 4th", "measured", "target"
    );
    for (name, what) in [
        ("names-1", "names of one site alike but for their end (% of the 4th)"),
        ("sites-1", "hosts below one domain, clear text (% of the 4th)"),
    ] {
        let counts = [3000, 4000, 7000, 8000].map(|count| instructions(name, count));
        let [three, four, seven, eight] = counts;
        let percent = (eight? - seven?) * 100 / (four? - three?).max(1);
        reached &= row(what, percent, Some(125));
    }
    println!("\n{}", if reached { "every target is reached" } else { "a target is missed" });
    Ok(reached)
}

/// What a hostile line may cost for each of its bytes.
const PER_BYTE: i64 = 50;

fn row(what: &str, measured: i64, target: Option<i64>) -> bool {
    let reached = target.is_none_or(|target| measured <= target);
    let target = target.map(|target| format!("{target}")).unwrap_or_default();
    println!("{what:<70}{measured:>12}{target:>10}{}", if reached { "" } else { "  missed" });
    reached
}

/// The instructions of one run of a workload.
fn instructions(name: &str, operations: u32) -> Outcome<i64> {
    valgrind(&["--tool=callgrind", "--callgrind-out-file=/dev/null"], name, operations, "Collected : ")
}

/// The bytes that one run of a workload leaves allocated, as they were asked for.
fn bytes_held(name: &str, operations: u32) -> Outcome<i64> {
    valgrind(&["--tool=memcheck", "--leak-check=no", "--undef-value-errors=no"], name, operations, "in use at exit: ")
}

/// The number that stands in valgrind's log behind `label`.
fn valgrind(tool: &[&str], name: &str, operations: u32, label: &str) -> Outcome<i64> {
    let output = Command::new("valgrind")
        .args(tool)
        .arg(std::env::current_exe()?)
        .args([name, &operations.to_string()])
        .output()
        .map_err(|error| format!("valgrind does not run: {error}"))?;
    let log = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{name} failed:\n{log}").into());
    }
    let line = log.lines().find_map(|line| line.split_once(label)).ok_or("valgrind gave no count")?;
    Ok(line.1.split_whitespace().next().unwrap_or_default().replace(',', "").parse()?)
}

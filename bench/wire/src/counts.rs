//! What one request costs in instructions, allocations and system calls: the difference of two runs of which one is longer,
//! so that start and end fall out.

use crate::clients::{CLIENTS, Server};
use bench_wire::{Outcome, Workload};

/// What is counted, by which tool, and where in the tool's report the number stands.
struct Count {
    what: &'static str,
    tool: &'static [&'static str],
    read: fn(&str) -> Option<i64>,
}

const INSTRUCTIONS: Count = Count {
    what: "instructions",
    tool: &["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"],
    read: |report| after(report, "Collected : "),
};

const ALLOCATIONS: Count = Count {
    what: "allocations",
    tool: &["valgrind", "--tool=memcheck", "--leak-check=no", "--undef-value-errors=no"],
    read: |report| after(report, "total heap usage: "),
};

const SYSTEM_CALLS: Count = Count {
    what: "system calls",
    tool: &["strace", "-f", "-c", "-U", "calls,name"],
    read: |report| {
        report.lines().find(|line| line.trim_end().ends_with("total"))?.split_whitespace().next()?.parse().ok()
    },
};

/// What may be used at most of a count, by one of ours.
fn target(client: &str, workload: Workload, count: &Count) -> Option<f64> {
    match (client, workload, count.what) {
        ("session-blocking", Workload::Small, "instructions") => Some(20_000.0),
        ("session-tokio", Workload::Small, "instructions") => Some(22_000.0),
        // A chain is ten hops and one answer.
        ("session-blocking" | "session-tokio", Workload::Redirects, "instructions") => Some(220_000.0),
        ("session-blocking" | "session-tokio", Workload::Small, "allocations") => Some(14.0),
        ("session-blocking" | "session-tokio", Workload::Small, "system calls") => Some(3.05),
        _ => None,
    }
}

/// Prints the counts; whether every target is reached.
pub fn print(server: &Server) -> Outcome<bool> {
    let mut reached = true;
    for (workload, few, title) in [
        (Workload::Small, 400, "W1: one warm GET of 1 KiB"),
        (Workload::Redirects, 100, "W4: one chain of ten redirects"),
    ] {
        println!("\n{title:<36}{:>14}{:>14}{:>14}", "instructions", "allocations", "system calls");
        for client in CLIENTS.iter().filter(|client| client.does(workload)) {
            let mut line = format!("{:<36}", client.name);
            let mut missed = Vec::new();
            for count in [INSTRUCTIONS, ALLOCATIONS, SYSTEM_CALLS] {
                let many = once(server, client.name, workload, few * 2, &count)?;
                let each = (many - once(server, client.name, workload, few, &count)?) as f64 / few as f64;
                line.push_str(&format!("{each:>14.1}"));
                if let Some(target) = target(client.name, workload, &count).filter(|&target| each > target) {
                    missed.push(format!("  {} missed: {target}", count.what));
                }
            }
            reached &= missed.is_empty();
            println!("{line}{}", missed.concat());
        }
    }
    Ok(reached)
}

fn once(server: &Server, client: &str, workload: Workload, operations: usize, count: &Count) -> Outcome<i64> {
    let output = server.command(client, workload, operations, count.tool)?.output()?;
    let report = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{client} failed under {}:\n{report}", count.what).into());
    }
    (count.read)(&report).ok_or_else(|| format!("no {} in the report on {client}:\n{report}", count.what).into())
}

/// The number that stands behind `label`.
fn after(report: &str, label: &str) -> Option<i64> {
    let (_, rest) = report.lines().find_map(|line| line.split_once(label))?;
    rest.split_whitespace().next()?.replace(',', "").parse().ok()
}

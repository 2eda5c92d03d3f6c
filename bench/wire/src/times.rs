//! How fast, by ratios: every client does the same work in turn, round after round, and what counts is its part of the raw
//! loop's pace in the same round. Times themselves drift on any machine; the middle of the ratios does not.

use crate::clients::{CLIENTS, Client, SECURED_RAW, Server};
use bench_wire::{Outcome, Workload};

/// How much each run does: long enough for a tenth of a second and more.
const WORK: &[(Workload, usize)] = &[
    (Workload::Small, 8000),
    (Workload::Many, 12_800),
    (Workload::Login, 8000),
    (Workload::Redirects, 800),
    (Workload::Download, 256),
    (Workload::Upload, 256),
    (Workload::Chunked, 64),
    (Workload::Secured, 8000),
];

/// What one run took.
#[derive(Clone, Copy)]
struct Took {
    wall: f64,
    processor: f64,
    /// KiB of memory at its height.
    memory: f64,
}

/// The least part of another client's pace that one of ours should have, in `W1 .. W4`.
#[rustfmt::skip]
const TARGETS: &[(&str, &str, Workload, f64)] = &[
    ("session-blocking", "raw-std", Workload::Small, 0.90),
    ("session-blocking", "raw-std", Workload::Many, 0.75),
    ("session-blocking", "raw-std", Workload::Redirects, 0.90),
    ("session-tokio", "raw-tokio", Workload::Small, 0.90),
    ("session-tokio", "raw-tokio", Workload::Many, 0.75),
    ("session-tokio", "raw-tokio", Workload::Redirects, 0.90),
    ("session-async-std", "raw-async-std", Workload::Small, 0.85),
    ("session-async-std", "raw-async-std", Workload::Many, 0.70),
    ("session-tokio", "hyper", Workload::Small, 1.0),
    ("session-tokio", "hyper", Workload::Many, 1.0),
    ("session-tokio", "hyper", Workload::Login, 1.0),
    ("session-tokio", "hyper", Workload::Redirects, 1.0),
    ("session-tokio", "reqwest", Workload::Small, 1.15),
    ("session-tokio", "reqwest", Workload::Many, 1.6),
    ("session-tokio", "reqwest", Workload::Redirects, 1.2),
    ("session-blocking", "ureq", Workload::Small, 1.15),
    ("session-blocking", "ureq", Workload::Many, 1.4),
    ("session-blocking", "ureq", Workload::Redirects, 1.2),
];

/// What the processor may spend on a byte at most, by the raw loop's.
const MOST_PER_BYTE: f64 = 1.10;

/// What it may spend on a request over TLS, by that of the loop over rustls.
const MOST_SECURED: f64 = 1.15;

/// How much is streamed where memory is looked at, in MiB.
const STREAMED: usize = 256;

/// How many KiB that may take.
const MOST_MEMORY: f64 = 2048.0;

/// Prints the ratios of so many rounds; whether every target is reached.
pub fn print(server: &Server, rounds: usize) -> Outcome<bool> {
    let mut reached = true;
    println!("\npace by the raw loop's (processor time by the raw loop's), median of {rounds} interleaved rounds");
    for &(workload, count) in WORK {
        let clients: Vec<&Client> = CLIENTS.iter().filter(|client| client.does(workload)).collect();
        let mut all: Vec<Vec<Took>> = clients.iter().map(|_| Vec::new()).collect();
        for _ in 0..rounds {
            for (client, took) in clients.iter().zip(&mut all) {
                took.push(once(server, client, workload, count)?);
            }
        }
        let of = |name: &str| clients.iter().position(|client| client.name == name).and_then(|at| all.get(at));
        println!("\n{workload}, {count}");
        for (client, took) in clients.iter().zip(&all) {
            let raw = if workload == Workload::Secured { SECURED_RAW } else { client.kind.raw() };
            let raw = of(raw).ok_or("no raw loop")?;
            let pace = median(raw, took, |raw, took| raw.wall / took.wall);
            let processor = median(raw, took, |raw, took| took.processor / raw.processor);
            let mut line = format!("  {:<20}{pace:>6.2} ({processor:.2})", client.name);
            let ours = client.name.starts_with("session-");
            let most = match workload {
                Workload::Secured => MOST_SECURED,
                _ if workload.bytes(count) > 0 => MOST_PER_BYTE,
                _ => f64::INFINITY,
            };
            if ours && processor > most {
                reached = false;
                line.push_str(&format!("  processor missed: {most}"));
            }
            for (_, peer, _, target) in
                TARGETS.iter().filter(|(name, _, which, _)| *name == client.name && *which == workload)
            {
                let pace = median(of(peer).ok_or("no peer")?, took, |peer, took| peer.wall / took.wall);
                let mark = if pace < *target { " missed" } else { "" };
                reached &= pace >= *target;
                line.push_str(&format!("  {peer} {pace:.2} (at least {target}{mark})"));
            }
            println!("{line}");
        }
    }
    Ok(reached)
}

/// How many KiB more memory streaming takes than one small answer, in each of ours; whether it is little enough.
pub fn print_memory(server: &Server) -> Outcome<bool> {
    let mut reached = true;
    println!(
        "\nKiB of memory that {STREAMED} MiB take, sent or read, beyond those of one small answer (at most {MOST_MEMORY})"
    );
    for client in CLIENTS.iter().filter(|client| client.does(Workload::Small)) {
        let idle = once(server, client, Workload::Small, 1)?.memory;
        let mut line = format!("  {:<20}", client.name);
        for workload in [Workload::Download, Workload::Upload, Workload::Chunked] {
            let more = once(server, client, workload, STREAMED)?.memory - idle;
            let missed = client.name.starts_with("session-") && more > MOST_MEMORY;
            reached &= !missed;
            line.push_str(&format!("  {workload} {more:>6.0}{}", if missed { " missed" } else { "" }));
        }
        println!("{line}");
    }
    Ok(reached)
}

fn median(base: &[Took], took: &[Took], ratio: impl Fn(&Took, &Took) -> f64) -> f64 {
    let mut ratios: Vec<f64> = base.iter().zip(took).map(|(base, took)| ratio(base, took)).collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
}

fn once(server: &Server, client: &Client, workload: Workload, count: usize) -> Outcome<Took> {
    let output = server.command(client.name, workload, count, &[])?.output()?;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        return Err(format!("{} failed: {}", client.name, String::from_utf8_lossy(&output.stderr)).into());
    }
    let mut numbers = text.split_whitespace().map(str::parse);
    match (numbers.next(), numbers.next(), numbers.next()) {
        (Some(Ok(wall)), Some(Ok(processor)), Some(Ok(memory))) => Ok(Took { wall, processor, memory }),
        _ => Err(format!("{} said {text:?}", client.name).into()),
    }
}

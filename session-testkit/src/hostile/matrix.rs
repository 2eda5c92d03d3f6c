//! All rows on all transports: playing them, and telling what became of each.

use crate::hostile::async_std::{AsyncStd, On, Smol};
use crate::hostile::blocking::Blocking;
use crate::hostile::client::Client;
use crate::hostile::row::{Play, Row, all};
use crate::hostile::stage::{Outcome, Stage};
use crate::hostile::tokio::Tokio;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How it is called.
pub const USAGE: &str = "usage: faults [--on TRANSPORT|all] [--here] [ROW]...
--here: one row after the other, all of them in this process";

const HERE: &str = "--here";

/// What stands before the reason of a failure.
const FAIL: &str = "FAIL: ";

/// How long a row may take before it counts as one that hangs.
const MOST: Duration = Duration::from_secs(30);

/// How many rows are played at once: most of them wait.
const AT_ONCE: usize = 6;

/// A transport's column of the matrix.
struct Column {
    name: &'static str,
    cells: Vec<Cell>,
}

/// A row on one transport.
#[derive(Clone)]
struct Cell {
    on: &'static str,
    number: &'static str,
    name: &'static str,
    play: How,
}

/// How a cell is played.
#[derive(Clone)]
enum How {
    /// In this process.
    Here(Arc<Played>),
    /// In a process of its own.
    Alone(Arc<Played>),
}

type Played = dyn Fn() -> Result<(), String> + Send + Sync;

/// What became of a row on a transport.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Ok,
    Failed(String),
}

/// How many cells ended in which way.
#[derive(Default)]
struct Counts {
    ok: usize,
    failed: usize,
}

/// Every transport of this build.
#[rustfmt::skip]
fn columns() -> Vec<Column> {
    vec![
        column::<Blocking>(),
        column::<Tokio>(),
        column::<On<AsyncStd>>(),
        column::<On<Smol>>(),
    ]
}

fn column<C: Client>() -> Column {
    let played = |play: fn(&Stage<C>) -> Outcome| -> Arc<Played> {
        Arc::new(move || {
            let client = C::start().map_err(|error| format!("the transport does not start: {error}"))?;
            play(&Stage::new(client)).map(drop)
        })
    };
    let cell = |Row { number, name, play }: Row<C>| {
        let play = match play {
            Play::Now(play) => How::Here(played(play)),
            Play::Alone(play) => How::Alone(played(play)),
        };
        Cell { on: C::NAME, number, name, play }
    };
    Column { name: C::NAME, cells: all::<C>().into_iter().map(cell).collect() }
}

/// Plays what the arguments say, prints it and gives the exit status: 0, 1 where a row failed, 2 for bad arguments.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = String>) -> u8 {
    let (columns, at_once) = match chosen(arguments) {
        Ok(chosen) => chosen,
        Err(message) => {
            let names: Vec<_> = columns().iter().map(|column| column.name).collect();
            eprintln!("{message}\n{USAGE}\ntransports: {}", names.join(", "));
            return 2;
        }
    };
    // A panic is told by its row.
    std::panic::set_hook(Box::new(|_| {}));
    let started = Instant::now();
    let told = play(&columns, at_once);
    let mut out = String::new();
    let rows = columns.first().map_or(0, |column| column.cells.len());
    for index in 0..rows {
        let line: Vec<_> = columns
            .iter()
            .zip(&told)
            .filter_map(|(column, told)| told.get(index).map(|it| (column.name, it)))
            .collect();
        let Some(cell) = columns.first().and_then(|column| column.cells.get(index)) else { continue };
        tell(&mut out, cell, &line);
    }
    print!("{out}");
    eprintln!("in {:.1} s", started.elapsed().as_secs_f64());
    let mut failed = 0;
    for (column, told) in columns.iter().zip(&told) {
        let counts = Counts::of(told);
        failed += counts.failed;
        println!("{}", counts.of_column(column));
    }
    u8::from(failed > 0)
}

impl Counts {
    fn of(told: &[Told]) -> Self {
        let mut counts = Self::default();
        for what in told {
            match what {
                Told::Ok => counts.ok += 1,
                Told::Failed(_) => counts.failed += 1,
            }
        }
        counts
    }

    /// The last word about a column. A row whose number ends in a letter stands beside the one of that number.
    fn of_column(&self, column: &Column) -> String {
        let Self { ok, failed } = self;
        let beside = column.cells.iter().filter(|cell| cell.number.ends_with(char::is_alphabetic)).count();
        let rows = column.cells.len() - beside;
        format!("{:<10} {rows} rows and {beside} beside them: {ok} ok, {failed} failed", column.name)
    }
}

/// The columns and rows that are asked for, and how many are played at once.
fn chosen(arguments: impl IntoIterator<Item = String>) -> Result<(Vec<Column>, usize), String> {
    let mut columns = columns();
    let mut numbers = Vec::new();
    let mut at_once = AT_ONCE;
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        if argument == "--on" {
            let name = arguments.next().ok_or("--on needs a transport")?;
            if name != "all" {
                columns.retain(|column| column.name == name);
            }
            if columns.is_empty() {
                return Err(format!("this build has no transport \"{name}\""));
            }
        } else if argument == HERE {
            at_once = 1;
        } else if argument.starts_with('-') {
            return Err(format!("unknown option {argument}"));
        } else {
            numbers.push(argument);
        }
    }
    for cell in columns.iter_mut().flat_map(|column| &mut column.cells).filter(|_| at_once == 1) {
        if let How::Alone(play) = &cell.play {
            cell.play = How::Here(Arc::clone(play));
        }
    }
    for column in columns.iter_mut().filter(|_| !numbers.is_empty()) {
        column.cells.retain(|cell| numbers.iter().any(|number| number == cell.number));
        if column.cells.is_empty() {
            return Err("there is no such row".to_owned());
        }
    }
    Ok((columns, at_once))
}

/// One line for a row: what became of it on each transport, and why it failed.
fn tell(out: &mut String, cell: &Cell, line: &[(&str, &Told)]) {
    let mut told = Vec::new();
    for (on, what) in line {
        let text = match what {
            Told::Ok => "ok".to_owned(),
            Told::Failed(why) => format!("{FAIL}{why}"),
        };
        // A peer's bytes may hold anything; a row is one line.
        let text: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
        told.push(format!("{on} {text}"));
    }
    // Writing to a string does not fail.
    let _ = writeln!(out, "{:>5}  {:<60}  {}", cell.number, cell.name, told.join(" | "));
}

/// Plays all rows of all columns, so many at once. Gives what became of each, in order.
fn play(columns: &[Column], at_once: usize) -> Vec<Vec<Told>> {
    let mut told: Vec<Vec<Told>> =
        columns.iter().map(|column| vec![Told::Failed("was not played".to_owned()); column.cells.len()]).collect();
    let places = columns.iter().enumerate().flat_map(|(at, column)| (0..column.cells.len()).map(move |row| (at, row)));
    let waiting: Mutex<VecDeque<_>> = Mutex::new(places.collect());
    let (done, results) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            let (waiting, done) = (&waiting, done.clone());
            scope.spawn(move || {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some((at, row)) = next else { break };
                    let cell = columns.get(at).and_then(|column| column.cells.get(row));
                    // Nobody listens any more only where this ends.
                    let _ = done.send((at, row, cell.map_or(Told::Ok, play_one)));
                }
            });
        }
        drop(done);
        for (at, row, what) in results {
            if let Some(place) = told.get_mut(at).and_then(|column| column.get_mut(row)) {
                *place = what;
            }
        }
    });
    told
}

/// Plays a row, in bounded time. One that hangs keeps its thread.
fn play_one(cell: &Cell) -> Told {
    let (play, most) = match &cell.play {
        How::Here(play) => (Arc::clone(play), MOST),
        How::Alone(_) => {
            let (on, number) = (cell.on, cell.number);
            let play: Arc<Played> = Arc::new(move || in_own_process(on, number));
            // That process bounds the row.
            (play, 2 * MOST)
        }
    };
    let (done, wait) = mpsc::channel();
    let spawned = std::thread::Builder::new().name(format!("row {}", cell.number)).spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(|| play())).unwrap_or_else(|panic| {
            let message = panic.downcast_ref::<String>().map(String::as_str);
            let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            Err(format!("it panics: {message}"))
        });
        // Nobody listens any more where the time was up.
        let _ = done.send(result);
    });
    if let Err(error) = spawned {
        return Told::Failed(format!("no thread: {error}"));
    }
    match wait.recv_timeout(most) {
        Ok(Ok(())) => Told::Ok,
        Ok(Err(why)) => Told::Failed(why),
        Err(_) => Told::Failed(format!("it hangs: not over after {most:?}")),
    }
}

/// Plays a row by this program, called once more.
fn in_own_process(on: &str, number: &str) -> Result<(), String> {
    let run = || Command::new(std::env::current_exe()?).args([HERE, "--on", on, number]).stdin(Stdio::null()).output();
    let output = run().map_err(|error| format!("no process of its own: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stdout);
    let why = told.lines().find_map(|line| line.split_once(FAIL));
    Err(why.map_or_else(|| format!("its process ended so: {}", output.status), |(_, why)| why.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{Cell, HERE, How, Played, Told, chosen, columns, play_one};
    use std::sync::Arc;

    fn told(play: How) -> Told {
        play_one(&Cell { on: "nothing", number: "0", name: "a row", play })
    }

    fn here(play: fn() -> Result<(), String>) -> Arc<Played> {
        Arc::new(play)
    }

    #[test]
    fn a_row_passes_fails_or_panics_by_itself() {
        assert_eq!(told(How::Here(here(|| Ok(())))), Told::Ok);
        let fails = here(|| Err("why".to_owned()));
        assert_eq!(told(How::Here(fails)), Told::Failed("why".to_owned()));
        assert_eq!(told(How::Here(here(|| panic!("on purpose")))), Told::Failed("it panics: on purpose".to_owned()));
    }

    #[test]
    fn every_number_of_the_list_has_its_row() {
        for column in columns() {
            for number in 1..=117 {
                let number = number.to_string();
                assert!(column.cells.iter().any(|cell| cell.number == number), "{}: {number}", column.name);
            }
        }
    }

    #[test]
    fn each_row_has_a_number_of_its_own() {
        for column in columns() {
            let mut numbers: Vec<_> = column.cells.iter().map(|cell| cell.number).collect();
            let all = numbers.len();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), all, "{}", column.name);
        }
    }

    #[test]
    fn rows_and_transports_are_chosen_by_name() {
        let choose = |arguments: &[&str]| chosen(arguments.iter().map(|&argument| argument.to_owned()));
        let (columns, at_once) = choose(&["--on", "tokio", "3", "5"]).unwrap();
        assert_eq!((columns.len(), columns[0].cells.len()), (1, 2));
        assert!(at_once > 1);
        let (columns, at_once) = choose(&[HERE]).unwrap();
        assert_eq!(at_once, 1);
        assert!(columns.iter().all(|column| column.cells.iter().all(|cell| !matches!(cell.play, How::Alone(_)))));
        for bad in [&["--on"][..], &["--on", "moon"], &["--loud"], &["4711"]] {
            assert!(choose(bad).is_err(), "{bad:?}");
        }
    }
}

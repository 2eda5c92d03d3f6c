//! All rows on all transports: playing them, and telling what became of each.

use crate::hostile::async_std::{AsyncStd, On, Smol};
use crate::hostile::blocking::Blocking;
use crate::hostile::client::Client;
use crate::hostile::row::{Play, Row, all};
use crate::hostile::stage::Stage;
use crate::hostile::tokio::Tokio;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How it is called.
pub const USAGE: &str = "usage: faults [--on blocking|tokio|async-std|smol|all] [ROW]...";

/// How long a row may take before it counts as one that hangs.
const MOST: Duration = Duration::from_secs(20);

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
    number: &'static str,
    name: &'static str,
    /// How it is played; `None` where it is not.
    play: Option<Arc<Played>>,
    /// Why it may fail, or is not played.
    not_yet: Option<&'static str>,
}

type Played = dyn Fn() -> Result<(), String> + Send + Sync;

/// What became of a row on a transport.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Ok,
    Failed(String),
    NotYet(&'static str),
}

/// Every transport of this build.
fn columns() -> Vec<Column> {
    vec![column::<Blocking>(), column::<Tokio>(), column::<On<AsyncStd>>(), column::<On<Smol>>()]
}

fn column<C: Client>() -> Column {
    let cell = |Row { number, name, play }: Row<C>| {
        let (play, not_yet) = match play {
            Play::NotYet(why) => return Cell { number, name, play: None, not_yet: Some(why) },
            Play::Now(play) => (play, None),
            Play::Later(play, why) => (play, Some(why)),
        };
        let played = move || {
            let client = C::start().map_err(|error| format!("the transport does not start: {error}"))?;
            play(&Stage::new(client)).map(drop)
        };
        Cell { number, name, play: Some(Arc::new(played)), not_yet }
    };
    Column { name: C::NAME, cells: all::<C>().into_iter().map(cell).collect() }
}

/// Plays what the arguments say, prints it and gives the exit status: 0, 1 where a row failed, 2 for bad arguments.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = String>) -> u8 {
    let columns = match chosen(arguments) {
        Ok(columns) => columns,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return 2;
        }
    };
    // A panic is told by its row.
    std::panic::set_hook(Box::new(|_| {}));
    let started = Instant::now();
    let told = play(&columns);
    let mut out = String::new();
    let mut counts = [0_usize; 3];
    let rows = columns.first().map_or(0, |column| column.cells.len());
    for index in 0..rows {
        let line: Vec<_> = columns
            .iter()
            .zip(&told)
            .filter_map(|(column, told)| told.get(index).map(|it| (column.name, it)))
            .collect();
        let Some(cell) = columns.first().and_then(|column| column.cells.get(index)) else { continue };
        tell(&mut out, cell, &line, &mut counts);
    }
    print!("{out}");
    let [ok, failed, not_yet] = counts;
    eprintln!("in {:.1} s", started.elapsed().as_secs_f64());
    println!("{ok} ok, {failed} failed, {not_yet} not yet");
    u8::from(failed > 0)
}

/// The columns and rows that are asked for.
fn chosen(arguments: impl IntoIterator<Item = String>) -> Result<Vec<Column>, String> {
    let mut columns = columns();
    let mut numbers = Vec::new();
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
        } else if argument.starts_with('-') {
            return Err(format!("unknown option {argument}"));
        } else {
            numbers.push(argument);
        }
    }
    for column in columns.iter_mut().filter(|_| !numbers.is_empty()) {
        column.cells.retain(|cell| numbers.iter().any(|number| number == cell.number));
        if column.cells.is_empty() {
            return Err("there is no such row".to_owned());
        }
    }
    Ok(columns)
}

/// One line for a row: what became of it on each transport, and why it failed.
fn tell(out: &mut String, cell: &Cell, line: &[(&str, &Told)], counts: &mut [usize; 3]) {
    let mut told = Vec::new();
    for (on, what) in line {
        let (count, text) = match what {
            Told::Ok => (0, "ok".to_owned()),
            Told::Failed(why) => (1, format!("FAIL: {why}")),
            Told::NotYet(why) => (2, format!("not yet: {why}")),
        };
        if let Some(count) = counts.get_mut(count) {
            *count += 1;
        }
        // A peer's bytes may hold anything; a row is one line.
        let text: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
        told.push(format!("{on} {text}"));
    }
    // Writing to a string does not fail.
    let _ = writeln!(out, "{:>5}  {:<60}  {}", cell.number, cell.name, told.join(" | "));
}

/// Plays all rows of all columns, a few at once. Gives what became of each, in order.
fn play(columns: &[Column]) -> Vec<Vec<Told>> {
    let mut told: Vec<Vec<Told>> =
        columns.iter().map(|column| vec![Told::Failed("was not played".to_owned()); column.cells.len()]).collect();
    let places = columns.iter().enumerate().flat_map(|(at, column)| (0..column.cells.len()).map(move |row| (at, row)));
    let waiting: Mutex<VecDeque<_>> = Mutex::new(places.collect());
    let (done, results) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
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
    let Some(play) = cell.play.clone() else { return Told::NotYet(cell.not_yet.unwrap_or_default()) };
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
    match (wait.recv_timeout(MOST), cell.not_yet) {
        (Ok(Ok(())), _) => Told::Ok,
        (Ok(Err(_)), Some(why)) => Told::NotYet(why),
        (Ok(Err(why)), None) => Told::Failed(why),
        (Err(_), _) => Told::Failed(format!("it hangs: not over after {MOST:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cell, Told, chosen, columns, play_one};
    use std::sync::Arc;

    fn told(play: fn() -> Result<(), String>) -> Told {
        play_one(&Cell { number: "0", name: "a row", play: Some(Arc::new(play)), not_yet: None })
    }

    #[test]
    fn a_row_passes_fails_or_panics_by_itself() {
        assert_eq!(told(|| Ok(())), Told::Ok);
        assert_eq!(told(|| Err("why".to_owned())), Told::Failed("why".to_owned()));
        assert_eq!(told(|| panic!("on purpose")), Told::Failed("it panics: on purpose".to_owned()));
        let not_yet = Some("no TLS");
        let fails: Arc<super::Played> = Arc::new(|| Err("why".to_owned()));
        for play in [None, Some(fails)] {
            assert_eq!(play_one(&Cell { number: "0", name: "a row", play, not_yet }), Told::NotYet("no TLS"));
        }
        let passes = Cell { number: "0", name: "a row", play: Some(Arc::new(|| Ok(()))), not_yet };
        assert_eq!(play_one(&passes), Told::Ok);
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
        let columns = choose(&["--on", "tokio", "3", "5"]).unwrap();
        assert_eq!((columns.len(), columns[0].cells.len()), (1, 2));
        for bad in [&["--on"][..], &["--on", "moon"], &["--loud"], &["4711"]] {
            assert!(choose(bad).is_err(), "{bad:?}");
        }
    }
}

//! The binary `suite`: its arguments, what it prints and its exit status.

use crate::suite::run::{CORE, DRIVERS, Driver, Report, run_file};
use std::path::PathBuf;

/// How it is called.
pub const USAGE: &str = "usage: suite [--on core|blocking|tokio|async-std|smol|all] [--verbose] FILE...";

/// What is to be run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Arguments {
    /// On what.
    pub drivers: Vec<Driver>,
    /// Whether skipped cases are listed.
    pub verbose: bool,
    /// Which files.
    pub files: Vec<PathBuf>,
}

impl Arguments {
    /// Reads the arguments. Scenarios run on the core where `--on` is left out; the other kinds need no driver and run
    /// once, whatever `--on` says.
    ///
    /// # Errors
    /// An unknown option or driver, one that this build does not have, or no file.
    pub fn read(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut read = Self { drivers: vec![CORE], verbose: false, files: Vec::new() };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--verbose" => read.verbose = true,
                "--on" => {
                    let name = arguments.next().ok_or_else(|| format!("--on needs a driver\n{USAGE}"))?;
                    read.drivers = drivers(&name)?;
                }
                option if option.starts_with("--on=") => {
                    read.drivers = drivers(option.trim_start_matches("--on="))?;
                }
                option if option.starts_with('-') => return Err(format!("unknown option {option}\n{USAGE}")),
                file => read.files.push(file.into()),
            }
        }
        if read.files.is_empty() { Err(USAGE.to_owned()) } else { Ok(read) }
    }
}

fn drivers(name: &str) -> Result<Vec<Driver>, String> {
    if name == "all" {
        return Ok(DRIVERS.to_vec());
    }
    match DRIVERS.iter().find(|driver| driver.name == name) {
        Some(driver) => Ok(vec![*driver]),
        None => Err(format!("this build has no driver \"{name}\", only {DRIVERS:?} and \"all\"\n{USAGE}")),
    }
}

/// Runs what the arguments say, prints it and gives the exit status: 0, 1 where a case failed, 2 for bad arguments.
#[must_use]
pub fn main(arguments: impl IntoIterator<Item = String>) -> u8 {
    let arguments = match Arguments::read(arguments) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return 2;
        }
    };
    // A panic is told by the case that it failed.
    std::panic::set_hook(Box::new(|_| {}));
    let mut report = Report::default();
    for file in &arguments.files {
        run_file(file, &arguments.drivers, &mut report);
    }
    for line in &report.failures {
        println!("{line}");
    }
    for line in report.notes.iter().chain(report.skipped.iter().filter(|_| arguments.verbose)) {
        eprintln!("{line}");
    }
    println!("{}", report.summary());
    u8::from(!report.failures.is_empty())
}

#[cfg(test)]
mod tests {
    use super::Arguments;

    fn read(arguments: &[&str]) -> Result<Arguments, String> {
        Arguments::read(arguments.iter().map(|&argument| argument.to_owned()))
    }

    #[test]
    fn without_on_scenarios_run_on_the_core() {
        let read = read(&["a.json", "b.json"]).unwrap();
        assert_eq!(format!("{:?}", read.drivers), "[core]");
        assert_eq!(read.files.len(), 2);
    }

    #[test]
    fn what_is_unknown_is_refused() {
        for bad in [&[][..], &["--on"], &["--on", "core"], &["--on", "moon", "a.json"], &["--quiet", "a.json"]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        assert!(read(&["--on", "all", "--verbose", "a.json"]).unwrap().verbose);
        assert_eq!(read(&["a.json", "--on=core"]).unwrap().drivers.len(), 1);
    }
}

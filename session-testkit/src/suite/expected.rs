//! `expected_failures.txt`: the cases that are known to fail, each with its reason.
//!
//! One line for each: `file.json case-name [on]  # reason`. Without `on` the entry holds for every driver. A case that is
//! listed and passes is a failure, and so is an entry beside a suite that matches no case of it.

use std::path::Path;

/// The project's own list, for suites that have none beside them.
const OWN: &str = include_str!("../../suites/expected_failures.txt");

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// The file's name, without its folder.
    pub file: String,
    /// The case's name.
    pub case: String,
    /// The driver, where the entry is for one alone.
    pub on: Option<String>,
    /// Why the case fails.
    pub reason: String,
}

/// A list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExpectedFailures {
    entries: Vec<Entry>,
    /// Whether the list stands beside the suite that it speaks of, and so must fit it exactly.
    pub is_beside: bool,
}

impl ExpectedFailures {
    /// The list beside a suite, else the project's own.
    ///
    /// # Errors
    /// A line that is no entry.
    pub fn beside(suite: &Path) -> Result<Self, String> {
        let path = suite.with_file_name("expected_failures.txt");
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Self { is_beside: true, ..Self::parse(&text, &path.display().to_string())? }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::parse(OWN, "expected_failures.txt"),
            Err(error) => Err(format!("{}: {error}", path.display())),
        }
    }

    /// Reads a list.
    ///
    /// # Errors
    /// A line that is no entry, or has no reason.
    pub fn parse(text: &str, name: &str) -> Result<Self, String> {
        let mut entries: Vec<Entry> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fault = |what: &str| format!("{name}, line {}: {what}", index + 1);
            let (entry, reason) = line.split_once('#').ok_or_else(|| fault("there is no reason after a #"))?;
            let reason = reason.trim();
            if reason.is_empty() {
                return Err(fault("the reason is empty"));
            }
            let mut words = entry.split_whitespace();
            let (Some(file), Some(case), on, None) = (words.next(), words.next(), words.next(), words.next()) else {
                return Err(fault("an entry is a file, a case and perhaps a driver"));
            };
            let entry = Entry {
                file: file.to_owned(),
                case: case.to_owned(),
                on: on.map(ToOwned::to_owned),
                reason: reason.to_owned(),
            };
            if entries.iter().any(|have| (&have.file, &have.case, &have.on) == (&entry.file, &entry.case, &entry.on)) {
                return Err(fault("the entry stands twice"));
            }
            entries.push(entry);
        }
        Ok(Self { entries, is_beside: false })
    }

    /// The reason why a case fails on a driver, where it is expected to.
    #[must_use]
    pub fn reason(&self, file: &str, case: &str, on: &str) -> Option<&str> {
        let matches = |entry: &&Entry| {
            entry.file == file && entry.case == case && entry.on.as_deref().is_none_or(|driver| driver == on)
        };
        self.entries.iter().find(matches).map(|entry| entry.reason.as_str())
    }

    /// The entries for a file that name none of these cases.
    pub fn stale<'a>(&'a self, file: &'a str, cases: &'a [String]) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| entry.file == file && !cases.contains(&entry.case))
    }
}

#[cfg(test)]
mod tests {
    use super::{ExpectedFailures, OWN};

    #[test]
    fn an_entry_is_for_every_driver_or_for_one() {
        let list = ExpectedFailures::parse("# a remark\n\na.json one # why\na.json two tokio  # that\n", "x").unwrap();
        assert_eq!(list.reason("a.json", "one", "core"), Some("why"));
        assert_eq!(list.reason("a.json", "two", "tokio"), Some("that"));
        assert_eq!(list.reason("a.json", "two", "core"), None);
        assert_eq!(list.reason("b.json", "one", "core"), None);
        let cases = ["one".to_owned()];
        let stale: Vec<_> = list.stale("a.json", &cases).map(|entry| entry.case.as_str()).collect();
        assert_eq!(stale, ["two"]);
    }

    #[test]
    fn an_entry_needs_a_reason_and_stands_once() {
        for bad in
            ["a.json one", "a.json one #", "a.json # why", "a.json one core more # why", "a.json one#x\na.json one #y"]
        {
            assert!(ExpectedFailures::parse(bad, "x").is_err(), "{bad}");
        }
    }

    #[test]
    fn the_projects_own_list_reads() {
        ExpectedFailures::parse(OWN, "own").unwrap();
    }
}

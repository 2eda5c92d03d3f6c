//! Running a file of cases: each by itself, on each driver that was asked for, against the list of expected failures.

use crate::suite::case::{Case, name_of};
use crate::suite::expected::ExpectedFailures;
use crate::suite::outcome::Outcome;
use crate::suite::scenario::model::Scenario;
use crate::suite::{cookie_date, cookies, jar, scenario, wire};
use bytes::Bytes;
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Something that runs scenarios.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "a name and a function")]
pub struct Driver {
    /// What `--on` calls it.
    pub name: &'static str,
    /// Runs one case.
    pub run: fn(&Scenario) -> Outcome,
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The session machine and the codec alone, in virtual time.
pub const CORE: Driver = Driver { name: "core", run: scenario::core::run };

/// Over `transport-blocking` and real sockets.
pub const BLOCKING: Driver = Driver { name: "blocking", run: scenario::blocking::run };

/// Over `transport-tokio` and real sockets.
pub const TOKIO: Driver = Driver { name: "tokio", run: scenario::tokio::run };

/// Over `transport-async-std` and real sockets, on async-std.
pub const ASYNC_STD: Driver = Driver { name: "async-std", run: scenario::async_std::run };

/// The same on smol.
pub const SMOL: Driver = Driver { name: "smol", run: scenario::async_std::run_on_smol };

/// Every driver of this build, in the order of `--on all`.
pub const DRIVERS: &[Driver] = &[CORE, BLOCKING, TOKIO, ASYNC_STD, SMOL];

/// What became of the cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How many passed.
    pub passed: usize,
    /// One line for each failure, `FAIL <file> <name>: <what was expected, what came>`.
    pub failures: Vec<String>,
    /// One line for each case that was left out or failed as expected, with the reason.
    pub skipped: Vec<String>,
    /// Remarks that count for nothing.
    pub notes: Vec<String>,
}

impl Report {
    /// The line that ends a run.
    #[must_use]
    pub fn summary(&self) -> String {
        let counts = format!("{} passed, {} failed", self.passed, self.failures.len());
        if self.skipped.is_empty() { counts } else { format!("{counts}, {} skipped", self.skipped.len()) }
    }

    fn fail(&mut self, file: &str, name: &str, what: &str) {
        // A case's name and a peer's bytes may hold anything; a failure is one line.
        let line = format!("FAIL {file} {name}: {what}");
        self.failures.push(line.chars().map(|char| if char.is_control() { ' ' } else { char }).collect());
    }
}

/// Runs all cases of a file and adds what became of them to `report`.
pub fn run_file(path: &Path, drivers: &[Driver], report: &mut Report) {
    let shown = path.display().to_string();
    let read = std::fs::read_to_string(path)
        .map_err(|error| error.to_string())
        .and_then(|text| serde_json::from_str::<Vec<Value>>(&text).map_err(|error| error.to_string()));
    let cases = match read {
        Ok(cases) => cases,
        Err(error) => return report.fail(&shown, "-", &format!("expected an array of cases, got: {error}")),
    };
    let expected = match ExpectedFailures::beside(path) {
        Ok(expected) => expected,
        Err(error) => {
            report.fail(&shown, "-", &error);
            ExpectedFailures::default()
        }
    };
    let file = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    run_cases(&shown, &file, &cases, &expected, drivers, report);
}

fn run_cases(
    shown: &str,
    file: &str,
    cases: &[Value],
    expected: &ExpectedFailures,
    drivers: &[Driver],
    report: &mut Report,
) {
    let names: Vec<String> = cases.iter().enumerate().map(|(index, case)| name_of(case, index)).collect();
    for (case, name) in cases.iter().zip(&names) {
        match Case::read(case) {
            // An error of the case is never expected: it was never run.
            Err(error) => report.fail(shown, name, &format!("expected a case of the format, got: {error}")),
            Ok(Case::Scenario(scenario)) => {
                let mut first: Option<(&str, Vec<Bytes>)> = None;
                for driver in drivers {
                    let outcome = same_as(&mut first, driver.name, guarded(|| (driver.run)(&scenario)));
                    let reason = expected.reason(file, name, driver.name);
                    settle(shown, name, Some(driver.name), outcome, reason, report);
                }
            }
            Ok(case) => {
                let outcome = guarded(|| run_alone(&case));
                settle(shown, name, None, outcome, expected.reason(file, name, CORE.name), report);
            }
        }
    }
    for entry in expected.stale(file, &names) {
        let what = "expected_failures.txt speaks of a case that the file does not have";
        if expected.is_beside {
            report.fail(shown, &entry.case, what);
        } else {
            report.notes.push(format!("note: {shown} {}: {what}", entry.case));
        }
    }
}

/// Whatever they run on, all transports must send the same bytes: those of the first that passed.
fn same_as<'a>(first: &mut Option<(&'a str, Vec<Bytes>)>, driver: &'a str, outcome: Outcome) -> Outcome {
    let Outcome::Sent(sent) = outcome else { return outcome };
    let Some((other, wanted)) = first else {
        *first = Some((driver, sent.clone()));
        return Outcome::Sent(sent);
    };
    if *wanted == sent {
        return Outcome::Sent(sent);
    }
    let differs = |at: &usize| wanted.get(*at) != sent.get(*at);
    let at = (0..wanted.len().max(sent.len())).find(differs).unwrap_or_default();
    let shown = |requests: &[Bytes]| match requests.get(at) {
        Some(request) => format!("\"{}\"", request.escape_ascii()),
        None => "none".to_owned(),
    };
    Outcome::Failed(vec![format!("expected request {at} as on {other}: {}, got {}", shown(wanted), shown(&sent))])
}

/// The kinds that no driver is needed for.
fn run_alone(case: &Case) -> Outcome {
    match case {
        Case::Cookies(case) => cookies::run(case, &mut jar::empty(true)),
        Case::CookieDate(case) => cookie_date::run(case, session_core::cookies::date::parse),
        Case::Wire(case) => wire::check::run(case, wire::codec::observe),
        Case::Scenario(case) => scenario::core::run(case),
    }
}

/// A panic is a failure of its case alone.
fn guarded(run: impl FnOnce() -> Outcome) -> Outcome {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Outcome::Failed(vec![format!("expected no panic, got: {message}")])
    })
}

fn settle(shown: &str, name: &str, on: Option<&str>, outcome: Outcome, expected: Option<&str>, report: &mut Report) {
    let on = on.filter(|driver| *driver != CORE.name).map_or_else(String::new, |driver| format!("on {driver}: "));
    match (outcome, expected) {
        (Outcome::Passed | Outcome::Sent(_), None) => report.passed += 1,
        (Outcome::Passed | Outcome::Sent(_), Some(reason)) => {
            report.fail(shown, name, &format!("{on}expected to fail ({reason}), and it passed"));
        }
        (Outcome::Failed(differences), None) => report.fail(shown, name, &format!("{on}{}", differences.join("; "))),
        (Outcome::Failed(_), Some(reason)) => report.skipped.push(format!("{shown} {name}: {on}fails: {reason}")),
        (Outcome::Skipped(reason), _) => report.skipped.push(format!("{shown} {name}: {on}skipped: {reason}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{CORE, Driver, Report, run_cases, run_file};
    use crate::suite::expected::ExpectedFailures;
    use crate::suite::outcome::Outcome;
    use serde_json::{Value, json};
    use std::path::Path;

    fn run(cases: &[Value], expected: &str, drivers: &[Driver]) -> Report {
        let mut report = Report::default();
        let mut expected = ExpectedFailures::parse(expected, "x").unwrap();
        expected.is_beside = true;
        run_cases("dir/f.json", "f.json", cases, &expected, drivers, &mut report);
        report
    }

    fn date(name: &str, expect: Value) -> Value {
        json!({"kind": "cookie-date", "name": name, "input": "Thu, 01 Jan 1970 00:00:00 GMT", "expect": expect})
    }

    fn scenario(name: &str) -> Value {
        json!({"kind": "scenario", "name": name, "exchanges": []})
    }

    #[test]
    fn cases_pass_and_fail_by_themselves() {
        let report = run(
            &[
                date("right", json!("1970-01-01T00:00:00Z")),
                date("wrong", json!(null)),
                json!({"kind": "cookie-date", "name": "unknown key", "input": "", "expect": null, "extra": 1}),
                json!({"kind": "new", "name": "unknown kind"}),
                json!(7),
            ],
            "",
            &[CORE],
        );
        assert_eq!(report.passed, 1);
        assert_eq!(report.summary(), "1 passed, 4 failed");
        assert_eq!(report.failures[0], "FAIL dir/f.json wrong: expected no date, got 1970-01-01T00:00:00Z");
        assert!(report.failures[1].contains("unknown key: ") && report.failures[1].contains("extra"));
        assert!(report.failures[2].contains("\"new\""));
        assert!(report.failures[3].starts_with("FAIL dir/f.json #4: "));
    }

    #[test]
    fn an_expected_failure_is_skipped_and_an_unexpected_pass_fails() {
        let cases = [date("right", json!("1970-01-01T00:00:00Z")), date("wrong", json!(null))];
        let report =
            run(&cases, "f.json wrong # not yet\nf.json right # why\nf.json gone # old\ng.json x # y", &[CORE]);
        assert_eq!(report.summary(), "0 passed, 2 failed, 1 skipped");
        assert!(report.failures[0].contains("expected to fail (why), and it passed"));
        assert!(report.failures[1].contains("FAIL dir/f.json gone: "));
        assert!(report.skipped[0].contains("not yet"));
    }

    #[test]
    fn a_case_that_does_not_read_is_never_expected() {
        let report = run(&[json!({"kind": "new", "name": "n"})], "f.json n # why", &[CORE]);
        assert_eq!(report.summary(), "0 passed, 1 failed");
    }

    #[test]
    fn a_scenario_runs_on_each_driver_and_a_panic_is_its_own_failure() {
        let skips = Driver { name: "skips", run: |_| Outcome::Skipped("no TLS".to_owned()) };
        let panics = Driver { name: "panics", run: |_| panic!("first\nsecond") };
        let report = run(&[scenario("s"), date("d", json!(null))], "f.json d core # why", &[CORE, skips, panics]);
        assert_eq!(report.summary(), "1 passed, 1 failed, 2 skipped");
        assert_eq!(report.failures[0], "FAIL dir/f.json s: on panics: expected no panic, got: first second");
        let only_there = run(&[scenario("s")], "f.json s panics # why", &[CORE, panics]);
        assert_eq!(only_there.summary(), "1 passed, 0 failed, 1 skipped");
    }

    #[test]
    fn transports_that_send_other_bytes_fail() {
        let sends = |name, run| Driver { name, run };
        let a = sends("a", |_| Outcome::Sent(vec!["GET / HTTP/1.1\r\n\r\n".into()]));
        let same = sends("same", |_| Outcome::Sent(vec!["GET / HTTP/1.1\r\n\r\n".into()]));
        let more = sends("more", |_| Outcome::Sent(vec!["GET / HTTP/1.1\r\n\r\n".into(), "x".into()]));
        let other = sends("other", |_| Outcome::Sent(vec!["GET /x HTTP/1.1\r\n\r\n".into()]));
        let report = run(&[scenario("s")], "", &[a, same, more, other]);
        assert_eq!(report.summary(), "2 passed, 2 failed");
        assert!(report.failures[0].contains("on more: expected request 1 as on a: none, got \"x\""));
        assert!(report.failures[1].contains("on other: expected request 0 as on a: \"GET / HTTP"));
    }

    #[test]
    fn a_file_that_cannot_be_read_fails() {
        let mut report = Report::default();
        run_file(Path::new("no/such/file.json"), &[CORE], &mut report);
        assert_eq!(report.failures.len(), 1);
    }
}

//! The published flaws of other clients, one behaviour a test: `keys.txt` lists them, a file holds each group.
//!
//! A test is named by its key and by what must hold (`rc_01_no_caller_credential_reaches_another_host`). A key without a
//! test has its reason in the list, and [`every_key_has_a_test_or_a_reason`] sees to that.
#![expect(clippy::disallowed_methods, reason = "the check reads the test files; the crate itself does not")]

mod authentication;
mod cache;
mod connections;
mod cookie_injection;
mod cookie_load;
mod cookies;
mod hsts;
mod pool;
mod proxies;
mod redirect_credentials;
mod redirect_targets;
mod request_injection;
mod resources;
mod response_framing;
mod state;
mod state_bleed;
mod tls;
mod urls;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The keys, each with the reason why it has no test here, where it has none.
fn keys() -> BTreeMap<String, Option<String>> {
    let mut keys = BTreeMap::new();
    for line in include_str!("keys.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (key, reason) = match line.split_once(": ") {
            Some((key, reason)) => (key, Some(reason.to_owned())),
            None => (line, None),
        };
        assert!(keys.insert(key.to_owned(), reason).is_none(), "{key} stands in the list twice");
    }
    keys
}

/// The keys that test functions of this folder are named by.
fn tested() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/threats");
    let mut tested = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            tested.extend(tests_of(&fs::read_to_string(path).unwrap()));
        }
    }
    tested
}

/// The keys of the test functions in a text: `RC-01` for a `#[test]` that is `fn rc_01_..`.
fn tests_of(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let functions = lines.windows(2).filter(|pair| pair[0] == "#[test]").filter_map(|pair| pair[1].strip_prefix("fn "));
    functions
        .filter_map(|name| {
            let mut parts = name.splitn(3, '_');
            let (group, number, behaviour) = (parts.next()?, parts.next()?, parts.next()?);
            let is_key = group.len() == 2 && number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
            (is_key && !behaviour.is_empty()).then(|| format!("{}-{number}", group.to_ascii_uppercase()))
        })
        .collect()
}

#[test]
fn every_key_has_a_test_or_a_reason() {
    let (keys, tested) = (keys(), tested());
    let untested: Vec<&String> =
        keys.iter().filter(|(key, reason)| reason.is_none() && !tested.contains(*key)).map(|(key, _)| key).collect();
    assert!(untested.is_empty(), "neither a test nor a reason: {untested:?}");
    let unknown: Vec<&String> = tested.iter().filter(|key| !keys.contains_key(*key)).collect();
    assert!(unknown.is_empty(), "tests of keys that are not in keys.txt: {unknown:?}");
    let both: Vec<&String> = tested.iter().filter(|key| keys.get(*key).is_some_and(Option::is_some)).collect();
    assert!(both.is_empty(), "tested, and keys.txt says why not: {both:?}");
    assert_eq!(keys.len(), 147, "the list is whole");
}

/// The tests elsewhere that a line of the list names: their files, from the top of the project, and their functions.
fn elsewhere(reason: &str) -> Vec<(&str, &str)> {
    reason.split(", ").filter_map(|place| place.split_once("::")).filter(|(file, _)| file.ends_with(".rs")).collect()
}

#[test]
fn tests_that_are_said_to_be_elsewhere_are_there() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut seen = 0;
    for (key, reason) in keys() {
        for (file, function) in elsewhere(reason.as_deref().unwrap_or_default()) {
            seen += 1;
            // A crate that was packed stands alone.
            let Ok(text) = fs::read_to_string(top.join(file)) else {
                assert!(!top.join("session-core").is_dir(), "{key}: there is no {file}");
                continue;
            };
            let at = text.find(&format!("fn {function}("));
            let is_test = at.is_some_and(|at| text[..at].trim_end().ends_with(']'));
            assert!(is_test, "{key}: {file} has no test {function}");
        }
    }
    assert!(seen > 20, "only {seen}");
}

#[test]
fn the_check_sees_tests_and_nothing_else() {
    let text = "#[test]\nfn rc_01_a() {\n}\nfn rc_02_b() {}\n    #[test]\n    fn ck_14_c() {}\n#[test]\nfn a_b() {}\n";
    assert_eq!(tests_of(text), ["RC-01", "CK-14"]);
}

//! The binary `suite`: its last line, its exit status, and what it says of bad arguments.

use std::path::Path;
use std::process::{Command, Output};

fn suite(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_suite")).args(arguments).output().expect("the binary runs")
}

fn stdout(output: &Output) -> Vec<String> {
    String::from_utf8_lossy(&output.stdout).lines().map(ToOwned::to_owned).collect()
}

fn copy(file: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("suites").join(file).display().to_string()
}

#[test]
fn a_suite_that_passes_ends_with_one_line_and_status_0() {
    let output = suite(&["--on", "core", &copy("cookie_dates.json"), &copy("wire_chunked.json")]);
    let lines = stdout(&output);
    assert!(matches!(&lines[..], [last] if last.ends_with(" passed, 0 failed") && !last.starts_with('0')), "{lines:?}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_failing_case_is_one_line_and_status_1() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("failing");
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("dates.json");
    let text = r#"[{"kind": "cookie-date", "name": "wrong", "input": "", "expect": "2026-01-01T00:00:00Z"},
        {"kind": "cookie-date", "name": "known", "input": "", "expect": "2026-01-01T00:00:00Z"},
        {"kind": "cookie-date", "name": "right", "input": "", "expect": null, "about": "none"}]"#;
    std::fs::write(&file, text).expect("a suite");
    std::fs::write(folder.join("expected_failures.txt"), "dates.json known # a test of the list\n").expect("a list");
    let file = file.display().to_string();
    let output = suite(&[&file]);
    let fail = format!("FAIL {file} wrong: expected 2026-01-01T00:00:00Z, got no date");
    assert_eq!(stdout(&output), [fail.as_str(), "1 passed, 1 failed, 1 skipped"]);
    assert_eq!(output.status.code(), Some(1));
    let verbose = suite(&["--verbose", &file]);
    assert!(String::from_utf8_lossy(&verbose.stderr).contains("a test of the list"));
    assert_eq!(stdout(&verbose), stdout(&output));
}

/// `cargo run -p session-testkit --bin suite` is how the suites are run, by their README: nothing has to be switched on.
#[test]
fn the_runner_is_built_without_a_word_on_features() {
    let manifest = include_str!("../Cargo.toml");
    let default = manifest.lines().find(|line| line.starts_with("default = ")).expect("there are default features");
    assert!(default.contains("\"suite\""), "{default}");
    let (_, runner) = manifest.split_once("name = \"suite\"\n").expect("there is the binary");
    assert!(runner.starts_with("required-features = [\"suite\"]"), "it needs no more than that");
}

#[test]
fn bad_arguments_are_status_2() {
    for arguments in [&[][..], &["--on", "moon", "x.json"]] {
        let output = suite(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("usage: suite"));
    }
}

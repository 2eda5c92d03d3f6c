//! The programs that the guides name: each does what the program did that it was ported from.

use session_testkit::login::{LoginServer, LoginSettings};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn run(program: &str) -> String {
    let mut settings = LoginSettings::default();
    settings.other_host = "127.0.0.1".to_owned();
    let server = LoginServer::start(settings).unwrap();
    let output = Command::new(program).arg(server.url()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// Imports are in another order once they are renamed.
fn formatted(text: &str) -> String {
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--edition", "2024"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let mut child = rustfmt.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

/// How Python writes a list and a truth, in Rust's way.
fn in_rust(text: &str) -> String {
    text.replace('\'', "\"").replace("True", "true").replace("False", "false")
}

/// What the Python programs printed stands beside them; interop/ has the clients themselves.
#[test]
fn a_ported_program_prints_what_its_python_original_printed() {
    assert_eq!(run(env!("CARGO_BIN_EXE_from_requests")), in_rust(&read("programs/from_requests.out")));
    assert_eq!(run(env!("CARGO_BIN_EXE_from_aiohttp")), in_rust(&read("programs/from_aiohttp.out")));
}

#[test]
fn a_program_for_reqwest_is_ported_by_the_renames_of_the_guide_and_prints_the_same() {
    let guide = read("../../docs/porting-from-reqwest.md");
    let table = guide.split("## Renames").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut ported = read("programs/from_reqwest.before.rs").replace("with reqwest.", "ported from reqwest.");
    let mut renames = 0;
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`'));
        let (from, to) = (cells.next().unwrap(), cells.next().unwrap());
        assert!(ported.contains(from), "the program does not show the rename of {from}");
        // What has no counterpart is left out, with its line where it has one of its own.
        ported = match to {
            "" => ported.lines().filter(|line| line.trim() != from).flat_map(|line| [line, "\n"]).collect(),
            _ => ported.replace(from, to),
        };
        renames += 1;
    }
    assert!(renames > 8, "{renames} renames");
    let ported = formatted(&ported);
    let after = "programs/from_reqwest.after.rs";
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(after), &ported).unwrap();
    }
    assert_eq!(read(after), ported, "once with UPDATE_DOCS=1 writes it anew");
    assert_eq!(run(env!("CARGO_BIN_EXE_from_reqwest_after")), run(env!("CARGO_BIN_EXE_from_reqwest_before")));
}

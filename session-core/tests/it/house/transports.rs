//! The transports are one program three times: the same six files, in folders of their names the same parts, and in each file
//! the same functions, `poll_` aside. What one of them has alone stands in a table, with why.

use super::source::File;
use super::{Breach, TRANSPORT, assert_none, core_folder, sources};
use std::collections::{BTreeMap, BTreeSet};

const TRANSPORTS: &[&str] = &["transport-blocking", "transport-tokio", "transport-async-std"];

/// What of a file's functions is not in every transport: what waits in one way alone, or is what a runtime asks for.
const ALONE: &[(&str, &str, &[&str])] = &[
    ("body.rs", "a body is read from a reader or from a stream", &["reader", "sized_reader", "stream", "sized_stream"]),
    ("body.rs", "a stream is not polled again once it failed", &["has_failed"]),
    ("body/file.rs", "a file is a reader of std's, or a stream over threads for blocking work", &["next"]),
    ("body/upgrade.rs", "a stream that waits has a timeout, which a future needs not", &["deadline", "set_timeout"]),
    ("body/upgrade.rs", "the traits of the runtimes name it otherwise", &["close", "shutdown", "is_write_vectored"]),
    ("client.rs", "what is sent is a future, which keeps the session", &["poll"]),
    ("client/cookie_file.rs", "tokio's threads may be gone", &["aside"]),
    ("client/session_file.rs", "tokio's threads may be gone", &["aside"]),
    ("client/pool.rs", "who waits has a bell or is a future", &["bell", "settle", "poll"]),
    ("client/response.rs", "a body is a stream", &["next"]),
    ("client/response/parts.rs", "a body is a stream", &["next"]),
    ("client/response/copy.rs", "a writer of futures has no such function of its own", &["write_all"]),
    ("connect/open.rs", "each runtime, and the system, connects in its way", &["connect", "connected", "is_under_way"]),
    ("connect/runtime.rs", "it is what differs", &["patience", "tell", "drop", "sleep", "unblock"]),
    ("connect/runtime.rs", "a timer is polled", &["new", "until", "move_to", "current_runtime"]),
    ("connect/socket.rs", "a wait ends by an error of the socket's, or by a timer", &["is_pause", "late", "rest"]),
    ("connect/socket.rs", "a future is woken", &["readable"]),
    ("connect/stream.rs", "a socket that waits is asked without waiting, and told how long", &["new", "peek"]),
    ("connect/stream.rs", "it waits for room apart", &["await_any", "await_room", "await_room_or_word"]),
    (
        "connect/stream.rs",
        "a runtime writes and wakes",
        &["write", "write_vectored", "try_write_vectored", "read_ready"],
    ),
];

/// The names of the functions in a file, without those of its tests.
fn functions(file: &File) -> BTreeSet<String> {
    let end = file.tests_begin();
    let lines = file.code.lines().take(end.saturating_sub(1));
    let declared = lines.filter_map(|line| {
        let (before, after) = line.split_once("fn ")?;
        let is_declaration =
            before.split_whitespace().all(|word| word == "const" || word == "async" || word.starts_with("pub"));
        let name: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        (is_declaration && !name.is_empty()).then(|| name.strip_prefix("poll_").unwrap_or(&name).to_owned())
    });
    declared.collect()
}

type Functions = BTreeMap<String, BTreeSet<String>>;

/// What is not in every transport and not said to be so, and what is said and is not true.
fn differences(transports: &[(&str, Functions)], alone: &[(&str, &str, &[&str])]) -> Vec<Breach> {
    let breach = |file: String, rule: String| Breach { file, line: 1, rule };
    let files: BTreeSet<&String> = transports.iter().flat_map(|(_, files)| files.keys()).collect();
    let mut found = Vec::new();
    let mut apart = BTreeSet::new();
    for file in files {
        let names: BTreeSet<&String> = transports.iter().filter_map(|(_, files)| files.get(file)).flatten().collect();
        for (transport, of_it) in transports {
            let place = format!("{transport}/src/{file}");
            let Some(own) = of_it.get(file) else {
                found.push(breach(place, "another transport has this file".to_owned()));
                continue;
            };
            for name in names.iter().filter(|name| !own.contains(**name)) {
                let said = alone.iter().any(|(of, _, functions)| of == file && functions.contains(&name.as_str()));
                apart.insert((file.as_str(), name.as_str()));
                if !said {
                    found.push(breach(
                        place.clone(),
                        format!("another transport has the function `{name}` in this file"),
                    ));
                }
            }
        }
    }
    let stale = alone.iter().flat_map(|(file, _, names)| names.iter().map(move |name| (*file, *name)));
    let stale = stale.filter(|entry| !apart.contains(entry));
    found
        .extend(stale.map(|(file, name)| breach(file.to_owned(), format!("`{name}` is in all transports or in none"))));
    found
}

#[test]
fn every_transport_has_the_same_files_and_in_each_the_same_functions() {
    let top = core_folder().parent().unwrap();
    if TRANSPORTS.iter().any(|name| !top.join(name).join("Cargo.toml").is_file()) {
        // The core as it is published stands alone.
        return;
    }
    let read = |name: &'static str| {
        let files = sources(&top.join(name).join("src"));
        (name, files.iter().map(|file| (file.path.clone(), functions(file))).collect::<Functions>())
    };
    let transports: Vec<_> = TRANSPORTS.iter().map(|name| read(name)).collect();
    assert!(TRANSPORT.iter().all(|file| transports[0].1.contains_key(*file)));
    assert_none(differences(&transports, ALONE));
}

#[test]
fn a_function_or_file_that_one_lacks_is_told_and_so_is_a_word_that_is_not_true() {
    let of = |files: &[(&str, &str)]| -> Functions {
        files.iter().map(|(path, text)| ((*path).to_owned(), functions(&File::new(path, text)))).collect()
    };
    let tests = "#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n";
    let one = of(&[("a.rs", &format!("pub(crate) fn read() {{}}\n    async fn x() {{}}\n// fn no()\n{tests}"))]);
    let other = of(&[("a.rs", "fn poll_read() {}\nlet f: fn y() = 1;"), ("b.rs", "")]);
    let told = |alone| differences(&[("one", one.clone()), ("other", other.clone())], alone).len();
    assert_eq!(told(&[]), 2);
    assert_eq!(told(&[("a.rs", "so", &["x"])]), 1);
    assert_eq!(told(&[("a.rs", "so", &["x", "read"])]), 2);
}

//! The rules of the house, read off the sources: which room may import which, where things are defined, how long a file
//! is, and that the core stays pure. DESIGN.md says why; a failure here names the file, the line and the rule.
#![expect(clippy::disallowed_methods, reason = "this test reads the source files; the crate itself does not")]

mod source;

use self::source::File;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

/// The floor that everything stands on: no room of it knows another.
const GROUND: &[&str] = &["limits", "error", "time", "entropy", "ordered", "means"];

/// What a room imports beside its own files. A room that is not named here may not exist.
const FLOORS: &[(&str, &[&[&str]])] = &[
    ("limits", &[]),
    ("error", &[]),
    ("time", &[]),
    ("entropy", &[]),
    ("ordered", &[]),
    ("means", &[]),
    ("message", &[GROUND]),
    // The policies: what they need of each other, the session hands them.
    ("headers", &[GROUND, VOCABULARY]),
    ("cookies", &[GROUND, VOCABULARY]),
    ("auth", &[GROUND, VOCABULARY]),
    ("redirect", &[GROUND, VOCABULARY]),
    ("retry", &[GROUND, VOCABULARY]),
    // It speaks to proxies, HTTP among them.
    ("proxy", &[GROUND, VOCABULARY, &["h1"]]),
    ("hsts", &[GROUND, VOCABULARY]),
    // Beside the policies: what transports use without the session.
    ("h1", &[GROUND, VOCABULARY]),
    ("content", &[GROUND, VOCABULARY]),
    ("tls", &[GROUND, VOCABULARY]),
    ("idle", &[GROUND, VOCABULARY, &["tls"]]),
    // Above them all: the session, and on it what every transport shares: two handles, and what it decides without IO.
    ("session", &[GROUND, VOCABULARY, POLICIES, &["content", "idle", "tls"]]),
    ("request", &[GROUND, VOCABULARY, POLICIES, &["content", "session", "tls"]]),
    ("handle", &[GROUND, VOCABULARY, POLICIES, &["session"]]),
    ("transport", &[GROUND, VOCABULARY, POLICIES, &["content", "h1", "idle", "session", "tls"]]),
];

const VOCABULARY: &[&str] = &["message"];
const POLICIES: &[&str] = &["headers", "cookies", "auth", "redirect", "retry", "proxy", "hsts"];

/// A file is shorter than this.
const LONGEST: usize = 500;

/// The files of every transport, and no others: a diff between two transports shows what differs.
const TRANSPORT: &[&str] = &["body.rs", "client.rs", "connect.rs", "error.rs", "lib.rs", "wire.rs"];

/// What a pure core has no use for, and why.
const IMPURE: &[(&str, &str)] = &[
    ("Instant::now", "time is handed in as `Now`"),
    ("SystemTime::now", "time is handed in as `Now`"),
    (".elapsed()", "it reads the clock"),
    ("TcpStream", "transports move bytes"),
    ("TcpListener", "transports move bytes"),
    ("UdpSocket", "transports move bytes"),
    ("UnixStream", "transports move bytes"),
    ("ToSocketAddrs", "transports resolve"),
    ("std::env", "the environment is handed in as data"),
    ("std::fs", "files are the transport's"),
    ("std::process", "the core starts nothing"),
    ("thread::", "the core runs on the caller's thread"),
    ("thread_local!", "the core has no hidden state"),
    ("static mut", "the core has no hidden state"),
    ("OnceLock", "the core has no hidden state"),
    ("LazyLock", "the core has no hidden state"),
    ("Mutex", "a lock around the session is the transport's"),
    ("RwLock", "a lock around the session is the transport's"),
    ("HashMap", "its order is random; use BTreeMap"),
    ("HashSet", "its order is random; use BTreeSet"),
    ("RandomState", "randomness is handed in as `Entropy`"),
    ("async fn", "the core never waits"),
    (".await", "the core never waits"),
    ("println!", "the core writes nowhere"),
    ("eprintln!", "the core writes nowhere"),
];

/// One rule, broken in one place.
#[derive(Debug, PartialEq, Eq)]
struct Breach {
    file: String,
    line: usize,
    rule: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.rule)
    }
}

fn breach(file: &File, line: usize, rule: impl Into<String>) -> Breach {
    Breach { file: file.path.clone(), line, rule: rule.into() }
}

/// The room that a file of `src/` belongs to: its first folder, or its own name.
fn room(path: &str) -> &str {
    let first = path.split('/').next().unwrap_or(path);
    first.strip_suffix(".rs").unwrap_or(first)
}

fn may_import(from: &str) -> Option<BTreeSet<&'static str>> {
    let (_, floors) = FLOORS.iter().find(|(room, _)| *room == from)?;
    Some(floors.iter().flat_map(|floor| floor.iter().copied()).collect())
}

/// Arrows point down: a room imports what the table has for it, and nothing through the crate root.
fn arrows(file: &File, rooms: &BTreeSet<String>) -> Vec<Breach> {
    let own = room(&file.path);
    if own == "lib" {
        return Vec::new();
    }
    let Some(allowed) = may_import(own) else {
        return vec![breach(file, 1, format!("the room `{own}` has no place in the table of floors"))];
    };
    let judge = |line: usize, segments: &[String]| {
        let to = segments.get(1)?;
        if !rooms.contains(to) {
            return Some(breach(file, line, format!("`{}` comes through the crate root", segments.join("::"))));
        }
        if to == own || allowed.contains(to.as_str()) {
            return None;
        }
        let rule = if POLICIES.contains(&own) && POLICIES.contains(&to.as_str()) {
            format!("a policy never imports another policy: `{own}` imports `{to}`")
        } else {
            format!("arrows point down only: `{own}` imports `{to}`")
        };
        Some(breach(file, line, rule))
    };
    file.paths("crate").iter().filter_map(|path| judge(path.line, &path.segments)).collect()
}

/// `super` does not climb out of the room, past the table of floors.
fn climbs(file: &File) -> Vec<Breach> {
    let module = file.path.strip_suffix("/mod.rs").or_else(|| file.path.strip_suffix(".rs")).unwrap_or(&file.path);
    let depth = module.split('/').count();
    let too_far = |line: usize, segments: &[String]| {
        let supers = segments.iter().take_while(|segment| *segment == "super").count();
        let inline = usize::from(line >= file.tests_begin() && !file.path.ends_with("tests.rs"));
        supers >= depth + inline
    };
    let paths = file.paths("super").into_iter().filter(|path| too_far(path.line, &path.segments));
    paths.map(|path| breach(file, path.line, "`super` leads to the crate root: name the room")).collect()
}

/// Names are imported from where they are defined, not from a `mod.rs` that hands them on.
fn definitions(file: &File, mod_files: &BTreeMap<String, BTreeSet<String>>) -> Vec<Breach> {
    if file.path == "lib.rs" {
        return Vec::new();
    }
    let handed_on = |segments: &[String]| {
        (2..segments.len()).find_map(|length| {
            let module = segments.get(1..length)?.join("::");
            let name = segments.get(length)?;
            mod_files.get(&module)?.contains(name).then(|| format!("crate::{module}::{name}"))
        })
    };
    let paths = file.paths("crate");
    let found = paths.iter().filter_map(|path| handed_on(&path.segments).map(|name| (path.line, name)));
    found.map(|(line, name)| breach(file, line, format!("`{name}` is only handed on there: import its own"))).collect()
}

/// The names that a `mod.rs` hands on by `pub use`.
fn handed_on(file: &File) -> BTreeSet<String> {
    let uses =
        statements(&file.code).into_iter().filter_map(|(_, text)| text.strip_prefix("pub use ").map(str::to_owned));
    let last = |name: &str| name.trim().rsplit("::").next().map(|name| name.trim().to_owned());
    let names = uses.flat_map(|text| {
        let inside = text.split_once('{').map_or(text.as_str(), |(_, inside)| inside).to_owned();
        inside.trim_end_matches(['}', ' ']).split(',').filter_map(last).collect::<Vec<_>>()
    });
    names.filter(|name| !name.is_empty()).collect()
}

/// The statements of a file, attributes left out, blanks made single.
fn statements(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut line = 1;
    for part in code.split_inclusive(';') {
        let lead = part.len() - part.trim_start().len();
        let begins = line + part[..lead].matches('\n').count();
        line += part.matches('\n').count();
        let mut text = part.trim().trim_end_matches(';').to_owned();
        while let Some(rest) = text.strip_prefix('#') {
            text = rest.split_once(']').map_or(String::new(), |(_, rest)| rest.trim_start().to_owned());
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.is_empty() {
            found.push((begins, text));
        }
    }
    found
}

/// A `mod.rs` holds docs, modules and re-exports. The session's alone holds code; `lib.rs` is one too.
fn mod_files_hold_no_code(file: &File) -> Vec<Breach> {
    let is_mod = file.path.ends_with("/mod.rs") || file.path == "lib.rs";
    if !is_mod || file.path == "session/mod.rs" {
        return Vec::new();
    }
    let fits = |text: &str| {
        let text = text.strip_prefix("pub ").or_else(|| text.strip_prefix("pub(crate) ")).unwrap_or(text);
        (text.starts_with("mod ") && !text.contains('{')) || text.starts_with("use ")
    };
    let wrong = statements(&file.code).into_iter().filter(|(_, text)| !fits(text));
    wrong.map(|(line, _)| breach(file, line, "a `mod.rs` holds docs, modules and re-exports only")).collect()
}

/// The core reads no clock, moves no byte, has no hidden state. Tests may.
fn purity(file: &File) -> Vec<Breach> {
    let end = file.tests_begin();
    let found = IMPURE.iter().flat_map(|(word, why)| {
        let lines = file.lines_with(word).into_iter().filter(|&line| line < end);
        lines.map(move |line| breach(file, line, format!("the core is pure, no `{word}`: {why}")))
    });
    found.collect()
}

/// What holds for every source file of the project.
fn manners(file: &File) -> Vec<Breach> {
    let mut found = Vec::new();
    let lines = file.text.lines().count();
    if lines >= LONGEST {
        found.push(breach(file, lines, format!("a file has under {LONGEST} lines")));
    }
    if !file.text.starts_with("//!") && !file.path.ends_with("tests.rs") {
        found.push(breach(file, 1, "a file's first lines say what it holds"));
    }
    found.extend(file.lines_with("unsafe").into_iter().map(|line| breach(file, line, "`unsafe` is forbidden")));
    for what in ["allow", "expect"] {
        let bare = file.attributes(what).into_iter().filter(|(_, text)| !text.contains("reason"));
        found.extend(bare.map(|(line, _)| breach(file, line, format!("`#[{what}(..)]` carries its reason"))));
    }
    let ignored = file.attributes("ignore").into_iter().filter(|(_, text)| !text.contains('='));
    found.extend(ignored.map(|(line, _)| breach(file, line, "`#[ignore]` carries its reason")));
    found
}

/// A circle among the rooms, however it came about.
fn circle(arrows: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn walk(
        at: &str,
        arrows: &BTreeMap<String, BTreeSet<String>>,
        way: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<Vec<String>> {
        if let Some(start) = way.iter().position(|seen| seen == at) {
            return Some(way[start..].to_vec());
        }
        if !done.insert(at.to_owned()) {
            return None;
        }
        way.push(at.to_owned());
        let found = arrows.get(at)?.iter().find_map(|next| walk(next, arrows, way, done));
        way.pop();
        found
    }
    let mut done = BTreeSet::new();
    arrows.keys().find_map(|room| walk(room, arrows, &mut Vec::new(), &mut done))
}

/// The arrows between rooms that the sources draw.
fn drawn(files: &[File]) -> BTreeMap<String, BTreeSet<String>> {
    let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.path != "lib.rs") {
        let own = room(&file.path);
        let to = arrows.entry(own.to_owned()).or_default();
        to.extend(file.paths("crate").into_iter().filter_map(|path| path.segments.get(1).cloned()));
        to.remove(own);
    }
    arrows
}

/// A transport's files are the six that every transport has.
fn transport_files(name: &str, found: &BTreeSet<String>) -> Vec<Breach> {
    let wanted: BTreeSet<String> = TRANSPORT.iter().map(|&file| file.to_owned()).collect();
    let missing = wanted.difference(found).map(|file| (file, "every transport has this file"));
    let further = found.difference(&wanted).map(|file| (file, "no other transport has this file"));
    let breach =
        |(file, rule): (&String, &str)| Breach { file: format!("{name}/src/{file}"), line: 1, rule: rule.into() };
    missing.chain(further).map(breach).collect()
}

/// Every `.rs` file below `folder`, by its path from there.
fn sources(folder: &Path) -> Vec<File> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            let built = path.file_name().is_some_and(|name| name == "target" || name == "corpus");
            if path.is_dir() && !built {
                collect(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    collect(folder, &mut paths);
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.strip_prefix(folder).unwrap().components().map(|part| part.as_os_str().to_string_lossy());
        File::new(&name.collect::<Vec<_>>().join("/"), &fs::read_to_string(path).unwrap())
    };
    paths.iter().map(read).collect()
}

fn core_folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn core() -> Vec<File> {
    let files = sources(&core_folder().join("src"));
    assert!(files.len() > 20, "the sources of the core were not found");
    files
}

fn assert_none(found: Vec<Breach>) {
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "{} breaches of the house rules:\n{}", told.len(), told.join("\n"));
}

#[test]
fn arrows_point_down_only() {
    let files = core();
    let rooms: BTreeSet<String> = files.iter().map(|file| room(&file.path).to_owned()).collect();
    assert_none(files.iter().flat_map(|file| arrows(file, &rooms)).chain(files.iter().flat_map(climbs)).collect());
    assert_eq!(circle(&drawn(&files)), None, "rooms import each other in a circle");
}

#[test]
fn names_are_imported_from_where_they_are_defined() {
    let files = core();
    let module = |path: &str| path.strip_suffix("/mod.rs").map(|module| module.replace('/', "::"));
    let mod_files = files.iter().filter_map(|file| Some((module(&file.path)?, handed_on(file)))).collect();
    assert_none(files.iter().flat_map(|file| definitions(file, &mod_files)).collect());
}

#[test]
fn mod_files_hold_docs_and_re_exports() {
    assert_none(core().iter().flat_map(mod_files_hold_no_code).collect());
}

#[test]
fn the_core_is_pure() {
    assert_none(core().iter().flat_map(purity).collect());
}

#[test]
fn every_source_file_has_manners() {
    let top = core_folder().parent().unwrap();
    let rooms =
        ["session-core", "transport-blocking", "transport-tokio", "transport-async-std", "session-testkit", "fuzz"];
    let of = |name: &str| {
        let mut files = sources(&top.join(name));
        files.iter_mut().for_each(|file| file.path = format!("{name}/{}", file.path));
        files
    };
    assert_none(rooms.iter().flat_map(|name| of(name)).flat_map(|file| manners(&file)).collect());
}

#[test]
fn every_transport_has_the_same_six_files() {
    let top = core_folder().parent().unwrap();
    for name in ["transport-blocking", "transport-tokio", "transport-async-std"] {
        if top.join(name).join("Cargo.toml").is_file() {
            let files = sources(&top.join(name).join("src")).into_iter().map(|file| file.path);
            assert_none(transport_files(name, &files.filter(|path| !path.contains('/')).collect()));
        }
    }
}

mod checks;
mod rooms;
mod transports;

//! The checks themselves, on made-up sources: each can fail, and does where it should.

use super::source::File;
use super::{Breach, arrows, circle, climbs, definitions, drawn, handed_on, manners, mod_files_hold_no_code, purity};
use super::{FLOORS, LONGEST, TRANSPORT, may_import, transport_files};
use std::collections::{BTreeMap, BTreeSet};

fn file(path: &str, text: &str) -> File {
    File::new(path, text)
}

fn lines(found: &[Breach]) -> Vec<usize> {
    found.iter().map(|breach| breach.line).collect()
}

fn rooms() -> BTreeSet<String> {
    FLOORS.iter().map(|(room, _)| (*room).to_owned()).collect()
}

fn told(path: &str, text: &str) -> Vec<String> {
    arrows(&file(path, text), &rooms()).iter().map(ToString::to_string).collect()
}

#[test]
fn an_arrow_down_is_fine() {
    assert!(told("cookies/jar.rs", "use crate::limits::Limits;\nuse crate::message::target::Target;").is_empty());
    assert!(told("session/mod.rs", "use crate::cookies::jar::Jar;\nuse crate::session::step::Step;").is_empty());
    assert!(told("lib.rs", "use crate::Anything;").is_empty());
}

#[test]
fn an_arrow_up_or_aside_is_told_with_its_line() {
    let up = told("message/head.rs", "//! Doc.\n\nuse crate::session::Session;");
    assert_eq!(up, ["message/head.rs:3: arrows point down only: `message` imports `session`"]);
    let aside = told("cookies/jar.rs", "use crate::{limits::Limits, auth::basic::Basic};");
    assert_eq!(aside, ["cookies/jar.rs:1: a policy never imports another policy: `cookies` imports `auth`"]);
    assert_eq!(told("h1/body.rs", "use crate::session::Session;").len(), 1);
    assert_eq!(told("session/step.rs", "use crate::h1::connection::Connection;").len(), 1);
    assert_eq!(told("error.rs", "use crate::limits::Limits;").len(), 1);
    assert_eq!(told("retry/policy.rs", "fn f() { crate::h1::connection::f() }").len(), 1);
}

#[test]
fn nothing_comes_through_the_crate_root() {
    assert_eq!(
        told("h1/body.rs", "use crate::Limits;"),
        ["h1/body.rs:1: `crate::Limits` comes through the crate root"]
    );
    assert_eq!(told("h1/body.rs", "use crate::*;").len(), 1);
    let top = |text| lines(&climbs(&file("idle.rs", text)));
    assert_eq!(top("use super::limits::Limits;"), [1]);
    assert!(top("#[cfg(test)]\nmod tests {\n    use super::Idle;\n}").is_empty());
    assert_eq!(top("#[cfg(test)]\nmod tests {\n    use super::super::limits::Limits;\n}"), [3]);
    assert!(climbs(&file("cookies/jar.rs", "use super::index::Index;")).is_empty());
    assert_eq!(lines(&climbs(&file("cookies/jar.rs", "use super::super::limits::Limits;"))), [1]);
    assert_eq!(lines(&climbs(&file("cookies/mod.rs", "use super::limits::Limits;"))), [1]);
    assert!(climbs(&file("idle/tests.rs", "use super::Idle;")).is_empty());
    assert_eq!(lines(&climbs(&file("idle/tests.rs", "use super::super::limits::Limits;"))), [1]);
}

#[test]
fn a_room_without_a_floor_is_told() {
    assert_eq!(told("cellar.rs", "fn f() {}"), ["cellar.rs:1: the room `cellar` has no place in the table of floors"]);
}

#[test]
fn the_table_itself_has_no_circle() {
    let table: BTreeMap<String, BTreeSet<String>> = FLOORS
        .iter()
        .map(|(room, _)| ((*room).to_owned(), may_import(room).unwrap().into_iter().map(str::to_owned).collect()))
        .collect();
    assert_eq!(circle(&table), None);
    assert!(table.values().flatten().all(|room| table.contains_key(room)));
}

#[test]
fn a_circle_is_found() {
    let files = [
        file("auth/a.rs", "use crate::message::x::X;"),
        file("message/x.rs", "use crate::error::E;"),
        file("error.rs", "use crate::auth::a::A;"),
        file("lib.rs", "use crate::auth::a::A;"),
    ];
    assert_eq!(circle(&drawn(&files)).unwrap(), ["auth", "message", "error"]);
    assert_eq!(circle(&drawn(&files[..2])), None);
}

#[test]
fn a_name_that_is_handed_on_is_imported_from_its_own_file() {
    let hands_on = file("h1/mod.rs", "//! Doc.\npub mod body;\n#[cfg(x)]\npub use body::Piece;\npub use a::{B,\n C};");
    assert_eq!(handed_on(&hands_on).into_iter().collect::<Vec<_>>(), ["B", "C", "Piece"]);
    let mod_files = BTreeMap::from([("h1".to_owned(), handed_on(&hands_on))]);
    let found = |text| lines(&definitions(&file("idle.rs", text), &mod_files));
    assert_eq!(found("\nuse crate::h1::Piece;"), [2]);
    assert_eq!(found("use crate::h1::{body::Piece, C};"), [1]);
    assert!(found("use crate::h1::body::Piece;").is_empty());
}

#[test]
fn code_in_a_mod_file_is_told() {
    let found = |path, text| lines(&mod_files_hold_no_code(&file(path, text)));
    let good = "//! Doc.\n#![cfg_attr(x, warn(y))]\n\npub mod a;\n#[cfg(f)]\nmod b;\npub use a::{A,\n  B};\n";
    assert!(found("h1/mod.rs", good).is_empty());
    assert_eq!(found("h1/mod.rs", "//! Doc.\nmod a;\nfn f() {}\n"), [3]);
    assert_eq!(found("lib.rs", "mod a;\n\npub struct S;\nmod b;"), [3]);
    assert_eq!(found("h1/mod.rs", "mod a { fn f() {} }"), [1]);
    assert!(found("session/mod.rs", "fn f() {}").is_empty());
    assert!(found("h1/body.rs", "fn f() {}").is_empty());
}

#[test]
fn a_clock_in_the_core_is_told_and_one_in_its_tests_or_docs_is_not() {
    let found = |text| lines(&purity(&file("time.rs", text)));
    assert_eq!(found("fn f() {\n    let now = Instant::now();\n}"), [2]);
    assert_eq!(found("use std::collections::HashMap;"), [1]);
    assert_eq!(found("use std::fs;\nuse std::env::var;"), [2, 1]);
    assert!(found("/// Take `Instant::now()`.\nfn f() { env!(\"X\"); g(\"std::fs\") }").is_empty());
    assert!(found("fn f() {}\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}").is_empty());
    assert!(found("struct MyMutexes; fn thread(x: ThreadLocalMutexed) {}").is_empty());
}

#[test]
fn manners_are_told() {
    let found = |text: &str| lines(&manners(&file("x.rs", text)));
    assert!(found("//! Doc.\n#[expect(x, reason = \"r\")]\n#[ignore = \"r\"]\nfn f() {}").is_empty());
    assert_eq!(found("fn f() {}"), [1]);
    assert_eq!(found("//! Doc.\nunsafe fn f() {}"), [2]);
    assert!(found("//! unsafe\n// unsafe\nfn f() { g(\"unsafe\", not_unsafe) }").is_empty());
    assert_eq!(found("//! Doc.\n#[allow(x)]\n#[expect(\n  y\n)]\n#[ignore]\nfn f() {}"), [2, 3, 6]);
    let long = format!("//! Doc.{}", "\n".repeat(LONGEST));
    assert_eq!(found(&long), [LONGEST]);
    assert!(found(&long[..long.len() - 1]).is_empty());
}

#[test]
fn a_missing_and_a_further_file_of_a_transport_are_told() {
    let six = || TRANSPORT.iter().map(|&name| name.to_owned());
    assert!(transport_files("transport-x", &six().collect()).is_empty());
    let found = transport_files("transport-x", &six().skip(1).chain(["pool.rs".to_owned()]).collect());
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "transport-x/src/body.rs:1: every transport has this file",
            "transport-x/src/pool.rs:1: no other transport has this file"
        ]
    );
}

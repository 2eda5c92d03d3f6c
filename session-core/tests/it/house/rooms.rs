//! docs/rooms.md, drawn from the table of floors, and the test that it is current: `UPDATE_DOCS=1 cargo test -p session-core
//! --test it rooms` writes it anew. What a room holds is the first sentence of its own documentation.

use super::{FLOORS, POLICIES, TRANSPORT, core_folder, may_import};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

/// Rooms that import the same, drawn as one box.
struct Floor {
    rooms: Vec<&'static str>,
    imports: BTreeSet<&'static str>,
}

impl Floor {
    fn imports_of(&self, other: &Self) -> bool {
        other.rooms.iter().any(|room| self.imports.contains(room))
    }
}

/// The floors, in the order of the table.
fn floors() -> Vec<Floor> {
    let mut floors: Vec<Floor> = Vec::new();
    for (room, _) in FLOORS {
        let imports = may_import(room).unwrap();
        let is_policy = POLICIES.contains(room);
        let beside = |floor: &&mut Floor| floor.imports == imports && POLICIES.contains(&floor.rooms[0]) == is_policy;
        match floors.iter_mut().find(beside) {
            Some(floor) => floor.rooms.push(room),
            None => floors.push(Floor { rooms: vec![room], imports }),
        }
    }
    floors
}

fn document() -> String {
    let mut text = String::from(
        "# The rooms\n\n\
         Drawn by `session-core/tests/it/house/rooms.rs` from the table in `house.rs`, which is what the sources are held to:\n\
         `UPDATE_DOCS=1 cargo test -p session-core --test it rooms` writes it anew, and the test fails where it is not current.\n\n\
         An arrow leads to what a room may import. Those that follow from others are left out of the picture: a room may also\n\
         import what lies below, where the table has it. No room imports another of its own box: no policy knows a second one.\n\n\
         ```mermaid\nflowchart TD\n",
    );
    let floors = floors();
    writeln!(text, "    crates[\"transport-blocking · transport-tokio · transport-async-std\"]").unwrap();
    for (number, floor) in floors.iter().enumerate() {
        writeln!(text, "    f{number}[\"{}\"]", floor.rooms.join(" · ")).unwrap();
    }
    for (number, floor) in floors.iter().enumerate() {
        // What no room imports, the crates of the transports stand on.
        if !floors.iter().any(|other| other.imports_of(floor)) {
            writeln!(text, "    crates --> f{number}").unwrap();
        }
        for (below, other) in floors.iter().enumerate().filter(|(_, other)| floor.imports_of(other)) {
            let between = |middle: &Floor| floor.imports_of(middle) && middle.imports_of(other);
            if !floors.iter().any(between) {
                writeln!(text, "    f{number} --> f{below}").unwrap();
            }
        }
    }
    text.push_str("```\n\n| room | holds | may import |\n|---|---|---|\n");
    for (room, _) in FLOORS.iter().rev() {
        let imports: Vec<_> = may_import(room).unwrap().into_iter().collect();
        writeln!(text, "| `{room}` | {} | {} |", holds(room), imports.join(" ")).unwrap();
    }
    let files = TRANSPORT.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(" ");
    write!(text, "\nEach transport is {files}, the same functions in each.\n").unwrap();
    text
}

/// The first sentence of a room's documentation.
fn holds(room: &str) -> String {
    let folder = core_folder().join("src");
    let of_a_file = fs::read_to_string(folder.join(format!("{room}.rs")));
    let source = of_a_file.or_else(|_| fs::read_to_string(folder.join(room).join("mod.rs"))).unwrap();
    let lines: Vec<_> = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let paragraph = lines.split(|line| line.is_empty()).next().unwrap_or_default().join(" ");
    let sentence = paragraph.split(". ").next().unwrap_or_default().trim_end_matches(['.', ':']).to_owned();
    // Links of rustdoc lead nowhere from here.
    let mut plain = String::new();
    let mut rest = sentence.as_str();
    while let Some((before, link)) = rest.split_once("](") {
        plain.push_str(before);
        rest = link.split_once(')').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain.replace(['[', ']'], "").replace('|', "\\|")
}

#[test]
fn the_picture_of_the_rooms_is_current() {
    let path = core_folder().join("../docs/rooms.md");
    let expected = document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "docs/rooms.md is not current: run the tests once with UPDATE_DOCS=1");
}

//! Makes a function of each piece of Rust in the guides, so that all of it is compiled.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

/// Each guide, and how its functions begin.
const GUIDES: &[(&str, &str)] = &[
    ("requests", "fn piece_{}(session: transport_blocking::Session)"),
    ("aiohttp", "async fn piece_{}(session: transport_tokio::Session)"),
    ("reqwest", "async fn piece_{}(session: transport_tokio::Session)"),
];

fn main() {
    let mut out = String::new();
    for (name, start) in GUIDES {
        let path = Path::new("../../docs").join(format!("porting-from-{name}.md"));
        println!("cargo::rerun-if-changed={}", path.display());
        let guide = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let blocks: Vec<_> = guide.split("```").skip(1).step_by(2).collect();
        let mut pieces = blocks.iter().filter_map(|block| block.strip_prefix("rust\n"));
        // The first piece is the imports, which hold for the others.
        let imports = pieces.next().unwrap_or_else(|| panic!("{} has no imports", path.display()));
        writeln!(out, "pub mod {name} {{\n{imports}").unwrap();
        for (number, piece) in pieces.enumerate() {
            let start = start.replace("{}", &number.to_string());
            if piece.contains("fn main()") {
                writeln!(out, "pub mod piece_{number} {{\nuse super::*;\n{piece}}}").unwrap();
            } else {
                let result = "Result<(), Box<dyn std::error::Error>>";
                writeln!(out, "pub {start} -> {result} {{\nlet _ = &session;\n{piece}Ok(())\n}}").unwrap();
            }
        }
        writeln!(out, "}}").unwrap();
    }
    let to = Path::new(&env::var_os("OUT_DIR").unwrap()).join("guides.rs");
    fs::write(to, out).unwrap();
}

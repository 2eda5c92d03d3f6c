//! docs/embedding.md: each piece of code in it stands in the file that it names; and no file is longer than it says.

use std::fs;
use std::path::Path;

/// Every line is counted, imports, comments and empty ones too.
const LONGEST: usize = 79;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Lines without their indentation and without what is empty: how a piece of code is compared.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

#[test]
fn each_piece_of_code_in_the_guide_stands_in_the_file_that_it_names() {
    let guide = read("docs/embedding.md");
    let mut pieces = 0;
    for (index, block) in guide.split("```").enumerate().filter(|(index, _)| index % 2 == 1) {
        let Some(code) = block.strip_prefix("rust\n") else { continue };
        let (named, code) = code.split_once('\n').unwrap_or_default();
        let path = named.strip_prefix("// ").unwrap_or_else(|| panic!("the piece {index} names no file: {named}"));
        let (file, wanted) = (read(path), lines(code));
        let file = lines(&file);
        assert!(
            !wanted.is_empty() && file.windows(wanted.len()).any(|at| at == wanted),
            "{path} has no such lines:\n{code}"
        );
        pieces += 1;
    }
    assert!(pieces >= 6, "the guide has {pieces} pieces of code");
}

#[test]
fn each_client_takes_less_than_80_lines() {
    let mut files = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let count = text.lines().count();
        assert!(count <= LONGEST, "{} has {count} lines", path.display());
        files += 1;
    }
    assert_eq!(files, 6, "five clients, and what they share");
}

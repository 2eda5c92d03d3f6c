//! Reading Rust sources as far as the house rules need it: code without comments and texts, the paths in it, and which
//! lines are tests. Which rule a path breaks is not known here.

/// One source file.
pub(super) struct File {
    /// Where it is, from the folder that is looked at, with `/` between the parts.
    pub(super) path: String,
    /// Its code: comments and the insides of texts are blanks, so that lines and columns stay.
    pub(super) code: String,
    /// As it is.
    pub(super) text: String,
}

/// A path in the code, such as `crate::message::head::ResponseHead`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PathInCode {
    pub(super) line: usize,
    pub(super) segments: Vec<String>,
}

impl File {
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), code: code(text), text: text.to_owned() }
    }

    /// The first line of the tests that stand at the file's end; one past the last line where there are none.
    pub(super) fn tests_begin(&self) -> usize {
        if self.path.ends_with("/tests.rs") || self.path.contains("tests/") {
            return 1;
        }
        let lines: Vec<&str> = self.code.lines().collect();
        let marks = |pair: &[&str]| pair[0].trim() == "#[cfg(test)]" && pair[1].trim_start().starts_with("mod ");
        lines.windows(2).position(marks).map_or(lines.len() + 1, |index| index + 1)
    }

    /// The paths that begin with the word `root`, groups in braces taken apart.
    pub(super) fn paths(&self, root: &str) -> Vec<PathInCode> {
        let mut found = Vec::new();
        for at in words(&self.code, root).filter(|&at| !self.code[..at].ends_with("::")) {
            let line = line_of(&self.code, at);
            let mut branches = Vec::new();
            branch(&self.code[at..], &mut Vec::new(), &mut branches);
            found.extend(
                branches
                    .into_iter()
                    .filter(|segments| segments.len() > 1)
                    .map(|segments| PathInCode { line, segments }),
            );
        }
        found
    }

    /// The lines that hold `wanted` as words of their own, with what follows on the line.
    pub(super) fn lines_with(&self, wanted: &str) -> Vec<usize> {
        words(&self.code, wanted).map(|at| line_of(&self.code, at)).collect()
    }

    /// Each attribute that begins with `start`, up to its closing bracket.
    pub(super) fn attributes(&self, start: &str) -> Vec<(usize, &str)> {
        let starts = [format!("#[{start}"), format!("#![{start}")];
        let places = starts.iter().flat_map(|start| self.code.match_indices(start.as_str()));
        places
            .filter(|(at, start)| !self.code[at + start.len()..].starts_with(is_word))
            .map(|(at, _)| {
                let end = self.code[at..].find(']').map_or(self.code.len(), |length| at + length + 1);
                (line_of(&self.code, at), &self.code[at..end])
            })
            .collect()
    }
}

fn is_word(byte: char) -> bool {
    byte.is_alphanumeric() || byte == '_'
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// Where `wanted` stands as a word, not as a part of a longer one.
fn words<'a>(code: &'a str, wanted: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(wanted).map(|(at, _)| at).filter(move |&at| {
        let before = code[..at].chars().next_back().is_some_and(is_word);
        let after = code[at + wanted.len()..].chars().next().is_some_and(is_word);
        let longer = (before && wanted.starts_with(is_word)) || (after && wanted.ends_with(is_word));
        !longer
    })
}

/// Follows a path from its first word to every end it has, and gives what is left of the code.
fn branch<'a>(code: &'a str, so_far: &mut Vec<String>, ends: &mut Vec<Vec<String>>) -> &'a str {
    let code = code.trim_start();
    if let Some(mut rest) = code.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
            if let Some(rest) = rest.strip_prefix('}') {
                return rest;
            }
            let before = rest.len();
            rest = branch(rest, &mut so_far.clone(), ends);
            if rest.len() == before {
                return rest;
            }
        }
    }
    let length = code.find(|c| !is_word(c) && c != '*').unwrap_or(code.len());
    if length == 0 {
        return code;
    }
    so_far.push(code[..length].to_owned());
    let mut rest = &code[length..];
    if let Some(next) = rest.strip_prefix("::")
        && next.trim_start().starts_with(|c| is_word(c) || c == '{' || c == '*')
    {
        return branch(next, so_far, ends);
    }
    if let Some(renamed) = rest.trim_start().strip_prefix("as ") {
        rest = renamed.trim_start().trim_start_matches(is_word);
    }
    ends.push(so_far.clone());
    rest
}

/// The code with blanks for comments and for what stands inside of texts and characters.
fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let before = out.chars().next_back();
        let opening = |rest: &str| if before.is_some_and(is_word) { None } else { raw_text(rest) };
        let (shown, length) = if rest.starts_with("//") {
            (0, rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (0, block_comment(rest))
        } else if let Some(length) = opening(rest) {
            (0, length)
        } else if first == '"' {
            (0, quoted(rest, '"'))
        } else if first == '\'' && is_character(rest) {
            (0, quoted(rest, '\''))
        } else {
            (first.len_utf8(), first.len_utf8())
        };
        out.push_str(&rest[..shown]);
        out.extend(rest[shown..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        rest = &rest[length..];
    }
    out
}

/// The length of a raw text, where one begins here.
fn raw_text(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = inside.len() - inside.trim_start_matches('#').len();
    inside[hashes..].strip_prefix('"')?;
    let closing = format!("\"{}", "#".repeat(hashes));
    let start = rest.len() - inside.len() + hashes + 1;
    Some(rest[start..].find(&closing).map_or(rest.len(), |length| start + length + closing.len()))
}

fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a text in these quotes, which begins here.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + 1;
        }
    }
    rest.len()
}

/// Whether a quote begins a character, and not a lifetime.
fn is_character(rest: &str) -> bool {
    let mut after = rest.chars().skip(1);
    matches!((after.next(), after.next()), (Some('\\'), _) | (Some(_), Some('\'')))
}

#[cfg(test)]
mod tests {
    use super::{File, code};

    fn paths(text: &str, root: &str) -> Vec<String> {
        File::new("x.rs", text).paths(root).into_iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn comments_and_texts_are_no_code() {
        assert_eq!(code("a // b\nc"), "a     \nc");
        assert_eq!(code("a /* b /* c */ \n d */ e"), "a              \n      e");
        assert_eq!(code(r#"f("un\"safe", 'x', '\'', &'a b)"#), "f(          ,    ,     , &'a b)");
        assert_eq!(code(r##"g(r#"a " b"#, br"c", for_r"d")"##), "g(          ,      , for_r   )");
    }

    #[test]
    fn paths_are_taken_apart() {
        assert_eq!(
            paths("use crate::a::{self, b::{C, D as E}, f::*};\nuse crate::g;", "crate"),
            ["crate::a::self", "crate::a::b::C", "crate::a::b::D", "crate::a::f::*", "crate::g"]
        );
        assert_eq!(
            paths("let x = crate::a::b(crate::c::D::new::<u8>());", "crate"),
            ["crate::a::b", "crate::c::D::new"]
        );
        assert_eq!(paths("pub(crate) fn f() { my_crate::x() }", "crate"), [] as [&str; 0]);
        assert_eq!(paths("use super::super::x;", "super")[0], "super::super::x");
    }

    #[test]
    fn a_path_knows_its_line() {
        let file = File::new("x.rs", "//! crate::not::this\n\nuse crate::a::B;\n");
        assert_eq!(file.paths("crate")[0].line, 3);
    }

    #[test]
    fn tests_begin_at_their_mark() {
        assert_eq!(File::new("x.rs", "fn f() {}\n#[cfg(test)]\nmod tests {}\n").tests_begin(), 2);
        assert_eq!(File::new("x.rs", "#[cfg(test)]\nfn f() {}\n").tests_begin(), 3);
        assert_eq!(File::new("x/tests.rs", "fn f() {}\n").tests_begin(), 1);
    }

    #[test]
    fn an_attribute_is_read_to_its_end() {
        let file = File::new("x.rs", "#[allow(\n  dead_code,\n  reason = \"r\"\n)]\n#![allow(x)]\n#[allowed]\n");
        let found = file.attributes("allow");
        assert_eq!(found.len(), 2);
        assert!(found[0].1.contains("reason") && !found[1].1.contains("reason"));
        assert_eq!(found[1].0, 5);
    }
}

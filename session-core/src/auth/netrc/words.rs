//! The words of a netrc text: where one ends, what a quote holds, which line it stands on. What they mean is not known
//! here, but for the few that a value must not be taken for.

use std::borrow::Cow;

/// The words that open an entry or name a value.
const KEYWORDS: [&str; 7] = ["machine", "default", "macdef", "login", "user", "password", "account"];

/// One word, its quotes removed.
#[derive(Debug)]
pub(super) struct Word<'a> {
    pub(super) text: Cow<'a, str>,
    /// The line it stands on, counted from 1.
    pub(super) line: usize,
    quoted: bool,
    /// A quote that does not end on its line; the text is what stood up to there.
    pub(super) unfinished: bool,
}

impl Word<'_> {
    /// The word of the format that this is. What stands in quotes is none.
    pub(super) fn keyword(&self) -> Option<&'static str> {
        if self.quoted { None } else { KEYWORDS.into_iter().find(|keyword| *keyword == self.text) }
    }
}

pub(super) struct Words<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 }
    }

    /// The next word where a word of the format is expected; comments are skipped.
    pub(super) fn next_word(&mut self) -> Option<Word<'a>> {
        loop {
            self.skip_blanks();
            if !self.rest.starts_with('#') {
                return self.take();
            }
            self.skip_line();
        }
    }

    /// The value of the word on `line`; `None` where a word of the format, which then is not taken, stands on a later
    /// line. On a later line a comment may stand before the value.
    pub(super) fn next_value(&mut self, line: usize) -> Option<Word<'a>> {
        self.skip_blanks();
        if self.line == line {
            return self.take();
        }
        let (rest, at) = (self.rest, self.line);
        let word = self.next_word()?;
        if word.keyword().is_none() {
            return Some(word);
        }
        (self.rest, self.line) = (rest, at);
        None
    }

    /// Skips the rest of the line and all lines up to a blank one. Gives false where the text ends first.
    pub(super) fn skip_macro(&mut self) -> bool {
        loop {
            self.skip_line();
            if self.rest.is_empty() {
                return false;
            }
            if self.rest.lines().next().is_none_or(|line| line.trim().is_empty()) {
                return true;
            }
        }
    }

    fn take(&mut self) -> Option<Word<'a>> {
        let line = self.line;
        if let Some(rest) = self.rest.strip_prefix('"') {
            self.rest = rest;
            let (text, unfinished) = self.take_quoted();
            return Some(Word { text: Cow::Owned(text), line, quoted: true, unfinished });
        }
        let text = self.advance(self.rest.find(is_space).unwrap_or(self.rest.len()));
        if text.is_empty() {
            return None;
        }
        Some(Word { text: Cow::Borrowed(text), line, quoted: false, unfinished: false })
    }

    /// What stands up to the closing quote, which is taken too, or up to the end of the line.
    fn take_quoted(&mut self) -> (String, bool) {
        let mut text = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = chars.as_str();
                    return (text, false);
                }
                '\n' | '\r' => {
                    self.advance(at);
                    return (text, true);
                }
                '\\' => match chars.clone().next() {
                    None | Some((_, '\n' | '\r')) => text.push('\\'),
                    Some((_, escaped)) => {
                        chars.next();
                        text.push(match escaped {
                            'n' => '\n',
                            'r' => '\r',
                            't' => '\t',
                            other => other,
                        });
                    }
                },
                other => text.push(other),
            }
        }
        self.rest = "";
        (text, true)
    }

    fn skip_blanks(&mut self) {
        let blanks = self.rest.len().saturating_sub(self.rest.trim_start_matches(is_space).len());
        self.advance(blanks);
    }

    fn skip_line(&mut self) {
        let end = self.rest.find('\n').map_or(self.rest.len(), |at| at.saturating_add(1));
        self.advance(end);
    }

    /// Takes `length` bytes off the rest, and counts the lines in them.
    fn advance(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.line = self.line.saturating_add(taken.bytes().filter(|&byte| byte == b'\n').count());
        self.rest = rest;
        taken
    }
}

/// What separates words: ASCII white space alone, so that any other character may stand in a password.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

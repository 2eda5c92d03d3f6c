//! A body line by line, push-style: pieces of it in, lines of text out.

use crate::content::charset::TextRules;
use crate::content::charset::decoder::TextDecoder;
use crate::error::{Error, ErrorKind, Phase};
use crate::limits::Limits;
use http::HeaderValue;
use memchr::memchr;

/// Reads lines: [`push`](Self::push) what came, then take lines until there is none; [`finish`](Self::finish) gives the last one.
///
/// A line ends by LF or CRLF, which is no part of it. A last line needs no end. The text is read by the charset of the body, as
/// [`TextRules`] have it, but that nothing is guessed.
#[derive(Debug)]
pub struct LineReader {
    decoder: TextDecoder,
    /// What was decoded and not handed out, from `start`; up to `looked` there is no line end.
    text: String,
    start: usize,
    looked: usize,
    ended: bool,
    failed: bool,
    most: usize,
}

impl LineReader {
    /// The start of a body under its Content-Type.
    #[must_use]
    pub fn new(rules: TextRules, content_type: Option<&HeaderValue>, limits: &Limits) -> Self {
        let decoder = TextDecoder::new(rules, content_type);
        let most = limits.line_bytes;
        Self { decoder, text: String::new(), start: 0, looked: 0, ended: false, failed: false, most }
    }

    /// Takes the next bytes of the body, cut anywhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.make_room();
        self.decoder.push(bytes, &mut self.text);
    }

    /// Says that the body has ended.
    pub fn finish(&mut self) {
        if !self.ended {
            self.make_room();
            self.decoder.finish(&mut self.text);
            self.ended = true;
        }
    }

    /// Whether the end was told.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.ended
    }

    /// The next line; `None` until more is pushed, and at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`], from then on: a line is longer than [`Limits::line_bytes`].
    pub fn next_line(&mut self) -> Result<Option<String>, Error> {
        let unseen = self.text.get(self.looked..).unwrap_or_default();
        let (line, after) = match memchr(b'\n', unseen.as_bytes()) {
            Some(at) => {
                let end = self.looked.saturating_add(at);
                let line = self.text.get(self.start..end).unwrap_or_default();
                (line.strip_suffix('\r').unwrap_or(line), end.saturating_add(1))
            }
            None => {
                self.looked = self.text.len();
                let line = self.text.get(self.start..).unwrap_or_default();
                if !self.ended {
                    // A carriage return may be the first half of the line's end.
                    return self.check(line.strip_suffix('\r').unwrap_or(line).len()).map(|()| None);
                }
                if line.is_empty() {
                    return Ok(None);
                }
                (line, self.text.len())
            }
        };
        let (line, length) = (line.to_owned(), line.len());
        self.check(length)?;
        (self.start, self.looked) = (after, after);
        Ok(Some(line))
    }

    fn check(&mut self, length: usize) -> Result<(), Error> {
        self.failed |= length > self.most;
        if self.failed {
            let error = Error::new(ErrorKind::Limit, Phase::Body, "a line is too long");
            return Err(error.with_expected(format!("at most {} bytes (Limits::line_bytes)", self.most)));
        }
        Ok(())
    }

    /// Moves what is left to the front, before more comes behind it.
    fn make_room(&mut self) {
        if self.start > 0 {
            self.text.drain(..self.start);
            self.looked = self.looked.saturating_sub(self.start);
            self.start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LineReader;
    use crate::content::charset::TextRules;
    use crate::error::ErrorKind;
    use crate::limits::Limits;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn read(most: usize, content_type: &str, pieces: &[&[u8]]) -> (Vec<String>, Result<(), ErrorKind>) {
        let limits = Limits { line_bytes: most, ..Limits::default() };
        let content_type = HeaderValue::from_str(content_type).unwrap();
        let mut reader = LineReader::new(TextRules::FETCH, Some(&content_type), &limits);
        let mut lines = Vec::new();
        let mut pieces = pieces.iter();
        loop {
            match reader.next_line() {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => match pieces.next() {
                    Some(piece) => reader.push(piece),
                    None if reader.ended => return (lines, Ok(())),
                    None => reader.finish(),
                },
                Err(error) => {
                    assert!(
                        error.to_string().contains(&format!("at most {most} bytes (Limits::line_bytes)")),
                        "{error}"
                    );
                    assert_eq!(reader.next_line().unwrap_err().kind(), error.kind());
                    return (lines, Err(error.kind()));
                }
            }
        }
    }

    fn lines(text: &str) -> Vec<String> {
        let (lines, ending) = read(100, "text/plain", &[text.as_bytes()]);
        assert_eq!(ending, Ok(()));
        lines
    }

    #[test]
    fn lines_end_by_lf_or_crlf_and_the_last_needs_no_end() {
        assert_eq!(lines("a\nb\r\n\nc"), ["a", "b", "", "c"]);
        assert_eq!(lines("a\nb\n"), ["a", "b"]);
        assert_eq!(lines("a\rb\r\r\nc\r"), ["a\rb\r", "c\r"]);
        assert_eq!(lines("\r\n"), [""]);
        assert!(lines("").is_empty());
    }

    #[test]
    fn a_line_is_there_with_its_end() {
        let mut reader = LineReader::new(TextRules::FETCH, None, &Limits::default());
        reader.push(b"a");
        assert_eq!(reader.next_line().unwrap(), None);
        reader.push(b"\nb");
        assert_eq!(reader.next_line().unwrap().as_deref(), Some("a"));
        assert_eq!(reader.next_line().unwrap(), None);
    }

    #[cfg(feature = "charset")]
    #[test]
    fn lines_are_split_in_the_text_and_not_in_its_bytes() {
        let utf16 = b"\xff\xfea\0\x0a\x0ab\0\x0a\0c\0";
        assert_eq!(read(100, "text/plain", &[utf16]).0, ["a\u{a0a}b", "c"]);
        assert_eq!(read(100, "text/plain; charset=latin1", &[b"gr\xfc\nn"]).0, ["gr\u{fc}", "n"]);
    }

    #[test]
    fn the_limit_is_exact_and_comes_after_the_lines_before() {
        let x = |n: usize| "x".repeat(n);
        for end in ["", "\n", "\r\n", "\r\nz"] {
            assert_eq!(read(5, "", &[format!("a\n{}{end}", x(5)).as_bytes()]).1, Ok(()), "{end:?}");
            let (lines, ending) = read(5, "", &[format!("a\n{}{end}", x(6)).as_bytes()]);
            assert_eq!((lines, ending), (vec!["a".to_owned()], Err(ErrorKind::Limit)), "{end:?}");
        }
        assert_eq!(read(5, "", &[b"xxxxx\r"]).1, Err(ErrorKind::Limit), "the carriage return is a part of it");
        assert_eq!(read(5, "", &[b"xxxx\r"]).0, ["xxxx\r"]);
    }

    proptest! {
        #[test]
        fn however_it_is_cut_the_lines_are_the_same(
            text in "[a\u{e9}\r\n]{0,40}",
            cut in 0..60_usize,
            second in 0..60_usize,
        ) {
            let bytes = text.as_bytes();
            let (first, rest) = bytes.split_at(cut.min(bytes.len()));
            let (second, third) = rest.split_at(second.min(rest.len()));
            prop_assert_eq!(read(7, "", &[first, second, third]), read(7, "", &[bytes]));
        }

        #[test]
        fn lines_are_those_of_the_standard_library(text in "[a\u{e9}\r\n]{0,40}") {
            // That one leaves a carriage return behind the last line in place too.
            let wanted: Vec<&str> = text.lines().collect();
            prop_assert_eq!(lines(&text), wanted);
        }
    }
}

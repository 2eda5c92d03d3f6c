//! Field names and methods as a caller wrote them, and what an error tells of one that is none: where it stops to be a token. The word
//! itself is not shown, for values slip in, and whole lines with theirs (`Authorization: Bearer ..`).

use crate::error::{Error, ErrorKind, Phase, excerpt};
use crate::message::grammar::is_token_byte;

/// The beginning of a word, kept while the word itself is made a name or a method. Nothing is allocated for it.
pub(crate) struct Word {
    begins: [u8; Self::KEPT],
    length: usize,
}

impl Word {
    /// How much is kept: longer than any name that is in use.
    const KEPT: usize = 48;

    pub(crate) fn of(word: &[u8]) -> Self {
        let mut begins = [0; Self::KEPT];
        for (to, from) in begins.iter_mut().zip(word) {
            *to = *from;
        }
        Self { begins, length: word.len() }
    }

    /// The error for a word that is no `what`.
    #[cold]
    #[inline(never)]
    pub(crate) fn refused(&self, what: &str, source: http::Error) -> Error {
        let mut kept = self.begins.iter().take(self.length).zip(1..);
        let told = match kept.find(|(byte, _)| !is_token_byte(**byte)) {
            _ if self.length == 0 => "it is empty".to_owned(),
            Some((byte, at)) => format!("byte {at} of its {} is \"{}\"", self.length, excerpt(&[*byte])),
            None => format!("of its {} bytes, one behind the first {} is wrong", self.length, Self::KEPT),
        };
        Error::new(ErrorKind::InvalidHeader, Phase::Build, format!("{what} is not valid: {told}"))
            .with_expected("a token (RFC 9110 5.6.2)")
            .with_source(source)
    }
}

#[cfg(test)]
mod tests {
    use super::Word;
    use http::HeaderName;

    fn told(word: &str) -> String {
        let source = HeaderName::try_from(word).unwrap_err();
        Word::of(word.as_bytes()).refused("a field name", source.into()).to_string()
    }

    #[test]
    fn a_word_is_told_by_where_it_stops_to_be_a_token() {
        for (word, expected) in [
            ("x app", "a field name is not valid: byte 2 of its 5 is \" \"; expected a token"),
            ("Authorization: Bearer secret", "byte 14 of its 28 is \":\""),
            ("\n", "byte 1 of its 1 is \"\\n\""),
            ("x-\u{e4}", "byte 3 of its 4 is \"\\xc3\""),
            ("", "it is empty"),
        ] {
            assert!(told(word).contains(expected), "{}", told(word));
            assert!(!told(word).contains("secret"));
        }
    }

    #[test]
    fn of_a_long_word_the_beginning_is_looked_at() {
        let until = |length| told(&format!("{}:", "a".repeat(length)));
        assert!(until(Word::KEPT - 1).contains("byte 48 of its 48 is \":\""), "{}", until(Word::KEPT - 1));
        assert!(
            until(Word::KEPT).contains("of its 49 bytes, one behind the first 48 is wrong"),
            "{}",
            until(Word::KEPT)
        );
    }
}

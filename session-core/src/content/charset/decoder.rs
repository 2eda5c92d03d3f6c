//! A text that comes in pieces: the same text as of the whole body, whatever the cuts.

use crate::content::charset::TextRules;
#[cfg(feature = "charset")]
use crate::content::charset::{Fallback, by_fallback, labelled};
use http::HeaderValue;

/// Turns the bytes of a body into text as they come.
#[derive(Debug)]
pub struct TextDecoder(State);

impl TextDecoder {
    /// For a body under its Content-Type. The text is that of [`TextRules::decode`], but that nothing is guessed.
    #[must_use]
    pub fn new(rules: TextRules, content_type: Option<&HeaderValue>) -> Self {
        Self(State::new(rules, content_type))
    }

    /// Adds the text of the next bytes. A character that is not complete waits for them.
    pub fn push(&mut self, bytes: &[u8], text: &mut String) {
        self.0.push(bytes, text);
    }

    /// Adds what waits: the body has ended. What comes after that begins a new text.
    pub fn finish(&mut self, text: &mut String) {
        self.0.finish(text);
    }
}

#[cfg(feature = "charset")]
enum State {
    /// Which charset it is hangs on a byte order mark, and what came may still become one.
    Undecided {
        start: Vec<u8>,
        label: Option<String>,
        fallback: Fallback,
    },
    Decided(encoding_rs::Decoder),
}

#[cfg(feature = "charset")]
impl State {
    fn new(rules: TextRules, content_type: Option<&HeaderValue>) -> Self {
        let (label, fallback) = rules.of(content_type);
        #[cfg(feature = "detect")]
        let fallback = if fallback == Fallback::Detect { Fallback::Mark } else { fallback };
        Self::Undecided { start: Vec::new(), label: label.map(std::borrow::Cow::into_owned), fallback }
    }

    fn push(&mut self, bytes: &[u8], text: &mut String) {
        match self {
            Self::Decided(decoder) => decode(decoder, bytes, Last::No, text),
            Self::Undecided { start, .. } => {
                start.extend_from_slice(bytes);
                let may_become_a_mark = [&b"\xef\xbb\xbf"[..], b"\xfe\xff", b"\xff\xfe"]
                    .iter()
                    .any(|mark| mark.len() > start.len() && mark.starts_with(start));
                if !may_become_a_mark {
                    self.decide(Last::No, text);
                }
            }
        }
    }

    fn finish(&mut self, text: &mut String) {
        match self {
            Self::Decided(decoder) => {
                decode(decoder, &[], Last::Yes, text);
                *self = Self::Decided(decoder.encoding().new_decoder_without_bom_handling());
            }
            Self::Undecided { .. } => self.decide(Last::Yes, text),
        }
    }

    fn decide(&mut self, last: Last, text: &mut String) {
        let Self::Undecided { start, label, fallback } = self else { return };
        let encoding = labelled(start, label.as_deref()).unwrap_or_else(|| by_fallback(start, *fallback));
        let mut decoder = encoding.new_decoder_with_bom_removal();
        decode(&mut decoder, start, last, text);
        let decoder = if last == Last::Yes { encoding.new_decoder_without_bom_handling() } else { decoder };
        *self = Self::Decided(decoder);
    }
}

#[cfg(feature = "charset")]
impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Undecided { .. } => f.write_str("undecided"),
            Self::Decided(decoder) => f.write_str(decoder.encoding().name()),
        }
    }
}

/// Whether a body ends with these bytes.
#[cfg(feature = "charset")]
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    No,
    Yes,
}

#[cfg(feature = "charset")]
fn decode(decoder: &mut encoding_rs::Decoder, bytes: &[u8], last: Last, text: &mut String) {
    let mut rest = bytes;
    loop {
        text.reserve(decoder.max_utf8_buffer_length(rest.len()).unwrap_or(rest.len()));
        let (result, read, _) = decoder.decode_to_string(rest, text, last == Last::Yes);
        rest = rest.get(read..).unwrap_or_default();
        if result == encoding_rs::CoderResult::InputEmpty {
            break;
        }
    }
}

/// UTF-8, and the bytes of a character that has begun.
#[cfg(not(feature = "charset"))]
#[derive(Debug)]
struct State {
    begun: Vec<u8>,
    at_start: bool,
}

#[cfg(not(feature = "charset"))]
impl State {
    fn new(_: TextRules, _: Option<&HeaderValue>) -> Self {
        Self { begun: Vec::new(), at_start: true }
    }

    fn push(&mut self, bytes: &[u8], text: &mut String) {
        let mut joined = std::mem::take(&mut self.begun);
        let mut rest = bytes;
        if !joined.is_empty() {
            joined.extend_from_slice(bytes);
            rest = &joined;
        }
        loop {
            let (valid, after, whole) = match std::str::from_utf8(rest) {
                Ok(valid) => (valid, &[][..], true),
                Err(error) => {
                    let (valid, after) = rest.split_at_checked(error.valid_up_to()).unwrap_or((rest, &[]));
                    let valid = std::str::from_utf8(valid).unwrap_or_default();
                    match error.error_len() {
                        Some(wrong) => (valid, after.get(wrong..).unwrap_or_default(), false),
                        None => {
                            self.begun = after.to_vec();
                            (valid, &[][..], true)
                        }
                    }
                }
            };
            let unmarked = if self.at_start { valid.strip_prefix('\u{feff}').unwrap_or(valid) } else { valid };
            text.push_str(unmarked);
            self.at_start &= valid.is_empty() && whole;
            if whole {
                break;
            }
            text.push('\u{fffd}');
            rest = after;
        }
    }

    fn finish(&mut self, text: &mut String) {
        if !std::mem::take(&mut self.begun).is_empty() {
            text.push('\u{fffd}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TextDecoder;
    use crate::content::charset::TextRules;
    use http::HeaderValue;
    use proptest::prelude::*;

    fn in_pieces(rules: TextRules, content_type: Option<&HeaderValue>, pieces: &[&[u8]]) -> String {
        let mut decoder = TextDecoder::new(rules, content_type);
        let mut text = String::new();
        for piece in pieces {
            decoder.push(piece, &mut text);
        }
        decoder.finish(&mut text);
        text
    }

    #[test]
    fn a_character_waits_for_its_last_byte_and_nothing_else_waits() {
        let mut decoder = TextDecoder::new(TextRules::FETCH, None);
        let mut text = String::new();
        decoder.push(b"a", &mut text);
        assert_eq!(text, "a");
        decoder.push(b"\xe2\x82", &mut text);
        assert_eq!(text, "a");
        decoder.push(b"\xacb", &mut text);
        assert_eq!(text, "a\u{20ac}b");
        decoder.push(b"\xe2", &mut text);
        decoder.finish(&mut text);
        assert_eq!(text, "a\u{20ac}b\u{fffd}");
    }

    #[test]
    fn a_mark_is_found_in_pieces() {
        assert_eq!(in_pieces(TextRules::FETCH, None, &[b"\xef", b"\xbb", b"\xbfx"]), "x");
        assert_eq!(in_pieces(TextRules::FETCH, None, &[b"\xef", b"\xbb"]), "\u{fffd}");
        #[cfg(feature = "charset")]
        assert_eq!(in_pieces(TextRules::FETCH, None, &[b"\xfe", b"\xff\0", b"x"]), "x");
    }

    proptest! {
        #[test]
        fn the_text_is_that_of_the_whole_body(
            bytes in prop::collection::vec(prop_oneof![
                Just(0xef), Just(0xbb), Just(0xbf), Just(0xfe), Just(0xff), Just(0), Just(b'x'), Just(0xe2), Just(0x82), any::<u8>()
            ], 0..20),
            cut in 0..20_usize,
            second in 0..20_usize,
            label in prop::sample::select(vec!["", "; charset=utf-16", "; charset=utf-8", "; charset=koi8-r", "; charset=shift_jis", "; charset=x"]),
            rules in prop::sample::select(vec![TextRules::FETCH, TextRules::UTF8, TextRules::REQUESTS]),
        ) {
            let content_type = HeaderValue::from_str(&format!("text/plain{label}")).unwrap();
            let (first, rest) = bytes.split_at(cut.min(bytes.len()));
            let (second, third) = rest.split_at(second.min(rest.len()));
            let text = in_pieces(rules, Some(&content_type), &[first, second, third]);
            prop_assert_eq!(text, rules.decode(&bytes, Some(&content_type)));
        }
    }
}

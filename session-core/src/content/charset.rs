//! The text of a body: by the charset of its Content-Type, else by a byte order mark, else as UTF-8.
//!
//! Nothing is guessed from the bytes themselves. Bytes that are not valid in the charset become U+FFFD, so reading text
//! never fails. A byte order mark of the charset in use is no part of the text.
//!
//! With the feature `charset` the labels are those of the WHATWG Encoding Standard: `latin1` and `us-ascii` name
//! windows-1252, and the charsets that browsers refuse (`iso-2022-kr` and its like) give one U+FFFD for any body.
//! Without it every body is read as UTF-8, whatever its charset.

use http::HeaderValue;
use std::borrow::Cow;

/// The text of `bytes`, the whole of a body after its codings, under its Content-Type, by the rules of the web.
#[must_use]
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&HeaderValue>) -> Cow<'a, str> {
    TextRules::FETCH.decode(bytes, content_type)
}

/// What a text is where its Content-Type names no charset, or one that nobody knows.
///
/// ```
/// use http::HeaderValue;
/// use session_core::content::charset::TextRules;
///
/// let html = HeaderValue::from_static("text/html");
/// assert_eq!(TextRules::FETCH.decode(b"gr\xfcn", Some(&html)), "gr\u{fffd}n");
/// # #[cfg(feature = "charset")]
/// assert_eq!(TextRules::REQUESTS.decode(b"gr\xfcn", Some(&html)), "gr\u{fc}n");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextRules {
    /// `text/*` without a charset.
    pub text: Fallback,
    /// `application/json` without a charset.
    pub json: Fallback,
    /// Everything else without a charset, and what has no Content-Type.
    pub other: Fallback,
    /// A charset that is not known.
    pub unknown: Fallback,
}

/// A charset that nobody named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fallback {
    /// That of the byte order mark, else UTF-8.
    Mark,
    /// UTF-8, also where a mark says otherwise.
    Utf8,
    /// ISO-8859-1 as RFC 2616 3.7.1 had it; on the web that label means windows-1252, here too. Without the feature
    /// `charset` it is UTF-8, as everything then.
    Latin1,
}

impl TextRules {
    /// By a byte order mark, else UTF-8. The default.
    pub const FETCH: Self = Self::all(Fallback::Mark);
    /// UTF-8, as aiohttp and httpx have it.
    pub const UTF8: Self = Self::all(Fallback::Utf8);
    /// As requests has it: `text/*` is ISO-8859-1, JSON and a charset that is not known are UTF-8. What requests would guess
    /// is read by its mark, else as UTF-8.
    pub const REQUESTS: Self =
        Self { text: Fallback::Latin1, json: Fallback::Utf8, unknown: Fallback::Utf8, ..Self::FETCH };

    const fn all(fallback: Fallback) -> Self {
        Self { text: fallback, json: fallback, other: fallback, unknown: fallback }
    }

    /// The text of `bytes`, the whole of a body after its codings, under its Content-Type.
    #[must_use]
    pub fn decode<'a>(self, bytes: &'a [u8], content_type: Option<&HeaderValue>) -> Cow<'a, str> {
        let label = content_type.and_then(charset_of);
        let fallback = if label.is_some() { self.unknown } else { self.without_charset(content_type) };
        decode_labelled(bytes, label.as_deref(), fallback)
    }

    fn without_charset(self, content_type: Option<&HeaderValue>) -> Fallback {
        let essence = content_type.and_then(|value| value.as_bytes().split(|&byte| byte == b';').next());
        let essence = essence.unwrap_or_default().trim_ascii().to_ascii_lowercase();
        match essence.as_slice() {
            b"application/json" => self.json,
            essence if essence.starts_with(b"text/") => self.text,
            _ => self.other,
        }
    }
}

impl Default for TextRules {
    fn default() -> Self {
        Self::FETCH
    }
}

/// The value of the `charset` parameter of a Content-Type, unquoted and as it was written, whether it is known or not.
///
/// Of several parameters the first counts (WHATWG MIME Sniffing 4.4). What else is wrong with the field does no harm: a
/// parameter without a value is passed over.
#[must_use]
pub fn charset_of(content_type: &HeaderValue) -> Option<Cow<'_, str>> {
    let mut rest = after_semicolon(content_type.as_bytes())?;
    loop {
        let (parameter, next) = parameter(rest);
        if let Some((name, value)) = parameter
            && name.eq_ignore_ascii_case(b"charset")
            && !value.is_empty()
        {
            return Some(match value {
                Cow::Borrowed(value) => String::from_utf8_lossy(value),
                Cow::Owned(value) => Cow::Owned(String::from_utf8_lossy(&value).into_owned()),
            });
        }
        rest = next?;
    }
}

#[cfg(feature = "charset")]
fn decode_labelled<'a>(bytes: &'a [u8], label: Option<&str>, fallback: Fallback) -> Cow<'a, str> {
    use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

    let marked = || Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = match label.and_then(|label| Encoding::for_label(label.as_bytes())) {
        // `utf-16` alone leaves the order of bytes to the mark (RFC 2781 4.3).
        Some(encoding) if encoding == UTF_16LE && label.is_some_and(|label| label.eq_ignore_ascii_case("utf-16")) => {
            marked().filter(|marked| *marked == UTF_16BE).unwrap_or(encoding)
        }
        Some(encoding) => encoding,
        None => match fallback {
            Fallback::Mark => marked().unwrap_or(UTF_8),
            Fallback::Utf8 => UTF_8,
            Fallback::Latin1 => WINDOWS_1252,
        },
    };
    encoding.decode_with_bom_removal(bytes).0
}

#[cfg(not(feature = "charset"))]
fn decode_labelled<'a>(bytes: &'a [u8], _label: Option<&str>, _fallback: Fallback) -> Cow<'a, str> {
    String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
}

/// A parameter's name and its value, unquoted.
type Parameter<'a> = (&'a [u8], Cow<'a, [u8]>);

/// The parameter at the start of `rest`, and what stands after its semicolon.
fn parameter(rest: &[u8]) -> (Option<Parameter<'_>>, Option<&[u8]>) {
    let end = rest.iter().position(|&byte| byte == b'=' || byte == b';').unwrap_or(rest.len());
    let (name, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
    let Some(value) = tail.strip_prefix(b"=") else {
        return (None, tail.strip_prefix(b";"));
    };
    let (value, next) = match value.trim_ascii_start().strip_prefix(b"\"") {
        Some(quoted) => {
            let (value, tail) = quoted_string(quoted);
            (Cow::Owned(value), after_semicolon(tail))
        }
        None => {
            let end = value.iter().position(|&byte| byte == b';').unwrap_or(value.len());
            let (value, tail) = value.split_at_checked(end).unwrap_or((value, &[]));
            (Cow::Borrowed(value.trim_ascii()), tail.strip_prefix(b";"))
        }
    };
    (Some((name.trim_ascii(), value)), next)
}

/// What stands up to the closing quote (RFC 9110 5.6.4), and what stands after it. An open quote ends with the field.
fn quoted_string(bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut value = Vec::new();
    let mut rest = bytes;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match byte {
            b'"' => break,
            b'\\' => {
                if let [escaped, tail @ ..] = rest {
                    rest = tail;
                    value.push(*escaped);
                }
            }
            other => value.push(*other),
        }
    }
    (value, rest)
}

fn after_semicolon(bytes: &[u8]) -> Option<&[u8]> {
    let at = bytes.iter().position(|&byte| byte == b';')?;
    bytes.get(at.checked_add(1)?..)
}

#[cfg(test)]
mod tests {
    #[cfg(feature = "charset")]
    use super::TextRules;
    use super::{charset_of, decode};
    use http::HeaderValue;
    use proptest::prelude::*;

    fn charset(content_type: &str) -> Option<String> {
        charset_of(&HeaderValue::from_str(content_type).unwrap()).map(std::borrow::Cow::into_owned)
    }

    fn text(bytes: &[u8], content_type: &str) -> String {
        decode(bytes, Some(&HeaderValue::from_str(content_type).unwrap())).into_owned()
    }

    #[test]
    fn the_charset_parameter_is_found_in_every_spelling() {
        for content_type in [
            "text/html;charset=KOI8-R",
            "text/html; charset=KOI8-R",
            "TEXT/HTML ;\tCharset=KOI8-R ; q=1",
            "text/html; charset=\"KOI8-R\"",
            "text/html; charset=\"KOI8\\-R\"",
            "text/html; x=\"; charset=utf-8\"; charset=KOI8-R",
            "text/html; x=\"\\\"; charset=utf-8\"; charset=KOI8-R",
            "text/html; x; =; ;; charset; charset=; charset=\"\"; charset=KOI8-R",
            "text/html; charset=KOI8-R; charset=utf-8",
            "text/html; charset=\"KOI8-R",
            "text/html; charset=\"KOI8-R\"x; charset=utf-8",
            ";charset=KOI8-R",
        ] {
            assert_eq!(charset(content_type).as_deref(), Some("KOI8-R"), "{content_type}");
        }
        for content_type in
            ["", "text/html", "text/html;", "text/html; xcharset=a", "charset=a", "t/h; x=\"charset=a\""]
        {
            assert_eq!(charset(content_type), None, "{content_type}");
        }
    }

    #[test]
    fn without_a_charset_text_is_utf8() {
        assert_eq!(decode("gr\u{fc}n".as_bytes(), None), "gr\u{fc}n");
        assert_eq!(decode(b"gr\xfcn", None), "gr\u{fffd}n");
        assert_eq!(text(b"\xef\xbb\xbfx", "text/plain"), "x");
        assert!(matches!(decode(b"x", None), std::borrow::Cow::Borrowed("x")));
    }

    #[test]
    fn utf8_that_is_named_has_no_mark_in_its_text() {
        assert_eq!(text(b"\xef\xbb\xbfgr\xc3\xbcn", "application/json; charset=\"UTF-8\""), "gr\u{fc}n");
        assert_eq!(text(b"a\xffb", "text/plain; charset=utf-8"), "a\u{fffd}b");
    }

    #[cfg(feature = "charset")]
    #[test]
    fn the_named_charset_is_used_by_its_whatwg_label() {
        assert_eq!(text(b"gr\xfcn \x80", "text/plain; charset=latin1"), "gr\u{fc}n \u{20ac}");
        assert_eq!(text(b"gr\xfcn", "text/plain; charset=\" ISO-8859-1 \""), "gr\u{fc}n");
        assert_eq!(text(b"\xc4\xe1", "text/plain; charset=koi8-r"), "\u{434}\u{410}");
        assert_eq!(text(b"\x93\xfa\x96\x7b", "text/plain; charset=Shift_JIS"), "\u{65e5}\u{672c}");
        assert_eq!(text(b"hello", "text/plain; charset=iso-2022-kr"), "\u{fffd}");
    }

    #[cfg(feature = "charset")]
    #[test]
    fn the_charset_named_wins_over_the_mark() {
        assert_eq!(text(b"\xef\xbb\xbfx", "text/plain; charset=windows-1252"), "\u{ef}\u{bb}\u{bf}x");
        assert_eq!(text(b"\xfe\xff\0x", "text/plain; charset=utf-16be"), "x");
    }

    #[cfg(feature = "charset")]
    #[test]
    fn the_mark_decides_where_no_known_charset_is_named() {
        for content_type in ["text/plain", "text/plain; charset=nonsense", "text/plain; charset='utf-8'"] {
            assert_eq!(text(b"\xff\xfex\0", content_type), "x");
            assert_eq!(text(b"\xfe\xff\0x", content_type), "x");
            assert_eq!(text(b"gr\xc3\xbcn", content_type), "gr\u{fc}n");
        }
    }

    #[cfg(feature = "charset")]
    #[test]
    fn utf16_without_an_order_goes_by_its_mark_else_little_endian() {
        assert_eq!(text(b"\xfe\xff\0x", "text/plain; charset=UTF-16"), "x");
        assert_eq!(text(b"\xff\xfex\0", "text/plain; charset=utf-16"), "x");
        assert_eq!(text(b"x\0", "text/plain; charset=utf-16"), "x");
    }

    /// semantics.md 8: what a client reads where nobody named a charset, or a bogus one.
    #[cfg(feature = "charset")]
    #[test]
    fn text_without_a_known_charset_is_read_by_the_rules_of_its_client() {
        let read = |rules: TextRules, bytes: &[u8], content_type: &str| {
            rules.decode(bytes, Some(&HeaderValue::from_str(content_type).unwrap())).into_owned()
        };
        let (latin1, utf8, utf16) = (b"gr\xfcn", "gr\u{fc}n".as_bytes(), b"\xff\xfex\0");
        for html in ["text/html", "TEXT/HTML ; level=1", "text/plain;charset="] {
            assert_eq!(read(TextRules::REQUESTS, latin1, html), "gr\u{fc}n", "{html}");
            assert_eq!(read(TextRules::REQUESTS, utf8, html), "gr\u{c3}\u{bc}n", "{html}");
            assert_eq!(read(TextRules::UTF8, utf8, html), "gr\u{fc}n", "{html}");
        }
        for other in ["application/json", "text/html; charset=nonsense", "text/html; charset=utf-8", "image/svg+xml"] {
            assert_eq!(read(TextRules::REQUESTS, utf8, other), "gr\u{fc}n", "{other}");
            assert_eq!(read(TextRules::UTF8, utf8, other), "gr\u{fc}n", "{other}");
        }
        assert_eq!(read(TextRules::FETCH, utf16, "text/plain"), "x");
        assert_eq!(read(TextRules::UTF8, utf16, "text/plain"), "\u{fffd}\u{fffd}x\0");
        assert_eq!(read(TextRules::REQUESTS, utf16, "application/octet-stream"), "x");
        assert_eq!(read(TextRules::REQUESTS, b"\xc4", "text/plain; charset=koi8-r"), "\u{434}");
        assert_eq!(TextRules::REQUESTS.decode(utf8, None), "gr\u{fc}n");
    }

    #[cfg(not(feature = "charset"))]
    #[test]
    fn without_the_feature_every_charset_is_read_as_utf8() {
        assert_eq!(text(b"gr\xfcn", "text/plain; charset=latin1"), "gr\u{fffd}n");
        assert_eq!(text("gr\u{fc}n".as_bytes(), "text/plain; charset=koi8-r"), "gr\u{fc}n");
    }

    proptest! {
        #[test]
        fn utf8_comes_out_as_it_went_in(given in "\\PC*") {
            prop_assert_eq!(decode(given.as_bytes(), None), given.as_str());
        }

        #[test]
        fn a_quoted_charset_is_unquoted(label in "[ -~]{1,20}") {
            let quoted = label.replace('\\', "\\\\").replace('"', "\\\"");
            prop_assert_eq!(charset(&format!("a/b; c=\";\"; charset=\"{quoted}\"; d=e")), Some(label));
        }

        #[test]
        fn any_field_and_any_bytes_give_text(field in prop::collection::vec(32..127_u8, 0..40), bytes: Vec<u8>) {
            let field = HeaderValue::from_bytes(&field).unwrap();
            let text = decode(&bytes, Some(&field));
            prop_assert!(text.chars().count() <= bytes.len());
        }
    }
}

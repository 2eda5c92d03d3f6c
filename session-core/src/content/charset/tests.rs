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
    for content_type in ["", "text/html", "text/html;", "text/html; xcharset=a", "charset=a", "t/h; x=\"charset=a\""] {
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

#[cfg(feature = "charset")]
#[test]
fn a_charset_of_the_callers_own_stands_behind_the_named_one_and_the_mark() {
    use super::Charset;
    let koi8 = Charset::of_label(" KOI8-r ").unwrap();
    assert_eq!((koi8.name(), Charset::of_label("latin1").unwrap().name()), ("KOI8-R", "windows-1252"));
    assert_eq!(Charset::of_label("nonsense"), None);
    let read = |bytes: &[u8], content_type: &str| {
        koi8.decode_where_none(bytes, Some(&HeaderValue::from_str(content_type).unwrap())).into_owned()
    };
    assert_eq!(koi8.decode_where_none(b"\xc4", None), "\u{434}");
    assert_eq!(read(b"\xc4", "text/plain; charset=nonsense"), "\u{434}");
    assert_eq!(read(b"\xc4", "text/plain; charset=latin1"), "\u{c4}");
    assert_eq!(read(b"\xef\xbb\xbf\xc3\xa9", "text/plain"), "\u{e9}");
}

#[cfg(feature = "detect")]
#[test]
fn text_is_guessed_only_where_that_is_asked_for_and_nobody_named_its_charset() {
    use super::{Charset, Fallback, detect};
    let russian = "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}, \u{43a}\u{430}\u{43a} \u{434}\u{435}\u{43b}\u{430}?";
    let (bytes, ..) = encoding_rs::WINDOWS_1251.encode(russian);
    let html = HeaderValue::from_static("text/html");
    assert_eq!(detect(&bytes), Charset::of_label("windows-1251").unwrap());
    assert_eq!(TextRules::DETECT.decode(&bytes, Some(&html)), russian);
    assert!(TextRules::FETCH.decode(&bytes, Some(&html)).contains('\u{fffd}'));
    let named = HeaderValue::from_static("text/html; charset=latin1");
    assert_eq!(TextRules::DETECT.decode(b"\xcf", Some(&named)), "\u{cf}");
    // As requests has it: what is text is latin1, and the rest is guessed.
    let mut rules = TextRules::REQUESTS;
    rules.other = Fallback::Detect;
    assert_eq!(rules.decode(b"\xcf", Some(&html)), "\u{cf}");
    assert_eq!(rules.decode(&bytes, None), russian);
    // What is UTF-8 throughout is UTF-8, a mark is no guess, and escapes of ISO-2022-JP are not followed.
    assert_eq!(detect("gr\u{fc}n".as_bytes()).name(), "UTF-8");
    assert_eq!(detect(b"\xff\xfex\0").name(), "UTF-16LE");
    assert_ne!(detect(b"\x1b$B$3$s\x1b(B").name(), "ISO-2022-JP");
    assert_eq!(TextRules::DETECT.decode(b"", None), "");
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

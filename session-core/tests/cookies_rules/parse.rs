//! RFC 6265bis 5.6: one line taken apart.

use session_core::cookies::{Rejection, SameSite, SetCookie};
use session_core::limits::Limits;
use std::time::{Duration, SystemTime};

fn parse(line: &(impl AsRef<[u8]> + ?Sized)) -> Result<SetCookie<'_>, Rejection> {
    SetCookie::parse(line.as_ref(), &Limits::default())
}

fn pair(line: &str) -> (String, String) {
    let cookie = parse(line).unwrap();
    (String::from_utf8(cookie.name().into()).unwrap(), String::from_utf8(cookie.value().into()).unwrap())
}

#[test]
fn name_and_value_part_at_the_first_equals_sign_and_lose_blanks_at_their_ends() {
    for (line, name, value) in [
        ("a=b", "a", "b"),
        (" a\t= b \t; Path=/", "a", "b"),
        ("a==b=", "a", "=b="),
        ("a=", "a", ""),
        ("a = \"b c\" ", "a", "\"b c\""),
        ("a=b,c=d", "a", "b,c=d"),
        ("a b=c d", "a b", "c d"),
        ("a%20b=c%3Bd", "a%20b", "c%3Bd"),
        ("a=\u{a0}b\u{a0}", "a", "\u{a0}b\u{a0}"),
    ] {
        assert_eq!(pair(line), (name.to_owned(), value.to_owned()), "{line:?}");
    }
}

#[test]
fn without_a_name_the_value_stands_alone() {
    for line in ["foo", "=foo", " = foo ", "foo; Secure"] {
        assert_eq!(pair(line), (String::new(), "foo".to_owned()), "{line:?}");
    }
    assert_eq!(pair("=a=b"), (String::new(), "a=b".to_owned()));
}

#[test]
fn a_line_without_name_and_value_is_no_cookie() {
    for line in ["", "=", " ; Path=/", "= ; a=b", "\t"] {
        assert_eq!(parse(line).unwrap_err(), Rejection::Empty, "{line:?}");
    }
}

#[test]
fn bytes_beyond_ascii_are_kept_as_they_are() {
    let cookie = parse(b"\xff\xe9=\xfe\x80").unwrap();
    assert_eq!((cookie.name(), cookie.value()), (b"\xff\xe9".as_slice(), b"\xfe\x80".as_slice()));
}

#[test]
fn a_control_character_anywhere_drops_the_line() {
    for byte in (0..=0x1f).chain([0x7f]) {
        for (before, behind) in
            [("a", "=b"), ("a=b", "c"), ("a=b; Path=/", ""), ("a=b; unknown", "=1"), ("", "a=b"), ("a=b", "")]
        {
            let line = [before.as_bytes(), &[byte], behind.as_bytes()].concat();
            let rejection = parse(&line).err();
            assert_eq!(rejection, (byte != b'\t').then_some(Rejection::ControlCharacter), "{before}{byte:#x}{behind}");
        }
    }
    assert!(parse(b"a=\x80\x85\x9f").is_ok());
}

#[test]
fn name_and_value_have_4096_octets_together() {
    let line =
        |name: usize, value: usize| format!("{}={}; Path=/{}", "n".repeat(name), "v".repeat(value), "p".repeat(500));
    assert!(parse(&line(1, 4095)).is_ok());
    assert!(parse(&line(4096, 0)).is_ok());
    assert!(parse(&line(0, 4096)).is_ok());
    assert_eq!(parse(&line(1, 4096)).unwrap_err(), Rejection::TooLong);
    assert_eq!(parse(&line(4097, 0)).unwrap_err(), Rejection::TooLong);
    // Octets count, not characters.
    assert!(parse(&format!("a={}", "\u{e9}".repeat(2047))).is_ok());
    assert_eq!(parse(&format!("a={}", "\u{e9}".repeat(2048))).unwrap_err(), Rejection::TooLong);
}

#[test]
fn an_attribute_value_beyond_1024_octets_does_not_count() {
    let path = |length: usize| format!("a=b; Path=/x; Path=/{}", "p".repeat(length - 1));
    assert_eq!(parse(&path(1024)).unwrap().path().map(str::len), Some(1024));
    assert_eq!(parse(&path(1025)).unwrap().path(), Some("/x"));
    let domain = format!("a=b; Domain={}", "d".repeat(1025));
    assert_eq!(parse(&domain).unwrap().domain(), None);
    let secure = format!("a=b; Secure={}", "s".repeat(1025));
    assert!(!parse(&secure).unwrap().is_secure());
    // Blanks around the value are not part of it.
    let padded = format!("a=b; Path=  /{}  ", "p".repeat(1023));
    assert_eq!(parse(&padded).unwrap().path().map(str::len), Some(1024));
}

#[test]
fn attribute_names_have_no_case_and_unknown_ones_are_passed_over() {
    let cookie = parse("a=b; SECURE; hTTPoNLY ;sAMEsITE=lAX; PATH = /x ;dOMAIN=A.Test; max-AGE=5; Partitioned; Priority=High; Version=1").unwrap();
    assert!(cookie.is_secure() && cookie.is_http_only());
    assert_eq!(cookie.same_site(), SameSite::Lax);
    assert_eq!((cookie.path(), cookie.domain()), (Some("/x"), Some("a.test")));
    assert_eq!(cookie.max_age(), Some(Duration::from_secs(5)));
    let cookie = parse("a=b; \"Secure\"; Secure x; xSecure; Http-Only").unwrap();
    assert!(!cookie.is_secure() && !cookie.is_http_only());
    assert!(parse("a=b; Secure=no; HttpOnly = false").is_ok_and(|cookie| cookie.is_secure() && cookie.is_http_only()));
}

#[test]
fn the_last_usable_attribute_of_a_kind_counts() {
    let cookie = parse("a=b; Path=/x; Domain=x.test; Path=/y; Domain=y.test; SameSite=Lax; SameSite=Strict").unwrap();
    assert_eq!((cookie.path(), cookie.domain(), cookie.same_site()), (Some("/y"), Some("y.test"), SameSite::Strict));
    // An empty one is usable: it takes the earlier back.
    let cookie = parse("a=b; Path=/x; Domain=x.test; Path=; Domain=; SameSite=Strict; SameSite").unwrap();
    assert_eq!((cookie.path(), cookie.domain(), cookie.same_site()), (None, None, SameSite::Default));
    assert_eq!(parse("a=b; Path=/x; Path=rel").unwrap().path(), None);
    // One that does not parse is not.
    let line = "a=b; Max-Age=5; Max-Age=x; Expires=Thu, 01 Jan 1970 00:00:09 GMT; Expires=tomorrow";
    let cookie = parse(line).unwrap();
    assert_eq!(cookie.max_age(), Some(Duration::from_secs(5)));
    assert_eq!(cookie.expires(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(9)));
}

#[test]
fn max_age_is_digits_with_at_most_a_minus() {
    for (value, seconds) in [
        ("0", 0),
        ("60", 60),
        ("0060", 60),
        ("-1", 0),
        ("-0", 0),
        ("-99999999999999999999999", 0),
        ("99999999999999999999999", u64::MAX),
    ] {
        let line = format!("a=b; Max-Age={value}");
        assert_eq!(parse(&line).unwrap().max_age(), Some(Duration::from_secs(seconds)), "{value}");
    }
    for value in ["", "+1", "1.5", "\"1\"", "-", "--1", "1 0", "0x10", "1e3", "1,000", "\u{665}", "1s"] {
        let line = format!("a=b; Max-Age={value}");
        assert_eq!(parse(&line).unwrap().max_age(), None, "{value}");
    }
}

/// CVE-2026-11525: a longer word that begins with a known value is not that value.
#[test]
fn same_site_is_one_of_three_words_or_nothing() {
    for (value, expected) in [
        ("None", SameSite::None),
        ("NONE", SameSite::None),
        ("lax", SameSite::Lax),
        ("sTRICT", SameSite::Strict),
        ("", SameSite::Default),
        ("NoneOfYourBusiness", SameSite::Default),
        ("StrictLax", SameSite::Default),
        ("\"None\"", SameSite::Default),
    ] {
        let line = format!("a=b; SameSite={value}");
        assert_eq!(parse(&line).unwrap().same_site(), expected, "{value}");
    }
}

#[test]
fn a_domain_loses_one_dot_in_front_and_its_case() {
    for (value, expected) in [
        (".A.Test", Some("a.test")),
        ("..a.test", Some(".a.test")),
        ("a.test.", Some("a.test.")),
        (" \ta.test ", Some("a.test")),
        ("", None),
        ("..", Some(".")),
    ] {
        let line = format!("a=b; Domain={value}");
        assert_eq!(parse(&line).unwrap().domain(), expected, "{value:?}");
    }
    assert_eq!(parse("a=b; Domain=.").unwrap_err(), Rejection::InvalidDomain);
    assert_eq!(parse("a=b; Domain=\u{e4}.test").unwrap_err(), Rejection::InvalidDomain);
    // Only the last one counts, so only the last one is looked at.
    assert_eq!(parse("a=b; Domain=\u{e4}.test; Domain=.; Domain=a.test").unwrap().domain(), Some("a.test"));
}

#[test]
fn a_path_beyond_ascii_drops_the_cookie() {
    assert_eq!(parse("a=b; Path=/\u{e4}").unwrap_err(), Rejection::InvalidPath);
    assert_eq!(parse("a=b; Path=/\u{e4}; Path=/x").unwrap().path(), Some("/x"));
    assert_eq!(parse("a=b; Path=/%C3%A4?q#f").unwrap().path(), Some("/%C3%A4?q#f"));
}

#[test]
fn debug_shows_no_value() {
    let shown = format!("{:?}", parse("sid=hunter2; Path=/; Secure").unwrap());
    assert!(shown.contains("sid") && shown.contains("secure: true") && !shown.contains("hunter2"), "{shown}");
    assert!(!format!("{:?}", parse("hunter2").unwrap()).contains("hunter2"));
}

#[test]
fn a_line_becomes_a_cookie_of_the_cookie_crate() {
    let line = parse("sid=1; Domain=.a.test; Path=/x; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:09 GMT; Secure; HttpOnly; SameSite=Strict").unwrap();
    let made = cookie::Cookie::try_from(&line).unwrap();
    assert_eq!(made.name_value(), ("sid", "1"));
    assert_eq!((made.domain(), made.path()), (Some("a.test"), Some("/x")));
    assert_eq!(made.max_age(), Some(cookie::time::Duration::seconds(60)));
    assert_eq!(made.expires_datetime().map(|at| at.unix_timestamp()), Some(9));
    assert_eq!(
        (made.secure(), made.http_only(), made.same_site()),
        (Some(true), Some(true), Some(cookie::SameSite::Strict))
    );
    let back = SetCookie::from_cookie(&made, &Limits::default()).unwrap();
    assert_eq!(format!("{back:?}"), format!("{line:?}"));
    let bare = cookie::Cookie::try_from(&parse("a=b").unwrap()).unwrap();
    assert_eq!(bare.to_string(), "a=b");
    assert!(cookie::Cookie::try_from(&parse(b"a=\xff").unwrap()).is_err());
}

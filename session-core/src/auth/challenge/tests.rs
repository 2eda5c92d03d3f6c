//! How challenges are read: RFC 9110 11.6.1, http-rules.md 7, threats AU-03.

use super::{Challenge, challenges, info};
use crate::limits::Limits;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

fn fields(name: &HeaderName, lines: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(name, HeaderValue::from_bytes(line).unwrap());
    }
    headers
}

fn read(lines: &[&[u8]]) -> Vec<Challenge> {
    challenges(&fields(&WWW_AUTHENTICATE, lines), &WWW_AUTHENTICATE, &Limits::default())
}

/// The challenges of `lines`, each written as `scheme name=value ...`.
fn shown(lines: &[&str]) -> Vec<String> {
    let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
    read(&lines)
        .iter()
        .map(|challenge| {
            let mut shown = challenge.scheme().to_owned();
            for (name, value) in challenge.parameters().into_iter().flat_map(|parameters| parameters.iter()) {
                shown.push_str(&format!(" {name}={}", String::from_utf8_lossy(value)));
            }
            if let Some(token) = challenge.token68() {
                shown.push_str(&format!(" ({token})"));
            }
            shown
        })
        .collect()
}

/// The example of RFC 9110 11.6.1.
#[test]
fn several_challenges_stand_in_one_line() {
    assert_eq!(
        shown(&["Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\""]),
        ["Basic realm=simple", "Newauth realm=apps title=Login to \"apps\" type=1"]
    );
}

#[test]
fn several_lines_are_read_in_their_order() {
    assert_eq!(
        shown(&["Basic realm=a", "Digest realm=b", "Negotiate"]),
        ["Basic realm=a", "Digest realm=b", "Negotiate"]
    );
    assert!(shown(&[]).is_empty());
}

#[test]
fn a_token_may_stand_in_the_place_of_parameters() {
    assert_eq!(shown(&["Negotiate abc==, NTLM a-._~+/9"]), ["Negotiate (abc==)", "NTLM (a-._~+/9)"]);
    assert_eq!(shown(&["Basic realm="]), ["Basic (realm=)"]);
    assert_eq!(shown(&["Negotiate abc==, realm=x, Basic realm=y"]), ["Basic realm=y"]);
}

#[test]
fn empty_members_are_nothing() {
    assert_eq!(shown(&[" , ,Basic ,, realm=a, ,\t, Foo,"]), ["Basic realm=a", "Foo"]);
    assert!(shown(&["", ",", " , , "]).is_empty());
}

#[test]
fn names_have_no_case_and_blanks_around_the_equals_sign_are_allowed() {
    assert_eq!(shown(&["dIgEsT Realm \t=  \"r, 1\" ,NONCE =n"]), ["dIgEsT nonce=n realm=r, 1"]);
    assert!(read(&[b"dIgEsT"])[0].is("Digest"));
    assert_eq!(shown(&["Basic\t realm=a"]), ["Basic realm=a"]);
}

#[test]
fn commas_and_quotes_inside_of_strings_do_not_split() {
    assert_eq!(
        shown(&["Newauth title=\"a, Digest realm=\\\"x\\\"\", , Negotiate abc==, Digest realm=\"\\\\\""]),
        ["Newauth title=a, Digest realm=\"x\"", "Negotiate (abc==)", "Digest realm=\\"]
    );
    assert_eq!(shown(&["A a=\"\", B b=\",\""]), ["A a=", "B b=,"]);
}

#[test]
fn bytes_above_ascii_stay_as_they_are() {
    let read = read(&[b"Basic realm=\"\xe9\xff\""]);
    assert_eq!(read[0].parameters().unwrap().value("realm"), Some(&b"\xe9\xff"[..]));
}

#[test]
fn a_parameter_twice_spoils_its_challenge_alone() {
    assert_eq!(shown(&["A x=1, Digest realm=a, nonce=n, REALM=b, B y=2"]), ["A x=1", "B y=2"]);
}

#[test]
fn an_unbalanced_quote_spoils_its_challenge_alone() {
    assert_eq!(shown(&["A x=1, Digest realm=\"r, nonce=\"n\", B y=2", "C z=3"]), ["A x=1", "C z=3"]);
    assert_eq!(shown(&["A x=1, Digest realm=r, nonce=\"n"]), ["A x=1"]);
    assert_eq!(shown(&["A x=\"1\\\"", "B y=\"2\\"]), Vec::<String>::new());
}

#[test]
fn a_malformed_parameter_spoils_its_challenge_alone() {
    for bad in [
        "realm=",
        "realm=a b",
        "realm=\"a\"b",
        "realm=a/b",
        "=x",
        "re@lm=x",
        "realm==",
        "realm='a b'",
        "\u{e9}=x",
        "x=a=b",
    ] {
        assert_eq!(shown(&[&format!("A x=1, Digest nonce=n, {bad}, qop=auth, B y=2")]), ["A x=1", "B y=2"], "{bad}");
    }
}

#[test]
fn what_is_neither_scheme_nor_parameter_begins_a_challenge_that_is_dropped() {
    for bad in ["@@", "\"quoted\"", "F@o a=b", "Foo\"bar\"", "Foo a b", "(x)", "\u{a0}\u{a0}"] {
        assert_eq!(shown(&[&format!("A x=1, {bad}, z=3, B y=2")]), ["A x=1", "B y=2"], "{bad}");
    }
}

#[test]
fn parameters_without_a_scheme_belong_to_nothing() {
    assert_eq!(shown(&["realm=x, Basic realm=a", "realm=y, nonce=z"]), ["Basic realm=a"]);
}

#[test]
fn what_passes_the_limit_is_not_read() {
    let headers = fields(&WWW_AUTHENTICATE, &[b"Basic realm=a", b"Digest realm=b", b"Foo"]);
    let read = |bytes| {
        let limits = Limits { challenge_bytes: bytes, ..Limits::default() };
        let read = challenges(&headers, &WWW_AUTHENTICATE, &limits);
        read.iter().map(|challenge| challenge.scheme().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(read(30), ["Basic", "Digest", "Foo"]);
    assert_eq!(read(29), ["Basic", "Digest"]);
    assert_eq!(read(16), ["Basic", "Foo"]);
    assert!(read(2).is_empty());
}

/// Threat AU-03 (CVE-2021-21240, CVE-2020-8492): long junk costs no more than its length and hides no good challenge.
#[test]
fn junk_is_passed_over() {
    let good: &[u8] = b"Basic realm=good";
    let long = 15 * 1024;
    for junk in [
        b"\xa0".repeat(long),
        b",".repeat(long),
        b"\"".repeat(long | 1),
        b"\\".repeat(long),
        b"a=".repeat(long / 2),
        b"a, ".repeat(long / 3),
        b"X a=1,".repeat(long / 6),
        b"= ".repeat(long / 2),
    ] {
        let read = read(&[&junk, good]);
        assert_eq!(read.last().map(Challenge::scheme), Some("Basic"), "{}", junk[..6].escape_ascii());
    }
    let many: Vec<u8> = (0..2000).flat_map(|number| format!("X p{number}=1, ").into_bytes()).take(16 * 1024).collect();
    assert!(!read(&[&many]).is_empty());
    assert!(read(&[&b"A ".repeat(32 * 1024)]).is_empty());
}

#[test]
fn info_is_a_list_of_parameters_over_all_lines() {
    let name = HeaderName::from_static("authentication-info");
    let read = |lines: &[&str]| {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        info(&fields(&name, &lines), &name, &Limits::default())
    };
    let found = read(&["nextnonce=\"a,b\", , qop=auth", "RSPAUTH = \"0f\""]).unwrap();
    assert_eq!(found.value("nextnonce"), Some(&b"a,b"[..]));
    assert_eq!(found.value("rspauth"), Some(&b"0f"[..]));
    assert_eq!(found.iter().count(), 3);
    for bad in [&["nextnonce=a, nextnonce=b"][..], &["a=1", "a=2"], &["Digest nextnonce=a"], &["a=\"1"], &[""], &[]] {
        assert_eq!(read(bad), None, "{bad:?}");
    }
    let limits = Limits { challenge_bytes: 5, ..Limits::default() };
    assert_eq!(info(&fields(&name, &[b"a=1", b"b=2"]), &name, &limits), None);
}

proptest! {
    #[test]
    fn no_field_breaks_the_reader(line in "[ -~\u{a0}-\u{ff}\t]{0,200}") {
        let all = read(&[line.as_bytes(), b"Basic realm=good"]);
        prop_assert!(all.last().is_some_and(|last| last.is("basic")));
    }

    #[test]
    fn a_well_formed_challenge_is_found_between_others(
        scheme in "[A-Za-z]{1,8}",
        name in "[a-z]{1,8}",
        value in "[ -~]{0,20}",
        before in "[a-z]{1,5}( [a-z]{1,5}=[a-z]{1,5}| [A-Z]{1,8}=|)",
        after in "[a-z]{1,5}( [a-z]{1,5}=\"[a-z,= ]{0,9}\"|)",
    ) {
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        let all = read(&[format!("{before} ,{scheme} {name}\t= \"{quoted}\" ,, {after}").as_bytes()]);
        prop_assert_eq!(all.len(), 3);
        prop_assert_eq!(all[1].scheme(), scheme);
        prop_assert_eq!(all[1].parameters().unwrap().value(&name), Some(value.as_bytes()));
    }
}

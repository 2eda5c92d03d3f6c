//! Cookie files and snapshots: what comes back, what is refused, and that nothing is lost without a word.

use crate::{after, jar, limited, sent, start, target};
use session_core::cookies::{Cookie, Jar, LoadProblem, NetscapeWarning, Rejection};
use std::time::{Duration, SystemTime};

fn file(jar: &Jar) -> (String, Vec<String>) {
    let mut text = Vec::new();
    let left_out = jar.write_netscape(&mut text);
    (String::from_utf8(text).unwrap(), left_out.iter().map(|id| format!("{id:?}")).collect())
}

fn loaded(text: &str) -> (Jar, Vec<NetscapeWarning>) {
    let mut jar = Jar::new();
    let warnings = jar.read_netscape(text.as_bytes(), start());
    (jar, warnings)
}

/// The problem of a file's only line.
fn problem(line: &str) -> Option<LoadProblem> {
    let (jar, warnings) = loaded(line);
    assert_eq!(jar.len() + warnings.len(), 1, "{line}");
    assert!(warnings.iter().all(|warning| warning.line == 1));
    warnings.first().map(|warning| warning.problem)
}

#[test]
fn a_cookie_file_has_seven_fields_a_line() {
    let jar = jar(&[
        ("https://a.test/", "sid=\"1=2\"; Path=/x; Max-Age=60; Secure; HttpOnly"),
        ("https://w.a.test/", "wide=2; Domain=a.test"),
        ("https://[::1]/", "six=6"),
        ("https://a.test/", "nameless"),
        ("https://a.test/", "empty="),
    ]);
    let expected = "# Netscape HTTP Cookie File\n\
        #HttpOnly_a.test\tFALSE\t/x\tTRUE\t1767225660\tsid\t\"1=2\"\n\
        .a.test\tTRUE\t/\tFALSE\t0\twide\t2\n\
        ::1\tFALSE\t/\tFALSE\t0\tsix\t6\n\
        a.test\tFALSE\t/\tFALSE\t0\t\tnameless\n\
        a.test\tFALSE\t/\tFALSE\t0\tempty\t\n";
    assert_eq!(file(&jar), (expected.to_owned(), Vec::new()));
    let (back, warnings) = loaded(expected);
    assert_eq!((format!("{back:?}"), warnings), (format!("{jar:?}"), Vec::new()));
    assert_eq!(back.iter().map(Cookie::value).collect::<Vec<_>>(), jar.iter().map(Cookie::value).collect::<Vec<_>>());
}

#[test]
fn what_curl_and_wget_write_is_read() {
    let text = "# Netscape HTTP Cookie File\r\n# https://curl.se/docs/http-cookies.html\r\n\r\n\
        #HttpOnly_.a.test\ttrue\t/\tTrue\t1767225660\ts\t1\r\n\
        b.test\tTRUE\t/\tfalse\t0\tno-dot\t2\r\n\
        .c.test\tFALSE\t/\tFALSE\t0\tdot\t3\r\n\
        d.test:8080\tFALSE\t/\tFALSE\t0\tport\t4\r\n\
        [::1]:81\tFALSE\t/\tFALSE\t0\tsix\t5\r\n\
        e.test\tFALSE\t/\tFALSE\t0\tblank\r\n\
        f.test\tFALSE\tFALSE\t0\tno-path\t7\r\n  # an indented comment\r\n\
        MÜNCHEN.test\tFALSE\t/\tFALSE\t0\tidn\t8";
    let (jar, warnings) = loaded(text);
    assert_eq!(warnings, []);
    let shown: Vec<_> = jar
        .iter()
        .map(|cookie| (cookie.name_str().unwrap(), cookie.domain(), cookie.is_host_only(), cookie.path()))
        .collect();
    assert_eq!(
        shown,
        [
            ("s", "a.test", false, "/"),
            ("no-dot", "b.test", false, "/"),
            ("dot", "c.test", true, "/"),
            ("port", "d.test", true, "/"),
            ("six", "::1", true, "/"),
            ("blank", "e.test", true, "/"),
            ("no-path", "f.test", true, "/"),
            ("idn", "xn--mnchen-3ya.test", true, "/"),
        ]
    );
    let first = jar.iter().next().unwrap();
    assert!(first.is_http_only() && first.is_secure());
    assert_eq!(first.expires(), Some(after(60)));
    assert!(!jar.find("blank").unwrap().is_persistent() && jar.find("blank").unwrap().value().is_empty());
    assert_eq!(loaded("\u{feff}a.test\tFALSE\t/\tFALSE\t0\ta\t1").1, []);
}

#[test]
fn a_line_that_makes_no_cookie_is_reported_by_its_number() {
    let text = "# comment\na.test\tFALSE\t/\tFALSE\t0\ta\t1\n\nnonsense\nb.test\tFALSE\t/\tFALSE\t0\tb\t2\n\
        c.test\tFALSE\t/\tFALSE\t1\tc\t3\n#HttpOnly_d.test\n";
    let (jar, warnings) = loaded(text);
    assert_eq!(jar.iter().map(Cookie::name).collect::<Vec<_>>(), [b"a", b"b"]);
    let said: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "line 4 was skipped: it has 1 fields and not seven",
            "line 6 was skipped: it is expired",
            "line 7 was skipped: it has 1 fields and not seven"
        ]
    );
}

#[test]
fn every_problem_has_its_sentence() {
    for (line, expected, sentence) in [
        ("a.test FALSE / FALSE 0 a 1", LoadProblem::Fields { found: 1 }, "it has 1 fields and not seven"),
        ("a.test\tFALSE\t/\tFALSE\t0\ta\t1\t2", LoadProblem::Fields { found: 8 }, "it has 8 fields and not seven"),
        ("a.test\tYES\t/\tFALSE\t0\ta\t1", LoadProblem::Flag, "a flag is neither TRUE nor FALSE"),
        ("a.test\tFALSE\t/\t\t0\ta\t1", LoadProblem::Flag, "a flag is neither TRUE nor FALSE"),
        ("a.test\tFALSE\t/\tFALSE\t\ta\t1", LoadProblem::Expiry, "its expiry is no number of seconds"),
        ("a.test\tFALSE\t/\tFALSE\t-1\ta\t1", LoadProblem::Expiry, "its expiry is no number of seconds"),
        ("a.test\tFALSE\t/\tFALSE\t1.5\ta\t1", LoadProblem::Expiry, "its expiry is no number of seconds"),
        ("a..test\tFALSE\t/\tFALSE\t0\ta\t1", LoadProblem::Domain, "its domain is no host"),
        ("\tFALSE\t/\tFALSE\t0\ta\t1", LoadProblem::Domain, "its domain is no host"),
        ("a.test/x\tFALSE\t/\tFALSE\t0\ta\t1", LoadProblem::Domain, "its domain is no host"),
        ("u@a.test\tFALSE\t/\tFALSE\t0\ta\t1", LoadProblem::Domain, "its domain is no host"),
        ("a.test\tFALSE\tx\tFALSE\t0\ta\t1", LoadProblem::Path, "its path does not begin with a slash"),
        ("a.test\tFALSE\t/\tFALSE\t1767225600\ta\t1", LoadProblem::Expired, "it is expired"),
    ] {
        let found = problem(line).unwrap();
        assert_eq!((found, found.to_string().as_str()), (expected, sentence), "{line:?}");
    }
    assert_eq!(LoadProblem::Encoding.to_string(), "its name or value is no base64");
    assert_eq!(LoadProblem::Rejected(Rejection::Empty).to_string(), Rejection::Empty.to_string());
}

/// ST-02: a file that somebody else wrote sets nothing that a Set-Cookie line could not.
#[test]
fn a_loaded_cookie_is_held_to_the_rules_of_a_line() {
    let long = format!("a.test\tFALSE\t/\tFALSE\t0\ta\t{}", "v".repeat(4096));
    for (line, rejection) in [
        ("a.test\tFALSE\t/\tFALSE\t0\t__Host-a\t1", Rejection::HostPrefix),
        ("a.test\tTRUE\t/\tTRUE\t0\t__Host-a\t1", Rejection::HostPrefix),
        ("a.test\tFALSE\t/x\tTRUE\t0\t__host-a\t1", Rejection::HostPrefix),
        ("a.test\tFALSE\t/\tFALSE\t0\t__SECURE-a\t1", Rejection::SecurePrefix),
        ("a.test\tFALSE\t/\tTRUE\t0\t__Http-a\t1", Rejection::HttpPrefix),
        ("a.test\tFALSE\t/\tFALSE\t0\t\t__Host-a", Rejection::NamelessPrefix),
        ("test\tTRUE\t/\tFALSE\t0\ta\t1", Rejection::PublicSuffix),
        ("a.test\tFALSE\t/\tFALSE\t0\ta\t1\u{1}", Rejection::ControlCharacter),
        ("a.test\tFALSE\t/\tFALSE\t0\ta\t1\r\r\n", Rejection::ControlCharacter),
        ("a.test\tFALSE\t/\tFALSE\t0\ta\t1; b=2", Rejection::Unwritable),
        ("a.test\tFALSE\t/\tFALSE\t0\ta=b\t1", Rejection::Unwritable),
        ("a.test\tFALSE\t/\tFALSE\t0\ta\t 1", Rejection::Unwritable),
        ("a.test\tFALSE\t/\u{e9}\tFALSE\t0\ta\t1", Rejection::InvalidPath),
        ("a.test\tFALSE\t/\tFALSE\t0\t\t", Rejection::Empty),
        (&long, Rejection::TooLong),
    ] {
        assert_eq!(problem(line), Some(LoadProblem::Rejected(rejection)), "{line:?}");
    }
    assert_eq!(problem("#HttpOnly_a.test\tFALSE\t/\tTRUE\t0\t__Host-Http-a\t1"), None);
    let (jar, _) = loaded("a.test\tFALSE\t/\tFALSE\t99999999999999999999\ta\t1");
    assert_eq!(jar.find("a").unwrap().expires(), Some(after(400 * 24 * 60 * 60)));
}

#[test]
fn an_expired_line_deletes_nothing_and_a_good_one_replaces() {
    let mut jar = jar(&[("https://a.test/", "a=1"), ("https://a.test/", "b=2")]);
    let text =
        b"a.test\tFALSE\t/\tFALSE\t1\ta\told\na.test\tFALSE\t/\tFALSE\t0\ta\tnew\na.test\tFALSE\t/\tFALSE\t1\tb\told\n";
    let warnings = jar.read_netscape(text, start());
    assert_eq!(warnings.iter().map(|warning| warning.line).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(sent(&mut jar, "https://a.test/"), "a=new; b=2");
}

#[test]
fn lines_beyond_the_limits_are_reported() {
    let mut jar = limited(|limits| limits.cookies_per_domain = 2);
    let text: String = (1..=4).map(|number| format!("a.test\tFALSE\t/\tFALSE\t0\tc{number}\t1\n")).collect();
    let warnings = jar.read_netscape(text.as_bytes(), start());
    assert_eq!(jar.iter().map(Cookie::name).collect::<Vec<_>>(), [b"c3", b"c4"]);
    let expected = [1, 2].map(|line| (line, LoadProblem::Rejected(Rejection::NoRoom)));
    assert_eq!(warnings.iter().map(|warning| (warning.line, warning.problem)).collect::<Vec<_>>(), expected);
}

/// CI-03: nothing in a value becomes a second record, and what the format cannot hold is said.
#[test]
fn what_a_cookie_file_cannot_hold_is_reported() {
    let mut jar =
        jar(&[("https://a.test/", "tab=1\t2"), ("https://a.test/", "plain=1"), ("https://a.test/", "p=1; Path=/x\ty")]);
    let (text, left_out) = file(&jar);
    assert_eq!(text, "# Netscape HTTP Cookie File\na.test\tFALSE\t/\tFALSE\t0\tplain\t1\n");
    assert_eq!(left_out.len(), 2);
    assert!(left_out[0].contains("tab") && !format!("{left_out:?}").contains("1\t2"));
    // An expiry of 0 would make it a session cookie.
    jar.clear();
    jar.accept(&target("https://a.test/"), b"a=1; Max-Age=5", SystemTime::UNIX_EPOCH - Duration::from_secs(5));
    assert_eq!((jar.len(), file(&jar).1.len()), (1, 1));
}

#[test]
fn bytes_and_odd_paths_survive_a_cookie_file() {
    let mut jar = Jar::new();
    jar.accept(&target("https://a.test/x;y/z"), b"\xff=\xfe\x80%0d%0a", start());
    let mut text = Vec::new();
    assert!(jar.write_netscape(&mut text).is_empty());
    let mut back = Jar::new();
    assert_eq!(back.read_netscape(&text, start()), []);
    let cookie = back.iter().next().unwrap();
    assert_eq!(
        (cookie.name(), cookie.value(), cookie.path()),
        (b"\xff".as_slice(), b"\xfe\x80%0d%0a".as_slice(), "/x;y")
    );
}

/// CK-06, CVE-2022-24737: what is for one host stays so, whichever way it is kept.
#[test]
fn a_host_only_cookie_stays_with_its_host() {
    let original = jar(&[("https://a.test/", "own=1; Max-Age=60"), ("https://a.test/", "wide=2; Domain=a.test")]);
    let mut merged = Jar::new();
    merged.extend(original.iter().cloned());
    let (from_file, _) = loaded(&file(&original).0);
    for mut jar in [original.clone(), merged, from_file, from_snapshot(&original)] {
        assert_eq!(sent(&mut jar, "https://a.test/"), "own=1; wide=2");
        assert_eq!(sent(&mut jar, "https://w.a.test/"), "wide=2");
        assert_eq!(jar.find("own").unwrap().expires(), Some(after(60)));
    }
}

#[cfg(not(feature = "serde"))]
fn from_snapshot(jar: &Jar) -> Jar {
    jar.clone()
}

#[cfg(feature = "serde")]
fn from_snapshot(jar: &Jar) -> Jar {
    let mut restored = Jar::new();
    assert_eq!(restored.restore(&jar.snapshot(), start()).unwrap(), []);
    restored
}

#[cfg(all(feature = "serde", feature = "json"))]
mod snapshot {
    use super::*;
    use crate::accept;
    use session_core::cookies::JarSnapshot;
    use session_core::error::ErrorKind;

    fn text(jar: &Jar) -> String {
        serde_json::to_string(&jar.snapshot()).unwrap()
    }

    fn restore(text: &str) -> (Jar, Vec<(usize, LoadProblem)>) {
        let mut jar = Jar::new();
        let warnings = jar.restore(&serde_json::from_str(text).unwrap(), start()).unwrap();
        (jar, warnings.iter().map(|warning| (warning.record, warning.problem)).collect())
    }

    /// A snapshot of one good record with these changes.
    fn changed(from: &str, to: &str) -> String {
        let good = r#"{"version":1,"cookies":[{"name":"a","value":"1","domain":"a.test","path":"/","host_only":false,"secure":false,"http_only":false,"same_site":"Default","expires":null,"used":7}]}"#;
        assert!(good.contains(from));
        good.replace(from, to)
    }

    #[test]
    fn the_format_is_as_it_is_written_down() {
        let jar = jar(&[("https://w.a.test/x/y", "a=1; Domain=a.test; Max-Age=60; Secure; HttpOnly; SameSite=Lax")]);
        assert_eq!(
            text(&jar),
            r#"{"version":1,"cookies":[{"name":"a","value":"1","domain":"a.test","path":"/x","host_only":false,"secure":true,"http_only":true,"same_site":"Lax","expires":{"seconds":1767225660,"nanoseconds":0},"used":0}]}"#
        );
    }

    #[test]
    fn everything_survives() {
        let mut jar = Jar::new();
        let at = target("https://w.a.test/x;y/z");
        let odd = start() + Duration::from_nanos(1_500_000_001);
        for line in [
            b"a=1; Domain=a.test; Secure; SameSite=None".as_slice(),
            b"\xff=\xfe; HttpOnly; SameSite=Strict",
            b"base64:=base64:AA; SameSite=Lax",
            b"nameless; Max-Age=60",
            b"tab=1\t2; Path=/a\tb",
        ] {
            assert_eq!(jar.accept(&at, line, odd).rejection(), None);
        }
        let (back, warnings) = restore(&text(&jar));
        assert_eq!((text(&back), warnings), (text(&jar), Vec::new()));
        assert_eq!(format!("{back:?}"), format!("{jar:?}"));
        assert_eq!(back.find(b"").unwrap().expires(), Some(odd + Duration::from_secs(60)));
    }

    #[test]
    fn what_was_used_last_still_stays_longest() {
        let mut jar =
            jar(&[("https://a.test/", "a=1; Path=/a"), ("https://a.test/", "b=1"), ("https://b.test/", "c=1")]);
        sent(&mut jar, "https://a.test/a");
        let mut limits = session_core::limits::Limits::default();
        limits.cookies_total = 3;
        let mut jar = restore(&text(&jar)).0.with_limits(&limits);
        accept(&mut jar, "https://d.test/", "d=1");
        assert_eq!(jar.iter().map(Cookie::name).collect::<Vec<_>>(), [b"a", b"b", b"d"]);
        accept(&mut jar, "https://e.test/", "e=1");
        accept(&mut jar, "https://f.test/", "f=1");
        assert_eq!(jar.iter().map(Cookie::name).collect::<Vec<_>>(), [b"d", b"e", b"f"]);
    }

    #[test]
    fn another_version_is_an_error_and_changes_nothing() {
        let snapshot: JarSnapshot = serde_json::from_str(&changed("\"version\":1", "\"version\":2")).unwrap();
        let mut jar = Jar::new();
        let error = jar.restore(&snapshot, start()).unwrap_err();
        assert_eq!((error.kind(), error.came(), error.expected()), (ErrorKind::Unsupported, Some("2"), Some("1")));
        assert!(jar.is_empty());
    }

    #[test]
    fn damaged_data_is_an_error() {
        for (from, to) in [
            ("\"version\":1,", ""),
            ("\"name\":\"a\",", ""),
            ("\"used\":7", "\"used\":-7"),
            ("\"Default\"", "\"Sometimes\""),
            ("null", "{\"seconds\":1}"),
            ("]}", "]"),
        ] {
            assert!(serde_json::from_str::<JarSnapshot>(&changed(from, to)).is_err(), "{to}");
        }
    }

    /// ST-02.
    #[test]
    fn a_record_that_makes_no_cookie_is_reported() {
        let rejected = LoadProblem::Rejected;
        for (from, to, problem) in [
            ("\"a.test\"", "\"test\"", rejected(Rejection::PublicSuffix)),
            ("\"a.test\"", "\"a..test\"", LoadProblem::Domain),
            ("\"path\":\"/\"", "\"path\":\"x\"", LoadProblem::Path),
            ("\"name\":\"a\"", "\"name\":\"__Secure-a\"", rejected(Rejection::SecurePrefix)),
            ("\"value\":\"1\"", "\"value\":\"1\\r\\nx: y\"", rejected(Rejection::ControlCharacter)),
            ("\"value\":\"1\"", "\"value\":\"1; b=2\"", rejected(Rejection::Unwritable)),
            ("\"value\":\"1\"", "\"value\":\"base64:!\"", LoadProblem::Encoding),
            ("\"Default\"", "\"None\"", rejected(Rejection::SameSiteNoneWithoutSecure)),
            ("null", "{\"seconds\":1,\"nanoseconds\":0}", LoadProblem::Expired),
            ("null", "{\"seconds\":9999999999,\"nanoseconds\":1000000000}", LoadProblem::Expiry),
        ] {
            let (jar, warnings) = restore(&changed(from, to));
            assert_eq!((jar.len(), warnings), (0, vec![(1, problem)]), "{to}");
        }
        let (jar, warnings) = restore(&changed("\"used\":7", "\"used\":18446744073709551615"));
        assert_eq!((jar.len(), warnings), (1, Vec::new()));
    }

    #[test]
    fn debug_shows_no_value() {
        let jar = jar(&[("https://a.test/", "sid=hunter2")]);
        assert_eq!(format!("{:?}", jar.snapshot()), "JarSnapshot(version 1, 1 cookies)");
    }
}

//! CI: bytes in cookies that would be something else elsewhere.

use crate::clock::now;
use crate::driver::{first_hop, get, plain_get, setting, target, text, wire};
use crate::read::read;
use session_core::cookies::{Jar, Rejection};
use session_core::error::ErrorKind;
use session_core::limits::Limits;
use session_core::session::Session;
use session_core::session::request::Request;

fn new() -> Session {
    Session::builder().build().unwrap()
}

#[test]
fn ci_01_a_control_character_anywhere_drops_the_whole_cookie() {
    for byte in (0..=0x1f_u8).chain([0x7f]).filter(|byte| *byte != b'\t') {
        for at in 0..5 {
            let mut parts: [Vec<u8>; 5] = ["na", "me=va", "lue; Pa", "th=/; Dom", "ain=a.test"].map(Into::into);
            parts[at].insert(1, byte);
            let mut jar = Jar::new();
            let decision = jar.accept(&target("https://a.test/"), &parts.concat(), now().wall());
            assert_eq!(decision.rejection(), Some(Rejection::ControlCharacter), "{byte:#x} in part {at}");
            assert!(jar.is_empty());
        }
        let mut request = Request::get("https://a.test/");
        request.add_cookie("own", format!("a{}b", char::from(byte)));
        assert_eq!(new().begin(request, now()).unwrap_err().kind(), ErrorKind::InvalidHeader, "{byte:#x}");
    }
}

#[test]
fn ci_02_nothing_is_decoded_on_the_way_through() {
    let mut session = new();
    let value = "%0d%0aX:1%3B%00\"%C3%A9+&amp\"";
    get(&mut session, "https://a.test/", [setting(&[&format!("a={value}")])]);
    let run = plain_get(&mut session, "https://a.test/");
    assert_eq!(run.fields("cookie"), [Some(format!("a={value}"))]);
    assert!(wire(run.last()).unwrap().contains(&format!("\r\ncookie: a={value}\r\n")));
}

/// The same in a cookie file; what it cannot hold is told. The snapshot's own test is among those of the jar.
#[test]
fn ci_03_no_value_becomes_a_second_record() {
    let evil = "1\tx\n.bank.test\tTRUE\t/\tFALSE\t0\tsid\tevil";
    let crafted = "1 .bank.test TRUE / FALSE 0 sid evil";
    let long = "v".repeat(4095);
    let mut jar = Jar::new();
    let lines = [
        format!("a={evil}"),
        format!("b={crafted}"),
        format!("c={long}"),
        "d=x\ty".into(),
        "e=#HttpOnly_".into(),
        "#f=1".into(),
    ];
    for line in &lines {
        jar.accept(&target("https://a.test/"), line.as_bytes(), now().wall());
    }
    assert_eq!(jar.len(), 5, "the one with line ends was refused");
    let mut text = Vec::new();
    let left_out = jar.write_netscape(&mut text);
    assert_eq!(left_out.iter().map(|id| id.name().to_vec()).collect::<Vec<_>>(), [b"d"]);
    let mut read = Jar::new();
    assert!(read.read_netscape(&text, now().wall()).is_empty());
    assert!(read.iter().all(|cookie| cookie.domain() == "a.test" && cookie.is_host_only()));
    let held =
        |jar: &Jar| jar.iter().map(|cookie| (cookie.name().to_vec(), cookie.value().to_vec())).collect::<Vec<_>>();
    jar.remove("d", "a.test", "/");
    assert_eq!(held(&read), held(&jar));
    // A file that somebody else wrote is held to the same rules.
    let file = "a.test\tFALSE\t/\tFALSE\t0\tx\t1\r2\n.test\tTRUE\t/\tFALSE\t0\ty\t1\na.test\tFALSE\t/\tFALSE\t0\t__Host-z\t1\n";
    let mut other = Jar::new();
    assert_eq!((other.read_netscape(file.as_bytes(), now().wall()).len(), other.len()), (3, 0));
}

/// A folded line is one line: what looks like a field in it is none.
#[test]
fn ci_04_a_folded_line_sets_no_cookie() {
    let read = read("HTTP/1.1 200 OK\r\nX: a\r\n Set-Cookie: b=1\r\n\tSet-Cookie: c=1\r\ncontent-length: 0\r\n\r\n");
    let head = read.head.unwrap();
    assert!(!head.headers.contains_key("set-cookie"), "{head:?}");
    let mut session = new();
    get(&mut session, "https://a.test/", [head]);
    assert!(session.cookies().is_empty());
}

#[test]
fn ci_05_what_would_be_another_cookie_is_not_taken_from_the_caller() {
    let begin = |name: &str, value: &str| {
        let mut request = Request::get("https://a.test/");
        request.add_cookie(name, value);
        new().begin(request, now()).map(|_| ()).map_err(|error| error.kind())
    };
    for (name, value) in
        [("a;b", "1"), ("a", "1;b=2"), ("a\r\nX: y", "1"), ("a", "1\r\nX: y"), ("a=b", "1"), ("a", "\0"), ("a\t", "1")]
    {
        assert_eq!(begin(name, value), Err(ErrorKind::InvalidHeader), "{name:?} {value:?}");
    }
    assert_eq!(begin("a", "1,2"), Ok(()), "a comma separates nothing in a Cookie field");
    let mut jar = Jar::new();
    for cookie in [
        cookie::Cookie::new("a;b", "1"),
        cookie::Cookie::new("a", "1; b=2"),
        cookie::Cookie::new("a", "1\r\nX: y"),
        cookie::Cookie::new("a\n", "1"),
        cookie::Cookie::build(("a", "1")).path("/\r\nX: y").build(),
        cookie::Cookie::build(("a", "1")).path("/x; Domain=b.test").build(),
        cookie::Cookie::build(("a", "1")).domain("a.test\r\n").build(),
    ] {
        let decision = jar.insert(&target("https://a.test/"), cookie.clone(), now().wall());
        let cookies = jar.iter().map(|held| held.path().to_owned()).collect::<Vec<_>>();
        assert!(decision.rejection().is_some(), "{cookie:?}: {decision:?} {cookies:?}");
    }
    assert!(jar.is_empty());
}

#[test]
fn ci_07_broken_lines_break_nothing() {
    let long = format!("a=1; Path=/{}", "x".repeat(2000));
    for (line, sent) in [
        ("a=1; path=\"", "a=1"),
        ("a=1; path=\"\"", "a=1"),
        // Its path is `/"`, and no URL has that: there it is `/%22`.
        ("a=1; path=/\"", ""),
        (long.as_str(), "a=1"),
        ("", ""),
        ("=", ""),
        (";", ""),
        ("; Path=/", ""),
        ("a=; =; ==; Path", "a="),
        ("a", "a"),
    ] {
        let mut session = new();
        get(&mut session, "https://a.test/", [setting(&[line])]);
        let path = session.cookies().iter().next().map(|cookie| cookie.path().to_owned());
        let url = format!("https://a.test{}", path.as_deref().unwrap_or("/"));
        assert_eq!(text(&first_hop(&mut session, Request::get(url)), "cookie").unwrap_or_default(), sent, "{line:?}");
    }
    let most = Limits::default().cookie_attribute_bytes;
    for (length, path) in [(most, "x".repeat(most - 1)), (most + 1, String::new())] {
        let mut jar = Jar::new();
        let line = format!("a=1; Path=/{}", "x".repeat(length - 1));
        jar.accept(&target("https://a.test/"), line.as_bytes(), now().wall());
        assert_eq!(jar.iter().next().unwrap().path(), format!("/{path}"), "{length}");
    }
}

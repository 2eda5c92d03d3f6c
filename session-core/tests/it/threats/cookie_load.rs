//! CD: cookies in great numbers and sizes.

use crate::clock::now;
use crate::driver::{get, plain_get, setting, target};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode};
use session_core::cookies::Jar;
use session_core::limits::Limits;
use session_core::message::head::ResponseHead;
use session_core::session::Session;
use std::time::Duration;

#[test]
fn cd_01_a_flood_of_cookies_is_cut_and_hurts_nobody_else() {
    let limits = Limits::default();
    let mut headers = HeaderMap::new();
    for number in 0..10_000 {
        let line = format!("c{number}={}; Domain=a.test", "x".repeat(4000));
        headers.append(SET_COOKIE, HeaderValue::try_from(line).unwrap());
    }
    let flood = ResponseHead::new(StatusCode::OK).with_headers(headers);
    let mut session = Session::builder().build().unwrap();
    get(&mut session, "https://b.a.test/", [setting(&["mine=1"])]);
    for host in ["a.test", "x.a.test", "y.a.test"] {
        get(&mut session, &format!("https://{host}/"), [flood.clone()]);
        assert!(session.cookies().len() <= limits.cookies_per_response * 2);
    }
    assert!(session.cookies().iter().filter(|cookie| cookie.domain() == "a.test").count() <= limits.cookies_per_domain);
    for host in ["a.test", "b.a.test", "c.a.test"] {
        let field = plain_get(&mut session, &format!("https://{host}/")).fields("cookie")[0].clone().unwrap();
        assert!(!field.is_empty() && field.len() <= limits.cookie_field, "{host}: {}", field.len());
    }
    assert!(session.cookies().find("mine").is_some(), "a sibling's own cookie stays");
}

#[test]
fn cd_02_lifetimes_are_cut_and_never_overflow() {
    let latest = now().wall() + Duration::from_secs(Limits::default().cookie_seconds);
    let huge = "9".repeat(1000);
    for (age, lives) in [
        ("9223372036854775807", true),
        ("9223372036854775808", true),
        ("18446744073709551615", true),
        ("18446744073709551616", true),
        (huge.as_str(), true),
        ("-9223372036854775808", false),
        ("-18446744073709551616", false),
        ("-1", false),
    ] {
        let mut jar = Jar::new();
        jar.accept(&target("https://a.test/"), format!("a=1; Max-Age={age}").as_bytes(), now().wall());
        assert_eq!(jar.len() == 1, lives, "{age}");
        assert!(jar.iter().all(|cookie| cookie.expires() == Some(latest)), "{age}: {jar:?}");
    }
    for (year, expires) in [("1601", Some(None)), ("9999", Some(Some(latest))), ("70000", None), ("1600", None)] {
        let mut jar = Jar::new();
        let line = format!("a=1; Expires=Fri, 01 Jan {year} 00:00:00 GMT");
        jar.accept(&target("https://a.test/"), line.as_bytes(), now().wall());
        let found = jar.iter().next().map(session_core::cookies::Cookie::expires);
        match expires {
            // It is over already.
            Some(None) => assert_eq!(found, None, "{year}"),
            Some(expires) => assert_eq!(found, Some(expires), "{year}"),
            // The date is none, so it is a session cookie.
            None => assert_eq!(found, Some(None), "{year}"),
        }
    }
}

/// Each of these took some client time that grows with the square of the length: at 128 KiB more than 10^10 steps.
#[test]
fn cd_03_long_lines_are_read_in_linear_time() {
    let length = 128 * 1024;
    let mut jar = Jar::new();
    for piece in [";", "\\", "=", "t", "; ", "=;", "\"", ",", "a=b;"] {
        let line = piece.repeat(length / piece.len());
        jar.accept(&target("https://a.test/"), line.as_bytes(), now().wall());
        jar.accept(&target("https://a.test/"), format!("a=1; Expires={line}").as_bytes(), now().wall());
        jar.accept(&target("https://a.test/"), format!("a=1; Path={line}; Domain={line}").as_bytes(), now().wall());
    }
    for inner in [" ", "1", "1:", "Jan ", "-", "0:0:0 "] {
        let date = format!("Fri, 01{}Jan 2027 00:00:00 GMT", inner.repeat(length / inner.len()));
        assert!(session_core::cookies::date::parse(date.as_bytes()).is_none_or(|date| date > now().wall()));
    }
    assert!(jar.len() <= 2);
}

#[test]
fn cd_04_malformed_cookies_leave_little_behind() {
    let line = format!("__Host-{}=\u{7f}{}", "n".repeat(3000), "v".repeat(3000));
    let lines: Vec<&str> = (0..1000).map(|_| line.as_str()).collect();
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(SET_COOKIE, HeaderValue::from_bytes(&line.as_bytes()[..2000]).unwrap());
    }
    let mut session = Session::builder().build().unwrap();
    let run = get(&mut session, "https://a.test/", [ResponseHead::new(StatusCode::OK).with_headers(headers)]);
    assert!(session.cookies().is_empty());
    let reasons: Vec<String> = run.delivery().history().reasons().map(ToString::to_string).collect();
    assert!(reasons.len() <= 1001, "one for a line: {}", reasons.len());
    assert!(reasons.iter().all(|reason| reason.len() < 400), "{}", reasons[0].len());
}

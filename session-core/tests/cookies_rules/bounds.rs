//! What goes when room is short (RFC 6265bis 5.7 and 6.1).

use crate::{accept, after, jar, limited, sent, start, target};
use session_core::cookies::{Cookie, Decision, Jar, Rejection};
use session_core::limits::Limits;

#[test]
fn fifty_cookies_for_a_domain() {
    let mut jar = Jar::new();
    for number in 0..50 {
        accept(&mut jar, "https://a.test/", &format!("c{number}=1"));
    }
    accept(&mut jar, "https://b.test/", "b=1");
    assert_eq!((jar.len(), jar.find("c0").is_some()), (51, true));
    accept(&mut jar, "https://a.test/", "c50=1");
    assert_eq!((jar.len(), jar.find("c0").is_some(), jar.find("c1").is_some()), (51, false, true));
    // A replacement needs no room.
    accept(&mut jar, "https://a.test/", "c1=2");
    assert_eq!((jar.len(), jar.find("c2").is_some()), (51, true));
}

#[test]
fn three_thousand_cookies_in_all() {
    let mut jar = Jar::new();
    for number in 0..3000 {
        accept(&mut jar, &format!("https://h{}.test/", number % 100), &format!("c{number}=1"));
    }
    assert_eq!((jar.len(), jar.find("c0").is_some()), (3000, true));
    for number in 3000..3010 {
        accept(&mut jar, "https://other.test/", &format!("c{number}=1"));
    }
    assert_eq!((jar.len(), jar.find("c9").is_some(), jar.find("c10").is_some()), (3000, false, true));
}

#[test]
fn of_a_domain_goes_first_what_is_not_secure_then_what_was_not_used_for_longest() {
    let mut jar = limited(|limits| limits.cookies_per_domain = 3);
    for line in ["s=1; Secure", "a=1; Path=/a", "b=1; Path=/b"] {
        accept(&mut jar, "https://a.test/", line);
    }
    // To be sent is to be used.
    assert_eq!(sent(&mut jar, "https://a.test/a"), "a=1; s=1");
    accept(&mut jar, "https://a.test/", "c=1");
    assert_eq!((jar.len(), jar.find("b").is_none()), (3, true));
    accept(&mut jar, "https://a.test/", "t=1; Secure");
    accept(&mut jar, "https://a.test/", "u=1; Secure");
    assert_eq!(sent(&mut jar, "https://a.test/"), "s=1; t=1; u=1");
    // Clear text does not push Secure cookies out.
    let decision = accept(&mut jar, "http://a.test/", "d=1");
    assert_eq!(decision.rejection(), Some(Rejection::NoRoom));
    accept(&mut jar, "https://a.test/", "v=1; Secure");
    assert_eq!(sent(&mut jar, "https://a.test/"), "t=1; u=1; v=1");
}

#[test]
fn of_the_jar_goes_what_was_not_used_for_longest() {
    let mut jar = limited(|limits| limits.cookies_total = 3);
    for (url, line) in [("https://a.test/", "a=1"), ("https://b.test/", "b=1; Secure"), ("https://c.test/", "c=1")] {
        accept(&mut jar, url, line);
    }
    sent(&mut jar, "https://a.test/");
    accept(&mut jar, "https://d.test/", "d=1");
    accept(&mut jar, "https://e.test/", "e=1");
    assert_eq!(jar.iter().map(Cookie::name).collect::<Vec<_>>(), [b"a", b"d", b"e"]);
}

/// Those to go are looked up several at a time; what is used in between is spared all the same.
#[test]
fn what_is_used_while_others_go_is_spared() {
    let mut jar = limited(|limits| limits.cookies_total = 32);
    for number in 0..32 {
        accept(&mut jar, &format!("https://h{number}.test/"), &format!("c{number}=1"));
    }
    accept(&mut jar, "https://new.test/", "n0=1");
    sent(&mut jar, "https://h1.test/");
    accept(&mut jar, "https://h2.test/", "c2=2");
    jar.remove("c3", "h3.test", "/");
    for number in 1..=3 {
        accept(&mut jar, "https://new.test/", &format!("n{number}=1"));
    }
    let gone: Vec<_> = (0..32).filter(|number| jar.find(format!("c{number}")).is_none()).collect();
    assert_eq!((jar.len(), gone), (32, vec![0, 3, 4, 5]));
}

#[test]
fn what_is_expired_goes_before_anything_else() {
    let mut jar = limited(|limits| limits.cookies_total = 2);
    jar.accept(&target("https://a.test/"), b"old=1", start());
    jar.accept(&target("https://b.test/"), b"short=1; Max-Age=5", start());
    let decision = jar.accept(&target("https://c.test/"), b"new=1", after(5));
    assert!(matches!(decision, Decision::Stored(_)));
    assert_eq!(jar.iter().map(Cookie::name).collect::<Vec<_>>(), [b"old", b"new"]);
}

#[test]
fn a_limit_of_nothing_holds_nothing() {
    for mut jar in [limited(|limits| limits.cookies_total = 0), limited(|limits| limits.cookies_per_domain = 0)] {
        assert_eq!(accept(&mut jar, "https://a.test/", "a=1").rejection(), Some(Rejection::NoRoom));
        assert!(jar.is_empty());
    }
}

#[test]
fn new_limits_hold_at_once() {
    let full = jar(&[("https://a.test/", "a=1"), ("https://a.test/", "b=1"), ("https://b.test/", "c=1")]);
    let mut limits = Limits::default();
    limits.cookies_per_domain = 1;
    assert_eq!(full.clone().with_limits(&limits).iter().map(Cookie::name).collect::<Vec<_>>(), [b"b", b"c"]);
    limits.cookies_total = 1;
    assert_eq!(full.with_limits(&limits).iter().map(Cookie::name).collect::<Vec<_>>(), [b"c"]);
}

#[test]
fn the_other_limits_are_settings_too() {
    let mut jar = limited(|limits| {
        limits.cookie_bytes = 4;
        limits.cookie_attribute_bytes = 4;
        limits.cookie_seconds = 10;
        limits.cookies_per_response = 1;
    });
    assert_eq!(accept(&mut jar, "https://a.test/", "aa=33").rejection(), None);
    assert_eq!(accept(&mut jar, "https://a.test/", "aa=333").rejection(), Some(Rejection::TooLong));
    accept(&mut jar, "https://a.test/", "p=1; Path=/1234; Max-Age=11");
    let cookie = jar.find("p").unwrap();
    assert_eq!((cookie.path(), cookie.expires()), ("/", Some(after(10))));
    let mut headers = http::HeaderMap::new();
    for line in ["x=1", "y=1"] {
        headers.append("set-cookie", http::HeaderValue::from_static(line));
    }
    jar.accept_all(&target("https://a.test/"), &headers, start(), |_| {});
    assert!(jar.find("x").is_some() && jar.find("y").is_none());
}

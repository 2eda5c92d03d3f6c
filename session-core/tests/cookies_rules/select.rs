//! RFC 6265bis 5.8.3: what is sent, in which order, and why the rest is not.

use crate::{accept, after, jar, limited, sent, sent_at, start, target};
use http::Method;
use session_core::cookies::{Context, Cookie, Jar, NoSuffixes, SingleLabels, Verdict, Withheld, cookie_field};
use std::sync::Arc;

#[test]
fn a_host_only_cookie_goes_to_its_host_alone() {
    let mut jar = jar(&[("https://w.a.test/", "a=1")]);
    assert_eq!(sent(&mut jar, "https://w.a.test/"), "a=1");
    for url in ["https://a.test/", "https://x.w.a.test/", "https://xw.a.test/", "https://w.a.test./"] {
        assert_eq!(sent(&mut jar, url), "", "{url}");
    }
    // CVE-2022-24737: a copy is as narrow.
    let mut copy = Jar::new();
    copy.extend(jar.clone().iter().cloned());
    assert_eq!(
        (sent(&mut copy, "https://w.a.test/"), sent(&mut copy, "https://x.w.a.test/")),
        ("a=1".into(), String::new())
    );
}

/// CVE-2018-20852: the dot is needed.
#[test]
fn a_domain_cookie_goes_to_the_domain_and_what_is_below() {
    let mut jar = jar(&[("https://w.a.test/", "a=1; Domain=a.test")]);
    for url in ["https://a.test/", "https://w.a.test/", "https://y.x.a.test/"] {
        assert_eq!(sent(&mut jar, url), "a=1", "{url}");
    }
    for url in ["https://ba.test/", "https://test/", "https://a.test.b.test/", "https://a.test./"] {
        assert_eq!(sent(&mut jar, url), "", "{url}");
    }
}

#[test]
fn scheme_and_port_do_not_part_cookies_but_secure_does() {
    let mut jar = jar(&[("https://a.test:8443/", "a=1"), ("https://a.test/", "s=2; Secure")]);
    assert_eq!(sent(&mut jar, "https://a.test:444/"), "a=1; s=2");
    assert_eq!(sent(&mut jar, "http://a.test/"), "a=1");
    accept(&mut jar, "https://localhost/", "l=3; Secure");
    assert_eq!(sent(&mut jar, "http://localhost:3000/"), "l=3");
}

/// PSF-2019-17.
#[test]
fn a_path_cookie_goes_to_the_path_and_what_is_below() {
    let mut jar = jar(&[("https://a.test/", "a=1; Path=/any"), ("https://a.test/dir/page", "d=2")]);
    for (url, expected) in [
        ("https://a.test/any", "a=1"),
        ("https://a.test/any/x", "a=1"),
        ("https://a.test/any?q", "a=1"),
        ("https://a.test/any#f", "a=1"),
        ("https://a.test/anybad", ""),
        ("https://a.test/an", ""),
        ("https://a.test/Any", ""),
        ("https://a.test/x?/any", ""),
        ("https://a.test/dir/x", "d=2"),
        ("https://a.test/dir", "d=2"),
        ("https://a.test/directory", ""),
    ] {
        assert_eq!(sent(&mut jar, url), expected, "{url}");
    }
}

#[test]
fn longer_paths_come_first_then_the_older_cookie() {
    let mut jar = jar(&[
        ("https://w.a.test/", "a=1; Domain=a.test"),
        ("https://w.a.test/", "b=1; Path=/x"),
        ("https://w.a.test/", "c=1"),
        ("https://w.a.test/", "d=1; Path=/x/y; Domain=a.test"),
        ("https://w.a.test/", "e=1; Path=/x; Domain=w.a.test"),
        ("https://w.a.test/", "f=1; Path=/x/"),
    ]);
    assert_eq!(sent(&mut jar, "https://w.a.test/x/y"), "d=1; f=1; b=1; e=1; a=1; c=1");
    accept(&mut jar, "https://w.a.test/", "b=2; Path=/x");
    assert_eq!(sent(&mut jar, "https://w.a.test/x/y"), "d=1; f=1; b=2; e=1; a=1; c=1");
}

#[test]
fn a_nameless_cookie_is_sent_as_its_bare_value() {
    let mut jar = jar(&[("https://a.test/", "foo"), ("https://a.test/", "a="), ("https://a.test/", "q=\"x y\"")]);
    assert_eq!(sent(&mut jar, "https://a.test/"), "foo; a=; q=\"x y\"");
}

#[test]
fn the_field_is_the_bytes_that_came_and_is_marked_sensitive() {
    let mut jar = Jar::new();
    jar.accept(&target("https://a.test/"), b"\xff=\xfe%41\xe9", start());
    let field = cookie_field(&jar.select(&target("https://a.test/"), start())).unwrap();
    assert_eq!(field.as_bytes(), b"\xff=\xfe%41\xe9");
    assert!(field.is_sensitive());
    assert_eq!(cookie_field(&[]), None);
}

#[test]
fn a_public_suffix_of_today_is_withheld() {
    let mut jar = Jar::with_public_suffix(Arc::new(NoSuffixes));
    accept(&mut jar, "https://a.test/", "wide=1; Domain=test");
    accept(&mut jar, "https://test/", "own=1");
    assert_eq!(sent(&mut jar, "https://test/"), "wide=1; own=1");
    jar.set_public_suffix(Arc::new(SingleLabels));
    assert_eq!(sent(&mut jar, "https://test/"), "own=1");
    assert_eq!(sent(&mut jar, "https://a.test/"), "");
    assert_eq!(jar.explain(&target("https://a.test/"), start())[0].1, Verdict::Withheld(Withheld::PublicSuffix));
    // A jar that knows better does not trust another's cookies either.
    let mut other = Jar::with_public_suffix(Arc::new(SingleLabels));
    other.extend(jar.iter().cloned());
    assert_eq!(sent(&mut other, "https://test/"), "own=1");
    jar.set_public_suffix(Arc::new(NoSuffixes));
    assert_eq!(sent(&mut jar, "https://a.test/"), "wide=1");
}

#[test]
fn a_script_does_not_see_http_only_cookies() {
    let mut jar = jar(&[("https://a.test/", "a=1; HttpOnly"), ("https://a.test/", "b=2")]);
    let seen = jar.select_in(&target("https://a.test/"), Context::default().from_script(), start());
    assert_eq!(seen.iter().map(|cookie| cookie.name()).collect::<Vec<_>>(), [b"b"]);
    assert_eq!(sent(&mut jar, "https://a.test/"), "a=1; b=2");
}

#[test]
fn same_site_counts_where_a_request_is_cross_site() {
    let mut jar = jar(&[
        ("https://a.test/", "n=1; SameSite=None; Secure"),
        ("https://a.test/", "l=1; SameSite=Lax"),
        ("https://a.test/", "s=1; SameSite=Strict"),
        ("https://a.test/", "d=1"),
    ]);
    for (context, expected) in [
        (Context::default(), "n=1; l=1; s=1; d=1"),
        (Context::cross_site(), "n=1"),
        (Context::cross_site_navigation(&Method::GET), "n=1; l=1; d=1"),
        (Context::cross_site_navigation(&Method::POST), "n=1"),
    ] {
        let field = cookie_field(&jar.select_in(&target("https://a.test/"), context, start())).unwrap();
        assert_eq!(field.to_str().unwrap(), expected, "{context:?}");
    }
}

#[test]
fn each_cookie_has_its_reason() {
    let mut jar = jar(&[
        ("https://a.test/", "sent=1"),
        ("https://b.test/", "other=1"),
        ("https://test/", "host=1"),
        ("https://a.test/", "path=1; Path=/x"),
        ("https://a.test/", "old=1; Max-Age=5"),
        ("https://a.test/", "secure=1; Secure"),
        ("https://a.test/", "http=1; HttpOnly"),
        ("https://a.test/", "strict=1; SameSite=Strict"),
    ]);
    let context = Context::cross_site_navigation(&Method::GET).from_script();
    let verdicts = jar.explain_in(&target("http://a.test/"), context, after(5));
    let verdict =
        |name: &str| verdicts.iter().find(|(cookie, _)| cookie.name_str() == Some(name)).map(|(_, verdict)| *verdict);
    assert_eq!(verdicts.len(), 8);
    for (name, expected) in [
        ("sent", Verdict::Sent),
        ("other", Verdict::Withheld(Withheld::OtherDomain)),
        ("host", Verdict::Withheld(Withheld::HostOnly)),
        ("path", Verdict::Withheld(Withheld::OtherPath)),
        ("old", Verdict::Withheld(Withheld::Expired)),
        ("secure", Verdict::Withheld(Withheld::ClearText)),
        ("http", Verdict::Withheld(Withheld::HttpOnly)),
        ("strict", Verdict::Withheld(Withheld::CrossSite)),
    ] {
        assert_eq!(verdict(name), Some(expected), "{name}");
    }
    assert_eq!(Verdict::Withheld(Withheld::Expired).to_string(), "it is withheld: it is expired");
    assert_eq!(sent_at(&mut jar, "http://a.test/", after(5)), "sent=1; http=1; strict=1");
}

#[test]
fn the_cookie_field_has_a_bound() {
    let mut jar = limited(|limits| limits.cookie_field = 11);
    for line in ["a=1; Path=/x", "b=22222", "c=3"] {
        accept(&mut jar, "https://a.test/", line);
    }
    // `a=1; c=3` is 8 bytes, with `b=22222` it would be 17.
    assert_eq!(sent(&mut jar, "https://a.test/x"), "a=1; c=3");
    let full: Vec<_> = jar
        .explain(&target("https://a.test/x"), start())
        .into_iter()
        .filter(|(_, verdict)| *verdict == Verdict::Withheld(Withheld::FieldFull))
        .map(|(cookie, _)| cookie.name())
        .collect();
    assert_eq!(full, [b"b"]);
    // Exactly as large passes.
    accept(&mut jar, "https://a.test/", "b=2222");
    accept(&mut jar, "https://a.test/", "c=; Max-Age=0");
    assert_eq!(sent(&mut jar, "https://a.test/x"), "a=1; b=2222");
    accept(&mut jar, "https://a.test/", "b=22222");
    assert_eq!(sent(&mut jar, "https://a.test/x"), "a=1");
}

#[test]
fn debug_shows_no_value() {
    let mut jar = jar(&[("https://a.test/", "sid=hunter2; Secure")]);
    let selected = format!("{:?}", jar.select(&target("https://a.test/"), start()));
    let shown = format!("{jar:?} {selected}");
    assert!(shown.contains("sid") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_stored_cookie_becomes_one_of_the_cookie_crate_and_back() {
    let lines = [
        ("https://w.a.test/", "a=1; Domain=a.test; Path=/x; Max-Age=60; Secure; HttpOnly; SameSite=Lax"),
        ("https://w.a.test/y/z", "b=2"),
        ("https://w.a.test/y/z", "nameless"),
    ];
    let first = jar(&lines);
    let mut second = Jar::new();
    for cookie in first.iter() {
        second.insert(&target("https://w.a.test/"), cookie::Cookie::try_from(cookie).unwrap(), start());
    }
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
    assert_eq!(
        first.iter().map(Cookie::value).collect::<Vec<_>>(),
        second.iter().map(Cookie::value).collect::<Vec<_>>()
    );
}

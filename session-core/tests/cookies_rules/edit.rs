//! The jar as the caller sees and changes it.

use crate::{accept, after, jar, sent, start, target};
use session_core::cookies::{Cookie, Jar};

fn names(jar: &Jar) -> Vec<&str> {
    jar.iter().map(|cookie| cookie.name_str().unwrap()).collect()
}

fn filled() -> Jar {
    jar(&[
        ("https://w.a.test/", "z=1; Domain=a.test; Max-Age=60"),
        ("https://b.test/", "y=2"),
        ("https://w.a.test/", "x=5; Path=/p"),
        ("https://w.a.test/", "x=3"),
        ("https://w.a.test/", "x=4; Domain=w.a.test"),
        ("https://ba.test/", "w=6"),
    ])
}

#[test]
fn cookies_are_listed_in_the_order_of_creation() {
    let mut jar = filled();
    accept(&mut jar, "https://b.test/", "y=7");
    assert_eq!(names(&jar), ["z", "y", "x", "x", "x", "w"]);
    assert_eq!((jar.len(), jar.is_empty(), Jar::default().is_empty()), (6, false, true));
}

#[test]
fn find_gives_the_longest_path_then_the_newest() {
    let jar = filled();
    assert_eq!(jar.find("x").and_then(Cookie::value_str), Some("5"));
    assert_eq!(jar.find(b"y").and_then(Cookie::value_str), Some("2"));
    assert!(jar.find("X").is_none());
}

#[test]
fn find_in_wants_domain_and_path() {
    let jar = filled();
    let value = |name: &str, domain, path| jar.find_in(name, domain, path).and_then(Cookie::value_str);
    assert_eq!(value("x", "w.a.test", "/"), Some("3"));
    assert_eq!(value("x", ".W.A.test", "/p"), Some("5"));
    assert_eq!(value("z", "a.test", "/"), Some("1"));
    assert_eq!((value("z", "w.a.test", "/"), value("x", "w.a.test", "/q")), (None, None));
}

#[test]
fn a_map_has_each_name_once() {
    let mut jar = filled();
    jar.accept(&target("https://a.test/"), b"\xff=\xfe", start());
    let map = jar.to_map();
    let pairs: Vec<_> = map.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(pairs, [("w", "6"), ("x", "5"), ("y", "2"), ("z", "1"), ("\u{fffd}", "\u{fffd}")]);
    for name in ["w", "x", "y", "z"] {
        assert_eq!(jar.find(name).and_then(Cookie::value_str), map.get(name).map(String::as_str));
    }
}

#[test]
fn remove_takes_both_the_host_only_cookie_and_the_other() {
    let mut jar = filled();
    assert_eq!(jar.remove("x", "w.a.test", "/"), 2);
    assert_eq!(jar.remove("x", "w.a.test", "/"), 0);
    assert_eq!(jar.remove("y", ".B.test", "/"), 1);
    assert_eq!((names(&jar), jar.len()), (vec!["z", "x", "w"], 3));
    assert_eq!(sent(&mut jar, "https://w.a.test/p"), "x=5; z=1");
}

#[test]
fn clear_domain_takes_what_is_below_too() {
    let mut jar = filled();
    jar.clear_domain(".A.test");
    assert_eq!(names(&jar), ["y", "w"]);
    jar.clear_domain("");
    jar.clear_domain("est");
    assert_eq!(names(&jar), ["y", "w"]);
    jar.clear_domain("test");
    assert!(jar.is_empty());
}

#[test]
fn the_end_of_a_session_leaves_persistent_cookies() {
    let mut jar = filled();
    jar.clear_session();
    assert_eq!(names(&jar), ["z"]);
}

#[test]
fn retain_and_clear() {
    let mut jar = filled();
    jar.retain(|cookie| cookie.path() == "/" && cookie.is_host_only());
    assert_eq!(names(&jar), ["y", "x", "w"]);
    jar.clear();
    assert!(jar.is_empty() && jar.iter().next().is_none());
    accept(&mut jar, "https://a.test/", "a=1");
    assert_eq!(sent(&mut jar, "https://a.test/"), "a=1");
}

#[test]
fn expired_cookies_are_freed_when_the_jar_is_handed_the_time() {
    let mut jar = filled();
    jar.remove_expired(after(59));
    assert_eq!(jar.len(), 6);
    jar.remove_expired(after(60));
    assert_eq!(names(&jar), ["y", "x", "x", "x", "w"]);
    // Also in passing, whatever the request is for and whatever becomes of a line.
    let at = target("https://c.test/");
    let mut jars = [filled(), filled(), filled(), filled()];
    assert!(jars[0].select(&at, after(60)).is_empty());
    jars[1].accept(&at, b"", after(60));
    jars[2].accept(&at, b"c=1; Domain=d.test", after(60));
    jars[3].insert(&at, ("", ""), after(60));
    assert_eq!(jars.map(|jar| jar.len()), [5; 4]);
}

#[test]
fn each_cookie_is_freed_at_its_own_time() {
    let lines = ["a=1; Max-Age=20", "b=1; Max-Age=5", "c=1", "d=1; Max-Age=10", "e=1; Max-Age=15"];
    let mut jar = jar(&lines.map(|line| ("https://a.test/", line)));
    for (seconds, left) in [(4, 5), (5, 4), (10, 3), (14, 3), (15, 2), (20, 1), (1_000_000_000, 1)] {
        jar.remove_expired(after(seconds));
        assert_eq!(jar.len(), left, "{seconds}");
    }
}

#[test]
fn a_copy_goes_its_own_way() {
    let mut one = filled();
    let mut two = one.clone();
    accept(&mut two, "https://b.test/", "y=9");
    one.clear_domain("a.test");
    assert_eq!((sent(&mut one, "https://b.test/"), sent(&mut two, "https://b.test/")), ("y=2".into(), "y=9".into()));
    assert_eq!((one.len(), two.len()), (2, 6));
}

//! RFC 6265bis 5.7: who may set what.

use crate::{accept, after, jar, rejected, sent, sent_at, start, target};
use http::{HeaderMap, HeaderValue, Method};
use session_core::cookies::{Context, Decision, Jar, NoSuffixes, PublicSuffix, Rejection, SetCookie};
use session_core::limits::Limits;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

#[test]
fn a_decision_says_which_cookie() {
    let mut jar = Jar::new();
    let decision = accept(&mut jar, "https://w.a.test/x/y", "sid=hunter2; Domain=a.test");
    assert!(matches!(decision, Decision::Stored(_)));
    let id = decision.cookie();
    assert_eq!((id.name(), id.domain(), id.path(), id.is_host_only()), (b"sid".as_slice(), "a.test", "/x", false));
    assert_eq!(decision.to_string(), "cookie \"sid\" of a.test/x was stored");
    let decision = accept(&mut jar, "https://w.a.test/x/y", "sid=hunter3; Domain=a.test");
    assert!(matches!(decision, Decision::Replaced(_)));
    let decision = accept(&mut jar, "https://w.a.test/x/y", "sid=; Domain=a.test; Max-Age=0");
    assert!(matches!(decision, Decision::Deleted(_)) && jar.is_empty());
    let decision = accept(&mut jar, "https://w.a.test/x/y", "sid=hunter2; Domain=b.test");
    let id = decision.cookie();
    assert_eq!((id.name(), id.domain(), id.path()), (b"sid".as_slice(), "w.a.test", "/x"));
    assert_eq!(
        decision.to_string(),
        "cookie \"sid\" of w.a.test/x was rejected: its Domain is neither the host nor above it"
    );
    for line in ["sid=hunter2\u{1}", "hunter2\u{1}; a=b", "hunter2\u{1}"] {
        let decision = accept(&mut jar, "https://w.a.test/x/y", line);
        assert!(!format!("{decision} {decision:?}").contains("hunter2"), "{line:?}");
    }
}

/// CVE-2013-1944, CVE-2022-29248, CVE-2015-2296.
#[test]
fn a_host_sets_cookies_for_itself_and_what_is_above_it_only() {
    assert_eq!(rejected("https://w.a.test/", "a=1; Domain=a.test"), None);
    assert_eq!(rejected("https://w.a.test/", "a=1; Domain=w.a.test"), None);
    for domain in [
        "ample.test",
        "b.test",
        "x.w.a.test",
        "ww.a.test",
        "w.a.test.",
        "a.test:443",
        "\"a.test\"",
        "a.test/",
        "*.a.test",
    ] {
        let line = format!("a=1; Domain={domain}");
        assert_eq!(rejected("https://w.a.test/", &line), Some(Rejection::DomainMismatch), "{domain}");
    }
}

/// CVE-2022-27779: dots in front, behind and alone.
#[test]
fn a_trailing_dot_makes_another_host() {
    let mut jar = jar(&[("https://w.a.test./", "a=1"), ("https://w.a.test./", "b=2; Domain=a.test.")]);
    assert_eq!(sent(&mut jar, "https://w.a.test./"), "a=1; b=2");
    assert_eq!(sent(&mut jar, "https://x.a.test./"), "b=2");
    assert_eq!(sent(&mut jar, "https://w.a.test/"), "");
    assert_eq!(rejected("https://w.a.test./", "a=1; Domain=a.test"), Some(Rejection::DomainMismatch));
    assert_eq!(rejected("https://a.test./", "a=1; Domain=test."), Some(Rejection::PublicSuffix));
    assert_eq!(rejected("https://a.test/", "a=1; Domain=."), Some(Rejection::InvalidDomain));
    assert_eq!(rejected("https://a.test/", "a=1; Domain=.."), Some(Rejection::DomainMismatch));
}

#[test]
fn host_and_domain_have_no_case() {
    let mut jar = jar(&[
        ("https://WWW.A.TEST/", "a=1; Domain=a.Test"),
        ("https://b\u{fc}cher.test/", "b=2; Domain=XN--bcher-KVA.test"),
    ]);
    assert_eq!(sent(&mut jar, "https://x.A.test/"), "a=1");
    assert_eq!(sent(&mut jar, "https://x.xn--bcher-kva.test/"), "b=2");
}

/// CVE-2014-3613: an address has neither parents nor children.
#[test]
fn an_address_has_host_only_cookies() {
    let mut jar = jar(&[("https://10.0.0.1/", "a=1; Domain=10.0.0.1"), ("https://[::1]/", "b=2; Domain=[::1]")]);
    assert!(jar.iter().all(session_core::cookies::Cookie::is_host_only));
    assert_eq!(sent(&mut jar, "https://10.0.0.1:8443/"), "a=1");
    assert_eq!(sent(&mut jar, "https://0x0a.1/"), "a=1");
    assert_eq!(sent(&mut jar, "https://[0:0::1]/"), "b=2");
    assert_eq!(sent(&mut jar, "https://10.0.0.2/"), "");
    for domain in ["0.0.1", "0.1", "1", "0x0a.0.0.1"] {
        let line = format!("a=1; Domain={domain}");
        assert_eq!(rejected("https://10.0.0.1/", &line), Some(Rejection::DomainMismatch), "{domain}");
    }
}

struct Registry;

impl PublicSuffix for Registry {
    fn is_public_suffix(&self, domain: &str) -> bool {
        assert!(
            !domain.ends_with('.') && !domain.starts_with('.') && domain.to_ascii_lowercase() == domain,
            "{domain}"
        );
        ["uk", "co.uk"].contains(&domain)
    }
}

/// CVE-2014-3620, CVE-2023-46218, CVE-2026-8924.
#[test]
fn nobody_sets_cookies_for_a_public_suffix() {
    let mut jar = Jar::with_public_suffix(Arc::new(Registry));
    for (host, domain) in
        [("a.co.uk", "co.uk"), ("a.co.uk", ".CO.uk"), ("a.co.uk.", "co.uk."), ("a.b.co.uk", "co.UK"), ("a.co.uk", "uk")]
    {
        let decision = accept(&mut jar, &format!("https://{host}/"), &format!("a=1; Domain={domain}"));
        assert_eq!(decision.rejection(), Some(Rejection::PublicSuffix), "{host} {domain}");
    }
    accept(&mut jar, "https://co.uk/", "own=1; Domain=co.uk");
    accept(&mut jar, "https://x.a.co.uk/", "a=1; Domain=a.co.uk");
    assert_eq!(sent(&mut jar, "https://co.uk/"), "own=1");
    assert_eq!(sent(&mut jar, "https://a.co.uk/"), "a=1");
}

#[test]
fn with_the_list_off_only_the_domain_match_counts() {
    let mut jar = Jar::with_public_suffix(Arc::new(NoSuffixes));
    accept(&mut jar, "https://x.co.uk/", "a=1; Domain=co.uk");
    assert_eq!(sent(&mut jar, "https://y.co.uk/"), "a=1");
}

/// CK-03.
#[cfg(feature = "psl")]
#[test]
fn a_new_jar_knows_the_public_suffix_list() {
    assert_eq!(rejected("https://a.co.uk/", "a=1; Domain=co.uk"), Some(Rejection::PublicSuffix));
    assert_eq!(rejected("https://a.github.io/", "a=1; Domain=github.io"), Some(Rejection::PublicSuffix));
    assert_eq!(rejected("https://x.a.co.uk/", "a=1; Domain=a.co.uk"), None);
}

#[test]
fn a_secure_cookie_comes_over_a_trustworthy_connection() {
    assert_eq!(rejected("http://a.test/", "a=1; Secure"), Some(Rejection::SecureFromClearText));
    for url in
        ["https://a.test/", "http://localhost:3000/", "http://x.localhost/", "http://127.0.0.1/", "http://[::1]/"]
    {
        assert_eq!(rejected(url, "a=1; Secure"), None, "{url}");
    }
}

/// CVE-2025-9086: clear text neither overwrites nor shadows a Secure cookie.
#[test]
fn clear_text_leaves_secure_cookies_alone() {
    let held = [
        ("https://w.a.test/", "s=1; Secure; Path=/login; Domain=w.a.test"),
        ("https://z.test/", "s=1; Secure; Path=/login"),
    ];
    let refused =
        |url: &str, line: &str| accept(&mut jar(&held), url, line).rejection() == Some(Rejection::ShadowsSecure);
    for (url, line) in [
        ("http://w.a.test/", "s=2; Path=/login"),
        ("http://w.a.test/", "s=2; Path=/login/en; Domain=w.a.test"),
        // Above and below count alike.
        ("http://x.w.a.test/", "s=2; Path=/login"),
        ("http://w.a.test/", "s=2; Path=/login; Domain=a.test"),
        ("http://a.test/", "s=2; Path=/login"),
        ("http://w.a.test/", "s=; Path=/login; Max-Age=0"),
    ] {
        assert!(refused(url, line), "{url} {line}");
    }
    for (url, line) in [
        ("http://w.a.test/", "s=2; Path=/"),
        ("http://w.a.test/", "s=2; Path=/loginx"),
        ("http://w.a.test/", "S=2; Path=/login"),
        ("http://y.a.test/", "s=2; Path=/login"),
        ("http://xw.a.test/", "s=2; Path=/login"),
        ("https://w.a.test/", "s=2; Path=/login"),
    ] {
        assert!(!refused(url, line), "{url} {line}");
    }
    // One that is expired protects nothing.
    let mut jar = jar(&[("https://a.test/", "s=1; Secure; Max-Age=10")]);
    let late = jar.accept(&target("http://a.test/"), b"s=2", after(11));
    assert!(matches!(late, Decision::Stored(_)));
}

#[test]
fn same_site_none_needs_secure() {
    assert_eq!(rejected("https://a.test/", "a=1; SameSite=None"), Some(Rejection::SameSiteNoneWithoutSecure));
    assert_eq!(
        rejected("https://a.test/", "a=1; SameSite=Lax; SameSite=None"),
        Some(Rejection::SameSiteNoneWithoutSecure)
    );
    assert_eq!(rejected("https://a.test/", "a=1; SameSite=None; Secure"), None);
    assert_eq!(rejected("https://a.test/", "a=1; SameSite=None; SameSite=x"), None);
}

/// CVE-2022-40958, CVE-2022-2860.
#[test]
fn prefixes_hold_what_they_promise_in_any_case() {
    for (line, rejection) in [
        ("__Secure-a=1", Some(Rejection::SecurePrefix)),
        ("__SECURE-a=1", Some(Rejection::SecurePrefix)),
        ("__Secure-=1", Some(Rejection::SecurePrefix)),
        ("__Secure-a=1; Secure", None),
        ("__secure-a=1; Secure; Domain=a.test; Path=/x", None),
        ("__Host-a=1; Path=/", Some(Rejection::HostPrefix)),
        ("__Host-a=1; Secure", Some(Rejection::HostPrefix)),
        ("__Host-a=1; Secure; Path=", Some(Rejection::HostPrefix)),
        ("__Host-a=1; Secure; Path=/; Path=", Some(Rejection::HostPrefix)),
        ("__Host-a=1; Secure; Path=/x", Some(Rejection::HostPrefix)),
        ("__hOST-a=1; Secure; Path=/; Domain=a.test", Some(Rejection::HostPrefix)),
        ("__Host-a=1; Secure; Path=/; Domain=", None),
        ("__host-a=1; Secure; Path=/x; Path=/", None),
        ("__Http-a=1; Secure", Some(Rejection::HttpPrefix)),
        ("__HTTP-a=1; HttpOnly", Some(Rejection::HttpPrefix)),
        ("__Http-a=1; Secure; HttpOnly; Domain=a.test", None),
        ("__Host-Http-a=1; Secure; Path=/", Some(Rejection::HostHttpPrefix)),
        ("__host-HTTP-a=1; Secure; HttpOnly", Some(Rejection::HostHttpPrefix)),
        ("__Host-Http-a=1; Secure; HttpOnly; Path=/; Domain=a.test", Some(Rejection::HostHttpPrefix)),
        ("__Host-Http-a=1; Secure; HttpOnly; Path=/", None),
        ("x__Host-a=1", None),
        ("_Host-a=1", None),
        ("__Host=1", None),
        ("__Ho\u{17f}t-a=1", None),
    ] {
        assert_eq!(rejected("https://a.test/", line), rejection, "{line}");
    }
}

#[test]
fn a_nameless_cookie_must_not_look_like_one_with_a_prefix() {
    for value in ["__Host-a", "=__Host-a=1", "= __SECURE-a", "=__http-a=1", "__Host-Http-", "__host-"] {
        let line = format!("{value}; Secure; HttpOnly; Path=/");
        assert_eq!(rejected("https://a.test/", &line), Some(Rejection::NamelessPrefix), "{line}");
    }
    assert_eq!(rejected("https://a.test/", "=x__Host-a"), None);
    assert_eq!(rejected("https://a.test/", "a=__Host-b"), None);
}

#[test]
fn identity_is_name_domain_host_only_and_path() {
    let mut jar = jar(&[
        ("https://a.test/", "a=1"),
        ("https://a.test/", "a=2; Domain=a.test"),
        ("https://a.test/", "a=3; Path=/x"),
        ("https://a.test/", "A=4"),
        ("https://a.test/", "=5"),
    ]);
    assert_eq!(jar.len(), 5);
    for line in ["a=6", "a=7; Domain=.A.test", "a=8; Path=/x", "A=9", "0"] {
        assert!(matches!(accept(&mut jar, "https://a.test/", line), Decision::Replaced(_)), "{line}");
    }
    assert_eq!(sent(&mut jar, "https://a.test/x"), "a=8; a=6; a=7; A=9; 0");
}

#[test]
fn a_replacement_brings_its_own_attributes_and_keeps_the_place() {
    let mut jar = jar(&[("https://a.test/", "a=1; Secure; HttpOnly; Max-Age=60"), ("https://a.test/", "b=2")]);
    accept(&mut jar, "https://a.test/", "a=3");
    let cookie = jar.find("a").unwrap();
    assert!(!cookie.is_secure() && !cookie.is_http_only() && !cookie.is_persistent());
    assert_eq!(sent(&mut jar, "http://a.test/"), "a=3; b=2");
    // After a delete a cookie of the same name is a new one.
    accept(&mut jar, "https://a.test/", "a=; Max-Age=0");
    accept(&mut jar, "https://a.test/", "a=4");
    assert_eq!(sent(&mut jar, "http://a.test/"), "b=2; a=4");
}

#[test]
fn a_delete_needs_the_same_identity() {
    let mut jar = jar(&[
        ("https://a.test/", "a=1"),
        ("https://a.test/", "a=2; Domain=a.test"),
        ("https://a.test/", "a=3; Path=/x"),
    ]);
    accept(&mut jar, "https://a.test/", "a=; Domain=a.test; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
    assert_eq!(sent(&mut jar, "https://a.test/x"), "a=3; a=1");
    assert!(matches!(accept(&mut jar, "https://a.test/", "b=; Max-Age=0"), Decision::Deleted(_)));
    assert_eq!(jar.len(), 2);
}

#[test]
fn max_age_wins_over_expires_and_400_days_over_both() {
    let day = 24 * 60 * 60;
    let far = "Fri, 31 Dec 9999 23:59:59 GMT";
    for (line, seconds) in [
        ("a=1; Max-Age=60".to_owned(), 60),
        ("a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT".to_owned(), 60),
        ("a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60; Max-Age=x".to_owned(), 60),
        ("a=1; Expires=Thu, 01 Jan 2026 00:01:00 GMT; Max-Age=".to_owned(), 60),
        ("a=1; Max-Age=99999999999999999999".to_owned(), 400 * day),
        (format!("a=1; Expires={far}"), 400 * day),
    ] {
        let jar = jar(&[("https://a.test/", &line)]);
        assert_eq!(jar.find("a").and_then(session_core::cookies::Cookie::expires), Some(after(seconds)), "{line}");
    }
    let session = jar(&[("https://a.test/", "a=1; Expires=tomorrow")]);
    assert_eq!(session.find("a").and_then(session_core::cookies::Cookie::expires), None);
}

#[test]
fn a_cookie_lives_until_the_instant_of_its_expiry() {
    let mut jar = jar(&[("https://a.test/", "a=1; Max-Age=60")]);
    assert_eq!(sent_at(&mut jar, "https://a.test/", after(60) - Duration::from_nanos(1)), "a=1");
    assert_eq!(sent_at(&mut jar, "https://a.test/", after(60)), "");
    assert!(jar.is_empty());
}

#[test]
fn a_clock_at_either_end_breaks_nothing() {
    let mut jar = Jar::new();
    let end = (0..63)
        .rev()
        .fold(SystemTime::UNIX_EPOCH, |at, bit| at.checked_add(Duration::from_secs(1 << bit)).unwrap_or(at));
    for now in [end, SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH - Duration::from_secs(1 << 40)] {
        for line in
            ["a=1; Max-Age=99999999999999999999", "b=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT", "c=1; Max-Age=-1"]
        {
            jar.accept(&target("https://a.test/"), line.as_bytes(), now);
        }
        assert!(jar.find("a").is_some() && jar.find("c").is_none());
    }
}

#[test]
fn a_script_neither_sets_nor_replaces_nor_deletes_http_only_cookies() {
    let mut jar = jar(&[("https://a.test/", "a=1; HttpOnly")]);
    let script = Context::default().from_script();
    for line in ["b=2; HttpOnly", "a=2", "a=; Max-Age=0"] {
        let decision = jar.accept_in(&target("https://a.test/"), script, line.as_bytes(), start());
        assert_eq!(decision.rejection(), Some(Rejection::HttpOnlyFromScript), "{line}");
    }
    for line in ["a=2; Path=/x", "b=2", "b=3"] {
        let decision = jar.accept_in(&target("https://a.test/"), script, line.as_bytes(), start());
        assert_eq!(decision.rejection(), None, "{line}");
    }
    assert_eq!(sent(&mut jar, "https://a.test/"), "a=1; b=3");
}

#[test]
fn a_cross_site_request_sets_same_site_none_only_unless_it_navigates() {
    let rejection = |context, line: &str| {
        Jar::new().accept_in(&target("https://a.test/"), context, line.as_bytes(), start()).rejection()
    };
    for line in ["a=1", "a=1; SameSite=Lax", "a=1; SameSite=Strict"] {
        assert_eq!(rejection(Context::cross_site(), line), Some(Rejection::CrossSite), "{line}");
        assert_eq!(rejection(Context::cross_site_navigation(&Method::POST), line), None, "{line}");
        assert_eq!(rejection(Context::default(), line), None, "{line}");
    }
    assert_eq!(rejection(Context::cross_site(), "a=1; SameSite=None; Secure"), None);
}

#[test]
fn each_line_of_a_response_is_a_cookie_up_to_the_limit() {
    let mut headers = HeaderMap::new();
    for number in 0..52 {
        headers.append("set-cookie", HeaderValue::from_str(&format!("c{number}={number}")).unwrap());
    }
    headers.append("x-other", HeaderValue::from_static("d=1"));
    let mut jar = Jar::new();
    let mut decisions = Vec::new();
    jar.accept_all(&target("https://a.test/"), &headers, start(), |decision| decisions.push(decision));
    assert_eq!((jar.len(), decisions.len()), (50, 52));
    assert!(decisions[..50].iter().all(|decision| matches!(decision, Decision::Stored(_))));
    for (decision, name) in decisions[50..].iter().zip(["c50", "c51"]) {
        assert_eq!(decision.rejection(), Some(Rejection::TooManyInResponse));
        assert_eq!(decision.cookie().name(), name.as_bytes());
    }
}

#[test]
fn a_cookie_of_the_caller_is_held_to_the_same_rules() {
    let mut jar = Jar::new();
    let at = target("https://w.a.test/x/y");
    jar.insert(&at, ("sid", "1"), start());
    jar.insert(
        &at,
        cookie::Cookie::build(("wide", "2")).domain("a.test").path("/").secure(true).http_only(true),
        start(),
    );
    jar.insert(&at, cookie::Cookie::build(("short", "3")).max_age(cookie::time::Duration::seconds(5)), start());
    let shown: Vec<_> = jar.iter().map(|cookie| (cookie.name_str().unwrap(), cookie.domain(), cookie.path())).collect();
    assert_eq!(shown, [("sid", "w.a.test", "/x"), ("wide", "a.test", "/"), ("short", "w.a.test", "/x")]);
    assert_eq!(jar.find("short").and_then(session_core::cookies::Cookie::expires), Some(after(5)));
    let rejection = |jar: &mut Jar, cookie: cookie::Cookie<'_>| jar.insert(&at, cookie, start()).rejection();
    assert_eq!(
        rejection(&mut jar, cookie::Cookie::build(("a", "1")).domain("b.test").build()),
        Some(Rejection::DomainMismatch)
    );
    assert_eq!(rejection(&mut jar, ("__Host-a", "1").into()), Some(Rejection::HostPrefix));
    assert_eq!(rejection(&mut jar, ("", "").into()), Some(Rejection::Empty));
    assert_eq!(rejection(&mut jar, ("a", "v".repeat(4096)).into()), Some(Rejection::TooLong));
    assert_eq!(jar.len(), 3);
}

#[test]
fn a_cookie_of_the_caller_cannot_smuggle_anything() {
    let mut jar = Jar::new();
    let at = target("https://a.test/");
    for (name, value) in [("a", "1; b=2"), ("a;b", "1"), ("a=b", "1"), ("a", " 1"), ("a ", "1")] {
        assert_eq!(
            jar.insert(&at, (name, value), start()).rejection(),
            Some(Rejection::Unwritable),
            "{name:?} {value:?}"
        );
    }
    for (name, value) in [("a", "1\r\nx: y"), ("a\0", "1"), ("a", "\x7f")] {
        assert_eq!(jar.insert(&at, (name, value), start()).rejection(), Some(Rejection::ControlCharacter), "{name:?}");
    }
    let made = cookie::Cookie::build(("a", "1")).path("/x;y").build();
    assert_eq!(SetCookie::from_cookie(&made, &Limits::default()).unwrap_err(), Rejection::Unwritable);
    assert!(jar.is_empty());
}

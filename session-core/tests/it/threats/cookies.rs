//! CK: which cookies are kept, and where they go.

use crate::clock::now;
use crate::driver::{first_hop, get, plain_get, redirect, setting, target, text};
use session_core::cookies::{Decision, Jar, PublicSuffix, Rejection, SameSite, SetCookie, SingleLabels, cookie_field};
use session_core::limits::Limits;
use session_core::session::Session;
use session_core::session::request::Request;
use session_core::session::settings::CookieMode;
use std::sync::Arc;

/// What a real list has for these tests.
struct List;

impl PublicSuffix for List {
    fn is_public_suffix(&self, domain: &str) -> bool {
        matches!(domain, "com" | "uk" | "co.uk" | "test")
    }
}

fn jar() -> Jar {
    Jar::with_public_suffix(Arc::new(List))
}

fn accept(jar: &mut Jar, url: &str, line: &str) -> Decision {
    jar.accept(&target(url), line.as_bytes(), now().wall())
}

fn rejected(url: &str, line: &str) -> Option<Rejection> {
    accept(&mut jar(), url, line).rejection()
}

/// The Cookie field for a URL; empty for none.
fn sent(jar: &mut Jar, url: &str) -> String {
    let field = cookie_field(&jar.select(&target(url), now().wall()));
    field.map(|field| field.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[test]
fn ck_01_a_domain_matches_whole_labels() {
    assert_eq!(rejected("https://example.com/", "s=1; Domain=ample.com"), Some(Rejection::DomainMismatch));
    let mut jar = jar();
    accept(&mut jar, "https://x.example.com/", "s=1; Domain=example.com");
    for (url, expected) in [
        ("https://example.com/", "s=1"),
        ("https://a.b.example.com/", "s=1"),
        ("https://pythonicexample.com/", ""),
        ("https://example.com.evil.test/", ""),
        ("https://com/", ""),
        ("https://xexample.com/", ""),
    ] {
        assert_eq!(sent(&mut jar, url), expected, "{url}");
    }
}

#[test]
fn ck_02_addresses_have_no_suffixes() {
    for (host, domains) in [
        ("192.168.0.1", [".168.0.1", "168.0.1", "0.1", "1", ".1"]),
        ("[::1]", ["1", ":1", "0:1", "localhost", "[::2]"]),
        ("0xc0.168.1", ["168.0.1", ".168.0.1", "0.1", "168.1", "1"]),
        ("%31%39%32.168.0.1", ["168.0.1", ".168.0.1", "0.1", "%2e1", "1"]),
        ("0300.0250.0.1", ["168.0.1", ".168.0.1", "0.1", "0250.0.1", "1"]),
    ] {
        for domain in domains {
            let decision = accept(&mut jar(), &format!("https://{host}/"), &format!("s=1; Domain={domain}"));
            assert!(decision.rejection().is_some(), "{host} {domain}: {decision:?}");
        }
    }
    for (host, domain) in [("192.168.0.1", "192.168.0.1"), ("[::1]", "[::1]"), ("[::1]", "::1")] {
        let mut jar = jar();
        accept(&mut jar, &format!("https://{host}/"), &format!("s=1; Domain={domain}"));
        assert!(jar.iter().all(session_core::cookies::Cookie::is_host_only), "{host} {domain}");
        assert_eq!(sent(&mut jar, "https://x.192.168.0.1.test/"), "");
    }
    let mut held = jar();
    accept(&mut held, "https://192.168.0.1/", "s=1");
    assert_eq!(sent(&mut held, "https://1.192.168.0.1.test/"), "");
    assert_eq!(sent(&mut held, "https://0xc0a80001/"), "s=1");
}

#[test]
fn ck_03_nobody_sets_cookies_for_a_public_suffix() {
    for host in ["a.co.uk", "a.co.uk."] {
        for domain in ["com", "co.uk", ".co.uk", "co.UK", "co.uk.", "CO.uk.", "uk"] {
            let decision = accept(&mut jar(), &format!("https://{host}/"), &format!("s=1; Domain={domain}"));
            assert!(decision.rejection().is_some(), "{host} {domain}: {decision:?}");
        }
    }
    let mut jar = jar();
    assert!(accept(&mut jar, "https://co.uk/", "s=1; Domain=co.uk").rejection().is_none());
    assert_eq!((sent(&mut jar, "https://co.uk/").as_str(), sent(&mut jar, "https://a.co.uk/").as_str()), ("s=1", ""));
}

#[test]
fn ck_04_dots_make_no_wider_cookie() {
    for domain in [".", "..", " . ", "example.com.", ".."] {
        for host in ["example.com", "example.com.", "x.example.com"] {
            let mut jar = jar();
            accept(&mut jar, &format!("https://{host}/"), &format!("s=1; Domain={domain}"));
            for other in ["example.com", "example.com.", "y.example.com", "y.example.com.", "a.test"] {
                let reached = sent(&mut jar, &format!("https://{other}/")) == "s=1";
                // `example.com.` is a domain of its own, to which hosts that end in a dot belong.
                let may = other == host
                    || (domain == "example.com." && host == "example.com." && other.ends_with("example.com."));
                assert!(!reached || may, "Domain={domain:?} from {host} reached {other}");
            }
        }
    }
}

#[test]
fn ck_05_a_cookie_of_another_site_is_refused() {
    let mut session = Session::builder().build().unwrap();
    get(&mut session, "https://evil.test/", [setting(&["s=1; Domain=bank.test", "s=2; Domain=.bank.test"])]);
    assert_eq!(plain_get(&mut session, "https://bank.test/").fields("cookie"), [None]);
    assert_eq!(rejected("https://evil.test/", "s=1; Domain=bank.test"), Some(Rejection::DomainMismatch));
}

/// Before and after a copy, a cookie file and, where it is built in, a snapshot.
#[test]
fn ck_06_a_host_only_cookie_stays_with_its_host() {
    let mut first = jar();
    accept(&mut first, "https://example.com/", "s=1; Max-Age=60");
    let mut text = Vec::new();
    assert!(first.write_netscape(&mut text).is_empty());
    let mut read = jar();
    assert!(read.read_netscape(&text, now().wall()).is_empty());
    let mut jars = vec![first.clone(), read];
    #[cfg(feature = "serde")]
    {
        let mut restored = jar();
        assert!(restored.restore(&first.snapshot(), now().wall()).unwrap().is_empty());
        jars.push(restored);
    }
    jars.push(first);
    for mut jar in jars {
        assert_eq!(sent(&mut jar, "https://example.com/"), "s=1");
        assert_eq!(sent(&mut jar, "https://sub.example.com/"), "");
        let cookie = jar.iter().next().unwrap();
        let left = cookie.expires().unwrap().duration_since(now().wall()).unwrap();
        assert!(cookie.is_host_only() && left.as_secs() == 60);
    }
}

#[test]
fn ck_07_paths_match_by_whole_segments_as_they_are_written() {
    let mut jar = jar();
    accept(&mut jar, "https://a.test/", "s=1; Path=/any");
    for (path, expected) in [
        ("/any", "s=1"),
        ("/any/x", "s=1"),
        ("/any?q", "s=1"),
        ("/anybad", ""),
        ("/an", ""),
        ("/%61ny", ""),
        ("/ANY", ""),
    ] {
        assert_eq!(sent(&mut jar, &format!("https://a.test{path}")), expected, "{path}");
    }
    accept(&mut jar, "https://a.test/", "t=1; Path=/b%2Fc");
    assert_eq!(sent(&mut jar, "https://a.test/b%2Fc/x"), "t=1");
    assert_eq!(
        (sent(&mut jar, "https://a.test/b/c").as_str(), sent(&mut jar, "https://a.test/b%2fc").as_str()),
        ("", "")
    );
    // RFC 6265 5.1.4: the default is the URL's path up to its last slash.
    for (url, path) in [("/", "/"), ("/x", "/"), ("/x/", "/x"), ("/x/y", "/x"), ("/x/y/z?q=/", "/x/y")] {
        let mut jar = self::jar();
        accept(&mut jar, &format!("https://a.test{url}"), "d=1");
        assert_eq!(jar.iter().next().unwrap().path(), path, "{url}");
    }
}

#[test]
fn ck_08_clear_text_leaves_secure_cookies_alone() {
    for path in ["/", "/x", "/x/y"] {
        let mut jar = jar();
        accept(&mut jar, "https://a.test/x/y", "s=secure; Secure; Path=/x");
        let decision = accept(&mut jar, "http://a.test/x/y", &format!("s=evil; Path={path}"));
        if path != "/" {
            assert_eq!(decision.rejection(), Some(Rejection::ShadowsSecure), "{path}");
            assert_eq!(sent(&mut jar, "https://a.test/x/y"), "s=secure", "{path}");
        }
        assert_eq!(sent(&mut jar, "https://a.test/x/y").split("; ").next(), Some("s=secure"), "{path}");
        assert!(!sent(&mut jar, "http://a.test/x/y").contains("secure"), "{path}");
    }
    let mut jar = jar();
    accept(&mut jar, "https://a.test/x", "s=secure; Secure; Path=/");
    for line in ["s=evil; Path=/", "s=evil", "s=evil; Path=/x", "s=evil; Domain=a.test"] {
        let decision = accept(&mut jar, "http://a.test/x", line);
        assert_eq!(decision.rejection(), Some(Rejection::ShadowsSecure), "{line}");
    }
    assert_eq!(rejected("http://a.test/", "n=1; Secure"), Some(Rejection::SecureFromClearText));
    assert_eq!(
        (sent(&mut jar, "https://a.test/x").as_str(), sent(&mut jar, "http://a.test/x").as_str()),
        ("s=secure", "")
    );
}

#[test]
fn ck_09_prefixes_hold_in_any_case_and_are_not_imitated() {
    for line in [
        "__Host-x=1",
        "__Host-x=1; Secure",
        "__host-x=1; Secure; Path=/; Domain=a.test",
        "__HOST-x=1; Path=/",
        "__hOsT-x=1; Secure; Path=/x",
        "__SECURE-x=1",
        "__secure-x=1; Path=/",
        "=__Host-x=1; Secure; Path=/",
        "__Host-x; Secure; Path=/",
        "=__secure-x",
        " =\t__Host-x=1",
        "\u{b}__Host-x=1; Path=/; Secure",
        "__Host-\u{1}x=1; Path=/; Secure",
        "__Host-x\u{0}=1; Path=/; Secure",
    ] {
        assert!(rejected("https://a.test/x", line).is_some(), "{line:?}");
    }
    for line in ["__Host-x=1; Secure; Path=/", "__secure-x=1; Secure", "x__Host-=1"] {
        assert_eq!(rejected("https://a.test/x", line), None, "{line}");
    }
}

#[test]
fn ck_10_cookies_go_by_the_url_and_not_by_the_host_field() {
    let mut session = Session::builder().build().unwrap();
    get(&mut session, "https://a.test/", [setting(&["of=a"])]);
    get(&mut session, "https://b.test/", [setting(&["of=b"])]);
    let mut request = Request::get("https://a.test/");
    request.append_header("Host", "b.test").unwrap();
    let run = crate::driver::run(&mut session, request, [setting(&["new=1"])]);
    assert_eq!(run.fields("host"), [Some("b.test".to_owned())]);
    assert_eq!(run.fields("cookie"), [Some("of=a".to_owned())]);
    let next = plain_get(&mut session, "https://a.test/");
    assert_eq!(
        (next.fields("host"), next.fields("cookie")),
        (vec![Some("a.test".into())], vec![Some("of=a; new=1".into())])
    );
    assert_eq!(plain_get(&mut session, "https://b.test/").fields("cookie"), [Some("of=b".to_owned())]);
}

#[test]
fn ck_11_an_unknown_same_site_is_the_default() {
    let parsed = |line: &str| SetCookie::parse(line.as_bytes(), &Limits::default()).unwrap().same_site();
    let default = parsed("s=1");
    assert!(default != SameSite::None && default != SameSite::Lax && default != SameSite::Strict);
    for value in ["NoneOfYourBusiness", "StrictLax", "", "Nonee", "none,lax", "L a x"] {
        assert_eq!(parsed(&format!("s=1; SameSite={value}")), default, "{value}");
    }
    assert_eq!((parsed("s=1; SameSite=nOnE"), parsed("s=1; SameSite=LAX")), (SameSite::None, SameSite::Lax));
}

#[test]
fn ck_12_the_requests_own_cookie_has_its_rank_and_jars_are_not_shared() {
    let mut session = Session::builder().build().unwrap();
    let mut other = Session::builder().build().unwrap();
    get(&mut session, "https://a.test/", [setting(&["sid=B"])]);
    let own = |mode| {
        let mut request = Request::get("https://a.test/");
        request.set_cookie_mode(mode);
        request.add_cookie("sid", "A");
        request
    };
    for mode in [CookieMode::Merge, CookieMode::ReplaceJar, CookieMode::Off] {
        assert_eq!(text(&first_hop(&mut session, own(mode)), "cookie").as_deref(), Some("sid=A"), "{mode:?}");
    }
    assert_eq!(plain_get(&mut session, "https://a.test/").fields("cookie"), [Some("sid=B".to_owned())]);
    assert_eq!(plain_get(&mut other, "https://a.test/").fields("cookie"), [None]);
}

/// A list that could not be loaded says yes to everything; with none at all, single labels are still suffixes.
#[test]
fn ck_13_without_a_list_no_cookie_is_for_everybody() {
    struct NotLoaded;
    impl PublicSuffix for NotLoaded {
        fn is_public_suffix(&self, _: &str) -> bool {
            true
        }
    }
    let mut closed = Jar::with_public_suffix(Arc::new(NotLoaded));
    for (host, domain) in [("a.co.uk", "co.uk"), ("x.a.test", "a.test"), ("x.a.test", "test")] {
        let decision = accept(&mut closed, &format!("https://{host}/"), &format!("s=1; Domain={domain}"));
        assert_eq!(decision.rejection(), Some(Rejection::PublicSuffix), "{host} {domain}");
    }
    assert!(accept(&mut closed, "https://a.test/", "s=1; Domain=a.test").rejection().is_none());
    assert_eq!(sent(&mut closed, "https://x.a.test/"), "");
    for mut jar in [Jar::new(), Jar::with_public_suffix(Arc::new(SingleLabels))] {
        let decision = accept(&mut jar, "https://a.test/", "s=1; Domain=test");
        assert_eq!(decision.rejection(), Some(Rejection::PublicSuffix));
    }
}

#[test]
fn ck_14_a_redirects_cookie_is_its_own_urls_and_the_field_is_made_anew() {
    let mut session = Session::builder().build().unwrap();
    let mut first = redirect(302, "https://b.test/x/");
    first.headers.append("set-cookie", "r=1".parse().unwrap());
    let mut second = redirect(302, "https://a.test/x/y");
    second.headers.append("set-cookie", "r=2; Path=/".parse().unwrap());
    let run = get(&mut session, "https://a.test/x/", [first, second]);
    assert_eq!(run.fields("cookie"), [None, None, Some("r=1".to_owned())]);
    let held: Vec<_> = session.cookies().iter().map(|cookie| (cookie.domain(), cookie.path())).collect();
    assert_eq!(held, [("a.test", "/x"), ("b.test", "/")]);
}

//! Every reason that the jar gives, come by in earnest, with its sentence.

use crate::{accept, after, limited, start, target};
use http::{HeaderMap, HeaderValue, Method};
use session_core::cookies::{Context, Decision, Jar, PublicSuffix, Rejection, Verdict, Withheld};
use std::collections::HashSet;
use std::sync::Arc;

#[test]
fn a_decision_is_one_sentence() {
    let mut jar = Jar::new();
    let mut said = |line: &str| accept(&mut jar, "https://w.a.test/x/y", line).to_string();
    assert_eq!(said("sid=hunter2; Domain=a.test"), "cookie \"sid\" of a.test/x was stored");
    assert_eq!(said("sid=hunter3; Domain=a.test"), "cookie \"sid\" of a.test/x was replaced");
    assert_eq!(said("sid=; Domain=a.test; Max-Age=0"), "cookie \"sid\" of a.test/x was deleted");
    assert_eq!(
        said("sid=hunter2; Domain=b.test"),
        "cookie \"sid\" of w.a.test/x was rejected: its Domain is neither the host nor above it"
    );
    assert_eq!(said("hunter2"), "cookie \"\" of w.a.test/x was stored");
}

/// What a fresh jar says to a line that it rejects, after `cookie .. was rejected: `.
fn refusal(decision: &Decision) -> (Rejection, String) {
    let said = decision.to_string();
    let (_, sentence) = said.split_once(" was rejected: ").unwrap_or_else(|| panic!("{said}"));
    (decision.rejection().unwrap(), sentence.to_owned())
}

#[test]
fn every_rejection_has_its_sentence() {
    let mut given = HashSet::new();
    let mut check = |decision: Decision, rejection, sentence: &str| {
        assert_eq!(refusal(&decision), (rejection, sentence.to_owned()));
        // No two reasons say the same.
        assert!(given.insert(sentence.to_owned()), "{sentence}");
    };
    let long = format!("a={}", "v".repeat(4096));
    for (url, line, rejection, sentence) in [
        ("https://a.test/", "a=\u{1}", Rejection::ControlCharacter, "the line holds a control character"),
        ("https://a.test/", "; Secure", Rejection::Empty, "it has neither name nor value"),
        ("https://a.test/", &long, Rejection::TooLong, "name and value are too long"),
        ("https://a.test/", "a=1; Domain=.", Rejection::InvalidDomain, "its Domain is no domain name"),
        ("https://a.test/", "a=1; Path=/\u{e9}", Rejection::InvalidPath, "its Path is not ASCII"),
        (
            "https://a.test/",
            "a=1; Domain=b.test",
            Rejection::DomainMismatch,
            "its Domain is neither the host nor above it",
        ),
        ("https://a.test/", "a=1; Domain=test", Rejection::PublicSuffix, "its Domain is a public suffix"),
        ("http://a.test/", "a=1; Secure", Rejection::SecureFromClearText, "it is Secure and was set over clear text"),
        ("https://a.test/", "a=1; SameSite=None", Rejection::SameSiteNoneWithoutSecure, "SameSite=None needs Secure"),
        ("https://a.test/", "__Secure-a=1", Rejection::SecurePrefix, "a __Secure- cookie needs Secure"),
        (
            "https://a.test/",
            "__Host-a=1; Secure",
            Rejection::HostPrefix,
            "a __Host- cookie needs Secure, Path=/ and no Domain",
        ),
        ("https://a.test/", "__Http-a=1; Secure", Rejection::HttpPrefix, "a __Http- cookie needs Secure and HttpOnly"),
        (
            "https://a.test/",
            "__Host-Http-a=1; Secure; Path=/",
            Rejection::HostHttpPrefix,
            "a __Host-Http- cookie needs Secure, HttpOnly, Path=/ and no Domain",
        ),
        (
            "https://a.test/",
            "=__Host-a",
            Rejection::NamelessPrefix,
            "a nameless cookie must not look like one with a prefix",
        ),
    ] {
        check(accept(&mut Jar::new(), url, line), rejection, sentence);
    }

    let at = target("https://a.test/");
    let mut jar = Jar::new();
    let decision = jar.insert(&at, ("a", "1; b=2"), start());
    check(decision, Rejection::Unwritable, "it cannot be written in a Cookie field as it is");
    let script = jar.accept_in(&at, Context::default().from_script(), b"a=1; HttpOnly", start());
    check(script, Rejection::HttpOnlyFromScript, "a script cannot set or replace an HttpOnly cookie");
    let cross_site = jar.accept_in(&at, Context::cross_site(), b"a=1", start());
    check(cross_site, Rejection::CrossSite, "a cross-site request may not set it");

    accept(&mut jar, "https://a.test/", "s=1; Secure");
    let shadow = accept(&mut jar, "http://a.test/", "s=2");
    check(shadow, Rejection::ShadowsSecure, "over clear text it would stand in for a Secure cookie");

    let mut headers = HeaderMap::new();
    headers.append("set-cookie", HeaderValue::from_static("a=1"));
    headers.append("set-cookie", HeaderValue::from_static("b=2"));
    let mut last = None;
    limited(|limits| limits.cookies_per_response = 1).accept_all(&at, &headers, start(), |each| last = Some(each));
    check(last.unwrap(), Rejection::TooManyInResponse, "the response sets too many cookies");

    let mut full = limited(|limits| limits.cookies_per_domain = 1);
    accept(&mut full, "https://a.test/", "s=1; Secure");
    let no_room = accept(&mut full, "http://a.test/", "a=1");
    check(no_room, Rejection::NoRoom, "there is no room for it beside cookies that come first");

    let ignored = accept(&mut Jar::ignoring(), "https://a.test/", "a=1");
    check(ignored, Rejection::Ignored, "the jar ignores every cookie");
    assert_eq!(given.len(), 21);
}

struct SuffixSince;

impl PublicSuffix for SuffixSince {
    fn is_public_suffix(&self, domain: &str) -> bool {
        domain == "a.test"
    }
}

#[test]
fn every_verdict_has_its_sentence() {
    let mut jar = limited(|limits| limits.cookie_field = 6);
    for (url, line) in [
        ("https://w.a.test/", "sent=1; Path=/x"),
        ("https://b.test/", "other=1"),
        ("https://a.test/", "host=1"),
        ("https://w.a.test/", "suffix=1; Domain=a.test"),
        ("https://w.a.test/", "path=1; Path=/y"),
        ("https://w.a.test/", "old=1; Max-Age=5"),
        ("https://w.a.test/", "secure=1; Secure"),
        ("https://w.a.test/", "http=1; HttpOnly"),
        ("https://w.a.test/", "strict=1; SameSite=Strict"),
        ("https://w.a.test/", "full=1"),
    ] {
        assert_eq!(accept(&mut jar, url, line).rejection(), None);
    }
    jar.set_public_suffix(Arc::new(SuffixSince));
    let context = Context::cross_site_navigation(&Method::GET).from_script();
    let verdicts = jar.explain_in(&target("http://w.a.test/x"), context, after(5));
    assert_eq!(verdicts.len(), 10);
    for (name, expected, sentence) in [
        ("sent", Verdict::Sent, "it is sent"),
        ("other", Verdict::Withheld(Withheld::OtherDomain), "it is withheld: the host is not of its domain"),
        ("host", Verdict::Withheld(Withheld::HostOnly), "it is withheld: it is for one host alone"),
        ("suffix", Verdict::Withheld(Withheld::PublicSuffix), "it is withheld: its domain is a public suffix"),
        ("path", Verdict::Withheld(Withheld::OtherPath), "it is withheld: the path is not at or below its own"),
        ("old", Verdict::Withheld(Withheld::Expired), "it is withheld: it is expired"),
        (
            "secure",
            Verdict::Withheld(Withheld::ClearText),
            "it is withheld: it is Secure and the request goes over clear text",
        ),
        ("http", Verdict::Withheld(Withheld::HttpOnly), "it is withheld: it is HttpOnly and a script asks"),
        (
            "strict",
            Verdict::Withheld(Withheld::CrossSite),
            "it is withheld: its SameSite keeps it from a cross-site request",
        ),
        ("full", Verdict::Withheld(Withheld::FieldFull), "it is withheld: the Cookie field has no room for it"),
    ] {
        let found = verdicts.iter().find(|(cookie, _)| cookie.name_str() == Some(name));
        let verdict = found.map(|(_, verdict)| *verdict).unwrap();
        assert_eq!((verdict, verdict.to_string().as_str()), (expected, sentence), "{name}");
    }
}

#[test]
fn a_jar_may_ignore_everything() {
    let mut jar = Jar::ignoring();
    let at = target("https://a.test/");
    assert_eq!(jar.accept(&at, b"a=1", start()).rejection(), Some(Rejection::Ignored));
    assert_eq!(jar.accept(&at, b"a=; Max-Age=0", start()).rejection(), Some(Rejection::Ignored));
    assert_eq!(jar.insert(&at, ("a", "1"), start()).rejection(), Some(Rejection::Ignored));
    jar.extend(crate::jar(&[("https://a.test/", "a=1")]).iter().cloned());
    assert_eq!(jar.read_netscape(b"a.test\tFALSE\t/\tFALSE\t0\ta\t1\n", start()).len(), 1);
    // It stays what it is, whatever is done with it.
    let mut jar = jar.clone().with_limits(&session_core::limits::Limits::default());
    jar.clear();
    jar.accept(&at, b"a=1", start());
    assert!(jar.is_empty() && jar.select(&at, start()).is_empty());
}

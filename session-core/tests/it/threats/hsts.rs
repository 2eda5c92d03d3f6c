//! HS: strict transport security.

use crate::clock::now;
use crate::driver::{answer, first_hop, get, origin, plain_get, redirect, target};
use http::HeaderMap;
use session_core::hsts::{Channel, HstsEntry, HstsStore, Ignored, Learned, Subdomains};
use session_core::limits::Limits;
use session_core::message::head::ResponseHead;
use session_core::message::host::CanonicalHost;
use session_core::session::Session;
use session_core::session::request::Request;
use std::time::Duration;

fn strict(value: &str) -> ResponseHead {
    answer(200, &[("strict-transport-security", value)])
}

fn new() -> Session {
    Session::builder().build().unwrap()
}

#[test]
fn hs_01_every_spelling_of_a_host_is_upgraded() {
    for learned in ["https://example.com/", "https://example.com./", "https://EXAMPLE.com/", "https://example%2Ecom/"] {
        let mut session = new();
        get(&mut session, learned, [strict("max-age=60")]);
        for url in [
            "http://example.com/",
            "http://example.com./",
            "http://EXAMPLE.com/",
            "http://example\u{3002}com/",
            "http://example%2Ecom/",
            "http://example\u{ff0e}com/",
        ] {
            let run = plain_get(&mut session, url);
            assert!(run.urls()[0].starts_with("https://example.com"), "{learned}, {url}: {:?}", run.urls());
        }
        let run = get(&mut session, "http://other.test/", [redirect(302, "http://example.com:8080/x?q#f")]);
        assert_eq!(run.urls()[1], "https://example.com:8080/x?q#f");
    }
}

#[test]
fn hs_02_what_one_exchange_learns_holds_for_all() {
    let mut session = new();
    // Two under way at once: the second starts before the first is answered, the third after.
    let first = first_hop(&mut session, Request::get("https://a.test/"));
    let second = first_hop(&mut session, Request::get("http://b.test/"));
    drop(session.handle_response(first, strict("max-age=60"), now()).unwrap());
    let redirected =
        crate::driver::sent(session.handle_response(second, redirect(302, "http://a.test/"), now()).unwrap());
    assert_eq!(redirected.target().url().as_str(), "https://a.test/");
    assert_eq!(plain_get(&mut session, "http://a.test/").urls(), ["https://a.test/"]);
    // Entries that are brought back join those that are there.
    let (now, limits) = (now(), Limits::default());
    let mut store = HstsStore::new();
    let host = |name: &str| CanonicalHost::parse(name).unwrap();
    let entry = |name: &str| HstsEntry::new(host(name), now.wall() + Duration::from_secs(60), Subdomains::Excluded);
    store.insert(&entry("a.test"), now, &limits).unwrap();
    let kept: Vec<_> = store.entries(now).collect();
    let mut other = HstsStore::new();
    other.insert(&entry("b.test"), now, &limits).unwrap();
    for entry in &kept {
        other.insert(entry, now, &limits).unwrap();
    }
    assert!(other.holds(&host("a.test"), now) && other.holds(&host("b.test"), now));
}

#[test]
fn hs_03_only_a_host_itself_and_only_over_verified_tls_speaks_for_it() {
    let (now, limits) = (now(), Limits::default());
    let mut headers = HeaderMap::new();
    let mut learn = |store: &mut HstsStore, url: &str, channel, value: &str| {
        headers.insert("strict-transport-security", value.parse().unwrap());
        store.learn(&origin(url), channel, &headers, now, &limits)
    };
    let verified = Channel::Verified;
    let mut store = HstsStore::new();
    learn(&mut store, "https://example.com", verified, "max-age=60; includeSubDomains");
    let before: Vec<_> = store.entries(now).filter(|entry| entry.host.as_str() == "example.com").collect();
    learn(&mut store, "https://sub.example.com", verified, "max-age=5");
    learn(&mut store, "https://sub.example.com", verified, "max-age=0; includeSubDomains");
    let after: Vec<_> = store.entries(now).filter(|entry| entry.host.as_str() == "example.com").collect();
    assert_eq!((before.len(), &before), (1, &after));
    let upgraded = |store: &HstsStore, url: &str| store.upgrade(&target(url), now).is_some();
    assert!(upgraded(&store, "http://sub.example.com/") && upgraded(&store, "http://example.com/"));
    for (url, channel, why) in [
        ("http://example.com", verified, Ignored::ClearText),
        ("https://example.com", Channel::Unverified, Ignored::Unverified),
        ("https://192.0.2.1", verified, Ignored::Address),
        ("https://[::1]", verified, Ignored::Address),
    ] {
        for value in ["max-age=0", "max-age=60; includeSubDomains"] {
            assert_eq!(learn(&mut store, url, channel, value), Learned::Ignored(why), "{url}");
        }
    }
    assert!(upgraded(&store, "http://example.com/") && !upgraded(&store, "http://192.0.2.1/"));
    assert_eq!(learn(&mut store, "https://example.com", verified, "max-age=0"), Learned::Removed);
    assert!(!upgraded(&store, "http://example.com/") && !upgraded(&store, "http://sub.example.com/"));
}

//! The store: RFC 6797 8, http-rules.md 8 (H1 to H16), threats HS-01 to HS-04; suite hsts.json.

use super::{Channel, HstsEntry, HstsStore, Ignored, Learned, MalformedHeader, Subdomains};
use crate::limits::Limits;
use crate::message::host::CanonicalHost;
use crate::message::target::Target;
use crate::time::Now;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use std::time::{Duration, Instant, SystemTime};
use url::Url;

/// `seconds` after some moment.
fn at(seconds: u64) -> Now {
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
    let instant = Instant::now();
    Now::new(instant, SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600 + seconds))
}

fn target(url: &str) -> Target {
    Target::new(Url::parse(url).unwrap()).unwrap().0
}

fn learn_all(store: &mut HstsStore, url: &str, lines: &[&str], now: Now, limits: &Limits) -> Learned {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("strict-transport-security", HeaderValue::from_str(line).unwrap());
    }
    store.learn(target(url).origin(), Channel::Verified, &headers, now, limits)
}

fn learn(store: &mut HstsStore, url: &str, line: &str, now: Now) -> Learned {
    learn_all(store, url, &[line], now, &Limits::default())
}

/// A store that learned `line` from `url`.
fn learned(url: &str, line: &str) -> HstsStore {
    let mut store = HstsStore::new();
    learn(&mut store, url, line, at(0));
    store
}

fn upgraded(store: &HstsStore, url: &str, now: Now) -> Option<String> {
    store.upgrade(&target(url), now).map(|target| target.into_url().into())
}

fn is_upgraded(store: &HstsStore, host: &str) -> bool {
    upgraded(store, &format!("http://{host}/"), at(1)).is_some()
}

fn host(name: &str) -> CanonicalHost {
    CanonicalHost::parse(name).unwrap()
}

#[test]
fn a_noted_host_is_asked_over_https() {
    let store = learned("https://a.test/", "max-age=1000");
    assert_eq!(upgraded(&store, "http://a.test/2?q#f", at(1)).as_deref(), Some("https://a.test/2?q#f"));
    assert_eq!(upgraded(&store, "https://a.test/", at(1)), None);
    assert_eq!(upgraded(&store, "http://b.test/", at(1)), None);
}

#[test]
fn h01_clear_text_teaches_nothing() {
    let mut store = HstsStore::new();
    let learned = learn(&mut store, "http://a.test/", "max-age=1000", at(0));
    assert_eq!(learned, Learned::Ignored(Ignored::ClearText));
    let mut store = self::learned("https://a.test/", "max-age=1000");
    learn(&mut store, "http://a.test/", "max-age=0", at(0));
    assert!(is_upgraded(&store, "a.test"));
}

#[test]
fn h02_tls_that_was_not_checked_teaches_nothing() {
    let mut store = HstsStore::new();
    let mut headers = HeaderMap::new();
    headers.append("strict-transport-security", HeaderValue::from_static("max-age=1"));
    let target = target("https://a.test/");
    let learned = store.learn(target.origin(), Channel::Unverified, &headers, at(0), &Limits::default());
    assert_eq!(learned, Learned::Ignored(Ignored::Unverified));
    assert_eq!(store, HstsStore::new());
}

#[test]
fn h03_of_several_lines_the_first_counts() {
    let mut store = HstsStore::new();
    let limits = Limits::default();
    assert_eq!(
        learn_all(&mut store, "https://a.test/", &["max-age=0", "max-age=100"], at(0), &limits),
        Learned::Removed
    );
    assert!(!is_upgraded(&store, "a.test"));
    learn_all(&mut store, "https://a.test/", &["max-age=100", "max-age=0"], at(0), &limits);
    assert!(is_upgraded(&store, "a.test"));
    learn_all(&mut store, "https://b.test/", &["junk", "max-age=100"], at(0), &limits);
    assert!(!is_upgraded(&store, "b.test"));
}

#[test]
fn h04_an_address_is_never_stored_nor_looked_up() {
    let mut store = HstsStore::new();
    for address in ["127.0.0.1", "[::1]", "0x7f.1"] {
        let learned = learn(&mut store, &format!("https://{address}/"), "max-age=1000; includeSubDomains", at(0));
        assert_eq!(learned, Learned::Ignored(Ignored::Address), "{address}");
    }
    let entry = HstsEntry::new(host("10.0.0.1"), at(9).wall(), Subdomains::Included);
    assert_eq!(store.insert(&entry, at(0), &Limits::default()), Err(Ignored::Address));
    assert!(!is_upgraded(&store, "127.0.0.1"));
}

#[test]
fn h06_a_malformed_field_changes_nothing() {
    let mut store = learned("https://a.test/", "max-age=1000");
    let before = store.clone();
    let learned = learn(&mut store, "https://a.test/", "max-age=1; max-age=1", at(0));
    assert_eq!(learned, Learned::Ignored(Ignored::Malformed(MalformedHeader::Repeated)));
    assert_eq!(store, before);
}

#[test]
fn h07_a_max_age_of_zero_removes_the_entry() {
    let mut store = learned("https://a.test/", "max-age=1000; includeSubDomains");
    assert_eq!(learn(&mut store, "https://A.test./", "max-age=0; includeSubDomains", at(1)), Learned::Removed);
    assert_eq!(store, HstsStore::new());
}

#[test]
fn h08_a_later_field_replaces_the_entry() {
    let mut store = learned("https://a.test/", "max-age=1000; includeSubDomains");
    assert!(is_upgraded(&store, "w.a.test"));
    learn(&mut store, "https://a.test/", "max-age=10", at(0));
    assert!(!is_upgraded(&store, "w.a.test") && is_upgraded(&store, "a.test"));
    assert_eq!(upgraded(&store, "http://a.test/", at(10)), None);
}

#[test]
fn h09_a_response_without_the_field_changes_nothing() {
    let mut store = learned("https://a.test/", "max-age=1000");
    let before = store.clone();
    let origin = target("https://a.test/");
    let learned = store.learn(origin.origin(), Channel::Verified, &HeaderMap::new(), at(1), &Limits::default());
    assert_eq!((learned, store), (Learned::Nothing, before));
}

#[test]
fn h10_subdomains_follow_by_whole_labels_where_they_are_included() {
    let store = learned("https://a.test/", "max-age=1000; includeSubDomains");
    for name in ["a.test", "w.a.test", "w.x.a.test", "W.A.TEST."] {
        assert!(is_upgraded(&store, name), "{name}");
    }
    for name in ["xa.test", "test", "a.test.evil.test", "a-a.test"] {
        assert!(!is_upgraded(&store, name), "{name}");
    }
    let mut store = learned("https://a.test/", "max-age=1000");
    assert!(!is_upgraded(&store, "w.a.test"));
    learn(&mut store, "https://test/", "max-age=1000; includeSubDomains", at(0));
    assert!(is_upgraded(&store, "w.a.test"), "a parent further up");
}

#[test]
fn h11_port_80_becomes_443_and_any_other_stays() {
    let store = learned("https://a.test:8443/", "max-age=1000");
    for (url, expected) in [
        ("http://a.test/x", "https://a.test/x"),
        ("http://a.test:80/x", "https://a.test/x"),
        ("http://a.test:443/x", "https://a.test/x"),
        ("http://a.test:8080/x", "https://a.test:8080/x"),
    ] {
        assert_eq!(upgraded(&store, url, at(1)).as_deref(), Some(expected), "{url}");
    }
    let upgraded = store.upgrade(&target("http://a.test:80/x"), at(1)).unwrap();
    assert_eq!(upgraded.origin().port(), 443);
}

/// H13, and threat HS-01 (CVE-2022-30115, CVE-2022-42916, CVE-2022-43551).
#[test]
fn h13_one_host_is_one_entry_in_any_spelling() {
    let spellings = ["a.test", "A.Test", "a.test.", "a\u{3002}test", "a%2Etest", "\u{ff41}.test"];
    for learned_as in spellings {
        let store = learned(&format!("https://{learned_as}/"), "max-age=1000");
        for asked_as in spellings {
            assert!(is_upgraded(&store, asked_as), "{learned_as} {asked_as}");
        }
        assert_eq!(store.entries(at(1)).count(), 1);
    }
    let store = learned("https://stra\u{df}e.test/", "max-age=1000");
    assert!(is_upgraded(&store, "xn--strae-oqa.test"));
    assert_eq!(
        upgraded(&learned("https://a.test/", "max-age=9"), "http://a.test./", at(1)).as_deref(),
        Some("https://a.test./")
    );
}

/// H14, and threat HS-03 (CVE-2024-9681).
#[test]
fn h14_a_subdomain_never_changes_its_parent() {
    let mut store = learned("https://a.test/", "max-age=1000; includeSubDomains");
    learn(&mut store, "https://w.a.test/", "max-age=0", at(0));
    learn(&mut store, "https://v.a.test/", "max-age=1", at(0));
    assert!(is_upgraded(&store, "a.test") && is_upgraded(&store, "w.a.test"));
    assert!(upgraded(&store, "http://v.a.test/", at(500)).is_some(), "the parent holds on");
}

#[test]
fn h15_a_huge_max_age_is_cut() {
    let limits = Limits { hsts_seconds: 100, ..Limits::default() };
    for (age, expected) in [("100", 100), ("101", 100), ("99", 99), ("99999999999999999999999", 100)] {
        let mut store = HstsStore::new();
        let learned = learn_all(&mut store, "https://a.test/", &[&format!("max-age={age}")], at(0), &limits);
        assert_eq!(
            learned,
            Learned::Stored { expires: at(expected).wall(), subdomains: Subdomains::Excluded },
            "{age}"
        );
    }
    let mut store = HstsStore::new();
    let entry = HstsEntry::new(host("a.test"), at(1000).wall(), Subdomains::Excluded);
    store.insert(&entry, at(0), &limits).unwrap();
    assert_eq!(store.entries(at(0)).next().unwrap().expires, at(100).wall());
    let endless = Limits { hsts_seconds: u64::MAX, ..Limits::default() };
    learn_all(&mut store, "https://b.test/", &[&format!("max-age={}", u64::MAX)], at(0), &endless);
    assert!(!is_upgraded(&store, "b.test"), "no clock can hold that moment");
}

#[test]
fn h16_an_entry_ends_with_its_time() {
    let store = learned("https://a.test/", "max-age=100");
    assert!(upgraded(&store, "http://a.test/", at(99)).is_some());
    assert_eq!(upgraded(&store, "http://a.test/", at(100)), None);
    assert_eq!(store.entries(at(99)).count(), 1);
    assert_eq!(store.entries(at(100)).count(), 0);
}

#[test]
fn h16_beyond_the_limit_what_expired_goes_and_then_what_expires_first() {
    let limits = Limits { hsts_entries: 2, ..Limits::default() };
    let mut store = HstsStore::new();
    let mut put = |name: &str, age: u64, now: Now| {
        let learned = learn_all(&mut store, &format!("https://{name}/"), &[&format!("max-age={age}")], now, &limits);
        let names: Vec<String> = store.entries(now).map(|entry| entry.host.to_string()).collect();
        assert!(store.entries.len() <= 2);
        (names.join(" "), learned)
    };
    put("a.test", 10, at(0));
    assert_eq!(put("b.test", 20, at(0)).0, "a.test b.test");
    assert_eq!(put("b.test", 20, at(0)).0, "a.test b.test");
    assert_eq!(put("c.test", 30, at(10)).0, "b.test c.test");
    assert_eq!(put("d.test", 30, at(11)).0, "c.test d.test");
    assert_eq!(put("e.test", 5, at(11)), ("c.test d.test".to_owned(), Learned::Ignored(Ignored::Full)));
    assert_eq!(put("f.test", 30, at(10)), ("c.test d.test".to_owned(), Learned::Ignored(Ignored::Full)));
}

/// CVE-2023-46219: a name that is too long is refused before it does harm.
#[test]
fn a_name_longer_than_any_is_not_stored() {
    let label = "a".repeat(60);
    let longest = format!("{0}.{0}.{0}.{0}.{1}", label, "b".repeat(9));
    assert_eq!(longest.len(), 253);
    let store = learned(&format!("https://{longest}/"), "max-age=9; includeSubDomains");
    assert!(is_upgraded(&store, &longest));
    assert!(is_upgraded(&store, &format!("w.{longest}")), "one below it is too long itself, and still below it");
    let mut store = HstsStore::new();
    let learned = learn(&mut store, &format!("https://{longest}b/"), "max-age=9", at(0));
    assert_eq!(learned, Learned::Ignored(Ignored::LongName));
}

/// Threat HS-02 (CVE-2023-23914): what is brought back joins what is there.
#[test]
fn entries_are_taken_out_and_brought_back() {
    let mut store = learned("https://a.test/", "max-age=100; includeSubDomains");
    learn(&mut store, "https://b.test./", "max-age=50", at(0));
    let mut other = learned("https://c.test/", "max-age=100");
    for entry in store.entries(at(10)) {
        other.insert(&entry, at(10), &Limits::default()).unwrap();
    }
    assert!(is_upgraded(&other, "w.a.test") && is_upgraded(&other, "b.test") && is_upgraded(&other, "c.test"));
    let expired = HstsEntry::new(host("d.test"), at(9).wall(), Subdomains::Included);
    other.insert(&expired, at(10), &Limits::default()).unwrap();
    assert_eq!(other.entries.len(), 3);
    other.remove(&host("A.test."));
    assert!(!is_upgraded(&other, "a.test"));
    other.clear();
    assert_eq!(other, HstsStore::new());
}

#[test]
fn everything_learned_is_a_sentence() {
    let expires = at(0).wall();
    let ignored = |why: &str| format!("Strict-Transport-Security ignored: {why}");
    for (learned, sentence) in [
        (Learned::Nothing, "no Strict-Transport-Security".to_owned()),
        (
            Learned::Stored { expires, subdomains: Subdomains::Excluded },
            "host noted: it is asked over https alone".to_owned(),
        ),
        (
            Learned::Stored { expires, subdomains: Subdomains::Included },
            "host noted: it and its subdomains are asked over https alone".to_owned(),
        ),
        (Learned::Removed, "host no longer noted for https: it asked for max-age=0".to_owned()),
        (Learned::Ignored(Ignored::ClearText), ignored("it came in clear text")),
        (Learned::Ignored(Ignored::Unverified), ignored("it came over TLS whose certificate was not checked")),
        (Learned::Ignored(Ignored::Address), ignored("the host is an IP address")),
        (Learned::Ignored(Ignored::LongName), ignored("the host's name is too long")),
        (Learned::Ignored(Ignored::Malformed(MalformedHeader::NoMaxAge)), ignored("max-age is missing")),
        (Learned::Ignored(Ignored::Full), ignored("the store is full of entries that live longer")),
    ] {
        assert_eq!(learned.to_string(), sentence);
    }
}

proptest! {
    #[test]
    fn a_response_heard_twice_changes_nothing_more(
        steps in proptest::collection::vec(("(w\\.)?[ab]\\.test\\.?", 0_u64..5, any::<bool>()), 1..12),
    ) {
        let limits = Limits { hsts_entries: 2, ..Limits::default() };
        let mut store = HstsStore::new();
        for (moment, (name, age, subdomains)) in (0..).zip(steps) {
            let line = format!("max-age={age}{}", if subdomains { "; includeSubDomains" } else { "" });
            let url = format!("https://{name}/");
            let first = learn_all(&mut store, &url, &[&line], at(moment), &limits);
            let once = store.clone();
            let second = learn_all(&mut store, &url, &[&line], at(moment), &limits);
            prop_assert_eq!(first, second);
            prop_assert_eq!(&once, &store);
            prop_assert!(store.entries.len() <= 2);
            if let Learned::Stored { .. } = first {
                prop_assert!(age > 0 && store.holds(&host(&name), at(moment)));
            }
        }
    }

    #[test]
    fn an_upgrade_changes_nothing_but_scheme_and_port(path in "[ -~]{0,20}", port in 1_u16..) {
        let store = learned("https://a.test/", "max-age=1000");
        let from = target(&format!("http://a.test:{port}/{path}"));
        let to = store.upgrade(&from, at(1)).unwrap();
        prop_assert_eq!(to.path_and_query(), from.path_and_query());
        prop_assert_eq!(to.origin().host(), from.origin().host());
        prop_assert_eq!(to.origin().port(), if port == 80 { 443 } else { port });
        prop_assert_eq!(store.upgrade(&to, at(1)), None);
    }
}

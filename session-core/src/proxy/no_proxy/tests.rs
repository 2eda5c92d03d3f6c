//! The table of exceptions: threat PX-05 (CVE-2025-22870, CVE-2025-62718, CVE-2026-42043, CVE-2026-44492); suite proxy.json.

use super::NoProxy;
use crate::message::origin::Origin;
use proptest::prelude::*;
use url::Url;

fn excepts(list: &str, host: &str) -> bool {
    let url = Url::parse(&format!("http://{host}/")).unwrap();
    NoProxy::parse(list).exception(&Origin::of(&url).unwrap()).is_some()
}

#[test]
fn each_form_of_entry_matches_what_it_says() {
    for (list, matching, others) in [
        (
            "a.test",
            &["a.test", "A.TEST", "a.test.", "w.a.test", "x.w.a.test", "a.test:8080"][..],
            &["xa.test", "a.test.evil.test", "test", "a.tes"][..],
        ),
        (".a.test", &["a.test", "w.a.test"], &["xa.test"]),
        ("*.a.test", &["w.a.test", "x.w.a.test."], &["a.test", "xa.test"]),
        ("A.Test.", &["a.test", "a.test.", "w.a.test"], &["b.test"]),
        ("a.test:8080", &["a.test:8080", "w.a.test:8080"], &["a.test", "a.test:80"]),
        ("a.test:80", &["a.test", "a.test:80"], &["a.test:8080"]),
        (".a.test:80", &["a.test", "w.a.test"], &["a.test:81"]),
        ("*.a.test:80", &["w.a.test"], &["a.test", "w.a.test:81"]),
        ("*", &["a.test", "127.0.0.1", "[::1]:9"], &[]),
        ("*:8080", &["a.test:8080", "[::1]:8080"], &["a.test"]),
        (
            "localhost",
            &["localhost", "LOCALHOST.", "x.localhost", "localhost:8080"],
            &["127.0.0.1", "[::1]", "notlocalhost"],
        ),
        (
            "127.0.0.1",
            &["127.0.0.1", "127.1", "0x7f.1", "[::ffff:127.0.0.1]", "127.0.0.1:9"],
            &["127.0.0.5", "localhost", "[::1]", "0.0.0.0"],
        ),
        ("127.0.0.1:9", &["127.0.0.1:9"], &["127.0.0.1"]),
        ("0.0.0.0", &["0.0.0.0"], &["127.0.0.1", "a.test"]),
        ("::1", &["[::1]", "[0:0::1]:8080"], &["[::2]", "127.0.0.1"]),
        ("[::1]", &["[::1]", "[::1]:8080"], &["[::2]"]),
        ("[::1]:8080", &["[::1]:8080"], &["[::1]"]),
        ("::ffff:10.0.0.1", &["10.0.0.1", "[::ffff:10.0.0.1]"], &["10.0.0.2"]),
        ("2001:db8::8080", &["[2001:db8::8080]"], &["[2001:db8::]:8080"]),
        ("10.0.0.0/8", &["10.2.3.4", "[::ffff:10.2.3.4]"], &["11.0.0.1", "a.test", "[::a02:304]"]),
        ("10.9.9.9/8", &["10.2.3.4"], &["11.0.0.1"]),
        ("192.168.1.4/31", &["192.168.1.4", "192.168.1.5"], &["192.168.1.3", "192.168.1.6"]),
        ("192.168.1.4/32", &["192.168.1.4"], &["192.168.1.5"]),
        ("0.0.0.0/0", &["1.2.3.4"], &["[::1]", "a.test"]),
        ("fe80::/10", &["[fe80::1]", "[febf::1]"], &["[fec0::1]"]),
        ("[fe80::]/10", &["[fe80::1]"], &["[fec0::1]"]),
        ("::/0", &["[::1]", "[fe80::1]"], &["127.0.0.1"]),
        ("::1/128", &["[::1]"], &["[::2]"]),
        ("::ffff:10.0.0.0/104", &["10.2.3.4"], &["11.0.0.1"]),
        ("stra\u{df}e.test", &["xn--strae-oqa.test", "STRA\u{1e9e}E.test"], &["strasse.test"]),
        ("a_b.test", &["a_b.test"], &["ab.test"]),
    ] {
        assert!(NoProxy::parse(list).unusable().is_empty(), "{list}");
        for host in matching {
            assert!(excepts(list, host), "{list} holds for {host}");
        }
        for host in others {
            assert!(!excepts(list, host), "{list} does not hold for {host}");
        }
    }
}

#[test]
fn entries_are_separated_by_commas_and_blanks() {
    for list in ["A.test, .b.test", "a.test b.test", ",a.test,,\tb.test,", "x.test,a.test,\nb.test"] {
        assert!(excepts(list, "a.test") && excepts(list, "b.test") && !excepts(list, "c.test"), "{list}");
    }
    for list in ["", " ", ",", ", ,"] {
        assert!(NoProxy::parse(list).is_empty() && NoProxy::parse(list).unusable().is_empty());
    }
}

#[test]
fn the_entry_that_holds_is_told_as_it_was_written() {
    let url = Url::parse("http://w.a.test/").unwrap();
    let list = NoProxy::parse("b.test, .A.test, a.test");
    assert_eq!(list.exception(&Origin::of(&url).unwrap()), Some(".A.test"));
}

/// A zone index, a pattern, a URL or a broken network is never read as something near it.
#[test]
fn what_is_none_of_the_forms_matches_nothing_and_is_told() {
    for bad in [
        "http://a.test",
        "a.test:0",
        "a.test:99999",
        "a.test:",
        "a.test:x",
        "[::1",
        "[::1]x",
        "[::1]:",
        "[::1%25.a.test]",
        "fe80::1%eth0",
        "::1::",
        ".",
        "..a.test",
        "*.",
        "a.*.test",
        "a*",
        "**",
        "*.10.0.0.1",
        ".0.0.1",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/",
        "10.0.0.0/8/8",
        "10.0.0/8",
        "::/129",
        "[10.0.0.0]/8",
        "/8",
        "a.test/8",
        "10.0.0.0/8:80",
        "256.1.1.1",
    ] {
        let list = NoProxy::parse(bad);
        assert_eq!((list.unusable(), list.is_empty()), (&[bad.to_owned()][..], true), "{bad}");
        assert!(!excepts(bad, "a.test") && !excepts(bad, "10.0.0.1") && !excepts(bad, "[::1]"));
    }
    assert!(excepts("http://b.test a.test", "a.test"), "the others stay");
}

proptest! {
    #[test]
    fn no_list_breaks_the_reader(list in "[ -~\u{a1}-\u{ff}]{0,60}") {
        let read = NoProxy::parse(&list);
        let url = Url::parse("http://a.test/").unwrap();
        let _ = read.exception(&Origin::of(&url).unwrap());
        prop_assert!(read.unusable().iter().all(|entry| list.contains(entry)));
    }

    #[test]
    fn an_address_is_in_each_of_its_networks(bits in any::<u32>(), other in any::<u32>(), prefix in 0_u32..=32) {
        let address = std::net::Ipv4Addr::from_bits(bits);
        let network = format!("{address}/{prefix}");
        prop_assert!(excepts(&network, &address.to_string()));
        let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
        let other = std::net::Ipv4Addr::from_bits(other);
        prop_assert_eq!(excepts(&network, &other.to_string()), (bits ^ other.to_bits()) & mask == 0);
    }
}

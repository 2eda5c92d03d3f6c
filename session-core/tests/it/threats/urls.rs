//! UR: what a URL means, and to whom.

use crate::clock::now;
use crate::driver::{assert_one_request, get, plain_get, redirect, wire};
use http::HeaderValue;
use session_core::error::ErrorKind;
use session_core::message::host::CanonicalHost;
use session_core::message::origin::Origin;
use session_core::session::Session;
use session_core::session::request::Request;

fn new() -> Session {
    Session::builder().build().unwrap()
}

/// The one host that a URL is taken for, in every place where a host stands; `None` for an error.
fn host(url: &str) -> Option<String> {
    let mut runs = vec![plain_get(&mut new(), url)];
    if let Ok(location) = HeaderValue::from_bytes(url.as_bytes()) {
        let mut head = redirect(302, "/");
        head.headers.insert("location", location);
        runs.push(get(&mut new(), "http://start.test/", [head]));
    }
    let hosts = runs.into_iter().map(|run| {
        if run.outcome.is_err() {
            assert_eq!(run.error(), ErrorKind::InvalidUrl, "{url}");
            return None;
        }
        let hop = run.last();
        let host = hop.origin().host().to_string();
        assert_eq!(hop.target().url().host_str(), Some(host.as_str()), "{url}");
        assert_eq!(hop.head().uri().host(), Some(host.as_str()), "{url}");
        assert_eq!(hop.head().headers()["host"].to_str().unwrap(), hop.origin().authority(), "{url}");
        assert_eq!(hop.pool_key().origin().host(), hop.origin().host());
        Some(host)
    });
    let hosts: Vec<_> = hosts.collect();
    assert!(hosts.windows(2).all(|pair| pair[0] == pair[1]), "{url}: {hosts:?}");
    hosts.into_iter().next().flatten()
}

#[test]
fn ur_01_every_reader_of_a_url_sees_one_host() {
    for (url, expected) in [
        ("http://example.com#@evil.test/", Some("example.com")),
        ("http://example.com\\@evil.test/", Some("example.com")),
        ("http://example.com%2F10.0.0.1/", None),
        ("http://example.com?@evil.test/", Some("example.com")),
        ("http://example.com/@evil.test/", Some("example.com")),
        ("http://u#@evil.test/", Some("u")),
        ("http://example.com:80#@evil.test/", Some("example.com")),
        ("http://example.com;@evil.test/", Some("evil.test")),
        ("http://example.com%40evil.test/", None),
        ("http://example.com%00.evil.test/", None),
        ("http://example.com%5c@evil.test/", Some("evil.test")),
        ("http:\\\\example.com\\@evil.test/", Some("example.com")),
        ("http://example.com&@evil.test#@c.test/", Some("evil.test")),
        ("http://a.test\u{ff0f}@evil.test/", Some("evil.test")),
    ] {
        assert_eq!(host(url).as_deref(), expected, "{url}");
    }
}

#[test]
fn ur_02_white_space_and_control_characters_are_never_sent() {
    for url in [
        "  \u{1}\u{1f}http://a.test/x",
        "http://a.test/x \u{0}",
        "ht\ttp://a.test/x",
        "http://a\n.te\tst/x",
        "http://a.test/x\r\nX: y",
        "http://a.test/\tx\r\n/y",
        "\thttp://a.test/x\n",
        "http://a.test/x?\r\nq\u{7f}#\r\n",
    ] {
        let run = plain_get(&mut new(), url);
        let hop = run.last();
        assert_eq!(hop.origin().host().as_str(), "a.test", "{url:?}");
        let wire = wire(hop).unwrap();
        assert_one_request(&wire, "GET");
        assert!(wire.split(' ').nth(1).unwrap().bytes().all(|byte| byte.is_ascii_graphic()), "{wire:?}");
    }
    for url in
        ["http://a.te st/", "http://a.test\u{1}/", "http://a\u{0}.test/", "http://a%0a.test/", "http://a%20.test/"]
    {
        assert_eq!(host(url), None, "{url:?}");
    }
}

#[test]
fn ur_03_names_are_mapped_by_uts_46_or_refused() {
    for (url, expected) in [
        ("http://stra\u{df}e.test/", Some("xn--strae-oqa.test")),
        ("http://\u{ff45}xample.test/", Some("example.test")),
        ("http://\u{2100}.test/", None),
        ("http://a\u{2044}b.test/", Some("xn--ab-zk6a.test")),
        ("http://xn--example-.com/", None),
        ("http://xn--a.com/", None),
        ("http://a.xn--/", None),
        ("http://\u{212a}.test/", Some("k.test")),
        ("http://a\u{200d}b.test/", None),
        ("http://\u{ad}a.test/", Some("a.test")),
    ] {
        let found = host(url);
        match expected {
            // What the reader makes of it may differ by its version; never is it another name with a separator in it.
            Some("xn--ab-zk6a.test") => {
                assert!(found.is_none_or(|found| found.starts_with("xn--") && !found.contains('/')))
            }
            expected => assert_eq!(found.as_deref(), expected, "{url}"),
        }
    }
}

#[test]
fn ur_04_brackets_hold_an_address_and_nothing_else() {
    for url in [
        "http://[example.com]/",
        "http://[::1%25eth0]/",
        "http://[::1%eth0]/",
        "http://[127.0.0.1]/",
        "http://[::1/",
        "http://::1]/",
        "http://[::1]evil.test/",
        "http://[]/",
        "http://[::1].a.test/",
        "http://[v1.a]/",
    ] {
        assert_eq!(host(url), None, "{url}");
    }
    assert_eq!(host("http://[::FFFF:127.0.0.1]:80/").as_deref(), Some("[::ffff:7f00:1]"));
}

/// Where a host is given by itself, it is a host by itself.
#[test]
fn ur_05_a_host_that_is_given_apart_is_never_read_as_more() {
    for bad in ["good@evil", "a:80", "a/b", "a\\b", "a?b", "a#b", "a b", "a\r\nb", "a\0b", "", "a%2fb", "a%00b"] {
        assert_eq!(CanonicalHost::parse(bad), None, "{bad:?}");
    }
    for bad in ["https://good@evil.test", "https://a.test/b", "https://a.test?b", "https://a.test#b"] {
        assert!(Origin::parse(bad).is_err(), "{bad}");
    }
    for bad in ["good@evil", "a/b", "a\\b", "a b", "a?b", "a#b"] {
        let mut request = Request::get("http://a.test/");
        request.append_header("host", bad).unwrap();
        assert_eq!(new().begin(request, now()).unwrap_err().kind(), ErrorKind::InvalidHeader, "{bad}");
    }
    // Text and parsed URL are one.
    for url in ["http://a.test/\u{e9}?\u{e9}#\u{e9}", "http://A.test:080/%7e/../x", "http://0x7f.1/"] {
        let run = plain_get(&mut new(), url);
        let again = plain_get(&mut new(), run.urls()[0]);
        assert_eq!(again.urls(), run.urls());
    }
}

//! PX: which proxy is taken, and what it gets to know.

use crate::driver::{connect, first_hop, get, plain_get, redirect, run, setting, text};
use http::header::PROXY_AUTHORIZATION;
use session_core::auth::credentials::Credential;
use session_core::message::origin::Origin;
use session_core::message::proxy::{Passage, ProxyServer};
use session_core::proxy::environment::from_environment;
use session_core::proxy::no_proxy::NoProxy;
use session_core::proxy::select::ProxyConfig;
use session_core::session::Session;
use session_core::session::request::Request;
use url::Url;

fn server(url: &str) -> ProxyServer {
    ProxyServer::parse(url).unwrap()
}

fn through(proxies: ProxyConfig) -> Session {
    Session::builder().proxy(proxies).build().unwrap()
}

fn environment(variables: &[(&str, &str)]) -> ProxyConfig {
    let variables: Vec<_> = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    from_environment(&variables).unwrap()
}

#[test]
fn px_01_the_proxys_credential_goes_to_the_proxy_alone() {
    let proxies = ProxyConfig::new().all(server("http://pu:s-proxy@p.test")).no_proxy(NoProxy::parse("in.test"));
    let mut session = through(proxies);
    let run = get(
        &mut session,
        "http://a.test/",
        [
            redirect(302, "https://a.test/"),
            redirect(302, "http://in.test/"),
            redirect(302, "https://in.test/"),
            redirect(302, "http://b.test/"),
        ],
    );
    let passages: Vec<_> = run.hops.iter().map(session_core::session::step::Hop::passage).collect();
    assert_eq!(passages, [Some(Passage::Forward), Some(Passage::Tunnel), None, None, Some(Passage::Forward)]);
    for (hop, expected) in [true, false, false, false, true].into_iter().enumerate() {
        assert_eq!(run.everything(hop).contains("s-proxy"), expected, "{}", run.everything(hop));
    }
    let tunnels: Vec<bool> = run.hops.iter().map(|hop| connect(hop).contains("s-proxy")).collect();
    assert_eq!(tunnels, [false, true, false, false, false]);
    // One that the caller wrote does not enter a tunnel either.
    for (proxy, scheme, enters) in [
        ("http://p.test", "https", false),
        ("https://p.test", "https", false),
        ("socks5h://p.test", "https", false),
        ("socks5h://p.test", "http", false),
        ("http://p.test", "http", true),
    ] {
        let mut request = Request::get(format!("{scheme}://a.test/"));
        request.append_header("Proxy-Authorization", "Own s-own").unwrap();
        let hop = first_hop(&mut through(ProxyConfig::new().all(server(proxy))), request);
        assert_eq!(text(&hop, PROXY_AUTHORIZATION).is_some(), enters, "{proxy} {scheme}");
    }
    // Nor does it reach an origin without a proxy, in whatever way it was given.
    let defaults = Session::builder().default_header("Proxy-Authorization", "Own s-own").proxy(ProxyConfig::new());
    let mut request = Request::get("http://a.test/");
    request.append_header("Proxy-Authorization", "Own s-own").unwrap();
    for (builder, request) in [(Session::builder(), request), (defaults, Request::get("http://a.test/"))] {
        let hop = first_hop(&mut builder.build().unwrap(), request);
        assert_eq!(text(&hop, PROXY_AUTHORIZATION), None);
    }
}

#[test]
fn px_02_a_connect_holds_nothing_of_the_request() {
    let proxies = ProxyConfig::new().all(server("http://pu:pp@p.test"));
    let mut session = Session::builder()
        .proxy(proxies)
        .auth_for("https://a.test", Credential::bearer("s-session"))
        .default_header("x-default", "s-default")
        .default_header("x-api-key", "s-key")
        .build()
        .unwrap();
    get(&mut session, "https://a.test/", [setting(&["jar=s-jar"])]);
    let mut request = Request::get("https://u:s-info@a.test/s-path?s-query");
    request.append_header("X-Own", "s-own").unwrap();
    request.append_header("Referer", "s-referer").unwrap();
    request.add_cookie("own", "s-cookie");
    let hop = first_hop(&mut session, request);
    assert!(crate::driver::everything(&hop).contains("s-jar"));
    let head = hop.connect_head().unwrap().unwrap();
    assert!(!connect(&hop).contains("s-"), "{}", connect(&hop));
    let names: Vec<&str> = head.headers().keys().map(http::HeaderName::as_str).collect();
    assert!(
        names.iter().all(|name| *name == "host" || *name == "user-agent" || name.starts_with("proxy-")),
        "{names:?}"
    );
    assert_eq!((head.method().as_str(), head.uri().to_string().as_str()), ("CONNECT", "a.test:443"));
}

#[test]
fn px_03_a_second_proxy_sees_nothing_of_the_first_ones() {
    let by_setting =
        ProxyConfig::new().http(server("http://u:s-first@one.test")).https(server("http://v:s-second@two.test"));
    let without = ProxyConfig::new().http(server("http://u:s-first@one.test")).https(server("http://two.test"));
    let by_environment =
        environment(&[("http_proxy", "http://u:s-first@one.test"), ("ALL_PROXY", "http://v:s-second@two.test")]);
    for (proxies, own) in [(by_setting, true), (without, false), (by_environment, true)] {
        let mut session = through(proxies);
        let run =
            get(&mut session, "http://a.test/", [redirect(302, "https://a.test/"), redirect(302, "http://a.test/")]);
        let hosts: Vec<_> = run.hops.iter().map(|hop| hop.route().proxy().unwrap().host().to_string()).collect();
        assert_eq!(hosts, ["one.test", "two.test", "one.test"]);
        for (hop, [first, second]) in run.hops.iter().zip([[true, false], [false, own], [true, false]]) {
            let seen = crate::driver::everything(hop) + &connect(hop);
            assert_eq!((seen.contains("s-first"), seen.contains("s-second")), (first, second), "{seen}");
        }
        let keys: Vec<_> = run.hops.iter().map(session_core::session::step::Hop::pool_key).collect();
        assert!(keys[0] != keys[1] && keys[0] == keys[2]);
    }
}

#[test]
fn px_04_under_cgi_only_lower_case_is_trusted() {
    let route = |variables: &[(&str, &str)]| {
        let origin = Origin::parse("http://a.test").unwrap();
        environment(variables).select(&origin).route().to_string()
    };
    let (cgi, upper, lower) =
        (("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil.test"), ("http_proxy", "http://p.test"));
    assert_eq!(route(&[upper]), "http://evil.test");
    assert_eq!(route(&[cgi, upper]), "direct");
    assert_eq!(route(&[cgi, lower]), "http://p.test");
    assert_eq!(route(&[cgi, upper, lower]), "http://p.test");
}

#[test]
fn px_05_one_matcher_on_the_canonical_host() {
    let direct = |list: &str, url: &str| {
        let origin = Origin::of(&Url::parse(url).unwrap()).unwrap();
        NoProxy::parse(list).exception(&origin).is_some()
    };
    for (list, url, expected) in [
        ("localhost", "http://localhost/", true),
        ("localhost", "http://LOCALHOST./", true),
        ("localhost.", "http://localhost/", true),
        ("localhost", "http://127.0.0.1/", false),
        ("127.0.0.1", "http://127.0.0.1/", true),
        ("127.0.0.1", "http://127.0.0.5/", false),
        ("127.0.0.0/8", "http://127.0.0.5/", true),
        ("127.0.0.1", "http://2130706433/", true),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]/", true),
        ("[::ffff:127.0.0.1]", "http://127.0.0.1/", true),
        ("[::1]", "http://[0:0::1]/", true),
        ("::1", "http://[::1]/", true),
        ("[::1]", "http://127.0.0.1/", false),
        ("0.0.0.0", "http://0.0.0.0/", true),
        ("0.0.0.0", "http://127.0.0.1/", false),
        ("0.0.0.0/0", "http://[::1]/", false),
        ("*.a.test", "http://w.a.test/", true),
        ("*.a.test", "http://a.test/", false),
        (".a.test", "http://w.a.test/", true),
        ("a.test", "http://xa.test/", false),
        ("a.test", "http://a.test.evil.test/", false),
        ("A.TEST", "http://w.a.test/", true),
        ("a.test:8080", "http://a.test:8080/", true),
        ("a.test:8080", "http://a.test/", false),
        ("10.0.0.0/8", "http://10.1.2.3/", true),
        ("10.0.0.0/8", "http://11.1.2.3/", false),
        ("fe80::/10", "http://[fe80::1]/", true),
        ("[::1%25.a.test]", "http://[::1]/", false),
        ("[::1%25.a.test]", "http://a.test/", false),
        ("::1%eth0", "http://[::1]/", false),
        ("*", "http://[::1]/", true),
        ("", "http://a.test/", false),
        ("\u{ff21}.test", "http://a.test/", true),
    ] {
        assert_eq!(direct(list, url), expected, "{list} {url}");
    }
}

#[test]
fn px_06_each_hop_chooses_anew() {
    let proxies = ProxyConfig::new()
        .http(server("http://one.test"))
        .https(server("socks5h://two.test"))
        .no_proxy(NoProxy::parse("in.test"));
    let urls = [
        "http://a.test/",
        "https://a.test/",
        "https://in.test/",
        "http://in.test/",
        "http://b.test/",
        "https://b.test/",
    ];
    let run = run(&mut through(proxies), Request::get(urls[0]), urls[1..].iter().map(|to| redirect(302, to)));
    let routes: Vec<_> = run.hops.iter().map(|hop| hop.route().to_string()).collect();
    assert_eq!(
        routes,
        [
            "http://one.test",
            "socks5h://two.test:1080",
            "direct",
            "direct",
            "http://one.test",
            "socks5h://two.test:1080"
        ]
    );
}

#[test]
fn px_07_a_credential_that_was_taken_away_is_not_sent() {
    let proxy = server("http://pu:s-proxy@p.test");
    for (proxy, expected) in [(proxy.clone(), true), (proxy.without_credential(), false)] {
        let mut session = through(ProxyConfig::new().all(proxy));
        for url in ["http://a.test/", "https://a.test/"] {
            let run = plain_get(&mut session, url);
            let seen = run.everything(0) + &connect(run.last());
            assert_eq!(seen.contains("s-proxy"), expected, "{url}: {seen}");
        }
    }
}

//! PI: which requests may share a connection. What of a key is TLS's own is tested with the transports that have TLS.

use crate::clock::now;
use crate::driver::{first_hop, origin};
use session_core::idle::{Idle, PoolKey};
use session_core::limits::Limits;
use session_core::message::proxy::ProxyServer;
use session_core::message::route::Route;
use session_core::proxy::select::ProxyConfig;
use session_core::session::Session;
use session_core::session::request::Request;
use std::collections::BTreeSet;
use std::sync::Arc;

fn via(url: &str) -> Route {
    Route::Via(Arc::new(ProxyServer::parse(url).unwrap()))
}

#[test]
fn pi_01_a_connection_serves_one_key() {
    let routes = [
        Route::Direct,
        via("http://p.test"),
        via("https://p.test:80"),
        via("http://p.test:81"),
        via("http://q.test"),
        via("http://u@p.test"),
        via("http://u:p@p.test"),
        via("http://u:q@p.test"),
        via("http://v:p@p.test"),
        via("socks5://u:p@p.test:80"),
        via("socks5h://u:p@p.test:80"),
    ];
    let origins = [
        "https://a.test",
        "http://a.test",
        "http://a.test:443",
        "https://a.test:8443",
        "https://a.test.",
        "https://b.test",
        "http://[::1]",
        "http://[::2]",
        "http://127.0.0.1",
    ];
    let keys: Vec<PoolKey> =
        origins.iter().flat_map(|text| routes.iter().map(|route| PoolKey::new(origin(text), route.clone()))).collect();
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len(), "no two are equal");
    let at = now().instant();
    for key in &keys {
        let mut idle = Idle::new(&Limits::default());
        assert!(idle.insert(key.clone(), "connection", at).is_empty());
        for other in keys.iter().filter(|other| *other != key) {
            assert!(idle.take(other, at).connection.is_none(), "{key:?} served {other:?}");
        }
        assert!(idle.take(&key.clone(), at).connection.is_some());
    }
    assert_eq!(PoolKey::direct(origin("https://A.test:443")), PoolKey::direct(origin("https://a.test")));
}

#[test]
fn pi_04_secrets_are_compared_letter_by_letter() {
    let key = |password: &str| PoolKey::new(origin("https://a.test"), via(&format!("http://u:{password}@p.test")));
    for (one, other) in [("Secret", "secret"), ("secret", "secret%20"), ("", "x")] {
        assert_ne!(key(one), key(other));
    }
    assert_eq!(key("%73ecret"), key("secret"));
}

#[test]
fn pi_05_through_one_proxy_each_origin_is_its_own() {
    for proxy in ["http://p.test", "socks5h://p.test", "socks5://p.test", "socks4a://p.test"] {
        let proxies = ProxyConfig::new().all(ProxyServer::parse(proxy).unwrap());
        let mut session = Session::builder().proxy(proxies).build().unwrap();
        let mut keys = BTreeSet::new();
        for url in ["https://a.test/", "https://b.test/", "http://a.test/", "http://b.test/"] {
            let hop = first_hop(&mut session, Request::get(url));
            assert_eq!(format!("{}/", hop.pool_key().origin()), url, "{proxy}");
            if let Some(connect) = hop.connect_head().unwrap() {
                assert_eq!(connect.uri().to_string(), format!("{}:443", hop.origin().host()));
            }
            keys.insert(hop.pool_key());
        }
        assert_eq!(keys.len(), 4);
    }
}

#[test]
fn pi_06_clear_text_never_serves_https() {
    let at = now().instant();
    let mut idle = Idle::new(&Limits::default());
    let key = |text: &str| PoolKey::direct(origin(text));
    assert!(idle.insert(key("http://a.test:8443"), (), at).is_empty());
    assert!(idle.take(&key("https://a.test:8443"), at).connection.is_none());
    assert!(idle.take(&key("http://a.test:8443"), at).connection.is_some());
}

//! PI: which requests may share a connection, and which TLS settings each hop goes by.

use crate::clock::now;
use crate::driver::{first_hop, origin};
use http::{HeaderMap, HeaderValue, StatusCode};
use session_core::idle::{Idle, PoolKey};
use session_core::limits::Limits;
use session_core::message::head::ResponseHead;
use session_core::message::proxy::ProxyServer;
use session_core::message::route::Route;
use session_core::proxy::select::ProxyConfig;
use session_core::session::Session;
use session_core::session::reason::Reason;
use session_core::session::request::Request;
use session_core::session::step::{Hop, Step};
use session_core::tls::settings::{
    Certificate, Identity, Roots, ServerNameIndication, TlsPath, TlsSettings, TlsVersion, Verification,
};
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

fn tls(settings: TlsSettings) -> Option<Arc<TlsSettings>> {
    Some(Arc::new(settings))
}

/// PI-01, TV-10: what is set differently for TLS makes another connection, with the origin as with the proxy.
#[test]
fn pi_01_tls_settings_are_part_of_what_is_shared() {
    let settings = [
        TlsSettings::new(),
        TlsSettings::new().roots(Roots::Only(vec![Certificate::der([1])])),
        TlsSettings::new().roots(Roots::Merge(vec![Certificate::der([1])])),
        TlsSettings::new().identity(Identity::der(vec![vec![1]], vec![1])),
        TlsSettings::new().identity(Identity::der(vec![vec![1]], vec![2])),
        TlsSettings::new().min_version(TlsVersion::V1_3),
        TlsSettings::new().verification(Verification::DangerAcceptInvalid),
        TlsSettings::new().server_name(ServerNameIndication::Omit),
    ];
    let of = |settings: &TlsSettings| {
        let path = TlsPath { origin: tls(settings.clone()), proxy: None };
        let swapped = TlsPath { origin: None, proxy: tls(settings.clone()) };
        [path, swapped].map(|path| PoolKey::direct(origin("https://a.test")).with_tls(path))
    };
    let keys: BTreeSet<PoolKey> = settings.iter().flat_map(of).collect();
    assert_eq!(keys.len(), 2 * settings.len());
    assert!(settings.iter().flat_map(of).all(|key| keys.contains(&key)), "equal settings make equal keys");
}

fn moved_to(session: &mut Session, hop: Hop, to: &'static str) -> Hop {
    let mut fields = HeaderMap::new();
    fields.insert("location", HeaderValue::from_static(to));
    let head = ResponseHead::new(StatusCode::FOUND).with_headers(fields);
    let Ok(Step::Send(hop)) = session.handle_response(hop, head, now()) else { panic!("no hop") };
    hop
}

#[test]
fn tls_settings_are_chosen_anew_on_each_hop() {
    let (own, mine) =
        (TlsSettings::new().min_version(TlsVersion::V1_3), TlsSettings::new().max_version(TlsVersion::V1_2));
    let mut session = Session::builder().tls_for("https://b.test", own.clone()).build().unwrap();
    let shown = |hop: &Hop| hop.tls().origin.as_deref().cloned();
    let hop = first_hop(&mut session, Request::get("https://a.test/"));
    assert_eq!(shown(&hop), Some(TlsSettings::new()));
    let hop = moved_to(&mut session, hop, "https://b.test/");
    assert_eq!(shown(&hop), Some(own.clone()));
    let hop = moved_to(&mut session, hop, "http://b.test/");
    assert_eq!(shown(&hop), None);
    // What a request has of its own ends where its credentials end, and does not come back.
    let mut request = Request::get("https://a.test/");
    request.set_tls(mine.clone());
    let hop = first_hop(&mut session, request);
    assert_eq!(shown(&hop), Some(mine.clone()));
    let hop = moved_to(&mut session, hop, "/there");
    assert_eq!(shown(&hop), Some(mine));
    let hop = moved_to(&mut session, hop, "https://b.test/");
    assert_eq!(shown(&hop), Some(own));
    let hop = moved_to(&mut session, hop, "https://a.test/");
    assert_eq!(shown(&hop), Some(TlsSettings::new()));
}

#[test]
fn an_https_proxy_has_the_sessions_tls_settings() {
    let proxies = ProxyConfig::new().all(ProxyServer::parse("https://p.test").unwrap());
    let mut session = Session::builder().proxy(proxies).build().unwrap();
    let path = |hop: Hop| (hop.tls().origin.is_some(), hop.tls().proxy.is_some());
    assert_eq!(path(first_hop(&mut session, Request::get("https://a.test/"))), (true, true));
    assert_eq!(path(first_hop(&mut session, Request::get("http://a.test/"))), (false, true));
}

/// H2: nothing is learned where nobody checked.
#[test]
fn hsts_is_not_learned_where_verification_is_off() {
    for (verification, next) in [(Verification::Full, "https"), (Verification::DangerAcceptInvalid, "http")] {
        let settings = TlsSettings::new().verification(verification);
        let mut session = Session::builder().tls(settings).build().unwrap();
        let hop = first_hop(&mut session, Request::get("https://a.test/"));
        let mut fields = HeaderMap::new();
        fields.insert("strict-transport-security", HeaderValue::from_static("max-age=1000"));
        let head = ResponseHead::new(StatusCode::OK).with_headers(fields);
        let Ok(Step::Done(delivery)) = session.handle_response(hop, head, now()) else { panic!("no delivery") };
        let unverified = delivery.history().reasons().any(|reason| matches!(reason, Reason::Unverified));
        assert_eq!(unverified, next == "http");
        let hop = first_hop(&mut session, Request::get("http://a.test/"));
        assert_eq!(hop.origin().scheme().as_str(), next);
    }
}

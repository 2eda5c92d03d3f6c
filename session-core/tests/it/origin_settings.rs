//! Settings for one origin: what holds at each hop, by whose word.

use crate::clock::now;
use crate::driver::{answer, first_hop, get, origin, redirect, sent, setting, target, text};
use http::header::{COOKIE, PROXY_AUTHORIZATION};
use session_core::error::ErrorKind;
use session_core::message::proxy::ProxyServer;
use session_core::message::route::Route;
use session_core::proxy::no_proxy::NoProxy;
use session_core::proxy::select::{Choice, Chosen, Direct, ProxyConfig};
use session_core::session::Session;
use session_core::session::origin_settings::OriginSettings;
use session_core::session::reason::Reason;
use session_core::session::request::{Request, RequestTimeouts};
use session_core::session::settings::{CookieMode, Setting};
use session_core::session::step::{Hop, Step};
use session_core::time::Timeouts;
use std::time::Duration;

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn server(url: &str) -> ProxyServer {
    ProxyServer::parse(url).unwrap()
}

/// The hops of a request that is sent to b.test and back.
fn hops(session: &mut Session, request: Request) -> [Hop; 3] {
    let first = first_hop(session, request);
    let second = sent(session.handle_response(first.clone(), redirect(307, "https://b.test/"), now()).unwrap());
    let third = sent(session.handle_response(second.clone(), redirect(307, "https://a.test/back"), now()).unwrap());
    [first, second, third]
}

#[test]
fn the_timeouts_of_a_hop_are_those_of_its_origin_and_the_deadline_is_the_exchanges() {
    let of_b = OriginSettings::new()
        .connect_timeout(seconds(1))
        .head_timeout(Setting::Off)
        .read_timeout(seconds(3))
        .drain_timeout(seconds(4))
        .resolve_timeout(seconds(5))
        .tls_timeout(seconds(6));
    let builder =
        Session::builder().origin_settings("https://b.test", of_b).timeout(seconds(50)).read_timeout(seconds(9));
    let mut session = builder.build().unwrap();
    let [first, second, third] = hops(&mut session, Request::get("https://a.test/"));
    let mut plain = Timeouts::default();
    (plain.total, plain.idle) = (Some(seconds(50)), Some(seconds(9)));
    assert_eq!((first.timeouts(), third.timeouts()), (plain, plain));
    let mut expected = plain;
    (expected.connect, expected.head) = (Some(seconds(1)), None);
    (expected.idle, expected.drain) = (Some(seconds(3)), Some(seconds(4)));
    (expected.resolve, expected.tls) = (Some(seconds(5)), Some(seconds(6)));
    assert_eq!(second.timeouts(), expected);
    assert!(first.deadline().is_some());
    assert_eq!([&second, &third].map(Hop::deadline), [first.deadline(); 2]);
    let other = first_hop(&mut session, Request::get("http://b.test/"));
    assert_eq!(other.timeouts(), plain, "another scheme is another origin");
}

#[test]
fn a_requests_own_word_goes_before_that_for_the_origin() {
    let of_b = OriginSettings::new().head_timeout(seconds(3)).drain_timeout(seconds(4)).cookies(CookieMode::ReplaceJar);
    let mut session = Session::builder().origin_settings("https://b.test", of_b).build().unwrap();
    let mut request = Request::get("https://a.test/");
    let mut timeouts = RequestTimeouts::default();
    (timeouts.head, timeouts.drain, timeouts.idle) = (Setting::Off, Setting::Inherit, Setting::Set(seconds(7)));
    (timeouts.resolve, timeouts.tls) = (Setting::Set(seconds(8)), Setting::Set(seconds(9)));
    request.set_timeouts(timeouts);
    let [first, second, _] = hops(&mut session, request);
    assert_eq!((first.timeouts().head, first.timeouts().drain), (None, Timeouts::default().drain));
    assert_eq!((second.timeouts().head, second.timeouts().drain), (None, Some(seconds(4))));
    assert_eq!([first.timeouts().idle, second.timeouts().idle], [Some(seconds(7)); 2]);
    assert_eq!([first.timeouts().resolve, first.timeouts().tls], [Some(seconds(8)), Some(seconds(9))]);
    session.cookies_mut().insert(&target("https://b.test/"), ("j", "1"), now().wall());
    for (mode, expected) in [
        (Setting::Inherit, Some("own=1")),
        (Setting::Set(CookieMode::Merge), Some("j=1; own=1")),
        (Setting::Off, Some("own=1")),
    ] {
        let mut request = Request::get("https://b.test/");
        request.add_cookie("own", "1");
        request.set_cookie_mode(mode);
        assert_eq!(text(&first_hop(&mut session, request), COOKIE).as_deref(), expected, "{mode:?}");
    }
}

#[test]
fn an_origin_without_cookies_gets_none_and_stores_none() {
    let without = OriginSettings::new().cookies(Setting::Off);
    let mut session = Session::builder().origin_settings("https://b.test", without).build().unwrap();
    for url in ["https://a.test/", "https://b.test/"] {
        session.cookies_mut().insert(&target(url), ("j", "1"), now().wall());
    }
    let first = first_hop(&mut session, Request::get("https://a.test/"));
    let mut head = redirect(302, "https://b.test/");
    head.headers.append("set-cookie", "new=1".parse().unwrap());
    let second = sent(session.handle_response(first.clone(), head, now()).unwrap());
    let Ok(Step::Done(_)) = session.handle_response(second.clone(), setting(&["new=2"]), now()) else { panic!() };
    assert_eq!((text(&first, COOKIE).as_deref(), text(&second, COOKIE)), (Some("j=1"), None));
    let stored: Vec<_> = session.cookies().iter().filter(|cookie| cookie.name() == b"new").collect();
    assert_eq!(stored.iter().map(|cookie| cookie.domain()).collect::<Vec<_>>(), ["a.test"]);
    // The other way round: a session without cookies that has them at one origin.
    let builder = Session::builder().cookie_mode(Setting::Off);
    let with = OriginSettings::new().cookies(CookieMode::Merge);
    let mut session = builder.origin_settings("https://b.test", with).build().unwrap();
    for (url, stored) in [("https://a.test/", 0), ("https://b.test/", 1)] {
        get(&mut session, url, [setting(&["n=1"])]);
        assert_eq!(session.cookies().len(), stored, "{url}");
    }
}

#[test]
fn the_proxy_of_an_origin_goes_before_the_sessions_and_its_credential_stays_with_it() {
    let own = OriginSettings::new().proxy(server("http://u:s-own@own.test:8080"));
    let direct = OriginSettings::new().proxy(Setting::Off);
    let builder = Session::builder().proxy(ProxyConfig::new().all(server("http://u:s-all@all.test:3128")));
    let builder = builder.origin_settings("http://a.test", own).origin_settings("http://b.test", direct);
    let mut session = builder.build().unwrap();
    let answers = [redirect(302, "http://b.test/"), redirect(302, "http://c.test/"), answer(200, &[])];
    let run = get(&mut session, "http://a.test/", answers);
    let routes: Vec<String> = run.hops.iter().map(|hop| hop.route().to_string()).collect();
    assert_eq!(routes, ["http://own.test:8080", "direct", "http://all.test:3128"]);
    let proven: Vec<bool> = run.hops.iter().map(|hop| hop.head().headers().contains_key(PROXY_AUTHORIZATION)).collect();
    assert_eq!(proven, [true, false, true]);
    assert_ne!(text(&run.hops[0], PROXY_AUTHORIZATION), text(&run.hops[2], PROXY_AUTHORIZATION));
    let reasons: Vec<&Reason> = run.delivery().history().reasons().collect();
    assert!(reasons.iter().any(|reason| matches!(reason, Reason::Routed(Choice::Via(_, Chosen::OfOrigin)))));
    assert!(reasons.iter().any(|reason| matches!(reason, Reason::Routed(Choice::Direct(Direct::OfOrigin)))));
    let story = run.delivery().history().to_string();
    assert!(story.contains("it is the proxy for this origin") && story.contains("asks for none"), "{story}");
    assert!(!format!("{session:?}{story}").contains("s-own"));
}

#[test]
fn a_requests_own_proxy_goes_before_all_others_on_each_of_its_hops() {
    let of_b = OriginSettings::new().proxy(server("http://u:s-b@b-proxy.test:8080"));
    let proxies = ProxyConfig::new().all(server("http://u:s-all@all.test:3128")).no_proxy(NoProxy::parse("c.test"));
    let mut session = Session::builder().proxy(proxies).origin_settings("http://b.test", of_b).build().unwrap();
    let mut asked = |own: Setting<ProxyServer>| {
        let mut request = Request::get("http://a.test/");
        request.set_proxy(own);
        let mut hop = first_hop(&mut session, request);
        let mut hops = vec![hop.clone()];
        for to in ["http://b.test/", "http://c.test/"] {
            hop = sent(session.handle_response(hop, redirect(302, to), now()).unwrap());
            hops.push(hop.clone());
        }
        hops
    };
    let routes = |hops: &[Hop]| hops.iter().map(|hop| hop.route().to_string()).collect::<Vec<_>>();
    let inherited = asked(Setting::Inherit);
    assert_eq!(routes(&inherited), ["http://all.test:3128", "http://b-proxy.test:8080", "direct"]);
    assert_eq!(routes(&asked(Setting::Off)), ["direct"; 3]);
    let own = asked(server("http://u:s-own@own.test:81").into());
    assert_eq!(routes(&own), ["http://own.test:81"; 3]);
    let proofs: Vec<_> = own.iter().map(|hop| text(hop, PROXY_AUTHORIZATION).unwrap()).collect();
    assert!(proofs.iter().all(|proof| *proof == proofs[0]));
    assert_ne!(text(&inherited[0], PROXY_AUTHORIZATION).as_ref(), Some(&proofs[0]));
    // A connection that was made by one way serves no other.
    assert_ne!(own[0].pool_key(), inherited[0].pool_key());
    let mut request = Request::get("http://a.test/");
    request.set_proxy(server("http://u:s-own@own.test:81"));
    let preview = session.preview(request.clone(), now()).unwrap();
    let told = preview.reasons.iter().map(ToString::to_string).collect::<String>();
    assert!(told.contains("it is the request's own proxy") && !told.contains("s-own"), "{told}");
    request.set_proxy(Setting::Off);
    let told = session.preview(request, now()).unwrap().reasons;
    assert!(told.iter().any(|reason| matches!(reason, Reason::Routed(Choice::Direct(Direct::OfRequest)))));
}

#[test]
fn they_are_changed_at_any_time_and_hold_from_the_next_hop_on() {
    let mut session = Session::builder().build().unwrap();
    let b = origin("https://b.test");
    let first = first_hop(&mut session, Request::get("https://a.test/"));
    let settings = OriginSettings::new().head_timeout(seconds(2)).proxy(server("socks5://p.test"));
    session.set_origin_settings(b.clone(), settings.clone());
    assert_eq!(session.origin_settings(&b), Some(&settings));
    let second = sent(session.handle_response(first, redirect(302, "https://b.test/"), now()).unwrap());
    assert_eq!(second.timeouts().head, Some(seconds(2)));
    assert!(matches!(second.route(), Route::Via(_)));
    session.set_origin_settings(b.clone(), OriginSettings::new());
    assert_eq!(session.origin_settings(&b), None);
    let next = sent(session.handle_response(second, redirect(302, "https://b.test/x"), now()).unwrap());
    assert_eq!((next.timeouts(), next.route()), (Timeouts::default(), &Route::Direct));
}

#[test]
fn what_is_no_origin_is_refused_and_settings_that_say_nothing_are_none() {
    let error = Session::builder().origin_settings("b.test", OriginSettings::new()).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidUrl);
    let said = OriginSettings::new().head_timeout(seconds(1));
    let builder = Session::builder().origin_settings("https://b.test", said);
    let session = builder.origin_settings("https://B.TEST:443", OriginSettings::new()).build().unwrap();
    assert_eq!(session.origin_settings(&origin("https://b.test")), None);
}

#[test]
fn every_bound_of_a_session_is_inherited_set_or_off() {
    let timeouts = |setting: Setting<Duration>| {
        let builder = Session::builder().timeout(setting).connect_timeout(setting).head_timeout(setting);
        let builder = builder.resolve_timeout(setting).tls_timeout(setting);
        builder.read_timeout(setting).drain_timeout(setting).build().unwrap().timeouts()
    };
    assert_eq!(timeouts(Setting::Inherit), Timeouts::default());
    let all = |it: Timeouts| [it.connect, it.resolve, it.tls, it.head, it.idle, it.drain, it.total];
    assert_eq!(all(timeouts(Setting::Off)), [None; 7]);
    assert_eq!(all(timeouts(Setting::Set(seconds(1)))), [Some(seconds(1)); 7]);
}

//! The settings of a session that stands, changed between its exchanges and during one.

use crate::clock::now;
use crate::driver::{answer, done, failure, first_hop, sent, target, text};
use http::header::{COOKIE, USER_AGENT};
use http::{HeaderValue, Method};
use session_core::content::charset::TextRules;
use session_core::error::ErrorKind;
use session_core::hsts::{HstsEntry, Subdomains};
use session_core::message::host::CanonicalHost;
use session_core::message::into_url::BaseJoin;
use session_core::message::origin::Scheme;
use session_core::message::proxy::ProxyServer;
use session_core::message::route::Route;
use session_core::proxy::select::ProxyConfig;
use session_core::redirect::policy::RedirectPolicy;
use session_core::retry::failure::{ConnectionAge, FailureKind, Sent};
use session_core::retry::policy::RetryPolicy;
use session_core::session::Session;
use session_core::session::compat::Compat;
use session_core::session::request::Request;
use session_core::session::settings::{CookieMode, HstsMode, Recording};
use session_core::session::step::Step;
use session_core::time::Timeouts;
use std::time::Duration;
use url::Url;

fn session() -> Session {
    Session::builder().build().unwrap()
}

#[test]
fn urls_parameters_and_the_agent_change_between_requests() {
    let mut session = session();
    session.set_base_url(Some(Url::parse("http://a.test/v1/").unwrap())).unwrap();
    session.params_mut().push(("lang".to_owned(), "en".to_owned()));
    session.set_user_agent(Some(HeaderValue::from_static("mine/1")));
    let hop = first_hop(&mut session, Request::get("http://a.test/x"));
    assert_eq!((hop.head().uri().query(), text(&hop, USER_AGENT).as_deref()), (Some("lang=en"), Some("mine/1")));
    assert_eq!(session.base_url().map(Url::as_str), Some("http://a.test/v1/"));
    session.params_mut().clear();
    session.set_user_agent(None);
    let hop = first_hop(&mut session, Request::get("http://a.test/x"));
    assert_eq!((hop.head().uri().query(), text(&hop, USER_AGENT)), (None, None));
    for bad in ["mailto:x", "ftp://a.test/", "http://a.test:0/", "http://u:secret@a.test/"] {
        let error = session.set_base_url(Some(Url::parse(bad).unwrap())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidUrl);
        assert!(!error.to_string().contains("secret"));
    }
    assert_eq!(session.base_url().map(Url::as_str), Some("http://a.test/v1/"), "a refused one changes nothing");
}

#[test]
fn presets_text_joining_and_recording_change_between_requests_and_an_exchange_keeps_its_own() {
    let mut session = session();
    let put = |session: &mut Session| {
        let hop = first_hop(session, Request::new(Method::PUT, "http://a.test/"));
        (hop.head().headers().contains_key("connection"), hop)
    };
    let (fetch, hop) = put(&mut session);
    session.set_compat(Compat::Requests);
    assert_eq!((fetch, session.limits().redirects), (false, 30));
    let next = sent(session.handle_response(hop, answer(302, &[("location", "/x")]), now()).unwrap());
    assert_eq!(next.head().method(), Method::PUT, "by the rules of Fetch, with which it began");
    let (requests, hop) = put(&mut session);
    let next = sent(session.handle_response(hop, answer(302, &[("location", "/x")]), now()).unwrap());
    assert_eq!((requests, next.head().method()), (true, &Method::GET));
    session.set_text_rules(TextRules::FETCH);
    session.set_recording(Recording::Off);
    let hop = first_hop(&mut session, Request::get("http://u:p@a.test/"));
    let delivery = done(session.handle_response(hop, answer(200, &[]), now()).unwrap());
    assert_eq!((delivery.text_rules(), delivery.history().reasons().count()), (TextRules::FETCH, 0));
    session.set_base_url(Some(Url::parse("http://a.test/v1/").unwrap())).unwrap();
    session.set_base_join(BaseJoin::Append);
    let hop = first_hop(&mut session, Request::get("/x"));
    assert_eq!((session.base_join(), hop.head().uri().path()), (BaseJoin::Append, "/v1/x"));
}

#[test]
fn an_exchange_keeps_the_redirect_rules_that_it_began_with() {
    let mut session = session();
    let hop = first_hop(&mut session, Request::get("http://a.test/"));
    session.set_redirect(RedirectPolicy::none());
    let moved = answer(302, &[("location", "/x")]);
    let next = sent(session.handle_response(hop, moved.clone(), now()).unwrap());
    assert_eq!(next.number(), 2);
    let hop = first_hop(&mut session, Request::get("http://a.test/"));
    assert!(matches!(session.handle_response(hop, moved, now()), Ok(Step::Done(_))));
}

#[test]
fn cookies_and_timeouts_follow_the_settings_of_the_moment() {
    let mut session = session();
    session.cookies_mut().insert(&target("http://a.test/"), ("a", "1"), now().wall());
    session.set_cookie_mode(CookieMode::Off);
    let mut timeouts = Timeouts::default();
    timeouts.head = Some(Duration::from_secs(3));
    session.set_timeouts(timeouts);
    let hop = first_hop(&mut session, Request::get("http://a.test/"));
    assert_eq!((text(&hop, COOKIE), hop.timeouts().head), (None, Some(Duration::from_secs(3))));
    session.set_cookie_mode(CookieMode::Merge);
    let hop = first_hop(&mut session, Request::get("http://a.test/"));
    assert_eq!(text(&hop, COOKIE).as_deref(), Some("a=1"));
}

#[test]
fn clear_text_and_hsts_are_decided_anew() {
    let mut session = session();
    let host = CanonicalHost::parse("a.test").unwrap();
    let entry = HstsEntry::new(host.clone(), now().wall() + Duration::from_secs(60), Subdomains::Excluded);
    let limits = session.limits().clone();
    session.hsts_mut().insert(&entry, now(), &limits).unwrap();
    assert!(session.hsts().holds(&host, now()));
    let scheme = |session: &mut Session| first_hop(session, Request::get("http://a.test/")).origin().scheme();
    assert_eq!(scheme(&mut session), Scheme::Https);
    session.set_hsts(HstsMode::Off);
    assert_eq!(scheme(&mut session), Scheme::Http);
    session.set_https_only(true);
    let error = session.begin(Request::get("http://a.test/"), now()).unwrap_err();
    assert_eq!(error.error().kind(), ErrorKind::HttpsOnly);
    session.set_hsts(HstsMode::On);
    assert_eq!(scheme(&mut session), Scheme::Https, "what was learned stayed");
}

#[test]
fn proxies_and_retries_are_those_of_the_moment() {
    let mut session = session();
    session.set_proxy(ProxyConfig::new().all(ProxyServer::parse("http://p.test:8080").unwrap()));
    let hop = first_hop(&mut session, Request::get("http://a.test/"));
    assert!(matches!(hop.route(), Route::Via(_)));
    session.set_proxy(ProxyConfig::new());
    session.set_retry(Some(RetryPolicy::new(1)));
    let step =
        session.handle_failure(hop, failure(FailureKind::Connect, Sent::Nothing, ConnectionAge::Fresh), now()).unwrap();
    let Step::Wait(pause) = step else { panic!("{step:?}") };
    let mut step = Step::Wait(pause);
    while let Step::Wait(pause) = step {
        let due = now().advanced(Duration::from_secs(3600));
        step = session.handle_timeout(pause, due).unwrap();
    }
    assert_eq!(*sent(step).route(), Route::Direct);
    session.set_retry(None);
    let hop = first_hop(&mut session, Request::get("http://a.test/"));
    assert!(
        session.handle_failure(hop, failure(FailureKind::Connect, Sent::Nothing, ConnectionAge::Fresh), now()).is_err()
    );
}

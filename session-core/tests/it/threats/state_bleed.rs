//! SB: nothing of one request shows in the next.

use crate::driver::{answer, first_hop, get, redirect, run, setting, text, wire};
use http::{HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use session_core::auth::credentials::Credential;
use session_core::message::body::{BodyPlan, BodySize, Framing, RequestBody};
use session_core::redirect::policy::RedirectPolicy;
use session_core::session::Session;
use session_core::session::request::Request;
use session_core::session::settings::{CookieMode, Setting};
use std::time::Duration;

#[test]
fn sb_01_a_body_belongs_to_its_own_request() {
    let mut session = Session::builder().build().unwrap();
    let mut put = Request::new(Method::PUT, "http://a.test/");
    put.set_body(RequestBody::once(BodySize::Streaming));
    put.append_header("content-type", "text/s-first").unwrap();
    assert_eq!(first_hop(&mut session, put.clone()).framing(), Framing::Chunked);
    run(&mut session, put, [answer(200, &[])]);
    let mut post = Request::new(Method::POST, "http://a.test/");
    post.set_body(RequestBody::replayable(BodySize::Sized(3)));
    let hop = first_hop(&mut session, post);
    assert_eq!((hop.framing(), hop.body()), (Framing::Length(3), BodyPlan::FromStart));
    assert_eq!(text(&hop, "content-type"), None);
    let wire = wire(&hop).unwrap();
    assert!(wire.contains("content-length: 3\r\n") && !wire.contains("transfer-encoding"), "{wire}");
    let get = first_hop(&mut session, Request::get("http://a.test/"));
    assert_eq!((get.framing(), get.body()), (Framing::None, BodyPlan::None));
}

/// Everything that can be set on one request.
fn options(flags: [bool; 12]) -> Request {
    let [header, host, referer, proxy, auth, cookie, cookie_field, mode, redirects, timeout, removed, body] = flags;
    let mut request = Request::new(if body { Method::POST } else { Method::GET }, "http://a.test/first");
    let mut append = |set: bool, name: &'static str, value: &'static str| {
        if set {
            request.append_header(HeaderName::from_static(name), HeaderValue::from_static(value)).unwrap();
        }
    };
    append(header, "x-own", "s-own");
    append(host, "host", "s-virtual.test");
    append(referer, "referer", "http://s-referer.test/");
    append(proxy, "proxy-authorization", "Own s-proxy");
    append(cookie_field, "cookie", "f=s-field");
    append(body, "content-type", "text/s-type");
    if auth {
        request.set_auth(Setting::Set(Credential::bearer("s-auth")));
    }
    if cookie {
        request.add_cookie("c", "s-cookie");
    }
    if mode {
        request.set_cookie_mode(CookieMode::ReplaceJar);
    }
    if redirects {
        request.set_redirect(RedirectPolicy::none());
    }
    if timeout {
        request.set_timeout(Setting::Set(Duration::from_secs(7)));
    }
    if removed {
        request.remove_header(http::header::USER_AGENT);
    }
    if body {
        request.set_body(RequestBody::replayable(BodySize::Sized(9)));
    }
    request.add_param("p", "s-param");
    request
}

/// The second request: what it sends on both its hops, and how.
fn after(first: Option<Request>) -> Vec<String> {
    let mut session = Session::builder().default_header("x-default", "1").build().unwrap();
    // What the first answer leaves behind is the session's state, and the same in both sessions.
    let answers = [redirect(302, "http://b.test/"), setting(&["jar=2"])];
    match first {
        Some(request) => run(&mut session, request, answers),
        None => get(&mut session, "http://a.test/first", answers),
    };
    session.cookies_mut().clear();
    get(&mut session, "http://a.test/", [setting(&["jar=1"])]);
    let run = get(&mut session, "http://a.test/second", [redirect(307, "http://b.test/third")]);
    let told = |hop: &session_core::session::step::Hop| {
        format!("{} {:?} {:?} {:?}", wire(hop).unwrap(), hop.body(), hop.timeouts(), hop.deadline())
    };
    run.hops.iter().map(told).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn sb_02_a_request_leaves_no_trace_in_the_next(flags in any::<[bool; 12]>()) {
        let expected = after(None);
        prop_assert_eq!(expected.len(), 2);
        prop_assert!(expected.iter().all(|hop| !hop.contains("s-")));
        prop_assert_eq!(after(Some(options(flags))), expected);
    }
}

//! The session machine, verb by verb: what a caller gets to see beside the answer.

use crate::clock::now;
use crate::driver::{answer, done, failure, first_hop, sent, text};
use http::header::{ACCEPT, AUTHORIZATION, COOKIE, HOST, USER_AGENT};
use http::{HeaderName, HeaderValue, Method};
use session_core::auth::challenge::Challenge;
use session_core::auth::credentials::Credential;
use session_core::auth::digest::asked::Asked;
use session_core::auth::scheme::Scheme;
use session_core::error::{ErrorKind, Fault, Phase};
use session_core::limits::Limits;
use session_core::message::body::{BodyPlan, BodySize, Framing, RequestBody};
use session_core::message::head::ResponseHead;
use session_core::message::origin::Origin;
use session_core::redirect::policy::{Action, RedirectPolicy};
use session_core::retry::failure::{ConnectionAge, FailureKind, Sent};
use session_core::retry::policy::RetryPolicy;
use session_core::session::Session;
use session_core::session::builder::SessionBuilder;
use session_core::session::history::Ending;
use session_core::session::request::{Request, RequestTimeouts};
use session_core::session::settings::{CookieMode, Recording, Setting};
use session_core::session::step::{Delivery, ExchangeError, Hop, Step};
use session_core::time::Timeouts;
use std::time::Duration;

fn session() -> SessionBuilder<Session> {
    Session::builder()
}

/// Runs a request through these answers to its end.
fn run(session: &mut Session, request: Request, answers: &[ResponseHead]) -> Result<Delivery, ExchangeError> {
    let mut step = session.begin(request, now())?;
    for head in answers {
        step = session.handle_response(sent(step), head.clone(), now())?;
    }
    Ok(done(step))
}

#[test]
fn a_plain_request_has_host_first_and_the_documented_defaults() {
    let mut session = session().build().unwrap();
    let hop = first_hop(&mut session, Request::get("http://a.test:8080/x?q#top"));
    let names: Vec<&str> = hop.head().headers().keys().map(HeaderName::as_str).collect();
    assert_eq!(names, ["host", "user-agent", "accept"]);
    assert_eq!(text(&hop, HOST).unwrap(), "a.test:8080");
    assert_eq!(text(&hop, ACCEPT).unwrap(), "*/*");
    assert!(text(&hop, USER_AGENT).unwrap().starts_with("session-core/"));
    assert_eq!(hop.head().uri(), "http://a.test:8080/x?q");
    assert_eq!((hop.body(), hop.framing(), hop.number()), (BodyPlan::None, Framing::None, 1));
    assert!(!hop.fresh_connection() && hop.deadline().is_none());
}

#[test]
fn a_delivery_tells_what_happened_and_why_without_secrets() {
    let mut session = session().auth_for("https://a.test", Credential::bearer("hunter2")).build().unwrap();
    let answers = [
        answer(302, &[("location", "/home"), ("set-cookie", "sid=hunter2; Path=/")]),
        answer(307, &[("location", "https://eve:pw@b.test/end")]),
        answer(200, &[("set-cookie", "x=1; Domain=com")]),
    ];
    let mut request = Request::new(Method::POST, "https://a.test/login");
    request.set_body(RequestBody::replayable(BodySize::Sized(3)));
    request.append_header("content-type", "text/plain").unwrap();
    let delivery = run(&mut session, request, &answers).unwrap();
    assert_eq!(delivery.history().statuses(), [302, 307]);
    assert_eq!(delivery.url().as_str(), "https://b.test/end");
    let story = delivery.history().to_string();
    for line in [
        "1. POST https://a.test/login",
        "= authorization sent: the session's credential",
        "= redirect followed to https://a.test/home, now a GET without body",
        "= field content-type left out: the body it describes was dropped",
        "= cookie \"sid\" sent: the jar has it for this URL",
        "= user information in the Location dropped: it is never used",
        "= redirect followed to https://b.test/end, another origin (https://b.test)",
        "= authorization left out, though there is the session's credential: it belongs to https://a.test",
        "3. GET https://b.test/end",
    ] {
        assert!(story.contains(line), "{line} is not in\n{story}");
    }
    assert!(!story.contains("hunter2") && !format!("{delivery:?}").contains("hunter2"), "{story}");
}

#[test]
fn recording_off_keeps_the_hops_and_no_reasons() {
    let mut session = session().recording(Recording::Off).build().unwrap();
    let answers = [answer(302, &[("location", "/y"), ("set-cookie", "a=1")]), answer(200, &[])];
    let delivery = run(&mut session, Request::get("http://a.test/x"), &answers).unwrap();
    assert_eq!((delivery.history().statuses(), delivery.history().reasons().count()), (vec![302], 0));
}

#[test]
fn too_many_redirects_keeps_the_last_answer_and_the_history() {
    let mut session = session().redirect(RedirectPolicy::limited(1)).build().unwrap();
    let answers = [answer(302, &[("location", "/2")]), answer(302, &[("location", "/3")])];
    let error = run(&mut session, Request::get("http://a.test/1"), &answers).unwrap_err();
    assert_eq!((error.kind(), error.error().fault()), (ErrorKind::TooManyRedirects, Fault::Peer));
    assert_eq!(error.response().unwrap().headers.get("location").unwrap(), "/3");
    assert_eq!(error.history().statuses(), [302]);
    assert_eq!(error.history().hops().last().unwrap().ending(), Ending::Failed);
    assert_eq!(error.error().url().unwrap().as_str(), "http://a.test/2");
}

#[test]
fn a_closed_session_says_so_and_lets_running_exchanges_finish() {
    let mut session = session().build().unwrap();
    let running = first_hop(&mut session, Request::get("http://a.test/"));
    session.close();
    let error = session.begin(Request::get("http://a.test/"), now()).unwrap_err();
    assert_eq!((error.kind(), error.error().fault()), (ErrorKind::Closed, Fault::Caller));
    assert_eq!(error.error().url().unwrap().as_str(), "http://a.test/");
    let next = sent(session.handle_response(running, answer(302, &[("location", "/y")]), now()).unwrap());
    assert_eq!(done(session.handle_response(next, answer(200, &[]), now()).unwrap()).head().status, 200);
}

#[test]
fn a_dropped_token_leaves_nothing_behind() {
    let mut session = session().build().unwrap();
    drop(first_hop(&mut session, Request::get("http://a.test/1")));
    assert!(session.cookies().is_empty());
    assert!(run(&mut session, Request::get("http://a.test/2"), &[answer(200, &[])]).is_ok());
}

#[test]
fn bad_input_names_the_fault_and_sends_nothing() {
    let mut session = session().build().unwrap();
    for url in ["", "x", "ftp://a.test/", "http://", "http://a..test/", "http://a.test:0/", "http://[::1", "data:,x"] {
        let error = session.begin(Request::get(url), now()).unwrap_err();
        assert_eq!((error.kind(), error.error().fault()), (ErrorKind::InvalidUrl, Fault::Caller), "{url:?}");
        assert!(error.error().expected().is_some(), "{url:?}");
    }
    let mut request = Request::get("http://a.test/");
    for (name, value) in [("x y", "1"), ("", "1"), ("x", "a\r\nb: c"), ("x", "a\0")] {
        let error = request.append_header(name, value).unwrap_err();
        assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidHeader, Fault::Caller), "{name:?}");
    }
    let mut trace = Request::new(Method::TRACE, "http://a.test/");
    trace.set_body(RequestBody::replayable(BodySize::Sized(1)));
    assert_eq!(session.begin(trace, now()).unwrap_err().kind(), ErrorKind::InvalidHeader);
    let connect = session.begin(Request::new(Method::CONNECT, "http://a.test/"), now()).unwrap_err();
    assert_eq!(connect.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_stale_connection_is_replaced_once_and_the_requests_cookies_still_win() {
    let mut session = session().build().unwrap();
    run(&mut session, Request::get("http://a.test/"), &[answer(200, &[("set-cookie", "sid=old")])]).unwrap();
    let mut request = Request::get("http://a.test/");
    request.add_cookie("sid", "mine");
    let hop = first_hop(&mut session, request);
    let stale = || failure(FailureKind::Closed, Sent::All, ConnectionAge::Reused);
    let again = sent(session.handle_failure(hop, stale(), now()).unwrap());
    assert!(again.fresh_connection());
    assert_eq!(text(&again, COOKIE).unwrap(), "sid=mine");
    let error = session.handle_failure(again, stale(), now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incomplete);
    assert_eq!(error.error().url().unwrap().as_str(), "http://a.test/");
    assert_eq!(error.history().hops().len(), 2);
}

#[test]
fn a_body_that_can_be_read_once_goes_on_where_nothing_of_it_was_sent() {
    let mut session = session().build().unwrap();
    let upload = || {
        let mut request = Request::new(Method::POST, "http://a.test/up");
        request.set_body(RequestBody::once(BodySize::Streaming));
        request
    };
    let hop = first_hop(&mut session, upload());
    assert_eq!((hop.body(), hop.framing()), (BodyPlan::Continue, Framing::Chunked));
    let unsent = failure(FailureKind::Reset, Sent::Nothing, ConnectionAge::Reused);
    let again = sent(session.handle_failure(hop, unsent, now()).unwrap());
    assert_eq!(again.body(), BodyPlan::Continue);
    let part = failure(FailureKind::Reset, Sent::Part, ConnectionAge::Reused);
    assert!(session.handle_failure(again, part, now()).is_err());
}

#[test]
fn a_pause_is_a_step_and_too_early_a_call_hands_it_out_again() {
    let policy = RetryPolicy::new(1).backoff(Duration::from_secs(2), Duration::from_secs(4));
    let mut session = session().retry(policy).build().unwrap();
    let start = now();
    let hop = sent(session.begin(Request::get("http://a.test/"), start).unwrap());
    let Step::Wait(pause) = session.handle_response(hop, answer(503, &[]), start).unwrap() else { panic!() };
    let wait = pause.until() - start.instant();
    assert!((Duration::from_secs(2)..=Duration::from_secs(4)).contains(&wait), "{wait:?}");
    let Step::Wait(pause) = session.handle_timeout(pause, start).unwrap() else { panic!() };
    let later = start.advanced(wait);
    let hop = sent(session.handle_timeout(pause, later).unwrap());
    assert_eq!(hop.number(), 2);
    let delivery = done(session.handle_response(hop, answer(503, &[]), later).unwrap());
    assert_eq!((delivery.head().status.as_u16(), delivery.history().statuses().len()), (503, 0));
    assert!(delivery.history().to_string().contains("not tried again: all retries are used up (1)"));
}

#[test]
fn the_deadline_spans_the_hops() {
    let mut session = session().timeout(Duration::from_secs(5)).build().unwrap();
    let start = now();
    let hop = sent(session.begin(Request::get("http://a.test/"), start).unwrap());
    assert_eq!(hop.deadline(), start.deadline(Duration::from_secs(5)));
    let late = start.advanced(Duration::from_secs(5));
    let error = session.handle_response(hop, answer(302, &[("location", "/y")]), late).unwrap_err();
    assert_eq!((error.kind(), error.error().phase()), (ErrorKind::Timeout, Phase::Decide));
    let mut request = Request::get("http://a.test/");
    request.set_timeout(Setting::Off);
    assert_eq!(first_hop(&mut session, request).deadline(), None);
}

#[test]
fn a_request_may_switch_off_or_replace_what_the_session_sets() {
    let mut session = session().timeout(Duration::from_secs(5)).param("key", "1").build().unwrap();
    let mut timeouts = RequestTimeouts::default();
    timeouts.total = Setting::Off;
    timeouts.head = Setting::Set(Duration::from_secs(7));
    let mut request = Request::get("http://a.test/x");
    request.set_timeouts(timeouts);
    request.remove_session_params();
    request.add_param("own", "2");
    let hop = first_hop(&mut session, request);
    assert_eq!((hop.deadline(), hop.timeouts().total), (None, None));
    assert_eq!(hop.timeouts().head, Some(Duration::from_secs(7)));
    assert_eq!(hop.timeouts().connect, Timeouts::default().connect);
    assert_eq!(hop.target().url().as_str(), "http://a.test/x?own=2");
}

#[test]
fn credentials_stand_in_the_order_field_request_default_session() {
    let mut session = session()
        .auth_for("http://a.test", Credential::bearer("session"))
        .default_header("authorization", "Default 1")
        .build()
        .unwrap();
    let get = || Request::get("http://user:info@a.test/");
    let mut own = get();
    own.append_header("authorization", "Own 1").unwrap();
    own.set_auth(Setting::Set(Credential::bearer("request")));
    assert_eq!(text(&first_hop(&mut session, own), AUTHORIZATION).unwrap(), "Own 1");
    let mut request = get();
    request.set_auth(Setting::Set(Credential::bearer("request")));
    assert_eq!(text(&first_hop(&mut session, request), AUTHORIZATION).unwrap(), "Bearer request");
    assert_eq!(text(&first_hop(&mut session, get()), AUTHORIZATION).unwrap(), "Basic dXNlcjppbmZv");
    let plain = || Request::get("http://a.test/");
    assert_eq!(text(&first_hop(&mut session, plain()), AUTHORIZATION).unwrap(), "Default 1");
    session.headers_mut().remove(&AUTHORIZATION);
    assert_eq!(text(&first_hop(&mut session, plain()), AUTHORIZATION).unwrap(), "Bearer session");
    let mut off = plain();
    off.set_auth(Setting::Off);
    assert_eq!(text(&first_hop(&mut session, off), AUTHORIZATION), None);
    let mut removed = plain();
    removed.remove_header(AUTHORIZATION);
    assert_eq!(text(&first_hop(&mut session, removed), AUTHORIZATION), None);
}

#[test]
fn a_bound_default_says_where_it_belongs_and_what_to_use_instead() {
    let mut session = session().default_header("Authorization", "Bearer hunter2").build().unwrap();
    run(&mut session, Request::get("https://a.test/"), &[answer(200, &[])]).unwrap();
    let delivery = run(&mut session, Request::get("https://b.test/"), &[answer(200, &[])]).unwrap();
    let story = delivery.history().to_string();
    assert!(
        story.contains("it belongs to https://a.test; for several origins use `origin_headers` or `auth`"),
        "{story}"
    );
}

#[test]
fn a_kept_field_crosses_origins_and_a_key_default_does_not() {
    let keep = RedirectPolicy::default().keep_across_origins([HeaderName::from_static("x-auth-token")]);
    let mut session = session().redirect(keep).default_header("x-api-key", "k").build().unwrap();
    let mut request = Request::get("https://a.test/");
    request.append_header("x-auth-token", "t").unwrap();
    request.append_header("x-csrf-token", "c").unwrap();
    let hop = first_hop(&mut session, request);
    assert_eq!(text(&hop, HeaderName::from_static("x-api-key")).unwrap(), "k");
    let next = sent(session.handle_response(hop, answer(302, &[("location", "https://b.test/")]), now()).unwrap());
    let seen = |name| text(&next, HeaderName::from_static(name));
    assert_eq!((seen("x-auth-token").as_deref(), seen("x-csrf-token"), seen("x-api-key")), (Some("t"), None, None));
    assert!(
        text(&first_hop(&mut session, Request::get("https://b.test/")), HeaderName::from_static("x-api-key")).is_some()
    );
}

#[test]
fn trusted_origins_share_credentials_but_neither_host_nor_cookies() {
    let origins = ["https://a.test", "https://b.test"].map(|origin| Origin::parse(origin).unwrap());
    let mut session = session().redirect(RedirectPolicy::default().trust_origins(origins)).build().unwrap();
    let mut request = Request::get("https://a.test/");
    request.set_auth(Setting::Set(Credential::bearer("t")));
    request.append_header("x-auth-token", "t").unwrap();
    request.append_header("host", "virtual.test").unwrap();
    request.add_cookie("c", "1");
    let hop = first_hop(&mut session, request);
    let next = sent(session.handle_response(hop, answer(302, &[("location", "https://b.test/")]), now()).unwrap());
    let seen = |hop: &Hop, name| text(hop, HeaderName::from_static(name));
    assert_eq!(seen(&next, "authorization").unwrap(), "Bearer t");
    assert_eq!(seen(&next, "x-auth-token").unwrap(), "t");
    assert_eq!((seen(&next, "host").as_deref(), seen(&next, "cookie")), (Some("b.test"), None));
    let away = sent(session.handle_response(next, answer(302, &[("location", "https://c.test/")]), now()).unwrap());
    assert_eq!((seen(&away, "authorization"), seen(&away, "x-auth-token")), (None, None));
    let back = sent(session.handle_response(away, answer(302, &[("location", "https://a.test/")]), now()).unwrap());
    assert_eq!((seen(&back, "authorization"), seen(&back, "x-auth-token")), (None, None));
}

#[test]
fn a_rule_of_ones_own_may_follow_stop_or_refuse() {
    let policy = RedirectPolicy::custom(|attempt| match attempt.to.url().path() {
        "/stop" => Action::Stop,
        "/refuse" => Action::Refuse,
        _ if attempt.previous.len() == 1 && attempt.headers.contains_key("x-last") => Action::Stop,
        _ => Action::Follow,
    });
    let mut session = session().redirect(policy).build().unwrap();
    let get = || Request::get("http://a.test/1");
    let stopped = run(&mut session, get(), &[answer(302, &[("location", "/stop")])]).unwrap();
    assert_eq!((stopped.head().status.as_u16(), stopped.url().path()), (302, "/1"));
    let refused = run(&mut session, get(), &[answer(302, &[("location", "/refuse")])]).unwrap_err();
    assert_eq!((refused.kind(), refused.error().fault()), (ErrorKind::RedirectRefused, Fault::Caller));
    let last = [answer(302, &[("location", "/2")]), answer(307, &[("location", "/3"), ("x-last", "1")])];
    assert_eq!(run(&mut session, get(), &last).unwrap().history().statuses(), [302]);
    let mut limited = get();
    limited.set_redirect(RedirectPolicy::custom(|_| Action::Follow).max(1));
    let twice = [answer(302, &[("location", "/2")]), answer(302, &[("location", "/3")])];
    assert_eq!(run(&mut session, limited, &twice).unwrap_err().kind(), ErrorKind::TooManyRedirects);
}

#[test]
fn cookie_modes_are_per_request() {
    let mut session = session().build().unwrap();
    run(&mut session, Request::get("http://a.test/"), &[answer(200, &[("set-cookie", "j=1")])]).unwrap();
    let with = |mode, own: bool| {
        let mut request = Request::get("http://a.test/");
        request.set_cookie_mode(mode);
        if own {
            request.add_cookie("c", "2");
        }
        request
    };
    let mut field = |request| text(&first_hop(&mut session, request), COOKIE);
    assert_eq!(field(with(CookieMode::Merge, true)).unwrap(), "j=1; c=2");
    assert_eq!(field(with(CookieMode::ReplaceJar, true)).unwrap(), "c=2");
    assert_eq!(field(with(CookieMode::ReplaceJar, false)).unwrap(), "j=1");
    assert_eq!(field(with(CookieMode::Off, true)).unwrap(), "c=2");
    assert_eq!(field(with(CookieMode::Off, false)), None);
    run(&mut session, with(CookieMode::Off, false), &[answer(200, &[("set-cookie", "n=1")])]).unwrap();
    assert_eq!(session.cookies().len(), 1);
}

#[test]
fn the_cookie_field_has_a_limit_and_says_what_it_left_out() {
    let mut limits = Limits::default();
    limits.cookie_field = "a=1; bb=2; own=3".len();
    let mut session = session().limits(limits).build().unwrap();
    let cookies = [("set-cookie", "a=1"), ("set-cookie", "bb=2"), ("set-cookie", "c=3")];
    run(&mut session, Request::get("http://a.test/"), &[answer(200, &cookies)]).unwrap();
    let mut request = Request::get("http://a.test/");
    request.add_cookie("own", "3");
    let hop = first_hop(&mut session, request);
    assert_eq!(text(&hop, COOKIE).unwrap(), "a=1; bb=2; own=3");
    let delivery = done(session.handle_response(hop, answer(200, &[]), now()).unwrap());
    let story = delivery.history().to_string();
    assert!(
        story.contains("cookie \"c\" of the jar left out: the Cookie field would grow beyond its limit"),
        "{story}"
    );
}

#[test]
fn a_redirect_can_be_followed_by_hand_with_the_same_losses() {
    let mut session = session().redirect(RedirectPolicy::none()).build().unwrap();
    let mut request = Request::new(Method::POST, "https://a.test/login#top");
    request.set_body(RequestBody::replayable(BodySize::Sized(3)));
    request.append_header("authorization", "Own 1").unwrap();
    request.append_header("x-plain", "1").unwrap();
    let to = |location: &str| [answer(307, &[("location", location)])];
    let first = run(&mut session, request, &to("https://b.test/2")).unwrap();
    assert_eq!(first.head().status, 307);
    let next = first.next_request().unwrap().unwrap();
    assert_eq!((next.method(), next.body().size()), (&Method::POST, BodySize::Sized(3)));
    let second = run(&mut session, next, &to("https://a.test/3")).unwrap();
    let hop = first_hop(&mut session, second.next_request().unwrap().unwrap());
    assert_eq!(hop.target().url().as_str(), "https://a.test/3#top");
    assert_eq!(text(&hop, AUTHORIZATION), None);
    assert_eq!(text(&hop, HeaderName::from_static("x-plain")).unwrap(), "1");
    let end = done(session.handle_response(hop, answer(200, &[]), now()).unwrap());
    assert!(end.next_request().is_none());
    assert_eq!(end.history().hops().len(), 3);
}

#[test]
fn a_next_request_is_not_sent_without_its_body() {
    let mut session = session().redirect(RedirectPolicy::none()).build().unwrap();
    let mut upload = Request::new(Method::POST, "https://a.test/");
    upload.set_body(RequestBody::replayable(BodySize::Sized(3)));
    let mut next = |status: u16| {
        let delivered = run(&mut session, upload.clone(), &[answer(status, &[("location", "/2")])]).unwrap();
        let mut next = delivered.next_request().unwrap().unwrap();
        next.set_body(RequestBody::EMPTY);
        session.begin(next, now()).map(|_| ()).map_err(|error| error.kind())
    };
    assert_eq!(next(307), Err(ErrorKind::BodyNotReplayable));
    assert_eq!(next(303), Ok(()), "a GET has none");
}

#[test]
fn what_following_would_refuse_the_next_request_refuses() {
    let mut session = session().redirect(RedirectPolicy::none()).build().unwrap();
    let delivered = run(&mut session, Request::get("http://a.test/"), &[answer(302, &[("location", "ftp://a.test/")])]);
    assert_eq!(delivered.unwrap().next_request().unwrap().unwrap_err().kind(), ErrorKind::RedirectRefused);
    let nowhere = run(&mut session, Request::get("http://a.test/"), &[answer(302, &[])]).unwrap();
    assert!(nowhere.next_request().is_none());
}

#[test]
fn a_preview_shows_what_would_be_sent_and_binds_nothing() {
    let mut session = session().auth(Credential::bearer("t")).build().unwrap();
    let preview = session.preview(Request::get("https://a.test/"), now()).unwrap();
    assert_eq!(preview.head.headers().get(AUTHORIZATION).unwrap(), "Bearer t");
    assert_eq!((preview.framing, preview.reasons.len()), (Framing::None, 1));
    let hop = first_hop(&mut session, Request::get("https://b.test/"));
    assert_eq!(text(&hop, AUTHORIZATION).unwrap(), "Bearer t");
    let preview = session.preview(Request::get("https://a.test/"), now()).unwrap();
    assert!(!preview.head.headers().contains_key(AUTHORIZATION));
    assert_eq!(session.preview(Request::get("x"), now()).unwrap_err().kind(), ErrorKind::InvalidUrl);
}

/// A handshake of two rounds that needs what the server said in each.
struct Handshake;

impl Scheme for Handshake {
    fn name(&self) -> &str {
        "handshake"
    }

    fn ahead(&self, _: &Asked<'_>) -> Option<HeaderValue> {
        Some(HeaderValue::from_static("Handshake hello"))
    }

    fn answer(&self, challenge: &Challenge, asked: &Asked<'_>, round: u32) -> Option<HeaderValue> {
        let token = challenge.token68()?;
        let text = format!("Handshake {round}-{token}-{}-{}", asked.method(), asked.request_target());
        HeaderValue::try_from(text).ok()
    }
}

#[test]
fn a_scheme_of_ones_own_goes_through_its_rounds_and_stays_with_its_origin() {
    let mut session = session().auth(Credential::custom(Handshake)).build().unwrap();
    let challenge = |token: &str| answer(401, &[("www-authenticate", &format!("Basic realm=x, Handshake {token}"))]);
    let hop = first_hop(&mut session, Request::get("https://a.test/x?q"));
    assert_eq!(text(&hop, AUTHORIZATION).unwrap(), "Handshake hello");
    let hop = sent(session.handle_response(hop, challenge("one"), now()).unwrap());
    assert_eq!(text(&hop, AUTHORIZATION).unwrap(), "Handshake 1-one-GET-/x?q");
    let hop = sent(session.handle_response(hop, challenge("two"), now()).unwrap());
    assert_eq!(text(&hop, AUTHORIZATION).unwrap(), "Handshake 2-two-GET-/x?q");
    let hop = sent(session.handle_response(hop, answer(302, &[("location", "https://b.test/")]), now()).unwrap());
    assert_eq!(text(&hop, AUTHORIZATION), None);
    let delivery = done(session.handle_response(hop, challenge("three"), now()).unwrap());
    assert_eq!((delivery.head().status.as_u16(), delivery.history().statuses()), (401, vec![302]));
}

#[test]
fn rounds_of_a_scheme_have_an_end() {
    let mut limits = Limits::default();
    limits.challenge_rounds = 2;
    let mut session = session().limits(limits).auth(Credential::custom(Handshake)).build().unwrap();
    let challenge = || answer(401, &[("www-authenticate", "Handshake again")]);
    let delivery =
        run(&mut session, Request::get("https://a.test/"), &[challenge(), challenge(), challenge()]).unwrap();
    assert_eq!(delivery.history().hops().len(), 3);
    assert!(delivery.history().to_string().contains("challenge answered by the caller's own scheme, round 2"));
}

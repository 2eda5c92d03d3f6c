//! What a snapshot keeps, what it leaves to the program, and what cannot be saved.

use super::credential;
use crate::clock::now;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use session_core::auth::challenge::Challenge;
use session_core::auth::credentials::Credential;
use session_core::auth::digest::asked::Asked;
use session_core::auth::scheme::Scheme;
use session_core::error::{Error, ErrorKind, Phase};
use session_core::message::body::{BodySize, RequestBody};
use session_core::message::head::ResponseHead;
use session_core::message::proxy::ProxyServer;
use session_core::redirect::policy::{Action, RedirectPolicy};
use session_core::retry::failure::{Failure, FailureKind};
use session_core::retry::policy::RetryPolicy;
use session_core::session::Session;
use session_core::session::builder::SessionBuilder;
use session_core::session::request::Request;
use session_core::session::snapshot::{HopSnapshot, Snapshot};
use session_core::session::step::{Hop, Step};
use session_core::time::Now;
use std::time::Duration;

#[test]
fn the_time_between_is_taken_off_by_the_wall_clock() {
    let start = now();
    let mut session = Session::builder().retry(RetryPolicy::new(1)).timeout(Duration::from_secs(60)).build().unwrap();
    let hop = hop(&mut session, start);
    let saved = hop.snapshot(start).unwrap().to_json().unwrap();
    let resumed = |seconds: u64| {
        let later = Now::new(start.instant(), start.wall() + Duration::from_secs(seconds));
        let hop = session.resume_hop(HopSnapshot::from_json(&saved).unwrap(), later).unwrap();
        hop.deadline().unwrap() - later.instant()
    };
    assert_eq!(resumed(0), Duration::from_secs(60));
    assert_eq!(resumed(45), Duration::from_secs(15));
    assert_eq!(resumed(600), Duration::ZERO);
    // A wall clock that was set back takes nothing off and adds nothing.
    let back = Now::new(start.instant(), start.wall() - Duration::from_secs(5));
    let hop = session.resume_hop(HopSnapshot::from_json(&saved).unwrap(), back).unwrap();
    assert_eq!(hop.deadline().unwrap() - back.instant(), Duration::from_secs(60));

    let error = Error::new(ErrorKind::Connect, Phase::Connect, "no address answered");
    let failure = Failure::before_sending(FailureKind::Connect, error);
    let Step::Wait(pause) = session.handle_failure(hop, failure, start).unwrap() else { panic!() };
    let whole = pause.until() - start.instant();
    let saved = pause.snapshot(start).unwrap();
    let later = start.advanced(Duration::from_millis(1));
    assert_eq!(session.resume_pause(saved, later).unwrap().until() - later.instant(), whole - Duration::from_millis(1));
}

#[test]
fn a_proxy_of_the_requests_own_is_kept_for_the_hops_to_come() {
    let mut session = Session::builder().build().unwrap();
    let mut request = Request::get("http://a.test/");
    request.set_proxy(ProxyServer::parse("http://u:p@own.test:81").unwrap());
    let Step::Send(hop) = session.begin(request, now()).unwrap() else { panic!() };
    let saved = hop.snapshot(now()).unwrap().to_json().unwrap();
    let hop = session.resume_hop(HopSnapshot::from_json(&saved).unwrap(), now()).unwrap();
    let mut head = ResponseHead::new(StatusCode::FOUND);
    head.headers.append("location", HeaderValue::from_static("http://b.test/"));
    let Step::Send(next) = session.handle_response(hop, head, now()).unwrap() else { panic!() };
    assert_eq!(next.route().proxy(), Some(&ProxyServer::parse("http://u:p@own.test:81").unwrap()));
}

#[test]
fn a_callback_cannot_be_saved_and_the_error_says_so() {
    let policy = RedirectPolicy::custom(|_| Action::Refuse);
    let mut session = Session::builder().redirect(policy).build().unwrap();
    let hop = hop(&mut session, now());
    let error = hop.snapshot(now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSetting);
    assert!(error.to_string().contains("callback"), "{error}");
}

/// Proves itself by its name alone.
struct Own(&'static str);

impl Scheme for Own {
    fn name(&self) -> &str {
        self.0
    }

    fn ahead(&self, _: &Asked<'_>) -> Option<HeaderValue> {
        Some(HeaderValue::from_static("Own s-own"))
    }

    fn answer(&self, _: &Challenge, _: &Asked<'_>, _: u32) -> Option<HeaderValue> {
        None
    }
}

/// A scheme is code: where it belongs is saved, and the program gives it again.
#[test]
fn a_scheme_of_ones_own_is_given_again_and_keeps_its_origin() {
    let mut session = Session::builder().auth(Credential::custom(Own("Own"))).build().unwrap();
    let hop = hop(&mut session, now());
    let error = hop.snapshot(now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSetting);
    assert!(error.to_string().contains("a scheme of the caller's own cannot be saved"), "{error}");
    let saved = session.snapshot(now()).to_json().unwrap();
    assert!(!saved.contains("s-own"));

    let restored =
        |builder: SessionBuilder<Session>| builder.restore(Snapshot::from_json(&saved).unwrap(), now()).build();
    for builder in [
        Session::builder().auth(Credential::custom(Own("Own"))),
        Session::builder().auth(Credential::custom(Own("Own"))).auth_for("http://b.test", Credential::bearer("t")),
    ] {
        let mut session = restored(builder).unwrap();
        for (url, goes) in [("http://b.test/", false), ("http://a.test/", true)] {
            let Step::Send(hop) = session.begin(Request::get(url), now()).unwrap() else { panic!() };
            assert_eq!(hop.head().headers().contains_key("authorization"), goes, "{url}");
        }
    }
    for builder in [
        Session::builder(),
        Session::builder().auth(Credential::custom(Own("Other"))),
        Session::builder().auth_for("http://b.test", Credential::custom(Own("Own"))),
    ] {
        let error = restored(builder).unwrap_err();
        assert!(error.to_string().contains("session_state.credential; expected a session that is given"), "{error}");
    }
}

#[test]
fn what_is_left_of_the_retries_is_kept_and_no_more_than_the_settings_allow() {
    let retry = |tokens| Session::builder().retry(RetryPolicy::new(9).budget(tokens));
    let mut session = retry(5).build().unwrap();
    let failure = || {
        let error = Error::new(ErrorKind::Connect, Phase::Connect, "no address answered");
        Failure::before_sending(FailureKind::Connect, error)
    };
    let first = hop(&mut session, now());
    assert!(matches!(session.handle_failure(first, failure(), now()), Ok(Step::Wait(_))));
    let saved = session.snapshot(now()).to_json().unwrap();
    let mut session = retry(1000).restore(Snapshot::from_json(&saved).unwrap(), now()).build().unwrap();
    let first = hop(&mut session, now());
    assert!(session.handle_failure(first, failure(), now()).is_err(), "the budget was used up");
    let full = retry(1000).build().unwrap().snapshot(now());
    let mut session = retry(0).restore(full, now()).build().unwrap();
    let first = hop(&mut session, now());
    assert!(session.handle_failure(first, failure(), now()).is_err(), "there is no budget at all");
}

#[test]
fn a_body_is_not_saved_but_its_hashes_are() {
    let mut session = Session::builder().auth(credential(true)).build().unwrap();
    let mut request = Request::new(Method::POST, "http://a.test/");
    request.set_body(RequestBody::replayable(BodySize::Sized(8)));
    request.set_hashable(Bytes::from_static(b"s3cretbody"));
    let Step::Send(hop) = session.begin(request, now()).unwrap() else { panic!() };
    let saved = hop.snapshot(now()).unwrap().to_json().unwrap();
    assert!(!saved.contains("s3cretbody") && saved.contains("SHA-512-256"), "{saved}");
}

#[test]
fn restored_settings_are_the_programs_and_not_the_snapshots() {
    let mut session = Session::builder().https_only(false).default_header("x-a", "1").build().unwrap();
    session.close();
    let saved = session.snapshot(now());
    let builder = Session::builder().restore(saved, now()).https_only(true).default_header("x-b", "2");
    let mut session = builder.timeout(Duration::from_secs(5)).build().unwrap();
    assert!(session.is_closed());
    let names: Vec<&HeaderName> = session.headers().ordinary().keys().collect();
    assert_eq!(names, ["x-a"], "what was known replaces what the builder was given");
    assert_eq!(session.timeouts().total, Some(Duration::from_secs(5)));
    session.restore(Session::builder().build().unwrap().snapshot(now()), now()).unwrap();
    assert!(!session.is_closed());
    assert_eq!(session.begin(Request::get("http://a.test/"), now()).unwrap_err().kind(), ErrorKind::HttpsOnly);
}

fn hop(session: &mut Session, now: Now) -> Hop {
    match session.begin(Request::get("http://a.test/x"), now).unwrap() {
        Step::Send(hop) => hop,
        other => panic!("expected a hop, got {other:?}"),
    }
}

#[test]
fn one_snapshot_makes_several_sessions_and_one_hop_is_resumed_twice() {
    let mut first = Session::builder().auth(Credential::digest("Mufasa", "s-1")).build().unwrap();
    let hop = hop(&mut first, now());
    let (knows, hop) = (first.snapshot(now()), hop.snapshot(now()).unwrap());
    for _ in 0..2 {
        let session = Session::builder().restore(knows.clone(), now()).build().unwrap();
        let resumed = session.resume_hop(hop.clone(), now()).unwrap();
        assert_eq!(resumed.head().uri(), "http://a.test/x");
        assert_eq!(session.diff(&knows, now()), []);
    }
}

//! What makes it short to put the session around a client of somebody else.

use crate::clock::now;
use crate::driver::{answer, done, failure, first_hop, sent};
use http::{Method, Version};
use session_core::retry::failure::{ConnectionAge, FailureKind, Sent};
use session_core::retry::policy::RetryPolicy;
use session_core::{ErrorKind, Request, ResponseHead, Session, Step};
use std::time::Duration;

#[test]
fn the_time_left_of_a_hop_and_of_a_pause_ends_at_nothing() {
    let seconds = Duration::from_secs;
    let policy = RetryPolicy::new(1).backoff(seconds(2), seconds(2));
    let mut session = Session::builder().timeout(seconds(9)).retry(policy).build().unwrap();
    let start = now();
    let hop = sent(session.begin(Request::get("http://a.test/"), start).unwrap());
    assert_eq!(hop.time_left(start), Some(seconds(9)));
    assert_eq!(hop.time_left(start.advanced(seconds(8))), Some(seconds(1)));
    assert_eq!(hop.time_left(start.advanced(seconds(10))), Some(Duration::ZERO));
    let Step::Wait(pause) = session.handle_response(hop, answer(503, &[]), start).unwrap() else { panic!() };
    assert_eq!(pause.time_left(start), seconds(2));
    assert_eq!(pause.time_left(start.advanced(seconds(3))), Duration::ZERO);

    let mut session = Session::builder().build().unwrap();
    assert_eq!(first_hop(&mut session, Request::get("http://a.test/")).time_left(start), None);
}

#[test]
fn an_outcome_is_a_head_or_a_failure() {
    let mut session = Session::builder().build().unwrap();
    let hop = first_hop(&mut session, Request::get("http://a.test/"));
    let hop = sent(session.handle_outcome(hop, Ok(answer(302, &[("location", "/end")])), now()).unwrap());
    assert_eq!(hop.head().uri().path(), "/end");
    let lost = failure(FailureKind::Closed, Sent::All, ConnectionAge::Fresh);
    let error = session.handle_outcome(hop, Err(lost), now()).unwrap_err();
    assert_eq!((error.kind(), error.history().statuses()), (ErrorKind::Incomplete, vec![302]));
}

#[test]
fn requests_and_heads_come_from_the_types_of_the_http_crate() {
    let request = http::Request::post("http://a.test/x").version(Version::HTTP_10).header("x", "1").body(()).unwrap();
    let request = Request::from(request.into_parts().0);
    let mut session = Session::builder().build().unwrap();
    let hop = first_hop(&mut session, request);
    let head = hop.head();
    assert_eq!(
        (head.method(), head.uri().to_string(), head.version()),
        (&Method::POST, "http://a.test/x".into(), Version::HTTP_10)
    );
    assert_eq!(head.headers()["x"], "1");

    let response =
        http::Response::builder().status(201).version(Version::HTTP_10).header("y", "2").body("kept").unwrap();
    let borrowed = ResponseHead::from(&response);
    assert_eq!(
        (borrowed.status.as_u16(), borrowed.version, borrowed.headers["y"].as_bytes()),
        (201, Version::HTTP_10, &b"2"[..])
    );
    assert_eq!(borrowed, ResponseHead::from(response));
    assert_eq!(done(session.handle_response(hop, borrowed, now()).unwrap()).head().status, 201);
}

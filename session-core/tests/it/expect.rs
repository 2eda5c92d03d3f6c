//! `Expect: 100-continue`: when it is sent, what a 417 leads to, and what becomes of a body that nobody read.

use crate::clock::now;
use crate::driver::{answer, done, first_hop, redirect, sent};
use http::Method;
use http::header::EXPECT;
use session_core::error::ErrorKind;
use session_core::message::body::{BodyPlan, BodySize, RequestBody};
use session_core::retry::policy::RetryPolicy;
use session_core::session::Session;
use session_core::session::history::Ending;
use session_core::session::request::Request;
use session_core::session::step::Step;

fn put(body: RequestBody) -> Request {
    let mut request = Request::new(Method::PUT, "http://a.test/x");
    request.expect_continue();
    request.set_body(body);
    request
}

fn session() -> Session {
    Session::builder().build().unwrap()
}

#[test]
fn a_hop_expects_a_100_only_where_it_has_a_body() {
    let whole = first_hop(&mut session(), put(RequestBody::replayable(BodySize::Sized(3))));
    assert!(whole.expects_continue() && whole.head().headers().contains_key(EXPECT));
    let streamed = first_hop(&mut session(), put(RequestBody::once(BodySize::Streaming)));
    assert!(streamed.expects_continue());
    for body in [RequestBody::EMPTY, RequestBody::once(BodySize::Sized(0))] {
        let hop = first_hop(&mut session(), put(body));
        assert!(!hop.expects_continue() && !hop.head().headers().contains_key(EXPECT));
    }
}

#[test]
fn an_expectation_of_the_sessions_is_asked_of_bodies_alone() {
    let mut session = Session::builder().default_header("expect", "100-Continue").build().unwrap();
    assert!(!first_hop(&mut session, Request::get("http://a.test/")).head().headers().contains_key(EXPECT));
    let mut request = Request::new(Method::POST, "http://a.test/");
    request.set_body(RequestBody::replayable(BodySize::Sized(3)));
    assert!(first_hop(&mut session, request).expects_continue());
}

#[test]
fn after_a_417_the_hop_is_sent_once_more_without_expect_and_no_retry_is_counted() {
    let now = now();
    let mut session = Session::builder().retry(RetryPolicy::new(1)).build().unwrap();
    let hop = first_hop(&mut session, put(RequestBody::replayable(BodySize::Sized(3))));
    let again = sent(session.handle_response(hop, answer(417, &[]), now).unwrap());
    assert!(!again.expects_continue() && !again.head().headers().contains_key(EXPECT));
    assert_eq!((again.number(), again.body()), (2, BodyPlan::FromStart));
    // The one retry is still there.
    let step = session.handle_response(again, answer(503, &[]), now).unwrap();
    let Step::Wait(pause) = step else { panic!("expected a pause, got {step:?}") };
    let last = sent(session.handle_timeout(pause.clone(), now.advanced(pause.until() - now.instant())).unwrap());
    assert!(!last.expects_continue());
    // Without an expectation a 417 is an answer like any other.
    let delivery = done(session.handle_response(last, answer(417, &[]), now).unwrap());
    let endings: Vec<Ending> = delivery.history().hops().iter().map(|hop| hop.ending()).collect();
    assert_eq!(endings, [Ending::Retried, Ending::Retried, Ending::Delivered]);
    assert!(delivery.history().to_string().contains("sent again without Expect"), "{}", delivery.history());
}

#[test]
fn a_417_on_a_body_that_is_gone_is_delivered() {
    let once = RequestBody::once(BodySize::Streaming);
    let mut session = session();
    let hop = first_hop(&mut session, put(once));
    done(session.handle_response(hop, answer(417, &[]), now()).unwrap());
    let mut hop = first_hop(&mut session, put(once));
    hop.keep_body();
    let again = sent(session.handle_response(hop, answer(417, &[]), now()).unwrap());
    assert_eq!((again.expects_continue(), again.body()), (false, BodyPlan::Continue));
}

#[test]
fn a_body_that_nobody_read_is_there_for_a_redirect_once() {
    let once = RequestBody::once(BodySize::Streaming);
    let mut session = session();
    let mut hop = first_hop(&mut session, put(once));
    hop.keep_body();
    let next = sent(session.handle_response(hop, redirect(307, "/y"), now()).unwrap());
    assert_eq!(next.body(), BodyPlan::Continue);
    assert!(next.expects_continue(), "the other place is asked too");
    let error = session.handle_response(next, redirect(307, "/z"), now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BodyNotReplayable);
}

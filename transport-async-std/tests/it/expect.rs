//! `Expect: 100-continue` over sockets: who waits, for how long, and what becomes of the body.

use crate::{LONG, bounded, scripted};
use bytes::Bytes;
use futures_core::Stream;
use session_core::error::ErrorKind;
use session_testkit::script::answer::{Answer, Deed};
use session_testkit::script::gate::Gate;
use session_testkit::script::log::Place;
use session_testkit::script::request::{Head, Request};
use session_testkit::script::responder::{Early, with_early};
use session_testkit::server::listen::Server;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use transport_async_std::{Body, Session};

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

/// A server that does this with the head of each body that waits, and answers whole requests with their body.
fn asked(early: impl Fn() -> Early + Send + 'static) -> Server {
    let early = move |head: &Head, _: &Place| if head.text("expect").is_some() { early() } else { Early::Wait };
    scripted(with_early(early, |request: &Request, _: &Place| {
        Answer::ok(request.body.clone()).answer_to(&request.head.method)
    }))
}

/// A session that waits for a 100 as long as for anything.
fn patient() -> Session {
    Session::builder().expect_timeout(LONG * 10).build().unwrap()
}

/// A source that may be read only once the gate is open.
struct Watched {
    gate: Gate,
    piece: Option<Bytes>,
}

impl Watched {
    fn new(gate: &Gate) -> Self {
        Self { gate: gate.clone(), piece: Some(Bytes::from_static(b"abc")) }
    }
}

impl Stream for Watched {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        assert!(self.gate.is_open(), "the body was read before its time");
        Poll::Ready(self.piece.take().map(Ok))
    }
}

#[test]
fn the_body_follows_the_100_and_is_sent_once() {
    bounded(|| async {
        let continued = Gate::new();
        let opens = continued.clone();
        // Said twice, and once more with the answer: that changes nothing.
        let server = asked(move || {
            let hints = Answer::raw("HTTP/1.1 103 Early Hints\r\n\r\n").then(Deed::Open(opens.clone()));
            Early::Interim(hints.then(Deed::Write(CONTINUE.repeat(2).into())))
        });
        let session = patient();
        for _ in 0..2 {
            let body = Body::stream(Watched::new(&continued));
            let response = session.put(server.url("/")).body(body).expect_continue().send().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "abc");
        }
        assert_eq!((server.connections(), server.requests().len()), (1, 2));
    });
}

#[test]
fn any_other_answer_keeps_the_body_and_ends_the_connection() {
    bounded(|| async {
        for status in [200, 401, 413] {
            let server = asked(move || Early::Final(Answer::status(status).body("no").answer_to("PUT")));
            let session = patient();
            let body = Body::stream(Watched::new(&Gate::new()));
            let response = session.put(server.url("/")).body(body).expect_continue().send().await.unwrap();
            assert_eq!(response.status(), status);
            assert_eq!(response.text().await.unwrap(), "no");
            assert_eq!(session.idle_connections(), 0);
            assert!(server.wait_for(LONG, |log| log.ended == 1));
            assert!(server.requests().is_empty(), "no body may come");
        }
    });
}

#[test]
fn silence_ends_the_wait_and_the_body_is_sent() {
    bounded(|| async {
        let server = asked(|| Early::Wait);
        let session = Session::builder().expect_timeout(Duration::from_millis(50)).build().unwrap();
        let response = session.put(server.url("/")).body("abc").expect_continue().send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "abc");
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn a_417_is_asked_again_without_expect_also_with_a_body_that_is_read_once() {
    bounded(|| async {
        let server = asked(|| Early::Final(Answer::status(417).answer_to("PUT")));
        let session = patient();
        let opened = Gate::new();
        opened.open();
        let once = Body::stream(Watched::new(&opened));
        for body in [Body::from("abc"), once] {
            let response = session.put(server.url("/")).body(body).expect_continue().send().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "abc");
        }
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert!(requests.iter().all(|request| request.head.text("expect").is_none()));
    });
}

#[test]
fn a_server_that_goes_away_instead_of_answering_is_an_error() {
    bounded(|| async {
        let server = asked(|| Early::Final(Answer::closed()));
        let error = patient().put(server.url("/")).body("abc").expect_continue().send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incomplete);
        let server = asked(|| Early::Interim(Answer::raw(CONTINUE)));
        let total = Duration::from_millis(100);
        let silent = asked(|| Early::Wait);
        let error =
            patient().put(silent.url("/")).body("abc").timeout(total).expect_continue().send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        // A request without a body asks nothing.
        let response = patient().get(server.url("/")).expect_continue().send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(server.requests().iter().all(|request| request.head.text("expect").is_none()));
    });
}

#[test]
fn a_refusal_after_the_100_stops_the_upload() {
    bounded(|| async {
        let server = asked(|| {
            let refusal = Answer::status(413).body("too large").answer_to("PUT").into_deeds();
            Early::Final(refusal.into_iter().fold(Answer::raw(CONTINUE), Answer::then).then(Deed::Wait(Gate::new())))
        });
        let body = vec![b'x'; 64 << 20];
        let response = patient().put(server.url("/")).body(body).expect_continue().send().await.unwrap();
        assert_eq!(response.status(), 413);
        assert_eq!(response.text().await.unwrap(), "too large");
    });
}

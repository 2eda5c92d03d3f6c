//! Request bodies of every kind, and servers that do not want them.

use crate::{LONG, bounded, scripted, server};
use http::{HeaderMap, HeaderValue};
use session_core::error::{ErrorKind, Phase};
use session_testkit::script::answer::{Answer, Deed};
use session_testkit::script::gate::Gate;
use session_testkit::script::log::Place;
use session_testkit::script::request::{Head, Request};
use session_testkit::script::responder::{Early, with_early};
use session_testkit::server::listen::Server;
use std::io::{self, Cursor, Read};
use std::sync::mpsc;
use std::time::Duration;
use transport_blocking::{Body, Session};

/// A server that tells how long each body was.
fn measure() -> Server {
    server(|request| Answer::ok(request.body.len().to_string()))
}

/// A server that does this with the head of each body, and answers requests without one.
fn early(answer: Answer) -> Server {
    let early = move |_: &Head, _: &Place| Early::Final(answer.clone());
    scripted(with_early(early, |_: &Request, _: &Place| Answer::ok("fine").answer_to("GET")))
}

/// Bytes that are not all alike.
fn sample(length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..251).collect::<Vec<u8>>().repeat(length / 251 + 1);
    bytes.truncate(length);
    bytes
}

#[test]
fn bodies_arrive_whole() {
    bounded(|| {
        let server = measure();
        let session = Session::new();
        for length in [0, 1, 1000, 70_000, 3_000_000] {
            let bytes = sample(length);
            let source = bytes.clone();
            for body in [
                Body::from(bytes.clone()),
                Body::reader(Cursor::new(bytes.clone())),
                Body::sized_reader(Cursor::new(bytes.clone()), length as u64),
                Body::replayable(None, move || Ok(Cursor::new(source.clone()))),
            ] {
                let kind = format!("{body:?}");
                let answer = session.put(server.url("/")).body(body).send().unwrap().text().unwrap();
                assert_eq!(answer, length.to_string(), "{kind}");
                assert_eq!(server.requests().last().unwrap().body, bytes, "{kind}");
            }
        }
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn a_body_that_is_not_as_long_as_declared_is_an_error() {
    bounded(|| {
        for (given, declared) in [(5, 6), (6, 5), (0, 1), (200_000, 200_001), (200_001, 200_000)] {
            let server = measure();
            let session = Session::new();
            let body = Body::sized_reader(Cursor::new(sample(given)), declared);
            let error = session.post(server.url("/")).body(body).send().unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Body, Phase::Send), "{given} of {declared}: {error}");
            assert_eq!(error.url().unwrap().as_str(), server.url("/"));
            assert_eq!(session.idle_connections(), 0);
            assert_eq!(session.post(server.url("/")).body("abc").send().unwrap().text().unwrap(), "3");
        }
    });
}

#[test]
fn a_source_that_fails_leaves_the_body_without_an_end() {
    bounded(|| {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let server = measure();
        let session = Session::new();
        let body = Body::reader(Cursor::new(sample(10)).chain(Failing));
        let error = session.post(server.url("/")).body(body).send().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Body, Phase::Send));
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "the disk is gone");
        assert_eq!(session.post(server.url("/")).body("abc").send().unwrap().text().unwrap(), "3");
        assert!(server.wait_for(LONG, |log| log.ended == 1));
        let log = server.log();
        assert_eq!((log.requests.len(), log.faults.len()), (1, 1), "{:?}", log.faults);
        assert!(log.faults[0].contains("ended within a request"), "{:?}", log.faults);
    });
}

#[test]
fn a_source_that_takes_longer_than_the_request_may_ends_it_and_not_the_body() {
    bounded(|| {
        /// Gives its end too late: nobody ever sends what it waits for.
        struct Late(mpsc::Receiver<()>, Duration);
        impl Read for Late {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                assert_eq!(self.0.recv_timeout(self.1), Err(mpsc::RecvTimeoutError::Timeout));
                Ok(0)
            }
        }
        let allowed = Duration::from_millis(300);
        for (total, idle) in [(allowed, LONG), (LONG, allowed)] {
            let server = measure();
            let session = Session::builder().timeout(total).read_timeout(idle).build().unwrap();
            let (_sender, receiver) = mpsc::channel();
            let body = Body::reader(Cursor::new(sample(10)).chain(Late(receiver, allowed + allowed / 3)));
            let error = session.post(server.url("/")).body(body).send().unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Send), "{error}");
            assert!(server.wait_for(LONG, |log| log.ended == 1));
            let log = server.log();
            assert_eq!((log.requests.len(), log.faults.len()), (0, 1), "{:?}", log.faults);
            assert!(log.faults[0].contains("ended within a request"), "{:?}", log.faults);
        }
    });
}

#[test]
fn a_redirect_takes_the_body_along_where_it_can() {
    bounded(|| {
        let server = server(|request| match request.head.line().as_str() {
            "PUT /old HTTP/1.1" => Answer::status(307).field("location", "/new"),
            _ => Answer::ok(request.body.clone()),
        });
        let session = Session::new();
        for body in [Body::from("abc"), Body::replayable(Some(3), || Ok(Cursor::new("abc")))] {
            assert_eq!(session.put(server.url("/old")).body(body).send().unwrap().text().unwrap(), "abc");
        }
        let error = session.put(server.url("/old")).body(Body::reader(Cursor::new("abc"))).send().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BodyNotReplayable);
        assert!(error.is_redirect());
    });
}

/// The bodies that an early answer must stop: 1 MiB, much more than the sockets hold, and one without end.
fn large() -> [Body; 3] {
    [Body::from(sample(1 << 20)), Body::from(sample(64 << 20)), Body::reader(io::repeat(b'x'))]
}

#[test]
fn an_early_answer_stops_the_upload() {
    bounded(|| {
        // The server closes, resets, waits and reads no more, or reads on for ever.
        for then in [Deed::Close, Deed::Reset, Deed::Wait(Gate::new()), Deed::Stall] {
            let refusal = Answer::status(413).body("too large").answer_to("POST");
            let server = early(refusal.then(then.clone()));
            for body in large() {
                // No deadline ends this test before the watchdog does.
                let session = Session::builder().read_timeout(LONG * 10).build().unwrap();
                let kind = format!("{then:?} {body:?}");
                let response = session.post(server.url("/")).body(body).send().unwrap();
                assert_eq!(response.status(), 413, "{kind}");
                assert_eq!(response.text().unwrap(), "too large", "{kind}");
                // What the sockets hold may have been written before the answer was there; then the connection is kept.
                if !kind.contains("1048576") || session.idle_connections() == 0 {
                    assert_eq!(session.idle_connections(), 0, "{kind}");
                    assert_eq!(session.get(server.url("/")).send().unwrap().text().unwrap(), "fine", "{kind}");
                }
            }
        }
    });
}

#[test]
fn what_is_no_refusal_does_not_stop_the_upload() {
    bounded(|| {
        for (first, late) in [("HTTP/1.1 103 Early Hints\r\n\r\n", true), ("HTTP/1.1 200 OK\r\ncontent-", false)] {
            let early = move |_: &Head, _: &Place| {
                let answer = Answer::raw(first);
                Early::Interim(if late { answer } else { answer.then(Deed::Write("length: 7\r\n\r\n".into())) })
            };
            let whole = move |request: &Request, _: &Place| {
                let length = request.body.len().to_string();
                if late { Answer::ok(length).answer_to("POST") } else { Answer::raw(length) }
            };
            let server = scripted(with_early(early, whole));
            let response = Session::new().post(server.url("/")).body(sample(5_000_000)).send().unwrap();
            assert_eq!(response.text().unwrap(), "5000000");
        }
    });
}

#[test]
fn a_server_that_stops_reading_is_given_up() {
    bounded(|| {
        let server = early(Answer::default().then(Deed::Wait(Gate::new())));
        let session = Session::builder().read_timeout(Duration::from_millis(400)).build().unwrap();
        let error = session.post(server.url("/")).body(sample(64 << 20)).send().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Send));
        assert_eq!(session.get(server.url("/")).send().unwrap().text().unwrap(), "fine");
    });
}

/// A source without end that opens a gate once a mebibyte was read of it.
struct Opening {
    read: usize,
    gate: Gate,
}

impl Read for Opening {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read += buffer.len();
        if self.read >= 1 << 20 {
            self.gate.open();
        }
        buffer.fill(b'x');
        Ok(buffer.len())
    }
}

#[test]
fn a_server_that_reads_no_more_but_answers_is_heard() {
    bounded(|| {
        let (sent, never) = (Gate::new(), Gate::new());
        let refusal = Answer::status(401).body("no").answer_to("POST").into_deeds();
        let answer = refusal.into_iter().fold(Answer::default().then(Deed::Wait(sent.clone())), Answer::then);
        let server = early(answer.then(Deed::Wait(never)));
        let session = Session::builder().read_timeout(LONG * 10).build().unwrap();
        let body = Body::reader(Opening { read: 0, gate: sent });
        let response = session.post(server.url("/")).body(body).send().unwrap();
        assert_eq!(response.status(), 401);
        assert_eq!(response.text().unwrap(), "no");
    });
}

#[test]
fn trailers_follow_the_body() {
    bounded(|| {
        let server = measure();
        let session = Session::new();
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", HeaderValue::from_static("42"));
        for _ in 0..2 {
            let request = session.put(server.url("/")).body("abc").trailers(trailers.clone());
            assert_eq!(request.send().unwrap().text().unwrap(), "3");
            let request = server.requests().pop().unwrap();
            assert_eq!((request.head.text("trailer"), request.head.text("content-length")), (Some("x-sum"), None));
            assert!(request.raw.ends_with(b"\r\n0\r\nx-sum: 42\r\n\r\n"));
        }
        assert_eq!(server.connections(), 1);
    });
}

//! CX: what happens on a connection before, between and after messages.

use crate::clock::now;
use crate::driver::{answer, connect, failure, first_hop, redirect, run};
use crate::read::{Read, Reader, asked, events, read};
use bytes::BytesMut;
use http::Method;
use session_core::error::ErrorKind;
use session_core::h1::{CloseReason, Connection, PeerErrorKind, RecvBuffer, Reuse, TargetForm};
use session_core::limits::Limits;
use session_core::message::body::{BodyPlan, BodySize, Framing, RequestBody};
use session_core::message::proxy::ProxyServer;
use session_core::proxy::select::ProxyConfig;
use session_core::retry::failure::{ConnectionAge, FailureKind, Sent};
use session_core::session::Session;
use session_core::session::request::Request;

#[test]
fn cx_01_a_response_that_nobody_asked_for_is_never_an_answer() {
    let limits = Limits::default();
    let mut connection = asked("GET", &limits);
    let mut input = RecvBuffer::new();
    input.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let mut first = Read::default();
    events(&mut connection, &mut input, &mut first);
    assert_eq!(connection.reuse(&input), Reuse::Keep);
    // It comes while the connection lies idle.
    input.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
    assert_eq!(connection.reuse(&input), Reuse::Close(CloseReason::LeftoverBytes));
    assert!(connection.start_next_cycle(&input).is_err());
    // It comes on a connection on which nothing was asked.
    let mut fresh = Connection::new(&limits);
    let mut pushed = Read::default();
    events(&mut fresh, &mut input, &mut pushed);
    assert_eq!((pushed.error, pushed.head), (Some(PeerErrorKind::UnexpectedBytes), None));
}

#[test]
fn cx_02_bytes_after_the_end_close_the_connection() {
    for (method, response) in [
        ("GET", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
        ("GET", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No\r\n\r\n"),
        ("GET", "HTTP/1.1 304 No\r\ncontent-length: 2\r\n\r\n"),
    ] {
        let reader = Reader { method, ..Reader::default() };
        let clean = reader.read(response);
        assert!(clean.is_kept() && clean.trailers.is_some(), "{response:?}");
        let more = reader.read(format!("{response}HTTP/1.1 200 OK\r\n\r\n"));
        assert_eq!((more.error, more.reuse), (None, Some(Reuse::Close(CloseReason::LeftoverBytes))), "{response:?}");
        assert_eq!((more.head, more.body), (clean.head, clean.body));
    }
}

#[test]
fn cx_03_an_answer_before_the_request_is_over_ends_the_connection_unless_it_is_completed() {
    for completes in [false, true] {
        let mut connection = Connection::new(&Limits::default());
        let mut out = BytesMut::new();
        let head = http::Request::post("http://a.test/").header("expect", "100-continue").body(()).unwrap();
        connection.send_head(&head, TargetForm::Origin, Framing::Length(5), &mut out).unwrap();
        let mut input = RecvBuffer::new();
        input.extend_from_slice(b"HTTP/1.1 417 No\r\ncontent-length: 0\r\n\r\n");
        let mut early = Read::default();
        events(&mut connection, &mut input, &mut early);
        assert_eq!(early.head.unwrap().status, 417);
        if completes {
            connection.send_data(5).unwrap();
            connection.send_end(&mut out).unwrap();
        }
        assert_eq!(connection.reuse(&input) == Reuse::Keep, completes);
    }
}

#[test]
fn cx_04_interim_responses_take_no_turn() {
    let limits = Limits::default();
    let mut connection = asked("GET", &limits);
    let mut input = RecvBuffer::new();
    input.extend_from_slice(b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody");
    let mut first = Read::default();
    events(&mut connection, &mut input, &mut first);
    assert_eq!((first.interim, &first.body[..]), (1, &b"body"[..]));
    connection.start_next_cycle(&input).unwrap();
    let head = http::Request::head("http://a.test/").body(()).unwrap();
    let mut out = BytesMut::new();
    connection.send_head(&head, TargetForm::Origin, Framing::None, &mut out).unwrap();
    connection.send_end(&mut out).unwrap();
    input.extend_from_slice(b"HTTP/1.1 103 E\r\ncontent-length: 9\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n");
    let mut second = Read::default();
    events(&mut connection, &mut input, &mut second);
    assert_eq!((second.interim, second.body.len(), second.error), (1, 0, None));
    assert!(second.trailers.is_some() && connection.reuse(&input) == Reuse::Keep);
}

#[test]
fn cx_05_interim_responses_end_at_their_limit() {
    for status in ["100 Continue", "102 Processing", "103 Early"] {
        let read = read(format!("HTTP/1.1 {status}\r\n\r\n").repeat(1000));
        assert_eq!((read.error, read.interim), (Some(PeerErrorKind::Limit), Limits::default().interim_responses));
        assert!(!read.is_kept());
    }
}

/// Whatever cuts a message off, the connection knows.
#[test]
fn cx_06_a_message_that_is_not_over_closes_its_connection() {
    let response = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx: y\r\n\r\n";
    for length in 0..response.len() {
        let cut = read(&response[..length]);
        assert!(!cut.is_kept(), "after {length} bytes: {cut:?}");
    }
    assert!(read(response).is_kept());
    let mut connection = asked("GET", &Limits::default());
    connection.send_failed();
    assert_ne!(connection.reuse(&RecvBuffer::new()), Reuse::Keep);
}

#[test]
fn cx_08_a_tunnel_that_is_refused_gets_nothing_of_the_request() {
    let proxies = ProxyConfig::new().all(ProxyServer::parse("http://p.test").unwrap());
    let mut session = Session::builder().proxy(proxies).build().unwrap();
    let mut request = Request::new(Method::POST, "https://a.test/s-path");
    request.append_header("x-own", "s-own").unwrap();
    request.set_body(RequestBody::once(BodySize::Streaming));
    let hop = first_hop(&mut session, request);
    assert!(!connect(&hop).contains("s-"), "{}", connect(&hop));
    let refused = failure(FailureKind::Proxy, Sent::Nothing, ConnectionAge::Fresh);
    assert_eq!(session.handle_failure(hop, refused, now()).unwrap_err().kind(), ErrorKind::Incomplete);
    // Whatever a proxy answers to CONNECT, only a 2xx makes it a tunnel, and what follows is not HTTP any more.
    for (status, tunnel) in [("200", true), ("201", true), ("407", false), ("500", false), ("302", false)] {
        let mut connection = Connection::new(&Limits::default());
        let head = http::Request::connect("a.test:443").body(()).unwrap();
        let mut out = BytesMut::new();
        connection.send_head(&head, TargetForm::Authority, Framing::None, &mut out).unwrap();
        connection.send_end(&mut out).unwrap();
        let mut input = RecvBuffer::new();
        input.extend_from_slice(format!("HTTP/1.1 {status} X\r\ncontent-length: 3\r\n\r\nabc").as_bytes());
        let mut read = Read::default();
        events(&mut connection, &mut input, &mut read);
        assert_eq!(connection.reuse(&input) == Reuse::Switched, tunnel, "{status}");
        assert_eq!((read.body.is_empty(), input.as_slice() == b"abc"), (tunnel, tunnel), "{status}");
    }
}

#[test]
fn cx_09_a_body_starts_at_its_start_for_each_attempt_or_is_not_sent() {
    let stale = crate::driver::Outcome::Failure(FailureKind::Closed, Sent::Part, ConnectionAge::Reused);
    let mut request = Request::new(Method::PUT, "http://a.test/");
    request.set_body(RequestBody::replayable(BodySize::Sized(5)));
    let outcomes = [stale.clone(), redirect(307, "/x").into(), stale.clone(), answer(200, &[]).into()];
    let replayed = run(&mut Session::builder().build().unwrap(), request, outcomes);
    assert_eq!(replayed.hops.len(), 4);
    assert!(replayed.hops.iter().all(|hop| hop.body() == BodyPlan::FromStart && hop.framing() == Framing::Length(5)));
    let mut once = Request::new(Method::PUT, "http://a.test/");
    once.set_body(RequestBody::once(BodySize::Sized(5)));
    let failed = run(&mut Session::builder().build().unwrap(), once, [stale]);
    assert_eq!((failed.hops.len(), failed.error()), (1, ErrorKind::Incomplete));
}

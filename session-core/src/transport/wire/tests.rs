//! What a transport is told at each point of a cycle, with bytes that come from nowhere.

use super::{AfterSend, MUCH, Piece, Skipped, WireState};
use crate::error::{ErrorKind, Phase};
use crate::limits::Limits;
use crate::message::body::{BodySize, RequestBody};
use crate::message::proxy::ProxyServer;
use crate::proxy::select::ProxyConfig;
use crate::retry::failure::{ConnectionAge, Failure, FailureKind, Sent};
use crate::session::Session;
use crate::session::request::Request;
use crate::session::step::{Hop, Step};
use crate::time::Now;
use crate::tls::error::{TlsError, TlsErrorKind};
use crate::transport::cause::Cause;
use http::Method;
use std::io;
use std::time::{Duration, Instant, SystemTime};

fn now() -> Now {
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
    Now::new(Instant::now(), SystemTime::UNIX_EPOCH)
}

fn hop(method: Method, body: BodySize) -> Hop {
    let mut request = Request::new(method, "http://a.test/x");
    request.set_body(RequestBody::replayable(body));
    hop_of(request)
}

fn hop_of(request: Request) -> Hop {
    hop_in(&mut Session::builder().build().unwrap(), request)
}

fn hop_in(session: &mut Session, request: Request) -> Hop {
    match session.begin(request, now()).unwrap() {
        Step::Send(hop) => hop,
        other => panic!("expected a hop, got {other:?}"),
    }
}

fn receive(wire: &mut WireState, bytes: &[u8]) {
    wire.spare()[..bytes.len()].copy_from_slice(bytes);
    wire.received(bytes.len());
}

/// A connection on which a GET was written.
fn asked() -> WireState {
    let mut wire = WireState::new(&Limits::default());
    ask(&mut wire);
    wire
}

fn ask(wire: &mut WireState) {
    wire.send_head(&hop(Method::GET, BodySize::Empty)).unwrap();
    wire.send_end().unwrap();
    write(wire);
}

fn write(wire: &mut WireState) -> Vec<u8> {
    let out = wire.take_out();
    wire.wrote(out.len());
    let written = out.to_vec();
    wire.reclaim(out);
    written
}

/// A connection on which the head of a POST was written, and nothing of its body of 9 bytes.
fn uploading() -> WireState {
    let mut wire = WireState::new(&Limits::default());
    wire.send_head(&hop(Method::POST, BodySize::Sized(9))).unwrap();
    write(&mut wire);
    wire
}

fn answered(wire: &mut WireState, response: &[u8]) {
    assert!(matches!(wire.after_send(Ok(())).unwrap(), AfterSend::Awaited(None)));
    receive(wire, response);
    let head = wire.next_head().unwrap().unwrap();
    wire.accept(&head);
}

fn broken() -> Cause {
    Cause::Io(io::ErrorKind::BrokenPipe.into())
}

fn told(failure: &Failure) -> (FailureKind, Sent, ErrorKind, Phase) {
    (failure.kind(), failure.sent(), failure.error().kind(), failure.error().phase())
}

#[test]
fn a_request_is_written_piece_by_piece() {
    let mut wire = WireState::new(&Limits::default());
    wire.send_head(&hop(Method::PUT, BodySize::Streaming)).unwrap();
    assert!(!wire.has_written());
    let head = write(&mut wire);
    assert!(head.starts_with(b"PUT /x HTTP/1.1\r\nhost: a.test\r\n"), "{}", head.escape_ascii());
    let frame = wire.send_data(3).unwrap();
    assert_eq!((write(&mut wire).as_slice(), frame.suffix()), (&b"3\r\n"[..], &b"\r\n"[..]));
    wire.send_end().unwrap();
    assert_eq!(write(&mut wire), b"0\r\n\r\n");
    assert!(wire.has_written());
}

#[test]
fn the_peer_is_looked_for_before_each_write_but_where_much_was_taken_just_now() {
    let mut wire = WireState::new(&Limits::default());
    let begun = now().instant();
    let at = |micros| begun + Duration::from_micros(micros);
    wire.send_head(&hop(Method::PUT, BodySize::Streaming)).unwrap();
    assert!(!wire.is_look_due(at(0)));
    wire.wrote(MUCH);
    assert!(wire.is_look_due(at(0)) && !wire.is_look_due(at(99)) && wire.is_look_due(at(100)));
    assert!(!wire.is_look_due(at(199)));
    wire.wrote(MUCH - 1);
    assert!(wire.is_look_due(at(199)) && wire.is_look_due(at(199)));
}

#[test]
fn a_plain_proxy_is_told_the_whole_url_and_an_origin_its_path() {
    for (proxy, line) in
        [("http://p.test", "GET http://a.test:81/x?q HTTP/1.1"), ("socks5h://p.test", "GET /x?q HTTP/1.1")]
    {
        let proxies = ProxyConfig::new().all(ProxyServer::parse(proxy).unwrap());
        let mut session = Session::builder().proxy(proxies).build().unwrap();
        let Ok(Step::Send(hop)) = session.begin(Request::get("http://u:p@a.test:81/x?q#top"), now()) else {
            panic!("no hop")
        };
        let mut wire = WireState::new(&Limits::default());
        wire.send_head(&hop).unwrap();
        assert!(!format!("{wire:?}").contains("authorization"), "what waits to be written is not shown");
        let head = String::from_utf8(write(&mut wire)).unwrap();
        assert!(head.starts_with(&format!("{line}\r\nhost: a.test:81\r\n")), "{head}");
    }
}

/// A TLS connection that is cut is like one in clear text that ends: what counts is what the peer had said.
#[test]
fn tls_that_is_cut_while_a_body_is_sent_is_the_end_of_the_response() {
    let cut = || Cause::Tls(TlsError::new(TlsErrorKind::Truncated));
    let mut wire = uploading();
    let failure = wire.after_send(Err(cut())).unwrap_err();
    assert_eq!(told(&failure), (FailureKind::Closed, Sent::Part, ErrorKind::Incomplete, Phase::Head));
    let mut wire = uploading();
    receive(&mut wire, b"HTTP/1.1 200 ");
    wire.look().unwrap();
    let failure = wire.after_send(Err(cut())).unwrap_err();
    assert_eq!(told(&failure), (FailureKind::Incomplete, Sent::Part, ErrorKind::Incomplete, Phase::Head));
    let mut wire = uploading();
    receive(&mut wire, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    wire.look().unwrap();
    assert!(matches!(wire.after_send(Err(cut())), Ok(AfterSend::Answered(_))));
}

#[test]
fn a_refusal_ends_the_sending_and_a_success_does_not() {
    for (head, refused) in [(&b"HTTP/1.1 413 No\r\n\r\n"[..], true), (b"HTTP/1.1 200 OK\r\n\r\n", false)] {
        let mut wire = uploading();
        wire.look().unwrap();
        assert!(wire.early.is_none());
        receive(&mut wire, head);
        wire.look().unwrap();
        assert_eq!((wire.early.is_some(), wire.is_refused()), (true, refused));
        let AfterSend::Answered(head) = wire.after_send(Ok(())).unwrap() else { panic!("the head has come") };
        wire.accept(&head);
        assert_eq!(wire.is_worth_draining(0), !refused, "who refused may never read the rest");
    }
}

#[test]
fn a_head_that_came_outweighs_a_connection_that_broke() {
    let mut wire = uploading();
    receive(&mut wire, b"HTTP/1.1 200 OK\r\n\r\n");
    wire.look().unwrap();
    assert!(matches!(wire.after_send(Err(broken())).unwrap(), AfterSend::Answered(_)));
}

#[test]
fn where_writing_broke_an_answer_is_looked_for_and_the_first_fault_is_told() {
    let mut wire = uploading();
    let AfterSend::Awaited(Some(cause)) = wire.after_send(Err(broken())).unwrap() else { panic!("no look") };
    let late = Cause::Io(io::ErrorKind::ConnectionReset.into());
    let failure = wire.no_answer(late, Some(cause));
    assert_eq!(told(&failure), (FailureKind::Reset, Sent::Part, ErrorKind::Incomplete, Phase::Send));
    assert_eq!(failure.connection(), ConnectionAge::Fresh);

    let mut wire = uploading();
    let AfterSend::Awaited(broken) = wire.after_send(Err(broken())).unwrap() else { panic!("no look") };
    receive(&mut wire, b"HTTP/1.1 4");
    assert!(wire.next_head().unwrap().is_none());
    let failure = wire.no_answer(Cause::Io(io::ErrorKind::ConnectionReset.into()), broken);
    assert_eq!(told(&failure), (FailureKind::Incomplete, Sent::Part, ErrorKind::Incomplete, Phase::Head));
}

#[test]
fn a_hop_fails_by_what_was_written_of_it() {
    let mut busy = asked();
    let refused = busy.send_head(&hop(Method::GET, BodySize::Empty)).unwrap_err();
    let failure = busy.after_send(Err(refused.into())).unwrap_err();
    assert_eq!(told(&failure), (FailureKind::Request, Sent::Nothing, ErrorKind::Unsupported, Phase::Send));

    let mut wire = uploading();
    let short = wire.send_end().unwrap_err();
    let failure = wire.after_send(Err(short.into())).unwrap_err();
    assert_eq!(told(&failure), (FailureKind::Body, Sent::Part, ErrorKind::Body, Phase::Send));

    let mut wire = uploading();
    receive(&mut wire, b"SSH-2.0\r\n\r\n");
    let garbage = wire.look().unwrap_err();
    let failure = wire.after_send(Err(garbage.into())).unwrap_err();
    assert_eq!(told(&failure), (FailureKind::Protocol, Sent::Part, ErrorKind::Protocol, Phase::Head));

    let mut wire = asked();
    assert!(matches!(wire.after_send(Ok(())), Ok(AfterSend::Awaited(None))));
    wire.received(0);
    let closed = wire.next_head().unwrap_err();
    let failure = wire.no_answer(closed.into(), None);
    assert_eq!(told(&failure), (FailureKind::Closed, Sent::All, ErrorKind::Incomplete, Phase::Head));
}

#[test]
fn a_body_of_known_length_goes_straight_to_the_caller() {
    let mut wire = asked();
    answered(&mut wire, b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab");
    assert!(matches!(wire.next_piece().unwrap(), Some(Piece::Data(data)) if data == "ab"));
    assert!(wire.next_piece().unwrap().is_none());
    assert_eq!(wire.body_remaining(), Some(3));
    assert!(wire.direct_room(None).is_none() && wire.direct_room(Some(&mut [])).is_none());
    let mut buffer = [0; 9];
    assert_eq!(wire.direct_room(Some(&mut buffer)).unwrap().len(), 3);
    assert!(matches!(wire.received_directly(3).unwrap(), Some(Piece::Direct(3))));
    assert!(matches!(wire.next_piece().unwrap(), Some(Piece::End(_))));
    assert!(wire.start_next());

    let mut wire = asked();
    answered(&mut wire, b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    assert!(wire.next_piece().unwrap().is_none());
    assert!(wire.received_directly(0).unwrap().is_none());
    let error = wire.next_piece().unwrap_err().into_error(Phase::Body);
    assert_eq!(error.kind(), ErrorKind::Incomplete);
}

#[test]
fn an_unwanted_body_is_passed_over_up_to_its_bound() {
    let mut wire = asked();
    answered(&mut wire, b"HTTP/1.1 302 Found\r\ncontent-length: 5\r\n\r\nab");
    assert!(wire.is_worth_draining(5) && !wire.is_worth_draining(4));
    let mut left = 5;
    assert_eq!((wire.skip_arrived(&mut left), left), (Skipped::Some, 3));
    assert!(!wire.drain_arrived());
    receive(&mut wire, b"cde");
    assert_eq!((wire.skip_arrived(&mut left), left), (Skipped::All, 0));

    let mut wire = asked();
    answered(&mut wire, b"HTTP/1.1 302 Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n");
    assert!(wire.is_worth_draining(2));
    assert_eq!(wire.skip_arrived(&mut 2), Skipped::TooMuch);

    let mut wire = asked();
    answered(&mut wire, b"HTTP/1.1 302 Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    assert!(!wire.is_worth_draining(5));
}

#[test]
fn a_connection_is_kept_for_as_long_as_the_response_says_and_then_reused() {
    let mut wire = asked();
    answered(&mut wire, b"HTTP/1.1 200 OK\r\nkeep-alive: timeout=7\r\ncontent-length: 0\r\n\r\n");
    assert!(!wire.start_next(), "the response has not ended");
    assert!(wire.drain_arrived());
    assert!(wire.start_next());
    assert_eq!(wire.keep(), Some(Duration::from_secs(7)));
    ask(&mut wire);
    wire.received(0);
    let closed = wire.next_head().unwrap_err();
    assert_eq!(wire.no_answer(closed.into(), None).connection(), ConnectionAge::Reused);
}

#[test]
fn what_comes_on_an_idle_connection_ends_it_but_for_one_empty_line() {
    let idle = || {
        let mut wire = asked();
        answered(&mut wire, b"HTTP/1.1 204 No Content\r\n\r\n");
        assert!(wire.drain_arrived() && wire.start_next());
        wire
    };
    for (bytes, usable) in [(&b"\r\n"[..], true), (b"", false), (b"x", false), (b"HTTP/1.1 200 OK\r\n\r\n", false)] {
        let mut wire = idle();
        wire.spare()[..bytes.len()].copy_from_slice(bytes);
        assert_eq!(wire.is_usable_after(bytes.len()), usable, "{}", bytes.escape_ascii());
    }
}

/// A connection on which the head of a POST was written that expects a 100.
fn expecting() -> WireState {
    let mut request = Request::new(Method::POST, "http://a.test/x");
    request.set_body(RequestBody::replayable(BodySize::Sized(9)));
    request.expect_continue();
    let mut wire = WireState::new(&Limits::default());
    wire.send_head(&hop_of(request)).unwrap();
    write(&mut wire);
    assert!(wire.awaits_continue());
    wire
}

#[test]
fn a_body_waits_for_a_100_and_for_nothing_else() {
    let mut wire = expecting();
    receive(&mut wire, b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Cont");
    wire.look().unwrap();
    assert!(wire.awaits_continue());
    receive(&mut wire, b"inue\r\n\r\n");
    wire.look().unwrap();
    assert!(!wire.awaits_continue() && !wire.is_refused());
    // A second one says nothing new; nor does one that nobody asked for.
    receive(&mut wire, b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
    wire.look().unwrap();
    assert!(wire.early.is_some() && !wire.is_refused());
    assert!(!uploading().awaits_continue());

    let mut late = expecting();
    late.stop_awaiting();
    assert!(!late.awaits_continue() && !late.is_refused());
}

#[test]
fn any_answer_in_place_of_a_100_keeps_the_body_and_ends_the_connection() {
    for status in ["200 OK", "417 No", "401 Who", "307 There"] {
        let mut wire = expecting();
        receive(&mut wire, format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").as_bytes());
        wire.look().unwrap();
        assert!(!wire.awaits_continue() && wire.is_refused(), "{status}");
        let AfterSend::Answered(head) = wire.after_send(Ok(())).unwrap() else { panic!("the head has come") };
        wire.accept(&head);
        assert!(wire.drain_arrived() && !wire.start_next(), "{status}: no body was sent");
    }
}

#[test]
fn an_answer_is_read_while_the_request_is_written_up_to_its_bound() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n";
    let limits = Limits { read_ahead: 4, ..Limits::default() };
    let mut wire = WireState::new(&limits);
    wire.send_head(&hop(Method::POST, BodySize::Sized(9))).unwrap();
    receive(&mut wire, head);
    wire.look().unwrap();
    // The head is not among what is held.
    receive(&mut wire, b"abc");
    assert!(wire.listens());
    receive(&mut wire, b"d");
    assert!(!wire.listens() && !wire.is_refused());

    // Where nothing comes after the answer, nobody waits for the rest of the body.
    let mut wire = uploading();
    receive(&mut wire, head);
    receive(&mut wire, b"abcdefghi");
    wire.look().unwrap();
    assert!(wire.listens() && !wire.is_refused());
    wire.received(0);
    assert!(!wire.listens() && wire.is_refused());
}

#[test]
fn a_switch_hands_over_what_came_behind_it_and_ends_http() {
    let switch = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\nhello";
    let mut request = Request::new(Method::POST, "http://a.test/x");
    request.set_body(RequestBody::replayable(BodySize::Sized(9)));
    request.upgrade(["x", "y"]).unwrap();
    let offering = || {
        let mut wire = WireState::new(&Limits::default());
        wire.send_head(&hop_of(request.clone())).unwrap();
        let head = write(&mut wire);
        assert!(head.windows(12).any(|line| line == b"upgrade: x, "), "{}", head.escape_ascii());
        receive(&mut wire, switch);
        wire.look().unwrap();
        assert!(!wire.is_refused(), "the request is sent to its end first");
        wire
    };
    let mut wire = offering();
    wire.send_data(9).unwrap();
    wire.send_end().unwrap();
    assert!(matches!(wire.after_send(Ok(())).unwrap(), AfterSend::Answered(_)));
    assert_eq!(wire.switch().unwrap(), "hello");
    assert!(!wire.start_next());

    let mut unfinished = offering();
    assert!(unfinished.switch().is_none(), "the request was not sent");

    let mut wire = asked();
    answered(&mut wire, b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    assert!(wire.switch().is_none());
}

#[test]
fn a_server_is_asked_as_a_whole_by_an_asterisk_and_through_a_proxy_by_its_url() {
    let line = |proxy: Option<&str>| {
        let proxies =
            proxy.map_or_else(ProxyConfig::new, |url| ProxyConfig::new().all(ProxyServer::parse(url).unwrap()));
        let mut request = Request::new(Method::OPTIONS, "http://a.test:81");
        request.server_wide();
        let mut wire = WireState::new(&Limits::default());
        wire.send_head(&hop_in(&mut Session::builder().proxy(proxies).build().unwrap(), request)).unwrap();
        String::from_utf8(write(&mut wire)).unwrap().lines().take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(line(None), ["OPTIONS * HTTP/1.1", "host: a.test:81"]);
    assert_eq!(line(Some("http://p.test")), ["OPTIONS http://a.test:81 HTTP/1.1", "host: a.test:81"]);
    assert_eq!(line(Some("socks5h://p.test")), ["OPTIONS * HTTP/1.1", "host: a.test:81"]);
}

//! The socket server, seen by a plain client: what the script says happens on the wire, and the end is clean.

use session_testkit::script::answer::{Answer, Deed};
use session_testkit::script::endpoint::Endpoint;
use session_testkit::script::gate::Gate;
use session_testkit::script::log::Place;
use session_testkit::script::request::Request;
use session_testkit::script::responder::{Early, with_early};
use session_testkit::server::listen::{Bounds, Server, Sockets};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const LONG: Duration = Duration::from_secs(20);
const GET: &[u8] = b"GET /x HTTP/1.1\r\nHost: other.test\r\n\r\n";

fn ok(_: &Request, _: &Place) -> Answer {
    Answer::status(200).body("ok").answer_to("GET")
}

fn connect(server: &Server) -> TcpStream {
    let (_, address) = server.addresses().next().expect("an endpoint");
    connect_to(address).expect("a connection")
}

fn connect_to(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, LONG)?;
    stream.set_read_timeout(Some(LONG))?;
    Ok(stream)
}

fn read_until(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut came = Vec::new();
    let mut buffer = [0; 1024];
    while !came.ends_with(end) {
        let count = stream.read(&mut buffer).expect("bytes");
        assert!(count > 0, "ended after {:?}", came.escape_ascii().to_string());
        came.extend_from_slice(&buffer[..count]);
    }
    came
}

#[test]
fn a_connection_is_kept_and_only_its_first_request_is_fresh() {
    let server = Server::start([Endpoint::origin("http://a.test").unwrap()], ok).unwrap();
    let mut stream = connect(&server);
    for _ in 0..2 {
        stream.write_all(GET).unwrap();
        read_until(&mut stream, b"ok");
    }
    let mut other = connect(&server);
    other.write_all(GET).unwrap();
    read_until(&mut other, b"ok");
    let log = server.log();
    let seen: Vec<_> = log
        .requests
        .iter()
        .map(|recorded| {
            let place = &recorded.place;
            (place.url_of(&recorded.request.head.target), place.connection, place.fresh)
        })
        .collect();
    let url = || "http://a.test/x".to_owned();
    assert_eq!(seen, [(url(), 0, true), (url(), 0, false), (url(), 1, true)]);
    assert_eq!(log.requests[0].request.raw, GET);
}

#[test]
fn each_endpoint_has_a_port_of_its_own() {
    let endpoints = ["http://a.test", "http://a.test:81", "http://b.test"].map(|url| Endpoint::origin(url).unwrap());
    let server = Server::start(endpoints.clone(), ok).unwrap();
    for endpoint in &endpoints {
        let mut stream = connect_to(server.address(endpoint).unwrap()).unwrap();
        stream.write_all(GET).unwrap();
        read_until(&mut stream, b"ok");
    }
    let came: Vec<_> = server.log().requests.into_iter().map(|recorded| recorded.place.endpoint).collect();
    assert_eq!(came, endpoints);
}

#[test]
fn a_close_ends_without_a_byte_and_a_reset_resets() {
    let server = Server::local(|request: &Request, _: &Place| match request.head.target.as_str() {
        "/reset" => Answer::reset(),
        _ => Answer::closed(),
    })
    .unwrap();
    let mut closed = connect(&server);
    closed.write_all(GET).unwrap();
    assert_eq!(closed.read(&mut [0; 8]).unwrap(), 0);
    let mut reset = connect(&server);
    reset.write_all(b"GET /reset HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    assert_eq!(reset.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    assert!(server.wait_for(LONG, |log| log.ended == 2));
    assert_eq!(server.log().requests.len(), 2);
}

#[test]
fn connection_close_ends_after_the_whole_answer() {
    let server = Server::local(|_: &Request, _: &Place| {
        Answer::status(200).field("connection", "close").body(vec![b'y'; 1 << 20]).answer_to("GET")
    })
    .unwrap();
    let mut stream = connect(&server);
    stream.write_all(GET).unwrap();
    // Bytes that the server does not answer must not make it reset what is still to be read.
    stream.write_all(b"more").unwrap();
    let mut came = Vec::new();
    stream.read_to_end(&mut came).unwrap();
    assert!(came.len() > 1 << 20);
}

#[test]
fn a_stall_and_a_pause_end_with_the_server() {
    let server = Server::local(|request: &Request, _: &Place| match request.head.target.as_str() {
        "/pause" => Answer::raw("a").then(Deed::Pause(Duration::from_secs(3600))).then(Deed::Write("b".into())),
        _ => Answer::stall(),
    })
    .unwrap();
    let mut stalled = connect(&server);
    stalled.write_all(GET).unwrap();
    let mut paused = connect(&server);
    paused.write_all(b"GET /pause HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    read_until(&mut paused, b"a");
    assert!(server.wait_for(LONG, |log| log.requests.len() == 2));
    let idle = connect(&server);
    let started = Instant::now();
    drop(server);
    assert!(started.elapsed() < Duration::from_secs(10));
    for mut stream in [stalled, paused, idle] {
        assert_ne!(stream.read(&mut [0; 8]).ok(), Some(1));
    }
}

#[test]
fn a_silent_connection_is_closed_when_its_time_is_up() {
    let sockets = Sockets::bind(1).unwrap();
    let mut bounds = Bounds::default();
    bounds.idle = Duration::from_millis(20);
    let endpoint = Endpoint::origin("http://a.test").unwrap();
    let server = sockets.serve_within(vec![endpoint], ok, bounds).unwrap();
    let mut stream = connect(&server);
    stream.write_all(&GET[..10]).unwrap();
    assert_eq!(stream.read(&mut [0; 8]).unwrap(), 0);
    assert!(server.wait_for(LONG, |log| log.ended == 1));
    assert_eq!(server.log().faults.len(), 1);
}

#[test]
fn a_refused_endpoint_refuses_and_can_be_opened_again() {
    let endpoint = Endpoint::origin("http://a.test").unwrap();
    let mut server = Server::start([endpoint.clone()], ok).unwrap();
    let address = server.address(&endpoint).unwrap();
    server.refuse(&endpoint);
    assert_eq!(connect_to(address).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    server.accept_again(&endpoint).unwrap();
    assert_eq!(server.address(&endpoint), Some(address));
    let mut stream = connect_to(address).unwrap();
    stream.write_all(GET).unwrap();
    read_until(&mut stream, b"ok");
    let refused = server.refused_address().unwrap();
    assert_eq!(connect_to(refused).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(server.refused_address().unwrap(), refused);
}

#[test]
fn raw_bytes_go_out_as_they_are_and_cut_where_the_script_says() {
    let server = Server::local(|_: &Request, _: &Place| Answer::raw("\0garbage").cut_after(4, Deed::Close)).unwrap();
    let mut stream = connect(&server);
    stream.write_all(GET).unwrap();
    let mut came = Vec::new();
    stream.read_to_end(&mut came).unwrap();
    assert_eq!(came, b"\0gar");
}

#[test]
fn connections_are_bounded_in_number() {
    let sockets = Sockets::bind(1).unwrap();
    let mut bounds = Bounds::default();
    bounds.connections = 2;
    let server = sockets.serve_within(vec![Endpoint::origin("http://a.test").unwrap()], ok, bounds).unwrap();
    let (_, address) = server.addresses().next().unwrap();
    for _ in 0..2 {
        let mut stream = connect_to(address).unwrap();
        stream.write_all(GET).unwrap();
        read_until(&mut stream, b"ok");
    }
    // The third is dropped with the listener, or refused already.
    let third = connect_to(address).and_then(|mut stream| {
        stream.write_all(GET)?;
        stream.read(&mut [0; 8])
    });
    assert!(!matches!(third, Ok(1..)), "{third:?}");
    assert_eq!(server.log().connections, 2);
}

#[test]
fn a_panic_of_the_responder_does_not_keep_the_server_from_ending() {
    let server = Server::local(|_: &Request, _: &Place| -> Answer { panic!("on purpose") }).unwrap();
    let mut stream = connect(&server);
    stream.write_all(GET).unwrap();
    // The connection's thread is gone and its socket with it.
    assert_ne!(stream.read(&mut [0; 8]).ok(), Some(1));
    drop(server);
}

#[test]
fn a_script_and_a_test_wait_for_each_other_at_gates() {
    let (gate, passed) = (Gate::new(), Gate::new());
    let answer = Answer::raw("a").then(Deed::Open(passed.clone())).then(Deed::Wait(gate.clone()));
    let answer = answer.then(Deed::Write("b".into()));
    let server = Server::local(move |_: &Request, _: &Place| answer.clone()).unwrap();
    let mut stream = connect(&server);
    stream.write_all(GET).unwrap();
    assert!(passed.wait(LONG));
    read_until(&mut stream, b"a");
    stream.set_nonblocking(true).unwrap();
    assert_eq!(stream.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    stream.set_nonblocking(false).unwrap();
    gate.open();
    read_until(&mut stream, b"b");
}

#[test]
fn a_server_ends_before_a_gate_that_stays_closed() {
    let server =
        Server::local(|_: &Request, _: &Place| Answer::raw("a").then(Deed::Wait(Gate::new())).then(Deed::Reset))
            .unwrap();
    let mut stream = connect(&server);
    stream.write_all(GET).unwrap();
    read_until(&mut stream, b"a");
    drop(server);
    assert_ne!(stream.read(&mut [0; 8]).ok(), Some(1));
}

#[test]
fn a_head_is_answered_before_its_body_and_a_gate_stops_the_reading() {
    let early = |_: &_, _: &_| Early::Final(Answer::raw("early").then(Deed::Wait(Gate::new())));
    let server = Server::local(with_early(early, ok)).unwrap();
    let mut stream = connect(&server);
    stream.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n").unwrap();
    read_until(&mut stream, b"early");
    stream.write_all(b"123456789").unwrap();
    assert!(server.requests().is_empty());
    let mut whole = connect(&server);
    whole.write_all(GET).unwrap();
    read_until(&mut whole, b"ok");
    assert_eq!(server.requests().iter().map(|request| request.head.line()).collect::<Vec<_>>(), ["GET /x HTTP/1.1"]);
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_close_that_was_counted_has_arrived() {
    let server = Server::local(|_: &Request, _: &Place| Answer::raw("last").then(Deed::Close)).unwrap();
    for ended in 1..=20 {
        let mut stream = connect(&server);
        stream.write_all(GET).unwrap();
        assert!(server.wait_for(LONG, |log| log.ended == ended));
        stream.set_nonblocking(true).unwrap();
        let mut came = Vec::new();
        stream.read_to_end(&mut came).unwrap();
        assert_eq!(came, b"last");
    }
}

#[test]
fn a_response_is_answered_by_the_method() {
    let server = Server::answering(|request| Answer::ok(request.head.method.clone())).unwrap();
    let mut stream = connect(&server);
    stream.write_all(b"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    read_until(&mut stream, b"content-length: 4\r\n\r\n");
    stream.write_all(GET).unwrap();
    read_until(&mut stream, b"GET");
    assert_eq!(server.first_address(), Some(stream.peer_addr().unwrap()));
}

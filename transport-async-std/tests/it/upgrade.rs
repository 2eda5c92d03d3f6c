//! Connections that leave HTTP: handed over with what came behind the 101, out of the pool, and never by mistake.

use crate::{LONG, bounded, fetch, scripted};
use async_tungstenite::WebSocketStream;
use futures_core::Stream;
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use futures_sink::Sink;
use session_core::error::ErrorKind;
use session_testkit::script::answer::{Answer, Deed};
use session_testkit::script::log::Place;
use session_testkit::script::request::Request;
use std::future::poll_fn;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::pin::Pin;
use std::thread::{self, JoinHandle};
use std::time::Duration;
use transport_async_std::{Session, Upgraded};
use tungstenite::protocol::Role;
use tungstenite::{Message, handshake};

const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";

/// A server for one WebSocket connection: it takes those that bring this cookie, and sends back what they say.
fn websocket(cookie: &'static str) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        #[expect(clippy::result_large_err, reason = "the type of the other crate's callback")]
        let check = |request: &handshake::server::Request, response: handshake::server::Response| {
            assert_eq!(request.headers()["cookie"], cookie);
            Ok(response)
        };
        let mut socket = tungstenite::accept_hdr(stream, check).unwrap();
        // Said before anybody asked: it may come right behind the 101.
        socket.send(Message::text("welcome")).unwrap();
        loop {
            match socket.read() {
                Ok(message) if message.is_text() || message.is_binary() => socket.send(message).unwrap(),
                Ok(_) => {}
                Err(_) => return,
            }
        }
    });
    (address, serving)
}

/// The next message.
async fn next(socket: &mut WebSocketStream<Upgraded>) -> Message {
    poll_fn(|cx| Pin::new(&mut *socket).poll_next(cx)).await.unwrap().unwrap()
}

#[test]
fn a_websocket_runs_over_the_handed_over_stream_with_the_cookies_of_a_login() {
    bounded(|| async {
        let login = crate::server(|_| Answer::ok("in").field("set-cookie", "sid=42; Path=/"));
        let session = Session::new();
        assert_eq!(session.post(login.url("/login")).body("x").send().await.unwrap().text().await.unwrap(), "in");
        let (address, serving) = websocket("sid=42");
        let key = handshake::client::generate_key();
        let response = session
            .get(format!("http://{address}/chat"))
            .upgrade("websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", key.as_str())
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 101);
        let accept = response.headers()["sec-websocket-accept"].to_str().unwrap().to_owned();
        assert_eq!(accept, handshake::derive_accept_key(key.as_bytes()));
        let stream = response.upgrade().unwrap();
        assert_eq!(stream.remote_addr(), Some(address));
        let mut socket = WebSocketStream::from_raw_socket(stream, Role::Client, None).await;
        assert_eq!(next(&mut socket).await, Message::text("welcome"));
        for message in [Message::text("hello"), Message::binary(vec![7; 300_000])] {
            poll_fn(|cx| Pin::new(&mut socket).poll_ready(cx)).await.unwrap();
            Pin::new(&mut socket).start_send(message.clone()).unwrap();
            poll_fn(|cx| Pin::new(&mut socket).poll_flush(cx)).await.unwrap();
            assert_eq!(next(&mut socket).await, message);
        }
        socket.close(None).await.unwrap();
        drop(socket);
        assert_eq!(session.idle_connections(), 1, "that of the login");
        serving.join().unwrap();
    });
}

#[test]
fn what_came_behind_the_101_is_read_first() {
    bounded(|| async {
        let server = scripted(|_: &Request, _: &Place| {
            Answer::raw(format!("{SWITCH}hello")).then(Deed::Write(" there".into())).then(Deed::Close)
        });
        let session = Session::new();
        let mut stream = session.get(server.url("/")).upgrade("echo").send().await.unwrap().upgrade().unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        assert_eq!(said, "hello there");
        assert_eq!(session.idle_connections(), 0);
        let request = &server.requests()[0];
        assert_eq!((request.head.text("upgrade"), request.head.text("connection")), (Some("echo"), Some("upgrade")));
    });
}

#[test]
fn closing_it_tells_the_peer_that_nothing_more_comes_and_leaves_the_other_way_open() {
    bounded(|| async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let serving = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(LONG)).unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            stream.write_all(SWITCH.as_bytes()).unwrap();
            let mut said = String::new();
            stream.read_to_string(&mut said).unwrap();
            stream.write_all(format!("heard {said}").as_bytes()).unwrap();
        });
        let session = Session::new();
        let response = session.get(format!("http://{address}/")).upgrade("echo").send().await.unwrap();
        let (mut reader, mut writer) = futures_lite::io::split(response.upgrade().unwrap());
        writer.write_all(b"hello").await.unwrap();
        writer.close().await.unwrap();
        let mut said = String::new();
        reader.read_to_string(&mut said).await.unwrap();
        assert_eq!(said, "heard hello");
        serving.join().unwrap();
        // The peer is gone: that is no reason to fail.
        writer.close().await.unwrap();
    });
}

#[test]
fn a_server_that_does_not_switch_keeps_its_response_and_connection() {
    bounded(|| async {
        let server = crate::server(|_| Answer::ok("not here"));
        let session = Session::new();
        let response = session.get(server.url("/")).upgrade("echo").send().await.unwrap();
        let error = response.upgrade().unwrap_err();
        assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::Status, 200));
        assert_eq!(error.into_response().unwrap().text().await.unwrap(), "not here");
        assert_eq!(session.idle_connections(), 1);
    });
}

#[test]
fn a_switch_that_nobody_asked_for_is_an_error_and_one_that_nobody_takes_ends_the_connection() {
    bounded(|| async {
        let server = scripted(|request: &Request, _: &Place| match request.head.target.as_str() {
            "/fine" => Answer::ok("fine").answer_to("GET"),
            _ => Answer::raw(SWITCH),
        });
        let session = Session::new();
        let asked = |protocol| session.get(server.url("/")).upgrade(protocol).send();
        for error in [session.get(server.url("/")).send().await.unwrap_err(), asked("other").await.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Protocol);
        }
        assert_eq!(asked("echo").await.unwrap().text().await.unwrap(), "", "it has no body");
        drop(asked("echo").await.unwrap());
        drop(asked("echo").await.unwrap().upgrade().unwrap());
        assert_eq!(session.idle_connections(), 0);
        assert!(server.wait_for(LONG, |log| log.connections == 5 && log.ended == 5));
        assert_eq!(fetch(&session, &server.url("/fine")).await.unwrap(), "fine");
    });
}

#[test]
fn a_stream_counts_as_a_connection_until_it_is_dropped() {
    bounded(|| async {
        let server = scripted(|request: &Request, _: &Place| match request.head.target.as_str() {
            "/fine" => Answer::ok("fine").answer_to("GET"),
            _ => Answer::raw(SWITCH),
        });
        let session =
            Session::builder().max_connections(1).connect_timeout(Duration::from_millis(100)).build().unwrap();
        let stream = session.get(server.url("/")).upgrade("echo").send().await.unwrap().upgrade().unwrap();
        assert_eq!(fetch(&session, &server.url("/fine")).await.unwrap_err().kind(), ErrorKind::Timeout);
        drop(stream);
        assert_eq!(fetch(&session, &server.url("/fine")).await.unwrap(), "fine");
    });
}

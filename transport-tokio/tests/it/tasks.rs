//! What only futures can do: be dropped, be spawned, wait for a source, outlive a runtime.

use crate::server::{Server, bounded, ok, read_head, reply};
use bytes::Bytes;
use futures_core::Stream;
use session_core::error::{ErrorKind, Phase};
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};
use tokio::time::timeout;
use transport_tokio::{Body, Error, Response, ResponseFuture, Session};

#[test]
fn what_a_task_holds_can_be_sent() {
    fn send<T: Send + 'static>() {}
    fn shared<T: Send + Sync + 'static>() {}
    send::<ResponseFuture>();
    send::<Body>();
    shared::<Session>();
    shared::<Response>();
    shared::<Error>();
    let response: Option<Response> = None;
    let rest = async move { response?.text().await.ok() };
    fn is_send(_: impl Send + 'static) {}
    is_send(rest);
}

/// Answers `start` to each first request and tells when the client closed; later connections get a whole answer.
fn unfinished(start: &'static str) -> (Server, Receiver<usize>) {
    let (closed, wait) = mpsc::channel();
    let closed = Mutex::new(closed);
    let server = Server::raw(move |number, mut stream| {
        read_head(&mut stream);
        if number > 0 {
            let _ = stream.write_all(ok("fine").as_bytes());
            return;
        }
        stream.write_all(start.as_bytes()).unwrap();
        let rest = stream.read(&mut [0]).unwrap_or(0);
        closed.lock().unwrap().send(rest).unwrap();
    });
    (server, wait)
}

#[test]
fn a_dropped_future_closes_its_connection() {
    bounded(|| async {
        for start in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"] {
            let (server, closed) = unfinished(start);
            let session = Session::new();
            let text = async { session.get(server.url("/")).send().await?.text().await };
            assert!(timeout(Duration::from_millis(100), text).await.is_err());
            assert_eq!(closed.recv_timeout(Duration::from_secs(5)), Ok(0), "{start:?}");
            assert_eq!(session.idle_connections(), 0);
            assert_eq!(session.get(server.url("/")).send().await.unwrap().text().await.unwrap(), "fine");
        }
    });
}

#[test]
fn a_future_that_is_never_polled_sends_nothing() {
    bounded(|| async {
        let server = Server::http(|_| ok("fine"));
        let session = Session::new();
        drop(session.get(server.url("/")).send());
        assert_eq!(session.get(server.url("/")).send().await.unwrap().text().await.unwrap(), "fine");
        assert_eq!(server.seen().len(), 1);
    });
}

#[test]
fn asking_again_does_not_make_a_pause_any_longer() {
    bounded(|| async {
        let (server, _closed) = unfinished("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345");
        let session = Session::builder().read_timeout(Duration::from_millis(300)).build().unwrap();
        let mut response = session.get(server.url("/")).send().await.unwrap();
        assert_eq!(response.chunk().await.unwrap().unwrap(), "12345");
        let started = Instant::now();
        let error = loop {
            if let Ok(chunk) = timeout(Duration::from_millis(50), response.chunk()).await {
                break chunk.unwrap_err();
            }
        };
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Body));
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    });
}

/// A stream that gives one piece and then nothing, ever.
struct Stalled(Option<Bytes>);

impl Stream for Stalled {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.take().map_or(Poll::Pending, |piece| Poll::Ready(Some(Ok(piece))))
    }
}

#[test]
fn a_source_that_stalls_has_its_time_and_does_not_hide_an_answer() {
    bounded(|| async {
        let server = Server::raw(|number, mut stream| {
            read_head(&mut stream);
            if number == 0 {
                thread::sleep(Duration::from_millis(100));
                stream.write_all(reply("401 Unauthorized", "", "no").as_bytes()).unwrap();
            }
            let _ = io::copy(&mut stream, &mut io::sink());
        });
        let session = Session::builder().read_timeout(Duration::from_millis(500)).build().unwrap();
        let stalled = || Body::stream(Stalled(Some(Bytes::from_static(b"abc"))));
        let response = session.post(server.url("/")).body(stalled()).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (401, "no"));
        assert_eq!(session.idle_connections(), 0);
        let error = session.post(server.url("/")).body(stalled()).send().await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Send));
    });
}

#[test]
fn a_session_outlives_a_runtime() {
    let server = Server::http(|_| ok("fine"));
    let session = Session::new();
    for round in 1..=3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let text = runtime.block_on(async { session.post(server.url("/")).body("x").send().await?.text().await });
        assert_eq!(text.unwrap(), "fine");
        assert_eq!(server.accepted(), round, "a connection dies with its runtime");
    }
}

#[test]
fn requests_run_together_within_one_task() {
    bounded(|| async {
        let server = Server::raw(|_, mut stream| {
            read_head(&mut stream);
            thread::sleep(Duration::from_millis(300));
            stream.write_all(ok("fine").as_bytes()).unwrap();
        });
        let session = Session::new();
        let started = Instant::now();
        let text = || async { session.get(server.url("/")).send().await.unwrap().text().await.unwrap() };
        let texts = tokio::join!(text(), text(), text(), text(), text());
        assert_eq!(texts.4, "fine");
        assert!(started.elapsed() < Duration::from_millis(1200), "{:?}", started.elapsed());
    });
}

//! What only futures can do: be dropped, be spawned, wait for a source, outlive a runtime.

use crate::{LONG, bounded, fetch, once, scripted, server};
use bytes::Bytes;
use futures_core::Stream;
use session_core::error::{ErrorKind, Phase};
use session_testkit::script::answer::{Answer, Deed};
use session_testkit::script::gate::Gate;
use session_testkit::script::log::Place;
use session_testkit::script::request::{Head, Request};
use session_testkit::script::responder::{Early, with_early};
use session_testkit::watchdog;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
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

/// Ends when the gate is open.
async fn opened(gate: &Gate) {
    let gate = gate.clone();
    assert!(tokio::task::spawn_blocking(move || gate.wait(LONG)).await.unwrap());
}

#[test]
fn a_dropped_future_closes_its_connection() {
    bounded(|| async {
        for start in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"] {
            let begun = Gate::new();
            let server = once(Answer::raw(start).then(Deed::Open(begun.clone())).then(Deed::Stall));
            let session = Session::new();
            {
                let url = server.url("/");
                let text = fetch(&session, &url);
                tokio::select! {
                    text = text => panic!("expected to wait for ever, got {text:?}"),
                    () = opened(&begun) => {}
                }
            }
            assert!(server.wait_for(LONG, |log| log.ended == 1), "{start:?}");
            assert_eq!(server.log().faults, Vec::<String>::new());
            assert_eq!(session.idle_connections(), 0);
            assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "fine");
        }
    });
}

#[test]
fn a_future_that_is_never_polled_sends_nothing() {
    bounded(|| async {
        let server = server(|_| Answer::ok("fine"));
        let session = Session::new();
        drop(session.get(server.url("/")).send());
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "fine");
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn asking_again_does_not_make_a_pause_any_longer() {
    bounded(|| async {
        let server = once(Answer::raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345").then(Deed::Stall));
        let session = Session::builder().read_timeout(Duration::from_millis(300)).build().unwrap();
        let mut response = session.get(server.url("/")).send().await.unwrap();
        assert_eq!(response.chunk().await.unwrap().unwrap(), "12345");
        // Were each question a new pause, this would go on for ever.
        let error = loop {
            if let Ok(chunk) = timeout(Duration::from_millis(50), response.chunk()).await {
                break chunk.unwrap_err();
            }
        };
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Body));
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
        // The first is answered once its first piece has left, which is all that ever comes.
        let early = |_: &Head, place: &Place| match place.connection {
            0 => Early::Final(Answer::status(401).body("no").answer_to("POST")),
            _ => Early::Wait,
        };
        let server = scripted(with_early(early, |_: &Request, _: &Place| Answer::closed()));
        let stalled = || Body::stream(Stalled(Some(Bytes::from_static(b"abc"))));
        let patient = Session::builder().read_timeout(LONG * 10).build().unwrap();
        let response = patient.post(server.url("/")).body(stalled()).send().await.unwrap();
        assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (401, "no"));
        assert_eq!(patient.idle_connections(), 0);
        let session = Session::builder().read_timeout(Duration::from_millis(300)).build().unwrap();
        let error = session.post(server.url("/")).body(stalled()).send().await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Send));
    });
}

#[test]
fn a_session_outlives_a_runtime() {
    watchdog::bounded(|| {
        let server = server(|_| Answer::ok("fine"));
        let session = Session::new();
        for round in 1..=3 {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let text = runtime.block_on(async { session.post(server.url("/")).body("x").send().await?.text().await });
            assert_eq!(text.unwrap(), "fine");
            assert_eq!(server.connections(), round, "a connection dies with its runtime");
        }
    });
}

#[test]
fn a_request_ends_in_time_on_a_connection_whose_runtime_stands_still() {
    watchdog::bounded(|| {
        let (never, mut asked) = (Gate::new(), 0);
        let held = never.clone();
        let server = scripted(move |_: &Request, _: &Place| {
            asked += 1;
            let answer = Answer::ok("fine").answer_to("GET").into_deeds();
            let silent = Answer::default().then(Deed::Wait(held.clone()));
            answer.into_iter().fold(if asked == 1 { Answer::default() } else { silent }, Answer::then)
        });
        let session = Session::builder().head_timeout(Duration::from_millis(300)).build().unwrap();
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (first, second) = (runtime(), runtime());
        assert_eq!(first.block_on(fetch(&session, &server.url("/"))).unwrap(), "fine");
        let error = second.block_on(fetch(&session, &server.url("/"))).unwrap_err();
        assert_eq!((error.kind(), server.connections()), (ErrorKind::Timeout, 1));
        never.open();
    });
}

#[test]
fn requests_run_together_within_one_task() {
    bounded(|| async {
        // Nobody is answered before all have asked.
        let all = Gate::new();
        let mut asked = 0;
        let server = scripted(move |_: &Request, _: &Place| {
            asked += 1;
            if asked == 5 {
                all.open();
            }
            let answer = Answer::ok("fine").answer_to("GET").into_deeds();
            answer.into_iter().fold(Answer::default().then(Deed::Wait(all.clone())), Answer::then)
        });
        let session = Session::new();
        let text = || async { fetch(&session, &server.url("/")).await.unwrap() };
        let texts = tokio::join!(text(), text(), text(), text(), text());
        assert_eq!([texts.0, texts.1, texts.2, texts.3, texts.4], ["fine"; 5]);
    });
}

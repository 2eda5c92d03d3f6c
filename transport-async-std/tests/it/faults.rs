//! Connections and servers that misbehave or come to their end, and what becomes of requests and connections then.

use crate::{LONG, address, bounded, fetch, once, scripted, server};
use futures_core::Stream;
use session_core::error::{ErrorKind, Phase};
use session_core::retry::policy::RetryPolicy;
use session_core::time::Now;
use session_core::transport::Clock;
use session_testkit::script::answer::{Answer, Deed};
use session_testkit::script::gate::Gate;
use session_testkit::script::log::Place;
use session_testkit::script::request::Request;
use session_testkit::server::full::FullListener;
use session_testkit::server::listen::Server;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};
use transport_async_std::Session;

#[test]
fn the_deadline_bounds_all_of_an_exchange() {
    bounded(|| async {
        // The body would be whole after two seconds, and no pause in it is long.
        let body = Answer::raw("x".repeat(100)).in_pieces(1, Duration::from_millis(20)).into_deeds();
        let head = Answer::raw("HTTP/1.1 200 OK\r\n\r\n");
        let answer = body.into_iter().chain([Deed::Finish]).fold(head, Answer::then);
        let server = scripted(move |_: &Request, _: &Place| answer.clone());
        for session in [Session::new(), Session::builder().clock(still_clock()).build().unwrap()] {
            let response = session.get(server.url("/")).timeout(Duration::from_millis(300)).send().await.unwrap();
            let error = response.text().await.unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Body));
            assert!(error.to_string().contains("the exchange took longer"), "{error}");
        }
    });
}

/// A clock that always shows the same moment.
fn still_clock() -> Clock {
    let now = Now::new(Instant::now(), SystemTime::UNIX_EPOCH);
    Clock::new(move || now)
}

#[test]
fn a_pause_ends_even_by_a_clock_that_stands_still() {
    bounded(|| async {
        let server = server(|_| Answer::status(503));
        let retry = RetryPolicy::new(2).backoff(Duration::from_millis(1), Duration::from_millis(5));
        let session = Session::builder().retry(retry).clock(still_clock()).build().unwrap();
        assert_eq!(session.get(server.url("/")).send().await.unwrap().status(), 503);
        assert_eq!(server.requests().len(), 3);
    });
}

#[test]
fn a_body_that_failed_fails_again() {
    bounded(|| async {
        let server = once(Answer::raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345").then(Deed::Close));
        let mut response = Session::new().get(server.url("/")).send().await.unwrap();
        assert_eq!(response.chunk().await.unwrap().unwrap(), "12345");
        for _ in 0..3 {
            assert_eq!(response.chunk().await.unwrap_err().kind(), ErrorKind::Incomplete);
        }
        // A stream tells an error once and ends.
        assert!(poll_fn(|cx| Pin::new(&mut response).poll_next(cx)).await.is_none());
    });
}

#[test]
fn what_cannot_be_connected_is_told_with_its_address() {
    bounded(|| async {
        let mut server = server(|_| Answer::ok("fine"));
        let refused = server.refused_address().unwrap();
        let session = Session::builder()
            .connect_timeout(Duration::from_secs(2))
            .resolve("none.test", refused)
            .resolve_to_addrs("empty.test", &[])
            .resolve_to_addrs("second.test", &[refused, address(&server)])
            .build()
            .unwrap();
        let error = fetch(&session, "http://none.test/").await.unwrap_err();
        assert!(error.is_connect() && error.phase() == Phase::Connect);
        assert!(error.to_string().contains(&refused.to_string()), "{error}");
        let error = fetch(&session, "http://empty.test/").await.unwrap_err();
        assert!(error.is_connect() && error.phase() == Phase::Resolve);
        let error = fetch(&session, "http://no-such-name.invalid/").await.unwrap_err();
        assert!((error.is_connect() || error.is_timeout()) && error.phase() == Phase::Resolve, "{error}");
        assert_eq!(fetch(&session, "http://second.test/").await.unwrap(), "fine");
    });
}

#[test]
fn connecting_has_its_time() {
    bounded(|| async {
        let full = FullListener::bind().unwrap();
        let session = Session::builder().connect_timeout(Duration::from_millis(200)).build().unwrap();
        let error = fetch(&session, &format!("http://{}/", full.address())).await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Connect));
    });
}

#[test]
fn an_idle_connection_that_the_peer_closed_or_spoke_on_is_not_used() {
    bounded(|| async {
        for after in ["", "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison", "x"] {
            let gate = Gate::new();
            let until = gate.clone();
            let server = scripted(move |_: &Request, place: &Place| {
                let answer = Answer::ok(place.connection.to_string()).answer_to("POST");
                answer.then(Deed::Wait(until.clone())).then(Deed::Write(after.into())).then(Deed::Close)
            });
            let session = Session::new();
            let post = async || session.post(server.url("/")).body("x").send().await.unwrap().text().await.unwrap();
            assert_eq!(post().await, "0", "{after:?}");
            assert_eq!(session.idle_connections(), 1);
            gate.open();
            assert!(server.wait_for(LONG, |log| log.ended == 1));
            assert_eq!(post().await, "1", "{after:?}");
        }
    });
}

#[test]
fn an_empty_line_between_responses_does_no_harm() {
    bounded(|| async {
        let (read, written) = (Gate::new(), Gate::new());
        let (until, then) = (read.clone(), written.clone());
        let server = scripted(move |_: &Request, place: &Place| {
            let answer = Answer::ok(if place.fresh { "1" } else { "2" }).answer_to("GET");
            // The line comes after the response was read: with it, it would be more than the response.
            answer.then(Deed::Wait(until.clone())).then(Deed::Write("\r\n".into())).then(Deed::Open(then.clone()))
        });
        let session = Session::new();
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "1");
        read.open();
        assert!(written.wait(LONG));
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "2");
        assert_eq!(server.connections(), 1);
    });
}

/// Answers one request on the first connection and closes on the next, whatever it is; the others answer if `later`.
fn closes_on_the_second(later: bool) -> Server {
    scripted(move |_: &Request, place: &Place| match place.connection {
        number if place.fresh && (number == 0 || later) => Answer::ok(number.to_string()).answer_to("GET"),
        _ => Answer::closed(),
    })
}

#[test]
fn a_connection_that_closes_under_a_request_is_replaced_once() {
    bounded(|| async {
        let server = closes_on_the_second(true);
        let session = Session::new();
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "0");
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "1");
        assert_eq!(server.connections(), 2);

        // A POST may have been acted on.
        let server = closes_on_the_second(true);
        let session = Session::new();
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "0");
        let error = session.post(server.url("/")).body("x").send().await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Incomplete, Phase::Head));
        assert_eq!(server.connections(), 1);

        let server = closes_on_the_second(false);
        let session = Session::new();
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "0");
        let error = fetch(&session, &server.url("/")).await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Incomplete, Phase::Head));
        assert_eq!(server.connections(), 2);
    });
}

#[test]
fn a_connection_is_kept_only_where_the_response_allows_it() {
    bounded(|| async {
        let server = scripted(|request: &Request, _: &Place| match request.head.target.as_str() {
            "/close" => Answer::raw("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nbody"),
            "/old" => Answer::raw("HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nbody"),
            "/leftover" => Answer::raw("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbodyHTTP/1.1 200 OK\r\n"),
            _ => Answer::raw("HTTP/1.1 200 OK\r\n\r\nbody").then(Deed::Finish),
        });
        let session = Session::new();
        for path in ["/close", "/old", "/leftover", "/until-close"] {
            assert_eq!(fetch(&session, &server.url(path)).await.unwrap(), "body");
            assert_eq!(session.idle_connections(), 0, "{path}");
        }
        assert_eq!(server.connections(), 4);
    });
}

#[test]
fn a_redirects_body_is_not_waited_for() {
    bounded(|| async {
        // A body that could be worth its connection has its time; one that is too long is not waited for at all.
        for (length, patience) in [(5, Duration::from_millis(50)), (1_000_000_000, LONG * 10)] {
            let redirect = format!("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: {length}\r\n\r\n");
            let server = once(Answer::raw(redirect).then(Deed::Stall));
            let session = Session::builder().drain_timeout(patience).read_timeout(LONG * 10).build().unwrap();
            assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "fine");
            assert_eq!(server.connections(), 2);
        }
    });
}

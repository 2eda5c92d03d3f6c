//! How many connections there are at once, and who waits: many requests over few connections, none lost and none stuck.

use crate::runtime::{spawn, unblock};
use crate::{LONG, bounded, fetch, scripted, server};
use session_core::error::{ErrorKind, Phase};
use session_core::limits::Limits;
use session_core::time::Now;
use session_core::transport::Clock;
use session_testkit::script::answer::{Answer, Deed};
use session_testkit::script::endpoint::Endpoint;
use session_testkit::script::gate::Gate;
use session_testkit::script::log::Place;
use session_testkit::script::request::Request;
use session_testkit::server::listen::{Server, Sockets};
use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};
use transport_async_std::Session;

/// A session that has one connection at most, and waits for it as long as for anything.
fn alone() -> Session {
    Session::builder().max_connections_per_key(1).connect_timeout(LONG * 10).build().unwrap()
}

/// Two origins of one server, and a session that has one connection at most in all.
fn two_origins(answer: impl Fn(&Request, &str) -> Answer + Send + 'static) -> (Server, [String; 2], Session) {
    let sockets = Sockets::bind(2).unwrap();
    let urls: Vec<String> = sockets.addresses().unwrap().iter().map(|address| format!("http://{address}/")).collect();
    let endpoints = urls.iter().map(|url| Endpoint::origin(url).unwrap()).collect();
    let other = urls[1].clone();
    let server = sockets.serve(endpoints, move |request: &Request, _: &Place| answer(request, &other)).unwrap();
    let session = Session::builder().max_connections(1).connect_timeout(LONG * 10).build().unwrap();
    (server, [urls[0].clone(), urls[1].clone()], session)
}

#[test]
fn a_hundred_requests_share_one_connection() {
    bounded(|| async {
        let server = server(|request| Answer::ok(request.head.target.clone()));
        let session = alone();
        let tasks: Vec<_> = (0..100)
            .map(|number| {
                let (session, url) = (session.clone(), server.url(&format!("/{number}")));
                spawn(async move { fetch(&session, &url).await })
            })
            .collect();
        let mut answers = BTreeSet::new();
        for task in tasks {
            answers.insert(task.await.unwrap());
        }
        assert_eq!(answers.len(), 100, "each has its own answer");
        assert_eq!((server.connections(), server.requests().len()), (1, 100));
    });
}

#[test]
fn a_hundred_requests_share_one_connection_that_closes_each_time() {
    bounded(|| async {
        let server = scripted(|request: &Request, _: &Place| {
            Answer::status(200)
                .field("connection", "close")
                .body(request.head.target.clone())
                .answer_to("GET")
                .then(Deed::Close)
        });
        let session = alone();
        let tasks: Vec<_> = (0..100)
            .map(|number| {
                let (session, url) = (session.clone(), server.url(&format!("/{number}")));
                spawn(async move { fetch(&session, &url).await })
            })
            .collect();
        for (number, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await.unwrap(), format!("/{number}"));
        }
        assert_eq!((server.connections(), server.requests().len()), (100, 100));
    });
}

#[test]
fn an_idle_connection_makes_room_for_another_origin() {
    bounded(|| async {
        let (server, [one, other], session) = two_origins(|_, _| Answer::ok("fine").answer_to("GET"));
        for round in 1..=3 {
            assert_eq!(fetch(&session, &one).await.unwrap(), "fine");
            assert_eq!(fetch(&session, &other).await.unwrap(), "fine");
            assert_eq!((server.connections(), session.idle_connections()), (2 * round, 1));
        }
    });
}

#[test]
fn a_redirect_to_another_origin_needs_no_second_connection() {
    bounded(|| async {
        let (server, [one, _], session) = two_origins(|request, other| match request.head.text("host") {
            Some(host) if other.contains(host) => Answer::ok("fine").answer_to("GET"),
            _ => Answer::status(302).field("location", other).body("moved").answer_to("GET"),
        });
        assert_eq!(fetch(&session, &one).await.unwrap(), "fine");
        assert_eq!((server.connections(), session.idle_connections()), (2, 1));
    });
}

#[test]
fn who_waits_in_vain_is_told_so_and_nothing_is_lost() {
    bounded(|| async {
        let server = server(|_| Answer::ok("fine"));
        let mut limits = Limits::default();
        limits.connections_total = 1;
        let session = Session::builder().limits(limits).connect_timeout(Duration::from_millis(100)).build().unwrap();
        let held = session.get(server.url("/")).send().await.unwrap();
        for _ in 0..3 {
            let error = session.get(server.url("/")).send().await.unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Connect));
            assert!(error.to_string().contains("free connection"), "{error}");
        }
        assert_eq!(held.text().await.unwrap(), "fine");
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "fine");
        // A response that is dropped gives its place up too.
        drop(session.get(server.url("/")).send().await.unwrap());
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "fine");
        assert_eq!(server.requests().len(), 4);
    });
}

#[test]
fn a_connection_that_cannot_be_made_gives_its_place_up() {
    bounded(|| async {
        let mut server = server(|_| Answer::ok("fine"));
        let refused = format!("http://{}/", server.refused_address().unwrap());
        let session = Session::builder().max_connections(1).connect_timeout(LONG * 10).build().unwrap();
        for _ in 0..3 {
            assert_eq!(fetch(&session, &refused).await.unwrap_err().kind(), ErrorKind::Connect);
            assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "fine");
        }
    });
}

#[test]
fn requests_outlive_the_session_that_they_came_from() {
    bounded(|| async {
        let (begun, go) = (Gate::new(), Gate::new());
        let (begins, until) = (begun.clone(), go.clone());
        let server = scripted(move |_: &Request, _: &Place| {
            let answer = Answer::default().then(Deed::Open(begins.clone())).then(Deed::Wait(until.clone()));
            Answer::ok("fine").answer_to("GET").into_deeds().into_iter().fold(answer, Answer::then)
        });
        let session = alone();
        let tasks: Vec<_> = (0..100)
            .map(|number| {
                let (session, url) = (session.clone(), server.url(&format!("/{number}")));
                spawn(async move { fetch(&session, &url).await })
            })
            .collect();
        unblock(move || assert!(begun.wait(LONG))).await;
        session.close();
        drop(session);
        go.open();
        for task in tasks {
            match task.await {
                Ok(text) => assert_eq!(text, "fine"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Closed, "it had not begun"),
            }
        }
        assert!(server.wait_for(LONG, |log| log.connections > 0 && log.ended == log.connections), "no socket is left");
    });
}

/// Polls a future for as often as it is woken, but no more than this many times, and drops it.
async fn polled<F: Future>(future: F, most: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|cx| {
        if polls == most {
            return Poll::Ready(None);
        }
        polls += 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            // What was polled for the last time is not waited for.
            Poll::Pending if polls == most => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[test]
fn a_request_dropped_at_any_point_gives_its_place_up() {
    bounded(|| async {
        let server = server(|_| Answer::ok("fine"));
        let (session, url) = (alone(), server.url("/"));
        for most in 0..12 {
            polled(fetch(&session, &url), most).await;
            assert_eq!(fetch(&session, &url).await.unwrap(), "fine", "after {most} polls");
        }
    });
}

#[test]
fn who_waits_and_is_dropped_takes_nothing_along() {
    bounded(|| async {
        let server = server(|_| Answer::ok("fine"));
        let (session, url) = (alone(), server.url("/"));
        let mut cx = Context::from_waker(Waker::noop());
        // Dropped before it was asked, while it waits, when it was served and does not know, and when it has begun.
        for stage in 0..4 {
            let held = session.get(&url).send().await.unwrap();
            let mut waits = Box::pin(session.get(&url).send());
            let mut next = Box::pin(fetch(&session, &url));
            if stage > 0 {
                assert!(waits.as_mut().poll(&mut cx).is_pending());
            }
            assert!(next.as_mut().poll(&mut cx).is_pending());
            if stage < 2 {
                drop(waits);
                assert_eq!(held.text().await.unwrap(), "fine");
            } else {
                assert_eq!(held.text().await.unwrap(), "fine");
                if stage == 3 {
                    // It may be quick enough to have its answer; that is dropped with it.
                    drop(waits.as_mut().poll(&mut cx));
                }
                drop(waits);
            }
            assert_eq!(next.await.unwrap(), "fine", "stage {stage}");
        }
    });
}

#[test]
fn who_came_first_is_served_first() {
    bounded(|| async {
        let server = server(|request| Answer::ok(request.head.target.clone()));
        let session = alone();
        let held = session.get(server.url("/held")).send().await.unwrap();
        let mut cx = Context::from_waker(Waker::noop());
        let mut waiting: Vec<_> = (0..20)
            .map(|number| {
                let url = server.url(&format!("/{number}"));
                let session = session.clone();
                Box::pin(async move { fetch(&session, &url).await })
            })
            .collect();
        for one in &mut waiting {
            assert!(one.as_mut().poll(&mut cx).is_pending());
        }
        held.text().await.unwrap();
        // They are asked in the wrong order, each in a task of its own.
        let tasks: Vec<_> = waiting.into_iter().rev().map(spawn).collect();
        for task in tasks {
            task.await.unwrap();
        }
        let seen: Vec<String> = server.requests().iter().skip(1).map(|request| request.head.target.clone()).collect();
        assert_eq!(seen, (0..20).map(|number| format!("/{number}")).collect::<Vec<_>>());
    });
}

#[test]
fn an_idle_connection_is_closed_once_it_is_over_time_and_somebody_asks() {
    bounded(|| async {
        let server = server(|_| Answer::ok("fine"));
        let (later, start) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let shown = Arc::clone(&later);
        let clock = Clock::new(move || {
            Now::new(start, SystemTime::UNIX_EPOCH).advanced(Duration::from_secs(shown.load(Ordering::SeqCst)))
        });
        let session = Session::builder().clock(clock).build().unwrap();
        fetch(&session, &server.url("/")).await.unwrap();
        later.store(Limits::default().idle_seconds - 1, Ordering::SeqCst);
        session.close_expired();
        assert_eq!(session.idle_connections(), 1);
        later.store(Limits::default().idle_seconds, Ordering::SeqCst);
        session.close_expired();
        assert_eq!(session.idle_connections(), 0);
        assert!(server.wait_for(LONG, |log| log.ended == 1), "the server sees it closed");
    });
}

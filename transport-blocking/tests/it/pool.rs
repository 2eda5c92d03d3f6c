//! How many connections there are at once, and who waits: many requests over few connections, none lost and none stuck.

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
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use transport_blocking::Session;

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
    bounded(|| {
        let server = server(|request| Answer::ok(request.head.target.clone()));
        let session = alone();
        let tasks: Vec<_> = (0..100)
            .map(|number| {
                let (session, url) = (session.clone(), server.url(&format!("/{number}")));
                thread::spawn(move || fetch(&session, &url))
            })
            .collect();
        let mut answers = BTreeSet::new();
        for task in tasks {
            answers.insert(task.join().unwrap().unwrap());
        }
        assert_eq!(answers.len(), 100, "each has its own answer");
        assert_eq!((server.connections(), server.requests().len()), (1, 100));
    });
}

#[test]
fn a_hundred_requests_share_one_connection_that_closes_each_time() {
    bounded(|| {
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
                thread::spawn(move || fetch(&session, &url))
            })
            .collect();
        for (number, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.join().unwrap().unwrap(), format!("/{number}"));
        }
        assert_eq!((server.connections(), server.requests().len()), (100, 100));
    });
}

#[test]
fn an_idle_connection_makes_room_for_another_origin() {
    bounded(|| {
        let (server, [one, other], session) = two_origins(|_, _| Answer::ok("fine").answer_to("GET"));
        for round in 1..=3 {
            assert_eq!(fetch(&session, &one).unwrap(), "fine");
            assert_eq!(fetch(&session, &other).unwrap(), "fine");
            assert_eq!((server.connections(), session.idle_connections()), (2 * round, 1));
        }
    });
}

#[test]
fn a_redirect_to_another_origin_needs_no_second_connection() {
    bounded(|| {
        let (server, [one, _], session) = two_origins(|request, other| match request.head.text("host") {
            Some(host) if other.contains(host) => Answer::ok("fine").answer_to("GET"),
            _ => Answer::status(302).field("location", other).body("moved").answer_to("GET"),
        });
        assert_eq!(fetch(&session, &one).unwrap(), "fine");
        assert_eq!((server.connections(), session.idle_connections()), (2, 1));
    });
}

#[test]
fn who_waits_in_vain_is_told_so_and_nothing_is_lost() {
    bounded(|| {
        let server = server(|_| Answer::ok("fine"));
        let mut limits = Limits::default();
        limits.connections_total = 1;
        let session = Session::builder().limits(limits).connect_timeout(Duration::from_millis(100)).build().unwrap();
        let held = session.get(server.url("/")).send().unwrap();
        for _ in 0..3 {
            let error = session.get(server.url("/")).send().unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Connect));
            assert!(error.to_string().contains("free connection"), "{error}");
        }
        assert_eq!(held.text().unwrap(), "fine");
        assert_eq!(fetch(&session, &server.url("/")).unwrap(), "fine");
        // A response that is dropped gives its place up too.
        drop(session.get(server.url("/")).send().unwrap());
        assert_eq!(fetch(&session, &server.url("/")).unwrap(), "fine");
        assert_eq!(server.requests().len(), 4);
    });
}

#[test]
fn a_connection_that_cannot_be_made_gives_its_place_up() {
    bounded(|| {
        let mut server = server(|_| Answer::ok("fine"));
        let refused = format!("http://{}/", server.refused_address().unwrap());
        let session = Session::builder().max_connections(1).connect_timeout(LONG * 10).build().unwrap();
        for _ in 0..3 {
            assert_eq!(fetch(&session, &refused).unwrap_err().kind(), ErrorKind::Connect);
            assert_eq!(fetch(&session, &server.url("/")).unwrap(), "fine");
        }
    });
}

#[test]
fn requests_outlive_the_session_that_they_came_from() {
    bounded(|| {
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
                thread::spawn(move || fetch(&session, &url))
            })
            .collect();
        assert!(begun.wait(LONG));
        session.close();
        drop(session);
        go.open();
        for task in tasks {
            match task.join().unwrap() {
                Ok(text) => assert_eq!(text, "fine"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Closed, "it had not begun"),
            }
        }
        assert!(server.wait_for(LONG, |log| log.connections > 0 && log.ended == log.connections), "no socket is left");
    });
}

#[test]
fn an_idle_connection_is_closed_once_it_is_over_time_and_somebody_asks() {
    bounded(|| {
        let server = server(|_| Answer::ok("fine"));
        let (later, start) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let shown = Arc::clone(&later);
        let clock = Clock::new(move || {
            Now::new(start, SystemTime::UNIX_EPOCH).advanced(Duration::from_secs(shown.load(Ordering::SeqCst)))
        });
        let session = Session::builder().clock(clock).build().unwrap();
        fetch(&session, &server.url("/")).unwrap();
        later.store(Limits::default().idle_seconds - 1, Ordering::SeqCst);
        session.close_expired();
        assert_eq!(session.idle_connections(), 1);
        later.store(Limits::default().idle_seconds, Ordering::SeqCst);
        session.close_expired();
        assert_eq!(session.idle_connections(), 0);
        assert!(server.wait_for(LONG, |log| log.ended == 1), "the server sees it closed");
    });
}

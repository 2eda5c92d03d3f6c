//! Hooks and credentials that are set while a session stands, as a user writes them, over real sockets.

use crate::{bounded, fetch, once, server};
use session_testkit::script::answer::Answer;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use transport_blocking::Session;
use transport_blocking::session_core::auth::credentials::Credential;
use transport_blocking::session_core::error::ErrorKind;
use transport_blocking::session_core::redirect::policy::Action;
use transport_blocking::session_core::session::hooks::{Course, Hooks};

#[test]
fn each_request_and_answer_is_seen_and_fields_are_edited_on_the_way() {
    bounded(|| {
        let server = server(|request| match request.head.target.as_str() {
            "/a" => Answer::status(302).field("location", "/b"),
            _ => Answer::ok(request.head.text("x-hop").unwrap_or("none").to_owned()),
        });
        let seen = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&seen);
        let hooks = Hooks::new()
            .request(|sending| Ok(sending.insert("x-hop", sending.number().to_string())?))
            .response(move |arrived| {
                told.lock().unwrap().push((arrived.url().path().to_owned(), arrived.head().status.as_u16()));
                Ok(())
            });
        let session = Session::builder().hooks(hooks).build().unwrap();
        assert_eq!(fetch(&session, &server.url("/a")).unwrap(), "2");
        assert_eq!(*seen.lock().unwrap(), [("/a".to_owned(), 302), ("/b".to_owned(), 200)]);
        session.hooks().clear();
        assert_eq!(fetch(&session, &server.url("/b")).unwrap(), "none");
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn a_hook_stops_an_exchange_before_or_after_it_was_sent() {
    bounded(|| {
        let server = server(|request| match request.head.target.as_str() {
            "/moved" => Answer::status(302).field("location", "/"),
            _ => Answer::ok("fine"),
        });
        let session = Session::new();
        session.hooks().add(Hooks::new().request(|sending| match sending.url().path() {
            "/never" => Err("this path is not asked".into()),
            _ => Ok(()),
        }));
        let error = session.get(server.url("/never")).send().unwrap_err();
        assert_eq!((error.kind(), server.requests().len()), (ErrorKind::Stopped, 0));
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "this path is not asked");

        session.hooks().set(Hooks::new().response(|_| Err("enough".into())));
        let error = session.get(server.url("/")).send().unwrap_err();
        assert_eq!((error.kind(), error.history().hops().len()), (ErrorKind::Stopped, 1));

        session.hooks().set(Hooks::new().redirect(|_| Action::Stop));
        assert_eq!(session.get(server.url("/moved")).send().unwrap().status(), 302);
    });
}

#[test]
fn a_retry_is_not_made_where_a_hook_stops_it() {
    bounded(|| {
        let server = once(Answer::ok("fine").answer_to("GET").then(session_testkit::script::answer::Deed::Close));
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let session = Session::new();
        session.hooks().add(Hooks::new().retry(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            Course::Stop
        }));
        assert_eq!(fetch(&session, &server.url("/")).unwrap(), "fine");
        // Whether the end of the kept connection is seen before the request or after it, nothing is lost.
        match fetch(&session, &server.url("/")) {
            Ok(text) => assert_eq!((text.as_str(), asked.load(Ordering::Relaxed)), ("fine", 0)),
            Err(_) => assert_eq!(asked.load(Ordering::Relaxed), 1),
        }
    });
}

#[test]
fn credentials_are_set_and_removed_while_the_session_stands() {
    bounded(|| {
        let server = server(|request| Answer::ok(request.head.text("authorization").unwrap_or("none").to_owned()));
        let url = server.url("/");
        let session = Session::new();
        assert!(session.auth().is_empty());
        session.auth().set(Credential::basic("ann", "pw")).unwrap();
        assert_eq!(fetch(&session, &url).unwrap(), "Basic YW5uOnB3");
        assert_eq!(session.auth().origins().len(), 1, "it belongs to the origin that used it");
        session.auth().set_for(&url, Credential::bearer("token")).unwrap();
        assert_eq!(fetch(&session, &url).unwrap(), "Bearer token");
        assert!(session.auth().remove_for(&url).unwrap());
        assert_eq!(fetch(&session, &url).unwrap(), "none");
        session.auth().set_for("http://other.test", Credential::bearer("theirs")).unwrap();
        assert_eq!(fetch(&session, &url).unwrap(), "none");
        session.auth().clear();
        assert!(session.auth().is_empty());
        let refused = session.auth().set(Credential::basic("a:b", "pw")).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidHeader);
        assert_eq!(
            session.auth().set_for("no origin", Credential::bearer("t")).unwrap_err().kind(),
            ErrorKind::InvalidUrl
        );
    });
}

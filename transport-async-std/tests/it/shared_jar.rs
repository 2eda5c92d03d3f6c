//! One jar for several sessions, where they are told to share it.

use crate::{address, bounded, server};
use session_core::cookies::jar::Jar;
use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use std::panic::{AssertUnwindSafe, catch_unwind};
use transport_async_std::{Session, SharedJar};

/// A server that sets a cookie at `/set` and answers with those that it is sent.
fn echo() -> Server {
    server(|request| {
        let answer = Answer::ok(request.head.text("cookie").unwrap_or("none").to_owned());
        if request.head.line() == "GET /set HTTP/1.1" { answer.field("set-cookie", "sid=1") } else { answer }
    })
}

fn session(server: &Server) -> Session {
    Session::builder().resolve("a.test", address(server)).base_url("http://a.test").build().unwrap()
}

#[test]
fn sessions_share_a_jar_only_where_they_are_told_to() {
    bounded(|| async {
        let server = echo();
        let (one, other, third) = (session(&server), session(&server), session(&server));
        let jar = SharedJar::new(Jar::default());
        one.share_cookies(&jar);
        other.share_cookies(&jar);
        assert_eq!(one.get("/set").send().await.unwrap().text().await.unwrap(), "none");
        assert_eq!(other.get("/").send().await.unwrap().text().await.unwrap(), "sid=1");
        assert_eq!(third.get("/").send().await.unwrap().text().await.unwrap(), "none");
        assert_eq!(jar.edit(|jar| jar.len()), 1);
        other.cookies().clear();
        assert!(one.cookies().is_empty());
    });
}

#[test]
fn what_a_session_had_of_its_own_is_neither_kept_nor_shared() {
    bounded(|| async {
        let server = echo();
        let session = session(&server);
        assert_eq!(session.get("/set").send().await.unwrap().text().await.unwrap(), "none");
        let jar = SharedJar::default();
        session.share_cookies(&jar);
        assert_eq!(session.get("/").send().await.unwrap().text().await.unwrap(), "none");
        assert!(jar.edit(|jar| jar.is_empty()));
    });
}

#[test]
fn a_panic_in_the_callers_code_leaves_the_jar_shared() {
    bounded(|| async {
        let server = echo();
        let (one, other) = (session(&server), session(&server));
        let jar = SharedJar::default();
        one.share_cookies(&jar);
        other.share_cookies(&jar);
        let panics = || one.cookies().edit(|_| std::panic::resume_unwind(Box::new("on purpose")));
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
        assert_eq!(one.get("/set").send().await.unwrap().text().await.unwrap(), "none");
        assert_eq!(other.get("/").send().await.unwrap().text().await.unwrap(), "sid=1");
    });
}

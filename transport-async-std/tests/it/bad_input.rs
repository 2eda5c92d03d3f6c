//! Bad input, from the caller and from the server: the error is typed and tells phase and URL, nothing hangs, and the
//! session works afterwards.

use crate::upload::pieces;
use crate::{bounded, fetch, once, server};
use session_core::error::{ErrorKind, Fault, Phase};
use session_testkit::script::answer::{Answer, Deed};
use std::time::Duration;
use transport_async_std::{Body, Error, Session, SessionBuilder};

/// Short times, so that what never comes is missed soon.
fn impatient() -> SessionBuilder {
    let short = Duration::from_millis(300);
    Session::builder().head_timeout(short).read_timeout(short)
}

/// Asks a server that does `first` on its first connection; then asks it again.
async fn fails_by(first: Answer) -> Error {
    let server = once(first);
    let session = impatient().build().unwrap();
    let url = server.url("/x?q=1");
    let error = fetch(&session, &format!("{url}#top")).await.unwrap_err();
    assert_eq!(error.url().map(|url| url.as_str()), Some(url.as_str()));
    assert_eq!(session.idle_connections(), 0);
    assert_eq!(fetch(&session, &url).await.unwrap(), "fine");
    assert_eq!(server.connections(), 2);
    error
}

fn told(error: &Error) -> (ErrorKind, Phase) {
    (error.kind(), error.phase())
}

#[test]
fn a_url_that_does_not_parse() {
    bounded(|| async {
        let server = server(|_| Answer::ok("fine"));
        let session = Session::new();
        for url in ["no url", "http://", "http://a b/", "http://a.test:99999/", "ftp://a.test/", ""] {
            let error = session.get(url).send().await.unwrap_err();
            assert_eq!(told(&error), (ErrorKind::InvalidUrl, Phase::Build), "{url}");
            assert_eq!(error.fault(), Fault::Caller);
            assert!(error.is_builder() && error.history().hops().is_empty());
        }
        // Where it parses and cannot be asked, the error names it.
        let error = session.get("ftp://dan:hunter2@a.test/x").send().await.unwrap_err();
        assert!(error.to_string().contains("ftp://a.test/x") && !error.to_string().contains("hunter2"), "{error}");
        assert_eq!(server.connections(), 0);
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "fine");
    });
}

#[test]
fn a_header_with_cr_or_lf() {
    bounded(|| async {
        let server = server(|_| Answer::ok("fine"));
        let session = Session::builder().base_url(server.url("/api/")).build().unwrap();
        for (name, value) in [("x", "a\r\nb: c"), ("x", "a\rb"), ("x", "a\nb"), ("x", "a\0b"), ("x\r\ny", "z")] {
            let error = session.get("data?q").header(name, value).send().await.unwrap_err();
            assert_eq!(told(&error), (ErrorKind::InvalidHeader, Phase::Build), "{name:?}: {value:?}");
            assert_eq!(error.url().unwrap().as_str(), server.url("/api/data?q"));
        }
        assert_eq!(server.connections(), 0);
        assert_eq!(fetch(&session, "data").await.unwrap(), "fine");
    });
}

#[test]
fn a_body_larger_than_declared() {
    bounded(|| async {
        let server = server(|request| Answer::ok(request.body.len().to_string()));
        let session = Session::new();
        for (given, declared) in [(6, 5), (1, 0), (200_001, 200_000)] {
            let body = Body::sized_stream(pieces(&vec![b'x'; given]), declared);
            let error = session.post(server.url("/")).body(body).send().await.unwrap_err();
            assert_eq!(told(&error), (ErrorKind::Body, Phase::Send), "{given} of {declared}: {error}");
            assert_eq!(error.url().unwrap().as_str(), server.url("/"));
            assert_eq!(session.idle_connections(), 0);
        }
        // Bytes in memory are counted; who states another length is told so before anything is sent.
        let error = session.post(server.url("/")).header("content-length", "3").body("abcd").send().await.unwrap_err();
        assert_eq!(told(&error), (ErrorKind::InvalidHeader, Phase::Build));
        assert_eq!(session.post(server.url("/")).body("abc").send().await.unwrap().text().await.unwrap(), "3");
    });
}

#[test]
fn a_server_that_answers_garbage() {
    bounded(|| async {
        let head = [
            "SSH-2.0-OpenSSH_9.6\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n12345",
            "\0\0\0\0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nx y: z\r\n\r\n",
        ];
        for bytes in head {
            let error = fails_by(Answer::raw(bytes)).await;
            assert_eq!((told(&error), error.fault()), ((ErrorKind::Protocol, Phase::Head), Fault::Peer), "{bytes:?}");
        }
        let error = fails_by(Answer::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n+5\r\n")).await;
        assert_eq!(told(&error), (ErrorKind::Protocol, Phase::Body));
        let error = fails_by(Answer::raw("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(17))).await;
        assert_eq!(told(&error), (ErrorKind::Limit, Phase::Head));
        let error = fails_by(Answer::raw(format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(70_000)))).await;
        assert_eq!(told(&error), (ErrorKind::Limit, Phase::Head));
    });
}

#[test]
fn a_server_that_closes_early() {
    bounded(|| async {
        for (bytes, phase) in [
            ("", Phase::Head),
            ("HTTP/1.1 200 OK\r\ncontent-le", Phase::Head),
            ("HTTP/1.1 100 Continue\r\n\r\n", Phase::Head),
            ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345", Phase::Body),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n", Phase::Body),
        ] {
            let error = fails_by(Answer::raw(bytes).then(Deed::Close)).await;
            assert_eq!(told(&error), (ErrorKind::Incomplete, phase), "{bytes:?}: {error}");
        }
        for bytes in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\npart"] {
            let error = fails_by(Answer::raw(bytes).then(Deed::Reset)).await;
            assert_eq!(error.kind(), ErrorKind::Incomplete, "{bytes:?}: {error}");
        }
    });
}

#[test]
fn a_server_that_never_answers() {
    bounded(|| async {
        let silent = fails_by(Answer::stall()).await;
        assert_eq!(told(&silent), (ErrorKind::Timeout, Phase::Head));
        // Bytes that drip do not make the time for the head any longer: this one would be complete after a second.
        let slow = format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "y".repeat(10));
        let dripping = fails_by(Answer::raw(slow).in_pieces(1, Duration::from_millis(20))).await;
        assert_eq!(told(&dripping), (ErrorKind::Timeout, Phase::Head));
        let stalled =
            fails_by(Answer::raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345").then(Deed::Stall)).await;
        assert_eq!(told(&stalled), (ErrorKind::Timeout, Phase::Body));
    });
}

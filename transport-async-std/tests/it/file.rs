//! Request bodies from files: framed by their length, sent again from their start, and never cut or padded.

use crate::{bounded, server};
use session_core::error::{ErrorKind, Phase};
use session_testkit::script::answer::Answer;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use transport_async_std::{Body, Session};

/// A file with these bytes, which stands at its start.
fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file
}

#[test]
fn a_file_arrives_whole_with_its_length() {
    bounded(|| async {
        let server = server(|request| Answer::ok(request.body.len().to_string()));
        let session = Session::new();
        for length in [0, 1, 128 * 1024, 3_000_000] {
            let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
            let response = session.put(server.url("/")).body(Body::file(file(&bytes)).unwrap()).send().await.unwrap();
            assert_eq!(response.text().await.unwrap(), length.to_string());
            let request = server.requests().pop().unwrap();
            assert_eq!(request.head.text("content-length"), Some(length.to_string().as_str()));
            assert!(request.body == bytes);
        }
        let mut part = file(b"before the rest");
        part.seek(SeekFrom::Start(7)).unwrap();
        session.put(server.url("/")).body(Body::file(part).unwrap()).send().await.unwrap();
        assert_eq!(server.requests().pop().unwrap().body, "the rest");
    });
}

#[test]
fn a_file_by_name_is_sent_again_where_a_redirect_asks_for_that() {
    bounded(|| async {
        let server = server(|request| match request.head.target.as_str() {
            "/old" => Answer::status(307).field("location", "/new"),
            _ => Answer::ok(request.body.clone()),
        });
        let mut named = tempfile::NamedTempFile::new().unwrap();
        named.write_all(b"contents").unwrap();
        let body = Body::from_path(named.path()).await.unwrap();
        let response = Session::new().put(server.url("/old")).body(body).send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "contents");
        assert_eq!(server.requests().iter().map(|request| request.body.len()).collect::<Vec<_>>(), [8, 8]);
    });
}

#[test]
fn a_file_that_changed_its_length_is_an_error() {
    bounded(|| async {
        for length in [0, 5, 9, 11, 400_000] {
            let server = server(|request| Answer::ok(request.body.len().to_string()));
            let session = Session::new();
            let changing = file(b"ten bytes.");
            let body = Body::file(changing.try_clone().unwrap()).unwrap();
            changing.set_len(length).unwrap();
            let error = session.put(server.url("/")).body(body).send().await.unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Body, Phase::Send), "{length}");
            assert_eq!(session.idle_connections(), 0);
            let response = session.put(server.url("/")).body("abc").send().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "3");
        }
    });
}

#[test]
fn what_is_no_file_is_refused() {
    bounded(|| async {
        let place = tempfile::tempdir().unwrap();
        let none = place.path().join("none");
        let error = Body::from_path(&none).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().starts_with(&format!("{}: ", none.display())), "{error}");
        if cfg!(unix) {
            assert_eq!(Body::from_path(place.path()).await.unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
    });
}

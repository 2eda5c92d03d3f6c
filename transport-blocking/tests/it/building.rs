//! Requests as they are built: every method, what can be a body, what is built before it is sent, and the other ways to say it.

use crate::{bounded, server};
use http::{Method, Uri, Version};
use session_core::content::coding::Coding;
use session_core::error::{ErrorKind, Fault, Phase};
use session_core::retry::policy::RetryPolicy;
use session_testkit::coded::{gunzip, unzlib};
use session_testkit::script::answer::Answer;
use session_testkit::script::request::Request;
use session_testkit::server::listen::Server;
use std::io::{Seek, SeekFrom, Write};
use std::time::Duration;
use transport_blocking::{Body, Session};
use url::Url;

/// A server that tells the method and the length of the body.
fn measure() -> Server {
    server(|request| Answer::ok(format!("{} {}", request.head.method, request.body.len())))
}

fn last(server: &Server) -> Request {
    server.requests().pop().unwrap()
}

#[test]
fn every_method_has_its_function_and_others_are_text() {
    bounded(|| {
        let server = measure();
        let session = Session::new();
        let url = server.url("/");
        let requests = [
            (session.get(&url), "GET"),
            (session.head(&url), "HEAD"),
            (session.post(&url), "POST"),
            (session.put(&url), "PUT"),
            (session.patch(&url), "PATCH"),
            (session.delete(&url), "DELETE"),
            (session.options(&url), "OPTIONS"),
            (session.trace(&url), "TRACE"),
            (session.request(Method::GET, &url), "GET"),
            (session.request("PURGE", &url), "PURGE"),
        ];
        for (request, method) in requests {
            assert_eq!(request.send().unwrap().status(), 200);
            assert_eq!(last(&server).head.method, method);
        }
        let error = session.request("GET /x", &url).send().unwrap_err();
        assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidHeader, Fault::Caller));
        assert!(error.is_builder() && error.phase() == Phase::Build);
    });
}

#[test]
fn a_struct_is_a_query_and_a_form() {
    #[derive(serde::Serialize)]
    struct Search<'a> {
        q: &'a str,
        page: u32,
        tags: &'a [&'a str],
        after: Option<&'a str>,
    }
    bounded(|| {
        let server = server(|request| {
            let body = String::from_utf8_lossy(&request.body);
            Answer::ok(format!("{} {body}", request.head.target))
        });
        let session = Session::builder().param("v", "1").build().unwrap();
        let search = Search { q: "a b", page: 2, tags: &["x", "y"], after: None };
        let request = session.post(server.url("/s?o=1")).query_of(&search).form_of(&search);
        let expected = "/s?o=1&v=1&q=a+b&page=2&tags=x&tags=y q=a+b&page=2&tags=x&tags=y";
        assert_eq!(request.send().unwrap().text().unwrap(), expected);
        assert_eq!(last(&server).head.text("content-type"), Some("application/x-www-form-urlencoded"));
        let error = session.post(server.url("/")).form_of(&[("a", [search])]).send().unwrap_err();
        assert_eq!((error.kind(), error.fault()), (ErrorKind::Body, Fault::Caller));
        assert!(error.to_string().starts_with("the form cannot be written: "), "{error}");
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn a_url_is_text_or_parsed_owned_or_not() {
    bounded(|| {
        let server = measure();
        let session = Session::new();
        let text = server.url("/x?y");
        let (url, uri): (Url, Uri) = (text.parse().unwrap(), text.parse().unwrap());
        let requests = [
            session.get(text.as_str()),
            session.get(&text),
            session.get(text.clone()),
            session.get(&url),
            session.get(url.clone()),
            session.get(&uri),
            session.get(uri.clone()),
        ];
        for request in requests {
            assert_eq!(request.send().unwrap().url().as_str(), text);
            assert_eq!(last(&server).head.target, "/x?y");
        }
    });
}

#[test]
fn a_file_is_a_body_of_known_length_and_a_pipe_is_not() {
    bounded(|| {
        let server = measure();
        let session = Session::new();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"not sent, sent").unwrap();
        file.seek(SeekFrom::Start(10)).unwrap();
        session.put(server.url("/")).body(file).send().unwrap();
        assert_eq!((last(&server).head.text("content-length"), &last(&server).body[..]), (Some("4"), &b"sent"[..]));
        #[cfg(unix)]
        {
            let (reader, mut writer) = std::io::pipe().unwrap();
            writer.write_all(b"from a pipe").unwrap();
            drop(writer);
            let body = Body::from(std::fs::File::from(std::os::fd::OwnedFd::from(reader)));
            assert!(body.try_clone().is_none());
            session.put(server.url("/")).body(body).send().unwrap();
            let request = last(&server);
            assert_eq!(
                (request.head.text("transfer-encoding"), &request.body[..]),
                (Some("chunked"), &b"from a pipe"[..])
            );
        }
        let bytes = Body::from("text");
        assert_eq!((bytes.as_bytes(), Body::from(()).as_bytes()), (Some(&b"text"[..]), Some(&b""[..])));
    });
}

#[test]
fn what_was_built_is_sent_as_often_as_its_copies() {
    bounded(|| {
        let server = measure();
        let session = Session::builder().base_url(server.url("/v1/")).build().unwrap();
        let built = session.post("x").query(&[("a", "1")]).header("x-y", "z").form(&[("k", "v")]).build().unwrap();
        assert_eq!(server.connections(), 0);
        let again = built.try_clone().unwrap();
        // What the session has is added when the request is sent.
        session.headers_mut().insert("x-late".parse().unwrap(), "1".parse().unwrap());
        for built in [built, again] {
            assert_eq!(session.execute(built).unwrap().text().unwrap(), "POST 3");
            let head = last(&server).head;
            assert_eq!(
                (head.target.as_str(), head.text("x-y"), head.text("x-late")),
                ("/v1/x?a=1", Some("z"), Some("1"))
            );
            assert_eq!(head.text("content-type"), Some("application/x-www-form-urlencoded"));
        }
        let body = Body::replayable(None, || Ok(&b"opened"[..]));
        let two = session.put("x").body(body);
        let one = two.try_clone().unwrap();
        for request in [one, two] {
            assert_eq!(request.send().unwrap().text().unwrap(), "PUT 6");
        }
        let error = session.get("x").header("a b", "c").build().unwrap_err();
        assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidHeader, Fault::Caller));
    });
}

#[test]
fn an_http_request_is_sent_and_a_preview_tells_what_would_be() {
    bounded(|| {
        let server = measure();
        let session = Session::new();
        let given = http::Request::post(server.url("/p?q")).header("x-y", "z").body("text").unwrap();
        assert_eq!(session.execute(given).unwrap().text().unwrap(), "POST 4");
        assert_eq!((last(&server).head.text("x-y"), last(&server).head.target.as_str()), (Some("z"), "/p?q"));
        let bare = http::Request::get(server.url("/")).body(()).unwrap();
        assert_eq!(session.execute(bare).unwrap().text().unwrap(), "GET 0");
        let sent = server.requests().len();
        let preview = session.put(server.url("/p")).body("text").preview().unwrap();
        assert_eq!(server.requests().len(), sent);
        session.put(server.url("/p")).body("text").send().unwrap();
        let head = last(&server).head;
        for (name, value) in preview.head.headers() {
            assert_eq!(head.text(name.as_str()).unwrap().as_bytes(), value.as_bytes());
        }
    });
}

#[test]
fn uploads_are_coded_from_memory_with_a_length_and_from_a_source_in_chunks() {
    bounded(|| {
        let server = server(|request| match request.head.target.as_str() {
            "/old" => Answer::status(307).field("location", "/new"),
            _ => Answer::ok("fine"),
        });
        let session = Session::new();
        let content: Vec<u8> = (0..200_000_u32).flat_map(|n| (n / 7).to_le_bytes()).collect();
        let source = content.clone();
        let bodies = || {
            [
                Body::from(content.clone()),
                Body::replayable(None, {
                    let source = source.clone();
                    move || Ok(std::io::Cursor::new(source.clone()))
                }),
            ]
        };
        for coding in [Coding::Gzip, Coding::Deflate] {
            for (body, framed) in bodies().into_iter().zip(["content-length", "transfer-encoding"]) {
                let seen = server.requests().len();
                session.put(server.url("/old")).body(body).compress(coding).send().unwrap();
                let requests = server.requests().split_off(seen);
                assert_eq!(requests.len(), 2);
                for request in requests {
                    assert_eq!(request.head.text("content-encoding"), Some(coding.name()));
                    assert!(request.head.text(framed).is_some() && request.body.len() < content.len() / 2);
                    let read = match coding {
                        Coding::Gzip => gunzip(&request.body),
                        _ => unzlib(&request.body),
                    };
                    assert!(read.as_ref() == Some(&content));
                }
            }
        }
        let error = session.put(server.url("/")).body("x").compress(Coding::Brotli).send().unwrap_err();
        assert_eq!((error.kind(), error.fault()), (ErrorKind::Unsupported, Fault::Caller));
    });
}

#[test]
fn a_request_of_version_1_0_says_so_and_its_connection_is_not_used_again() {
    bounded(|| {
        let server = measure();
        let session = Session::new();
        for n in 1..=2 {
            let request = session.post(server.url("/x")).version(Version::HTTP_10).body("abc");
            assert_eq!(request.send().unwrap().text().unwrap(), "POST 3");
            assert_eq!(last(&server).head.line(), "POST /x HTTP/1.0");
            assert_eq!((server.connections(), session.idle_connections()), (n, 0));
        }
        let error = session.get(server.url("/")).version(Version::HTTP_2).send().unwrap_err();
        assert_eq!((error.kind(), error.fault()), (ErrorKind::Unsupported, Fault::Caller));
    });
}

#[test]
fn a_request_has_retry_rules_of_its_own() {
    bounded(|| {
        let mut asked = 0;
        let server = server(move |_| {
            asked += 1;
            if asked % 3 == 0 { Answer::ok("fine") } else { Answer::status(503) }
        });
        let session = Session::new();
        let policy = RetryPolicy::new(2).backoff(Duration::ZERO, Duration::from_millis(1));
        let response = session.get(server.url("/")).retry(policy).send().unwrap();
        assert_eq!((response.status().as_u16(), server.requests().len()), (200, 3));
        assert_eq!(session.get(server.url("/")).send().unwrap().status(), 503);
    });
}

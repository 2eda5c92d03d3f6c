//! What a user of a session does when all goes well.

use crate::{LONG, address, bounded, scripted, server};
use futures_core::Stream;
use session_core::error::{ErrorKind, Phase};
use session_core::redirect::policy::RedirectPolicy;
use session_testkit::script::answer::Answer;
use session_testkit::script::log::Place;
use session_testkit::script::request::Request;
use session_testkit::server::listen::Server;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;
use transport_tokio::{Error, Session};

/// The server of the login tests: a cookie for a name and password, data for the cookie.
fn login_server() -> Server {
    server(|request| match request.head.line().as_str() {
        "POST /api/login HTTP/1.1" if request.body == "username=admin&password=1234" => {
            Answer::ok("welcome").field("set-cookie", "sid=abc; Path=/")
        }
        "GET /api/data1 HTTP/1.1" | "GET /api/data2 HTTP/1.1" if request.head.text("cookie") == Some("sid=abc") => {
            Answer::ok(request.head.text("x-app").unwrap_or("none").to_owned())
        }
        _ => Answer::status(401).body("who are you?"),
    })
}

#[test]
fn a_login_is_kept_over_one_connection() {
    bounded(|| async {
        let server = login_server();
        let session = Session::builder().base_url(server.url("/api/")).build().unwrap();
        let login = session.post("login").form(&[("username", "admin"), ("password", "1234")]).send().await.unwrap();
        assert_eq!(login.status(), 200);
        let cookies: Vec<_> = login.cookies().map(|cookie| (cookie.name().to_vec(), cookie.value().to_vec())).collect();
        assert_eq!(cookies, [(b"sid".to_vec(), b"abc".to_vec())]);
        assert_eq!(login.remote_addr(), Some(address(&server)));
        assert!(login.elapsed() > Duration::ZERO);
        assert_eq!(login.text().await.unwrap(), "welcome");
        assert_eq!(session.cookies().to_map().into_iter().collect::<Vec<_>>(), [("sid".into(), "abc".into())]);

        session.headers_mut().set("x-app", "demo").unwrap();
        assert_eq!(session.get("data1").send().await.unwrap().text().await.unwrap(), "demo");
        assert_eq!(session.get("data2").send().await.unwrap().text().await.unwrap(), "demo");
        assert_eq!(session.idle_connections(), 1);
        assert_eq!(server.connections(), 1);

        session.close();
        assert!(session.is_closed());
        assert_eq!(session.idle_connections(), 0);
        let error = session.clone().get("data1").send().await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Closed, Phase::Build));
        assert!(error.is_closed());
        assert_eq!(server.requests().len(), 3);
    });
}

#[test]
fn redirects_lead_over_two_hosts_and_take_only_what_they_may() {
    bounded(|| async {
        let other = server(|request| Answer::ok(format!("{:?}", request.head.text("cookie"))));
        let port = address(&other).port();
        let first = server(move |request| match request.head.line().as_str() {
            "POST /login HTTP/1.1" => {
                Answer::status(302).field("set-cookie", "a=1").field("location", "/next").body("moved")
            }
            "GET /next HTTP/1.1" => {
                Answer::status(301).field("location", format!("http://two.test:{port}/end#x")).body("moved")
            }
            _ => Answer::status(404),
        });
        let session = Session::builder()
            .resolve("one.test", address(&first))
            .resolve("two.test", address(&other))
            .build()
            .unwrap();
        let login =
            session.post("http://one.test/login").header("authorization", "secret").body("x").send().await.unwrap();
        assert_eq!(login.history().statuses(), [302, 301]);
        assert_eq!(login.url().as_str(), format!("http://two.test:{port}/end#x"));
        assert_eq!(login.text().await.unwrap(), "None");
        let next = &first.requests()[1].head;
        assert_eq!(next.line(), "GET /next HTTP/1.1");
        assert_eq!((next.text("cookie"), next.text("host")), (Some("a=1"), Some("one.test")));
        assert_eq!(other.requests()[0].head.text("authorization"), None);
        assert_eq!(first.connections(), 1, "the redirect's body is drained, and its connection used again");
    });
}

#[test]
fn a_redirect_that_is_not_followed_is_delivered() {
    bounded(|| async {
        let server = server(|_| Answer::status(302).field("location", "/next").body("moved"));
        let session = Session::builder().redirect(RedirectPolicy::none()).build().unwrap();
        let response = session.get(server.url("/")).send().await.unwrap();
        assert!(response.is_redirect());
        assert_eq!((response.status().as_u16(), response.text().await.unwrap().as_str()), (302, "moved"));
    });
}

#[test]
fn a_head_request_has_no_body_and_keeps_its_connection() {
    bounded(|| async {
        let server = server(|request| match request.head.method.as_str() {
            "HEAD" => Answer::ok("x".repeat(1000)),
            _ => Answer::ok("body"),
        });
        let session = Session::new();
        let head = session.head(server.url("/")).send().await.unwrap();
        assert_eq!(head.content_length(), Some(1000));
        assert_eq!(head.bytes().await.unwrap(), "");
        assert_eq!(session.get(server.url("/")).send().await.unwrap().text().await.unwrap(), "body");
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn an_error_status_keeps_its_response() {
    bounded(|| async {
        let server = server(|_| Answer::status(404).body("no such page"));
        let session = Session::new();
        let response = session.get(server.url("/x")).send().await.unwrap();
        let error = response.error_for_status_ref().unwrap_err();
        assert!(error.is_status() && error.response().is_none());
        let error = response.error_for_status().unwrap_err();
        assert_eq!((error.kind(), error.status().unwrap().as_u16()), (ErrorKind::Status, 404));
        assert_eq!(error.url().unwrap().as_str(), server.url("/x"));
        assert_eq!(error.history().hops().len(), 1);
        assert_eq!(error.into_response().unwrap().text().await.unwrap(), "no such page");
    });
}

#[test]
fn a_body_is_read_in_every_way() {
    bounded(|| async {
        let large = "0123456789".repeat(100_000);
        let length = Answer::ok(large.clone()).field("content-type", "text/plain; charset=latin1").answer_to("GET");
        let chunked = {
            let mut chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
            for part in large.as_bytes().chunks(30_000) {
                chunked.push_str(&format!("{:x}\r\n{}\r\n", part.len(), std::str::from_utf8(part).unwrap()));
            }
            Answer::raw(chunked + "0\r\nx-sum: 7\r\n\r\n")
        };
        let server = scripted(move |request: &Request, _: &Place| match request.head.target.as_str() {
            "/length" => length.clone(),
            "/json" => Answer::ok("{\"a\": [1, 2]}").answer_to("GET"),
            "/text" => Answer::ok("gr\u{fc}n").field("content-type", "text/plain; charset=utf-8").answer_to("GET"),
            _ => chunked.clone(),
        });
        let session = Session::new();
        for path in ["/length", "/chunked"] {
            let get = async || session.get(server.url(path)).send().await.unwrap();
            assert_eq!(get().await.bytes().await.unwrap(), large);
            assert_eq!(get().await.text().await.unwrap(), large);
            let mut stream = get().await;
            let mut streamed = Vec::new();
            while let Some(chunk) = poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await {
                streamed.extend_from_slice(&chunk.unwrap());
            }
            assert_eq!(streamed, large.as_bytes());
            let mut response = get().await;
            let mut chunks = Vec::new();
            assert_eq!(response.trailers(), None);
            while let Some(chunk) = response.chunk().await.unwrap() {
                assert!(!chunk.is_empty());
                chunks.extend_from_slice(&chunk);
            }
            assert_eq!(chunks, large.as_bytes());
            assert_eq!(response.chunk().await.unwrap(), None);
            let sum = response.trailers().unwrap().get("x-sum").map(|sum| sum.to_str().unwrap().to_owned());
            assert_eq!(sum.as_deref(), (path == "/chunked").then_some("7"));
        }
        assert_eq!(session.get(server.url("/text")).send().await.unwrap().text().await.unwrap(), "gr\u{fc}n");
        let json: serde_json::Value = session.get(server.url("/json")).send().await.unwrap().json().await.unwrap();
        assert_eq!(json["a"][1], 2);
        let error: Error = session.get(server.url("/text")).send().await.unwrap().json::<u8>().await.unwrap_err();
        assert!(error.is_decode());
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn a_body_is_gathered_up_to_its_limit() {
    bounded(|| async {
        let server = server(|request| match request.head.target.as_str() {
            "/100" => Answer::ok("x".repeat(100)),
            "/101" => Answer::ok("x".repeat(101)),
            _ => Answer::ok("x".repeat(101)).field("transfer-encoding", "chunked"),
        });
        let mut limits = session_core::limits::Limits::default();
        limits.gathered_body = 100;
        let session = Session::builder().limits(limits).build().unwrap();
        assert_eq!(session.get(server.url("/100")).send().await.unwrap().bytes().await.unwrap().len(), 100);
        for path in ["/101", "/chunked"] {
            let error = session.get(server.url(path)).send().await.unwrap().bytes().await.unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Limit, Phase::Body), "{path}");
            assert!(error.to_string().contains("Limits::gathered_body"), "{error}");
            let mut response = session.get(server.url(path)).send().await.unwrap();
            let mut length = 0;
            while let Some(chunk) = response.chunk().await.unwrap() {
                length += chunk.len();
            }
            assert_eq!(length, 101);
        }
    });
}

#[test]
fn many_requests_run_at_once_on_one_session() {
    bounded(|| async {
        let server = login_server();
        let session = Session::builder().base_url(server.url("/api/")).build().unwrap();
        session.post("login").form(&[("username", "admin"), ("password", "1234")]).send().await.unwrap();
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let session = session.clone();
                tokio::spawn(async move {
                    for _ in 0..20 {
                        assert_eq!(session.get("data1").send().await.unwrap().text().await.unwrap(), "none");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert!(server.connections() <= 9, "{}", server.connections());
        assert_eq!(server.requests().len(), 1 + 8 * 20);
    });
}

#[test]
fn what_runs_when_the_session_closes_goes_on_and_is_not_kept() {
    bounded(|| async {
        let server = server(|_| Answer::ok("body"));
        let session = Session::new();
        let response = session.get(server.url("/")).send().await.unwrap();
        session.close();
        assert_eq!(response.text().await.unwrap(), "body");
        assert_eq!(session.idle_connections(), 0);
    });
}

#[test]
fn the_last_clone_closes_what_lies_idle() {
    bounded(|| async {
        let server = server(|_| Answer::ok("x"));
        let session = Session::new();
        let clone = session.clone();
        assert_eq!(session.get(server.url("/")).send().await.unwrap().text().await.unwrap(), "x");
        drop(session);
        assert_eq!(clone.idle_connections(), 1);
        assert_eq!(server.log().ended, 0);
        drop(clone);
        assert!(server.wait_for(LONG, |log| log.ended == 1));
    });
}

#[test]
fn a_response_dropped_early_closes_its_connection_unless_all_has_come() {
    bounded(|| async {
        let server = server(|request| match request.head.target.as_str() {
            "/short" => Answer::ok("0123456789"),
            _ => Answer::ok("x".repeat(10_000_000)),
        });
        let session = Session::new();
        drop(session.get(server.url("/short")).send().await.unwrap());
        assert_eq!(session.idle_connections(), 1);
        let mut response = session.get(server.url("/long")).send().await.unwrap();
        assert!(response.chunk().await.unwrap().is_some());
        drop(response);
        assert_eq!(session.idle_connections(), 0);
        assert_eq!(session.get(server.url("/short")).send().await.unwrap().text().await.unwrap(), "0123456789");
        assert_eq!(server.connections(), 2);
    });
}

#[test]
fn keep_alive_with_a_timeout_is_heeded() {
    bounded(|| async {
        let server = server(|_| Answer::status(200).field("keep-alive", "max=9, timeout=0"));
        let session = Session::new();
        for _ in 0..2 {
            assert_eq!(session.get(server.url("/")).send().await.unwrap().bytes().await.unwrap(), "");
        }
        assert_eq!(server.connections(), 2);
    });
}

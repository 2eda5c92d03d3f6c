//! Futures that are dropped after so many polls, wherever that finds them: the next request on the session works, has the only
//! permit, and is seen alone on its connection.

use crate::{LONG, bounded, fetch, scripted};
use bytes::Bytes;
use futures_core::Stream;
use futures_lite::future;
use http::StatusCode;
use session_core::message::proxy::ProxyServer;
use session_core::proxy::select::ProxyConfig;
use session_core::retry::policy::RetryPolicy;
#[cfg(feature = "tls")]
use session_core::tls::settings::Certificate;
use session_testkit::script::answer::{Answer, Deed};
#[cfg(feature = "tls")]
use session_testkit::script::endpoint::Endpoint;
use session_testkit::script::gate::Gate;
use session_testkit::script::log::Place;
use session_testkit::script::request::{Head, Request};
use session_testkit::script::responder::{Early, with_early};
use session_testkit::server::full::FullListener;
use session_testkit::server::listen::Server;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use transport_async_std::{Body, Resolve, Resolving, Session, SessionBuilder};

/// More polls than any of the requests needs before it waits for ever or ends.
const POLLS: usize = 24;

/// How long a future that nothing wakes is waited for before it is dropped.
const STILL: Duration = Duration::from_millis(8);

/// Drops a future after it was polled so often, each time because something woke it, or when nothing does any more.
async fn drop_after(asked: impl Future, polls: usize) {
    let mut asked = pin!(asked);
    let mut left = polls;
    let polling = poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        let over = asked.as_mut().poll(cx).is_ready();
        if over || left == 0 { Poll::Ready(()) } else { Poll::Pending }
    });
    future::or(polling, async {
        async_io::Timer::after(STILL).await;
    })
    .await;
}

/// A session of one connection, which has to be free again soon.
fn alone() -> SessionBuilder {
    Session::builder().max_connections(1).connect_timeout(Duration::from_secs(5)).head_timeout(Duration::from_secs(5))
}

/// Drops a request after 0, 1, 2 and more polls, and each time makes another on the same session.
async fn sweep<F: Future>(session: &Session, next: &str, server: &Server, asked: impl Fn() -> F) {
    for polls in 0..POLLS {
        drop_after(asked(), polls).await;
        let after = fetch(session, next).await;
        assert!(after.as_ref().is_ok_and(|text| text == "fine"), "{polls} polls: {after:?}");
        let log = server.log();
        let seen = log.requests.iter().filter(|it| it.request.head.target == "/next" && it.request.body.is_empty());
        assert_eq!(seen.count(), polls + 1);
        // A request may break off where it was dropped; nothing else may come on its connection.
        let strange: Vec<_> = log.faults.iter().filter(|fault| !fault.contains("ended within a request")).collect();
        assert!(strange.is_empty(), "{polls} polls: {strange:?}");
    }
}

/// A server that does this for everything but `/next`.
fn but(answer: Answer) -> Server {
    scripted(move |request: &Request, _: &Place| match request.head.target.as_str() {
        "/next" => Answer::ok("fine").answer_to("GET"),
        _ => answer.clone(),
    })
}

/// Finds nothing for "slow.test", ever.
struct Slow;

impl Resolve for Slow {
    fn resolve(&self, _: &str, _: u16) -> Resolving {
        Box::pin(std::future::pending())
    }
}

#[test]
fn while_a_name_is_looked_up() {
    bounded(|| async {
        let server = but(Answer::stall());
        let session = alone().dns_resolver(Arc::new(Slow)).build().unwrap();
        sweep(&session, &server.url("/next"), &server, || fetch(&session, "http://slow.test/")).await;
    });
}

#[test]
fn while_it_connects() {
    bounded(|| async {
        let server = but(Answer::stall());
        let full = FullListener::bind().unwrap();
        let url = format!("http://{}/", full.address());
        let session = alone().build().unwrap();
        sweep(&session, &server.url("/next"), &server, || fetch(&session, &url)).await;
    });
}

#[test]
fn in_each_part_of_a_response() {
    for sent in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"] {
        bounded(move || async move {
            let server = but(Answer::raw(sent).then(Deed::Stall));
            let session = alone().build().unwrap();
            let url = server.url("/");
            sweep(&session, &server.url("/next"), &server, || fetch(&session, &url)).await;
        });
    }
    bounded(|| async {
        let server = but(Answer::ok("x".repeat(300_000)).answer_to("GET"));
        let session = alone().build().unwrap();
        let url = server.url("/");
        sweep(&session, &server.url("/next"), &server, || fetch(&session, &url)).await;
    });
}

#[test]
fn while_a_proxy_opens_its_tunnel_and_in_a_handshake() {
    for word in ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n\x16\x03\x03\x00"] {
        bounded(move || async move {
            let proxy = scripted(move |_: &Request, _: &Place| Answer::raw(word).then(Deed::Stall));
            let server = but(Answer::stall());
            let proxies = ProxyConfig::new().https(ProxyServer::parse(&proxy.url("")).unwrap());
            let session = alone().proxy(proxies).build().unwrap();
            sweep(&session, &server.url("/next"), &server, || fetch(&session, "https://a.test/")).await;
        });
    }
}

/// Gives so many pieces, then waits for ever.
struct Pieces(usize);

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(left) = self.0.checked_sub(1) else { return Poll::Pending };
        self.0 = left;
        Poll::Ready(Some(Ok(Bytes::from(vec![b'x'; 70_000]))))
    }
}

#[test]
fn in_an_upload_whose_source_waits_or_whose_peer_does_not_read() {
    for count in [0, 1, 3, 400] {
        bounded(move || async move {
            // The head of an upload is answered by nothing, and its body not read.
            let stuck = Gate::new();
            let held = stuck.clone();
            let early = move |_: &Head, _: &Place| match count {
                400 => Early::Interim(Answer::default().then(Deed::Wait(held.clone()))),
                _ => Early::Wait,
            };
            let whole = |_: &Request, _: &Place| Answer::ok("fine").answer_to("GET");
            let server = scripted(with_early(early, whole));
            let session = alone().build().unwrap();
            let url = server.url("/");
            let upload = || session.post(url.as_str()).body(Body::stream(Pieces(count))).send();
            sweep(&session, &server.url("/next"), &server, upload).await;
            stuck.open();
        });
    }
}

#[test]
fn while_a_100_is_awaited() {
    bounded(|| async {
        let whole = |_: &Request, _: &Place| Answer::ok("fine").answer_to("GET");
        let server = scripted(with_early(|_: &Head, _: &Place| Early::Wait, whole));
        let session = alone().expect_timeout(LONG).build().unwrap();
        let url = server.url("/");
        let upload = || session.post(url.as_str()).expect_continue().body("abc").send();
        sweep(&session, &server.url("/next"), &server, upload).await;
    });
}

#[test]
fn while_the_body_of_a_redirect_is_drained() {
    for body in ["", "123"] {
        bounded(move || async move {
            let head = "HTTP/1.1 302 Found\r\nlocation: /end\r\ncontent-length: 10\r\n\r\n";
            let server = but(Answer::raw(format!("{head}{body}")).then(Deed::Stall));
            let session = alone().drain_timeout(LONG).build().unwrap();
            let url = server.url("/");
            sweep(&session, &server.url("/next"), &server, || fetch(&session, &url)).await;
        });
    }
}

#[test]
fn while_it_waits_to_try_again() {
    bounded(|| async {
        let server = but(Answer::status(503).body("busy").answer_to("GET"));
        let policy = RetryPolicy::new(3).statuses([StatusCode::SERVICE_UNAVAILABLE]).backoff(LONG, LONG);
        let session = alone().retry(policy).build().unwrap();
        let url = server.url("/");
        sweep(&session, &server.url("/next"), &server, || fetch(&session, &url)).await;
        let asked = server.requests().len();
        assert!(asked < 2 * POLLS, "{asked}: none is tried again");
    });
}

/// A large body both ways over TLS with an origin, directly and through a tunnel: dropped in the handshakes, in the upload, in
/// the response, and where it is over.
#[test]
#[cfg(feature = "tls")]
fn in_each_part_of_an_exchange_over_tls() {
    for tunnelled in [false, true] {
        bounded(move || async move {
            let origin = Endpoint::origin("https://a.test").unwrap();
            let proxy = Endpoint::proxy("https://p.test:3128").unwrap();
            let endpoints = if tunnelled { vec![proxy.clone()] } else { vec![origin.clone()] };
            let answer = |request: &Request, _: &Place| match request.head.target.as_str() {
                "/next" => Answer::ok("fine").answer_to("GET"),
                // CONNECT
                "a.test:443" => Answer::raw("HTTP/1.1 200 OK\r\n\r\n"),
                _ => Answer::ok("x".repeat(300_000)).answer_to("POST"),
            };
            let server = Server::start(endpoints, answer).unwrap();
            let mut builder = alone().tls_certs_only([Certificate::der(server.ca().certificate_der())]);
            builder = match tunnelled {
                false => builder.resolve("a.test", server.address(&origin).unwrap()),
                true => builder
                    .resolve("p.test", server.address(&proxy).unwrap())
                    .proxy(ProxyConfig::new().https(ProxyServer::parse("https://p.test:3128").unwrap())),
            };
            let session = builder.build().unwrap();
            let upload = || async {
                let sent = session.post("https://a.test/").body("y".repeat(300_000)).send().await?;
                sent.bytes().await
            };
            sweep(&session, "https://a.test/next", &server, upload).await;
        });
    }
}

//! Servers that misbehave: the error is typed, tells phase and URL, comes in time, and the session works afterwards.

use crate::server::{Server, bounded, ok, read_head, read_request, reply, reset};
use futures_core::Stream;
use session_core::error::{ErrorKind, Phase};
use session_core::retry::policy::RetryPolicy;
use session_core::session::transport::Clock;
use session_core::time::Now;
use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use transport_tokio::{Error, Session, SessionBuilder};

/// Short times, so that what never comes is missed soon.
fn impatient() -> SessionBuilder {
    let short = Duration::from_millis(300);
    Session::builder().connect_timeout(Duration::from_secs(2)).head_timeout(short).read_timeout(short)
}

/// A request for a whole body.
async fn fetch(session: &Session, url: &str) -> Result<String, Error> {
    session.get(url).send().await?.text().await
}

/// Asks a server whose first connection does `act`, and whose others answer; then asks it again.
async fn fails_by(act: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Error {
    let server = Server::raw(move |number, mut stream| {
        read_head(&mut stream);
        if number == 0 {
            act(&mut stream);
        } else {
            let _ = stream.write_all(ok("fine").as_bytes());
        }
    });
    let session = impatient().build().unwrap();
    let url = server.url("/x?q=1");
    let error = fetch(&session, &format!("{url}#top")).await.unwrap_err();
    assert_eq!(error.url().map(|url| url.as_str()), Some(url.as_str()));
    assert_eq!(session.idle_connections(), 0);
    assert_eq!(fetch(&session, &url).await.unwrap(), "fine");
    assert_eq!(server.accepted(), 2);
    error
}

#[test]
fn a_server_that_closes_breaks_off_or_resets_is_incomplete() {
    bounded(|| async {
        let whole =
            async |bytes: &'static str| fails_by(move |stream| stream.write_all(bytes.as_bytes()).unwrap()).await;
        for (bytes, phase) in [
            ("", Phase::Head),
            ("HTTP/1.1 200 OK\r\ncontent-le", Phase::Head),
            ("HTTP/1.1 100 Continue\r\n\r\n", Phase::Head),
            ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345", Phase::Body),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n", Phase::Body),
        ] {
            let error = whole(bytes).await;
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Incomplete, phase), "{bytes:?}: {error}");
        }
        for bytes in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\npart"] {
            let error = fails_by(move |stream| {
                stream.write_all(bytes.as_bytes()).unwrap();
                // What was written must arrive before the reset overtakes it.
                thread::sleep(Duration::from_millis(50));
                reset(stream);
            })
            .await;
            assert_eq!(error.kind(), ErrorKind::Incomplete, "{bytes:?}: {error}");
        }
    });
}

#[test]
fn garbage_is_a_protocol_error() {
    bounded(|| async {
        for bytes in
            ["SSH-2.0-OpenSSH_9.6\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n12345", "\0\0\0\0\r\n\r\n"]
        {
            let error = fails_by(move |stream| stream.write_all(bytes.as_bytes()).unwrap()).await;
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Protocol, Phase::Head), "{bytes:?}");
        }
        let error = fails_by(|stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n+5\r\n").unwrap();
        })
        .await;
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Protocol, Phase::Body));
        let error = fails_by(|stream| while stream.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").is_ok() {}).await;
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Limit, Phase::Head));
    });
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    bounded(|| async {
        let started = Instant::now();
        let silent = fails_by(|stream| drop(stream.read(&mut [0]))).await;
        assert_eq!((silent.kind(), silent.phase()), (ErrorKind::Timeout, Phase::Head));
        // Bytes that drip do not make the time for the head any longer.
        let dripping = fails_by(|stream| {
            for byte in "HTTP/1.1 200 OK\r\nx-y: ".bytes().chain(std::iter::repeat(b'z')) {
                if stream.write_all(&[byte]).is_err() {
                    return;
                }
                thread::sleep(Duration::from_millis(20));
            }
        })
        .await;
        assert_eq!((dripping.kind(), dripping.phase()), (ErrorKind::Timeout, Phase::Head));
        let stalled = fails_by(|stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345").unwrap();
            let _ = stream.read(&mut [0]);
        })
        .await;
        assert_eq!((stalled.kind(), stalled.phase()), (ErrorKind::Timeout, Phase::Body));
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    });
}

#[test]
fn the_deadline_bounds_all_of_an_exchange() {
    bounded(|| async {
        let server = Server::raw(|_, mut stream| {
            read_head(&mut stream);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            while stream.write_all(b"x").is_ok() {
                thread::sleep(Duration::from_millis(20));
            }
        });
        for session in [Session::new(), Session::builder().clock(still_clock()).build().unwrap()] {
            let started = Instant::now();
            let response = session.get(server.url("/")).timeout(Duration::from_millis(300)).send().await.unwrap();
            let error = response.text().await.unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Body));
            assert!(error.to_string().contains("the exchange took longer"), "{error}");
            assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
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
        let server = Server::http(|_| reply("503 Service Unavailable", "", ""));
        let retry = RetryPolicy::new(2).backoff(Duration::from_millis(1), Duration::from_millis(5));
        let session = Session::builder().retry(retry).clock(still_clock()).build().unwrap();
        assert_eq!(session.get(server.url("/")).send().await.unwrap().status(), 503);
        assert_eq!(server.seen().len(), 3);
    });
}

#[test]
fn a_body_that_failed_fails_again() {
    bounded(|| async {
        let server = Server::raw(|_, mut stream| {
            read_head(&mut stream);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345");
        });
        let mut response = Session::new().get(server.url("/")).send().await.unwrap();
        assert_eq!(response.chunk().await.unwrap().unwrap(), "12345");
        for _ in 0..3 {
            assert_eq!(response.chunk().await.unwrap_err().kind(), ErrorKind::Incomplete);
        }
        // A stream tells an error once and ends.
        assert!(std::future::poll_fn(|cx| Pin::new(&mut response).poll_next(cx)).await.is_none());
    });
}

#[test]
fn what_cannot_be_connected_is_told_with_its_address() {
    bounded(|| async {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let server = Server::http(|_| ok("fine"));
        let session = impatient()
            .resolve("none.test", free)
            .resolve_to_addrs("empty.test", &[])
            .resolve_to_addrs("second.test", &[free, server.address])
            .build()
            .unwrap();
        let error = fetch(&session, "http://none.test/").await.unwrap_err();
        assert!(error.is_connect() && error.phase() == Phase::Connect);
        assert!(error.to_string().contains(&free.to_string()), "{error}");
        let error = fetch(&session, "http://empty.test/").await.unwrap_err();
        assert!(error.is_connect() && error.phase() == Phase::Resolve);
        let error = fetch(&session, "http://no-such-name.invalid/").await.unwrap_err();
        assert!((error.is_connect() || error.is_timeout()) && error.phase() == Phase::Resolve, "{error}");
        assert_eq!(fetch(&session, "http://second.test/").await.unwrap(), "fine");
    });
}

/// A listener that takes no further connection: its queue is full.
fn full_listener() -> (socket2::Socket, SocketAddr, Vec<TcpStream>) {
    let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        queued.push(stream);
    }
    (listener, address, queued)
}

#[test]
fn connecting_has_its_time() {
    bounded(|| async {
        let (_listener, full, _queued) = full_listener();
        let session = Session::builder().connect_timeout(Duration::from_millis(200)).build().unwrap();
        let started = Instant::now();
        let error = fetch(&session, &format!("http://{full}/")).await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Connect));
        assert!(started.elapsed() < Duration::from_secs(2));
    });
}

#[test]
fn an_idle_connection_that_the_peer_closed_or_spoke_on_is_not_used() {
    bounded(|| async {
        for after in ["", "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison", "x"] {
            let server = Server::raw(move |number, mut stream| {
                read_head(&mut stream);
                stream.write_all(ok(&number.to_string()).as_bytes()).unwrap();
                thread::sleep(Duration::from_millis(50));
                stream.write_all(after.as_bytes()).unwrap();
            });
            let session = Session::new();
            let post = async || session.post(server.url("/")).body("x").send().await.unwrap().text().await.unwrap();
            assert_eq!(post().await, "0", "{after:?}");
            // The runtime is kept from looking.
            thread::sleep(Duration::from_millis(150));
            assert_eq!(post().await, "1", "{after:?}");
        }
    });
}

#[test]
fn an_empty_line_between_responses_does_no_harm() {
    bounded(|| async {
        let server = Server::raw(|_, mut stream| {
            for answer in [ok("1") + "\r\n", ok("2")] {
                read_head(&mut stream);
                let (first, last) = answer.split_at(answer.len() - 2);
                stream.write_all(first.as_bytes()).unwrap();
                thread::sleep(Duration::from_millis(50));
                stream.write_all(last.as_bytes()).unwrap();
            }
        });
        let session = Session::new();
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "1");
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "2");
        assert_eq!(server.accepted(), 1);
    });
}

/// Answers one request on the first connection and closes on the next, whatever it is; the others answer if `later`.
fn closes_on_the_second(later: bool) -> Server {
    Server::raw(move |number, stream| {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut stream = stream;
        if number == 0 || later {
            read_request(&mut reader);
            stream.write_all(ok(&number.to_string()).as_bytes()).unwrap();
        }
        read_request(&mut reader);
    })
}

#[test]
fn a_connection_that_closes_under_a_request_is_replaced_once() {
    bounded(|| async {
        let server = closes_on_the_second(true);
        let session = Session::new();
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "0");
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "1");
        assert_eq!(server.accepted(), 2);

        // A POST may have been acted on.
        let server = closes_on_the_second(true);
        let session = Session::new();
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "0");
        let error = session.post(server.url("/")).body("x").send().await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Incomplete, Phase::Head));
        assert_eq!(server.accepted(), 1);

        let server = closes_on_the_second(false);
        let session = Session::new();
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "0");
        let error = fetch(&session, &server.url("/")).await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Incomplete, Phase::Head));
        assert_eq!(server.accepted(), 2);
    });
}

#[test]
fn a_connection_is_kept_only_where_the_response_allows_it() {
    bounded(|| async {
        let server = Server::raw(|_, mut stream| {
            let answer = match read_head(&mut stream) {
                head if head.starts_with(b"GET /close") => reply("200 OK", "connection: close\r\n", "body"),
                head if head.starts_with(b"GET /old") => ok("body").replace("HTTP/1.1", "HTTP/1.0"),
                head if head.starts_with(b"GET /leftover") => ok("body") + "HTTP/1.1 200 OK\r\n",
                _ => "HTTP/1.1 200 OK\r\n\r\nbody".to_owned(),
            };
            stream.write_all(answer.as_bytes()).unwrap();
            if answer.contains("length") {
                let _ = stream.read(&mut [0]);
            }
        });
        let session = Session::new();
        for path in ["/close", "/old", "/leftover", "/until-close"] {
            assert_eq!(fetch(&session, &server.url(path)).await.unwrap(), "body");
            assert_eq!(session.idle_connections(), 0, "{path}");
        }
        assert_eq!(server.accepted(), 4);
    });
}

#[test]
fn https_is_refused_before_anything_is_opened() {
    bounded(|| async {
        let server = Server::http(|_| reply("302 Found", "location: https://a.test/\r\n", ""));
        let session = Session::builder().resolve("a.test", server.address).build().unwrap();
        let error = fetch(&session, "https://a.test/").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("https"), "{error}");
        assert_eq!(server.accepted(), 0);
        let error = fetch(&session, &server.url("/")).await.unwrap_err();
        assert_eq!((error.kind(), error.history().statuses()), (ErrorKind::Unsupported, vec![302]));
        assert_eq!(error.url().unwrap().as_str(), "https://a.test/");
    });
}

#[test]
fn a_redirects_body_is_not_waited_for() {
    bounded(|| async {
        for (length, most) in [(5, Duration::from_secs(3)), (1_000_000_000, Duration::from_millis(500))] {
            let server = Server::raw(move |number, mut stream| {
                read_head(&mut stream);
                let redirect = format!("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: {length}\r\n\r\n");
                let answer = if number == 0 { redirect } else { ok("end") };
                stream.write_all(answer.as_bytes()).unwrap();
                let _ = stream.read(&mut [0]);
            });
            let started = Instant::now();
            assert_eq!(fetch(&Session::new(), &server.url("/")).await.unwrap(), "end");
            assert!(started.elapsed() < most, "{:?}", started.elapsed());
        }
    });
}

#[test]
fn what_a_caller_gets_wrong_is_told_and_nothing_is_sent() {
    bounded(|| async {
        let server = Server::http(|_| ok("fine"));
        let session = Session::new();
        for (error, kind) in [
            (session.get("no url").send().await.unwrap_err(), ErrorKind::InvalidUrl),
            (session.get("ftp://a.test/").send().await.unwrap_err(), ErrorKind::InvalidUrl),
            (session.get(server.url("/")).header("x", "a\r\nb: c").send().await.unwrap_err(), ErrorKind::InvalidHeader),
            (
                session.get(server.url("/")).header("content-length", "3").send().await.unwrap_err(),
                ErrorKind::InvalidHeader,
            ),
        ] {
            assert_eq!((error.kind(), error.phase()), (kind, Phase::Build));
        }
        assert_eq!(server.accepted(), 0);
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "fine");
    });
}

#[test]
fn secrets_do_not_show() {
    bounded(|| async {
        let server = Server::http(|_| reply("403 Forbidden", "set-cookie: sid=hunter2\r\n", "hunter2"));
        let session = Session::new();
        let url = server.url("/").replace("http://", "http://dan:hunter2@");
        let request = session.get(&url).header("authorization", "hunter2").cookie("c", "hunter2");
        let response = request.send().await.unwrap();
        let shown = format!("{response:?} {session:?} {}", response.history());
        let error = response.error_for_status().unwrap_err();
        let shown = format!("{shown} {error} {error:?} {:?}", error.history());
        assert!(!shown.contains("hunter2"), "{shown}");
    });
}

//! Request bodies of every kind, and servers that do not want them.

use crate::server::{Server, bounded, ok, read_head, read_request, reply, reset};
use session_core::error::{ErrorKind, Phase};
use std::io::{self, BufReader, Cursor, Read, Write};
use std::thread;
use std::time::{Duration, Instant};
use transport_blocking::{Body, Session};

/// A server that tells how long each body was.
fn measure() -> Server {
    Server::http(|request| ok(&request.body.len().to_string()))
}

/// Bytes that are not all alike.
fn sample(length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..251).collect::<Vec<u8>>().repeat(length / 251 + 1);
    bytes.truncate(length);
    bytes
}

#[test]
fn bodies_arrive_whole() {
    bounded(|| {
        let server = measure();
        let session = Session::new();
        for length in [1, 1000, 70_000, 3_000_000] {
            let bytes = sample(length);
            let source = bytes.clone();
            for body in [
                Body::from(bytes.clone()),
                Body::reader(Cursor::new(bytes.clone())),
                Body::sized_reader(Cursor::new(bytes.clone()), length as u64),
                Body::replayable(None, move || Ok(Cursor::new(source.clone()))),
            ] {
                let kind = format!("{body:?}");
                let answer = session.put(server.url("/")).body(body).send().unwrap().text().unwrap();
                assert_eq!(answer, length.to_string(), "{kind}");
                assert_eq!(server.seen().last().unwrap().body, bytes, "{kind}");
            }
        }
        assert_eq!(server.accepted(), 1);
    });
}

#[test]
fn a_body_that_is_not_as_long_as_declared_is_an_error() {
    bounded(|| {
        for (given, declared) in [(5, 6), (6, 5), (0, 1), (200_000, 200_001), (200_001, 200_000)] {
            let server = measure();
            let session = Session::new();
            let body = Body::sized_reader(Cursor::new(sample(given)), declared);
            let error = session.post(server.url("/")).body(body).send().unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Body, Phase::Send), "{given} of {declared}: {error}");
            assert_eq!(error.url().unwrap().as_str(), server.url("/"));
            assert_eq!(session.idle_connections(), 0);
            assert_eq!(session.post(server.url("/")).body("abc").send().unwrap().text().unwrap(), "3");
        }
    });
}

#[test]
fn a_source_that_fails_leaves_the_body_without_an_end() {
    bounded(|| {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let server = measure();
        let session = Session::new();
        let body = Body::reader(Cursor::new(sample(10)).chain(Failing));
        let error = session.post(server.url("/")).body(body).send().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Body, Phase::Send));
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "the disk is gone");
        assert_eq!(session.post(server.url("/")).body("abc").send().unwrap().text().unwrap(), "3");
        let seen = server.seen();
        assert!(seen.iter().filter(|request| request.field("transfer-encoding").is_some()).all(|request| request.cut));
    });
}

#[test]
fn a_redirect_takes_the_body_along_where_it_can() {
    bounded(|| {
        let server = Server::http(|request| match request.line() {
            "PUT /old HTTP/1.1" => reply("307 Temporary Redirect", "location: /new\r\n", ""),
            _ => ok(std::str::from_utf8(&request.body).unwrap()),
        });
        let session = Session::new();
        for body in [Body::from("abc"), Body::replayable(Some(3), || Ok(Cursor::new("abc")))] {
            assert_eq!(session.put(server.url("/old")).body(body).send().unwrap().text().unwrap(), "abc");
        }
        let error = session.put(server.url("/old")).body(Body::reader(Cursor::new("abc"))).send().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BodyNotReplayable);
        assert!(error.is_redirect());
    });
}

/// The bodies that an early answer must stop: 1 MiB, much more than the sockets hold, and one without end.
fn large() -> [Body; 3] {
    [Body::from(sample(1 << 20)), Body::from(sample(64 << 20)), Body::reader(io::repeat(b'x'))]
}

#[test]
fn an_early_answer_stops_the_upload() {
    #[derive(Clone, Copy, Debug)]
    enum Then {
        Close,
        Reset,
        Wait,
        Drain,
    }
    bounded(|| {
        for then in [Then::Close, Then::Reset, Then::Wait, Then::Drain] {
            let server = Server::raw(move |_, mut stream| {
                if read_head(&mut stream).starts_with(b"GET") {
                    stream.write_all(ok("fine").as_bytes()).unwrap();
                    return;
                }
                stream.write_all(reply("413 Content Too Large", "", "too large").as_bytes()).unwrap();
                match then {
                    Then::Close => {}
                    Then::Reset => {
                        thread::sleep(Duration::from_millis(50));
                        reset(&stream);
                    }
                    Then::Wait => thread::sleep(Duration::from_secs(10)),
                    Then::Drain => drop(io::copy(&mut stream, &mut io::sink())),
                }
            });
            for body in large() {
                let session = Session::builder().read_timeout(Duration::from_secs(5)).build().unwrap();
                let (kind, started) = (format!("{then:?} {body:?}"), Instant::now());
                let response = session.post(server.url("/")).body(body).send().unwrap();
                assert_eq!(response.status(), 413, "{kind}");
                assert_eq!(response.text().unwrap(), "too large", "{kind}");
                assert!(started.elapsed() < Duration::from_secs(3), "{kind}: {:?}", started.elapsed());
                // What the sockets hold may have been written before the answer was there; then the connection is kept.
                if !kind.contains("1048576") || session.idle_connections() == 0 {
                    assert_eq!(session.idle_connections(), 0, "{kind}");
                    assert_eq!(session.get(server.url("/")).send().unwrap().text().unwrap(), "fine", "{kind}");
                }
            }
        }
    });
}

#[test]
fn what_is_no_refusal_does_not_stop_the_upload() {
    bounded(|| {
        for (early, late) in [("HTTP/1.1 103 Early Hints\r\n\r\n", true), ("HTTP/1.1 200 OK\r\ncontent-", false)] {
            let server = Server::raw(move |_, stream| {
                let mut writer = stream.try_clone().unwrap();
                writer.write_all(early.as_bytes()).unwrap();
                if !late {
                    writer.write_all(b"length: 7\r\n\r\n").unwrap();
                }
                let request = read_request(&mut BufReader::new(stream)).unwrap();
                let length = request.body.len().to_string();
                let answer = if late { ok(&length) } else { length };
                writer.write_all(answer.as_bytes()).unwrap();
            });
            let response = Session::new().post(server.url("/")).body(sample(5_000_000)).send().unwrap();
            assert_eq!(response.text().unwrap(), "5000000");
        }
    });
}

#[test]
fn a_server_that_stops_reading_is_given_up() {
    bounded(|| {
        let server = Server::raw(|number, mut stream| {
            read_head(&mut stream);
            match number {
                0 => thread::sleep(Duration::from_secs(10)),
                _ => stream.write_all(ok("fine").as_bytes()).unwrap(),
            }
        });
        let session = Session::builder().read_timeout(Duration::from_millis(400)).build().unwrap();
        let started = Instant::now();
        let error = session.post(server.url("/")).body(sample(64 << 20)).send().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Send));
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        assert_eq!(session.get(server.url("/")).send().unwrap().text().unwrap(), "fine");
    });
}

#[test]
fn a_server_that_reads_no_more_but_answers_is_heard() {
    bounded(|| {
        let server = Server::raw(|_, mut stream| {
            read_head(&mut stream);
            stream.shutdown(std::net::Shutdown::Read).unwrap();
            thread::sleep(Duration::from_millis(300));
            stream.write_all(reply("401 Unauthorized", "", "no").as_bytes()).unwrap();
        });
        let response = Session::new().post(server.url("/")).body(sample(1 << 20)).send().unwrap();
        assert_eq!(response.status(), 401);
    });
}

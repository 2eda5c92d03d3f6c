//! RE: what a peer can make us hold and do.

use crate::clock::now;
use crate::driver::{answer, get, plain_get, redirect};
use crate::read::{Reader, read, read_to_end};
use session_core::error::ErrorKind;
use session_core::h1::PeerErrorKind;
use session_core::hsts::HstsStore;
use session_core::limits::Limits;
use session_core::retry::policy::RetryPolicy;
use session_core::session::Session;
use std::time::Duration;

#[test]
fn re_01_an_endless_head_ends_at_its_limit() {
    let limits = Limits::default();
    let line = "X: 1\r\n".repeat(limits.head_fields * 2);
    let long = format!("X: {}", "x".repeat(limits.head_bytes * 2));
    let reason = "r".repeat(limits.head_bytes * 2);
    let interim = "HTTP/1.1 103 Early\r\nX: 1\r\n\r\n".repeat(limits.interim_responses);
    for (name, bytes) in [
        ("lines", format!("HTTP/1.1 200 OK\r\n{line}")),
        ("line", format!("HTTP/1.1 200 OK\r\n{long}")),
        ("reason", format!("HTTP/1.1 200 {reason}")),
        ("name", format!("HTTP/1.1 200 OK\r\n{reason}")),
        ("after interim responses", format!("{interim}HTTP/1.1 200 OK\r\n{long}")),
        ("nothing but one empty line", "\r\n".to_owned() + &reason),
    ] {
        for pieces in [1, 1000, usize::MAX] {
            let read = Reader { pieces, ..Reader::default() }.read(&bytes);
            let kinds = [Some(PeerErrorKind::Limit), Some(PeerErrorKind::MalformedHead)];
            assert!(kinds.contains(&read.error), "{name} in {pieces}: {:?}", read.error);
            assert!(read.held <= limits.head_bytes, "{name}: {} held back", read.held);
        }
    }
    // Interim heads and the final one have one budget together.
    let half = format!("X: {}\r\n", "x".repeat(limits.head_bytes / 2));
    let together = format!("HTTP/1.1 103 E\r\n{half}\r\nHTTP/1.1 200 OK\r\n{half}content-length: 0\r\n\r\n");
    assert_eq!(read(together).error, Some(PeerErrorKind::Limit));
}

#[test]
fn re_02_endless_trailers_end_at_their_limit() {
    let limits = Limits::default();
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n";
    for trailers in [format!("X: {}", "x".repeat(limits.trailer_bytes * 2)), "X: 1\r\n".repeat(limits.trailer_bytes)] {
        for pieces in [1, usize::MAX] {
            let read = Reader { pieces, ..Reader::default() }.read(format!("{head}{trailers}"));
            assert_eq!(read.error, Some(PeerErrorKind::Limit));
            assert!(read.held <= limits.trailer_bytes);
        }
    }
}

#[test]
fn re_03_extensions_weigh_no_more_than_the_data_and_some() {
    let limits = Limits::default();
    let chunk = format!("1;{}\r\nx\r\n", "e".repeat(4000));
    let read = read(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}", chunk.repeat(100)));
    assert_eq!(read.error, Some(PeerErrorKind::Limit));
    assert!(read.body.len() * 4000 <= limits.chunk_overhead + 4000 + read.body.len(), "{}", read.body.len());
}

#[test]
fn re_04_a_length_reserves_nothing() {
    let read = read_to_end("HTTP/1.1 200 OK\r\ncontent-length: 9000000000000000000\r\n\r\n0123456789");
    assert_eq!((read.error, &read.body[..]), (Some(PeerErrorKind::Incomplete), &b"0123456789"[..]));
    assert!(read.body.capacity() < 1024 && !read.is_kept());
}

/// Time that grows with the square would be hours.
#[test]
fn re_05_many_small_parts_take_linear_time() {
    let chunks = "1\r\nx\r\n".repeat(1_000_000);
    let body = read(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"));
    assert_eq!((body.error, body.body.len(), body.is_kept()), (None, 1_000_000, true));
    let mut limits = Limits::default();
    (limits.head_bytes, limits.head_fields) = (usize::MAX, 24_000);
    let lines = "x: 1\r\n".repeat(20_000);
    let reader = Reader { limits, ..Reader::default() };
    let many = reader.read(format!("HTTP/1.1 200 OK\r\n{lines}content-length: 0\r\n\r\n"));
    assert_eq!((many.error, many.head.map_or(0, |head| head.headers.len())), (None, 20_001));
    let default = read(format!("HTTP/1.1 200 OK\r\n{lines}\r\n"));
    assert_eq!(default.error, Some(PeerErrorKind::Limit));
}

/// Time that grows with the square would be seen here.
#[test]
fn re_07_long_urls_take_linear_time() {
    for piece in ["@", "%", "../", "?a", "/", "#", "\\", ":", "[", ".", "a.", "%2e%2e/", "\u{e9}"] {
        let long = piece.repeat(100 * 1024 / piece.len());
        for url in [
            format!("http://a.test/{long}"),
            format!("http://{long}a.test/"),
            format!("http://a.test/?{long}"),
            long.clone(),
        ] {
            let mut session = Session::builder().base_url("http://a.test/x/").build().unwrap();
            let first = plain_get(&mut session, &url);
            let mut head = redirect(302, "/");
            if let Ok(location) = http::HeaderValue::from_bytes(url.as_bytes()) {
                head.headers.insert("location", location);
            }
            let second = get(&mut session, "http://a.test/x/", [head]);
            for run in [first, second] {
                if let Err(error) = &run.outcome {
                    let kinds = [ErrorKind::InvalidUrl, ErrorKind::InvalidHeader, ErrorKind::RedirectRefused];
                    assert!(kinds.contains(&error.kind()), "{:?}", error.kind());
                }
            }
        }
    }
}

#[test]
fn re_08_waits_and_maps_are_bounded() {
    let later = "Fri, 31 Dec 9999 23:59:59 GMT";
    for value in ["1000000000000", "99999999999999999999999999", later] {
        let retry = RetryPolicy::new(1).respect_retry_after(Duration::from_secs(5));
        let mut session = Session::builder().retry(retry).build().unwrap();
        let start = now();
        let hop = crate::driver::sent(
            session.begin(session_core::session::request::Request::get("http://a.test/"), start).unwrap(),
        );
        let step = session.handle_response(hop, answer(503, &[("retry-after", value)]), start).unwrap();
        let session_core::session::step::Step::Wait(pause) = step else { panic!("{value}: {step:?}") };
        assert_eq!(pause.until() - start.instant(), Duration::from_secs(5), "{value}");
    }
    let mut limits = Limits::default();
    (limits.hsts_entries, limits.digest_origins) = (100, 10);
    let mut store = HstsStore::new();
    for number in 0..10_000 {
        let head = answer(200, &[("strict-transport-security", "max-age=99999999999999999999")]);
        let origin = crate::driver::origin(&format!("https://h{number}.test"));
        store.learn(&origin, session_core::hsts::Channel::Verified, &head.headers, now(), &limits);
    }
    assert_eq!(store.entries(now()).count(), 100);
}

#[test]
fn re_10_a_huge_value_is_an_error_or_a_value() {
    let value = "x,".repeat(4 * 1024 * 1024);
    for name in ["x", "connection", "transfer-encoding", "content-length", "upgrade", "set-cookie"] {
        let bytes = format!("HTTP/1.1 200 OK\r\n{name}: {value}\r\n\r\n");
        assert_eq!(read(&bytes).error, Some(PeerErrorKind::Limit), "{name}");
        let mut limits = Limits::default();
        limits.head_bytes = usize::MAX;
        let large = Reader { limits, ..Reader::default() }.read(&bytes);
        assert!(large.error.is_some() || large.head.is_some(), "{name}");
    }
}

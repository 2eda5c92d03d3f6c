//! Coded bodies over sockets: decoded while they are read, whole or in pieces, and told where they are damaged, cut or bombs.

use crate::{bounded, fetch, scripted, server};
use session_core::content::coding::{BodyCoding, Codings, Kept};
use session_core::error::{ErrorKind, Phase};
use session_core::limits::Limits;
use session_core::session::settings::Decoding;
use session_core::transport::content::PIECE;
use session_testkit::coded::{self, BR, TEXT, gzip, raw_deflate, zlib};
use session_testkit::script::answer::{Answer, Deed, Response as Scripted};
use session_testkit::script::log::Place;
use session_testkit::script::request::Request;
use session_testkit::server::listen::Server;
use std::io::Read;
use std::time::Duration;
use transport_blocking::Session;

/// [`TEXT`] in each coding, in several members and several codings too.
fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let (first, second) = TEXT.as_bytes().split_at(9);
    let more = [("X-Gzip", [gzip(first), gzip(second)].concat()), ("identity, br, gzip", gzip(BR))];
    coded::samples().into_iter().chain(more).collect()
}

fn body_in(codings: &str, body: impl Into<Vec<u8>>) -> Scripted {
    status(200, codings, body)
}

fn status(status: u16, codings: &str, body: impl Into<Vec<u8>>) -> Scripted {
    Answer::status(status).body(body.into()).field("content-encoding", codings.to_owned())
}

/// Answers "/NUMBER" by that one of the bodies, and anything else by "fine".
fn serving(bodies: Vec<(&'static str, Vec<u8>)>) -> Server {
    server(move |request| match request.head.target.trim_start_matches('/').parse::<usize>() {
        Ok(number) => body_in(bodies[number].0, bodies[number].1.clone()),
        Err(_) => Answer::ok("fine"),
    })
}

/// What the session does with a body, and that it goes on afterwards.
fn fate(session: &Session, server: &Server, number: usize) -> Result<String, ErrorKind> {
    let fate = fetch(session, &server.url(&format!("/{number}"))).map_err(|error| {
        assert_eq!(error.phase(), Phase::Body, "{error}");
        error.kind()
    });
    assert_eq!(fetch(session, &server.url("/next")).unwrap(), "fine");
    fate
}

#[test]
fn what_is_offered_is_decoded_and_the_connection_kept() {
    bounded(|| {
        let server = serving(samples());
        let session = Session::new();
        for (number, (codings, body)) in samples().iter().enumerate() {
            let response = session.get(server.url(&format!("/{number}"))).send().unwrap();
            assert_eq!(response.headers()["content-encoding"], *codings);
            assert_eq!(response.headers()["content-length"], body.len().to_string());
            assert_eq!((response.content_length(), response.body_coding()), (None, BodyCoding::Decoded));
            assert_eq!(response.text().unwrap(), TEXT, "{codings}");
        }
        assert_eq!(server.connections(), 1);
        let offers: Vec<_> =
            server.requests().iter().map(|it| it.head.text("accept-encoding").unwrap().to_owned()).collect();
        assert!(offers.iter().all(|offer| offer == "gzip, deflate, br, zstd"), "{offers:?}");
    });
}

#[test]
fn a_caller_may_read_byte_by_byte_or_in_pieces() {
    bounded(|| {
        let long: Vec<u8> = (0..60_000_u32).flat_map(u32::to_le_bytes).collect();
        let server = serving([samples(), vec![("gzip", gzip(&long))]].concat());
        let session = Session::new();
        for number in 0..samples().len() {
            let mut response = session.get(server.url(&format!("/{number}"))).send().unwrap();
            let (mut text, mut byte) = (Vec::new(), [0]);
            while response.read(&mut byte).unwrap() == 1 {
                assert!(response.trailers().is_none());
                text.push(byte[0]);
            }
            assert!(response.trailers().is_some());
            assert_eq!(text, TEXT.as_bytes());
        }
        let last = server.url(&format!("/{}", samples().len()));
        let mut response = session.get(&last).send().unwrap();
        let mut pieces = Vec::new();
        while let Some(piece) = response.chunk().unwrap() {
            assert!((1..=PIECE).contains(&piece.len()));
            pieces.extend_from_slice(&piece);
        }
        assert_eq!(pieces, long);
        assert_eq!(session.get(&last).send().unwrap().bytes().unwrap(), long);
        let mut copy = Vec::new();
        assert_eq!(session.get(&last).send().unwrap().copy_to(&mut copy).unwrap(), long.len() as u64);
        assert_eq!(copy, long);
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn a_chunked_body_is_decoded_however_it_is_cut() {
    bounded(|| {
        let server = scripted(|_: &Request, _: &Place| {
            let mut body = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
            for piece in gzip(TEXT.as_bytes()).chunks(3) {
                body.extend_from_slice(format!("{}\r\n", piece.len()).as_bytes());
                body.extend_from_slice(piece);
                body.extend_from_slice(b"\r\n");
            }
            body.extend_from_slice(b"0\r\nx: y\r\n\r\n");
            Answer::raw(body).in_pieces(7, Duration::ZERO)
        });
        let mut response = Session::new().get(server.url("/")).send().unwrap();
        let mut text = String::new();
        response.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), &response.trailers().unwrap()["x"]), (TEXT, &"y".parse().unwrap()));
    });
}

#[test]
fn coded_data_that_is_cut_anywhere_is_told_though_the_framing_is_whole() {
    bounded(|| {
        for (codings, body) in samples() {
            let cuts: Vec<_> = (1..body.len()).map(|end| (codings, body[..end].to_vec())).collect();
            // After a whole first member there is nothing that says that another was to come.
            let whole = if codings == "X-Gzip" { gzip(&TEXT.as_bytes()[..9]).len() } else { 0 };
            let count = cuts.len();
            let server = serving(cuts);
            let session = Session::new();
            for number in (0..count).filter(|number| number + 1 != whole) {
                assert_eq!(fate(&session, &server, number), Err(ErrorKind::Decode), "{codings} at {number}");
            }
        }
    });
}

#[test]
fn a_body_that_breaks_off_is_incomplete_before_it_is_anything_else() {
    bounded(|| {
        let whole = body_in("gzip", gzip(TEXT.as_bytes())).answer_to("GET");
        let server = scripted(move |_: &Request, _: &Place| whole.clone().cut_after(100, Deed::Close));
        let error = fetch(&Session::new(), &server.url("/")).unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Incomplete, Phase::Body));
    });
}

#[test]
fn damaged_and_mislabelled_bodies_are_told_and_bind_no_connection() {
    bounded(|| {
        let good = gzip(TEXT.as_bytes());
        let changed = |at: usize, bits: u8| {
            let mut body = good.clone();
            body[at] ^= bits;
            ("gzip", body)
        };
        let mut endless = b"\x1f\x8b\x08\x08\0\0\0\0\0\x03".to_vec();
        endless.resize(1_000_000, b'n');
        let mut bodies = vec![
            changed(good.len() - 8, 1),
            changed(good.len() - 1, 1),
            changed(0, 1),
            changed(3, 0x80),
            ("gzip", endless),
            ("gzip", TEXT.as_bytes().to_vec()),
        ];
        bodies.extend(samples().into_iter().map(|(codings, body)| (codings, [&body[..], b"garbage"].concat())));
        let count = bodies.len();
        let server = serving(bodies);
        let session = Session::new();
        for _ in 0..20 {
            for number in 0..count {
                assert_eq!(fate(&session, &server, number), Err(ErrorKind::Decode), "{number}");
            }
        }
        assert!(session.idle_connections() <= 1);
    });
}

#[test]
fn bombs_end_at_their_limit_in_every_coding_and_chain() {
    bounded(|| {
        let zeros = gzip(vec![0; 3_000_000]);
        let mut zstd = b"\x28\xb5\x2f\xfd\0\x38".to_vec();
        zstd.extend(b"\x02\0\x10\0".repeat(100));
        let bodies = vec![
            ("gzip", zeros.clone()),
            ("deflate", zlib(vec![0; 3_000_000])),
            ("deflate", raw_deflate(vec![0; 3_000_000])),
            ("br", hex(BR_BOMB)),
            ("zstd", zstd),
            ("gzip, gzip", gzip(&zeros)),
            ("gzip, gzip, gzip, gzip, gzip, gzip", gzip(b"")),
            ("gzip, br, zstd, deflate, gzip, identity, br", gzip(b"")),
        ];
        let count = bodies.len();
        let server = serving(bodies);
        let mut limits = Limits::default();
        (limits.decoded_floor, limits.decoded_ratio) = (1 << 20, 100);
        let session = Session::builder().limits(limits).build().unwrap();
        for number in 0..count {
            assert_eq!(fate(&session, &server, number), Err(ErrorKind::Limit), "{number}");
        }
        let codings = "gzip,".repeat(5000);
        let server = server_of(body_in(&codings, gzip(b"")));
        let error = fetch(&session, &server.url("/")).unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Limit, Phase::Body));
    });
}

#[test]
fn a_gathered_body_is_counted_decoded() {
    bounded(|| {
        let server = serving(vec![("gzip", gzip([b'x'; 1000]))]);
        for (most, fits) in [(1000, true), (999, false)] {
            let mut limits = Limits::default();
            limits.gathered_body = most;
            let session = Session::builder().limits(limits).build().unwrap();
            match fate(&session, &server, 0) {
                Ok(text) => assert!(fits && text.len() == 1000),
                Err(kind) => assert!(!fits && kind == ErrorKind::Limit),
            }
        }
    });
}

#[test]
fn what_is_not_delivered_is_not_decoded() {
    bounded(|| {
        let server = server(|request| match request.head.target.as_str() {
            "/" => status(302, "gzip", "no gzip at all").field("location", "/end"),
            _ => Answer::ok("fine"),
        });
        let session = Session::new();
        assert_eq!(fetch(&session, &server.url("/")).unwrap(), "fine");
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn answers_without_a_body_have_nothing_to_decode() {
    bounded(|| {
        let server = server(|request| match request.head.line().as_str() {
            "GET /204 HTTP/1.1" => Answer::status(204).field("content-encoding", "gzip"),
            "GET /304 HTTP/1.1" => Answer::status(304).field("content-encoding", "gzip"),
            _ => body_in("gzip", ""),
        });
        let session = Session::new();
        for path in ["/204", "/304", "/empty"] {
            assert_eq!(fetch(&session, &server.url(path)).unwrap(), "");
        }
        let response = session.head(server.url("/")).send().unwrap();
        assert_eq!((response.body_coding(), response.content_length()), (BodyCoding::Plain, Some(0)));
        assert_eq!(response.bytes().unwrap(), "");
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn a_body_that_is_not_to_be_decoded_comes_as_it_came() {
    bounded(|| {
        let body = gzip(TEXT.as_bytes());
        let served = body.clone();
        let server = server(move |request| match request.head.target.as_str() {
            "/part" => status(206, "gzip", served.clone()),
            "/unknown" => body_in("compress, gzip", served.clone()),
            "/unlabelled" => Answer::ok(served.clone()),
            _ => body_in("gzip", served.clone()),
        });
        let off = Session::builder().decoding(Decoding::Off).build().unwrap();
        let some = Session::builder().no_gzip().build().unwrap();
        let none = Session::builder().codings(Codings::NONE).build().unwrap();
        let on = Session::new();
        for (session, path, coding, offer) in [
            (&off, "/", BodyCoding::Kept(Kept::SwitchedOff), None),
            (&none, "/", BodyCoding::Kept(Kept::SwitchedOff), None),
            (&some, "/", BodyCoding::Kept(Kept::SwitchedOff), Some("deflate, br, zstd")),
            (&on, "/part", BodyCoding::Kept(Kept::Part), Some("gzip, deflate, br, zstd")),
            (&on, "/unknown", BodyCoding::Kept(Kept::Unknown), Some("gzip, deflate, br, zstd")),
            (&on, "/unlabelled", BodyCoding::Plain, Some("gzip, deflate, br, zstd")),
        ] {
            let response = session.get(server.url(path)).send().unwrap();
            assert_eq!((response.body_coding(), response.content_length()), (coding, Some(body.len() as u64)));
            assert_eq!(response.bytes().unwrap(), body);
            assert_eq!(server.requests().last().unwrap().head.text("accept-encoding"), offer);
        }
        let request = on.get(server.url("/")).decoding(Decoding::Off);
        assert_eq!(request.send().unwrap().bytes().unwrap(), body);
        // Whoever asked for it: it is decoded.
        let request = off.get(server.url("/")).decoding(Decoding::On).header("accept-encoding", "gzip;q=1");
        assert_eq!(request.send().unwrap().text().unwrap(), TEXT);
        assert_eq!(server.requests().last().unwrap().head.text("accept-encoding"), Some("gzip;q=1"));
    });
}

/// A server that gives every request this answer.
fn server_of(answer: Scripted) -> Server {
    server(move |_| answer.clone())
}

/// 64 MiB of zero bytes by the Python package brotli 1.2.0.
const BR_BOMB: &str = "\
    cbffff3f002400e2b14072effff8ffff078004401c1680eefd1fffffff00900088c302d0bdffe3ffff1f001200715800baf7\
    7ffcffff034002200e0b40f7fe8fffff7f004800c46101e8defff1ffff0f000980382c00ddfb3ffeffff012001108705a07b\
    ff37";

fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        digits.chars().filter_map(|c| c.to_digit(16)).map(|digit| u8::try_from(digit).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect()
}

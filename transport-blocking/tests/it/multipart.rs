//! Forms of several parts: what arrives is what was given, with a length where there is one, and whole again after a redirect.

use crate::{bounded, server};
use session_core::error::{ErrorKind, Phase};
use session_testkit::script::answer::Answer;
use session_testkit::script::request::Request;
use session_testkit::server::listen::Server;
use std::io::{self, Write};
use transport_blocking::multipart::{Form, Part};
use transport_blocking::{Body, Session};

/// One part of a form as it arrived.
#[derive(Debug, PartialEq, Eq)]
struct Arrived {
    name: String,
    file_name: Option<String>,
    media_type: Option<String>,
    content: Vec<u8>,
}

fn arrived(name: &str, file_name: Option<&str>, media_type: Option<&str>, content: &[u8]) -> Arrived {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Arrived { name: name.into(), file_name: owned(file_name), media_type: owned(media_type), content: content.into() }
}

/// What stands in a form, read by rules of this test's own (RFC 2046 5.1.1): exact delimiters, nothing before and nothing behind.
fn read(request: &Request) -> Vec<Arrived> {
    let of = request.head.text("content-type").unwrap();
    let boundary = of.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert!(boundary.len() >= 32 && boundary.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{boundary}");
    let delimiter = format!("\r\n--{boundary}");
    let body = [b"\r\n", &request.body[..]].concat();
    let mut places: Vec<usize> = Vec::new();
    while let Some(at) = find(&body[places.last().map_or(0, |last| last + 1)..], delimiter.as_bytes()) {
        places.push(at + places.last().map_or(0, |last| last + 1));
    }
    let end = places.pop().unwrap();
    assert_eq!(places.first().copied().unwrap_or(end), 0, "something precedes the first part");
    assert_eq!(&body[end + delimiter.len()..], b"--\r\n");
    places.push(end);
    let parts = places.windows(2).map(|pair| &body[pair[0] + delimiter.len()..pair[1]]);
    parts.map(|part| part_of(part.strip_prefix(b"\r\n").unwrap())).collect()
}

fn part_of(part: &[u8]) -> Arrived {
    let head_end = find(part, b"\r\n\r\n").unwrap();
    let head = std::str::from_utf8(&part[..head_end]).unwrap();
    let field = |name: &str| head.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let disposition = field("content-disposition").unwrap();
    let quoted = |name: &str| {
        let (_, rest) = disposition.split_once(&format!("; {name}=\""))?;
        Some(rest.split_once('"').unwrap().0.to_owned())
    };
    assert!(disposition.starts_with("form-data; name="));
    Arrived {
        name: quoted("name").unwrap(),
        file_name: quoted("filename"),
        media_type: field("content-type").map(str::to_owned),
        content: part[head_end + 4..].into(),
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// A server that sends what comes to `/old` on to `/new`.
fn moved() -> Server {
    server(|request| match request.head.target.as_str() {
        "/old" => Answer::status(307).field("location", "/new"),
        _ => Answer::ok(request.body.len().to_string()),
    })
}

fn sample(length: usize) -> Vec<u8> {
    (0..=255).cycle().take(length).collect()
}

fn named(bytes: &[u8], ending: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().prefix("form").suffix(ending).tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[test]
fn text_bytes_and_files_arrive_with_their_length_and_again_after_a_redirect() {
    bounded(|| {
        let server = moved();
        let (small, large) = (sample(100), sample(1_000_000));
        let (photo, empty) = (named(&large, ".jpg"), named(b"", ".unknown"));
        let avatar = Part::bytes(small.clone()).file_name("a \"b\"\r\n\u{e9}.png");
        let form = Form::new()
            .text("name", "Ada \u{1f600}")
            .part("avatar", avatar)
            .part("large", Part::bytes(large.clone()).mime_str("application/x-test").unwrap())
            .file("photo", photo.path())
            .unwrap()
            .part("empty", Part::file(empty.path()).unwrap().file_name("none"))
            .text("name", "again");
        let response = Session::new().post(server.url("/old")).multipart(form).send().unwrap();
        assert_eq!(response.history().statuses(), [307]);
        let file_name = photo.path().file_name().unwrap().to_str().unwrap();
        let expected = [
            arrived("name", None, None, "Ada \u{1f600}".as_bytes()),
            arrived("avatar", Some("a %22b%22%0D%0A\u{e9}.png"), Some("image/png"), &small),
            arrived("large", None, Some("application/x-test"), &large),
            arrived("photo", Some(file_name), Some("image/jpeg"), &large),
            arrived("empty", Some("none"), Some("application/octet-stream"), b""),
            arrived("name", None, None, b"again"),
        ];
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        for request in &requests {
            assert!(read(request) == expected);
            let length = request.body.len().to_string();
            assert_eq!(request.head.text("content-length"), Some(length.as_str()));
        }
        assert_eq!(requests[0].body, requests[1].body);
    });
}

#[test]
fn a_form_with_a_part_of_unknown_length_is_sent_in_chunks() {
    bounded(|| {
        let server = moved();
        let bytes = sample(300_000);
        let form = Form::new()
            .part("known", Part::reader_with_length(io::Cursor::new(bytes.clone()), 300_000))
            .part("unknown", Part::reader(io::Cursor::new(bytes.clone())))
            .text("end", "");
        Session::new().post(server.url("/new")).multipart(form).send().unwrap();
        let request = server.requests().pop().unwrap();
        assert_eq!(request.head.text("transfer-encoding"), Some("chunked"));
        let expected = [
            arrived("known", None, None, &bytes),
            arrived("unknown", None, None, &bytes),
            arrived("end", None, None, b""),
        ];
        assert!(read(&request) == expected);
        // All lengths are known: so is that of the form.
        let form = Form::new().part("known", Part::reader_with_length(io::Cursor::new(bytes.clone()), 300_000));
        Session::new().post(server.url("/new")).multipart(form).send().unwrap();
        assert!(server.requests().pop().unwrap().head.text("content-length").is_some());
    });
}

#[test]
fn a_form_that_can_be_read_once_is_not_sent_twice_and_never_cut() {
    bounded(|| {
        let server = moved();
        let bytes = b"once".to_vec();
        let form = Form::new().text("a", "1").part("b", Part::reader(io::Cursor::new(bytes.clone())));
        let request = Session::new();
        let request = request.post(server.url("/old")).multipart(form);
        assert!(request.try_clone().is_none());
        let error = request.send().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BodyNotReplayable);
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn a_part_that_is_not_as_long_as_it_said_or_breaks_is_an_error() {
    bounded(|| {
        let server = moved();
        let session = Session::new();
        let bytes = sample(1000);
        for length in [999, 1001] {
            let part = Part::reader_with_length(io::Cursor::new(bytes.clone()), length);
            let form = Form::new().text("a", "1").part("b", part);
            let error = session.post(server.url("/new")).multipart(form).send().unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Body, Phase::Send), "{length}: {error}");
        }
        assert_eq!(Part::file("no such file").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(Form::new().file("a", "no such file").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(session.idle_connections(), 0);
    });
}

#[test]
fn copies_of_a_form_are_sent_at_the_same_time() {
    bounded(|| {
        let server = moved();
        let bytes = sample(2_000_000);
        let file = named(&bytes, ".bin");
        let session = Session::new();
        let form = Form::new().part("a", Part::body(Body::from_path(file.path()).unwrap()));
        let one = session.post(server.url("/new")).multipart(form);
        let two = one.try_clone().unwrap();
        std::thread::scope(|scope| {
            for request in [one, two] {
                scope.spawn(move || request.send().unwrap());
            }
        });
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        for request in &requests {
            assert!(read(request) == [arrived("a", None, None, &bytes)]);
        }
    });
}

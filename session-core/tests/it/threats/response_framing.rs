//! RF: where a response begins and ends.

use crate::read::{Read, Reader, read, read_to_end};
use session_core::h1::PeerErrorKind::{Limit, MalformedChunk, MalformedFraming, MalformedHead, UnexpectedSwitch};
use session_core::h1::{PeerErrorKind, Reuse};
use session_core::limits::Limits;

/// A response with these lines in its head and this body.
fn response(lines: &[&str], body: &str) -> Vec<u8> {
    let mut text = "HTTP/1.1 200 OK\r\n".to_owned();
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// That a head with these lines is refused for this reason, and the connection closed.
fn refused(lines: &[&str], kind: PeerErrorKind) {
    let read = read_to_end(response(lines, "hello"));
    assert_eq!(read.error, Some(kind), "{lines:?}: {read:?}");
    assert!(read.head.is_none() && matches!(read.reuse, Some(Reuse::Close(_))), "{lines:?}: {read:?}");
}

#[test]
fn rf_01_no_blank_before_the_colon_or_the_first_name() {
    for line in [
        "Content-Length : 5",
        "\tContent-Length: 5",
        " Content-Length: 5",
        "Content-Length\t: 5",
        "Foo\x0b: 1",
        "Foo\x0c: 1",
    ] {
        refused(&[line], MalformedHead);
    }
    for line in ["Content-Length : 5", "Foo\x0b: 1"] {
        refused(&["X: 1", line], MalformedHead);
    }
}

#[test]
fn rf_02_a_field_line_has_a_token_and_a_colon() {
    for line in
        ["no colon", ": empty", "a b: 1", "a\x01: 1", "a\0: 1", "a(: 1", "a\x7f: 1", "\u{e9}: 1", "a\": 1", "[a]: 1"]
    {
        refused(&[line], MalformedHead);
    }
}

#[test]
fn rf_03_two_lengths_are_an_error() {
    for coding in ["chunked", "Chunked"] {
        let coding = format!("Transfer-Encoding: {coding}");
        refused(&["Content-Length: 5", &coding], MalformedFraming);
        refused(&[&coding, "Content-Length: 0"], MalformedFraming);
    }
}

#[test]
fn rf_04_one_chunked_or_an_error() {
    for lines in [
        &["Transfer-Encoding: xchunked"][..],
        &["Transfer-Encoding: identity"],
        &["Transfer-Encoding: identity, chunked"],
        &["Transfer-Encoding: chunked, chunked"],
        &["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        &["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"],
        &["Transfer-Encoding: chunked, gzip"],
        &["Transfer-Encoding: chunked;q=1"],
        &["Transfer-Encoding: \"chunked\""],
        &["Transfer-Encoding: "],
        &["Transfer-Encoding: chunked "],
    ] {
        let read = read_to_end(response(lines, "5\r\nhello\r\n0\r\n\r\n"));
        if lines == ["Transfer-Encoding: chunked "] {
            assert_eq!((read.error, &read.body[..]), (None, &b"hello"[..]), "a blank at the end is no part of it");
        } else {
            assert_eq!((read.error, read.is_kept()), (Some(MalformedFraming), false), "{lines:?}: {read:?}");
        }
    }
    refused(&["Transfer-Encoding: chunked\x0b"], MalformedHead);
    let old = read_to_end(b"HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n0\r\n\r\n");
    assert!(!old.is_kept() && (old.error == Some(MalformedFraming) || old.body == b"0\r\n\r\n"), "{old:?}");
}

#[test]
fn rf_05_a_content_length_is_plain_digits() {
    for value in [
        "+5",
        "-1",
        "0x5",
        "5_0",
        "",
        "5 5",
        "5;",
        "5,6",
        "5.0",
        "9223372036854775808",
        "99999999999999999999",
        "\u{665}",
        "5,",
        ",5",
        "five",
    ] {
        refused(&[&format!("Content-Length: {value}")], MalformedFraming);
    }
    refused(&["Content-Length: 5", "Content-Length: 6"], MalformedFraming);
    for lines in [&["Content-Length: 5, 5"][..], &["Content-Length: 5", "content-length: 5"], &["Content-Length: 5,5"]]
    {
        let read = read(response(lines, "hello"));
        assert_eq!((read.error, &read.body[..], read.is_kept()), (None, &b"hello"[..], true), "{lines:?}");
    }
}

fn chunks(body: &str) -> Read {
    read_to_end(response(&["Transfer-Encoding: chunked"], body))
}

#[test]
fn rf_06_a_chunk_size_is_hex_digits() {
    for size in ["11111111111111111", "+5", "-1", "0x5", " 5", "5 ", "", "5\t", "g", "5\u{660}", "5_", "5."] {
        let read = chunks(&format!("{size}\r\nhello\r\n0\r\n\r\n"));
        assert_eq!(read.error, Some(MalformedChunk), "{size:?}: {read:?}");
    }
    for body in [
        "5\nhello\r\n0\r\n\r\n",
        "5\r\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
    ] {
        let read = chunks(body);
        assert_eq!((read.error, read.is_kept()), (Some(MalformedChunk), false), "{body:?}: {read:?}");
    }
    let largest = chunks("7fffffffffffffff\r\nhello");
    assert_eq!((largest.error, &largest.body[..]), (Some(PeerErrorKind::Incomplete), &b"hello"[..]));
    for size in ["8000000000000000", "ffffffffffffffff"] {
        let read = chunks(&format!("{size}\r\nhello"));
        assert!(read.error.is_some() && read.body.len() <= 5, "{size}: {read:?}");
    }
    let sum = chunks("5\r\nhello\r\n7fffffffffffffff\r\nx");
    assert!(sum.error.is_some() && sum.body.len() <= 6);
}

#[test]
fn rf_07_a_chunk_extension_stays_on_its_line() {
    for extension in [
        ";a\rb",
        ";a\nb",
        ";a=\"\r\n\"",
        ";a=\"b",
        ";a=\"b\\",
        ";a=b\"",
        ";=",
        ";a=",
        ";a b",
        " a",
        " ; a",
        ";a=\"\0\"",
    ] {
        let read = chunks(&format!("5{extension}\r\nhello\r\n0\r\n\r\n"));
        assert_eq!(read.error, Some(MalformedChunk), "{extension:?}: {read:?}");
    }
    for extension in [";a", ";a=b", ";a=\"b;c\"", ";a=\"\\\"\";d"] {
        let read = chunks(&format!("5{extension}\r\nhello\r\n0{extension}\r\n\r\n"));
        assert_eq!((read.error, &read.body[..]), (None, &b"hello"[..]), "{extension:?}");
    }
}

#[test]
fn rf_08_trailers_are_fields_and_never_join_the_head() {
    let body = "0\r\nX: 1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a=1\r\nAuthorization: x\r\nHost: b.test\r\n\r\n";
    let read = read(response(&["Transfer-Encoding: chunked"], body));
    let trailers = read.trailers.clone().unwrap();
    let names: Vec<&str> = trailers.keys().map(http::HeaderName::as_str).collect();
    assert_eq!((names, read.head.as_ref().unwrap().headers.len()), (vec!["x"], 1), "{read:?}");
    assert!(read.is_kept());
    for line in ["X : 1", "no colon", "X: \0", " X: 1", "a b: 1"] {
        let read = chunks(&format!("0\r\n{line}\r\n\r\n"));
        assert_eq!(read.error, Some(MalformedChunk), "{line:?}");
    }
    let most = Limits::default().trailer_bytes;
    assert_eq!(chunks(&format!("0\r\nX: {}\r\n\r\n", "x".repeat(most))).error, Some(Limit));
    assert_eq!(
        chunks(&format!("0\r\n{}\r\n", "X: 1\r\n".repeat(Limits::default().head_fields + 1))).error,
        Some(Limit)
    );
}

#[test]
fn rf_09_no_control_character_in_a_value_or_a_reason() {
    for byte in (0..0x20_u8).chain([0x7f]).filter(|byte| *byte != b'\t') {
        let value = [&b"HTTP/1.1 200 OK\r\nX: a"[..], &[byte], b"b\r\nContent-Length: 0\r\n\r\n"].concat();
        let reason = [&b"HTTP/1.1 200 O"[..], &[byte], b"K\r\nContent-Length: 0\r\n\r\n"].concat();
        for bytes in [value, reason] {
            let read = read_to_end(&bytes);
            assert_eq!((read.error, read.is_kept()), (Some(MalformedHead), false), "{byte:#x}: {read:?}");
        }
    }
    let folded = read(response(&["X: a", "  b", "\tc", "Content-Length: 0"], ""));
    assert_eq!(folded.head.unwrap().headers["x"], "a b c");
}

#[test]
fn rf_10_a_status_line_is_a_status_line() {
    for byte in (0..=0x20_u8).filter(|byte| !matches!(byte, b'\r' | b'\n')) {
        let bytes = [&[byte][..], b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"].concat();
        assert_eq!(read_to_end(bytes).error, Some(MalformedHead), "{byte:#x}");
    }
    for line in [
        "\r\n\r\nHTTP/1.1 200 OK",
        "\nHTTP/1.1 200 OK",
        "ICY 200 OK",
        "HTTP/1.10 200 OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 20 OK",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 200OK",
        "HTTP/2.0 200 OK",
        "http/1.1 200 OK",
        "HTTP/1.1\t200 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1,1 200 OK",
        "HTTP 200 OK",
        "",
    ] {
        let read = read_to_end(format!("{line}\r\nContent-Length: 0\r\n\r\n"));
        assert_eq!((read.error, read.head.is_none()), (Some(MalformedHead), true), "{line:?}: {read:?}");
    }
}

#[test]
fn rf_11_past_a_limit_all_of_it_fails() {
    let limits = Limits::default();
    for framing in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
        let lines: Vec<&str> = std::iter::repeat_n("X: 1", limits.head_fields).collect();
        for mut lines in [[&[framing][..], &lines].concat(), [&lines[..], &[framing]].concat()] {
            let read = read(response(&lines, "hello"));
            assert_eq!((read.error, read.head, read.body.len()), (Some(Limit), None, 0), "{framing}");
            lines.remove(1);
            assert_eq!(read_fields(&lines), lines.len(), "one less is taken whole");
        }
    }
}

fn read_fields(lines: &[&str]) -> usize {
    read(response(lines, "")).head.map_or(0, |head| head.headers.len())
}

#[test]
fn rf_12_the_same_however_it_is_cut() {
    let corpus: [&[u8]; 9] = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;a=\"b\"\r\nhello\r\n0\r\nx: y\r\n\r\n",
        b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nlink: x\r\n\r\nHTTP/1.1 204 N\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\nhello",
        b"HTTP/1.1 200 OK\r\nbad line\r\n\r\n",
    ];
    for bytes in corpus {
        let whole = Reader { closes: true, ..Reader::default() }.read(bytes);
        for pieces in 1..=bytes.len() {
            let mut cut = Reader { closes: true, pieces, ..Reader::default() }.read(bytes);
            cut.held = whole.held;
            // Of two reasons to close, which one is told first depends on what has come.
            if cut.reuse != Some(Reuse::Keep) && whole.reuse != Some(Reuse::Keep) {
                cut.reuse = whole.reuse;
            }
            assert_eq!(cut, whole, "in pieces of {pieces}: {}", bytes.escape_ascii());
        }
    }
}

#[test]
fn rf_13_nobody_switches_who_was_not_asked() {
    for lines in
        ["connection: upgrade\r\nupgrade: websocket\r\n", "", "content-length: 5\r\n", "transfer-encoding: chunked\r\n"]
    {
        let read = read_to_end(format!("HTTP/1.1 101 Switching\r\n{lines}\r\nhello"));
        assert!(matches!(read.error, Some(UnexpectedSwitch | MalformedFraming)), "{lines:?}: {read:?}");
        assert!(read.body.is_empty() && read.head.is_none());
    }
}

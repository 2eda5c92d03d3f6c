use super::{ChunkedReader, chunk_size_line};
use crate::h1::error::PeerErrorKind;
use crate::h1::event::Piece;
use crate::h1::recv_buffer::RecvBuffer;
use crate::limits::Limits;
use http::HeaderMap;

#[derive(Debug, PartialEq)]
enum Outcome {
    Complete(HeaderMap),
    Waiting,
    Failed(PeerErrorKind),
}

fn read_in_steps(text: &[u8], step: usize, limits: &Limits) -> (String, Outcome) {
    let mut reader = ChunkedReader::new();
    let mut input = RecvBuffer::new();
    let mut body = Vec::new();
    for piece in text.chunks(step) {
        input.extend_from_slice(piece);
        loop {
            match reader.next(&mut input, limits) {
                Ok(Piece::NeedData) => break,
                Ok(Piece::Data(data)) => body.extend_from_slice(&data),
                Ok(Piece::End(trailers)) => {
                    return (String::from_utf8(body).unwrap(), Outcome::Complete(trailers));
                }
                Err(error) => return (String::from_utf8(body).unwrap(), Outcome::Failed(error.kind())),
            }
        }
    }
    (String::from_utf8(body).unwrap(), Outcome::Waiting)
}

/// Feeds whole, byte by byte and in threes; all must agree.
fn read_with(text: &str, limits: &Limits) -> (String, Outcome) {
    let whole = read_in_steps(text.as_bytes(), text.len().max(1), limits);
    for step in [1, 3] {
        assert_eq!(read_in_steps(text.as_bytes(), step, limits), whole, "{text:?} in steps of {step}");
    }
    whole
}

fn read(text: &str) -> (String, Outcome) {
    read_with(text, &Limits::default())
}

fn complete() -> Outcome {
    Outcome::Complete(HeaderMap::new())
}

#[test]
fn chunks_are_joined() {
    assert_eq!(read("5\r\nhello\r\nC\r\n other world\r\n0\r\n\r\n"), ("hello other world".into(), complete()));
    assert_eq!(read("0\r\n\r\n"), (String::new(), complete()));
    assert_eq!(read("000\r\n\r\n"), (String::new(), complete()));
    assert_eq!(read("0000A\r\n0123456789\r\n0\r\n\r\n"), ("0123456789".into(), complete()));
}

#[test]
fn a_size_is_hex_digits_alone() {
    for bad in ["0x5", "+5", "-5", "5_0", "g", "", " 5", "5 ", "5\t", "5,", "5.", "\u{665}", "5 ;a", "5\t;a"] {
        let text = format!("{bad}\r\nhello\r\n0\r\n\r\n");
        assert_eq!(read(&text), (String::new(), Outcome::Failed(PeerErrorKind::MalformedChunk)), "{bad:?}");
    }
}

#[test]
fn a_size_has_at_most_63_bits() {
    assert_eq!(read("7FFFFFFFFFFFFFFF\r\nhello"), ("hello".into(), Outcome::Waiting));
    assert_eq!(read("00007fffffffffffffff\r\nhello"), ("hello".into(), Outcome::Waiting));
    for bad in ["8000000000000000", "FFFFFFFFFFFFFFFF", "10000000000000005"] {
        let text = format!("{bad}\r\nhello");
        assert_eq!(read(&text).1, Outcome::Failed(PeerErrorKind::MalformedChunk), "{bad}");
    }
}

#[test]
fn a_line_ends_in_cr_and_lf() {
    for bad in ["5\nhello", "5\rhello", "5\r\r\nhello", "5;a\nhello", "5;a\rb\r\nhello"] {
        assert_eq!(read(bad), (String::new(), Outcome::Failed(PeerErrorKind::MalformedChunk)), "{bad:?}");
    }
    for bad in ["5\r\nhelloXX0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r0\r\n", "5\r\nhello0\r\n\r\n"] {
        assert_eq!(read(bad), ("hello".into(), Outcome::Failed(PeerErrorKind::MalformedChunk)), "{bad:?}");
    }
}

#[test]
fn extensions_are_ignored_where_well_formed() {
    for good in [
        ";a",
        ";a=b",
        ";a=\"\"",
        ";a=b;c=\"d;e\\\" f\";g",
        "; a",
        ";a = b",
        ";a\t=\t\"b\" ;c",
        ";a ;b",
        ";a=\"\u{e9}\t\\\t\"",
    ] {
        let text = format!("5{good}\r\nhello\r\n0{good}\r\n\r\n");
        assert_eq!(read(&text), ("hello".into(), complete()), "{good:?}");
    }
    for bad in [
        ";",
        ";;a",
        ";=b",
        ";a=",
        ";a=;b",
        ";a b",
        ";a ",
        ";a=b ",
        ";a=b c",
        ";a=\"b",
        ";a=\"b\r\n\"",
        ";a=\"b\"c",
        ";a=\"b\\",
        ";a=\"\x01\"",
        ";a=\0",
        ";a=\"\\\x7f\"",
        ";\u{e9}",
        "a;b\"",
    ] {
        let text = format!("5{bad}\r\nhello\r\n0\r\n\r\n");
        assert_eq!(read(&text), (String::new(), Outcome::Failed(PeerErrorKind::MalformedChunk)), "{bad:?}");
    }
}

#[test]
fn a_chunks_line_is_bounded() {
    let limits = Limits { chunk_line: 8, ..Limits::default() };
    assert_eq!(read_with("5;aaaaaa\r\nhello\r\n0\r\n\r\n", &limits), ("hello".into(), complete()));
    let failed = (String::new(), Outcome::Failed(PeerErrorKind::Limit));
    assert_eq!(read_with("5;aaaaaaa\r\nhello\r\n0\r\n\r\n", &limits), failed);
    assert_eq!(read_with("000000005\r\nhello\r\n0\r\n\r\n", &limits), failed);
    assert_eq!(read(&format!("1;{}", "e".repeat(4095))), failed);
}

/// CVE-2023-39326.
#[test]
fn extensions_and_zeros_may_not_outweigh_the_data() {
    let limits = Limits { chunk_overhead: 4, ..Limits::default() };
    let failed = Outcome::Failed(PeerErrorKind::Limit);
    assert_eq!(read_with("1;aaa\r\nx\r\n1;\r\n", &limits).1, Outcome::Failed(PeerErrorKind::MalformedChunk));
    assert_eq!(read_with("1;aaa\r\nx\r\n001\r\n", &limits), ("x".into(), failed));
    assert_eq!(read_with("1;aaa\r\nx\r\n01\r\nx\r\n01\r\nx\r\n0\r\n\r\n", &limits), ("xxx".into(), complete()));
    assert_eq!(read_with("1;aaaa\r\nx", &limits), (String::new(), Outcome::Failed(PeerErrorKind::Limit)));
    assert_eq!(read_with(&format!("{}0\r\n\r\n", "1\r\nx\r\n".repeat(100)), &limits), ("x".repeat(100), complete()));
}

#[test]
fn trailers_are_told_and_those_that_decide_are_ignored() {
    let (body, outcome) =
        read("1\r\nx\r\n0\r\nX-Sum: 1\r\nSet-Cookie: a=1\r\nContent-Length: 9\r\nx-sum: 2\r\n 3\r\n\r\n");
    assert_eq!(body, "x");
    let Outcome::Complete(trailers) = outcome else { panic!("{outcome:?}") };
    assert_eq!(trailers.get_all("x-sum").iter().collect::<Vec<_>>(), ["1", "2 3"]);
    assert_eq!(trailers.len(), 2);
}

#[test]
fn a_fault_in_the_trailers_is_the_chunked_codings() {
    for bad in [
        "nonsense\r\n\r\n",
        "X: 1\n\r\n",
        " X: 1\r\n\r\n",
        "X : 1\r\n\r\n",
        ": 1\r\n\r\n",
        "X: \0\r\n\r\n",
        "X: 1\r\n\n",
    ] {
        let text = format!("0\r\n{bad}");
        assert_eq!(read(&text), (String::new(), Outcome::Failed(PeerErrorKind::MalformedChunk)), "{bad:?}");
    }
}

#[test]
fn trailers_are_bounded() {
    let limits = Limits { trailer_bytes: 8, ..Limits::default() };
    assert!(matches!(read_with("0\r\nX: 1\r\n\r\n", &limits).1, Outcome::Complete(..)));
    assert_eq!(read_with("0\r\nX: 11\r\n\r\n", &limits).1, Outcome::Failed(PeerErrorKind::Limit));
    let limits = Limits { head_fields: 1, ..Limits::default() };
    assert_eq!(read_with("0\r\nX: 1\r\nY: 1\r\n\r\n", &limits).1, Outcome::Failed(PeerErrorKind::Limit));
}

#[test]
fn bytes_after_the_end_stay() {
    let mut reader = ChunkedReader::new();
    let mut input = RecvBuffer::new();
    input.extend_from_slice(b"0\r\n\r\nrest");
    assert!(matches!(reader.next(&mut input, &Limits::default()), Ok(Piece::End(_))));
    assert_eq!(input.as_slice(), b"rest");
}

#[test]
fn the_line_of_a_chunk_is_its_length_in_hex() {
    for length in [1, 9, 10, 15, 16, 255, 4096, 65535, 1 << 31, usize::MAX] {
        let (line, start) = chunk_size_line(length);
        assert_eq!(std::str::from_utf8(&line[start..]).unwrap(), format!("{length:x}\r\n"));
    }
}

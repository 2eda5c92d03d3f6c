//! The parser takes proper requests in any pieces and refuses the rest.

use super::{Framing, Parsed, Request, RequestError, RequestParser};

fn all(pieces: &[&[u8]]) -> Result<Vec<Request>, RequestError> {
    let mut parser = RequestParser::new();
    let mut found = Vec::new();
    for piece in pieces {
        parser.push(piece);
        while let Some(parsed) = parser.parse_next()? {
            if let Parsed::Whole(request) = parsed {
                found.push(request);
            }
        }
    }
    Ok(found)
}

fn refused(input: &[u8]) -> String {
    all(&[input]).expect_err("refused").to_string()
}

#[test]
fn requests_are_found_one_after_the_other_with_their_raw_bytes() {
    let first = b"POST /x?y HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nX: \t v w \r\n\r\nabc".as_slice();
    let second = b"GET / HTTP/1.0\r\n\r\n".as_slice();
    let requests = all(&[&[first, second].concat()]).unwrap();
    assert_eq!(requests.len(), 2);
    assert_eq!((requests[0].head.method.as_str(), requests[0].head.target.as_str()), ("POST", "/x?y"));
    assert_eq!(requests[0].head.values("x"), [b"v w".as_slice()]);
    assert_eq!(requests[0].body, "abc");
    assert_eq!(requests[0].raw, first);
    assert_eq!(requests[1].head.framing, Framing::None);
    assert!(!requests[1].head.is_http_11);
}

#[test]
fn chunks_are_joined_and_trailers_kept() {
    let input = b"PUT / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\n";
    let requests = all(&[input]).unwrap();
    assert_eq!(requests[0].body, "ab0123456789");
    assert_eq!(requests[0].trailers, [("x".to_owned(), b"y".to_vec())]);
    assert_eq!(requests[0].raw, input.as_slice());
}

#[test]
fn any_cut_gives_the_same_requests() {
    let input = b"PUT /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
        POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
        .as_slice();
    let whole = all(&[input]).unwrap();
    assert_eq!(whole.len(), 2);
    for at in 0..=input.len() {
        assert_eq!(all(&[&input[..at], &input[at..]]).unwrap(), whole, "cut at {at}");
    }
    let bytes: Vec<&[u8]> = input.chunks(1).collect();
    assert_eq!(all(&bytes).unwrap(), whole);
}

#[test]
fn a_head_is_known_before_its_body() {
    let mut parser = RequestParser::new();
    parser.push(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n");
    assert!(matches!(parser.parse_next(), Ok(Some(Parsed::Head(_)))));
    assert_eq!(parser.parse_next(), Ok(None));
    assert!(!parser.is_between_requests());
    parser.push(b"ok");
    assert!(matches!(parser.parse_next(), Ok(Some(Parsed::Whole(_)))));
    assert!(parser.is_between_requests());
}

#[test]
fn ambiguous_framing_is_refused() {
    let with = |fields: &str| refused(format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n").as_bytes());
    assert!(with("Content-Length: 1\r\nTransfer-Encoding: chunked").contains("both"));
    assert!(with("Content-Length: 1\r\ncontent-length: 1").contains("several Content-Length"));
    for bad in ["", "+1", "1, 1", "0x1", "99999999999999999999999"] {
        assert!(with(&format!("Content-Length: {bad}")).contains("no number"), "{bad}");
    }
    for bad in ["gzip, chunked", "identity", "chunked, chunked", ""] {
        assert!(with(&format!("Transfer-Encoding: {bad}")).contains("one plain chunked"), "{bad}");
    }
    assert!(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked").contains("one plain chunked"));
    assert!(refused(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").contains("one plain chunked"));
}

#[test]
fn what_is_no_request_is_refused() {
    for bad in [
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\u{e9} HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: 1\nY: 2\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        assert!(all(&[bad.as_bytes()]).is_err(), "{bad:?}");
    }
}

#[test]
fn bad_chunks_are_refused() {
    let with = |body: &str| {
        refused(format!("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{body}").as_bytes())
    };
    for bad in ["\r\n", " 1\r\n", "1 \r\n", "+1\r\n", "0x1\r\n", "1;e\r\n", "g\r\n", "FFFFFFFFFFFFFFFF\r\n"] {
        assert!(with(bad).contains("chunk size"), "{bad:?}");
    }
    assert!(with("1\r\nab\r\n").contains("longer than its size"));
    assert!(with("0\r\nbad trailer\r\n\r\n").contains("field line"));
}

#[test]
fn an_endless_head_is_refused() {
    assert!(refused(&[b'a'; 300 * 1024]).contains("too long"));
}

//! The same bytes give the same events, however the reads cut them; and no bytes at all make the codec panic or hoard.

use bytes::BytesMut;
use http::{HeaderMap, Method, Request};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use session_core::h1::{Connection, Event, PeerErrorKind, RecvBuffer, Reuse, TargetForm};
use session_core::limits::Limits;
use session_core::message::body::Framing;

/// What a response amounted to, the pieces of its body joined.
#[derive(Clone, Debug, Default, PartialEq)]
struct Outcome {
    heads: Vec<(u16, Vec<u8>, HeaderMap)>,
    body: Vec<u8>,
    trailers: Option<HeaderMap>,
    error: Option<PeerErrorKind>,
    reuse: Option<Reuse>,
    received: bool,
    /// The most bytes that waited while more were needed.
    hoarded: usize,
}

/// A response and how it is met.
#[derive(Clone, Debug)]
struct Exchange {
    method: Method,
    upgrade: Option<&'static str>,
    bytes: Vec<u8>,
    closes: bool,
    limits: Limits,
}

impl Exchange {
    fn read<'a>(&self, pieces: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
        let mut connection = Connection::new(&self.limits);
        let mut head = Request::builder().method(self.method.clone()).uri("http://a.test/");
        if let Some(upgrade) = self.upgrade {
            head = head.header("connection", "upgrade").header("upgrade", upgrade);
        }
        let form = if self.method == Method::CONNECT { TargetForm::Authority } else { TargetForm::Origin };
        connection.send_head(&head.body(()).unwrap(), form, Framing::None, &mut BytesMut::new()).unwrap();
        let mut input = RecvBuffer::new();
        let mut outcome = Outcome::default();
        for piece in pieces {
            let spare = input.spare(piece.len());
            spare[..piece.len()].copy_from_slice(piece);
            input.filled(piece.len());
            ask(&mut connection, &mut input, &mut outcome);
        }
        if self.closes {
            connection.handle_eof();
            ask(&mut connection, &mut input, &mut outcome);
        }
        outcome.received = connection.has_received();
        // Which of several reasons to close is told first is of no interest here.
        outcome.reuse = Some(match connection.reuse(&input) {
            Reuse::Close(_) => Reuse::Close(session_core::h1::CloseReason::PeerFailed),
            reuse => reuse,
        });
        outcome
    }

    fn read_whole(&self) -> Outcome {
        self.read([&self.bytes[..]])
    }

    /// Reads in pieces that end at `cuts`.
    fn read_cut(&self, cuts: &[usize]) -> Outcome {
        let mut cuts = cuts.to_vec();
        cuts.sort_unstable();
        let mut start = 0;
        let mut pieces = Vec::new();
        for cut in cuts {
            pieces.push(&self.bytes[start..cut]);
            start = cut;
        }
        pieces.push(&self.bytes[start..]);
        self.read(pieces)
    }
}

fn ask(connection: &mut Connection, input: &mut RecvBuffer, outcome: &mut Outcome) {
    while outcome.error.is_none() {
        match connection.next_event(input) {
            Ok(Event::NeedData) => {
                if outcome.trailers.is_none() {
                    outcome.hoarded = outcome.hoarded.max(input.len());
                }
                return;
            }
            Ok(Event::Interim(head) | Event::Final(head)) => {
                assert!(outcome.body.is_empty() && outcome.trailers.is_none());
                outcome.heads.push((head.status.as_u16(), head.reason.to_vec(), head.headers));
            }
            Ok(Event::Data(data)) => {
                assert!(!data.is_empty() && outcome.trailers.is_none());
                outcome.body.extend_from_slice(&data);
            }
            Ok(Event::End(trailers)) => assert!(outcome.trailers.replace(trailers).is_none()),
            Err(error) => {
                assert!(outcome.trailers.is_none(), "an error after the end");
                outcome.error = Some(error.kind());
            }
        }
    }
}

fn assert_same(one: &Outcome, other: &Outcome, how: &str) -> Result<(), TestCaseError> {
    let mut other = other.clone();
    other.hoarded = one.hoarded;
    prop_assert_eq!(one, &other, "{}", how);
    Ok(())
}

/// Small bounds, so that short inputs pass them.
fn small_limits() -> Limits {
    let mut limits = Limits::default();
    limits.head_bytes = 300;
    limits.head_fields = 8;
    limits.interim_responses = 2;
    limits.chunk_line = 24;
    limits.chunk_overhead = 30;
    limits.trailer_bytes = 80;
    limits
}

fn field_line() -> impl Strategy<Value = Vec<u8>> {
    let name = select(vec!["X", "x-y", "Set-Cookie", "Connection", "Upgrade", "ETag", "!#$%&'*+-.^_`|~1"]);
    let value =
        select(vec!["", "a", "a b\tc", "close", "keep-alive", "websocket", "a\r\n b", "a \r\n\t\r\n c", "\u{e9}"]);
    let blank = select(vec!["", " ", "\t "]);
    (name, blank.clone(), value, blank)
        .prop_map(|(name, before, value, after)| format!("{name}:{before}{value}{after}\r\n").into_bytes())
}

fn fields(count: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(field_line(), 0..count).prop_map(|lines| lines.concat())
}

fn interim() -> impl Strategy<Value = Vec<u8>> {
    (select(vec!["100 Continue", "103", "199 ", "101 Switch"]), fields(3))
        .prop_map(|(status, fields)| [b"HTTP/1.1 ", status.as_bytes(), b"\r\n", &fields, b"\r\n"].concat())
}

fn chunked() -> impl Strategy<Value = Vec<u8>> {
    let extension = select(vec!["", "", ";a", ";a=b", "; a = \"b;\\\"c\" ;d", ";a=\"\r\n\""]);
    let chunk = (select(vec!["", "0", "000"]), extension.clone(), vec(any::<u8>(), 1..20)).prop_map(
        |(zeros, extension, data)| {
            [format!("{zeros}{:X}{extension}\r\n", data.len()).as_bytes(), &data, b"\r\n"].concat()
        },
    );
    (vec(chunk, 0..6), extension, fields(4)).prop_map(|(chunks, extension, trailers)| {
        [&chunks.concat()[..], format!("0{extension}\r\n").as_bytes(), &trailers, b"\r\n"].concat()
    })
}

/// Framing fields, and a body that they tell of.
fn framed_body() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    prop_oneof![
        vec(any::<u8>(), 0..40).prop_map(|body| (format!("Content-Length: {}\r\n", body.len()).into_bytes(), body)),
        chunked().prop_map(|body| (b"Transfer-Encoding: chunked\r\n".to_vec(), body)),
        vec(any::<u8>(), 0..40).prop_map(|body| (Vec::new(), body)),
    ]
}

fn response() -> impl Strategy<Value = Vec<u8>> {
    let status_line = select(vec![
        "HTTP/1.1 200 OK",
        "HTTP/1.1 200",
        "HTTP/1.0 200 OK",
        "HTTP/1.1 204 ",
        "HTTP/1.1 304 x",
        "HTTP/1.1 999 \u{e9}\t",
        "HTTP/1.1 407 x",
    ]);
    (vec(interim(), 0..3), status_line, fields(5), framed_body()).prop_map(
        |(interim, status_line, fields, (framing, body))| {
            [&interim.concat()[..], status_line.as_bytes(), b"\r\n", &fields, &framing, b"\r\n", &body].concat()
        },
    )
}

#[derive(Clone, Debug)]
enum Mutation {
    Replace(Index, u8),
    Insert(Index, &'static str),
    Remove(Index),
    Truncate(Index),
    Append(&'static str),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let text = || {
        select(vec!["\r", "\n", "\r\n", "\r\n\r\n", "\0", " ", "\t", ":", ";", "0", "5", "x: y\r\n", "\x7f", "\"", "g"])
    };
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Mutation::Replace(at, byte)),
        (any::<Index>(), text()).prop_map(|(at, text)| Mutation::Insert(at, text)),
        any::<Index>().prop_map(Mutation::Remove),
        any::<Index>().prop_map(Mutation::Truncate),
        text().prop_map(Mutation::Append),
    ]
}

fn mutate(bytes: &mut Vec<u8>, mutation: &Mutation) {
    match mutation {
        Mutation::Replace(at, byte) if !bytes.is_empty() => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Mutation::Insert(at, text) => {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, text.bytes());
        }
        Mutation::Remove(at) if !bytes.is_empty() => {
            bytes.remove(at.index(bytes.len()));
        }
        Mutation::Truncate(at) => bytes.truncate(at.index(bytes.len() + 1)),
        Mutation::Append(text) => bytes.extend_from_slice(text.as_bytes()),
        Mutation::Replace(..) | Mutation::Remove(_) => {}
    }
}

fn exchange(mutations: usize) -> impl Strategy<Value = Exchange> {
    let method = select(vec![Method::GET, Method::GET, Method::GET, Method::HEAD, Method::POST, Method::CONNECT]);
    let upgrade = select(vec![None, Some("websocket")]);
    let limits = select(vec![Limits::default(), small_limits()]);
    (method, upgrade, response(), vec(mutation(), 0..=mutations), any::<bool>(), limits).prop_map(
        |(method, upgrade, mut bytes, mutations, closes, limits)| {
            for mutation in &mutations {
                mutate(&mut bytes, mutation);
            }
            Exchange { method, upgrade, bytes, closes, limits }
        },
    )
}

fn every_cut_agrees(exchange: &Exchange, cuts: &[Index]) -> Result<(), TestCaseError> {
    let whole = exchange.read_whole();
    assert_same(&whole, &exchange.read(exchange.bytes.chunks(1)), "byte by byte")?;
    for at in 0..=exchange.bytes.len() {
        assert_same(&whole, &exchange.read_cut(&[at]), &format!("split at {at}"))?;
    }
    let cuts: Vec<_> = cuts.iter().map(|cut| cut.index(exchange.bytes.len() + 1)).collect();
    assert_same(&whole, &exchange.read_cut(&cuts), &format!("cut at {cuts:?}"))?;
    // A message that ends by itself does not depend on what follows it.
    if whole.trailers.is_some() && !exchange.closes {
        let mut longer = exchange.clone();
        longer.bytes.extend_from_slice(b"\0 garbage\r\n\r\n");
        let mut outcome = longer.read_whole();
        if whole.reuse != Some(Reuse::Switched) {
            prop_assert_ne!(outcome.reuse, Some(Reuse::Keep));
        }
        outcome.reuse = whole.reuse;
        assert_same(&whole, &outcome, "with bytes after it")?;
    }
    Ok(())
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn any_cut_of_a_response_gives_the_same_events(exchange in exchange(0), cuts in vec(any::<Index>(), 0..8)) {
        every_cut_agrees(&exchange, &cuts)?;
    }

    #[test]
    fn any_cut_of_a_broken_response_gives_the_same_events(exchange in exchange(4), cuts in vec(any::<Index>(), 0..8)) {
        every_cut_agrees(&exchange, &cuts)?;
    }

    #[test]
    fn what_was_chunked_is_read_back(pieces in vec(vec(any::<u8>(), 1..300), 0..10), cuts in vec(any::<Index>(), 0..8)) {
        let mut connection = Connection::new(&Limits::default());
        let head = Request::post("http://a.test/").body(()).unwrap();
        let mut out = BytesMut::new();
        connection.send_head(&head, TargetForm::Origin, Framing::Chunked, &mut out).unwrap();
        let mut bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
        for piece in &pieces {
            let frame = connection.send_data(piece.len()).unwrap();
            bytes.extend_from_slice(&[frame.prefix(), piece, frame.suffix()].concat());
        }
        out.clear();
        connection.send_end(&mut out).unwrap();
        bytes.extend_from_slice(&out);
        let exchange = plain(bytes);
        let cuts: Vec<_> = cuts.iter().map(|cut| cut.index(exchange.bytes.len() + 1)).collect();
        let outcome = exchange.read_cut(&cuts);
        prop_assert_eq!(outcome.body, pieces.concat());
        prop_assert_eq!(outcome.trailers, Some(HeaderMap::new()));
        prop_assert_eq!(outcome.reuse, Some(Reuse::Keep));
    }

    #[test]
    fn no_bytes_make_it_panic_or_hoard(
        exchange in exchange(6),
        soup in vec(any::<u8>(), 0..2000),
        at in any::<Index>(),
        read in 1_usize..200,
    ) {
        let mut exchange = Exchange { limits: small_limits(), ..exchange };
        let at = at.index(exchange.bytes.len() + 1);
        exchange.bytes.splice(at..at, soup);
        let outcome = exchange.read(exchange.bytes.chunks(read));
        prop_assert!(outcome.hoarded <= exchange.limits.head_bytes, "{} bytes waited", outcome.hoarded);
    }
}

fn plain(bytes: Vec<u8>) -> Exchange {
    Exchange { method: Method::GET, upgrade: None, bytes, closes: false, limits: Limits::default() }
}

/// CVE-2025-69229: were it quadratic, this would take hours.
#[test]
fn a_million_chunks_of_one_byte_take_linear_time() {
    let mut bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    bytes.extend_from_slice(&b"1\r\nx\r\n".repeat(1_000_000));
    bytes.extend_from_slice(b"0\r\n\r\n");
    let exchange = plain(bytes);
    for read in [exchange.bytes.len(), 1 << 14] {
        let outcome = exchange.read(exchange.bytes.chunks(read));
        assert_eq!((outcome.body.len(), outcome.reuse), (1_000_000, Some(Reuse::Keep)));
    }
}

#[test]
fn a_large_head_fed_byte_by_byte_takes_linear_time() {
    let line = format!("x: {}\r\n", "y".repeat(255));
    let mut bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n".to_vec();
    bytes.extend_from_slice(line.repeat(250).as_bytes());
    bytes.extend_from_slice(b"\r\n");
    assert!(bytes.len() > 63 * 1024);
    let outcome = plain(bytes.clone()).read(bytes.chunks(1));
    assert!(outcome.trailers.is_some());
}

#[test]
fn an_endless_line_is_given_up_at_the_limit() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nx: ".to_vec();
    bytes.extend_from_slice(&[b'y'; 100_000]);
    let limit = Limits::default().head_bytes;
    for read in [1, 1000, 100_000] {
        let outcome = plain(bytes.clone()).read(bytes.chunks(read));
        assert_eq!(outcome.error, Some(PeerErrorKind::Limit));
        assert!(outcome.hoarded <= limit);
    }
}

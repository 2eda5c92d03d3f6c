//! The codec under any bytes: it never panics, never holds back more than its limits say, tells its events in the one
//! order there is, and says the same however the bytes are cut.

use arbitrary::Arbitrary;
use bytes::BytesMut;
use http::{HeaderMap, Method, Request};
use session_core::error::Phase;
use session_core::h1::{Connection, Event, PeerErrorKind, RecvBuffer, Reuse, TargetForm};
use session_core::limits::Limits;
use session_core::message::body::Framing;
use session_core::message::head::ResponseHead;

/// A response as the fuzzer makes it up. As bytes: one that says how, then the peer's.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Response<'a> {
    /// The request, whether the peer closes, and the limits: see [`Asked::of`].
    pub how: u8,
    /// What the peer sends.
    pub bytes: &'a [u8],
}

/// The same with a way to cut it. As bytes: one that says how, two for the cuts, then the peer's.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Segmented<'a> {
    /// As in [`Response`].
    pub how: u8,
    /// Where the pieces end: see [`pieces`].
    pub cuts: u16,
    /// What the peer sends.
    pub bytes: &'a [u8],
}

/// The requests that make a difference to their response: low three bits of `how`.
const REQUESTS: [(&str, TargetForm, &str); 8] = [
    ("GET", TargetForm::Origin, ""),
    ("HEAD", TargetForm::Origin, ""),
    ("CONNECT", TargetForm::Authority, ""),
    ("POST", TargetForm::Origin, ""),
    ("GET", TargetForm::Origin, "upgrade"),
    ("GET", TargetForm::Origin, "close"),
    ("OPTIONS", TargetForm::Asterisk, ""),
    ("QUERY", TargetForm::Absolute, ""),
];

/// Bits of `how`: the peer closes after its bytes; the limits are small enough to be met.
pub const EOF: u8 = 8;
/// See [`EOF`].
pub const SMALL: u8 = 16;

/// What went before the response.
pub struct Asked {
    limits: Limits,
    request: Request<()>,
    form: TargetForm,
    eof: bool,
}

impl Asked {
    /// What this byte says.
    #[must_use]
    pub fn of(how: u8) -> Self {
        let (method, form, connection) = REQUESTS[usize::from(how & 7)];
        let uri = if method == "CONNECT" { "a.test:443" } else { "http://a.test/x?y" };
        let mut request = Request::builder().method(method).uri(uri);
        if !connection.is_empty() {
            request = request.header("connection", connection);
        }
        if connection == "upgrade" {
            request = request.header("upgrade", "websocket, h2c");
        }
        let mut limits = Limits::default();
        if how & SMALL != 0 {
            limits.head_bytes = 256;
            limits.head_fields = 8;
            limits.interim_responses = 2;
            limits.chunk_line = 24;
            limits.chunk_overhead = 16;
            limits.trailer_bytes = 64;
        }
        Self { limits, request: request.body(()).expect("a request of our own"), form, eof: how & EOF != 0 }
    }
}

/// The number of the request in `how` that has this method and these fields.
#[must_use]
pub fn request_number(method: &str, connection: &str) -> Option<u8> {
    let found = REQUESTS.iter().position(|(known, _, field)| *known == method && *field == connection)?;
    u8::try_from(found).ok()
}

/// Everything that the codec said about a response.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    interim: Vec<ResponseHead>,
    head: Option<ResponseHead>,
    body: Vec<u8>,
    end: Option<HeaderMap>,
    error: Option<PeerErrorKind>,
    reuse: Option<Reuse>,
    /// What came after the end of the message.
    rest: Vec<u8>,
}

/// How bytes reach the codec.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Feeding {
    /// All of them through the receive buffer.
    Buffered,
    /// Bodies of known length go past it wherever they may.
    Direct,
}

/// Any bytes, at once.
pub fn check_response(response: &Response<'_>) {
    told(&Asked::of(response.how), [response.bytes].into_iter(), Feeding::Buffered);
}

/// The same bytes at once, in these pieces, byte by byte, and past the buffer.
pub fn check_segmentation(segmented: &Segmented<'_>) {
    let asked = Asked::of(segmented.how);
    let bytes = segmented.bytes;
    let whole = told(&asked, [bytes].into_iter(), Feeding::Buffered);
    assert_eq!(told(&asked, pieces(bytes, segmented.cuts), Feeding::Buffered), whole, "in pieces");
    assert_eq!(told(&asked, bytes.chunks(1), Feeding::Buffered), whole, "byte by byte");
    assert_eq!(told(&asked, pieces(bytes, segmented.cuts), Feeding::Direct), whole, "past the buffer");
}

/// Cuts bytes into pieces of 1 to 64 bytes, as `cuts` has it: a small generator of numbers, so that two bytes are enough.
pub fn pieces(mut bytes: &[u8], cuts: u16) -> impl Iterator<Item = &[u8]> {
    let mut state = u32::from(cuts);
    std::iter::from_fn(move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let length = usize::try_from(state >> 26).unwrap_or(0) + 1;
        let (piece, rest) = bytes.split_at(length.min(bytes.len()));
        bytes = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// Feeds a connection and writes down what it says, checking on the way that it keeps order and bounds.
fn told<'a>(asked: &Asked, pieces: impl Iterator<Item = &'a [u8]>, feeding: Feeding) -> Told {
    let limits = &asked.limits;
    let mut connection = Connection::new(limits);
    let mut out = BytesMut::new();
    connection.send_head(&asked.request, asked.form, framing(asked), &mut out).expect("a request of our own");
    connection.send_end(&mut out).expect("a body of no bytes");
    let mut input = RecvBuffer::new();
    let mut told = Told::default();
    let mut fed = 0;
    let mut over = false;
    for piece in pieces {
        fed += piece.len();
        if over {
            told.rest.extend_from_slice(piece);
            continue;
        }
        let mut piece = piece;
        if feeding == Feeding::Direct && input.is_empty() {
            piece = past_the_buffer(&mut connection, piece, &mut told);
        }
        input.extend_from_slice(piece);
        over = events(&mut connection, &mut input, &mut told, fed);
        if !over {
            let most = limits.head_bytes.max(limits.chunk_line).max(limits.trailer_bytes);
            assert!(input.len() <= most, "{} bytes are held back, {most} are allowed", input.len());
        }
    }
    if asked.eof {
        connection.handle_eof();
        events(&mut connection, &mut input, &mut told, fed);
    }
    let mut rest = input.as_slice().to_vec();
    rest.append(&mut told.rest);
    told.rest = if told.end.is_some() { rest } else { Vec::new() };
    // A reader that stops at the end of the message would not have seen what came later.
    input.extend_from_slice(&told.rest[input.len().min(told.rest.len())..]);
    told.reuse = Some(connection.reuse(&input));
    check_end(&told, &mut connection, &mut input, asked);
    told
}

fn framing(asked: &Asked) -> Framing {
    if asked.request.method() == Method::POST { Framing::Length(0) } else { Framing::None }
}

/// Gives what a body of known length still wants straight to the body; the rest of the piece comes back.
fn past_the_buffer<'a>(connection: &mut Connection, piece: &'a [u8], told: &mut Told) -> &'a [u8] {
    let Some(remaining) = connection.body_remaining() else { return piece };
    let length = usize::try_from(remaining).unwrap_or(usize::MAX).min(piece.len());
    let (body, rest) = piece.split_at(length);
    connection.received_directly(length).expect("that much was asked for");
    told.body.extend_from_slice(body);
    rest
}

/// Takes every event there is; whether the message is over.
fn events(connection: &mut Connection, input: &mut RecvBuffer, told: &mut Told, fed: usize) -> bool {
    loop {
        let waiting = input.len();
        match connection.next_event(input) {
            Ok(Event::NeedData) => return told.end.is_some(),
            Ok(Event::Interim(head)) => {
                assert!(told.head.is_none() && head.status.is_informational());
                assert!(input.len() < waiting, "an event takes bytes");
                told.interim.push(head);
            }
            Ok(Event::Final(head)) => {
                assert!(told.head.is_none(), "one final head");
                assert!(input.len() < waiting, "an event takes bytes");
                told.head = Some(head);
            }
            Ok(Event::Data(data)) => {
                assert!(told.head.is_some() && told.end.is_none() && !data.is_empty());
                told.body.extend_from_slice(&data);
                assert!(told.body.len() <= fed, "a body is no longer than what came");
            }
            Ok(Event::End(trailers)) => {
                assert!(told.head.is_some() && told.end.is_none());
                told.end = Some(trailers);
            }
            Err(error) => {
                let again = connection.next_event(input);
                assert_eq!(again.as_ref().err(), Some(&error), "an error stays");
                let shown = format!("{error} {error:?}");
                assert!(shown.len() < 1024, "an error is cut short: {}", shown.len());
                assert_eq!(told.error.replace(error.kind()).unwrap_or(error.kind()), error.kind());
                assert!(!error.into_error(Phase::Head).to_string().is_empty());
                return true;
            }
        }
    }
}

/// What must hold once nothing more comes.
fn check_end(told: &Told, connection: &mut Connection, input: &mut RecvBuffer, asked: &Asked) {
    assert!(told.error.is_none() || told.end.is_none(), "a message is complete or broken");
    if asked.eof && told.error.is_none() {
        assert!(told.end.is_some(), "after the peer closed, a message is complete or broken");
    }
    let keep = told.reuse == Some(Reuse::Keep);
    if keep {
        assert!(told.end.is_some() && told.rest.is_empty() && !asked.eof);
    }
    if told.reuse == Some(Reuse::Switched) {
        assert!(told.end.is_some());
        let head = told.head.as_ref().expect("a switch has a head");
        assert!(head.status == 101 || *asked.request.method() == Method::CONNECT);
    }
    assert_eq!(connection.start_next_cycle(input).is_ok(), keep);
}

#[cfg(test)]
mod tests {
    use super::{Asked, EOF, Feeding, Response, SMALL, Segmented, check_response, check_segmentation, pieces, told};
    use session_core::h1::{PeerErrorKind, Reuse};

    #[test]
    fn pieces_are_all_of_it() {
        let bytes: Vec<u8> = (0..=255).collect();
        for cuts in [0, 1, 77, u16::MAX] {
            assert_eq!(pieces(&bytes, cuts).flatten().copied().collect::<Vec<_>>(), bytes);
        }
        assert_ne!(pieces(&bytes, 1).next(), pieces(&bytes, 77 << 8).next());
    }

    #[test]
    fn what_is_told_is_what_came() {
        let bytes =
            b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n";
        let told = told(&Asked::of(0), [&bytes[..]].into_iter(), Feeding::Buffered);
        assert_eq!((told.interim.len(), &told.body[..], told.reuse), (1, &b"ok"[..], Some(Reuse::Keep)));
        assert_eq!(told.end.unwrap().get("x").unwrap(), "y");
    }

    #[test]
    fn every_request_takes_an_answer_and_garbage() {
        let texts: [&[u8]; 6] = [
            b"",
            b"\0",
            b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcd",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            b"HTTP/1.1 101 S\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n\x81",
            b"HTTP/1.0 200 OK\r\n\r\nabc",
        ];
        for how in 0..=31 {
            for bytes in texts {
                check_response(&Response { how, bytes });
                check_segmentation(&Segmented { how, cuts: u16::from(how), bytes });
            }
        }
    }

    #[test]
    fn small_limits_are_met() {
        let bytes = [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &[b'y'; 300], b"\r\n\r\n"].concat();
        let error = |how| told(&Asked::of(how), [&bytes[..]].into_iter(), Feeding::Buffered).error;
        assert_eq!(error(SMALL), Some(PeerErrorKind::Limit));
        assert_eq!(error(EOF), None);
    }
}

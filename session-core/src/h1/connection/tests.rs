use super::Connection;
use crate::h1::error::{LocalErrorKind, PeerErrorKind};
use crate::h1::event::Event;
use crate::h1::recv_buffer::RecvBuffer;
use crate::h1::request::TargetForm;
use crate::h1::reuse::{CloseReason, Reuse};
use crate::limits::Limits;
use crate::message::body::Framing;
use bytes::BytesMut;
use http::{HeaderMap, Request, Version};

/// A connection and its receive buffer, with a request sent.
struct Peer {
    connection: Connection,
    input: RecvBuffer,
}

impl Peer {
    fn idle(limits: &Limits) -> Self {
        Self { connection: Connection::new(limits), input: RecvBuffer::new() }
    }

    fn asked(method: &str, fields: &[(&str, &str)]) -> Self {
        let mut peer = Self::idle(&Limits::default());
        peer.ask(method, fields, Framing::None);
        peer
    }

    fn ask(&mut self, method: &str, fields: &[(&str, &str)], framing: Framing) {
        let mut head = Request::builder().method(method).uri("http://a.test/");
        for (name, value) in fields {
            head = head.header(*name, *value);
        }
        let form = if method == "CONNECT" { TargetForm::Authority } else { TargetForm::Origin };
        self.connection.send_head(&head.body(()).unwrap(), form, framing, &mut BytesMut::new()).unwrap();
    }

    fn answers(mut self, bytes: &str) -> Self {
        self.input.extend_from_slice(bytes.as_bytes());
        self
    }

    /// The events up to the first that is not new, as short words.
    fn events(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            told.push(match self.connection.next_event(&mut self.input) {
                Ok(Event::NeedData) => return told,
                Ok(Event::Interim(head)) => format!("interim {}", head.status.as_u16()),
                Ok(Event::Final(head)) => format!("final {}", head.status.as_u16()),
                Ok(Event::Data(data)) => format!("data {}", data.escape_ascii()),
                Ok(Event::End(_)) => "end".to_owned(),
                Err(error) => {
                    told.push(error.kind().name().to_owned());
                    return told;
                }
            });
        }
    }

    fn reuse(&self) -> Reuse {
        self.connection.reuse(&self.input)
    }
}

#[test]
fn what_becomes_of_the_connection() {
    let closed = |reason| Reuse::Close(reason);
    for (method, fields, answer, expected) in [
        ("GET", &[][..], "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", Reuse::Keep),
        ("GET", &[], "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxx", closed(CloseReason::LeftoverBytes)),
        ("GET", &[], "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx", closed(CloseReason::ResponseUnfinished)),
        (
            "GET",
            &[("connection", "a, Close")],
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            closed(CloseReason::RequestSaidClose),
        ),
        (
            "GET",
            &[],
            "HTTP/1.1 103 X\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            closed(CloseReason::ResponseSaidClose),
        ),
        ("GET", &[], "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", closed(CloseReason::OldVersion)),
        ("GET", &[], "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", Reuse::Keep),
        ("GET", &[], "HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n", closed(CloseReason::FramingInDoubt)),
        ("GET", &[], "HTTP/1.1 200 OK\nx", closed(CloseReason::PeerFailed)),
        ("HEAD", &[], "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", Reuse::Keep),
        ("CONNECT", &[], "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n", Reuse::Switched),
        ("CONNECT", &[], "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n", Reuse::Keep),
    ] {
        let mut peer = Peer::asked(method, fields).answers(answer);
        peer.events();
        assert_eq!(peer.reuse(), expected, "{answer:?}");
    }
}

#[test]
fn a_request_of_version_1_0_is_the_last_of_its_connection() {
    let mut peer = Peer::idle(&Limits::default());
    let head = Request::builder().version(Version::HTTP_10).uri("http://a.test/").body(()).unwrap();
    peer.connection.send_head(&head, TargetForm::Origin, Framing::None, &mut BytesMut::new()).unwrap();
    let mut peer = peer.answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    peer.events();
    assert_eq!(peer.reuse(), Reuse::Close(CloseReason::OldRequest));
}

#[test]
fn a_body_without_length_ends_with_the_connection() {
    let mut peer = Peer::asked("GET", &[]).answers("HTTP/1.1 200 OK\r\n\r\nall");
    assert_eq!(peer.events(), ["final 200", "data all"]);
    peer = peer.answers(" of it");
    peer.connection.handle_eof();
    assert_eq!(peer.events(), ["data  of it", "end"]);
    assert_eq!(peer.reuse(), Reuse::Close(CloseReason::UntilClose));
}

#[test]
fn an_end_in_the_midst_of_a_message_is_incomplete() {
    for (answer, expected) in [
        ("", &["incomplete"][..]),
        ("HTT", &["incomplete"]),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", &["incomplete"]),
        ("HTTP/1.1 100 X\r\n\r\n", &["interim 100", "incomplete"]),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", &["final 200", "data hel", "incomplete"]),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", &["final 200", "incomplete"]),
    ] {
        let mut peer = Peer::asked("GET", &[]).answers(answer);
        peer.connection.handle_eof();
        assert_eq!(peer.events(), expected, "{answer:?}");
        assert_eq!(peer.connection.has_received(), !answer.is_empty());
        assert_eq!(peer.reuse(), Reuse::Close(CloseReason::PeerFailed));
    }
}

#[test]
fn an_end_after_the_message_only_closes() {
    let mut peer = Peer::asked("GET", &[]).answers("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
    peer.connection.handle_eof();
    assert_eq!(peer.events(), ["final 200", "data x", "end"]);
    assert_eq!(peer.reuse(), Reuse::Close(CloseReason::PeerClosed));
}

#[test]
fn an_error_stays_the_same_error() {
    let mut peer = Peer::asked("GET", &[]).answers("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n");
    let first = peer.connection.next_event(&mut peer.input).unwrap_err();
    assert_eq!(first.kind(), PeerErrorKind::MalformedFraming);
    peer = peer.answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(peer.connection.next_event(&mut peer.input).unwrap_err(), first);
    assert!(peer.connection.start_next_cycle(&peer.input).is_err());
}

#[test]
fn garbage_fails_at_its_first_byte() {
    for garbage in ["S", "\0", "\r", "\n", " ", "h", "HTTP/2", "HTTP/1.1  ", "HTTP/1.1 2x", "HTTP/1.1 200-"] {
        let mut peer = Peer::asked("GET", &[]).answers(garbage);
        assert_eq!(peer.events(), ["malformed_head"], "{garbage:?}");
    }
}

#[test]
fn heads_are_bounded_together() {
    let interim = "HTTP/1.1 103 X\r\n\r\n";
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let allowed = Limits { head_bytes: 2 * interim.len() + last.len(), ..Limits::default() };
    for (bytes, expected) in [(0, "end"), (1, "limit")] {
        let limits = Limits { head_bytes: allowed.head_bytes - bytes, ..Limits::default() };
        let mut peer = Peer::idle(&limits).answers(&format!("{interim}{interim}{last}"));
        peer.ask("GET", &[], Framing::None);
        assert_eq!(peer.events().last().unwrap(), expected);
    }
}

#[test]
fn fields_and_interim_responses_are_counted() {
    let limits = Limits { head_fields: 2, interim_responses: 2, ..Limits::default() };
    let outcome = |answer: String| {
        let mut peer = Peer::idle(&limits).answers(&answer);
        peer.ask("GET", &[], Framing::None);
        peer.events().pop().unwrap()
    };
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: 1\r\n 2\r\n\r\n";
    assert_eq!(outcome(last.to_owned()), "end");
    assert_eq!(outcome(last.replace("X:", "Y: 1\r\nX:")), "limit");
    assert_eq!(outcome(format!("{}{last}", "HTTP/1.1 103 X\r\n\r\n".repeat(2))), "end");
    assert_eq!(outcome(format!("{}{last}", "HTTP/1.1 103 X\r\n\r\n".repeat(3))), "limit");
}

#[test]
fn a_switch_leaves_the_next_protocols_bytes() {
    let offer = [("connection", "upgrade"), ("upgrade", "websocket")];
    let answer = "HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x01frame";
    let mut peer = Peer::asked("GET", &offer).answers(answer);
    assert_eq!(peer.events(), ["final 101", "end"]);
    assert_eq!(peer.reuse(), Reuse::Switched);
    assert_eq!(peer.input.take_rest(), "\x01frame");
    assert!(peer.connection.start_next_cycle(&peer.input).is_err());

    let mut peer = Peer::asked("GET", &[]).answers(answer);
    assert_eq!(peer.events(), ["unexpected_switch"]);

    let mut peer = Peer::asked("CONNECT", &[]).answers("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\x16\x03\x01");
    assert_eq!(peer.events(), ["final 200", "end"]);
    assert_eq!(peer.input.take_rest(), "\x16\x03\x01");
}

#[test]
fn cycles_follow_one_another() {
    let mut peer = Peer::idle(&Limits::default());
    for method in ["GET", "HEAD", "GET"] {
        peer.ask(method, &[], Framing::None);
        assert!(!peer.connection.has_received());
        peer = peer.answers("HTTP/1.1 103 X\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
        peer = peer.answers(if method == "HEAD" { "" } else { "x" });
        assert_eq!(peer.events().last().unwrap(), "end");
        assert!(peer.connection.has_received());
        peer.connection.start_next_cycle(&peer.input).unwrap();
        assert_eq!(peer.reuse(), Reuse::Keep);
    }
}

#[test]
fn a_switch_offered_in_one_cycle_is_not_offered_in_the_next() {
    let mut peer = Peer::asked("GET", &[("connection", "upgrade"), ("upgrade", "x")]);
    peer = peer.answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    peer.events();
    peer.connection.start_next_cycle(&peer.input).unwrap();
    peer.ask("GET", &[], Framing::None);
    peer = peer.answers("HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n");
    assert_eq!(peer.events(), ["unexpected_switch"]);
}

/// RFC 9112 2.2, http-rules F37.
#[test]
fn one_empty_line_is_ignored_between_messages_only() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let mut peer = Peer::asked("GET", &[]).answers(&format!("\r\n{answer}"));
    assert_eq!(peer.events(), ["malformed_head"]);

    for (leading, expected) in
        [("\r\n", &["final 200", "end"][..]), ("\r\n\r\n", &["malformed_head"]), ("\r", &["malformed_head"])]
    {
        for step in [1, 1000] {
            let mut peer = Peer::asked("GET", &[]).answers(answer);
            peer.events();
            peer.connection.start_next_cycle(&peer.input).unwrap();
            peer.ask("GET", &[], Framing::None);
            let mut told = Vec::new();
            for piece in format!("{leading}{answer}").as_bytes().chunks(step) {
                peer.input.extend_from_slice(piece);
                told.extend(peer.events());
                if told.last().is_some_and(|last| last.starts_with("malformed")) {
                    break;
                }
            }
            assert_eq!(told, expected, "{leading:?}");
        }
    }
}

#[test]
fn an_empty_line_alone_is_no_response() {
    let mut peer = Peer::asked("GET", &[]).answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    peer.events();
    peer.connection.start_next_cycle(&peer.input).unwrap();
    peer.ask("GET", &[], Framing::None);
    peer = peer.answers("\r\n");
    assert_eq!(peer.events(), [""; 0]);
    assert!(!peer.connection.has_received());
    peer.connection.handle_eof();
    assert_eq!(peer.events(), ["incomplete"]);
    assert!(!peer.connection.has_received());
}

/// CVE-2026-6733, CVE-2026-48931.
#[test]
fn what_comes_unasked_is_no_response() {
    let answer = "HTTP/1.1 200 OK\r\nSet-Cookie: hunter2\r\nContent-Length: 0\r\n\r\n";
    let mut peer = Peer::idle(&Limits::default()).answers(answer);
    assert_eq!(peer.reuse(), Reuse::Close(CloseReason::LeftoverBytes));
    let error = peer.connection.next_event(&mut peer.input).unwrap_err();
    assert_eq!(error.kind(), PeerErrorKind::UnexpectedBytes);
    assert!(!format!("{error}{error:?}").contains("hunter2"));
    let head = Request::get("http://a.test/").body(()).unwrap();
    let sent = peer.connection.send_head(&head, TargetForm::Origin, Framing::None, &mut BytesMut::new());
    assert_eq!(sent.unwrap_err().kind(), LocalErrorKind::State);
}

#[test]
fn an_early_answer_is_usable_and_closes() {
    let answer = "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n";
    for framing in [Framing::Length(10), Framing::Chunked] {
        let mut peer = Peer::idle(&Limits::default());
        peer.ask("POST", &[], framing);
        peer.connection.send_data(4).unwrap();
        peer = peer.answers(answer);
        assert_eq!(peer.events(), ["final 413", "end"]);
        assert_eq!(peer.reuse(), Reuse::Close(CloseReason::RequestUnfinished));
        peer.connection.send_data(6).unwrap();
        peer.connection.send_end(&mut BytesMut::new()).unwrap();
        assert_eq!(peer.reuse(), Reuse::Keep);
    }
}

#[test]
fn a_failed_body_is_never_ended() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let mut peer = Peer::idle(&Limits::default());
    peer.ask("POST", &[], Framing::Chunked);
    peer.connection.send_failed();
    let mut out = BytesMut::new();
    assert_eq!(peer.connection.send_end(&mut out).unwrap_err().kind(), LocalErrorKind::State);
    assert!(out.is_empty());
    peer = peer.answers(answer);
    assert_eq!(peer.events(), ["final 200", "end"]);
    assert_eq!(peer.reuse(), Reuse::Close(CloseReason::RequestUnfinished));
}

#[test]
fn a_body_of_another_length_fails_the_request() {
    for (length, expected) in [(4, "end"), (6, "data")] {
        let mut peer = Peer::idle(&Limits::default());
        peer.ask("POST", &[], Framing::Length(5));
        let error = match peer.connection.send_data(length) {
            Ok(_) => {
                assert_eq!(expected, "end");
                peer.connection.send_end(&mut BytesMut::new()).unwrap_err()
            }
            Err(error) => {
                assert_eq!(expected, "data");
                error
            }
        };
        assert_eq!(error.kind(), LocalErrorKind::BodyLength);
        assert!(peer.connection.send_data(0).is_err());
    }
}

#[test]
fn without_a_body_the_end_may_be_left_out() {
    for framing in [Framing::None, Framing::Length(0)] {
        let mut peer = Peer::idle(&Limits::default());
        peer.ask("POST", &[], framing);
        peer = peer.answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        peer.events();
        assert_eq!(peer.reuse(), Reuse::Keep);
    }
}

#[test]
fn a_refused_head_may_be_corrected() {
    let mut connection = Connection::new(&Limits::default());
    let mut out = BytesMut::new();
    let bad = Request::get("http://a.test/").header("content-length", "1").body(()).unwrap();
    assert!(connection.send_head(&bad, TargetForm::Origin, Framing::None, &mut out).is_err());
    let good = Request::get("http://a.test/").body(()).unwrap();
    connection.send_head(&good, TargetForm::Origin, Framing::None, &mut out).unwrap();
    assert_eq!(out, "GET / HTTP/1.1\r\nhost: a.test\r\n\r\n");
    let again = connection.send_head(&good, TargetForm::Origin, Framing::None, &mut out);
    assert_eq!(again.unwrap_err().kind(), LocalErrorKind::State);
}

#[test]
fn a_body_of_known_length_may_be_read_past_the_buffer() {
    let mut peer = Peer::asked("GET", &[]);
    assert_eq!((peer.connection.body_remaining(), peer.connection.body_left()), (None, None));
    peer = peer.answers("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    assert_eq!(peer.events(), ["final 200", "data abc"]);
    assert_eq!(peer.connection.body_remaining(), Some(7));
    assert!(peer.connection.received_directly(8).is_err());
    peer.connection.received_directly(7).unwrap();
    assert_eq!((peer.connection.body_remaining(), peer.connection.body_left()), (None, Some(0)));
    assert_eq!(peer.connection.next_event(&mut peer.input).unwrap(), Event::End(HeaderMap::new()));
    assert_eq!(peer.reuse(), Reuse::Keep);
    assert!(peer.connection.received_directly(0).is_err());

    let mut chunked = Peer::asked("GET", &[]).answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n");
    chunked.events();
    assert_eq!((chunked.connection.body_remaining(), chunked.connection.body_left()), (None, None));
    assert!(chunked.connection.received_directly(1).is_err());
}

#[test]
fn a_huge_length_takes_no_memory() {
    let mut peer =
        Peer::asked("GET", &[]).answers("HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\nhello");
    assert_eq!(peer.events(), ["final 200", "data hello"]);
    assert_eq!(peer.connection.body_remaining(), Some(9_223_372_036_854_775_802));
    assert!(peer.input.spare(1).len() <= 64 * 1024);
}

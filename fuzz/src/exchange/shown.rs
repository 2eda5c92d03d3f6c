//! What leaves with a head, as text and as bytes on the wire.

use bytes::BytesMut;
use http::Request as Head;
use session_core::h1::{Connection, TargetForm};
use session_core::limits::Limits;
use session_core::message::body::Framing;
use session_core::message::target::Target;
use session_core::session::Session;
use session_core::session::request::Request;
use session_core::session::step::Step;
use session_core::time::Now;
use std::time::{Duration, Instant, SystemTime};

/// 2026-01-01T00:00:00Z. The other clock's beginning is of no matter.
#[must_use]
pub fn now() -> Now {
    Now::new(Instant::now(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600))
}

/// All that a head holds, what Basic encodes too.
pub(super) fn everything(head: &Head<()>) -> String {
    let mut text = format!("{} {}", head.method(), head.uri());
    for (name, value) in head.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        text.push_str(&format!("\n{name}: {value}"));
        if let Some(encoded) = value.strip_prefix("Basic ") {
            text.push_str(&format!(" {}", decoded(encoded)));
        }
    }
    text
}

/// Base64, by the book.
fn decoded(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut bytes) = (0_u32, 0_u32, Vec::new());
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = ALPHABET.iter().position(|letter| *letter == byte).expect("base64");
        (bits, held) = ((bits << 6) | u32::try_from(value).expect("below 64"), held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).expect("a byte"));
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// That a request to this target is one request on the wire.
pub fn assert_one_request(target: &Target) {
    let mut session = Session::builder().build().expect("a session of our own");
    // A URL may be longer than a request can hold.
    let Ok(Step::Send(hop)) = session.begin(Request::get(target.url()), now()) else { return };
    assert_eq!(hop.target(), target);
    assert_wire(hop.head(), TargetForm::Origin, hop.framing());
}

/// That a head is one request on the wire.
pub(super) fn assert_wire(head: &Head<()>, form: TargetForm, framing: Framing) {
    let mut out = BytesMut::new();
    let mut connection = Connection::new(&Limits::default());
    connection.send_head(head, form, framing, &mut out).expect("what the session makes can be sent");
    let text = String::from_utf8_lossy(&out);
    let lines: Vec<&str> = text.strip_suffix("\r\n\r\n").expect("an end").split("\r\n").collect();
    assert!(lines[0].split(' ').count() == 3 && lines[0].ends_with(" HTTP/1.1"), "{text:?}");
    assert!(lines[1..].iter().all(|line| line.contains(": ") && !line.contains(['\r', '\n', '\0'])), "{text:?}");
    let count = |name: &str| lines[1..].iter().filter(|line| line.to_ascii_lowercase().starts_with(name)).count();
    assert_eq!(count("host:"), 1, "{text:?}");
    assert!(count("content-length:") + count("transfer-encoding:") <= 1, "{text:?}");
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn basic_is_seen_through() {
        assert_eq!(decoded("dTpzLW93bg=="), "u:s-own");
    }
}

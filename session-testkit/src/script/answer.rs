//! What a scripted peer does with a request, as data: a list of deeds, and responses that become such a list.

use crate::script::gate::Gate;
use bytes::{BufMut, Bytes, BytesMut};
use std::time::Duration;

/// One thing that a peer does on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deed {
    /// Sends these bytes.
    Write(Bytes),
    /// Waits this long; on the in-memory peer, virtual time passes instead.
    Pause(Duration),
    /// Waits until this gate is open. Meanwhile a real socket is not read.
    Wait(Gate),
    /// Opens this gate: what stands before it in the script was done.
    Open(Gate),
    /// Says that nothing more will come (FIN), and goes on reading what the client sends without answering it.
    Finish,
    /// Closes the connection. Where bytes of the client are unread, a real socket resets it. Once the log counts the
    /// connection as ended, the client's system knows of it.
    Close,
    /// Resets the connection (RST).
    Reset,
    /// Goes on reading and never answers again.
    Stall,
}

impl Deed {
    /// Whether no later request on the connection is answered.
    #[must_use]
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Finish | Self::Close | Self::Reset | Self::Stall)
    }
}

/// What a peer does with one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    deeds: Vec<Deed>,
}

impl Answer {
    /// A response with this status. It keeps the connection open unless its fields say `connection: close`.
    #[must_use]
    pub fn status(status: u16) -> Response {
        Response { status, fields: Vec::new(), body: Bytes::new(), trailers: Vec::new(), interim: Vec::new() }
    }

    /// Status 200 with this body.
    #[must_use]
    pub fn ok(body: impl Into<Bytes>) -> Response {
        Self::status(200).body(body)
    }

    /// These bytes as they are; the connection stays open.
    #[must_use]
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self { deeds: vec![Deed::Write(bytes.into())] }
    }

    /// No byte, and the connection is closed.
    #[must_use]
    pub fn closed() -> Self {
        Self { deeds: vec![Deed::Close] }
    }

    /// No byte, and the connection is reset.
    #[must_use]
    pub fn reset() -> Self {
        Self { deeds: vec![Deed::Reset] }
    }

    /// No byte, and the connection stays open for as long as the client likes.
    #[must_use]
    pub fn stall() -> Self {
        Self { deeds: vec![Deed::Stall] }
    }

    /// The same answer and then this.
    #[must_use]
    pub fn then(mut self, deed: Deed) -> Self {
        self.deeds.push(deed);
        self
    }

    /// The same answer and then that one.
    #[must_use]
    pub fn followed_by(mut self, next: Self) -> Self {
        self.deeds.extend(next.deeds);
        self
    }

    /// The same answer with its bytes cut after the first `count`, and then this. What was to come later is left out.
    #[must_use]
    pub fn cut_after(self, count: usize, deed: Deed) -> Self {
        let mut left = count;
        let mut deeds = Vec::new();
        for kept in self.deeds {
            match kept {
                Deed::Write(bytes) if bytes.len() >= left => {
                    deeds.push(Deed::Write(bytes.slice(..left)));
                    break;
                }
                Deed::Write(bytes) => {
                    left -= bytes.len();
                    deeds.push(Deed::Write(bytes));
                }
                last if last.is_last() => break,
                other => deeds.push(other),
            }
        }
        deeds.push(deed);
        Self { deeds }
    }

    /// The same answer with its bytes sent in pieces of at most `size` bytes, this pause between two of them.
    #[must_use]
    pub fn in_pieces(self, size: usize, pause: Duration) -> Self {
        let mut deeds = Vec::new();
        for deed in self.deeds {
            let Deed::Write(bytes) = deed else {
                deeds.push(deed);
                continue;
            };
            for (index, piece) in bytes.chunks(size.max(1)).enumerate() {
                if index > 0 && !pause.is_zero() {
                    deeds.push(Deed::Pause(pause));
                }
                deeds.push(Deed::Write(bytes.slice_ref(piece)));
            }
        }
        Self { deeds }
    }

    /// What is done, in order.
    #[must_use]
    pub fn deeds(&self) -> &[Deed] {
        &self.deeds
    }

    /// What is done, in order.
    #[must_use]
    pub fn into_deeds(self) -> Vec<Deed> {
        self.deeds
    }
}

/// A response as data. Field values are sent as their UTF-8 bytes and are not checked: a hostile peer needs that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    fields: Vec<(String, String)>,
    body: Bytes,
    trailers: Vec<(String, String)>,
    interim: Vec<(u16, Vec<(String, String)>)>,
}

impl Response {
    /// The same response with one more field line.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// The same response with this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The same response with one more field line behind its body. It is sent where the fields say `transfer-encoding: chunked`.
    #[must_use]
    pub fn trailer(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.trailers.push((name.into(), value.into()));
        self
    }

    /// The same response with one more interim response before it.
    #[must_use]
    pub fn interim(mut self, status: u16, fields: Vec<(String, String)>) -> Self {
        self.interim.push((status, fields));
        self
    }

    /// The fields, without those that the framing adds.
    #[must_use]
    pub fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    /// The status.
    #[must_use]
    pub fn status_code(&self) -> u16 {
        self.status
    }

    /// The answer to a request of this method.
    ///
    /// Where the fields frame the body, they are obeyed: `transfer-encoding: chunked` sends one chunk, and a stated
    /// `content-length` that is larger than the body ends the connection after it. Elsewhere a `content-length` is
    /// added, unless the status allows none. A response to HEAD has no body.
    #[must_use]
    pub fn answer_to(&self, method: &str) -> Answer {
        let mut out = BytesMut::new();
        for (status, fields) in &self.interim {
            put_head(&mut out, *status, fields);
            out.put_slice(b"\r\n");
        }
        put_head(&mut out, self.status, &self.fields);
        let bodyless = matches!(self.status, 100..=199 | 204 | 304) || (method == "CONNECT" && self.status / 100 == 2);
        let chunked = self.has("transfer-encoding", |value| value.eq_ignore_ascii_case("chunked"));
        let framed = self.has("transfer-encoding", |_| true) || self.has("content-length", |_| true);
        if !framed && !bodyless {
            out.put_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
        }
        out.put_slice(b"\r\n");
        if !bodyless && method != "HEAD" {
            if chunked {
                if !self.body.is_empty() {
                    out.put_slice(format!("{:x}\r\n", self.body.len()).as_bytes());
                    out.put_slice(&self.body);
                    out.put_slice(b"\r\n");
                }
                out.put_slice(b"0\r\n");
                put_fields(&mut out, &self.trailers);
                out.put_slice(b"\r\n");
            } else {
                out.put_slice(&self.body);
            }
        }
        let promised = |value: &str| value.parse::<usize>().is_ok_and(|length| length > self.body.len());
        let falls_short = !bodyless && method != "HEAD" && self.has("content-length", promised);
        let closes =
            self.has("connection", |value| value.split(',').any(|option| option.trim().eq_ignore_ascii_case("close")));
        let answer = Answer::raw(out.freeze());
        if closes || falls_short { answer.then(Deed::Finish) } else { answer }
    }

    fn has(&self, name: &str, test: impl Fn(&str) -> bool) -> bool {
        self.fields.iter().any(|(have, value)| have.eq_ignore_ascii_case(name) && test(value))
    }
}

fn put_head(out: &mut BytesMut, status: u16, fields: &[(String, String)]) {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("");
    out.put_slice(format!("HTTP/1.1 {status} {reason}\r\n").as_bytes());
    put_fields(out, fields);
}

fn put_fields(out: &mut BytesMut, fields: &[(String, String)]) {
    for (name, value) in fields {
        out.put_slice(format!("{name}: {value}\r\n").as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Deed};
    use std::time::Duration;

    fn bytes(answer: &Answer) -> String {
        answer
            .deeds()
            .iter()
            .filter_map(|deed| match deed {
                Deed::Write(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn a_response_states_its_length_and_keeps_the_connection() {
        let answer = Answer::status(200).field("x", "\u{e9}").body("ok").answer_to("GET");
        assert_eq!(bytes(&answer), "HTTP/1.1 200 OK\r\nx: \u{e9}\r\ncontent-length: 2\r\n\r\nok");
        assert_eq!(answer.deeds().len(), 1);
    }

    #[test]
    fn the_answer_to_head_has_the_length_and_no_body() {
        let answer = Answer::status(200).body("ok").answer_to("HEAD");
        assert_eq!(bytes(&answer), "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
    }

    #[test]
    fn a_204_has_neither() {
        assert_eq!(bytes(&Answer::status(204).answer_to("GET")), "HTTP/1.1 204 No Content\r\n\r\n");
    }

    #[test]
    fn interim_responses_come_first() {
        let fields = vec![("link".to_owned(), "</a>".to_owned())];
        let answer = Answer::status(200).interim(103, fields).answer_to("GET");
        assert!(bytes(&answer).starts_with("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"));
    }

    #[test]
    fn a_stated_framing_is_obeyed() {
        let chunked = Answer::status(200).field("Transfer-Encoding", "chunked").body("ok").answer_to("GET");
        assert!(bytes(&chunked).ends_with("\r\n\r\n2\r\nok\r\n0\r\n\r\n"));
        let trailed = Answer::status(200).field("transfer-encoding", "chunked").trailer("x", "y").answer_to("GET");
        assert!(bytes(&trailed).ends_with("\r\n\r\n0\r\nx: y\r\n\r\n"));
        let short = Answer::status(200).field("content-length", "9").body("ok").answer_to("GET");
        assert_eq!(short.deeds().last(), Some(&Deed::Finish));
    }

    #[test]
    fn connection_close_closes_and_nothing_else_does() {
        let close = Answer::status(200).field("Connection", "x, Close").answer_to("GET");
        assert_eq!(close.deeds().last(), Some(&Deed::Finish));
        let keep = Answer::status(200).field("connection", "closed").answer_to("GET");
        assert!(!keep.deeds().iter().any(Deed::is_last));
    }

    #[test]
    fn an_answer_can_be_cut_and_dripped() {
        let answer = Answer::raw("abcdef").then(Deed::Close);
        let cut = answer.clone().cut_after(2, Deed::Reset);
        assert_eq!(cut.deeds(), [Deed::Write("ab".into()), Deed::Reset]);
        let pause = Duration::from_secs(1);
        let dripped = Answer::raw("abc").in_pieces(2, pause);
        assert_eq!(dripped.deeds(), [Deed::Write("ab".into()), Deed::Pause(pause), Deed::Write("c".into())]);
    }
}

//! Runs a session through scripted answers and keeps every hop, and shows what leaves with a hop.

use crate::clock::now;
use bytes::BytesMut;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use session_core::error::{Error, ErrorKind, Phase};
use session_core::h1::{Connection, LocalErrorKind, TargetForm};
use session_core::limits::Limits;
use session_core::message::head::ResponseHead;
use session_core::message::origin::Origin;
use session_core::message::proxy::Passage;
use session_core::message::target::Target;
use session_core::retry::failure::{ConnectionAge, Failure, FailureKind, Sent};
use session_core::session::Session;
use session_core::session::request::Request;
use session_core::session::step::{Delivery, ExchangeError, Hop, Step};
use url::Url;

/// The head of an answer.
pub(crate) fn answer(status: u16, fields: &[(&'static str, &str)]) -> ResponseHead {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    ResponseHead::new(StatusCode::from_u16(status).unwrap()).with_headers(headers)
}

pub(crate) fn redirect(status: u16, to: &str) -> ResponseHead {
    answer(status, &[("location", to)])
}

/// A 200 that sets these cookies.
pub(crate) fn setting(lines: &[&str]) -> ResponseHead {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(SET_COOKIE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    ResponseHead::new(StatusCode::OK).with_headers(headers)
}

pub(crate) fn sent(step: Step) -> Hop {
    match step {
        Step::Send(hop) => hop,
        other => panic!("expected a hop, got {other:?}"),
    }
}

pub(crate) fn done(step: Step) -> Delivery {
    match step {
        Step::Done(delivery) => delivery,
        other => panic!("expected a delivery, got {other:?}"),
    }
}

pub(crate) fn first_hop(session: &mut Session, request: Request) -> Hop {
    sent(session.begin(request, now()).unwrap())
}

/// What comes of a hop.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Answer(ResponseHead),
    Failure(FailureKind, Sent, ConnectionAge),
}

impl From<ResponseHead> for Outcome {
    fn from(head: ResponseHead) -> Self {
        Self::Answer(head)
    }
}

/// An exchange that is over.
pub(crate) struct Run {
    pub(crate) hops: Vec<Hop>,
    pub(crate) outcome: Result<Delivery, ExchangeError>,
}

/// More hops than any exchange of these tests may make.
const ENDLESS: usize = 64;

/// Runs a request to its end. Pauses are waited for in virtual time; after the last of `outcomes` comes a 200.
pub(crate) fn run<O: Into<Outcome>>(
    session: &mut Session,
    request: Request,
    outcomes: impl IntoIterator<Item = O>,
) -> Run {
    let mut outcomes = outcomes.into_iter().map(Into::into);
    play(session, request, |_| outcomes.next().unwrap_or_else(|| answer(200, &[]).into()))
}

/// The same with whatever `peer` makes of each hop.
pub(crate) fn play(session: &mut Session, request: Request, mut peer: impl FnMut(&Hop) -> Outcome) -> Run {
    let mut hops = Vec::new();
    let mut now = now();
    let mut step = session.begin(request, now);
    let outcome = loop {
        assert!(hops.len() < ENDLESS, "the exchange does not end");
        step = match step {
            Ok(Step::Send(hop)) => {
                hops.push(hop.clone());
                match peer(&hop) {
                    Outcome::Answer(head) => session.handle_response(hop, head, now),
                    Outcome::Failure(kind, sent, age) => session.handle_failure(hop, failure(kind, sent, age), now),
                }
            }
            Ok(Step::Wait(pause)) => {
                now = now.advanced(pause.until().saturating_duration_since(now.instant()));
                session.handle_timeout(pause, now)
            }
            Ok(Step::Done(delivery)) => break Ok(delivery),
            Err(error) => break Err(error),
        };
    };
    Run { hops, outcome }
}

pub(crate) fn failure(kind: FailureKind, what: Sent, age: ConnectionAge) -> Failure {
    Failure::new(kind, what, age, Error::new(ErrorKind::Incomplete, Phase::Head, "the connection closed"))
}

/// A GET that is answered by these.
pub(crate) fn get<O: Into<Outcome>>(session: &mut Session, url: &str, outcomes: impl IntoIterator<Item = O>) -> Run {
    run(session, Request::get(url), outcomes)
}

/// A GET that is answered by a plain 200.
pub(crate) fn plain_get(session: &mut Session, url: &str) -> Run {
    get(session, url, [answer(200, &[])])
}

impl Run {
    /// The URL of each hop.
    pub(crate) fn urls(&self) -> Vec<&str> {
        self.hops.iter().map(|hop| hop.target().url().as_str()).collect()
    }

    /// A field of each hop.
    pub(crate) fn fields(&self, name: &'static str) -> Vec<Option<String>> {
        self.hops.iter().map(|hop| text(hop, name)).collect()
    }

    /// All that leaves with the hop of this number, from 0.
    pub(crate) fn everything(&self, hop: usize) -> String {
        everything(&self.hops[hop])
    }

    pub(crate) fn last(&self) -> &Hop {
        self.hops.last().expect("a hop was made")
    }

    pub(crate) fn delivery(&self) -> &Delivery {
        self.outcome.as_ref().expect("the exchange ends with a delivery")
    }

    pub(crate) fn error(&self) -> ErrorKind {
        self.outcome.as_ref().expect_err("the exchange ends with an error").kind()
    }
}

/// The lines of a field of a hop, joined by ` | `; `None` where there is none.
pub(crate) fn text(hop: &Hop, name: impl AsRef<str>) -> Option<String> {
    let lines: Vec<_> = hop.head().headers().get_all(name.as_ref()).iter().map(|line| lossy(line.as_bytes())).collect();
    (!lines.is_empty()).then(|| lines.join(" | "))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// All that leaves with a hop towards its origin, every Basic credential decoded too.
pub(crate) fn everything(hop: &Hop) -> String {
    shown(hop.head())
}

/// What the proxy gets to open a tunnel, in the same form; empty where there is no tunnel.
pub(crate) fn connect(hop: &Hop) -> String {
    hop.connect_head().unwrap().map(|head| shown(&head)).unwrap_or_default()
}

fn shown(head: &http::Request<()>) -> String {
    let mut text = format!("{} {}", head.method(), head.uri());
    for (name, value) in head.headers() {
        let value = lossy(value.as_bytes());
        text.push_str(&format!("\n{name}: {value}"));
        if let Some(encoded) = value.strip_prefix("Basic ") {
            text.push_str(&format!(" ({})", decoded(encoded)));
        }
    }
    text
}

/// Base64, decoded by the book.
fn decoded(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut bytes) = (0_u32, 0_u32, Vec::new());
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = ALPHABET.iter().position(|letter| *letter == byte).unwrap();
        (bits, held) = ((bits << 6) | u32::try_from(value).unwrap(), held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    lossy(&bytes)
}

/// The head of a hop as a transport writes it: whole to a forwarding proxy, else path and query.
pub(crate) fn wire(hop: &Hop) -> Result<String, LocalErrorKind> {
    let form = if hop.passage() == Some(Passage::Forward) { TargetForm::Absolute } else { TargetForm::Origin };
    let mut out = BytesMut::new();
    let mut connection = Connection::new(&Limits::default());
    connection.send_head(hop.head(), form, hop.framing(), &mut out).map_err(|error| error.kind())?;
    Ok(lossy(&out))
}

/// That one request stands on the wire and no more: one request line, one Host, one end.
pub(crate) fn assert_one_request(wire: &str, method: &str) {
    let head = wire.strip_suffix("\r\n\r\n").unwrap_or_else(|| panic!("no end: {wire:?}"));
    assert!(!head.contains("\r\n\r\n"), "two ends: {wire:?}");
    let mut lines = head.split("\r\n");
    let request_line = lines.next().unwrap();
    assert!(request_line.starts_with(&format!("{method} ")) && request_line.ends_with(" HTTP/1.1"), "{wire:?}");
    assert_eq!(request_line.split(' ').count(), 3, "{wire:?}");
    let lines: Vec<&str> = lines.collect();
    assert!(lines.iter().all(|line| line.contains(':') && !line.contains(['\r', '\n', '\0'])), "{wire:?}");
    let count = |name: &str| lines.iter().filter(|line| line.to_ascii_lowercase().starts_with(name)).count();
    assert_eq!(count("host:"), 1, "{wire:?}");
    assert!(count("content-length:") + count("transfer-encoding:") <= 1, "{wire:?}");
}

pub(crate) fn origin(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

pub(crate) fn target(url: &str) -> Target {
    Target::new(Url::parse(url).unwrap()).unwrap().0
}

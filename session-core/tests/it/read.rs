//! Reads bytes as the response to a request, and says what they amounted to.

use bytes::BytesMut;
use http::{HeaderMap, Request};
use session_core::h1::{Connection, Event, PeerErrorKind, RecvBuffer, Reuse, TargetForm};
use session_core::limits::Limits;
use session_core::message::body::Framing;
use session_core::message::head::ResponseHead;

/// What a response amounted to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Read {
    pub(crate) interim: usize,
    pub(crate) head: Option<ResponseHead>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Option<HeaderMap>,
    pub(crate) error: Option<PeerErrorKind>,
    pub(crate) reuse: Option<Reuse>,
    /// The most that was held back while more was needed.
    pub(crate) held: usize,
}

impl Read {
    pub(crate) fn is_kept(&self) -> bool {
        self.reuse == Some(Reuse::Keep)
    }
}

/// How bytes come.
pub(crate) struct Reader {
    pub(crate) method: &'static str,
    pub(crate) limits: Limits,
    /// The size of the pieces that they come in.
    pub(crate) pieces: usize,
    /// Whether the peer closes after them.
    pub(crate) closes: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self { method: "GET", limits: Limits::default(), pieces: usize::MAX, closes: false }
    }
}

/// Reads all at once, as the response to a GET, from a peer that stays.
pub(crate) fn read(bytes: impl AsRef<[u8]>) -> Read {
    Reader::default().read(bytes)
}

/// The same from a peer that closes.
pub(crate) fn read_to_end(bytes: impl AsRef<[u8]>) -> Read {
    Reader { closes: true, ..Reader::default() }.read(bytes)
}

impl Reader {
    pub(crate) fn read(&self, bytes: impl AsRef<[u8]>) -> Read {
        let mut connection = asked(self.method, &self.limits);
        let mut input = RecvBuffer::new();
        let mut read = Read::default();
        for piece in bytes.as_ref().chunks(self.pieces) {
            input.extend_from_slice(piece);
            events(&mut connection, &mut input, &mut read);
            if read.error.is_some() {
                break;
            }
        }
        if self.closes {
            connection.handle_eof();
            events(&mut connection, &mut input, &mut read);
        }
        read.reuse = Some(connection.reuse(&input));
        read
    }
}

/// A connection on which a request of this method was sent.
pub(crate) fn asked(method: &str, limits: &Limits) -> Connection {
    let mut connection = Connection::new(limits);
    let head = Request::builder().method(method).uri("http://a.test/").body(()).unwrap();
    let mut out = BytesMut::new();
    connection.send_head(&head, TargetForm::Origin, Framing::None, &mut out).unwrap();
    connection.send_end(&mut out).unwrap();
    connection
}

/// Takes every event there is.
pub(crate) fn events(connection: &mut Connection, input: &mut RecvBuffer, read: &mut Read) {
    while read.error.is_none() {
        match connection.next_event(input) {
            Ok(Event::NeedData) => {
                read.held = read.held.max(input.len());
                return;
            }
            Ok(Event::Interim(_)) => read.interim += 1,
            Ok(Event::Final(head)) => read.head = Some(head),
            Ok(Event::Data(data)) => read.body.extend_from_slice(&data),
            Ok(Event::End(trailers)) => read.trailers = Some(trailers),
            Err(error) => read.error = Some(error.kind()),
        }
    }
}

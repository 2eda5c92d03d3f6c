//! Bodies: the request's, from wherever it comes, and the response's. The response's gives its connection back to the
//! session where it ends, and closes it where it is dropped before.

mod composed;
mod file;
mod from;
pub mod multipart;
pub(crate) mod upgrade;

use self::composed::{Coded, Parts};
use self::upgrade::Upgraded;
use crate::client::pool::Connections;
use crate::client::trace::BodyTrace;
use crate::wire::{SendBody, Wire};
use bytes::Bytes;
use http::HeaderMap;
use session_core::error::{Error as CoreError, ErrorKind, Phase};
use session_core::message::body::{BodySize, RequestBody};
use session_core::request::{RequestContent, describe_bytes};
use session_core::transport::bounds::Bounds;
use session_core::transport::content::{CodedBody, Decoded};
use session_core::transport::gather::{Gather, Room};
use session_core::transport::wire::Piece;
use std::fmt;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// A request's body: bytes in memory, a file, or a reader.
///
/// Bytes and files can be sent again where a redirect or a retry asks for that, and so can a [`replayable`](Self::replayable)
/// reader; a plain reader is read once.
///
/// ```no_run
/// # use transport_blocking::{Body, Session};
/// # let session = Session::new();
/// session.put("http://a.test/text").body("some text").send()?;
/// session.put("http://a.test/file").body(Body::from_path("report.pdf")?).send()?;
/// session.put("http://a.test/pipe").body(Body::reader(std::io::stdin())).send()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Body(
    Content,
    /// What sends it, which comes with it: a program that sends no body has no code for that.
    SendBody,
);

enum Content {
    Bytes { bytes: Bytes, sent: usize },
    Reader(Source),
    Parts(Parts),
    Coded(Box<Coded>),
}

type Reader = Box<dyn Read + Send>;
/// Shared by the clones of a body.
type Open = Arc<Mutex<dyn FnMut() -> io::Result<Reader> + Send>>;

struct Source {
    reader: Option<Reader>,
    /// Opens the reader, the first time and again.
    open: Option<Open>,
    length: Option<u64>,
    /// Something was read, or tried to be.
    asked: bool,
    /// What was read and not yet sent: `buffer[start..end]`.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

/// How much of a body is read, framed and written at once.
const PIECE: usize = 128 * 1024;

impl Body {
    /// What `reader` gives up to its end. It is sent in chunks, as it comes.
    ///
    /// A read of it cannot be interrupted: one that blocks for ever blocks the request for ever. One that took longer than
    /// the timeouts allow ends the request once it returns, and only then an early answer of the server is heard.
    pub fn reader(reader: impl Read + Send + 'static) -> Self {
        Self::of_source(Some(Box::new(reader)), None, None)
    }

    /// The same of a known length, which is told to the server. The reader must end there: giving less or more is
    /// [`ErrorKind::Body`]. Use [`Read::take`] for a part of something longer. A read cannot be interrupted: see
    /// [`Body::reader`].
    pub fn sized_reader(reader: impl Read + Send + 'static, length: u64) -> Self {
        Self::of_source(Some(Box::new(reader)), None, Some(length))
    }

    /// What the reader gives that `open` opens; it is opened anew each time the body is sent. Neither opening nor a
    /// read can be interrupted: see [`Body::reader`].
    pub fn replayable<R: Read + Send + 'static>(
        length: Option<u64>,
        mut open: impl FnMut() -> io::Result<R> + Send + 'static,
    ) -> Self {
        Self::of_source(None, Some(Arc::new(Mutex::new(move || Ok(Box::new(open()?) as Reader)))), length)
    }

    fn of_source(reader: Option<Reader>, open: Option<Open>, length: Option<u64>) -> Self {
        Self::of(Content::Reader(Source { reader, open, length, asked: false, buffer: Vec::new(), start: 0, end: 0 }))
    }

    fn of(content: Content) -> Self {
        Self(content, Wire::send_body)
    }

    /// What sends it.
    pub(crate) fn sends_by(&self) -> SendBody {
        self.1
    }

    /// Its bytes, where it is made of bytes in memory.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match &self.0 {
            Content::Bytes { bytes, .. } => Some(bytes),
            Content::Reader(_) | Content::Parts(_) | Content::Coded(_) => None,
        }
    }

    /// The same body once more, from its start; `None` where it can be read only once.
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        match &self.0 {
            Content::Bytes { bytes, .. } => Some(bytes.clone().into()),
            Content::Reader(source) => {
                Some(Self::of_source(None, Some(Arc::clone(source.open.as_ref()?)), source.length))
            }
            Content::Parts(parts) => Some(Self::of(Content::Parts(parts.try_clone()?))),
            Content::Coded(coded) => Some(Self::of(Content::Coded(Box::new(coded.try_clone()?)))),
        }
    }

    /// Goes back to the start, where that can be done.
    pub(crate) fn rewind(&mut self) {
        match &mut self.0 {
            Content::Bytes { sent, .. } => *sent = 0,
            Content::Reader(source) if source.open.is_some() => {
                (source.reader, source.asked, source.start, source.end) = (None, false, 0, 0);
            }
            Content::Reader(_) => {}
            Content::Parts(parts) => parts.rewind(),
            Content::Coded(coded) => coded.rewind(),
        }
    }

    /// Whether nothing was taken out of its source so far.
    pub(crate) fn is_unread(&self) -> bool {
        match &self.0 {
            Content::Bytes { .. } => true,
            Content::Reader(source) => !source.asked,
            Content::Parts(parts) => parts.is_unread(),
            Content::Coded(coded) => coded.is_unread(),
        }
    }

    /// Reads the next piece, unless one is there.
    pub(crate) fn fill(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Content::Bytes { .. } => Ok(()),
            Content::Reader(source) => source.fill(),
            Content::Parts(parts) => parts.fill(),
            Content::Coded(coded) => coded.fill(),
        }
    }

    /// The piece that was read; empty at the end. It stays until it is consumed.
    pub(crate) fn piece(&self) -> &[u8] {
        let rest = match &self.0 {
            Content::Bytes { bytes, sent } => bytes.get(*sent..),
            Content::Reader(source) => source.buffer.get(source.start..source.end),
            Content::Parts(parts) => Some(parts.piece()),
            Content::Coded(coded) => Some(coded.piece()),
        };
        let rest = rest.unwrap_or_default();
        rest.get(..PIECE).unwrap_or(rest)
    }

    /// Says that the next `n` bytes were sent.
    pub(crate) fn consume(&mut self, n: usize) {
        match &mut self.0 {
            Content::Bytes { sent, .. } => *sent = sent.saturating_add(n),
            Content::Reader(source) => source.start = source.start.saturating_add(n),
            Content::Parts(parts) => parts.consume(n),
            Content::Coded(coded) => coded.consume(n),
        }
    }
}

impl Source {
    fn fill(&mut self) -> io::Result<()> {
        while self.start >= self.end {
            self.asked = true;
            let reader = match (&mut self.reader, &mut self.open) {
                (Some(reader), _) => reader,
                (none, Some(open)) => none.insert(open_anew(open)?),
                (None, None) => break,
            };
            if self.buffer.is_empty() {
                self.buffer.resize(PIECE, 0);
            }
            match reader.read(&mut self.buffer) {
                Ok(n) => {
                    (self.start, self.end) = (0, n.min(self.buffer.len()));
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Opens the reader, also after a panic of somebody who did: what is called is the caller's own.
fn open_anew(open: &Open) -> io::Result<Reader> {
    let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
    (*open)()
}

impl RequestContent for Body {
    fn describe(&self) -> RequestBody {
        match &self.0 {
            Content::Bytes { bytes, .. } => describe_bytes(bytes),
            Content::Reader(source) => {
                let size = source.length.map_or(BodySize::Streaming, BodySize::Sized);
                if source.open.is_some() { RequestBody::replayable(size) } else { RequestBody::once(size) }
            }
            Content::Parts(parts) => parts.describe(),
            Content::Coded(coded) => coded.describe(),
        }
    }

    fn bytes(&self) -> Option<Bytes> {
        match &self.0 {
            Content::Bytes { bytes, .. } => Some(bytes.clone()),
            Content::Reader(_) | Content::Parts(_) | Content::Coded(_) => None,
        }
    }

    fn try_clone(&self) -> Option<Self> {
        self.try_clone()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Body").field(&self.describe()).finish()
    }
}

/// A body on its way in, and where its connection goes afterwards.
pub(crate) struct Incoming {
    state: State,
    /// What was read and not yet handed out.
    rest: Bytes,
    /// The content, where the body is coded and is to be decoded.
    content: Option<Box<CodedBody>>,
    bounds: Bounds,
    /// When the exchange began.
    begun: Instant,
    /// How long after that the end of the body was read.
    ended: Option<Duration>,
    trace: BodyTrace,
    home: Weak<Connections>,
}

enum State {
    Open(Box<Wire>),
    Ended(HeaderMap),
    Failed(ErrorKind),
}

impl Incoming {
    pub(crate) fn new(
        wire: Option<Box<Wire>>,
        content: Option<Box<CodedBody>>,
        bounds: Bounds,
        begun: Instant,
        trace: BodyTrace,
        home: Weak<Connections>,
    ) -> Self {
        let state = wire.map_or_else(|| State::Ended(HeaderMap::new()), State::Open);
        Self { state, rest: Bytes::new(), content, bounds, begun, ended: None, trace, home }
    }

    /// The address that it comes from.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        match &self.state {
            State::Open(wire) => wire.peer(),
            State::Ended(_) | State::Failed(_) => None,
        }
    }

    /// How long after the exchange began the end of the body was read.
    pub(crate) fn ended(&self) -> Option<Duration> {
        self.ended
    }

    /// The trailers, once the body has ended.
    pub(crate) fn trailers(&self) -> Option<&HeaderMap> {
        match &self.state {
            State::Ended(trailers) if self.content.as_ref().is_none_or(|content| content.is_over()) => Some(trailers),
            State::Ended(_) | State::Open(_) | State::Failed(_) => None,
        }
    }

    /// The next piece as it came, or as it was decoded; `None` at the end.
    pub(crate) fn chunk(&mut self) -> Result<Option<Bytes>, CoreError> {
        if !self.rest.is_empty() {
            return Ok(Some(std::mem::take(&mut self.rest)));
        }
        self.next(None)?;
        Ok(Some(std::mem::take(&mut self.rest)).filter(|chunk| !chunk.is_empty()))
    }

    /// The connection, where it left HTTP and nothing of it was read.
    pub(crate) fn upgrade(&mut self) -> Option<Upgraded> {
        let State::Open(wire) = &mut self.state else { return None };
        let rest = wire.switch()?;
        match std::mem::replace(&mut self.state, State::Ended(HeaderMap::new())) {
            State::Open(wire) => Some(wire.into_upgraded(rest)),
            State::Ended(_) | State::Failed(_) => None,
        }
    }

    /// What comes next, as much as fits; 0 at the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, CoreError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.rest.is_empty()
            && let Some(n) = self.next(Some(&mut *buffer))?
        {
            return Ok(n);
        }
        let n = self.rest.len().min(buffer.len());
        let taken = self.rest.split_to(n);
        if let Some(room) = buffer.get_mut(..n) {
            room.copy_from_slice(&taken);
        }
        Ok(n)
    }

    /// All of it, where that is not more than `most` bytes.
    pub(crate) fn gather(&mut self, most: u64) -> Result<Bytes, CoreError> {
        let mut gathered = Gather::new(most);
        loop {
            match gathered.room(self.remaining())? {
                Room::Piece => match self.chunk()? {
                    Some(piece) => gathered.push(piece)?,
                    None => break,
                },
                Room::Buffer(buffer) => match self.read(buffer)? {
                    0 => break,
                    n => gathered.filled(n)?,
                },
            }
        }
        Ok(gathered.finish())
    }

    /// Takes in the next piece: into `rest`, or straight into the caller's buffer, where it tells how much.
    fn next(&mut self, mut into: Option<&mut [u8]>) -> Result<Option<usize>, CoreError> {
        loop {
            let content = match (&mut self.content, &self.state) {
                (Some(content), State::Open(_) | State::Ended(_)) => content,
                (Some(_), State::Failed(_)) | (None, _) => return self.next_as_it_came(into),
            };
            match content.pull(into.as_deref_mut()) {
                Ok(Decoded::Data(data)) => self.rest = data,
                Ok(Decoded::Direct(n)) => return Ok(Some(n)),
                Ok(Decoded::End) => {}
                Ok(Decoded::NeedInput) => {
                    self.next_as_it_came(None)?;
                    let coded = std::mem::take(&mut self.rest);
                    if let Some(content) = &mut self.content {
                        content.push(coded);
                    }
                    continue;
                }
                Err(error) => {
                    self.state = State::Failed(error.kind());
                    return Err(error);
                }
            }
            return Ok(None);
        }
    }

    /// The same of the body as it came.
    fn next_as_it_came(&mut self, into: Option<&mut [u8]>) -> Result<Option<usize>, CoreError> {
        let wire = match &mut self.state {
            State::Open(wire) => wire,
            State::Ended(_) => return Ok(None),
            State::Failed(kind) => return Err(CoreError::new(*kind, Phase::Body, "the body broke off before")),
        };
        let read = wire.read_body(into, &self.bounds);
        self.trace.read(&read);
        match read {
            Ok(Piece::Data(data)) => self.rest = data,
            Ok(Piece::Direct(n)) => return Ok(Some(n)),
            Ok(Piece::End(trailers)) => {
                let now = Instant::now();
                self.ended = Some(now.saturating_duration_since(self.begun));
                self.end(State::Ended(trailers), now);
            }
            Err(cause) => {
                let error = cause.into_error(Phase::Body);
                self.state = State::Failed(error.kind());
                return Err(error);
            }
        }
        Ok(None)
    }

    /// How much is still to come, where that is known.
    fn remaining(&self) -> Option<u64> {
        match &self.state {
            _ if self.content.is_some() => None,
            State::Open(wire) => wire.body_remaining(),
            State::Ended(_) | State::Failed(_) => None,
        }
    }

    /// How much is still to be handed out, where that is known.
    pub(crate) fn left(&self) -> Option<u64> {
        let left = match &self.state {
            _ if self.content.is_some() => None,
            State::Open(wire) => wire.body_left(),
            State::Ended(_) => Some(0),
            State::Failed(_) => None,
        };
        left?.checked_add(u64::try_from(self.rest.len()).ok()?)
    }

    /// The body is over: the connection goes back.
    fn end(&mut self, ended: State, now: Instant) {
        if let State::Open(wire) = std::mem::replace(&mut self.state, ended)
            && let Some(home) = self.home.upgrade()
        {
            home.give_back(wire, now);
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let State::Open(wire) = &mut self.state
            && wire.drain_arrived()
        {
            self.end(State::Ended(HeaderMap::new()), Instant::now());
        }
    }
}

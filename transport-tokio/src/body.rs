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
use futures_core::Stream;
use http::HeaderMap;
use session_core::error::{Error as CoreError, ErrorKind, Phase};
use session_core::message::body::{BodySize, RequestBody};
use session_core::request::{RequestContent, describe_bytes};
use session_core::transport::bounds::Bounds;
use session_core::transport::content::{CodedBody, Decoded};
use session_core::transport::gather::{Gather, Room};
use session_core::transport::wire::Piece;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// A request's body: bytes in memory, a file, or a stream.
///
/// Bytes and files can be sent again where a redirect or a retry asks for that, and so can a [`replayable`](Self::replayable)
/// stream; a plain stream is read once.
///
/// ```no_run
/// # use transport_tokio::{Body, Session};
/// # async fn run(session: Session) -> Result<(), Box<dyn std::error::Error>> {
/// session.put("http://a.test/text").body("some text").send().await?;
/// session.put("http://a.test/file").body(Body::from_path("report.pdf").await?).send().await?;
/// # Ok(())
/// # }
/// ```
pub struct Body(
    Content,
    /// What sends it, which comes with it: a program that sends no body has no code for that.
    SendBody,
);

enum Content {
    Bytes { bytes: Bytes, sent: usize },
    Stream(Source),
    Parts(Parts),
    Coded(Box<Coded>),
}

type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;
/// Shared by the clones of a body.
type Open = Arc<Mutex<dyn FnMut() -> Pieces + Send>>;

struct Source {
    pieces: Option<Pieces>,
    /// Opens the stream, the first time and again.
    open: Option<Open>,
    length: Option<u64>,
    /// It was polled.
    asked: bool,
    /// What came and is not yet sent.
    piece: Bytes,
    ended: Ended,
}

/// Whether a stream has told its end; it must not be asked again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    NotYet,
    Told,
}

/// How much of a body is framed and written at once.
const PIECE: usize = 128 * 1024;

impl Body {
    /// What `stream` gives up to its end. It is sent in chunks, as it comes.
    pub fn stream(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self::of_source(Some(Box::pin(stream)), None, None)
    }

    /// The same of a known length, which is told to the server. The stream must end there: giving less or more is
    /// [`ErrorKind::Body`].
    pub fn sized_stream(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static, length: u64) -> Self {
        Self::of_source(Some(Box::pin(stream)), None, Some(length))
    }

    /// What the stream gives that `open` opens; it is opened anew each time the body is sent.
    pub fn replayable<S: Stream<Item = io::Result<Bytes>> + Send + 'static>(
        length: Option<u64>,
        mut open: impl FnMut() -> S + Send + 'static,
    ) -> Self {
        Self::of_source(None, Some(Arc::new(Mutex::new(move || Box::pin(open()) as Pieces))), length)
    }

    fn of_source(pieces: Option<Pieces>, open: Option<Open>, length: Option<u64>) -> Self {
        Self::of(Content::Stream(Source {
            pieces,
            open,
            length,
            asked: false,
            piece: Bytes::new(),
            ended: Ended::NotYet,
        }))
    }

    fn of(content: Content) -> Self {
        Self(content, |wire, hop, body, bounds, now| Box::pin(wire.send_body(hop, body, bounds, now)))
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
            Content::Stream(_) | Content::Parts(_) | Content::Coded(_) => None,
        }
    }

    /// The same body once more, from its start; `None` where it can be read only once.
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        match &self.0 {
            Content::Bytes { bytes, .. } => Some(bytes.clone().into()),
            Content::Stream(source) => {
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
            Content::Stream(source) if source.open.is_some() => {
                (source.pieces, source.asked, source.piece, source.ended) = (None, false, Bytes::new(), Ended::NotYet);
            }
            Content::Stream(_) => {}
            Content::Parts(parts) => parts.rewind(),
            Content::Coded(coded) => coded.rewind(),
        }
    }

    /// Whether nothing was taken out of its source so far.
    pub(crate) fn is_unread(&self) -> bool {
        match &self.0 {
            Content::Bytes { .. } => true,
            Content::Stream(source) => !source.asked,
            Content::Parts(parts) => parts.is_unread(),
            Content::Coded(coded) => coded.is_unread(),
        }
    }

    /// Waits for the next piece, unless one is there.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.0 {
            Content::Bytes { .. } => Poll::Ready(Ok(())),
            Content::Stream(source) => source.poll_fill(cx),
            Content::Parts(parts) => parts.poll_fill(cx),
            Content::Coded(coded) => coded.poll_fill(cx),
        }
    }

    /// The piece that came; empty at the end. It stays until it is consumed.
    pub(crate) fn piece(&self) -> &[u8] {
        let rest = match &self.0 {
            Content::Bytes { bytes, sent } => bytes.get(*sent..).unwrap_or_default(),
            Content::Stream(source) => &source.piece,
            Content::Parts(parts) => parts.piece(),
            Content::Coded(coded) => coded.piece(),
        };
        rest.get(..PIECE).unwrap_or(rest)
    }

    /// Says that the next `n` bytes were sent.
    pub(crate) fn consume(&mut self, n: usize) {
        match &mut self.0 {
            Content::Bytes { sent, .. } => *sent = sent.saturating_add(n),
            Content::Stream(source) => drop(source.piece.split_to(n.min(source.piece.len()))),
            Content::Parts(parts) => parts.consume(n),
            Content::Coded(coded) => coded.consume(n),
        }
    }
}

impl Source {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.piece.is_empty() && self.ended == Ended::NotYet {
            self.asked = true;
            let pieces = match (&mut self.pieces, &mut self.open) {
                (Some(pieces), _) => pieces,
                (none, Some(open)) => none.insert(open_anew(open)),
                (None, None) => break,
            };
            match ready!(pieces.as_mut().poll_next(cx)) {
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => self.ended = Ended::Told,
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// Opens the stream, also after a panic of somebody who did: what is called is the caller's own.
fn open_anew(open: &Open) -> Pieces {
    let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
    (*open)()
}

impl RequestContent for Body {
    fn describe(&self) -> RequestBody {
        match &self.0 {
            Content::Bytes { bytes, .. } => describe_bytes(bytes),
            Content::Stream(source) => {
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
            Content::Stream(_) | Content::Parts(_) | Content::Coded(_) => None,
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
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, CoreError> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    pub(crate) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, CoreError>> {
        if self.rest.is_empty() {
            ready!(self.poll_next(cx, None))?;
        }
        Poll::Ready(Ok(Some(std::mem::take(&mut self.rest)).filter(|chunk| !chunk.is_empty())))
    }

    /// Whether reading it failed.
    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
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
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, CoreError> {
        poll_fn(|cx| self.poll_read(cx, buffer)).await
    }

    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Result<usize, CoreError>> {
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if self.rest.is_empty()
            && let Some(n) = ready!(self.poll_next(cx, Some(&mut *buffer)))?
        {
            return Poll::Ready(Ok(n));
        }
        let n = self.rest.len().min(buffer.len());
        let taken = self.rest.split_to(n);
        if let Some(room) = buffer.get_mut(..n) {
            room.copy_from_slice(&taken);
        }
        Poll::Ready(Ok(n))
    }

    /// All of it, where that is not more than `most` bytes.
    pub(crate) async fn gather(&mut self, most: u64) -> Result<Bytes, CoreError> {
        let mut gathered = Gather::new(most);
        loop {
            match gathered.room(self.remaining())? {
                Room::Piece => match self.chunk().await? {
                    Some(piece) => gathered.push(piece)?,
                    None => break,
                },
                Room::Buffer(buffer) => match self.read(buffer).await? {
                    0 => break,
                    n => gathered.filled(n)?,
                },
            }
        }
        Ok(gathered.finish())
    }

    /// Takes in the next piece: into `rest`, or straight into the caller's buffer, where it tells how much.
    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        mut into: Option<&mut [u8]>,
    ) -> Poll<Result<Option<usize>, CoreError>> {
        loop {
            let content = match (&mut self.content, &self.state) {
                (Some(content), State::Open(_) | State::Ended(_)) => content,
                (Some(_), State::Failed(_)) | (None, _) => return self.poll_next_as_it_came(cx, into),
            };
            match content.pull(into.as_deref_mut()) {
                Ok(Decoded::Data(data)) => self.rest = data,
                Ok(Decoded::Direct(n)) => return Poll::Ready(Ok(Some(n))),
                Ok(Decoded::End) => {}
                Ok(Decoded::NeedInput) => {
                    ready!(self.poll_next_as_it_came(cx, None))?;
                    let coded = std::mem::take(&mut self.rest);
                    if let Some(content) = &mut self.content {
                        content.push(coded);
                    }
                    continue;
                }
                Err(error) => {
                    self.state = State::Failed(error.kind());
                    return Poll::Ready(Err(error));
                }
            }
            return Poll::Ready(Ok(None));
        }
    }

    /// The same of the body as it came.
    fn poll_next_as_it_came(
        &mut self,
        cx: &mut Context<'_>,
        into: Option<&mut [u8]>,
    ) -> Poll<Result<Option<usize>, CoreError>> {
        let wire = match &mut self.state {
            State::Open(wire) => wire,
            State::Ended(_) => return Poll::Ready(Ok(None)),
            State::Failed(kind) => {
                return Poll::Ready(Err(CoreError::new(*kind, Phase::Body, "the body broke off before")));
            }
        };
        let read = ready!(wire.poll_read_body(cx, into, &self.bounds));
        self.trace.read(&read);
        match read {
            Ok(Piece::Data(data)) => self.rest = data,
            Ok(Piece::Direct(n)) => return Poll::Ready(Ok(Some(n))),
            Ok(Piece::End(trailers)) => {
                let now = Instant::now();
                self.ended = Some(now.saturating_duration_since(self.begun));
                self.end(State::Ended(trailers), now);
            }
            Err(cause) => {
                let error = cause.into_error(Phase::Body);
                self.state = State::Failed(error.kind());
                return Poll::Ready(Err(error));
            }
        }
        Poll::Ready(Ok(None))
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

//! What the matrix needs of a transport, and what it asks of it.

use bytes::Bytes;
use http::{HeaderMap, Method};
use session_core::error::{Error, ErrorKind, Phase};
use session_core::handle::Access;
use session_core::request::{Dispatch, RequestBuilder};
use session_core::session::request::RequestTimeouts;
use session_core::session::transport::Transport;
use session_core::tls::error::{TlsError, TlsErrorKind};
use session_core::tls::settings::TlsSettings;
use std::fmt::{Debug, Write as _};
use std::io;
use std::path::Path;
use std::time::Duration;

/// What no error may show.
pub const CANARY: &str = "c4nary-5ecret";

/// A transport.
pub trait Client: Sized + Send + Sync + 'static {
    /// Its session.
    type Session: Transport + Access + Clone + Debug + Send + Sync + 'static;

    /// What the matrix calls it.
    const NAME: &'static str;

    /// Whatever the transport runs on.
    ///
    /// # Errors
    /// Those of the system.
    fn start() -> io::Result<Self>;

    /// Asks, and reads of the response what is wanted.
    ///
    /// # Errors
    /// Those of the request and of its body.
    fn ask(&self, session: &Self::Session, ask: Ask) -> Result<Reply, Failed>;

    /// Asks all of them at once.
    fn ask_all(&self, session: &Self::Session, asks: Vec<Ask>) -> Vec<Result<Reply, Failed>>;

    /// Asks, and gives up once `when` returns. Gives whether the transport can be made to: where not, nothing was asked.
    fn give_up(&self, session: &Self::Session, ask: Ask, when: &mut dyn FnMut()) -> bool;

    /// Asks, and ends what the transport runs on once `when` returns. Gives whether it runs on anything: where not, nothing
    /// was asked.
    fn end_within(self, session: &Self::Session, ask: Ask, when: &mut dyn FnMut()) -> bool;

    /// Writes the session's cookies to a file.
    ///
    /// # Errors
    /// The kind of the transport's.
    fn save_cookies(&self, session: &Self::Session, path: &Path) -> Result<(), ErrorKind>;

    /// Reads cookies from a file.
    ///
    /// # Errors
    /// The kind of the transport's.
    fn load_cookies(&self, session: &Self::Session, path: &Path) -> Result<(), ErrorKind>;

    /// How many connections lie idle.
    fn idle(&self, session: &Self::Session) -> usize;

    /// How many tasks of the transport's are under way: none where it has no tasks.
    fn tasks(&self) -> usize {
        0
    }
}

/// A request, and how much of the response is wanted.
#[non_exhaustive]
pub struct Ask {
    /// The method.
    pub method: Method,
    /// The URL.
    pub url: String,
    /// The fields.
    pub fields: Vec<(&'static str, String)>,
    /// The body.
    pub content: Content,
    /// How much is read.
    pub wanted: Wanted,
    /// Its bounds in time, where they are not the session's.
    pub timeouts: RequestTimeouts,
    /// Settings for TLS of its own.
    pub tls: Option<TlsSettings>,
}

/// A request's body.
#[expect(clippy::exhaustive_enums, reason = "the bodies that every transport takes")]
pub enum Content {
    /// None.
    None,
    /// Bytes in memory, which can be sent again.
    Bytes(Bytes),
    /// What a source gives, once, of a length that is told or not.
    Source(Source, Option<u64>),
}

/// Where a body comes from.
pub type Source = Box<dyn Iterator<Item = io::Result<Bytes>> + Send>;

/// How much of a response is read before it is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "all, or no more than so many bytes")]
pub enum Wanted {
    /// All of it.
    All,
    /// All of it, in the smallest pieces that a caller of the transport can ask for.
    InPieces,
    /// At least this many bytes of the body; 0 is the head alone.
    First(usize),
    /// The same, and none of it is kept.
    Past(usize),
}

/// A response, as far as it was wanted.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "every transport fills all of it")]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// The statuses of the redirects that were followed.
    pub history: Vec<u16>,
    /// How the response shows itself.
    pub shown: String,
}

/// An error.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failed {
    /// Its kind.
    pub kind: ErrorKind,
    /// Its phase.
    pub phase: Phase,
    /// What TLS says of it.
    pub tls: Option<TlsErrorKind>,
    /// How it shows itself.
    pub message: String,
    /// Everything that it can be made to show.
    pub all: String,
}

impl Ask {
    /// A request of this method.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        let fields = vec![("authorization", format!("Bearer {CANARY}"))];
        Self {
            method,
            url: url.into(),
            fields,
            content: Content::None,
            wanted: Wanted::All,
            timeouts: RequestTimeouts::default(),
            tls: None,
        }
    }

    /// A GET.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    /// A POST of these bytes.
    pub fn post(url: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self { content: Content::Bytes(body.into()), ..Self::new(Method::POST, url) }
    }

    /// A POST of what a source gives.
    pub fn upload(
        url: impl Into<String>,
        length: Option<u64>,
        source: impl Iterator<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self { content: Content::Source(Box::new(source), length), ..Self::new(Method::POST, url) }
    }

    /// The same with no credential of its own.
    #[must_use]
    pub fn without_credential(mut self) -> Self {
        self.fields.clear();
        self
    }

    /// The same with a field.
    #[must_use]
    pub fn field(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// The same with no more than so much of the response wanted.
    #[must_use]
    pub fn first(mut self, bytes: usize) -> Self {
        self.wanted = Wanted::First(bytes);
        self
    }

    /// The same in the smallest pieces.
    #[must_use]
    pub fn in_pieces(mut self) -> Self {
        self.wanted = Wanted::InPieces;
        self
    }

    /// The same with so much of the response read and none of it kept.
    #[must_use]
    pub fn past(mut self, bytes: usize) -> Self {
        self.wanted = Wanted::Past(bytes);
        self
    }

    /// The same with a deadline.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeouts.total = timeout.into();
        self
    }

    /// The same with so much time for each of its parts, whatever the session's are.
    #[must_use]
    pub fn patient(mut self, each: Duration) -> Self {
        let each = each.into();
        (self.timeouts.connect, self.timeouts.head, self.timeouts.idle) = (each, each, each);
        self
    }

    /// The same with settings for TLS of its own.
    #[must_use]
    pub fn tls(mut self, settings: TlsSettings) -> Self {
        self.tls = Some(settings);
        self
    }

    /// Puts it to a transport's builder.
    pub fn prepare<D: Dispatch>(
        self,
        dispatch: D,
        source: impl FnOnce(Source, Option<u64>) -> D::Body,
    ) -> RequestBuilder<D> {
        let mut builder = RequestBuilder::new(dispatch, self.method, self.url);
        for (name, value) in self.fields {
            builder = builder.header(name, value);
        }
        builder = builder.timeouts(self.timeouts);
        if let Some(settings) = self.tls {
            builder = builder.tls(settings);
        }
        match self.content {
            Content::None => builder,
            Content::Bytes(bytes) => builder.body(bytes),
            Content::Source(pieces, length) => builder.body(source(pieces, length)),
        }
    }
}

impl Failed {
    /// An error of a transport, with the core's error in it.
    #[must_use]
    pub fn of(core: &Error, error: &(dyn std::error::Error + 'static)) -> Self {
        let (mut all, mut tls) = (String::new(), None);
        let mut next = Some(error);
        while let Some(error) = next {
            tls = tls.or_else(|| error.downcast_ref::<TlsError>().map(TlsError::kind));
            // Writing to a string does not fail.
            let _ = write!(all, "{error} {error:?} ");
            next = error.source();
        }
        Self { kind: core.kind(), phase: core.phase(), tls, message: error.to_string(), all }
    }
}

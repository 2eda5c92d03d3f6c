//! Building a request: one builder, shared by every transport.
//!
//! The builder is generic over [`Dispatch`]: what `send` gives is a result for a blocking transport and a future for an
//! asynchronous one. Something wrong is told by `send`, not before, so that a chain of calls needs one `?`.

pub mod built;
mod content;
mod draft;
mod end;
mod methods;
#[cfg(feature = "json")]
mod serialized;

use self::built::BuiltRequest;
use self::draft::{BodyType, Draft};
use crate::auth::credentials::Credential;
use crate::content::coding::encoder::Encoder;
use crate::error::{Error, ErrorKind, Phase};
use crate::message::body::{BodySize, RequestBody};
use crate::message::into_url::{BaseJoin, IntoUrl};
use crate::message::proxy::ProxyServer;
use crate::message::word::Word;
use crate::redirect::policy::RedirectPolicy;
use crate::retry::policy::RetryPolicy;
use crate::session::preview::Preview;
use crate::session::request::{Request, RequestTimeouts, field};
use crate::session::settings::{CookieMode, Decoding, Setting};
use crate::tls::settings::TlsSettings;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use std::borrow::Borrow;
use std::fmt;
use std::time::Duration;
use url::Url;

/// Something that sends requests: a transport's session.
pub trait Dispatch: Sized {
    /// What a request may have for a body.
    type Body: RequestContent;
    /// What sending gives.
    type Outcome;

    /// The URL that relative ones are joined to: an error of the builder names the URL by it. Default: none.
    fn base_url(&self) -> Option<Url> {
        None
    }

    /// How they are joined. Default: by RFC 3986.
    fn base_join(&self) -> BaseJoin {
        BaseJoin::default()
    }

    /// Random bytes, for what stands between the parts of a form. Default: none, and such a form is an error.
    fn random(&self) -> Option<[u8; 32]> {
        None
    }

    /// What would be sent for a request: see [`Session::preview`](crate::session::Session::preview).
    ///
    /// # Errors
    /// Those of the session. Default: [`ErrorKind::Unsupported`].
    fn preview(&self, request: Request) -> Result<Preview, Error> {
        drop(request);
        Err(Error::new(ErrorKind::Unsupported, Phase::Build, "nothing here can tell what would be sent"))
    }

    /// Sends a request, or gives the error that its builder met.
    /// The request is boxed because it is large and goes from hand to hand.
    fn dispatch(self, request: Result<(Box<Request>, Option<Self::Body>), Error>) -> Self::Outcome;
}

/// A request's body, as far as the builder needs to know it.
pub trait RequestContent: From<Bytes> {
    /// Its size, and whether it can be sent a second time.
    fn describe(&self) -> RequestBody;

    /// Its bytes, where they are at hand, for Digest's `auth-int`. Default: they are not.
    fn bytes(&self) -> Option<Bytes> {
        None
    }

    /// The same body once more, where it can be sent again. Default: where its bytes are at hand.
    fn try_clone(&self) -> Option<Self> {
        self.bytes().map(Self::from)
    }
}

/// A body that can be made of other bodies.
pub trait ComposedContent: RequestContent {
    /// These bodies, one after the other, with nothing between them.
    fn sequence(bodies: Vec<Self>) -> Self;

    /// This body as `encoder` codes it, which is at its start.
    fn coded(self, encoder: Encoder) -> Self;
}

/// What bytes in memory are as a body: of their size, and sent as often as needed; none where there are none.
#[must_use]
pub fn describe_bytes(bytes: &[u8]) -> RequestBody {
    match u64::try_from(bytes.len()) {
        Ok(0) => RequestBody::EMPTY,
        Ok(length) => RequestBody::replayable(BodySize::Sized(length)),
        Err(_) => RequestBody::replayable(BodySize::Streaming),
    }
}

/// What several bodies are, one after the other: of a known size where each is, and sent again where each can be.
#[must_use]
pub fn describe_sequence(bodies: impl IntoIterator<Item = RequestBody>) -> RequestBody {
    bodies.into_iter().fold(RequestBody::EMPTY, |before, next| {
        let size = match (before.size(), next.size()) {
            (size, BodySize::Empty) | (BodySize::Empty, size) => size,
            (BodySize::Sized(a), BodySize::Sized(b)) => a.checked_add(b).map_or(BodySize::Streaming, BodySize::Sized),
            (BodySize::Streaming, _) | (_, BodySize::Streaming) => BodySize::Streaming,
        };
        if before.is_replayable() && next.is_replayable() {
            RequestBody::replayable(size)
        } else {
            RequestBody::once(size)
        }
    })
}

/// Builds one request.
#[must_use = "a request goes nowhere until `send`"]
pub struct RequestBuilder<D: Dispatch> {
    dispatch: D,
    request: Box<Request>,
    draft: Draft<D::Body>,
    error: Option<Error>,
}

impl<D: Dispatch> RequestBuilder<D> {
    /// A request that `dispatch` will send. The method is an [`http::Method`] or text; what is no token is told by `send`.
    pub fn new<M>(dispatch: D, method: M, url: impl IntoUrl) -> Self
    where
        M: AsRef<str> + TryInto<Method, Error: Into<http::Error>>,
    {
        let word = Word::of(method.as_ref().as_bytes());
        let (method, error) = match method.try_into() {
            Ok(method) => (method, None),
            Err(source) => (Method::GET, Some(word.refused("the method", source.into()))),
        };
        Self { dispatch, request: Box::new(Request::new(method, url)), draft: Draft::default(), error }
    }

    /// A request that was built before, to be changed or sent by `dispatch`.
    pub fn from_request(dispatch: D, request: impl Into<BuiltRequest<D::Body>>) -> Self {
        let (request, body) = request.into().into_parts();
        let mut draft = Draft::default();
        if let Some(body) = body {
            draft.set(BodyType::Untold, body);
        }
        Self { dispatch, request, draft, error: None }
    }

    /// Adds a line of a field. The first line of a name replaces the session's default, further ones add.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// let request = session.get("http://a.test/").header("accept", "text/html").header("accept", "text/plain");
    /// let preview = request.preview()?;
    /// assert_eq!(preview.head.headers().get_all("accept").iter().count(), 2);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: AsRef<[u8]> + TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let added = self.request.append_header(name, value);
        self.keep_error(added)
    }

    /// Adds fields; each name that was set before is replaced by the lines given here.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// let accept = http::HeaderMap::from_iter([(http::header::ACCEPT, "text/html".parse().unwrap())]);
    /// let request = session.get("http://a.test/").header("accept", "text/plain").headers(accept);
    /// assert_eq!(request.preview()?.head.headers()["accept"], "text/html");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn headers(mut self, fields: HeaderMap) -> Self {
        let own = self.request.headers_mut();
        for name in fields.keys() {
            own.remove(name);
        }
        let added = fields.iter().try_for_each(|(name, value)| self.request.append_header(name, value));
        self.keep_error(added)
    }

    /// Leaves the session's default of this name out of this request, the fields that the session adds by itself too. The
    /// Content-Type of a form or of JSON is the body's own, and stays.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// session.headers_mut().set("x-app", "demo")?;
    /// let request = session.get("http://a.test/").remove_header("x-app").remove_header("user-agent");
    /// assert!(!request.preview()?.head.headers().contains_key("x-app"));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn remove_header<N>(mut self, name: N) -> Self
    where
        N: AsRef<[u8]> + TryInto<HeaderName, Error: Into<http::Error>>,
    {
        match field(name, HeaderValue::from_static("")) {
            Ok((name, _)) => {
                self.request.remove_header(name);
                self
            }
            Err(error) => self.keep_error(Err(error)),
        }
    }

    /// Adds parameters to the URL's own query: pairs from an array, a map, an iterator. A value is whatever can be displayed: text,
    /// numbers, `bool`.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// let found = session.get("http://a.test/search?lang=en").query(&[("q", "a b")]).query(&[("page", 2)]);
    /// assert_eq!(found.preview()?.head.uri(), "http://a.test/search?lang=en&q=a+b&page=2");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn query<I, K, V>(mut self, pairs: I) -> Self
    where
        I: IntoIterator<Item: Borrow<(K, V)>>,
        K: AsRef<str>,
        V: fmt::Display,
    {
        for pair in pairs {
            let (name, value) = pair.borrow();
            self.request.add_param(name.as_ref(), value.to_string());
        }
        self
    }

    /// Asks the server as a whole, by `OPTIONS *`: see [`Request::server_wide`].
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// assert_eq!(session.options("http://a.test/").server_wide().preview()?.head.method(), "OPTIONS");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn server_wide(mut self) -> Self {
        self.request.server_wide();
        self
    }

    /// Offers to go on in this protocol on the same connection: see [`Request::upgrade`].
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// let request = session.get("http://a.test/chat").upgrade("websocket").header("sec-websocket-version", "13");
    /// assert_eq!(request.preview()?.head.headers()["connection"], "upgrade");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn upgrade(mut self, protocol: &str) -> Self {
        let offered = self.request.upgrade([protocol]);
        self.keep_error(offered)
    }

    /// Asks the server whether it wants the body before that is sent: see [`Request::expect_continue`].
    pub fn expect_continue(mut self) -> Self {
        self.request.expect_continue();
        self
    }

    /// Fields behind the body: see [`Request::set_trailers`].
    pub fn trailers(mut self, trailers: HeaderMap) -> Self {
        self.request.set_trailers(trailers);
        self
    }

    /// A credential for this request's origin. [`Setting::Off`] is [`RequestBuilder::no_auth`].
    pub fn auth(mut self, credential: impl Into<Setting<Credential>>) -> Self {
        self.request.set_auth(credential);
        self
    }

    /// User name and password (RFC 7617), sent at once.
    pub fn basic_auth(self, user: impl Into<String>, password: Option<impl Into<String>>) -> Self {
        self.auth(Credential::basic(user, password.map(Into::into).unwrap_or_default()))
    }

    /// User name and password for Digest (RFC 7616): sent where the origin asks for them.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// let request = session.get("http://a.test/").digest_auth("ada", "secret");
    /// assert!(!request.preview()?.head.headers().contains_key("authorization"), "only once it is asked for");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn digest_auth(self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.auth(Credential::digest(user, password))
    }

    /// A bearer token (RFC 6750), sent at once.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// let preview = session.get("https://a.test/").bearer_auth("token").preview()?;
    /// assert_eq!(preview.head.headers()["authorization"], "Bearer token");
    /// assert!(!format!("{preview:?}").contains("token"), "it is told to nobody else");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn bearer_auth(self, token: impl Into<String>) -> Self {
        self.auth(Credential::bearer(token))
    }

    /// Sends no credential but what the request itself brings: its own field, or the user information of its URL.
    pub fn no_auth(mut self) -> Self {
        self.request.set_auth(Setting::Off);
        self
    }

    /// A cookie for this request alone: sent to the request's origin only, and not stored.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// let preview = session.get("http://a.test/").cookie("theme", "dark").preview()?;
    /// assert_eq!(preview.head.headers()["cookie"], "theme=dark");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.add_cookie(name, value);
        self
    }

    /// What this request has to do with the jar. Default: the setting for the hop's origin, else the session's.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// use session_core::session::settings::CookieMode;
    ///
    /// session.cookies().set("http://a.test/", "lang", "de")?;
    /// let preview = session.get("http://a.test/").cookie_mode(CookieMode::Off).preview()?;
    /// assert!(!preview.head.headers().contains_key("cookie"));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn cookie_mode(mut self, mode: impl Into<Setting<CookieMode>>) -> Self {
        self.request.set_cookie_mode(mode);
        self
    }

    /// Whether content codings are offered and undone. Default: the session's setting.
    pub fn decoding(mut self, decoding: Decoding) -> Self {
        self.request.set_decoding(decoding);
        self
    }

    /// What TLS connections for this request are to be like, in place of the session's settings, as far as it stays with
    /// its origin. See [`Request::set_tls`].
    pub fn tls(mut self, settings: TlsSettings) -> Self {
        self.request.set_tls(settings);
        self
    }

    /// The proxy of this request, whatever the session's say; [`Setting::Off`] takes none. See [`Request::set_proxy`].
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// use session_core::message::proxy::ProxyServer;
    ///
    /// let request = session.get("http://a.test/").proxy(ProxyServer::parse("http://proxy.test:3128")?);
    /// # drop(request);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn proxy(mut self, proxy: impl Into<Setting<ProxyServer>>) -> Self {
        self.request.set_proxy(proxy);
        self
    }

    /// The redirect rules of this request. Default: the session's.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// # use session_core::redirect::policy::RedirectPolicy;
    /// # let script = script.any("http://a.test/").reply(302).header("location", "/next");
    /// let response = session.get("http://a.test/").redirect(RedirectPolicy::none()).send()?;
    /// assert!(response.is_redirect());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn redirect(mut self, policy: RedirectPolicy) -> Self {
        self.request.set_redirect(policy);
        self
    }

    /// When this request is tried again: see [`Request::set_retry`]. Default: as the session has it.
    ///
    /// ```
    /// # use session_core::retry::policy::RetryPolicy;
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// let request = session.get("http://a.test/").retry(RetryPolicy::new(3));
    /// # let _ = request;
    /// ```
    pub fn retry(mut self, policy: impl Into<Setting<RetryPolicy>>) -> Self {
        self.request.set_retry(policy);
        self
    }

    /// The version of HTTP that the request is sent in, 1.1 by default or 1.0: see [`Request::set_version`].
    pub fn version(mut self, version: Version) -> Self {
        self.request.set_version(version);
        self
    }

    /// How long the whole exchange may take, its body included. [`Setting::Off`] is as long as it takes.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// # use std::time::Duration;
    /// let request = session.get("http://a.test/").timeout(Duration::from_secs(30));
    /// # let _ = request;
    /// ```
    pub fn timeout(mut self, total: impl Into<Setting<Duration>>) -> Self {
        self.request.set_timeout(total);
        self
    }

    /// How long each phase, and the whole, may take: each bound inherited, switched off or set.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// use session_core::session::request::RequestTimeouts;
    /// use std::time::Duration;
    ///
    /// let mut timeouts = RequestTimeouts::default();
    /// timeouts.head = Duration::from_secs(300).into();
    /// timeouts.total = Duration::from_secs(600).into();
    /// let request = session.get("http://a.test/report").timeouts(timeouts);
    /// # drop(request);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn timeouts(mut self, timeouts: RequestTimeouts) -> Self {
        self.request.set_timeouts(timeouts);
        self
    }

    /// Leaves the session's parameters of this name out of the URL.
    pub fn remove_param(mut self, name: impl Into<String>) -> Self {
        self.request.remove_param(name);
        self
    }

    /// Leaves the session's parameters out of the URL.
    pub fn no_session_params(mut self) -> Self {
        self.request.remove_session_params();
        self
    }

    fn keep_error(mut self, done: Result<(), Error>) -> Self {
        if let Err(error) = done {
            self.error.get_or_insert(error);
        }
        self
    }
}

impl<D: Dispatch> fmt::Debug for RequestBuilder<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder").field("request", &self.request).finish_non_exhaustive()
    }
}

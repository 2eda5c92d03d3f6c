//! Building a request: one builder, shared by every transport.
//!
//! The builder is generic over [`Dispatch`]: what `send` gives is a result for a blocking transport and a future for an
//! asynchronous one. Something wrong is told by `send`, not before, so that a chain of calls needs one `?`.

use crate::auth::credentials::Credential;
use crate::error::Error;
use crate::message::body::{BodySize, RequestBody};
use crate::message::into_url::{BaseJoin, IntoUrl};
use crate::redirect::policy::RedirectPolicy;
use crate::session::request::{Request, RequestTimeouts, field};
use crate::session::settings::{CookieMode, Decoding, Setting};
use crate::tls::settings::TlsSettings;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::borrow::Borrow;
use std::fmt;
use std::time::Duration;
use url::{Url, form_urlencoded};

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

/// Builds one request.
#[must_use = "a request goes nowhere until `send`"]
pub struct RequestBuilder<D: Dispatch> {
    dispatch: D,
    request: Box<Request>,
    body: Option<D::Body>,
    content_type: Option<HeaderValue>,
    error: Option<Error>,
}

impl<D: Dispatch> RequestBuilder<D> {
    /// A request that `dispatch` will send.
    pub fn new(dispatch: D, method: Method, url: impl IntoUrl) -> Self {
        Self { dispatch, request: Box::new(Request::new(method, url)), body: None, content_type: None, error: None }
    }

    /// Adds a line of a field. The first line of a name replaces the session's default, further ones add.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let added = self.request.append_header(name, value);
        self.keep_error(added)
    }

    /// Adds fields; each name that was set before is replaced by the lines given here.
    pub fn headers(mut self, fields: HeaderMap) -> Self {
        let own = self.request.headers_mut();
        for name in fields.keys() {
            own.remove(name);
        }
        let added = fields.iter().try_for_each(|(name, value)| self.request.append_header(name, value));
        self.keep_error(added)
    }

    /// Leaves the session's default of this name out of this request, the fields that the session adds by itself too.
    pub fn remove_header<N>(mut self, name: N) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
    {
        match field(name, HeaderValue::from_static("")) {
            Ok((name, _)) => {
                self.request.remove_header(name);
                self
            }
            Err(error) => self.keep_error(Err(error)),
        }
    }

    /// Adds parameters to the URL's own query.
    pub fn query<I, K, V>(mut self, pairs: I) -> Self
    where
        I: IntoIterator<Item: Borrow<(K, V)>>,
        K: AsRef<str>,
        V: AsRef<str>,
    {
        for pair in pairs {
            let (name, value) = pair.borrow();
            self.request.add_param(name.as_ref(), value.as_ref());
        }
        self
    }

    /// A form as the body, `application/x-www-form-urlencoded` unless a Content-Type is given.
    pub fn form<I, K, V>(mut self, pairs: I) -> Self
    where
        I: IntoIterator<Item: Borrow<(K, V)>>,
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.content_type = Some(HeaderValue::from_static("application/x-www-form-urlencoded"));
        self.body = Some(D::Body::from(Bytes::from(text)));
        self
    }

    /// JSON as the body, `application/json` unless a Content-Type is given.
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(text) => {
                self.content_type = Some(HeaderValue::from_static("application/json"));
                self.body = Some(D::Body::from(Bytes::from(text)));
                self
            }
            Err(source) => {
                use crate::error::{ErrorKind, Phase};
                let error = Error::new(ErrorKind::Body, Phase::Build, "the body cannot be written as JSON");
                self.keep_error(Err(error.with_source(source)))
            }
        }
    }

    /// The body. It has no Content-Type unless one is given.
    pub fn body(mut self, body: impl Into<D::Body>) -> Self {
        self.content_type = None;
        self.body = Some(body.into());
        self
    }

    /// Asks the server as a whole, by `OPTIONS *`: see [`Request::server_wide`].
    pub fn server_wide(mut self) -> Self {
        self.request.server_wide();
        self
    }

    /// Offers to go on in this protocol on the same connection: see [`Request::upgrade`].
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
    pub fn digest_auth(self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.auth(Credential::digest(user, password))
    }

    /// A bearer token (RFC 6750), sent at once.
    pub fn bearer_auth(self, token: impl Into<String>) -> Self {
        self.auth(Credential::bearer(token))
    }

    /// Sends no credential but what the request itself brings: its own field, or the user information of its URL.
    pub fn no_auth(mut self) -> Self {
        self.request.set_auth(Setting::Off);
        self
    }

    /// A cookie for this request alone: sent to the request's origin only, and not stored.
    pub fn cookie(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.add_cookie(name, value);
        self
    }

    /// What this request has to do with the jar. Default: the setting for the hop's origin, else the session's.
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

    /// The redirect rules of this request. Default: the session's.
    pub fn redirect(mut self, policy: RedirectPolicy) -> Self {
        self.request.set_redirect(policy);
        self
    }

    /// How long the whole exchange may take, its body included. [`Setting::Off`] is as long as it takes.
    pub fn timeout(mut self, total: impl Into<Setting<Duration>>) -> Self {
        self.request.set_timeout(total);
        self
    }

    /// How long each phase, and the whole, may take: each bound inherited, switched off or set.
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

    /// Sends the request.
    pub fn send(self) -> D::Outcome {
        let Self { dispatch, mut request, body, content_type, error } = self;
        if let Some(error) = error {
            let error = match request.url.joined(dispatch.base_url().as_ref(), dispatch.base_join()) {
                Ok(url) => error.with_url(&url),
                Err(_) => error,
            };
            return dispatch.dispatch(Err(error));
        }
        if let Some(content_type) = content_type {
            request.set_body_type(content_type);
        }
        let described = body.as_ref().map_or(RequestBody::EMPTY, RequestContent::describe);
        request.set_body(described);
        if let Some(bytes) = body.as_ref().and_then(RequestContent::bytes) {
            request.set_hashable(bytes);
        }
        dispatch.dispatch(Ok((request, body)))
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

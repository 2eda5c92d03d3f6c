//! What a caller asks for: one request, before the session's defaults are laid under it.

use crate::auth::credentials::Credential;
use crate::error::{Error, ErrorKind, Phase};
use crate::means::Means;
use crate::message::body::RequestBody;
use crate::message::fields::connection_has;
use crate::message::head::ShownFields;
use crate::message::into_url::{IntoUrl, Reference};
use crate::message::proxy::ProxyServer;
use crate::message::word::Word;
use crate::redirect::policy::RedirectPolicy;
use crate::retry::policy::RetryPolicy;
use crate::session::hashable::Hashable;
use crate::session::resume::Resumes;
use crate::session::settings::{CookieMode, Decoding, Setting};
use crate::session::start::{APPEND_PARAMS, AppendParams};
use crate::tls::settings::TlsSettings;
use bytes::Bytes;
use http::header::{CONNECTION, EXPECT, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A request's word on each bound of [`Timeouts`](crate::time::Timeouts).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestTimeouts {
    /// Resolving and connecting.
    pub connect: Setting<Duration>,
    /// Resolving, within that.
    pub resolve: Setting<Duration>,
    /// Each TLS handshake, within that.
    pub tls: Setting<Duration>,
    /// The response head.
    pub head: Setting<Duration>,
    /// The wait for a 100 before a body that expects one.
    pub expect: Setting<Duration>,
    /// The pause between two bytes of a body.
    pub idle: Setting<Duration>,
    /// All of an unwanted body.
    pub drain: Setting<Duration>,
    /// The whole exchange.
    pub total: Setting<Duration>,
}

/// One request as its caller gave it. The body itself stays with the transport; here stands only what it is like.
///
/// ```
/// use session_core::message::body::{BodySize, RequestBody};
/// use session_core::session::request::Request;
///
/// let mut request = Request::new(http::Method::PUT, "https://a.test/items/1");
/// request.append_header("content-type", "application/json")?;
/// request.add_param("dry", "1");
/// request.set_body(RequestBody::replayable(BodySize::Sized(2)));
/// assert_eq!(request.headers()["content-type"], "application/json");
/// # Ok::<(), session_core::error::Error>(())
/// ```
#[derive(Clone)]
pub struct Request {
    pub(crate) method: Method,
    pub(crate) url: Reference,
    pub(crate) headers: HeaderMap,
    pub(crate) removed: Vec<HeaderName>,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) append_params: Option<Means<AppendParams>>,
    pub(crate) removed_params: Vec<String>,
    pub(crate) body: RequestBody,
    /// What follows the body.
    pub(crate) trailers: HeaderMap,
    /// The Content-Type that the body has by itself.
    pub(crate) body_type: Option<HeaderValue>,
    pub(crate) auth: Setting<Box<Credential>>,
    pub(crate) cookies: Vec<(String, String)>,
    pub(crate) cookie_mode: Setting<CookieMode>,
    pub(crate) decoding: Option<Decoding>,
    pub(crate) redirect: Option<Arc<RedirectPolicy>>,
    pub(crate) retry: Setting<Arc<RetryPolicy>>,
    pub(crate) version: Version,
    pub(crate) tls: Option<Arc<TlsSettings>>,
    pub(crate) proxy: Setting<Arc<ProxyServer>>,
    /// None where it says nothing of them; few do, and they are large.
    pub(crate) timeouts: Option<Box<RequestTimeouts>>,
    pub(crate) session_params: Setting<()>,
    /// The server as a whole is asked.
    pub(crate) server_wide: bool,
    pub(crate) hashable: Option<Hashable>,
    /// The exchange that this request goes on with, where it is the next one of a redirect.
    pub(crate) resumes: Option<Box<dyn Resumes>>,
}

impl Request {
    /// A request without body or fields of its own. A relative URL is joined to the session's `base_url`.
    #[must_use]
    pub fn new(method: Method, url: impl IntoUrl) -> Self {
        Self {
            method,
            url: url.into_reference(),
            headers: HeaderMap::new(),
            removed: Vec::new(),
            params: Vec::new(),
            append_params: None,
            removed_params: Vec::new(),
            body: RequestBody::EMPTY,
            trailers: HeaderMap::new(),
            body_type: None,
            auth: Setting::Inherit,
            cookies: Vec::new(),
            cookie_mode: Setting::Inherit,
            decoding: None,
            redirect: None,
            retry: Setting::Inherit,
            version: Version::HTTP_11,
            tls: None,
            proxy: Setting::Inherit,
            timeouts: None,
            session_params: Setting::Inherit,
            server_wide: false,
            hashable: None,
            resumes: None,
        }
    }

    /// A GET without fields of its own.
    #[must_use]
    pub fn get(url: impl IntoUrl) -> Self {
        Self::new(Method::GET, url)
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The request's own fields. The first line of a name replaces the session's default, further ones add.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The request's own fields, to be changed.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// Leaves the session's default of this name out of this request, on every hop. For `Authorization` that is also
    /// the session's credential, for `Cookie` only the default field: see [`Request::set_cookie_mode`] for the jar.
    pub fn remove_header(&mut self, name: HeaderName) {
        self.removed.push(name);
    }

    /// Adds a line of a field.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidHeader`] for a name that is no token and for a value with a control character.
    pub fn append_header<N, V>(&mut self, name: N, value: V) -> Result<(), Error>
    where
        N: AsRef<[u8]> + TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let (name, value) = field(name, value)?;
        self.append_field(name, value)
    }

    /// The same of what is a field already.
    pub(crate) fn append_field(&mut self, name: HeaderName, value: HeaderValue) -> Result<(), Error> {
        self.headers.try_append(name, value).map_err(|source| {
            Error::new(ErrorKind::InvalidHeader, Phase::Build, "the request has too many fields").with_source(source)
        })?;
        Ok(())
    }

    /// Asks the server as a whole, not a resource of it: `OPTIONS *` (RFC 9110 9.3.7), through a plain proxy the URL without
    /// its path. The method must be OPTIONS and the URL have neither path nor query; the session's parameters are left out.
    pub fn server_wide(&mut self) {
        self.server_wide = true;
    }

    /// Asks the server whether it wants the body before that is sent (`Expect: 100-continue`, RFC 9110 10.1.1): the body
    /// waits for a 100 for as long as [`RequestTimeouts::expect`] says, and is not sent where another answer comes. Without a body
    /// there is nothing to ask, and the field is left out.
    pub fn expect_continue(&mut self) {
        self.headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
    }

    /// Offers to go on in another protocol on the same connection, the first of `protocols` rather than the next
    /// (`Upgrade` and `Connection: upgrade`, RFC 9110 7.8). Where the server accepts, it answers 101, and the transport's
    /// response can be made a stream of bytes; any other answer is one as without the offer.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidHeader`] for what cannot stand in a field.
    pub fn upgrade<'a>(&mut self, protocols: impl IntoIterator<Item = &'a str>) -> Result<(), Error> {
        let offer = protocols.into_iter().collect::<Vec<_>>().join(", ");
        let (name, offer) = field(UPGRADE, offer)?;
        self.headers.insert(name, offer);
        if !connection_has(&self.headers, "upgrade") {
            self.append_field(CONNECTION, HeaderValue::from_static("upgrade"))?;
        }
        Ok(())
    }

    /// Adds a parameter to the URL's own query.
    pub fn add_param(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.params.push((name.into(), value.into()));
        self.append_params = APPEND_PARAMS;
    }

    /// Leaves the session's parameters of this name out of this request's URL.
    pub fn remove_param(&mut self, name: impl Into<String>) {
        self.removed_params.push(name.into());
    }

    /// The Content-Type that the body has by itself, as a form has one: it is sent unless the request's fields have
    /// another, and goes when the body goes. Default: none.
    pub fn set_body_type(&mut self, value: HeaderValue) {
        self.body_type = Some(value);
    }

    /// What the body is like. Default: there is none.
    pub fn set_body(&mut self, body: RequestBody) {
        self.body = body;
    }

    /// Fields that are sent behind the body (RFC 9110 6.5), which is sent in chunks for that, and are named by `Trailer`
    /// before it. Default: none. Beginning the exchange is an error where there is no body, and for fields that frame, route,
    /// authenticate or say how the body is to be read: those have their say before it.
    pub fn set_trailers(&mut self, trailers: HeaderMap) {
        self.trailers = trailers;
    }

    /// The body's bytes, to be hashed where a Digest challenge asks for it (`qop=auth-int` alone). They are not sent from
    /// here. Without them such a challenge is answered for an empty body only.
    pub fn set_hashable(&mut self, bytes: Bytes) {
        self.hashable = Some(Hashable::Bytes(bytes));
    }

    /// The URL as given; relative ones are joined to the session's `base_url`.
    #[must_use]
    pub fn url(&self) -> &Reference {
        &self.url
    }

    /// What the body is like.
    #[must_use]
    pub fn body(&self) -> RequestBody {
        self.body
    }

    /// The credential for this request's origin. `Off` leaves the session's out.
    pub fn set_auth(&mut self, auth: impl Into<Setting<Credential>>) {
        self.auth = auth.into().map(Box::new);
    }

    /// Adds a cookie for this request alone: it goes to the request's origin only and is not stored.
    pub fn add_cookie(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.cookies.push((name.into(), value.into()));
    }

    /// What this request has to do with the jar. Default: the setting for the hop's origin, else the session's.
    /// [`Setting::Off`] is [`CookieMode::Off`].
    pub fn set_cookie_mode(&mut self, mode: impl Into<Setting<CookieMode>>) {
        self.cookie_mode = mode.into();
    }

    /// Whether content codings are offered and undone. Default: the session's setting.
    pub fn set_decoding(&mut self, decoding: Decoding) {
        self.decoding = Some(decoding);
    }

    /// What TLS connections for this request are to be like, in place of the session's settings. They hold until a redirect
    /// leads to an origin that is not trusted with the caller's credentials, and not from there on; the way back changes
    /// nothing. A proxy has the session's. A snapshot cannot hold them.
    pub fn set_tls(&mut self, settings: TlsSettings) {
        self.tls = Some(Arc::new(settings));
    }

    /// The proxy of this request, on each of its hops, whatever the origin and whatever the session's proxies and their exceptions
    /// say. [`Setting::Off`] goes straight to the origins. Default: what is set for the hop's origin, else the session's choice.
    /// Connections through it serve this way alone.
    pub fn set_proxy(&mut self, proxy: impl Into<Setting<ProxyServer>>) {
        self.proxy = proxy.into().map(Arc::new);
    }

    /// The redirect rules of this request. Default: the session's.
    pub fn set_redirect(&mut self, policy: RedirectPolicy) {
        self.redirect = Some(Arc::new(policy));
    }

    /// When this request is tried again. Default: as the session has it. [`Setting::Off`] is never, but for the silent retry and
    /// the one after a 421. The tokens of the session's budget are taken either way. A snapshot of an exchange cannot hold it.
    pub fn set_retry(&mut self, policy: impl Into<Setting<RetryPolicy>>) {
        self.retry = policy.into().map(Arc::new);
    }

    /// The version of HTTP that the request is sent in, on every hop: 1.1, the default, or 1.0. Each other is
    /// [`ErrorKind::Unsupported`] when the exchange begins.
    ///
    /// HTTP/1.0 (RFC 1945) has no chunks and no 100: a body of unknown length, trailers and `Expect` are errors. Its connection
    /// is not used again. A snapshot of an exchange cannot hold it.
    pub fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// The version of HTTP that the request is sent in.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// How long the whole exchange may take. Default: the session's setting.
    pub fn set_timeout(&mut self, timeout: impl Into<Setting<Duration>>) {
        self.timeouts.get_or_insert_default().total = timeout.into();
    }

    /// How long each phase, and the whole, may take. Default: the settings for the hop's origin, else the session's.
    pub fn set_timeouts(&mut self, timeouts: RequestTimeouts) {
        self.timeouts = (timeouts != RequestTimeouts::default()).then(|| Box::new(timeouts));
    }

    /// Leaves the session's parameters out of this request's URL.
    pub fn remove_session_params(&mut self) {
        self.session_params = Setting::Off;
    }
}

impl From<http::request::Parts> for Request {
    /// Method, URI, fields and version; the extensions are left behind. What the body is like is yet to be said:
    /// [`Request::set_body`].
    fn from(parts: http::request::Parts) -> Self {
        let mut request = Self::new(parts.method, parts.uri);
        request.headers = parts.headers;
        request.version = parts.version;
        request
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("headers", &ShownFields(&self.headers))
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// A field as a caller wrote it. The error shows neither part, for a value may be a secret and a name may be a value that slipped: of a
/// name it tells where it stops to be a token.
///
/// # Errors
/// [`ErrorKind::InvalidHeader`] for a name that is no token and for a value with a control character other than a tab.
pub fn field<N, V>(name: N, value: V) -> Result<(HeaderName, HeaderValue), Error>
where
    N: AsRef<[u8]> + TryInto<HeaderName, Error: Into<http::Error>>,
    V: TryInto<HeaderValue, Error: Into<http::Error>>,
{
    let word = Word::of(name.as_ref());
    let name = name.try_into().map_err(|source| word.refused("a field name", source.into()))?;
    let value = value.try_into().map_err(|source| refused_value(&name, source.into()))?;
    Ok((name, value))
}

#[cold]
#[inline(never)]
fn refused_value(name: &HeaderName, source: http::Error) -> Error {
    Error::new(ErrorKind::InvalidHeader, Phase::Build, format!("the value of {name} is not valid"))
        .with_expected("no control characters")
        .with_source(source)
}

/// A method as a caller wrote it.
///
/// # Errors
/// [`ErrorKind::InvalidHeader`] where it is no token.
pub fn method(method: &[u8]) -> Result<Method, Error> {
    Method::from_bytes(method).map_err(|source| Word::of(method).refused("the method", source.into()))
}

//! The head side of a response: everything but its body, which is the transport's to read.

#[cfg(feature = "charset")]
use crate::content::charset::Charset;
use crate::content::charset::charset_of;
use crate::content::coding::BodyCoding;
use crate::content::events::{EventReader, is_event_stream};
use crate::content::lines::LineReader;
use crate::content::link::Links;
use crate::cookies::set_cookie::SetCookie;
use crate::error::{Error as CoreError, ErrorKind, Fault, Phase};
use crate::limits::Limits;
use crate::message::grammar::decimal;
use crate::message::head::ResponseHead;
use crate::redirect::follow;
use crate::session::history::History;
use crate::session::request::Request;
use crate::session::step::Delivery;
use crate::time::timings::Timings;
use crate::transport::error::Error;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LINK, LOCATION, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, StatusCode, Version};
use std::borrow::Cow;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// What is known of a response beside its body. Each transport's `Response` derefs to it.
pub struct ResponseInfo {
    delivery: Delivery,
    peer: Option<SocketAddr>,
    elapsed: Duration,
    limits: Arc<Limits>,
}

impl ResponseInfo {
    /// What was delivered, by `peer`, `elapsed` after the request was sent.
    #[must_use]
    pub fn new(mut delivery: Delivery, peer: Option<SocketAddr>, elapsed: Duration, limits: Arc<Limits>) -> Self {
        if !leads_on(delivery.head()) {
            delivery.forget_body();
        }
        Self { delivery, peer, elapsed, limits }
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.head().status
    }

    /// The fields.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head().headers
    }

    /// The version that the server spoke.
    #[must_use]
    pub fn version(&self) -> Version {
        self.head().version
    }

    /// Status, version, reason phrase and fields.
    #[must_use]
    pub fn head(&self) -> &ResponseHead {
        self.delivery.head()
    }

    /// The URL that answered, after redirects.
    #[must_use]
    pub fn url(&self) -> &Url {
        self.delivery.url()
    }

    /// Every hop of the exchange, and why.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// # let script = script.any("/old").reply(301).header("location", "/new").any("/new").reply(200);
    /// let response = session.get("http://a.test/old").send()?;
    /// assert_eq!(response.history().statuses(), [301]);
    /// println!("{}", response.history()); // what was sent at each hop, and why
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn history(&self) -> &History {
        self.delivery.history()
    }

    /// The cookies that this response sets, as it writes them; whether they were stored, the history tells. Lines that
    /// make no cookie are left out, and so is what comes after [`Limits::cookies_per_response`] lines.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// # let script = script.any("http://a.test/").reply(200).cookie("sid=1; Path=/; HttpOnly");
    /// let response = session.get("http://a.test/").send()?;
    /// let names: Vec<_> = response.cookies().filter_map(|cookie| cookie.name_str()).collect();
    /// assert_eq!(names, ["sid"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cookies(&self) -> impl Iterator<Item = SetCookie<'_>> {
        let lines = self.head().headers.get_all(SET_COOKIE).iter().take(self.limits.cookies_per_response);
        lines.filter_map(|line| SetCookie::parse(line.as_bytes(), &self.limits).ok())
    }

    /// How the body stands to its Content-Encoding: whether what is read is decoded, or coded as it came. The fields stay as the
    /// server sent them either way.
    #[must_use]
    pub fn body_coding(&self) -> BodyCoding {
        self.delivery.body_coding()
    }

    /// The length of the body as the server tells it. For an answer to HEAD that is the length a GET would give. `None` where the
    /// body is decoded: nobody told how long it is then.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        if self.body_coding() == BodyCoding::Decoded || self.head().headers.contains_key(TRANSFER_ENCODING) {
            return None;
        }
        decimal(self.head().headers.get(CONTENT_LENGTH)?.as_bytes())
    }

    /// The address that answered.
    #[must_use]
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// The time from `send` to the end of this head, redirects and retries included.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Whether it leads elsewhere: a redirect that was not followed (`is_redirect` in requests).
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        leads_on(self.head())
    }

    /// The request that it leads to, where it is a redirect that was not followed (`response.next` in requests); `None` where it
    /// leads nowhere. A session's `execute` sends it.
    ///
    /// It goes on with the same exchange: what a change of origin took away stays away, and the deadline holds. Where the next
    /// request has a body ([`Request::body`]), that is the caller's to give again, by
    /// [`BuiltRequest::new`](crate::request::built::BuiltRequest::new); without it nothing is sent.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// # use session_core::redirect::policy::RedirectPolicy;
    /// # let script = script.any("/old").reply(301).header("location", "/new").any("/new").reply(200).body("moved");
    /// let response = session.get("http://a.test/old").redirect(RedirectPolicy::none()).send()?;
    /// if let Some(next) = response.next_request() {
    ///     assert_eq!(session.execute(next?)?.text()?, "moved");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What following the redirect would end with: see [`Delivery::next_request`].
    #[must_use]
    pub fn next_request(&self) -> Option<Result<Request, CoreError>> {
        leads_on(self.head()).then(|| self.delivery.next_request())?
    }

    /// The links of its Link field (RFC 8288), with their targets resolved: `links().rel("next")` leads to the next page
    /// (`response.links` in requests). At most [`Limits::links`] entries are read, and those that make no link are left out.
    ///
    /// ```
    /// use http::Method;
    ///
    /// let script = session_testkit::Script::new()
    ///     .on(Method::GET, "http://a.test/?page=1").reply(200).header("link", "</?page=2>; rel=next");
    /// let response = script.session().get("http://a.test/?page=1").send()?;
    /// let links = response.links();
    /// assert_eq!(links.rel("next").map(|link| link.url().as_str()), Some("http://a.test/?page=2"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn links(&self) -> Links {
        Links::read(self.head().headers.get_all(LINK), self.url(), &self.limits)
    }

    /// The charset that its Content-Type names, as it is written, whether anybody knows it or not (`response.encoding` in
    /// requests, as far as the server said it).
    #[must_use]
    pub fn charset(&self) -> Option<Cow<'_, str>> {
        self.content_type().and_then(charset_of)
    }

    fn content_type(&self) -> Option<&HeaderValue> {
        self.head().headers.get(CONTENT_TYPE)
    }
}

/// Whether a head leads elsewhere.
fn leads_on(head: &ResponseHead) -> bool {
    follow::is_redirect(head.status) && head.headers.contains_key(LOCATION)
}

/// For the transport, which reads the body. They take the response as an argument, so that they are no methods of what
/// derefs to it.
impl ResponseInfo {
    /// The error of a status of 400 to 599, for the transport's `error_for_status`.
    #[must_use]
    pub fn status_error<R>(info: &Self) -> Option<Error<R>> {
        let status = info.head().status;
        let failed = status.is_client_error() || status.is_server_error();
        failed.then(|| Error::of_status(status, info.url(), info.history().clone()))
    }

    /// The error where the response was to be made a stream of another protocol and cannot be.
    #[must_use]
    pub fn switch_error<R>(info: &Self) -> Error<R> {
        Error::no_switch(info.head().status, info.url(), info.history().clone())
    }

    /// The body as text, by the charset of its Content-Type, else by the session's
    /// [`TextRules`](crate::content::charset::TextRules): a byte order mark, else UTF-8. Bytes that are not valid in it
    /// become U+FFFD.
    #[must_use]
    pub fn decode_text(info: &Self, body: &[u8]) -> String {
        info.delivery.text_rules().decode(body, info.content_type()).into_owned()
    }

    /// The charset of this label, to read a body by that names none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSetting`]: nobody knows it.
    #[cfg(feature = "charset")]
    pub fn charset_of_label<R>(info: &Self, label: &str) -> Result<Charset, Error<R>> {
        Charset::of_label(label).ok_or_else(|| {
            let error = CoreError::new(ErrorKind::InvalidSetting, Phase::Body, "no charset has this label");
            let error = error.with_expected("a label of the WHATWG Encoding Standard").with_came(label.as_bytes());
            Self::located(info, error)
        })
    }

    /// The body as text, by the charset of its Content-Type, else by a byte order mark, else by `charset`.
    #[cfg(feature = "charset")]
    #[must_use]
    pub fn decode_text_by(info: &Self, body: &[u8], charset: Charset) -> String {
        charset.decode_where_none(body, info.content_type()).into_owned()
    }

    /// What reads the body line by line.
    #[must_use]
    pub fn line_reader(info: &Self) -> LineReader {
        LineReader::new(info.delivery.text_rules(), info.content_type(), &info.limits)
    }

    /// What reads the body as server-sent events; `None` where its Content-Type says that it is something else.
    #[must_use]
    pub fn event_reader(info: &Self) -> Option<EventReader> {
        let is_stream = info.content_type().is_some_and(|value| is_event_stream(value.as_bytes()));
        is_stream.then(|| EventReader::new(&info.limits))
    }

    /// The error where a response was to be read as server-sent events and is something else.
    #[must_use]
    pub fn event_error<R>(info: &Self) -> Error<R> {
        let came = info.content_type().map_or(&b"no Content-Type"[..], HeaderValue::as_bytes);
        let error = CoreError::new(ErrorKind::Decode, Phase::Body, "the response is no stream of events");
        Self::located(info, error.with_expected("text/event-stream").with_came(came))
    }

    /// The error of a writer that the body was copied to.
    #[must_use]
    pub fn copy_error<R>(info: &Self, source: io::Error) -> Error<R> {
        let error = CoreError::new(ErrorKind::Io, Phase::Body, "the body could not be written where it should go");
        Self::located(info, error.with_fault(Fault::Caller).with_source(source))
    }

    /// The body read as JSON: in UTF-8 (RFC 8259 8.1), or in the charset that its Content-Type or a byte order mark names.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`]: it is no such JSON.
    #[cfg(feature = "json")]
    pub fn decode_json<T: serde::de::DeserializeOwned>(info: &Self, body: &[u8]) -> Result<T, CoreError> {
        let read = match in_another_charset(info, body) {
            true => serde_json::from_str(&Self::decode_text(info, body)),
            // Bytes that are not valid in it are an error here, and not replaced.
            false => serde_json::from_slice(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)),
        };
        read.map_err(|source| {
            let status = info.head().status;
            // What a server says when it fails is seldom what it says else.
            let of =
                if status.is_success() { String::new() } else { format!(" of the answer, whose status is {status},") };
            let message = format!("the body{of} is not the JSON that was asked for");
            let error = CoreError::new(ErrorKind::Decode, Phase::Body, message);
            error.with_source(source).with_url(info.url())
        })
    }

    /// The head as that of an [`http::Response`]. Its extensions hold the [`Url`] with its fragment, the [`History`], and the
    /// address that answered as a [`SocketAddr`]. Where the body is decoded, Content-Encoding and Content-Length are left out: they
    /// say nothing true of it.
    #[must_use]
    pub fn into_http(info: Self) -> http::Response<()> {
        let Self { delivery, peer, .. } = info;
        let coding = delivery.body_coding();
        let (answer, target, history) = delivery.into_shared();
        let head = answer.head;
        let mut response = http::Response::new(());
        *response.status_mut() = head.status;
        *response.version_mut() = head.version;
        *response.headers_mut() = head.headers;
        if coding == BodyCoding::Decoded {
            response.headers_mut().remove(CONTENT_ENCODING);
            response.headers_mut().remove(CONTENT_LENGTH);
        }
        let extensions = response.extensions_mut();
        extensions.insert(target.into_url());
        extensions.insert(history);
        if let Some(peer) = peer {
            extensions.insert(peer);
        }
        response
    }

    /// An error that the body met, with the URL.
    #[must_use]
    pub fn located<R>(info: &Self, error: CoreError) -> Error<R> {
        error.with_url(info.url()).into()
    }

    /// What was measured of the hop that was delivered; the end of the body is the transport's to add.
    #[must_use]
    pub fn timings(info: &Self) -> Timings {
        info.history().hops().last().map(|hop| *hop.timings()).unwrap_or_default()
    }

    /// The bounds that hold for it.
    #[must_use]
    pub fn limits(info: &Self) -> &Limits {
        &info.limits
    }
}

/// Whether a body says that it is in something else than UTF-8.
#[cfg(feature = "json")]
fn in_another_charset(info: &ResponseInfo, body: &[u8]) -> bool {
    let named = info.charset().is_some_and(|charset| !charset.trim().eq_ignore_ascii_case("utf-8"));
    named || [b"\xff\xfe", b"\xfe\xff"].iter().any(|mark| body.starts_with(*mark))
}

impl fmt::Debug for ResponseInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("url", &self.url().as_str()).field("head", self.head()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;

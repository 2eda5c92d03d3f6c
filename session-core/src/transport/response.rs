//! The head side of a response: everything but its body, which is the transport's to read.

use crate::content::charset::TextRules;
use crate::content::coding::BodyCoding;
use crate::cookies::set_cookie::SetCookie;
use crate::error::Error as CoreError;
use crate::limits::Limits;
use crate::message::grammar::decimal;
use crate::message::head::ResponseHead;
use crate::message::target::Target;
use crate::redirect::follow;
use crate::session::history::History;
use crate::session::step::Delivery;
use crate::time::timings::Timings;
use crate::transport::error::Error;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, SET_COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode, Version};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// What is known of a response beside its body. Each transport's `Response` derefs to it.
pub struct ResponseInfo {
    head: ResponseHead,
    target: Target,
    history: History,
    peer: Option<SocketAddr>,
    elapsed: Duration,
    limits: Arc<Limits>,
    text: TextRules,
    coding: BodyCoding,
}

impl ResponseInfo {
    /// What was delivered, by `peer`, `elapsed` after the request was sent.
    #[must_use]
    pub fn new(delivery: Delivery, peer: Option<SocketAddr>, elapsed: Duration, limits: Arc<Limits>) -> Self {
        let (text, coding) = (delivery.text_rules(), delivery.body_coding());
        let (head, target, history) = delivery.into_shared();
        Self { head, target, history, peer, elapsed, limits, text, coding }
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The fields.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The version that the server spoke.
    #[must_use]
    pub fn version(&self) -> Version {
        self.head.version
    }

    /// Status, version, reason phrase and fields.
    #[must_use]
    pub fn head(&self) -> &ResponseHead {
        &self.head
    }

    /// The URL that answered, after redirects.
    #[must_use]
    pub fn url(&self) -> &Url {
        self.target.url()
    }

    /// Every hop of the exchange, and why.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The cookies that this response sets, as it writes them; whether they were stored, the history tells. Lines that
    /// make no cookie are left out, and so is what comes after [`Limits::cookies_per_response`] lines.
    pub fn cookies(&self) -> impl Iterator<Item = SetCookie<'_>> {
        let lines = self.head.headers.get_all(SET_COOKIE).iter().take(self.limits.cookies_per_response);
        lines.filter_map(|line| SetCookie::parse(line.as_bytes(), &self.limits).ok())
    }

    /// How the body stands to its Content-Encoding: whether what is read is decoded, or coded as it came. The fields stay as the
    /// server sent them either way.
    #[must_use]
    pub fn body_coding(&self) -> BodyCoding {
        self.coding
    }

    /// The length of the body as the server tells it. For an answer to HEAD that is the length a GET would give. `None` where the
    /// body is decoded: nobody told how long it is then.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        if self.coding == BodyCoding::Decoded || self.head.headers.contains_key(TRANSFER_ENCODING) {
            return None;
        }
        decimal(self.head.headers.get(CONTENT_LENGTH)?.as_bytes())
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
        follow::is_redirect(self.head.status) && self.head.headers.contains_key(LOCATION)
    }
}

/// For the transport, which reads the body. They take the response as an argument, so that they are no methods of what
/// derefs to it.
impl ResponseInfo {
    /// The error of a status of 400 to 599, for the transport's `error_for_status`.
    #[must_use]
    pub fn status_error<R>(info: &Self) -> Option<Error<R>> {
        let status = info.head.status;
        let failed = status.is_client_error() || status.is_server_error();
        failed.then(|| Error::of_status(status, info.url(), info.history.clone()))
    }

    /// The error where the response was to be made a stream of another protocol and cannot be.
    #[must_use]
    pub fn switch_error<R>(info: &Self) -> Error<R> {
        Error::no_switch(info.head.status, info.url(), info.history.clone())
    }

    /// The body as text, by the charset of its Content-Type, else by the session's [`TextRules`]: a byte order mark, else
    /// UTF-8. Bytes that are not valid in it become U+FFFD.
    #[must_use]
    pub fn decode_text(info: &Self, body: &[u8]) -> String {
        info.text.decode(body, info.head.headers.get(CONTENT_TYPE)).into_owned()
    }

    /// The body read as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::error::ErrorKind::Decode): it is no such JSON.
    #[cfg(feature = "json")]
    pub fn decode_json<T: serde::de::DeserializeOwned>(info: &Self, body: &[u8]) -> Result<T, CoreError> {
        use crate::error::{ErrorKind, Phase};
        serde_json::from_slice(body).map_err(|source| {
            let error = CoreError::new(ErrorKind::Decode, Phase::Body, "the body is not the JSON that was asked for");
            error.with_source(source).with_url(info.url())
        })
    }

    /// An error that the body met, with the URL.
    #[must_use]
    pub fn located<R>(info: &Self, error: CoreError) -> Error<R> {
        error.with_url(info.url()).into()
    }

    /// What was measured of the hop that was delivered; the end of the body is the transport's to add.
    #[must_use]
    pub fn timings(info: &Self) -> Timings {
        info.history.hops().last().map(|hop| *hop.timings()).unwrap_or_default()
    }

    /// The bounds that hold for it.
    #[must_use]
    pub fn limits(info: &Self) -> &Limits {
        &info.limits
    }
}

impl fmt::Debug for ResponseInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("url", &self.url().as_str()).field("head", &self.head).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::ResponseInfo;
    use crate::limits::Limits;
    use crate::message::head::ResponseHead;
    use crate::session::Session;
    use crate::session::request::Request;
    use crate::session::step::Step;
    use crate::time::Now;
    use crate::transport::error::Error;
    use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
    use std::sync::Arc;
    use std::time::{Duration, Instant, SystemTime};

    fn response(status: u16, fields: &[(&'static str, &'static str)]) -> ResponseInfo {
        #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
        let now = Now::new(Instant::now(), SystemTime::UNIX_EPOCH);
        let mut session = Session::builder().build().unwrap();
        let Ok(Step::Send(hop)) = session.begin(Request::get("http://a.test/x#top"), now) else { panic!("no hop") };
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let head = ResponseHead::new(StatusCode::from_u16(status).unwrap()).with_headers(headers);
        let Ok(Step::Done(delivery)) = session.handle_response(hop, head, now) else { panic!("not delivered") };
        let limits = Limits { cookies_per_response: 2, ..Limits::default() };
        ResponseInfo::new(delivery, None, Duration::from_secs(1), Arc::new(limits))
    }

    #[test]
    fn the_head_is_told_with_url_and_history() {
        let response = response(200, &[("content-length", "5"), ("x", "y")]);
        assert_eq!((response.status().as_u16(), response.content_length()), (200, Some(5)));
        assert_eq!(response.headers()["x"], response.head().headers["x"]);
        assert_eq!(response.url().as_str(), "http://a.test/x#top");
        assert_eq!(response.history().hops().len(), 1);
        assert_eq!((response.remote_addr(), response.elapsed()), (None, Duration::from_secs(1)));
    }

    #[test]
    fn a_length_that_frames_nothing_is_not_told() {
        let chunked = [("content-length", "5"), ("transfer-encoding", "chunked")];
        assert_eq!(response(200, &chunked).content_length(), None);
        assert_eq!(response(200, &[("content-length", "x")]).content_length(), None);
        assert_eq!(response(200, &[]).content_length(), None);
    }

    #[test]
    fn cookies_are_told_up_to_the_limit() {
        let lines = [("set-cookie", "a=1"), ("set-cookie", "b=2; Path=/"), ("set-cookie", "c=3")];
        let response = response(200, &lines);
        let names: Vec<_> = response.cookies().map(|cookie| cookie.name().to_vec()).collect();
        assert_eq!(names, [b"a".to_vec(), b"b".to_vec()]);
    }

    #[test]
    fn a_redirect_has_one_of_five_statuses_and_a_location() {
        assert!(!response(302, &[]).is_redirect());
        assert!(!response(304, &[("location", "/y")]).is_redirect());
        assert!(!response(201, &[("location", "/y")]).is_redirect());
        // Only where redirects are switched off is such an answer delivered; the head alone decides what it is.
        let mut stopped = response(200, &[("location", "/y")]);
        stopped.head.status = StatusCode::TEMPORARY_REDIRECT;
        assert!(stopped.is_redirect());
    }

    #[test]
    fn a_status_of_400_to_599_is_an_error_with_the_history() {
        let error = |status| {
            ResponseInfo::status_error(&response(status, &[])).map(|error: Error<()>| {
                assert_eq!(error.history().hops().len(), 1);
                assert_eq!(error.url().unwrap().as_str(), "http://a.test/x");
                error.status().unwrap().as_u16()
            })
        };
        assert_eq!([200, 304, 399, 600].map(error), [None; 4]);
        assert_eq!([400, 404, 500, 599].map(error), [400, 404, 500, 599].map(Some));
    }

    #[test]
    fn text_goes_by_the_charset_of_the_content_type() {
        let utf8 = response(200, &[("content-type", "text/plain; charset=utf-8")]);
        assert_eq!(ResponseInfo::decode_text(&utf8, "gr\u{fc}n".as_bytes()), "gr\u{fc}n");
        assert_eq!(ResponseInfo::decode_text(&response(200, &[]), b"\xff"), "\u{fffd}");
    }

    #[cfg(feature = "json")]
    #[test]
    fn json_that_is_none_is_told_with_the_url() {
        let response = response(200, &[]);
        assert_eq!(ResponseInfo::decode_json::<Vec<u8>>(&response, b"[1, 2]").unwrap(), [1, 2]);
        let error = ResponseInfo::decode_json::<u8>(&response, b"\"x\"").unwrap_err();
        assert!(error.is_decode() && error.url().is_some());
    }
}

use super::ResponseInfo;
use crate::content::coding::BodyCoding;
#[cfg(feature = "charset")]
use crate::error::ErrorKind;
use crate::limits::Limits;
use crate::message::head::ResponseHead;
use crate::redirect::policy::RedirectPolicy;
use crate::session::Session;
use crate::session::history::History;
use crate::session::request::Request;
use crate::session::step::Step;
use crate::time::Now;
use crate::transport::error::Error;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

fn now() -> Now {
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
    Now::new(Instant::now(), SystemTime::UNIX_EPOCH)
}

fn response(status: u16, fields: &[(&'static str, &'static str)]) -> ResponseInfo {
    let (mut session, now) = (Session::builder().build().unwrap(), now());
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
    stopped.delivery.answer.head.status = StatusCode::TEMPORARY_REDIRECT;
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
    let (failed, response) = (response(401, &[]), response(200, &[]));
    assert_eq!(ResponseInfo::decode_json::<Vec<u8>>(&response, b"[1, 2]").unwrap(), [1, 2]);
    let error = ResponseInfo::decode_json::<u8>(&response, b"\"x\"").unwrap_err();
    assert!(error.is_decode() && error.url().is_some());
    let told = ResponseInfo::decode_json::<u8>(&failed, b"who are you?").unwrap_err().to_string();
    assert!(told.starts_with("the body of the answer, whose status is 401 Unauthorized, is not the JSON"), "{told}");
    assert!(!told.contains("who are you"));
}

#[cfg(feature = "json")]
#[test]
fn json_is_read_in_the_charset_that_it_is_in() {
    let plain = response(200, &[("content-type", "application/json")]);
    let read = |response: &ResponseInfo, body: &[u8]| ResponseInfo::decode_json::<String>(response, body).ok();
    assert_eq!(read(&plain, b"\xef\xbb\xbf\"gr\xc3\xbcn\"").as_deref(), Some("gr\u{fc}n"));
    assert_eq!(read(&plain, b"\"gr\xfcn\""), None, "nothing is replaced");
    let utf8 = response(200, &[("content-type", "application/json; charset=UTF-8")]);
    assert_eq!(read(&utf8, b"\"gr\xfcn\""), None);
    #[cfg(feature = "charset")]
    {
        let latin1 = response(200, &[("content-type", "application/json; charset=latin1")]);
        assert_eq!(read(&latin1, b"\"gr\xfcn\"").as_deref(), Some("gr\u{fc}n"));
        assert_eq!(read(&plain, b"\xff\xfe\"\0x\0\"\0").as_deref(), Some("x"));
    }
}

#[test]
fn links_are_resolved_against_the_url_of_the_response() {
    let response = response(200, &[("link", "</2>; rel=next"), ("link", "<3>; rel=last")]);
    let links = response.links();
    assert_eq!(links.rel("next").unwrap().url().as_str(), "http://a.test/2");
    assert_eq!((links.len(), links.rel("last").unwrap().url().path()), (2, "/3"));
}

#[test]
fn only_an_event_stream_is_read_as_one() {
    let stream = response(200, &[("content-type", "text/event-stream; charset=utf-8")]);
    assert!(ResponseInfo::event_reader(&stream).is_some());
    for fields in [&[][..], &[("content-type", "text/html")]] {
        let response = response(200, fields);
        assert!(ResponseInfo::event_reader(&response).is_none());
        let error: Error<()> = ResponseInfo::event_error(&response);
        assert!(error.is_decode() && error.url().is_some());
        assert_eq!(error.as_core().expected(), Some("text/event-stream"));
    }
}

#[cfg(feature = "charset")]
#[test]
fn a_label_that_nobody_knows_is_refused() {
    let response = response(200, &[("content-type", "text/plain; charset=\"x\\y\"")]);
    assert_eq!(response.charset().as_deref(), Some("xy"));
    let error: Error<()> = ResponseInfo::charset_of_label(&response, "nonsense").unwrap_err();
    assert_eq!((error.kind(), error.as_core().came()), (ErrorKind::InvalidSetting, Some("nonsense")));
    let koi8 = ResponseInfo::charset_of_label::<()>(&response, "koi8-r").unwrap();
    assert_eq!(ResponseInfo::decode_text_by(&response, b"\xc4", koi8), "\u{434}");
}

#[test]
fn a_redirect_that_was_not_followed_gives_the_next_request() {
    let redirects = |policy: RedirectPolicy| {
        let (mut session, now) = (Session::builder().redirect(policy).build().unwrap(), now());
        let Ok(Step::Send(hop)) = session.begin(Request::get("http://a.test/x#top"), now) else { panic!("no hop") };
        let mut head = ResponseHead::new(StatusCode::FOUND);
        head.headers.insert("location", HeaderValue::from_static("/next"));
        let Ok(Step::Done(delivery)) = session.handle_response(hop, head, now) else { panic!("not delivered") };
        ResponseInfo::new(delivery, None, Duration::ZERO, Arc::new(Limits::default()))
    };
    let response = redirects(RedirectPolicy::none());
    let next = response.next_request().unwrap().unwrap();
    assert_eq!(next.url().absolute(None).unwrap().as_str(), "http://a.test/next#top");
    assert!(self::response(200, &[("location", "/y")]).next_request().is_none());
}

#[test]
fn an_http_response_has_the_fields_that_are_true_of_its_body() {
    let fields = [("content-length", "5"), ("content-encoding", "gzip"), ("set-cookie", "a=1"), ("set-cookie", "b=2")];
    let plain = ResponseInfo::into_http(response(404, &fields));
    assert_eq!((plain.status().as_u16(), plain.headers().len()), (404, 4));
    assert_eq!(plain.extensions().get::<url::Url>().unwrap().fragment(), Some("top"));
    assert_eq!(plain.extensions().get::<History>().unwrap().hops().len(), 1);
    let mut decoded = response(200, &fields);
    decoded.delivery.answer.coding = BodyCoding::Decoded;
    decoded.peer = Some(([127, 0, 0, 1], 80).into());
    let decoded = ResponseInfo::into_http(decoded);
    assert!(!decoded.headers().contains_key("content-length") && !decoded.headers().contains_key("content-encoding"));
    assert_eq!(decoded.headers().get_all("set-cookie").iter().count(), 2);
    assert_eq!(decoded.extensions().get::<std::net::SocketAddr>().unwrap().port(), 80);
}

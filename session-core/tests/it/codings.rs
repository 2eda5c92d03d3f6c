//! Which content codings a session offers, and what it says of a coded answer.

use crate::clock::now;
use http::header::{ACCEPT_ENCODING, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use session_core::content::coding::{BodyCoding, Coding, Codings, Kept};
use session_core::message::head::ResponseHead;
use session_core::session::Session;
use session_core::session::builder::SessionBuilder;
use session_core::session::compat::Compat;
use session_core::session::request::Request;
use session_core::session::settings::Decoding;
use session_core::session::step::{Delivery, Step};

fn all() -> Codings {
    Codings::NONE.with(Coding::Gzip).with(Coding::Deflate).with(Coding::Brotli).with(Coding::Zstd)
}

fn decoding() -> SessionBuilder<Session> {
    Session::builder().codings(all())
}

fn get() -> Request {
    Request::get("http://a.test/x")
}

/// The lines of Accept-Encoding that a request would have.
fn offered(builder: SessionBuilder<Session>, request: Request) -> Vec<String> {
    let preview = builder.build().unwrap().preview(request, now()).unwrap();
    let lines = preview.head.headers().get_all(ACCEPT_ENCODING).iter();
    lines.map(|line| line.to_str().unwrap().to_owned()).collect()
}

#[test]
fn a_bare_session_offers_what_it_is_told_and_nothing_by_itself() {
    assert!(offered(Session::builder(), get()).is_empty(), "nobody would decode it");
    assert_eq!(offered(decoding(), get()), ["gzip, deflate, br, zstd"]);
    assert_eq!(offered(decoding().no_gzip().no_brotli(), get()), ["deflate, zstd"]);
    assert!(offered(decoding().no_gzip().no_brotli().no_deflate().no_zstd(), get()).is_empty());
}

#[test]
fn a_session_and_a_request_may_switch_it_off_and_on() {
    let with = |decoding| {
        let mut request = get();
        request.set_decoding(decoding);
        request
    };
    assert!(offered(decoding().decoding(Decoding::Off), get()).is_empty());
    assert!(offered(decoding(), with(Decoding::Off)).is_empty());
    assert_eq!(offered(decoding().decoding(Decoding::Off), with(Decoding::On)), ["gzip, deflate, br, zstd"]);
    let mut session = decoding().build().unwrap();
    session.set_decoding(Decoding::Off);
    assert!(!session.preview(get(), now()).unwrap().head.headers().contains_key(ACCEPT_ENCODING));
}

#[test]
fn presets_offer_what_their_clients_do() {
    for compat in [Compat::Fetch, Compat::Requests, Compat::Aiohttp] {
        assert_eq!(offered(decoding().compat(compat), get()), ["gzip, deflate, br, zstd"], "{compat:?}");
    }
    assert!(offered(decoding().compat(Compat::Curl), get()).is_empty());
    assert_eq!(offered(decoding().compat(Compat::Curl).decoding(Decoding::On), get()).len(), 1, "--compressed");
}

#[test]
fn the_callers_own_accept_encoding_is_sent_as_it_is() {
    let mut request = get();
    request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("br;q=0.5"));
    assert_eq!(offered(decoding(), request), ["br;q=0.5"]);
    assert_eq!(offered(decoding().default_header(ACCEPT_ENCODING, "identity"), get()), ["identity"]);
    let mut request = get();
    request.remove_header(ACCEPT_ENCODING);
    assert!(offered(decoding(), request).is_empty());
}

#[test]
fn nothing_is_offered_for_a_part() {
    let mut request = get();
    request.headers_mut().insert(RANGE, HeaderValue::from_static("bytes=0-9"));
    assert!(offered(decoding(), request).is_empty());
    assert!(offered(decoding().default_header(RANGE, "bytes=0-9"), get()).is_empty());
}

#[test]
fn the_offer_is_made_at_every_hop() {
    let mut session = decoding().build().unwrap();
    let Ok(Step::Send(hop)) = session.begin(get(), now()) else { panic!("no hop") };
    let mut fields = HeaderMap::new();
    fields.insert("location", HeaderValue::from_static("https://b.test/"));
    let head = ResponseHead::new(StatusCode::FOUND).with_headers(fields);
    let Ok(Step::Send(hop)) = session.handle_response(hop, head, now()) else { panic!("no hop") };
    assert_eq!(hop.head().headers()[ACCEPT_ENCODING], "gzip, deflate, br, zstd");
}

fn delivered(method: Method, status: u16, coding: &'static str) -> Delivery {
    let mut session = decoding().no_zstd().build().unwrap();
    let Ok(Step::Send(hop)) = session.begin(Request::new(method, "http://a.test/x"), now()) else { panic!("no hop") };
    let mut fields = HeaderMap::new();
    fields.insert(HeaderName::from_static("content-encoding"), HeaderValue::from_static(coding));
    let head = ResponseHead::new(StatusCode::from_u16(status).unwrap()).with_headers(fields);
    let Ok(Step::Done(delivery)) = session.handle_response(hop, head, now()) else { panic!("not delivered") };
    delivery
}

#[test]
fn an_answer_says_how_its_body_is_delivered() {
    let of = |method, status, coding| delivered(method, status, coding).body_coding();
    assert_eq!(of(Method::GET, 200, "identity"), BodyCoding::Plain);
    assert_eq!(of(Method::GET, 200, "gzip, compress"), BodyCoding::Kept(Kept::Unknown));
    assert_eq!(of(Method::GET, 200, "zstd"), BodyCoding::Kept(Kept::SwitchedOff));
    for (method, status) in [(Method::HEAD, 200), (Method::GET, 204), (Method::GET, 304)] {
        assert_eq!(of(method, status, "gzip"), BodyCoding::Plain, "there is nothing to decode");
    }
    if Codings::compiled_in().contains(Coding::Gzip) {
        assert_eq!(of(Method::GET, 404, "gzip"), BodyCoding::Decoded);
        assert_eq!(of(Method::GET, 206, "gzip"), BodyCoding::Kept(Kept::Part));
        assert_eq!(delivered(Method::GET, 206, "gzip").codings(), Codings::NONE);
        assert_eq!(delivered(Method::GET, 200, "gzip").codings(), all().without(Coding::Zstd));
    }
}

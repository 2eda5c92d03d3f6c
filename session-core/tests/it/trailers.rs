//! Trailers of requests: named before the body, framed in chunks, and no way around the rules for fields.

use crate::clock::now;
use crate::driver::{first_hop, redirect, sent};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use session_core::error::ErrorKind;
use session_core::message::body::{BodySize, Framing, RequestBody};
use session_core::session::Session;
use session_core::session::request::Request;

fn trailing(fields: &[(&'static str, &'static str)], body: RequestBody) -> Request {
    let mut request = Request::new(Method::PUT, "http://a.test/");
    request.set_body(body);
    let fields = fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    request.set_trailers(HeaderMap::from_iter(fields));
    request
}

fn sized() -> RequestBody {
    RequestBody::replayable(BodySize::Sized(3))
}

#[test]
fn a_body_with_trailers_is_chunked_and_names_them() {
    let mut session = Session::builder().build().unwrap();
    let hop = first_hop(&mut session, trailing(&[("x-sum", "1"), ("etag", "2")], sized()));
    assert_eq!(hop.framing(), Framing::Chunked);
    assert_eq!(hop.head().headers()["trailer"], "x-sum, etag");
    assert_eq!(hop.trailers().len(), 2);
    assert_eq!(first_hop(&mut session, trailing(&[], sized())).framing(), Framing::Length(3));
}

#[test]
fn what_must_come_before_the_body_is_refused_behind_it() {
    let mut session = Session::builder().build().unwrap();
    for name in ["content-length", "host", "authorization", "cookie", "content-type", "te", "proxy-x"] {
        let error = session.begin(trailing(&[(name, "1")], sized()), now()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidHeader, "{name}");
    }
    let error = session.begin(trailing(&[("x-sum", "1")], RequestBody::EMPTY), now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidHeader);
}

#[test]
fn trailers_go_with_the_body_and_secrets_at_a_change_of_origin() {
    let mut session = Session::builder().build().unwrap();
    let asked = || trailing(&[("x-sum", "1"), ("x-api-key", "secret")], sized());
    let hop = first_hop(&mut session, asked());
    let next = sent(session.handle_response(hop, redirect(307, "http://b.test/"), now()).unwrap());
    assert_eq!(next.trailers().keys().collect::<Vec<_>>(), ["x-sum"]);
    assert_eq!(
        (next.framing(), &next.head().headers()["trailer"]),
        (Framing::Chunked, &HeaderValue::from_static("x-sum"))
    );
    let hop = first_hop(&mut session, asked());
    let next = sent(session.handle_response(hop, redirect(303, "/y"), now()).unwrap());
    assert!(next.trailers().is_empty() && !next.head().headers().contains_key("trailer"));
}

#[test]
fn te_is_a_matter_of_the_connection() {
    let mut session = Session::builder().build().unwrap();
    let mut request = Request::get("http://a.test/");
    request.append_header("te", "trailers").unwrap();
    let hop = first_hop(&mut session, request);
    assert_eq!(hop.head().headers()["connection"], "TE");
    assert!(!first_hop(&mut session, Request::get("http://a.test/")).head().headers().contains_key("connection"));
}

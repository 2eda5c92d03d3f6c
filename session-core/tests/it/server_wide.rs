//! `OPTIONS *`: what can be asked of a server as a whole, and where it ends.

use crate::clock::now;
use crate::driver::{answer, first_hop, redirect, sent};
use http::Method;
use session_core::error::ErrorKind;
use session_core::session::Session;
use session_core::session::request::Request;

fn wide(method: Method, url: &str) -> Request {
    let mut request = Request::new(method, url);
    request.server_wide();
    request
}

#[test]
fn only_options_of_a_url_without_path_asks_a_server_as_a_whole() {
    let mut session = Session::builder().param("k", "v").build().unwrap();
    for url in ["http://a.test", "http://a.test/", "http://a.test:81#top"] {
        let hop = first_hop(&mut session, wide(Method::OPTIONS, url));
        assert!(hop.is_server_wide(), "{url}");
        assert_eq!(hop.target().path_and_query(), "/", "the session's parameters belong to resources");
    }
    let mut with_param = wide(Method::OPTIONS, "http://a.test/");
    with_param.add_param("a", "b");
    for request in [wide(Method::GET, "http://a.test/"), wide(Method::OPTIONS, "http://a.test/x"), with_param] {
        assert_eq!(session.begin(request, now()).unwrap_err().kind(), ErrorKind::InvalidUrl);
    }
    assert!(!first_hop(&mut session, Request::new(Method::OPTIONS, "http://a.test/")).is_server_wide());
}

#[test]
fn a_redirect_leads_to_a_resource_and_a_digest_answers_for_the_asterisk() {
    let mut session = Session::builder().build().unwrap();
    let hop = first_hop(&mut session, wide(Method::OPTIONS, "http://a.test/"));
    let next = sent(session.handle_response(hop, redirect(307, "http://a.test/"), now()).unwrap());
    assert!(!next.is_server_wide());

    let mut request = wide(Method::OPTIONS, "http://a.test/");
    request.set_auth(session_core::session::settings::Setting::Set(
        session_core::auth::credentials::Credential::digest("u", "p"),
    ));
    let hop = first_hop(&mut session, request);
    let challenge = answer(401, &[("www-authenticate", r#"Digest realm="r", nonce="n", qop="auth""#)]);
    let next = sent(session.handle_response(hop, challenge, now()).unwrap());
    let answered = next.head().headers()["authorization"].to_str().unwrap();
    assert!(next.is_server_wide() && answered.contains(r#"uri="*""#), "{answered}");
}

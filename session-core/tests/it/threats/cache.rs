//! CA: nothing is answered out of a memory.

use crate::driver::{answer, run};
use session_core::auth::credentials::Credential;
use session_core::session::Session;
use session_core::session::request::Request;
use session_core::session::settings::Setting;

#[test]
fn ca_01_every_request_is_sent() {
    let mut session = Session::builder().build().unwrap();
    let cached = || answer(200, &[("cache-control", "public, max-age=600"), ("etag", "\"1\""), ("vary", "")]);
    for token in ["one", "two", "one"] {
        let mut request = Request::get("http://a.test/");
        request.set_auth(Setting::Set(Credential::bearer(token)));
        let run = run(&mut session, request, [cached()]);
        assert_eq!(run.fields("authorization"), [Some(format!("Bearer {token}"))]);
        assert_eq!((run.fields("if-none-match"), run.fields("if-modified-since")), (vec![None], vec![None]));
    }
    let not_modified = run(&mut session, Request::get("http://a.test/"), [answer(304, &[])]);
    assert_eq!((not_modified.hops.len(), not_modified.delivery().head().status.as_u16()), (1, 304));
}

//! What is put together once is what is put together each time: a preview, which knows nothing of before, says the same.

use crate::content::coding::Codings;
use crate::message::origin::Origin;
use crate::session::Session;
use crate::session::compat::Compat;
use crate::session::hooks::Hooks;
use crate::session::request::Request;
use crate::session::settings::Decoding;
use crate::session::step::{Hop, Step};
use crate::time::Now;
use http::header::{ACCEPT, HOST, RANGE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use std::time::{Instant, SystemTime};

fn now() -> Now {
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
    Now::new(Instant::now(), SystemTime::UNIX_EPOCH)
}

fn lines(head: &http::Request<()>) -> Vec<(HeaderName, HeaderValue)> {
    head.headers().iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn begun(session: &mut Session, request: Request, now: Now) -> Box<Hop> {
    let Ok(Step::Send(hop)) = session.begin(request, now) else { panic!("no hop") };
    Box::new(hop)
}

#[test]
fn fields_that_are_known_are_those_that_would_be_put_together() {
    let mut session = Session::builder().codings(Codings::compiled_in()).build().unwrap();
    let requests: [fn() -> Request; 9] = [
        || Request::get("http://a.test/"),
        || Request::get("https://b.test:8443/x?y"),
        || Request::new(Method::POST, "http://a.test/"),
        || {
            let mut own = Request::get("http://a.test/");
            own.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/html"));
            own
        },
        || {
            let mut ranged = Request::get("http://a.test/");
            ranged.headers_mut().insert(RANGE, HeaderValue::from_static("bytes=0-1"));
            ranged
        },
        || {
            let mut named = Request::get("http://a.test/");
            named.headers_mut().insert(HOST, HeaderValue::from_static("other.test"));
            named
        },
        || {
            let mut less = Request::get("http://a.test/");
            less.remove_header(USER_AGENT);
            less
        },
        || {
            let mut typed = Request::new(Method::POST, "http://a.test/");
            typed.set_body_type(HeaderValue::from_static("text/plain"));
            typed
        },
        || {
            let mut coded = Request::get("http://a.test/");
            coded.set_decoding(Decoding::Off);
            coded
        },
    ];
    let changes: [fn(&mut Session); 8] = [
        |_| {},
        |session| session.set_user_agent(Some(HeaderValue::from_static("me/1"))),
        |session| session.set_user_agent(None),
        |session| session.set_compat(Compat::Requests),
        |session| session.set_decoding(Decoding::Off),
        |session| session.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/plain")),
        |session| {
            let fields = HeaderMap::from_iter([(USER_AGENT, HeaderValue::from_static("of-a"))]);
            session.set_origin_headers(Origin::parse("http://a.test").unwrap(), fields);
        },
        |session| {
            let hooks = Hooks::new().request(|sending| Ok(sending.insert("x-hook", "1")?));
            session.hooks_mut().append(hooks);
        },
    ];
    let now = now();
    for change in changes {
        change(&mut session);
        // Each after each other.
        for first in requests {
            for second in requests {
                for request in [first, second, first] {
                    let wanted = session.preview(request(), now).unwrap().head;
                    let hop = begun(&mut session, request(), now);
                    assert_eq!(lines(hop.head()), lines(&wanted));
                }
            }
        }
    }
}

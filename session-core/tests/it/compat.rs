//! The presets: what each changes, what a builder overrides, and what no preset changes. The rows are those of semantics.md;
//! `interop/` compares them with the clients themselves.

use crate::clock::now;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LANGUAGE, CONTENT_TYPE, COOKIE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use session_core::auth::credentials::Credential;
use session_core::content::charset::TextRules;
use session_core::error::ErrorKind;
use session_core::message::body::{BodyPlan, BodySize, Framing, RequestBody};
use session_core::message::head::ResponseHead;
use session_core::message::into_url::BaseJoin;
use session_core::redirect::policy::RedirectPolicy;
use session_core::session::Session;
use session_core::session::builder::SessionBuilder;
use session_core::session::compat::Compat;
use session_core::session::request::Request;
use session_core::session::step::{ExchangeError, Hop, Step};

const ALL: [Compat; 4] = [Compat::Fetch, Compat::Requests, Compat::Aiohttp, Compat::Curl];

fn session(compat: Compat) -> SessionBuilder<Session> {
    Session::builder().compat(compat)
}

fn request(method: &str, url: &str, fields: &[(&str, &str)]) -> Request {
    let mut request = Request::new(Method::from_bytes(method.as_bytes()).unwrap(), url);
    for (name, value) in fields {
        request.append_header(*name, *value).unwrap();
    }
    request
}

fn with_body(mut request: Request) -> Request {
    request.set_body(RequestBody::replayable(BodySize::Sized(3)));
    request
}

fn answer(status: u16, fields: &[(&'static str, &str)]) -> ResponseHead {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    ResponseHead::new(StatusCode::from_u16(status).unwrap()).with_headers(headers)
}

fn redirect(status: u16, to: &str) -> ResponseHead {
    answer(status, &[("location", to)])
}

/// Every hop of an exchange that gets these answers, the one that waits for its answer too.
fn hops(session: &mut Session, request: Request, answers: &[ResponseHead]) -> Result<Vec<Hop>, ExchangeError> {
    let mut hops = Vec::new();
    let mut step = session.begin(request, now())?;
    let mut answers = answers.iter();
    while let Step::Send(hop) = step {
        hops.push(hop.clone());
        let Some(head) = answers.next() else { return Ok(hops) };
        step = session.handle_response(hop, head.clone(), now())?;
    }
    Ok(hops)
}

/// The hop that comes after these answers.
fn last_hop(session: &mut Session, request: Request, answers: &[ResponseHead]) -> Hop {
    hops(session, request, answers).unwrap().pop().unwrap()
}

fn text(hop: &Hop, name: HeaderName) -> Option<String> {
    hop.head().headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn cookies(session: &mut Session, request: Request, answers: &[ResponseHead]) -> Vec<Option<String>> {
    hops(session, request, answers).unwrap().iter().map(|hop| text(hop, COOKIE)).collect()
}

/// A session with the cookies `z=1` and, for a longer path, `a=jar` of `http://a.test/d/`.
fn with_jar(compat: Compat) -> Session {
    let mut session = session(compat).build().unwrap();
    let set = answer(200, &[("set-cookie", "z=1; Path=/"), ("set-cookie", "a=jar; Path=/d")]);
    hops(&mut session, Request::get("http://a.test/"), &[set]).unwrap();
    session
}

/// semantics.md 7: requests 30, aiohttp 10(9), curl 50, Fetch 20.
#[test]
fn each_preset_follows_as_many_redirects_as_its_client() {
    for (compat, most) in ALL.into_iter().zip([20, 30, 9, 50]) {
        let mut session = session(compat).build().unwrap();
        let answers = vec![redirect(302, "/x"); most];
        assert_eq!(last_hop(&mut session, Request::get("http://a.test/"), &answers).number() as usize, most + 1);
        let answers = vec![redirect(302, "/x"); most + 1];
        let error = hops(&mut session, Request::get("http://a.test/"), &answers).unwrap_err();
        assert_eq!((error.kind(), error.history().statuses().len()), (ErrorKind::TooManyRedirects, most), "{compat:?}");
    }
}

/// semantics.md 1: requests `rebuild_method`; the body that it loses at 301 is its issue 5686.
#[test]
fn requests_turns_a_put_into_a_get_at_302_and_keeps_its_body_at_301() {
    let mut session = session(Compat::Requests).build().unwrap();
    let put = || with_body(request("PUT", "http://a.test/", &[]));
    let hop = last_hop(&mut session, put(), &[redirect(302, "/x")]);
    assert_eq!((hop.head().method(), hop.body(), hop.framing()), (&Method::GET, BodyPlan::None, Framing::None));
    let hop = last_hop(&mut session, put(), &[redirect(301, "/x")]);
    assert_eq!(
        (hop.head().method(), hop.body(), hop.framing()),
        (&Method::PUT, BodyPlan::FromStart, Framing::Length(3))
    );
}

#[test]
fn a_body_that_can_be_sent_once_is_asked_for_only_where_the_preset_keeps_it() {
    let once = || {
        let mut request = request("PUT", "http://a.test/", &[]);
        request.set_body(RequestBody::once(BodySize::Streaming));
        request
    };
    for (compat, kept) in [(Compat::Requests, false), (Compat::Aiohttp, true), (Compat::Curl, true)] {
        let mut session = session(compat).build().unwrap();
        let outcome = hops(&mut session, once(), &[redirect(302, "/x")]).map(|hops| hops.len());
        match (kept, outcome) {
            (true, Err(error)) => assert_eq!(error.kind(), ErrorKind::BodyNotReplayable),
            (false, Ok(2)) => {}
            (_, other) => panic!("{compat:?}: {other:?}"),
        }
    }
}

/// semantics.md 2: requests pops three fields, aiohttp Content-Length alone, curl none.
#[test]
fn each_preset_drops_the_fields_of_a_body_that_its_client_drops() {
    let kept = [
        (Compat::Fetch, [None, None]),
        (Compat::Requests, [None, Some("de")]),
        (Compat::Aiohttp, [Some("a/b"), Some("de")]),
        (Compat::Curl, [Some("a/b"), Some("de")]),
    ];
    let fields = [("content-type", "a/b"), ("content-language", "de"), ("expect", "100-continue")];
    for (compat, kept) in kept {
        let mut own = session(compat).build().unwrap();
        let mut builder = session(compat);
        for (name, value) in fields {
            builder = builder.default_header(name, value);
        }
        let mut defaults = builder.build().unwrap();
        let from_request = with_body(request("POST", "http://a.test/", &fields));
        let from_session = with_body(request("POST", "http://a.test/", &[]));
        for (session, request) in [(&mut own, from_request), (&mut defaults, from_session)] {
            let hop = last_hop(session, request, &[redirect(303, "/x")]);
            let found = [text(&hop, CONTENT_TYPE), text(&hop, CONTENT_LANGUAGE)];
            assert_eq!(found.each_ref().map(Option::as_deref), kept, "{compat:?}");
            assert_eq!(text(&hop, http::header::EXPECT), None, "{compat:?}");
        }
    }
}

/// semantics.md 1, last row: curl follows 300, 304, 305 and 306 where there is a Location, everybody else stops.
#[test]
fn only_curl_follows_a_300() {
    for compat in ALL {
        for status in [300, 304, 305, 306] {
            let mut session = session(compat).build().unwrap();
            let hops = hops(&mut session, Request::get("http://a.test/"), &[redirect(status, "/x")]).unwrap();
            assert_eq!(hops.len(), if compat == Compat::Curl { 2 } else { 1 }, "{compat:?} {status}");
        }
    }
}

/// semantics.md 3: requests `should_strip_auth`; everybody else strips.
#[test]
fn what_a_request_has_survives_an_upgrade_to_https_in_requests_alone() {
    let sent = |compat, from: &str, to: &str| {
        let mut session = session(compat).build().unwrap();
        let request = request("GET", from, &[("authorization", "secret"), ("cookie", "c=secret"), ("host", "h.test")]);
        let hop = last_hop(&mut session, request, &[redirect(302, to)]);
        assert_eq!((text(&hop, COOKIE), text(&hop, HOST).as_deref()), (None, to.split('/').nth(2)));
        text(&hop, AUTHORIZATION).is_some()
    };
    for compat in ALL {
        let survives = compat == Compat::Requests;
        assert_eq!(sent(compat, "http://a.test/", "https://a.test/"), survives, "{compat:?}");
        for (from, to) in [
            ("https://a.test/", "http://a.test/"),
            ("http://a.test/", "https://b.test/"),
            ("http://a.test/", "https://sub.a.test/"),
            ("http://a.test/", "https://a.test:8443/"),
            ("http://a.test:8080/", "https://a.test/"),
        ] {
            assert!(!sent(compat, from, to), "{compat:?} {from} {to}");
        }
    }
}

/// What the session has stays bound to its origin, also where requests would let it go along.
#[test]
fn no_preset_lets_the_sessions_credentials_leave_their_origin() {
    for compat in ALL {
        for to in ["https://a.test/", "http://b.test/", "http://a.test:8080/"] {
            let builders = [
                session(compat).auth(Credential::basic("u", "secret")),
                session(compat).default_header("authorization", "secret"),
                session(compat).default_header("cookie", "c=secret"),
            ];
            for builder in builders {
                let mut session = builder.build().unwrap();
                let answers = [redirect(302, to), redirect(302, "http://a.test/")];
                let hops = hops(&mut session, Request::get("http://a.test/"), &answers).unwrap();
                let carries = |hop: &Hop| text(hop, AUTHORIZATION).is_some() || text(hop, COOKIE).is_some();
                assert_eq!(hops.iter().map(carries).collect::<Vec<_>>(), [true, false, false], "{compat:?} {to}");
            }
        }
    }
}

#[test]
fn no_preset_lets_a_key_a_host_or_a_cookie_of_one_request_cross_origins() {
    for compat in ALL {
        let mut session = session(compat).build().unwrap();
        let fields = [("x-api-key", "secret"), ("host", "h.test"), ("authorization", "secret"), ("cookie", "f=secret")];
        let mut request = request("GET", "http://a.test/", &fields);
        request.add_cookie("g", "secret");
        let answers = [redirect(302, "http://b.test/"), redirect(302, "http://a.test/")];
        let hops = hops(&mut session, request, &answers).unwrap();
        assert_eq!(text(&hops[1], HOST).unwrap(), "b.test");
        assert_eq!(text(&hops[2], HOST).unwrap(), "a.test");
        for hop in &hops[1..] {
            let leaks = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).contains("secret");
            assert!(!hop.head().headers().values().any(leaks), "{compat:?} {hop:?}");
        }
    }
}

/// semantics.md 4: the jar adds its field only where there is none, and a redirect drops the field.
#[test]
fn requests_sends_a_cookie_field_alone_until_a_redirect_and_then_the_jar() {
    let answers = [answer(302, &[("location", "/d/y"), ("set-cookie", "a=new; Path=/d")])];
    let mut session = with_jar(Compat::Requests);
    let mut own = request("GET", "http://a.test/d/x", &[("cookie", "h=1; a=own")]);
    own.add_cookie("p", "1");
    let sent = cookies(&mut session, own, &answers);
    assert_eq!(sent, [Some("h=1; a=own".to_owned()), Some("a=new; z=1; p=1".to_owned())]);
}

/// The same of the session's default, which in requests is merged into the request's fields.
#[test]
fn a_default_cookie_field_is_alone_in_requests_and_merged_elsewhere() {
    let expected = [
        (Compat::Requests, ["h=1; a=own", "a=jar; z=1"]),
        (Compat::Aiohttp, ["a=jar; h=1; z=1", "a=jar; h=1; z=1"]),
        (Compat::Curl, ["a=jar; z=1; h=1; a=own", "a=jar; z=1; h=1; a=own"]),
        (Compat::Fetch, ["z=1; h=1; a=own", "a=jar; z=1; h=1"]),
    ];
    for (compat, expected) in expected {
        let mut session = with_jar(compat);
        session.headers_mut().insert(COOKIE, HeaderValue::from_static("h=1; a=own"));
        let sent = cookies(&mut session, Request::get("http://a.test/d/x"), &[redirect(302, "/d/y")]);
        assert_eq!(sent, expected.map(|value| Some(value.to_owned())), "{compat:?}");
    }
}

/// semantics.md 4: requests and curl send both, in aiohttp the request's masks the server's update, in Fetch the server's wins.
#[test]
fn cookies_of_one_request_meet_the_jars_as_in_the_client() {
    let expected = [
        (Compat::Fetch, ["z=1; p=1; a=own", "a=new; z=1; p=1"]),
        (Compat::Requests, ["a=jar; z=1; p=1; a=own", "a=new; z=1; p=1; a=own"]),
        (Compat::Aiohttp, ["a=own; p=1; z=1", "a=own; p=1; z=1"]),
        (Compat::Curl, ["a=jar; z=1; p=1; a=own", "a=new; z=1; p=1; a=own"]),
    ];
    for (compat, expected) in expected {
        let mut own = Request::get("http://a.test/d/x");
        own.add_cookie("p", "1");
        own.add_cookie("a", "own");
        let answers = [answer(302, &[("location", "/d/y"), ("set-cookie", "a=new; Path=/d")])];
        let sent = cookies(&mut with_jar(compat), own, &answers);
        assert_eq!(sent, expected.map(|value| Some(value.to_owned())), "{compat:?}");
    }
}

/// A cookie that a request gives by name takes nothing from the session's field.
#[test]
fn a_default_cookie_field_stands_beside_a_cookie_of_one_request() {
    let expected = [
        (Compat::Fetch, "h=1; a=own; p=1"),
        (Compat::Requests, "h=1; a=own"),
        (Compat::Aiohttp, "a=own; h=1; p=1"),
        (Compat::Curl, "h=1; a=own; p=1"),
    ];
    for (compat, expected) in expected {
        let mut session = session(compat).default_header("cookie", "h=1; a=own").build().unwrap();
        let mut own = Request::get("http://a.test/");
        own.add_cookie("p", "1");
        assert_eq!(cookies(&mut session, own, &[]), [Some(expected.to_owned())], "{compat:?}");
    }
}

/// semantics.md 4: the order of strength is field, jar, `cookies=`; one cookie of each name, the names sorted.
#[test]
fn aiohttp_sends_one_cookie_of_each_name_from_the_strongest_source() {
    let mut session = with_jar(Compat::Aiohttp);
    hops(&mut session, Request::get("http://a.test/"), &[answer(200, &[("set-cookie", "a=wide; Path=/")])]).unwrap();
    let mut own = request("GET", "http://a.test/d/x", &[("cookie", "a=field; p=field; h=1")]);
    own.add_cookie("p", "given");
    assert_eq!(cookies(&mut session, own, &[]), [Some("a=jar; h=1; p=given; z=1".to_owned())]);
}

#[test]
fn in_aiohttp_a_cookie_field_that_is_alone_stays_as_it_was_written() {
    let mut session = session(Compat::Aiohttp).build().unwrap();
    let own = request("GET", "http://a.test/", &[("cookie", "z=1; a=2; z=3")]);
    assert_eq!(cookies(&mut session, own, &[]), [Some("z=1; a=2; z=3".to_owned())]);
}

/// semantics.md 7.
#[test]
fn each_preset_has_the_default_fields_of_its_client_and_our_name() {
    let hop = |compat, method: &str| {
        last_hop(&mut session(compat).build().unwrap(), request(method, "http://a.test/", &[]), &[])
    };
    for compat in ALL {
        let get = hop(compat, "GET");
        assert_eq!(text(&get, http::header::ACCEPT).unwrap(), "*/*");
        assert!(text(&get, USER_AGENT).unwrap().starts_with("session-core/"), "{compat:?}");
        let keeps_alive = (compat == Compat::Requests).then(|| "keep-alive".to_owned());
        assert_eq!((text(&get, CONNECTION), get.framing()), (keeps_alive, Framing::None), "{compat:?}");
    }
    let zero = |compat| {
        let methods = ["HEAD", "DELETE", "OPTIONS", "TRACE", "POST", "QUERY"];
        methods.into_iter().filter(|method| hop(compat, method).framing() == Framing::Length(0)).collect::<Vec<_>>()
    };
    assert_eq!(zero(Compat::Requests), ["DELETE", "OPTIONS", "TRACE", "POST", "QUERY"]);
    assert_eq!(zero(Compat::Aiohttp), ["DELETE", "POST", "QUERY"]);
    assert_eq!(zero(Compat::Curl), zero(Compat::Fetch));
}

/// semantics.md 7; that curl's `-d` calls its data a form, its manual says.
#[test]
fn a_body_without_a_type_has_the_one_that_its_client_gives_it() {
    let kind =
        |compat, asked: Request| text(&last_hop(&mut session(compat).build().unwrap(), asked, &[]), CONTENT_TYPE);
    let bare = |method| request(method, "http://a.test/", &[]);
    let (bytes, form) =
        (Some("application/octet-stream".to_owned()), Some("application/x-www-form-urlencoded".to_owned()));
    for compat in [Compat::Fetch, Compat::Requests] {
        assert_eq!(kind(compat, with_body(bare("POST"))), None);
    }
    for method in ["POST", "PUT", "PATCH"] {
        assert_eq!(kind(Compat::Aiohttp, bare(method)), bytes, "{method}");
        assert_eq!(kind(Compat::Curl, bare(method)), None, "{method}");
    }
    assert_eq!(kind(Compat::Aiohttp, with_body(bare("DELETE"))), bytes);
    assert_eq!(kind(Compat::Aiohttp, bare("DELETE")), None);
    assert_eq!(kind(Compat::Curl, with_body(bare("POST"))), form);
    assert_eq!(kind(Compat::Curl, with_body(bare("PUT"))), None);
    let named = request("POST", "http://a.test/", &[("content-type", "a/b")]);
    assert_eq!(kind(Compat::Aiohttp, named).as_deref(), Some("a/b"));
    let mut removed = bare("POST");
    removed.remove_header(CONTENT_TYPE);
    assert_eq!(kind(Compat::Aiohttp, removed), None);
}

#[test]
fn the_type_that_a_body_has_by_itself_goes_with_it_and_yields_to_a_default() {
    for compat in ALL {
        let mut session = session(compat).build().unwrap();
        let mut form = with_body(request("POST", "http://a.test/", &[]));
        form.set_body_type(HeaderValue::from_static("x/form"));
        let sent = hops(&mut session, form.clone(), &[redirect(307, "/x"), redirect(302, "/y")]).unwrap();
        let kinds: Vec<_> = sent.iter().map(|hop| text(hop, CONTENT_TYPE)).collect();
        assert_eq!(kinds, [Some("x/form".to_owned()), Some("x/form".to_owned()), None], "{compat:?}");
        session.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("x/default"));
        let kind = text(&last_hop(&mut session, form, &[]), CONTENT_TYPE);
        assert_eq!(kind.as_deref(), Some("x/default"), "{compat:?}");
    }
}

/// semantics.md 6: requests `merge_setting`, where a value of None removes the key.
#[test]
fn a_request_leaves_out_a_parameter_of_the_session() {
    let mut session = session(Compat::Requests).param("k", "s").param("z", "s").param("k", "t").build().unwrap();
    let mut asked = Request::get("http://a.test/?u=1&k=url");
    asked.remove_param("k");
    assert_eq!(last_hop(&mut session, asked, &[]).head().uri().query(), Some("u=1&k=url&z=s"));
    let mut asked = Request::get("http://a.test/?u=1&k=url");
    asked.add_param("k", "r");
    assert_eq!(last_hop(&mut session, asked, &[]).head().uri().query(), Some("u=1&k=url&k=r&z=s"));
}

/// semantics.md 6: aiohttp joins by RFC 3986, httpx appends.
#[test]
fn a_base_is_joined_by_rfc_3986_unless_told_otherwise() {
    let path = |builder: SessionBuilder<Session>, reference: &str| {
        let mut session = builder.base_url("http://a.test/v1").build().unwrap();
        last_hop(&mut session, Request::get(reference), &[]).target().url().to_string()
    };
    for compat in ALL {
        assert_eq!(path(session(compat), "/users"), "http://a.test/users");
        let append = || session(compat).base_join(BaseJoin::Append);
        assert_eq!(path(append(), "/users"), "http://a.test/v1/users");
        assert_eq!(path(append(), "http://b.test/x"), "http://b.test/x");
    }
}

#[test]
fn what_is_called_after_the_preset_overrides_single_rules() {
    let builder = session(Compat::Requests)
        .redirect(RedirectPolicy::limited(1))
        .user_agent("mine")
        .text_rules(TextRules::UTF8)
        .default_header("connection", "close");
    let mut session = builder.build().unwrap();
    let error = hops(&mut session, Request::get("http://a.test/"), &[redirect(302, "/1"), redirect(302, "/2")]);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::TooManyRedirects);
    let put = with_body(request("PUT", "http://a.test/", &[]));
    let hop = last_hop(&mut session, put, &[redirect(302, "/x")]);
    assert_eq!(hop.head().method(), Method::GET, "the other rules stay");
    assert_eq!((text(&hop, USER_AGENT).unwrap(), text(&hop, CONNECTION).unwrap()), ("mine".into(), "close".into()));
}

#[test]
fn a_redirect_followed_by_hand_goes_by_the_preset_too() {
    let mut session = session(Compat::Requests).redirect(RedirectPolicy::none()).build().unwrap();
    let put = with_body(request("PUT", "http://a.test/", &[("cookie", "h=1"), ("content-language", "de")]));
    let Step::Send(hop) = session.begin(put, now()).unwrap() else { panic!("a hop") };
    let Step::Done(delivery) = session.handle_response(hop, redirect(302, "/x"), now()).unwrap() else {
        panic!("done")
    };
    let next = delivery.next_request().unwrap().unwrap();
    assert_eq!(next.method(), Method::GET);
    let hop = last_hop(&mut session, next, &[]);
    assert_eq!((text(&hop, COOKIE), text(&hop, CONTENT_LANGUAGE).as_deref()), (None, Some("de")));
    assert_eq!(text(&hop, CONNECTION).as_deref(), Some("keep-alive"));
}

/// semantics.md 8.
#[test]
fn a_delivery_says_how_its_text_is_read() {
    let rules = [TextRules::FETCH, TextRules::REQUESTS, TextRules::UTF8, TextRules::FETCH];
    for (compat, rules) in ALL.into_iter().zip(rules) {
        let mut session = session(compat).build().unwrap();
        let Step::Send(hop) = session.begin(Request::get("http://a.test/"), now()).unwrap() else { panic!("a hop") };
        let Step::Done(done) = session.handle_response(hop, answer(200, &[]), now()).unwrap() else { panic!("done") };
        assert_eq!(done.text_rules(), rules, "{compat:?}");
    }
}

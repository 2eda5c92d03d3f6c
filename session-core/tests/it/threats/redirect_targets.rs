//! RT: where redirects lead, and what goes along.

use crate::clock::now;
use crate::driver::{answer, first_hop, get, plain_get, redirect, run, sent, text, wire};
use http::Method;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use session_core::auth::credentials::Credential;
use session_core::error::{Error, ErrorKind};
use session_core::message::body::{BodyPlan, BodySize, Framing, RequestBody};
use session_core::message::fields::describes_body;
use session_core::message::host::CanonicalHost;
use session_core::redirect::policy::{Action, RedirectPolicy};
use session_core::session::Session;
use session_core::session::address_rule::AddressRule;
use session_core::session::builder::SessionBuilder;
use session_core::session::request::Request;
use session_core::session::step::Hop;
use session_core::transport::address::Place;
use session_core::transport::{ConnectSettings, Transport};
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc;

fn new() -> Session {
    Session::builder().build().unwrap()
}

#[test]
fn rt_01_no_scheme_but_http_and_https_is_followed() {
    for location in [
        "file:///etc/passwd",
        "ftp://a.test/",
        "data:,x",
        "unix:/sock:/",
        "gopher://a.test/",
        "scp://a.test/",
        "mailto:u@a.test",
        "javascript:alert(1)",
        "about:blank",
        "ws://a.test/",
        "blob:https://a.test/x",
        "view-source:https://a.test/",
    ] {
        let run = get(&mut new(), "https://a.test/", [redirect(302, location)]);
        assert_eq!((run.error(), run.hops.len()), (ErrorKind::RedirectRefused, 1), "{location}");
        let first = plain_get(&mut new(), location);
        assert_eq!((first.error(), first.hops.len()), (ErrorKind::InvalidUrl, 0), "{location}");
    }
    // No scheme has an underscore: the whole is a path of the same origin.
    let local = get(&mut new(), "https://a.test/", [redirect(302, "local_file:///etc/passwd")]);
    assert_eq!(local.urls(), ["https://a.test/", "https://a.test/local_file:///etc/passwd"]);
}

#[test]
fn rt_02_the_callers_rule_sees_each_target_before_anything_is_sent() {
    let (saw, seen) = mpsc::channel();
    let policy = RedirectPolicy::custom(move |attempt| {
        saw.send((attempt.from.url().to_string(), attempt.to.origin().to_string())).unwrap();
        match attempt.to.origin().host().is_loopback() {
            true => Action::Refuse,
            false => Action::Follow,
        }
    });
    let mut session = Session::builder().redirect(policy).build().unwrap();
    let targets =
        ["http://a.test/", "https://a.test/", "http://10.0.0.1/", "http://[::ffff:7f00:1]/", "https://b.test/"];
    let run = get(&mut session, "https://a.test/", targets.map(|to| redirect(302, to)));
    assert_eq!((run.error(), run.hops.len()), (ErrorKind::RedirectRefused, 4));
    let asked: Vec<String> = seen.try_iter().map(|(_, to)| to).collect();
    assert_eq!(asked, ["http://a.test", "https://a.test", "http://10.0.0.1", "http://[::ffff:7f00:1]"]);
}

/// A transport's session as far as addresses go: the machine and the settings for connections.
struct Connects(Session, ConnectSettings);

impl Transport for Connects {
    type Resolver = Infallible;

    fn assemble(session: Session, connect: ConnectSettings, _: Option<Infallible>) -> Result<Self, Error> {
        Ok(Self(session, connect))
    }
}

/// Each hop, the first too, is judged by the addresses that it would be connected to.
#[test]
fn rt_02_the_callers_rule_sees_the_addresses_of_every_hop() {
    let builder = SessionBuilder::<Connects>::new().address_rule(AddressRule::public_only());
    let Connects(mut session, connect) =
        builder.resolve("set.test", "[::ffff:127.0.0.1]:0".parse().unwrap()).build().unwrap();
    let resolver = |hop: &Hop| {
        let is_inner = hop.origin().host().as_str() == "inner.test";
        let address: IpAddr = if is_inner { [10, 1, 2, 3] } else { [1, 2, 3, 4] }.into();
        vec![SocketAddr::new(address, hop.origin().port())]
    };
    let judged = |hop: &Hop| {
        let place = Place::of(hop);
        let found = place.known(&connect).unwrap_or_else(|| resolver(hop));
        place.resolved(&connect, Ok(found)).map_err(|failure| failure.into_error().kind())
    };
    for target in
        ["http://inner.test/", "https://inner.test/", "http://set.test/", "http://2130706433/", "https://[::1]/"]
    {
        let first = first_hop(&mut session, Request::get(target));
        assert_eq!(judged(&first), Err(ErrorKind::AddressRefused), "{target}");
        let outer = first_hop(&mut session, Request::get("https://a.test/"));
        assert!(judged(&outer).is_ok());
        let next = sent(session.handle_response(outer, redirect(302, target), now()).unwrap());
        assert_eq!(judged(&next), Err(ErrorKind::AddressRefused), "{target}");
    }
}

#[test]
fn rt_03_the_rule_sees_one_spelling_of_an_address() {
    let host = |text: &str| CanonicalHost::parse(text).unwrap();
    for spelling in ["127.0.0.1", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "127.0.0.1."] {
        assert_eq!(host(spelling).as_str(), "127.0.0.1", "{spelling}");
    }
    assert_eq!(host("[::ffff:127.0.0.1]"), host("[::ffff:7f00:1]"));
    for internal in [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "0.0.0.0",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost.",
    ] {
        assert!(host(internal).is_internal(), "{internal}");
        let run = get(&mut new(), "https://a.test/", [redirect(302, &format!("http://{internal}/"))]);
        assert_eq!(run.last().origin().host(), &host(internal), "{internal}");
    }
}

#[test]
fn rt_04_the_count_of_redirects_is_exact() {
    let chain =
        |n: usize| (0..n).map(|n| redirect(302, if n % 2 == 0 { "https://b.test/" } else { "https://a.test/" }));
    for max in [1_usize, 2, 5, 20] {
        let limit = RedirectPolicy::limited(u32::try_from(max).unwrap());
        let mut by_session = Session::builder().redirect(limit.clone()).build().unwrap();
        let mut by_request = Request::get("https://a.test/");
        by_request.set_redirect(limit);
        for exceeding in [false, true] {
            let answers = chain(max + usize::from(exceeding));
            for run in [
                get(&mut by_session, "https://a.test/", answers.clone()),
                run(&mut new(), by_request.clone(), answers.clone()),
            ] {
                assert_eq!(run.hops.len(), max + 1);
                match &run.outcome {
                    Ok(delivery) => assert!(!exceeding && delivery.head().status == 200),
                    Err(error) => assert!(exceeding && error.kind() == ErrorKind::TooManyRedirects),
                }
            }
        }
    }
    let mut none = Session::builder().redirect(RedirectPolicy::limited(0)).build().unwrap();
    let run = get(&mut none, "https://a.test/", chain(1));
    assert_eq!((run.hops.len(), run.delivery().head().status.as_u16()), (1, 302));
    assert_eq!(get(&mut new(), "https://a.test/", chain(40)).error(), ErrorKind::TooManyRedirects);
}

#[test]
fn rt_06_an_empty_set_allows_nothing() {
    let mut session = Session::builder().redirect(RedirectPolicy::default().schemes([])).build().unwrap();
    for to in ["https://a.test/y", "/y", "http://b.test/"] {
        let run = get(&mut session, "https://a.test/", [redirect(302, to)]);
        assert_eq!((run.error(), run.hops.len()), (ErrorKind::RedirectRefused, 1), "{to}");
    }
}

#[test]
fn rt_07_what_leaves_the_base_leaves_its_credentials() {
    for evil in ["//evil.test/", "/\\evil.test/", "\\\\evil.test/", "http://evil.test/", "https:\\\\evil.test/"] {
        let mut session = Session::builder()
            .base_url("https://u:s-base@a.test/api/")
            .auth_for("https://a.test", Credential::bearer("s-session"))
            .default_header("Authorization", "Default s-default")
            .build()
            .unwrap();
        assert!(plain_get(&mut session, "x").everything(0).contains("s-default"));
        session.headers_mut().remove(&http::header::AUTHORIZATION);
        assert!(plain_get(&mut session, "x").everything(0).contains("s-session"));
        for request in
            [Request::get(evil), Request::get(url::Url::parse("https://a.test/api/").unwrap().join(evil).unwrap())]
        {
            let run = run(&mut session, request, [answer(200, &[])]);
            if let Err(error) = &run.outcome {
                assert!(!evil.contains("http") && error.kind() == ErrorKind::InvalidUrl, "{evil}: {error}");
                continue;
            }
            let away = run.last().origin().host().as_str() != "a.test";
            assert!(!away || !run.everything(0).contains("s-"), "{evil}: {}", run.everything(0));
        }
    }
}

#[test]
fn rt_08_no_piece_of_a_password_becomes_a_host() {
    let escaped = "https://dan:p%40ss%3Aw%23r%2Fd%3F%25@a.test/x";
    let redirected = get(&mut new(), escaped, [redirect(302, "y"), redirect(302, "//a.test/z")]);
    assert_eq!(redirected.urls(), ["https://a.test/x", "https://a.test/y", "https://a.test/z"]);
    for hop in 0..3 {
        assert!(redirected.everything(hop).contains("(dan:p@ss:w#r/d?%)"), "{}", redirected.everything(hop));
    }
    for raw in ["https://dan:p@ss:w#r/d?%@a.test/x", "https://dan:p@ss@a.test/x", "https://dan:p%zz@a.test/x"] {
        let run = plain_get(&mut new(), raw);
        match run.outcome {
            Ok(_) => assert_eq!(run.last().origin().host().as_str(), "a.test", "{raw}"),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidUrl, "{raw}");
                assert!(!format!("{error}{error:?}").contains("p@ss"), "{error:?}");
            }
        }
    }
}

/// The fields that describe a body, one of each.
fn described(request: &mut Request) {
    for name in [
        "content-type",
        "content-encoding",
        "content-language",
        "content-location",
        "content-disposition",
        "content-range",
        "content-digest",
        "repr-digest",
        "digest",
        "content-md5",
        "expect",
        "trailer",
    ] {
        request.append_header(name, "x").unwrap();
    }
}

#[test]
fn rt_10_a_body_goes_whole_or_not_at_all() {
    for (status, keeps) in [(301, false), (302, false), (303, false), (307, true), (308, true)] {
        for size in [BodySize::Sized(5), BodySize::Streaming] {
            let mut request = Request::new(Method::POST, "https://a.test/");
            request.set_body(RequestBody::replayable(size));
            described(&mut request);
            let run = run(&mut new(), request, [redirect(status, "/next")]);
            let [first, next] = &run.hops[..] else { panic!("{status}: {:?}", run.urls()) };
            assert_eq!((first.body(), next.head().method() == Method::POST), (BodyPlan::FromStart, keeps), "{status}");
            let describing = next.head().headers().keys().filter(|name| describes_body(name)).count();
            if keeps {
                assert_eq!((next.body(), next.framing(), describing), (BodyPlan::FromStart, first.framing(), 12));
            } else {
                assert_eq!((next.body(), next.framing(), describing), (BodyPlan::None, Framing::None, 0), "{status}");
                let wire = wire(next).unwrap();
                assert!(wire.starts_with("GET /next ") && !wire.contains(CONTENT_LENGTH.as_str()), "{wire}");
                assert!(!wire.contains(TRANSFER_ENCODING.as_str()), "{wire}");
            }
        }
        let mut request = Request::new(Method::POST, "https://a.test/");
        request.set_body(RequestBody::once(BodySize::Streaming));
        let run = run(&mut new(), request, [redirect(status, "/next")]);
        if keeps {
            assert_eq!((run.error(), run.hops.len()), (ErrorKind::BodyNotReplayable, 1), "{status}");
        } else {
            assert_eq!((run.last().body(), run.hops.len()), (BodyPlan::None, 2), "{status}");
        }
    }
}

#[test]
fn rt_11_an_https_only_session_sends_no_clear_text() {
    let mut session = Session::builder().https_only(true).build().unwrap();
    let run = get(&mut session, "https://a.test/", [redirect(302, "http://a.test/")]);
    assert_eq!((run.error(), run.hops.len()), (ErrorKind::HttpsOnly, 1));
    assert_eq!(plain_get(&mut session, "http://a.test/").error(), ErrorKind::HttpsOnly);
    assert_eq!(text(&first_hop(&mut session, Request::get("https://a.test/")), "host").as_deref(), Some("a.test"));
}

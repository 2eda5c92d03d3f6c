//! RC: credentials and redirects.

use crate::clock::now;
use crate::driver::{
    Outcome, Run, answer, done, everything, first_hop, get, plain_get, redirect, run, sent, setting, text, wire,
};
use http::HeaderName;
use http::header::{AUTHORIZATION, REFERER};
use session_core::auth::credentials::Credential;
use session_core::auth::netrc::Netrc;
use session_core::error::ErrorKind;
use session_core::message::proxy::ProxyServer;
use session_core::message::sensitive::KEY_FIELDS;
use session_core::proxy::select::ProxyConfig;
use session_core::redirect::policy::RedirectPolicy;
use session_core::retry::failure::{ConnectionAge, FailureKind, Sent};
use session_core::session::Session;
use session_core::session::builder::SessionBuilder;
use session_core::session::request::Request;
use session_core::session::settings::Setting;

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

fn new() -> Session {
    Session::builder().build().unwrap()
}

/// A request with every credential that a caller can write on it.
fn laden(url: &str) -> Request {
    let mut request = Request::get(url);
    request.append_header("Authorization", "Own s-authorization").unwrap();
    request.append_header("Cookie", "own=s-cookie").unwrap();
    request.append_header("Proxy-Authorization", "Own s-proxy").unwrap();
    request.add_cookie("given", "s-given");
    request
}

#[test]
fn rc_01_no_caller_credential_reaches_another_host() {
    for status in STATUSES {
        let mut session = new();
        get(&mut session, "https://b.test/", [setting(&["jar=b"])]);
        let run = run(&mut session, laden("https://a.test/"), [redirect(status, "https://b.test/")]);
        let first = run.everything(0);
        assert!(["s-authorization", "s-cookie", "s-given"].iter().all(|own| first.contains(own)), "{first}");
        assert!(!run.everything(1).contains("s-"), "{status}: {}", run.everything(1));
        assert_eq!(run.fields("cookie")[1].as_deref(), Some("jar=b"), "{status}");
        assert_eq!((&run.fields("authorization")[1], &run.fields("proxy-authorization")[1]), (&None, &None));
    }
}

#[test]
fn rc_02_nothing_secret_goes_over_to_clear_text() {
    let mut session = new();
    get(&mut session, "https://a.test/", [setting(&["secure=s-jar; Secure", "open=1"])]);
    let run = run(&mut session, laden("https://a.test/"), [redirect(302, "http://a.test/")]);
    assert_eq!(run.urls(), ["https://a.test/", "http://a.test/"]);
    assert!(run.everything(0).contains("s-jar"));
    assert!(!run.everything(1).contains("s-"), "{}", run.everything(1));
    assert_eq!(run.fields("cookie")[1].as_deref(), Some("open=1"));
}

#[test]
fn rc_03_another_port_is_another_origin_and_cookies_know_no_port() {
    let mut session = new();
    get(&mut session, "http://a.test:8001/", [setting(&["jar=1"])]);
    let run = run(&mut session, laden("http://a.test:8001/"), [redirect(307, "http://a.test:8002/")]);
    assert!(run.everything(0).contains("s-authorization"));
    assert!(!run.everything(1).contains("s-"), "{}", run.everything(1));
    assert_eq!(run.fields("cookie")[1].as_deref(), Some("jar=1"));
}

#[test]
fn rc_04_every_spelling_and_every_line_goes() {
    for status in STATUSES {
        let mut request = Request::get("https://a.test/");
        for name in ["aUtHoRiZaTiOn", "cOOkie", "PROXY-authorization", "X-aPi-KEY"] {
            for line in ["s-first=1", "s-second=2"] {
                request.append_header(name, line).unwrap();
            }
        }
        let run = run(&mut new(), request, [redirect(status, "https://b.test/"), redirect(status, "https://a.test/")]);
        // Without a proxy nobody is told what is for one.
        assert_eq!(run.everything(0).matches("s-first").count(), 3);
        assert_eq!(run.everything(0).matches("s-second").count(), 3);
        for hop in [1, 2] {
            assert!(!run.everything(hop).contains("s-"), "{status}: {}", run.everything(hop));
        }
    }
}

/// CVE-2024-45336: also what a session holds for its first origin is not restored within the exchange.
#[test]
fn rc_05_what_was_dropped_never_comes_back() {
    let (a, b, c) = ("https://a.test/", "https://b.test/", "https://c.test/");
    for chain in [[a, b, b, b], [a, b, a, a], [a, b, c, a], [a, a, b, a]] {
        let defaults = Session::builder().default_header("Authorization", "Default s-default");
        for (mut session, request) in [(defaults.build().unwrap(), Request::get(a)), (new(), laden(a))] {
            let run = run(&mut session, request, chain[1..].iter().map(|to| redirect(302, to)));
            let crossed = chain.iter().position(|url| *url != a).unwrap();
            for (hop, url) in run.urls().into_iter().enumerate() {
                assert_eq!(url, chain[hop]);
                let seen = run.everything(hop);
                assert_eq!(seen.contains("s-"), hop < crossed, "{chain:?}, hop {hop}: {seen}");
            }
        }
    }
}

/// What the origins get to see of an exchange: path, fields and framing of each hop.
fn log(run: &Run) -> Vec<String> {
    run.hops.iter().map(logged).collect()
}

fn logged(hop: &session_core::session::step::Hop) -> String {
    format!("{}\n{:?}", everything(hop), hop.framing())
}

/// Follows each redirect by hand.
fn by_hand(request: Request, answers: &[session_core::message::head::ResponseHead]) -> Vec<String> {
    let mut session = new();
    let mut request = request;
    request.set_redirect(RedirectPolicy::none());
    let mut log = Vec::new();
    for head in answers {
        let hop = first_hop(&mut session, request);
        log.push(logged(&hop));
        let delivery = done(session.handle_response(hop, head.clone(), now()).unwrap());
        request = delivery.next_request().unwrap().unwrap();
    }
    log.push(logged(&first_hop(&mut session, request)));
    log
}

#[test]
fn rc_06_every_way_in_sends_the_same() {
    let through = |proxy: &str| {
        let proxies = ProxyConfig::new().all(ProxyServer::parse(proxy).unwrap());
        Session::builder().proxy(proxies).build().unwrap()
    };
    for scheme in ["https", "http"] {
        let ask = || {
            let mut request = Request::get(format!("{scheme}://a.test/"));
            request.append_header("Authorization", "Own s-authorization").unwrap();
            request.append_header("Cookie", "own=s-cookie").unwrap();
            request
        };
        let answers = ["b.test", "b.test:81", "a.test"].map(|host| redirect(307, &format!("{scheme}://{host}/")));
        let expected = log(&run(&mut new(), ask(), answers.clone()));
        assert_eq!(expected.len(), 4);
        assert!(expected[0].contains("s-authorization") && expected[1..].iter().all(|hop| !hop.contains("s-")));
        assert_eq!(by_hand(ask(), &answers), expected, "by hand");
        for proxy in ["http://p.test", "https://p.test", "socks5h://p.test", "socks4a://p.test"] {
            assert_eq!(log(&run(&mut through(proxy), ask(), answers.clone())), expected, "{proxy}");
        }
        let stale = Outcome::Failure(FailureKind::Closed, Sent::All, ConnectionAge::Reused);
        let failing = answers.iter().flat_map(|head| [stale.clone(), head.clone().into()]);
        let mut retried = log(&run(&mut new(), ask(), failing));
        retried.dedup();
        assert_eq!(retried, expected, "each hop sent twice");
        let preview = new().preview(ask(), now()).unwrap();
        assert_eq!(preview.head.headers(), first_hop(&mut new(), ask()).head().headers());
    }
}

/// Each way to give a session a credential for https://a.test.
fn configured() -> Vec<(&'static str, SessionBuilder<Session>, &'static str)> {
    let netrc = Netrc::parse("machine a.test login n password s-netrc").0;
    let a = "https://a.test";
    vec![
        ("basic", Session::builder().auth_for(a, Credential::basic("u", "s-basic")), "https://a.test/"),
        ("bearer", Session::builder().auth(Credential::bearer("s-bearer")), "https://a.test/"),
        ("digest", Session::builder().auth(Credential::digest("s-user", "s-digest")), "https://a.test/"),
        ("netrc", Session::builder().netrc(netrc), "https://a.test/"),
        ("user information", Session::builder(), "https://s-user:s-info@a.test/"),
        ("base", Session::builder().base_url("https://s-user:s-base@a.test/"), "/"),
    ]
}

#[test]
fn rc_07_a_configured_credential_answers_no_other_origin() {
    let digest = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", domain=\"https://a.test/ https://b.test/\"";
    for (name, builder, url) in configured() {
        let mut session = builder.build().unwrap();
        let challenge = || answer(401, &[("www-authenticate", digest), ("www-authenticate", "Basic realm=\"r\"")]);
        let own = get(&mut session, url, [challenge()]);
        assert!(own.everything(own.hops.len() - 1).contains("s-"), "{name}: {}", own.everything(0));
        let run = get(&mut session, url, [redirect(302, "https://b.test/"), challenge(), challenge()]);
        assert_eq!(run.urls(), ["https://a.test/", "https://b.test/"], "{name}: no answer to b.test");
        assert_eq!(run.delivery().head().status, 401);
        assert!(!run.everything(1).contains("s-"), "{name}: {}", run.everything(1));
        assert_eq!(run.fields("authorization")[1], None, "{name}");
    }
}

#[test]
fn rc_08_a_requests_own_cookies_stay_with_it() {
    let mut session = new();
    let mut request = Request::get("https://a.test/");
    request.add_cookie("c", "s-given");
    let redirected = run(&mut session, request, [redirect(302, "https://b.test/"), redirect(302, "https://a.test/")]);
    assert_eq!(redirected.fields("cookie"), [Some("c=s-given".to_owned()), None, None]);
    for url in ["https://a.test/", "https://b.test/"] {
        assert_eq!(plain_get(&mut session, url).fields("cookie"), [None], "{url}");
    }
    assert!(session.cookies().is_empty());
}

#[test]
fn rc_09_key_fields_are_dropped_unless_they_are_kept_by_name() {
    for name in KEY_FIELDS {
        let field = HeaderName::from_static(name);
        for keep in [false, true] {
            let kept: &[HeaderName] = if keep { std::slice::from_ref(&field) } else { &[] };
            let policy = RedirectPolicy::default().keep_across_origins(kept.to_vec());
            let mut session =
                Session::builder().redirect(policy).default_header(field.clone(), "s-default").build().unwrap();
            let mut own = Request::get("https://a.test/");
            own.append_header(field.clone(), "s-own").unwrap();
            for request in [own, Request::get("https://a.test/")] {
                let run = run(&mut session, request, [redirect(302, "https://b.test/")]);
                assert!(run.fields(name)[0].is_some());
                assert_eq!(run.fields(name)[1].is_some(), keep, "{name}: {}", run.everything(1));
            }
        }
    }
}

#[test]
fn rc_10_hosts_that_look_alike_are_other_origins() {
    for other in ["www.a.test", "evil-a.test", "a.test.evil.test", "a.test.", "xn--80a.test", "atest"] {
        let builder = Session::builder().auth_for("https://a.test", Credential::bearer("s-session"));
        let run =
            run(&mut builder.build().unwrap(), laden("https://a.test/"), [redirect(302, &format!("https://{other}/"))]);
        assert_eq!(run.last().origin().host().as_str(), other);
        assert!(!run.everything(1).contains("s-"), "{other}: {}", run.everything(1));
    }
    let zone = run(&mut new(), laden("https://a.test/"), [redirect(302, "http://[::1%25.a.test]/")]);
    assert_eq!((zone.error(), zone.hops.len()), (ErrorKind::InvalidUrl, 1));
}

#[test]
fn rc_11_no_referer_is_made_up_and_one_that_was_removed_is_gone() {
    let mut session = Session::builder().default_header("Referer", "https://ref.test/").build().unwrap();
    session.headers_mut().remove(&REFERER);
    let run = get(
        &mut session,
        "https://u:s-p@a.test/x#s-frag",
        [redirect(302, "https://a.test/y"), redirect(302, "https://b.test/"), redirect(302, "http://b.test/")],
    );
    assert_eq!(run.fields("referer"), [None, None, None, None]);
    for hop in &run.hops {
        assert!(!wire(hop).unwrap().contains("s-frag") && !wire(hop).unwrap().contains("s-p"));
    }
    let mut request = Request::get("https://a.test/");
    request.append_header("Referer", "https://mine.test/").unwrap();
    assert_eq!(text(&first_hop(&mut session, request), "referer").as_deref(), Some("https://mine.test/"));
    assert_eq!(plain_get(&mut session, "https://a.test/").fields("referer"), [None]);
}

#[test]
fn rc_13_an_answer_moves_neither_the_base_nor_its_credential() {
    let mut session = Session::builder().base_url("https://u:s-base@a.test/v1/").build().unwrap();
    let away = get(&mut session, "x", [redirect(302, "https://evil.test/v1/")]);
    assert_eq!(away.urls(), ["https://a.test/v1/x", "https://evil.test/v1/"]);
    assert!(away.everything(0).contains("s-base") && !away.everything(1).contains("s-base"));
    let next = plain_get(&mut session, "y");
    assert_eq!(next.urls(), ["https://a.test/v1/y"]);
    assert!(next.everything(0).contains("s-base"));
    for evil in ["https://evil.test/", "https://a.test@evil.test/"] {
        assert!(!plain_get(&mut session, evil).everything(0).contains("s-base"), "{evil}");
    }
}

/// A session's credential has no path; the protection space of a Digest challenge has.
#[test]
fn rc_14_a_digest_is_not_sent_ahead_outside_of_its_protection_space() {
    let mut session = Session::builder().auth_for("https://a.test", Credential::digest("u", "p")).build().unwrap();
    let challenge = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", domain=\"/api/\"";
    let first = get(&mut session, "https://a.test/api/x", [answer(401, &[("www-authenticate", challenge)])]);
    assert_eq!(first.fields("authorization").iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
    let run = get(&mut session, "https://a.test/api/y", [redirect(302, "/other"), redirect(302, "/api/z")]);
    assert_eq!(run.fields("authorization").iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    assert!(plain_get(&mut session, "https://a.test/apix").fields("authorization")[0].is_none());
}

/// What a request says about credentials holds for that request alone.
#[test]
fn rc_07_a_requests_own_credential_is_not_kept() {
    let mut session = new();
    let mut request = Request::get("https://a.test/");
    request.set_auth(Setting::Set(Credential::bearer("s-own")));
    let hop = first_hop(&mut session, request);
    assert!(hop.head().headers()[AUTHORIZATION].is_sensitive());
    let next = sent(session.handle_response(hop, redirect(307, "https://b.test/"), now()).unwrap());
    assert!(!everything(&next).contains("s-own"));
    assert_eq!(plain_get(&mut session, "https://a.test/").fields("authorization"), [None]);
}

/// Where a credential of the session belongs, its first request says, and no redirect.
#[test]
fn rc_07_a_redirect_binds_no_credential() {
    let defaults =
        || Session::builder().default_header("Authorization", "Default s-1").default_header("Cookie", "d=s-2");
    for builder in
        [defaults(), Session::builder().auth(Credential::bearer("s-3")), defaults().auth(Credential::basic("s-4", "p"))]
    {
        let mut session = builder.build().unwrap();
        let run = run(
            &mut session,
            laden("https://a.test/"),
            [redirect(307, "https://evil.test/"), redirect(307, "https://a.test/")],
        );
        for hop in [1, 2] {
            assert!(!run.everything(hop).contains("s-"), "{}", run.everything(hop));
        }
        // It was not used up either.
        assert!(plain_get(&mut session, "https://b.test/").everything(0).contains("s-"));
    }
}

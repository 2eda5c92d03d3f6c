//! Credentials for proxies that answer challenges: with a request that is forwarded, and in the CONNECT for a tunnel.

use crate::clock::now;
use crate::driver::{Run, answer, connect, everything, first_hop, get, redirect, run, sent, text};
use http::header::PROXY_AUTHORIZATION;
use http::{Method, StatusCode};
use session_core::auth::credentials::Credential;
use session_core::error::{ErrorKind, Phase};
use session_core::limits::Limits;
use session_core::message::body::{BodyPlan, BodySize, RequestBody};
use session_core::message::head::ResponseHead;
use session_core::message::proxy::ProxyServer;
use session_core::proxy::select::ProxyConfig;
use session_core::retry::failure::{Failure, FailureKind};
use session_core::session::Session;
use session_core::session::builder::SessionBuilder;
use session_core::session::history::Ending;
use session_core::session::request::Request;
use session_core::session::step::{Hop, Step};
use session_core::transport::setup::Setup;
use session_core::transport::tunnel::Tunnel;

const PROXY: &str = "http://proxy.test:3128";
const CHALLENGE: &str = "Digest realm=\"p\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256";

/// All requests go through the proxy, whose URL has a credential that is replaced.
fn through(proxy: &str, credential: Credential) -> SessionBuilder<Session> {
    let server = ProxyServer::parse(&proxy.replace("://", "://u:s-url@")).unwrap();
    Session::builder().proxy(ProxyConfig::new().all(server)).proxy_auth(proxy, credential)
}

fn digest() -> Session {
    through(PROXY, Credential::digest("ada", "s-word")).build().unwrap()
}

fn wanted(challenge: &str) -> ResponseHead {
    answer(407, &[("proxy-authenticate", challenge)])
}

fn proofs(run: &Run) -> Vec<Option<String>> {
    run.fields("proxy-authorization")
}

/// What becomes of a hop whose proxy answers its CONNECT so.
fn told(session: &mut Session, hop: Hop, answer: &str) -> Result<Step, (ErrorKind, Option<StatusCode>)> {
    let mut tunnel = Tunnel::of(&hop, None, &Limits::default()).unwrap().unwrap();
    let asked = String::from_utf8(tunnel.out().to_vec()).unwrap();
    assert!(!asked.contains("s-") && asked.starts_with("CONNECT a.test:443 "), "{asked}");
    let n = tunnel.out().len();
    tunnel.wrote(n);
    let spare = tunnel.spare();
    spare[..answer.len()].copy_from_slice(answer.as_bytes());
    tunnel.received(answer.len()).unwrap();
    let failure = Failure::before_sending(FailureKind::Proxy, tunnel.finish().unwrap_err());
    session.handle_failure(hop, failure, now()).map_err(|error| (error.kind(), error.error().proxy_status()))
}

#[test]
fn a_forwarded_request_answers_the_proxys_challenge_and_later_ones_are_answered_ahead() {
    let mut session = digest();
    let first = get(&mut session, "http://a.test/x?q", [wanted(CHALLENGE)]);
    assert_eq!(first.delivery().head().status, 200);
    let [None, Some(proof)] = &proofs(&first)[..] else { panic!("{:?}", proofs(&first)) };
    for part in ["Digest username=\"ada\"", "realm=\"p\"", "nonce=\"n1\"", "uri=\"http://a.test/x?q\"", "nc=00000001"] {
        assert!(proof.contains(part), "{proof}");
    }
    // Another origin, the same proxy.
    let second = get(&mut session, "http://b.test/", [answer(200, &[])]);
    let [Some(proof)] = &proofs(&second)[..] else { panic!() };
    assert!(proof.contains("uri=\"http://b.test/\"") && proof.contains("nc=00000002"), "{proof}");
    let endings: Vec<_> = first.delivery().history().hops().iter().map(|hop| hop.ending()).collect();
    assert_eq!(endings[0], Ending::Answered);
    let story = format!("{}{session:?}", first.delivery().history());
    assert!(story.contains("what was given for the proxy") && !story.contains("s-"), "{story}");
}

#[test]
fn a_proxy_gets_one_answer_and_one_more_for_a_nonce_that_was_too_old() {
    let mut session = digest();
    let refused = get(&mut session, "http://a.test/", [wanted(CHALLENGE), wanted(&CHALLENGE.replace("n1", "n2"))]);
    assert_eq!((refused.hops.len(), refused.delivery().head().status.as_u16()), (2, 407));
    let mut session = digest();
    let stale = wanted(&format!("{}, stale=true", CHALLENGE.replace("n1", "n2")));
    let renewed = get(&mut session, "http://a.test/", [wanted(CHALLENGE), stale.clone(), stale]);
    assert_eq!((renewed.hops.len(), renewed.delivery().head().status.as_u16()), (3, 407));
    assert!(text(&renewed.hops[2], PROXY_AUTHORIZATION).unwrap().contains("nonce=\"n2\""));
    for other in ["Basic realm=\"p\"", "Negotiate", "Digest realm=\"p\"", ""] {
        assert_eq!(get(&mut digest(), "http://a.test/", [wanted(other)]).hops.len(), 1, "{other}");
    }
}

#[test]
fn a_tunnel_is_asked_for_again_with_an_answer_and_nothing_of_it_reaches_the_origin() {
    let refusal = format!("HTTP/1.1 407 No\r\nproxy-authenticate: {CHALLENGE}\r\ncontent-length: 0\r\n\r\n");
    let mut session = digest();
    let mut request = Request::new(Method::POST, "https://a.test/x");
    // A body that can be read once is still whole.
    request.set_body(RequestBody::once(BodySize::Sized(3)));
    let hop = first_hop(&mut session, request);
    assert!(!connect(&hop).contains("proxy-authorization"), "{}", connect(&hop));
    let hop = sent(told(&mut session, hop, &refusal).unwrap());
    let asked = connect(&hop);
    assert!(asked.contains("Digest username=\"ada\"") && asked.contains("uri=\"a.test:443\""), "{asked}");
    assert!(!everything(&hop).contains("proxy-authorization"), "{}", everything(&hop));
    assert_eq!((hop.body(), hop.number()), (BodyPlan::Continue, 2));
    let refused = told(&mut session, hop, &refusal).unwrap_err();
    assert_eq!(refused, (ErrorKind::Proxy, Some(StatusCode::PROXY_AUTHENTICATION_REQUIRED)));
    // Another refusal asks for nothing.
    let hop = first_hop(&mut session, Request::get("https://a.test/"));
    let refused = told(&mut session, hop, &refusal.replace("407", "403")).unwrap_err();
    assert_eq!(refused, (ErrorKind::Proxy, Some(StatusCode::FORBIDDEN)));
}

#[test]
fn what_an_origin_says_is_no_challenge_of_the_proxys() {
    for url in ["https://a.test/", "http://a.test/"] {
        let mut session = if url.starts_with("https") { digest() } else { Session::builder().build().unwrap() };
        let asked = get(&mut session, url, [wanted(CHALLENGE)]);
        assert_eq!((asked.hops.len(), asked.delivery().head().status.as_u16()), (1, 407), "{url}");
    }
    let mut session = digest();
    let run = get(&mut session, "http://a.test/", [wanted(CHALLENGE), redirect(302, "https://a.test/")]);
    assert_eq!(run.hops.len(), 3);
    assert!(!everything(run.last()).contains("proxy-authorization"), "{}", everything(run.last()));
}

#[test]
fn a_credential_goes_to_its_own_proxy_alone() {
    for (other, is_same) in [
        ("http://proxy.test:3128", true),
        ("http://x:y@Proxy.test:3128", true),
        ("http://proxy.test:3129", false),
        ("https://proxy.test:3128", false),
        ("http://other.test:3128", false),
    ] {
        let proxies = ProxyConfig::new().all(ProxyServer::parse(other).unwrap());
        let builder = Session::builder().proxy(proxies).proxy_auth(PROXY, Credential::bearer("s-token"));
        let mut session = builder.build().unwrap();
        for url in ["http://a.test/", "https://a.test/"] {
            let hop = first_hop(&mut session, Request::get(url));
            let seen = everything(&hop) + &connect(&hop);
            assert_eq!(seen.contains("proxy-authorization: Bearer s-token"), is_same, "{other} {seen}");
            assert!(!seen.contains("x:y") || !is_same, "{seen}");
        }
    }
}

#[test]
fn a_field_of_the_callers_own_goes_before_and_a_body_that_is_read_once_is_not_sent_twice() {
    let mut session = digest();
    let mut request = Request::get("http://a.test/");
    request.append_header("proxy-authorization", "Own s-own").unwrap();
    let own = run(&mut session, request, [wanted(CHALLENGE)]);
    assert_eq!(proofs(&own), [Some("Own s-own".to_owned())]);
    let mut request = Request::new(Method::POST, "http://a.test/");
    request.set_body(RequestBody::once(BodySize::Sized(3)));
    assert_eq!(run(&mut session, request.clone(), [wanted(CHALLENGE)]).hops.len(), 1);
    // The next is answered ahead.
    assert!(proofs(&run(&mut session, request, [answer(200, &[])]))[0].is_some());
}

#[test]
fn what_cannot_be_sent_to_a_proxy_is_refused_when_the_session_is_built() {
    for (proxy, credential, kind) in [
        ("socks5://proxy.test", Credential::digest("a", "s-b"), ErrorKind::InvalidSetting),
        ("http://proxy.test/x", Credential::digest("a", "s-b"), ErrorKind::InvalidUrl),
        ("http://proxy.test", Credential::basic("a:b", "s-b"), ErrorKind::InvalidHeader),
    ] {
        let error = Session::builder().proxy_auth(proxy, credential).build().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (kind, Phase::Build));
        assert!(!format!("{error:?}").contains("s-b"));
    }
}

#[cfg(all(feature = "serde", feature = "json"))]
#[test]
fn a_hop_that_was_saved_is_challenged_anew_and_answers() {
    use session_core::session::snapshot::HopSnapshot;
    let mut session = digest();
    let hop = first_hop(&mut session, Request::get("https://a.test/"));
    let saved = hop.snapshot(now()).unwrap().to_json().unwrap();
    let hop = session.resume_hop(HopSnapshot::from_json(&saved).unwrap(), now()).unwrap();
    assert!(!connect(&hop).contains("s-url"), "{}", connect(&hop));
    let refusal = format!("HTTP/1.1 407 No\r\nproxy-authenticate: {CHALLENGE}\r\ncontent-length: 0\r\n\r\n");
    assert!(connect(&sent(told(&mut session, hop, &refusal).unwrap())).contains("uri=\"a.test:443\""));
}

//! The scenarios, written once: what a session adds to a client, seen from both ends.

use crate::server::{PASSWORD, USER, origins};
use bytes::Bytes;
use http::{HeaderValue, Method, Request};
use session_core::auth::credentials::Credential;
use session_core::error::ErrorKind;
use session_core::message::origin::Origin;
use session_core::message::proxy::ProxyServer;
use session_core::proxy::select::ProxyConfig;
use session_core::retry::policy::RetryPolicy;
use session_core::session::Session;
use session_core::session::builder::SessionBuilder;
use session_core::session::step::Delivery;
use session_testkit::login::{LoginServer, LoginSettings};
use std::time::Duration;

/// A client with a session around it, as a test uses it.
pub trait Around {
    fn new(session: Session) -> Self;

    /// One exchange: the delivery and its body, or the kind of the error.
    fn fetch(&mut self, request: Request<Bytes>) -> Result<(Delivery, Bytes), ErrorKind>;
}

fn around<A: Around>(set: impl FnOnce(SessionBuilder<Session>) -> SessionBuilder<Session>) -> A {
    // Nothing hangs: what stalls ends in an error.
    A::new(set(Session::builder().timeout(Duration::from_secs(30))).build().unwrap())
}

fn get(url: impl AsRef<str>) -> Request<Bytes> {
    asked(Method::GET, url, "")
}

fn asked(method: Method, url: impl AsRef<str>, body: &'static str) -> Request<Bytes> {
    Request::builder().method(method).uri(url.as_ref()).body(Bytes::from_static(body.as_bytes())).unwrap()
}

fn statuses(delivery: &Delivery) -> Vec<u16> {
    delivery.history().hops().iter().filter_map(|hop| hop.status()).map(|status| status.as_u16()).collect()
}

pub fn a_login_goes_through_its_redirects_and_its_cookie_stays<A: Around>() {
    let mut settings = LoginSettings::default();
    settings.other_host = "127.0.0.1".to_owned();
    let server = LoginServer::start(settings).unwrap();
    let mut client: A = around(|session| session);
    let mut login = asked(Method::POST, format!("{}/api/login", server.url()), "username=admin&password=open+sesame");
    login.headers_mut().insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    let (delivery, body) = client.fetch(login).unwrap();
    assert_eq!((statuses(&delivery), &body[..]), (vec![302, 302, 200], &b"welcome\n"[..]));
    assert!(delivery.url().as_str().ends_with("/welcome"));
    let (_, body) = client.fetch(get(format!("{}/api/data1", server.url()))).unwrap();
    assert_eq!(&body[..], b"data1 of admin; x-app: none\n");
}

pub fn a_307_sends_the_body_again_and_a_cookie_keeps_to_its_path<A: Around>() {
    let origins = origins();
    let url = |path: &str| origins.server.url(path);
    let mut client: A = around(|session| session);
    let (delivery, body) = client.fetch(asked(Method::PUT, url("/again"), "the body")).unwrap();
    assert_eq!((statuses(&delivery), &body[..]), (vec![307, 200], &b"PUT /echo: the body"[..]));
    client.fetch(get(url("/admin/login"))).unwrap();
    client.fetch(get(url("/admin/page"))).unwrap();
    client.fetch(get(url("/other"))).unwrap();
    let cookies = |path: &str| {
        let requests = origins.server.requests();
        let request = requests.iter().find(|request| request.head.target == path).unwrap();
        request.head.text("cookie").map(str::to_owned)
    };
    assert_eq!((cookies("/admin/page"), cookies("/other")), (Some("admin=1".to_owned()), None));
}

pub fn a_digest_challenge_is_answered<A: Around>() {
    let origins = origins();
    let mut client: A = around(|session| session.auth(Credential::digest(USER, PASSWORD)));
    let (delivery, body) = client.fetch(get(origins.server.url("/digest"))).unwrap();
    assert_eq!((statuses(&delivery), &body[..]), (vec![401, 200], &b"GET /digest: "[..]));
}

pub fn a_503_is_asked_again_after_its_pause<A: Around>() {
    let origins = origins();
    let mut client: A = around(|session| session.retry(RetryPolicy::new(1)));
    let (delivery, body) = client.fetch(get(origins.server.url("/busy"))).unwrap();
    assert_eq!((statuses(&delivery), &body[..]), (vec![503, 200], &b"GET /busy: "[..]));
}

pub fn a_credential_does_not_go_to_another_origin<A: Around>() {
    let origins = origins();
    let mut client: A = around(|session| session.auth(Credential::bearer("hunter2")));
    let mut request = get(origins.server.url("/there"));
    request.headers_mut().insert("x-api-key", "hunter2".parse().unwrap());
    let (delivery, _) = client.fetch(request).unwrap();
    assert_eq!(Origin::of(delivery.url()), Origin::parse(&origins.second).ok());
    let [first, second] = &origins.server.requests()[..] else { panic!("two requests") };
    assert_eq!(first.head.text("authorization"), Some("Bearer hunter2"));
    assert_eq!(first.head.text("x-api-key"), Some("hunter2"));
    assert!(!second.raw.windows(7).any(|bytes| bytes == b"hunter2"));
}

pub fn the_answer_to_head_has_no_body<A: Around>() {
    let origins = origins();
    let mut client: A = around(|session| session);
    let (delivery, body) = client.fetch(asked(Method::HEAD, origins.server.url("/x"), "")).unwrap();
    assert_eq!((&delivery.head().headers["content-length"], body.len()), (&HeaderValue::from_static("9"), 0));
}

pub fn a_client_that_fails_fails_as_the_session_says<A: Around>() {
    let mut origins = origins();
    let mut client: A = around(|session| session.timeout(Duration::from_millis(200)));
    assert_eq!(client.fetch(get(origins.server.url("/stall"))).unwrap_err(), ErrorKind::Timeout);
    let mut client: A = around(|session| session.retry(RetryPolicy::new(1).backoff(Duration::ZERO, Duration::ZERO)));
    let address = origins.server.refused_address().unwrap();
    assert_eq!(client.fetch(get(format!("http://{address}/"))).unwrap_err(), ErrorKind::Connect);
    assert_eq!(client.fetch(get("ftp://a.test/")).unwrap_err(), ErrorKind::InvalidUrl);
}

pub fn a_proxy_that_the_client_would_pass_by_is_refused<A: Around>() {
    let proxies = ProxyConfig::new().http(ProxyServer::parse("http://127.0.0.1:9").unwrap());
    let mut client: A = around(|session| session.proxy(proxies));
    let origins = origins();
    assert_eq!(client.fetch(get(origins.server.url("/echo"))).unwrap_err(), ErrorKind::Unsupported);
    assert!(origins.server.requests().is_empty());
}

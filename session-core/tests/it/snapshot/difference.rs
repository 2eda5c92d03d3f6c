//! What changed since a snapshot, told without values.

use crate::clock::now;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderValue, StatusCode};
use session_core::auth::credentials::Credential;
use session_core::auth::netrc::Netrc;
use session_core::message::head::ResponseHead;
use session_core::message::origin::Origin;
use session_core::message::proxy::ProxyServer;
use session_core::session::Session;
use session_core::session::origin_settings::OriginSettings;
use session_core::session::request::Request;
use session_core::session::settings::Setting;
use session_core::session::snapshot::{Change, Difference, Snapshot};
use session_core::session::step::Step;
use std::time::Duration;

fn told(session: &Session, earlier: &Snapshot) -> Vec<String> {
    let changes = session.diff(earlier, now());
    assert!(!format!("{changes:?}").contains("s-"), "{changes:?}");
    changes.iter().map(ToString::to_string).collect()
}

fn exchange(session: &mut Session, url: &str, fields: &[(&'static str, &'static str)]) {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, HeaderValue::from_static(value));
    }
    let Step::Send(hop) = session.begin(Request::get(url), now()).unwrap() else { panic!() };
    let head = ResponseHead::new(StatusCode::OK).with_headers(headers);
    assert!(matches!(session.handle_response(hop, head, now()).unwrap(), Step::Done(_)));
}

#[test]
fn nothing_changed_is_no_change() {
    let mut session = Session::builder().build().unwrap();
    exchange(&mut session, "https://a.test/", &[("set-cookie", "a=s-1")]);
    let earlier = session.snapshot(now());
    // The cookie is used, which is no change.
    exchange(&mut session, "https://a.test/", &[]);
    assert_eq!(session.diff(&earlier, now()), []);
}

#[test]
fn cookies_are_told_by_name_domain_and_path() {
    let mut session = Session::builder().build().unwrap();
    exchange(
        &mut session,
        "https://a.test/",
        &[
            ("set-cookie", "same=s-1"),
            ("set-cookie", "other=s-1"),
            ("set-cookie", "gone=s-1"),
            ("set-cookie", "flag=s-1"),
        ],
    );
    let earlier = session.snapshot(now());
    exchange(
        &mut session,
        "https://a.test/",
        &[
            ("set-cookie", "same=s-1"),
            ("set-cookie", "other=s-2"),
            ("set-cookie", "gone=; Max-Age=0"),
            ("set-cookie", "flag=s-1; HttpOnly"),
            ("set-cookie", "new=s-1; Path=/p; Domain=a.test"),
        ],
    );
    assert_eq!(
        told(&session, &earlier),
        [
            "the cookie \"flag\" of a.test/ was changed",
            "the cookie \"gone\" of a.test/ was removed",
            "the cookie \"other\" of a.test/ was changed",
            "the cookie \"new\" of a.test/p was added",
        ]
    );
    let changes = session.diff(&earlier, now());
    assert!(matches!(&changes[3], Change::Cookie(Difference::Added, id) if id.name() == b"new" && !id.is_host_only()));
}

#[test]
fn fields_credentials_and_the_rest_are_told() {
    let (a, b) = (Origin::parse("https://a.test").unwrap(), Origin::parse("https://b.test").unwrap());
    let mut session = Session::builder()
        .default_header("x-old", "s-1")
        .default_header("accept", "s-1")
        .default_header("authorization", "s-1")
        .auth_for("https://a.test", Credential::bearer("s-1"))
        .netrc(Netrc::parse("machine a.test login s-1 password s-2").0)
        .origin_settings(
            "https://a.test",
            OriginSettings::new().proxy(ProxyServer::parse("http://u:s-1@p.test").unwrap()),
        )
        .origin_settings("https://b.test", OriginSettings::new().cookies(Setting::Off))
        .build()
        .unwrap();
    let earlier = session.snapshot(now());
    session.headers_mut().remove(&"x-old".parse().unwrap());
    session.headers_mut().insert(ACCEPT, HeaderValue::from_static("s-2"));
    session.headers_mut().insert("x-new".parse().unwrap(), HeaderValue::from_static("s-2"));
    session.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("s-2"));
    let mut fields = HeaderMap::new();
    fields.insert("x-key", HeaderValue::from_static("s-1"));
    session.set_origin_headers(b.clone(), fields);
    let way = |url: &str| OriginSettings::new().proxy(ProxyServer::parse(url).unwrap());
    session.set_origin_settings(a.clone(), way("http://u:s-2@p.test"));
    session.set_origin_settings(b.clone(), OriginSettings::new());
    session.set_auth_for(a, Credential::bearer("s-2"));
    session.set_auth_for(b, Credential::basic("s-1", "s-2"));
    session.set_netrc(Netrc::default());
    session.close();
    assert_eq!(
        told(&session, &earlier),
        [
            "the default field accept was changed",
            "the default field x-new was added",
            "the default field x-old was removed",
            "the default field authorization was changed",
            "the fields for https://b.test were added",
            "the settings for https://a.test were changed",
            "the settings for https://b.test were removed",
            "the credential for https://a.test was changed",
            "the credential for https://b.test was added",
            "the entries of netrc were removed",
            "the session was closed",
        ]
    );
    let later = session.snapshot(now());
    assert!(earlier.diff(&later).contains(&Change::Reopened));
    assert_eq!(earlier.diff(&later).len(), told(&session, &earlier).len());
}

#[test]
fn the_first_use_of_a_credential_is_told_as_what_it_is() {
    let builder = Session::builder().default_header("authorization", "s-1").default_header("cookie", "k=s-1");
    let mut session = builder.build().unwrap();
    let earlier = session.snapshot(now());
    exchange(&mut session, "https://a.test/", &[]);
    assert_eq!(
        told(&session, &earlier),
        [
            "the default field authorization belongs to https://a.test now",
            "the default field cookie belongs to https://a.test now"
        ]
    );
    let mut session = Session::builder().auth(Credential::bearer("s-1")).build().unwrap();
    let earlier = session.snapshot(now());
    exchange(&mut session, "https://a.test/", &[]);
    assert_eq!(told(&session, &earlier), ["the credential belongs to https://a.test now"]);
    session.set_auth(Some(Credential::bearer("s-2")));
    assert_eq!(told(&session, &earlier), ["the credential for the first origin that uses it was changed"]);
    session.set_auth(None);
    assert_eq!(told(&session, &earlier), ["the credential for the first origin that uses it was removed"]);
}

#[test]
fn challenges_and_https_alone_are_told() {
    let mut session = Session::builder().auth(Credential::digest("u", "s-1")).build().unwrap();
    let earlier = session.snapshot(now());
    let Step::Send(hop) = session.begin(Request::get("https://a.test/"), now()).unwrap() else { panic!() };
    let mut headers = HeaderMap::new();
    headers.insert("www-authenticate", HeaderValue::from_static("Digest realm=r, nonce=s-n, qop=auth"));
    headers.insert("strict-transport-security", HeaderValue::from_static("max-age=60"));
    let head = ResponseHead::new(StatusCode::UNAUTHORIZED).with_headers(headers);
    let Step::Send(_) = session.handle_response(hop, head, now()).unwrap() else { panic!() };
    assert_eq!(
        told(&session, &earlier),
        [
            "the credential belongs to https://a.test now",
            "the Digest challenge of https://a.test was added",
            "the entry of a.test for https alone was added",
        ]
    );
    let later = session.snapshot(now());
    let expired = session.diff(&later, now().advanced(Duration::from_secs(61)));
    assert!(matches!(&expired[..], [Change::Hsts(Difference::Removed, host)] if host.as_str() == "a.test"));
}

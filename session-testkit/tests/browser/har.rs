//! What the recorder writes, in the network panel of a browser's developer tools: imported by the panel's own means, and compared with
//! what was sent and what came.

use crate::chromium::{Browser, skipped};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::value::Index;
use serde_json::{Value, json};
use session_core::transport::response::ResponseInfo;
use session_testkit::Script;
use session_testkit::har::record::Recorder;
use session_testkit::scripted::reply::Failure;
use std::time::Duration;
use transport_blocking::Session;

const TOOLS: &str = "devtools://devtools/bundled/devtools_app.html";
/// A function that imports a file and tells what is shown then.
const PANEL: &str = include_str!("panel.js");

const PAUSE: Duration = Duration::from_millis(40);
const LOGIN: &str = "https://app.test/login";
const WELCOME: &str = "https://app.test/welcome?name=J%C3%BCrgen&x=1";
const PICTURE: &str = "https://app.test/picture.png";
const BROKEN: &str = "https://app.test/broken";
const TEXT: &str = "Gr\u{fc}\u{df}e, \u{4f60}\u{597d}";

/// No text in any charset that is tried.
fn picture() -> Vec<u8> {
    (0..=u8::MAX).cycle().take(30_000).collect()
}

/// A login by a form with a redirect, a picture, and a request that nobody answers, over TLS: the file, and how long the last hop of
/// the login waited for its head.
fn recorded() -> (String, Duration) {
    let script = Script::new()
        .on(Method::POST, LOGIN)
        .redirect(303, "/welcome?name=J%C3%BCrgen&x=1")
        .cookie("sid=c0ffee; Path=/; Secure; HttpOnly")
        .on(Method::GET, WELCOME)
        .reply(200)
        .header("content-type", "text/plain; charset=utf-8")
        .body(TEXT)
        .after(PAUSE)
        .on(Method::GET, PICTURE)
        .reply(200)
        .header("content-type", "image/png")
        .body(picture())
        .on(Method::POST, BROKEN)
        .answer(Failure::Closed);
    let server = script.serve().unwrap();
    let session = server.point(Session::builder()).build().unwrap();
    let recorder = Recorder::new();

    let response = session.post(LOGIN).form(&[("username", "admin"), ("password", "open sesame")]).send().unwrap();
    let entry = recorder.record(&response);
    let wait = ResponseInfo::timings(&response).wait().unwrap();
    entry.set_request_body("username=admin&password=open+sesame");
    entry.set_body(response.text().unwrap());
    let response = session.get(PICTURE).send().unwrap();
    let entry = recorder.record(&response);
    entry.set_body(response.bytes().unwrap());
    recorder.record_failure(&session.post(BROKEN).send().unwrap_err());
    script.verify().unwrap();
    (recorder.har().to_json(), wait)
}

/// One member of each request that the panel has.
fn each(shown: &Value, member: impl Index + Copy) -> Value {
    shown.as_array().expect("requests").iter().map(|request| request[member].clone()).collect()
}

#[test]
fn the_network_panel_shows_what_was_sent_and_what_came() {
    let Some(mut browser) = Browser::start() else { return };
    let (file, wait) = recorded();
    let mut page = browser.open(TOOLS, (1240, 480));
    let shown = page.value(&format!("({PANEL})({})", Value::from(file)));
    page.picture("har.png");
    if shown.is_null() {
        // They are the browser's own, and may be built otherwise in another version.
        skipped("the developer tools of this browser have no import that is known here");
        return;
    }

    assert_eq!(each(&shown, "method"), json!(["POST", "GET", "GET", "POST"]));
    assert_eq!(each(&shown, "url"), json!([LOGIN, WELCOME, PICTURE, BROKEN]));
    assert_eq!(each(&shown, "status"), json!([303, 200, 200, 0]));
    assert_eq!(each(&shown, "statusText"), json!(["See Other", "OK", "OK", ""]));
    assert_eq!(each(&shown, "location"), json!(["/welcome?name=J%C3%BCrgen&x=1", "", "", ""]));
    assert_eq!(shown[1]["mimeType"], "text/plain; charset=utf-8");
    assert_eq!(shown[2]["mimeType"], "image/png");
    let query = json!([{ "name": "name", "value": "J%C3%BCrgen" }, { "name": "x", "value": "1" }]);
    assert_eq!(each(&shown, "query"), json!([[], query, [], []]));
    let form = json!([{ "name": "username", "value": "admin" }, { "name": "password", "value": "REDACTED" }]);
    assert_eq!(each(&shown, "form"), json!([form, [], [], []]));

    // Name, value, path, HttpOnly, Secure.
    assert_eq!(each(&shown, "set"), json!([[["sid", "REDACTED", "/", true, true]], [], [], []]));
    let sent = json!([["sid", "REDACTED", "", false, false]]);
    assert_eq!(each(&shown, "sent"), json!([[], sent, sent, sent]));

    assert_eq!(each(&shown, "body"), json!(["", TEXT, STANDARD.encode(picture()), ""]));
    assert_eq!(each(&shown, "resourceSize"), json!([0, TEXT.len(), 30_000, 0]));
    assert_eq!(each(&shown, "transferSize"), json!([0, TEXT.len(), 30_000, 0]));
    let address = shown[1]["address"].as_str().unwrap();
    assert!(address.starts_with("127.0.0.1:") && address != "127.0.0.1:80", "{address}");

    // One connection, made for the first; the answer to the second takes its time.
    let took = |index: usize, stage: &str| shown[index][stage].as_f64();
    assert!(took(0, "connect") > Some(0.0) && took(0, "tls") > Some(0.0), "{shown}");
    assert_eq!((took(1, "connect"), took(1, "tls")), (None, None));
    let (told, took) = (took(1, "wait").unwrap(), took(1, "duration").unwrap());
    assert!((told - wait.as_secs_f64() * 1000.0).abs() < 0.01 && took >= told, "{wait:?} {told} {took}");
    assert!(wait >= PAUSE);

    // As its reader sees them. The panel shows any request of a file without a status as finished.
    let cell = |index: usize| each(&each(&shown, "row"), index);
    assert_eq!(cell(0), json!(["login", "welcome?name=J%C3%BCrgen&x=1", "picture.png", "broken"]));
    assert_eq!(cell(1), json!(["303", "200", "200", "Finished"]));
    assert_eq!(cell(2), json!(["fetch", "fetch", "fetch", "fetch"]));
    assert_eq!(cell(4), json!(["0.0\u{a0}kB", "0.0\u{a0}kB", "30.0\u{a0}kB", "0.0\u{a0}kB"]));
}

//! HAR files as a user of the transports has them: recorded over sockets once, checked, opened, and replayed offline.

use http::Method;
use serde_json::Value;
use session_core::error::ErrorKind;
use session_core::retry::policy::RetryPolicy;
use session_core::session::settings::CookieMode;
use session_testkit::Script;
use session_testkit::har::check::flaws;
use session_testkit::har::model::Har;
use session_testkit::har::record::Recorder;
use session_testkit::har::redact::Redaction;
use session_testkit::har::replay::Replay;
use session_testkit::scripted::blocking::Session;
use session_testkit::scripted::reply::Failure;
use session_testkit::scripted::unexpected::Unexpected;
use std::time::Duration;

const SECRET: &str = "hunter2";

/// A small application: a login with a redirect, JSON with a token, a picture.
fn application() -> Script {
    Script::new()
        .on(Method::POST, "http://app.test/login")
        .redirect(302, "/home?token=hunter2")
        .cookie("sid=hunter2; Path=/; HttpOnly")
        .on(Method::GET, "http://app.test/home")
        .reply(200)
        .header("content-type", "application/json")
        .header("x-api-key", SECRET)
        .body(r#"{"user":"eve","access_token":"hunter2"}"#)
        .on(Method::GET, "http://app.test/logo")
        .reply(200)
        .header("content-type", "image/png")
        .body(vec![0x89, b'P', b'N', b'G', 0xff])
        .on(Method::GET, "http://app.test/logo")
        .reply(404)
}

fn checked(har: &Har) -> Value {
    let value: Value = serde_json::from_str(&har.to_json()).unwrap();
    let found = flaws(&value);
    assert!(found.is_empty(), "{found:?}");
    value
}

/// Records the application over real sockets.
fn recorded(recorder: &Recorder) {
    let server = application().serve().unwrap();
    let session = server.point(transport_blocking::Session::builder()).build().unwrap();
    let login = session
        .post("http://app.test/login")
        .basic_auth("eve", Some(SECRET))
        .form(&[("user", "eve"), ("password", SECRET)])
        .send()
        .unwrap();
    let entry = recorder.record(&login);
    entry.set_request_body("user=eve&password=hunter2");
    entry.set_body(login.text().unwrap());
    for _ in 0..2 {
        let mut logo = session.get("http://app.test/logo?key=hunter2&size=1").send().unwrap();
        let entry = recorder.record(&logo);
        let mut body = Vec::new();
        while let Some(piece) = logo.chunk().unwrap() {
            body.extend_from_slice(&piece);
        }
        entry.set_body(body);
        entry.set_timings(&logo.timings());
    }
}

#[test]
fn an_exchange_over_sockets_becomes_a_valid_file_without_its_secrets() {
    let recorder = Recorder::new();
    recorded(&recorder);
    let har = recorder.har();
    let value = checked(&har);
    let text = har.to_json();
    assert!(!text.contains(SECRET) && !text.contains("aHVudGVyMg") && !text.contains("ZXZlOmh1bnRlcjI"), "{text}");

    let entries = &har.log.entries;
    let told: Vec<_> = entries.iter().map(|it| (it.request.method.as_str(), it.response.status)).collect();
    assert_eq!(told, [("POST", 302), ("GET", 200), ("GET", 200), ("GET", 404)]);
    let [login, home, logo, _] = entries.as_slice() else { panic!("four entries") };
    assert_eq!(login.response.redirect_url, "/home?token=REDACTED");
    let cookie = &login.response.cookies[0];
    assert_eq!((cookie.name.as_str(), cookie.value.as_str(), cookie.http_only), ("sid", "REDACTED", Some(true)));
    let data = login.request.post_data.as_ref().unwrap();
    assert_eq!((data.text.as_str(), data.params.len()), ("user=eve&password=REDACTED", 2));
    assert!(home.request.post_data.is_none(), "the redirect lost the body");
    assert_eq!(home.request.cookies[0].name, "sid");
    let json: Value = serde_json::from_str(home.response.content.text.as_deref().unwrap()).unwrap();
    assert_eq!((&json["user"], &json["access_token"]), (&"eve".into(), &"REDACTED".into()));
    assert_eq!(logo.response.content.encoding.as_deref(), Some("base64"));
    assert_eq!(logo.response.content.bytes().unwrap(), [0x89, b'P', b'N', b'G', 0xff]);
    assert_eq!(logo.request.query_string[1].value, "1");
    assert_eq!(logo.server_ip_address.as_deref(), Some("127.0.0.1"));
    assert!(login.timings.connect >= 0.0 && home.timings.connect < 0.0, "one connection was made");
    assert!(login.started_date_time <= home.started_date_time);
    assert!(value["log"]["entries"][1].get("serverIPAddress").is_some());
}

#[test]
fn secrets_are_kept_where_that_was_asked_for() {
    let recorder = Recorder::with(Redaction::none());
    recorded(&recorder);
    let har = recorder.har();
    checked(&har);
    let text = har.to_json();
    for kept in ["Basic ZXZlOmh1bnRlcjI=", "sid=hunter2", "password=hunter2", "token=hunter2", "key=hunter2"] {
        assert!(text.contains(kept), "{kept}");
    }
}

#[test]
fn what_was_recorded_once_runs_offline_for_any_session() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("login.har");
    let recorder = Recorder::new();
    recorded(&recorder);
    recorder.save(&path).unwrap();

    // By a script, with other secrets than those that were recorded.
    let script = Replay::load(&path).unwrap().matching_bodies().script().unwrap();
    let session = script.session();
    let form = [("user", "eve"), ("password", "another")];
    let home = session.post("http://app.test/login").form(&form).send().unwrap();
    assert_eq!((home.history().statuses(), home.url().query()), (vec![302], Some("token=REDACTED")));
    assert_eq!(home.json::<Value>().unwrap()["user"], "eve");
    assert!(session.cookies().to_map().contains_key("sid"));
    let logo = |session: &Session| session.get("http://app.test/logo?key=other&size=1").send().unwrap();
    assert_eq!(logo(&session).bytes().unwrap()[0], 0x89);
    assert_eq!(logo(&session).status().as_u16(), 404, "the same request again has the second answer");
    script.verify().unwrap();

    // By loopback sockets, for sessions of each transport.
    let script = Replay::load(&path).unwrap().script().unwrap();
    let server = script.serve().unwrap();
    let session = server.point(transport_blocking::Session::builder()).build().unwrap();
    assert_eq!(session.post("http://app.test/login").send().unwrap().status().as_u16(), 200);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let session = server.point(transport_tokio::Session::builder()).build().unwrap();
        for status in [200, 404] {
            let logo = session.get("http://app.test/logo?key=x&size=1").send().await.unwrap();
            assert_eq!(logo.status().as_u16(), status);
        }
    });
    script.verify().unwrap();
}

#[test]
fn a_request_that_is_not_in_the_file_is_a_typed_failure() {
    let recorder = Recorder::new();
    recorded(&recorder);
    let text = recorder.har().to_json();
    let script = Replay::parse(&text).unwrap().script().unwrap();
    let session = script.session();
    for url in ["http://app.test/other", "http://other.test/home", "http://app.test/logo?key=x&size=2"] {
        let error = session.get(url).send().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{url}");
        assert_eq!(Unexpected::of(&error).unwrap().expected().len(), 4, "{url}");
    }
    let other_body = Replay::parse(&text).unwrap().matching_bodies().script().unwrap();
    let error = other_body.session().post("http://app.test/login").form(&[("user", "mallory")]).send().unwrap_err();
    assert!(Unexpected::of(&error).is_some());
}

#[test]
fn answers_repeat_and_take_their_time_where_that_is_asked_for() {
    let script =
        Script::new().any("http://a.test/x").reply(200).after(Duration::from_secs(7)).any("http://a.test/x").reply(201);
    let (session, recorder) = (script.session(), Recorder::new());
    for _ in 0..2 {
        recorder.record(&session.get("http://a.test/x?now=1").send().unwrap());
    }
    let replay = Replay::of(recorder.har()).repeating().with_delays().any_value(["now"]).script().unwrap();
    let session = replay.session();
    let statuses = [(); 4].map(|()| session.get("http://a.test/x?now=9").send().unwrap().status().as_u16());
    assert_eq!(statuses, [200, 201, 201, 201]);
    assert_eq!(replay.clock().elapsed(), Duration::from_secs(7));
    replay.verify().unwrap();
}

#[test]
fn retries_and_failures_are_recorded_and_replayed() {
    let script = Script::new().any("/x").answer(Failure::Closed).any("/x").reply(200).any("/gone").refuse();
    let session: Session = script.builder().retry(RetryPolicy::new(1)).cookie_mode(CookieMode::Off).build().unwrap();
    let recorder = Recorder::new();
    recorder.record(&session.get("http://a.test/x").send().unwrap());
    let session: Session = script.builder().build().unwrap();
    recorder.record_failure(&session.get("http://a.test/gone").send().unwrap_err());
    session.close();
    recorder.record_failure(&session.get("http://a.test/").send().unwrap_err());
    let har = recorder.har();
    checked(&har);
    let told: Vec<_> =
        har.log.entries.iter().map(|entry| (entry.response.status, entry.response.error.as_deref())).collect();
    assert_eq!(told, [(0, Some("no answer")), (200, None), (0, Some("connect: connecting"))]);
    assert!(har.log.entries[0].comment.as_ref().unwrap().contains("closed"), "{:?}", har.log.entries[0].comment);

    let replay = Replay::of(har).script().unwrap();
    let session: Session = replay.builder().retry(RetryPolicy::new(1)).build().unwrap();
    assert_eq!(session.get("http://a.test/x").send().unwrap().history().hops().len(), 2);
    assert_eq!(
        session.get("http://a.test/gone").send().unwrap_err().kind(),
        ErrorKind::Unsupported,
        "its retry is not there"
    );
}

#[test]
fn a_file_of_a_browser_is_read_and_one_that_is_none_is_told() {
    let text = "\u{feff}".to_owned()
        + r#"{"log": {"version": "1.2", "creator": {"name": "WebInspector", "version": "537.36"}, "pages": [], "entries": [{
            "_connectionId": "7", "_initiator": {"type": "other"}, "pageref": "page_1",
            "startedDateTime": "2026-11-21T14:32:07.123+01:00", "time": 12.5,
            "request": {"method": "GET", "url": "https://a.test/gr%C3%BCn?x=1#top", "httpVersion": "http/2.0",
                "headers": [{"name": ":method", "value": "GET"}], "queryString": [], "cookies": [],
                "headersSize": -1, "bodySize": 0},
            "response": {"status": 200, "statusText": "", "httpVersion": "http/2.0", "cookies": [],
                "headers": [{"name": ":status", "value": "200"}, {"name": "content-encoding", "value": "br"},
                    {"name": "set-cookie", "value": "a=1\nb=2"}],
                "content": {"size": 5, "mimeType": "text/plain", "text": "aGVsbG8=", "encoding": "base64"},
                "redirectURL": "", "headersSize": -1, "bodySize": -1, "_transferSize": 99},
            "cache": {}, "timings": {"blocked": 1.5, "dns": -1, "ssl": -1, "connect": -1, "send": 1, "wait": 9, "receive": 1}
        }]}}"#;
    assert_eq!(flaws(&serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()), []);
    let session = Replay::parse(&text).unwrap().script().unwrap().session();
    let response = session.get("https://a.test/gr\u{fc}n?x=1").send().unwrap();
    assert_eq!(response.text().unwrap(), "hello");
    assert_eq!(session.cookies().to_map().len(), 2);

    assert!(Replay::parse("{}").unwrap_err().to_string().contains("missing field `log`"));
    let replaced =
        |from: &str, to: &str| Replay::parse(&text.replace(from, to)).unwrap().script().unwrap_err().to_string();
    assert!(replaced("\"GET\", \"url\"", "\"G T\", \"url\"").contains("entry 0: \"G T\" is no method"));
    assert!(replaced("https://a.test", "nowhere").contains("entry 0: \"nowhere"));
    assert!(replaced("aGVsbG8=", "?").contains("no base64"));
    assert!(replaced("\"base64\"", "\"rot13\"").contains("unknown encoding"));
    assert!(replaced("\"status\": 200", "\"status\": 20").contains("20 is no status"));
}

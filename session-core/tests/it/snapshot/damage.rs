//! Damaged, foreign and hostile snapshots: each is an error that says where, and shows nothing (threats ST-02, ST-03).

use super::{Exchange, Script, answer, first, request};
use crate::clock::now;
use serde_json::{Value, json};
use session_core::error::{Error, ErrorKind};
use session_core::limits::Limits;
use session_core::message::head::ResponseHead;
use session_core::session::Session;
use session_core::session::compat::Compat;
use session_core::session::snapshot::{HopSnapshot, PauseSnapshot, Snapshot, VERSION};
use session_core::session::step::{Hop, Step};
use session_core::time::Now;

/// One of each kind, of a session and an exchange that have something in nearly every place.
fn saved(now: Now) -> [(Kind, Value); 3] {
    let flags = [false, true, true, true, true, true];
    let script = Script {
        flags,
        credential: Some((true, None)),
        proxy: Some(true),
        compat: Compat::Fetch,
        exchanges: Vec::new(),
    };
    let mut session = first(&script);
    let plain = Exchange {
        origin: 0,
        method: 0,
        body: 0,
        flags: [false; 6],
        credential: None,
        redirect: None,
        mode: None,
        timeout: false,
        outcomes: Vec::new(),
    };
    let hop = sent(session.begin(request(&plain), now).unwrap());
    let head = answer(&hop, 401, 0, [true; 6]);
    let hop = sent(session.handle_response(hop, head, now).unwrap());
    let _ = session.handle_response(hop, ResponseHead::new(http::StatusCode::OK), now).unwrap();
    let asked = Exchange {
        method: 2,
        body: 1,
        flags: [false, true, true, true, false, true],
        credential: Some(true),
        redirect: Some((3, true)),
        timeout: true,
        ..plain
    };
    let hop = sent(session.begin(request(&asked), now).unwrap());
    let head = answer(&hop, 307, 1, [true, false, false, false, false, false]);
    let hop = sent(session.handle_response(hop, head, now).unwrap());
    let head = answer(&hop, 401, 0, [false, false, true, false, false, false]);
    let hop = sent(session.handle_response(hop, head, now).unwrap());
    let whole = json(hop.snapshot(now).unwrap().to_json());
    let head = answer(&hop, 503, 0, [false, false, false, false, true, false]);
    let Step::Wait(pause) = session.handle_response(hop, head, now).unwrap() else { panic!("nothing waits") };
    let pause = json(pause.snapshot(now).unwrap().to_json());
    [(Kind::Session, json(session.snapshot(now).to_json())), (Kind::Hop, whole), (Kind::Pause, pause)]
}

fn sent(step: Step) -> Hop {
    match step {
        Step::Send(hop) => hop,
        other => panic!("expected a hop, got {other:?}"),
    }
}

fn json(text: Result<String, Error>) -> Value {
    serde_json::from_str(&text.unwrap()).unwrap()
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Session,
    Hop,
    Pause,
}

impl Kind {
    /// Reads it and restores it.
    fn take(self, text: &str, limits: &Limits, now: Now) -> Result<(), Error> {
        let mut session = Session::builder().limits(limits.clone()).build()?;
        match self {
            Self::Session => session.restore(Snapshot::from_json(text)?, now),
            Self::Hop => session.resume_hop(HopSnapshot::from_json(text)?, now).map(drop),
            Self::Pause => session.resume_pause(PauseSnapshot::from_json(text)?, now).map(drop),
        }
    }

    fn refuses(self, text: &str, now: Now) -> String {
        match self.take(text, &Limits::default(), now) {
            Ok(()) => panic!("{self:?} took {text}"),
            Err(error) => shown(&error),
        }
    }
}

/// The error's text, which holds no secret.
fn shown(error: &Error) -> String {
    assert_eq!(error.kind(), ErrorKind::InvalidSetting);
    let mut shown = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        shown.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    assert!(!shown.contains("s-") && !shown.contains("Mufasa"), "a secret was printed: {shown}");
    shown
}

/// The way to every value, the top itself first.
fn ways(value: &Value) -> Vec<String> {
    let below = |name: String, value: &Value| ways(value).into_iter().map(move |way| format!("/{name}{way}")).collect();
    let parts: Vec<Vec<String>> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| below(name.clone(), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(index, value)| below(index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    std::iter::once(String::new()).chain(parts.into_iter().flatten()).collect()
}

#[test]
fn what_was_saved_is_whole() {
    let now = now();
    for (kind, value) in saved(now) {
        assert_eq!(kind.take(&value.to_string(), &Limits::default(), now).map_err(|error| error.to_string()), Ok(()));
        assert!(ways(&value).len() > 100, "{kind:?} holds too little to be a test: {value}");
    }
}

#[test]
fn every_missing_field_and_every_unknown_one_is_refused() {
    let now = now();
    for (kind, value) in saved(now) {
        for way in ways(&value) {
            let Some((above, name)) = way.rsplit_once('/') else { continue };
            let mut damaged = value.clone();
            let Some(Value::Object(fields)) = damaged.pointer_mut(above) else { continue };
            let taken = fields.remove(name).unwrap();
            kind.refuses(&damaged.to_string(), now);
            let Some(Value::Object(fields)) = damaged.pointer_mut(above) else { unreachable!() };
            fields.insert(name.to_owned(), taken);
            fields.insert("further".to_owned(), json!(1));
            kind.refuses(&damaged.to_string(), now);
        }
    }
}

#[test]
fn every_value_of_another_type_is_refused() {
    let now = now();
    let kind_of = std::mem::discriminant::<Value>;
    for (kind, value) in saved(now) {
        for way in ways(&value) {
            for other in [json!(null), json!(true), json!(-1), json!(1e300), json!("s-"), json!([]), json!({})] {
                let mut damaged = value.clone();
                let place = damaged.pointer_mut(&way).unwrap();
                let plain = !place.is_null() && !other.is_null() && kind_of(place) != kind_of(&other);
                *place = other;
                match kind.take(&damaged.to_string(), &Limits::default(), now) {
                    Ok(()) => assert!(!plain, "{kind:?} took {damaged} at {way}"),
                    Err(error) => drop(shown(&error)),
                }
            }
        }
    }
}

#[test]
fn every_text_that_was_cut_short_is_refused_with_its_place() {
    let now = now();
    for (kind, value) in saved(now) {
        let text = value.to_string();
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)).step_by(17) {
            assert!(kind.refuses(&text[..end], now).contains("line"), "{kind:?} {end}");
        }
        assert!(kind.refuses(&format!("{text}x"), now).contains("line 1, column"));
    }
}

#[test]
fn another_version_is_told_by_its_number_whatever_it_holds() {
    let now = now();
    for (kind, value) in saved(now) {
        for version in [0, VERSION + 1, u32::MAX] {
            let mut other = value.clone();
            other["version"] = json!(version);
            for text in [other.to_string(), json!({"version": version, "new": [1]}).to_string()] {
                let shown = kind.refuses(&text, now);
                assert!(shown.contains(&format!("of version {version}; expected version {VERSION}")), "{shown}");
            }
        }
        // The version stands first, so that other formats tell it too.
        assert!(value.as_object().unwrap().contains_key("version"));
        let text = json!({"version": 7}).to_string();
        let fault = serde_json::from_str::<Snapshot>(&text).unwrap_err().to_string();
        assert!(fault.contains("of version 7; expected version 1"), "{fault}");
    }
}

#[test]
fn one_kind_is_not_taken_for_another() {
    let now = now();
    let [(session, session_value), (hop, hop_value), (pause, pause_value)] = saved(now);
    for (kind, value) in [(session, &hop_value), (hop, &pause_value), (pause, &session_value), (hop, &session_value)] {
        kind.refuses(&value.to_string(), now);
    }
}

/// What no live input could have left behind, and where it is told to be.
#[test]
fn what_could_be_read_and_cannot_be_is_refused_with_its_place() {
    let now = now();
    let [session, hop, pause] = saved(now);
    let line = |name: &str, value: &str| json!({"name": name, "value": value, "sensitive": false});
    let second = |value: &Value, way: &str| value.pointer(way).unwrap().clone();
    let of_session: Vec<(&str, Value, &str)> = vec![
        ("/session_state/cookies/version", json!(9), "session_state.cookies.version"),
        ("/session_state/cookies/cookies/0/name", json!("a=b"), "session_state.cookies.cookies[0]"),
        ("/session_state/cookies/cookies/0/value", json!("a\nb"), "session_state.cookies.cookies[0]"),
        ("/session_state/cookies/cookies/0/value", json!("v".repeat(5000)), "session_state.cookies.cookies[0]"),
        ("/session_state/cookies/cookies/1/path", json!("x"), "session_state.cookies.cookies[1]"),
        (
            "/session_state/cookies/cookies/1",
            second(&session.1, "/session_state/cookies/cookies/0"),
            "session_state.cookies.cookies[1]",
        ),
        ("/session_state/headers/ordinary/0", line("cookie", "x=1"), "session_state.headers.ordinary"),
        ("/session_state/headers/ordinary/0", line("host", "a/b"), "session_state.headers.ordinary"),
        ("/session_state/headers/cookie/lines", json!([]), "session_state.headers.cookie.lines"),
        ("/session_state/origin_headers/0/fields", json!([]), "session_state.origin_headers[0]"),
        ("/session_state/netrc/0/login/user", json!("other"), "session_state.netrc[0].login"),
        ("/session_state/netrc/0/login/credential", json!({"bearer": "t"}), "session_state.netrc[0].login"),
        ("/session_state/digests/0/state/nonce", json!("a\r\nb"), "session_state.digests[0].state.nonce"),
        ("/session_state/digests/0/state/offer/realm", json!("\0"), "session_state.digests[0].state.offer.realm"),
        (
            "/session_state/digests/0/state/offer/realm",
            json!("r".repeat(17_000)),
            "session_state.digests[0].state.offer",
        ),
        ("/session_state/digests/0/state/offer/algorithm", json!("SHA-1"), "session_state.digests[0].state.offer"),
        (
            "/session_state/digests/0/state/session_cnonce",
            json!("\"x"),
            "session_state.digests[0].state.session_cnonce",
        ),
        ("/session_state/hsts/0/host", json!("10.0.0.1"), "session_state.hsts[0].host"),
        ("/session_state/hsts/0/host", json!("A.test"), "line 1"),
        ("/session_state/hsts/0/expires/nanos", json!(1_000_000_000), "line 1"),
        ("/session_state/credential/origin", json!("https://a.test/path"), "line 1"),
        ("/session_state/headers/ordinary/0/name", json!("X-Api"), "line 1"),
        ("/session_state/headers/ordinary/0/value", json!("a\nb"), "line 1"),
        (
            "/session_state/headers/ordinary",
            (0..40_000).map(|count| line(&format!("x{count}"), "")).collect(),
            "line 1",
        ),
    ];
    let credential = second(&session.1, "/session_state/credentials/0");
    let entry = second(&session.1, "/session_state/hsts/0");
    let settings = second(&session.1, "/session_state/origin_settings/0");
    let inherit = ["connect", "resolve", "tls", "head", "expect", "idle", "drain", "cookies", "proxy"]
        .map(|name| (name.to_owned(), json!("inherit")));
    let nothing = Value::Object(inherit.into_iter().collect());
    let twice = [
        ("/session_state/credentials", json!([credential, credential]), "session_state.credentials[1]"),
        ("/session_state/hsts", json!([entry, entry]), "session_state.hsts[1]"),
        ("/session_state/origin_settings", json!([settings, settings]), "session_state.origin_settings[1]"),
        ("/session_state/origin_settings/0/settings", nothing, "session_state.origin_settings[0]"),
    ];
    let of_hop: Vec<(&str, Value, &str)> = vec![
        ("/hop_state/exchange/method", json!("CONNECT"), "hop_state.exchange.method"),
        ("/hop_state/exchange/own/0", line("content-length", "3"), "hop_state.exchange.own"),
        ("/hop_state/exchange/own/0", line("transfer-encoding", "chunked"), "hop_state.exchange.own"),
        ("/hop_state/exchange/own/0", line("cookie", "x=1"), "hop_state.exchange.own"),
        ("/hop_state/exchange/framing", json!({"length": 7}), "hop_state.exchange.framing"),
        ("/hop_state/exchange/framing", json!("none"), "hop_state.exchange.framing"),
        (
            "/hop_state/exchange/own_cookies",
            json!([{"pair": "a;b=1", "name_length": 0, "source": "field"}]),
            "hop_state.exchange.own_cookies[0]",
        ),
        (
            "/hop_state/exchange/own_cookies",
            json!([{"pair": "ab=1", "name_length": 1, "source": "field"}]),
            "hop_state.exchange.own_cookies[0]",
        ),
        ("/hop_state/exchange/hashes/1/hex", json!("00"), "hop_state.exchange.hashes[1].hex"),
        ("/hop_state/exchange/hop_number", json!(1), "hop_state.exchange.history"),
        ("/hop_state/exchange/hop_number", json!(u32::MAX), "hop_state.exchange.history"),
        ("/hop_state/exchange/left", json!({"secs": u64::MAX, "nanos": 0}), "hop_state.exchange.left"),
        ("/hop_state/exchange/left", json!({"secs": u64::MAX, "nanos": u32::MAX}), "line 1"),
        ("/hop_state/exchange/target", json!("http://u:s-p@a.test/"), "line 1"),
        ("/hop_state/exchange/target", json!("ftp://a.test/"), "line 1"),
        ("/hop_state/exchange/history/0/status", json!(1000), "line 1"),
        ("/hop_state/exchange/route/via/port", json!(0), "line 1"),
        ("/hop_state/exchange/route/via/port", json!(65_536), "line 1"),
        ("/hop_state/exchange/redirect/max", json!(-1), "line 1"),
        ("/hop_state/fields/0", line("x-first", "1"), "hop_state.fields"),
        ("/hop_state/fields", json!([]), "hop_state.fields"),
        ("/hop_state/fields", json!([line("host", "a.test"), line("host", "b.test")]), "hop_state.fields"),
        ("/hop_state/fields", json!([line("host", "a.test"), line("content-length", "1")]), "hop_state.fields"),
        ("/hop_state/fields", json!([line("host", "a"), line("cookie", "a"), line("cookie", "b")]), "hop_state.fields"),
    ];
    let of_pause: Vec<(&str, Value, &str)> = vec![
        ("/pause_state/left", json!({"secs": u64::MAX, "nanos": 0}), "pause_state.left"),
        ("/pause_state/exchange/hop_number", json!(9), "pause_state.exchange.history"),
        ("/pause_state/exchange/method", json!("CONNECT"), "pause_state.exchange.method"),
        ("/pause_state/exchange/method", json!("A B"), "line 1"),
    ];
    let of_session = of_session.into_iter().chain(twice).map(|damage| (&session, damage));
    let of_exchange =
        of_hop.into_iter().map(|damage| (&hop, damage)).chain(of_pause.into_iter().map(|damage| (&pause, damage)));
    for ((kind, value), (way, other, place)) in of_session.chain(of_exchange) {
        let mut damaged = value.clone();
        *damaged.pointer_mut(way).unwrap_or_else(|| panic!("{way} is not there")) = other;
        let shown = kind.refuses(&damaged.to_string(), now);
        assert!(shown.contains(place), "{way}: {shown}");
    }
}

#[test]
fn a_session_that_refuses_a_snapshot_is_as_it_was() {
    let now = now();
    let [(_, mut value), ..] = saved(now);
    let hosts = value.pointer_mut("/session_state/hsts").unwrap().as_array_mut().unwrap();
    hosts[0]["host"] = json!("10.0.0.1");
    let mut session = Session::builder().default_header("x-a", "1").build().unwrap();
    let before = session.snapshot(now).to_json().unwrap();
    assert!(session.restore(Snapshot::from_json(&value.to_string()).unwrap(), now).is_err());
    assert_eq!(session.snapshot(now).to_json().unwrap(), before);
    let snapshot = Snapshot::from_json(&value.to_string()).unwrap();
    assert_eq!(Session::builder().restore(snapshot, now).build().unwrap_err().kind(), ErrorKind::InvalidSetting);
}

#[test]
fn what_is_more_than_the_limits_allow_goes_as_in_a_live_session() {
    let now = now();
    let [(_, value), ..] = saved(now);
    let mut limits = Limits::default();
    (limits.cookies_total, limits.hsts_entries, limits.digest_origins) = (1, 0, 1);
    let mut session = Session::builder().limits(limits).build().unwrap();
    session.restore(Snapshot::from_json(&value.to_string()).unwrap(), now).unwrap();
    assert_eq!(session.cookies().len(), 1);
    let kept = json(session.snapshot(now).to_json());
    assert_eq!(kept.pointer("/session_state/hsts").unwrap(), &json!([]));
    assert_eq!(kept.pointer("/session_state/digests").unwrap().as_array().unwrap().len(), 1);
}

/// Threat ST-03.
#[test]
fn no_debug_of_a_snapshot_shows_a_secret() {
    let now = now();
    let [(_, session), (_, hop), (_, pause)] = saved(now);
    assert!(session.to_string().contains("s-") && hop.to_string().contains("s-") && pause.to_string().contains("s-"));
    let session = Snapshot::from_json(&session.to_string()).unwrap();
    let hop = HopSnapshot::from_json(&hop.to_string()).unwrap();
    let pause = PauseSnapshot::from_json(&pause.to_string()).unwrap();
    let shown = format!("{session:?} {hop:?} {pause:?} {:#?} {:#?} {:#?}", session, hop, pause);
    assert!(!shown.contains("s-") && !shown.contains("Mufasa"), "{shown}");
    assert!(shown.contains("cookies") && shown.contains("https://a.test/next"), "{shown}");
}

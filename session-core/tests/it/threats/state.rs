//! ST: secrets and what is brought back from outside.

use crate::clock::now;
use crate::driver::{answer, first_hop, get, plain_get, redirect, run, sent, setting, target};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use session_core::auth::credentials::Credential;
use session_core::auth::netrc::Netrc;
use session_core::cookies::Jar;
use session_core::entropy::Entropy;
use session_core::error::Error;
use session_core::hsts::{HstsEntry, HstsStore, Subdomains};
use session_core::limits::Limits;
use session_core::message::body::{BodySize, RequestBody};
use session_core::message::host::CanonicalHost;
use session_core::message::proxy::ProxyServer;
use session_core::proxy::environment::from_environment;
use session_core::proxy::select::ProxyConfig;
use session_core::session::Session;
use session_core::session::origin_settings::OriginSettings;
use session_core::session::request::Request;
use session_core::session::settings::Setting;
use std::error::Error as _;
use std::fmt::Debug;
use std::time::Duration;

/// Whatever is brought back passes the rules that hold for what is learned.
#[test]
fn st_02_what_is_brought_back_passes_the_same_rules() {
    let mut jar = Jar::new();
    for cookie in [
        cookie::Cookie::build(("a", "1")).domain("bank.test").build(),
        cookie::Cookie::build(("__Host-a", "1")).build(),
        cookie::Cookie::build(("a", "1")).domain("test").build(),
        cookie::Cookie::new("a", "1\r\nX: y"),
    ] {
        assert!(jar.insert(&target("https://evil.test/"), cookie, now().wall()).rejection().is_some());
    }
    assert!(jar.is_empty());
    let limits = Limits::default();
    let mut store = HstsStore::new();
    let expires = now().wall() + Duration::from_secs(u64::from(u32::MAX) * 10);
    let entry = |host: &str| HstsEntry::new(CanonicalHost::parse(host).unwrap(), expires, Subdomains::Included);
    assert!(store.insert(&entry("192.0.2.1"), now(), &limits).is_err());
    assert!(store.insert(&entry(&"a.".repeat(200)), now(), &limits).is_err());
    store.insert(&entry("a.test"), now(), &limits).unwrap();
    let latest = now().wall() + Duration::from_secs(limits.hsts_seconds);
    assert!(store.entries(now()).all(|entry| entry.expires <= latest));
    let (netrc, warnings) =
        Netrc::parse("machine a.test login \"u\\r\\nX: y\" password p\nmachine \"b c\" login u password p");
    assert!(netrc.lookup(&CanonicalHost::parse("a.test").unwrap()).is_none());
    assert_eq!(warnings.len(), 2);
}

/// A file of cookies is a list that somebody else may have written: what is no cookie is left out, and told. A snapshot is
/// this library's own word and one whole: where a record of it is not valid, nothing of it is taken, as what is left would be
/// a guess.
#[cfg(all(feature = "serde", feature = "json"))]
#[test]
fn st_02_an_invalid_record_is_skipped_in_a_list_of_cookies_and_refuses_a_whole_snapshot() {
    use session_core::cookies::JarSnapshot;
    use session_core::error::ErrorKind;
    use session_core::session::snapshot::Snapshot;
    let lines = "a.test\tFALSE\t/\tFALSE\t0\tgood\t1\na.test\tFALSE\t/\tFALSE\t0\tbad\t1\u{1}\nnot a cookie\n";
    let mut jar = Jar::new();
    assert_eq!(jar.read_netscape(lines.as_bytes(), now().wall()).len(), 2);
    assert_eq!(jar.to_map().into_iter().collect::<Vec<_>>(), [("good".to_owned(), "1".to_owned())]);
    jar.accept(&target("https://a.test/"), b"worse=1", now().wall());
    let text = serde_json::to_string(&jar.snapshot()).unwrap().replace("\"worse\"", "\"wo=rse\"");
    let (saved, mut restored): (JarSnapshot, _) = (serde_json::from_str(&text).unwrap(), Jar::new());
    assert_eq!(restored.restore(&saved, now().wall()).unwrap().len(), 1);
    assert_eq!(restored.to_map().into_keys().collect::<Vec<_>>(), ["good"]);
    let session = Session::builder().cookie_jar(jar).default_header("x-kept", "1").build().unwrap();
    let text = session.snapshot(now()).to_json().unwrap().replace("\"worse\"", "\"wo=rse\"");
    let mut session = Session::builder().build().unwrap();
    let error = session.restore(Snapshot::from_json(&text).unwrap(), now()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSetting);
    assert!(session.cookies().is_empty() && session.headers().ordinary().is_empty(), "nothing of it was taken");
}

const CANARY: &str = "hunter2";

/// Whether nothing of this shows the canary, in the clear or as Basic writes it.
fn silent(what: &str, shown: impl Debug) {
    let shown = format!("{shown:?} {shown:#?}");
    assert!(!shown.contains(CANARY), "{what}: {shown}");
    assert!(
        !shown.contains("aHVudGVyMg") && !shown.contains("h1bnRlcjI") && !shown.contains("odW50ZXIy"),
        "{what}: {shown}"
    );
}

/// An error with all that it was made of.
fn silent_error(what: &str, error: &Error) {
    silent(what, error);
    silent(what, error.to_string());
    let mut source = error.source();
    while let Some(error) = source {
        silent(what, error.to_string());
        silent(what, error);
        source = error.source();
    }
}

#[test]
fn st_03_no_secret_is_ever_printed() {
    let proxy = ProxyServer::parse("http://hunter2:hunter2@p.test").unwrap();
    let mut jar = Jar::new();
    jar.accept(&target("http://a.test/"), b"j=hunter2", now().wall());
    let mut fields = HeaderMap::new();
    fields.insert("x-auth-token", HeaderValue::from_static("hunter2"));
    fields.insert("authorization", HeaderValue::from_static("Key hunter2"));
    let netrc = Netrc::parse("machine n.test login hunter2 password hunter2").0;
    let builder = Session::builder()
        .base_url("http://hunter2:hunter2@base.test/")
        .default_header("authorization", "Default hunter2")
        .default_header("cookie", "d=hunter2")
        .default_header("x-api-key", "hunter2")
        .auth_for("http://b.test", Credential::digest("hunter2", "hunter2"))
        .origin_headers("http://c.test", fields.clone())
        .origin_settings("http://c.test", OriginSettings::new().proxy(proxy.clone()))
        .netrc(netrc.clone())
        .cookie_jar(jar.clone())
        .entropy(Entropy::from_seed(*b"hunter2hunter2hunter2hunter2hunt"))
        .proxy(ProxyConfig::new().all(proxy.clone()));
    silent("builder", &builder);
    let mut session = builder.build().unwrap();
    let parts: [(&str, &dyn Debug); 6] = [
        ("session", &session),
        ("proxy", &proxy),
        ("netrc", &netrc),
        ("credential", &Credential::basic("hunter2", "hunter2")),
        ("jar", &jar),
        (
            "user information",
            &session_core::message::target::take_user_info(&mut "http://hunter2:hunter2@a.test/".parse().unwrap()),
        ),
    ];
    for (name, part) in parts {
        silent(name, part);
    }
    let mut request = Request::get("http://hunter2:hunter2@a.test/x");
    for name in ["authorization", "proxy-authorization", "x-csrf-token", "cookie"] {
        request.append_header(name, "k=hunter2").unwrap();
    }
    request.add_cookie("c", CANARY);
    request.set_auth(Setting::Set(Credential::bearer(CANARY)));
    request.set_hashable(bytes::Bytes::from_static(CANARY.as_bytes()));
    request.set_body(RequestBody::replayable(BodySize::Sized(7)));
    silent("request", &request);
    silent("preview", session.preview(request.clone(), now()).unwrap());
    let challenge = "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"";
    let info = [("authentication-info", "nextnonce=\"hunter2\""), ("set-cookie", "k=hunter2")];
    for request in [request, Request::get("http://b.test/"), Request::get("http://c.test/"), Request::get("/rel")] {
        let answers = [
            answer(401, &[("www-authenticate", challenge), ("set-cookie", "k=hunter2")]),
            redirect(302, "http://eve:theirs@c.test/"),
            redirect(302, "http://n.test/"),
            answer(200, &info),
        ];
        let run = run(&mut session, request, answers);
        for hop in &run.hops {
            silent("hop", hop);
            silent("hop's head", hop.head());
            silent("CONNECT", hop.connect_head());
            silent("route", (hop.route(), hop.pool_key(), hop.target()));
        }
        silent("delivery", run.delivery());
        silent("history", (run.delivery().history(), run.delivery().history().to_string()));
        silent("session", &session);
    }
    let refused = get(&mut session, "http://a.test/", [redirect(302, "ftp://c.test/")]);
    let error = refused.outcome.unwrap_err();
    silent_error("refused redirect", error.error());
    silent("history of an error", (error.history(), error.history().to_string()));
    for url in [
        "http://eve:hunter2@",
        "http://eve:hunter2@a.test:99999/",
        "ftp://eve:hunter2@a.test/",
        "http://e:hunter2@a..test/",
    ] {
        silent_error(url, plain_get(&mut session, url).outcome.unwrap_err().error());
    }
    silent_error("proxy", &ProxyServer::parse("http://eve:hunter2@p.test/path").unwrap_err());
    let variables = [("http_proxy".to_owned(), "ftp://eve:hunter2@p.test".to_owned())];
    silent_error("environment", &from_environment(&variables).unwrap_err());
    silent_error("field", &Request::get("http://a.test/").append_header("x", "hunter2\n").unwrap_err());
    silent_error("name", &Request::get("http://a.test/").append_header("hunter2 x", "y").unwrap_err());
    silent_error("default", &Session::builder().default_header("x", "hunter2\0").build().unwrap_err());
    silent_error("basic", &Credential::basic("a:b", CANARY).authorization().unwrap_err());
    silent_error("bearer", &Credential::bearer("hunter2 \n").authorization().unwrap_err());
    let mut request = Request::get("http://a.test/");
    request.add_cookie("a;b", CANARY);
    silent_error("cookie", session.begin(request, now()).unwrap_err().error());
}

/// What a server sent may hold terminal control sequences and be of any length.
#[test]
fn st_04_a_servers_bytes_are_escaped_and_cut() {
    let evil = format!("{}{}", "\u{9b}2J\u{1b}]0;evil\u{7}\u{202e}", "x".repeat(10_000));
    let is_tame = |text: &str| {
        assert!(text.len() < 2048, "{}", text.len());
        assert!(text.chars().all(|c| !c.is_control() && c != '\u{202e}' && c != '\u{9b}'), "{text:?}");
    };
    let location =
        HeaderValue::from_bytes(&[b"ftp://".as_slice(), b"\xff\x9b2J", &b"x".repeat(10_000)].concat()).unwrap();
    for location in [location, HeaderValue::from_bytes(b"http://\xff\x9b2J\xe2\x80\xae/").unwrap()] {
        let mut head = redirect(302, "/");
        head.headers.insert("location", location);
        let run = get(&mut Session::builder().build().unwrap(), "http://a.test/", [head]);
        let error = run.outcome.unwrap_err();
        is_tame(&error.to_string());
        is_tame(&format!("{:?}", error.error()));
    }
    for line in [format!("a=1; Domain={evil}"), format!("{evil}=1"), format!("a={evil}; Path=/")] {
        let mut head = answer(200, &[]);
        let bytes: Vec<u8> = line.bytes().filter(|byte| *byte >= 0x20 && *byte != 0x7f).collect();
        head.headers.insert("set-cookie", HeaderValue::from_bytes(&bytes).unwrap());
        let run = get(&mut Session::builder().build().unwrap(), "http://a.test/", [head]);
        run.delivery().history().reasons().for_each(|reason| is_tame(&reason.to_string()));
    }
    for bytes in
        [evil.as_bytes(), format!("HTTP/1.1 200 {evil}\r\n\r\n").as_bytes(), b"HTTP/1.1 200 OK\r\n\x1b]0;: x\r\n\r\n"]
    {
        let mut connection = crate::read::asked("GET", &Limits::default());
        let mut input = session_core::h1::RecvBuffer::new();
        input.extend_from_slice(bytes);
        connection.handle_eof();
        let error = connection.next_event(&mut input).unwrap_err();
        is_tame(&error.to_string());
        is_tame(&format!("{error:?}"));
    }
}

#[test]
fn st_05_a_value_that_was_marked_stays_marked() {
    let mark = |text: &'static str| {
        let mut value = HeaderValue::from_static(text);
        value.set_sensitive(true);
        value
    };
    let mut session = Session::builder().default_header("x-default", mark("d")).build().unwrap();
    session.headers_mut().append(HeaderName::from_static("x-default"), mark("e"));
    session.set_origin_headers(
        crate::driver::origin("http://a.test"),
        HeaderMap::from_iter([(HeaderName::from_static("x-origin"), mark("o"))]),
    );
    let mut request = Request::get("http://a.test/");
    request.append_header("x-own", mark("1")).unwrap();
    get(&mut session, "http://a.test/", [setting(&["c=1"])]);
    let hop = first_hop(&mut session, request.clone());
    let copy = hop.clone();
    let next = sent(session.handle_response(hop, redirect(307, "/next"), now()).unwrap());
    for hop in [&copy, &next] {
        for name in ["x-default", "x-origin", "x-own", "cookie"] {
            let mut lines = hop.head().headers().get_all(name).iter().peekable();
            assert!(lines.peek().is_some() && lines.all(HeaderValue::is_sensitive), "{name}");
        }
    }
    let crossed = run(&mut session, request, [redirect(307, "http://b.test/")]);
    assert!(["x-default", "x-own", "x-origin"].iter().all(|name| !crossed.last().head().headers().contains_key(*name)));
    for credential in [Credential::basic("u", "p"), Credential::bearer("t")] {
        assert!(credential.authorization().unwrap().is_sensitive());
        let mut request = Request::get("http://a.test/");
        request.set_auth(Setting::Set(credential));
        assert!(first_hop(&mut session, request).head().headers()[AUTHORIZATION].is_sensitive());
    }
}

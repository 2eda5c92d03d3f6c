//! A session that is saved and restored in another one goes on as if nothing had been.

use crate::{address, bounded, server};
use session_core::auth::credentials::Credential;
use session_core::cookies::jar::Jar;
use session_core::handle::Access;
use session_core::hsts::{HstsEntry, Subdomains};
use session_core::message::host::CanonicalHost;
use session_core::message::origin::Scheme;
use session_core::session::request::Request;
use session_core::session::snapshot::Snapshot;
use session_core::time::Now;
use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use std::time::{Duration, Instant, SystemTime};
use transport_async_std::{Session, SessionBuilder, SharedJar};

fn now() -> Now {
    Now::new(Instant::now(), SystemTime::now())
}

/// A server that sets cookies at `/login` and challenges whoever proves nothing at `/digest`.
fn site() -> Server {
    server(|request| match (request.head.target.as_str(), request.head.text("authorization")) {
        ("/login", _) => {
            Answer::ok("in").field("set-cookie", "sid=1; Path=/; HttpOnly").field("set-cookie", "gone=1; Max-Age=0")
        }
        ("/digest", None) => {
            Answer::status(401).field("www-authenticate", "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"")
        }
        _ => Answer::ok("fine"),
    })
}

/// What the program gives to each of its sessions.
fn settings(server: &Server) -> SessionBuilder {
    Session::builder().resolve("a.test", address(server)).base_url("http://a.test")
}

/// Each request as it came, but for what is drawn by lot.
fn seen(server: &Server) -> Vec<String> {
    let of = |part: &str| part.trim().split_once("cnonce=").is_none() && !part.trim().starts_with("response=");
    let shown =
        |raw: &[u8]| String::from_utf8_lossy(raw).split(',').filter(|part| of(part)).collect::<Vec<_>>().join(",");
    server.requests().iter().map(|request| shown(&request.raw)).collect()
}

#[test]
fn a_restored_session_goes_on_where_the_saved_one_stopped() {
    bounded(|| async {
        let server = site();
        let builder = settings(&server).default_header("x-app", "demo").default_header("authorization", "Key s3cret");
        let session = builder.build().unwrap();
        session.get("/login").send().await.unwrap();
        let strict = CanonicalHost::parse("strict.test").unwrap();
        let entry = HstsEntry::new(strict, now().wall() + Duration::from_secs(60), Subdomains::Included);
        session.with(|core| {
            let limits = core.limits().clone();
            core.hsts_mut().insert(&entry, now(), &limits).unwrap();
        });
        let saved = session.snapshot().to_json().unwrap();
        let restored = settings(&server).restore(Snapshot::from_json(&saved).unwrap(), now()).build().unwrap();
        assert_eq!(restored.diff(&Snapshot::from_json(&saved).unwrap()), []);
        assert_eq!(restored.snapshot().to_json().unwrap(), saved);
        for each in [&session, &restored] {
            each.get("/x").send().await.unwrap();
            let preview = each.with(|core| core.preview(Request::get("http://w.strict.test/"), now())).unwrap();
            assert_eq!(preview.head.uri().scheme().map(|scheme| scheme.as_str()), Some(Scheme::Https.as_str()));
        }
        let [_, before, after] = <[String; 3]>::try_from(seen(&server)).unwrap();
        assert_eq!(before, after);
        for part in ["cookie: sid=1\r\n", "x-app: demo\r\n", "authorization: Key s3cret\r\n"] {
            assert!(after.to_ascii_lowercase().contains(&part.to_ascii_lowercase()), "{part} in {after}");
        }
        assert!(!format!("{session:?}{:?}", restored.snapshot()).contains("s3cret"));
    });
}

#[test]
fn a_restored_session_counts_the_uses_of_a_nonce_on() {
    bounded(|| async {
        let server = site();
        let session = settings(&server).auth(Credential::digest("u", "p")).build().unwrap();
        session.get("/digest").send().await.unwrap();
        let restored = settings(&server).restore(session.snapshot(), now()).build().unwrap();
        restored.get("/digest").send().await.unwrap();
        let seen = seen(&server);
        let counts: Vec<Option<&str>> = seen.iter().map(|request| request.split_once("nc=")?.1.get(..8)).collect();
        assert_eq!(counts, [None, Some("00000001"), Some("00000002")], "{seen:?}");
    });
}

#[test]
fn a_snapshot_holds_the_cookies_of_a_shared_jar_and_what_is_restored_has_a_jar_of_its_own() {
    bounded(|| async {
        let server = site();
        let (one, other) = (settings(&server).build().unwrap(), settings(&server).build().unwrap());
        let jar = SharedJar::new(Jar::default());
        one.share_cookies(&jar);
        other.share_cookies(&jar);
        one.get("/login").send().await.unwrap();
        let restored = settings(&server).restore(other.snapshot(), now()).build().unwrap();
        assert_eq!(restored.cookies().to_map().into_iter().collect::<Vec<_>>(), [("sid".to_owned(), "1".to_owned())]);
        restored.cookies().clear();
        assert_eq!((one.cookies().len(), other.cookies().len()), (1, 1));
    });
}

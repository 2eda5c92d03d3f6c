//! Hooks: what they see, what they may change, and what stopping means.

#![expect(clippy::disallowed_types, reason = "what a hook saw is told past its closure; the core has no lock")]

use crate::clock::now;
use crate::driver::{Outcome, answer, everything, first_hop, get, redirect, run, setting, wire};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST, HeaderName, TRAILER};
use session_core::auth::credentials::Credential;
use session_core::error::{Error, ErrorKind, Fault};
use session_core::message::body::{BodySize, RequestBody};
use session_core::redirect::policy::{Action, RedirectPolicy};
use session_core::retry::failure::{ConnectionAge, FailureKind, Sent};
use session_core::retry::policy::{NoRetry, Outcome as Came, RetryPolicy, RetryReason};
use session_core::session::Session;
use session_core::session::hooks::{Course, Hooks, Sending};
use session_core::session::reason::Reason;
use session_core::session::request::Request;
use std::sync::{Arc, Mutex};

fn session(hooks: Hooks) -> Session {
    Session::builder().hooks(hooks).build().unwrap()
}

/// A session whose hook does this with each request, and must not fail.
fn editing(edit: impl Fn(&mut Sending<'_>) -> Result<(), Error> + Send + Sync + 'static) -> Session {
    session(Hooks::new().request(move |sending| Ok(edit(sending)?)))
}

/// What the hook says of an edit that is refused.
fn refused(edit: impl Fn(&mut Sending<'_>) -> Result<(), Error> + Send + Sync + 'static) -> Error {
    editing(edit).begin(Request::get("http://a.test/"), now()).unwrap_err().into()
}

#[test]
fn an_edit_holds_for_its_hop_and_the_next_one_is_computed_anew() {
    let mut session = editing(|sending| {
        if sending.number() == 1 {
            sending.insert("authorization", "Hook s-1")?;
            sending.insert("cookie", "a=s-1")?;
            sending.insert("host", "other.test")?;
            sending.append("x-hook", "s-1")?;
        }
        Ok(())
    });
    let run = get(&mut session, "http://a.test/", [redirect(307, "/same-origin")]);
    assert_eq!(run.fields("authorization"), [Some("Hook s-1".to_owned()), None]);
    assert_eq!(run.fields("host"), [Some("other.test".to_owned()), Some("a.test".to_owned())]);
    assert_eq!((run.fields("cookie")[1].as_ref(), run.fields("x-hook")[1].as_ref()), (None, None));
    assert!(run.hops[0].head().headers()[AUTHORIZATION].is_sensitive());
}

#[test]
fn the_hook_is_asked_at_each_hop_with_its_origin_and_the_cookies() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    let mut session = editing(move |sending| {
        let cookies = sending.cookies().len();
        told.lock().unwrap().push(format!("{} {} {cookies}", sending.number(), sending.origin()));
        Ok(())
    });
    let answers = [redirect(302, "http://b.test/"), setting(&["c=1"])];
    get(&mut session, "http://a.test/", answers).outcome.unwrap();
    get(&mut session, "http://b.test/", [answer(200, &[])]).outcome.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["1 http://a.test 0", "2 http://b.test 0", "1 http://b.test 1"]);
}

#[test]
fn fields_are_set_added_and_removed_and_the_history_says_so() {
    let mut session = editing(|sending| {
        assert!(sending.headers().contains_key("accept"));
        sending.append("x-two", "1")?;
        sending.append("x-two", "2")?;
        assert!(sending.remove(&HeaderName::from_static("user-agent"))?);
        assert!(!sending.remove(&HeaderName::from_static("x-absent"))?);
        Ok(())
    });
    let run = get(&mut session, "http://a.test/", [answer(200, &[])]);
    let head = run.hops[0].head().headers();
    assert_eq!(head.get_all("x-two").iter().count(), 2);
    assert!(!head.contains_key("user-agent"));
    assert_eq!(head.keys().next(), Some(&HOST), "Host stays first");
    let outcome = run.outcome.unwrap();
    let edited = outcome.history().reasons().filter_map(|reason| match reason {
        Reason::EditedByHook { name } => Some(name.as_str()),
        _ => None,
    });
    assert_eq!(edited.collect::<Vec<_>>(), ["x-two", "x-two", "user-agent"]);
}

/// What frames the body, names the host or proves the caller to a proxy is not a hook's to break.
#[test]
fn what_must_not_go_on_the_wire_is_refused_with_its_name() {
    for name in ["content-length", "transfer-encoding", "trailer"] {
        let (inserted, appended) =
            (refused(move |sending| sending.insert(name, "5")), refused(move |sending| sending.append(name, "5")));
        for error in [inserted, appended] {
            assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidHeader, Fault::Caller), "{name}");
            assert!(error.to_string().contains(name), "{error}");
        }
    }
    assert_eq!(refused(|sending| sending.insert("host", "a/b")).kind(), ErrorKind::InvalidHeader);
    assert_eq!(refused(|sending| sending.append("host", "b.test")).kind(), ErrorKind::InvalidHeader);
    for name in [HOST, TRAILER] {
        assert_eq!(refused(move |sending| sending.remove(&name).map(drop)).kind(), ErrorKind::InvalidHeader);
    }
    assert_eq!(refused(|sending| sending.insert("x", "a\r\nb: c")).kind(), ErrorKind::InvalidHeader);
    assert_eq!(refused(|sending| sending.insert("x y", "a")).kind(), ErrorKind::InvalidHeader);
    assert_eq!(refused(|sending| sending.insert("proxy-authorization", "s")).kind(), ErrorKind::InvalidHeader);
    let twice = |sending: &mut Sending<'_>| {
        sending.insert("authorization", "a")?;
        sending.append("authorization", "b")
    };
    assert_eq!(refused(twice).kind(), ErrorKind::InvalidHeader);
}

#[test]
fn an_edit_that_was_refused_leaves_the_request_as_it_was() {
    let mut session = editing(|sending| {
        sending.insert(CONTENT_LENGTH, "5").unwrap_err();
        sending.insert("transfer-encoding", "chunked").unwrap_err();
        Ok(())
    });
    let mut request = Request::new(http::Method::POST, "http://a.test/");
    request.set_body(RequestBody::replayable(BodySize::Sized(3)));
    let hop = first_hop(&mut session, request);
    let sent = wire(&hop).unwrap();
    assert!(sent.contains("content-length: 3\r\n") && !sent.contains("transfer-encoding"), "{sent}");
}

#[test]
fn a_hook_that_fails_stops_the_exchange_and_its_error_is_the_source() {
    let mut stopping = session(Hooks::new().request(|_| Err("not today".into())));
    let stopped = stopping.begin(Request::get("http://a.test/x"), now()).unwrap_err();
    assert_eq!(stopped.kind(), ErrorKind::Stopped);
    assert_eq!(std::error::Error::source(&stopped).unwrap().to_string(), "not today");
    assert_eq!(stopped.error().url().unwrap().as_str(), "http://a.test/x");

    let mut stopping = session(Hooks::new().response(|arrived| match arrived.head().status.as_u16() {
        500..600 => Err(format!("{} says {}", arrived.origin(), arrived.head().status).into()),
        _ => Ok(()),
    }));
    let run =
        get(&mut stopping, "http://a.test/", [redirect(302, "http://b.test/"), answer(503, &[("set-cookie", "a=1")])]);
    let stopped = run.outcome.unwrap_err();
    assert_eq!((stopped.kind(), stopped.history().hops().len()), (ErrorKind::Stopped, 2));
    assert_eq!(stopped.response().unwrap().status, 503);
    assert!(std::error::Error::source(&stopped).unwrap().to_string().contains("http://b.test says 503"));
    assert_eq!(stopping.cookies().len(), 1, "what the answer left behind was kept");
}

#[test]
fn a_redirect_is_handed_out_or_refused_where_a_hook_says_so() {
    let hooks = Hooks::new().redirect(|redirect| match redirect.to.origin().host().as_str() {
        "b.test" => Action::Stop,
        "c.test" => Action::Refuse,
        _ => Action::Follow,
    });
    let mut session = session(hooks);
    let run = get(&mut session, "http://a.test/", [redirect(302, "/x"), redirect(302, "http://b.test/")]);
    let delivery = run.outcome.unwrap();
    assert_eq!((delivery.head().status.as_u16(), run.hops.len()), (302, 2));
    assert!(delivery.next_request().unwrap().is_ok(), "whoever goes on by hand is not asked");
    let run = get(&mut session, "http://a.test/", [redirect(302, "http://c.test/")]);
    assert_eq!(run.outcome.unwrap_err().kind(), ErrorKind::RedirectRefused);
    session.set_redirect(RedirectPolicy::none());
    let run = get(&mut session, "http://a.test/", [redirect(302, "http://c.test/")]);
    assert_eq!(run.outcome.unwrap().head().status, 302, "what is not followed is not asked about");
}

#[test]
fn a_retry_that_a_hook_stops_is_not_made_and_counts_for_nothing() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let hooks = Hooks::new().retry(move |retrying| {
        let came = matches!(retrying.outcome, Came::Response(_));
        seen.lock().unwrap().push((retrying.number, retrying.why, came));
        if retrying.number == 2 { Course::Stop } else { Course::Proceed }
    });
    let mut session = Session::builder().hooks(hooks).retry(RetryPolicy::new(5)).build().unwrap();
    let busy = || Outcome::from(answer(503, &[]));
    let run = run(&mut session, Request::get("http://a.test/"), [busy(), busy(), busy()]);
    let delivery = run.outcome.unwrap();
    assert_eq!((delivery.head().status.as_u16(), run.hops.len()), (503, 2));
    let why = RetryReason::Status(http::StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(*asked.lock().unwrap(), [(1, why, true), (2, why, true)]);
    let forbidden = |reason: &Reason| matches!(reason, Reason::NotRetried(NoRetry::Forbidden));
    assert!(delivery.history().reasons().any(forbidden));
}

#[test]
fn the_silent_retry_is_asked_about_too() {
    let mut session = session(Hooks::new().retry(|_| Course::Stop));
    let stale = Outcome::Failure(FailureKind::Closed, Sent::All, ConnectionAge::Reused);
    let run = get(&mut session, "http://a.test/", [stale]);
    assert_eq!((run.outcome.unwrap_err().kind(), run.hops.len()), (ErrorKind::Incomplete, 1));
}

#[test]
fn hooks_are_added_replaced_and_removed_while_the_session_stands() {
    let mark = |name: &'static str| {
        Hooks::new().request(move |sending| {
            let before = sending.headers().get("x-order").and_then(|value| value.to_str().ok()).unwrap_or("");
            let order = format!("{before}{name}");
            Ok(sending.insert("x-order", order)?)
        })
    };
    let mut session = session(mark("a"));
    session.hooks_mut().append(mark("b"));
    assert_eq!(first_hop(&mut session, Request::get("http://a.test/")).head().headers()["x-order"], "ab");
    *session.hooks_mut() = Hooks::new();
    assert!(session.hooks().is_empty());
    assert!(!first_hop(&mut session, Request::get("http://a.test/")).head().headers().contains_key("x-order"));
}

/// A preview is what is sent, the edits of hooks too.
#[test]
fn a_preview_asks_the_hook() {
    let session = editing(|sending| sending.insert("x-hook", "1"));
    let preview = session.preview(Request::get("http://a.test/"), now()).unwrap();
    assert_eq!(preview.head.headers()["x-hook"], "1");
}

/// The server proves itself by what was sent, so what a hook replaced is not held against it.
#[test]
fn a_digest_that_a_hook_replaced_is_not_expected_to_be_proved() {
    let mut session = editing(|sending| match sending.number() {
        2 => sending.insert("authorization", "Hook x"),
        _ => Ok(()),
    });
    session.set_auth(Some(Credential::digest("u", "p")));
    let challenge = answer(401, &[("www-authenticate", "Digest realm=\"r\", nonce=\"n\", qop=\"auth\"")]);
    let proven = answer(
        200,
        &[("authentication-info", "rspauth=\"00000000000000000000000000000000\", qop=auth, nc=00000001, cnonce=\"x\"")],
    );
    let run = get(&mut session, "http://a.test/", [challenge, proven]);
    assert!(everything(&run.hops[1]).contains("Hook x"));
    assert_eq!(run.outcome.unwrap().head().status, 200);
}

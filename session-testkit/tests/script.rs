//! A script as a user of the transports has it: tests of a client without sockets, for blocking and asynchronous code.

use http::Method;
use session_core::auth::credentials::Credential;
use session_core::content::multipart::{Form, Part};
use session_core::error::bound::Bound;
use session_core::error::{ErrorKind, Phase};
use session_core::redirect::policy::RedirectPolicy;
use session_core::request::{Dispatch, RequestBuilder};
use session_core::retry::policy::RetryPolicy;
use session_core::session::address_rule::AddressRule;
use session_core::session::hooks::Hooks;
use session_testkit::Script;
use session_testkit::scripted::blocking::Session;
use session_testkit::scripted::body::Body;
use session_testkit::scripted::reply::{Failure, Reply};
use session_testkit::scripted::unexpected::Unexpected;
use std::future::Future;
use std::io::Read;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Drives a future that never has to be woken from elsewhere.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    for _ in 0..1000 {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
    panic!("the future took more than 1000 polls");
}

fn login() -> Script {
    Script::new()
        .on(Method::POST, "http://app.test/login")
        .with_header("x-app", "demo")
        .redirect(302, "/home")
        .cookie("sid=1; HttpOnly")
        .on(Method::GET, "http://app.test/home")
        .with_header("cookie", "sid=1")
        .reply(200)
        .header("content-type", "text/plain; charset=utf-8")
        .body("gr\u{fc}n")
}

#[test]
fn a_login_runs_through_cookies_and_redirects() {
    let script = login();
    let session: Session = script.builder().default_header("x-app", "demo").build().unwrap();
    let response = session.post("http://app.test/login").form(&[("user", "eve")]).send().unwrap();
    assert_eq!(response.history().statuses(), [302]);
    assert_eq!(response.url().path(), "/home");
    assert_eq!(response.content_length(), Some(5));
    assert_eq!(response.text().unwrap(), "gr\u{fc}n");
    assert_eq!(session.cookies().to_map()["sid"], "1");

    let asked = script.requests();
    assert_eq!(
        asked.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["POST http://app.test/login", "GET http://app.test/home"]
    );
    assert_eq!(
        (asked[0].text(), asked[0].header("content-type")),
        ("user=eve".to_owned(), Some("application/x-www-form-urlencoded"))
    );
    assert!(asked[1].body.is_empty());
    script.verify().unwrap();
}

#[test]
fn the_same_script_serves_asynchronous_callers_on_any_executor() {
    let script = login();
    let session = script.async_session();
    session.headers_mut().set("x-app", "demo").unwrap();
    let text = run(async {
        let response = session.post("http://app.test/login").send().await?.error_for_status()?;
        response.text().await
    });
    assert_eq!(text.unwrap(), "gr\u{fc}n");
    script.verify().unwrap();

    let script = login();
    let session: session_testkit::scripted::asynchronous::Session =
        script.builder().default_header("x-app", "demo").build().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let status = runtime.block_on(async move {
        let sending = session.post("http://app.test/login").send();
        tokio::spawn(sending).await.unwrap().unwrap().status()
    });
    assert_eq!(status.as_u16(), 200);
}

#[test]
fn a_future_that_was_not_polled_asked_nothing() {
    let script = Script::new().any("*").reply(200);
    drop(script.async_session().get("http://a.test/").send());
    assert!(script.requests().is_empty());
    assert_eq!(script.verify().unwrap_err().missing().len(), 1);
}

/// Code that is generic over what sends, as the request builder is.
fn ask<D: Dispatch>(session: D) -> D::Outcome {
    RequestBuilder::new(session, Method::GET, "http://a.test/x").send()
}

#[test]
fn code_that_is_generic_over_transports_takes_either_session() {
    let script = Script::new().on(Method::GET, "/x").times(2).reply(204);
    assert_eq!(ask(&script.session()).unwrap().status().as_u16(), 204);
    assert_eq!(run(ask(&script.async_session())).unwrap().status().as_u16(), 204);
}

#[test]
fn an_unexpected_request_tells_what_was_asked_and_what_was_expected() {
    let script = Script::new().on(Method::GET, "/a").reply(200).on(Method::POST, "http://b.test/b").reply(201);
    let session = script.session();
    let error = session.get("http://a.test/b?x=1").send().unwrap_err();
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Unsupported, Phase::Send));
    let told = error.to_string();
    for part in ["GET http://a.test/b?x=1", "GET /a (another path)", "POST http://b.test/b (another method)"] {
        assert!(told.contains(part), "{told}");
    }
    let unexpected = Unexpected::of(&error).unwrap();
    assert_eq!((unexpected.asked().url.path(), unexpected.expected().len()), ("/b", 2));
    assert_eq!(error.history().hops().len(), 1, "it is not tried again");

    session.get("http://a.test/a").send().unwrap();
    let again = session.get("http://a.test/a").send().unwrap_err();
    assert!(again.to_string().contains("GET /a (asked 1 of 1 times)"), "{again}");
    let unmet = script.verify().unwrap_err();
    assert_eq!((unmet.missing().len(), unmet.unexpected().len()), (1, 2));
    assert!(unmet.to_string().contains("not asked: POST http://b.test/b"), "{unmet}");
}

#[test]
fn the_same_line_twice_is_a_sequence_and_lines_may_be_asked_in_any_order() {
    let script = Script::new()
        .on(Method::GET, "/count")
        .reply(200)
        .body("1")
        .on(Method::GET, "/count")
        .reply(200)
        .body("2")
        .on(Method::GET, "/other")
        .times(2)
        .reply(200);
    let session = script.session();
    let text = |path: &str| session.get(format!("http://a.test{path}")).send().unwrap().text().unwrap();
    assert_eq!([text("/other"), text("/count"), text("/count"), text("/other")], ["", "1", "2", ""]);
    script.verify().unwrap();
}

#[test]
fn a_script_in_order_takes_its_lines_one_after_the_other() {
    let script = || Script::new().in_order().any("/ping").always().reply(204).any("/a").reply(200).any("/b").reply(200);
    let send = |script: &Script, path: &str| script.session().get(format!("http://a.test{path}")).send().map(drop);
    let good = script();
    for path in ["/ping", "/a", "/ping", "/b", "/ping"] {
        send(&good, path).unwrap();
    }
    good.verify().unwrap();
    let bad = script();
    let told = send(&bad, "/b").unwrap_err().to_string();
    assert!(told.contains("/a (another path) as the next one"), "{told}");
}

#[test]
fn requests_are_told_apart_by_host_query_fields_body_and_a_test_of_ones_own() {
    let script = Script::new()
        .on(Method::POST, "/x")
        .with_host("b.test")
        .reply(201)
        .on(Method::POST, "/x")
        .with_query("page", "a b")
        .reply(202)
        .on(Method::POST, "/x")
        .with_body("other")
        .reply(203)
        .on(Method::POST, "/x")
        .when(|asked| asked.header("authorization").is_some())
        .reply(204)
        .on(Method::POST, "/x")
        .without_header(http::header::ACCEPT)
        .reply(205)
        .on(Method::POST, "/x")
        .reply(206);
    let session = script.session();
    let status =
        |builder: session_testkit::scripted::blocking::RequestBuilder<'_>| builder.send().unwrap().status().as_u16();
    assert_eq!(status(session.post("http://a.test/x").query(&[("page", "a b")])), 202);
    assert_eq!(status(session.post("http://a.test/x").body("other")), 203);
    assert_eq!(status(session.post("http://b.test/x")), 201);
    assert_eq!(status(session.post("http://a.test/x").bearer_auth("hunter2")), 204);
    assert_eq!(status(session.post("http://a.test/x").remove_header("accept")), 205);
    assert_eq!(status(session.post("http://a.test/x")), 206);
    assert!(!format!("{:?}{script:?}", script.requests()).contains("hunter2"));
}

#[test]
fn what_a_function_answers_is_made_of_the_request() {
    let script = Script::new().any("/echo").always().respond(|asked| Reply::ok(asked.body.clone()));
    let session = script.session();
    for text in ["one", "two"] {
        assert_eq!(session.post("http://a.test/echo").body(text).send().unwrap().text().unwrap(), text);
    }
}

#[test]
fn retries_and_delays_take_virtual_time_only() {
    let begin = Instant::now();
    let script = Script::new().on(Method::GET, "/a").times(3).reply(503).header("retry-after", "600");
    let script = script.on(Method::GET, "/a").reply(200).after(seconds(20)).body("late");
    let session: Session = script.builder().retry(RetryPolicy::new(5)).build().unwrap();
    let response = session.get("http://a.test/a").send().unwrap();
    assert_eq!(response.history().hops().len(), 4);
    assert!(response.elapsed() >= seconds(1820), "{:?}", response.elapsed());
    assert_eq!(script.clock().elapsed(), response.elapsed());
    let hops = response.history().hops();
    assert_eq!(hops[1].timings().started(), seconds(600));
    assert_eq!(response.timings().wait(), Some(seconds(20)));
    assert!(begin.elapsed() < seconds(60));
}

#[test]
fn an_answer_that_is_too_late_is_a_timeout_after_that_much_virtual_time() {
    let script = Script::new().any("/slow").reply(200).after(seconds(90)).any("/silent").times(2).stall();
    let session: Session = script.builder().head_timeout(seconds(60)).build().unwrap();
    let late = session.get("http://a.test/slow").send().unwrap_err();
    assert_eq!((late.kind(), late.phase(), late.bound()), (ErrorKind::Timeout, Phase::Head, Some(Bound::Head)));
    assert_eq!(script.clock().elapsed(), seconds(60));
    let total = session.get("http://a.test/silent").timeout(seconds(5)).send().unwrap_err();
    assert_eq!((total.bound(), script.clock().elapsed()), (Some(Bound::Total), seconds(65)));
    assert!(session.get("http://a.test/silent").send().unwrap_err().is_timeout());
}

#[test]
fn failures_are_those_of_a_transport_and_retried_as_such() {
    for (failure, kind, phase) in [
        (Failure::Unresolved, ErrorKind::Connect, Phase::Resolve),
        (Failure::Refused, ErrorKind::Connect, Phase::Connect),
        (Failure::Reset, ErrorKind::Incomplete, Phase::Head),
        (Failure::Closed, ErrorKind::Incomplete, Phase::Head),
    ] {
        let script = Script::new().any("/x").always().answer(failure);
        let error = script.session().get("http://a.test/x").send().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (kind, phase), "{failure}");
        assert_eq!(script.requests().len(), 1, "{failure}");

        let script = Script::new().any("/x").answer(failure).any("/x").reply(200);
        let session: Session = script.builder().retry(RetryPolicy::new(2)).build().unwrap();
        assert_eq!(session.get("http://a.test/x").send().unwrap().status().as_u16(), 200, "{failure}");
    }
}

#[test]
fn a_body_that_can_be_read_once_is_not_sent_twice() {
    let script = Script::new().any("/a").redirect(307, "/b").any("/b").reply(200);
    let error = script.session().put("http://a.test/a").body(Body::once("x")).send().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BodyNotReplayable);
    let script = Script::new().any("/a").redirect(307, "/b").any("/b").with_body("x").reply(200);
    script.session().put("http://a.test/a").body("x").send().unwrap();
    script.verify().unwrap();
}

#[test]
fn forms_copies_and_built_requests_are_sent_as_over_sockets() {
    let script =
        Script::new().on(Method::POST, "/form").reply(200).on(Method::from_bytes(b"PURGE").unwrap(), "/x").reply(204);
    let session = script.session();
    let form = Form::new().text("a", "1").part("b", Part::body(Body::once("once")).file_name("c.txt"));
    let request = session.post("http://a.test/form").multipart(form);
    assert!(request.try_clone().is_none());
    assert_eq!(request.send().unwrap().status(), 200);
    let asked = script.requests().remove(0);
    let text = String::from_utf8(asked.body.to_vec()).unwrap();
    assert!(text.contains("name=\"b\"; filename=\"c.txt\"\r\ncontent-type: text/plain\r\n\r\nonce\r\n--"), "{text}");
    let built = session.request("PURGE", "http://a.test/x").build().unwrap();
    assert_eq!(session.execute(built).unwrap().status(), 204);
    assert_eq!(session.put("http://a.test/y").body("z").preview().unwrap().head.method(), Method::PUT);
    script.verify().unwrap();
}

#[test]
fn a_body_that_breaks_off_is_an_error_after_what_came() {
    let script = Script::new().any("/a").times(2).reply(200).body("hello").cut_after(2);
    let session = script.session();
    let mut response = session.get("http://a.test/a").send().unwrap();
    assert_eq!(response.chunk().unwrap().unwrap(), "he");
    assert_eq!(response.chunk().unwrap_err().kind(), ErrorKind::Incomplete);
    let mut came = String::new();
    let error = session.get("http://a.test/a").send().unwrap().read_to_string(&mut came).unwrap_err();
    assert_eq!((came.as_str(), error.kind()), ("he", std::io::ErrorKind::UnexpectedEof));
}

#[test]
fn bodies_are_read_as_json_in_pieces_and_decoded() {
    let script = Script::new()
        .any("/json")
        .with_header("accept-encoding", "gzip")
        .reply(200)
        .header("content-encoding", "gzip")
        .body(session_testkit::coded::gzip("[1, 2]"))
        .any("/made")
        .reply(200)
        .json(&[3, 4])
        .any("/read")
        .reply(200)
        .body("abcd");
    let session = script.session();
    assert_eq!(session.get("http://a.test/json").send().unwrap().json::<Vec<u8>>().unwrap(), [1, 2]);
    let made = session.get("http://a.test/made").send().unwrap();
    assert_eq!(made.headers()["content-type"], "application/json");
    assert_eq!(made.json::<Vec<u8>>().unwrap(), [3, 4]);
    let mut response = session.get("http://a.test/read").send().unwrap();
    let mut start = [0; 3];
    response.read_exact(&mut start).unwrap();
    assert_eq!((&start, response.trailers().is_none()), (b"abc", true));
    assert_eq!(response.bytes().unwrap(), "d");
}

#[test]
fn bodies_are_read_by_lines_and_events_and_copied() {
    let script = || {
        let stream = "retry: 5\nid: 7\ndata: one\n\ndata: two\n\n";
        Script::new()
            .any("/lines")
            .times(2)
            .reply(200)
            .body("one\r\ntwo\nthree")
            .any("/events")
            .reply(200)
            .header("content-type", "text/event-stream")
            .body(stream)
            .any("/koi8")
            .reply(200)
            .header("content-type", "text/plain")
            .body(vec![0xcd, 0xc9, 0xd2])
    };
    let lines = ["one", "two", "three"].map(str::to_owned);
    let session = script().session();
    let get = |path: &str| session.get(format!("http://a.test{path}")).send().unwrap();
    assert_eq!(get("/lines").lines().collect::<Result<Vec<_>, _>>().unwrap(), lines);
    let mut events = get("/events").events().unwrap();
    let data: Vec<_> = events.by_ref().map(|event| event.unwrap().data).collect();
    assert_eq!(
        (data, events.last_event_id(), events.retry()),
        (vec!["one".into(), "two".into()], "7", Some(Duration::from_millis(5)))
    );
    assert_eq!(get("/koi8").text_with_charset("koi8-r").unwrap(), "\u{43c}\u{438}\u{440}");
    let (mut copy, mut told) = (Vec::new(), Vec::new());
    get("/lines").copy_to_with(&mut copy, |done, _| told.push(done)).unwrap();
    assert_eq!((copy.len(), told), (14, vec![0, 14]));

    let session = script().async_session();
    run(async {
        let mut lines = session.get("http://a.test/lines").send().await.unwrap().lines();
        assert_eq!(lines.next_line().await.unwrap().unwrap(), "one");
        let error = session.get("http://a.test/lines").send().await.unwrap().events().unwrap_err();
        assert_eq!(error.into_response().unwrap().bytes().await.unwrap().len(), 14);
        let mut events = session.get("http://a.test/events").send().await.unwrap().events().unwrap();
        assert_eq!(events.next_event().await.unwrap().unwrap().data, "one");
        let koi8 = session.get("http://a.test/koi8").send().await.unwrap();
        assert_eq!(koi8.text_with_charset("koi8-r").await.unwrap(), "\u{43c}\u{438}\u{440}");
    });
}

#[test]
fn hooks_see_and_stop_the_requests_of_a_script() {
    let hooks = Hooks::new().request(|sending| {
        sending.insert("x-hop", sending.number().to_string())?;
        Ok(())
    });
    let hooks = hooks.response(|arrived| match arrived.head().status.as_u16() {
        418 => Err("no coffee here".into()),
        _ => Ok(()),
    });
    let script = Script::new().any("/a").redirect(302, "/b").any("/b").with_header("x-hop", "2").reply(418);
    let session: Session = script.builder().hooks(hooks).build().unwrap();
    assert_eq!(session.get("http://a.test/a").send().unwrap_err().kind(), ErrorKind::Stopped);
    script.verify().unwrap();
}

#[test]
fn a_status_that_says_failure_is_an_error_that_keeps_the_response() {
    let script = Script::new().any("*").reply(404).body("gone");
    let error = script.session().get("http://a.test/").send().unwrap().error_for_status().unwrap_err();
    assert_eq!(error.into_response().unwrap().text().unwrap(), "gone");
}

#[test]
fn credentials_and_the_clock_are_those_of_a_session() {
    let script = Script::starting_at(SystemTime::UNIX_EPOCH + seconds(1_700_000_000))
        .any("/digest")
        .without_header(http::header::AUTHORIZATION)
        .reply(401)
        .header("www-authenticate", "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256")
        .any("/digest")
        .when(|asked| asked.header("authorization").is_some_and(|value| value.starts_with("Digest username=\"eve\"")))
        .reply(200)
        .cookie("short=1; Max-Age=10");
    let session: Session = script.builder().auth(Credential::digest("eve", "hunter2")).build().unwrap();
    assert_eq!(session.get("http://a.test/digest").send().unwrap().status().as_u16(), 200);
    assert_eq!(session.cookies().len(), 1);
    script.clock().advance(seconds(11));
    let script = script.any("/later").without_header(http::header::COOKIE).reply(200);
    session.get("http://a.test/later").send().unwrap();
    script.verify().unwrap();
}

#[test]
fn the_rule_on_addresses_holds_where_a_redirect_leads_inside() {
    let script = Script::new().any("http://a.test/").redirect(302, "http://127.0.0.1/admin").any("*").reply(200);
    let session: Session = script.builder().address_rule(AddressRule::public_only()).build().unwrap();
    let error = session.get("http://a.test/").send().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressRefused);
    assert_eq!(script.requests().len(), 1, "nothing was sent there");
}

#[test]
fn a_flaw_of_the_script_is_told_by_the_first_request() {
    let told = |script: Script| script.session().get("http://a.test/x").send().unwrap_err().to_string();
    for (script, part) in [
        (Script::new().body("x"), "begin a line by `on`"),
        (Script::new().any("x/y").reply(200), "neither a path nor a URL"),
        (Script::new().any("/x").reply(99), "99 is no status"),
        (Script::new().any("/x").reply(200).header("a b", "c"), "a field that cannot be sent"),
        (Script::new().any("/x").reset().body("x"), "a body was given to a reset connection"),
        (Script::new().any("/x").with_header("a", "\n").reply(200), "a field that nobody can send"),
    ] {
        let told = told(script);
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn a_session_without_a_script_expects_nothing_and_a_closed_one_sends_nothing() {
    let session = session_testkit::scripted::blocking::SessionBuilder::new().build().unwrap();
    let error = session.get("http://a.test/").send().unwrap_err();
    assert!(error.to_string().contains("it expects nothing"), "{error}");
    session.close();
    assert!(session.is_closed() && session.get("http://a.test/").send().unwrap_err().is_closed());
}

#[test]
fn redirects_are_not_followed_where_the_caller_says_so() {
    let script = Script::new().any("/a").redirect(302, "/b");
    let response = script.session().get("http://a.test/a").redirect(RedirectPolicy::none()).send().unwrap();
    assert!(response.is_redirect());
}

#[test]
fn a_script_is_served_to_sessions_of_transports() {
    let script = Script::new()
        .on(Method::GET, "http://a.test/a")
        .redirect(302, "https://b.test/b")
        .cookie("x=1")
        .on(Method::GET, "https://b.test/b")
        .reply(200)
        .body("secure")
        .on(Method::GET, "/own")
        .reply(200)
        .body("0123456789")
        .cut_after(3)
        .on(Method::GET, "/reset")
        .reset();
    let server = script.serve().unwrap();
    let session = server.point(transport_blocking::Session::builder()).build().unwrap();
    assert_eq!(session.get("http://a.test/a").send().unwrap().text().unwrap(), "secure");
    assert_eq!(session.cookies().to_map()["x"], "1");
    let cut = session.get(server.url("/own")).send().unwrap().text().unwrap_err();
    assert_eq!(cut.kind(), ErrorKind::Incomplete);
    assert!(session.get(server.url("/reset")).send().is_err());
    script.verify().unwrap();

    let unexpected = session.get("http://a.test/other").send().unwrap();
    assert_eq!(unexpected.status().as_u16(), session_testkit::scripted::serve::UNEXPECTED);
    assert!(unexpected.text().unwrap().contains("nothing in the script is for GET http://a.test/other"));
    assert_eq!(script.verify().unwrap_err().unexpected().len(), 1);
}

#[test]
fn a_script_is_served_to_asynchronous_sessions_too() {
    let script = Script::new().on(Method::PUT, "http://a.test/x").with_body("sent").reply(201).after(seconds(0));
    let server = script.serve().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let status = runtime.block_on(async {
        let session = server.point(transport_tokio::Session::builder()).build().unwrap();
        session.put("http://a.test/x").body("sent").send().await.unwrap().status()
    });
    assert_eq!(status.as_u16(), 201);
    assert_eq!(script.requests().len(), 1);
    script.verify().unwrap();
}

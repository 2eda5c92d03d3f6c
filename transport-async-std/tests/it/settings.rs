//! What a request or a session asks for and what is refused of it: told before anything is sent.

use crate::{LONG, address, bounded, fetch, scripted, server};
use session_core::entropy::Entropy;
use session_core::error::{ErrorKind, Fault, Phase};
use session_core::retry::backoff::Backoff;
use session_core::retry::policy::RetryPolicy;
use session_core::session::address_rule::{AddressRule, Admission};
use session_core::session::origin_settings::OriginSettings;
use session_core::session::reason::Reason;
use session_testkit::script::answer::Answer;
use session_testkit::script::log::Place;
use session_testkit::script::request::Request;
use std::time::Duration;
use transport_async_std::http::Method;
use transport_async_std::{Session, SessionBuilder};

#[test]
fn what_a_caller_gets_wrong_is_told_and_nothing_is_sent() {
    bounded(|| async {
        let server = server(|_| Answer::ok("fine"));
        let session = Session::new();
        for (error, kind) in [
            (session.get("no url").send().await.unwrap_err(), ErrorKind::InvalidUrl),
            (session.get("ftp://a.test/").send().await.unwrap_err(), ErrorKind::InvalidUrl),
            (session.get(server.url("/")).header("x", "a\r\nb: c").send().await.unwrap_err(), ErrorKind::InvalidHeader),
            (
                session.get(server.url("/")).header("content-length", "3").send().await.unwrap_err(),
                ErrorKind::InvalidHeader,
            ),
        ] {
            assert_eq!((error.kind(), error.phase()), (kind, Phase::Build));
        }
        assert_eq!(server.connections(), 0);
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "fine");
    });
}

#[test]
fn an_error_of_the_builder_names_the_absolute_url() {
    bounded(|| async {
        let session = Session::builder().base_url("http://dan:hunter2@a.test/api/").build().unwrap();
        let error = session.get("data?q=1#top").header("x", "a\nb").send().await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::InvalidHeader, Phase::Build));
        assert_eq!(error.url().unwrap().as_str(), "http://a.test/api/data?q=1");
        assert!(!format!("{error}{error:?}").contains("hunter2"));
    });
}

#[cfg(not(feature = "tls"))]
#[test]
fn https_is_refused_before_anything_is_opened() {
    bounded(|| async {
        let server = server(|_| Answer::status(302).field("location", "https://a.test/"));
        let session = Session::builder().resolve("a.test", address(&server)).build().unwrap();
        let error = fetch(&session, "https://a.test/").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("https"), "{error}");
        assert_eq!(server.connections(), 0);
        let error = fetch(&session, &server.url("/")).await.unwrap_err();
        assert_eq!((error.kind(), error.history().statuses()), (ErrorKind::Unsupported, vec![302]));
        assert_eq!(error.url().unwrap().as_str(), "https://a.test/");
    });
}

#[test]
fn the_timeouts_of_an_origin_hold_at_the_hop_that_reaches_it() {
    bounded(|| async {
        let silent = scripted(|_: &Request, _: &Place| Answer::stall());
        let target = silent.url("/");
        let origin = target.trim_end_matches('/').to_owned();
        let outer = server(move |_| Answer::status(302).field("location", target.clone()));
        let short = OriginSettings::new().head_timeout(Duration::from_millis(100));
        let session = Session::builder().head_timeout(LONG * 10).origin_settings(&origin, short).build().unwrap();
        let error = fetch(&session, &outer.url("/")).await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Head), "{error}");
        assert_eq!(error.history().statuses(), [302]);
    });
}

/// Threat RT-02: at the first hop and at a redirect's, for an address, a name and one that was set.
#[test]
fn what_the_rule_on_addresses_refuses_is_never_connected_to() {
    bounded(|| async {
        let inner = server(|_| Answer::ok("secret"));
        let within = address(&inner);
        let target = inner.url("/");
        let outer = server(move |_| Answer::status(302).field("location", target.clone()));
        let retry = || RetryPolicy::new(3).backoff(Duration::from_millis(1), Duration::from_millis(1));
        let builder = Session::builder().retry(retry()).resolve("a.test", within);
        let session = builder.address_rule(AddressRule::public_only()).build().unwrap();
        for url in ["http://a.test/".to_owned(), inner.url("/"), inner.url("/").replace("127.0.0.1", "localhost")] {
            let error = fetch(&session, &url).await.unwrap_err();
            assert_eq!((error.kind(), error.fault()), (ErrorKind::AddressRefused, Fault::Caller), "{url}: {error}");
            assert_eq!(error.history().hops().len(), 1, "it is not tried again");
        }
        let rule = AddressRule::custom(move |_, address| match address.port() == within.port() {
            true => Admission::Refuse,
            false => Admission::Admit,
        });
        let session = Session::builder().retry(retry()).address_rule(rule).build().unwrap();
        let error = fetch(&session, &outer.url("/")).await.unwrap_err();
        assert_eq!((error.kind(), error.history().statuses()), (ErrorKind::AddressRefused, vec![302]));
        assert_eq!((outer.connections(), inner.connections()), (1, 0));
    });
}

#[test]
fn a_trace_with_a_body_is_refused_before_anything_is_sent() {
    bounded(|| async {
        let server = server(|_| Answer::ok("fine"));
        let retry = RetryPolicy::new(3).backoff(Duration::from_millis(1), Duration::from_millis(1));
        let session = Session::builder().retry(retry).build().unwrap();
        let error = session.request(Method::TRACE, server.url("/")).body("x").send().await.unwrap_err();
        assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidHeader, Fault::Caller));
        assert_eq!((error.history().hops().len(), server.requests().len()), (0, 0));
        assert_eq!(fetch(&session, &server.url("/")).await.unwrap(), "fine");
    });
}

/// The pauses before the two retries of a request that a server keeps answering by 503.
async fn pauses(builder: SessionBuilder) -> Vec<Duration> {
    let server = server(|_| Answer::status(503));
    let retry = RetryPolicy::new(2).backoff(Duration::ZERO, Duration::from_millis(9));
    let session = builder.retry(retry).build().unwrap();
    let response = session.get(server.url("/")).send().await.unwrap();
    let pauses = response.history().reasons().filter_map(|reason| match reason {
        Reason::Retried { pause, .. } => *pause,
        _ => None,
    });
    pauses.collect()
}

#[test]
fn entropy_given_to_the_builder_wins_over_the_systems() {
    bounded(|| async {
        let given = || Session::builder().entropy(Entropy::from_seed([7; 32]));
        let mut entropy = Entropy::from_seed([7; 32]);
        let backoff = Backoff::new(Duration::ZERO, Duration::from_millis(9));
        let expected = [backoff.pause(0, &mut entropy), backoff.pause(1, &mut entropy)];
        assert_eq!(pauses(given()).await, expected);
        assert_eq!(pauses(given()).await, expected);
        assert_ne!(
            pauses(Session::builder()).await,
            pauses(Session::builder()).await,
            "the system's are other ones each time"
        );
    });
}

#[test]
fn secrets_do_not_show() {
    bounded(|| async {
        let server = server(|_| Answer::status(403).field("set-cookie", "sid=hunter2").body("hunter2"));
        let session = Session::new();
        let url = server.url("/").replace("http://", "http://dan:hunter2@");
        let request = session.get(&url).header("authorization", "hunter2").cookie("c", "hunter2");
        let response = request.send().await.unwrap();
        let shown = format!("{response:?} {session:?} {}", response.history());
        let error = response.error_for_status().unwrap_err();
        let shown = format!("{shown} {error} {error:?} {:?}", error.history());
        assert!(!shown.contains("hunter2"), "{shown}");
    });
}

#[test]
fn a_server_can_be_asked_as_a_whole() {
    bounded(|| async {
        let server = server(|_| Answer::status(204));
        let session = Session::new();
        let response = session.options(server.url("")).server_wide().send().await.unwrap();
        assert_eq!(response.status(), 204);
        assert_eq!(server.requests()[0].head.line(), "OPTIONS * HTTP/1.1");
    });
}

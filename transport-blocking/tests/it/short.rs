//! Cookies and default fields set by hand in one line each, and what is told where that is refused.

use crate::{bounded, server};
use session_core::cookies::reason::Rejection;
use session_core::error::{ErrorKind, Fault, Phase};
use session_core::time::Now;
use session_core::transport::Clock;
use session_testkit::script::answer::Answer;
use session_testkit::server::listen::Server;
use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use transport_blocking::Session;

/// A server that says which cookies and which X-App came.
fn telling() -> Server {
    server(|request| {
        let text = |name| request.head.text(name).unwrap_or("none").to_owned();
        Answer::ok(format!("{} {}", text("cookie"), text("x-app")))
    })
}

#[test]
fn a_cookie_set_by_hand_goes_where_one_of_the_server_would() {
    bounded(|| {
        let server = telling();
        let session = Session::builder().base_url(server.url("/shop/")).build().unwrap();
        let cookies = session.cookies();
        cookies.set(server.url("/"), "lang", "de").unwrap();
        cookies.set("", "cart", String::from("7")).unwrap();
        cookies.set_cookie("/", "theme=dark; Path=/docs").unwrap();
        assert_eq!(session.get("item").send().unwrap().text().unwrap(), "cart=7; lang=de none");
        assert_eq!(session.get("/docs/a").send().unwrap().text().unwrap(), "theme=dark; lang=de none");
        assert_eq!(session.get("/").send().unwrap().text().unwrap(), "lang=de none");

        assert_eq!(cookies.get("item", "cart").unwrap().as_deref(), Some("7"));
        assert_eq!(cookies.get("/", "cart").unwrap(), None);
        assert_eq!(cookies.get("http://b.test/", "lang").unwrap(), None);
        let names = |url: &str| {
            let sent = cookies.sent_to(url).unwrap();
            sent.iter().filter_map(|cookie| cookie.name_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        assert_eq!(
            (names("item"), names("/docs/a")),
            (vec!["cart".into(), "lang".into()], vec!["theme".into(), "lang".into()])
        );
        assert_eq!(cookies.find("theme").unwrap().path(), "/docs");
        assert!(cookies.find("none").is_none());
    });
}

#[test]
fn a_cookie_is_removed_by_url_and_name_and_no_other_goes_with_it() {
    bounded(|| {
        let session = Session::new();
        let cookies = session.cookies();
        cookies.set("https://a.test/", "sid", "host-only").unwrap();
        cookies.set_cookie("https://a.test/", "sid=domain; Domain=a.test").unwrap();
        cookies.set("https://b.test/", "sid", "other").unwrap();
        cookies.set("https://a.test/", "lang", "de").unwrap();
        assert_eq!(cookies.remove("https://w.a.test/", "sid").unwrap(), 1, "the host-only one is not for w.a.test");
        assert_eq!(cookies.get("https://a.test/", "sid").unwrap().as_deref(), Some("host-only"));
        assert_eq!(cookies.remove("https://a.test/x", "sid").unwrap(), 1);
        assert_eq!(cookies.remove("https://a.test/", "sid").unwrap(), 0);
        assert_eq!(cookies.len(), 2);
        cookies.clear();
        assert!(cookies.is_empty());
    });
}

#[test]
fn what_the_jar_refuses_is_an_error_that_says_why_and_shows_no_value() {
    bounded(|| {
        let session = Session::new();
        let cookies = session.cookies();
        let refused = [
            (cookies.set("https://a.test/", "sid", "hunter2;x"), Rejection::Unwritable, "\"sid\""),
            (cookies.set("https://a.test/", "s\nid", "hunter2"), Rejection::ControlCharacter, "\"s\\nid\""),
            (cookies.set_cookie("https://a.test/", "sid=hunter2; Domain=b.test"), Rejection::DomainMismatch, "\"sid\""),
            (cookies.set_cookie("http://a.test/", "sid=hunter2; Secure"), Rejection::SecureFromClearText, "a.test"),
            (cookies.set_cookie("https://a.test/", "hunter2\n"), Rejection::ControlCharacter, "\"\" of a.test"),
        ];
        for (refused, why, shown) in refused {
            let error = refused.unwrap_err();
            let told = (error.kind(), error.phase(), error.fault());
            assert_eq!(told, (ErrorKind::InvalidSetting, Phase::Build, Fault::Caller), "{error}");
            assert_eq!(error.source().and_then(|source| source.downcast_ref()), Some(&why), "{error}");
            let text = format!("{error}");
            assert!(text.contains(&why.to_string()) && text.contains(shown), "{text}");
            assert!(!format!("{text}{error:?}").contains("hunter2"), "{text}{error:?}");
        }
        assert!(cookies.is_empty());
        for no_url in ["/relative", "ftp://a.test/", "https://"] {
            assert_eq!(cookies.set(no_url, "a", "1").unwrap_err().kind(), ErrorKind::InvalidUrl, "{no_url}");
            assert_eq!(cookies.get(no_url, "a").unwrap_err().kind(), ErrorKind::InvalidUrl, "{no_url}");
            assert_eq!(cookies.remove(no_url, "a").unwrap_err().kind(), ErrorKind::InvalidUrl, "{no_url}");
        }
    });
}

/// The clock is the session's own, as for every cookie.
#[test]
fn a_cookie_set_by_hand_expires_by_the_clock_of_the_session() {
    bounded(|| {
        let (later, start) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let shown = Arc::clone(&later);
        let clock = Clock::new(move || {
            Now::new(start, SystemTime::UNIX_EPOCH).advanced(Duration::from_secs(shown.load(Ordering::SeqCst)))
        });
        let session = Session::builder().clock(clock).build().unwrap();
        session.cookies().set_cookie("https://a.test/", "sid=1; Max-Age=60").unwrap();
        later.store(59, Ordering::SeqCst);
        assert_eq!(session.cookies().get("https://a.test/", "sid").unwrap().as_deref(), Some("1"));
        later.store(60, Ordering::SeqCst);
        assert_eq!(session.cookies().get("https://a.test/", "sid").unwrap(), None);
    });
}

#[test]
fn a_default_field_is_set_read_and_removed_by_text() {
    bounded(|| {
        let server = telling();
        let session = Session::new();
        session.headers_mut().set("X-App", "demo").unwrap();
        assert_eq!(session.get(server.url("/")).send().unwrap().text().unwrap(), "none demo");
        session.headers_mut().set("x-app", String::from("shop")).unwrap();
        assert_eq!(session.headers().get("x-App").unwrap(), "shop");
        assert_eq!(session.get(server.url("/")).send().unwrap().text().unwrap(), "none shop");
        assert!(session.headers_mut().remove("x-app"));
        assert!(!session.headers_mut().remove("x-app") && !session.headers_mut().remove("no name"));
        assert_eq!((session.headers().get("x-app"), session.headers().get("no name")), (None, None));

        let error = session.headers_mut().set("x-token: hunter2", "1").unwrap_err();
        assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidHeader, Fault::Caller));
        assert!(error.to_string().starts_with("a field name is not valid: byte 8 of its 16 is \":\""), "{error}");
        let error = session.headers_mut().set("x-token", "hunter2\n").unwrap_err();
        assert!(error.to_string().starts_with("the value of x-token is not valid"), "{error}");
        assert!(!format!("{error}{error:?}").contains("hunter2"));
    });
}

#[test]
fn a_name_or_method_that_is_none_is_told_by_send() {
    bounded(|| {
        let session = Session::new();
        let told = session.get("http://a.test/").header("x app", "hunter2").send().unwrap_err().to_string();
        assert!(told.starts_with("a field name is not valid: byte 2 of its 5 is \" \"; expected a token"), "{told}");
        let told = session.request("GET /", "http://a.test/").send().unwrap_err().to_string();
        assert!(told.starts_with("the method is not valid: byte 4 of its 5 is \" \"; expected a token"), "{told}");
        let told = Session::builder().default_header("", "hunter2").build().unwrap_err().to_string();
        assert!(told.starts_with("a field name is not valid: it is empty"), "{told}");
    });
}

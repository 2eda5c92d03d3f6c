//! Spans and events (feature `tracing`): what they tell of an exchange, and that no secret is in them.

use crate::{address, server};
use session_testkit::script::answer::Answer;
use session_testkit::watchdog;
use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex, Once};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use transport_tokio::Session;
use transport_tokio::session_core::auth::credentials::Credential;
use transport_tokio::session_core::retry::policy::RetryPolicy;

/// Everything that is told, in one text: spans by number with their fields, events with their span.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Told>>);

#[derive(Default)]
struct Told {
    spans: u64,
    open: u64,
    text: String,
}

/// Writes `name=value` behind each other.
struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("transport_")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut told = self.0.lock().unwrap();
        told.spans += 1;
        told.open += 1;
        let (id, parent) = (told.spans, attributes.parent().map_or(0, Id::into_u64));
        write!(told.text, "span {id} in {parent}: {}", attributes.metadata().name()).unwrap();
        attributes.record(&mut Fields(&mut told.text));
        told.text.push('\n');
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut told = self.0.lock().unwrap();
        write!(told.text, "span {}:", span.into_u64()).unwrap();
        values.record(&mut Fields(&mut told.text));
        told.text.push('\n');
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut told = self.0.lock().unwrap();
        let (level, parent) = (event.metadata().level(), event.parent().map_or(0, Id::into_u64));
        write!(told.text, "{level} in {parent}:").unwrap();
        event.record(&mut Fields(&mut told.text));
        told.text.push('\n');
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}

    fn clone_span(&self, span: &Id) -> Id {
        self.0.lock().unwrap().open += 1;
        span.clone()
    }

    fn try_close(&self, _: Id) -> bool {
        self.0.lock().unwrap().open -= 1;
        false
    }
}

/// Subscribed for the whole process, and told nothing. Where the first to pass a place that tells something is a thread without
/// a subscriber, that place would else be taken for one that nobody wants to hear, in every thread.
struct Bystander;

impl Subscriber for Bystander {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What is told while `test` runs, once every span has ended.
fn told<T: Future<Output = ()>>(test: impl Fn() -> T + Send + 'static) -> String {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Bystander).unwrap());
    let collector = Collector::default();
    let collecting = collector.clone();
    watchdog::bounded(move || {
        tracing::subscriber::with_default(collecting, || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test())
        })
    });
    let told = collector.0.lock().unwrap();
    assert_eq!(told.open, 0, "a span was left open:\n{}", told.text);
    told.text.clone()
}

#[test]
fn an_exchange_its_hops_and_its_connections_are_told() {
    let told = told(|| async {
        let server = server(|request| match request.head.target.as_str() {
            "/a" => Answer::status(302).field("location", "/b"),
            _ => Answer::ok("fine"),
        });
        let session = Session::new();
        let text = session.get(server.url("/a")).send().await.unwrap().text().await.unwrap();
        assert_eq!(text, "fine");
    });
    for expected in [
        "in 0: exchange method=\"GET\" url=http://127.0.0.1",
        "in 1: hop number=1 method=\"GET\"",
        "connection origin=http://127.0.0.1",
        "in 1: hop number=2 method=\"GET\"",
        "reused=false",
        "reused=true",
        "status=302",
        "status=200",
        "redirect followed to http://127.0.0.1",
        "peer=127.0.0.1",
        "hops=2",
        "bytes=4",
        "timings=",
    ] {
        assert!(told.contains(expected), "{expected} in\n{told}");
    }
    assert_eq!(told.matches("connection origin").count(), 1, "{told}");
}

#[test]
fn a_failed_exchange_is_told_with_its_kind() {
    let told = told(|| async {
        let mut server = server(|_| Answer::ok("fine"));
        let refused = server.refused_address().unwrap();
        let session = Session::builder()
            .retry(RetryPolicy::new(1).backoff(std::time::Duration::ZERO, std::time::Duration::ZERO))
            .build()
            .unwrap();
        session.get(format!("http://{refused}/")).send().await.unwrap_err();
        session.get("no url").send().await.unwrap_err();
    });
    assert_eq!(told.matches(": hop number=").count(), 2, "{told}");
    for expected in ["WARN in 1:", "kind=connect", "phase=connecting", "error=\"connect\"", "hops=2"] {
        assert!(told.contains(expected), "{expected} in\n{told}");
    }
}

/// A login with every kind of secret there is: none is in what is told, also where things go wrong.
#[test]
fn no_secret_is_told() {
    let told = told(|| async {
        let server = server(|request| match request.head.target.as_str() {
            target if target.starts_with("/login") => Answer::status(303)
                .field("set-cookie", "sid=s-cookie; Path=/; HttpOnly")
                .field("location", "http://eve:s-theirs@a.test/digest?code=s-code#s-fragment"),
            "/digest?code=s-code" => match request.head.text("authorization") {
                Some(value) if value.starts_with("Digest") => Answer::ok("s-body").field("x-token", "s-field"),
                _ => {
                    Answer::status(401).field("www-authenticate", "Digest realm=\"r\", nonce=\"s-nonce\", qop=\"auth\"")
                }
            },
            _ => Answer::status(302).field("location", "ftp://s-host/s-path?s-query"),
        });
        let session = Session::builder()
            .resolve("a.test", address(&server))
            .auth_for("http://a.test", Credential::digest("s-user", "s-password"))
            .default_header("x-api-key", "s-key")
            .param("key", "s-param")
            .build()
            .unwrap();
        let login = session.post("http://a.test/login?token=s-query").form(&[("password", "s-form")]);
        let text = login.header("x-csrf-token", "s-csrf").send().await.unwrap().text().await.unwrap();
        assert_eq!(text, "s-body");
        session.get("http://s-name:s-info@a.test/wrong?token=s-query").send().await.unwrap_err();
        session
            .get("http://a.test:1/?token=s-query")
            .bearer_auth("s-bearer")
            .cookie("own", "s-own")
            .send()
            .await
            .unwrap_err();
    });
    assert!(told.matches("exchange method").count() == 3 && told.contains("cookie \"sid\" sent"), "{told}");
    assert!(!told.contains("s-"), "a secret is told:\n{told}");
}

//! The request builder, as far as it decides without a transport: what a request says, and what is wrong with it.

use crate::clock::now;
use crate::driver::{answer, text};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Uri, Version};
use session_core::content::coding::Coding;
use session_core::content::coding::encoder::Encoder;
use session_core::content::multipart::{Form, Part};
use session_core::error::{Error, ErrorKind, Fault, Phase};
use session_core::message::body::{BodySize, Framing, RequestBody};
use session_core::message::into_url::BaseJoin;
use session_core::request::built::BuiltRequest;
use session_core::request::{
    ComposedContent, Dispatch, RequestBuilder, RequestContent, describe_bytes, describe_sequence,
};
use session_core::retry::failure::{ConnectionAge, FailureKind, Sent};
use session_core::retry::policy::RetryPolicy;
use session_core::session::Session;
use session_core::session::preview::Preview;
use session_core::session::request::Request;
use session_core::session::settings::Setting;
use session_core::session::step::{Hop, Step};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;
use url::Url;

/// A body: its bytes, and whether they are at hand, come later, or come once.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Body {
    Bytes(Bytes),
    Stream { size: BodySize, once: bool },
    Sequence(Vec<Self>),
    Coded(Box<Self>, Coding),
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self::Bytes(text.into())
    }
}

impl RequestContent for Body {
    fn describe(&self) -> RequestBody {
        match self {
            Self::Bytes(bytes) => describe_bytes(bytes),
            Self::Stream { size, once: false } => RequestBody::replayable(*size),
            Self::Stream { size, once: true } => RequestBody::once(*size),
            Self::Sequence(bodies) => describe_sequence(bodies.iter().map(Self::describe)),
            Self::Coded(body, _) if body.describe().is_replayable() => RequestBody::replayable(BodySize::Streaming),
            Self::Coded(..) => RequestBody::once(BodySize::Streaming),
        }
    }

    fn bytes(&self) -> Option<Bytes> {
        match self {
            Self::Bytes(bytes) => Some(bytes.clone()),
            Self::Stream { .. } | Self::Sequence(_) | Self::Coded(..) => None,
        }
    }

    fn try_clone(&self) -> Option<Self> {
        self.describe().is_replayable().then(|| self.clone())
    }
}

impl ComposedContent for Body {
    fn sequence(bodies: Vec<Self>) -> Self {
        Self::Sequence(bodies)
    }

    fn coded(self, encoder: Encoder) -> Self {
        Self::Coded(Box::new(self), encoder.coding())
    }
}

/// Gives the first hop of a request, and its body.
#[derive(Clone, Copy)]
struct Driver<'a>(&'a RefCell<Session>);

impl Dispatch for Driver<'_> {
    type Body = Body;
    type Outcome = Result<(Hop, Option<Body>), Error>;

    fn base_url(&self) -> Option<Url> {
        self.0.borrow().base_url().cloned()
    }

    fn base_join(&self) -> BaseJoin {
        self.0.borrow().base_join()
    }

    fn random(&self) -> Option<[u8; 32]> {
        Some(self.0.borrow_mut().random())
    }

    fn preview(&self, request: Request) -> Result<Preview, Error> {
        self.0.borrow().preview(request, now())
    }

    fn dispatch(self, request: Result<(Box<Request>, Option<Body>), Error>) -> Self::Outcome {
        let (request, body) = request?;
        match self.0.borrow_mut().begin(*request, now())? {
            Step::Send(hop) => Ok((hop, body)),
            other => panic!("{other:?}"),
        }
    }
}

fn session() -> RefCell<Session> {
    RefCell::new(Session::builder().base_url("http://a.test/v1/").build().unwrap())
}

fn post(session: &RefCell<Session>) -> RequestBuilder<Driver<'_>> {
    RequestBuilder::new(Driver(session), Method::POST, "x")
}

const ONCE: Body = Body::Stream { size: BodySize::Streaming, once: true };
const AGAIN: Body = Body::Stream { size: BodySize::Sized(9), once: false };

#[test]
fn a_method_may_be_text_and_what_is_no_token_is_told_by_send() {
    let session = session();
    let (hop, _) = RequestBuilder::new(Driver(&session), "PURGE", "x").send().unwrap();
    assert_eq!(hop.head().method(), "PURGE");
    for bad in ["", "A B", "GET\r\nX: y"] {
        let error = RequestBuilder::new(Driver(&session), bad, "x").send().unwrap_err();
        assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidHeader, Fault::Caller), "{bad:?}");
        assert_eq!((error.phase(), error.url().unwrap().as_str()), (Phase::Build, "http://a.test/v1/x"));
    }
}

/// Each call that can be wrong, and what is told by `send`, `build` and `preview` alike.
#[test]
fn whatever_is_wrong_is_told_at_the_end_with_the_url_and_whose_fault() {
    type Make = fn(RequestBuilder<Driver<'_>>) -> RequestBuilder<Driver<'_>>;
    let text = HeaderValue::from_static("text/plain");
    let cases: [(&str, ErrorKind, Make); 9] = [
        ("a name", ErrorKind::InvalidHeader, |request| request.header("a b", "c")),
        ("a value", ErrorKind::InvalidHeader, |request| request.header("a", "b\r\nc: d").header("e", "f")),
        ("a removed name", ErrorKind::InvalidHeader, |request| request.remove_header("a b")),
        ("an upgrade", ErrorKind::InvalidHeader, |request| request.upgrade("a\nb")),
        ("a coding", ErrorKind::Unsupported, |request| request.body("x").compress(Coding::Zstd)),
        ("a part", ErrorKind::InvalidHeader, |request| {
            let fields =
                HeaderMap::from_iter([("content-disposition".parse().unwrap(), HeaderValue::from_static("x"))]);
            request.multipart(Form::new().part("a", Part::text("b").headers(fields)))
        }),
        ("a form's type", ErrorKind::InvalidHeader, |request| {
            request.header(CONTENT_TYPE, "multipart/form-data").multipart(Form::new().text("a", "b"))
        }),
        ("a version", ErrorKind::Unsupported, |request| request.version(Version::HTTP_2)),
        ("chunks in 1.0", ErrorKind::InvalidHeader, |request| request.version(Version::HTTP_10).body(ONCE)),
    ];
    let session = session();
    for (what, kind, make) in cases {
        let error = make(post(&session)).send().map(|_| ()).unwrap_err();
        let preview = make(post(&session)).preview().map(|_| ()).unwrap_err();
        for error in [&error, &preview] {
            assert_eq!((error.kind(), error.phase()), (kind, Phase::Build), "{what}: {error}");
            assert_eq!(error.fault(), Fault::Caller, "{what}");
            assert_eq!(error.url().unwrap().as_str(), "http://a.test/v1/x", "{what}");
        }
        assert_eq!(error.to_string(), preview.to_string());
    }
    // The first thing that was wrong is told, and a builder that holds an error has no copy.
    let wrong = post(&session).header("a b", "c").version(Version::HTTP_3);
    assert!(wrong.try_clone().is_none());
    assert_eq!(wrong.build().unwrap_err().kind(), ErrorKind::InvalidHeader);
    // A type of the session's gives way to the form's.
    session.borrow_mut().headers_mut().insert(CONTENT_TYPE, text);
    let (hop, _) = post(&session).multipart(Form::new().text("a", "b")).send().unwrap();
    assert!(crate::driver::text(&hop, CONTENT_TYPE).unwrap().starts_with("multipart/form-data; boundary="));
}

#[test]
fn pairs_come_from_arrays_maps_and_iterators_and_their_values_are_what_can_be_displayed() {
    let session = session();
    let asked = || RequestBuilder::new(Driver(&session), Method::GET, "http://a.test/?lang=en");
    let seen = |builder: RequestBuilder<Driver<'_>>| builder.preview().unwrap().head.uri().query().unwrap().to_owned();
    assert_eq!(seen(asked().query(&[("page", 2)]).query([("exact", true)])), "lang=en&page=2&exact=true");
    assert_eq!(seen(asked().query(&BTreeMap::from([("q", "a b&c")]))), "lang=en&q=a+b%26c");
    assert_eq!(seen(asked().query((1..3).map(|id| ("id", id)))), "lang=en&id=1&id=2");

    let form = RequestBuilder::new(Driver(&session), Method::POST, "http://a.test/").form(&[("size", 1.5), ("n", 2.0)]);
    let (_, body) = form.send().unwrap();
    assert_eq!(body.unwrap(), Body::from("size=1.5&n=2"));
}

/// What people have who come from reqwest.
#[cfg(feature = "json")]
#[test]
fn what_serde_writes_is_a_query_or_a_form() {
    #[derive(serde::Serialize)]
    struct Search<'a> {
        q: &'a str,
        page: u32,
        exact: bool,
        ratio: f64,
        #[serde(rename = "tag")]
        tags: Vec<&'a str>,
        after: Option<String>,
        before: Option<&'a str>,
    }
    let session = session();
    let search = Search {
        q: "a b&c",
        page: 2,
        exact: true,
        ratio: 0.5,
        tags: vec!["x", "\u{e4}"],
        after: None,
        before: Some(""),
    };
    let written = "q=a+b%26c&page=2&exact=true&ratio=0.5&tag=x&tag=%C3%A4&before=";
    let (hop, _) = post(&session).query_of(&search).query(&[("z", 1)]).send().unwrap();
    assert_eq!(hop.head().uri().query(), Some(format!("{written}&z=1").as_str()));
    let (hop, body) = post(&session).form_of(&search).send().unwrap();
    assert_eq!(hop.head().headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
    assert_eq!(body, Some(Body::Bytes(written.into())));
    let map = BTreeMap::from([("k", "v w")]);
    assert_eq!(post(&session).form_of(&map).send().unwrap().1, Some(Body::Bytes("k=v+w".into())));
    let pairs = [("k", 1), ("k", 2)];
    assert_eq!(post(&session).form_of(&pairs).send().unwrap().1, Some(Body::Bytes("k=1&k=2".into())));
    let (hop, _) = post(&session).query_of(&BTreeMap::<&str, &str>::new()).send().unwrap();
    assert_eq!(hop.head().uri().query(), None);
}

#[cfg(feature = "json")]
#[test]
fn what_is_no_query_or_form_is_told_at_the_end() {
    let session = session();
    let deep = BTreeMap::from([("outer", BTreeMap::from([("inner", "hunter2")]))]);
    let told = |built: RequestBuilder<Driver<'_>>| built.send().map(|_| ()).unwrap_err();
    let queried = told(post(&session).query_of(&deep));
    let formed = told(post(&session).form_of(&deep));
    for (error, kind, what) in
        [(queried, ErrorKind::InvalidUrl, "the query cannot"), (formed, ErrorKind::Body, "the form cannot")]
    {
        assert_eq!((error.kind(), error.phase(), error.fault()), (kind, Phase::Build, Fault::Caller));
        assert!(error.to_string().starts_with(&format!("{what} be written: unsupported value; expected")), "{error}");
        assert!(!format!("{error}{error:?}").contains("hunter2"));
        assert_eq!(error.url().unwrap().as_str(), "http://a.test/v1/x");
    }
    assert_eq!(told(post(&session).form_of(&5)).kind(), ErrorKind::Body);
    assert_eq!(told(post(&session).query_of("q=x")).kind(), ErrorKind::InvalidUrl);
}

#[test]
fn a_form_is_as_long_as_its_parts_and_is_sent_again_where_they_are() {
    let session = session();
    let form = |body: Body| Form::new().text("a", "1").part("b", Part::body(body)).text("c", "2");
    let (hop, body) = post(&session).multipart(form(AGAIN)).send().unwrap();
    let Some(Body::Sequence(bodies)) = body else { panic!("{body:?}") };
    let around: u64 =
        bodies.iter().map(|body| if let Body::Bytes(bytes) = body { bytes.len() as u64 } else { 0 }).sum();
    assert_eq!((bodies.len(), hop.framing()), (3, Framing::Length(around + 9)));
    let (hop, body) = post(&session).multipart(form(ONCE)).send().unwrap();
    assert_eq!(hop.framing(), Framing::Chunked);
    assert!(!body.unwrap().describe().is_replayable());
    // Two forms of a session have different boundaries, and text alone is bytes in memory.
    let boundaries: Vec<_> = (0..2)
        .map(|_| {
            let (hop, body) = post(&session).multipart(Form::new().text("a", "1")).send().unwrap();
            let of = text(&hop, CONTENT_TYPE).unwrap().split_once("boundary=").unwrap().1.to_owned();
            assert!(body.unwrap().bytes().unwrap().starts_with(format!("--{of}\r\n").as_bytes()));
            of
        })
        .collect();
    assert_ne!(boundaries[0], boundaries[1]);
}

#[cfg(feature = "gzip")]
#[test]
fn what_is_compressed_says_so_behind_the_codings_that_it_has() {
    use http::header::CONTENT_ENCODING;

    let session = session();
    let large = Bytes::from(vec![b'x'; 10_000]);
    for turned in [false, true] {
        let request = post(&session).header(CONTENT_ENCODING, "identity");
        let request = match turned {
            true => request.compress(Coding::Gzip).body(large.clone()),
            false => request.body(large.clone()).compress(Coding::Gzip),
        };
        let (hop, body) = request.send().unwrap();
        let lines: Vec<_> = hop.head().headers().get_all(CONTENT_ENCODING).iter().collect();
        assert_eq!(lines, ["identity", "gzip"]);
        let coded = body.unwrap().bytes().unwrap();
        assert!(coded.len() < 200 && coded.starts_with(&[0x1f, 0x8b]));
        assert_eq!(hop.framing(), Framing::Length(coded.len() as u64));
    }
    let (hop, body) = post(&session).body(AGAIN).compress(Coding::Gzip).send().unwrap();
    assert_eq!((hop.framing(), body.unwrap().describe().is_replayable()), (Framing::Chunked, true));
    for nothing in [post(&session), post(&session).body("")] {
        let (hop, _) = nothing.compress(Coding::Gzip).send().unwrap();
        assert!(!hop.head().headers().contains_key(CONTENT_ENCODING));
    }
}

#[test]
fn a_built_request_is_kept_cloned_and_sent() {
    let session = session();
    let built = post(&session).query(&[("a", "1")]).header("x-y", "z").body("text").build().unwrap();
    assert_eq!(built.url().absolute(None).unwrap().as_str(), "http://a.test/v1/x");
    assert_eq!((built.method(), built.version()), (&Method::POST, Version::HTTP_11));
    assert_eq!((built.headers()["x-y"].as_bytes(), built.body()), (&b"z"[..], Some(&Body::from("text"))));
    let mut again = built.try_clone().unwrap();
    again.headers_mut().insert("x-y", HeaderValue::from_static("changed"));
    for (built, expected) in [(built, "z"), (again, "changed")] {
        let (hop, body) = RequestBuilder::from_request(Driver(&session), built).send().unwrap();
        assert_eq!(hop.target().url().as_str(), "http://a.test/v1/x?a=1");
        assert_eq!((hop.head().headers()["x-y"].to_str().unwrap(), body), (expected, Some(Body::from("text"))));
        assert_eq!(hop.framing(), Framing::Length(4));
    }
    assert!(post(&session).body(ONCE).build().unwrap().try_clone().is_none());
    assert!(post(&session).body(ONCE).try_clone().is_none());
    let form = post(&session).form(&[("a", "b")]);
    let (hop, body) = form.try_clone().unwrap().send().unwrap();
    assert_eq!(text(&hop, CONTENT_TYPE).unwrap(), "application/x-www-form-urlencoded");
    assert_eq!(body, form.send().unwrap().1);
    let error = RequestBuilder::new(Driver(&session), Method::GET, "http://").build().unwrap_err();
    assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidUrl, Fault::Caller));
}

/// As in reqwest: `header` adds, `headers` replaces each name that it holds.
#[test]
fn fields_in_a_map_replace_and_single_ones_add() {
    let session = session();
    let mut map = HeaderMap::new();
    map.append("x-a", HeaderValue::from_static("3"));
    map.append("x-a", HeaderValue::from_static("4"));
    let request =
        post(&session).header("x-a", "1").header("x-a", "2").header("x-b", "1").headers(map).header("x-a", "5");
    let (hop, _) = request.send().unwrap();
    let lines = |name: &str| {
        hop.head().headers().get_all(name).iter().map(|v| v.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((lines("x-a"), lines("x-b")), (vec!["3".into(), "4".into(), "5".into()], vec!["1".to_owned()]));
}

#[test]
fn a_preview_is_what_would_be_sent_and_sends_nothing() {
    let session = session();
    session.borrow_mut().headers_mut().insert("x-app".parse().unwrap(), HeaderValue::from_static("demo"));
    let preview = post(&session).form(&[("a", "b")]).preview().unwrap();
    let (hop, _) = post(&session).form(&[("a", "b")]).send().unwrap();
    assert_eq!(preview.head.headers(), hop.head().headers());
    assert_eq!((preview.head.uri(), preview.framing), (hop.head().uri(), hop.framing()));
    assert_eq!(preview.head.headers()["x-app"], "demo");
}

#[test]
fn an_http_request_becomes_one_and_one_becomes_an_http_request() {
    let session = session();
    let given = http::Request::put("http://b.test/x?q").version(Version::HTTP_10).header("x-y", "1").header("x-y", "2");
    let built = BuiltRequest::<Body>::from(given.body("text").unwrap());
    let (hop, body) = RequestBuilder::from_request(Driver(&session), built.try_clone().unwrap()).send().unwrap();
    assert_eq!((hop.head().method(), hop.head().version()), (&Method::PUT, Version::HTTP_10));
    assert_eq!(hop.head().uri(), "http://b.test/x?q");
    assert_eq!(hop.head().headers().get_all("x-y").iter().count(), 2);
    assert_eq!((hop.framing(), body), (Framing::Length(4), Some(Body::from("text"))));
    let back = http::Request::try_from(built).unwrap();
    assert_eq!((back.method(), back.version(), back.body()), (&Method::PUT, Version::HTTP_10, &Body::from("text")));
    assert_eq!(back.headers().get_all("x-y").iter().count(), 2);

    let url = "http://user:hunter2@b.test/x?a=1#top";
    let form = RequestBuilder::new(Driver(&session), Method::POST, url).query(&[("b", "2")]).form(&[("c", "3")]);
    let form = http::Request::try_from(form.build().unwrap()).unwrap();
    assert_eq!(form.uri(), &Uri::from_static("http://b.test/x?a=1&b=2"));
    assert_eq!(form.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
    assert_eq!(form.body(), &Body::from("c=3"));
    let relative = BuiltRequest::<Body>::from(Request::get("x"));
    assert_eq!(http::Request::try_from(relative).unwrap_err().kind(), ErrorKind::InvalidUrl);
}

#[test]
fn retry_rules_of_a_request_go_before_those_of_the_session() {
    let pause = |session: &RefCell<Session>, retry: Setting<RetryPolicy>| {
        let (hop, _) = RequestBuilder::new(Driver(session), Method::GET, "x").retry(retry).send().unwrap();
        let step = session.borrow_mut().handle_response(hop, answer(503, &[("retry-after", "3")]), now()).unwrap();
        matches!(step, Step::Wait(_))
    };
    let never = session();
    let twice = RefCell::new(Session::builder().base_url("http://a.test/").retry(RetryPolicy::new(2)).build().unwrap());
    let one = || RetryPolicy::new(1).backoff(Duration::ZERO, Duration::from_secs(1));
    assert!(!pause(&never, Setting::Inherit) && pause(&never, one().into()));
    assert!(pause(&twice, Setting::Inherit) && !pause(&twice, Setting::Off) && pause(&twice, one().into()));
    // A failure goes by the same rules.
    let (hop, _) = RequestBuilder::new(Driver(&never), Method::GET, "x").retry(one()).send().unwrap();
    let failure = crate::driver::failure(FailureKind::Connect, Sent::Nothing, ConnectionAge::Fresh);
    assert!(matches!(never.borrow_mut().handle_failure(hop, failure, now()).unwrap(), Step::Wait(_)));
}

#[test]
fn version_1_0_has_neither_trailers_nor_an_expectation() {
    let session = session();
    let old = || post(&session).version(Version::HTTP_10).body("x");
    let trailers = HeaderMap::from_iter([("x-y".parse().unwrap(), HeaderValue::from_static("z"))]);
    for wrong in [old().trailers(trailers), old().expect_continue()] {
        assert_eq!(wrong.send().map(|_| ()).unwrap_err().kind(), ErrorKind::InvalidHeader);
    }
    assert_eq!(old().send().unwrap().0.head().version(), Version::HTTP_10);
}

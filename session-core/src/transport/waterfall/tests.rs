use super::{Alignment, Waterfall};
use crate::message::head::ResponseHead;
use crate::retry::failure::{Failure, FailureKind};
use crate::retry::policy::RetryPolicy;
use crate::session::Session;
use crate::session::request::Request;
use crate::session::step::{Delivery, Hop, Step};
use crate::time::Now;
use crate::time::timings::{Stage, Timings};
use crate::transport::error::Error;
use crate::transport::response::ResponseInfo;
use http::{HeaderName, HeaderValue, StatusCode};
use std::time::{Duration, Instant, SystemTime};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn now(after: u64) -> Now {
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
    Now::new(Instant::now(), SystemTime::UNIX_EPOCH).advanced(ms(after))
}

fn head(status: u16, fields: &[(&'static str, &str)]) -> ResponseHead {
    let mut head = ResponseHead::new(StatusCode::from_u16(status).unwrap());
    for (name, value) in fields {
        head.headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    head
}

fn hop(step: Step) -> Hop {
    match step {
        Step::Send(hop) => hop,
        other => panic!("no hop: {other:?}"),
    }
}

fn delivered(step: Step) -> Delivery {
    match step {
        Step::Done(delivery) => delivery,
        other => panic!("not delivered: {other:?}"),
    }
}

/// A redirect over two origins that begins this long after 1970.
fn redirected(begins: u64, to: &str, fields: &[(&'static str, &str)]) -> ResponseInfo {
    let mut session = Session::builder().build().unwrap();
    let mut first = hop(session.begin(Request::get("http://a.test/start?x=1"), now(begins)).unwrap());
    first.set_timings(
        Timings::starting(ms(0))
            .with(Stage::Resolve, ms(10))
            .with(Stage::Connect, ms(20))
            .with(Stage::Tls, ms(40))
            .with(Stage::Send, ms(42))
            .with(Stage::Wait, ms(80))
            .with(Stage::Head, ms(81)),
    );
    let mut answer = head(302, fields);
    answer.headers.insert("location", HeaderValue::from_bytes(to.as_bytes()).unwrap());
    let mut second = hop(session.handle_response(first, answer, now(begins + 81)).unwrap());
    second.set_timings(
        Timings::starting(ms(81)).with(Stage::Send, ms(82)).with(Stage::Wait, ms(99)).with(Stage::Head, ms(100)),
    );
    let delivery = delivered(session.handle_response(second, head(200, fields), now(begins + 100)).unwrap());
    ResponseInfo::new(delivery, None, ms(100), Default::default())
}

fn retried_and_lost() -> Error<()> {
    let mut session = Session::builder().retry(RetryPolicy::new(1).backoff(ms(50), ms(50))).build().unwrap();
    let error = || crate::error::Error::new(crate::error::ErrorKind::Connect, crate::error::Phase::Connect, "refused");
    let failed = || Failure::before_sending(FailureKind::Connect, error());
    let mut first = hop(session.begin(Request::get("http://a.test/lost"), now(0)).unwrap());
    first.set_timings(Timings::starting(ms(0)).with(Stage::Resolve, ms(5)).with_failure(ms(30)));
    let Step::Wait(pause) = session.handle_failure(first, failed(), now(30)).unwrap() else { panic!("no pause") };
    let mut second = hop(session.handle_timeout(pause, now(200)).unwrap());
    second.set_timings(Timings::starting(ms(80)).with_failure(ms(120)));
    session.handle_failure(second, failed(), now(120)).unwrap_err().into()
}

#[test]
fn the_text_is_one_line_for_each_hop_under_one_axis() {
    let mut waterfall = Waterfall::new();
    waterfall.add(&redirected(0, "http://b.test/end", &[]));
    let told = waterfall.text(100);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 5, "an axis, two hops, and what the signs mean");
    assert!(lines[0].contains("  20 ms  ") && lines[0].ends_with("80 ms"));
    assert!(
        lines[1].starts_with("1 GET http://a.test/start?x=1")
            && lines[1].contains(" 302 ")
            && lines[1].contains("81.0 ms")
    );
    assert!(lines[2].starts_with("   ↪ GET http://b.test/end") && lines[2].contains("19.0 ms"));
    let begins = |line: &str, sign: char| line.chars().position(|c| c == sign);
    assert!(begins(lines[1], '░') < begins(lines[1], '▒') && begins(lines[1], '▒') < begins(lines[1], '▓'));
    assert!(begins(lines[2], '─').unwrap() + 1 >= lines[1].chars().count(), "the second begins where the first ends");
    assert!(lines[4].contains("░ resolve   ▒ connect   ▓ tls   ▌ send   ─ wait   █ receive"), "{}", lines[4]);
}

#[test]
fn no_line_is_wider_than_was_asked_for_and_each_hop_has_a_bar() {
    let mut waterfall = Waterfall::new();
    let long = format!("http://b.test/{}", "very-long/".repeat(40));
    waterfall.add(&redirected(0, &long, &[]));
    waterfall.add(&redirected(3_600_000, "/x", &[]));
    waterfall.add_failure(&retried_and_lost());
    for width in [0, 60, 61, 80, 100, 131, 400, 10_000] {
        let told = waterfall.text(width);
        let widest = told.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width.clamp(60, 400), "{width}: {widest}\n{told}");
        let rows: Vec<_> = told.lines().skip(1).take(6).collect();
        assert!(rows.iter().all(|row| row.ends_with(['░', '▒', '▓', '─', '█', '╳', '▌'])), "{width}\n{told}");
    }
    assert!(waterfall.text(100).contains('…'));
}

#[test]
fn a_body_that_was_read_is_part_of_the_line() {
    let response = redirected(0, "/x", &[]);
    let mut waterfall = Waterfall::new();
    waterfall.add_with(&response, ResponseInfo::timings(&response).with(Stage::Body, ms(1000)));
    let told = waterfall.text(100);
    assert!(told.contains("919 ms") && told.contains("██████████"), "{told}");
}

#[test]
fn a_failure_is_told_with_its_kind_and_a_retry_stands_below() {
    let mut waterfall = Waterfall::new();
    waterfall.add_failure(&retried_and_lost());
    let told = waterfall.text(100);
    let lines: Vec<_> = told.lines().collect();
    assert!(lines[1].contains(" lost ") && lines[1].ends_with('╳'), "{told}");
    assert!(lines[2].contains(" ↻ GET /lost") && lines[2].contains(" connect ") && lines[2].ends_with('╳'), "{told}");
    assert!(told.contains("╳ failed"));
    let page = waterfall.html("x");
    assert!(page.contains("status lost") && page.contains("2 without an answer"), "{page}");
}

#[test]
fn exchanges_begin_when_they_did_or_together() {
    let (first, second) = (redirected(1000, "/x", &[]), redirected(1100, "/x", &[]));
    let mut waterfall = Waterfall::new();
    waterfall.add(&second);
    waterfall.add(&first);
    assert_eq!(waterfall.placed().iter().map(|(start, _)| *start).collect::<Vec<_>>(), [ms(100), ms(0)]);
    assert_eq!((waterfall.span(), waterfall.len()), (ms(200), 2));
    let together = waterfall.clone().aligned(Alignment::Together);
    assert_eq!((together.span(), together.placed()[0].0), (ms(100), ms(0)));

    // Without a wall clock, one begins where the one before it ended.
    waterfall.exchanges.iter_mut().for_each(|exchange| exchange.begun = None);
    assert_eq!(waterfall.placed().iter().map(|(start, _)| *start).collect::<Vec<_>>(), [ms(0), ms(100)]);
}

#[test]
fn nothing_and_no_time_are_shown_too() {
    let waterfall = Waterfall::default();
    assert!(waterfall.is_empty());
    assert!(waterfall.to_string().trim_start().starts_with('0'));
    assert!(waterfall.html("x").contains("No exchange was recorded."));
    let mut session = Session::builder().build().unwrap();
    let first = hop(session.begin(Request::get("http://a.test/"), now(0)).unwrap());
    let delivery = delivered(session.handle_response(first, head(200, &[]), now(0)).unwrap());
    let mut unmeasured = Waterfall::new();
    unmeasured.add(&ResponseInfo::new(delivery, None, ms(0), Default::default()));
    assert!(unmeasured.to_string().contains("GET http://a.test/"), "{unmeasured}");
    assert!(unmeasured.html("x").contains("http://a.test"));
}

/// What a hostile server may try to have run, or shown otherwise than it is.
const HOSTILE: [&str; 5] = [
    "\"><script>alert(1)</script>",
    "' onmouseover='alert(1)",
    "</pre></style><img src=x onerror=alert(1)>",
    "&lt;b&gt; & <b>",
    "\u{202e}txt.exe\u{2066}",
];

#[test]
fn what_peers_write_cannot_become_markup() {
    for hostile in HOSTILE {
        let fields = [("x-hostile", hostile), ("set-cookie", hostile)];
        let location = format!("/x?{hostile}#{hostile}");
        let mut waterfall = Waterfall::new();
        waterfall.add(&redirected(0, &location, &fields));
        let page = waterfall.html(hostile);
        let text = page.split_once("</style>").unwrap().1;
        for markup in ["<script", "<img", "<b>", "onerror=alert(1)>", "\u{202e}"] {
            assert!(!text.contains(markup), "{hostile}: {markup}");
        }
        assert!(!text.contains(" onmouseover='"), "{hostile}");
        // Each quote and angle bracket of the page is its own, and what peers wrote stands between them alone.
        for tag in text.split('<').skip(1).filter_map(|tag| tag.split_once('>')).map(|(tag, _)| tag) {
            let outside: String = tag.split('"').step_by(2).collect();
            assert!(!outside.contains("alert") && tag.matches('"').count() % 2 == 0, "{hostile}: {tag}");
        }
    }
}

#[test]
fn the_page_stands_alone_and_holds_no_secret() {
    let fields = [("set-cookie", "sid=hunter2"), ("x-api-key", "hunter2"), ("x-plain", "seen")];
    let mut waterfall = Waterfall::new();
    waterfall.add(&redirected(0, "/x", &fields));
    let page = waterfall.html("A title & more");
    assert!(page.contains("<title>A title &amp; more</title>") && page.contains("x-plain: seen"));
    for absent in ["hunter2", "<script", "src=", "href=", "url(", "@import", "http-equiv=\"refresh"] {
        assert!(!page.contains(absent), "{absent}");
    }
    for tag in [
        "details", "summary", "div", "span", "ul", "li", "table", "tr", "td", "pre", "section", "header", "main", "b",
        "i",
    ] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    assert!(!format!("{waterfall:?}").contains("a.test"));
}

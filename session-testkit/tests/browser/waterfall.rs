//! The page of a waterfall: what it shows, that what peers wrote stays text, and that it asks nobody for anything.

use crate::chromium::{Browser, Page, Scheme};
use crate::picture::Color;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::json;
use session_core::message::head::ResponseHead;
use session_core::retry::failure::{Failure, FailureKind};
use session_core::retry::policy::RetryPolicy;
use session_core::session::Session;
use session_core::session::request::Request;
use session_core::session::step::{Hop, Step};
use session_core::time::Now;
use session_core::time::timings::{Stage, Timings};
use session_core::transport::response::ResponseInfo;
use session_core::transport::waterfall::Waterfall;
use std::io;
use std::net::TcpListener;
use std::time::{Duration, Instant, SystemTime};
use url::Url;

/// The colours that the page says it draws stages in, on light paper. They are the first thing that a reader goes by.
const COLORS: [(&str, Color); 7] = [
    ("queue", [0xc3, 0xc9, 0xd2]),
    ("resolve", [0x2a, 0xa1, 0x98]),
    ("connect", [0xe0, 0x8a, 0x1e]),
    ("tls", [0x9b, 0x59, 0xd0]),
    ("send", [0xd9, 0x4f, 0x8a]),
    ("wait", [0x8f, 0xbf, 0x72]),
    ("body", [0x2f, 0x6f, 0xb3]),
];
const INK: Color = [0x1d, 0x24, 0x30];
const PAPER: Color = [0xfa, 0xfa, 0xf8];
const PAPER_IN_THE_DARK: Color = [0x14, 0x17, 0x1c];

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A response with these fields.
fn head(status: u16, fields: &[(&'static str, &str)]) -> ResponseHead {
    let mut head = ResponseHead::new(StatusCode::from_u16(status).unwrap());
    for (name, value) in fields {
        head.headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
    }
    head
}

fn hop(step: Step, timings: Timings) -> Hop {
    let Step::Send(mut hop) = step else { panic!("no hop: {step:?}") };
    hop.set_timings(timings);
    hop
}

fn timings(start: u64, stages: &[(Stage, u64)]) -> Timings {
    stages.iter().fold(Timings::starting(ms(start)), |timings, (stage, end)| timings.with(*stage, ms(*end)))
}

/// Six exchanges as they could have been: a redirect, a retry after a pause, a failure, and three short ones. `said` is what peers
/// say wherever they can.
fn waterfall(said: &str) -> Waterfall {
    use Stage::{Body, Connect, Head, Queue, Resolve, Send, Tls, Wait};
    let begun = Now::new(Instant::now(), SystemTime::UNIX_EPOCH);
    let mut session = Session::builder().retry(RetryPolicy::new(1).backoff(ms(150), ms(150))).build().unwrap();
    let mut waterfall = Waterfall::new();
    let mut add = |step: Step, elapsed: u64| {
        let Step::Done(delivery) = step else { panic!("not delivered: {step:?}") };
        waterfall.add(&ResponseInfo::new(delivery, None, ms(elapsed), Default::default()));
    };

    let mut start = Url::parse("https://a.test/start").unwrap();
    start.query_pairs_mut().append_pair("said", said);
    let first = session.begin(Request::get(start), begun).unwrap();
    let stages = [(Resolve, 40), (Connect, 80), (Tls, 160), (Send, 180), (Wait, 320), (Head, 330)];
    let first = hop(first, timings(0, &stages).with_wall(begun.wall()));
    let place = format!("https://b.test/{}", "a-long-way/".repeat(30));
    let fields = [("location", place.as_str()), ("x-said", said)];
    let second = session.handle_response(first, head(302, &fields), begun.advanced(ms(330))).unwrap();
    let stages = [(Resolve, 360), (Connect, 400), (Tls, 470), (Send, 490), (Wait, 560), (Head, 570), (Body, 800)];
    let second = hop(second, timings(330, &stages).with_wall((begun.advanced(ms(330))).wall()));
    let last = session.handle_response(second, head(200, &[("x-said", said)]), begun.advanced(ms(570))).unwrap();
    add(last, 800);

    let begins = begun.advanced(ms(200));
    let busy = session.begin(Request::get("http://c.test/busy"), begins).unwrap();
    let busy = hop(busy, timings(0, &[(Queue, 100), (Send, 120), (Wait, 170), (Head, 180)]).with_wall(begins.wall()));
    let pause = session.handle_response(busy, head(503, &[]), begins.advanced(ms(180))).unwrap();
    let Step::Wait(pause) = pause else { panic!("no pause: {pause:?}") };
    let again = session.handle_timeout(pause, begins.advanced(ms(400))).unwrap();
    let again = hop(again, timings(400, &[(Send, 420), (Wait, 500), (Head, 510), (Body, 600)]));
    add(session.handle_response(again, head(200, &[]), begins.advanced(ms(510))).unwrap(), 600);

    let begins = begun.advanced(ms(500));
    let lost = session.begin(Request::new(Method::POST, "http://d.test/lost"), begins).unwrap();
    let lost = hop(lost, timings(0, &[(Resolve, 40)]).with_failure(ms(250)).with_wall(begins.wall()));
    let failure = Failure::reported(FailureKind::Timeout, io::Error::other(said.to_owned()));
    let error = session.handle_failure(lost, failure, begins.advanced(ms(250))).unwrap_err();
    waterfall.add_failure(&session_core::transport::error::Error::<()>::from(error));

    for (index, status) in [204, 404, 500].into_iter().enumerate() {
        let begins = begun.advanced(ms(700 + 60 * index as u64));
        let short = session.begin(Request::get("http://e.test/short"), begins).unwrap();
        let short = hop(short, timings(0, &[(Send, 1), (Wait, 2), (Head, 3)]).with_wall(begins.wall()));
        let last = session.handle_response(short, head(status, &[]), begins.advanced(ms(3))).unwrap();
        let Step::Done(delivery) = last else { panic!("not delivered: {last:?}") };
        waterfall.add(&ResponseInfo::new(delivery, None, ms(3), Default::default()));
    }
    waterfall
}

/// Opens a page that stands in a file, as a reader does.
fn open<'a>(browser: &'a mut Browser, folder: &tempfile::TempDir, page: &str) -> (String, Page<'a>) {
    let path = folder.path().join("waterfall.html");
    std::fs::write(&path, page).unwrap();
    let url = format!("file://{}", path.display());
    let page = browser.open(&url, (1240, 640));
    (url, page)
}

/// The parts of bars that are wide enough to be seen: class, and the middle.
fn seen(page: &mut Page<'_>) -> Vec<(String, usize, usize)> {
    let parts = page.value(
        "[...document.querySelectorAll('.bar b')].map(part => [part.className, part.getBoundingClientRect()])
         .filter(([, at]) => at.width > 4).map(([name, at]) => [name, at.x + at.width / 2, at.y + at.height / 2])",
    );
    let part = |part: &serde_json::Value| {
        let at = |index: usize| part[index].as_f64().expect("a place") as usize;
        (part[0].as_str().expect("a class").to_owned(), at(1), at(2))
    };
    parts.as_array().expect("parts").iter().map(part).collect()
}

#[test]
fn the_page_shows_each_hop_in_the_colours_of_its_stages_in_every_window() {
    let Some(mut browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (_, mut page) = open(&mut browser, &folder, &waterfall("nothing").html("Six exchanges"));
    assert_eq!(page.value("document.querySelectorAll('summary').length"), 8);
    assert_eq!(page.value("document.querySelectorAll('.exchange').length"), 6);

    let picture = page.picture("waterfall.png");
    assert_eq!(picture.size(), (1240, 640));
    assert!(picture.count(INK) > 200, "no text is seen: {} pixels of it", picture.count(INK));
    assert_eq!(picture.color(2, 2), PAPER);
    let parts = seen(&mut page);
    for (class, color) in COLORS {
        let places = parts.iter().filter(|(name, ..)| name == class);
        let drawn: Vec<Color> = places.map(|(_, x, y)| picture.color(*x, *y)).collect();
        assert!(!drawn.is_empty(), "no {class} is seen");
        assert!(drawn.iter().all(|found| *found == color), "{class}: {drawn:?}");
    }
    let mut rows: Vec<usize> = parts.iter().map(|(_, _, y)| *y).collect();
    rows.dedup();
    assert_eq!(rows.len(), 5, "the rows with bars that are more than a stroke: {parts:?}");
    assert!(parts.iter().any(|(class, ..)| class == "broken"), "{parts:?}");

    page.show((1240, 640), Scheme::Dark);
    assert_eq!(page.picture("waterfall-dark.png").color(2, 2), PAPER_IN_THE_DARK);

    // A row opens, without a script of the page's.
    page.value("document.querySelector('summary').click()");
    assert!(page.value("document.querySelector('.details').getBoundingClientRect().height").as_f64() > Some(50.0));
    page.picture("waterfall-open.png");
    let open = |page: &mut Page<'_>, open: bool| {
        page.value(&format!("document.querySelectorAll('details').forEach(one => {{ one.open = {open}; }})"));
    };

    for width in [320, 500, 760, 900, 2560] {
        page.show((width, 900), Scheme::Light);
        open(&mut page, false);
        page.picture(&format!("waterfall-{width}.png"));
        open(&mut page, true);
        assert_eq!(page.value("document.scrollingElement.scrollWidth"), width, "nothing is beside the window");
        let outside = page.value(
            "[...document.querySelectorAll('.bar, .axis span, .status, .took, .what, .url, td')]
             .map(one => [one, one.getBoundingClientRect()]).filter(([, at]) => at.width > 0)
             .filter(([, at]) => at.right > innerWidth || at.left < 0)
             .map(([one, at]) => [one.outerHTML, at.left, at.right])",
        );
        assert_eq!(outside, json!([]), "all of it is seen at {width}");
        page.picture(&format!("waterfall-{width}-open.png"));
    }
}

#[test]
fn what_peers_wrote_stays_text_and_the_page_asks_nobody_for_anything() {
    let Some(mut browser) = Browser::start() else { return };
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let there = format!("http://{}/", trap.local_addr().unwrap());
    let said = format!(
        "\"'></pre></style><img src={there} onerror=document.body.id=1><script>document.body.id=1</script>\
         <link rel=stylesheet href={there}><iframe src={there}></iframe><svg onload=document.body.id=1> &lt;b&gt; \u{202e}"
    );
    // A field has no such signs.
    let written = said.replace('\u{202e}', "");
    let folder = tempfile::tempdir().unwrap();
    let (url, mut page) = open(&mut browser, &folder, &waterfall(&written).html(&said));

    assert_eq!(page.value("document.querySelectorAll('summary').length"), 8);
    let shown = page.value("document.body.textContent");
    let shown = shown.as_str().unwrap();
    assert_eq!(shown.matches(&written).count(), 3, "the title, and two fields");
    assert!(shown.contains("\\u{202e}") && !shown.contains('\u{202e}'), "what turns text around is told");
    let markup =
        "document.querySelectorAll('img, script, link, iframe, svg, object, embed, form, a, base, [onerror]').length";
    assert_eq!(page.value(markup), 0);
    assert_eq!(page.value("document.querySelectorAll('style').length"), 1);
    assert_eq!(page.value("document.body.id"), "");
    assert_eq!(page.requested(), [url]);
    page.picture("waterfall-hostile.png");
    let knocked = trap.accept().map(|(_, peer)| peer);
    assert!(knocked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock), "somebody asked for something");
}

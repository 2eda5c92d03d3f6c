//! Reading a body in the ways beside its bytes: lines, events, a copy with its progress, text by other rules; what the head leads
//! to; and a response taken apart.

use crate::{address, bounded, scripted, server};
use futures_core::Stream;
use futures_lite::io::{AsyncRead, AsyncReadExt};
use session_core::error::{ErrorKind, Fault, Phase};
use session_core::limits::Limits;
use session_core::redirect::policy::RedirectPolicy;
use session_core::session::history::History;
use session_testkit::script::answer::{Answer, Deed};
use session_testkit::script::gate::Gate;
use session_testkit::script::log::Place;
use session_testkit::script::request::Request;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::time::Duration;
use transport_async_std::{Error, Response, Session, http};
use url::Url;

/// A response in chunks: one piece, and the others once the gate is open.
fn held(content_type: &str, first: &str, gate: &Gate, rest: &[&str]) -> Answer {
    let chunk = |data: &str| format!("{:x}\r\n{data}\r\n", data.len());
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n{}",
        chunk(first)
    );
    let rest: String = rest.iter().map(|data| chunk(data)).collect();
    let rest = format!("{rest}0\r\nx-sum: 7\r\n\r\n");
    Answer::raw(head).then(Deed::Wait(gate.clone())).then(Deed::Write(rest.into()))
}

fn limited(set: impl FnOnce(&mut Limits)) -> Session {
    let mut limits = Limits::default();
    set(&mut limits);
    Session::builder().limits(limits).build().unwrap()
}

/// Everything that a stream gives.
async fn all<T>(mut stream: impl Stream<Item = Result<T, Error>> + Unpin) -> Vec<Result<T, Error>> {
    let mut found = Vec::new();
    while let Some(item) = poll_fn(|cx| Pin::new(&mut stream).poll_next(cx)).await {
        found.push(item);
    }
    found
}

async fn send(session: &Session, url: &str) -> Response {
    session.get(url).send().await.unwrap()
}

/// All that is left, by the trait of readers.
async fn whole(mut reader: impl AsyncRead + Unpin) -> String {
    let mut text = String::new();
    reader.read_to_string(&mut text).await.unwrap();
    text
}

#[test]
fn lines_are_text_and_come_when_they_are_whole() {
    bounded(|| async {
        let gate = Gate::new();
        let opened = gate.clone();
        let server = scripted(move |request: &Request, _: &Place| match request.head.target.as_str() {
            "/held" => held("text/plain", "one\r\ntw", &opened, &["o\n", "\nlast"]),
            _ => Answer::ok(&b"gr\xfcn\r\n\n\xfcber"[..])
                .field("content-type", "text/plain; charset=latin1")
                .answer_to("GET")
                .in_pieces(1, Duration::ZERO),
        });
        let session = Session::new();
        let mut lines = send(&session, &server.url("/held")).await.lines();
        assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("one"));
        assert!(!gate.is_open() && lines.response().trailers().is_none());
        gate.open();
        for line in ["two", "", "last"] {
            assert_eq!(lines.next_line().await.unwrap().as_deref(), Some(line));
        }
        assert_eq!(lines.next_line().await.unwrap(), None);
        assert_eq!(lines.response().trailers().unwrap()["x-sum"], "7");
        let lines = all(send(&session, &server.url("/latin1")).await.lines()).await;
        let lines: Vec<_> = lines.into_iter().map(Result::unwrap).collect();
        assert_eq!(lines, ["gr\u{fc}n", "", "\u{fc}ber"]);
        assert_eq!(server.connections(), 1, "a body that was read to its end gives its connection back");
    });
}

#[test]
fn a_line_is_as_long_as_its_limit_and_the_error_names_it() {
    bounded(|| async {
        let server = server(|request| match request.head.target.as_str() {
            "/fits" => Answer::ok("12345\r\n12345"),
            _ => Answer::ok("12345\n123456\n1"),
        });
        let session = limited(|limits| limits.line_bytes = 5);
        let fits = all(send(&session, &server.url("/fits")).await.lines()).await;
        assert_eq!(fits.into_iter().map(Result::unwrap).collect::<Vec<_>>(), ["12345", "12345"]);
        let mut lines = all(send(&session, &server.url("/longer")).await.lines()).await.into_iter();
        assert_eq!(lines.next().unwrap().unwrap(), "12345");
        let error = lines.next().unwrap().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Limit, Phase::Body));
        assert!(error.to_string().contains("Limits::line_bytes") && error.url().is_some(), "{error}");
        assert!(lines.next().is_none(), "nothing comes after an error");
    });
}

#[test]
fn a_body_that_breaks_off_is_no_end_of_lines_or_events() {
    bounded(|| async {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 100\r\n\r\n";
        let server =
            scripted(move |_: &Request, _: &Place| Answer::raw(format!("{head}data: 1\n\ndata")).then(Deed::Close));
        let session = Session::new();
        let mut lines = all(send(&session, &server.url("/")).await.lines()).await.into_iter();
        assert_eq!([lines.next(), lines.next()].map(|line| line.unwrap().unwrap()), ["data: 1", ""]);
        assert_eq!(lines.next().unwrap().unwrap_err().kind(), ErrorKind::Incomplete);
        assert!(lines.next().is_none());
        let mut events = all(send(&session, &server.url("/")).await.events().unwrap()).await.into_iter();
        assert_eq!(events.next().unwrap().unwrap().data, "1");
        assert_eq!(events.next().unwrap().unwrap_err().kind(), ErrorKind::Incomplete);
        assert!(events.next().is_none());
    });
}

#[test]
fn events_come_when_they_are_sent() {
    bounded(|| async {
        let gate = Gate::new();
        let opened = gate.clone();
        let server = scripted(move |_: &Request, _: &Place| {
            let first = ": hello\r\n\r\nretry: 1500\nid: 7\nevent: tick\ndata: one\ndata: two\r\r\nda";
            held("text/event-stream; charset=utf-8", first, &opened, &["ta: gr\u{fc}n", "\n\n", "id: 8\n\ndata: lost"])
        });
        let session = Session::new();
        let mut events = send(&session, &server.url("/")).await.events().unwrap();
        let event = events.next_event().await.unwrap().unwrap();
        assert!(!gate.is_open());
        assert_eq!((event.event.as_str(), event.data.as_str(), event.id.as_str()), ("tick", "one\ntwo", "7"));
        assert_eq!(event.retry, Some(Duration::from_millis(1500)));
        gate.open();
        let event = events.next_event().await.unwrap().unwrap();
        assert_eq!((event.event.as_str(), event.data.as_str(), event.id.as_str()), ("message", "gr\u{fc}n", "7"));
        assert_eq!(event.retry, None);
        assert_eq!(events.next_event().await.unwrap(), None);
        assert_eq!((events.last_event_id(), events.retry()), ("8", Some(Duration::from_millis(1500))));
        assert_eq!(events.response().trailers().unwrap()["x-sum"], "7");
    });
}

#[test]
fn an_event_is_as_long_as_its_limit_and_the_error_names_it() {
    bounded(|| async {
        let server = server(|request| {
            let data = "x".repeat(request.head.target.trim_start_matches('/').parse().unwrap());
            Answer::ok(format!("data: 1\n\ndata: {data}\n\n")).field("content-type", "text/event-stream")
        });
        let session = limited(|limits| limits.event_bytes = 10);
        let ten = all(send(&session, &server.url("/10")).await.events().unwrap()).await;
        assert_eq!(ten.into_iter().map(|event| event.unwrap().data.len()).collect::<Vec<_>>(), [1, 10]);
        let mut more = all(send(&session, &server.url("/11")).await.events().unwrap()).await.into_iter();
        assert_eq!(more.next().unwrap().unwrap().data, "1");
        let error = more.next().unwrap().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Limit, Phase::Body));
        assert!(error.to_string().contains("at most 10 bytes (Limits::event_bytes)"), "{error}");
        assert!(more.next().is_none());
    });
}

#[test]
fn what_is_no_stream_of_events_is_told_and_can_still_be_read() {
    bounded(|| async {
        let server = server(|_| Answer::ok("<p>sign in first").field("content-type", "text/html"));
        let error = send(&Session::new(), &server.url("/")).await.events().unwrap_err();
        assert!(error.is_decode() && error.to_string().contains("text/event-stream"), "{error}");
        assert_eq!(error.into_response().unwrap().text().await.unwrap(), "<p>sign in first");
    });
}

#[test]
fn a_copy_tells_how_far_it_is() {
    bounded(|| async {
        let server = server(|request| match request.head.target.as_str() {
            "/length" => Answer::ok("x".repeat(300_000)),
            "/empty" => Answer::ok(""),
            _ => Answer::ok("x".repeat(300_000)).field("transfer-encoding", "chunked"),
        });
        let session = Session::new();
        for (path, length, total) in
            [("/length", 300_000, Some(300_000)), ("/chunked", 300_000, None), ("/empty", 0, Some(0))]
        {
            let mut response = send(&session, &server.url(path)).await;
            let (mut copy, mut told) = (Vec::new(), Vec::new());
            assert_eq!(response.copy_to_with(&mut copy, |copied, of| told.push((copied, of))).await.unwrap(), length);
            assert_eq!(copy.len() as u64, length);
            assert_eq!((told[0], told[told.len() - 1]), ((0, total), (length, total)), "{path}");
            assert!(told.windows(2).all(|two| two[0].0 < two[1].0), "each piece is told once");
            assert!(length == 0 || told.len() > 2);
            assert!(response.trailers().is_some());
        }
        let mut response = send(&session, &server.url("/length")).await;
        let first = response.chunk().await.unwrap().unwrap().len() as u64;
        let (mut copy, mut totals) = (Vec::new(), Vec::new());
        assert_eq!(response.copy_to_with(&mut copy, |_, of| totals.push(of)).await.unwrap(), 300_000 - first);
        assert!(totals.iter().all(|total| *total == Some(300_000 - first)), "what is left, not what was");
    });
}

#[test]
fn a_writer_that_fails_is_the_callers_and_the_rest_can_be_read() {
    bounded(|| async {
        let server = server(|_| Answer::ok("0123456789"));
        let session = Session::new();
        let mut response = send(&session, &server.url("/")).await;
        let mut room = [0; 4];
        let error = response.copy_to(&mut futures_lite::io::Cursor::new(&mut room[..])).await.unwrap_err();
        assert_eq!((error.kind(), error.fault(), error.phase()), (ErrorKind::Io, Fault::Caller, Phase::Body));
        assert!(error.url().is_some());
        assert_eq!(room, *b"0123");
        assert_eq!(response.text().await.unwrap(), "", "the piece that did not fit went with the writer");
        let mut response = send(&session, &server.url("/")).await;
        let mut copy = Vec::new();
        assert_eq!(response.copy_to(&mut copy).await.unwrap(), 10);
        assert_eq!(copy, b"0123456789");
    });
}

#[test]
fn links_lead_from_page_to_page() {
    bounded(|| async {
        let server = server(|request| match request.head.target.as_str() {
            "/list?page=1" => Answer::ok("1").field("link", "<?page=2>; rel=\"next last\"; title=\"a, b\""),
            "/list?page=2" => Answer::ok("2").field("link", "x, </list?page=1>; rel=prev").field("link", "</>; rel=up"),
            _ => Answer::status(404),
        });
        let session = Session::new();
        let first = send(&session, &server.url("/list?page=1")).await;
        let links = first.links();
        let next = links.rel("next").unwrap();
        assert_eq!(next.title().unwrap(), "a, b");
        let second = send(&session, next.url().as_str()).await;
        assert_eq!(second.links().rel("prev").unwrap().url(), first.url());
        assert_eq!((second.links().len(), second.links().rel("next")), (2, None));
        assert_eq!(second.text().await.unwrap(), "2");
    });
}

#[test]
fn a_redirect_is_followed_by_hand() {
    bounded(|| async {
        let server = server(|request| match request.head.line().as_str() {
            "GET /1 HTTP/1.1" => Answer::status(302).field("location", "/2").field("set-cookie", "a=1"),
            "POST /1 HTTP/1.1" => Answer::status(307).field("location", "/2").body("moved"),
            _ => Answer::ok(format!("{} {}", request.head.method, String::from_utf8_lossy(&request.body))),
        });
        let session = Session::builder().redirect(RedirectPolicy::none()).build().unwrap();
        let mut response = send(&session, &server.url("/1#top")).await;
        while let Some(next) = response.next_request() {
            response = session.execute(next.unwrap()).await.unwrap();
        }
        assert_eq!(response.url().as_str(), server.url("/2#top"));
        assert_eq!(response.history().hops().len(), 2, "it is one exchange");
        assert_eq!(server.requests()[1].head.text("cookie"), Some("a=1"));

        // Where the next request has a body, it is given again; without it nothing is sent.
        let response = session.post(server.url("/1")).body("form").send().await.unwrap();
        let next = response.next_request().unwrap().unwrap();
        let error = session.execute(next.clone()).await.unwrap_err();
        assert_eq!((error.kind(), server.requests().len()), (ErrorKind::BodyNotReplayable, 3));
        let end = session.execute(transport_async_std::Request::new(next, Some("form".into()))).await.unwrap();
        assert_eq!(end.text().await.unwrap(), "POST form");
    });
}

#[cfg(feature = "charset")]
#[test]
fn a_charset_of_the_callers_holds_where_the_server_names_none() {
    bounded(|| async {
        let server = server(|request| match request.head.target.as_str() {
            "/named" => Answer::ok(&b"\xfc"[..]).field("content-type", "text/plain; charset=latin1"),
            "/unknown" => Answer::ok(&b"\xc4"[..]).field("content-type", "text/plain; charset=x-nobodys"),
            "/marked" => Answer::ok("\u{feff}\u{fc}"),
            _ => Answer::ok(&b"\xc4"[..]),
        });
        let session = Session::new();
        for (path, text) in [("/", "\u{434}"), ("/unknown", "\u{434}"), ("/named", "\u{fc}"), ("/marked", "\u{fc}")] {
            let response = send(&session, &server.url(path)).await;
            assert_eq!(response.charset().is_some(), ["/named", "/unknown"].contains(&path));
            assert_eq!(response.text_with_charset("KOI8-R").await.unwrap(), text, "{path}");
        }
        let error = send(&session, &server.url("/")).await.text_with_charset("x-nobodys").await.unwrap_err();
        assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidSetting, Fault::Caller));
        assert_eq!(error.into_response().unwrap().text().await.unwrap(), "\u{fffd}", "nothing was read");
    });
}

#[cfg(feature = "detect")]
#[test]
fn a_charset_is_guessed_only_where_the_session_is_told_so() {
    use session_core::content::charset::TextRules;
    bounded(|| async {
        // "Hello, how are you?" in Russian, in windows-1251.
        let body = b"\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0?";
        let server = server(|_| Answer::ok(&body[..]).field("content-type", "text/html"));
        let plain = send(&Session::new(), &server.url("/")).await.text().await.unwrap();
        assert!(plain.starts_with('\u{fffd}'));
        let session = Session::builder().text_rules(TextRules::DETECT).build().unwrap();
        assert!(send(&session, &server.url("/")).await.text().await.unwrap().starts_with("\u{41f}\u{440}\u{438}"));
    });
}

#[test]
fn a_response_goes_into_one_of_http() {
    bounded(|| async {
        let server = server(|_| {
            Answer::status(404).field("set-cookie", "a=1").field("set-cookie", "b=2").body("x".repeat(100_000))
        });
        let session = Session::new();
        let response = http::Response::from(send(&session, &server.url("/x#top")).await);
        assert_eq!((response.status().as_u16(), response.version()), (404, http::Version::HTTP_11));
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
        assert_eq!(response.headers()["content-length"], "100000");
        let extensions = response.extensions();
        assert_eq!(extensions.get::<Url>().unwrap().fragment(), Some("top"));
        assert_eq!(extensions.get::<History>().unwrap().hops().len(), 1);
        assert_eq!(extensions.get(), Some(&address(&server)));
        let mut body = response.into_body();
        let mut length = 0;
        while let Some(piece) = body.chunk().await.unwrap() {
            assert!(body.trailers().is_none());
            length += piece.len();
        }
        assert_eq!(length, 100_000);
        assert!(body.trailers().is_some());
        let (_, body) = http::Response::from(send(&session, &server.url("/")).await).into_parts();
        assert_eq!(whole(body).await, "x".repeat(100_000));
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn head_and_body_come_apart_and_the_bodys_limit_still_holds() {
    bounded(|| async {
        let server = server(|_| Answer::ok("x".repeat(101)));
        let session = limited(|limits| limits.gathered_body = 100);
        let (info, body) = send(&session, &server.url("/")).await.into_parts();
        assert_eq!((info.status().as_u16(), info.content_length()), (200, Some(101)));
        let error = body.bytes().await.unwrap_err();
        assert!(error.to_string().contains("Limits::gathered_body") && error.url() == Some(info.url()), "{error}");
    });
}

#[test]
fn a_body_is_a_reader_and_tells_its_errors_as_one() {
    bounded(|| async {
        let cut = Answer::ok("x".repeat(1000)).answer_to("GET").cut_after(500, Deed::Close);
        let server = scripted(move |request: &Request, _: &Place| match request.head.target.as_str() {
            "/whole" => Answer::ok("x".repeat(100_000)).answer_to("GET"),
            _ => cut.clone(),
        });
        let session = Session::new();
        let mut response = send(&session, &server.url("/whole")).await;
        let mut buffer = [0; 7];
        let mut length = 0;
        loop {
            match response.read(&mut buffer).await.unwrap() {
                0 => break,
                n => length += n,
            }
        }
        assert_eq!((length, response.trailers().is_some()), (100_000, true));
        let response = send(&session, &server.url("/cut")).await;
        let error = {
            let mut response = response;
            response.read_to_string(&mut String::new()).await
        }
        .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(error.get_ref().unwrap().downcast_ref::<Error>().unwrap().kind(), ErrorKind::Incomplete);
    });
}

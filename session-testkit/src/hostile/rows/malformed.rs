//! Section F: responses that are none, or too much.

use crate::hostile::client::{Ask, Client};
use crate::hostile::memory::{LITTLE, Peak};
use crate::hostile::peer::{Hostile, Peer};
use crate::hostile::row::{Row, alone, row};
use crate::hostile::stage::{Outcome, Stage, each, failed, gave, holds};
use crate::suite::jar;
use crate::suite::wire::model::{ErrorName, Reuse, Wire};
use http::Method;
use session_core::error::{ErrorKind, Phase};
use session_core::handle::Access as _;
use session_core::limits::Limits;
use std::io;
use std::time::SystemTime;

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    vec![
        row("60", "every case of the wire suites", wire_suites),
        row("61", "a Content-Length that is too small", too_small),
        row("62", "a Content-Length that is too large", too_large),
        row("63", "HEAD, 204 and 304 with a body", bodyless_with_body),
        alone("64", "interim responses without end", interim_flood),
        row("65", "a 101 that nobody asked for", switch_unasked),
        alone("66", "a MiB of garbage", garbage),
        alone("67", "a line, a head, trailers without end", endless_sections),
        row("68", "10,000 cookies of 4 KiB", cookie_flood),
        row("69", "cookies that are none of the server's business", foreign_cookies),
        row("70", "bytes above 127 in a field", eight_bit),
    ]
}

const SUITES: [&str; 2] =
    [include_str!("../../../suites/wire_framing.json"), include_str!("../../../suites/wire_chunked.json")];

fn wire_suites<C: Client>(stage: &Stage<C>) -> Outcome {
    let mut cases: Vec<Wire> = Vec::new();
    for text in SUITES {
        cases.extend(serde_json::from_str::<Vec<Wire>>(text).map_err(|error| error.to_string())?);
    }
    // What opens a tunnel or another protocol is not asked for by a plain request.
    let plain = |case: &Wire| case.request.headers.is_empty() && case.request.method != "CONNECT";
    each(cases.into_iter().filter(plain), |case| {
        let name = case.name.clone();
        wire_case(stage, case).map_err(|what| format!("{name}: {what}"))
    })
}

fn wire_case<C: Client>(stage: &Stage<C>, case: Wire) -> Outcome {
    let (input, eof) = (case.input.as_slice().to_vec(), case.eof);
    let server = stage.server(move |peer| {
        peer.read_request()?;
        peer.write(&input)?;
        if eof {
            peer.fin()?;
            return peer.until_gone();
        }
        peer.serve()
    })?;
    let session = stage.plain()?;
    let method = Method::from_bytes(case.request.method.as_bytes()).map_err(|error| error.to_string())?;
    let result = stage.ask(&session, Ask::new(method, server.url("/")));
    let expect = &case.expect;
    match expect.error {
        None => {
            let body = expect.body.as_ref().map(|body| body.as_slice().to_vec());
            let body = body.or_else(|| result.as_ref().ok().map(|reply| reply.body.clone())).unwrap_or_default();
            gave(result, expect.status.unwrap_or(200), body)?;
        }
        Some(ErrorName::Limit) => drop(failed(result, ErrorKind::Limit, &[Phase::Head, Phase::Body])?),
        Some(ErrorName::Incomplete) => match result {
            // What could never be gathered is refused before it is read.
            Err(error) if error.kind == ErrorKind::Limit && error.message.contains("gathered") => {}
            other => drop(failed(other, ErrorKind::Incomplete, &[Phase::Head, Phase::Body])?),
        },
        Some(_) => drop(failed(result, ErrorKind::Protocol, &[Phase::Head, Phase::Body])?),
    }
    let settled = stage.settle(&session, &server, 1)?;
    let connections = server.seen().connections;
    let expected = if expect.reuse == Some(Reuse::Keep) && !eof { 1 } else { 2 };
    let known = expect.reuse.is_some() || expect.error.is_some();
    holds(!known || connections == expected, || format!("expected {expected} connections, got {connections}"))?;
    Ok(settled)
}

/// A server that answers its first request with these bytes, and further ones as it should.
fn says<C: Client>(stage: &Stage<C>, bytes: impl Into<Vec<u8>>) -> Result<Hostile, String> {
    let bytes = bytes.into();
    stage.server(move |peer| {
        peer.read_request()?;
        peer.write(&bytes)?;
        peer.serve()
    })
}

/// A server that answers its first request with these bytes and ends.
fn says_last<C: Client>(stage: &Stage<C>, bytes: impl Into<Vec<u8>>) -> Result<Hostile, String> {
    let bytes = bytes.into();
    stage.server(move |peer| {
        peer.read_request()?;
        peer.write(&bytes)?;
        peer.fin()?;
        peer.until_gone()
    })
}

fn not_kept<C: Client>(stage: &Stage<C>, session: &C::Session) -> Result<(), String> {
    holds(stage.client().idle(session) == 0, || "the connection was kept".to_owned())
}

fn too_small<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = says(stage, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine and more")?;
    let session = stage.plain()?;
    gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "fine")?;
    not_kept(stage, &session)?;
    stage.settle(&session, &server, 1)
}

fn too_large<C: Client>(stage: &Stage<C>) -> Outcome {
    each([5_u64, 1 << 20, 1 << 62], |length| {
        let server = says_last(stage, format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\nfine"))?;
        let session = stage.plain()?;
        match stage.ask(&session, Ask::get(server.url("/"))) {
            // What could never be gathered is refused before it is read.
            Err(error) if error.kind == ErrorKind::Limit && length == 1 << 62 => {}
            other => drop(failed(other, ErrorKind::Incomplete, &[Phase::Body])?),
        }
        stage.settle(&session, &server, 1)
    })
}

fn bodyless_with_body<C: Client>(stage: &Stage<C>) -> Outcome {
    each([(Method::HEAD, 200), (Method::GET, 204), (Method::GET, 304)], |(method, status)| {
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 4\r\n\r\noops");
        let answer = if status == 204 { answer.replace("content-length: 4\r\n", "") } else { answer };
        let server = says(stage, answer)?;
        let session = stage.plain()?;
        gave(stage.ask(&session, Ask::new(method, server.url("/"))), status, "")?;
        stage.settle(&session, &server, 1)?;
        let connections = server.seen().connections;
        holds(connections == 2, || format!("{status}: the connection was kept"))?;
        stage.settle(&session, &server, 1)
    })
}

/// The client ends a flood of these bytes with an error of this kind, and has not taken more of it than a little.
fn ends_flood<C: Client>(
    stage: &Stage<C>,
    start: &'static str,
    again: &'static str,
    kind: ErrorKind,
    phase: Phase,
) -> Outcome {
    let before = Peak::now();
    let flood = again.repeat((16 * 1024 / again.len()).max(1));
    let server = stage.server(move |peer| {
        peer.read_request()?;
        peer.write(start)?;
        forever(peer, &flood)
    })?;
    let session = stage.plain()?;
    failed(stage.ask(&session, Ask::get(server.url("/"))), kind, &[phase])?;
    server.wait_for("the client to go", |seen| seen.ended == 1)?;
    let written = server.seen().written;
    holds(written < 16 << 20, || format!("{written} bytes were taken"))?;
    before.grew_less_than(LITTLE)?;
    stage.settle(&session, &server, 1)
}

fn forever(peer: &mut Peer, bytes: &str) -> io::Result<()> {
    loop {
        peer.write(bytes)?;
    }
}

fn interim_flood<C: Client>(stage: &Stage<C>) -> Outcome {
    each(["HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"], |interim| {
        ends_flood(stage, "", interim, ErrorKind::Limit, Phase::Head)
    })
}

fn switch_unasked<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = says(stage, "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nhello")?;
    let session = stage.plain()?;
    failed(stage.ask(&session, Ask::get(server.url("/"))), ErrorKind::Protocol, &[Phase::Head])?;
    stage.settle(&session, &server, 1)
}

fn garbage<C: Client>(stage: &Stage<C>) -> Outcome {
    let bytes: Vec<u8> = (0_u32..1 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let server = says_last(stage, bytes)?;
    let before = Peak::now();
    let session = stage.plain()?;
    match stage.ask(&session, Ask::get(server.url("/"))) {
        // A first line that does not end within the bound of a head.
        Err(error) if error.kind == ErrorKind::Limit && error.phase == Phase::Head => {}
        other => drop(failed(other, ErrorKind::Protocol, &[Phase::Head])?),
    }
    before.grew_less_than(LITTLE)?;
    stage.settle(&session, &server, 1)
}

fn endless_sections<C: Client>(stage: &Stage<C>) -> Outcome {
    let ok = "HTTP/1.1 200 OK\r\n";
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let trailers = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n";
    each(
        [
            ("HTTP/1.1 200 ", "y", Phase::Head),
            ("HTTP/1.1 200 OK\r\nx: ", "y", Phase::Head),
            (ok, "x: y\r\n", Phase::Head),
            (trailers, "x: y\r\n", Phase::Body),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ", "y", Phase::Body),
            (chunked, "0", Phase::Body),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;", "y", Phase::Body),
            (chunked, "1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\ny\r\n", Phase::Body),
        ],
        |(start, again, phase)| {
            ends_flood(stage, start, again, ErrorKind::Limit, phase)
                .map_err(|what| format!("{start:?} {again:?}: {what}"))
        },
    )
}

fn cookie_flood<C: Client>(stage: &Stage<C>) -> Outcome {
    let flood = |count: usize| {
        let lines: String = (0..count).map(|n| format!("set-cookie: c{n}={}\r\n", "v".repeat(4000))).collect();
        format!("HTTP/1.1 200 OK\r\n{lines}content-length: 4\r\n\r\nfine")
    };
    let server = says_last(stage, flood(10_000))?;
    let session = stage.plain()?;
    failed(stage.ask(&session, Ask::get(server.url("/"))), ErrorKind::Limit, &[Phase::Head])?;
    stage.settle(&session, &server, 1)?;
    // With more room for heads the jar's own bounds hold.
    let server = says_last(stage, flood(1000))?;
    let mut limits = Limits::default();
    (limits.head_bytes, limits.head_fields) = (8 << 20, 2000);
    let (most, field) = (limits.cookies_per_response.min(limits.cookies_per_domain), limits.cookie_field);
    let session = stage.session(|builder| builder.limits(limits))?;
    gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "fine")?;
    let held = session.with(|core| jar::lines(core.cookies(), SystemTime::now())).len();
    holds((1..=most).contains(&held), || format!("{held} cookies are held"))?;
    // The second connection is one like the first; what matters is what it is asked.
    drop(stage.ask(&session, Ask::get(server.url("/"))));
    let seen = server.seen();
    let sent = seen.heads.last().and_then(|head| head.text("cookie")).map_or(0, str::len);
    holds((1..=field).contains(&sent), || format!("a Cookie field of {sent} bytes"))?;
    stage.settle(&session, &server, 2)
}

fn foreign_cookies<C: Client>(stage: &Stage<C>) -> Outcome {
    let lines = [
        "good=1",
        "own=1; Domain=a.test",
        "other=1; Domain=b.test",
        "sub=1; Domain=w.a.test",
        "suffix=1; Domain=test",
        "address=1; Domain=127.0.0.1",
        "control=a\u{1}b",
        "secure=1; Secure",
        "__Host-x=1",
    ];
    // A control character makes a field that is none, which costs the response: it comes in one of its own.
    let head: String =
        lines.iter().filter(|line| !line.contains('\u{1}')).map(|line| format!("set-cookie: {line}\r\n")).collect();
    let server = says(stage, format!("HTTP/1.1 200 OK\r\n{head}content-length: 4\r\n\r\nfine"))?;
    let address = server.address();
    let session = stage.session(|builder| builder.resolve("a.test", address).cookie_jar(jar::empty(true)))?;
    gave(stage.ask(&session, Ask::get("http://a.test/")), 200, "fine")?;
    let mut held = session.with(|core| jar::lines(core.cookies(), SystemTime::now()));
    held.sort();
    let expected = ["good=1; Domain=a.test; Path=/; HostOnly", "own=1; Domain=a.test; Path=/"];
    holds(held == expected, || format!("expected {expected:?}, got {held:?}"))?;
    stage.settle(&session, &server, 1)?;
    let control = says_last(stage, "HTTP/1.1 200 OK\r\nset-cookie: control=a\u{1}b\r\ncontent-length: 4\r\n\r\nfine")?;
    let session = stage.plain()?;
    drop(stage.ask(&session, Ask::get(control.url("/"))));
    let held = session.with(|core| jar::lines(core.cookies(), SystemTime::now()));
    holds(held.is_empty(), || format!("a control character in {held:?}"))?;
    stage.settle(&session, &control, 1)
}

fn eight_bit<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = says(stage, b"HTTP/1.1 200 \xff\r\nx: a\xe9\xff\x80b\r\ncontent-length: 4\r\n\r\nfine".to_vec())?;
    let session = stage.plain()?;
    let reply = gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "fine")?;
    let value = reply.headers.get("x").map(|value| value.as_bytes().to_vec()).unwrap_or_default();
    holds(value == b"a\xe9\xff\x80b", || format!("the value came as {}", value.escape_ascii()))?;
    stage.settle(&session, &server, 1)
}

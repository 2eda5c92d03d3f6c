//! Section B: responses that take their time.

use crate::hostile::client::{Ask, Client};
use crate::hostile::memory::{LITTLE, Peak};
use crate::hostile::peer::FINE;
use crate::hostile::row::{Row, alone, row};
use crate::hostile::stage::{Outcome, Stage, each, failed, gave, holds};
use session_core::error::{ErrorKind, Phase};
use session_core::limits::Limits;
use std::time::{Duration, Instant};

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    vec![
        row("10", "a head that drips", dripped_head),
        row("11", "a body that drips", dripped_body),
        row("12", "a body that stops at its half", stalled_body),
        alone("13", "a body without end", endless_body),
        row("14", "one byte in each segment", single_bytes),
        row("15", "a pause within every line, size and letter", pauses),
        row("16", "complete, and the connection stays open", silent_end),
        row("17", "Connection: close, and it does not close", never_closes),
        row("18", "the end comes long after the body's", late_fin),
    ]
}

const MS: Duration = Duration::from_millis(1);

fn dripped_head<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.read_request()?;
        peer.drip("HTTP/1.1 200 OK\r\nx: ".to_owned() + &"y".repeat(1000), 20 * MS)
    })?;
    // Each byte comes within the bound of a pause; all of them do not come within that of the head.
    let session = stage.session(|builder| builder.read_timeout(100 * MS).head_timeout(250 * MS))?;
    failed(stage.ask(&session, Ask::get(server.url("/"))), ErrorKind::Timeout, &[Phase::Head])?;
    stage.settle(&session, &server, 1)
}

fn dripped_body<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.read_request()?;
        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")?;
        peer.drip([b'y'; 1000], 20 * MS)
    })?;
    let session = stage.session(|builder| builder.read_timeout(450 * MS))?;
    let started = Instant::now();
    let ask = Ask::get(server.url("/")).within(500 * MS);
    failed(stage.ask(&session, ask), ErrorKind::Timeout, &[Phase::Body])?;
    let took = started.elapsed();
    holds(took >= 500 * MS, || format!("it ended after {took:?}, before its deadline of 500 ms"))?;
    stage.settle(&session, &server, 1)
}

fn stalled_body<C: Client>(stage: &Stage<C>) -> Outcome {
    let halves = [
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\n12345",
        "HTTP/1.1 200 OK\r\n\r\n12345",
    ];
    each(halves, |half| {
        let server = stage.server(move |peer| {
            peer.read_request()?;
            peer.write(half)?;
            peer.stall()
        })?;
        let session = stage.session(|builder| builder.read_timeout(150 * MS))?;
        failed(stage.ask(&session, Ask::get(server.url("/"))), ErrorKind::Timeout, &[Phase::Body])?;
        stage.settle(&session, &server, 1)
    })
}

fn endless_body<C: Client>(stage: &Stage<C>) -> Outcome {
    let before = Peak::now();
    let server = stage.server(|peer| {
        peer.read_request()?;
        peer.write("HTTP/1.1 200 OK\r\n\r\n")?;
        loop {
            peer.write([b'y'; 16 * 1024])?;
        }
    })?;
    let mut limits = Limits::default();
    limits.gathered_body = 256 * 1024;
    let session = stage.session(|builder| builder.limits(limits))?;
    failed(stage.ask(&session, Ask::get(server.url("/"))), ErrorKind::Limit, &[Phase::Body])?;
    server.wait_for("the client to go", |seen| seen.ended == 1)?;
    // What the two systems hold between them comes on top of what was read.
    let written = server.seen().written;
    holds(written < 32 << 20, || format!("{written} bytes were taken"))?;
    // Whoever reads it as it comes, and stops at some time, needs no more.
    let reply = stage.ask(&session, Ask::get(server.url("/")).past(64 << 20)).map_err(|error| error.message)?;
    holds(reply.status == 200, || format!("the status is {}", reply.status))?;
    server.wait_for("the client to stop", |seen| seen.ended == 2)?;
    before.grew_less_than(LITTLE)?;
    stage.settle(&session, &server, 2)
}

/// A response with something of everything, as it stands on the wire, and its body.
const RICH: &[u8] = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nx: \u{e9}\r\n\
    transfer-encoding: chunked\r\n\r\n00b;a=\"b\"\r\nh\u{e9}llo \u{20ac}\r\r\n1\r\n!\r\n0\r\nt: v\r\n\r\n"
    .as_bytes();
const RICH_BODY: &str = "h\u{e9}llo \u{20ac}\r!";

fn single_bytes<C: Client>(stage: &Stage<C>) -> Outcome {
    dripped_whole(stage, Duration::ZERO)
}

fn pauses<C: Client>(stage: &Stage<C>) -> Outcome {
    dripped_whole(stage, MS)
}

fn dripped_whole<C: Client>(stage: &Stage<C>, every: Duration) -> Outcome {
    let server = stage.server(move |peer| {
        peer.read_request()?;
        peer.drip(RICH, every)?;
        peer.serve()
    })?;
    let session = stage.plain()?;
    gave(stage.ask(&session, Ask::get(server.url("/"))), 200, RICH_BODY)?;
    stage.settle(&session, &server, 1)?;
    let connections = server.seen().connections;
    holds(connections == 1, || format!("the connection was not kept: {connections}"))?;
    stage.settle(&session, &server, 1)
}

fn silent_end<C: Client>(stage: &Stage<C>) -> Outcome {
    let ends = [
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nfine",
    ];
    each(ends, |end| {
        let server = stage.server(move |peer| {
            peer.read_request()?;
            peer.write(end)?;
            peer.serve()
        })?;
        let session = stage.plain()?;
        at_once(stage, &session, server.url("/"))?;
        stage.settle(&session, &server, 1)
    })
}

fn at_once<C: Client>(stage: &Stage<C>, session: &C::Session, url: String) -> Result<(), String> {
    let started = Instant::now();
    gave(stage.ask(session, Ask::get(url)), 200, "fine")?;
    let took = started.elapsed();
    holds(took < Duration::from_secs(3), || format!("it took {took:?}"))
}

fn never_closes<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.read_request()?;
        peer.write("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nfine")?;
        peer.until_gone()
    })?;
    let session = stage.plain()?;
    at_once(stage, &session, server.url("/"))?;
    server.wait_for("the client to close", |seen| seen.ended == 1)?;
    stage.settle(&session, &server, 1)
}

fn late_fin<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.read_request()?;
        peer.write(FINE)?;
        peer.wait_for(|seen| seen.marks == 0 && seen.whole.len() == 1)?;
        peer.pause(50 * MS)?;
        peer.fin()?;
        peer.mark();
        peer.until_gone()
    })?;
    let session = stage.plain()?;
    at_once(stage, &session, server.url("/"))?;
    server.wait_for("its own end", |seen| seen.marks == 1)?;
    stage.settle(&session, &server, 1)
}

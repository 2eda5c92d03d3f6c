//! Section E: requests with bodies, and servers that do not want them.

use crate::hostile::client::{Ask, Client};
use crate::hostile::memory::{LITTLE, Peak};
use crate::hostile::peer::{FINE, Hostile};
use crate::hostile::row::{Row, alone, row};
use crate::hostile::stage::{Outcome, Stage, each, failed, gave, holds, shown};
use bytes::Bytes;
use session_core::error::{ErrorKind, Phase};
use std::io;
use std::time::Duration;

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    vec![
        row("47", "a final answer after the head, then no more reading", early_answer),
        row("48", "the same, then a reset", early_answer_and_rst),
        row("49", "Expect: 100, then 200", continued),
        row("50", "Expect: a final answer and no 100", refused_before),
        row("51", "Expect: silence", silence),
        row("52", "Expect: 417", expectation_failed),
        row("53", "Expect: 100, then a refusal during the upload", refused_after),
        row("54", "100 twice, and unasked", continue_unasked),
        alone("55", "the server stops reading", zero_window),
        row("56", "the server reads a byte at a time", slow_reader),
        row("57", "a body shorter and longer than was said", wrong_length),
        row("58", "the source of the body fails", failing_source),
        row("59", "a 307 during an upload that cannot be repeated", redirect_during_upload),
    ]
}

const MS: Duration = Duration::from_millis(1);

/// Pieces without end.
fn endless() -> impl Iterator<Item = io::Result<Bytes>> + Send + 'static {
    std::iter::repeat_with(|| Ok(Bytes::from_static(&[b'u'; 64 * 1024])))
}

fn early_answer<C: Client>(stage: &Stage<C>) -> Outcome {
    each([413, 401, 403], |status| {
        let server = stage.server(move |peer| {
            peer.read_head()?;
            peer.write(format!("HTTP/1.1 {status} X\r\ncontent-length: 5\r\n\r\nearly"))?;
            peer.stall()
        })?;
        let session = stage.plain()?;
        gave(stage.ask(&session, Ask::upload(server.url("/"), None, endless())), status, "early")?;
        holds(stage.client().idle(&session) == 0, || "the connection was kept".to_owned())?;
        stage.settle(&session, &server, 1)
    })
}

fn early_answer_and_rst<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.read_head()?;
        peer.write("HTTP/1.1 413 X\r\ncontent-length: 5\r\n\r\nearly")?;
        peer.rst()
    })?;
    let session = stage.plain()?;
    let result = stage.ask(&session, Ask::upload(server.url("/"), None, endless()));
    let answered = result.as_ref().is_ok_and(|reply| reply.status == 413 && reply.body == b"early");
    let broken = result.as_ref().is_err_and(|error| error.kind == ErrorKind::Incomplete);
    holds(answered || broken, || format!("expected 413 or a reset, got {}", shown(&result)))?;
    stage.settle(&session, &server, 1)
}

fn continue_unasked<C: Client>(stage: &Stage<C>) -> Outcome {
    each([Ask::get as fn(String) -> Ask, |url| Ask::post(url, "x")], |ask| {
        let server = stage.server(|peer| {
            peer.read_head()?;
            peer.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")?;
            peer.read_request()?;
            peer.write(FINE)?;
            peer.serve()
        })?;
        let session = stage.plain()?;
        gave(stage.ask(&session, ask(server.url("/"))), 200, "fine")?;
        let seen = server.seen();
        holds(seen.whole.len() == 1, || format!("{} whole requests", seen.whole.len()))?;
        stage.settle(&session, &server, 1)
    })
}

fn zero_window<C: Client>(stage: &Stage<C>) -> Outcome {
    let before = Peak::now();
    let server = stage.server(|peer| {
        peer.read_head()?;
        peer.stall()
    })?;
    let session = stage.session(|builder| builder.read_timeout(200 * MS))?;
    let result = stage.ask(&session, Ask::upload(server.url("/"), None, endless()));
    failed(result, ErrorKind::Timeout, &[Phase::Send])?;
    before.grew_less_than(LITTLE)?;
    stage.settle(&session, &server, 1)
}

fn slow_reader<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.read_head()?;
        loop {
            peer.read_more()?;
            peer.pause(10 * MS)?;
        }
    })?;
    let session = stage.session(|builder| builder.read_timeout(1000 * MS))?;
    let ask = Ask::upload(server.url("/"), None, endless()).within(300 * MS);
    failed(stage.ask(&session, ask), ErrorKind::Timeout, &[Phase::Send])?;
    stage.settle(&session, &server, 1)
}

fn wrong_length<C: Client>(stage: &Stage<C>) -> Outcome {
    each([(5_usize, 6_u64), (6, 5), (0, 1), (200_000, 200_001), (200_001, 200_000)], |(given, said)| {
        let server = stage.server(|peer| {
            peer.read_request()?;
            peer.write(FINE)?;
            peer.serve()
        })?;
        let session = stage.plain()?;
        let pieces = std::iter::once(Ok(Bytes::from(vec![b'u'; given])));
        let result = stage.ask(&session, Ask::upload(server.url("/"), Some(said), pieces));
        failed(result, ErrorKind::Body, &[Phase::Send]).map_err(|what| format!("{given} of {said}: {what}"))?;
        // Where nothing was sent, there was no request.
        let connections = server.seen().connections;
        server.wait_for("the connection to end", |seen| seen.ended == connections)?;
        let seen = server.seen();
        holds(seen.whole.is_empty(), || format!("{given} of {said}: the request was completed"))?;
        stage.settle(&session, &server, seen.heads.len())
    })
}

fn failing_source<C: Client>(stage: &Stage<C>) -> Outcome {
    each([None, Some(1000)], |length| {
        let server = stage.server(|peer| {
            peer.read_request()?;
            peer.write(FINE)?;
            peer.serve()
        })?;
        let session = stage.plain()?;
        let pieces = [Ok(Bytes::from_static(b"some of it")), Err(io::Error::other("the disk is gone"))];
        let result = stage.ask(&session, Ask::upload(server.url("/"), length, pieces.into_iter()));
        failed(result, ErrorKind::Body, &[Phase::Send])?;
        server.wait_for("the connection to end", |seen| seen.ended == 1)?;
        let seen = server.seen();
        holds(seen.whole.is_empty(), || "the body was ended as if it were whole".to_owned())?;
        stage.settle(&session, &server, 1)
    })
}

fn redirect_during_upload<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.read_head()?;
        peer.read_more()?;
        peer.write("HTTP/1.1 307 Temporary Redirect\r\nlocation: /there\r\ncontent-length: 0\r\n\r\n")?;
        peer.until_gone()
    })?;
    let session = stage.plain()?;
    let result = stage.ask(&session, Ask::upload(server.url("/"), None, endless()));
    failed(result, ErrorKind::BodyNotReplayable, &[Phase::Decide])?;
    stage.settle(&session, &server, 1)
}

fn asks_first(url: String) -> Ask {
    Ask::post(url, "body").field("expect", "100-continue")
}

/// How often the body came whole.
fn bodies(server: &Hostile) -> usize {
    server.seen().whole.iter().filter(|request| request.body == "body").count()
}

fn continued<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        let head = peer.read_head()?;
        // Who does not wait has sent the body by now.
        peer.pause(30 * MS)?;
        if head.text("expect").is_none() || peer.has_come() {
            return peer.rst();
        }
        peer.write("HTTP/1.1 100 Continue\r\n\r\n")?;
        peer.read_request()?;
        peer.write(FINE)?;
        peer.serve()
    })?;
    let session = stage.plain()?;
    gave(stage.ask(&session, asks_first(server.url("/"))), 200, "fine")?;
    holds(bodies(&server) == 1, || "the body did not come once".to_owned())?;
    stage.settle(&session, &server, 1)
}

fn refused_before<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.read_head()?;
        peer.write("HTTP/1.1 403 X\r\ncontent-length: 2\r\n\r\nno")?;
        peer.read_request()?;
        peer.serve()
    })?;
    let session = stage.plain()?;
    gave(stage.ask(&session, asks_first(server.url("/"))), 403, "no")?;
    holds(stage.client().idle(&session) == 0, || "the connection was kept".to_owned())?;
    holds(bodies(&server) == 0, || "the body was sent".to_owned())?;
    stage.settle(&session, &server, 1)
}

fn silence<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        let head = peer.read_head()?;
        peer.pause(30 * MS)?;
        if head.text("expect").is_none() || peer.has_come() {
            return peer.rst();
        }
        peer.read_request()?;
        peer.write(FINE)?;
        peer.serve()
    })?;
    let session = stage.session(|builder| builder.expect_timeout(300 * MS))?;
    gave(stage.ask(&session, asks_first(server.url("/"))), 200, "fine")?;
    holds(bodies(&server) == 1, || "the body did not come once".to_owned())?;
    stage.settle(&session, &server, 1)
}

fn expectation_failed<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        let head = peer.read_head()?;
        if head.text("expect").is_some() {
            peer.write("HTTP/1.1 417 X\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")?;
            peer.fin()?;
            return peer.until_gone();
        }
        peer.read_request()?;
        peer.write(FINE)?;
        peer.serve()
    })?;
    let session = stage.plain()?;
    gave(stage.ask(&session, asks_first(server.url("/"))), 200, "fine")?;
    holds(bodies(&server) == 1, || "the body did not come once".to_owned())?;
    stage.settle(&session, &server, 2)
}

fn refused_after<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.read_head()?;
        if peer.has_come() {
            return peer.rst();
        }
        peer.write("HTTP/1.1 100 Continue\r\n\r\n")?;
        peer.read_more()?;
        peer.write("HTTP/1.1 403 X\r\ncontent-length: 2\r\n\r\nno")?;
        peer.stall()
    })?;
    let session = stage.plain()?;
    let ask = Ask::upload(server.url("/"), None, endless()).field("expect", "100-continue");
    gave(stage.ask(&session, ask), 403, "no")?;
    stage.settle(&session, &server, 1)
}

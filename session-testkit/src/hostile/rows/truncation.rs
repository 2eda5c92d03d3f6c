//! Section C: ends and resets at every byte.

use crate::hostile::client::{Ask, Client};
use crate::hostile::peer::{Hostile, Peer};
use crate::hostile::row::{Row, row};
use crate::hostile::rows::records::cut_in_body;
use crate::hostile::stage::{Outcome, Stage, each, failed, gave, holds, shown};
use bytes::Bytes;
use session_core::error::{ErrorKind, Phase};
use std::io;

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    vec![
        row("19", "the end at each byte of the head", fin_in_head),
        row("20", "a reset at each byte of the head", rst_in_head),
        row("21", "the end at each byte of a body of known length", fin_in_length),
        row("22", "the end at each byte of a chunked body", fin_in_chunks),
        row("23", "the end ends a body of unknown length", fin_ends),
        row("24", "the end without close_notify", cut_in_body),
        row("25", "a reset within a body of unknown length", rst_in_close_delimited),
        row("26", "a reset right after the response", rst_after),
        row("27", "the end of the response during the upload", fin_during_upload),
        row("28", "no more reading, and a response", shut_reading),
    ]
}

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 10\r\n\r\n";
const CHUNKED_HEAD: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
const CHUNKED: &str = "5\r\n01234\r\n5;x=y\r\n56789\r\n0\r\ntrailer: x\r\n\r\n";

/// A server that answers its first request with these bytes and then does this.
fn answers<C: Client>(
    stage: &Stage<C>,
    bytes: impl Into<Bytes>,
    then: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
) -> Result<Hostile, String> {
    let bytes = bytes.into();
    stage.server(move |peer| {
        peer.read_request()?;
        peer.write(&bytes)?;
        then(peer)
    })
}

fn fin(peer: &mut Peer) -> io::Result<()> {
    peer.fin()?;
    peer.until_gone()
}

fn rst(peer: &mut Peer) -> io::Result<()> {
    peer.rst()
}

fn fin_in_head<C: Client>(stage: &Stage<C>) -> Outcome {
    each(0..HEAD.len(), |cut| {
        let server = answers(stage, &HEAD[..cut], fin)?;
        let session = stage.plain()?;
        let result = stage.ask(&session, Ask::get(server.url("/")));
        failed(result, ErrorKind::Incomplete, &[Phase::Head]).map_err(|what| format!("at {cut}: {what}"))?;
        stage.settle(&session, &server, 1)
    })
}

fn rst_in_head<C: Client>(stage: &Stage<C>) -> Outcome {
    each(0..HEAD.len(), |cut| {
        let server = answers(stage, &HEAD[..cut], rst)?;
        let session = stage.plain()?;
        let result = stage.ask(&session, Ask::get(server.url("/")));
        failed(result, ErrorKind::Incomplete, &[Phase::Head]).map_err(|what| format!("at {cut}: {what}"))?;
        stage.settle(&session, &server, 1)
    })
}

fn fin_in_length<C: Client>(stage: &Stage<C>) -> Outcome {
    each(0..10, |cut| {
        let server = answers(stage, format!("{HEAD}{}", &"0123456789"[..cut]), fin)?;
        let session = stage.plain()?;
        let result = stage.ask(&session, Ask::get(server.url("/")));
        failed(result, ErrorKind::Incomplete, &[Phase::Body]).map_err(|what| format!("at {cut}: {what}"))?;
        stage.settle(&session, &server, 1)
    })
}

fn fin_in_chunks<C: Client>(stage: &Stage<C>) -> Outcome {
    each(0..CHUNKED.len(), |cut| {
        let server = answers(stage, format!("{CHUNKED_HEAD}{}", &CHUNKED[..cut]), fin)?;
        let session = stage.plain()?;
        let result = stage.ask(&session, Ask::get(server.url("/")));
        failed(result, ErrorKind::Incomplete, &[Phase::Body]).map_err(|what| format!("at {cut}: {what}"))?;
        stage.settle(&session, &server, 1)
    })
}

fn fin_ends<C: Client>(stage: &Stage<C>) -> Outcome {
    each(["", "0123456789"], |body| {
        let server = answers(stage, format!("HTTP/1.1 200 OK\r\n\r\n{body}"), fin)?;
        let session = stage.plain()?;
        gave(stage.ask(&session, Ask::get(server.url("/"))), 200, body)?;
        stage.settle(&session, &server, 1)
    })
}

fn rst_in_close_delimited<C: Client>(stage: &Stage<C>) -> Outcome {
    each([0, 1, 10, 100_000], |length| {
        let body = "y".repeat(length);
        let server = answers(stage, format!("HTTP/1.1 200 OK\r\n\r\n{body}"), rst)?;
        let session = stage.plain()?;
        let result = stage.ask(&session, Ask::get(server.url("/")));
        // A reset may overtake the head.
        failed(result, ErrorKind::Incomplete, &[Phase::Body, Phase::Head])?;
        stage.settle(&session, &server, 1)
    })
}

fn rst_after<C: Client>(stage: &Stage<C>) -> Outcome {
    each(0..10, |_| {
        let server = answers(stage, format!("{HEAD}0123456789"), rst)?;
        let session = stage.plain()?;
        let result = stage.ask(&session, Ask::get(server.url("/")));
        let whole = result.as_ref().is_ok_and(|reply| reply.body == b"0123456789");
        let broken = result.as_ref().is_err_and(|error| error.kind == ErrorKind::Incomplete);
        holds(whole || broken, || format!("expected all of it or an error, got {}", shown(&result)))?;
        server.wait_for("its end", |seen| seen.ended == 1)?;
        stage.settle(&session, &server, 1)
    })
}

/// Much more than the sockets hold, in pieces.
fn much() -> impl Iterator<Item = io::Result<Bytes>> + Send + 'static {
    std::iter::repeat_with(|| Ok(Bytes::from_static(&[b'u'; 64 * 1024]))).take(256)
}

fn fin_during_upload<C: Client>(stage: &Stage<C>) -> Outcome {
    each([200, 413], |status| {
        let server = stage.server(move |peer| {
            peer.read_head()?;
            peer.write(format!("HTTP/1.1 {status} X\r\ncontent-length: 5\r\n\r\nearly"))?;
            peer.fin()?;
            peer.until_gone()
        })?;
        let session = stage.plain()?;
        gave(stage.ask(&session, Ask::upload(server.url("/"), None, much())), status, "early")?;
        stage.settle(&session, &server, 1)
    })
}

fn shut_reading<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.read_head()?;
        peer.shut_reading()?;
        peer.write("HTTP/1.1 413 X\r\ncontent-length: 5\r\n\r\nearly")?;
        peer.stall()
    })?;
    let session = stage.plain()?;
    gave(stage.ask(&session, Ask::upload(server.url("/"), None, much())), 413, "early")?;
    stage.settle(&session, &server, 1)
}

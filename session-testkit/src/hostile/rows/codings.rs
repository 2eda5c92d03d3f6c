//! Section H: bodies that are coded.

use crate::coded::{TEXT, gzip, raw_deflate, samples, zlib};
use crate::hostile::client::{Ask, Client};
use crate::hostile::coded::{Zeros, bombs, large_windows, zstd_frame};
use crate::hostile::memory::Peak;
use crate::hostile::peer::{FINE, Hostile};
use crate::hostile::row::{Row, alone, row};
use crate::hostile::stage::{Outcome, Stage, each, failed, gave, holds};
use session_core::error::{ErrorKind, Phase};
use session_core::limits::Limits;
use std::sync::Arc;

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    vec![
        row("80", "coded data that is cut at each byte", cut),
        row("81", "gzip with a bad sum, size, head or flags", damaged),
        row("82", "gzip with garbage behind, and two members", behind),
        row("83", "labels that are wrong", wrong_labels),
        alone("84", "bombs", bombs_end),
        row("85", "deflate with and without its wrapping", both_deflates),
        alone("86", "the largest windows of br and zstd", windows),
        row("87", "read byte by byte", byte_by_byte),
    ]
}

/// A body that is not what it says it is: by the codings of its label, and its bytes.
type Coded = (String, Vec<u8>);

/// A server that answers `/length/N` and `/chunks/N` by that one of the bodies, framed so and framed well.
fn serving<C: Client>(stage: &Stage<C>, bodies: Vec<Coded>) -> Result<Hostile, String> {
    stage.server(move |peer| {
        loop {
            let request = peer.read_request()?;
            let number = request.head.target.rsplit('/').next().and_then(|number| number.parse::<usize>().ok());
            let Some((codings, body)) = number.and_then(|number| bodies.get(number)) else {
                peer.write(FINE)?;
                continue;
            };
            let label = if codings.is_empty() { String::new() } else { format!("content-encoding: {codings}\r\n") };
            let length = body.len();
            let (head, tail) = match request.head.target.starts_with("/chunks") {
                false => (format!("content-length: {length}\r\n\r\n"), ""),
                true if length == 0 => ("transfer-encoding: chunked\r\n\r\n".to_owned(), "0\r\n\r\n"),
                true => (format!("transfer-encoding: chunked\r\n\r\n{length:x}\r\n"), "\r\n0\r\n\r\n"),
            };
            peer.write([format!("HTTP/1.1 200 OK\r\n{label}{head}").as_bytes(), body, tail.as_bytes()].concat())?;
        }
    })
}

/// What a body is to become.
#[derive(Clone, Copy)]
enum Fate<'a> {
    Decoded(&'a [u8]),
    Fails(ErrorKind),
}

/// How much of a body is decoded before anybody asks how much of it came.
const FLOOR: u64 = 1 << 20;

/// All of these have this fate, whatever frames them.
fn have_fate<C: Client>(stage: &Stage<C>, bodies: Vec<Coded>, fate: Fate<'_>) -> Outcome {
    let labels: Vec<_> = bodies.iter().map(|(codings, body)| format!("{codings} of {} bytes", body.len())).collect();
    let server = serving(stage, bodies)?;
    // No bomb needs much of what is allowed by default to be seen as one.
    let mut limits = Limits::default();
    limits.decoded_floor = FLOOR;
    let session = stage.session(|builder| builder.limits(limits))?;
    for (number, label) in labels.iter().enumerate() {
        for framing in ["length", "chunks"] {
            let result = stage.ask(&session, Ask::get(server.url(&format!("/{framing}/{number}"))));
            let told = match fate {
                Fate::Decoded(content) => gave(result, 200, content).map(drop),
                Fate::Fails(kind) => failed(result, kind, &[Phase::Body]).map(drop),
            };
            told.map_err(|what| format!("{label}, framed by {framing}, number {number}: {what}"))?;
        }
    }
    stage.settle(&session, &server, 2 * labels.len())
}

fn named(codings: &str, body: impl Into<Vec<u8>>) -> Coded {
    (codings.to_owned(), body.into())
}

fn cut<C: Client>(stage: &Stage<C>) -> Outcome {
    each(samples(), |(coding, whole)| {
        let cuts = (1..whole.len()).map(|cut| named(coding, &whole[..cut])).collect();
        have_fate(stage, cuts, Fate::Fails(ErrorKind::Decode))
    })
}

fn damaged<C: Client>(stage: &Stage<C>) -> Outcome {
    let whole = gzip(TEXT);
    let end = whole.len();
    // The sum's bytes, the size's, the magic number, the method, and each flag that is reserved.
    let places = (end - 8..end).map(|at| (at, 1)).chain([(0, 1), (1, 1), (2, 1), (3, 0x20), (3, 0x40), (3, 0x80)]);
    let changed = places.map(|(at, bits)| {
        let mut body = whole.clone();
        body[at] ^= bits;
        named("gzip", body)
    });
    let long =
        |flag: u8, length: &[u8]| [b"\x1f\x8b\x08", &[flag][..], b"\0\0\0\0\0\x03", length, &[b'n'; 100_000]].concat();
    // An extra field, a name, a comment.
    let headers = [long(4, &[0xff, 0xff]), long(8, &[]), long(16, &[])];
    let bodies = changed.chain(headers.map(|body| named("gzip", body))).collect();
    have_fate(stage, bodies, Fate::Fails(ErrorKind::Decode))
}

fn behind<C: Client>(stage: &Stage<C>) -> Outcome {
    let (first, second) = TEXT.split_at(9);
    let members = [gzip(first), gzip(second), gzip(b"")].concat();
    have_fate(stage, vec![named("gzip", members)], Fate::Decoded(TEXT.as_bytes()))?;
    let garbage = samples().map(|(coding, body)| named(coding, [&body[..], b"garbage"].concat()));
    have_fate(stage, garbage.into(), Fate::Fails(ErrorKind::Decode))
}

fn wrong_labels<C: Client>(stage: &Stage<C>) -> Outcome {
    let labelled = ["gzip", "deflate", "br", "zstd", "identity, gzip"].map(|coding| named(coding, TEXT));
    have_fate(stage, labelled.into(), Fate::Fails(ErrorKind::Decode))?;
    let other = vec![named("br", gzip(TEXT)), named("gzip", zlib(TEXT)), named("gzip, gzip", gzip(TEXT))];
    have_fate(stage, other, Fate::Fails(ErrorKind::Decode))?;
    // What has no label, or one that nobody knows, comes as it came.
    let coded = gzip(TEXT);
    let bodies = ["", "identity", "compress", "compress, gzip"].map(|codings| named(codings, coded.clone()));
    have_fate(stage, bodies.into(), Fate::Decoded(&coded))
}

/// What decoding may take of memory: two windows of 16 MiB, and what lies between them and the caller.
const DECODING: u64 = 40 << 20;

fn bombs_end<C: Client>(stage: &Stage<C>) -> Outcome {
    let before = Peak::now();
    let limit = Fate::Fails(ErrorKind::Limit);
    // Zero bytes without end, read and dropped; nothing but the bound of how much may be decoded ends them.
    each(bombs()?, |zeros| endless(stage, &zeros))?;
    // A coding within a coding: some GiB.
    let [Zeros { start, again, .. }, ..] = bombs()?;
    let inner = [start, again.repeat(3000)].concat();
    let twice = named("gzip, gzip", gzip(&inner));
    drop(inner);
    have_fate(stage, vec![twice], limit)?;
    before.grew_less_than(DECODING)?;
    // Far more codings than anybody means.
    let layers = |count: usize| (0..count).fold(TEXT.as_bytes().to_vec(), |body, _| gzip(&body));
    let nested = named(&["gzip"; 6].join(", "), layers(6));
    let mixed = named("gzip, br, zstd, deflate, gzip, identity, br", layers(1));
    let list = named(&"gzip,".repeat(5000), layers(1));
    have_fate(stage, vec![nested, mixed, list], limit)
}

fn endless<C: Client>(stage: &Stage<C>, zeros: &Zeros) -> Outcome {
    let (coding, start) = (zeros.coding, zeros.start.clone());
    let many = zeros.again.repeat((16 * 1024_usize).div_ceil(zeros.again.len().max(1)));
    let server = stage.server(move |peer| {
        peer.read_request()?;
        peer.write(format!("HTTP/1.1 200 OK\r\ncontent-encoding: {coding}\r\n\r\n"))?;
        peer.write(&start)?;
        loop {
            peer.write(&many)?;
        }
    })?;
    let mut limits = Limits::default();
    limits.decoded_floor = FLOOR;
    let session = stage.session(|builder| builder.limits(limits))?;
    let result = stage.ask(&session, Ask::get(server.url("/")).past(usize::MAX));
    failed(result, ErrorKind::Limit, &[Phase::Body]).map_err(|what| format!("{coding}: {what}"))?;
    server.wait_for("the client to go", |seen| seen.ended == 1)?;
    stage.settle(&session, &server, 1)
}

fn both_deflates<C: Client>(stage: &Stage<C>) -> Outcome {
    have_fate(
        stage,
        vec![named("deflate", zlib(TEXT)), named("deflate", raw_deflate(TEXT))],
        Fate::Decoded(TEXT.as_bytes()),
    )
}

fn windows<C: Client>(stage: &Stage<C>) -> Outcome {
    let before = Peak::now();
    let server = serving(stage, large_windows().map(|(coding, body)| named(coding, body)).into())?;
    let session = stage.plain()?;
    for number in 0..2 {
        let ask = Ask::get(server.url(&format!("/length/{number}"))).past(usize::MAX);
        let result = stage.ask(&session, ask).map_err(|error| error.message)?;
        holds(result.status == 200, || format!("the status is {}", result.status))?;
    }
    stage.settle(&session, &server, 2)?;
    before.grew_less_than(DECODING)?;
    // One step above 8 MiB, and 2 GiB. Of the most that can be said nobody knows what it is, nor of br's larger windows.
    let too_large = [0x69, 0xa8].map(|window| named("zstd", [&zstd_frame(window)[..], &[3, 0, 0x10, 0]].concat()));
    have_fate(stage, too_large.into(), Fate::Fails(ErrorKind::Limit))?;
    let extended = named("br", &b"\x11\x1e\x2b\x00\xf8\xa5\xc3\xca\xd0\xe8\xa4\x22\x9e\x2c"[..]);
    let most = named("zstd", [&zstd_frame(0xff)[..], &[3, 0, 0x10, 0]].concat());
    let settled = have_fate(stage, vec![extended, most], Fate::Fails(ErrorKind::Decode))?;
    before.grew_less_than(DECODING)?;
    Ok(settled)
}

fn byte_by_byte<C: Client>(stage: &Stage<C>) -> Outcome {
    let long: Arc<Vec<u8>> = Arc::new((0..10_000_u32).flat_map(u32::to_le_bytes).collect());
    let bodies = [samples().to_vec(), vec![("gzip", gzip(&long[..]))]].concat();
    let count = bodies.len();
    let bodies = bodies.into_iter().map(|(coding, body)| named(coding, body)).collect();
    let server = serving(stage, bodies)?;
    let session = stage.plain()?;
    for number in 0..count {
        let content = if number + 1 == count { &long[..] } else { TEXT.as_bytes() };
        for framing in ["length", "chunks"] {
            let ask = Ask::get(server.url(&format!("/{framing}/{number}"))).in_pieces();
            gave(stage.ask(&session, ask), 200, content).map_err(|what| format!("{framing} {number}: {what}"))?;
        }
    }
    let connections = server.seen().connections;
    holds(connections == 1, || format!("the connection was not kept: {connections}"))?;
    stage.settle(&session, &server, 2 * count)
}

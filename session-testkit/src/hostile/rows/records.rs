//! Section J: TLS after the handshake.

use crate::hostile::client::{Ask, Client};
use crate::hostile::peer::{FINE, HOST, Hostile, Peer};
use crate::hostile::row::{Row, row};
use crate::hostile::stage::{Outcome, Stage, each, failed, failed_by_tls, gave, holds};
use rustls::HandshakeKind;
use session_core::error::{ErrorKind, Phase};
use session_core::tls::error::{CertificateFault, TlsErrorKind};
use session_core::tls::settings::{Certificate, Roots, TlsSettings};
use std::io;
use std::sync::Arc;
use std::time::Duration;

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    vec![
        row("101", "a fatal alert within a body", alert_in_body),
        row("102", "close_notify within a body of known length", closed_in_body),
        row("103", "the end without close_notify after a whole body", cut_after_body),
        row("104", "a record that was changed", changed_record),
        row("107", "resumption after a change of trust", resumption),
        row("108", "key updates without end", key_updates),
        row("109", "records of one byte", small_records),
    ]
}

/// Bodies that are not over, by length, by chunks, by the end of the connection.
const HALVES: [&str; 3] = [
    "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\na\r\n12345",
    "HTTP/1.1 200 OK\r\n\r\n12345",
];

/// A server that answers each request with these bytes, and then does this.
fn answers<C: Client>(
    stage: &Stage<C>,
    answer: &'static str,
    then: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
) -> Result<Hostile, String> {
    stage.secured(move |peer| {
        peer.read_request()?;
        peer.write(answer)?;
        then(peer)
    })
}

fn alert_in_body<C: Client>(stage: &Stage<C>) -> Outcome {
    each(HALVES, |half| {
        let server = answers(stage, half, |peer| {
            // Whoever takes a record for one that was changed says so (20), and ends.
            let tls = peer.tls()?;
            tls.read_tls(&mut &[&[23, 3, 3, 0, 32][..], &[0; 32]].concat()[..])?;
            drop(tls.process_new_packets());
            peer.flush()?;
            peer.until_gone()
        })?;
        let session = stage.trusting(&server, |builder| builder)?;
        let result = stage.ask(&session, Ask::get(server.url("/")));
        failed_by_tls(result, &[Phase::Body], |kind| kind == TlsErrorKind::Alert(20))?;
        stage.settle(&session, &server, 1)
    })
}

fn closed_in_body<C: Client>(stage: &Stage<C>) -> Outcome {
    each(HALVES.into_iter().take(2), |half| {
        let server = answers(stage, half, |peer| {
            peer.close_notify()?;
            peer.until_gone()
        })?;
        let session = stage.trusting(&server, |builder| builder)?;
        failed(stage.ask(&session, Ask::get(server.url("/"))), ErrorKind::Incomplete, &[Phase::Body])?;
        stage.settle(&session, &server, 1)
    })
}

fn cut_after_body<C: Client>(stage: &Stage<C>) -> Outcome {
    let wholes = [
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n",
    ];
    each(wholes, |whole| {
        let server = answers(stage, whole, |peer| {
            peer.fin()?;
            peer.mark();
            peer.until_gone()
        })?;
        let session = stage.trusting(&server, |builder| builder)?;
        for count in 1..=2 {
            gave(stage.ask(&session, Ask::post(server.url("/"), "x")), 200, "fine")?;
            server.wait_for("the end", |seen| seen.marks == count)?;
            server.let_it_be_noticed();
            let connections = server.seen().connections;
            holds(connections == count, || format!("expected {count} connections, got {connections}"))?;
        }
        stage.settle(&session, &server, 2)
    })
}

/// The end of the connection without a word of TLS, at each byte of a body that goes until it (row 24).
pub(super) fn cut_in_body<C: Client>(stage: &Stage<C>) -> Outcome {
    each(0..=10, |cut| {
        let server = stage.secured(move |peer| {
            peer.read_request()?;
            peer.write(format!("HTTP/1.1 200 OK\r\n\r\n{}", &"0123456789"[..cut]))?;
            peer.fin()?;
            peer.until_gone()
        })?;
        let session = stage.trusting(&server, |builder| builder)?;
        let result = stage.ask(&session, Ask::get(server.url("/")));
        let error =
            failed(result, ErrorKind::Incomplete, &[Phase::Body]).map_err(|what| format!("at {cut}: {what}"))?;
        holds(error.tls == Some(TlsErrorKind::Truncated), || format!("not told to be cut: {:?}", error.tls))?;
        stage.settle(&session, &server, 1)
    })?;
    // With TLS's own word it is whole.
    let server = answers(stage, HALVES[2], |peer| {
        peer.close_notify()?;
        peer.until_gone()
    })?;
    let session = stage.trusting(&server, |builder| builder)?;
    gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "12345")?;
    stage.settle(&session, &server, 1)
}

fn changed_record<C: Client>(stage: &Stage<C>) -> Outcome {
    each(HALVES, |half| {
        let server = answers(stage, half, |peer| {
            let mut record = peer.records("67890")?;
            if let Some(last) = record.last_mut() {
                *last ^= 1;
            }
            peer.write_bare(record)?;
            peer.until_gone()
        })?;
        let session = stage.trusting(&server, |builder| builder)?;
        let result = stage.ask(&session, Ask::get(server.url("/")));
        failed_by_tls(result, &[Phase::Body], |kind| kind == TlsErrorKind::Decrypt)?;
        stage.settle(&session, &server, 1)
    })
}

fn resumption<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.secured(|peer| {
        let kind = peer.tls()?.handshake_kind();
        let kind = if kind == Some(HandshakeKind::Resumed) { "resumed" } else { "from the start" };
        peer.read_request()?;
        peer.write(format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{kind}", kind.len()))
    })?;
    let session = stage.trusting(&server, |builder| builder)?;
    let ask = || Ask::get(server.url("/"));
    gave(stage.ask(&session, ask()), 200, "from the start")?;
    gave(stage.ask(&session, ask()), 200, "resumed")?;
    let own = Certificate::der(stage.ca().certificate_der());
    // Who trusts others too has not yet seen the certificate.
    let more = TlsSettings::new().roots(Roots::Merge(vec![own.clone()]));
    gave(stage.ask(&session, ask().tls(more)), 200, "from the start")?;
    let others = TlsSettings::new().roots(Roots::Webpki);
    let result = stage.ask(&session, ask().tls(others));
    let untrusted = TlsErrorKind::Certificate(CertificateFault::UnknownIssuer);
    failed_by_tls(result, &[Phase::Tls], |kind| kind == untrusted)?;
    gave(stage.ask(&session, ask()), 200, "resumed")?;
    stage.settle(&session, &server, 4)
}

fn key_updates<C: Client>(stage: &Stage<C>) -> Outcome {
    each(HALVES, |half| {
        let server = answers(stage, half, |peer| {
            loop {
                peer.tls()?.refresh_traffic_keys().map_err(io::Error::other)?;
                peer.flush()?;
            }
        })?;
        let session = stage.trusting(&server, |builder| builder)?;
        let result = stage.ask(&session, Ask::get(server.url("/")).within(Duration::from_secs(2)));
        failed_by_tls(result, &[Phase::Body], |kind| kind == TlsErrorKind::Protocol)?;
        server.wait_for("the client to go", |seen| seen.ended == 1)?;
        stage.settle(&session, &server, 1)
    })
}

fn small_records<C: Client>(stage: &Stage<C>) -> Outcome {
    const LENGTH: usize = 20_000;
    let server = stage.secured(|peer| {
        peer.read_request()?;
        let mut records = Vec::new();
        for byte in format!("HTTP/1.1 200 OK\r\ncontent-length: {LENGTH}\r\n\r\n{}", "y".repeat(LENGTH)).bytes() {
            records.extend(peer.records([byte])?);
        }
        peer.write_bare(records)?;
        peer.serve()
    })?;
    let session = stage.trusting(&server, |builder| builder)?;
    gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "y".repeat(LENGTH))?;
    let settled = stage.settle(&session, &server, 1)?;
    let connections = server.seen().connections;
    holds(connections == 1, || format!("the connection was not kept: {connections}"))?;
    Ok(settled)
}

/// Tickets and a key update for a connection that lies idle (row 36).
pub(super) fn tickets_while_idle<C: Client>(stage: &Stage<C>) -> Outcome {
    let mut identity = stage.identity();
    // The server may answer before it has looked at the client's last word, and sends its tickets once it has.
    identity.send_half_rtt_data = true;
    let identity = Arc::new(identity);
    let server = stage.server(move |peer| {
        if peer.is_calm() {
            return peer.serve();
        }
        peer.begin_tls(&identity)?;
        peer.take_records()?;
        peer.flush()?;
        let came = wait_for_request(peer)?;
        peer.write(FINE)?;
        peer.wait_for(|seen| seen.marks == 1)?;
        let mut rest = &came[..];
        while !rest.is_empty() {
            let tls = peer.tls()?;
            tls.read_tls(&mut rest)?;
            tls.process_new_packets().map_err(io::Error::other)?;
        }
        let tickets = peer.records([])?;
        if tickets.is_empty() {
            return peer.rst();
        }
        peer.write_bare(tickets)?;
        peer.tls()?.refresh_traffic_keys().map_err(io::Error::other)?;
        peer.flush()?;
        peer.read_request()?;
        peer.mark();
        peer.serve()
    })?;
    let session = stage.trusting(&server, |builder| builder)?;
    let url = format!("https://{HOST}:{}/", server.address().port());
    gave(stage.ask(&session, Ask::get(&url)), 200, "fine")?;
    server.mark();
    server.wait_for("tickets", |seen| seen.marks == 2)?;
    server.let_it_be_noticed();
    gave(stage.ask(&session, Ask::post(&url, "x")), 200, "fine")?;
    let connections = server.seen().connections;
    holds(connections == 1, || format!("the connection was not kept: {connections}"))?;
    stage.settle(&session, &server, 2)
}

/// Reads the client's last words of the handshake and its request, and takes neither in: two records of data.
fn wait_for_request(peer: &Peer) -> io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut came = Vec::new();
    while records_of_data(&came) < 2 {
        let mut buffer = [0; 4096];
        let n = peer.socket().read(&mut buffer)?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        came.extend_from_slice(&buffer[..n]);
    }
    Ok(came)
}

/// How many whole records there are of what an onlooker takes for data.
fn records_of_data(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let [kind, _, _, high, low, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(rest) = rest.get(length..) else { break };
        count += usize::from(*kind == 23);
        bytes = rest;
    }
    count
}

//! Section J: TLS.

use crate::ca::{Issued, TestCa, Use, Validity};
use crate::hostile::client::{Ask, Client};
use crate::hostile::peer::Peer;
use crate::hostile::row::{Row, later, not_yet};
use crate::hostile::stage::{Outcome, Stage, each, failed, holds};
use crate::server::tls::server_config;
use rustls::ServerConnection;
use session_core::error::{ErrorKind, Phase};
use std::io;
use std::sync::Arc;
use std::time::Duration;

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    let why = "TLS";
    vec![
        later("96", "certificates that must not be trusted", why, bad_certificates),
        later("97", "http on a TLS port, TLS on an http port", why, wrong_port),
        later("98", "a handshake that stalls at each byte", why, stalled_handshake),
        later("99", "a fatal alert in the handshake", why, alerts),
        later("100", "the end in the handshake", why, end_in_handshake),
        not_yet("101", "a fatal alert within a body", why),
        not_yet("102", "close_notify within a body of known length", why),
        not_yet("103", "the end without close_notify after a whole body", why),
        not_yet("104", "a record that was changed", why),
        not_yet("105", "TLS 1.1, no common suite, another protocol", why),
        not_yet("106", "a client certificate that is not there", why),
        not_yet("107", "resumption after a change of trust", why),
        not_yet("108", "key updates without end", why),
        not_yet("109", "records of one byte", why),
        not_yet("110", "a dot at the end of a name, an address as a name", why),
    ]
}

/// Goes through a handshake as the server of this certificate, and reads what comes then: nothing may.
fn shake_hands(peer: &mut Peer, issued: &Issued) -> io::Result<()> {
    let config = Arc::new(server_config(issued)?);
    let mut tls = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut socket = peer.socket();
    while tls.is_handshaking() {
        tls.complete_io(&mut socket)?;
    }
    peer.mark();
    peer.until_gone()
}

fn bad_certificates<C: Client>(stage: &Stage<C>) -> Outcome {
    let ca = TestCa::new();
    // The authority itself is one that the session does not know.
    let bad = [
        ca.issue(&["a.test"]),
        ca.issue(&["b.test"]),
        ca.issue_as(&["a.test"], Use::Server, Validity::Expired),
        ca.issue_as(&["a.test"], Use::Server, Validity::NotYet),
        ca.issue_as(&["a.test"], Use::Client, Validity::Now),
        ca.issue_common_name_only("a.test"),
        Issued::self_signed(&["a.test"]),
    ];
    each(bad, |issued| {
        let server = stage.server(move |peer| shake_hands(peer, &issued))?;
        let address = server.address();
        let session = stage.session(|builder| builder.resolve("a.test", address))?;
        failed(stage.ask(&session, Ask::get("https://a.test/")), ErrorKind::Tls, &[Phase::Tls])?;
        server.wait_for("the connection to end", |seen| seen.ended == 1)?;
        stage.settle(&session, &server, 0)
    })
}

fn wrong_port<C: Client>(stage: &Stage<C>) -> Outcome {
    let plain = stage.server(|peer| {
        peer.write("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")?;
        peer.until_gone()
    })?;
    let session = stage.plain()?;
    let https = plain.url("/").replace("http:", "https:");
    failed(stage.ask(&session, Ask::get(https)), ErrorKind::Tls, &[Phase::Tls])?;
    stage.settle(&session, &plain, 0)?;
    // A TLS server answers what is no TLS by an alert.
    let tls = stage.server(|peer| {
        peer.write([21, 3, 3, 0, 2, 2, 50])?;
        peer.fin()?;
        peer.until_gone()
    })?;
    failed(stage.ask(&session, Ask::get(tls.url("/"))), ErrorKind::Protocol, &[Phase::Head])?;
    stage.settle(&session, &tls, 0)
}

/// The first bytes of what a server says first, to any client.
const FIRST: &[u8] = &[22, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3];

fn stalled_handshake<C: Client>(stage: &Stage<C>) -> Outcome {
    each(0..=FIRST.len(), |cut| {
        let server = stage.server(move |peer| {
            peer.write(&FIRST[..cut])?;
            peer.stall()
        })?;
        let session = stage.session(|builder| builder.connect_timeout(Duration::from_millis(80)))?;
        let https = server.url("/").replace("http:", "https:");
        failed(stage.ask(&session, Ask::get(https)), ErrorKind::Timeout, &[Phase::Tls])?;
        stage.settle(&session, &server, 0)
    })
}

fn alerts<C: Client>(stage: &Stage<C>) -> Outcome {
    each([40_u8, 42, 48, 70, 112], |alert| {
        let server = stage.server(move |peer| {
            peer.write([21, 3, 3, 0, 2, 2, alert])?;
            peer.until_gone()
        })?;
        let session = stage.plain()?;
        let https = server.url("/").replace("http:", "https:");
        failed(stage.ask(&session, Ask::get(https)), ErrorKind::Tls, &[Phase::Tls])?;
        stage.settle(&session, &server, 0)
    })
}

fn end_in_handshake<C: Client>(stage: &Stage<C>) -> Outcome {
    // close_notify, or nothing at all.
    each([&[21, 3, 3, 0, 2, 1, 0][..], &[]], |said| {
        let server = stage.server(move |peer| {
            peer.write(said)?;
            peer.fin()?;
            peer.until_gone()
        })?;
        let session = stage.plain()?;
        let https = server.url("/").replace("http:", "https:");
        failed(stage.ask(&session, Ask::get(https)), ErrorKind::Tls, &[Phase::Tls])?;
        let connections = server.seen().connections;
        holds(connections == 1, || format!("{connections} connections"))?;
        stage.settle(&session, &server, 0)
    })
}

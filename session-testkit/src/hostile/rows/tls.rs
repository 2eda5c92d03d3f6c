//! Section J: TLS, as far as the handshake. What comes after it is in [`records`](super::records).

use crate::ca::{Issued, TestCa, Use, Validity};
use crate::hostile::client::{Ask, Client};
use crate::hostile::peer::{HOST, Hostile, Peer};
use crate::hostile::row::{Row, row};
use crate::hostile::stage::{Outcome, Stage, config, each, failed, failed_by_tls, gave, holds};
use crate::tls::{ClientCertificate, server_config};
use rustls::server::ServerConfig;
use rustls::version::{TLS12, TLS13};
use session_core::error::{ErrorKind, Phase};
use session_core::tls::error::{CertificateFault, TlsErrorKind};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    vec![
        row("96", "certificates that must not be trusted", bad_certificates),
        row("97", "http on a TLS port, TLS on an http port", wrong_port),
        row("98", "a handshake that stalls at each byte", stalled_handshake),
        row("99", "a fatal alert in the handshake", alerts),
        row("100", "the end in the handshake", end_in_handshake),
        row("105", "TLS 1.1, no common suite, another protocol", nothing_in_common),
        row("106", "a client certificate that is not there", no_client_certificate),
        row("110", "a dot at the end of a name, an address as a name", names),
    ]
}

/// The URL of a server that speaks TLS at the rows' own pace.
fn https(host: &str, server: &Hostile) -> String {
    format!("https://{host}:{}/", server.address().port())
}

fn bad_certificates<C: Client>(stage: &Stage<C>) -> Outcome {
    use CertificateFault as Fault;
    let (ca, stranger) = (stage.ca(), TestCa::new());
    let mut forgetful = ca.issue_through_intermediate(&[HOST]);
    forgetful.chain.truncate(1);
    let bad = [
        ("another name", HOST, ca.issue(&["b.test"]), Fault::WrongName),
        ("over", HOST, ca.issue_as(&[HOST], Use::Server, Validity::Expired), Fault::Expired),
        ("to come", HOST, ca.issue_as(&[HOST], Use::Server, Validity::NotYet), Fault::NotYetValid),
        ("of its own", HOST, Issued::self_signed(&[HOST]), Fault::SelfSigned),
        ("of an unknown root", HOST, stranger.issue(&[HOST]), Fault::UnknownIssuer),
        ("without its intermediate", HOST, forgetful, Fault::UnknownIssuer),
        ("of a client", HOST, ca.issue_client(HOST), Fault::WrongUse),
        ("for names and no address", "127.0.0.1", ca.issue(&[HOST, "localhost"]), Fault::WrongName),
        ("for another address", "127.0.0.1", ca.issue(&["127.0.0.2"]), Fault::WrongName),
        ("a wildcard for a name below", "x.y.test", ca.issue(&["*.test"]), Fault::WrongName),
        ("a wildcard for its own base", "y.test", ca.issue(&["*.y.test"]), Fault::WrongName),
        ("a common name only", HOST, ca.issue_common_name_only(HOST), Fault::WrongName),
    ];
    let versions = [&TLS12, &TLS13];
    each(bad.iter().flat_map(|bad| versions.map(|version| (bad, version))), |((what, host, issued, fault), version)| {
        let config = Arc::new(server_config(issued, ClientCertificate::None, &[version]));
        let server = stage.server(move |peer| {
            peer.secure(&config)?;
            peer.mark();
            peer.serve()
        })?;
        let address = server.address();
        let session =
            stage.trusting(&server, |builder| builder.resolve("x.y.test", address).resolve("y.test", address))?;
        let result = stage.ask(&session, Ask::get(https(host, &server)));
        failed_by_tls(result, &[Phase::Tls], |kind| kind == TlsErrorKind::Certificate(*fault))
            .map_err(|why| format!("a certificate that is {what}: {why}"))?;
        server.wait_for("the connection to end", |seen| seen.ended == 1)?;
        let seen = server.seen();
        holds(seen.marks == 0 && seen.faults.is_empty(), || format!("{what}: the handshake was completed"))?;
        stage.settle(&session, &server, 0)
    })
}

fn wrong_port<C: Client>(stage: &Stage<C>) -> Outcome {
    let plain = stage.server(|peer| {
        peer.write("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")?;
        peer.until_gone()
    })?;
    let session = stage.trusting(&plain, |builder| builder)?;
    let result = stage.ask(&session, Ask::get(https(HOST, &plain)));
    failed_by_tls(result, &[Phase::Tls], |kind| kind == TlsErrorKind::NotTls)?;
    stage.settle(&session, &plain, 0)?;
    // A TLS server answers what is no TLS by an alert.
    let identity = Arc::new(stage.identity());
    let tls = stage.server(move |peer| peer.secure(&identity))?;
    let http = format!("http://{}/", tls.address());
    failed(stage.ask(&session, Ask::get(http)), ErrorKind::Protocol, &[Phase::Head])?;
    stage.settle(&session, &tls, 0)
}

/// Handshakes that stall at once.
const STALLED: usize = 128;

fn stalled_handshake<C: Client>(stage: &Stage<C>) -> Outcome {
    // In TLS 1.2 the server has the last word too; it is looked at more roughly.
    each([(&TLS13, 1), (&TLS12, 16)], |(version, step)| {
        let mut config = server_config(&stage.ca().issue(&[HOST]), ClientCertificate::None, &[version]);
        config.send_tls13_tickets = 0;
        let config = Arc::new(config);
        let length = handshake_length(stage, &config)?;
        let cuts = AtomicUsize::new(0);
        let server = stage.server(move |peer| {
            let cut = cuts.fetch_add(step, Ordering::SeqCst);
            // A signature may be a byte shorter than the one that was measured.
            up_to(peer, &config, cut.min(length.saturating_sub(8)))?;
            peer.stall()
        })?;
        let session = stage.trusting(&server, |builder| builder.connect_timeout(Duration::from_millis(400)))?;
        let (mut left, mut unconnected) = (length.div_ceil(step), 0);
        while left > 0 {
            let now = left.min(STALLED);
            left -= now;
            let asks = (0..now).map(|_| Ask::get(https(HOST, &server))).collect();
            for result in stage.ask_all(&session, asks) {
                let error = failed(result, ErrorKind::Timeout, &[Phase::Tls, Phase::Connect])?;
                unconnected += usize::from(error.phase == Phase::Connect);
            }
        }
        // A busy machine may not come to connect some of them in time.
        holds(unconnected <= length / 10, || format!("{unconnected} were late before the handshake"))?;
        stage.settle(&session, &server, 0)
    })
}

/// How many bytes a server writes until the client's handshake is over.
fn handshake_length<C: Client>(stage: &Stage<C>, config: &Arc<ServerConfig>) -> Result<usize, String> {
    let (length, config) = (Arc::new(AtomicUsize::new(0)), Arc::clone(config));
    let measured = Arc::clone(&length);
    let server = stage.server(move |peer| {
        measured.store(up_to(peer, &config, usize::MAX)?, Ordering::SeqCst);
        peer.serve()
    })?;
    let session = stage.trusting(&server, |builder| builder)?;
    gave(stage.ask(&session, Ask::get(https(HOST, &server))), 200, "fine")?;
    Ok(length.load(Ordering::SeqCst))
}

/// Goes through a handshake until so many bytes are written. Gives how many were.
fn up_to(peer: &mut Peer, config: &Arc<ServerConfig>, most: usize) -> io::Result<usize> {
    peer.begin_tls(config)?;
    let mut written = 0;
    loop {
        let said = peer.records([])?;
        let some = said.get(..most - written).unwrap_or(&said);
        peer.write_bare(some)?;
        written += some.len();
        if written == most || !peer.tls()?.is_handshaking() {
            return Ok(written);
        }
        peer.take_records()?;
    }
}

fn alerts<C: Client>(stage: &Stage<C>) -> Outcome {
    each([40_u8, 42, 48, 70, 112], |alert| {
        let server = stage.server(move |peer| {
            peer.write([21, 3, 3, 0, 2, 2, alert])?;
            peer.until_gone()
        })?;
        let session = stage.trusting(&server, |builder| builder)?;
        let result = stage.ask(&session, Ask::get(https(HOST, &server)));
        failed_by_tls(result, &[Phase::Tls], |kind| kind == TlsErrorKind::Alert(alert))?;
        stage.settle(&session, &server, 0)
    })
}

fn end_in_handshake<C: Client>(stage: &Stage<C>) -> Outcome {
    // close_notify, or nothing at all, at once or after the server's first words.
    let ends = [&[21, 3, 3, 0, 2, 1, 0][..], &[]];
    each(ends.into_iter().flat_map(|said| [(said, 0), (said, 100)]), |(said, after)| {
        let identity = Arc::new(stage.identity());
        let server = stage.server(move |peer| {
            up_to(peer, &identity, after)?;
            peer.write_bare(said)?;
            peer.fin()?;
            peer.until_gone()
        })?;
        let session = stage.trusting(&server, |builder| builder)?;
        let result = stage.ask(&session, Ask::get(https(HOST, &server)));
        // Within a record, what ends TLS is a part of that record.
        let told = |kind| kind == TlsErrorKind::ClosedInHandshake;
        failed_by_tls(result, &[Phase::Tls], told).map_err(|why| format!("{said:?} after {after}: {why}"))?;
        let connections = server.seen().connections;
        holds(connections == 1, || format!("{connections} connections"))?;
        stage.settle(&session, &server, 0)
    })
}

/// A ServerHello of TLS 1.1, for a suite of its time.
fn old_hello() -> Vec<u8> {
    let hello = [&[3, 2][..], &[7; 32], &[0, 0, 0x2f, 0]].concat();
    let length = u8::try_from(hello.len()).unwrap_or(u8::MAX);
    [&[22, 3, 2, 0, length + 4, 2, 0, 0, length][..], &hello].concat()
}

fn nothing_in_common<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.write(old_hello())?;
        peer.until_gone()
    })?;
    let session = stage.trusting(&server, |builder| builder)?;
    let result = stage.ask(&session, Ask::get(https(HOST, &server)));
    failed_by_tls(result, &[Phase::Tls], |kind| kind == TlsErrorKind::Incompatible)?;
    stage.settle(&session, &server, 0)?;
    let mut other_protocol = stage.identity();
    other_protocol.alpn_protocols = vec![b"h2".to_vec()];
    let settings = [(no_common_suite(stage)?, 40), (other_protocol, 120)];
    each(settings, |(config, alert)| {
        let config = Arc::new(config);
        let server = stage.server(move |peer| peer.secure(&config))?;
        let session = stage.trusting(&server, |builder| builder)?;
        let result = stage.ask(&session, Ask::get(https(HOST, &server)));
        failed_by_tls(result, &[Phase::Tls], |kind| kind == TlsErrorKind::Alert(alert))?;
        stage.settle(&session, &server, 0)
    })
}

/// A server that knows only suites of another kind of key than its own.
fn no_common_suite<C: Client>(stage: &Stage<C>) -> Result<ServerConfig, String> {
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites.retain(|suite| format!("{:?}", suite.suite()).contains("ECDHE_RSA"));
    let issued = stage.ca().issue(&[HOST]);
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(issued.key).into();
    ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS12])
        .and_then(|builder| {
            let chain = issued.chain.into_iter().map(Into::into).collect();
            builder.with_no_client_auth().with_single_cert(chain, key)
        })
        .map_err(|error| error.to_string())
}

fn no_client_certificate<C: Client>(stage: &Stage<C>) -> Outcome {
    // In TLS 1.3 the client is done before the server has looked.
    each([(&TLS12, &[Phase::Tls][..]), (&TLS13, &[Phase::Head, Phase::Send])], |(version, phases)| {
        let issued = stage.ca().issue(&[HOST]);
        let config = Arc::new(server_config(&issued, ClientCertificate::Required(stage.ca()), &[version]));
        let server = stage.server(move |peer| {
            peer.secure(&config)?;
            peer.serve()
        })?;
        let session = stage.trusting(&server, |builder| builder)?;
        let result = stage.ask(&session, Ask::get(https(HOST, &server)));
        failed_by_tls(result, phases, |kind| matches!(kind, TlsErrorKind::Alert(40 | 42 | 116)))
            .map_err(|why| format!("{version:?}: {why}"))?;
        stage.settle(&session, &server, 0)
    })
}

fn names<C: Client>(stage: &Stage<C>) -> Outcome {
    // The host, the certificate's name, and what the server is told.
    each([("a.test.", HOST, HOST), ("A.Test", HOST, HOST), ("127.0.0.1", "127.0.0.1", "")], |(host, name, told)| {
        let config = Arc::new(config(&stage.ca().issue(&[name])));
        let server = stage.server(move |peer| {
            if peer.is_calm() {
                return peer.serve();
            }
            peer.secure(&config)?;
            let sni = peer.tls()?.server_name().unwrap_or_default().to_owned();
            peer.read_request()?;
            peer.write(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{sni}", sni.len()))?;
            peer.serve()
        })?;
        let address = server.address();
        let session = stage.trusting(&server, |builder| builder.resolve("a.test.", address))?;
        gave(stage.ask(&session, Ask::get(https(host, &server))), 200, told)?;
        stage.settle(&session, &server, 1)
    })
}

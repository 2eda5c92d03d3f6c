//! Writing within TLS, by connections that left HTTP and by an upload: what was encrypted and not yet taken by the system is
//! neither lost nor sent twice.

use crate::{LONG, bounded};
use session_core::tls::settings::Certificate;
use session_testkit::ca::TestCa;
use session_testkit::script::gate::Gate;
use session_testkit::tls::{ClientCertificate, TlsPeer, TlsServer, server_config};
use std::io::{self, Read, Write};
use std::time::Duration;
use transport_blocking::{Session, Upgraded};

const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\nwelcome";

/// More than the systems of both sides hold: who writes this to somebody who does not read has to wait.
const LARGE: usize = 12 * 1024 * 1024;

/// A server that switches, says a word right behind that, and then does `serve`; and a session that trusts it.
fn switching(serve: impl Fn(&mut TlsPeer) -> io::Result<()> + Send + Sync + 'static) -> (TlsServer, Session) {
    let ca = TestCa::new();
    let config = server_config(&ca.issue(&["a.test"]), ClientCertificate::None, &[]);
    let server = TlsServer::start(config, move |peer| {
        peer.request()?;
        peer.send(SWITCH)?;
        serve(peer)
    });
    let builder = Session::builder().tls_certs_only([Certificate::der(ca.certificate_der())]);
    let session = builder.resolve("a.test", server.address()).build().unwrap();
    (server, session)
}

fn switched(server: &TlsServer, session: &Session) -> Upgraded {
    let url = format!("https://a.test:{}/", server.address().port());
    let mut stream = session.get(url).upgrade("echo").send().unwrap().upgrade().unwrap();
    // In pieces that are smaller than the record.
    let mut word = Vec::new();
    while word.len() < 7 {
        let mut piece = [0; 3];
        let n = stream.read(&mut piece).unwrap();
        assert!(n > 0);
        word.extend_from_slice(&piece[..n]);
    }
    assert_eq!(word, b"welcome");
    stream
}

/// Sends back what comes until that ends, and then ends in order.
fn echo(peer: &mut TlsPeer) -> io::Result<()> {
    while peer.more()? > 0 {
        let said = peer.take_plain();
        peer.send(&said)?;
    }
    peer.close_notify()
}

/// Reads nothing before the gate is open, then all, and says how much that was and whether it is the sample.
fn measure(peer: &mut TlsPeer, gate: &Gate) -> io::Result<()> {
    assert!(gate.wait(LONG));
    let mut said = Vec::new();
    while peer.more()? > 0 {
        said.append(&mut peer.take_plain());
    }
    peer.send(format!("{} {}", said.len(), said == sample(said.len())).as_bytes())?;
    peer.close_notify()
}

/// Bytes that are not all alike, and repeat at no length of a record.
fn sample(length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..251).collect::<Vec<u8>>().repeat(length / 251 + 1);
    bytes.truncate(length);
    bytes
}

#[test]
fn what_is_written_comes_back() {
    bounded(|| {
        let (server, session) = switching(echo);
        let mut stream = switched(&server, &session);
        // Each more than one record and less than the system holds: nobody reads meanwhile.
        for length in [1, 20_000, 60_000] {
            let sent = sample(length);
            stream.write_all(&sent).unwrap();
            stream.flush().unwrap();
            let mut came = Vec::new();
            let mut piece = [0; 500];
            while came.len() < length {
                let n = stream.read(&mut piece).unwrap();
                assert!(n > 0);
                came.extend_from_slice(&piece[..n]);
            }
            assert!(came == sent, "{} bytes came", came.len());
        }
        stream.shutdown().unwrap();
        assert_eq!(stream.read(&mut [0; 9]).unwrap(), 0);
        drop(stream);
        assert_eq!((server.closed_in_order(), session.idle_connections()), (1, 0));
    });
}

#[test]
fn what_a_full_stream_took_only_a_part_of_goes_out_once() {
    bounded(|| {
        let gate = Gate::new();
        let opened = gate.clone();
        let (server, session) = switching(move |peer| measure(peer, &opened));
        let mut stream = switched(&server, &session);
        let all = sample(LARGE);
        let mut taken = 0;
        stream.set_timeout(Some(Duration::from_millis(50)));
        // Asked until it says that the time is up, and once more.
        for _ in 0..2 {
            let error = loop {
                match stream.write(&all[taken..taken + 100_000]) {
                    Ok(n) => taken += n,
                    Err(error) => break error,
                }
            };
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        }
        assert!(taken > 0);
        assert_eq!(stream.flush().unwrap_err().kind(), io::ErrorKind::TimedOut, "nobody has read");
        gate.open();
        stream.set_timeout(None);
        stream.write_all(&all[taken..taken + 100_000]).unwrap();
        stream.shutdown().unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, format!("{} true", taken + 100_000));
    });
}

#[test]
fn an_upload_arrives_once_though_the_server_talks_while_it_reads() {
    bounded(|| {
        let ca = TestCa::new();
        let config = server_config(&ca.issue(&["a.test"]), ClientCertificate::None, &[]);
        let server = TlsServer::start(config, |peer| {
            let mut said = Vec::new();
            let (mut words, mut next) = (0, 500_000);
            while said.len() < LARGE {
                if peer.more()? == 0 {
                    return Ok(());
                }
                said.append(&mut peer.take_plain());
                // The client is woken to read in the middle of its records.
                if said.len() > next && words < 15 {
                    peer.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")?;
                    (words, next) = (words + 1, next + 500_000);
                }
            }
            let body = said.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
            while said.len() < body + LARGE && peer.more()? > 0 {
                said.append(&mut peer.take_plain());
            }
            let answer = (said[body..] == sample(LARGE)).to_string();
            let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
            peer.send(format!("{head}{answer}").as_bytes())?;
            peer.close_notify()
        });
        let builder = Session::builder().tls_certs_only([Certificate::der(ca.certificate_der())]);
        let session = builder.resolve("a.test", server.address()).build().unwrap();
        let url = format!("https://a.test:{}/", server.address().port());
        for _ in 0..5 {
            let sent = session.post(url.as_str()).body(sample(LARGE)).send().unwrap();
            assert_eq!(sent.text().unwrap(), "true");
        }
    });
}

//! https over real sockets: what works, and each way in which it does not.

use crate::bounded;
use session_core::error::bound::Bound;
use session_core::error::{ErrorKind, Phase};
use session_core::session::settings::Setting;
use session_core::tls::error::{CertificateFault, TlsError, TlsErrorKind};
use session_core::tls::settings::{Certificate, Identity, TlsVersion};
#[cfg(feature = "platform-verifier")]
use session_core::tls::settings::{Roots, TlsSettings};
use session_testkit::ca::{Issued, TestCa, Use, Validity};
use session_testkit::tls::{ClientCertificate, TlsPeer, TlsServer, rustls, server_config};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;
use transport_async_std::{Error, Session, SessionBuilder};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn serving(issued: &Issued, serve: impl Fn(&mut TlsPeer) -> io::Result<()> + Send + Sync + 'static) -> TlsServer {
    TlsServer::start(server_config(issued, ClientCertificate::None, &[]), serve)
}

fn answering(issued: &Issued) -> TlsServer {
    serving(issued, |peer| peer.answer_all(OK))
}

fn trusting(ca: &TestCa, address: SocketAddr) -> SessionBuilder {
    Session::builder()
        .tls_certs_only([Certificate::der(ca.certificate_der())])
        .resolve("a.test", SocketAddr::new(address.ip(), address.port()))
        .read_timeout(Duration::from_secs(20))
}

fn url(address: SocketAddr) -> String {
    format!("https://a.test:{}/", address.port())
}

async fn get(session: &Session, address: SocketAddr) -> Result<String, Error> {
    session.get(url(address)).send().await?.text().await
}

/// What TLS said of it.
fn cause(error: &Error) -> TlsErrorKind {
    let mut source = std::error::Error::source(error);
    while let Some(at) = source {
        if let Some(tls) = at.downcast_ref::<TlsError>() {
            return tls.kind();
        }
        source = at.source();
    }
    panic!("no TLS error in {error:?}");
}

#[test]
fn get_and_post_go_over_one_handshake_that_is_ended_in_order() {
    bounded(|| async {
        let ca = TestCa::new();
        let server = answering(&ca.issue(&["a.test"]));
        let session = trusting(&ca, server.address()).build().unwrap();
        assert_eq!(get(&session, server.address()).await.unwrap(), "ok");
        let posted = session.post(url(server.address())).body("x".repeat(100_000)).send().await.unwrap();
        assert_eq!(posted.text().await.unwrap(), "ok");
        assert_eq!(get(&session, server.address()).await.unwrap(), "ok");
        assert_eq!((server.connections(), server.handshakes(), server.requests()), (1, 1, 3));
        session.close();
        assert_eq!(server.closed_in_order(), 1);
    });
}

#[test]
fn a_handshake_is_timed_apart_from_the_connection() {
    bounded(|| async {
        let ca = TestCa::new();
        let server = answering(&ca.issue(&["a.test"]));
        let session = trusting(&ca, server.address()).build().unwrap();
        let first = session.get(url(server.address())).send().await.unwrap().timings();
        assert!(first.connect().is_some() && first.tls().is_some(), "{first:?}");
    });
}

#[test]
fn large_bodies_pass_both_ways() {
    bounded(|| async {
        let ca = TestCa::new();
        let down = 3 * 1024 * 1024;
        let server = serving(&ca.issue(&["a.test"]), move |peer| {
            while let Some(request) = peer.request()? {
                peer.send(
                    format!("HTTP/1.1 200 OK\r\nX-Took: {}\r\nContent-Length: {down}\r\n\r\n", request.len())
                        .as_bytes(),
                )?;
                peer.send(&vec![b'd'; down])?;
            }
            Ok(())
        });
        let session = trusting(&ca, server.address()).build().unwrap();
        let up = 3 * 1024 * 1024 + 17;
        let response = session.post(url(server.address())).body(vec![b'u'; up]).send().await.unwrap();
        let took: usize = response.headers()["x-took"].to_str().unwrap().parse().unwrap();
        assert!(took > up);
        let bytes = response.bytes().await.unwrap();
        assert!(bytes.len() == down && bytes.iter().all(|byte| *byte == b'd'));
        assert_eq!(server.connections(), 1);
    });
}

#[test]
fn each_bad_certificate_is_told_apart_and_no_byte_of_the_request_is_sent() {
    bounded(|| async {
        let (ca, other) = (TestCa::new(), TestCa::new());
        let mut forgetful = ca.issue_through_intermediate(&["a.test"]);
        forgetful.chain.truncate(1);
        let bad = [
            (ca.issue(&["b.test"]), CertificateFault::WrongName),
            (ca.issue(&["*.a.test", "*.test", "test"]), CertificateFault::WrongName),
            (ca.issue(&["127.0.0.1"]), CertificateFault::WrongName),
            (ca.issue_common_name_only("a.test"), CertificateFault::WrongName),
            (ca.issue_as(&["a.test"], Use::Server, Validity::Expired), CertificateFault::Expired),
            (ca.issue_as(&["a.test"], Use::Server, Validity::NotYet), CertificateFault::NotYetValid),
            (ca.issue_client("a.test"), CertificateFault::WrongUse),
            (Issued::self_signed(&["a.test"]), CertificateFault::SelfSigned),
            (other.issue(&["a.test"]), CertificateFault::UnknownIssuer),
            (forgetful, CertificateFault::UnknownIssuer),
        ];
        for (issued, fault) in bad {
            let server = answering(&issued);
            let session = trusting(&ca, server.address()).build().unwrap();
            let error = get(&session, server.address()).await.unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Tls, Phase::Tls), "{error}");
            assert_eq!(cause(&error), TlsErrorKind::Certificate(fault), "{error}");
            assert_eq!((server.connections(), server.plaintext()), (1, 0), "{error}");
        }
        let good = [ca.issue_through_intermediate(&["a.test"]), ca.issue(&["b.test", "a.test"])];
        for issued in good {
            let server = answering(&issued);
            assert_eq!(get(&trusting(&ca, server.address()).build().unwrap(), server.address()).await.unwrap(), "ok");
        }
    });
}

#[test]
fn an_address_is_verified_as_one_and_a_dot_at_the_end_is_no_other_name() {
    bounded(|| async {
        let ca = TestCa::new();
        let server = serving(&ca.issue(&["127.0.0.1"]), |peer| {
            assert_eq!(peer.tls().server_name(), None, "an address is told to nobody");
            peer.answer_all(OK)
        });
        let session = trusting(&ca, server.address()).build().unwrap();
        let got = session.get(format!("https://{}/", server.address())).send().await.unwrap();
        assert_eq!(got.text().await.unwrap(), "ok");
        let server = serving(&ca.issue(&["a.test"]), |peer| {
            assert_eq!(peer.tls().server_name(), Some("a.test"));
            peer.answer_all(OK)
        });
        let session = trusting(&ca, server.address()).resolve("a.test.", server.address()).build().unwrap();
        let got = session.get(format!("https://a.test.:{}/", server.address().port())).send().await.unwrap();
        assert_eq!(got.text().await.unwrap(), "ok");
    });
}

#[test]
fn any_certificate_is_accepted_where_that_is_asked_for_and_hsts_is_not_learned_so() {
    bounded(|| async {
        let server = serving(&Issued::self_signed(&["b.test"]), |peer| {
            peer.answer_all(
                b"HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1000\r\nContent-Length: 2\r\n\r\nok",
            )
        });
        let session = Session::builder()
            .tls_danger_accept_invalid_certs(true)
            .resolve("a.test", server.address())
            .build()
            .unwrap();
        let response = session.get(url(server.address())).send().await.unwrap();
        let told: Vec<String> = response.history().reasons().map(ToString::to_string).collect();
        assert!(told.iter().any(|reason| reason.contains("nobody checked")), "{told:?}");
        assert_eq!(response.text().await.unwrap(), "ok");
        let again = session.get("http://a.test:1/").send().await.unwrap_err();
        assert_eq!(again.url().unwrap().scheme(), "http", "HSTS was learned");
    });
}

#[test]
fn a_connection_that_is_cut_ends_a_framed_body_and_breaks_one_that_goes_until_its_end() {
    bounded(|| async {
        let ca = TestCa::new();
        let framings: [(&[u8], Option<&str>); 3] = [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Some("ok")),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", Some("ok")),
            (b"HTTP/1.1 200 OK\r\n\r\nok", None),
        ];
        for (response, whole) in framings {
            let server = serving(&ca.issue(&["a.test"]), move |peer| {
                peer.request()?;
                peer.send(response)?;
                peer.cut()
            });
            let session = trusting(&ca, server.address()).build().unwrap();
            match (get(&session, server.address()).await, whole) {
                (Ok(text), Some(whole)) => assert_eq!(text, whole),
                (Err(error), None) => {
                    assert_eq!((error.kind(), error.phase()), (ErrorKind::Incomplete, Phase::Body), "{error}");
                    assert_eq!(cause(&error), TlsErrorKind::Truncated);
                }
                (got, _) => panic!("{got:?}"),
            }
            // Nothing is sent on it any more.
            assert!(get(&session, server.address()).await.is_ok() == whole.is_some());
            assert_eq!(server.connections(), 2);
        }
        let server = serving(&ca.issue(&["a.test"]), |peer| {
            peer.request()?;
            peer.send(b"HTTP/1.1 200 OK\r\n\r\nok")?;
            peer.close_notify()
        });
        let session = trusting(&ca, server.address()).build().unwrap();
        assert_eq!(get(&session, server.address()).await.unwrap(), "ok");
        let server = serving(&ca.issue(&["a.test"]), |peer| {
            peer.request()?;
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok")?;
            peer.close_notify()
        });
        let session = trusting(&ca, server.address()).build().unwrap();
        assert_eq!(get(&session, server.address()).await.unwrap_err().kind(), ErrorKind::Incomplete);
    });
}

#[test]
fn an_alert_and_a_record_that_was_changed_break_a_body() {
    bounded(|| async {
        let ca = TestCa::new();
        let server = serving(&ca.issue(&["a.test"]), |peer| {
            peer.request()?;
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok")?;
            let mut records = peer.records(b"changed on its way");
            *records.last_mut().unwrap() ^= 1;
            peer.stream().write_all(&records)?;
            peer.more().map(drop)
        });
        let session = trusting(&ca, server.address()).build().unwrap();
        let error = get(&session, server.address()).await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Tls, Phase::Body));
        assert_eq!(cause(&error), TlsErrorKind::Decrypt);
    });
}

#[test]
fn who_speaks_no_tls_or_ends_in_the_handshake_is_told_apart() {
    bounded(|| async {
        let ca = TestCa::new();
        let answers: [(&[u8], TlsErrorKind); 4] = [
            (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", TlsErrorKind::NotTls),
            (b"SSH-2.0-OpenSSH_9.9\r\n", TlsErrorKind::NotTls),
            (b"", TlsErrorKind::ClosedInHandshake),
            (b"\x15\x03\x03\x00\x02\x02\x28", TlsErrorKind::Alert(40)),
        ];
        for (answer, kind) in answers {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            let server = thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut heard = vec![0; 4096];
                let n = stream.read(&mut heard).unwrap();
                stream.write_all(answer).unwrap();
                stream.shutdown(std::net::Shutdown::Write).unwrap();
                let _ = stream.read(&mut [0; 1024]);
                assert!(!String::from_utf8_lossy(&heard[..n]).contains("GET"));
            });
            let error = get(&trusting(&ca, address).build().unwrap(), address).await.unwrap_err();
            assert_eq!((error.kind(), error.phase(), cause(&error)), (ErrorKind::Tls, Phase::Tls, kind), "{error}");
            server.join().unwrap();
        }
    });
}

#[test]
fn a_handshake_that_stalls_ends_with_the_time_for_connecting() {
    bounded(|| async {
        let ca = TestCa::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let short = Duration::from_millis(100);
        for (connect, own, bound) in
            [(short.into(), Setting::Inherit, Bound::Connect), (Setting::Inherit, short.into(), Bound::Tls)]
        {
            let session = trusting(&ca, address).connect_timeout(connect).tls_timeout(own).build().unwrap();
            let error = get(&session, address).await.unwrap_err();
            let expected = (ErrorKind::Timeout, Phase::Tls, Some(bound));
            assert_eq!((error.kind(), error.phase(), error.bound()), expected, "{error}");
        }
    });
}

#[test]
fn a_client_certificate_is_shown_where_there_is_one_and_its_lack_is_an_error() {
    bounded(|| async {
        let ca = TestCa::new();
        for versions in [&[&rustls::version::TLS13], &[&rustls::version::TLS12]] {
            let config = server_config(&ca.issue(&["a.test"]), ClientCertificate::Required(&ca), versions);
            let server = TlsServer::start(config, |peer| peer.answer_all(OK));
            let address = server.address();
            let client = ca.issue_client("ann");
            let identity = Identity::pem(client.chain_pem(), client.key_pem());
            let with = trusting(&ca, address).tls_identity(identity).build().unwrap();
            assert_eq!(get(&with, address).await.unwrap(), "ok");
            let error = get(&trusting(&ca, address).build().unwrap(), address).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
            assert!(matches!(cause(&error), TlsErrorKind::Alert(116 | 42 | 40)), "{error}");
            assert_eq!(server.requests(), 1);
        }
    });
}

#[test]
fn versions_that_do_not_meet_are_an_error() {
    bounded(|| async {
        let ca = TestCa::new();
        let config = server_config(&ca.issue(&["a.test"]), ClientCertificate::None, &[&rustls::version::TLS12]);
        let server = TlsServer::start(config, |peer| peer.answer_all(OK));
        let builder = || trusting(&ca, server.address());
        assert_eq!(
            get(&builder().tls_version_max(TlsVersion::V1_2).build().unwrap(), server.address()).await.unwrap(),
            "ok"
        );
        let newer = builder().tls_version_min(TlsVersion::V1_3).build().unwrap();
        let error = get(&newer, server.address()).await.unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Tls, Phase::Tls), "{error}");
        assert!(matches!(cause(&error), TlsErrorKind::Alert(70) | TlsErrorKind::Incompatible), "{error}");
    });
}

#[test]
fn settings_that_cannot_hold_are_told_when_the_session_is_built() {
    bounded(|| async {
        let ca = TestCa::new();
        let (one, other) = (ca.issue_client("ann"), ca.issue_client("bob"));
        let refused = [
            Session::builder().tls_certs_only([]),
            Session::builder().tls_certs_merge([Certificate::der([1, 2, 3])]),
            Session::builder().tls_certs_merge([Certificate::pem("no certificate")]),
            Session::builder().tls_version_min(TlsVersion::V1_3).tls_version_max(TlsVersion::V1_2),
            Session::builder().tls_identity(Identity::der(one.chain.clone(), other.key)),
            Session::builder().tls_identity(Identity::der(one.chain, vec![1])),
        ];
        for builder in refused {
            let error = builder.build().map(drop).unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::InvalidSetting, Phase::Build), "{error}");
        }
    });
}

#[cfg(feature = "platform-verifier")]
#[test]
fn the_platform_trusts_no_root_of_a_test() {
    bounded(|| async {
        let ca = TestCa::new();
        let server = answering(&ca.issue(&["a.test"]));
        let settings = TlsSettings::new().roots(Roots::Platform);
        // A machine without any root says so when the session is built.
        let Ok(session) = Session::builder().tls(settings).resolve("a.test", server.address()).build() else { return };
        let error = get(&session, server.address()).await.unwrap_err();
        assert!(matches!(cause(&error), TlsErrorKind::Certificate(_)), "{error}");
        assert_eq!(server.plaintext(), 0);
    });
}

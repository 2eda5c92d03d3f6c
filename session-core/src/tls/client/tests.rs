//! One connection against a server in memory: every way to cut what comes, and every way to end.

use super::Tls;
use crate::error::{ErrorKind, Phase};
use crate::limits::Limits;
use crate::message::host::CanonicalHost;
use crate::time::Now;
use crate::tls::config::TlsConfigs;
use crate::tls::error::{CertificateFault, TlsError, TlsErrorKind};
use crate::tls::plain::{Plain, WRITE};
use crate::tls::settings::{Certificate, Roots, TlsSettings};
use bytes::BytesMut;
use rustls::{ServerConfig, ServerConnection};
use session_testkit::ca::{Issued, TestCa, Use, Validity};
use session_testkit::tls::{ClientCertificate, server_config};
use std::io::{IoSlice, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

const YEAR: u64 = 365 * 24 * 60 * 60;

/// The middle of this year, which begins the era's `years`-th.
fn now(years: u64) -> Now {
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
    Now::new(Instant::now(), SystemTime::UNIX_EPOCH + Duration::from_secs(years * YEAR + YEAR / 2))
}

fn trusting(ca: &TestCa) -> Arc<TlsSettings> {
    Arc::new(TlsSettings::new().roots(Roots::Only(vec![Certificate::der(ca.certificate_der())])))
}

/// A client and its server.
struct Pair {
    client: Tls,
    server: ServerConnection,
    out: BytesMut,
}

impl Pair {
    fn new(ca: &TestCa, server: ServerConfig, host: &str, now: Now) -> Self {
        let config = TlsConfigs::new(&Limits::default()).config(&trusting(ca)).unwrap();
        let client = Tls::new(&config, &CanonicalHost::parse(host).unwrap(), now).unwrap();
        Self { client, server: ServerConnection::new(Arc::new(server)).unwrap(), out: BytesMut::new() }
    }

    fn of(ca: &TestCa, issued: &Issued) -> Self {
        Self::new(ca, server_config(issued, ClientCertificate::None, &[]), "a.test", now(50))
    }

    fn connected() -> Self {
        let ca = TestCa::new();
        let mut pair = Self::of(&ca, &ca.issue(&["a.test"]));
        pair.handshake(usize::MAX).unwrap();
        pair
    }

    /// Brings the server what the client has to say, and gives the answer.
    fn turn(&mut self) -> Vec<u8> {
        self.client.take_out(&mut self.out);
        let mut heard: &[u8] = &std::mem::take(&mut self.out);
        while !heard.is_empty() {
            self.server.read_tls(&mut heard).unwrap();
            let _ = self.server.process_new_packets();
        }
        self.said()
    }

    fn said(&mut self) -> Vec<u8> {
        let mut said = Vec::new();
        while self.server.wants_write() {
            self.server.write_tls(&mut said).unwrap();
        }
        said
    }

    /// Brings the client `bytes`, so many at once.
    fn hear(&mut self, bytes: &[u8], at_once: usize) -> Result<(), TlsError> {
        for mut chunk in bytes.chunks(at_once.min(bytes.len()).max(1)) {
            self.client.read_tls(&mut chunk)?;
        }
        Ok(())
    }

    fn handshake(&mut self, at_once: usize) -> Result<(), TlsError> {
        for _ in 0..10 {
            let said = self.turn();
            if said.is_empty() && !self.client.is_handshaking() {
                return Ok(());
            }
            self.hear(&said, at_once)?;
        }
        panic!("no end of the handshake");
    }

    /// The server's plaintext as records.
    fn records(&mut self, plain: &[u8]) -> Vec<u8> {
        self.server.writer().write_all(plain).unwrap();
        self.said()
    }

    fn read(&mut self) -> Result<Vec<u8>, TlsError> {
        let mut found = Vec::new();
        let mut buffer = [0; 100];
        while let Plain::Data(n) = self.client.read_plain(&mut buffer)? {
            found.extend_from_slice(&buffer[..n]);
        }
        Ok(found)
    }
}

#[test]
fn a_handshake_goes_however_its_bytes_come() {
    let ca = TestCa::new();
    let issued = ca.issue(&["a.test"]);
    for versions in [&[&rustls::version::TLS13], &[&rustls::version::TLS12]] {
        for at_once in [1, 2, 3, 5, 64, 1000, usize::MAX] {
            let config = server_config(&issued, ClientCertificate::None, versions);
            let mut pair = Pair::new(&ca, config, "a.test", now(50));
            assert!(pair.client.is_handshaking());
            assert_eq!(pair.client.write(&[IoSlice::new(b"early")], &mut BytesMut::new()), 0);
            pair.handshake(at_once).unwrap();
            assert!(!pair.client.is_handshaking() && !pair.server.is_handshaking());
            assert_eq!(pair.server.alpn_protocol(), Some(b"http/1.1".as_slice()));
            assert_eq!(pair.client.write(&[IoSlice::new(b"he"), IoSlice::new(b"llo")], &mut pair.out), 5);
            pair.turn();
            let mut heard = [0; 9];
            assert_eq!(pair.server.reader().read(&mut heard).unwrap(), 5);
            assert_eq!(&heard[..5], b"hello");
        }
    }
}

#[test]
fn a_handshake_that_ends_after_any_byte_was_closed_and_stays_so() {
    let ca = TestCa::new();
    let issued = ca.issue(&["a.test"]);
    let whole = Pair::of(&ca, &issued).turn().len();
    // A signature's length varies by some bytes.
    for cut in 0..whole - 8 {
        let mut pair = Pair::of(&ca, &issued);
        let said = pair.turn();
        pair.hear(&said[..cut], usize::MAX).unwrap();
        assert!(pair.client.is_handshaking(), "{cut}");
        for _ in 0..2 {
            assert_eq!(pair.client.handle_eof().unwrap_err().kind(), TlsErrorKind::ClosedInHandshake, "{cut}");
        }
    }
    let mut pair = Pair::of(&ca, &issued);
    // A word that anybody could have said ends nothing by itself.
    pair.hear(b"\x15\x03\x03\x00\x02\x01\x00", usize::MAX).unwrap();
    assert_eq!(pair.client.handle_eof().unwrap_err().kind(), TlsErrorKind::ClosedInHandshake);
}

#[test]
fn certificates_are_judged_by_the_time_that_is_handed_in() {
    let ca = TestCa::new();
    let judged = |validity, years| {
        let issued = ca.issue_as(&["a.test"], Use::Server, validity);
        let config = server_config(&issued, ClientCertificate::None, &[]);
        Pair::new(&ca, config, "a.test", now(years)).handshake(usize::MAX).map_err(|error| error.kind())
    };
    let fault = |fault| Err(TlsErrorKind::Certificate(fault));
    assert_eq!(judged(Validity::Now, 50), Ok(()));
    assert_eq!(judged(Validity::Expired, 20), fault(CertificateFault::NotYetValid));
    assert_eq!(judged(Validity::Expired, 30), Ok(()));
    assert_eq!(judged(Validity::Expired, 50), fault(CertificateFault::Expired));
    assert_eq!(judged(Validity::Now, 1031), fault(CertificateFault::Expired));
}

#[test]
fn names_and_addresses_are_those_of_the_certificate() {
    let ca = TestCa::new();
    let judged = |names: &[&str], host: &str| {
        let config = server_config(&ca.issue(names), ClientCertificate::None, &[]);
        Pair::new(&ca, config, host, now(50)).handshake(usize::MAX).map_err(|error| error.kind())
    };
    let wrong = Err(TlsErrorKind::Certificate(CertificateFault::WrongName));
    assert_eq!(judged(&["*.a.test"], "x.a.test"), Ok(()));
    assert_eq!(judged(&["*.a.test"], "x.y.a.test"), wrong);
    assert_eq!(judged(&["*.a.test"], "a.test"), wrong);
    assert_eq!(judged(&["a.test"], "A.TEST."), Ok(()));
    assert_eq!(judged(&["::1"], "[::1]"), Ok(()));
    assert_eq!(judged(&["127.0.0.1"], "127.0.0.1"), Ok(()));
    assert_eq!(judged(&["127.0.0.1"], "127.0.0.2"), wrong);
    assert_eq!(judged(&["a.test"], "127.0.0.1"), wrong);
}

#[test]
fn records_of_one_byte_and_cuts_at_every_byte_give_the_same_plaintext() {
    let mut pair = Pair::connected();
    let text: Vec<u8> = (0..2000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let records: Vec<u8> = text.iter().flat_map(|byte| pair.records(&[*byte])).collect();
    let mut found = Vec::new();
    for byte in &records {
        pair.hear(&[*byte], 1).unwrap();
        found.extend(pair.read().unwrap());
    }
    assert_eq!(found, text);
}

#[test]
fn what_nobody_reads_is_not_taken_in_without_end() {
    let mut pair = Pair::connected();
    let mut records = Vec::new();
    for _ in 0..64 {
        records.extend(pair.records(&[b'x'; 16 * 1024]));
    }
    let mut input = records.as_slice();
    pair.client.read_tls(&mut input).unwrap();
    assert!(records.len() - input.len() < 64 * 1024, "{}", records.len() - input.len());
    let mut whole = 0;
    while whole < 64 * 16 * 1024 {
        whole += pair.read().unwrap().len();
        pair.client.read_tls(&mut input).unwrap();
    }
    assert!(input.is_empty());
}

#[test]
fn one_write_takes_so_much_and_no_more() {
    let mut pair = Pair::connected();
    let much = vec![b'x'; WRITE + 1];
    let mut out = BytesMut::new();
    assert_eq!(pair.client.write(&[IoSlice::new(&much)], &mut out), WRITE);
    assert!(out.len() < WRITE + 1024);
    assert_eq!(pair.client.write(&[IoSlice::new(&much[..WRITE])], &mut out), WRITE);
    out.clear();
    assert_eq!(pair.client.write(&[IoSlice::new(b""), IoSlice::new(b"")], &mut out), 0);
    assert!(out.is_empty(), "no record is opened for nothing");
}

#[test]
fn an_end_is_told_from_a_cut_and_what_came_before_is_read_first() {
    for in_order in [true, false] {
        let mut pair = Pair::connected();
        let records = pair.records(b"last");
        pair.hear(&records, usize::MAX).unwrap();
        if in_order {
            pair.server.send_close_notify();
            let closed = pair.said();
            pair.hear(&closed, 1).unwrap();
            // What comes after the last word is nobody's.
            pair.hear(b"garbage", usize::MAX).unwrap();
        }
        pair.client.handle_eof().unwrap();
        let mut buffer = [0; 9];
        assert_eq!(pair.client.read_plain(&mut buffer), Ok(Plain::Data(4)));
        match in_order {
            true => assert_eq!(pair.client.read_plain(&mut buffer), Ok(Plain::Closed)),
            false => assert_eq!(pair.client.read_plain(&mut buffer).unwrap_err().kind(), TlsErrorKind::Truncated),
        }
    }
}

#[test]
fn a_changed_record_and_an_alert_are_errors_that_stay() {
    let mut pair = Pair::connected();
    let mut records = pair.records(b"good");
    records.extend(pair.records(b"changed"));
    *records.last_mut().unwrap() ^= 1;
    assert_eq!(pair.hear(&records, usize::MAX).unwrap_err().kind(), TlsErrorKind::Decrypt);
    let mut buffer = [0; 9];
    assert_eq!(pair.client.read_plain(&mut buffer), Ok(Plain::Data(4)), "what came before is good");
    assert_eq!(pair.client.read_plain(&mut buffer).unwrap_err().kind(), TlsErrorKind::Decrypt);
    assert_eq!(pair.client.write(&[IoSlice::new(b"x")], &mut BytesMut::new()), 0);
    // The server is told, and its own alert would be heard the same way.
    let mut pair = Pair::connected();
    pair.out.extend_from_slice(b"\x17\x03\x03\x00\x11AAAAAAAAAAAAAAAAA");
    let alert = pair.turn();
    let error = pair.hear(&alert, 1).unwrap_err();
    assert_eq!(error.kind(), TlsErrorKind::Alert(20));
    assert_eq!(error.to_string(), "the peer ended TLS with alert 20 (bad record)");
}

#[test]
fn new_keys_are_answered_and_a_flood_of_them_is_refused() {
    let mut pair = Pair::connected();
    pair.server.refresh_traffic_keys().unwrap();
    let update = pair.said();
    pair.hear(&update, usize::MAX).unwrap();
    let said = pair.turn();
    pair.hear(&said, usize::MAX).unwrap();
    let records = pair.records(b"under new keys");
    pair.hear(&records, usize::MAX).unwrap();
    assert_eq!(pair.read().unwrap(), b"under new keys");
    let mut refused = None;
    for _ in 0..1000 {
        pair.server.refresh_traffic_keys().unwrap();
        let update = pair.said();
        if let Err(error) = pair.hear(&update, usize::MAX) {
            refused = Some(error.kind());
            break;
        }
        let mut out = BytesMut::new();
        pair.client.take_out(&mut out);
        assert!(out.len() < 1024, "no more than one answer waits");
    }
    assert_eq!(refused, Some(TlsErrorKind::Protocol));
}

#[test]
fn a_host_that_no_certificate_can_name_is_refused_before_anything_is_said() {
    let config = TlsConfigs::new(&Limits::default()).config(&Arc::default()).unwrap();
    let host = CanonicalHost::parse("a..test").or_else(|| CanonicalHost::parse("-"));
    let refused = host.map(|host| Tls::new(&config, &host, now(50)).map(drop).unwrap_err());
    // A Location may have named it: it is no setting that is wrong.
    assert_eq!(refused.map(|error| error.into_error(Phase::Tls).kind()), Some(ErrorKind::Tls));
}

#[test]
fn what_is_written_in_parts_and_before_the_answer_is_read_comes_in_its_order() {
    let mut pair = Pair::connected();
    let answer: Vec<u8> = (0..40_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let records = pair.records(&answer);
    let mut input = records.as_slice();
    pair.client.read_tls(&mut input).unwrap();
    let parts: [&[u8]; 3] = [b"4000\r\n", &[7; 0x4000], b"\r\n"];
    let mut found = Vec::new();
    for _ in 0..3 {
        assert_eq!(pair.client.write(&parts.map(IoSlice::new), &mut pair.out), parts.concat().len());
        pair.turn();
        let mut heard = vec![0; parts.concat().len()];
        pair.server.reader().read_exact(&mut heard).unwrap();
        assert_eq!(heard, parts.concat());
        found.extend(pair.read().unwrap());
        pair.client.read_tls(&mut input).unwrap();
    }
    found.extend(pair.read().unwrap());
    assert!(input.is_empty() && found == answer);
}

#[test]
fn a_message_of_the_handshake_is_put_together_within_bounds() {
    // A ServerHello of nearly 64 KiB, in records of one byte each.
    let ca = TestCa::new();
    let mut pair = Pair::of(&ca, &ca.issue(&["a.test"]));
    pair.turn();
    let message = [[2, 0, 0xff, 0xf0].as_slice(), &[0; 0xfff0]].concat();
    let records: Vec<u8> = message.iter().flat_map(|byte| [22, 3, 3, 0, 1, *byte]).collect();
    let error = pair.hear(&records, 1000).unwrap_err();
    assert_eq!(error.kind(), TlsErrorKind::Protocol);
    assert!(error.to_string().contains("in too many records"), "{error}");
    // In records as they are made, a chain of certificates of 40 KiB is none too long.
    let mut issued = ca.issue(&["a.test"]);
    issued.chain.extend(std::iter::repeat_n(ca.certificate_der(), 100));
    let mut pair = Pair::of(&ca, &issued);
    assert_eq!(pair.handshake(3), Ok(()));
}

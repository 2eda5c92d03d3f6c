//! One TLS connection, and one within another, over a socket in memory that takes and gives bytes as it likes.

use super::{Channel, FIRST, Handshake, READ};
use crate::error::{ErrorKind, Phase};
use crate::limits::Limits;
use crate::message::host::CanonicalHost;
use crate::retry::failure::{FailureKind, Sent};
use crate::time::Now;
use crate::tls::config::{TlsConfig, TlsConfigs};
use crate::tls::error::{TlsError, TlsErrorKind};
use crate::tls::plain::Plain;
use crate::tls::settings::{Certificate, Roots, TlsSettings};
use crate::transport::cause::Cause;
use crate::transport::setup::Setup;
use session_testkit::ca::TestCa;
use session_testkit::tls::rustls::ServerConnection;
use session_testkit::tls::{ClientCertificate, server_config};
use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

fn now() -> Now {
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
    Now::new(Instant::now(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

fn host() -> CanonicalHost {
    CanonicalHost::parse("a.test").unwrap()
}

/// One or two servers, the one within the other.
struct Far {
    outer: ServerConnection,
    inner: Option<ServerConnection>,
    heard: Vec<u8>,
}

impl Far {
    /// Takes encrypted bytes, and gives those that answer them.
    fn hear(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        while !bytes.is_empty() {
            self.outer.read_tls(&mut bytes).unwrap();
            self.outer.process_new_packets().unwrap();
            let mut plain = [0; 20_000];
            while let Ok(n @ 1..) = self.outer.reader().read(&mut plain) {
                self.take(&plain[..n]);
            }
        }
        self.said()
    }

    fn take(&mut self, mut bytes: &[u8]) {
        let Some(inner) = &mut self.inner else { return self.heard.extend_from_slice(bytes) };
        while !bytes.is_empty() {
            inner.read_tls(&mut bytes).unwrap();
            inner.process_new_packets().unwrap();
            let mut plain = [0; 20_000];
            while let Ok(n @ 1..) = inner.reader().read(&mut plain) {
                self.heard.extend_from_slice(&plain[..n]);
            }
        }
    }

    fn say(&mut self, plain: &[u8]) -> Vec<u8> {
        self.inner.as_mut().unwrap_or(&mut self.outer).writer().write_all(plain).unwrap();
        self.said()
    }

    fn said(&mut self) -> Vec<u8> {
        let mut inner = Vec::new();
        if let Some(server) = &mut self.inner {
            while server.wants_write() {
                server.write_tls(&mut inner).unwrap();
            }
        }
        self.outer.writer().write_all(&inner).unwrap();
        let mut said = Vec::new();
        while self.outer.wants_write() {
            self.outer.write_tls(&mut said).unwrap();
        }
        said
    }
}

/// A client's configuration and servers that it trusts.
fn both(count: usize) -> (TlsConfig, Far) {
    let ca = TestCa::new();
    let settings = TlsSettings::new().roots(Roots::Only(vec![Certificate::der(ca.certificate_der())]));
    let config = TlsConfigs::new(&Limits::default()).config(&Arc::new(settings)).unwrap();
    let server = Arc::new(server_config(&ca.issue(&["a.test"]), ClientCertificate::None, &[]));
    let server = || ServerConnection::new(server.clone()).unwrap();
    (config, Far { outer: server(), inner: (count == 2).then(server), heard: Vec::new() })
}

/// Brings bytes to a channel, so many at once, and reads all the plaintext that comes of them.
fn bring(channel: &mut Channel, mut bytes: &[u8], at_once: usize) -> Vec<u8> {
    let mut found = Vec::new();
    let mut buffer = [0; 777];
    loop {
        match channel.read(&mut buffer).unwrap() {
            Plain::Data(n) => found.extend_from_slice(&buffer[..n]),
            Plain::Closed => return found,
            Plain::Pending if bytes.is_empty() => return found,
            Plain::Pending => {
                let n = channel.spare().len().min(bytes.len()).min(at_once);
                channel.spare()[..n].copy_from_slice(&bytes[..n]);
                channel.received(n);
                bytes = &bytes[n..];
            }
        }
    }
}

fn run(handshake: &mut Handshake, mut exchange: impl FnMut(&[u8]) -> Vec<u8>) {
    while !handshake.is_done() || !handshake.out().is_empty() {
        let mut said: &[u8] = &exchange(handshake.out());
        handshake.wrote(handshake.out().len());
        while !said.is_empty() {
            let n = handshake.spare().len().min(said.len());
            handshake.spare()[..n].copy_from_slice(&said[..n]);
            handshake.received(n).unwrap();
            said = &said[n..];
        }
    }
}

/// Writes all of it, the socket taking so much at once, and gives what came back.
fn write(channel: &mut Channel, far: &mut Far, plain: &[u8], at_once: usize) -> Vec<u8> {
    let (mut rest, mut back) = (plain, Vec::new());
    while !rest.is_empty() || !channel.out().is_empty() {
        channel.write(&[IoSlice::new(rest), IoSlice::new(b"")]).unwrap();
        let n = channel.out().len().min(at_once);
        back.extend(far.hear(&channel.out()[..n]));
        rest = &rest[channel.wrote(n)..];
    }
    back
}

fn connected(count: usize) -> (Channel, Far) {
    let (config, mut far) = both(count);
    let mut handshake = Handshake::new(&config, &host(), now()).unwrap();
    run(&mut handshake, |out| far.hear(out));
    let mut channel = handshake.into_channel(None);
    if count == 2 {
        let mut handshake = Handshake::new(&config, &host(), now()).unwrap();
        run(&mut handshake, |out| {
            let back = write(&mut channel, &mut far, out, usize::MAX);
            bring(&mut channel, &back, usize::MAX)
        });
        channel = handshake.into_channel(Some(channel));
    }
    (channel, far)
}

#[test]
fn bytes_pass_both_ways_whatever_the_socket_takes_and_gives_at_once() {
    let text: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    for count in [1, 2] {
        for (length, at_once) in [(300, 1), (5000, 7), (text.len(), 1000), (text.len(), usize::MAX)] {
            let (mut channel, mut far) = connected(count);
            let text = &text[..length];
            let back = write(&mut channel, &mut far, text, at_once);
            assert_eq!(far.heard, text, "{count} {at_once}");
            assert!(bring(&mut channel, &back, at_once).is_empty());
            let mut found = Vec::new();
            for piece in text.chunks(50_000) {
                let said = far.say(piece);
                found.extend(bring(&mut channel, &said, at_once));
            }
            assert_eq!(found, text, "{count} {at_once}");
            assert!(channel.may_rest());
        }
    }
}

#[test]
fn plaintext_counts_as_written_with_the_first_byte_of_its_records_and_not_before() {
    let (mut channel, _far) = connected(1);
    channel.write(&[IoSlice::new(b"hello")]).unwrap();
    assert_eq!(channel.wrote(0), 0);
    let length = channel.out().len();
    // Coming again with the same parts encrypts nothing twice.
    channel.write(&[IoSlice::new(b"hello")]).unwrap();
    assert_eq!(channel.out().len(), length);
    assert_eq!(channel.wrote(1), 5);
    assert_eq!(channel.wrote(length), 0);
    assert!(channel.out().is_empty());
}

#[test]
fn what_went_out_in_reading_is_told_to_the_writer_and_not_encrypted_again() {
    for count in [1, 2] {
        let (mut channel, mut far) = connected(count);
        // All of it goes, or a part.
        for left in [0, 3] {
            channel.write(&[IoSlice::new(b"hello")]).unwrap();
            let length = channel.out().len() - left;
            far.hear(&channel.out()[..length]);
            channel.flushed(length);
            channel.write(&[IoSlice::new(b"hello")]).unwrap();
            assert_eq!(channel.out().len(), left);
            far.hear(channel.out());
            let told = if left == 0 { channel.take_accepted() } else { channel.wrote(left) };
            assert_eq!((told, channel.has_accepted()), (5, false));
        }
        write(&mut channel, &mut far, b"!", usize::MAX);
        assert_eq!(far.heard, b"hellohello!", "{count}");
    }
}

#[test]
fn both_ends_are_said_and_nothing_is_said_within_a_record() {
    for count in [1, 2] {
        let (mut channel, mut far) = connected(count);
        channel.close();
        far.hear(channel.out());
        assert!(matches!(far.outer.reader().read(&mut [0]), Ok(0)));
        assert!(far.inner.as_mut().is_none_or(|inner| matches!(inner.reader().read(&mut [0]), Ok(0))));
        let (mut channel, _far) = connected(count);
        channel.write(&[IoSlice::new(b"hello")]).unwrap();
        let length = channel.out().len();
        channel.close();
        assert_eq!(channel.out().len(), length);
    }
}

#[test]
fn an_end_is_told_from_a_cut_at_either_depth() {
    for count in [1, 2] {
        let (mut channel, mut far) = connected(count);
        let said = far.say(b"last");
        assert_eq!(bring(&mut channel, &said, usize::MAX), b"last");
        channel.received(0);
        assert_eq!(channel.read(&mut [0]).unwrap_err().kind(), TlsErrorKind::Truncated);
        assert!(!channel.may_rest());
        let (mut channel, mut far) = connected(count);
        far.inner.as_mut().unwrap_or(&mut far.outer).send_close_notify();
        let said = far.said();
        assert!(bring(&mut channel, &said, 1).is_empty());
        assert_eq!(channel.read(&mut [0]), Ok(Plain::Closed));
        assert!(!channel.may_rest());
    }
    // The proxy's word is not the origin's.
    let (mut channel, mut far) = connected(2);
    far.outer.send_close_notify();
    let said = far.said();
    let n = said.len();
    channel.spare()[..n].copy_from_slice(&said);
    channel.received(n);
    assert_eq!(channel.read(&mut [0]).unwrap_err().kind(), TlsErrorKind::Truncated);
}

#[test]
fn a_connection_on_which_more_came_may_not_rest_and_tickets_do_no_harm() {
    let (mut channel, mut far) = connected(1);
    let said = far.say(b"more");
    let n = said.len();
    channel.spare()[..n].copy_from_slice(&said);
    channel.received(n);
    assert!(!channel.may_rest());
    // The tickets of TLS 1.3 come after the handshake.
    let (config, mut far) = both(1);
    let mut handshake = Handshake::new(&config, &host(), now()).unwrap();
    let mut last = Vec::new();
    run(&mut handshake, |out| {
        let said = far.hear(out);
        last.clone_from(&said);
        said
    });
    assert!(handshake.into_channel(None).may_rest());
}

#[test]
fn much_is_read_at_once_where_there_is_much_and_little_memory_is_kept_while_idle() {
    let (mut channel, mut far) = connected(1);
    let said = far.say(&[7; 20_000]);
    let mut rest = said.as_slice();
    let (mut rooms, mut heard, mut into) = (Vec::new(), 0, [0; 4096]);
    while !rest.is_empty() {
        let room = channel.spare();
        let n = room.len().min(rest.len());
        rooms.push(room.len());
        room[..n].copy_from_slice(&rest[..n]);
        rest = &rest[n..];
        channel.received(n);
        while let Plain::Data(n) = channel.read(&mut into).unwrap() {
            assert!(into[..n].iter().all(|&byte| byte == 7));
            heard += n;
        }
    }
    assert_eq!((rooms, heard), (vec![FIRST, READ], 20_000));
    assert!(channel.may_rest());
    assert_eq!(channel.spare().len(), FIRST);
}

#[test]
fn what_ends_a_handshake_is_a_failure_before_anything_was_sent() {
    let (config, _) = both(1);
    let ended = |input: &[u8]| {
        let mut handshake = Handshake::new(&config, &host(), now()).unwrap();
        handshake.wrote(handshake.out().len());
        let n = input.len();
        handshake.spare()[..n].copy_from_slice(input);
        let failure = Handshake::failure(Cause::Setup(handshake.received(n).unwrap_err()));
        assert_eq!(failure.sent(), Sent::Nothing);
        (failure.kind(), failure.error().phase(), handshake.out().is_empty())
    };
    assert_eq!(ended(b""), (FailureKind::Tls, Phase::Tls, true));
    assert_eq!(ended(b"\x15\x03\x03\x00\x02\x02\x28"), (FailureKind::Tls, Phase::Tls, true));
    let foreign = ended(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_eq!((foreign.0, foreign.1), (FailureKind::Tls, Phase::Tls));
    let reset = Handshake::failure(Cause::Io(io::ErrorKind::ConnectionReset.into()));
    assert_eq!((reset.kind(), reset.error().phase()), (FailureKind::Tls, Phase::Tls));
    // Within the TLS of a proxy, the end of that one is the end of this.
    let cut = Handshake::failure(Cause::Tls(TlsError::new(TlsErrorKind::Truncated)));
    assert_eq!((cut.kind(), cut.error().kind(), cut.sent()), (FailureKind::Tls, ErrorKind::Tls, Sent::Nothing));
}

use super::{Socks, Target};
use crate::error::{Error, ErrorKind, Fault, Phase};
use crate::message::proxy::ProxyServer;
use proptest::prelude::*;
use std::net::IpAddr;

const NAME: Target<'static> = Target::Name("a.test", 443);

fn socks(proxy: &str, target: Target<'_>) -> Result<Socks, Error> {
    Socks::new(&ProxyServer::parse(proxy).unwrap(), target)
}

fn address(text: &str) -> Target<'static> {
    Target::Address(text.parse::<IpAddr>().unwrap(), 0x1234)
}

/// Lets a proxy answer by `bytes`, at most `sizes` at a time in turn. Gives what was written and which bytes were left.
fn talk(mut socks: Socks, mut bytes: &[u8], sizes: &[usize]) -> (Result<(), Error>, Vec<u8>, Vec<u8>) {
    let mut said = Vec::new();
    for size in sizes.iter().cycle() {
        let out = socks.out().to_vec();
        said.extend_from_slice(&out[..out.len().min(*size)]);
        socks.wrote(out.len().min(*size));
        if !socks.out().is_empty() {
            continue;
        }
        if socks.is_open() {
            return (Ok(()), said, bytes.to_vec());
        }
        let spare = socks.spare();
        assert!(!spare.is_empty(), "there is room while something is awaited");
        let n = spare.len().min(bytes.len()).min(*size);
        spare[..n].copy_from_slice(&bytes[..n]);
        bytes = &bytes[n..];
        if let Err(error) = socks.received(n) {
            return (Err(error), said, bytes.to_vec());
        }
    }
    unreachable!("the sizes never end")
}

fn said(proxy: &str, target: Target<'_>, answers: &[u8]) -> Vec<u8> {
    let (result, said, left) = talk(socks(proxy, target).unwrap(), answers, &[usize::MAX]);
    result.unwrap();
    assert!(left.is_empty());
    said
}

fn failed(proxy: &str, answers: &[u8]) -> Error {
    let error = talk(socks(proxy, NAME).unwrap(), answers, &[usize::MAX]).0.unwrap_err();
    assert_eq!((error.phase(), error.fault()), (Phase::Tunnel, Fault::Proxy), "{error}");
    error
}

const GRANTED: &[u8] = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50";

fn after_choice(reply: &[u8]) -> Vec<u8> {
    [b"\x05\x00", reply].concat()
}

#[test]
fn socks_5_names_the_target_or_gives_its_address() {
    let answers = after_choice(GRANTED);
    for (target, request) in [
        (NAME, &b"\x05\x01\x00\x03\x06a.test\x01\xbb"[..]),
        (address("10.1.2.3"), b"\x05\x01\x00\x01\x0a\x01\x02\x03\x12\x34"),
        (address("1::2"), b"\x05\x01\x00\x04\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\x12\x34"),
    ] {
        assert_eq!(said("socks5h://p.test", target, &answers), [b"\x05\x01\x00", request].concat());
    }
}

#[test]
fn a_login_is_offered_and_sent_only_where_the_proxy_chooses_it() {
    let request = b"\x05\x01\x00\x03\x06a.test\x01\xbb";
    let answers = [b"\x05\x02\x01\x00", GRANTED].concat();
    assert_eq!(
        said("socks5h://us:pwd@p.test", NAME, &answers),
        [b"\x05\x02\x00\x02\x01\x02us\x03pwd", &request[..]].concat()
    );
    let unasked = said("socks5h://us:pwd@p.test", NAME, &after_choice(GRANTED));
    assert_eq!(unasked, [b"\x05\x02\x00\x02", &request[..]].concat());
    let longest = format!("socks5h://{}:{}@p.test", "u".repeat(255), "p".repeat(255));
    assert_eq!(said(&longest, NAME, &answers).len(), 4 + 1 + 256 + 256 + request.len());
}

#[test]
fn socks_4a_names_the_target_or_gives_its_address() {
    let granted = b"\x00\x5a\x00\x00\x00\x00\x00\x00";
    for (proxy, target, request) in [
        ("socks4a://p.test", NAME, &b"\x04\x01\x01\xbb\0\0\0\x01\0a.test\0"[..]),
        ("socks4a://us@p.test", NAME, b"\x04\x01\x01\xbb\0\0\0\x01us\0a.test\0"),
        ("socks4a://us@p.test", address("10.1.2.3"), b"\x04\x01\x12\x34\x0a\x01\x02\x03us\0"),
        ("socks4a://p.test", address("0.0.0.0"), b"\x04\x01\x12\x34\0\0\0\0\0"),
        // This one would announce a name that never comes.
        ("socks4a://p.test", address("0.0.0.7"), b"\x04\x01\x12\x34\0\0\0\x01\x000.0.0.7\0"),
    ] {
        assert_eq!(said(proxy, target, granted), request, "{target:?}");
    }
    let error = socks("socks4a://p.test", address("::1")).unwrap_err();
    assert_eq!((error.kind(), error.fault()), (ErrorKind::Unsupported, Fault::Caller));
}

#[test]
fn a_name_has_1_to_255_bytes() {
    for proxy in ["socks4a://p.test", "socks5h://p.test"] {
        let name = "a".repeat(256);
        assert!(socks(proxy, Target::Name(&name[..255], 80)).is_ok());
        for name in [name.as_str(), "", "a\0b"] {
            let error = socks(proxy, Target::Name(name, 80)).unwrap_err();
            assert_eq!((error.kind(), error.fault()), (ErrorKind::InvalidUrl, Fault::Caller));
        }
    }
    assert_eq!(socks("http://p.test", NAME).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn every_refusal_is_told_by_its_own_words() {
    let mut told = Vec::new();
    let mut refused = |proxy: &str, answers: &[u8]| {
        let error = failed(proxy, answers);
        assert_eq!(error.kind(), ErrorKind::Proxy, "{error}");
        told.push(error.to_string());
    };
    for code in 1..=8 {
        refused("socks5h://p.test", &after_choice(&[5, code]));
    }
    for code in 91..=93 {
        refused("socks4a://p.test", &[0, code]);
    }
    refused("socks5h://p.test", b"\x05\xff");
    refused("socks5h://us:pwd@p.test", b"\x05\xff");
    refused("socks5h://us:pwd@p.test", b"\x05\x02\x01\x01");
    let count = told.len();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), count, "{told:#?}");
}

#[test]
fn what_is_not_socks_is_told_with_what_came() {
    for (proxy, answers) in [
        ("socks5h://p.test", &b"HTTP/1.1 400 Bad Request\r\n"[..]),
        ("socks5h://p.test", b"\x04\x00"),
        ("socks5h://p.test", b"\x05\x02"),
        ("socks5h://p.test", b"\x05\x01"),
        ("socks5h://u:p@p.test", b"\x05\x02\x05\x00"),
        ("socks5h://p.test", b"\x05\x00\x04\x00\x00\x01"),
        ("socks5h://p.test", b"\x05\x00\x05\x09\x00\x01"),
        ("socks5h://p.test", b"\x05\x00\x05\x00\x01\x01"),
        ("socks5h://p.test", b"\x05\x00\x05\x00\x00\x02"),
        ("socks4a://p.test", b"\x04\x5a\x00\x00\x00\x00\x00\x00"),
        ("socks4a://p.test", b"\x00\x00\x00\x00\x00\x00\x00\x00"),
        ("socks4a://p.test", b"HTTP/1.1"),
    ] {
        let error = failed(proxy, answers);
        assert_eq!(error.kind(), ErrorKind::Protocol, "{answers:?}");
        assert!(error.came().is_some() && error.expected().is_some(), "{error}");
    }
}

#[test]
fn a_proxy_that_closes_within_its_answer_is_incomplete() {
    for (proxy, whole) in [
        ("socks5h://u:p@p.test", [b"\x05\x02\x01\x00", GRANTED].concat()),
        ("socks4a://p.test", b"\x00\x5a\x00\x00\x00\x00\x00\x00".to_vec()),
    ] {
        for length in 0..whole.len() {
            assert_eq!(failed(proxy, &whole[..length]).kind(), ErrorKind::Incomplete, "{length}");
        }
    }
}

#[test]
fn debug_shows_no_credential() {
    let mut socks = socks("socks5://hunter:hunter2@p.test", NAME).unwrap();
    let mut shown = format!("{socks:?}");
    socks.wrote(usize::MAX);
    socks.spare()[..2].copy_from_slice(b"\x05\x02");
    socks.received(2).unwrap();
    shown.push_str(&format!("{socks:?}"));
    assert!(socks.out().ends_with(b"hunter2") && !shown.contains("hunter") && !shown.contains("104"), "{shown}");
}

proptest! {
    /// However the bytes are cut, the same is said, and what comes behind the answer is left to the target.
    #[test]
    fn bytes_come_in_any_pieces(
        sizes in prop::collection::vec(1_usize..9, 1..12),
        login: bool,
        name in prop::option::of(prop::collection::vec(any::<u8>(), 0..=255)),
        behind in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let choice: &[u8] = if login { b"\x05\x02\x01\x00" } else { b"\x05\x00" };
        let granted = match name {
            None => GRANTED.to_vec(),
            Some(name) => [&[5, 0, 0, 3, u8::try_from(name.len()).unwrap()], &name[..], &[0, 80]].concat(),
        };
        let bytes = [choice, &granted, &behind].concat();
        let start = || socks("socks5h://us:pwd@p.test", NAME).unwrap();
        let whole = talk(start(), &bytes, &[usize::MAX]);
        let cut = talk(start(), &bytes, &sizes);
        prop_assert!(whole.0.is_ok() && cut.0.is_ok());
        prop_assert_eq!((&whole.1, &whole.2), (&cut.1, &cut.2));
        prop_assert_eq!(whole.2, behind);
    }

    /// Whatever answers, it ends: open, or an error.
    #[test]
    fn any_bytes_end_the_conversation(bytes in prop::collection::vec(any::<u8>(), 0..600), four: bool) {
        let proxy = if four { "socks4a://p.test" } else { "socks5h://us:pwd@p.test" };
        let (result, said, left) = talk(socks(proxy, NAME).unwrap(), &bytes, &[7]);
        prop_assert!(result.is_ok() || said.len() < 40);
        prop_assert!(left.len() <= bytes.len());
    }
}

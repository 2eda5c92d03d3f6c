use super::{Tunnel, feed};
use crate::error::{Error, ErrorKind, Fault, Phase};
use crate::limits::Limits;
use crate::message::proxy::ProxyServer;
use crate::proxy::select::ProxyConfig;
use crate::session::Session;
use crate::session::request::Request;
use crate::session::step::{Hop, Step};
use crate::time::Now;
use crate::transport::setup::Setup;
use proptest::prelude::*;
use std::time::{Instant, SystemTime};

/// A hop to `url` through `proxy`, with secrets of the origin's.
fn hop(proxy: &str, url: &str) -> Hop {
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
    let now = Now::new(Instant::now(), SystemTime::UNIX_EPOCH);
    let proxies = ProxyConfig::new().all(ProxyServer::parse(proxy).unwrap());
    let mut session = Session::builder().proxy(proxies).user_agent("ua").build().unwrap();
    let mut request = Request::get(url);
    for (name, value) in [("authorization", "Bearer origin-secret"), ("cookie", "a=origin-secret"), ("x-own", "1")] {
        request.append_header(name, value).unwrap();
    }
    let Ok(Step::Send(hop)) = session.begin(request, now) else { panic!("no hop") };
    hop
}

fn connect(limits: &Limits) -> Tunnel {
    Tunnel::of(&hop("http://pu:pp@proxy.test:3128", "https://a.test/x"), None, limits).unwrap().unwrap()
}

/// Lets the proxy answer by `bytes` in pieces of at most `sizes` bytes in turn, and then close.
fn answered(mut tunnel: Tunnel, mut bytes: &[u8], sizes: &[usize]) -> Result<(Vec<u8>, Vec<u8>), Error> {
    for size in sizes.iter().cycle() {
        if tunnel.is_done() && !tunnel.wants_rest() {
            break;
        }
        let out = tunnel.out().len();
        if out > 0 {
            tunnel.wrote(out.min(*size));
            continue;
        }
        let spare = tunnel.spare();
        let n = spare.len().min(bytes.len()).min(*size);
        spare[..n].copy_from_slice(&bytes[..n]);
        bytes = &bytes[n..];
        tunnel.received(n)?;
    }
    tunnel.finish().map(|leftover| (leftover.to_vec(), bytes.to_vec()))
}

fn failed(bytes: &[u8]) -> Error {
    let error = answered(connect(&Limits::default()), bytes, &[usize::MAX]).unwrap_err();
    assert_eq!((error.phase(), error.fault()), (Phase::Tunnel, Fault::Proxy), "{error}");
    error
}

#[test]
fn a_connect_says_nothing_of_the_request() {
    let tunnel = connect(&Limits::default());
    let said = String::from_utf8(tunnel.out().to_vec()).unwrap();
    assert_eq!(
        said,
        "CONNECT a.test:443 HTTP/1.1\r\nhost: a.test:443\r\nuser-agent: ua\r\n\
         proxy-authorization: Basic cHU6cHA=\r\n\r\n"
    );
    assert!(!format!("{tunnel:?}").contains("cHU6"));
}

#[test]
fn only_what_needs_a_tunnel_gets_one() {
    let of = |proxy, url| Tunnel::of(&hop(proxy, url), None, &Limits::default()).unwrap();
    assert!(of("http://proxy.test", "http://a.test/").is_none());
    assert!(of("http://proxy.test", "https://a.test/").is_some());
    for proxy in ["socks4a://proxy.test", "socks5://proxy.test", "socks5h://proxy.test"] {
        assert!(of(proxy, "http://a.test/").is_some() && of(proxy, "https://a.test/").is_some());
        let needs = |url| Tunnel::needs_address(&hop(proxy, url));
        assert_eq!(
            (needs("http://a.test/"), needs("http://10.0.0.1/")),
            (proxy.starts_with("socks5:"), proxy.starts_with("socks5:"))
        );
    }
}

#[test]
fn socks_is_given_the_name_or_the_address_that_was_found() {
    let said = |proxy, url, address: Option<&str>| {
        let address = address.map(|text| text.parse().unwrap());
        let mut tunnel = Tunnel::of(&hop(proxy, url), address, &Limits::default()).unwrap().unwrap();
        tunnel.wrote(usize::MAX);
        tunnel.spare()[..2].copy_from_slice(b"\x05\x00");
        tunnel.received(2).unwrap();
        tunnel.out()[3..].to_vec()
    };
    assert_eq!(said("socks5h://p.test", "http://a.test/", None), b"\x03\x06a.test\0\x50");
    assert_eq!(said("socks5h://p.test", "http://[::1]:81/", None), b"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\x51");
    assert_eq!(said("socks5://p.test", "http://a.test/", Some("10.0.0.1:82")), b"\x01\x0a\0\0\x01\0\x52");
}

#[test]
fn a_success_opens_the_tunnel_whatever_it_says_of_a_body() {
    for head in [
        "HTTP/1.1 200 Connection established\r\n\r\n",
        "HTTP/1.0 200\r\n\r\n",
        "HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ] {
        let bytes = format!("{head}early");
        let (leftover, unread) = answered(connect(&Limits::default()), bytes.as_bytes(), &[usize::MAX]).unwrap();
        assert_eq!((leftover.as_slice(), unread.as_slice()), (&b"early"[..], &b""[..]), "{head}");
    }
}

#[test]
fn another_status_is_the_proxys_refusal_with_the_beginning_of_its_body() {
    for (bytes, status, body) in [
        ("HTTP/1.1 407 No\r\nproxy-authenticate: Basic\r\ncontent-length: 4\r\n\r\nwho?", 407, "who?"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\nuntil close", 502, "until close"),
        ("HTTP/1.1 302 Found\r\nlocation: https://b.test/\r\ncontent-length: 0\r\n\r\n", 302, ""),
        ("HTTP/1.1 404 No\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 404, "abc"),
        // However the body goes wrong, the status is what is told.
        ("HTTP/1.1 503 No\r\ncontent-length: 9\r\n\r\nabc", 503, "abc"),
        ("HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz", 503, "abc"),
    ] {
        let error = failed(bytes.as_bytes());
        assert_eq!(error.kind(), ErrorKind::Proxy, "{bytes}");
        assert_eq!(error.proxy_status().map(|status| status.as_u16()), Some(status));
        assert_eq!(error.proxy_body().unwrap(), body);
        assert!(error.to_string().contains(&status.to_string()), "{error}");
        assert_eq!(error.to_string().contains("credential"), status == 407, "{error}");
    }
}

#[test]
fn a_refusal_is_told_also_where_the_rest_of_it_never_comes() {
    let mut tunnel = connect(&Limits::default());
    tunnel.wrote(usize::MAX);
    let bytes = b"HTTP/1.1 502 No\r\ncontent-length: 9\r\n\r\nabc";
    tunnel.spare()[..bytes.len()].copy_from_slice(bytes);
    tunnel.received(bytes.len()).unwrap();
    assert!(tunnel.is_done() && tunnel.wants_rest());
    let error = tunnel.finish().unwrap_err();
    assert_eq!((error.proxy_status().unwrap().as_u16(), &error.proxy_body().unwrap()[..]), (502, &b"abc"[..]));
}

#[test]
fn the_body_of_a_refusal_is_kept_up_to_its_limit() {
    let limits = Limits { proxy_answer: 10, ..Limits::default() };
    for length in [9, 10, 11, 4000] {
        let bytes = format!("HTTP/1.1 502 No\r\ncontent-length: {length}\r\n\r\n{}", "x".repeat(length));
        let error = answered(connect(&limits), bytes.as_bytes(), &[7]).unwrap_err();
        assert_eq!(error.proxy_body().unwrap().len(), length.min(10));
    }
}

#[test]
fn an_answer_that_is_none_is_told_by_its_kind() {
    let interim = "HTTP/1.1 102 Processing\r\n\r\n";
    let limit = Limits::default().interim_responses;
    let within = format!("{}HTTP/1.1 200 OK\r\n\r\n", interim.repeat(limit));
    assert!(answered(connect(&Limits::default()), within.as_bytes(), &[usize::MAX]).is_ok());
    for (bytes, kind) in [
        ("", ErrorKind::Incomplete),
        ("HTTP/1.1 200 O", ErrorKind::Incomplete),
        ("SSH-2.0-OpenSSH\r\n\r\n", ErrorKind::Protocol),
        ("\x16\x03\x01\x02\r\n\r\n", ErrorKind::Protocol),
        ("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", ErrorKind::Protocol),
        (&interim.repeat(limit + 1), ErrorKind::Limit),
        (&format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(70_000)), ErrorKind::Limit),
    ] {
        assert_eq!(failed(bytes.as_bytes()).kind(), kind, "{:?}", bytes.get(..40));
    }
}

/// Takes four bytes, at most three at a time, and no more.
#[derive(Default)]
struct Four {
    room: [u8; 3],
    came: Vec<u8>,
}

impl Setup for Four {
    fn out(&self) -> &[u8] {
        &[]
    }
    fn wrote(&mut self, _: usize) {}
    fn spare(&mut self) -> &mut [u8] {
        let left = 4 - self.came.len();
        &mut self.room[..left.min(3)]
    }
    fn received(&mut self, n: usize) -> Result<(), Error> {
        self.came.extend_from_slice(&self.room[..n]);
        Ok(())
    }
    fn is_done(&self) -> bool {
        self.came.len() == 4
    }
}

#[test]
fn what_came_early_goes_to_the_next_machine_and_too_much_of_it_is_an_error() {
    for early in [&b""[..], b"a", b"abcd"] {
        let mut four = Four::default();
        feed(&mut four, early).unwrap();
        assert_eq!(four.came, early);
    }
    let error = feed(&mut Four::default(), b"abcde").unwrap_err();
    assert_eq!((error.kind(), error.came()), (ErrorKind::Protocol, Some("e")));
}

proptest! {
    /// However the answer is cut, the same comes of it.
    #[test]
    fn an_answer_comes_in_any_pieces(sizes in prop::collection::vec(1_usize..30, 1..12), which in 0_usize..3) {
        let bytes = [
            &b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nearly bytes"[..],
            b"HTTP/1.1 407 No\r\ncontent-length: 3\r\n\r\nabcdef",
            b"HTTP/1.1 200 OK\r\nbad line\r\n\r\n",
        ][which];
        let told = |result: Result<(Vec<u8>, Vec<u8>), Error>| match result {
            Ok((leftover, unread)) => Ok([leftover, unread].concat()),
            Err(error) => Err((error.to_string(), error.proxy_body().cloned())),
        };
        let whole = told(answered(connect(&Limits::default()), bytes, &[usize::MAX]));
        prop_assert_eq!(told(answered(connect(&Limits::default()), bytes, &sizes)), whole);
    }
}

//! Making connections: which address, by which resolver, from where, over what, and how long it may take.

use crate::{address, bounded, fetch, server};
use session_core::error::bound::Bound;
use session_core::error::{ErrorKind, Phase};
use session_core::limits::Limits;
use session_core::message::proxy::ProxyServer;
use session_core::proxy::select::ProxyConfig;
use session_core::session::settings::Setting;
use session_testkit::script::answer::Answer;
use session_testkit::script::gate::Gate;
use session_testkit::server::full::FullListener;
use session_testkit::server::talk::Talker;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use transport_blocking::{Resolve, Session};

/// A resolver that knows one name and counts how often it is asked.
struct Book {
    addresses: Vec<SocketAddr>,
    asked: AtomicUsize,
}

impl Book {
    fn of(addresses: Vec<SocketAddr>) -> Arc<Self> {
        Arc::new(Self { addresses, asked: AtomicUsize::new(0) })
    }

    fn find(&self, host: &str) -> io::Result<Vec<SocketAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if host == "a.test" { Ok(self.addresses.clone()) } else { Err(io::Error::other("no such name")) }
    }
}

impl Resolve for Book {
    fn resolve(&self, host: &str, _port: u16) -> io::Result<Vec<SocketAddr>> {
        self.find(host)
    }
}

#[test]
fn a_resolver_of_ones_own_is_asked_for_what_is_not_set() {
    bounded(|| {
        let server = server(|_| Answer::ok("fine"));
        let book = Book::of(vec![address(&server)]);
        let session =
            Session::builder().dns_resolver(book.clone()).resolve("b.test", address(&server)).build().unwrap();
        assert_eq!(fetch(&session, "http://a.test/").unwrap(), "fine");
        assert_eq!(fetch(&session, "http://b.test/").unwrap(), "fine");
        assert_eq!(fetch(&session, &server.url("/")).unwrap(), "fine");
        assert_eq!(book.asked.load(Ordering::SeqCst), 1);
        let error = fetch(&session, "http://c.test/").unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Phase::Resolve));
        // Also for the proxy's name, and for an origin's where the proxy is to be given an address.
        let proxies =
            ProxyConfig::new().all(ProxyServer::parse(&format!("http://a.test:{}", address(&server).port())).unwrap());
        let session = Session::builder().dns_resolver(book.clone()).proxy(proxies).build().unwrap();
        assert_eq!(fetch(&session, "http://elsewhere.test/").unwrap(), "fine");
        assert_eq!(book.asked.load(Ordering::SeqCst), 3);
        let proxies = ProxyConfig::new().all(ProxyServer::parse(&format!("socks5://{}", address(&server))).unwrap());
        let session = Session::builder().dns_resolver(book.clone()).proxy(proxies).build().unwrap();
        let error = fetch(&session, "http://elsewhere.test/").unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Phase::Resolve));
        assert!(error.to_string().contains("elsewhere.test has no address"), "{error}");
    });
}

/// A resolver that answers only once the gate is open.
struct Slow(Gate);

impl Resolve for Slow {
    fn resolve(&self, _host: &str, _port: u16) -> io::Result<Vec<SocketAddr>> {
        if self.0.wait(Duration::from_secs(10)) { Ok(Vec::new()) } else { Err(io::Error::other("nobody opened it")) }
    }
}

#[test]
fn resolving_has_its_time() {
    bounded(|| {
        let gate = Gate::new();
        let short = Duration::from_millis(100);
        for (connect, own, bound) in [
            (short.into(), Setting::Inherit, Bound::Connect),
            (Setting::Inherit, short.into(), Bound::Resolve),
            (Setting::Off, short.into(), Bound::Resolve),
        ] {
            let session = Session::builder().dns_resolver(Arc::new(Slow(gate.clone())));
            let session = session.connect_timeout(connect).resolve_timeout(own).build().unwrap();
            let error = fetch(&session, "http://a.test/").unwrap_err();
            let expected = (ErrorKind::Timeout, Phase::Resolve, Some(bound));
            assert_eq!((error.kind(), error.phase(), error.bound()), expected);
        }
        gate.open();
    });
}

#[test]
fn an_address_that_refuses_gives_way_to_the_next_at_once() {
    bounded(|| {
        let mut server = server(|_| Answer::ok("fine"));
        let refused = server.refused_address().unwrap();
        let session = Session::builder()
            .connect_attempt_delay(Duration::from_secs(20))
            .resolve_to_addrs("a.test", &[refused, address(&server)])
            .build()
            .unwrap();
        let started = Instant::now();
        let response = session.get("http://a.test/").send().unwrap();
        assert_eq!(response.remote_addr(), Some(address(&server)));
        assert!(started.elapsed() < Duration::from_secs(10));
        assert_eq!((server.requests().len(), server.connections()), (1, 1));
    });
}

#[test]
fn an_address_that_does_not_answer_gives_way_to_the_next_after_a_while() {
    bounded(|| {
        let full = FullListener::bind().unwrap();
        let server = server(|_| Answer::ok("fine"));
        let session = Session::builder()
            .connect_attempt_delay(Duration::from_millis(20))
            .resolve_to_addrs("a.test", &[full.address(), address(&server)])
            .build()
            .unwrap();
        let started = Instant::now();
        assert_eq!(fetch(&session, "http://a.test/").unwrap(), "fine");
        let elapsed = started.elapsed();
        assert!(elapsed >= Duration::from_millis(20) && elapsed < Duration::from_secs(5), "{elapsed:?}");
        assert_eq!((server.requests().len(), server.connections()), (1, 1));
    });
}

#[test]
fn a_name_has_no_address_or_more_than_are_tried() {
    bounded(|| {
        let mut server = server(|_| Answer::ok("fine"));
        let refused = server.refused_address().unwrap();
        let session = Session::builder().dns_resolver(Book::of(Vec::new())).build().unwrap();
        let error = fetch(&session, "http://a.test/").unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Phase::Resolve));
        // Nothing listens on that port at any of them.
        let many: Vec<SocketAddr> = (0..1000_u16)
            .map(|number| SocketAddr::from(([127, 1, (number / 250) as u8, (number % 250) as u8 + 1], refused.port())))
            .collect();
        let session = Session::builder().dns_resolver(Book::of(many)).build().unwrap();
        let error = fetch(&session, "http://a.test/").unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Phase::Connect));
        assert_eq!(error.to_string().matches(" failed: ").count(), Limits::default().addresses, "{error}");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_connection_comes_from_the_address_that_is_set_and_has_its_options() {
    bounded(|| {
        let talker = Talker::serve(|line| {
            line.hear_head()?;
            line.say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine")
        });
        let talker = talker.unwrap();
        let local = [127, 0, 0, 3].into();
        let session = Session::builder().local_address(Some(local)).tcp_nodelay(false);
        let session = session.tcp_keepalive(Duration::from_secs(30)).build().unwrap();
        assert_eq!(fetch(&session, &format!("http://{}/", talker.address())).unwrap(), "fine");
        assert_eq!(talker.peers()[0].ip(), local);
        // An address of the other family cannot be reached from there.
        let error = fetch(&session, "http://[::1]:9/").unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Phase::Connect));
    });
}

#[cfg(unix)]
#[test]
fn a_unix_socket_carries_every_request() {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::os::unix::net::UnixListener;
    bounded(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let serving = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut heads = Vec::new();
            while heads.len() < 2 {
                let lines = reader.by_ref().lines().map(|line| line.unwrap());
                heads.push(lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>());
                (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine").unwrap();
            }
            heads
        });
        let session = Session::builder().unix_socket(&path).build().unwrap();
        for name in ["a.test", "a.test"] {
            let response = session.get(format!("http://{name}/x")).send().unwrap();
            assert_eq!(response.remote_addr(), None);
            assert_eq!(response.text().unwrap(), "fine");
        }
        let heads = serving.join().unwrap();
        assert!(heads.iter().all(|head| head[0] == "GET /x HTTP/1.1" && head[1] == "host: a.test"), "{heads:?}");
        let proxies = ProxyConfig::new().all(ProxyServer::parse("http://p.test").unwrap());
        let proxied = Session::builder().unix_socket(&path).proxy(proxies).build().unwrap();
        assert_eq!(fetch(&proxied, "http://a.test/").unwrap_err().kind(), ErrorKind::Unsupported);
        let session = Session::builder().unix_socket(folder.path().join("none")).build().unwrap();
        let error = fetch(&session, "http://a.test/").unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Phase::Connect));
        assert!(error.to_string().contains("unix socket"), "{error}");
    });
}

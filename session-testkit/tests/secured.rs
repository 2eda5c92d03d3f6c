//! The socket server behind TLS and as a proxy, seen by plain clients: rustls, and bytes written by hand.

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use session_testkit::script::answer::{Answer, Deed};
use session_testkit::script::endpoint::Endpoint;
use session_testkit::script::log::Place;
use session_testkit::script::request::Request;
use session_testkit::script::responder::{Admission, Responder};
use session_testkit::server::listen::Server;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(20);
const GET: &[u8] = b"GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n";

fn ok(request: &Request, _: &Place) -> Answer {
    Answer::status(200).body("ok").answer_to(&request.head.method)
}

fn origin(url: &str) -> Endpoint {
    Endpoint::origin(url).unwrap()
}

fn proxy(url: &str) -> Endpoint {
    Endpoint::proxy(url).unwrap()
}

fn connect(server: &Server, endpoint: &Endpoint) -> TcpStream {
    let stream = TcpStream::connect_timeout(&server.address(endpoint).unwrap(), LONG).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream
}

fn secured<S: Read + Write>(server: &Server, host: &'static str, stream: S) -> StreamOwned<ClientConnection, S> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(server.ca().certificate_der())).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
}

fn ask(stream: &mut (impl Read + Write), request: &[u8]) -> String {
    stream.write_all(request).unwrap();
    read_until(stream, b"ok")
}

fn read_until(stream: &mut impl Read, end: &[u8]) -> String {
    let mut came = Vec::new();
    let mut byte = [0];
    while !came.ends_with(end) {
        stream.read_exact(&mut byte).unwrap_or_else(|error| panic!("{error} after {}", came.escape_ascii()));
        came.push(byte[0]);
    }
    String::from_utf8_lossy(&came).into_owned()
}

/// URL, via, and whether it is the first on its connection, of each request.
fn seen(server: &Server) -> Vec<(String, String, bool)> {
    let log = server.log();
    assert_eq!((log.faults.as_slice(), log.handshakes.as_slice()), (&[][..], &[][..]));
    let of = |recorded: &session_testkit::script::log::Recorded| {
        let place = &recorded.place;
        (place.url_of(&recorded.request.head.target), place.endpoint.to_string(), place.fresh)
    };
    log.requests.iter().map(of).collect()
}

fn line(url: &str, via: &str, fresh: bool) -> (String, String, bool) {
    (url.to_owned(), via.to_owned(), fresh)
}

#[test]
fn an_https_origin_has_a_certificate_of_the_servers_own_authority() {
    let endpoints = [origin("https://a.test"), origin("https://b.test:8443")];
    let server = Server::start(endpoints.clone(), ok).unwrap();
    for (endpoint, host) in endpoints.iter().zip(["a.test", "b.test"]) {
        let mut stream = secured(&server, host, connect(&server, endpoint));
        for _ in 0..2 {
            ask(&mut stream, GET);
        }
    }
    let (a, b) = ("https://a.test", "https://b.test:8443");
    let expected = [(a, true), (a, false), (b, true), (b, false)];
    assert_eq!(seen(&server), expected.map(|(origin, fresh)| line(&format!("{origin}/x"), origin, fresh)));
}

#[test]
fn both_schemes_of_one_host_and_port_are_told_apart() {
    let endpoints = [origin("http://a.test:8443"), origin("https://a.test:8443")];
    let server = Server::start(endpoints.clone(), ok).unwrap();
    for endpoint in &endpoints {
        ask(&mut connect(&server, endpoint), GET);
        ask(&mut secured(&server, "a.test", connect(&server, endpoint)), GET);
    }
    let urls: Vec<_> = seen(&server).into_iter().map(|(url, ..)| url).collect();
    let (plain, tls) = ("http://a.test:8443/x", "https://a.test:8443/x");
    assert_eq!(urls, [plain, tls, plain, tls]);
}

/// Lets this many handshakes fail, then none.
struct Fails(usize);

impl Responder for Fails {
    fn admit_tls(&mut self, _: &Place) -> Admission {
        match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                Admission::FailTls
            }
            None => Admission::Accept,
        }
    }

    fn respond(&mut self, request: &Request, place: &Place) -> Answer {
        ok(request, place)
    }
}

#[test]
fn a_handshake_that_is_to_fail_shows_a_certificate_that_nobody_trusts() {
    let endpoint = origin("https://a.test");
    let server = Server::start([endpoint.clone()], Fails(1)).unwrap();
    let mut stream = secured(&server, "a.test", connect(&server, &endpoint));
    let error = stream.write_all(GET).unwrap_err();
    assert!(error.to_string().contains("UnknownIssuer"), "{error}");
    // The alert must be on its way before the connection goes.
    let _ = stream.flush();
    drop(stream);
    assert!(server.wait_for(LONG, |log| log.ended == 1 && log.handshakes.len() == 1));
    ask(&mut secured(&server, "a.test", connect(&server, &endpoint)), GET);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_close_behind_tls_says_so_and_a_reset_does_not() {
    let endpoint = origin("https://a.test");
    let server = Server::start([endpoint.clone()], |request: &Request, _: &Place| match request.head.method.as_str() {
        "GET" => Answer::raw("last").then(Deed::Close),
        "PUT" => Answer::raw("last").then(Deed::Finish),
        _ => Answer::reset(),
    })
    .unwrap();
    for method in ["GET", "PUT"] {
        let mut stream = secured(&server, "a.test", connect(&server, &endpoint));
        stream.write_all(format!("{method} / HTTP/1.1\r\nHost: a.test\r\n\r\n").as_bytes()).unwrap();
        let mut came = Vec::new();
        // Without the farewell of TLS this would be an error.
        stream.read_to_end(&mut came).unwrap();
        assert_eq!(came, b"last");
    }
    let mut stream = secured(&server, "a.test", connect(&server, &endpoint));
    stream.write_all(b"DELETE / HTTP/1.1\r\nHost: a.test\r\n\r\n").unwrap();
    assert_eq!(stream.read(&mut [0; 8]).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn a_proxy_takes_absolute_targets_and_opens_tunnels_in_which_tls_is_spoken() {
    for url in ["http://proxy.test:3128", "https://proxy.test"] {
        let endpoint = proxy(url);
        let server = Server::start([endpoint.clone()], ok).unwrap();
        let forward = b"GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n";
        let connect_to = b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\nProxy-Authorization: Basic eA==\r\n\r\n";
        let tunnel = |mut stream: Box<dyn ReadWrite>| {
            ask(&mut stream, forward);
            stream.write_all(connect_to).unwrap();
            assert!(read_until(&mut stream, b"\r\n\r\n").starts_with("HTTP/1.1 200"));
            let mut inner = secured(&server, "a.test", stream);
            ask(&mut inner, GET);
            ask(&mut inner, GET);
        };
        match endpoint.scheme() {
            "https" => tunnel(Box::new(secured(&server, "proxy.test", connect(&server, &endpoint)))),
            _ => tunnel(Box::new(connect(&server, &endpoint))),
        }
        let expected = [
            line("http://a.test/x", url, true),
            line("a.test:443", url, false),
            line("https://a.test/x", url, true),
            line("https://a.test/x", url, false),
        ];
        assert_eq!(seen(&server), expected);
        let log = server.log();
        let opened = log.requests[2].place.tunnel.as_ref().unwrap();
        assert_eq!(opened.connect.as_ref().unwrap().head.text("proxy-authorization"), Some("Basic eA=="));
    }
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}

#[test]
fn a_tunnel_that_is_refused_stays_a_proxy() {
    let endpoint = proxy("http://proxy.test:3128");
    let server = Server::start([endpoint.clone()], |request: &Request, _: &Place| {
        let status = if request.head.method == "CONNECT" { 407 } else { 200 };
        Answer::status(status).body("ok").answer_to("GET")
    })
    .unwrap();
    let mut stream = connect(&server, &endpoint);
    assert!(ask(&mut stream, b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n").starts_with("HTTP/1.1 407"));
    assert!(ask(&mut stream, b"GET http://b.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n").starts_with("HTTP/1.1 200"));
    assert_eq!(server.log().requests[1].place.tunnel, None);
}

/// What a client says to a SOCKS proxy, and what it is answered, in turns.
fn socks(server: &Server, endpoint: &Endpoint, talk: &[(&[u8], &[u8])]) -> TcpStream {
    let mut stream = connect(server, endpoint);
    for (said, answered) in talk {
        stream.write_all(said).unwrap();
        let mut came = vec![0; answered.len()];
        stream.read_exact(&mut came).unwrap();
        assert_eq!(came, *answered);
    }
    stream
}

const OPEN_FIVE: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];
const OPEN_FOUR: &[u8] = &[0, 90, 0, 0, 0, 0, 0, 0];

#[test]
fn a_socks_proxy_leads_to_names_and_addresses_with_and_without_a_login() {
    let (five, four) = (proxy("socks5h://proxy.test:1080"), proxy("socks4a://proxy.test:1081"));
    let origins = [origin("http://a.test"), origin("https://b.test")];
    let server = Server::start(origins.iter().cloned().chain([five.clone(), four.clone()]), ok).unwrap();
    let plain = socks(&server, &five, &[(&[5, 1, 0], &[5, 0]), (b"\x05\x01\x00\x03\x06a.test\x00\x50", OPEN_FIVE)]);
    let login: &[(&[u8], &[u8])] =
        &[(&[5, 2, 0, 2], &[5, 2]), (b"\x01\x02pu\x02pp", &[1, 0]), (b"\x05\x01\x00\x03\x06a.test\x01\xbb", OPEN_FIVE)];
    let tls = socks(&server, &five, login);
    let old = socks(&server, &four, &[(b"\x04\x01\x00\x50\x00\x00\x00\x01pu\x00a.test\x00", OPEN_FOUR)]);
    // A client that resolves names itself asks for the address at which an origin is served.
    let port = server.address(&origins[1]).unwrap().port().to_be_bytes();
    let by_address = [5, 1, 0, 1, 127, 0, 0, 1, port[0], port[1]];
    let address = socks(&server, &five, &[(&[5, 1, 0], &[5, 0]), (&by_address, OPEN_FIVE)]);
    for mut stream in [plain, old] {
        ask(&mut stream, GET);
    }
    ask(&mut secured(&server, "a.test", tls), GET);
    ask(&mut secured(&server, "b.test", address), GET);
    let (five, four) = ("socks5h://proxy.test", "socks4a://proxy.test:1081");
    let expected = [
        line("http://a.test/x", five, true),
        line("http://a.test/x", four, true),
        line("https://a.test/x", five, true),
        line("https://b.test/x", five, true),
    ];
    assert_eq!(seen(&server), expected);
    let logins: Vec<_> =
        server.log().requests.iter().map(|it| it.place.tunnel.as_ref().unwrap().login.clone()).collect();
    let login = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
    assert_eq!(logins, [None, login("pu", ""), login("pu", "pp"), None]);
}

#[test]
fn what_is_no_socks_is_a_fault() {
    let endpoint = proxy("socks5://proxy.test");
    for said in [&b"GET / HTTP/1.1\r\n"[..], &[5, 1, 7], &[4, 2, 0, 80, 1, 1, 1, 1, 0]] {
        let server = Server::start([endpoint.clone()], ok).unwrap();
        let mut stream = connect(&server, &endpoint);
        stream.write_all(said).unwrap();
        assert!(server.wait_for(LONG, |log| log.ended == 1));
        assert_eq!(server.log().faults.len(), 1, "{said:?}");
    }
}

#[test]
fn connections_of_one_endpoint_can_be_closed() {
    let endpoints = [origin("http://a.test"), origin("http://b.test")];
    let server = Server::start(endpoints.clone(), ok).unwrap();
    let [mut a, mut b] = endpoints.each_ref().map(|endpoint| connect(&server, endpoint));
    for stream in [&mut a, &mut b] {
        ask(stream, GET);
    }
    server.close_connections(&endpoints[0]);
    a.set_nonblocking(true).unwrap();
    assert_eq!(a.read(&mut [0; 8]).unwrap(), 0);
    ask(&mut b, GET);
}

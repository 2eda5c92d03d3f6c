//! Requests through proxies: what a plain one is told, what a tunnel is asked for, SOCKS, and refusals of each.

use crate::{address, bounded, fetch, server};
#[cfg(feature = "tls")]
use session_core::auth::credentials::Credential;
use session_core::error::{ErrorKind, Fault, Phase};
use session_core::message::proxy::ProxyServer;
use session_core::proxy::no_proxy::NoProxy;
use session_core::proxy::select::ProxyConfig;
use session_core::session::address_rule::{AddressRule, Admission};
use session_core::session::settings::Setting;
#[cfg(feature = "tls")]
use session_core::tls::settings::Certificate;
use session_testkit::script::answer::Answer;
#[cfg(feature = "tls")]
use session_testkit::script::{endpoint::Endpoint, log::Place, request::Request};
use session_testkit::server::full::FullListener;
#[cfg(feature = "tls")]
use session_testkit::server::listen::Server;
use session_testkit::server::talk::{Line, Talker};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use transport_blocking::{Error, Session, SessionBuilder};

fn proxy(url: &str) -> ProxyServer {
    ProxyServer::parse(url).unwrap()
}

fn all(url: &str) -> SessionBuilder {
    Session::builder().proxy(ProxyConfig::new().all(proxy(url)))
}

const FINE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine";

#[test]
fn a_plain_proxy_gets_the_whole_url_and_its_own_credential() {
    bounded(|| {
        let proxy = server(|_| Answer::ok("fine"));
        let session = all(&format!("http://pu:pp@{}", address(&proxy))).build().unwrap();
        for _ in 0..2 {
            let request = session.get("http://dan:pw@a.test:8080/x?q=1#top").header("cookie", "a=1");
            assert_eq!(request.send().unwrap().text().unwrap(), "fine");
        }
        assert_eq!(proxy.connections(), 1);
        for request in proxy.requests() {
            assert_eq!(request.head.line(), "GET http://a.test:8080/x?q=1 HTTP/1.1");
            assert_eq!(request.head.text("host"), Some("a.test:8080"));
            assert_eq!(request.head.text("proxy-authorization"), Some("Basic cHU6cHA="));
            assert_eq!(request.head.text("authorization"), Some("Basic ZGFuOnB3"));
            assert_eq!(request.head.text("cookie"), Some("a=1"));
        }
    });
}

/// PI-05: one proxy, several origins, and no connection of one serves another.
#[test]
fn origins_behind_one_proxy_share_no_connection() {
    bounded(|| {
        let proxy = server(|request| Answer::ok(request.head.target.clone()));
        let session = all(&format!("http://{}", address(&proxy))).build().unwrap();
        for url in ["http://a.test/", "http://b.test/", "http://a.test:81/", "http://a.test/2"] {
            assert_eq!(fetch(&session, url).unwrap(), url);
        }
        assert_eq!((proxy.connections(), session.idle_connections()), (3, 3));
    });
}

/// PX-01, PX-06: the choice is made at each hop, and what proves us to the proxy goes nowhere else.
#[test]
fn each_hop_takes_its_own_way() {
    bounded(|| {
        let origin = server(|request| match request.head.target.as_str() {
            "/1" => Answer::status(302).field("location", "http://a.test/2"),
            _ => Answer::ok("direct"),
        });
        let proxy_server = server(|request| match request.head.target.as_str() {
            "http://a.test/0" => Answer::status(302).field("location", "http://in.test/1"),
            _ => Answer::ok("proxied"),
        });
        let proxies = ProxyConfig::new().http(proxy(&format!("http://pu:pp@{}", address(&proxy_server))));
        let session = Session::builder()
            .proxy(proxies.no_proxy(NoProxy::parse("in.test")))
            .resolve("in.test", SocketAddr::new(address(&origin).ip(), address(&origin).port()))
            .build()
            .unwrap();
        assert_eq!(fetch(&session, "http://a.test/0").unwrap(), "proxied");
        let lines: Vec<_> = proxy_server.requests().iter().map(|request| request.head.target.clone()).collect();
        assert_eq!(lines, ["http://a.test/0", "http://a.test/2"]);
        let requests = origin.requests();
        assert_eq!((requests.len(), requests[0].head.target.as_str()), (1, "/1"));
        assert_eq!(requests[0].head.text("proxy-authorization"), None);
        assert_eq!(requests[0].head.text("host"), Some("in.test"));
        // Each proxy has its own connections, and its own credential.
        let second = server(|_| Answer::ok("second"));
        let other = all(&format!("http://x:y@{}", address(&second))).build().unwrap();
        assert_eq!(fetch(&other, "http://a.test/0").unwrap(), "second");
        assert_eq!(second.requests()[0].head.text("proxy-authorization"), Some("Basic eDp5"));
    });
}

#[test]
fn a_request_may_have_a_proxy_of_its_own_or_none() {
    bounded(|| {
        let [of_session, of_request] = ["session", "request"].map(|name| server(move |_| Answer::ok(name)));
        let origin = server(|_| Answer::ok("origin"));
        let session = all(&format!("http://{}", address(&of_session))).build().unwrap();
        let own = proxy(&format!("http://u:p@{}", address(&of_request)));
        for (asked, answered) in [
            (Setting::Inherit, "session"),
            (own.clone().into(), "request"),
            (Setting::Off, "origin"),
            (own.into(), "request"),
            (Setting::Inherit, "session"),
        ] {
            let response = session.get(origin.url("/")).proxy(asked).send().unwrap();
            assert_eq!(response.text().unwrap(), answered);
        }
        // Each way has kept its connection to itself.
        assert_eq!([&of_session, &of_request, &origin].map(|server| server.connections()), [1; 3]);
        assert_eq!(session.idle_connections(), 3);
        assert!(of_session.requests().iter().all(|request| request.head.text("proxy-authorization").is_none()));
        assert_eq!(origin.requests()[0].head.text("proxy-authorization"), None);
    });
}

/// RFC 7616 3.8: Digest to a proxy, in CONNECT and with what is forwarded.
#[cfg(feature = "tls")]
#[test]
fn a_proxy_that_challenges_is_answered_wherever_it_asks() {
    bounded(|| {
        let proxy = Endpoint::proxy("http://p.test:3128").unwrap();
        let server = Server::start(vec![proxy.clone()], |request: &Request, _: &Place| {
            let head = &request.head;
            let proof = head.text("proxy-authorization").unwrap_or_default().to_owned();
            let is_proved = proof.starts_with("Digest ") && proof.contains(&format!("uri=\"{}\"", head.target));
            match (head.method.as_str(), is_proved) {
                ("CONNECT", true) => Answer::raw("HTTP/1.1 200 OK\r\n\r\n"),
                // Behind the tunnel nothing is said to the proxy.
                _ if head.target.starts_with('/') => Answer::ok(format!("origin {proof}")).answer_to("GET"),
                (_, true) => Answer::ok("proxy").answer_to("GET"),
                (_, false) => Answer::status(407)
                    .field("proxy-authenticate", "Digest realm=\"p\", nonce=\"n\", qop=\"auth\"")
                    .answer_to(&head.method),
            }
        });
        let server = server.unwrap();
        let session = all("http://u:pw@p.test:3128")
            .proxy_auth("http://p.test:3128", Credential::digest("ada", "secret"))
            .resolve("p.test", server.address(&proxy).unwrap())
            .tls_certs_only([Certificate::der(server.ca().certificate_der())])
            .build()
            .unwrap();
        for (url, answered) in [
            ("https://a.test/1", "origin "),
            ("https://a.test/2", "origin "),
            ("http://b.test/3", "proxy"),
            ("https://c.test/4", "origin "),
        ] {
            assert_eq!(fetch(&session, url).unwrap(), answered, "{url}");
        }
        let seen: Vec<_> = server.requests().iter().map(|it| it.head.target.clone()).collect();
        // One challenge; later requests are answered ahead.
        assert_eq!(seen, ["a.test:443", "a.test:443", "/1", "/2", "http://b.test/3", "c.test:443", "/4"]);
        let log = server.requests();
        assert_eq!(log[0].head.text("proxy-authorization"), None);
        assert!(log.iter().all(|it| !it.head.text("proxy-authorization").unwrap_or_default().contains("Basic")));
        // A credential that is refused is told, once.
        let session = all("http://p.test:3128")
            .proxy_auth("http://p.test:3128", Credential::basic("ada", "secret"))
            .resolve("p.test", server.address(&proxy).unwrap())
            .build()
            .unwrap();
        let error = fetch(&session, "https://a.test/").unwrap_err();
        assert_eq!(error.as_core().proxy_status().map(|status| status.as_u16()), Some(407));
        assert_eq!(server.requests().len(), log.len() + 1);
    });
}

/// Takes the part of a SOCKS proxy by `talk`, then that of the origin.
fn socks(talk: impl Fn(&mut Line) -> io::Result<()> + Send + 'static) -> Talker {
    let talked = move |line: &mut Line| {
        talk(line)?;
        line.hear_head()?;
        line.say(FINE)
    };
    Talker::serve(talked).unwrap()
}

/// All that was heard on the one connection.
fn heard(talker: Talker) -> String {
    let heard = talker.end();
    assert_eq!(heard.len(), 1);
    heard[0].escape_ascii().to_string()
}

#[test]
fn socks_5_is_given_the_name_or_the_address_and_a_login_where_it_asks() {
    bounded(|| {
        let granted = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50";
        for (url, request) in [
            ("socks5h://pu:pp@", r"\x05\x01\x00\x03\x06a.test\x00P"),
            ("socks5://pu:pp@", r"\x05\x01\x00\x01\n\x01\x02\x03\x00P"),
        ] {
            let talker = socks(|line| {
                line.hear(4)?;
                line.say(b"\x05\x02")?;
                line.hear(7)?;
                line.say(b"\x01\x00")?;
                let named = line.hear(4)?[3] == 3;
                line.hear(if named { 1 + 6 + 2 } else { 4 + 2 })?;
                // In two pieces.
                line.say(&granted[..3])?;
                line.say(&granted[3..])
            });
            let session = all(&format!("{url}{}", talker.address()));
            let session = session.resolve("a.test", "10.1.2.3:0".parse().unwrap()).build().unwrap();
            assert_eq!(fetch(&session, "http://a.test/x").unwrap(), "fine");
            let heard = heard(talker);
            let said = heard.strip_prefix(&format!(r"\x05\x02\x00\x02\x01\x02pu\x02pp{request}")).unwrap();
            assert!(said.starts_with(r"GET /x HTTP/1.1\r\nhost: a.test\r\n"), "{heard}");
            assert!(!said.contains("proxy-authorization"));
        }
    });
}

#[test]
fn socks_without_credential_and_socks_4a() {
    bounded(|| {
        let talker = socks(|line| {
            line.hear(3)?;
            line.say(b"\x05\x00")?;
            line.hear(10)?;
            line.say(b"\x05\x00\x00\x03\x01x\x00\x50")
        });
        let session = all(&format!("socks5://{}", talker.address())).build().unwrap();
        assert_eq!(fetch(&session, "http://127.0.0.9:81/").unwrap(), "fine");
        assert!(heard(talker).starts_with(r"\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\t\x00QGET / "));
        let talker = socks(|line| {
            line.hear(8 + 3 + 7)?;
            line.say(b"\x00\x5a\x00\x00\x00\x00\x00\x00")
        });
        let session = all(&format!("socks4a://pu@{}", talker.address())).build().unwrap();
        assert_eq!(fetch(&session, "http://a.test/").unwrap(), "fine");
        assert!(heard(talker).starts_with(r"\x04\x01\x00P\x00\x00\x00\x01pu\x00a.test\x00GET / "));
    });
}

/// RT-02: the rule on addresses holds for the proxy's, and for those that the proxy is asked to connect to.
#[test]
fn a_rule_on_addresses_sees_the_proxys_and_those_that_are_resolved_for_it() {
    bounded(|| {
        let proxy_server = server(|_| Answer::ok("fine"));
        let at = address(&proxy_server);
        for (url, judged) in [
            (format!("http://{at}"), at),
            (format!("socks5h://{at}"), at),
            (format!("socks5://{at}"), "10.1.2.3:80".parse().unwrap()),
        ] {
            let rule = AddressRule::custom(move |_, address| match address == judged {
                true => Admission::Refuse,
                false => Admission::Admit,
            });
            let session = all(&url).address_rule(rule);
            let session = session.resolve("a.test", "10.1.2.3:0".parse().unwrap()).build().unwrap();
            for target in ["http://a.test/", "http://10.1.2.3/"] {
                let error = fetch(&session, target).unwrap_err();
                assert_eq!((error.kind(), error.phase()), (ErrorKind::AddressRefused, Phase::Resolve), "{url}");
            }
        }
        assert_eq!(proxy_server.connections(), 0);
    });
}

/// What comes of a proxy that says this, whatever it is asked, and then closes.
fn answered_by(scheme: &str, url: &str, answer: &'static [u8]) -> (Error, Vec<u8>) {
    let talker = Talker::serve(move |line| {
        line.hear(1)?;
        line.say(answer)?;
        line.finish()?;
        line.hear_out()
    });
    let talker = talker.unwrap();
    let session = all(&format!("{scheme}://pu@{}", talker.address())).build().unwrap();
    let request = session.post(url).header("authorization", "Bearer origin-secret").body("origin-secret");
    let error = request.send().unwrap_err();
    drop(session);
    let heard = talker.end().concat();
    assert!(!heard.escape_ascii().to_string().contains("origin-secret"));
    assert_eq!((error.phase(), error.fault()), (Phase::Tunnel, Fault::Proxy), "{error}");
    (error, heard)
}

#[test]
fn socks_refusals_are_told_apart() {
    bounded(|| {
        let mut told = Vec::new();
        for (scheme, answer) in [
            ("socks5h", &b"\x05\xff"[..]),
            ("socks5h", b"\x05\x02\x01\x01"),
            ("socks5h", b"\x05\x00\x05\x01"),
            ("socks5h", b"\x05\x00\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"),
            ("socks5h", b"\x05\x00\x05\x05"),
            ("socks4a", b"\x00\x5b\x00\x00\x00\x00\x00\x00"),
        ] {
            let (error, _) = answered_by(scheme, "http://a.test/", answer);
            assert_eq!(error.kind(), ErrorKind::Proxy, "{error}");
            told.push(error.to_string());
        }
        told.sort();
        told.dedup();
        assert_eq!(told.len(), 6, "{told:?}");
        for (scheme, answer, kind) in [
            ("socks5h", &b"HTTP/1.1 200 OK\r\n\r\n"[..], ErrorKind::Protocol),
            ("socks4a", b"SSH-2.0-x\r\n", ErrorKind::Protocol),
            ("socks5h", b"\x05\x00\x05\x00\x00\x01", ErrorKind::Incomplete),
            ("socks4a", b"", ErrorKind::Incomplete),
        ] {
            assert_eq!(answered_by(scheme, "http://a.test/", answer).0.kind(), kind);
        }
    });
}

/// PX-02, faults 92 and 94: what answers a CONNECT is never the origin's.
#[test]
fn a_connect_that_is_refused_is_the_proxys_error() {
    bounded(|| {
        for (answer, status, body) in [
            (&b"HTTP/1.1 407 No\r\nproxy-authenticate: Basic\r\ncontent-length: 4\r\n\r\nwho?"[..], 407, &b"who?"[..]),
            (b"HTTP/1.1 502 Bad Gateway\r\n\r\nthe page", 502, b"the page"),
            (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 302 No\r\nlocation: http://b.test/\r\n\r\n", 302, b""),
            (b"HTTP/1.1 503 No\r\ncontent-length: 40\r\n\r\ncut", 503, b"cut"),
        ] {
            let (error, heard) = answered_by("http", "https://a.test/", answer);
            assert_eq!((error.kind(), error.status()), (ErrorKind::Proxy, None), "{error}");
            assert_eq!(error.as_core().proxy_status().map(|status| status.as_u16()), Some(status));
            assert_eq!(error.as_core().proxy_body().unwrap(), body);
            let heard = String::from_utf8(heard).unwrap();
            assert!(heard.starts_with("CONNECT a.test:443 HTTP/1.1\r\nhost: a.test:443\r\n"), "{heard}");
            assert!(heard.contains("proxy-authorization: Basic cHU6\r\n") && heard.ends_with("\r\n\r\n"), "{heard}");
        }
        for (answer, kind) in [
            (&b"\x15\x03\x01\x00\x02\r\n\r\n"[..], ErrorKind::Protocol),
            (b"HTTP/1.1 200 O", ErrorKind::Incomplete),
            (b"", ErrorKind::Incomplete),
        ] {
            assert_eq!(answered_by("http", "https://a.test/", answer).0.kind(), kind);
        }
    });
}

#[test]
fn an_open_tunnel_carries_nothing_in_clear_text() {
    bounded(|| {
        let talker = Talker::serve(|line| {
            line.hear_head()?;
            line.say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
            line.hear_out()
        });
        let talker = talker.unwrap();
        let session = all(&format!("http://{}", talker.address())).build().unwrap();
        let error = session.get("https://a.test/secret").send().unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Tls, Phase::Tls));
        drop(session);
        let heard = heard(talker);
        assert!(heard.starts_with("CONNECT ") && !heard.contains("secret"), "{heard}");
    });
}

#[test]
fn a_proxy_that_stalls_is_late_and_the_phase_says_where() {
    bounded(|| {
        for (scheme, url, answer) in [
            ("http", "https://a.test/", &b"HTTP/1.1 200"[..]),
            ("http", "https://a.test/", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
            ("socks5h", "http://a.test/", b"\x05\x00\x05\x00"),
            ("socks4a", "http://a.test/", b""),
        ] {
            let talker = Talker::serve(move |line| {
                line.say(answer)?;
                line.hear_out()
            });
            let talker = talker.unwrap();
            let session = all(&format!("{scheme}://{}", talker.address()));
            let session = session.connect_timeout(Duration::from_millis(150)).build().unwrap();
            let error = session.get(url).send().unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Tunnel), "{error}");
        }
        // A refusal whose body stalls is told as one.
        let talker = Talker::serve(|line| {
            line.say("HTTP/1.1 502 No\r\ncontent-length: 9\r\n\r\nabc")?;
            line.hear_out()
        });
        let talker = talker.unwrap();
        let session = all(&format!("http://{}", talker.address()));
        let session = session.drain_timeout(Duration::from_millis(50)).build().unwrap();
        let error = session.get("https://a.test/").send().unwrap_err();
        assert_eq!(error.as_core().proxy_status().map(|status| status.as_u16()), Some(502));
        assert_eq!(error.as_core().proxy_body().unwrap(), "abc");
    });
}

#[test]
fn a_proxy_that_cannot_be_reached_is_named() {
    bounded(|| {
        let mut none = server(|_| Answer::ok("fine"));
        let refused = none.refused_address().unwrap();
        for scheme in ["http", "socks5h"] {
            let session = all(&format!("{scheme}://pu:hunter2@p.test:3128"));
            let session = session.resolve("p.test", refused).resolve("empty.test", refused).build().unwrap();
            let error = fetch(&session, "http://a.test/").unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Phase::Connect));
            let shown = format!("{error} {error:?}");
            assert!(
                shown.contains(&format!("the proxy {scheme}://p.test:3128")) && !shown.contains("hunter2"),
                "{shown}"
            );
        }
        let session = all("http://empty.test").resolve_to_addrs("empty.test", &[]).build().unwrap();
        let error = fetch(&session, "http://a.test/").unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Connect, Phase::Resolve));
        let full = FullListener::bind().unwrap();
        let session = all(&format!("http://{}", full.address()));
        let session = session.connect_timeout(Duration::from_millis(150)).build().unwrap();
        let error = fetch(&session, "http://a.test/").unwrap_err();
        assert_eq!((error.kind(), error.phase()), (ErrorKind::Timeout, Phase::Connect));
    });
}

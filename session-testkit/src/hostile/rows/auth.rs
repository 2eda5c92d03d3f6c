//! Section I: challenges and proxies.

use crate::hostile::client::{Ask, CANARY, Client};
use crate::hostile::peer::{FINE, HOST, Hostile, Peer};
use crate::hostile::row::{Row, row};
use crate::hostile::stage::{Outcome, Stage, each, failed, gave, holds, shown};
use bytes::Bytes;
use session_core::auth::credentials::Credential;
use session_core::error::{ErrorKind, Phase};
use session_core::message::proxy::ProxyServer;
use session_core::proxy::select::ProxyConfig;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    vec![
        row("88", "401 for ever", for_ever),
        row("89", "odd challenges", odd_challenges),
        row("90", "401 without a challenge", no_challenge),
        row("91", "401 to a body that cannot be repeated", not_replayable),
        row("92", "a proxy that opens no tunnel", no_tunnel),
        row("93", "a proxy that ends the tunnel", tunnel_ends),
        row("94", "a proxy's own page instead of a tunnel", own_page),
        row("95", "two proxies with a credential each", two_proxies),
    ]
}

/// A server that answers each request with 401 and these challenges, `N` in them counted up.
fn challenges<C: Client>(stage: &Stage<C>, fields: impl Into<String>) -> Result<Hostile, String> {
    let fields = fields.into();
    stage.server(move |peer| {
        for count in 0.. {
            let request = peer.read_request()?;
            if request.head.target == "/after" {
                peer.write(FINE)?;
                continue;
            }
            let fields = fields.replace('#', &format!("{}x{count}", peer.number()));
            peer.write(format!("HTTP/1.1 401 X\r\n{fields}content-length: 2\r\n\r\nno"))?;
        }
        Ok(())
    })
}

fn for_ever<C: Client>(stage: &Stage<C>) -> Outcome {
    let digest = || Credential::digest("u", CANARY);
    let cases = [
        (Credential::basic("u", CANARY), "WWW-Authenticate: Basic realm=r\r\n", 1),
        (digest(), "WWW-Authenticate: Digest realm=r, nonce=n, qop=auth\r\n", 2),
        (digest(), "WWW-Authenticate: Digest realm=r, nonce=\"#\", qop=auth\r\n", 2),
        (digest(), "WWW-Authenticate: Digest realm=r, nonce=\"#\", qop=auth, stale=true\r\n", 3),
    ];
    each(cases, |(credential, fields, most)| {
        let server = challenges(stage, fields)?;
        let session = stage.session(|builder| builder.auth(credential))?;
        gave(stage.ask(&session, Ask::get(server.url("/")).without_credential()), 401, "no")?;
        let requests = server.seen().heads.len();
        holds((1..=most).contains(&requests), || format!("{fields:?}: {requests} requests, expected at most {most}"))?;
        stage.settle(&session, &server, requests)
    })
}

fn odd_challenges<C: Client>(stage: &Stage<C>) -> Outcome {
    let schemes: String = (0..100).map(|n| format!("WWW-Authenticate: S{n} realm=r{n}\r\n")).collect();
    let odd = [
        format!("WWW-Authenticate: Digest realm=r, nonce=\"{}\"\r\n", "n".repeat(60_000)),
        format!("WWW-Authenticate: Digest realm=\"{}\r\n", "\\\"".repeat(20_000)),
        format!("WWW-Authenticate: {}\r\n", ",".repeat(60_000)),
        "WWW-Authenticate: Digest realm=r, nonce=n, algorithm=CRC-32\r\n".to_owned(),
        "WWW-Authenticate: Digest\r\nWWW-Authenticate: =\r\nWWW-Authenticate: \"\r\n".to_owned(),
        schemes,
    ];
    each(odd, |fields| {
        let server = challenges(stage, fields)?;
        let session = stage.session(|builder| builder.auth(Credential::digest("u", "p")))?;
        let started = Instant::now();
        gave(stage.ask(&session, Ask::get(server.url("/")).without_credential()), 401, "no")?;
        let took = started.elapsed();
        holds(took < Duration::from_secs(3), || format!("it took {took:?}"))?;
        let requests = server.seen().heads.len();
        holds(requests <= 2, || format!("{requests} requests"))?;
        stage.settle(&session, &server, requests)
    })
}

fn no_challenge<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = challenges(stage, "")?;
    let session = stage.session(|builder| builder.auth(Credential::digest("u", "p")))?;
    gave(stage.ask(&session, Ask::get(server.url("/")).without_credential()), 401, "no")?;
    stage.settle(&session, &server, 1)
}

fn not_replayable<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = challenges(stage, "WWW-Authenticate: Digest realm=r, nonce=n, qop=auth\r\n")?;
    let session = stage.session(|builder| builder.auth(Credential::digest("u", "p")))?;
    let body = std::iter::once(Ok(Bytes::from_static(b"once")));
    let result = stage.ask(&session, Ask::upload(server.url("/"), None, body).without_credential());
    let told = result.as_ref().is_ok_and(|reply| reply.status == 401)
        || result.as_ref().is_err_and(|error| error.kind == ErrorKind::BodyNotReplayable);
    holds(told, || format!("expected 401 or body_not_replayable, got {}", shown(&result)))?;
    stage.settle(&session, &server, 1)
}

/// A proxy that answers CONNECT with this, and serves other requests as an origin would.
fn proxy<C: Client>(stage: &Stage<C>, answer: &'static str) -> Result<Hostile, String> {
    stage.server(move |peer| {
        loop {
            let request = peer.read_request()?;
            if request.head.method == "CONNECT" {
                peer.write(answer)?;
                return peer.until_gone();
            }
            peer.write(FINE)?;
        }
    })
}

fn through(user: &str, server: &Hostile) -> Result<ProxyServer, String> {
    ProxyServer::parse(&format!("http://{user}@{}", server.address())).map_err(|error| error.to_string())
}

/// Nothing of the request has come to the proxy.
fn keeps_secrets(server: &Hostile) -> Result<(), String> {
    let fields = server.seen().heads.into_iter().flat_map(|head| head.fields);
    let leaked = fields.filter(|(_, value)| String::from_utf8_lossy(value).contains(CANARY)).count();
    holds(leaked == 0, || "the proxy got a secret of the origin".to_owned())
}

fn no_tunnel<C: Client>(stage: &Stage<C>) -> Outcome {
    let refusals = [
        "HTTP/1.1 407 X\r\nproxy-authenticate: Basic realm=p\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 502 X\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 302 X\r\nlocation: https://b.test/\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 103 X\r\n\r\nHTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n",
    ];
    each(refusals, |answer| {
        let server = proxy(stage, answer)?;
        let config = ProxyConfig::new().all(through(&format!("pu:{CANARY}"), &server)?);
        let session = stage.session(|builder| builder.proxy(config))?;
        failed(stage.ask(&session, Ask::get("https://a.test/")), ErrorKind::Proxy, &[Phase::Tunnel])
            .map_err(|what| format!("{answer:?}: {what}"))?;
        keeps_secrets(&server)?;
        stage.settle(&session, &server, 1)
    })?;
    let opened = [
        ("HTTP/1.1 200 OK\r\n\r\n", ErrorKind::Timeout),
        ("HTTP/1.1 200 OK\r\n\r\ngarbage that is no TLS at all", ErrorKind::Tls),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", ErrorKind::Tls),
    ];
    each(opened, |(answer, kind)| {
        let server = proxy(stage, answer)?;
        let config = ProxyConfig::new().all(through(&format!("pu:{CANARY}"), &server)?);
        let session = stage.session(|builder| {
            let builder = builder.proxy(config);
            if kind == ErrorKind::Timeout { builder.connect_timeout(Duration::from_millis(300)) } else { builder }
        })?;
        match stage.ask(&session, Ask::get("https://a.test/")) {
            // What comes at once behind the head may be laid at the proxy's door.
            Err(error) if kind == ErrorKind::Tls && matches!(error.kind, ErrorKind::Proxy | ErrorKind::Protocol) => {}
            other => drop(failed(other, kind, &[Phase::Tls, Phase::Tunnel])?),
        }
        keeps_secrets(&server)?;
        stage.settle(&session, &server, 1)
    })
}

fn tunnel_ends<C: Client>(stage: &Stage<C>) -> Outcome {
    let halves = ["HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345", "HTTP/1.1 200 OK\r\n\r\n12345"];
    each(halves.into_iter().flat_map(|half| [(half, fin as End), (half, Peer::rst)]), |(half, end)| {
        let identity = Arc::new(stage.identity());
        let server = stage.server(move |peer| {
            peer.read_request()?;
            peer.write("HTTP/1.1 200 OK\r\n\r\n")?;
            peer.secure(&identity)?;
            peer.read_request()?;
            peer.write(half)?;
            end(peer)
        })?;
        let config = ProxyConfig::new().all(through(&format!("pu:{CANARY}"), &server)?);
        let session = stage.trusting(&server, |builder| builder.proxy(config))?;
        // A reset may overtake the head.
        let result = stage.ask(&session, Ask::get(format!("https://{HOST}/")));
        failed(result, ErrorKind::Incomplete, &[Phase::Body, Phase::Head])?;
        let seen = server.seen();
        let methods: Vec<_> = seen.heads.iter().map(|head| head.method.as_str()).collect();
        holds(methods == ["CONNECT", "GET"], || format!("it was asked {methods:?}"))?;
        stage.settle(&session, &server, 2)
    })
}

/// How a tunnel ends.
type End = fn(&mut Peer) -> io::Result<()>;

fn fin(peer: &mut Peer) -> io::Result<()> {
    peer.fin()?;
    peer.until_gone()
}

fn own_page<C: Client>(stage: &Stage<C>) -> Outcome {
    let page = "HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\nset-cookie: p=1\r\ncontent-length: 5\r\n\r\n<p>no";
    let server = proxy(stage, page)?;
    let config = ProxyConfig::new().all(through(&format!("pu:{CANARY}"), &server)?);
    let session = stage.session(|builder| builder.proxy(config))?;
    failed(stage.ask(&session, Ask::get("https://a.test/")), ErrorKind::Proxy, &[Phase::Tunnel])?;
    keeps_secrets(&server)?;
    stage.settle(&session, &server, 1)
}

fn two_proxies<C: Client>(stage: &Stage<C>) -> Outcome {
    let refusal = "HTTP/1.1 502 X\r\ncontent-length: 0\r\n\r\n";
    let (plain, tunnels) = (proxy(stage, refusal)?, proxy(stage, refusal)?);
    let config = ProxyConfig::new().http(through("one:1", &plain)?).https(through("two:2", &tunnels)?);
    let session = stage.session(|builder| builder.proxy(config))?;
    gave(stage.ask(&session, Ask::get("http://a.test/")), 200, "fine")?;
    failed(stage.ask(&session, Ask::get("https://a.test/")), ErrorKind::Proxy, &[Phase::Tunnel])?;
    for (server, own) in [(&plain, "Basic b25lOjE="), (&tunnels, "Basic dHdvOjI=")] {
        let seen = server.seen();
        let given: Vec<_> =
            seen.heads.iter().map(|head| head.text("proxy-authorization").unwrap_or_default()).collect();
        holds(given == [own], || format!("expected the credential {own} alone, got {given:?}"))?;
    }
    keeps_secrets(&tunnels)?;
    stage.settle(&session, &plain, 1)
}

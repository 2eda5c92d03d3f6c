//! Section I: challenges and proxies.

use crate::hostile::client::{Ask, Client};
use crate::hostile::peer::Hostile;
use crate::hostile::row::{Row, not_yet, row};
use crate::hostile::stage::{Outcome, Stage, each, gave, holds, shown};
use bytes::Bytes;
use session_core::auth::credentials::Credential;
use session_core::error::ErrorKind;
use std::time::{Duration, Instant};

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    let proxies = "proxies";
    vec![
        row("88", "401 for ever", for_ever),
        row("89", "odd challenges", odd_challenges),
        row("90", "401 without a challenge", no_challenge),
        row("91", "401 to a body that cannot be repeated", not_replayable),
        not_yet("92", "a proxy that opens no tunnel", proxies),
        not_yet("93", "a proxy that ends the tunnel", proxies),
        not_yet("94", "a proxy's own page instead of a tunnel", proxies),
        not_yet("95", "two proxies with a credential each", proxies),
    ]
}

/// A server that answers each request with 401 and these challenges, `N` in them counted up.
fn challenges<C: Client>(stage: &Stage<C>, fields: impl Into<String>) -> Result<Hostile, String> {
    let fields = fields.into();
    stage.server(move |peer| {
        for count in 0.. {
            let request = peer.read_request()?;
            if request.head.target == "/after" {
                peer.write(crate::hostile::peer::FINE)?;
                continue;
            }
            let fields = fields.replace('#', &format!("{}x{count}", peer.number()));
            peer.write(format!("HTTP/1.1 401 X\r\n{fields}content-length: 2\r\n\r\nno"))?;
        }
        Ok(())
    })
}

fn for_ever<C: Client>(stage: &Stage<C>) -> Outcome {
    let digest = || Credential::digest("u", crate::hostile::client::CANARY);
    let cases = [
        (Credential::basic("u", crate::hostile::client::CANARY), "WWW-Authenticate: Basic realm=r\r\n", 1),
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
        holds(took < Duration::from_secs(1), || format!("it took {took:?}"))?;
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

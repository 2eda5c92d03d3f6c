//! Section G: redirects.

use crate::hostile::client::{Ask, CANARY, Client};
use crate::hostile::peer::{FINE, HOST, Hostile};
use crate::hostile::row::{Row, row};
use crate::hostile::stage::{Outcome, Stage, each, failed, gave, holds};
use http::Method;
use session_core::error::{ErrorKind, Phase};
use session_core::redirect::policy::{Action, RedirectPolicy};
use std::time::{Duration, Instant};

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    vec![
        row("71", "loops, and a chain without end", loops),
        row("72", "to file, data, unix, ftp", schemes),
        row("73", "to a place that the caller's rule refuses", vetoed),
        row("74", "to another origin, with credentials", credentials),
        row("75", "to port 0, to port 65536, to no host", bad_places),
        row("76", "with a GiB of body", large_body),
        row("77", "clear text where only https is allowed", clear_text),
        row("77b", "from https to http", downgrade),
        row("78", "to a server that never answers", silent_target),
        row("79", "methods and bodies by status", methods),
    ]
}

/// A server that redirects every path but `/fine` as told.
fn redirects<C: Client>(
    stage: &Stage<C>,
    status: u16,
    to: impl Fn(&str) -> String + Send + Sync + 'static,
) -> Result<Hostile, String> {
    stage.server(move |peer| {
        loop {
            let request = peer.read_request()?;
            if request.head.target == "/fine" || peer.is_calm() {
                peer.write(FINE)?;
                continue;
            }
            let location = to(&request.head.target);
            peer.write(format!("HTTP/1.1 {status} X\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"))?;
        }
    })
}

fn loops<C: Client>(stage: &Stage<C>) -> Outcome {
    let next: [fn(&str) -> String; 3] = [
        |path| path.to_owned(),
        |path| if path == "/a" { "/b".to_owned() } else { "/a".to_owned() },
        |path| format!("/{}", path.trim_start_matches('/').parse().unwrap_or(0) + 1),
    ];
    each(next, |next| {
        let server = redirects(stage, 302, next)?;
        let session = stage.plain()?;
        failed(stage.ask(&session, Ask::get(server.url("/a"))), ErrorKind::TooManyRedirects, &[Phase::Decide])?;
        stage.settle(&session, &server, 21)
    })
}

fn schemes<C: Client>(stage: &Stage<C>) -> Outcome {
    let to = [
        "file:///etc/passwd",
        "data:,x",
        "unix:/run/docker.sock",
        "ftp://127.0.0.1/",
        "javascript:1",
        "http+unix://x/",
    ];
    each(to, |to| {
        let server = redirects(stage, 302, |_| to.to_owned())?;
        let session = stage.plain()?;
        failed(stage.ask(&session, Ask::get(server.url("/"))), ErrorKind::RedirectRefused, &[Phase::Decide])
            .map_err(|what| format!("{to}: {what}"))?;
        stage.settle(&session, &server, 1)
    })
}

fn vetoed<C: Client>(stage: &Stage<C>) -> Outcome {
    let inner = stage.server(|peer| peer.serve())?;
    let to = inner.url("/secret");
    let server = redirects(stage, 302, move |_| to.clone())?;
    let policy = RedirectPolicy::custom(|attempt| {
        if attempt.to.url().port() == attempt.from.url().port() { Action::Follow } else { Action::Refuse }
    });
    let session = stage.session(|builder| builder.redirect(policy))?;
    failed(stage.ask(&session, Ask::get(server.url("/"))), ErrorKind::RedirectRefused, &[Phase::Decide])?;
    let connections = inner.seen().connections;
    holds(connections == 0, || "it was connected to".to_owned())?;
    stage.settle(&session, &server, 1)
}

fn credentials<C: Client>(stage: &Stage<C>) -> Outcome {
    each([301, 302, 303, 307, 308], |status| {
        let other = stage.server(|peer| peer.serve())?;
        let to = other.url("/fine");
        let server = redirects(stage, status, move |_| to.clone())?;
        let session = stage.plain()?;
        let ask = Ask::get(server.url("/")).field("cookie", format!("c={CANARY}")).field("x-api-key", CANARY);
        gave(stage.ask(&session, ask), 200, "fine")?;
        let came =
            other.seen().whole.iter().map(|it| String::from_utf8_lossy(&it.raw).into_owned()).collect::<String>();
        holds(came.starts_with("GET /fine") && !came.contains(CANARY), || format!("the other origin got {came:?}"))?;
        let first = server.seen();
        let all = first.whole.first().map(|it| String::from_utf8_lossy(&it.raw).matches(CANARY).count());
        holds(all == Some(3), || format!("the first origin got {all:?} of 3 secrets"))?;
        stage.settle(&session, &server, 1)
    })
}

fn bad_places<C: Client>(stage: &Stage<C>) -> Outcome {
    each(["http://127.0.0.1:0/", "http://127.0.0.1:65536/", "http:///", "http://a b/", "http://[::1/"], |to| {
        let server = redirects(stage, 302, |_| to.to_owned())?;
        let session = stage.plain()?;
        match stage.ask(&session, Ask::get(server.url("/"))) {
            Err(error) if error.kind == ErrorKind::InvalidUrl => {}
            // As a URL it is in order; nobody can be there.
            Err(error) if error.kind == ErrorKind::Connect && to.ends_with(":0/") => {}
            // "http:///" is a reference to the host "" or, as browsers read it, to nothing at all.
            other => {
                drop(failed(other, ErrorKind::InvalidUrl, &[Phase::Decide]).map_err(|what| format!("{to}: {what}"))?)
            }
        }
        stage.settle(&session, &server, 1)
    })
}

fn large_body<C: Client>(stage: &Stage<C>) -> Outcome {
    let heads = ["content-length: 1073741824\r\n", "transfer-encoding: chunked\r\n", ""];
    each(heads, |field| {
        let server = stage.server(move |peer| {
            let request = peer.read_request()?;
            if request.head.target != "/" {
                peer.write(FINE)?;
                return peer.serve();
            }
            peer.write(format!("HTTP/1.1 302 Found\r\nlocation: /fine\r\n{field}\r\n"))?;
            loop {
                peer.write(format!("4000\r\n{}\r\n", "y".repeat(0x4000)))?;
            }
        })?;
        let session = stage.plain()?;
        let started = Instant::now();
        gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "fine")?;
        let took = started.elapsed();
        holds(took < Duration::from_secs(3), || format!("it took {took:?}"))?;
        server.wait_for("the first connection to end", |seen| seen.ended == 1)?;
        let written = server.seen().written;
        holds(written < 16 << 20, || format!("{written} bytes were taken"))?;
        stage.settle(&session, &server, 2)
    })
}

fn clear_text<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| peer.serve())?;
    let strict = stage.session(|builder| builder.https_only(true))?;
    failed(stage.ask(&strict, Ask::get(server.url("/"))), ErrorKind::HttpsOnly, &[Phase::Build, Phase::Decide])?;
    let connections = server.seen().connections;
    holds(connections == 0, || "it was connected to".to_owned())?;
    stage.settle(&stage.plain()?, &server, 0)
}

fn downgrade<C: Client>(stage: &Stage<C>) -> Outcome {
    each(["refused", "upgraded", "followed"], |way| {
        let plain = stage.server(|peer| peer.serve())?;
        let to = if way == "upgraded" { format!("http://{HOST}:#/fine") } else { plain.url("/fine") };
        let field = if way == "upgraded" { "strict-transport-security: max-age=1000\r\n" } else { "" };
        let server = stage.secured(move |peer| {
            loop {
                let request = peer.read_request()?;
                if request.head.target == "/" {
                    // The field of the request names the port.
                    let port =
                        request.head.text("host").and_then(|host| host.rsplit_once(':')).map_or("", |(_, port)| port);
                    let location = to.replace('#', port);
                    let head = format!("HTTP/1.1 302 X\r\n{field}location: {location}\r\ncontent-length: 0\r\n\r\n");
                    peer.write(head)?;
                } else {
                    peer.write(FINE)?;
                }
            }
        })?;
        let session = stage.trusting(&server, |builder| builder.https_only(way == "refused"))?;
        let ask = Ask::get(server.url("/")).field("cookie", format!("c={CANARY}"));
        let result = stage.ask(&session, ask);
        if way == "refused" {
            failed(result, ErrorKind::HttpsOnly, &[Phase::Decide])?;
        } else {
            gave(result, 200, "fine")?;
        }
        let came: String = plain.seen().whole.iter().map(|it| String::from_utf8_lossy(&it.raw).into_owned()).collect();
        let told = !came.is_empty();
        holds(told == (way == "followed"), || format!("{way}: told in clear text: {came:?}"))?;
        holds(!came.contains(CANARY), || format!("what was for https alone came in clear text: {came:?}"))?;
        stage.settle(&session, &server, if way == "upgraded" { 2 } else { 1 })
    })
}

fn silent_target<C: Client>(stage: &Stage<C>) -> Outcome {
    let silent = stage.server(|peer| peer.stall())?;
    let to = silent.url("/");
    let server = redirects(stage, 302, move |_| to.clone())?;
    let session = stage.plain()?;
    let started = Instant::now();
    let ask = Ask::get(server.url("/")).within(Duration::from_millis(200));
    failed(stage.ask(&session, ask), ErrorKind::Timeout, &[Phase::Head])?;
    let took = started.elapsed();
    holds(took < Duration::from_secs(3), || format!("a deadline of 200 ms took {took:?}"))?;
    stage.settle(&session, &server, 1)
}

fn methods<C: Client>(stage: &Stage<C>) -> Outcome {
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    let table = [
        (&put, 303, &get, ""),
        (&post, 303, &get, ""),
        (&post, 301, &get, ""),
        (&post, 302, &get, ""),
        (&put, 301, &put, "body"),
        (&put, 302, &put, "body"),
        (&post, 307, &post, "body"),
        (&post, 308, &post, "body"),
        (&put, 308, &put, "body"),
    ];
    each(table, |(method, status, then, body)| {
        let server = redirects(stage, status, |_| "/fine".to_owned())?;
        let session = stage.plain()?;
        let mut ask = Ask::post(server.url("/"), "body");
        ask.method = method.clone();
        gave(stage.ask(&session, ask), 200, "fine")?;
        let seen = server.seen();
        let last = seen.whole.last().map(|it| (it.head.method.clone(), it.body.clone()));
        let right = last.as_ref().is_some_and(|(came, bytes)| came == then.as_str() && bytes == body);
        holds(right, || format!("{method} and {status}: expected {then} {body:?}, got {last:?}"))?;
        stage.settle(&session, &server, 2)
    })
}

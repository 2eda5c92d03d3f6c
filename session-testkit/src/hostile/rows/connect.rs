//! Section A: connecting, and being accepted.

use crate::hostile::client::{Ask, Client};
use crate::hostile::peer::FINE;
use crate::hostile::row::{Row, row};
use crate::hostile::stage::{Outcome, Stage, each, failed, gave, holds};
use crate::server::full::FullListener;
use session_core::error::{ErrorKind, Phase};
use session_core::retry::policy::RetryPolicy;
use socket2::{Domain, Socket, Type};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    vec![
        row("1", "the port is closed", closed_port),
        row("2", "nobody answers the first packet", blackhole),
        row("2b", "the first address answers nothing, the second works", second_after_blackhole),
        row("3", "accepted, then the end", fin_at_once),
        row("4", "accepted, then a reset", rst_at_once),
        row("5", "accepted, then nothing at all", nothing_at_all),
        row("6", "the response before the request", response_first),
        row("7", "no address, no such name, a thousand addresses", addresses),
        row("8", "the first address refuses, the second works", second_after_refusal),
        row("9", "the banner of another protocol", banners),
    ]
}

/// An address at which nobody listens, for as long as the socket lives.
fn refused() -> Result<(Socket, SocketAddr), String> {
    let bind = || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let address = socket.local_addr()?;
        Ok::<_, std::io::Error>((socket, address))
    };
    let (socket, address) = bind().map_err(|error| error.to_string())?;
    let address = address.as_socket().ok_or("the socket has no address")?;
    Ok((socket, address))
}

fn closed_port<C: Client>(stage: &Stage<C>) -> Outcome {
    let (_socket, address) = refused()?;
    let server = stage.server(|peer| peer.serve())?;
    let session = stage.session(|builder| builder.resolve("none.test", address))?;
    for ask in [Ask::get("http://none.test/"), Ask::post("http://none.test/", "x")] {
        let error = failed(stage.ask(&session, ask), ErrorKind::Connect, &[Phase::Connect])?;
        holds(error.message.contains(&address.to_string()), || format!("no address in: {}", error.message))?;
    }
    stage.settle(&session, &server, 0)
}

fn blackhole<C: Client>(stage: &Stage<C>) -> Outcome {
    let full = FullListener::bind().map_err(|error| error.to_string())?;
    let server = stage.server(|peer| peer.serve())?;
    let session = stage.session(|builder| builder.connect_timeout(Duration::from_millis(200)))?;
    let ask = Ask::get(format!("http://{}/", full.address()));
    failed(stage.ask(&session, ask), ErrorKind::Timeout, &[Phase::Connect])?;
    stage.settle(&session, &server, 0)
}

fn second_after_blackhole<C: Client>(stage: &Stage<C>) -> Outcome {
    let full = FullListener::bind().map_err(|error| error.to_string())?;
    let server = stage.server(|peer| peer.serve())?;
    let addresses = [full.address(), server.address()];
    let session = stage.session(|builder| {
        builder.connect_timeout(Duration::from_millis(1500)).resolve_to_addrs("two.test", &addresses)
    })?;
    gave(stage.ask(&session, Ask::get("http://two.test/")), 200, "fine")?;
    stage.settle(&session, &server, 1)
}

fn fin_at_once<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.fin()?;
        peer.until_gone()
    })?;
    let session = stage.plain()?;
    for (tried, ask) in [Ask::get(server.url("/")), Ask::post(server.url("/"), "x")].into_iter().enumerate() {
        failed(stage.ask(&session, ask), ErrorKind::Incomplete, &[Phase::Head, Phase::Send])?;
        let connections = server.seen().connections;
        holds(connections == tried + 1, || format!("tried again by itself: {connections} connections"))?;
    }
    let retries =
        stage.session(|builder| builder.retry(RetryPolicy::new(1).backoff(Duration::ZERO, Duration::ZERO)))?;
    failed(stage.ask(&retries, Ask::get(server.url("/"))), ErrorKind::Incomplete, &[Phase::Head, Phase::Send])?;
    let connections = server.seen().connections;
    holds(connections == 4, || format!("expected one retry by the policy, got {connections} connections"))?;
    // The server read no request: it had said its last word.
    stage.settle(&session, &server, 0)
}

fn rst_at_once<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| peer.rst())?;
    let session = stage.plain()?;
    for (tried, ask) in [Ask::get(server.url("/")), Ask::post(server.url("/"), "x")].into_iter().enumerate() {
        match stage.ask(&session, ask) {
            // A reset that is fast enough belongs to the connecting.
            Err(error) if error.kind == ErrorKind::Connect => {}
            other => drop(failed(other, ErrorKind::Incomplete, &[Phase::Head, Phase::Send])?),
        }
        let connections = server.seen().connections;
        holds(connections == tried + 1, || format!("tried again by itself: {connections} connections"))?;
    }
    stage.settle(&session, &server, 0)
}

fn nothing_at_all<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| peer.stall())?;
    let session = stage.session(|builder| builder.head_timeout(Duration::from_millis(150)))?;
    failed(stage.ask(&session, Ask::get(server.url("/"))), ErrorKind::Timeout, &[Phase::Head])?;
    let patient = stage.plain()?;
    let ask = Ask::get(server.url("/")).within(Duration::from_millis(150));
    let started = Instant::now();
    failed(stage.ask(&patient, ask), ErrorKind::Timeout, &[Phase::Head])?;
    let took = started.elapsed();
    holds(took < Duration::from_secs(3), || format!("a deadline of 150 ms took {took:?}"))?;
    stage.settle(&session, &server, 0)
}

fn response_first<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.write(FINE)?;
        peer.read_request()?;
        peer.serve()
    })?;
    let session = stage.plain()?;
    match stage.ask(&session, Ask::get(server.url("/"))) {
        Err(error) if error.kind == ErrorKind::Protocol => {}
        other => drop(gave(other, 200, "fine")?),
    }
    server.wait_for("the request", |seen| seen.heads.len() == 1)?;
    server.calm_down();
    stage.settle(&session, &server, 1)
}

fn addresses<C: Client>(stage: &Stage<C>) -> Outcome {
    let (_socket, address) = refused()?;
    let server = stage.server(|peer| peer.serve())?;
    let session = stage.session(|builder| {
        let builder = builder.resolve_to_addrs("empty.test", &[]).resolve_to_addrs("many.test", &[address; 1000]);
        builder.connect_timeout(Duration::from_millis(500))
    })?;
    failed(stage.ask(&session, Ask::get("http://empty.test/")), ErrorKind::Connect, &[Phase::Resolve])?;
    let started = Instant::now();
    match stage.ask(&session, Ask::get("http://many.test/")) {
        Err(error) if matches!(error.kind, ErrorKind::Connect | ErrorKind::Timeout) => {}
        other => drop(failed(other, ErrorKind::Connect, &[Phase::Connect])?),
    }
    let took = started.elapsed();
    holds(took < Duration::from_secs(3), || format!("a thousand addresses took {took:?}"))?;
    match stage.ask(&session, Ask::get("http://no-such-name.invalid/")) {
        // Where the system has nobody to ask, it waits for an answer.
        Err(error) if error.kind == ErrorKind::Timeout && error.phase == Phase::Resolve => {}
        other => drop(failed(other, ErrorKind::Connect, &[Phase::Resolve])?),
    }
    stage.settle(&session, &server, 0)
}

fn second_after_refusal<C: Client>(stage: &Stage<C>) -> Outcome {
    let (_socket, address) = refused()?;
    let server = stage.server(|peer| peer.serve())?;
    let addresses = [address, server.address()];
    let session = stage.session(|builder| builder.resolve_to_addrs("two.test", &addresses))?;
    gave(stage.ask(&session, Ask::post("http://two.test/", "x")), 200, "fine")?;
    stage.settle(&session, &server, 1)
}

fn banners<C: Client>(stage: &Stage<C>) -> Outcome {
    let lines = ["SSH-2.0-OpenSSH_9.9\r\n\x1b[2J\r\n", "220 mail.test ESMTP\r\n\r\n", "* OK IMAP4rev1\r\n\r\n"];
    let frames = ["\0\0\x12\x04\0\0\0\0\0"];
    each(lines.into_iter().chain(frames), |banner| {
        let server = stage.server(move |peer| {
            peer.write(banner)?;
            peer.fin()?;
            peer.until_gone()
        })?;
        let session = stage.plain()?;
        let error = failed(stage.ask(&session, Ask::get(server.url("/"))), ErrorKind::Protocol, &[Phase::Head])?;
        holds(!error.message.contains('\x1b'), || "the banner is not escaped".to_owned())?;
        stage.settle(&session, &server, 0)
    })
}

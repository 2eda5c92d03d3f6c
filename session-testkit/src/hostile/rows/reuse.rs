//! Section D: connections that are used again, or must not be.

use crate::hostile::client::{Ask, Client};
use crate::hostile::peer::{FINE, Hostile, Peer};
use crate::hostile::row::{Row, row};
use crate::hostile::rows::records::tickets_while_idle;
use crate::hostile::stage::{Outcome, Stage, each, failed, gave, holds};
use http::Method;
use session_core::error::{ErrorKind, Phase};
use session_core::session::transport::Clock;
use session_core::time::Now;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    vec![
        row("29", "an idle connection ends", fin_while_idle),
        row("30", "the end comes for the second request", fin_for_request),
        row("31", "a reset instead of the end in 29 and 30", rst_instead),
        row("32", "every idle connection is stale", all_stale),
        row("33", "the fresh connection ends too", fresh_ends_too),
        row("34", "a response that nobody asked for", unsolicited),
        row("35", "a stray byte, a stray empty line", stray),
        row("36", "tickets and key updates while idle", tickets_while_idle),
        row("37", "garbage after a complete body", garbage_after),
        row("38", "a second response behind the first", pipelined),
        row("39", "Keep-Alive: timeout=1, and two seconds", keep_alive),
        row("40", "a 408 while idle", request_timeout),
        row("41", "Connection: close, and it answers more", close_answers_more),
        row("42", "HTTP/1.0 with and without a length", http_10),
        row("43", "one byte of a GiB is read", dropped_early),
        row("44", "ten bytes are left unread", dropped_late),
        row("45", "the caller gives up in the head and in the body", given_up),
        row("46", "a 421 on a connection that was used", misdirected),
    ]
}

/// How an idle connection goes on.
type Idle = fn(&mut Peer) -> io::Result<()>;

fn fin(peer: &mut Peer) -> io::Result<()> {
    peer.fin()?;
    peer.until_gone()
}

fn rst(peer: &mut Peer) -> io::Result<()> {
    peer.rst()
}

/// A server that answers one request on its first connection, waits for a mark, and then does this. Other connections it
/// serves as it should.
fn after_idle<C: Client>(
    stage: &Stage<C>,
    idle: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
) -> Result<Hostile, String> {
    stage.server(move |peer| {
        if peer.number() > 0 {
            return peer.serve();
        }
        peer.read_request()?;
        peer.write(FINE)?;
        peer.wait_for(|seen| seen.marks == 1)?;
        idle(peer)
    })
}

fn fin_while_idle<C: Client>(stage: &Stage<C>) -> Outcome {
    idle_ends(stage, |peer| {
        peer.fin()?;
        peer.mark();
        peer.until_gone()
    })
}

fn idle_ends<C: Client>(stage: &Stage<C>, idle: Idle) -> Outcome {
    each([Method::GET, Method::POST], |method| {
        let server = after_idle(stage, idle)?;
        let session = stage.plain()?;
        gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "fine")?;
        holds(stage.client().idle(&session) == 1, || "the connection was not kept".to_owned())?;
        server.mark();
        server.wait_for("the idle connection to end", |seen| seen.marks == 2 || seen.ended == 1)?;
        server.let_it_be_noticed();
        gave(stage.ask(&session, Ask::new(method, server.url("/second"))), 200, "fine")?;
        stage.settle(&session, &server, 2)
    })
}

/// A server that ends its first connection so once a second request came on it; later ones too where they are to.
fn ends_for_request<C: Client>(stage: &Stage<C>, end: Idle, later: bool) -> Result<Hostile, String> {
    stage.server(move |peer| {
        if peer.number() == 0 {
            peer.read_request()?;
            peer.write(FINE)?;
        } else if !later {
            return peer.serve();
        }
        peer.read_request()?;
        end(peer)
    })
}

fn fin_for_request<C: Client>(stage: &Stage<C>) -> Outcome {
    ends_for_both(stage, fin)
}

fn ends_for_both<C: Client>(stage: &Stage<C>, end: Idle) -> Outcome {
    let server = ends_for_request(stage, end, false)?;
    let session = stage.plain()?;
    for _ in 0..2 {
        gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "fine")?;
    }
    // The first, the one that met the end, and its one repetition.
    stage.settle(&session, &server, 3)?;
    let server = ends_for_request(stage, end, false)?;
    let session = stage.plain()?;
    gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "fine")?;
    let post = stage.ask(&session, Ask::post(server.url("/"), "x"));
    failed(post, ErrorKind::Incomplete, &[Phase::Head, Phase::Send])?;
    stage.settle(&session, &server, 2)
}

fn rst_instead<C: Client>(stage: &Stage<C>) -> Outcome {
    idle_ends(stage, rst)?;
    ends_for_both(stage, rst)
}

fn all_stale<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        if peer.number() >= 8 {
            return peer.serve();
        }
        peer.read_request()?;
        // Eight connections at once.
        peer.wait_for(|seen| seen.whole.len() >= 8)?;
        peer.write(FINE)?;
        peer.read_request()?;
        fin(peer)
    })?;
    let session = stage.plain()?;
    for result in stage.ask_all(&session, (0..8).map(|_| Ask::get(server.url("/"))).collect()) {
        gave(result, 200, "fine")?;
    }
    holds(stage.client().idle(&session) == 8, || "the connections were not kept".to_owned())?;
    gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "fine")?;
    let connections = server.seen().connections;
    holds(connections == 9, || format!("expected 9 connections, got {connections}"))?;
    stage.settle(&session, &server, 10)
}

fn fresh_ends_too<C: Client>(stage: &Stage<C>) -> Outcome {
    each([fin as Idle, rst as Idle], |end| {
        let server = ends_for_request(stage, end, true)?;
        let session = stage.plain()?;
        gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "fine")?;
        let second = stage.ask(&session, Ask::get(server.url("/")));
        failed(second, ErrorKind::Incomplete, &[Phase::Head, Phase::Send])?;
        stage.settle(&session, &server, 3)
    })
}

/// A server that sends this on its idle connection; the next request is answered on another one, and once.
fn says_while_idle<C: Client>(stage: &Stage<C>, said: &'static str) -> Outcome {
    let server = after_idle(stage, move |peer| {
        peer.write(said)?;
        peer.mark();
        peer.serve()
    })?;
    let session = stage.plain()?;
    gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "fine")?;
    server.mark();
    server.wait_for("what it says", |seen| seen.marks == 2)?;
    server.let_it_be_noticed();
    gave(stage.ask(&session, Ask::post(server.url("/"), "x")), 200, "fine")?;
    let connections = server.seen().connections;
    // An empty line may be passed over (RFC 9112 2.2).
    let expected = if said == "\r\n" { 1..=2 } else { 2..=2 };
    holds(expected.contains(&connections), || format!("{said:?}: {connections} connections"))?;
    stage.settle(&session, &server, 2)
}

const POISON: &str = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison";

fn unsolicited<C: Client>(stage: &Stage<C>) -> Outcome {
    says_while_idle(stage, POISON)
}

fn stray<C: Client>(stage: &Stage<C>) -> Outcome {
    each(["x", "\r\n"], |said| says_while_idle(stage, said))
}

fn request_timeout<C: Client>(stage: &Stage<C>) -> Outcome {
    says_while_idle(stage, "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
}

/// A server that answers each request with this. The connection must not be used again.
fn not_used_again<C: Client>(stage: &Stage<C>, answer: &'static str, method: &Method, body: &str) -> Outcome {
    let server = stage.server(move |peer| {
        peer.read_request()?;
        peer.write(answer)?;
        peer.serve()
    })?;
    let session = stage.plain()?;
    for connections in 1..=2 {
        gave(stage.ask(&session, Ask::new(method.clone(), server.url("/"))), 200, body)?;
        let made = server.seen().connections;
        holds(made == connections, || format!("expected {connections} connections, got {made}"))?;
    }
    stage.settle(&session, &server, 2)
}

fn garbage_after<C: Client>(stage: &Stage<C>) -> Outcome {
    each(
        [
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine garbage",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\ngarbage",
        ],
        |answer| not_used_again(stage, answer, &Method::GET, "fine"),
    )
}

fn pipelined<C: Client>(stage: &Stage<C>) -> Outcome {
    let both = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfineHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison";
    not_used_again(stage, both, &Method::GET, "fine")
}

fn close_answers_more<C: Client>(stage: &Stage<C>) -> Outcome {
    let close = "HTTP/1.1 200 OK\r\nConnection: foo, Close\r\ncontent-length: 4\r\n\r\nfine";
    not_used_again(stage, close, &Method::GET, "fine")
}

fn keep_alive<C: Client>(stage: &Stage<C>) -> Outcome {
    let later = Arc::new(AtomicU64::new(0));
    let (shown, start) = (Arc::clone(&later), Instant::now());
    let clock = Clock::new(move || {
        let now = Now::new(start, SystemTime::UNIX_EPOCH).advanced(start.elapsed());
        now.advanced(Duration::from_secs(shown.load(Ordering::SeqCst)))
    });
    let server = stage.server(|peer| {
        loop {
            peer.read_request()?;
            peer.write("HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 4\r\n\r\nfine")?;
        }
    })?;
    let session = stage.session(|builder| builder.clock(clock))?;
    gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "fine")?;
    later.store(2, Ordering::SeqCst);
    gave(stage.ask(&session, Ask::post(server.url("/"), "x")), 200, "fine")?;
    let connections = server.seen().connections;
    holds(connections == 2, || format!("expected 2 connections, got {connections}"))?;
    stage.settle(&session, &server, 2)
}

fn http_10<C: Client>(stage: &Stage<C>) -> Outcome {
    let cases = [
        ("HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nfine", false),
        ("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 4\r\n\r\nfine", true),
        ("HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\nfine", false),
    ];
    each(cases, |(answer, kept)| {
        let server = stage.server(move |peer| {
            peer.read_request()?;
            peer.write(answer)?;
            if answer.contains("length") { peer.serve() } else { fin(peer) }
        })?;
        let session = stage.plain()?;
        gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "fine")?;
        let idle = stage.client().idle(&session) == 1;
        holds(idle == kept, || format!("kept: {idle}, expected {kept}, after {answer:?}"))?;
        stage.settle(&session, &server, 1)
    })
}

fn dropped_early<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.read_request()?;
        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n")?;
        loop {
            peer.write([b'y'; 16 * 1024])?;
        }
    })?;
    let session = stage.plain()?;
    let reply = stage.ask(&session, Ask::get(server.url("/")).first(1)).map_err(|error| error.message)?;
    holds(!reply.body.is_empty(), || "nothing was read".to_owned())?;
    server.wait_for("the client to go", |seen| seen.ended == 1)?;
    let written = server.seen().written;
    holds(written < 32 << 20, || format!("{written} bytes were taken"))?;
    stage.settle(&session, &server, 1)
}

fn dropped_late<C: Client>(stage: &Stage<C>) -> Outcome {
    // What is left has come already, comes later, or never comes.
    each([0, 1, 2], |way| {
        let server = stage.server(move |peer| {
            peer.read_request()?;
            peer.write("HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\nfine")?;
            match way {
                0 => peer.write("0123456789")?,
                1 => {
                    peer.wait_for(|seen| seen.marks == 1)?;
                    peer.write("0123456789")?;
                }
                _ => return peer.stall(),
            }
            peer.serve()
        })?;
        let session = stage.plain()?;
        stage.ask(&session, Ask::get(server.url("/")).first(4)).map_err(|error| error.message)?;
        server.mark();
        let second = stage.ask(&session, Ask::get(server.url("/")).first(4)).map_err(|error| error.message)?;
        holds(second.body.starts_with(b"fine"), || format!("the second response: {:?}", second.body))?;
        let heads = server.seen().heads.len();
        holds(heads == 2, || format!("expected 2 requests, got {heads}"))?;
        stage.settle(&session, &server, 2)
    })
}

fn given_up<C: Client>(stage: &Stage<C>) -> Outcome {
    each(["", "HTTP/1.1 200 OK\r\ncontent-le", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"], |said| {
        let server = stage.server(move |peer| {
            peer.read_request()?;
            peer.write(said)?;
            peer.mark();
            peer.until_gone()
        })?;
        let session = stage.plain()?;
        let mut reached = Ok(());
        let mut when = || reached = server.wait_for("the request", |seen| seen.marks == 1);
        if !stage.client().give_up(&session, Ask::get(server.url("/")), &mut when) {
            let ask = Ask::get(server.url("/")).within(Duration::from_millis(150));
            failed(stage.ask(&session, ask), ErrorKind::Timeout, &[Phase::Head, Phase::Body])?;
        }
        reached?;
        server.wait_for("the client to go", |seen| seen.ended == 1)?;
        holds(stage.client().idle(&session) == 0, || "the connection was kept".to_owned())?;
        if !said.ends_with("12345") {
            return stage.settle(&session, &server, 1);
        }
        // Whoever has some of the body may drop the rest.
        stage.ask(&session, Ask::get(server.url("/")).first(1)).map_err(|error| error.message)?;
        server.wait_for("the client to go", |seen| seen.ended == 2)?;
        holds(stage.client().idle(&session) == 0, || "the connection was kept".to_owned())?;
        stage.settle(&session, &server, 2)
    })
}

fn misdirected<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        if peer.number() == 0 {
            peer.read_request()?;
            peer.write(FINE)?;
            peer.read_request()?;
            peer.write("HTTP/1.1 421 Misdirected Request\r\ncontent-length: 0\r\n\r\n")?;
        }
        peer.serve()
    })?;
    let session = stage.plain()?;
    for _ in 0..2 {
        gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "fine")?;
    }
    let connections = server.seen().connections;
    holds(connections == 2, || format!("expected a fresh connection, got {connections}"))?;
    stage.settle(&session, &server, 3)
}

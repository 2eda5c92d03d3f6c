//! Section K: many at once, and how it all ends.

use crate::hostile::client::{Ask, Client};
use crate::hostile::peer::{FINE, Peer};
use crate::hostile::row::{Row, alone, row};
use crate::hostile::stage::{Outcome, Stage, each, failed, gave, holds};
use crate::suite::jar;
use session_core::error::{ErrorKind, Phase};
use session_core::handle::Access as _;
use session_core::session::transport::Clock;
use session_core::time::Now;
use std::io;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

pub(in crate::hostile) fn rows<C: Client>() -> Vec<Row<C>> {
    vec![
        row("111", "a hundred requests, one served at a time", one_at_a_time),
        row("111b", "the same, and the session opens four", capped),
        row("112", "a thousand requests, every seventh connection ends", every_seventh),
        row("113", "the session is dropped", dropped),
        row("113b", "requests are given up while they are under way", given_up),
        row("114", "the clock jumps by a year", clock_jumps),
        alone("115", "no file descriptors are left", no_descriptors),
        row("116", "whatever the transport runs on ends", runtime_ends),
        row("117", "a cookie file that cannot be written, is cut, is a link", cookie_file),
    ]
}

fn one_at_a_time<C: Client>(stage: &Stage<C>) -> Outcome {
    let turn = Arc::new(Mutex::new(()));
    let server = stage.server(move |peer| {
        // Every connection but one waits until that one is over.
        let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
        peer.read_request()?;
        peer.write("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nfine")
    })?;
    let session = stage.plain()?;
    for result in stage.ask_all(&session, (0..100).map(|_| Ask::get(server.url("/"))).collect()) {
        gave(result, 200, "fine")?;
    }
    stage.settle(&session, &server, 100)
}

fn capped<C: Client>(stage: &Stage<C>) -> Outcome {
    const MOST: usize = 4;
    // Kept open, and closed after each answer.
    each([FINE, b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nfine"], |answer| {
        let (asking, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
        let seen_most = Arc::clone(&most);
        let server = stage.server(move |peer| {
            loop {
                peer.read_request()?;
                let now = asking.fetch_add(1, Ordering::SeqCst) + 1;
                seen_most.fetch_max(now, Ordering::SeqCst);
                peer.pause(Duration::from_millis(1))?;
                asking.fetch_sub(1, Ordering::SeqCst);
                peer.write(answer)?;
                if answer != FINE {
                    return peer.until_gone();
                }
            }
        })?;
        let session = stage.session(|builder| builder.max_connections_per_key(MOST))?;
        for result in stage.ask_all(&session, (0..100).map(|_| Ask::get(server.url("/"))).collect()) {
            gave(result, 200, "fine")?;
        }
        let (most, connections) = (most.load(Ordering::SeqCst), server.seen().connections);
        holds(most <= MOST, || format!("{most} requests at once, the cap is {MOST}"))?;
        let expected = if answer == FINE { MOST } else { 100 };
        holds(connections <= expected, || format!("{connections} connections"))?;
        stage.settle(&session, &server, 100)
    })
}

fn every_seventh<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        loop {
            peer.read_request()?;
            peer.write(FINE)?;
            peer.mark();
            if peer.number() % 7 == 6 {
                // It is used once more, and ends for it.
                peer.read_request()?;
                return Ok(());
            }
        }
    })?;
    let session = stage.plain()?;
    for _ in 0..40 {
        for result in stage.ask_all(&session, (0..25).map(|_| Ask::get(server.url("/"))).collect()) {
            gave(result, 200, "fine")?;
        }
    }
    // The last answer was read before its sender has said so.
    server.wait_for("a thousand answers", |seen| seen.marks >= 1000)?;
    let seen = server.seen();
    holds(seen.marks == 1000, || format!("expected 1000 answers, got {}", seen.marks))?;
    let ended = seen.heads.len().saturating_sub(1000);
    holds(ended <= seen.connections.div_ceil(7), || format!("{ended} requests too many"))?;
    stage.settle(&session, &server, 1000 + ended)
}

fn dropped<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.read_request()?;
        peer.wait_for(|seen| seen.marks == 1)?;
        peer.write(FINE)?;
        peer.until_gone()
    })?;
    let session = stage.plain()?;
    let asks: Vec<_> = (0..5).map(|_| Ask::get(server.url("/"))).collect();
    // They are under way when the session goes: they are answered all the same, and nothing of it stays.
    let results = std::thread::scope(|scope| {
        let held = session.clone();
        let asking = scope.spawn(move || stage.ask_all(&held, asks));
        let reached = server.wait_for("all of them", |seen| seen.whole.len() == 5);
        drop(session);
        server.mark();
        reached.map(|()| asking.join())
    })?;
    for result in results.map_err(|_| "asking panics")? {
        gave(result, 200, "fine")?;
    }
    server.wait_for("every connection to end", |seen| seen.ended == 5)?;
    stage.settle(&stage.plain()?, &server, 5)
}

fn given_up<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        peer.read_request()?;
        peer.until_gone()
    })?;
    let session = stage.plain()?;
    for count in 1..=5 {
        let mut reached = Ok(());
        let mut when = || reached = server.wait_for("the request", |seen| seen.heads.len() == count);
        if !stage.client().give_up(&session, Ask::get(server.url("/")), &mut when) {
            let ask = Ask::get(server.url("/")).within(Duration::from_millis(150));
            failed(stage.ask(&session, ask), ErrorKind::Timeout, &[Phase::Head])?;
        }
        reached?;
    }
    server.wait_for("every connection to end", |seen| seen.ended == 5)?;
    stage.settle(&session, &server, 5)
}

fn clock_jumps<C: Client>(stage: &Stage<C>) -> Outcome {
    const YEAR: i64 = 366 * 24 * 60 * 60;
    let (offset, start) = (Arc::new(AtomicI64::new(0)), Instant::now());
    let shown = Arc::clone(&offset);
    let wall = move || {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + start.elapsed();
        let offset = shown.load(Ordering::SeqCst);
        let by = Duration::from_secs(offset.unsigned_abs());
        if offset < 0 { now - by } else { now + by }
    };
    let clock = Clock::new(move || Now::new(Instant::now(), wall()));
    let server = stage.server(|peer| {
        loop {
            peer.read_request()?;
            peer.write("HTTP/1.1 200 OK\r\nset-cookie: c=1; Max-Age=3600\r\ncontent-length: 4\r\n\r\nfine")?;
        }
    })?;
    let session = stage.session(|builder| builder.clock(clock.clone()))?;
    let held = || session.with(|core| jar::lines(core.cookies(), clock.now().wall())).len();
    for (jump, before) in [(0, 0), (YEAR, 0), (-YEAR, 1), (0, 0)] {
        offset.store(jump, Ordering::SeqCst);
        let cookies = held();
        holds(cookies == before, || format!("after a jump to {jump} s: {cookies} cookies, expected {before}"))?;
        let ask = Ask::get(server.url("/")).within(Duration::from_secs(4));
        gave(stage.ask(&session, ask), 200, "fine")?;
    }
    stage.settle(&session, &server, 4)
}

/// How many files the process may have open in row 115.
const FILES: u64 = 100;

fn no_descriptors<C: Client>(stage: &Stage<C>) -> Outcome {
    let (near, far) = (stage.server(|peer| peer.serve())?, stage.server(|peer| peer.serve())?);
    let session = stage.plain()?;
    gave(stage.ask(&session, Ask::get(near.url("/"))), 200, "fine")?;
    let Some(files) = take_descriptors()? else {
        // A system without such a limit has nothing to run out of.
        return stage.settle(&session, &near, 1);
    };
    for ask in [Ask::get(far.url("/")), Ask::post(far.url("/"), "x")] {
        failed(stage.ask(&session, ask), ErrorKind::Connect, &[Phase::Connect])?;
    }
    // The connection that is there needs no other.
    gave(stage.ask(&session, Ask::get(near.url("/"))), 200, "fine")?;
    drop(files);
    stage.settle(&session, &far, 0)?;
    stage.settle(&session, &near, 2)
}

/// Opens all files that this process may open.
#[cfg(unix)]
fn take_descriptors() -> Result<Option<Vec<std::fs::File>>, String> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = Some(FILES);
    setrlimit(Resource::Nofile, limit).map_err(|error| error.to_string())?;
    let mut files = Vec::new();
    for _ in 0..=FILES {
        match std::fs::File::open("/dev/null") {
            Ok(file) => files.push(file),
            Err(_) => return Ok(Some(files)),
        }
    }
    Err("the limit of open files does not hold".to_owned())
}

#[cfg(not(unix))]
fn take_descriptors() -> Result<Option<Vec<std::fs::File>>, String> {
    Ok(None)
}

fn runtime_ends<C: Client>(stage: &Stage<C>) -> Outcome {
    each(["", "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"], |said| {
        let server = stage.server(move |peer: &mut Peer| -> io::Result<()> {
            peer.read_request()?;
            peer.write(said)?;
            peer.mark();
            peer.until_gone()
        })?;
        let other = C::start().map_err(|error| error.to_string())?;
        let session = stage.plain()?;
        let mut reached = Ok(());
        let mut when = || reached = server.wait_for("the request", |seen| seen.marks == 1);
        if other.end_within(&session, Ask::get(server.url("/")), &mut when) {
            reached?;
            server.wait_for("the client to go", |seen| seen.ended == 1)?;
        }
        let requests = server.seen().heads.len();
        stage.settle(&session, &server, requests)
    })
}

fn cookie_file<C: Client>(stage: &Stage<C>) -> Outcome {
    let server = stage.server(|peer| {
        loop {
            peer.read_request()?;
            peer.write("HTTP/1.1 200 OK\r\nset-cookie: c=1; Max-Age=3600\r\ncontent-length: 4\r\n\r\nfine")?;
        }
    })?;
    let session = stage.plain()?;
    gave(stage.ask(&session, Ask::get(server.url("/"))), 200, "fine")?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let path = folder.path().join("cookies.txt");
    let io_error = |what: &str, result: Result<(), ErrorKind>| match result {
        Err(ErrorKind::Io) => Ok(()),
        other => Err(format!("{what}: expected the error io, got {other:?}")),
    };
    let client = stage.client();
    io_error("a folder that is not there", client.save_cookies(&session, &folder.path().join("no/cookies.txt")))?;
    io_error("a file that is not there", client.load_cookies(&session, &path))?;
    client.save_cookies(&session, &path).map_err(|kind| format!("saving: {kind}"))?;
    let read = || std::fs::read(&path).map_err(|error| error.to_string());
    let saved = read()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).map_err(|error| error.to_string())?.permissions().mode() & 0o777;
        holds(mode == 0o600, || format!("the file has the mode {mode:o}"))?;
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        std::fs::write(&target, "mine").map_err(|error| error.to_string())?;
        std::os::unix::fs::symlink(&target, &link).map_err(|error| error.to_string())?;
        client.save_cookies(&session, &link).map_err(|kind| format!("saving over a link: {kind}"))?;
        holds(std::fs::read(&target).is_ok_and(|text| text == b"mine"), || "a link was followed".to_owned())?;
    }
    for cut in 0..saved.len() {
        std::fs::write(&path, &saved[..cut]).map_err(|error| error.to_string())?;
        let fresh = stage.plain()?;
        // Whatever is left of the text is read or told; the cookie is whole or not there.
        client.load_cookies(&fresh, &path).map_err(|kind| format!("a file cut at {cut}: {kind}"))?;
    }
    stage.settle(&session, &server, 1)
}

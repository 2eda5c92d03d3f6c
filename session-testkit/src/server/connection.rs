//! One accepted connection: what stands before its first request is cleared, bytes are read, and what the engine says is
//! done.

use crate::script::answer::Deed;
use crate::script::conversation::Conversation;
use crate::script::endpoint::Role;
use crate::script::responder::Admission;
use crate::server::line::{HandshakeFailed, Line, Shown};
use crate::server::listen::{Shared, State};
use crate::server::socks;
use socket2::SockRef;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Serves a connection until either side ends it, it is silent for too long, or the server stops.
pub(super) fn serve(stream: Arc<TcpStream>, mut conversation: Conversation, shared: &Shared) {
    let ready = stream
        .set_read_timeout(Some(shared.bounds.idle))
        .and_then(|()| stream.set_write_timeout(Some(shared.bounds.idle)))
        .and_then(|()| stream.set_nodelay(true));
    // The socket goes before the end is told: whoever sees that the connection ended can rely on it.
    match ready.and_then(|()| open(Line::new(stream), &mut conversation, shared)) {
        Ok(line) => converse(line, &mut conversation, shared),
        Err(error) => note(&error, &conversation, shared),
    }
    let mut state = shared.state();
    conversation.receive_end(&mut state.log);
    state.log.ended += 1;
    drop(state);
    shared.changed.notify_all();
}

/// What comes before the first request: TLS, and a tunnel through a SOCKS proxy.
fn open(mut line: Line, conversation: &mut Conversation, shared: &Shared) -> io::Result<Line> {
    if let Some(twin) = shared.twin(conversation.endpoint()) {
        let (first, peeked) = line.peek()?;
        line = peeked;
        if (first == Some(HANDSHAKE)) == (twin.scheme() == "https") {
            conversation.came_in_at(twin);
        }
    }
    let endpoint = conversation.endpoint().clone();
    match (endpoint.role(), endpoint.scheme()) {
        (Role::Origin | Role::Proxy, "https") => secure_endpoint(line, conversation, shared),
        (Role::Proxy, "socks4a" | "socks5" | "socks5h") => {
            let asked = socks::read_request(&mut line)?;
            let mut tunnel = asked.tunnel.clone();
            if let Some(origin) = shared.endpoint_at(&tunnel) {
                tunnel.origin = origin;
            }
            conversation.enter(tunnel);
            let place = conversation.place().clone();
            let is_open = shared.state().responder.admit_tunnel(&place) == Admission::Accept;
            socks::answer(&mut line, &asked, is_open)?;
            if is_open {
                enter_tunnel(line, conversation, shared)
            } else {
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
        _ => Ok(line),
    }
}

/// The first byte of a TLS record that holds a handshake.
const HANDSHAKE: u8 = 22;

/// Becomes the origin that a tunnel leads to, with TLS where the client begins it.
fn enter_tunnel(line: Line, conversation: &mut Conversation, shared: &Shared) -> io::Result<Line> {
    if let Some(tunnel) = &conversation.place().tunnel {
        shared.state().enter(&line, &tunnel.origin);
    }
    let (first, line) = line.peek()?;
    if first == Some(HANDSHAKE) {
        return secure_endpoint(line, conversation, shared);
    }
    conversation.speaks_clear_text();
    Ok(line)
}

fn secure_endpoint(line: Line, conversation: &Conversation, shared: &Shared) -> io::Result<Line> {
    let place = conversation.place().clone();
    let host = place.tunnel.as_ref().map_or(&place.endpoint, |tunnel| &tunnel.origin).host();
    let admission = shared.state().responder.admit_tls(&place);
    match admission {
        Admission::Accept => shared.secure(line, host, Shown::Trusted),
        Admission::FailTls => shared.secure(line, host, Shown::Untrusted),
        Admission::Refuse => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}

/// Writes to the log what ended a connection before its first request: what was no SOCKS, or a handshake that broke off.
fn note(error: &io::Error, conversation: &Conversation, shared: &Shared) {
    let place = conversation.place();
    let what = format!("{}: {error}", place.endpoint);
    let is_tls = error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<HandshakeFailed>);
    let log = &mut shared.state().log;
    match error.kind() {
        _ if is_tls => log.handshakes.push(what),
        io::ErrorKind::InvalidData | io::ErrorKind::Unsupported => log.faults.push(what),
        // The client left, or was told to.
        _ => {}
    }
}

fn converse(mut line: Line, conversation: &mut Conversation, shared: &Shared) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(count @ 1..) = line.read(&mut buffer) else { return };
        let was_in_tunnel = conversation.place().tunnel.is_some();
        let (deeds, ended) = {
            let mut state = shared.state();
            if state.is_stopping {
                return;
            }
            let State { responder, log, .. } = &mut *state;
            let deeds = conversation.receive(buffer.get(..count).unwrap_or_default(), responder.as_mut(), log);
            let ended = if deeds.is_empty() { Vec::new() } else { state.ended_by_responder(&line) };
            (deeds, ended)
        };
        shared.changed.notify_all();
        if !ended.is_empty() {
            shared.close(&ended);
        }
        for deed in deeds {
            if act(&mut line, deed, shared) == Next::End {
                return;
            }
        }
        if !was_in_tunnel && conversation.place().tunnel.is_some() {
            line = match enter_tunnel(line, conversation, shared) {
                Ok(line) => line,
                Err(error) => return note(&error, conversation, shared),
            };
        }
    }
}

#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    End,
}

fn act(line: &mut Line, deed: Deed, shared: &Shared) -> Next {
    match deed {
        Deed::Write(bytes) => match line.write_all(&bytes) {
            Ok(()) => Next::GoOn,
            Err(_) => Next::End,
        },
        Deed::Pause(pause) => wait(pause, shared),
        Deed::Wait(gate) => loop {
            if gate.wait(Duration::from_millis(10)) {
                break Next::GoOn;
            }
            if shared.state().is_stopping {
                break Next::End;
            }
        },
        Deed::Open(gate) => {
            gate.open();
            Next::GoOn
        }
        Deed::Finish => match line.finish().and_then(|()| line.socket().shutdown(Shutdown::Write)) {
            // What the client still sends is read, so that closing does not reset what it has not read yet.
            Ok(()) => Next::GoOn,
            Err(_) => Next::End,
        },
        Deed::Stall => Next::GoOn,
        Deed::Close => {
            // A client that is gone needs no farewell. With a linger the socket is closed once the client's system has acknowledged it.
            let _ = line.finish();
            let _ = SockRef::from(line.socket()).set_linger(Some(shared.bounds.idle));
            Next::End
        }
        Deed::Reset => {
            // With a linger of zero the socket is closed by RST. Should it fail, the client sees a plain end, and the
            // test says so.
            let _ = SockRef::from(line.socket()).set_linger(Some(Duration::ZERO));
            Next::End
        }
    }
}

/// Waits, but not beyond the end of the server.
fn wait(pause: Duration, shared: &Shared) -> Next {
    let until = Instant::now() + pause;
    let mut state = shared.state();
    loop {
        if state.is_stopping {
            return Next::End;
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Next::GoOn;
        }
        state = shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
    }
}

//! One accepted connection: bytes are read, and what the engine says is done.

use crate::script::answer::Deed;
use crate::script::conversation::Conversation;
use crate::server::listen::{Shared, State};
use socket2::SockRef;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// Serves a connection until either side ends it, it is silent for too long, or the server stops.
pub(super) fn serve(stream: Arc<TcpStream>, mut conversation: Conversation, shared: &Shared) {
    let ready = stream
        .set_read_timeout(Some(shared.bounds.idle))
        .and_then(|()| stream.set_write_timeout(Some(shared.bounds.idle)))
        .and_then(|()| stream.set_nodelay(true));
    if ready.is_ok() {
        converse(&stream, &mut conversation, shared);
    }
    // The socket goes first: whoever sees that the connection ended can rely on it.
    drop(stream);
    let mut state = shared.state();
    conversation.receive_end(&mut state.log);
    state.log.ended += 1;
    drop(state);
    shared.changed.notify_all();
}

fn converse(stream: &TcpStream, conversation: &mut Conversation, shared: &Shared) {
    let mut buffer = vec![0; 64 * 1024];
    let mut reader = stream;
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return,
        };
        let deeds = {
            let mut state = shared.state();
            if state.is_stopping {
                return;
            }
            let State { responder, log, .. } = &mut *state;
            conversation.receive(buffer.get(..count).unwrap_or_default(), responder.as_mut(), log)
        };
        shared.changed.notify_all();
        for deed in deeds {
            if act(stream, deed, shared) == Next::End {
                return;
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    End,
}

fn act(mut stream: &TcpStream, deed: Deed, shared: &Shared) -> Next {
    match deed {
        Deed::Write(bytes) => match stream.write_all(&bytes) {
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
        Deed::Finish => match stream.shutdown(Shutdown::Write) {
            // What the client still sends is read, so that closing does not reset what it has not read yet.
            Ok(()) => Next::GoOn,
            Err(_) => Next::End,
        },
        Deed::Stall => Next::GoOn,
        Deed::Close => {
            // With a linger the socket is closed once the client's system has acknowledged it.
            let _ = SockRef::from(stream).set_linger(Some(shared.bounds.idle));
            Next::End
        }
        Deed::Reset => {
            // With a linger of zero the socket is closed by RST. Should it fail, the client sees a plain end, and the
            // test says so.
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
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

//! The matrix over `transport-blocking`.

use crate::hostile::client::{Ask, Client, Failed, Reply, Source, Wanted};
use bytes::{Buf as _, Bytes};
use session_core::error::ErrorKind;
use std::io::{self, Read};
use std::path::Path;
use transport_blocking::{Body, Error, Response, Session};

/// The transport; it needs nothing to run on.
#[non_exhaustive]
pub struct Blocking;

impl Client for Blocking {
    type Session = Session;
    const NAME: &'static str = "blocking";

    fn start() -> io::Result<Self> {
        Ok(Self)
    }

    fn ask(&self, session: &Session, ask: Ask) -> Result<Reply, Failed> {
        let wanted = ask.wanted;
        let mut response = ask.prepare(session, body).send().map_err(|error| failed(&error))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let history = response.history().statuses();
        let body = match wanted {
            Wanted::All => response.bytes().map_err(|error| failed(&error))?.to_vec(),
            Wanted::First(count) => first(&mut response, count)?,
        };
        Ok(Reply { status, headers, body, history })
    }

    fn ask_all(&self, session: &Session, asks: Vec<Ask>) -> Vec<Result<Reply, Failed>> {
        std::thread::scope(|scope| {
            let asking: Vec<_> = asks.into_iter().map(|ask| scope.spawn(move || self.ask(session, ask))).collect();
            asking
                .into_iter()
                .map(|asking| asking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }

    fn give_up(&self, _: &Session, _: Ask, _: &mut dyn FnMut()) -> bool {
        // A thread that waits for a socket cannot be called back: the deadlines are for that.
        false
    }

    fn end_within(self, _: &Session, _: Ask, _: &mut dyn FnMut()) -> bool {
        false
    }

    fn save_cookies(&self, session: &Session, path: &Path) -> Result<(), ErrorKind> {
        session.save_cookies(path).map(drop).map_err(|error| error.kind())
    }

    fn load_cookies(&self, session: &Session, path: &Path) -> Result<(), ErrorKind> {
        session.load_cookies(path).map(drop).map_err(|error| error.kind())
    }

    fn idle(&self, session: &Session) -> usize {
        session.idle_connections()
    }
}

fn first(response: &mut Response, count: usize) -> Result<Vec<u8>, Failed> {
    let mut body = Vec::new();
    while body.len() < count {
        match response.chunk().map_err(|error| failed(&error))? {
            Some(piece) => body.extend_from_slice(&piece),
            None => break,
        }
    }
    Ok(body)
}

fn failed(error: &Error) -> Failed {
    Failed::of(error.as_core(), error)
}

fn body(source: Source, length: Option<u64>) -> Body {
    let reader = Reading { source, rest: Bytes::new() };
    match length {
        Some(length) => Body::sized_reader(reader, length),
        None => Body::reader(reader),
    }
}

struct Reading {
    source: Source,
    rest: Bytes,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.rest.is_empty() {
            self.rest = self.source.next().transpose()?.unwrap_or_default();
        }
        let n = self.rest.len().min(buffer.len());
        self.rest.copy_to_slice(&mut buffer[..n]);
        Ok(n)
    }
}

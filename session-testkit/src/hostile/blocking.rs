//! The matrix over `transport-blocking`.

use crate::hostile::client::{Ask, Client, Failed, Reply, Source, Wanted};
use bytes::{Buf as _, Bytes};
use session_core::error::{Error as CoreError, ErrorKind, Phase};
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
        let (history, shown) = (response.history().statuses(), format!("{response:?}"));
        let body = match wanted {
            Wanted::All => response.bytes().map_err(|error| failed(&error))?.to_vec(),
            Wanted::InPieces => byte_by_byte(&mut response)?,
            Wanted::First(count) => {
                let mut body = Vec::new();
                read(&mut response, count, |piece| body.extend_from_slice(piece))?;
                body
            }
            Wanted::Past(count) => {
                read(&mut response, count, |_| {})?;
                Vec::new()
            }
        };
        Ok(Reply { status, headers, body, history, shown })
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

fn byte_by_byte(response: &mut Response) -> Result<Vec<u8>, Failed> {
    let (mut body, mut byte) = (Vec::new(), [0]);
    loop {
        match response.read(&mut byte) {
            Ok(0) => return Ok(body),
            Ok(_) => body.extend_from_slice(&byte),
            Err(error) => {
                let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
                let none = CoreError::new(ErrorKind::Io, Phase::Body, "an error with none of the transport's in it");
                return Err(inner.map_or_else(|| Failed::of(&none, &error), failed));
            }
        }
    }
}

fn read(response: &mut Response, count: usize, mut take: impl FnMut(&[u8])) -> Result<(), Failed> {
    let mut came = 0;
    while came < count {
        let Some(piece) = response.chunk().map_err(|error| failed(&error))? else { break };
        came += piece.len();
        take(&piece);
    }
    Ok(())
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

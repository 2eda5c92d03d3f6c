//! The matrix over `transport-tokio`, on a runtime of two threads.

use crate::hostile::client::{Ask, Client, Failed, Reply, Source, Wanted};
use ::tokio::runtime::{Builder, Runtime};
use ::tokio::task::JoinHandle;
use bytes::Bytes;
use futures_core::Stream;
use session_core::error::ErrorKind;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use transport_tokio::{Body, Error, Response, Session};

/// The transport's runtime.
pub struct Tokio(Runtime);

impl Client for Tokio {
    type Session = Session;
    const NAME: &'static str = "tokio";

    fn start() -> io::Result<Self> {
        Builder::new_multi_thread().worker_threads(2).enable_all().build().map(Self)
    }

    fn ask(&self, session: &Session, ask: Ask) -> Result<Reply, Failed> {
        self.0.block_on(ask_one(session.clone(), ask))
    }

    fn ask_all(&self, session: &Session, asks: Vec<Ask>) -> Vec<Result<Reply, Failed>> {
        let asking: Vec<_> = asks.into_iter().map(|ask| self.0.spawn(ask_one(session.clone(), ask))).collect();
        let join = |task: JoinHandle<_>| match self.0.block_on(task) {
            Ok(result) => result,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        };
        asking.into_iter().map(join).collect()
    }

    fn give_up(&self, session: &Session, ask: Ask, when: &mut dyn FnMut()) -> bool {
        let task = self.0.spawn(ask_one(session.clone(), ask));
        when();
        task.abort();
        // What was aborted says so; what had ended before is no less over.
        let _ = self.0.block_on(task);
        true
    }

    fn end_within(self, session: &Session, ask: Ask, when: &mut dyn FnMut()) -> bool {
        let task = self.0.spawn(ask_one(session.clone(), ask));
        when();
        // The task ends with its runtime.
        drop(task);
        drop(self);
        true
    }

    fn save_cookies(&self, session: &Session, path: &Path) -> Result<(), ErrorKind> {
        self.0.block_on(session.save_cookies(path)).map(drop).map_err(|error| error.kind())
    }

    fn load_cookies(&self, session: &Session, path: &Path) -> Result<(), ErrorKind> {
        self.0.block_on(session.load_cookies(path)).map(drop).map_err(|error| error.kind())
    }

    fn idle(&self, session: &Session) -> usize {
        session.idle_connections()
    }

    fn tasks(&self) -> usize {
        self.0.metrics().num_alive_tasks()
    }
}

async fn ask_one(session: Session, ask: Ask) -> Result<Reply, Failed> {
    let wanted = ask.wanted;
    let mut response = ask.prepare(&session, body).send().await.map_err(|error| failed(&error))?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let (history, shown) = (response.history().statuses(), format!("{response:?}"));
    let body = match wanted {
        Wanted::All => response.bytes().await.map_err(|error| failed(&error))?.to_vec(),
        // The pieces are as large as they come: no caller of a stream says how large.
        Wanted::InPieces => first(&mut response, usize::MAX).await?,
        Wanted::First(count) => first(&mut response, count).await?,
        Wanted::Past(count) => {
            read(&mut response, count, |_| {}).await?;
            Vec::new()
        }
    };
    Ok(Reply { status, headers, body, history, shown })
}

async fn first(response: &mut Response, count: usize) -> Result<Vec<u8>, Failed> {
    let mut body = Vec::new();
    read(response, count, |piece| body.extend_from_slice(piece)).await?;
    Ok(body)
}

async fn read(response: &mut Response, count: usize, mut take: impl FnMut(&[u8])) -> Result<(), Failed> {
    let mut came = 0;
    while came < count {
        let Some(piece) = response.chunk().await.map_err(|error| failed(&error))? else { break };
        came += piece.len();
        take(&piece);
    }
    Ok(())
}

fn failed(error: &Error) -> Failed {
    Failed::of(error.as_core(), error)
}

fn body(source: Source, length: Option<u64>) -> Body {
    match length {
        Some(length) => Body::sized_stream(Streaming(source), length),
        None => Body::stream(Streaming(source)),
    }
}

struct Streaming(Source);

impl Stream for Streaming {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next())
    }
}

//! The matrix over `transport-async-std`: on async-std, and on an executor of smol's with two threads.

use crate::hostile::client::{Ask, Client, Failed, Reply, Source, Wanted};
use bytes::Bytes;
use futures_core::Stream;
use session_core::error::ErrorKind;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};
use transport_async_std::{Body, Error, Response, Session};

/// The transport on an executor.
#[derive(Debug)]
pub struct On<E>(E);

/// What is asked of an executor.
pub trait Executor: Sized + Send + Sync + 'static {
    /// What the matrix calls it.
    const NAME: &'static str;

    /// Whether it ends with its value; the others are those of the process.
    const ENDS: bool;

    /// A request under way.
    type Task: Future<Output = Result<Reply, Failed>>;

    /// Starts it.
    ///
    /// # Errors
    /// Those of the system.
    fn start() -> io::Result<Self>;

    /// Runs a future on this thread.
    fn block_on<T>(future: impl Future<Output = T>) -> T;

    /// Starts a request.
    fn spawn(&self, asking: impl Future<Output = Result<Reply, Failed>> + Send + 'static) -> Self::Task;

    /// Ends a request wherever it is, and waits for that.
    fn cancel(task: Self::Task);
}

/// async-std's executor, which is that of the process.
#[derive(Debug)]
#[non_exhaustive]
pub struct AsyncStd;

impl Executor for AsyncStd {
    const NAME: &'static str = "async-std";
    const ENDS: bool = false;
    type Task = ::async_std::task::JoinHandle<Result<Reply, Failed>>;

    fn start() -> io::Result<Self> {
        Ok(Self)
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        ::async_std::task::block_on(future)
    }

    fn spawn(&self, asking: impl Future<Output = Result<Reply, Failed>> + Send + 'static) -> Self::Task {
        ::async_std::task::spawn(asking)
    }

    fn cancel(task: Self::Task) {
        let _ = Self::block_on(task.cancel());
    }
}

/// An executor of smol's. It ends with its threads, and what it runs ends with it.
#[derive(Debug)]
pub struct Smol {
    executor: Arc<::smol::Executor<'static>>,
    /// The threads end when this does.
    running: Option<::smol::channel::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

impl Executor for Smol {
    const NAME: &'static str = "smol";
    const ENDS: bool = true;
    type Task = ::smol::Task<Result<Reply, Failed>>;

    fn start() -> io::Result<Self> {
        let executor = Arc::new(::smol::Executor::new());
        let (running, ended) = ::smol::channel::bounded(1);
        let mut smol = Self { executor, running: Some(running), threads: Vec::new() };
        for _ in 0..2 {
            let (executor, ended) = (Arc::clone(&smol.executor), ended.clone());
            let run = move || {
                // It ends because nobody can send any more.
                let _ = ::smol::block_on(executor.run(ended.recv()));
            };
            smol.threads.push(thread::Builder::new().name("smol".to_owned()).spawn(run)?);
        }
        Ok(smol)
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        ::smol::block_on(future)
    }

    fn spawn(&self, asking: impl Future<Output = Result<Reply, Failed>> + Send + 'static) -> Self::Task {
        self.executor.spawn(asking)
    }

    fn cancel(task: Self::Task) {
        let _ = Self::block_on(task.cancel());
    }
}

impl Drop for Smol {
    fn drop(&mut self) {
        self.running = None;
        for thread in self.threads.drain(..) {
            // One that panicked has ended too; its task tells.
            let _ = thread.join();
        }
    }
}

impl<E: Executor> Client for On<E> {
    type Session = Session;
    const NAME: &'static str = E::NAME;

    fn start() -> io::Result<Self> {
        E::start().map(Self)
    }

    fn ask(&self, session: &Session, ask: Ask) -> Result<Reply, Failed> {
        E::block_on(ask_one(session.clone(), ask))
    }

    fn ask_all(&self, session: &Session, asks: Vec<Ask>) -> Vec<Result<Reply, Failed>> {
        let asking: Vec<_> = asks.into_iter().map(|ask| self.0.spawn(ask_one(session.clone(), ask))).collect();
        asking.into_iter().map(E::block_on).collect()
    }

    fn give_up(&self, session: &Session, ask: Ask, when: &mut dyn FnMut()) -> bool {
        let task = self.0.spawn(ask_one(session.clone(), ask));
        when();
        E::cancel(task);
        true
    }

    fn end_within(self, session: &Session, ask: Ask, when: &mut dyn FnMut()) -> bool {
        if !E::ENDS {
            return false;
        }
        let task = self.0.spawn(ask_one(session.clone(), ask));
        when();
        // The task ends with its executor: it is dropped after.
        drop(self);
        drop(task);
        true
    }

    fn save_cookies(&self, session: &Session, path: &Path) -> Result<(), ErrorKind> {
        E::block_on(session.save_cookies(path)).map(drop).map_err(|error| error.kind())
    }

    fn load_cookies(&self, session: &Session, path: &Path) -> Result<(), ErrorKind> {
        E::block_on(session.load_cookies(path)).map(drop).map_err(|error| error.kind())
    }

    fn idle(&self, session: &Session) -> usize {
        session.idle_connections()
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

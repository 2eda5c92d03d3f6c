//! Asking many requests at once on one session, and judging what became of each.

use crate::hostile::client::{Ask, Client};
use crate::soak::open::Open;
use crate::soak::server::{Server, answered, is_post, posted};
use session_core::error::ErrorKind;
use session_core::session::builder::SessionBuilder;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How many requests are under way at a time.
pub const AT_ONCE: usize = 64;

/// What became of a soak in which nothing was wrong.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Told {
    /// Requests that were answered.
    pub answered: usize,
    /// POSTs that met the end of their connection, and say so.
    pub failed: usize,
    /// GETs that met it, and were asked again without a word.
    pub repeated: usize,
    /// Connections that were made.
    pub connections: usize,
    /// Those of them that the server ended.
    pub ended: usize,
    /// How long it took.
    pub took: Duration,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answered, failed, repeated, connections, ended, took } = self;
        write!(f, "{answered} answered, {failed} POSTs told of a broken connection, {repeated} GETs asked twice, ")?;
        write!(f, "{connections} connections, {ended} ended by the server, {:.1} s", took.as_secs_f64())
    }
}

/// Asks so many requests, 64 at a time.
///
/// What is right: every GET is answered, once. A POST is answered once, or it fails with [`ErrorKind::Incomplete`] and was
/// not answered. A request is read twice only where it is a GET and its connection, a used one, ended upon the first. In the
/// end the process holds nothing more than before.
///
/// # Errors
/// The first things that are not so.
pub fn run<C: Client>(requests: usize) -> Result<Told, String> {
    // Some runtimes start what serves the whole process with the first use of it, and keep it.
    asked::<C>(WARM_UP)?;
    let before = Open::now();
    let told = asked::<C>(requests)?;
    before.settle()?;
    Ok(told)
}

/// How many requests go before, which are not counted.
const WARM_UP: usize = 140;

fn asked<C: Client>(requests: usize) -> Result<Told, String> {
    let client = C::start().map_err(|error| format!("the transport does not start: {error}"))?;
    let server = Server::start(requests).map_err(|error| format!("no server: {error}"))?;
    let session = SessionBuilder::<C::Session>::new().build().map_err(|error| error.to_string())?;
    let (next, wrong, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(requests) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= requests {
                        return;
                    }
                    let ask = match is_post(number) {
                        true => Ask::post(server.url(number), posted(number)),
                        false => Ask::get(server.url(number)),
                    };
                    match client.ask(&session, ask) {
                        Ok(reply) if reply.status == 200 && reply.body == answered(number) => {}
                        Err(failed) if is_post(number) && failed.kind == ErrorKind::Incomplete => {
                            lock(&failures).push(number);
                        }
                        Ok(reply) => lock(&wrong).push(format!("{number}: {} bytes", reply.body.len())),
                        Err(failed) => lock(&wrong).push(format!("{number}: {}", failed.message)),
                    }
                }
            });
        }
    });
    let mut told = Told { took: started.elapsed(), ..Told::default() };
    let tasks = client.tasks();
    let (wrong, failures) = (&mut *lock(&wrong), &mut *lock(&failures));
    failures.sort_unstable();
    told.failed = failures.len();
    for number in 0..requests {
        let (read, answered) = server.count(number);
        let failed = failures.binary_search(&number).is_ok();
        let is_right = match (is_post(number), failed) {
            (true, true) => read <= 1 && answered == 0,
            (true, false) => (read, answered) == (1, 1),
            (false, _) => answered == 1 && read <= 2,
        };
        told.answered += usize::from(answered);
        told.repeated += usize::from(read.saturating_sub(1));
        if !is_right {
            wrong.push(format!("{number}: read {read} times, answered {answered} times, failed: {failed}"));
        }
    }
    (told.connections, told.ended) = server.connections();
    wrong.extend(server.faults());
    if tasks > 0 {
        wrong.push(format!("{tasks} tasks are left"));
    }
    if wrong.is_empty() {
        return Ok(told);
    }
    Err(format!("{} wrong: {}", wrong.len(), wrong.get(..5).unwrap_or(wrong).join("; ")))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

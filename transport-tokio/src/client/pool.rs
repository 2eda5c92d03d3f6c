//! The connections of a session: how many there may be, who waits for one, and that each counts until it is closed. Who is
//! served next is the core's to decide.

use super::lock;
use crate::connect::runtime::timeout_at;
use crate::wire::Wire;
use session_core::idle::PoolKey;
use session_core::idle::pool::{Aftermath, Found, Pool, Ticket, Wanted};
use session_core::limits::Limits;
use session_core::retry::failure::Failure;
use session_core::time::timings::{Stage, Stopwatch};
use session_core::transport::Clock;
use session_core::transport::address::no_free_connection;
use session_core::transport::bounds::Deadline;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// What is open, and who waits.
pub(crate) struct Connections {
    state: Mutex<State>,
    clock: Option<Clock>,
}

struct State {
    pool: Pool<Box<Wire>>,
    /// How each of those that wait is woken.
    waiting: BTreeMap<Ticket, Waker>,
}

/// A connection, or the permit to open one.
pub(crate) enum Lease {
    /// It lay idle for so long.
    Ready(Box<Wire>, Duration),
    Open(Permit),
}

/// The right to have one connection. It ends with its connection, which is closed before: dropping it lets the next have one.
#[derive(Debug)]
pub(crate) struct Permit {
    home: Weak<Connections>,
    /// None once the connection lies idle, where it counts by itself.
    key: Option<PoolKey>,
}

impl Connections {
    pub(crate) fn new(limits: &Limits, clock: Option<Clock>) -> Arc<Self> {
        let state = State { pool: Pool::new(limits), waiting: BTreeMap::new() };
        Arc::new(Self { state: Mutex::new(state), clock })
    }

    /// A connection for this key or the permit to open one; waits where there are as many as there may be.
    pub(crate) async fn lease(
        self: &Arc<Self>,
        key: PoolKey,
        wanted: Wanted,
        deadline: Option<Deadline>,
        watch: &mut Stopwatch,
    ) -> Result<Lease, Failure> {
        let found = match self.act(watch.now(), |pool, now| pool.take(&key, wanted, now)) {
            Found::Wait(ticket) => {
                let found = Box::pin(self.wait(ticket, deadline)).await?;
                watch.lap(Stage::Queue, Instant::now());
                found
            }
            found => found,
        };
        Ok(self.leased(key, found))
    }

    fn leased(self: &Arc<Self>, key: PoolKey, found: Found<Box<Wire>>) -> Lease {
        let permit = Permit { home: Arc::downgrade(self), key: Some(key) };
        match found {
            Found::Ready(mut wire, idle) => {
                wire.hold(permit);
                Lease::Ready(wire, idle)
            }
            // Who was served has no ticket any more.
            Found::Open | Found::Wait(_) => Lease::Open(permit),
        }
    }

    /// Another connection in place of one that turned out closed.
    pub(crate) fn replace(&self, permit: Permit) -> Lease {
        let other = match &permit.key {
            Some(key) => self.act(Instant::now(), |pool, now| pool.replace(key, now)),
            None => None,
        };
        match other {
            Some((mut wire, idle)) => {
                wire.hold(permit);
                Lease::Ready(wire, idle)
            }
            None => Lease::Open(permit),
        }
    }

    /// Takes a connection whose response is over, or closes it where it cannot be used again.
    pub(crate) fn give_back(&self, wire: Box<Wire>, at: Instant) {
        let Some(mut wire) = wire.into_idle() else { return };
        let keep = wire.keep();
        if let Some(key) = wire.take_permit().and_then(Permit::into_key) {
            self.act(at, |pool, now| ((), pool.give_back(key, wire, now, keep)));
        }
    }

    /// Closes what lies idle, and what is given back from now on.
    pub(crate) fn close(&self) {
        self.act(Instant::now(), |pool, now| ((), pool.close(now)));
    }

    /// Closes what has lain idle for too long.
    pub(crate) fn close_expired(&self) {
        self.act(Instant::now(), |pool, now| ((), pool.close_expired(now)));
    }

    /// How many lie idle.
    pub(crate) fn idle(&self) -> usize {
        lock(&self.state).pool.idle()
    }

    /// Changes the pool at a moment of the system's clock that was read just now, then closes and wakes what that brings, without the lock.
    fn act<R>(
        &self,
        at: Instant,
        change: impl FnOnce(&mut Pool<Box<Wire>>, Instant) -> (R, Aftermath<Box<Wire>>),
    ) -> R {
        let now = self.now_at(at);
        let mut state = lock(&self.state);
        let (done, Aftermath { close, wake, .. }) = change(&mut state.pool, now);
        let wake: Vec<_> = wake.iter().filter_map(|ticket| state.waiting.remove(ticket)).collect();
        drop(state);
        drop(close);
        wake.into_iter().for_each(Waker::wake);
        done
    }

    /// What the session's clock shows at a moment of the system's.
    fn now_at(&self, at: Instant) -> Instant {
        self.clock.as_ref().map_or(at, |clock| clock.now().instant())
    }
}

impl Connections {
    async fn wait(&self, ticket: Ticket, deadline: Option<Deadline>) -> Result<Found<Box<Wire>>, Failure> {
        let waiting = Waiting { connections: self, ticket: Some(ticket) };
        match deadline {
            None => Ok(waiting.await),
            Some(deadline) => timeout_at(deadline.at(), waiting).await.ok_or_else(|| no_free_connection(deadline)),
        }
    }
}

/// A place in the queue. Dropping it gives the place up, and with it what was granted and not yet taken.
struct Waiting<'a> {
    connections: &'a Connections,
    /// None once it was served.
    ticket: Option<Ticket>,
}

impl Future for Waiting<'_> {
    type Output = Found<Box<Wire>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(ticket) = self.ticket else { return Poll::Pending };
        // To clone and to drop a waker is code of the runtime's: neither happens under the lock.
        let mut waker = None;
        loop {
            let mut state = lock(&self.connections.state);
            if let Some(found) = state.pool.claim(ticket) {
                drop(state);
                self.ticket = None;
                return Poll::Ready(found);
            }
            if state.waiting.get(&ticket).is_some_and(|waker| waker.will_wake(cx.waker())) {
                return Poll::Pending;
            }
            if let Some(waker) = waker.take() {
                let old = state.waiting.insert(ticket, waker);
                drop(state);
                drop(old);
                return Poll::Pending;
            }
            drop(state);
            waker = Some(cx.waker().clone());
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            let waker = lock(&self.connections.state).waiting.remove(&ticket);
            drop(waker);
            self.connections.act(Instant::now(), |pool, now| ((), pool.cancel(ticket, now)));
        }
    }
}

impl Permit {
    /// The key that it is for; the connection counts by itself from now on.
    fn into_key(mut self) -> Option<PoolKey> {
        self.key.take()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let (Some(key), Some(home)) = (self.key.take(), self.home.upgrade()) {
            home.act(Instant::now(), |pool, now| ((), pool.release(&key, now)));
        }
    }
}

//! The connections of a session: how many there may be, who waits for one, and that each counts until it is closed. Who is
//! served next is the core's to decide.

use super::lock;
use crate::wire::Wire;
use session_core::idle::PoolKey;
use session_core::idle::pool::{Aftermath, Found, Pool, Ticket, Wanted};
use session_core::limits::Limits;
use session_core::retry::failure::Failure;
use session_core::time::timings::{Stage, Stopwatch};
use session_core::transport::Clock;
use session_core::transport::address::no_free_connection;
use session_core::transport::bounds::Deadline;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

/// What is open, and who waits.
pub(crate) struct Connections {
    state: Mutex<State>,
    clock: Option<Clock>,
}

struct State {
    pool: Pool<Box<Wire>>,
    /// How each of those that wait is woken.
    waiting: Vec<(Ticket, Arc<Condvar>)>,
}

/// A connection, or the permit to open one.
pub(crate) enum Lease {
    /// It lay idle.
    Ready(Box<Wire>),
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
        let state = State { pool: Pool::new(limits), waiting: Vec::new() };
        Arc::new(Self { state: Mutex::new(state), clock })
    }

    /// A connection for this key or the permit to open one; waits where there are as many as there may be.
    pub(crate) fn lease(
        self: &Arc<Self>,
        key: PoolKey,
        wanted: Wanted,
        deadline: Option<Deadline>,
        watch: &mut Stopwatch,
    ) -> Result<Lease, Failure> {
        let found = match self.act(watch.now(), |pool, now| pool.take(&key, wanted, now)) {
            Found::Wait(ticket) => {
                let found = self.wait(ticket, deadline)?;
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
            Found::Ready(mut wire, _) => {
                wire.hold(permit);
                Lease::Ready(wire)
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
            Some((mut wire, _)) => {
                wire.hold(permit);
                Lease::Ready(wire)
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
        let (done, aftermath) = change(&mut state.pool, now);
        settle(state, aftermath);
        done
    }

    /// What the session's clock shows at a moment of the system's.
    fn now_at(&self, at: Instant) -> Instant {
        self.clock.as_ref().map_or(at, |clock| clock.now().instant())
    }
}

impl Connections {
    fn wait(&self, ticket: Ticket, deadline: Option<Deadline>) -> Result<Found<Box<Wire>>, Failure> {
        let bell = Arc::new(Condvar::new());
        let mut state = lock(&self.state);
        loop {
            if let Some(found) = state.pool.claim(ticket) {
                return Ok(found);
            }
            state.bell(ticket);
            state.waiting.push((ticket, Arc::clone(&bell)));
            state = match deadline {
                None => bell.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) if deadline.is_over(Instant::now()) => {
                    state.bell(ticket);
                    drop(state);
                    self.act(Instant::now(), |pool, now| ((), pool.cancel(ticket, now)));
                    return Err(no_free_connection(deadline));
                }
                Some(deadline) => {
                    let left = deadline.left(Instant::now());
                    bell.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl State {
    /// Takes out how somebody who waits is woken.
    fn bell(&mut self, ticket: Ticket) -> Option<Arc<Condvar>> {
        let at = self.waiting.iter().position(|(waits, _)| *waits == ticket)?;
        Some(self.waiting.swap_remove(at).1)
    }
}

/// Closes and wakes what a change of the pool brings, without the lock.
fn settle(mut state: MutexGuard<'_, State>, Aftermath { close, wake, .. }: Aftermath<Box<Wire>>) {
    let wake: Vec<_> = wake.into_iter().filter_map(|ticket| state.bell(ticket)).collect();
    drop(state);
    drop(close);
    wake.iter().for_each(|bell| bell.notify_one());
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

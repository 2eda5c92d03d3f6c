//! How many connections there may be, and who waits for one.
//!
//! A pool counts what is open: the connections in use, those being made, and those that lie idle. It opens, closes and wakes
//! nothing itself: what is to be closed and who is to be woken is returned, so that a transport decides under its lock and
//! acts after it.

use crate::idle::{Idle, PoolKey};
use crate::limits::Limits;
use crate::ordered::Ordered;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The connections of a session, of type `C`.
///
/// Bounded by [`Limits::connections_per_key`] and [`Limits::connections_total`] beside the bounds of [`Idle`]. Who finds it
/// full waits, and is served in the order of coming: nobody who came later and wants the same is served before. Only who
/// waits for connections of a key that has all it may have is passed by those of other keys. Where the total is reached, the
/// idle connection that has lain longest is closed to make room.
///
/// Each [`Found::Ready`] and [`Found::Open`], whether [`take`](Self::take) gave it or [`claim`](Self::claim), is a permit for
/// one connection of its key. It ends by exactly one [`give_back`](Self::give_back) or [`release`](Self::release).
#[derive(Debug)]
pub struct Pool<C> {
    idle: Idle<C>,
    per_key: usize,
    total: usize,
    /// The permits that are out, by key. One that has none any more stays for the next time.
    in_use: Ordered<PoolKey, usize>,
    in_use_total: usize,
    next: u64,
    /// Who waits, by key, the longest first. No queue is empty.
    waiting: Ordered<PoolKey, VecDeque<(Ticket, Wanted)>>,
    /// What was granted and not yet claimed, to whom, and for which key.
    granted: Ordered<Ticket, (PoolKey, Grant<C>)>,
}

/// A place in the queue. The numbers do not run out: 2^64 requests take longer than a process lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// What connection a request can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a request can go on a used connection or it cannot")]
pub enum Wanted {
    /// Any.
    Any,
    /// One that carried no request before.
    Fresh,
}

/// What a request got.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is a connection, room for one, or a wait")]
pub enum Found<C> {
    /// A connection, and how long it lay idle. The transport looks whether the peer has closed it before it is used; where
    /// it has: [`Pool::replace`].
    Ready(C, Duration),
    /// The permit to open one.
    Open,
    /// Nothing yet: [`Pool::claim`] it by this ticket once it was among those to wake, or [`Pool::cancel`] it.
    Wait(Ticket),
}

/// What was granted to somebody who waits.
#[derive(Debug)]
enum Grant<C> {
    Ready(C, Duration),
    Open,
}

impl<C> From<Grant<C>> for Found<C> {
    fn from(grant: Grant<C>) -> Self {
        match grant {
            Grant::Ready(connection, idle) => Self::Ready(connection, idle),
            Grant::Open => Self::Open,
        }
    }
}

/// What a transport has to do after a change, once its lock is free again.
#[derive(Debug)]
#[must_use = "connections are to be closed and waiters to be woken"]
#[non_exhaustive]
pub struct Aftermath<C> {
    /// Close these.
    pub close: Vec<C>,
    /// Wake these: each has something to claim.
    pub wake: Vec<Ticket>,
}

impl<C> Default for Aftermath<C> {
    fn default() -> Self {
        Self { close: Vec::new(), wake: Vec::new() }
    }
}

impl<C> Pool<C> {
    /// An empty pool with the bounds of `limits`.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            idle: Idle::new(limits),
            per_key: limits.connections_per_key.max(1),
            total: limits.connections_total.max(1),
            in_use: Ordered::new(),
            in_use_total: 0,
            next: 0,
            waiting: Ordered::new(),
            granted: Ordered::new(),
        }
    }

    /// A connection for a request, the permit to open one, or a place in the queue.
    pub fn take(&mut self, key: &PoolKey, wanted: Wanted, now: Instant) -> (Found<C>, Aftermath<C>) {
        // Who waits is served first by what expires just now.
        let mut after = self.settle(now);
        let found = match self.admit(key, wanted, now, &mut after.close) {
            Some(grant) => grant.into(),
            None => {
                let ticket = Ticket(self.next);
                self.next = self.next.wrapping_add(1);
                // The newest ticket is the greatest: the queue stays in order.
                match self.waiting.get_mut(key) {
                    Some(queue) => queue.push_back((ticket, wanted)),
                    None => self.waiting.insert(key.clone(), VecDeque::from([(ticket, wanted)])),
                }
                Found::Wait(ticket)
            }
        };
        (found, after)
    }

    /// What was granted to a ticket, once; `None` while it waits.
    pub fn claim(&mut self, ticket: Ticket) -> Option<Found<C>> {
        let (_, grant) = self.granted.remove(&ticket)?;
        Some(grant.into())
    }

    /// Gives up a ticket that was not claimed. What it was granted already goes to the next.
    pub fn cancel(&mut self, ticket: Ticket, now: Instant) -> Aftermath<C> {
        match self.granted.remove(&ticket) {
            Some((key, Grant::Ready(connection, _))) => self.give_back(key, connection, now, None),
            Some((key, Grant::Open)) => self.release(&key, now),
            None => {
                self.forget(ticket);
                Aftermath::default()
            }
        }
    }

    /// Takes back a connection whose last cycle is over and which may carry another, and with it the permit. `keep` is how
    /// long the peer keeps it open, where it said so.
    pub fn give_back(&mut self, key: PoolKey, connection: C, now: Instant, keep: Option<Duration>) -> Aftermath<C> {
        self.end(&key);
        let close = match keep {
            Some(keep) => self.idle.insert_for(key, connection, now, keep),
            None => self.idle.insert(key, connection, now),
        };
        self.settled(close, now)
    }

    /// Takes back a permit whose connection is closed, or was never made.
    pub fn release(&mut self, key: &PoolKey, now: Instant) -> Aftermath<C> {
        self.end(key);
        self.settle(now)
    }

    /// The connection that was found ready turned out closed: gives another of the key that lies idle. Where there is none,
    /// the permit is one to open a connection.
    pub fn replace(&mut self, key: &PoolKey, now: Instant) -> (Option<(C, Duration)>, Aftermath<C>) {
        let taken = self.idle.take(key, now);
        (taken.connection, self.settled(taken.expired, now))
    }

    /// Closes what lies idle, and from now on each connection that is given back. Who waits goes on waiting, and is served.
    pub fn close(&mut self, now: Instant) -> Aftermath<C> {
        let close = self.idle.close();
        self.settled(close, now)
    }

    /// Closes what has lain idle for as long as it may. Every other change does so too; without any, nothing does.
    pub fn close_expired(&mut self, now: Instant) -> Aftermath<C> {
        self.settle(now)
    }

    /// How many connections lie idle.
    #[must_use]
    pub fn idle(&self) -> usize {
        self.idle.len()
    }

    /// How many permits are out.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.in_use_total
    }

    /// How many wait, those not among them who were granted something.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.values().map(VecDeque::len).sum()
    }

    fn settle(&mut self, now: Instant) -> Aftermath<C> {
        let expired = self.idle.expire(now);
        self.settled(expired, now)
    }

    /// Serves who waits and can be served, the longest first.
    fn settled(&mut self, mut close: Vec<C>, now: Instant) -> Aftermath<C> {
        close.extend(self.idle.expire(now));
        let mut wake = Vec::new();
        if self.waiting.is_empty() {
            return Aftermath { close, wake };
        }
        while let Some((ticket, key, wanted)) = self.next_served() {
            let Some(grant) = self.admit(&key, wanted, now, &mut close) else { break };
            self.forget(ticket);
            self.granted.insert(ticket, (key, grant));
            wake.push(ticket);
        }
        Aftermath { close, wake }
    }

    /// Who has waited longest of those that can be served. Of each key the first is asked alone.
    fn next_served(&self) -> Option<(Ticket, PoolKey, Wanted)> {
        let firsts = self.waiting.iter().filter_map(|(key, queue)| {
            let &(ticket, wanted) = queue.front()?;
            self.has_room(key, wanted).then_some((ticket, key, wanted))
        });
        firsts.min_by_key(|(ticket, ..)| *ticket).map(|(ticket, key, wanted)| (ticket, key.clone(), wanted))
    }

    /// Whether [`Pool::admit`] would give something.
    fn has_room(&self, key: &PoolKey, wanted: Wanted) -> bool {
        let idle = self.idle.len_of(key);
        let (for_key, in_all) = (self.open_of(key) < self.per_key, self.open() < self.total);
        (wanted == Wanted::Any && idle > 0) || ((for_key || idle > 0) && (in_all || !self.idle.is_empty()))
    }

    /// A connection or a permit, where there is room or an idle connection makes some.
    fn admit(&mut self, key: &PoolKey, wanted: Wanted, now: Instant, close: &mut Vec<C>) -> Option<Grant<C>> {
        if wanted == Wanted::Any {
            let taken = self.idle.take(key, now);
            close.extend(taken.expired);
            if let Some((connection, idle)) = taken.connection {
                self.begin(key);
                return Some(Grant::Ready(connection, idle));
            }
        }
        if self.open_of(key) >= self.per_key {
            close.push(self.idle.remove_oldest_of(key)?);
        }
        if self.open() >= self.total {
            close.push(self.idle.remove_oldest()?);
        }
        self.begin(key);
        Some(Grant::Open)
    }

    fn open(&self) -> usize {
        self.in_use_total.saturating_add(self.idle.len())
    }

    fn open_of(&self, key: &PoolKey) -> usize {
        self.in_use.get(key).copied().unwrap_or(0).saturating_add(self.idle.len_of(key))
    }

    fn begin(&mut self, key: &PoolKey) {
        self.in_use_total = self.in_use_total.saturating_add(1);
        match self.in_use.get_mut(key) {
            Some(count) => *count = count.saturating_add(1),
            None => {
                if self.in_use.len() >= self.total {
                    self.in_use.retain(|count| *count > 0);
                }
                self.in_use.insert(key.clone(), 1);
            }
        }
    }

    /// Ends a permit of this key. Where none is out, nothing changes.
    fn end(&mut self, key: &PoolKey) {
        let Some(count) = self.in_use.get_mut(key).filter(|count| **count > 0) else { return };
        *count = count.saturating_sub(1);
        self.in_use_total = self.in_use_total.saturating_sub(1);
    }

    /// Takes a ticket out of the queue that it stands in.
    fn forget(&mut self, ticket: Ticket) {
        let mut emptied = false;
        for queue in self.waiting.values_mut() {
            if let Ok(at) = queue.binary_search_by_key(&ticket, |(waits, _)| *waits) {
                queue.remove(at);
                emptied = queue.is_empty();
                break;
            }
        }
        if emptied {
            self.waiting.retain(|queue| !queue.is_empty());
        }
    }
}

#[cfg(test)]
mod tests;

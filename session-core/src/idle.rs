//! Which open connection to take, and which to close.
//!
//! The pool of a transport, without its connections' IO: it never opens, reads or closes anything. What is to be closed
//! is returned, so that a transport decides under its lock and acts after it. What makes two requests fit for one
//! connection stands in [`PoolKey`] and nowhere else.

pub mod pool;

use crate::limits::Limits;
use crate::message::origin::Origin;
use crate::message::route::Route;
use crate::ordered::{Ordered, sorted_by_key};
use crate::tls::settings::TlsPath;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What two requests must have in common to share a connection: all of it (threats PI-01 to PI-06).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PoolKey {
    origin: Origin,
    route: Route,
    tls: TlsPath,
    /// None where it is bound to nothing, as most are.
    binding: Option<Arc<Binding>>,
}

/// The place that a connection is bound to, where that is not what origin and route say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Binding {
    /// The unix socket that it is made to.
    pub unix_socket: Option<Arc<Path>>,
    /// The address that it comes from.
    pub local_address: Option<IpAddr>,
    /// The addresses that were set in place of the resolver's.
    pub addresses: Vec<SocketAddr>,
}

impl PartialOrd for PoolKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PoolKey {
    fn cmp(&self, other: &Self) -> Ordering {
        // Mostly a key is looked for that is there, of the same origin in memory: to find them equal is quick.
        if self == other {
            return Ordering::Equal;
        }
        let Self { origin, route, tls, binding } = self;
        (origin, route, tls, binding).cmp(&(&other.origin, &other.route, &other.tls, &other.binding))
    }
}

static UNBOUND: Binding = Binding { unix_socket: None, local_address: None, addresses: Vec::new() };

impl PoolKey {
    /// The key of connections made straight to `origin`.
    #[must_use]
    pub fn direct(origin: Origin) -> Self {
        Self::new(origin, Route::Direct)
    }

    /// The key of connections made to `origin` by this route. Routes through one proxy with different credentials differ.
    #[must_use]
    pub fn new(origin: Origin, route: Route) -> Self {
        Self { origin, route, tls: TlsPath::default(), binding: None }
    }

    /// The same for connections with this TLS. Whatever is set differently in it makes another key.
    #[must_use]
    pub fn with_tls(mut self, tls: TlsPath) -> Self {
        self.tls = tls;
        self
    }

    /// The TLS that the connection takes.
    #[must_use]
    pub fn tls(&self) -> &TlsPath {
        &self.tls
    }

    /// The same key for connections of this place.
    #[must_use]
    pub fn with_binding(mut self, binding: Binding) -> Self {
        self.binding = (binding != UNBOUND).then(|| Arc::new(binding));
        self
    }

    /// The place that the connection is bound to.
    #[must_use]
    pub fn binding(&self) -> &Binding {
        self.binding.as_deref().unwrap_or(&UNBOUND)
    }

    /// The way that the connection takes.
    #[must_use]
    pub fn route(&self) -> &Route {
        &self.route
    }

    /// The origin that the connection speaks to in the end.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// Idle connections of type `C`.
///
/// Bounded by [`Limits::idle_per_key`], [`Limits::idle_total`] and [`Limits::idle_seconds`]. Every connection that goes
/// in comes out exactly once: taken, or returned to be closed.
#[derive(Debug)]
pub struct Idle<C> {
    per_key: usize,
    total: usize,
    longest: Duration,
    closed: bool,
    /// What the next connection that is put in will be known by.
    next: Serial,
    /// How many connections there are.
    len: usize,
    /// The connections by key, of each key the one that has lain longest first. A key whose last connection was taken
    /// stays for the next one: most programs ask the same few places.
    by_key: Ordered<PoolKey, VecDeque<Slot<C>>>,
    /// No connection's time is up before this.
    soonest: Option<Instant>,
}

/// The order in which connections were put in. It does not run out: 2^64 requests take longer than a process lives.
type Serial = u64;

#[derive(Debug)]
struct Slot<C> {
    serial: Serial,
    since: Instant,
    expires: Option<Instant>,
    connection: C,
}

impl<C> Slot<C> {
    fn is_expired(&self, now: Instant) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// What [`Idle::take`] found.
#[derive(Debug)]
#[must_use]
#[non_exhaustive]
pub struct Taken<C> {
    /// A connection and how long it lay idle. The transport looks whether the peer has closed it before it is used.
    pub connection: Option<(C, Duration)>,
    /// Connections whose time is up: close them.
    pub expired: Vec<C>,
}

impl<C> Idle<C> {
    /// An empty pool with the bounds of `limits`.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            per_key: limits.idle_per_key,
            total: limits.idle_total,
            longest: Duration::from_secs(limits.idle_seconds),
            closed: false,
            next: 0,
            len: 0,
            by_key: Ordered::new(),
            soonest: None,
        }
    }

    /// Puts in a connection whose last cycle is over and which may carry another. Returns what is to be closed: those
    /// whose time is up, those that have lain longest where a bound is passed, or, after [`Idle::close`], the connection
    /// itself.
    #[must_use = "the connections returned are to be closed"]
    pub fn insert(&mut self, key: PoolKey, connection: C, now: Instant) -> Vec<C> {
        self.insert_for(key, connection, now, self.longest)
    }

    /// The same for a connection that the peer will keep open for `keep` only (`Keep-Alive: timeout=`). A longer time
    /// than [`Limits::idle_seconds`] counts as that.
    #[must_use = "the connections returned are to be closed"]
    pub fn insert_for(&mut self, key: PoolKey, connection: C, now: Instant, keep: Duration) -> Vec<C> {
        let mut close = self.expire(now);
        let lifetime = keep.min(self.longest);
        if self.closed || lifetime.is_zero() {
            close.push(connection);
            return close;
        }
        let serial = self.next;
        self.next = self.next.wrapping_add(1);
        // A moment that the clock cannot hold never comes.
        let expires = now.checked_add(lifetime);
        if let Some(expires) = expires {
            self.soonest = Some(self.soonest.map_or(expires, |soonest| soonest.min(expires)));
        }
        let slot = Slot { serial, since: now, expires, connection };
        self.len = self.len.saturating_add(1);
        let surplus = match self.by_key.get_mut(&key) {
            Some(of_key) => {
                of_key.push_back(slot);
                if of_key.len() > self.per_key { of_key.pop_front() } else { None }
            }
            None if self.per_key == 0 => Some(slot),
            None => {
                if self.by_key.len() >= self.total {
                    self.by_key.retain(|of_key| !of_key.is_empty());
                }
                self.by_key.insert(key, VecDeque::from([slot]));
                None
            }
        };
        if let Some(surplus) = surplus {
            self.len = self.len.saturating_sub(1);
            close.push(surplus.connection);
        }
        while self.len > self.total {
            let Some(oldest) = self.remove_oldest() else { break };
            close.push(oldest);
        }
        close
    }

    /// Takes the connection of `key` that was used last: it is the least likely to have been closed by the peer, and the
    /// others grow old and go.
    pub fn take(&mut self, key: &PoolKey, now: Instant) -> Taken<C> {
        let expired = self.expire(now);
        let newest = self.by_key.get_mut(key).and_then(VecDeque::pop_back);
        let connection = newest.map(|slot| {
            self.len = self.len.saturating_sub(1);
            (slot.connection, now.saturating_duration_since(slot.since))
        });
        Taken { connection, expired }
    }

    /// The connections whose time is up at `now`, the first of them first. Close them.
    #[must_use = "the connections returned are to be closed"]
    #[inline]
    pub fn expire(&mut self, now: Instant) -> Vec<C> {
        if self.soonest.is_none_or(|soonest| soonest > now) { Vec::new() } else { self.take_expired(now) }
    }

    fn take_expired(&mut self, now: Instant) -> Vec<C> {
        let mut expired = Vec::new();
        for of_key in self.by_key.values_mut() {
            for _ in 0..of_key.len() {
                let Some(slot) = of_key.pop_front() else { break };
                if slot.is_expired(now) {
                    expired.push(slot);
                } else {
                    of_key.push_back(slot);
                }
            }
        }
        self.by_key.retain(|of_key| !of_key.is_empty());
        self.soonest = self.next_expiry();
        self.len = self.len.saturating_sub(expired.len());
        in_order(expired, |slot| (slot.expires, slot.serial))
    }

    /// When the next connection's time is up: the moment to call [`Idle::expire`]. `None` where none will be.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Instant> {
        let mut soonest: Option<Instant> = None;
        for of_key in self.by_key.values() {
            for at in of_key.iter().filter_map(|slot| slot.expires) {
                soonest = Some(soonest.map_or(at, |soonest| soonest.min(at)));
            }
        }
        soonest
    }

    /// Takes every connection out, the one that has lain longest first. Close them. The pool goes on.
    #[must_use = "the connections returned are to be closed"]
    pub fn clear(&mut self) -> Vec<C> {
        (self.len, self.soonest) = (0, None);
        let mut all = Vec::new();
        for of_key in std::mem::take(&mut self.by_key).into_values() {
            all.extend(of_key);
        }
        in_order(all, |slot| (None, slot.serial))
    }

    /// Takes every connection out, and returns from now on each one that is put in. Close them.
    #[must_use = "the connections returned are to be closed"]
    pub fn close(&mut self) -> Vec<C> {
        self.closed = true;
        self.clear()
    }

    /// Whether [`Idle::close`] was called.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// How many connections lie idle.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none lies idle.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many connections of this key lie idle.
    #[must_use]
    pub fn len_of(&self, key: &PoolKey) -> usize {
        self.by_key.get(key).map_or(0, VecDeque::len)
    }

    /// Takes out the connection that has lain longest, to make room. Close it.
    #[must_use = "the connection returned is to be closed"]
    pub fn remove_oldest(&mut self) -> Option<C> {
        // Of each key the first has lain longest.
        let fronts = self.by_key.values_mut().filter(|of_key| !of_key.is_empty());
        let longest = fronts.min_by_key(|of_key| of_key.front().map(|slot| slot.serial))?;
        let slot = longest.pop_front()?;
        self.len = self.len.saturating_sub(1);
        Some(slot.connection)
    }

    /// The same of the connections of this key.
    #[must_use = "the connection returned is to be closed"]
    pub fn remove_oldest_of(&mut self, key: &PoolKey) -> Option<C> {
        let slot = self.by_key.get_mut(key)?.pop_front()?;
        self.len = self.len.saturating_sub(1);
        Some(slot.connection)
    }
}

/// The connections of these places, in the order of a key.
fn in_order<C>(slots: Vec<Slot<C>>, key: fn(&Slot<C>) -> (Option<Instant>, u64)) -> Vec<C> {
    sorted_by_key(slots, key).into_iter().map(|slot| slot.connection).collect()
}

#[cfg(test)]
mod tests;

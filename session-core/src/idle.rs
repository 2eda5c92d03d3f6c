//! Which open connection to take, and which to close.
//!
//! The pool of a transport, without its connections' IO: it never opens, reads or closes anything. What is to be closed
//! is returned, so that a transport decides under its lock and acts after it. What makes two requests fit for one
//! connection stands in [`PoolKey`] and nowhere else.

pub mod pool;

use crate::limits::Limits;
use crate::message::origin::Origin;
use crate::message::route::Route;
use crate::tls::settings::TlsPath;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What two requests must have in common to share a connection: all of it (threats PI-01 to PI-06).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PoolKey {
    origin: Origin,
    route: Route,
    tls: TlsPath,
    binding: Binding,
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

impl PoolKey {
    /// The key of connections made straight to `origin`.
    #[must_use]
    pub fn direct(origin: Origin) -> Self {
        Self::new(origin, Route::Direct)
    }

    /// The key of connections made to `origin` by this route. Routes through one proxy with different credentials differ.
    #[must_use]
    pub fn new(origin: Origin, route: Route) -> Self {
        Self { origin, route, tls: TlsPath::default(), binding: Binding::default() }
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
        self.binding = binding;
        self
    }

    /// The place that the connection is bound to.
    #[must_use]
    pub fn binding(&self) -> &Binding {
        &self.binding
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
    next: Serial,
    /// Every connection, the one that has lain longest first.
    slots: BTreeMap<Serial, Slot<C>>,
    /// The same connections by key.
    by_key: BTreeMap<PoolKey, BTreeSet<Serial>>,
    /// The same connections by the moment at which they must go; those that need never go are not in it.
    by_expiry: BTreeSet<(Instant, Serial)>,
}

/// The order in which connections were put in. It does not run out: 2^64 requests take longer than a process lives.
type Serial = u64;

#[derive(Debug)]
struct Slot<C> {
    key: PoolKey,
    since: Instant,
    expires: Option<Instant>,
    connection: C,
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
            slots: BTreeMap::new(),
            by_key: BTreeMap::new(),
            by_expiry: BTreeSet::new(),
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
            self.by_expiry.insert((expires, serial));
        }
        let of_key = self.by_key.entry(key.clone()).or_default();
        of_key.insert(serial);
        let surplus = if of_key.len() > self.per_key { of_key.first().copied() } else { None };
        self.slots.insert(serial, Slot { key, since: now, expires, connection });
        close.extend(surplus.and_then(|serial| self.remove(serial)).map(|slot| slot.connection));
        while self.slots.len() > self.total {
            let Some(oldest) = self.slots.first_key_value().map(|(serial, _)| *serial) else { break };
            close.extend(self.remove(oldest).map(|slot| slot.connection));
        }
        close
    }

    /// Takes the connection of `key` that was used last: it is the least likely to have been closed by the peer, and the
    /// others grow old and go.
    pub fn take(&mut self, key: &PoolKey, now: Instant) -> Taken<C> {
        let expired = self.expire(now);
        let newest = self.by_key.get(key).and_then(|serials| serials.last().copied());
        let slot = newest.and_then(|serial| self.remove(serial));
        let connection = slot.map(|slot| (slot.connection, now.saturating_duration_since(slot.since)));
        Taken { connection, expired }
    }

    /// The connections whose time is up at `now`. Close them.
    #[must_use = "the connections returned are to be closed"]
    pub fn expire(&mut self, now: Instant) -> Vec<C> {
        let mut close = Vec::new();
        while let Some((expires, serial)) = self.by_expiry.first().copied() {
            if expires > now {
                break;
            }
            close.extend(self.remove(serial).map(|slot| slot.connection));
        }
        close
    }

    /// When the next connection's time is up: the moment to call [`Idle::expire`]. `None` where none will be.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Instant> {
        self.by_expiry.first().map(|(expires, _)| *expires)
    }

    /// Takes every connection out. Close them. The pool goes on.
    #[must_use = "the connections returned are to be closed"]
    pub fn clear(&mut self) -> Vec<C> {
        self.by_key.clear();
        self.by_expiry.clear();
        std::mem::take(&mut self.slots).into_values().map(|slot| slot.connection).collect()
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
        self.slots.len()
    }

    /// Whether none lies idle.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many connections of this key lie idle.
    #[must_use]
    pub fn len_of(&self, key: &PoolKey) -> usize {
        self.by_key.get(key).map_or(0, BTreeSet::len)
    }

    /// Takes out the connection that has lain longest, to make room. Close it.
    #[must_use = "the connection returned is to be closed"]
    pub fn remove_oldest(&mut self) -> Option<C> {
        let serial = *self.slots.first_key_value()?.0;
        self.remove(serial).map(|slot| slot.connection)
    }

    /// The same of the connections of this key.
    #[must_use = "the connection returned is to be closed"]
    pub fn remove_oldest_of(&mut self, key: &PoolKey) -> Option<C> {
        let serial = *self.by_key.get(key)?.first()?;
        self.remove(serial).map(|slot| slot.connection)
    }

    /// Takes one connection out of all three orders.
    fn remove(&mut self, serial: Serial) -> Option<Slot<C>> {
        let slot = self.slots.remove(&serial)?;
        if let Some(serials) = self.by_key.get_mut(&slot.key) {
            serials.remove(&serial);
            if serials.is_empty() {
                self.by_key.remove(&slot.key);
            }
        }
        if let Some(expires) = slot.expires {
            self.by_expiry.remove(&(expires, serial));
        }
        Some(slot)
    }
}

#[cfg(test)]
mod tests;

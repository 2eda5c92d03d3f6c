//! In which order and when the addresses of one host are tried (RFC 8305): families in turn, the next address a short time
//! after the one before or at once where that failed, the first that answers wins. Connecting, waiting and closing the
//! losers is the transport's.

use crate::limits::Limits;
use crate::transport::bounds::Deadline;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The race of one host's addresses.
///
/// Ask by [`next`](Self::next) what to do, and again after each thing that was done, came or passed; tell by
/// [`failed`](Self::failed) of each attempt that failed.
#[derive(Debug)]
pub struct Eyeballs {
    waiting: VecDeque<SocketAddr>,
    running: usize,
    failures: Vec<(SocketAddr, io::Error)>,
    delay: Duration,
    /// When the next attempt may start; `None`: at once.
    next_start: Option<Instant>,
    deadline: Option<Deadline>,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a transport does each of them")]
pub enum Next {
    /// Start to connect to this address, then ask again.
    Start(SocketAddr),
    /// Wait until an attempt ends, and at most until this moment, where there is one.
    Wait(Option<Instant>),
    /// Every address failed.
    Failed,
    /// The deadline passed.
    Late(Deadline),
}

impl Eyeballs {
    /// A race of `addresses`, in the order of the resolver, of which at most [`Limits::addresses`] are tried. `delay` is how
    /// long an attempt has for itself before the next one starts beside it.
    #[must_use]
    pub fn new(addresses: Vec<SocketAddr>, delay: Duration, deadline: Option<Deadline>, limits: &Limits) -> Self {
        let waiting = in_turn(addresses, limits.addresses);
        Self { waiting, running: 0, failures: Vec::new(), delay, next_start: None, deadline }
    }

    /// What to do now.
    #[must_use]
    pub fn next(&mut self, now: Instant) -> Next {
        if let Some(deadline) = self.deadline.filter(|deadline| deadline.is_over(now)) {
            return Next::Late(deadline);
        }
        let end = self.deadline.map(|deadline| deadline.at());
        if self.next_start.is_none_or(|start| start <= now)
            && let Some(address) = self.waiting.pop_front()
        {
            self.running = self.running.saturating_add(1);
            // A moment that the clock cannot hold never comes: then only a failure starts the next.
            self.next_start = now.checked_add(self.delay).or(end);
            return Next::Start(address);
        }
        if self.running == 0 && self.waiting.is_empty() {
            return Next::Failed;
        }
        let start = self.next_start.filter(|_| !self.waiting.is_empty());
        Next::Wait(match (start, end) {
            (Some(start), Some(end)) => Some(start.min(end)),
            (start, end) => start.or(end),
        })
    }

    /// Says that the attempt at `address` failed: the next one starts at once.
    pub fn failed(&mut self, address: SocketAddr, error: io::Error) {
        self.running = self.running.saturating_sub(1);
        self.failures.push((address, error));
        self.next_start = None;
    }

    /// How many addresses have not been started.
    #[must_use]
    pub fn left(&self) -> usize {
        self.waiting.len()
    }

    /// The addresses that failed so far, and why, in that order.
    #[must_use]
    pub fn into_failures(self) -> Vec<(SocketAddr, io::Error)> {
        self.failures
    }
}

/// The families in turn, that of the first address first, each in its own order; every address once, at most `most`.
fn in_turn(addresses: Vec<SocketAddr>, most: usize) -> VecDeque<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    // More than twice as many cannot come into it, whatever the families; the rest is not looked at.
    let (mut one, mut other) = (VecDeque::new(), VecDeque::new());
    for address in addresses {
        let family = if address.is_ipv6() == first_is_v6 { &mut one } else { &mut other };
        if family.len() < most && !family.contains(&address) {
            family.push_back(address);
        }
    }
    let mut order = VecDeque::new();
    while order.len() < most {
        let Some(address) = one.pop_front().or_else(|| other.pop_front()) else { break };
        order.push_back(address);
        if !other.is_empty() {
            std::mem::swap(&mut one, &mut other);
        }
    }
    order
}

#[cfg(test)]
mod tests;

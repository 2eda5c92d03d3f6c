//! What goes when time passes or room is short (RFC 6265bis 5.7, the end, and 6.1).

use super::cookie::Cookie;
use super::index::Key;
use super::jar::Jar;
use crate::ordered::sorted_by_key;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::SystemTime;

/// When cookies expire, the next one first. An entry of a cookie that is gone or was replaced stays until its time comes
/// or until such entries are more than the others.
#[derive(Clone, Default)]
pub(super) struct Expiries(BinaryHeap<Reverse<Expiry>>);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Expiry {
    at: SystemTime,
    sequence: u64,
    /// Of the domain.
    hash: u64,
}

/// The cookies that were not used for longest, the very longest last: what the jar sheds when it is full.
///
/// They are looked up a batch at a time. One that was used since then has another access number and is passed over; all
/// others in the jar were used later than any in the batch. So the order is exact and no store scans the whole jar.
#[derive(Clone, Default)]
pub(super) struct Eldest(Vec<Candidate>);

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    access: u64,
    sequence: u64,
    domain: Arc<str>,
}

impl Candidate {
    fn is(&self, cookie: &Cookie) -> bool {
        (cookie.access(), cookie.sequence()) == (self.access, self.sequence)
    }
}

impl Jar {
    /// Frees what is expired, as soon as it is: looks only at the cookies whose time has come.
    pub(super) fn sweep(&mut self, now: SystemTime) {
        while let Some(Reverse(next)) = self.expiries.0.peek()
            && next.at <= now
        {
            let Some(Reverse(due)) = self.expiries.0.pop() else { break };
            // A replacement has the same number and its own time.
            self.index.take_hashed(due.hash, |cookie| cookie.sequence() == due.sequence && cookie.is_expired(now));
        }
    }

    /// Remembers when a cookie expires that was put in.
    pub(super) fn remember_expiry(&mut self, hash: u64, sequence: u64, expires: Option<SystemTime>) {
        let Some(at) = expires else { return };
        if self.expiries.0.len() > self.index.len().saturating_mul(2).saturating_add(SLACK) {
            let expiry = |cookie: &Cookie| {
                let (sequence, hash) = (cookie.sequence(), Key::of(cookie.domain()).hash());
                cookie.expires().map(|at| Reverse(Expiry { at, sequence, hash }))
            };
            self.expiries.0 = self.index.iter().filter_map(expiry).collect();
        } else {
            self.expiries.0.push(Reverse(Expiry { at, sequence, hash }));
        }
    }

    /// Brings the domain and then the jar back within their bounds. Of a domain goes what is not Secure before what is;
    /// of the jar, anything; each by the longest time unused. Expired ones are gone already. Says whether any went.
    pub(super) fn make_room(&mut self, key: Key<'_>) -> bool {
        let before = self.index.len();
        while self.index.of(key).len() > self.limits.cookies_per_domain {
            let cookies = self.index.of(key);
            let Some(unused) = cookies.iter().min_by_key(|cookie| (cookie.is_secure(), age(cookie))) else { break };
            let goes = age(unused);
            self.index.take(key, |cookie| age(cookie) == goes);
        }
        while self.index.len() > self.limits.cookies_total {
            let Some(candidate) = self.eldest.0.pop() else {
                if !self.refill() {
                    break;
                }
                continue;
            };
            self.index.take(Key::of(&candidate.domain), |cookie| candidate.is(cookie));
        }
        self.index.len() < before
    }

    /// Looks up the next batch of those to go; whether there is any.
    fn refill(&mut self) -> bool {
        let over = self.index.len().saturating_sub(self.limits.cookies_total);
        let batch = over.saturating_add(self.index.len() / 4);
        let eldest = sorted_by_key(self.index.iter(), |cookie| age(cookie));
        self.eldest.0 = eldest
            .into_iter()
            .take(batch)
            .rev()
            .map(|cookie| {
                let (access, sequence) = age(cookie);
                Candidate { access, sequence, domain: Arc::clone(cookie.domain_arc()) }
            })
            .collect();
        !self.eldest.0.is_empty()
    }
}

/// How many entries of cookies that are gone are always allowed.
const SLACK: usize = 64;

/// Last use, and creation where several were used at once.
fn age(cookie: &Cookie) -> (u64, u64) {
    (cookie.access(), cookie.sequence())
}

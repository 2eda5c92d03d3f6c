//! What goes when time passes or room is short (RFC 6265bis 5.7, the end, and 6.1).

use super::cookie::Cookie;
use super::jar::Jar;
use std::cmp::Reverse;
use std::sync::Arc;
use std::time::SystemTime;

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
    /// Frees what is expired, as soon as it is: looks at the cookies only when one of them can be.
    pub(super) fn sweep(&mut self, now: SystemTime) {
        if self.next_expiry.is_none_or(|next| next > now) {
            return;
        }
        let mut next: Option<SystemTime> = None;
        self.index.retain(|cookie| {
            let keep = !cookie.is_expired(now);
            if keep && let Some(expires) = cookie.expires() {
                next = Some(next.map_or(expires, |next| next.min(expires)));
            }
            keep
        });
        self.next_expiry = next;
    }

    /// Brings the domain and then the jar back within their bounds. Of a domain goes what is not Secure before what is;
    /// of the jar, anything; each by the longest time unused. Expired ones are gone already. Says whether any went.
    pub(super) fn make_room(&mut self, domain: &str) -> bool {
        let before = self.index.len();
        while self.index.of(domain).len() > self.limits.cookies_per_domain {
            let cookies = self.index.of(domain);
            let Some(unused) = cookies.iter().min_by_key(|cookie| (cookie.is_secure(), age(cookie))) else { break };
            let goes = age(unused);
            self.index.take(domain, |cookie| age(cookie) == goes);
        }
        while self.index.len() > self.limits.cookies_total {
            let Some(candidate) = self.eldest.0.pop() else {
                if !self.refill() {
                    break;
                }
                continue;
            };
            self.index.take(&candidate.domain, |cookie| candidate.is(cookie));
        }
        self.index.len() < before
    }

    /// Looks up the next batch of those to go; whether there is any.
    fn refill(&mut self) -> bool {
        let mut all: Vec<&Cookie> = self.index.iter().collect();
        let over = all.len().saturating_sub(self.limits.cookies_total);
        let batch = over.saturating_add(all.len() / 8);
        if batch < all.len() {
            all.select_nth_unstable_by_key(batch, |cookie| age(cookie));
            all.truncate(batch);
        }
        all.sort_unstable_by_key(|cookie| Reverse(age(cookie)));
        self.eldest.0 = all
            .into_iter()
            .map(|cookie| {
                let (access, sequence) = age(cookie);
                Candidate { access, sequence, domain: Arc::clone(cookie.domain_arc()) }
            })
            .collect();
        !self.eldest.0.is_empty()
    }
}

/// Last use, and creation where several were used at once.
fn age(cookie: &Cookie) -> (u64, u64) {
    (cookie.access(), cookie.sequence())
}

//! What bounds the time of an exchange: which moment each phase must be over at. Every function takes the time it is
//! asked at; waiting until then is the transport's.

use crate::error::bound::Bound;
use crate::time::Timeouts;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What bounds the time of one exchange.
#[derive(Clone, Debug)]
pub struct Bounds {
    timeouts: Arc<Timeouts>,
    total: Option<Instant>,
}

/// A moment at which something must be over, and which bound says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    at: Instant,
    bound: Bound,
    allowed: Option<Duration>,
}

/// What one address gets at least of the time for connecting, where there is that much.
const LEAST_SHARE: Duration = Duration::from_secs(2);

impl Bounds {
    /// The bounds of an exchange. `deadline` is a moment of the session's clock, which shows `session_now` where the
    /// clock that sockets wait by shows `now`.
    #[must_use]
    pub fn new(
        timeouts: impl Into<Arc<Timeouts>>,
        deadline: Option<Instant>,
        session_now: Instant,
        now: Instant,
    ) -> Self {
        // A moment that the clock cannot hold never comes.
        let total = deadline.and_then(|deadline| now.checked_add(deadline.saturating_duration_since(session_now)));
        Self { timeouts: timeouts.into(), total }
    }

    /// For resolving and connecting that start now.
    #[must_use]
    pub fn connect(&self, now: Instant) -> Option<Deadline> {
        self.nearest(Bound::Connect, self.timeouts.connect, now)
    }

    /// For asking for the addresses of a name from now on, within the time for connecting.
    #[must_use]
    pub fn resolve(&self, connect: Option<Deadline>, now: Instant) -> Option<Deadline> {
        self.within(connect, Bound::Resolve, self.timeouts.resolve, now)
    }

    /// For a TLS handshake that begins now, within the time for connecting.
    #[must_use]
    pub fn tls(&self, connect: Option<Deadline>, now: Instant) -> Option<Deadline> {
        self.within(connect, Bound::Tls, self.timeouts.tls, now)
    }

    fn within(
        &self,
        whole: Option<Deadline>,
        bound: Bound,
        allowed: Option<Duration>,
        now: Instant,
    ) -> Option<Deadline> {
        // Most have none of their own.
        if allowed.is_none() {
            return whole;
        }
        Deadline::nearer(whole, self.nearest(bound, allowed, now))
    }

    /// For a response head that is awaited from now on.
    #[must_use]
    pub fn head(&self, now: Instant) -> Option<Deadline> {
        self.nearest(Bound::Head, self.timeouts.head, now)
    }

    /// For the 100 that a body waits for from now on.
    #[must_use]
    pub fn expect(&self, now: Instant) -> Option<Deadline> {
        self.nearest(Bound::Expect, shorter(self.timeouts.expect, self.timeouts.head), now)
    }

    /// For the next byte of a body.
    #[must_use]
    pub fn idle(&self, now: Instant) -> Option<Deadline> {
        self.nearest(Bound::Idle, self.timeouts.idle, now)
    }

    /// For all of an unwanted body.
    #[must_use]
    pub fn drain(&self, now: Instant) -> Option<Deadline> {
        self.nearest(Bound::Drain, shorter(self.timeouts.drain, self.timeouts.idle), now)
    }

    #[inline(never)]
    fn nearest(&self, bound: Bound, allowed: Option<Duration>, now: Instant) -> Option<Deadline> {
        let own = allowed.and_then(|allowed| {
            let at = now.checked_add(allowed)?;
            Some(Deadline { at, bound, allowed: Some(allowed) })
        });
        let total = self.total.map(|at| Deadline { at, bound: Bound::Total, allowed: self.timeouts.total });
        match (own, total) {
            (Some(own), Some(total)) if own.at < total.at => Some(own),
            (own, total) => total.or(own),
        }
    }
}

/// The shorter of two bounds, of which each may be off.
fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

impl Deadline {
    /// The one that comes first of two, where there is any.
    #[must_use]
    pub fn nearer(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        one.into_iter().chain(other).min_by_key(|deadline| deadline.at)
    }

    /// The moment.
    #[must_use]
    pub fn at(&self) -> Instant {
        self.at
    }

    /// Which bound it is.
    #[must_use]
    pub fn bound(&self) -> Bound {
        self.bound
    }

    /// How long the bound allows, where it is a span.
    #[must_use]
    pub fn allowed(&self) -> Option<Duration> {
        self.allowed
    }

    /// What is left of the time.
    #[must_use]
    pub fn left(&self, now: Instant) -> Duration {
        self.at.saturating_duration_since(now)
    }

    /// Whether no time is left.
    #[must_use]
    pub fn is_over(&self, now: Instant) -> bool {
        self.left(now).is_zero()
    }

    /// What the next of `waiting` addresses gets of the time that is left: a fair part, but no less than 2 s where there
    /// is that much.
    #[must_use]
    pub fn share(&self, now: Instant, waiting: usize) -> Duration {
        let left = self.left(now);
        let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
        left.checked_div(waiting).unwrap_or(left).max(LEAST_SHARE).min(left)
    }
}

#[cfg(test)]
mod tests {
    use super::Bounds;
    use crate::error::bound::Bound;
    use crate::time::Timeouts;
    use std::time::{Duration, Instant};

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
        Instant::now()
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn timeouts() -> Timeouts {
        Timeouts { connect: Some(seconds(10)), head: Some(seconds(20)), idle: Some(seconds(30)), ..Timeouts::default() }
    }

    #[test]
    fn each_phase_has_its_own_bound_from_now_and_the_total_goes_before_a_later_one() {
        let start = start();
        let bounds = Bounds::new(timeouts(), Some(start + seconds(25)), start, start);
        let told = |deadline: Option<super::Deadline>| deadline.map(|it| (it.bound(), it.left(start)));
        assert_eq!(told(bounds.connect(start)), Some((Bound::Connect, seconds(10))));
        assert_eq!(told(bounds.head(start)), Some((Bound::Head, seconds(20))));
        assert_eq!(told(bounds.idle(start)), Some((Bound::Total, seconds(25))));
        assert_eq!(told(bounds.head(start + seconds(6))), Some((Bound::Total, seconds(25))));
        assert_eq!(told(bounds.connect(start + seconds(6))), Some((Bound::Connect, seconds(16))));
        assert!(bounds.head(start).unwrap().is_over(start + seconds(20)));
        assert!(!bounds.head(start).unwrap().is_over(start + seconds(19)));
    }

    #[test]
    fn bounds_that_are_off_leave_the_total_or_none() {
        let start = start();
        let (connect, head, idle, total) = (None, None, None, None);
        let off = Timeouts { connect, head, idle, total, expect: None, drain: None, ..Timeouts::default() };
        let none = Bounds::new(off, None, start, start);
        for deadline in [none.connect(start), none.head(start), none.idle(start), none.drain(start)] {
            assert_eq!(deadline, None);
        }
        let total = Bounds::new(off, Some(start), start, start);
        assert_eq!(total.head(start).unwrap().bound(), Bound::Total);
        let endless = Bounds::new(Timeouts { head: Some(Duration::MAX), ..off }, None, start, start);
        assert_eq!(endless.head(start), None, "a moment that the clock cannot hold never comes");
    }

    #[test]
    fn a_part_of_connecting_has_its_own_bound_only_where_one_is_set_and_never_longer_than_all_of_it() {
        let start = start();
        let told = |timeouts: Timeouts,
                    part: fn(&Bounds, Option<super::Deadline>, Instant) -> Option<super::Deadline>| {
            let bounds = Bounds::new(timeouts, None, start, start);
            let later = start + seconds(4);
            part(&bounds, bounds.connect(start), later).map(|it| (it.bound(), it.left(start)))
        };
        let of = |resolve: u64, tls: u64| Timeouts {
            resolve: Some(seconds(resolve)),
            tls: Some(seconds(tls)),
            ..timeouts()
        };
        assert_eq!(told(timeouts(), Bounds::resolve), Some((Bound::Connect, seconds(10))));
        assert_eq!(told(timeouts(), Bounds::tls), Some((Bound::Connect, seconds(10))));
        assert_eq!(told(of(2, 3), Bounds::resolve), Some((Bound::Resolve, seconds(6))));
        assert_eq!(told(of(2, 3), Bounds::tls), Some((Bound::Tls, seconds(7))));
        assert_eq!(told(of(7, 7), Bounds::tls), Some((Bound::Connect, seconds(10))));
        let alone = Timeouts { connect: None, ..of(2, 3) };
        assert_eq!(told(alone, Bounds::resolve), Some((Bound::Resolve, seconds(6))));
        assert_eq!(told(alone, Bounds::tls), Some((Bound::Tls, seconds(7))));
        let bounds = Bounds::new(of(2, 3), Some(start + seconds(1)), start, start);
        assert_eq!(bounds.tls(bounds.connect(start), start).unwrap().bound(), Bound::Total);
    }

    #[test]
    fn a_deadline_of_another_clock_keeps_its_distance() {
        let start = start();
        let (session_now, now) = (start + seconds(1000), start);
        let bounds = Bounds::new(timeouts(), Some(session_now + seconds(3)), session_now, now);
        assert_eq!(bounds.head(now).unwrap().at(), now + seconds(3));
        let passed = Bounds::new(timeouts(), Some(start), session_now, now);
        assert!(passed.head(now).unwrap().is_over(now));
    }

    #[test]
    fn an_unwanted_body_has_a_second_and_never_longer_than_a_wanted_one() {
        let start = start();
        let drain = |timeouts| Bounds::new(timeouts, None, start, start).drain(start).map(|it| it.left(start));
        assert_eq!(drain(Timeouts::default()), Some(seconds(1)));
        let short = Duration::from_millis(5);
        assert_eq!(drain(Timeouts { idle: Some(short), ..Timeouts::default() }), Some(short));
        assert_eq!(drain(Timeouts { drain: None, ..Timeouts::default() }), Some(seconds(60)));
        assert_eq!(drain(Timeouts { idle: None, ..Timeouts::default() }), Some(seconds(1)));
    }

    #[test]
    fn a_body_waits_a_second_for_its_100_and_never_longer_than_for_a_head() {
        let start = start();
        let expect = |timeouts| Bounds::new(timeouts, None, start, start).expect(start).map(|it| it.left(start));
        assert_eq!(expect(Timeouts::default()), Some(seconds(1)));
        assert_eq!(expect(Timeouts { expect: None, ..Timeouts::default() }), Some(seconds(60)));
        let short = Duration::from_millis(5);
        assert_eq!(expect(Timeouts { head: Some(short), ..Timeouts::default() }), Some(short));
        assert_eq!(expect(Timeouts { head: None, expect: None, ..Timeouts::default() }), None);
    }

    #[test]
    fn addresses_share_the_time_and_none_gets_less_than_two_seconds_while_there_are() {
        let start = start();
        let deadline = Bounds::new(timeouts(), None, start, start).connect(start).unwrap();
        assert_eq!(deadline.share(start, 1), seconds(10));
        assert_eq!(deadline.share(start, 4), Duration::from_millis(2500));
        assert_eq!(deadline.share(start, 100), seconds(2));
        assert_eq!(deadline.share(start + seconds(9), 3), seconds(1));
        assert_eq!(deadline.share(start, 0), seconds(10));
        assert_eq!(deadline.share(start + seconds(11), 3), Duration::ZERO);
    }
}

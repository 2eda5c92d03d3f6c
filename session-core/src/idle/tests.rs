//! The pool's rules, one behaviour each, and the property that no connection is lost or given twice.

use super::{Idle, PoolKey};
use crate::limits::Limits;
use crate::message::origin::Origin;
use proptest::prelude::*;
use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

fn start() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
    Instant::now()
}

fn key(origin: &str) -> PoolKey {
    PoolKey::direct(Origin::parse(origin).unwrap())
}

fn a() -> PoolKey {
    key("https://a.test")
}

fn limits(per_key: usize, total: usize, seconds: u64) -> Limits {
    let mut limits = Limits::default();
    (limits.idle_per_key, limits.idle_total, limits.idle_seconds) = (per_key, total, seconds);
    limits
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_connection_used_last_is_taken_first() {
    let (mut idle, now) = (Idle::new(&Limits::default()), start());
    assert!(idle.insert(a(), "one", now).is_empty());
    assert!(idle.insert(a(), "two", now + secs(1)).is_empty());
    assert_eq!(idle.take(&a(), now + secs(3)).connection, Some(("two", secs(2))));
    assert_eq!(idle.take(&a(), now + secs(3)).connection, Some(("one", secs(3))));
    assert_eq!(idle.take(&a(), now + secs(3)).connection, None);
}

/// Threats PI-01 and PI-06.
#[test]
fn another_scheme_host_or_port_is_another_connection() {
    let (mut idle, now) = (Idle::new(&Limits::default()), start());
    assert!(idle.insert(a(), 1, now).is_empty());
    for other in ["http://a.test", "http://a.test:443", "https://a.test:8443", "https://b.test", "https://a.test."] {
        assert_eq!(idle.take(&key(other), now).connection, None, "{other}");
    }
    assert_eq!(idle.take(&key("https://A.TEST:443"), now).connection, Some((1, Duration::ZERO)));
}

#[test]
fn a_connection_lies_as_long_as_allowed_and_no_longer() {
    let (mut idle, now) = (Idle::new(&limits(9, 9, 90)), start());
    assert!(idle.insert(a(), 1, now).is_empty());
    assert_eq!(idle.next_expiry(), Some(now + secs(90)));
    assert!(idle.expire(now + secs(90) - Duration::from_nanos(1)).is_empty());
    let taken = idle.take(&a(), now + secs(90));
    assert_eq!((taken.connection, taken.expired), (None, vec![1]));
    assert_eq!((idle.next_expiry(), idle.len()), (None, 0));
}

/// Fault 39: the peer said how long it keeps a connection.
#[test]
fn a_connection_that_the_peer_keeps_shortly_goes_early() {
    let (mut idle, now) = (Idle::new(&limits(9, 9, 90)), start());
    assert!(idle.insert(a(), "long", now).is_empty());
    assert!(idle.insert_for(a(), "short", now, secs(1)).is_empty());
    assert!(idle.insert_for(a(), "capped", now, secs(1000)).is_empty());
    assert_eq!(idle.next_expiry(), Some(now + secs(1)));
    assert_eq!(idle.expire(now + secs(2)), ["short"]);
    assert_eq!(idle.expire(now + secs(90)), ["long", "capped"]);
}

#[test]
fn a_key_has_room_for_as_many_as_allowed() {
    let (mut idle, now) = (Idle::new(&limits(2, 9, 90)), start());
    assert!(idle.insert(a(), 1, now).is_empty());
    assert!(idle.insert(a(), 2, now).is_empty());
    assert!(idle.insert(key("https://b.test"), 3, now).is_empty());
    assert_eq!(idle.insert(a(), 4, now), [1]);
    assert_eq!(idle.len(), 3);
}

#[test]
fn the_pool_has_room_for_as_many_as_allowed() {
    let (mut idle, now) = (Idle::new(&limits(9, 2, 90)), start());
    for (n, origin) in ["https://a.test", "https://b.test"].into_iter().enumerate() {
        assert!(idle.insert(key(origin), n, now).is_empty());
    }
    assert_eq!(idle.insert(key("https://c.test"), 2, now), [0]);
    assert_eq!(idle.len(), 2);
}

#[test]
fn a_bound_of_zero_keeps_nothing() {
    for limits in [limits(0, 9, 90), limits(9, 0, 90), limits(9, 9, 0)] {
        let mut idle = Idle::new(&limits);
        assert_eq!(idle.insert(a(), 1, start()), [1]);
        assert!(idle.is_empty() && idle.next_expiry().is_none());
    }
}

#[test]
fn a_time_that_the_clock_cannot_hold_never_comes() {
    let (mut idle, now) = (Idle::new(&limits(9, 9, u64::MAX)), start());
    assert!(idle.insert(a(), 1, now).is_empty());
    assert_eq!(idle.next_expiry(), None);
    assert_eq!(idle.take(&a(), now + secs(1_000_000)).connection, Some((1, secs(1_000_000))));
}

#[test]
fn clear_empties_the_pool_and_close_ends_it() {
    let (mut idle, now) = (Idle::new(&Limits::default()), start());
    assert!(idle.insert(a(), 1, now).is_empty());
    assert_eq!(idle.clear(), [1]);
    assert!(!idle.is_closed() && idle.insert(a(), 2, now).is_empty());
    assert_eq!(idle.close(), [2]);
    assert!(idle.is_closed());
    assert_eq!(idle.insert(a(), 3, now), [3]);
    assert_eq!(idle.take(&a(), now).connection, None);
}

#[derive(Clone, Debug)]
enum Step {
    Insert(u8),
    InsertFor(u8, u64),
    Take(u8),
    Expire,
    Clear,
    Close,
    Wait(u64),
    /// A thread that read its clock before another one did.
    Back(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..4_u8).prop_map(Step::Insert),
        3 => (0..4_u8, 0..12_u64).prop_map(|(key, keep)| Step::InsertFor(key, keep)),
        5 => (0..4_u8).prop_map(Step::Take),
        2 => Just(Step::Expire),
        1 => Just(Step::Clear),
        1 => Just(Step::Close),
        4 => (0..8_u64).prop_map(Step::Wait),
        1 => (0..4_u64).prop_map(Step::Back),
    ]
}

proptest! {
    #[test]
    fn bounds_hold_and_every_connection_comes_out_once(
        per_key in 0..4_usize, total in 0..6_usize, seconds in 0..10_u64,
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let mut idle = Idle::new(&limits(per_key, total, seconds));
        let mut now = start() + secs(1000);
        let mut inserted = 0_usize;
        let mut keys = Vec::new();
        let mut out = BTreeSet::new();
        for step in steps {
            let mut came: Vec<usize> = Vec::new();
            match step {
                Step::Insert(n) | Step::InsertFor(n, _) => {
                    let key = key(&format!("https://h{n}.test"));
                    let keep = if let Step::InsertFor(_, keep) = step { secs(keep) } else { secs(u64::MAX) };
                    came = idle.insert_for(key, inserted, now, keep);
                    keys.push(n);
                    inserted += 1;
                }
                Step::Take(n) => {
                    let taken = idle.take(&key(&format!("https://h{n}.test")), now);
                    if let Some((connection, since)) = taken.connection {
                        prop_assert_eq!(keys[connection], n);
                        prop_assert!(since < secs(seconds), "{:?}", since);
                        came.push(connection);
                    }
                    came.extend(taken.expired);
                }
                Step::Expire => came = idle.expire(now),
                Step::Clear => came = idle.clear(),
                Step::Close => came = idle.close(),
                Step::Wait(by) => now += secs(by),
                Step::Back(by) => now -= secs(by),
            }
            for connection in came {
                prop_assert!(connection < inserted && out.insert(connection), "{} came twice", connection);
            }
            prop_assert_eq!(idle.len() + out.len(), inserted);
            prop_assert!(idle.len() <= total && idle.by_key.values().all(|serials| serials.len() <= per_key));
            prop_assert_eq!(idle.by_key.values().map(VecDeque::len).sum::<usize>(), idle.len());
            prop_assert!(idle.by_key.len() <= total + 1, "keys without a connection pile up");
            prop_assert!(idle.next_expiry().is_none_or(|next| idle.soonest.is_some_and(|soonest| soonest <= next)));
        }
        out.extend(idle.clear());
        prop_assert_eq!(out, (0..inserted).collect::<BTreeSet<_>>());
    }
}

//! The queue's rules, one behaviour each, and the property that no permit is lost and nobody is passed over.

use super::{Aftermath, Found, Pool, Ticket, Wanted};
use crate::idle::PoolKey;
use crate::limits::Limits;
use crate::message::origin::Origin;
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn start() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
    Instant::now()
}

fn key(name: char) -> PoolKey {
    PoolKey::direct(Origin::parse(&format!("http://{name}.test")).unwrap())
}

fn limits(per_key: usize, total: usize) -> Limits {
    let mut limits = Limits::default();
    (limits.connections_per_key, limits.connections_total) = (per_key, total);
    limits
}

fn pool(per_key: usize, total: usize) -> (Pool<u32>, Instant) {
    (Pool::new(&limits(per_key, total)), start())
}

/// Takes without anything to do afterwards.
fn take(pool: &mut Pool<u32>, name: char, now: Instant) -> Found<u32> {
    let (found, after) = pool.take(&key(name), Wanted::Any, now);
    assert!(after.close.is_empty() && after.wake.is_empty(), "{after:?}");
    found
}

fn ticket(found: Found<u32>) -> Ticket {
    match found {
        Found::Wait(ticket) => ticket,
        other => panic!("expected a wait, got {other:?}"),
    }
}

fn told(after: Aftermath<u32>) -> (Vec<u32>, Vec<Ticket>) {
    (after.close, after.wake)
}

#[test]
fn a_key_has_as_many_connections_as_it_may_and_the_next_waits() {
    let (mut pool, now) = pool(2, 9);
    assert_eq!(take(&mut pool, 'a', now), Found::Open);
    assert_eq!(take(&mut pool, 'a', now), Found::Open);
    let first = ticket(take(&mut pool, 'a', now));
    let second = ticket(take(&mut pool, 'a', now));
    assert_eq!(take(&mut pool, 'b', now), Found::Open, "another key has room");
    assert_eq!(pool.claim(first), None);
    assert_eq!(told(pool.give_back(key('a'), 1, now, None)), (vec![], vec![first]));
    assert_eq!(pool.claim(first), Some(Found::Ready(1, Duration::ZERO)));
    assert_eq!(pool.claim(first), None, "once");
    assert_eq!(told(pool.release(&key('a'), now)), (vec![], vec![second]));
    assert_eq!(pool.claim(second), Some(Found::Open));
    assert_eq!((pool.in_use(), pool.idle(), pool.waiting()), (3, 0, 0));
}

#[test]
fn in_all_there_are_no_more_than_there_may_be_and_idle_ones_make_room() {
    let (mut pool, now) = pool(9, 2);
    assert_eq!(take(&mut pool, 'a', now), Found::Open);
    assert_eq!(take(&mut pool, 'b', now), Found::Open);
    assert_eq!(told(pool.give_back(key('a'), 1, now, None)), (vec![], vec![]));
    // The idle one of another key is closed, not waited for.
    let (found, after) = pool.take(&key('c'), Wanted::Any, now);
    assert_eq!((found, told(after)), (Found::Open, (vec![1], vec![])));
    let third = ticket(take(&mut pool, 'd', now));
    assert_eq!(told(pool.give_back(key('b'), 2, now, None)), (vec![2], vec![third]));
    assert_eq!(pool.claim(third), Some(Found::Open));
}

#[test]
fn who_came_first_is_served_first_whatever_the_key() {
    let (mut pool, now) = pool(9, 1);
    assert_eq!(take(&mut pool, 'a', now), Found::Open);
    let b = ticket(take(&mut pool, 'b', now));
    let a = ticket(take(&mut pool, 'a', now));
    // The connection fits the second; the first has waited longer.
    assert_eq!(told(pool.give_back(key('a'), 1, now, None)), (vec![1], vec![b]));
    assert_eq!(pool.claim(b), Some(Found::Open));
    assert_eq!(told(pool.give_back(key('b'), 2, now, None)), (vec![2], vec![a]));
    assert_eq!(pool.claim(a), Some(Found::Open));
}

#[test]
fn a_fresh_connection_takes_the_place_of_an_idle_one_of_its_key() {
    let (mut pool, now) = pool(1, 9);
    assert_eq!(take(&mut pool, 'a', now), Found::Open);
    assert_eq!(told(pool.give_back(key('a'), 1, now, None)), (vec![], vec![]));
    let (found, after) = pool.take(&key('a'), Wanted::Fresh, now);
    assert_eq!((found, told(after)), (Found::Open, (vec![1], vec![])));
    let (waits, _) = pool.take(&key('a'), Wanted::Fresh, now);
    let waits = ticket(waits);
    assert_eq!(told(pool.give_back(key('a'), 2, now, None)), (vec![2], vec![waits]));
    assert_eq!(pool.claim(waits), Some(Found::Open));
}

#[test]
fn who_gives_up_leaves_the_place_to_the_next_also_when_served_already() {
    let (mut pool, now) = pool(1, 9);
    assert_eq!(take(&mut pool, 'a', now), Found::Open);
    let [first, second, third, fourth] = std::array::from_fn(|_| ticket(take(&mut pool, 'a', now)));
    assert_eq!(told(pool.cancel(first, now)), (vec![], vec![]));
    assert_eq!(told(pool.give_back(key('a'), 1, now, None)), (vec![], vec![second]));
    assert_eq!(told(pool.cancel(second, now)), (vec![], vec![third]));
    assert_eq!(told(pool.cancel(second, now)), (vec![], vec![]), "once");
    assert_eq!(pool.claim(third), Some(Found::Ready(1, Duration::ZERO)));
    assert_eq!(told(pool.release(&key('a'), now)), (vec![], vec![fourth]));
    assert_eq!(told(pool.cancel(fourth, now)), (vec![], vec![]));
    assert_eq!((pool.in_use(), pool.waiting()), (0, 0));
    assert_eq!(take(&mut pool, 'a', now), Found::Open);
}

#[test]
fn a_dead_connection_is_replaced_under_the_same_permit() {
    let (mut pool, now) = pool(2, 2);
    for _ in 0..2 {
        assert_eq!(take(&mut pool, 'a', now), Found::Open);
    }
    assert_eq!(told(pool.give_back(key('a'), 1, now, None)), (vec![], vec![]));
    assert_eq!(told(pool.give_back(key('a'), 2, now, None)), (vec![], vec![]));
    assert!(matches!(take(&mut pool, 'a', now), Found::Ready(2, _)));
    let (other, after) = pool.replace(&key('a'), now);
    assert_eq!((other, told(after)), (Some((1, Duration::ZERO)), (vec![], vec![])));
    assert_eq!((pool.in_use(), pool.idle()), (1, 0));
    let (none, _) = pool.replace(&key('a'), now);
    assert_eq!((none, pool.in_use()), (None, 1));
}

#[test]
fn time_that_passes_makes_room_and_a_closed_pool_keeps_none() {
    let (mut pool, now) = pool(9, 1);
    assert_eq!(take(&mut pool, 'a', now), Found::Open);
    assert_eq!(told(pool.give_back(key('a'), 1, now, Some(Duration::from_secs(1)))), (vec![], vec![]));
    let (found, after) = pool.take(&key('a'), Wanted::Any, now + Duration::from_secs(1));
    assert_eq!((found, told(after)), (Found::Open, (vec![1], vec![])));
    let waits = ticket(take(&mut pool, 'b', now));
    assert_eq!(told(pool.close(now)), (vec![], vec![]));
    assert_eq!(told(pool.give_back(key('a'), 2, now, None)), (vec![2], vec![waits]));
    assert_eq!(pool.claim(waits), Some(Found::Open));
    assert_eq!(told(pool.give_back(key('b'), 3, now, None)), (vec![3], vec![]));
}

#[test]
fn a_bound_of_none_is_one() {
    let (mut pool, now) = pool(0, 0);
    assert_eq!(take(&mut pool, 'a', now), Found::Open);
    ticket(take(&mut pool, 'a', now));
}

#[derive(Clone, Debug)]
enum Op {
    Take(usize, bool),
    /// One of those in use is given back, or closed.
    Return(usize, bool),
    Claim(usize),
    Cancel(usize),
    Replace(usize),
    Pass(u64),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        4 => (0..3usize, any::<bool>()).prop_map(|(key, fresh)| Op::Take(key, fresh)),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(which, close)| Op::Return(which, close)),
        3 => any::<usize>().prop_map(Op::Claim),
        1 => any::<usize>().prop_map(Op::Cancel),
        1 => any::<usize>().prop_map(Op::Replace),
        1 => (0..60u64).prop_map(Op::Pass),
    ];
    prop::collection::vec(op, 0..80)
}

/// A pool, and what is known of it from outside.
struct Model {
    pool: Pool<u32>,
    now: Instant,
    made: u32,
    /// The permits that are out: key and connection.
    out: Vec<(char, u32)>,
    /// Who waits, in order: key, whether it must be fresh, whether it was woken.
    queue: Vec<(Ticket, char, bool, bool)>,
    /// The connections that are open.
    open: Vec<u32>,
}

impl Model {
    fn got(&mut self, name: char, fresh: bool, found: Found<u32>) {
        match found {
            Found::Ready(connection, _) => {
                assert!(!fresh && self.open.contains(&connection));
                assert!(self.out.iter().all(|(_, other)| *other != connection), "given twice");
                self.out.push((name, connection));
            }
            Found::Open => {
                self.made += 1;
                self.open.push(self.made);
                self.out.push((name, self.made));
            }
            Found::Wait(ticket) => self.queue.push((ticket, name, fresh, false)),
        }
    }

    fn after(&mut self, after: Aftermath<u32>) {
        for connection in after.close {
            let before = self.open.len();
            self.open.retain(|open| *open != connection);
            assert_eq!(self.open.len(), before - 1, "closed twice or in use");
            assert!(self.out.iter().all(|(_, other)| *other != connection));
        }
        for woken in after.wake {
            let at = self.queue.iter().position(|(ticket, ..)| *ticket == woken).unwrap();
            let name = self.queue[at].1;
            let passed = self.queue[..at].iter().any(|(_, other, _, was)| *other == name && !was);
            assert!(!passed, "somebody came before");
            self.queue[at].3 = true;
        }
    }

    fn play(&mut self, op: &Op) {
        match *op {
            Op::Take(index, fresh) => {
                let name = ['a', 'b', 'c'][index];
                let wanted = if fresh { Wanted::Fresh } else { Wanted::Any };
                let (found, after) = self.pool.take(&key(name), wanted, self.now);
                self.after(after);
                self.got(name, fresh, found);
            }
            Op::Return(which, close) if !self.out.is_empty() => {
                let (name, connection) = self.out.remove(which % self.out.len());
                let after = if close {
                    self.open.retain(|open| *open != connection);
                    self.pool.release(&key(name), self.now)
                } else {
                    self.pool.give_back(key(name), connection, self.now, None)
                };
                self.after(after);
            }
            Op::Claim(which) if !self.queue.is_empty() => {
                let at = which % self.queue.len();
                let (ticket, name, fresh, woken) = self.queue[at];
                let claimed = self.pool.claim(ticket);
                assert_eq!(claimed.is_some(), woken, "who is woken has something, and nobody else");
                if let Some(found) = claimed {
                    self.queue.remove(at);
                    self.got(name, fresh, found);
                }
            }
            Op::Cancel(which) if !self.queue.is_empty() => {
                let (ticket, ..) = self.queue.remove(which % self.queue.len());
                let after = self.pool.cancel(ticket, self.now);
                self.after(after);
            }
            Op::Replace(which) if !self.out.is_empty() => {
                let at = which % self.out.len();
                let (name, dead) = self.out.remove(at);
                self.open.retain(|open| *open != dead);
                let (other, after) = self.pool.replace(&key(name), self.now);
                self.after(after);
                let found = other.map_or(Found::Open, |(connection, idle)| Found::Ready(connection, idle));
                self.got(name, false, found);
            }
            Op::Pass(seconds) => self.now += Duration::from_secs(seconds),
            Op::Return(..) | Op::Claim(_) | Op::Cancel(_) | Op::Replace(_) => {}
        }
    }

    fn check(&self, per_key: usize, total: usize) {
        let granted = self.queue.iter().filter(|(.., woken)| *woken).count();
        assert_eq!(self.pool.in_use(), self.out.len() + granted, "a permit was lost or made");
        assert_eq!(self.pool.waiting(), self.queue.len() - granted);
        assert!(self.pool.in_use() + self.pool.idle() <= total);
        for name in ['a', 'b', 'c'] {
            assert!(self.pool.open_of(&key(name)) <= per_key);
        }
        // Nobody waits who could be served.
        for (_, name, fresh, _) in self.queue.iter().filter(|(.., woken)| !woken) {
            let wanted = if *fresh { Wanted::Fresh } else { Wanted::Any };
            assert!(!self.pool.has_room(&key(*name), wanted));
        }
    }
}

proptest! {
    #[test]
    fn no_permit_is_lost_and_nobody_is_passed_over(ops in ops(), per_key in 1..4usize, total in 1..5usize) {
        let pool = Pool::new(&limits(per_key, total));
        let mut model = Model { pool, now: start(), made: 0, out: vec![], queue: vec![], open: vec![] };
        for op in &ops {
            model.play(op);
            model.check(per_key, total);
        }
        // Whoever waits is served once those before have ended.
        let mut rounds = 0;
        while !model.queue.is_empty() {
            rounds += 1;
            prop_assert!(rounds < 1000, "somebody waits for ever");
            model.play(&Op::Claim(rounds));
            model.play(&Op::Return(rounds, rounds % 2 == 0));
            model.check(per_key, total);
        }
        while !model.out.is_empty() {
            model.play(&Op::Return(0, true));
        }
        prop_assert_eq!(model.pool.in_use(), 0);
    }
}

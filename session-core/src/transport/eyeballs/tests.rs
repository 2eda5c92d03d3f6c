use super::{Eyeballs, Next};
use crate::limits::Limits;
use crate::time::Timeouts;
use crate::transport::bounds::{Bounds, Deadline};
use proptest::prelude::*;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const DELAY: Duration = Duration::from_millis(250);

fn start() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
    Instant::now()
}

fn within(allowed: Duration, start: Instant) -> Option<Deadline> {
    Bounds::new(Timeouts { connect: Some(allowed), ..Timeouts::default() }, None, start, start).connect(start)
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
    texts.iter().map(|text| address(text)).collect()
}

fn race(texts: &[&str], deadline: Option<Deadline>) -> Eyeballs {
    Eyeballs::new(addresses(texts), DELAY, deadline, &Limits::default())
}

fn refused() -> io::Error {
    io::ErrorKind::ConnectionRefused.into()
}

/// The order in which all addresses start, each failing at once.
fn order(mut eyeballs: Eyeballs) -> Vec<SocketAddr> {
    let mut order = Vec::new();
    while let Next::Start(address) = eyeballs.next(start()) {
        order.push(address);
        eyeballs.failed(address, refused());
    }
    order
}

#[test]
fn families_take_turns_and_the_resolvers_first_begins() {
    let v4_first = ["10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1", "[::1]:1", "[::2]:1"];
    let turns = ["10.0.0.1:1", "[::1]:1", "10.0.0.2:1", "[::2]:1", "10.0.0.3:1"];
    assert_eq!(order(race(&v4_first, None)), addresses(&turns));
    assert_eq!(
        order(race(&["[::1]:1", "[::2]:1", "10.0.0.1:1"], None)),
        addresses(&["[::1]:1", "10.0.0.1:1", "[::2]:1"])
    );
    assert_eq!(order(race(&["[::1]:1", "[::1]:1", "[::1]:2"], None)), addresses(&["[::1]:1", "[::1]:2"]));
}

#[test]
fn the_next_attempt_starts_beside_the_last_one_after_a_while() {
    let start = start();
    let mut eyeballs = race(&["10.0.0.1:1", "10.0.0.2:1"], None);
    assert_eq!(eyeballs.next(start), Next::Start(address("10.0.0.1:1")));
    assert_eq!(eyeballs.next(start), Next::Wait(Some(start + DELAY)));
    let early = start + DELAY - Duration::from_nanos(1);
    assert_eq!(eyeballs.next(early), Next::Wait(Some(start + DELAY)));
    assert_eq!(eyeballs.next(start + DELAY), Next::Start(address("10.0.0.2:1")));
    assert_eq!(eyeballs.next(start + DELAY), Next::Wait(None), "nothing is left but those under way");
}

#[test]
fn a_failure_starts_the_next_attempt_at_once() {
    let start = start();
    let mut eyeballs = race(&["10.0.0.1:1", "10.0.0.2:1"], None);
    assert_eq!(eyeballs.next(start), Next::Start(address("10.0.0.1:1")));
    eyeballs.failed(address("10.0.0.1:1"), refused());
    assert_eq!(eyeballs.next(start), Next::Start(address("10.0.0.2:1")));
    eyeballs.failed(address("10.0.0.2:1"), io::ErrorKind::TimedOut.into());
    assert_eq!(eyeballs.next(start), Next::Failed);
    let told: Vec<_> = eyeballs.into_failures().into_iter().map(|(at, error)| (at, error.kind())).collect();
    let expected = [io::ErrorKind::ConnectionRefused, io::ErrorKind::TimedOut];
    assert_eq!(told, addresses(&["10.0.0.1:1", "10.0.0.2:1"]).into_iter().zip(expected).collect::<Vec<_>>());
}

#[test]
fn the_deadline_ends_the_race() {
    let start = start();
    let deadline = within(Duration::from_millis(100), start);
    let mut eyeballs = race(&["10.0.0.1:1", "10.0.0.2:1"], deadline);
    assert_eq!(eyeballs.next(start), Next::Start(address("10.0.0.1:1")));
    let end = start + Duration::from_millis(100);
    assert_eq!(eyeballs.next(start), Next::Wait(Some(end)));
    assert_eq!(eyeballs.next(end), Next::Late(deadline.unwrap()));
}

#[test]
fn as_many_addresses_as_are_allowed_are_tried_and_no_more() {
    let limits = Limits::default();
    for count in [0, 1, limits.addresses, limits.addresses + 1, 1000] {
        let many = (0..count).map(|port| SocketAddr::from(([10, 0, 0, 1], u16::try_from(port).unwrap()))).collect();
        let tried = order(Eyeballs::new(many, DELAY, None, &limits));
        assert_eq!(tried.len(), count.min(limits.addresses));
    }
    let half: Vec<_> =
        (1..100).flat_map(|port| addresses(&[&format!("10.0.0.1:{port}"), &format!("[::1]:{port}")])).collect();
    let tried = order(Eyeballs::new(half, DELAY, None, &limits));
    assert_eq!(tried.iter().filter(|address| address.is_ipv6()).count(), limits.addresses / 2);
}

/// What becomes of an attempt: after this long it connects or fails, or it never ends.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Connects(u64),
    Fails(u64),
    Hangs,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![(0_u64..2000).prop_map(Fate::Connects), (0_u64..2000).prop_map(Fate::Fails), Just(Fate::Hangs)]
}

proptest! {
    /// In virtual time: the race ends, never later than its deadline; no address starts twice; two starts without a failure
    /// between them are a delay apart; it fails only where all have failed.
    #[test]
    fn a_race_ends_in_time(fates in prop::collection::vec((any::<bool>(), fate()), 0..25), allowed in 1_u64..5000) {
        let start = start();
        let at = |index: usize, six: bool| {
            let port = u16::try_from(index + 1).unwrap();
            if six { SocketAddr::from(([0_u16; 8], port)) } else { SocketAddr::from(([0_u8; 4], port)) }
        };
        let all: Vec<_> = fates.iter().enumerate().map(|(index, (six, _))| at(index, *six)).collect();
        let deadline = within(Duration::from_millis(allowed), start);
        let limits = Limits::default();
        let mut eyeballs = Eyeballs::new(all.clone(), DELAY, deadline, &limits);
        let (mut now, mut under_way, mut started) = (start, Vec::new(), Vec::new());
        let (mut failures, mut last_start, mut steps) = (0, None, 0);
        let end = start + Duration::from_millis(allowed);
        loop {
            steps += 1;
            prop_assert!(steps < 200, "it does not end");
            match eyeballs.next(now) {
                Next::Start(address) => {
                    prop_assert!(!started.contains(&address) && started.len() < limits.addresses);
                    if let Some(last) = last_start {
                        prop_assert!(now >= last + DELAY);
                    }
                    last_start = Some(now);
                    started.push(address);
                    let index = all.iter().position(|known| *known == address).unwrap();
                    under_way.push((address, now, fates[index].1));
                }
                Next::Wait(until) => {
                    let ends = |(_, began, fate): &(SocketAddr, Instant, Fate)| match fate {
                        Fate::Connects(after) | Fate::Fails(after) => Some(*began + Duration::from_millis(*after)),
                        Fate::Hangs => None,
                    };
                    let first = under_way.iter().filter_map(|one| ends(one).map(|at| (at, *one))).min_by_key(|(at, _)| *at);
                    match (first, until) {
                        (Some((at, (address, began, fate))), until) if until.is_none_or(|until| at <= until) => {
                            now = now.max(at);
                            under_way.retain(|one| (one.0, one.1) != (address, began));
                            if matches!(fate, Fate::Connects(_)) {
                                prop_assert!(now <= end);
                                break;
                            }
                            eyeballs.failed(address, refused());
                            failures += 1;
                            last_start = None;
                        }
                        (_, Some(until)) => {
                            prop_assert!(until > now);
                            now = until;
                        }
                        (_, None) => prop_assert!(false, "it waits for ever"),
                    }
                }
                Next::Failed => {
                    prop_assert_eq!(failures, all.len().min(limits.addresses));
                    prop_assert_eq!(eyeballs.into_failures().len(), failures);
                    break;
                }
                Next::Late(_) => {
                    prop_assert!(now == end);
                    break;
                }
            }
        }
    }
}

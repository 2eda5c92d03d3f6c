//! What happens to a session, as bytes.

use super::SLOTS;
use arbitrary::Arbitrary;

/// A session and what happens to it. As bytes: one that says what it has, four that say for which origins, then four for
/// each operation.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Life<'a> {
    /// Bits: a default Authorization, Cookie and key; retries; a credential; Digest; a netrc; fields of an origin.
    pub has: u8,
    /// The numbers of origins and proxies that the settings are about.
    pub about: [u8; 4],
    /// What happens: see [`Operation::of`].
    pub operations: &'a [u8],
}

/// One thing that happens. `slot` names the exchange.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    /// A request begins in the place of the one in the slot, which is dropped.
    Begin {
        slot: usize,
        origin: u8,
        /// What the request has of its own, by bits: see `Playing::begin`.
        own: u16,
    },
    /// An answer comes. Bits of `gives`: cookies; Strict-Transport-Security; that with `max-age=0`; user information; a
    /// luring challenge; one that says stale; a new nonce.
    Answer { slot: usize, status: u8, to: u8, gives: u8 },
    /// The hop fails.
    Fail { slot: usize, kind: u8, sent: u8, reused: bool },
    /// The pause is over, or is said to be.
    Timeout { slot: usize },
    /// The token is dropped.
    Drop { slot: usize },
    /// So many seconds pass.
    Advance(u8),
    /// Another session credential: of an origin, or beyond the last one not bound.
    SetAuth { origin: u8, digest: bool },
    /// Another default Authorization.
    SetDefault,
    /// The jar is emptied.
    ClearCookies,
}

impl Operation {
    /// Four low bits of the first byte say what, the others which slot; the rest is read as that needs it.
    pub(super) fn of(bytes: [u8; 4]) -> Self {
        let [what, one, two, three] = bytes;
        let slot = usize::from(what >> 4) % SLOTS;
        match what & 15 {
            0..=2 => Self::Begin { slot, origin: one, own: u16::from_be_bytes([two, three]) },
            3..=9 => Self::Answer { slot, status: one, to: two, gives: three },
            10 => Self::Fail { slot, kind: one, sent: two, reused: three & 1 == 0 },
            11 => Self::Timeout { slot },
            12 => Self::Advance(one),
            13 => Self::SetAuth { origin: one, digest: two & 1 == 0 },
            14 if one & 1 == 0 => Self::SetDefault,
            14 => Self::ClearCookies,
            _ => Self::Drop { slot },
        }
    }
}

/// First inputs: there and back between any two origins, with all that a session can have, and a challenge at each end.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for first in 0..8 {
        for second in (0..8).filter(|second| *second != first) {
            for has in [0x10, 0x30, 0xff] {
                let mut seed = vec![has, first, first, second, (first << 2) | second];
                let (begin, there, back) = ([0, first, 0, 0], [3, 1, second, 1], [3, 4, first, 3]);
                // A challenge ends an exchange that has no Digest to answer it.
                let asked: &[[u8; 4]] = if has & 0x20 != 0 { &[[3, 6, 0, 0x10]] } else { &[] };
                for operation in [&[begin], asked, &[there, back], &[[3, 6, 0, 0x20]]].concat() {
                    seed.extend(operation);
                }
                // Another credential for the other end, which knows nothing of the first one's nonce.
                seed.extend([13, second, 0, 0].into_iter().chain([0x20, second, 0, 0]).chain([0x23, 6, 0, 0]));
                // The same with all that a request can have, on another slot.
                seed.extend(
                    [0x10, first, 0xff, 0xff].into_iter().chain([0x13, 5, second, 1]).chain([0x13, 2, first, 9]),
                );
                seeds.push(seed);
            }
        }
    }
    seeds
}

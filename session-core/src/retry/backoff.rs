//! How long to pause before a retry: growing from a least to a greatest pause, spread at random.
//!
//! The spread keeps many clients that failed together from coming back together.

use crate::entropy::Entropy;
use std::time::Duration;

/// The least and the greatest pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    min: Duration,
    max: Duration,
}

/// What a least pause of zero grows from, so that it grows at all.
const SMALLEST_BASE: Duration = Duration::from_millis(100);

impl Backoff {
    /// Pauses from `min` to `max`. A `max` below `min` counts as `min`.
    #[must_use]
    pub fn new(min: Duration, max: Duration) -> Self {
        Self { min, max: max.max(min) }
    }

    /// The least pause.
    #[must_use]
    pub fn min(self) -> Duration {
        self.min
    }

    /// The greatest pause.
    #[must_use]
    pub fn max(self) -> Duration {
        self.max
    }

    /// The pause before the next retry, after `earlier` retries. It lies between the least pause and a ceiling that
    /// starts at twice the least pause, doubles with each retry and ends at the greatest; each length there is as likely
    /// as any other.
    pub fn pause(self, earlier: u32, entropy: &mut Entropy) -> Duration {
        let doubled = 2_u32.checked_pow(earlier.saturating_add(1)).unwrap_or(u32::MAX);
        let ceiling = self.min.max(SMALLEST_BASE).saturating_mul(doubled).clamp(self.min, self.max);
        let room = u64::try_from(ceiling.saturating_sub(self.min).as_nanos()).unwrap_or(u64::MAX);
        self.min.saturating_add(Duration::from_nanos(up_to(room, entropy))).min(self.max)
    }
}

impl Default for Backoff {
    /// From 0.5 s to 30 s.
    fn default() -> Self {
        Self::new(Duration::from_millis(500), Duration::from_secs(30))
    }
}

/// A number from 0 to `greatest`, inclusive: the high half of a product keeps all values as likely without a division.
fn up_to(greatest: u64, entropy: &mut Entropy) -> u64 {
    let values = u128::from(greatest).saturating_add(1);
    let scaled = u128::from(entropy.number()).saturating_mul(values) >> 64;
    u64::try_from(scaled).unwrap_or(greatest)
}

#[cfg(test)]
mod tests {
    use super::Backoff;
    use crate::entropy::Entropy;
    use proptest::prelude::*;
    use std::time::Duration;

    #[test]
    fn the_ceiling_doubles_from_the_least_to_the_greatest_pause() {
        let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10));
        for (earlier, ceiling) in [(0, 2), (1, 4), (2, 8), (3, 10), (30, 10), (u32::MAX, 10)] {
            let mut entropy = Entropy::from_seed([3; 32]);
            let longest = (0..500).map(|_| backoff.pause(earlier, &mut entropy)).max().unwrap();
            let ceiling = Duration::from_secs(ceiling);
            assert!(longest <= ceiling && longest > ceiling.mul_f32(0.9), "{earlier}: {longest:?}");
        }
    }

    #[test]
    fn two_sessions_do_not_pause_alike() {
        let backoff = Backoff::default();
        let pause = |seed| backoff.pause(3, &mut Entropy::from_seed([seed; 32]));
        assert_ne!(pause(1), pause(2));
        assert_eq!(pause(1), pause(1));
    }

    #[test]
    fn a_least_pause_of_zero_still_grows() {
        let backoff = Backoff::new(Duration::ZERO, Duration::from_secs(60));
        let mut entropy = Entropy::from_seed([3; 32]);
        let longest = (0..100).map(|_| backoff.pause(5, &mut entropy)).max().unwrap();
        assert!(longest > Duration::from_secs(1), "{longest:?}");
    }

    #[test]
    fn a_greatest_pause_below_the_least_counts_as_the_least() {
        let backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(1));
        assert_eq!(backoff.pause(9, &mut Entropy::from_seed([0; 32])), Duration::from_secs(2));
    }

    proptest! {
        #[test]
        fn every_pause_lies_within_the_bounds(min: u64, max: u64, earlier: u32, seed: [u8; 32]) {
            let backoff = Backoff::new(Duration::from_nanos(min), Duration::from_nanos(max));
            let pause = backoff.pause(earlier, &mut Entropy::from_seed(seed));
            prop_assert!(backoff.min() <= pause && pause <= backoff.max());
        }

        #[test]
        fn no_bound_is_too_large(min: u64, max: u64, earlier: u32, seed: [u8; 32]) {
            let backoff = Backoff::new(Duration::from_secs(min), Duration::from_secs(max));
            let pause = backoff.pause(earlier, &mut Entropy::from_seed(seed));
            prop_assert!(backoff.min() <= pause && pause <= backoff.max());
        }
    }
}

//! A clock that moves only when it is told to.

use session_core::time::Now;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Virtual time: one start on both clocks, and how far time has gone since. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    start: Now,
    gone: Arc<Mutex<Duration>>,
}

impl Clock {
    /// A clock that starts at this moment of the wall clock.
    #[must_use]
    pub fn starting_at(wall: SystemTime) -> Self {
        Self { start: Now::new(Instant::now(), wall), gone: Arc::default() }
    }

    /// The time on both clocks.
    #[must_use]
    pub fn now(&self) -> Now {
        self.start.advanced(self.elapsed())
    }

    /// How far time has gone since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        *self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets this much time pass.
    pub fn advance(&self, by: Duration) {
        let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        *gone = gone.saturating_add(by);
    }

    /// Lets time pass until this long after the start; time never goes back.
    pub fn advance_to(&self, since_start: Duration) {
        let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        *gone = (*gone).max(since_start);
    }

    /// Lets time pass until this instant and gives how long that was: zero where it is over.
    pub fn advance_until(&self, instant: Instant) -> Duration {
        let left = instant.saturating_duration_since(self.now().instant());
        self.advance(left);
        left
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use std::time::{Duration, SystemTime};

    #[test]
    fn both_clocks_go_together_and_only_forward() {
        let clock = Clock::starting_at(SystemTime::UNIX_EPOCH);
        let start = clock.now();
        let seen_elsewhere = clock.clone();
        clock.advance_to(Duration::from_secs(5));
        clock.advance_to(Duration::from_secs(3));
        assert_eq!(seen_elsewhere.now().wall(), SystemTime::UNIX_EPOCH + Duration::from_secs(5));
        assert_eq!(clock.now().instant() - start.instant(), Duration::from_secs(5));
        let left = clock.advance_until(start.instant() + Duration::from_secs(7));
        assert_eq!((left, clock.elapsed()), (Duration::from_secs(2), Duration::from_secs(7)));
        assert_eq!(clock.advance_until(start.instant()), Duration::ZERO);
    }
}

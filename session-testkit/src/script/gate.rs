//! Gates: how a test and a script wait for each other, without guessing how long the other takes.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Closed at first, and open for ever once it was opened. Clones are the same gate.
#[derive(Clone, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Default)]
struct Inner {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens it.
    pub fn open(&self) {
        *self.0.open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.opened.notify_all();
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.wait(Duration::ZERO)
    }

    /// Waits until it is open, for at most this long; says whether it is.
    #[must_use]
    pub fn wait(&self, at_most: Duration) -> bool {
        let until = Instant::now() + at_most;
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if *open || left.is_zero() {
                return *open;
            }
            open = self.0.opened.wait_timeout(open, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Two are equal where they are the same gate.
impl PartialEq for Gate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Gate {}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("is_open", &self.is_open()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Gate;
    use std::time::Duration;

    #[test]
    fn a_gate_stays_open_and_its_clones_are_the_same() {
        let gate = Gate::new();
        let clone = gate.clone();
        assert!(!gate.is_open() && !gate.wait(Duration::from_millis(1)));
        assert!(gate == clone && gate != Gate::new());
        let opening = std::thread::spawn(move || clone.open());
        assert!(gate.wait(Duration::from_secs(60)));
        opening.join().unwrap();
        assert!(gate.is_open());
    }
}

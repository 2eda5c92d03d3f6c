//! What this process holds open, where the system tells.

use std::time::{Duration, Instant};

/// File descriptors and threads of this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) descriptors: usize,
    pub(super) threads: usize,
}

/// How long what was let go may take to be gone.
const SOON: Duration = Duration::from_secs(5);

impl Open {
    /// What is open now; zero where the system does not tell.
    pub(super) fn now() -> Self {
        let count = |folder: &str| std::fs::read_dir(folder).map_or(0, Iterator::count);
        Self { descriptors: count("/proc/self/fd"), threads: count("/proc/self/task") }
    }

    /// Waits until no more is open than this.
    ///
    /// # Errors
    /// It stays open.
    pub(super) fn settle(self) -> Result<(), String> {
        let until = Instant::now() + SOON;
        loop {
            let now = Self::now();
            if now.descriptors <= self.descriptors && now.threads <= self.threads {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(format!("before: {self:?}, and in the end: {now:?}"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

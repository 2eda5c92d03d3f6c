//! A moment to start from. Everything after it is virtual.

use session_core::time::Now;
use std::time::{Duration, Instant, SystemTime};

/// 2026-01-01T00:00:00Z on the wall clock, anything on the other.
#[expect(clippy::disallowed_methods, reason = "an `Instant` can only be had by reading the clock once")]
pub(crate) fn now() -> Now {
    Now::new(Instant::now(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600))
}

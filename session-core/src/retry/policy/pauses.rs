//! How long a policy waits before the next attempt, as a function that comes with a policy that retries.

use super::RetryPolicy;
use crate::entropy::Entropy;
use crate::retry::retry_after;
use crate::time::Now;
use http::HeaderMap;
use std::fmt;
use std::time::Duration;

/// What a policy that retries knows of pauses. One that never does comes without, so a program without retries has no code for it.
#[derive(Clone, Copy)]
pub(super) struct Pauses(Option<Pause>);

pub(super) type Pause = fn(&RetryPolicy, u32, Option<(&HeaderMap, Now)>, &mut Entropy) -> Duration;

impl fmt::Debug for Pauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pauses(..)")
    }
}

/// It is no part of what a policy says.
impl PartialEq for Pauses {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Pauses {}

impl Pauses {
    /// Of a policy that never retries.
    pub(super) const NONE: Self = Self(None);

    /// Of one that does.
    pub(super) const KNOWN: Self = Self(Some(pause));

    pub(super) fn known(self) -> Option<Pause> {
        self.0
    }
}

/// How long is waited before the next attempt: for as long as the server asks, else by the backoff.
fn pause(policy: &RetryPolicy, retries: u32, answer: Option<(&HeaderMap, Now)>, entropy: &mut Entropy) -> Duration {
    let asked = answer.and_then(|(headers, now)| {
        policy.retry_after_cap.and_then(|cap| Some(retry_after::pause(headers, now)?.min(cap)))
    });
    asked.unwrap_or_else(|| policy.backoff.pause(retries, entropy))
}

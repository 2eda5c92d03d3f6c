//! The session around clients of others, each in one file of under 80 lines that can be copied, with what stands below:
//! docs/embedding.md goes through them. A client moves bytes; the session decides.
//!
//! - [`ureq`], [`curl`]: blocking, one request at a time on a client.
//! - [`reqwest`], [`hyper`]: async, many requests at once on a client.
//! - [`tower`]: a layer for whatever sends an `http::Request`.

pub mod curl;
pub mod hyper;
pub mod reqwest;
pub mod tower;
pub mod ureq;

use session_core::{Entropy, Now, Session};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

/// Both clocks, which the session does not read by itself.
pub fn now() -> Now {
    Now::new(Instant::now(), SystemTime::now())
}

/// Random bytes, for Digest's nonces and the spread of pauses.
///
/// # Errors
/// Those of the system.
pub fn entropy() -> Result<Entropy, getrandom::Error> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)?;
    Ok(Entropy::from_seed(seed))
}

/// A session for many requests at once.
pub struct Shared(Mutex<Session>);

impl Shared {
    /// # Errors
    /// Those of [`entropy`].
    pub fn new(mut session: Session) -> Result<Self, getrandom::Error> {
        session.seed_entropy(entropy()?);
        Ok(Self(Mutex::new(session)))
    }

    /// The lock is held for one verb, and never while bytes move.
    pub fn lock(&self) -> MutexGuard<'_, Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! One reading of both clocks, handed in by whoever drives the machine.
//!
//! The core never reads a clock. Each verb of the session takes a [`Now`]: the monotonic clock decides deadlines and
//! idle times, the wall clock decides when a cookie expires. Tests hand in whatever time they want to be.

pub mod timings;

use std::time::{Duration, Instant, SystemTime};

/// A moment, as both clocks show it.
///
/// Take both readings together: `Now::new(Instant::now(), SystemTime::now())`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    instant: Instant,
    wall: SystemTime,
}

impl Now {
    /// A moment from one reading of the monotonic and one of the wall clock.
    #[must_use]
    pub fn new(instant: Instant, wall: SystemTime) -> Self {
        Self { instant, wall }
    }

    /// The monotonic clock's reading: for deadlines and idle times.
    #[must_use]
    pub fn instant(self) -> Instant {
        self.instant
    }

    /// The wall clock's reading: for cookie expiry and HTTP dates.
    #[must_use]
    pub fn wall(self) -> SystemTime {
        self.wall
    }

    /// The moment `by` later on both clocks. A clock that cannot hold the result stays where it is.
    #[must_use]
    pub fn advanced(self, by: Duration) -> Self {
        Self {
            instant: self.instant.checked_add(by).unwrap_or(self.instant),
            wall: self.wall.checked_add(by).unwrap_or(self.wall),
        }
    }

    /// The instant `after` from now, or `None` where the clock cannot hold it (a deadline that never comes).
    #[must_use]
    pub fn deadline(self, after: Duration) -> Option<Instant> {
        self.instant.checked_add(after)
    }
}

/// How long the phases of an exchange may take.
///
/// `None` switches a bound off. Each transport enforces these; the core only carries them from the settings to the hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Waiting for a free connection, resolving, connecting and, where it applies, the TLS handshake and the tunnel together. Default 10 s.
    pub connect: Option<Duration>,
    /// Asking for the addresses of a name, of the origin's as of a proxy's. It ends within `connect`, and has no bound of its own
    /// by default.
    pub resolve: Option<Duration>,
    /// Each TLS handshake, with the origin as with a proxy. It ends within `connect`, and has no bound of its own by default.
    pub tls: Option<Duration>,
    /// From the request's last byte to the end of the response head, in total and not for each read. Default 60 s.
    pub head: Option<Duration>,
    /// How long a body with `Expect: 100-continue` waits for the 100 before it is sent all the same (RFC 9110 10.1.1). Never
    /// longer than `head`. Default 1 s (curl 1 s, Go 1 s in its default transport).
    pub expect: Option<Duration>,
    /// The longest pause between two bytes of a body, in either direction. Default 60 s.
    pub idle: Option<Duration>,
    /// All of an unwanted body, which is read to keep its connection: about what another connection would cost. Never
    /// longer than `idle`. Default 1 s.
    pub drain: Option<Duration>,
    /// The whole exchange: every hop, retry, pause and the body. Default: none.
    pub total: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Some(Duration::from_secs(10)),
            resolve: None,
            tls: None,
            head: Some(Duration::from_secs(60)),
            expect: Some(Duration::from_secs(1)),
            idle: Some(Duration::from_secs(60)),
            drain: Some(Duration::from_secs(1)),
            total: None,
        }
    }
}

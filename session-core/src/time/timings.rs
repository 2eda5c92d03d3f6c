//! How long the stages of one hop took. Plain data: whoever moves the bytes reads the clock and notes each end.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

/// A stage of a hop, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Waiting for a free connection, because as many were open as may be.
    Queue,
    /// Asking for the addresses of the name. Not where they are known without asking.
    Resolve,
    /// Connecting, and being let through by a proxy, with the TLS that is spoken with the proxy.
    Connect,
    /// The TLS handshake with the origin.
    Tls,
    /// Writing the request, its body included. A wait for a 100 is part of it.
    Send,
    /// From the request's end to the first byte of the response, be it of an interim one.
    Wait,
    /// From there to the end of the final head.
    Head,
    /// From there to the end of the body, as it was read.
    Body,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 8] =
        [Self::Queue, Self::Resolve, Self::Connect, Self::Tls, Self::Send, Self::Wait, Self::Head, Self::Body];
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queue => "queue",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Send => "send",
            Self::Wait => "wait",
            Self::Head => "head",
            Self::Body => "body",
        })
    }
}

/// When one hop began, and when each of its stages was over.
///
/// Every moment is told as the time since the exchange began, so the hops of one exchange stand on one line. A stage that
/// did not take place is `None`: a hop on a kept connection resolves and connects nothing.
///
/// ```
/// use session_core::time::timings::{Stage, Timings};
/// use std::time::Duration;
///
/// let ms = Duration::from_millis;
/// let timings = Timings::starting(ms(10))
///     .with(Stage::Connect, ms(12))
///     .with(Stage::Send, ms(13))
///     .with(Stage::Wait, ms(20))
///     .with(Stage::Head, ms(21));
/// assert_eq!(timings.connect(), Some(ms(2)));
/// assert_eq!(timings.wait(), Some(ms(7)));
/// assert_eq!((timings.resolve(), timings.tls(), timings.body()), (None, None, None));
/// assert_eq!(timings.end_of(Stage::Head), Some(ms(21)));
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    wall: Option<SystemTime>,
    started: Moment,
    queue: Moment,
    resolve: Moment,
    connect: Moment,
    tls: Moment,
    send: Moment,
    wait: Moment,
    head: Moment,
    body: Moment,
    /// When the hop failed.
    failed: Moment,
}

/// Nanoseconds since the exchange began, or none: half the size of an `Option<Duration>`, of which a hop has ten.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Moment(u64);

impl Default for Moment {
    fn default() -> Self {
        Self(u64::MAX)
    }
}

impl Moment {
    fn at(since: Duration) -> Self {
        let nanos = since.as_secs().saturating_mul(1_000_000_000).saturating_add(since.subsec_nanos().into());
        Self(nanos.min(u64::MAX.saturating_sub(1)))
    }

    fn since(self) -> Option<Duration> {
        (self != Self::default()).then(|| Duration::from_nanos(self.0))
    }
}

/// What is known of a hop.
impl Timings {
    /// What the wall clock showed when the hop was handed out; `None` in a history that comes from a snapshot.
    #[must_use]
    pub fn wall(&self) -> Option<SystemTime> {
        self.wall
    }

    /// When the hop began, as the time since the exchange began. Pauses between attempts lie before it.
    #[must_use]
    pub fn started(&self) -> Duration {
        self.started.since().unwrap_or_default()
    }

    /// When this stage was over, as the time since the exchange began.
    #[must_use]
    pub fn end_of(&self, stage: Stage) -> Option<Duration> {
        match stage {
            Stage::Queue => self.queue,
            Stage::Resolve => self.resolve,
            Stage::Connect => self.connect,
            Stage::Tls => self.tls,
            Stage::Send => self.send,
            Stage::Wait => self.wait,
            Stage::Head => self.head,
            Stage::Body => self.body,
        }
        .since()
    }

    /// How long this stage took: from the end of the one before it that took place.
    #[must_use]
    pub fn took(&self, stage: Stage) -> Option<Duration> {
        self.stages().find(|(found, ..)| *found == stage).map(|(_, from, to)| to.saturating_sub(from))
    }

    /// The stages that took place and are over, with their beginnings and ends since the exchange began.
    pub fn stages(&self) -> impl Iterator<Item = (Stage, Duration, Duration)> {
        let timings = *self;
        let mut from = timings.started();
        Stage::ALL.into_iter().filter_map(move |stage| {
            let to = timings.end_of(stage)?;
            Some((stage, std::mem::replace(&mut from, to), to))
        })
    }

    /// The last moment that is known of the hop, since the exchange began: the end of its last stage, or its failure.
    #[must_use]
    pub fn ended(&self) -> Duration {
        let last = self.stages().map(|(_, _, to)| to).last().unwrap_or_else(|| self.started());
        self.failed.since().map_or(last, |failed| failed.max(last))
    }

    /// How long it waited for a free connection.
    #[must_use]
    pub fn queue(&self) -> Option<Duration> {
        self.took(Stage::Queue)
    }

    /// How long resolving took.
    #[must_use]
    pub fn resolve(&self) -> Option<Duration> {
        self.took(Stage::Resolve)
    }

    /// How long connecting took, without the TLS handshake with the origin.
    #[must_use]
    pub fn connect(&self) -> Option<Duration> {
        self.took(Stage::Connect)
    }

    /// How long the TLS handshake with the origin took.
    #[must_use]
    pub fn tls(&self) -> Option<Duration> {
        self.took(Stage::Tls)
    }

    /// How long writing the request took.
    #[must_use]
    pub fn send(&self) -> Option<Duration> {
        self.took(Stage::Send)
    }

    /// How long it took from the request's end to the first byte of the response.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        self.took(Stage::Wait)
    }

    /// How long the rest of the response head took, after its first byte.
    #[must_use]
    pub fn head(&self) -> Option<Duration> {
        self.took(Stage::Head)
    }

    /// How long the body took, from the head to the body's end, as it was read; `None` before that was read.
    #[must_use]
    pub fn body(&self) -> Option<Duration> {
        self.took(Stage::Body)
    }
}

/// For whoever measures.
impl Timings {
    /// Those of a hop that began this long after its exchange, and of which nothing more is known.
    #[must_use]
    pub fn starting(started: Duration) -> Self {
        Self { started: Moment::at(started), ..Self::default() }
    }

    /// The same with the end of a stage, this long after the exchange began. The latest word on a stage counts.
    #[must_use]
    pub fn with(mut self, stage: Stage, end: Duration) -> Self {
        let end = Moment::at(end);
        match stage {
            Stage::Queue => self.queue = end,
            Stage::Resolve => self.resolve = end,
            Stage::Connect => self.connect = end,
            Stage::Tls => self.tls = end,
            Stage::Send => self.send = end,
            Stage::Wait => self.wait = end,
            Stage::Head => self.head = end,
            Stage::Body => self.body = end,
        }
        self
    }

    /// The same of a hop that failed this long after the exchange began.
    #[must_use]
    pub fn with_failure(mut self, at: Duration) -> Self {
        self.failed = Moment::at(at);
        self
    }

    /// The same with what the wall clock showed when the hop was handed out.
    #[must_use]
    pub fn with_wall(mut self, wall: SystemTime) -> Self {
        self.wall = Some(wall);
        self
    }

    /// The same with the wall clock of `before`, where there is none.
    pub(crate) fn after(mut self, before: &Self) -> Self {
        self.wall = self.wall.or(before.wall);
        self
    }
}

impl fmt::Display for Timings {
    /// `connect 2ms, send 1ms`: each stage that took place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (stage, from, to)) in self.stages().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{stage} {:?}", to.saturating_sub(from))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timings(from {:?}: {self})", self.started())
    }
}

/// What a transport notes the stages of one hop with. It is handed every reading of the clock.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    begun: Instant,
    /// The last reading that was handed in.
    now: Instant,
    timings: Timings,
}

impl Stopwatch {
    /// For a hop that begins `now`, of an exchange that began at `begun`.
    #[must_use]
    pub fn new(begun: Instant, now: Instant) -> Self {
        Self { begun, now, timings: Timings::starting(now.saturating_duration_since(begun)) }
    }

    /// Notes that a stage is over.
    pub fn lap(&mut self, stage: Stage, now: Instant) {
        self.now = now;
        self.timings = self.timings.with(stage, now.saturating_duration_since(self.begun));
    }

    /// Notes that a part of the response came, the first one.
    pub fn first_byte(&mut self, now: Instant) {
        if self.timings.wait == Moment::default() {
            self.lap(Stage::Wait, now);
        }
    }

    /// Notes that the final head is there, and gives how long that is after the exchange began.
    pub fn answered(&mut self, now: Instant) -> Duration {
        let since = now.saturating_duration_since(self.begun);
        let end = Moment::at(since);
        if self.timings.wait == Moment::default() {
            self.timings.wait = end;
        }
        self.timings.head = end;
        since
    }

    /// Notes that the hop failed.
    pub fn failed(&mut self, now: Instant) {
        self.timings = self.timings.with_failure(now.saturating_duration_since(self.begun));
    }

    /// The last reading of the clock that it was handed: what it is now, as far as nobody has waited since.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.now
    }

    /// What was noted.
    #[must_use]
    pub fn timings(&self) -> Timings {
        self.timings
    }
}

#[cfg(test)]
mod tests {
    use super::{Stage, Timings};
    use std::time::Duration;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_stage_takes_from_the_end_of_the_one_before_that_took_place() {
        let timings = Timings::starting(ms(5))
            .with(Stage::Send, ms(7))
            .with(Stage::Wait, ms(10))
            .with(Stage::Head, ms(10))
            .with(Stage::Body, ms(30));
        let took: Vec<_> = Stage::ALL.into_iter().map(|stage| timings.took(stage)).collect();
        let some = |millis| Some(ms(millis));
        assert_eq!(took, [None, None, None, None, some(2), some(3), some(0), some(20)]);
        assert_eq!((timings.started(), timings.ended()), (ms(5), ms(30)));
        assert_eq!(timings.to_string(), "send 2ms, wait 3ms, head 0ns, body 20ms");
    }

    #[test]
    fn a_failed_hop_ends_when_it_failed() {
        let timings = Timings::starting(ms(5)).with(Stage::Resolve, ms(6)).with_failure(ms(90));
        assert_eq!((timings.resolve(), timings.connect(), timings.ended()), (Some(ms(1)), None, ms(90)));
    }

    #[test]
    fn a_moment_that_is_too_far_away_is_the_last_one_there_is() {
        let timings = Timings::starting(Duration::ZERO).with(Stage::Send, Duration::MAX);
        assert!(timings.send().unwrap() > Duration::from_secs(500 * 365 * 86_400));
        assert_eq!(timings.to_string().split(' ').next(), Some("send"));
    }

    #[test]
    fn nothing_measured_is_nothing_told() {
        let timings = Timings::default();
        assert_eq!((timings.stages().count(), timings.ended(), timings.wall()), (0, Duration::ZERO, None));
    }
}

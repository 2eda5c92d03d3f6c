//! Whether an attempt is made again: the rules of RFC 9110 9.2.2 and RFC 9112 9.3.1, as pure decisions.
//!
//! Three kinds of retry, each with its own bound. The *silent* one replaces a reused connection that turned out closed:
//! once per hop, without a pause, for any session. A 421 is asked again once per hop on a new connection, for any
//! method. All others need a [`RetryPolicy`] that allows them, and pause first. A retry never follows a failed TLS
//! check, a protocol error, a passed limit, the end of the exchange's time, or the caller's own fault.

use crate::entropy::Entropy;
use crate::message::body::RequestBody;
use crate::message::head::ResponseHead;
use crate::retry::backoff::Backoff;
use crate::retry::budget::Budget;
use crate::retry::failure::{ConnectionAge, Failure, FailureKind};
use crate::retry::policy::pauses::Pauses;
use crate::time::Now;
use http::{Method, StatusCode};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

mod pauses;
#[cfg(feature = "serde")]
pub(crate) mod record;

/// When a session tries again.
///
/// [`RetryPolicy::default`] never does, but for the silent retry and the one after a 421, which need no setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max: u32,
    /// Borrowed where they are the default: sessions without a policy make one for each answer.
    statuses: Cow<'static, [StatusCode]>,
    backoff: Backoff,
    retry_after_cap: Option<Duration>,
    budget: u32,
    rule: Option<Rule>,
    pauses: Pauses,
}

/// What an attempt came to, as a rule of the caller's own sees it: see [`RetryPolicy::when`].
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "an attempt gets a response or fails")]
pub enum Outcome<'a> {
    /// This response came.
    Response(&'a ResponseHead),
    /// No complete response head came.
    Failure(&'a Failure),
}

/// What a rule of the caller's own wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it wants a retry, none, or what the other rules say")]
pub enum Wish {
    /// Try again, where a second request does no harm and retries are left.
    Retry,
    /// Do not try again.
    Never,
    /// What the statuses and the kind of failure say.
    ByRules,
}

/// A rule of the caller's own. Two are equal if they are one.
#[derive(Clone)]
struct Rule(Arc<dyn Fn(Outcome<'_>) -> Wish + Send + Sync>);

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rule(..)")
    }
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Rule {}

impl RetryPolicy {
    /// At most `max` retries in one exchange, summed over its hops, for connections that fail and the statuses 408, 429,
    /// 502, 503 and 504. Pauses are those of [`Backoff::default`], or what `Retry-After` asks for, up to an hour.
    #[must_use]
    pub fn new(max: u32) -> Self {
        Self { max, pauses: Pauses::KNOWN, ..Self::default() }
    }

    /// The statuses after which an idempotent request is made again, instead of those that [`RetryPolicy::new`] names.
    ///
    /// ```
    /// # use session_core::retry::policy::RetryPolicy;
    /// use http::StatusCode;
    ///
    /// // As urllib3's Retry(5, status_forcelist=[500, 503]).
    /// let policy = RetryPolicy::new(5).statuses([StatusCode::INTERNAL_SERVER_ERROR, StatusCode::SERVICE_UNAVAILABLE]);
    /// assert_eq!(policy.max(), 5);
    /// ```
    #[must_use]
    pub fn statuses(mut self, statuses: impl IntoIterator<Item = StatusCode>) -> Self {
        self.statuses = statuses.into_iter().collect();
        self
    }

    /// The least and the greatest pause before a retry. A `max` below `min` counts as `min`.
    ///
    /// ```
    /// # use session_core::retry::policy::RetryPolicy;
    /// use std::time::Duration;
    ///
    /// let policy = RetryPolicy::new(3).backoff(Duration::from_millis(100), Duration::from_secs(2)).ignore_retry_after();
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub fn backoff(mut self, min: Duration, max: Duration) -> Self {
        self.backoff = Backoff::new(min, max);
        self
    }

    /// Pause for as long as `Retry-After` asks, but never longer than `cap`. Default: an hour.
    #[must_use]
    pub fn respect_retry_after(mut self, cap: Duration) -> Self {
        self.retry_after_cap = Some(cap);
        self
    }

    /// Pause by the backoff whatever `Retry-After` asks.
    #[must_use]
    pub fn ignore_retry_after(mut self) -> Self {
        self.retry_after_cap = None;
        self
    }

    /// The tokens of the session's [`Budget`]: a retry takes five, a response that is delivered puts one back. Default 500.
    #[must_use]
    pub fn budget(mut self, tokens: u32) -> Self {
        self.budget = tokens;
        self
    }

    /// Asks `rule` about each outcome that this policy could retry. It may forbid that, or ask for a retry after a response whose
    /// status is not among those set. The silent retry and the one after a 421 are not asked about: nobody acted on those. It cannot make a retry safe: a POST that may have taken effect is not repeated.
    ///
    /// ```
    /// use session_core::retry::policy::{Outcome, RetryPolicy, Wish};
    ///
    /// let policy = RetryPolicy::new(3).when(|outcome| match outcome {
    ///     Outcome::Response(head) if head.headers.contains_key("x-do-not-retry") => Wish::Never,
    ///     _ => Wish::ByRules,
    /// });
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub fn when(mut self, rule: impl Fn(Outcome<'_>) -> Wish + Send + Sync + 'static) -> Self {
        self.rule = Some(Rule(Arc::new(rule)));
        self
    }

    /// A full bucket of this policy's tokens.
    #[must_use]
    pub fn full_budget(&self) -> Budget {
        Budget::full(self.budget)
    }

    /// How many retries one exchange may have.
    #[must_use]
    pub fn max(&self) -> u32 {
        self.max
    }

    /// Whether a response with this head is delivered or asked for again.
    ///
    /// A [`Verdict::Retry`] is noted in `attempts`.
    pub fn after_status(
        &self,
        attempts: &mut Attempts,
        budget: &mut Budget,
        attempt: &Attempt<'_>,
        head: &ResponseHead,
        now: Now,
        entropy: &mut Entropy,
    ) -> Verdict {
        if head.status == StatusCode::MISDIRECTED_REQUEST && !attempts.misdirected_used {
            if !attempt.body.is_replayable() {
                return Verdict::Deliver(NoRetry::BodyNotReplayable);
            }
            attempts.misdirected_used = true;
            return Verdict::Retry(Retry::at_once(RetryReason::Misdirected));
        }
        match self.wish(Outcome::Response(head)) {
            Wish::Never => return Verdict::Deliver(NoRetry::Forbidden),
            Wish::ByRules if !self.statuses.contains(&head.status) => {
                return Verdict::Deliver(NoRetry::StatusNotListed);
            }
            Wish::ByRules | Wish::Retry => {}
        }
        if let Some(reason) = self.exhausted(attempts).or_else(|| attempt.cannot_repeat()) {
            return Verdict::Deliver(reason);
        }
        let Some(pause) = self.pauses.known() else { return Verdict::Deliver(NoRetry::Off) };
        let pause = pause(self, attempts.retries, Some((&head.headers, now)), entropy);
        // The server gave up on the connection of a 408 (RFC 9110 15.5.9), and a 421 is about the connection.
        let connection = match head.status {
            StatusCode::REQUEST_TIMEOUT | StatusCode::MISDIRECTED_REQUEST => ConnectionChoice::Fresh,
            _ => ConnectionChoice::Any,
        };
        let retry = Retry { pause: Some(pause), connection, reason: RetryReason::Status(head.status) };
        attempts.retry(budget, attempt, retry)
    }

    /// Whether an attempt that failed is made again.
    ///
    /// A [`Verdict::Retry`] is noted in `attempts`. Where the body can be read only once and a retry is allowed all the
    /// same, nothing of it was taken: see [`Sent::Nothing`](crate::retry::failure::Sent::Nothing).
    pub fn after_failure(
        &self,
        attempts: &mut Attempts,
        budget: &mut Budget,
        attempt: &Attempt<'_>,
        failure: &Failure,
        entropy: &mut Entropy,
    ) -> Verdict {
        let kind = failure.kind();
        if !is_worth_another_try(kind) {
            return Verdict::Deliver(NoRetry::NeverAfter(kind));
        }
        let cannot_repeat = if failure.may_have_been_seen() { attempt.cannot_repeat() } else { None };
        let stale = failure.connection() == ConnectionAge::Reused
            && matches!(kind, FailureKind::Closed | FailureKind::Reset)
            && !attempts.silent_used;
        if stale && cannot_repeat.is_none() {
            attempts.silent_used = true;
            return Verdict::Retry(Retry::at_once(RetryReason::StaleConnection));
        }
        if let Some(reason) = self.exhausted(attempts).or(cannot_repeat) {
            return Verdict::Deliver(reason);
        }
        if self.wish(Outcome::Failure(failure)) == Wish::Never {
            return Verdict::Deliver(NoRetry::Forbidden);
        }
        let Some(pause) = self.pauses.known() else { return Verdict::Deliver(NoRetry::Off) };
        let pause = Some(pause(self, attempts.retries, None, entropy));
        // Never the next idle connection, which is likely to be as stale.
        let retry = Retry { pause, connection: ConnectionChoice::Fresh, reason: RetryReason::Failed(kind) };
        attempts.retry(budget, attempt, retry)
    }

    fn wish(&self, outcome: Outcome<'_>) -> Wish {
        self.rule.as_ref().map_or(Wish::ByRules, |rule| (rule.0)(outcome))
    }

    fn exhausted(&self, attempts: &Attempts) -> Option<NoRetry> {
        match self.max {
            0 => Some(NoRetry::Off),
            max if attempts.retries >= max => Some(NoRetry::UsedUp(max)),
            _ => None,
        }
    }
}

impl Default for RetryPolicy {
    /// No retries of this policy: a `max` of 0.
    fn default() -> Self {
        Self {
            max: 0,
            statuses: Cow::Borrowed(&[
                StatusCode::REQUEST_TIMEOUT,
                StatusCode::TOO_MANY_REQUESTS,
                StatusCode::BAD_GATEWAY,
                StatusCode::SERVICE_UNAVAILABLE,
                StatusCode::GATEWAY_TIMEOUT,
            ]),
            backoff: Backoff::default(),
            retry_after_cap: Some(Duration::from_secs(60 * 60)),
            budget: 500,
            rule: None,
            pauses: Pauses::NONE,
        }
    }
}

/// Whether a second request of this method does what one does (RFC 9110 9.2.2, RFC 10008 for QUERY). Methods have case.
#[must_use]
pub fn is_idempotent(method: &Method) -> bool {
    matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE" | "QUERY")
}

/// Kinds after which no retry of any sort is made. The list is of what may be tried again, so a new kind is not.
fn is_worth_another_try(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Resolve
            | FailureKind::Connect
            | FailureKind::Closed
            | FailureKind::Reset
            | FailureKind::Incomplete
            | FailureKind::Timeout
            | FailureKind::Io
    )
}

/// The attempt that is decided on.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    method: &'a Method,
    body: RequestBody,
    remaining: Option<Duration>,
}

impl<'a> Attempt<'a> {
    /// An attempt at a request of `method` with `body`, both as they were sent on this hop.
    #[must_use]
    pub fn new(method: &'a Method, body: RequestBody) -> Self {
        Self { method, body, remaining: None }
    }

    /// The same with what is left of the exchange's time. A pause that would use it up is not begun.
    #[must_use]
    pub fn remaining(mut self, remaining: Duration) -> Self {
        self.remaining = Some(remaining);
        self
    }

    /// Why a request that the server may have acted on cannot be made a second time.
    fn cannot_repeat(&self) -> Option<NoRetry> {
        if !is_idempotent(self.method) {
            Some(NoRetry::NotIdempotent)
        } else if !self.body.is_replayable() {
            Some(NoRetry::BodyNotReplayable)
        } else {
            None
        }
    }
}

/// What was tried so far in one exchange. The caller keeps it from the first hop to the delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    retries: u32,
    silent_used: bool,
    misdirected_used: bool,
}

impl Attempts {
    /// Nothing was tried yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A redirect or a challenge led to a new hop: it may have its own silent retry and its own after a 421. The
    /// retries of the policy are counted on, so an exchange is bounded however many hops it has.
    pub fn next_hop(&mut self) {
        self.silent_used = false;
        self.misdirected_used = false;
    }

    /// Retries of the policy so far; the silent one and the one after a 421 are not among them.
    #[must_use]
    pub fn retries(&self) -> u32 {
        self.retries
    }

    fn retry(&mut self, budget: &mut Budget, attempt: &Attempt<'_>, retry: Retry) -> Verdict {
        if attempt.remaining.is_some_and(|remaining| retry.pause.is_some_and(|pause| pause >= remaining)) {
            return Verdict::Deliver(NoRetry::DeadlineTooNear);
        }
        if !budget.take() {
            return Verdict::Deliver(NoRetry::BudgetEmpty);
        }
        self.retries = self.retries.saturating_add(1);
        Verdict::Retry(retry)
    }
}

/// What becomes of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
#[expect(clippy::exhaustive_enums, reason = "an attempt is made again or its outcome is delivered")]
pub enum Verdict {
    /// Try again.
    Retry(Retry),
    /// Deliver the response or the error as it is.
    Deliver(NoRetry),
}

/// How to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retry {
    /// How long to wait first. `None` for the silent retry and the one after a 421, which are no pause at all; a
    /// `Retry-After: 0` is a pause of no length.
    pub pause: Option<Duration>,
    /// On which connection.
    pub connection: ConnectionChoice,
    /// Why.
    pub reason: RetryReason,
}

impl Retry {
    fn at_once(reason: RetryReason) -> Self {
        Self { pause: None, connection: ConnectionChoice::Fresh, reason }
    }
}

/// The connection that an attempt may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an idle connection will do or it will not")]
pub enum ConnectionChoice {
    /// An idle one, or a new one where none is idle.
    Any,
    /// A new one.
    Fresh,
}

/// Why an attempt is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryReason {
    /// The reused connection had been closed by the peer.
    StaleConnection,
    /// The server says that the connection was the wrong one (421, RFC 9110 15.5.20).
    Misdirected,
    /// The policy lists the status.
    Status(StatusCode),
    /// The policy allows it after this failure.
    Failed(FailureKind),
}

impl fmt::Display for RetryReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StaleConnection => f.write_str("tried again at once: the idle connection had been closed"),
            Self::Misdirected => f.write_str("tried again on a new connection: the server answered 421"),
            Self::Status(status) => write!(f, "tried again: the server answered {}", status.as_str()),
            Self::Failed(kind) => write!(f, "tried again: {kind}"),
        }
    }
}

/// Why an attempt is not made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoRetry {
    /// No retries are set.
    Off,
    /// All of this many retries are used up.
    UsedUp(u32),
    /// The policy does not list the status.
    StatusNotListed,
    /// The server may have acted on the request, and acting twice may do harm.
    NotIdempotent,
    /// The body was read and cannot be read again.
    BodyNotReplayable,
    /// What happened is never followed by a retry.
    NeverAfter(FailureKind),
    /// The pause would last until the exchange's time is up.
    DeadlineTooNear,
    /// The session has made as many retries as its budget allows.
    BudgetEmpty,
    /// The caller's own rule forbids it.
    Forbidden,
}

impl fmt::Display for NoRetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not tried again: ")?;
        match self {
            Self::Off => f.write_str("no retries are set"),
            Self::UsedUp(max) => write!(f, "all retries are used up ({max})"),
            Self::StatusNotListed => f.write_str("the status is not one of those set"),
            Self::NotIdempotent => f.write_str("the method is not idempotent and the server may have acted on it"),
            Self::BodyNotReplayable => f.write_str("the body cannot be sent a second time"),
            Self::NeverAfter(kind) => write!(f, "{kind}, and that is never retried"),
            Self::DeadlineTooNear => f.write_str("the pause would outlast the request's deadline"),
            Self::BudgetEmpty => f.write_str("the session's budget of retries is used up"),
            Self::Forbidden => f.write_str("the caller's rule forbids it"),
        }
    }
}

#[cfg(test)]
mod tests;

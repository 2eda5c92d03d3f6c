//! The rules of retrying, one behaviour each. Rows are those of http-rules.md 4.

use super::{
    Attempt, Attempts, ConnectionChoice, NoRetry, Outcome, Retry, RetryPolicy, RetryReason, Verdict, Wish,
    is_idempotent,
};
use crate::entropy::Entropy;
use crate::error::{Error, ErrorKind, Phase};
use crate::message::body::{BodySize, RequestBody};
use crate::message::head::ResponseHead;
use crate::retry::budget::Budget;
use crate::retry::failure::{ConnectionAge, Failure, FailureKind, Sent};
use crate::time::Now;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use std::time::{Duration, Instant, SystemTime};

const ONCE: BodySize = BodySize::Streaming;

/// Every kind there is.
const KINDS: [FailureKind; 15] = [
    FailureKind::Resolve,
    FailureKind::Connect,
    FailureKind::Tls,
    FailureKind::Proxy,
    FailureKind::Closed,
    FailureKind::Reset,
    FailureKind::Incomplete,
    FailureKind::Timeout,
    FailureKind::Deadline,
    FailureKind::Protocol,
    FailureKind::Limit,
    FailureKind::Body,
    FailureKind::Request,
    FailureKind::Cancelled,
    FailureKind::Io,
];

fn now() -> Now {
    #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
    Now::new(Instant::now(), SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600))
}

fn policy() -> RetryPolicy {
    RetryPolicy::new(2)
        .statuses([StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS])
        .backoff(Duration::from_secs(1), Duration::from_secs(4))
}

/// One exchange under a policy.
struct Exchange {
    policy: RetryPolicy,
    attempts: Attempts,
    budget: Budget,
    method: Method,
    body: RequestBody,
    remaining: Option<Duration>,
    entropy: Entropy,
}

impl Exchange {
    fn new(policy: RetryPolicy, method: &str, body: RequestBody) -> Self {
        Self {
            policy,
            attempts: Attempts::new(),
            budget: Budget::full(500),
            method: method.parse().unwrap(),
            body,
            remaining: None,
            entropy: Entropy::from_seed([1; 32]),
        }
    }

    fn get(policy: RetryPolicy) -> Self {
        Self::new(policy, "GET", RequestBody::EMPTY)
    }

    fn status(&mut self, status: u16, retry_after: Option<&str>) -> Verdict {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert("retry-after", HeaderValue::from_str(value).unwrap());
        }
        let head = ResponseHead::new(StatusCode::from_u16(status).unwrap()).with_headers(headers);
        let mut attempt = Attempt::new(&self.method, self.body);
        if let Some(remaining) = self.remaining {
            attempt = attempt.remaining(remaining);
        }
        self.policy.after_status(&mut self.attempts, &mut self.budget, &attempt, &head, now(), &mut self.entropy)
    }

    fn fails(&mut self, kind: FailureKind, sent: Sent, connection: ConnectionAge) -> Verdict {
        let failure =
            Failure::new(kind, sent, connection, Error::new(ErrorKind::Incomplete, Phase::Head, "it broke off"));
        let mut attempt = Attempt::new(&self.method, self.body);
        if let Some(remaining) = self.remaining {
            attempt = attempt.remaining(remaining);
        }
        self.policy.after_failure(&mut self.attempts, &mut self.budget, &attempt, &failure, &mut self.entropy)
    }

    fn closes(&mut self, connection: ConnectionAge) -> Verdict {
        self.fails(FailureKind::Closed, Sent::All, connection)
    }
}

#[track_caller]
fn paused(verdict: Verdict) -> Retry {
    let Verdict::Retry(retry) = verdict else { panic!("no retry: {verdict:?}") };
    let pause = retry.pause.expect("a retry of the policy pauses");
    assert!(pause >= Duration::from_secs(1) && pause <= Duration::from_secs(4), "{pause:?}");
    retry
}

const SILENT: Verdict =
    Verdict::Retry(Retry { pause: None, connection: ConnectionChoice::Fresh, reason: RetryReason::StaleConnection });

#[test]
fn exactly_the_idempotent_methods_are_idempotent() {
    for method in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY"] {
        assert!(is_idempotent(&method.parse().unwrap()), "{method}");
    }
    for method in ["POST", "PATCH", "CONNECT", "LINK", "get", "Query", "PROPFIND"] {
        assert!(!is_idempotent(&method.parse().unwrap()), "{method}");
    }
}

#[test]
fn a_listed_status_is_retried_until_the_retries_are_used_up() {
    let mut exchange = Exchange::get(policy());
    let retry = paused(exchange.status(503, None));
    assert_eq!(retry.reason, RetryReason::Status(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(retry.connection, ConnectionChoice::Any);
    paused(exchange.status(429, None));
    assert_eq!(exchange.status(503, None), Verdict::Deliver(NoRetry::UsedUp(2)));
    assert_eq!(exchange.attempts.retries(), 2);
}

#[test]
fn other_statuses_are_delivered() {
    for status in [200, 302, 404, 500, 502, 999] {
        assert_eq!(Exchange::get(policy()).status(status, None), Verdict::Deliver(NoRetry::StatusNotListed));
    }
}

#[test]
fn without_a_policy_no_status_is_retried() {
    assert_eq!(Exchange::get(RetryPolicy::default()).status(503, Some("1")), Verdict::Deliver(NoRetry::Off));
}

#[test]
fn a_status_is_not_retried_for_other_methods_or_bodies_that_are_gone() {
    for method in ["POST", "PATCH"] {
        let mut exchange = Exchange::new(policy(), method, RequestBody::replayable(BodySize::Sized(1)));
        assert_eq!(exchange.status(503, None), Verdict::Deliver(NoRetry::NotIdempotent));
    }
    let mut exchange = Exchange::new(policy(), "PUT", RequestBody::once(ONCE));
    assert_eq!(exchange.status(503, None), Verdict::Deliver(NoRetry::BodyNotReplayable));
    paused(Exchange::new(policy(), "PUT", RequestBody::replayable(ONCE)).status(503, None));
}

#[test]
fn retry_after_is_the_pause() {
    for (value, seconds) in [("7", 7), ("0", 0), ("30", 30), ("Thu, 01 Jan 2026 00:00:10 GMT", 10)] {
        let Verdict::Retry(retry) = Exchange::get(policy()).status(503, Some(value)) else { panic!("{value}") };
        assert_eq!(retry.pause, Some(Duration::from_secs(seconds)), "{value}");
    }
}

#[test]
fn a_bad_retry_after_leaves_the_backoff() {
    for value in ["-5", "soon", "1.5", "Sun, 06 Nov 1994 08:49:37 GMT"] {
        paused(Exchange::get(policy()).status(503, Some(value)));
    }
    paused(Exchange::get(policy().ignore_retry_after()).status(503, Some("60")));
}

/// CVE-2026-34513 and its like: a server does not decide how long a client sleeps.
#[test]
fn a_long_retry_after_is_capped() {
    let cap = Duration::from_secs(100);
    for (policy, cap) in [(policy(), Duration::from_secs(3600)), (policy().respect_retry_after(cap), cap)] {
        for value in ["1000000000000", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            let Verdict::Retry(retry) = Exchange::get(policy.clone()).status(503, Some(value)) else { panic!() };
            assert_eq!(retry.pause, Some(cap), "{value}");
        }
    }
    let at_the_cap = Exchange::get(policy().respect_retry_after(cap)).status(503, Some("100"));
    let beyond = Exchange::get(policy().respect_retry_after(cap)).status(503, Some("101"));
    assert_eq!(at_the_cap, beyond);
}

#[test]
fn a_pause_that_would_outlast_the_deadline_is_not_begun() {
    let mut exchange = Exchange::get(policy());
    exchange.remaining = Some(Duration::from_secs(7));
    assert_eq!(exchange.status(503, Some("7")), Verdict::Deliver(NoRetry::DeadlineTooNear));
    assert_eq!(exchange.attempts.retries(), 0);
    assert!(matches!(exchange.status(503, Some("6")), Verdict::Retry(_)));
    exchange.remaining = Some(Duration::from_millis(900));
    assert_eq!(exchange.closes(ConnectionAge::Fresh), Verdict::Deliver(NoRetry::DeadlineTooNear));
    assert_eq!(exchange.closes(ConnectionAge::Reused), SILENT);
}

#[test]
fn a_421_is_asked_again_once_on_a_new_connection_for_any_method() {
    for method in ["GET", "POST"] {
        let mut exchange = Exchange::new(RetryPolicy::default(), method, RequestBody::replayable(BodySize::Sized(1)));
        let Verdict::Retry(retry) = exchange.status(421, None) else { panic!("{method}") };
        assert_eq!((retry.pause, retry.connection), (None, ConnectionChoice::Fresh));
        assert!(matches!(exchange.status(421, None), Verdict::Deliver(_)));
        exchange.attempts.next_hop();
        assert!(matches!(exchange.status(421, None), Verdict::Retry(_)));
    }
    let mut exchange = Exchange::new(RetryPolicy::default(), "POST", RequestBody::once(ONCE));
    assert_eq!(exchange.status(421, None), Verdict::Deliver(NoRetry::BodyNotReplayable));
}

#[test]
fn a_408_is_repeated_on_a_new_connection() {
    let exchange = Exchange::get(RetryPolicy::new(1).backoff(Duration::from_secs(1), Duration::from_secs(4)));
    let retry = paused({ exchange }.status(408, None));
    assert_eq!(retry.connection, ConnectionChoice::Fresh);
}

#[test]
fn a_reused_connection_that_closed_is_replaced_once_at_once() {
    for kind in [FailureKind::Closed, FailureKind::Reset] {
        let mut exchange = Exchange::get(RetryPolicy::default());
        assert_eq!(exchange.fails(kind, Sent::All, ConnectionAge::Reused), SILENT);
        assert_eq!(exchange.fails(kind, Sent::All, ConnectionAge::Reused), Verdict::Deliver(NoRetry::Off));
        exchange.attempts.next_hop();
        assert_eq!(exchange.fails(kind, Sent::All, ConnectionAge::Reused), SILENT);
        assert_eq!(exchange.attempts.retries(), 0);
    }
}

#[test]
fn a_new_connection_that_closed_is_an_error_without_a_policy() {
    for sent in [Sent::Nothing, Sent::Part, Sent::All] {
        let verdict = Exchange::get(RetryPolicy::default()).fails(FailureKind::Closed, sent, ConnectionAge::Fresh);
        assert_eq!(verdict, Verdict::Deliver(NoRetry::Off));
    }
}

#[test]
fn only_a_close_before_any_response_byte_is_a_stale_connection() {
    for kind in KINDS.into_iter().filter(|kind| !matches!(kind, FailureKind::Closed | FailureKind::Reset)) {
        let verdict = Exchange::get(RetryPolicy::default()).fails(kind, Sent::All, ConnectionAge::Reused);
        assert!(matches!(verdict, Verdict::Deliver(NoRetry::Off | NoRetry::NeverAfter(_))), "{kind:?}: {verdict:?}");
    }
}

#[test]
fn a_post_on_a_stale_connection_is_repeated_only_if_nothing_of_it_was_written() {
    for policy in [RetryPolicy::default(), policy()] {
        for sent in [Sent::Part, Sent::All] {
            let mut exchange = Exchange::new(policy.clone(), "POST", RequestBody::replayable(BodySize::Sized(1)));
            let verdict = exchange.fails(FailureKind::Closed, sent, ConnectionAge::Reused);
            assert!(matches!(verdict, Verdict::Deliver(_)), "{verdict:?}");
        }
        for body in [RequestBody::replayable(ONCE), RequestBody::once(ONCE)] {
            let mut exchange = Exchange::new(policy.clone(), "POST", body);
            assert_eq!(exchange.fails(FailureKind::Closed, Sent::Nothing, ConnectionAge::Reused), SILENT);
        }
    }
}

#[test]
fn a_stale_connection_does_not_bring_back_a_body_that_was_read() {
    let mut exchange = Exchange::new(policy(), "PUT", RequestBody::once(ONCE));
    assert_eq!(exchange.closes(ConnectionAge::Reused), Verdict::Deliver(NoRetry::BodyNotReplayable));
}

#[test]
fn with_a_policy_an_idempotent_request_survives_a_broken_connection() {
    for kind in
        [FailureKind::Closed, FailureKind::Reset, FailureKind::Incomplete, FailureKind::Timeout, FailureKind::Io]
    {
        let mut exchange = Exchange::get(policy());
        let retry = paused(exchange.fails(kind, Sent::All, ConnectionAge::Fresh));
        assert_eq!((retry.connection, retry.reason), (ConnectionChoice::Fresh, RetryReason::Failed(kind)));
        let mut post = Exchange::new(policy(), "POST", RequestBody::EMPTY);
        assert_eq!(post.fails(kind, Sent::All, ConnectionAge::Fresh), Verdict::Deliver(NoRetry::NotIdempotent));
    }
}

#[test]
fn the_silent_retry_does_not_use_up_those_of_the_policy() {
    let mut exchange = Exchange::get(policy());
    assert_eq!(exchange.closes(ConnectionAge::Reused), SILENT);
    paused(exchange.closes(ConnectionAge::Fresh));
    paused(exchange.status(503, None));
    assert_eq!(exchange.closes(ConnectionAge::Fresh), Verdict::Deliver(NoRetry::UsedUp(2)));
}

#[test]
fn what_was_never_sent_is_tried_again_whatever_the_method_and_body() {
    for kind in [FailureKind::Resolve, FailureKind::Connect, FailureKind::Timeout, FailureKind::Closed] {
        let mut exchange = Exchange::new(policy(), "POST", RequestBody::once(ONCE));
        paused(exchange.fails(kind, Sent::Nothing, ConnectionAge::Fresh));
        paused(exchange.fails(kind, Sent::Nothing, ConnectionAge::Fresh));
        let third = exchange.fails(kind, Sent::Nothing, ConnectionAge::Fresh);
        assert_eq!(third, Verdict::Deliver(NoRetry::UsedUp(2)));
        let mut without = Exchange::get(RetryPolicy::default());
        let verdict = without.fails(kind, Sent::Nothing, ConnectionAge::Fresh);
        assert_eq!(verdict, Verdict::Deliver(NoRetry::Off));
    }
}

/// CVE-2024-35195 for TLS; the end of http-rules.md 4 for the others.
#[test]
fn some_failures_are_never_retried() {
    for kind in [
        FailureKind::Tls,
        FailureKind::Proxy,
        FailureKind::Deadline,
        FailureKind::Protocol,
        FailureKind::Limit,
        FailureKind::Body,
        FailureKind::Request,
        FailureKind::Cancelled,
    ] {
        for sent in [Sent::Nothing, Sent::Part, Sent::All] {
            for age in [ConnectionAge::Fresh, ConnectionAge::Reused] {
                let verdict = Exchange::get(policy()).fails(kind, sent, age);
                assert_eq!(verdict, Verdict::Deliver(NoRetry::NeverAfter(kind)));
            }
        }
    }
}

#[test]
fn redirects_do_not_use_up_retries_and_do_not_renew_them() {
    let mut exchange = Exchange::get(policy());
    paused(exchange.status(503, None));
    exchange.attempts.next_hop();
    paused(exchange.status(503, None));
    exchange.attempts.next_hop();
    assert_eq!(exchange.status(503, None), Verdict::Deliver(NoRetry::UsedUp(2)));
}

#[test]
fn reasons_are_sentences() {
    assert_eq!(
        RetryReason::Status(StatusCode::SERVICE_UNAVAILABLE).to_string(),
        "tried again: the server answered 503"
    );
    assert_eq!(
        RetryReason::Failed(FailureKind::Reset).to_string(),
        "tried again: the connection was reset before any response"
    );
    assert_eq!(NoRetry::UsedUp(2).to_string(), "not tried again: all retries are used up (2)");
    assert_eq!(
        NoRetry::NeverAfter(FailureKind::Tls).to_string(),
        "not tried again: TLS failed, and that is never retried"
    );
}

#[test]
fn the_budget_ends_retries_until_responses_come() {
    let mut exchange = Exchange::get(policy_with(100));
    exchange.budget = Budget::full(9);
    assert!(matches!(exchange.status(503, None), Verdict::Retry(_)));
    assert_eq!(exchange.status(503, None), Verdict::Deliver(NoRetry::BudgetEmpty));
    // What replaces a request that reached nobody is free.
    assert!(matches!(exchange.closes(ConnectionAge::Reused), Verdict::Retry(_)));
    exchange.budget.refill();
    assert!(matches!(exchange.status(503, None), Verdict::Retry(_)));
}

#[test]
fn a_rule_of_ones_own_forbids_or_widens_but_makes_nothing_safe() {
    let rule = |outcome: Outcome<'_>| match outcome {
        Outcome::Response(head) if head.status == 500 => Wish::Retry,
        Outcome::Response(head) if head.headers.contains_key("retry-after") => Wish::Never,
        Outcome::Failure(failure) if failure.kind() == FailureKind::Connect => Wish::Never,
        _ => Wish::ByRules,
    };
    let policy = policy_with(3).when(rule);
    assert!(matches!(Exchange::get(policy.clone()).status(500, None), Verdict::Retry(_)));
    assert_eq!(Exchange::get(policy.clone()).status(503, Some("1")), Verdict::Deliver(NoRetry::Forbidden));
    assert!(matches!(Exchange::get(policy.clone()).status(503, None), Verdict::Retry(_)));
    let refused = Exchange::get(policy.clone()).fails(FailureKind::Connect, Sent::Nothing, ConnectionAge::Fresh);
    assert_eq!(refused, Verdict::Deliver(NoRetry::Forbidden));
    let mut post = Exchange::new(policy, "POST", RequestBody::EMPTY);
    assert_eq!(post.status(500, None), Verdict::Deliver(NoRetry::NotIdempotent));
}

fn policy_with(max: u32) -> RetryPolicy {
    RetryPolicy::new(max).statuses([StatusCode::SERVICE_UNAVAILABLE])
}

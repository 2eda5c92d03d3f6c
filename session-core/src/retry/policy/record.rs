//! Records of retries: what was tried, and why it was or was not tried again.

use crate::message::record::wire::status;
use crate::retry::failure::FailureKind;
use crate::retry::policy::{Attempts, ConnectionChoice, NoRetry, RetryReason};
use http::StatusCode;
use serde::{Deserialize, Serialize};

/// What was tried so far.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Attempts", deny_unknown_fields)]
pub(crate) struct AttemptsRecord {
    retries: u32,
    silent_used: bool,
    misdirected_used: bool,
}

/// The connection that an attempt may use.
#[derive(Serialize, Deserialize)]
#[serde(remote = "ConnectionChoice", rename_all = "snake_case")]
pub(crate) enum ConnectionRecord {
    Any,
    Fresh,
}

/// Why an attempt is made again.
#[derive(Serialize, Deserialize)]
#[serde(remote = "RetryReason", rename_all = "snake_case")]
pub(crate) enum RetryRecord {
    StaleConnection,
    Misdirected,
    Status(#[serde(with = "status")] StatusCode),
    Failed(#[serde(with = "FailureRecord")] FailureKind),
}

/// Why an attempt is not made again.
#[derive(Serialize, Deserialize)]
#[serde(remote = "NoRetry", rename_all = "snake_case")]
pub(crate) enum NoRetryRecord {
    Off,
    UsedUp(u32),
    StatusNotListed,
    NotIdempotent,
    BodyNotReplayable,
    NeverAfter(#[serde(with = "FailureRecord")] FailureKind),
    DeadlineTooNear,
    BudgetEmpty,
    Forbidden,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "FailureKind", rename_all = "snake_case")]
enum FailureRecord {
    Resolve,
    Connect,
    Tls,
    Proxy,
    Closed,
    Reset,
    Incomplete,
    Timeout,
    Deadline,
    Protocol,
    Limit,
    Body,
    Cancelled,
    Request,
    Io,
}

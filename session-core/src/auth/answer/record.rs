//! Records of the answers that an exchange gave to challenges.

use crate::auth::answer::{Answered, Attempts, NoAnswer, Verdict};
use crate::message::record::optional_text;
use http::HeaderValue;
use serde::{Deserialize, Serialize};

/// The answers so far.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Attempts", deny_unknown_fields)]
pub(crate) struct AttemptsRecord {
    answered: bool,
    renewed: bool,
    rounds: u32,
    #[serde(with = "optional_text")]
    given: Option<HeaderValue>,
}

/// What followed a challenge.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Verdict", rename_all = "snake_case")]
pub(crate) enum VerdictRecord {
    Answer(#[serde(with = "AnsweredRecord")] Answered),
    Deliver(#[serde(with = "NoAnswerRecord")] NoAnswer),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Answered", rename_all = "snake_case")]
enum AnsweredRecord {
    Challenged,
    Renewed,
    Round(u32),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "NoAnswer", rename_all = "snake_case")]
enum NoAnswerRecord {
    SentAhead,
    NoChallenge,
    OtherScheme,
    Incomplete,
    UnknownAlgorithm,
    UnknownProtection,
    NoBodyHash,
    Refused,
    SameNonce,
    StaleAgain,
    BodyNotReplayable,
    GivenUp,
}

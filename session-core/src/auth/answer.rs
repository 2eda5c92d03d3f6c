//! What follows a 401 or a 407: the challenge is answered, or the response is delivered. And the one way to the field value
//! of any credential, before a challenge and after it.
//!
//! How often an exchange answers is bounded here: once, and once more where the server says that only the nonce was too
//! old.

use crate::auth::challenge::Challenge;
use crate::auth::credentials::Credential;
use crate::auth::digest::asked::Asked;
use crate::auth::digest::proof::{self, Proof, ProofRule, ServerProof};
use crate::auth::digest::state::DigestState;
use crate::auth::scheme::Scheme;
use crate::entropy::Entropy;
use crate::error::Error;
use crate::limits::Limits;
use http::header::{AUTHORIZATION, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::fmt;

#[cfg(feature = "serde")]
pub(crate) mod record;

/// Who asks for credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "RFC 9110 11 knows these two")]
pub enum Party {
    /// The origin server.
    Origin,
    /// The proxy.
    Proxy,
}

impl Party {
    /// The status by which it asks: 401 or 407.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Origin => StatusCode::UNAUTHORIZED,
            Self::Proxy => StatusCode::PROXY_AUTHENTICATION_REQUIRED,
        }
    }

    /// The field of its challenges: `WWW-Authenticate` or `Proxy-Authenticate`.
    #[must_use]
    pub fn challenge_field(self) -> HeaderName {
        match self {
            Self::Origin => WWW_AUTHENTICATE,
            Self::Proxy => PROXY_AUTHENTICATE,
        }
    }

    /// The field of the answer: `Authorization` or `Proxy-Authorization`.
    #[must_use]
    pub fn answer_field(self) -> HeaderName {
        match self {
            Self::Origin => AUTHORIZATION,
            Self::Proxy => PROXY_AUTHORIZATION,
        }
    }

    /// The field of what it says after the answer: `Authentication-Info` or `Proxy-Authentication-Info`.
    #[must_use]
    pub fn info_field(self) -> HeaderName {
        match self {
            Self::Origin => HeaderName::from_static("authentication-info"),
            Self::Proxy => HeaderName::from_static("proxy-authentication-info"),
        }
    }
}

/// The field value by which a request proves itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authorization {
    /// The value, marked sensitive.
    pub value: HeaderValue,
    /// For Digest: to be kept with the hop, for [`after_challenge`] and [`after_answer`].
    pub proof: Option<Proof>,
}

/// The field value of any credential for one request. `None` for Digest where no answer can be made yet: the request then
/// goes without and is challenged. `state` is that of the request's origin (or of the proxy), and of no other.
///
/// # Errors
/// [`ErrorKind::InvalidHeader`](crate::error::ErrorKind::InvalidHeader) for what cannot stand in a field value; see
/// [`Credential::authorization`] and [`DigestState::answer`].
pub fn authorize(
    credential: &Credential,
    state: &mut DigestState,
    asked: &Asked<'_>,
    entropy: &mut Entropy,
    attempts: &mut Attempts,
) -> Result<Option<Authorization>, Error> {
    match credential {
        Credential::Custom(scheme) => Ok(attempts.given.take().or_else(|| scheme.ahead(asked)).map(|mut value| {
            value.set_sensitive(true);
            Authorization { value, proof: None }
        })),
        Credential::Digest { means, .. } => (means.authorize)(credential, state, asked, entropy),
        _ => Ok(Some(Authorization { value: credential.authorization()?, proof: None })),
    }
}

/// The answers that were given so far: a new one for each exchange, and after each redirect that is followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts {
    pub(super) answered: bool,
    pub(super) renewed: bool,
    /// Answers of a scheme of the caller's own.
    rounds: u32,
    /// What such a scheme answered last, until it is sent.
    given: Option<HeaderValue>,
}

/// What follows the challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a challenge is answered or it is not")]
pub enum Verdict {
    /// The request is made again; its field value comes from [`authorize`].
    Answer(Answered),
    /// The response is delivered.
    Deliver(NoAnswer),
}

/// Why a challenge is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answered {
    /// It is the first of its exchange.
    Challenged,
    /// The nonce of the last answer was too old, and there is a new one.
    Renewed,
    /// A scheme of the caller's own answered, this many times in this exchange.
    Round(u32),
}

/// Why a challenge is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoAnswer {
    /// The credential goes with each request ahead of any challenge, so there is nothing to add.
    SentAhead,
    /// There is no well-formed challenge.
    NoChallenge,
    /// None of the challenges is of the credential's scheme.
    OtherScheme,
    /// A challenge lacks its realm or its nonce, and no other can be answered.
    Incomplete,
    /// The algorithm of the challenge is not known, and no other can be answered.
    UnknownAlgorithm,
    /// The protection (`qop`) of the challenge is not known, and no other can be answered.
    UnknownProtection,
    /// The server asks for the hash of the body, which is not to be had.
    NoBodyHash,
    /// A challenge was answered in this exchange, and the answer was refused.
    Refused,
    /// The server calls the nonce too old and gives the same again.
    SameNonce,
    /// The server called a second nonce too old.
    StaleAgain,
    /// The body would have to be sent a second time and cannot be.
    BodyNotReplayable,
    /// The caller's own scheme gave up.
    GivenUp,
}

/// Decides on a response that asks for credentials.
///
/// `asked` is the request that was refused, `sent` the proof of the answer that it carried, if any, and `state` that of
/// its origin (or of the proxy), which learns of the challenge. An answer is noted in `attempts`. Where the body cannot be
/// sent again, the state learns all the same, so that the next request can be answered ahead.
pub fn after_challenge(
    credential: &Credential,
    challenges: &[Challenge],
    asked: &Asked<'_>,
    sent: Option<&Proof>,
    state: &mut DigestState,
    attempts: &mut Attempts,
    limits: &Limits,
) -> Verdict {
    match credential {
        Credential::Custom(scheme) => round(scheme.as_ref(), challenges, asked, attempts, limits),
        Credential::Digest { means, .. } => (means.after_challenge)(challenges, asked, sent, state, attempts),
        Credential::Basic { .. } | Credential::Bearer(_) => Verdict::Deliver(NoAnswer::SentAhead),
    }
}

/// One round of a scheme of the caller's own.
fn round(
    scheme: &dyn Scheme,
    challenges: &[Challenge],
    asked: &Asked<'_>,
    attempts: &mut Attempts,
    limits: &Limits,
) -> Verdict {
    let Some(challenge) = challenges.iter().find(|challenge| challenge.is(scheme.name())) else {
        let none = challenges.is_empty();
        return Verdict::Deliver(if none { NoAnswer::NoChallenge } else { NoAnswer::OtherScheme });
    };
    if !asked.is_replayable() {
        return Verdict::Deliver(NoAnswer::BodyNotReplayable);
    }
    let round = attempts.rounds.saturating_add(1);
    if round > limits.challenge_rounds {
        return Verdict::Deliver(NoAnswer::Refused);
    }
    match scheme.answer(challenge, asked, round) {
        Some(mut value) => {
            value.set_sensitive(true);
            attempts.rounds = round;
            attempts.given = Some(value);
            Verdict::Answer(Answered::Round(round))
        }
        None => Verdict::Deliver(NoAnswer::GivenUp),
    }
}

/// Takes what the server says after an answer that it accepted: its own proof, which must be right where it is there, and
/// the nonce for the next request. To be called with any response but the one that asks for credentials again.
///
/// # Errors
/// [`ErrorKind::Protocol`](crate::error::ErrorKind::Protocol) where the server's proof is wrong, or required and missing;
/// the nonce is then not taken.
pub fn after_answer(
    credential: &Credential,
    party: Party,
    headers: &HeaderMap,
    proof: &Proof,
    rule: ProofRule,
    state: &mut DigestState,
    limits: &Limits,
) -> Result<ServerProof, Error> {
    match credential {
        Credential::Digest { means, .. } => {
            (means.after_answer)(credential, party, headers, proof, rule, state, limits)
        }
        _ => proof::absent(rule),
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(why) => write!(f, "{why}"),
            Self::Deliver(why) => write!(f, "challenge not answered: {why}"),
        }
    }
}

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Challenged => f.write_str("challenge answered"),
            Self::Renewed => f.write_str("challenge answered again: the nonce was too old"),
            Self::Round(round) => write!(f, "challenge answered by the caller's own scheme, round {round}"),
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SentAhead => "the credential was sent with the request already",
            Self::NoChallenge => "the response holds no well-formed challenge",
            Self::OtherScheme => "no challenge is of the credential's scheme",
            Self::Incomplete => "the challenge has no realm or no nonce",
            Self::UnknownAlgorithm => "the challenge's algorithm is not known",
            Self::UnknownProtection => "the challenge's qop is not known",
            Self::NoBodyHash => "the server asks for a hash of the body, and there is none",
            Self::Refused => "this exchange answered one already",
            Self::SameNonce => "the server calls a nonce too old and gives the same again",
            Self::StaleAgain => "the server called a second nonce too old",
            Self::BodyNotReplayable => "the body cannot be sent a second time",
            Self::GivenUp => "the caller's own scheme gave up",
        })
    }
}

#[cfg(test)]
mod tests;

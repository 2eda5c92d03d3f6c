//! What a Digest credential does with challenges, as functions that come with it from where it is made: a program that makes
//! none has no code that reads challenges of Digest, none that answers them, and none of its hash functions.

use crate::auth::answer::{Answered, Attempts, Authorization, NoAnswer, Party, Verdict};
use crate::auth::challenge::{Challenge, challenges, info};
use crate::auth::credentials::Credential;
use crate::auth::digest::asked::Asked;
use crate::auth::digest::offer::{Offer, Unusable};
use crate::auth::digest::proof::{Proof, ProofRule, ServerProof};
use crate::auth::digest::state::DigestState;
use crate::entropy::Entropy;
use crate::error::Error;
use crate::limits::Limits;
use http::{HeaderMap, HeaderName};
use std::fmt;

/// What carries Digest out. [`Credential::digest`] puts it into a credential.
#[derive(Clone, Copy)]
pub struct Means {
    pub(crate) challenges: fn(&HeaderMap, &HeaderName, &Limits) -> Vec<Challenge>,
    pub(crate) authorize: Authorize,
    pub(crate) after_challenge: AfterChallenge,
    pub(crate) after_answer: AfterAnswer,
}

type Authorize = fn(&Credential, &mut DigestState, &Asked<'_>, &mut Entropy) -> Result<Option<Authorization>, Error>;
type AfterChallenge = fn(&[Challenge], &Asked<'_>, Option<&Proof>, &mut DigestState, &mut Attempts) -> Verdict;
type AfterAnswer =
    fn(&Credential, Party, &HeaderMap, &Proof, ProofRule, &mut DigestState, &Limits) -> Result<ServerProof, Error>;

impl Means {
    /// All of Digest.
    pub(crate) const ALL: Self = Self { challenges, authorize, after_challenge, after_answer };
}

impl fmt::Debug for Means {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Means(..)")
    }
}

fn authorize(
    credential: &Credential,
    state: &mut DigestState,
    asked: &Asked<'_>,
    entropy: &mut Entropy,
) -> Result<Option<Authorization>, Error> {
    let answer = state.answer(credential, asked, entropy)?;
    Ok(answer.map(|answer| Authorization { value: answer.value, proof: Some(answer.proof) }))
}

fn after_challenge(
    challenges: &[Challenge],
    asked: &Asked<'_>,
    sent: Option<&Proof>,
    state: &mut DigestState,
    attempts: &mut Attempts,
) -> Verdict {
    let offer = match strongest(challenges, asked) {
        Ok(offer) => offer,
        Err(reason) => {
            // What was sent was refused, in words of Digest that nobody here knows: it is not sent again.
            if sent.is_some() && !matches!(reason, NoAnswer::NoChallenge | NoAnswer::OtherScheme) {
                state.refuse();
            }
            return Verdict::Deliver(reason);
        }
    };
    let stale = offer.is_stale() && sent.is_some();
    let same_nonce = sent.is_some_and(|sent| sent.used(offer.nonce()));
    let renewed = stale && !same_nonce;
    let spent = if renewed { attempts.renewed } else { attempts.answered || attempts.renewed };
    if spent {
        state.refuse();
        return Verdict::Deliver(match (renewed, stale) {
            (true, _) => NoAnswer::StaleAgain,
            (false, true) => NoAnswer::SameNonce,
            (false, false) => NoAnswer::Refused,
        });
    }
    state.learn(offer, asked);
    if !asked.is_replayable() {
        return Verdict::Deliver(NoAnswer::BodyNotReplayable);
    }
    if renewed {
        attempts.renewed = true;
        Verdict::Answer(Answered::Renewed)
    } else {
        attempts.answered = true;
        Verdict::Answer(Answered::Challenged)
    }
}

fn after_answer(
    credential: &Credential,
    party: Party,
    headers: &HeaderMap,
    proof: &Proof,
    rule: ProofRule,
    state: &mut DigestState,
    limits: &Limits,
) -> Result<ServerProof, Error> {
    let info = info(headers, &party.info_field(), limits);
    let shown = proof.check(credential, info.as_ref(), None, rule)?;
    if let Some(info) = &info {
        state.take_next_nonce(proof, info);
    }
    Ok(shown)
}

/// The strongest challenge that can be answered; of equals the first.
fn strongest(challenges: &[Challenge], asked: &Asked<'_>) -> Result<Offer, NoAnswer> {
    let mut best: Option<Offer> = None;
    let mut reason = NoAnswer::NoChallenge;
    for challenge in challenges {
        let why_not = match Offer::of(challenge) {
            Ok(offer) if offer.needs_body_hash() && !asked.has_body_hash() => NoAnswer::NoBodyHash,
            Ok(offer) => {
                if best.as_ref().is_none_or(|best| best.strength() < offer.strength()) {
                    best = Some(offer);
                }
                continue;
            }
            Err(Unusable::OtherScheme) => NoAnswer::OtherScheme,
            Err(Unusable::Incomplete) => NoAnswer::Incomplete,
            Err(Unusable::Algorithm) => NoAnswer::UnknownAlgorithm,
            Err(Unusable::Protection) => NoAnswer::UnknownProtection,
        };
        // The nearest miss is told: a challenge of the right scheme goes before any other.
        if matches!(reason, NoAnswer::NoChallenge | NoAnswer::OtherScheme) {
            reason = why_not;
        }
    }
    best.ok_or(reason)
}

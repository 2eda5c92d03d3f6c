//! What follows a challenge: http-rules.md 7, threats AU-01, AU-02, AU-03, AU-07; suite auth.json.

use super::{Answered, Attempts, Authorization, NoAnswer, Party, Verdict, after_answer, after_challenge, authorize};
use crate::auth::challenge::challenges;
use crate::auth::credentials::Credential;
use crate::auth::digest::asked::Asked;
use crate::auth::digest::hash::BodyHash;
use crate::auth::digest::proof::{Proof, ProofRule, ServerProof};
use crate::auth::digest::state::DigestState;
use crate::entropy::Entropy;
use crate::error::ErrorKind;
use crate::limits::Limits;
use crate::message::body::{BodySize, RequestBody};
use crate::message::target::Target;
use http::{HeaderMap, HeaderValue, Method};
use proptest::prelude::*;
use url::Url;

/// One exchange with one origin, over a state that outlives it.
struct Exchange {
    credential: Credential,
    state: DigestState,
    attempts: Attempts,
    entropy: Entropy,
    body: RequestBody,
    sent: Option<Proof>,
}

const FIRST: &str = "Digest realm=r, nonce=one, qop=auth";
const SECOND: &str = "Digest realm=r, nonce=two, qop=auth";
const STALE: &str = "Digest realm=r, nonce=two, qop=auth, stale=TRUE";

impl Exchange {
    fn new(credential: Credential) -> Self {
        Self {
            credential,
            state: DigestState::default(),
            attempts: Attempts::default(),
            entropy: Entropy::from_seed([2; 32]),
            body: RequestBody::EMPTY,
            sent: None,
        }
    }

    fn digest() -> Self {
        Self::new(Credential::digest("u", "p"))
    }

    /// The next exchange of the same session.
    fn next(self) -> Self {
        Self { attempts: Attempts::default(), sent: None, ..self }
    }

    fn send(&mut self) -> Option<String> {
        let target = Target::new(Url::parse("https://a.test/x").unwrap()).unwrap().0;
        let asked = Asked::of_origin(&Method::GET, &target).with_body(self.body);
        let authorization =
            authorize(&self.credential, &mut self.state, &asked, &mut self.entropy, &mut self.attempts).unwrap();
        self.sent = authorization.as_ref().and_then(|authorization| authorization.proof.clone());
        authorization.map(|Authorization { value, .. }| value.to_str().unwrap().to_owned())
    }

    fn challenged(&mut self, lines: &[&str]) -> Verdict {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("www-authenticate", HeaderValue::from_str(line).unwrap());
        }
        let challenges = challenges(&headers, &Party::Origin.challenge_field(), &Limits::default());
        let target = Target::new(Url::parse("https://a.test/x").unwrap()).unwrap().0;
        let asked = Asked::of_origin(&Method::GET, &target).with_body(self.body);
        let (state, attempts) = (&mut self.state, &mut self.attempts);
        after_challenge(&self.credential, &challenges, &asked, self.sent.as_ref(), state, attempts, &Limits::default())
    }

    /// Sends, and hears `line` back.
    fn round(&mut self, line: &str) -> Verdict {
        self.send();
        self.challenged(&[line])
    }
}

const CHALLENGED: Verdict = Verdict::Answer(Answered::Challenged);
const RENEWED: Verdict = Verdict::Answer(Answered::Renewed);

#[test]
fn a_challenge_is_answered_once() {
    let mut exchange = Exchange::digest();
    assert_eq!(exchange.send(), None);
    assert_eq!(exchange.challenged(&[FIRST]), CHALLENGED);
    assert!(exchange.send().unwrap().contains("nonce=\"one\""));
    assert_eq!(exchange.challenged(&[SECOND]), Verdict::Deliver(NoAnswer::Refused));
}

/// Threat AU-02 (GMS-2012-3).
#[test]
fn a_nonce_too_old_allows_one_answer_more() {
    let mut exchange = Exchange::digest();
    assert_eq!(exchange.round(FIRST), CHALLENGED);
    assert_eq!(exchange.round(STALE), RENEWED);
    assert!(exchange.send().unwrap().contains("nonce=\"two\""));
    let third = "Digest realm=r, nonce=three, qop=auth, stale=true";
    assert_eq!(exchange.challenged(&[third]), Verdict::Deliver(NoAnswer::StaleAgain));
    assert_eq!(exchange.round(FIRST), Verdict::Deliver(NoAnswer::Refused));
}

#[test]
fn a_stale_challenge_must_bring_a_new_nonce() {
    let mut exchange = Exchange::digest();
    assert_eq!(exchange.round(FIRST), CHALLENGED);
    assert_eq!(exchange.round(&format!("{FIRST}, stale=true")), Verdict::Deliver(NoAnswer::SameNonce));
}

#[test]
fn stale_means_nothing_where_no_answer_was_sent() {
    let mut exchange = Exchange::digest();
    assert_eq!(exchange.round(STALE), CHALLENGED);
    assert_eq!(exchange.round(FIRST), Verdict::Deliver(NoAnswer::Refused));
}

#[test]
fn the_next_exchange_answers_ahead_and_a_guess_that_fails_may_be_answered() {
    let mut exchange = Exchange::digest();
    exchange.round(FIRST);
    exchange.send();
    let mut exchange = exchange.next();
    assert!(exchange.send().unwrap().contains("nc=00000002"));
    assert_eq!(exchange.challenged(&[SECOND]), CHALLENGED);
    assert!(exchange.send().unwrap().contains("nc=00000001"));
    assert_eq!(exchange.challenged(&[FIRST]), Verdict::Deliver(NoAnswer::Refused));
    let mut exchange = exchange.next();
    assert_eq!(exchange.send(), None, "refused: nothing is sent ahead");
    assert_eq!(exchange.challenged(&[STALE]), CHALLENGED);
    assert!(exchange.send().unwrap().contains("nc=00000002"), "and the count of the nonce goes on");
}

/// Threat AU-02: one attempt for each challenge, also where the refusal asks for what is not known.
#[test]
fn an_answer_that_is_refused_in_unknown_terms_is_not_sent_ahead_again() {
    for (refusal, sent_again) in [
        ("Digest realm=r, nonce=two, algorithm=X-NEW", false),
        ("Digest realm=r, nonce=two, qop=auth-conf", false),
        ("Digest realm=r", false),
        ("Basic realm=r", true),
    ] {
        let mut exchange = Exchange::digest();
        exchange.round(FIRST);
        exchange.round(refusal);
        assert_eq!(exchange.next().send().is_some(), sent_again, "{refusal}");
    }
}

#[test]
fn an_answer_sent_ahead_with_an_old_nonce_is_renewed_once() {
    let mut exchange = Exchange::digest();
    exchange.round(FIRST);
    exchange.send();
    let mut exchange = exchange.next();
    assert_eq!(exchange.round(STALE), RENEWED);
    assert_eq!(exchange.round(SECOND), Verdict::Deliver(NoAnswer::Refused));
}

#[test]
fn the_strongest_known_challenge_is_answered() {
    let weak = "Digest realm=r, nonce=weak, qop=auth, algorithm=MD5";
    let strong = "Digest realm=r, nonce=strong, qop=auth, algorithm=SHA-256";
    let strongest = "Digest realm=r, nonce=strongest, algorithm=SHA-512-256";
    let unknown = "Digest realm=r, nonce=unknown, qop=auth, algorithm=X-NEW-512";
    for (lines, expected) in [
        (&["Basic realm=r", weak, strong, unknown][..], "strong"),
        (&[strong, weak], "strong"),
        (&[strong, strongest, weak], "strongest"),
        (&["Digest realm=r, nonce=old", weak], "weak"),
        (&[weak, "Digest realm=r, nonce=later, qop=auth"], "weak"),
        (&["Digest realm=r, nonce=\"broken", weak], "weak"),
    ] {
        let mut exchange = Exchange::digest();
        assert_eq!(exchange.challenged(lines), CHALLENGED);
        let sent = exchange.send().unwrap();
        assert!(sent.contains(&format!("nonce=\"{expected}\"")), "{sent}");
    }
}

#[test]
fn what_cannot_be_answered_is_delivered_with_the_nearest_reason() {
    for (lines, reason) in [
        (&[][..], NoAnswer::NoChallenge),
        (&["Digest realm=r, nonce=\"n"], NoAnswer::NoChallenge),
        (&["Basic realm=r"], NoAnswer::OtherScheme),
        (&["Digest realm=r, qop=auth"], NoAnswer::Incomplete),
        (&["Basic realm=r", "Digest realm=r, nonce=n, algorithm=SHA-1", "Basic realm=s"], NoAnswer::UnknownAlgorithm),
        (&["Digest realm=r, nonce=n, qop=\"auth-conf\""], NoAnswer::UnknownProtection),
    ] {
        let mut exchange = Exchange::digest();
        assert_eq!(exchange.challenged(lines), Verdict::Deliver(reason), "{lines:?}");
        assert_eq!(exchange.send(), None);
    }
}

#[test]
fn basic_and_bearer_were_sent_ahead() {
    for credential in [Credential::basic("u", "p"), Credential::bearer("t")] {
        let mut exchange = Exchange::new(credential);
        assert!(exchange.send().is_some());
        assert_eq!(exchange.challenged(&["Basic realm=r", FIRST]), Verdict::Deliver(NoAnswer::SentAhead));
    }
}

#[test]
fn a_body_that_cannot_be_sent_again_leaves_the_answer_to_the_next_request() {
    let mut exchange = Exchange::digest();
    exchange.body = RequestBody::once(BodySize::Sized(1));
    assert_eq!(exchange.round(FIRST), Verdict::Deliver(NoAnswer::BodyNotReplayable));
    let mut exchange = exchange.next();
    assert!(exchange.send().unwrap().contains("nc=00000001"));
}

#[test]
fn auth_int_alone_needs_the_hash_of_the_body() {
    let only = "Digest realm=r, nonce=n, qop=auth-int, algorithm=SHA-256";
    let mut exchange = Exchange::digest();
    assert_eq!(exchange.challenged(&[only]), CHALLENGED, "the hash of an empty body is known");
    let mut exchange = Exchange::digest();
    exchange.body = RequestBody::replayable(BodySize::Sized(3));
    assert_eq!(exchange.challenged(&[only]), Verdict::Deliver(NoAnswer::NoBodyHash));
    assert_eq!(exchange.challenged(&[only, FIRST]), CHALLENGED);
    assert!(exchange.send().unwrap().contains("nonce=\"one\""), "a weaker one that can be answered");

    let target = Target::new(Url::parse("https://a.test/x").unwrap()).unwrap().0;
    let hash = |algorithm| Some(BodyHash::of(algorithm, b"v=1"));
    let asked = Asked::of_origin(&Method::POST, &target)
        .with_body(RequestBody::replayable(BodySize::Sized(3)))
        .with_hash(&hash);
    let mut headers = HeaderMap::new();
    headers.append("www-authenticate", HeaderValue::from_static(only));
    let challenges = challenges(&headers, &Party::Origin.challenge_field(), &Limits::default());
    let mut exchange = Exchange::digest();
    let (state, attempts) = (&mut exchange.state, &mut exchange.attempts);
    assert_eq!(
        after_challenge(&exchange.credential, &challenges, &asked, None, state, attempts, &Limits::default()),
        CHALLENGED
    );
    let sent = authorize(&exchange.credential, state, &asked, &mut exchange.entropy, attempts).unwrap().unwrap();
    assert!(sent.value.to_str().unwrap().contains("qop=auth-int"));
}

#[test]
fn each_party_has_its_own_fields() {
    let origin = (
        Party::Origin.status().as_u16(),
        Party::Origin.challenge_field(),
        Party::Origin.answer_field(),
        Party::Origin.info_field(),
    );
    assert_eq!(origin.0, 401);
    assert_eq!([origin.1, origin.2, origin.3], ["www-authenticate", "authorization", "authentication-info"]);
    let proxy = [Party::Proxy.challenge_field(), Party::Proxy.answer_field(), Party::Proxy.info_field()];
    assert_eq!(Party::Proxy.status().as_u16(), 407);
    assert_eq!(proxy, ["proxy-authenticate", "proxy-authorization", "proxy-authentication-info"]);
}

#[test]
fn what_follows_an_answer_is_checked_before_its_nonce_is_taken() {
    let heard = |exchange: &mut Exchange, line: Option<&'static str>, rule| {
        let mut headers = HeaderMap::new();
        if let Some(line) = line {
            headers.append("authentication-info", HeaderValue::from_static(line));
        }
        let proof = exchange.sent.clone().unwrap();
        let limits = Limits::default();
        after_answer(&exchange.credential, Party::Origin, &headers, &proof, rule, &mut exchange.state, &limits)
    };
    let mut exchange = Exchange::digest();
    exchange.round(FIRST);
    exchange.send();
    let wrong = heard(&mut exchange, Some("rspauth=\"00\", nextnonce=\"two\""), ProofRule::IfPresent).unwrap_err();
    assert_eq!(wrong.kind(), ErrorKind::Protocol);
    assert!(exchange.send().unwrap().contains("nonce=\"one\""));
    assert_eq!(heard(&mut exchange, None, ProofRule::Required).unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(heard(&mut exchange, None, ProofRule::IfPresent).unwrap(), ServerProof::Absent);
    let shown = heard(&mut exchange, Some("nextnonce=\"two\""), ProofRule::IfPresent).unwrap();
    assert_eq!(shown, ServerProof::Absent);
    assert!(exchange.send().unwrap().contains("nonce=\"two\""));
}

#[test]
fn every_verdict_is_a_sentence() {
    for (verdict, sentence) in [
        (CHALLENGED, "challenge answered"),
        (RENEWED, "challenge answered again: the nonce was too old"),
        (Verdict::Deliver(NoAnswer::SentAhead), "the credential was sent with the request already"),
        (Verdict::Deliver(NoAnswer::NoChallenge), "the response holds no well-formed challenge"),
        (Verdict::Deliver(NoAnswer::OtherScheme), "no challenge is of the credential's scheme"),
        (Verdict::Deliver(NoAnswer::Incomplete), "the challenge has no realm or no nonce"),
        (Verdict::Deliver(NoAnswer::UnknownAlgorithm), "the challenge's algorithm is not known"),
        (Verdict::Deliver(NoAnswer::UnknownProtection), "the challenge's qop is not known"),
        (Verdict::Deliver(NoAnswer::NoBodyHash), "the server asks for a hash of the body, and there is none"),
        (Verdict::Deliver(NoAnswer::Refused), "this exchange answered one already"),
        (Verdict::Deliver(NoAnswer::SameNonce), "the server calls a nonce too old and gives the same again"),
        (Verdict::Deliver(NoAnswer::StaleAgain), "the server called a second nonce too old"),
        (Verdict::Deliver(NoAnswer::BodyNotReplayable), "the body cannot be sent a second time"),
    ] {
        let prefix = if matches!(verdict, Verdict::Deliver(_)) { "challenge not answered: " } else { "" };
        assert_eq!(verdict.to_string(), format!("{prefix}{sentence}"));
    }
}

proptest! {
    /// Threat AU-02: whatever a server says, an exchange answers at most twice.
    #[test]
    fn an_exchange_ends(
        known in any::<bool>(),
        rounds in proptest::collection::vec(("[a-c]{1,2}", any::<bool>()), 0..12),
    ) {
        let mut exchange = Exchange::digest();
        if known {
            exchange.round(FIRST);
            exchange.send();
            exchange = exchange.next();
        }
        let mut answers = 0;
        for (nonce, stale) in rounds {
            if let Verdict::Answer(_) = exchange.round(&format!("Digest realm=r, nonce={nonce}, qop=auth, stale={stale}")) {
                answers += 1;
            }
        }
        prop_assert!(answers <= 2, "{} answers", answers);
    }
}

//! The one order of questions about an answer: remember its cookies and its wish for https, answer its challenge, follow it,
//! try again, deliver it.

use crate::auth::answer::{self, Party};
use crate::auth::credentials::Credential;
use crate::auth::digest::proof::{Proof, ProofRule};
use crate::auth::digest::state::DigestState;
use crate::entropy::Entropy;
use crate::error::{Error, ErrorKind, Phase};
use crate::hsts::{Channel, HstsStore, Learned};
use crate::message::body::RequestBody;
use crate::message::fields::expects_continue;
use crate::message::head::ResponseHead;
use crate::message::origin::Scheme;
use crate::message::present::Present;
use crate::message::target::Target;
use crate::redirect::follow::{self, NotFollowed};
use crate::redirect::policy::{Action, Attempt as Redirection, RedirectPolicy};
use crate::redirect::rewrite::BodyFate;
use crate::retry::budget::Budget;
use crate::retry::failure::Failure;
use crate::retry::policy::{self, Attempt, Attempts, ConnectionChoice, NoRetry, Outcome, RetryPolicy};
use crate::session::exchange::{Exchange, Lead, Next};
use crate::session::history::HopRecord;
use crate::session::hooks::{Course, Hooks, Retrying};
use crate::session::memory::Memory;
use crate::session::reason::Reason;
use crate::session::recent::Recent;
use crate::session::settings::{CookieMode, HstsMode, Recording, Setting, Settings};
use crate::time::Now;
use http::header::LOCATION;
use http::{Method, StatusCode};
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

/// What to do with an answer.
pub(crate) enum Verdict {
    Deliver,
    /// Send the hop again, with an answer to the challenge.
    Answer,
    /// Send the hop again, without Expect.
    Unexpect,
    Follow(Next),
    Retry(Again),
}

/// The next attempt at the same hop.
pub(crate) struct Again {
    pub(crate) connection: ConnectionChoice,
    pub(crate) pause: Option<Duration>,
}

/// Goes over to https where the host asked for that. It is no redirect: nothing was sent yet.
pub(crate) fn upgrade(settings: &Settings, memory: &Memory, exchange: &mut Exchange, now: Now) {
    if let Some(target) = hsts(settings, memory).and_then(|hsts| hsts.upgrade(&exchange.target, now)) {
        let to = target.url().clone();
        // One that goes on after an answer leaves an origin behind.
        if exchange.answered {
            exchange.go_to(target)
        } else {
            exchange.target = target
        }
        exchange.note(|| Reason::Upgraded { to });
    }
}

/// Takes what an answer, whose fields are `present`, leaves behind, whatever its status: its cookies, for the URL that gave
/// it, and its wish for https.
pub(crate) fn remember(
    settings: &Settings,
    memory: &mut Memory,
    exchange: &mut Exchange,
    head: &ResponseHead,
    present: Present,
    now: Now,
) {
    if settings.hsts == HstsMode::On && !present.lacks(Present::STRICT_TRANSPORT_SECURITY) {
        // A transport hands out no answer over TLS whose certificate it did not check, unless it was told to.
        let origin = exchange.target.origin();
        let verified = exchange.tls.origin.as_ref().is_none_or(|tls| tls.verifies());
        let channel = if verified { Channel::Verified } else { Channel::Unverified };
        let learned = memory.hsts.learn(origin, channel, &head.headers, now, &settings.limits);
        if learned != Learned::Nothing {
            exchange.note(|| Reason::Hsts(learned));
        }
    }
    if exchange.cookie_mode == CookieMode::Off || present.lacks(Present::SET_COOKIE) {
        return;
    }
    let Exchange { target, reasons, recording, .. } = exchange;
    memory.jar.accept_all(target, &head.headers, now.wall(), |decision| {
        if *recording == Recording::On {
            Reason::Cookie(decision).add_to(reasons);
        }
    });
}

/// Decides on an answer.
pub(crate) fn on_response(
    settings: &Settings,
    memory: &mut Memory,
    recent: &mut Recent,
    entropy: &mut Entropy,
    exchange: &mut Exchange,
    head: &ResponseHead,
    now: Now,
) -> Result<Verdict, Error> {
    if answers(settings, memory, exchange, head)? {
        return Ok(Verdict::Answer);
    }
    if is_expectation_failed(exchange, head) {
        exchange.note(|| Reason::ExpectationFailed);
        return Ok(Verdict::Unexpect);
    }
    let max = exchange.redirect.maximum().unwrap_or(settings.limits.redirects);
    let onward = Onward {
        recent,
        https_only: settings.https_only,
        upgrade: |target: &Target| hsts(settings, memory).and_then(|hsts| hsts.upgrade(target, now)),
    };
    let not_followed = match redirection(onward, &settings.hooks, exchange, max, head)? {
        Ok(next) => return Ok(Verdict::Follow(next)),
        Err(NotFollowed::Stopped) => {
            exchange.note(|| Reason::NotFollowed(NotFollowed::Stopped));
            return Ok(Verdict::Deliver);
        }
        Err(why) => why,
    };
    let never = RetryPolicy::default();
    let own = exchange.own_retry.clone();
    let policy = rules(&own, settings).unwrap_or(&never);
    let body = exchange.body_at_hand();
    let before = tried(settings, memory, exchange);
    let Exchange { attempts, method, deadline, .. } = exchange;
    let attempt = attempt(method, body, *deadline, now);
    let verdict = policy.after_status(attempts, &mut memory.retries, &attempt, head, now, entropy);
    let verdict = permitted(verdict, Outcome::Response(head), before, settings, memory, exchange);
    if let Some(again) = told(exchange, verdict) {
        return Ok(Verdict::Retry(again));
    }
    if not_followed != NotFollowed::Status {
        exchange.note(|| Reason::NotFollowed(not_followed));
    }
    Ok(Verdict::Deliver)
}

/// Whether the answer is that the server cannot meet the hop's 100-continue, and the body can be sent again. It is asked
/// once in an exchange: the next hop expects nothing.
fn is_expectation_failed(exchange: &mut Exchange, head: &ResponseHead) -> bool {
    if head.status != StatusCode::EXPECTATION_FAILED || !expects_continue(exchange.head.headers()) {
        return false;
    }
    exchange.expectation_failed = true;
    exchange.body_at_hand().is_replayable()
}

/// Whether the answer is a challenge that the next hop answers. Of any other answer to a Digest the server's own proof is
/// checked, and the nonce for the next request taken.
fn answers(
    settings: &Settings,
    memory: &mut Memory,
    exchange: &mut Exchange,
    head: &ResponseHead,
) -> Result<bool, Error> {
    if let Some(given) = &settings.proxy_auth
        && given.heard(&mut memory.proxies, &settings.limits, exchange, head.status, &head.headers)?
    {
        return Ok(true);
    }
    let Some(credential) = exchange.digest.take() else { return Ok(false) };
    let proof = exchange.proof.take();
    let origin = exchange.target.origin().clone();
    memory.digests.with(&origin, settings.limits.digest_origins, |state| {
        answers_by(settings, state, exchange, head, &credential, proof.as_deref())
    })
}

/// Whether the proxy asked for a credential instead of opening a tunnel, and the next hop answers that.
pub(crate) fn answers_proxy(
    settings: &Settings,
    memory: &mut Memory,
    exchange: &mut Exchange,
    failure: &Failure,
) -> bool {
    let given = settings.proxy_auth.as_ref();
    given.is_some_and(|given| given.refused(&mut memory.proxies, &settings.limits, exchange, failure.error()))
}

/// The same with what is known of the origin.
fn answers_by(
    settings: &Settings,
    state: &mut DigestState,
    exchange: &mut Exchange,
    head: &ResponseHead,
    credential: &Credential,
    proof: Option<&Proof>,
) -> Result<bool, Error> {
    if head.status == Party::Origin.status() {
        let challenges = credential.challenges(&head.headers, &Party::Origin.challenge_field(), &settings.limits);
        let mut attempts = std::mem::take(&mut exchange.answers);
        let verdict = exchange.asked(|asked| {
            answer::after_challenge(credential, &challenges, asked, proof, state, &mut attempts, &settings.limits)
        });
        exchange.answers = attempts;
        exchange.note(|| Reason::Challenge(verdict));
        return Ok(matches!(verdict, answer::Verdict::Answer(_)));
    }
    if let Some(proof) = proof {
        let rule = ProofRule::IfPresent;
        answer::after_answer(credential, Party::Origin, &head.headers, proof, rule, state, &settings.limits)?;
    }
    Ok(false)
}

fn hsts<'a>(settings: &Settings, memory: &'a Memory) -> Option<&'a HstsStore> {
    (settings.hsts == HstsMode::On).then_some(&memory.hsts)
}

/// What the session says of where an answer leads that is not followed.
pub(crate) fn lead(settings: &Settings, memory: &Memory, exchange: &Exchange, head: &ResponseHead, now: Now) -> Lead {
    let https_only = settings.https_only;
    let leads = head.status.is_redirection() && head.headers.contains_key(LOCATION);
    let Some(hsts) = hsts(settings, memory).filter(|_| leads) else {
        return Lead { upgrade: None, https_only };
    };
    let rules = RedirectPolicy::default();
    let upgrade = match follow::lead(&rules, u32::MAX, &exchange.target, head) {
        Ok(follow::Lead::To { target, .. }) => hsts.upgrade(&target, now),
        Ok(follow::Lead::Nowhere(_)) | Err(_) => None,
    };
    Lead { upgrade, https_only }
}

/// What a session says of where a redirect leads, asked once that is known.
pub(crate) struct Onward<'a, U> {
    /// What is known of places that answers led to.
    pub(crate) recent: &'a mut Recent,
    /// The https target that its host asks for (RFC 6797), where it does.
    pub(crate) upgrade: U,
    /// Clear text is refused.
    pub(crate) https_only: bool,
}

/// The next request where the answer redirects and may be followed, else why it is not. The order of the questions is that
/// of http-rules.md 1.6.
pub(crate) fn redirection(
    onward: Onward<'_, impl FnOnce(&Target) -> Option<Target>>,
    hooks: &Hooks,
    exchange: &mut Exchange,
    max: u32,
    head: &ResponseHead,
) -> Result<Result<Next, NotFollowed>, Error> {
    let rules = &exchange.compat.rules().redirect;
    if !rules.follows(head.status) {
        return Ok(Err(NotFollowed::Status));
    }
    let location = match follow::location(&exchange.redirect, max, &exchange.target, head)? {
        Ok(location) => location,
        Err(why) => return Ok(Err(why)),
    };
    let (target, dropped_user_info) = match onward.recent.led(&exchange.target, location) {
        Some(known) => (known.clone(), false),
        None => {
            let (target, dropped) = follow::resolved(&exchange.target, location)?;
            if !dropped {
                onward.recent.keep_led(&exchange.target, location, &target);
            }
            (target, dropped)
        }
    };
    let upgraded = (onward.upgrade)(&target);
    let is_upgraded = upgraded.is_some();
    let target = upgraded.unwrap_or(target);
    follow::permit(&exchange.redirect, &exchange.target, &target, exchange.followed, max)?;
    match ask(hooks, exchange, &target, head) {
        Action::Follow => {}
        Action::Stop => return Ok(Err(NotFollowed::Stopped)),
        Action::Refuse => return Err(follow::vetoed(&exchange.target)),
    }
    if onward.https_only && target.origin().scheme() == Scheme::Http {
        return Err(clear_text(Phase::Decide));
    }
    let (method, fate) = rules.rewrite(head.status, &exchange.method);
    if fate == BodyFate::Keep && !exchange.body_at_hand().is_replayable() {
        return Err(Error::new(
            ErrorKind::BodyNotReplayable,
            Phase::Decide,
            format!("the redirect ({}) asks for the body again, which can be read only once", head.status),
        )
        .with_expected("a body of bytes, or one that can be rewound"));
    }
    if dropped_user_info {
        exchange.note(|| Reason::UserInfoDropped);
    }
    if is_upgraded {
        exchange.note(|| Reason::Upgraded { to: target.url().clone() });
    }
    let crossed = target.origin() != exchange.target.origin();
    let rewritten = method != exchange.method;
    exchange.note(|| Reason::Followed {
        to: target.url().clone(),
        rewritten: rewritten.then(|| method.clone()),
        crossed: crossed.then(|| target.origin().clone()),
    });
    Ok(Ok(Next { target, method, fate }))
}

/// The error of a session that sends over https only.
pub(crate) fn clear_text(phase: Phase) -> Error {
    Error::new(ErrorKind::HttpsOnly, phase, "the session sends over https only").with_expected("an https URL")
}

/// Asks the caller's own rule, which sees what was asked before, then the hooks.
fn ask(hooks: &Hooks, exchange: &Exchange, to: &Target, head: &ResponseHead) -> Action {
    if !exchange.redirect.is_custom() && !hooks.see_redirects() {
        return Action::Follow;
    }
    let previous: Vec<&Url> = exchange.history.redirects().map(HopRecord::url).collect();
    let redirection = Redirection::new(&exchange.target, to, head, &previous);
    match exchange.redirect.decide(&redirection) {
        Action::Follow => hooks.redirecting(&redirection),
        said => said,
    }
}

/// Decides on a failure: what to try again, or `None` where its error is the outcome.
pub(crate) fn on_failure(
    settings: &Settings,
    memory: &mut Memory,
    entropy: &mut Entropy,
    exchange: &mut Exchange,
    failure: &Failure,
    now: Now,
) -> Option<Again> {
    let never = RetryPolicy::default();
    let own = exchange.own_retry.clone();
    let policy = rules(&own, settings).unwrap_or(&never);
    let body = exchange.body_at_hand();
    let before = tried(settings, memory, exchange);
    let Exchange { attempts, method, deadline, .. } = exchange;
    let attempt = attempt(method, body, *deadline, now);
    let verdict = policy.after_failure(attempts, &mut memory.retries, &attempt, failure, entropy);
    let verdict = permitted(verdict, Outcome::Failure(failure), before, settings, memory, exchange);
    told(exchange, verdict)
}

/// What was tried so far, where a hook may undo that it is counted.
fn tried(settings: &Settings, memory: &Memory, exchange: &Exchange) -> Option<(Attempts, Budget)> {
    settings.hooks.see_retries().then(|| (exchange.attempts.clone(), memory.retries))
}

/// The verdict on a retry that the hooks were asked about. One that they stop was not made, and counts for nothing.
fn permitted(
    verdict: policy::Verdict,
    outcome: Outcome<'_>,
    before: Option<(Attempts, Budget)>,
    settings: &Settings,
    memory: &mut Memory,
    exchange: &mut Exchange,
) -> policy::Verdict {
    let (policy::Verdict::Retry(retry), Some((attempts, budget))) = (verdict, before) else { return verdict };
    let Exchange { method, target, hop_number, .. } = &*exchange;
    let (why, pause) = (retry.reason, retry.pause);
    match settings.hooks.retrying(&Retrying { method, target, number: *hop_number, outcome, why, pause }) {
        Course::Proceed => verdict,
        Course::Stop => {
            (exchange.attempts, memory.retries) = (attempts, budget);
            policy::Verdict::Deliver(NoRetry::Forbidden)
        }
    }
}

/// The retry rules: the request's own, else the session's.
fn rules<'a>(own: &'a Setting<Arc<RetryPolicy>>, settings: &'a Settings) -> Option<&'a RetryPolicy> {
    match own {
        Setting::Inherit => settings.retry.as_ref(),
        Setting::Off => None,
        Setting::Set(own) => Some(own),
    }
}

fn attempt(method: &Method, body: RequestBody, deadline: Option<Instant>, now: Now) -> Attempt<'_> {
    let attempt = Attempt::new(method, body);
    match deadline {
        Some(deadline) => attempt.remaining(deadline.saturating_duration_since(now.instant())),
        None => attempt,
    }
}

/// Records the verdict on a retry. That no retry was set, or that the status asks for none, is no decision worth telling.
fn told(exchange: &mut Exchange, verdict: policy::Verdict) -> Option<Again> {
    match verdict {
        policy::Verdict::Retry(retry) => {
            exchange.note(|| Reason::Retried { why: retry.reason, pause: retry.pause });
            Some(Again { connection: retry.connection, pause: retry.pause })
        }
        policy::Verdict::Deliver(NoRetry::Off | NoRetry::StatusNotListed) => None,
        policy::Verdict::Deliver(why) => {
            exchange.note(|| Reason::NotRetried(why));
            None
        }
    }
}

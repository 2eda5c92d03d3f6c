//! What proves a session to a proxy apart from the proxy's URL: credentials given for the proxy itself, which may answer its
//! challenges (407, RFC 9110 11.7). Which credential goes to an origin is left to [`prepare`](super::prepare).
//!
//! What carries it out comes with the first credential that is given: a program that gives none has no code for it.

use crate::auth::answer::{self, Party};
use crate::auth::credentials::Credential;
use crate::auth::digest::asked::Asked;
use crate::auth::digest::proof::{Proof, ProofRule};
use crate::auth::digest::state::DigestState;
use crate::entropy::Entropy;
use crate::error::{Error, ErrorKind, Phase};
use crate::limits::Limits;
use crate::message::proxy::{Passage, ProxyScheme, ProxyServer};
use crate::session::exchange::Exchange;
use crate::session::fields::Fields;
use crate::session::reason::{CredentialSource, Reason};
use crate::session::step::Hop;
use http::header::PROXY_AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};
use std::fmt;

/// The credentials that were given for proxies.
#[derive(Clone)]
pub(crate) struct ProxyCredentials {
    given: Vec<(ProxyServer, Credential)>,
    acts: Acts,
}

/// What carries them out.
#[derive(Clone, Copy)]
struct Acts {
    prove: fn(&ProxyCredentials, &mut ProxyStates, &mut Entropy, &mut Exchange, &mut Fields) -> Result<(), Error>,
    heard: Heard,
    refused: fn(&ProxyCredentials, &mut ProxyStates, &Limits, &mut Exchange, &Error) -> bool,
}

type Heard =
    fn(&ProxyCredentials, &mut ProxyStates, &Limits, &mut Exchange, StatusCode, &HeaderMap) -> Result<bool, Error>;

/// What is known of the challenges of each proxy that has a credential. It holds no secret.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProxyStates(Vec<(ProxyServer, DigestState)>);

/// How a hop stands with a proxy that has a credential.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// The Proxy-Authorization of its CONNECT. That of a request that is forwarded stands among its fields.
    tunnel: Option<HeaderValue>,
    proof: Option<Proof>,
    answers: answer::Attempts,
}

impl ProxyCredentials {
    pub(crate) fn new() -> Self {
        Self { given: Vec::new(), acts: Acts { prove, heard, refused } }
    }

    /// Takes a credential for a proxy, in the place of one that it had.
    ///
    /// # Errors
    /// A SOCKS proxy: it has none of HTTP's.
    pub(crate) fn give(&mut self, proxy: ProxyServer, credential: Credential) -> Result<(), Error> {
        if !matches!(proxy.scheme(), ProxyScheme::Http | ProxyScheme::Https) {
            let error =
                Error::new(ErrorKind::InvalidSetting, Phase::Build, "a SOCKS proxy has its credential in its URL");
            return Err(error.with_expected("a proxy of http or https"));
        }
        self.given.retain(|(other, _)| !is_same(other, &proxy));
        self.given.push((proxy.without_credential(), credential));
        Ok(())
    }

    fn of(&self, proxy: Option<&ProxyServer>) -> Option<&(ProxyServer, Credential)> {
        self.given.iter().find(|(given, _)| proxy.is_some_and(|proxy| is_same(given, proxy)))
    }

    /// Puts what proves the caller to the hop's proxy into its fields, or keeps it for its CONNECT: in the place of what the
    /// proxy's URL has.
    pub(super) fn prove(
        &self,
        states: &mut ProxyStates,
        entropy: &mut Entropy,
        exchange: &mut Exchange,
        fields: &mut Fields,
    ) -> Result<(), Error> {
        (self.acts.prove)(self, states, entropy, exchange, fields)
    }

    /// Hears what a response says to the credential. Whether it is a challenge of the proxy's that the next hop answers.
    pub(crate) fn heard(
        &self,
        states: &mut ProxyStates,
        limits: &Limits,
        exchange: &mut Exchange,
        status: StatusCode,
        fields: &HeaderMap,
    ) -> Result<bool, Error> {
        (self.acts.heard)(self, states, limits, exchange, status, fields)
    }

    /// The same of an error of the tunnel's.
    pub(crate) fn refused(
        &self,
        states: &mut ProxyStates,
        limits: &Limits,
        exchange: &mut Exchange,
        error: &Error,
    ) -> bool {
        (self.acts.refused)(self, states, limits, exchange, error)
    }

    /// How a hop stands whose fields are made already.
    #[cfg(feature = "serde")]
    pub(crate) fn standing(&self, exchange: &Exchange) -> Option<Box<Standing>> {
        self.of(exchange.route.proxy()).map(|_| Box::default())
    }
}

impl fmt::Debug for ProxyCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.given.iter().map(|(proxy, _)| proxy)).finish()
    }
}

impl ProxyStates {
    fn of(&mut self, proxy: &ProxyServer) -> DigestState {
        let at = self.0.iter().position(|(other, _)| is_same(other, proxy));
        at.map(|at| self.0.swap_remove(at).1).unwrap_or_default()
    }

    fn keep(&mut self, proxy: &ProxyServer, state: DigestState) {
        self.0.push((proxy.clone(), state));
    }
}

impl Hop {
    /// What proves the caller to the proxy that is asked for a tunnel: by what was given for it, else by its URL.
    pub(crate) fn tunnel_authorization(&self) -> Option<&HeaderValue> {
        match &self.exchange.proxied {
            Some(standing) => standing.tunnel.as_ref(),
            None => self.route().proxy()?.authorization(),
        }
    }
}

/// Whether both are one proxy, whatever the credentials in their URLs.
fn is_same(one: &ProxyServer, other: &ProxyServer) -> bool {
    (one.scheme(), one.host(), one.port()) == (other.scheme(), other.host(), other.port())
}

fn passage(exchange: &Exchange) -> Option<Passage> {
    exchange.route.proxy().map(|proxy| proxy.passage(exchange.target.origin().scheme()))
}

/// Does something with the hop's request as its proxy sees it.
fn asked<R>(exchange: &Exchange, act: impl FnOnce(&Asked<'_>) -> R) -> R {
    let origin = exchange.target.origin();
    if passage(exchange) == Some(Passage::Tunnel) {
        let authority = format!("{}:{}", origin.host(), origin.port());
        return act(&Asked::of_proxy(&http::Method::CONNECT, &authority));
    }
    let url = exchange.target.uri().map(ToString::to_string).unwrap_or_default();
    let target = if exchange.server_wide { url.trim_end_matches('/') } else { &url };
    act(&Asked::of_proxy(&exchange.method, target).with_body(exchange.body_at_hand()))
}

fn prove(
    credentials: &ProxyCredentials,
    states: &mut ProxyStates,
    entropy: &mut Entropy,
    exchange: &mut Exchange,
    fields: &mut Fields,
) -> Result<(), Error> {
    let before = exchange.proxied.take();
    let Some((proxy, credential)) = credentials.of(exchange.route.proxy()) else { return Ok(()) };
    let forwards = passage(exchange) == Some(Passage::Forward);
    if forwards && exchange.own.contains_key(PROXY_AUTHORIZATION) {
        return Ok(());
    }
    let mut standing = before.unwrap_or_default();
    let mut state = states.of(proxy);
    let made =
        asked(exchange, |asked| answer::authorize(credential, &mut state, asked, entropy, &mut standing.answers));
    states.keep(proxy, state);
    let (value, proof) = made?.map_or((None, None), |made| (Some(made.value), made.proof));
    if value.is_some() {
        exchange.note(|| Reason::CredentialSent { from: CredentialSource::Proxy });
    }
    standing.proof = proof;
    if forwards {
        fields.remove(&PROXY_AUTHORIZATION);
        value.into_iter().try_for_each(|value| fields.append(PROXY_AUTHORIZATION, value))?;
    } else {
        standing.tunnel = value;
    }
    exchange.proxied = Some(standing);
    Ok(())
}

fn heard(
    credentials: &ProxyCredentials,
    states: &mut ProxyStates,
    limits: &Limits,
    exchange: &mut Exchange,
    status: StatusCode,
    fields: &HeaderMap,
) -> Result<bool, Error> {
    // What comes out of a tunnel is the origin's, whatever it calls itself.
    if passage(exchange) != Some(Passage::Forward) {
        return Ok(false);
    }
    if status == Party::Proxy.status() {
        return Ok(challenged(credentials, states, limits, exchange, fields));
    }
    let proof = exchange.proxied.as_mut().and_then(|standing| standing.proof.take());
    if let (Some((proxy, credential)), Some(proof)) = (credentials.of(exchange.route.proxy()), proof) {
        let mut state = states.of(proxy);
        let rule = ProofRule::IfPresent;
        let shown = answer::after_answer(credential, Party::Proxy, fields, &proof, rule, &mut state, limits);
        states.keep(proxy, state);
        shown?;
    }
    Ok(false)
}

fn refused(
    credentials: &ProxyCredentials,
    states: &mut ProxyStates,
    limits: &Limits,
    exchange: &mut Exchange,
    error: &Error,
) -> bool {
    match error.proxy_challenges() {
        Some(fields) if error.proxy_status() == Some(Party::Proxy.status()) => {
            challenged(credentials, states, limits, exchange, fields)
        }
        _ => false,
    }
}

/// Whether the next hop answers a challenge of the proxy's.
fn challenged(
    credentials: &ProxyCredentials,
    states: &mut ProxyStates,
    limits: &Limits,
    exchange: &mut Exchange,
    fields: &HeaderMap,
) -> bool {
    let mut standing = exchange.proxied.take();
    let (Some((proxy, credential)), Some(held)) = (credentials.of(exchange.route.proxy()), &mut standing) else {
        return false;
    };
    let proof = held.proof.take();
    let challenges = credential.challenges(fields, &Party::Proxy.challenge_field(), limits);
    let mut state = states.of(proxy);
    let verdict = asked(exchange, |asked| {
        let answers = &mut held.answers;
        answer::after_challenge(credential, &challenges, asked, proof.as_ref(), &mut state, answers, limits)
    });
    states.keep(proxy, state);
    exchange.proxied = standing;
    exchange.note(|| Reason::Challenge(verdict));
    matches!(verdict, answer::Verdict::Answer(_))
}

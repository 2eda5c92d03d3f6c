//! The record of an exchange under way, and the way back.
//!
//! Instants mean nothing in another process: what is left of the exchange's time is written down, and the wall clock's time
//! with it, by which the time that passed in between is taken off.

mod begun;
mod rules;

use crate::auth::answer;
use crate::auth::answer::record::AttemptsRecord as AnswersRecord;
use crate::auth::credentials::Credential;
use crate::auth::credentials::record::CredentialRecord;
use crate::auth::digest::hash::{BodyHash, HashAlgorithm};
use crate::auth::digest::proof::Proof;
use crate::auth::digest::record::{BodyHashRecord, ProofRecord};
use crate::content::charset::TextRules;
use crate::content::coding::Codings;
use crate::message::body::{BodySize, Framing, RequestBody};
use crate::message::head::ResponseHead;
use crate::message::origin::Origin;
use crate::message::proxy::ProxyServer;
use crate::message::record::wire::{BodyRecord, FramingRecord, HeadRecord, status};
use crate::message::record::{Damage, Text, fields, list_of, moment, option_of, optional_text, required, text};
use crate::message::route::Route;
use crate::message::target::Target;
use crate::proxy::record::RouteRecord;
use crate::redirect::policy::record::PolicyRecord;
use crate::retry::policy::Attempts;
use crate::retry::policy::record::AttemptsRecord;
use crate::session::compat::Compat;
use crate::session::cookie_field::{OwnCookie, OwnSource};
use crate::session::exchange::{Exchange, SentCredentials, check_host, check_server_wide, framing_with};
use crate::session::hashable::Hashable;
use crate::session::history::{Ending, History, HopRecord};
use crate::session::origin_settings::record::{CookieModeRecord, proxy_setting};
use crate::session::reason::{CredentialSource, Reason};
use crate::session::settings::{CookieMode, Recording, Setting};
use crate::session::snapshot::exchange::begun::{BegunRecord, TimeoutsRecord};
use crate::session::snapshot::exchange::rules::{CompatRecord, TextRecord};
use crate::session::snapshot::reason::CredentialSourceRecord;
use crate::time::timings::Timings;
use crate::time::{Now, Timeouts};
use crate::tls::settings::TlsPath;
use http::header::{CONTENT_LENGTH, COOKIE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// One exchange.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExchangeRecord {
    /// When this was written.
    #[serde(with = "moment")]
    saved: SystemTime,
    #[serde(with = "text")]
    target: Target,
    #[serde(with = "text")]
    method: Method,
    #[serde(with = "CompatRecord")]
    compat: Compat,
    #[serde(with = "TextRecord")]
    text: TextRules,
    #[serde(with = "text")]
    codings: Codings,
    #[serde(with = "fields")]
    own: HeaderMap,
    own_cookies: Vec<CookieRecord>,
    removed: Vec<Text<HeaderName>>,
    #[serde(deserialize_with = "required")]
    credential: Option<SourcedRecord>,
    without_session_credential: bool,
    body: BodyRecord,
    #[serde(with = "FramingRecord")]
    framing: Framing,
    #[serde(with = "fields")]
    trailers: HeaderMap,
    #[serde(with = "optional_text")]
    body_type: Option<HeaderValue>,
    #[serde(deserialize_with = "required")]
    hashes: Option<Vec<BodyHashRecord>>,
    redirect: PolicyRecord,
    begun: BegunRecord,
    #[serde(with = "CookieModeRecord")]
    cookie_mode: CookieMode,
    #[serde(with = "TimeoutsRecord")]
    timeouts: Timeouts,
    /// What was left of the exchange's time.
    #[serde(deserialize_with = "required")]
    left: Option<Duration>,
    followed: u32,
    hop_number: u32,
    answered: bool,
    moved: bool,
    crossed: bool,
    body_dropped: bool,
    server_wide: bool,
    expectation_failed: bool,
    #[serde(with = "SentRecord")]
    sent: SentCredentials,
    #[serde(with = "SentRecord")]
    gone: SentCredentials,
    /// The origins that were left with a credential.
    left_origins: Vec<Text<Origin>>,
    has_cookie_field: bool,
    #[serde(with = "AttemptsRecord")]
    attempts: Attempts,
    #[serde(deserialize_with = "required")]
    digest: Option<CredentialRecord>,
    #[serde(with = "proof")]
    proof: Option<Proof>,
    #[serde(with = "AnswersRecord")]
    answers: answer::Attempts,
    #[serde(with = "proxy_setting")]
    own_proxy: Setting<Arc<ProxyServer>>,
    #[serde(with = "RouteRecord")]
    route: Route,
    #[serde(with = "hops")]
    history: Vec<HopRecord>,
    #[serde(with = "reasons")]
    reasons: Vec<Reason>,
    #[serde(with = "RecordingRecord")]
    recording: Recording,
}

/// A cookie of the request's own.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CookieRecord {
    #[serde(with = "text")]
    pair: Vec<u8>,
    name_length: usize,
    #[serde(with = "OwnSourceRecord")]
    source: OwnSource,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "OwnSource", rename_all = "snake_case")]
enum OwnSourceRecord {
    OriginHeaders,
    Default,
    Field,
    Given,
}

/// A credential of the request's own.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SourcedRecord {
    credential: CredentialRecord,
    #[serde(with = "CredentialSourceRecord")]
    from: CredentialSource,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Recording", rename_all = "snake_case")]
enum RecordingRecord {
    On,
    Off,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SentCredentials", deny_unknown_fields)]
struct SentRecord {
    default_authorization: bool,
    default_cookie: bool,
    session: bool,
}

/// One hop that is over.
#[derive(Serialize, Deserialize)]
#[serde(remote = "HopRecord", deny_unknown_fields)]
struct PassedRecord {
    #[serde(with = "text")]
    method: Method,
    #[serde(rename = "url", with = "text")]
    target: Target,
    #[serde(with = "fields")]
    sent: HeaderMap,
    #[serde(with = "optional_status")]
    status: Option<StatusCode>,
    #[serde(with = "head")]
    received: Option<ResponseHead>,
    #[serde(with = "EndingRecord")]
    ending: Ending,
    /// What was measured here means nothing elsewhere.
    #[serde(skip)]
    timings: Timings,
    #[serde(with = "reasons")]
    reasons: Vec<Reason>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Ending", rename_all = "snake_case")]
enum EndingRecord {
    Delivered,
    Followed,
    Answered,
    Retried,
    Failed,
}

option_of!(proof, super::Proof, "super::ProofRecord");
option_of!(head, super::ResponseHead, "super::HeadRecord");
option_of!(optional_status, super::StatusCode, "super::status");
list_of!(hops, super::HopRecord, "super::PassedRecord");
list_of!(reasons, super::Reason, "crate::session::snapshot::reason::ReasonRecord");

/// Every function that a server may ask for.
const FUNCTIONS: [HashAlgorithm; 3] = [HashAlgorithm::Md5, HashAlgorithm::Sha256, HashAlgorithm::Sha512Trunc256];

impl ExchangeRecord {
    /// What is no data cannot be written down; the error names it.
    pub(super) fn of(exchange: &Exchange, now: Now) -> Result<Self, &'static str> {
        // Taken apart as a whole, so that a new part is not forgotten here.
        let Exchange {
            // It is saved with the hop.
            head: _,
            target,
            method,
            compat,
            text,
            codings,
            own,
            own_cookies,
            removed,
            credential,
            without_session_credential,
            body,
            framing,
            trailers,
            body_type,
            hashable,
            redirect,
            own_retry,
            version,
            begun,
            cookie_mode,
            timeouts,
            deadline,
            followed,
            hop_number,
            answered,
            moved,
            crossed,
            body_dropped,
            server_wide,
            expectation_failed,
            // It says something of a hop that is answered; one that is handed out has none.
            body_unread: _,
            sent,
            gone,
            left,
            has_cookie_field,
            attempts,
            digest,
            proof,
            answers,
            own_proxy,
            route,
            // What was heard of its proxy is not known elsewhere: it challenges anew.
            proxied: _,
            // The session that goes on with it has its own.
            tls: _,
            own_tls,
            // What was measured here means nothing elsewhere.
            timings: _,
            history,
            reasons,
            recording,
        } = exchange;
        if own_tls.is_some() {
            return Err("TLS settings of the request's own");
        }
        if *own_retry != Setting::Inherit || *version != Version::HTTP_11 {
            return Err("retry rules or a version of the request's own");
        }
        let cookie = |cookie: &OwnCookie| {
            let (pair, name_length, source) = cookie.parts();
            CookieRecord { pair: pair.to_vec(), name_length, source }
        };
        let sourced = |(held, from): &(Credential, CredentialSource)| {
            credential_record(held).map(|credential| SourcedRecord { credential, from: *from })
        };
        Ok(Self {
            saved: now.wall(),
            target: target.clone(),
            method: method.clone(),
            compat: *compat,
            text: *text,
            codings: *codings,
            own: own.clone(),
            own_cookies: own_cookies.iter().map(cookie).collect(),
            removed: removed.iter().cloned().map(Text).collect(),
            credential: credential.as_deref().map(sourced).transpose()?,
            without_session_credential: *without_session_credential,
            body: BodyRecord::from(*body),
            framing: *framing,
            trailers: trailers.clone(),
            body_type: body_type.clone(),
            hashes: hashable.as_ref().map(hashes),
            redirect: PolicyRecord::of(redirect).ok_or("a redirect rule of the caller's own")?,
            begun: BegunRecord::of(begun),
            cookie_mode: *cookie_mode,
            timeouts: **timeouts,
            left: deadline.map(|deadline| deadline.saturating_duration_since(now.instant())),
            followed: *followed,
            hop_number: *hop_number,
            answered: *answered,
            moved: *moved,
            crossed: *crossed,
            body_dropped: *body_dropped,
            server_wide: *server_wide,
            expectation_failed: *expectation_failed,
            sent: *sent,
            gone: *gone,
            left_origins: left.iter().cloned().map(Text).collect(),
            has_cookie_field: *has_cookie_field,
            attempts: attempts.clone(),
            digest: digest.as_deref().map(credential_record).transpose()?,
            proof: proof.as_deref().cloned(),
            answers: answers.clone(),
            own_proxy: own_proxy.clone(),
            route: route.clone(),
            history: history.hops().to_vec(),
            reasons: reasons.clone(),
            recording: *recording,
        })
    }

    /// The time that the wall clock shows to have passed since this was written; none where it was set back.
    pub(super) fn passed(&self, now: Now) -> Duration {
        now.wall().duration_since(self.saved).unwrap_or_default()
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    pub(super) fn hop_number(&self) -> u32 {
        self.hop_number
    }

    /// How many hops are over.
    pub(super) fn hops(&self) -> usize {
        self.history.len()
    }

    /// The way back. The rules of a live request hold.
    pub(super) fn restore(self, now: Now) -> Result<Exchange, Damage> {
        let passed = self.passed(now);
        if self.method == Method::CONNECT {
            return Err(Damage::new("a method other than CONNECT").at("method"));
        }
        if self.server_wide && check_server_wide(&self.method, &self.target).is_err() {
            return Err(Damage::new("true only of OPTIONS and a URL without path").at("server_wide"));
        }
        check_fields(&self.own).map_err(|damage| damage.at("own"))?;
        if self.own.contains_key(COOKIE) {
            return Err(Damage::new("no Cookie, which stands apart").at("own"));
        }
        let mut own_cookies = Vec::with_capacity(self.own_cookies.len());
        for (index, CookieRecord { pair, name_length, source }) in self.own_cookies.into_iter().enumerate() {
            let cookie = OwnCookie::from_parts(pair, name_length, source);
            own_cookies.push(
                cookie
                    .ok_or_else(|| Damage::new("a cookie and where its name ends").at(place("own_cookies", index)))?,
            );
        }
        let body = RequestBody::from(self.body);
        if !fits(body.size(), self.framing) {
            return Err(Damage::new("the framing of the body").at("framing"));
        }
        if framing_with(&self.trailers, self.framing).ok() != Some(self.framing) {
            return Err(Damage::new("fields that may follow a chunked body").at("trailers"));
        }
        let hashable = self.hashes.map(|hashes| {
            let hash = |(index, hash): (usize, BodyHashRecord)| {
                hash.restore().map_err(|damage| damage.at(place("hashes", index)))
            };
            hashes.into_iter().enumerate().map(hash).collect::<Result<Vec<_>, _>>().map(Hashable::Hashes)
        });
        let deadline = self.left.map(|left| {
            let deadline = now.deadline(left.saturating_sub(passed));
            deadline.ok_or_else(|| Damage::new("a time that the clock can hold").at("left"))
        });
        let deadline = deadline.transpose()?;
        let mut history = History::default();
        self.history.into_iter().for_each(|hop| history.push(hop));
        Ok(Exchange {
            target: self.target,
            method: self.method,
            head: http::Request::new(()),
            compat: self.compat,
            text: self.text,
            codings: self.codings,
            own: self.own,
            own_cookies,
            removed: self.removed.into_iter().map(|Text(name)| name).collect(),
            credential: self.credential.map(|held| Box::new((held.credential.restore(), held.from))),
            without_session_credential: self.without_session_credential,
            body,
            framing: self.framing,
            trailers: self.trailers,
            body_type: self.body_type,
            hashable: hashable.transpose()?,
            redirect: Arc::new(self.redirect.restore()),
            own_retry: Setting::Inherit,
            version: Version::HTTP_11,
            begun: self.begun.restore(),
            cookie_mode: self.cookie_mode,
            timeouts: self.timeouts.into(),
            deadline,
            followed: self.followed,
            hop_number: self.hop_number,
            answered: self.answered,
            moved: self.moved,
            crossed: self.crossed,
            body_dropped: self.body_dropped,
            server_wide: self.server_wide,
            expectation_failed: self.expectation_failed,
            body_unread: false,
            sent: self.sent,
            gone: self.gone,
            left: self.left_origins.into_iter().map(|Text(origin)| origin).collect(),
            has_cookie_field: self.has_cookie_field,
            attempts: self.attempts,
            digest: self.digest.map(|digest| Box::new(digest.restore())),
            proof: self.proof.map(Box::new),
            answers: self.answers,
            own_proxy: self.own_proxy,
            route: self.route,
            proxied: None,
            tls: TlsPath::default(),
            own_tls: None,
            timings: Timings::default().with_wall(now.wall()),
            history,
            reasons: self.reasons,
            recording: self.recording,
        })
    }
}

/// The fields of a request: none frames the body, and a Host is one.
pub(super) fn check_fields(fields: &HeaderMap) -> Result<(), Damage> {
    if fields.contains_key(CONTENT_LENGTH) || fields.contains_key(TRANSFER_ENCODING) {
        return Err(Damage::new("no field that frames the body"));
    }
    check_host(fields).map_err(|_| Damage::new("one Host: a host, or host:port"))
}

fn credential_record(credential: &Credential) -> Result<CredentialRecord, &'static str> {
    CredentialRecord::of(credential).map_err(|_| "a scheme of the caller's own")
}

fn place(list: &str, index: usize) -> String {
    format!("{list}[{index}]")
}

/// Whether a body of this size may be framed like this (RFC 9112 6).
fn fits(size: BodySize, framing: Framing) -> bool {
    match (size, framing) {
        (BodySize::Empty, Framing::None | Framing::Length(0)) => true,
        (BodySize::Sized(size), Framing::Length(length)) => size == length,
        (BodySize::Sized(_), Framing::Chunked) | (BodySize::Streaming, Framing::Length(_) | Framing::Chunked) => true,
        (BodySize::Empty, _) | (_, Framing::None) => false,
    }
}

fn hashes(body: &Hashable) -> Vec<BodyHashRecord> {
    let hashes = FUNCTIONS.into_iter().filter_map(|algorithm| body.hash(algorithm));
    hashes.map(|hash: BodyHash| BodyHashRecord::of(&hash)).collect()
}

//! Kind "scenario": the settings of a session.

use crate::suite::scenario::model::Pairs;
use crate::suite::time::Moment;
use crate::suite::value::{given, present};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The settings of a session.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Settings {
    /// When the case starts.
    pub now: Moment,
    /// Default fields.
    pub headers: Pairs,
    /// Default query parameters.
    pub params: Pairs,
    /// What relative URLs are joined to.
    #[serde(deserialize_with = "present")]
    pub base_url: Option<String>,
    /// The User-Agent; `Some(None)` = none is sent.
    #[serde(deserialize_with = "given")]
    pub user_agent: Option<Option<String>>,
    /// The session's credential.
    #[serde(deserialize_with = "present")]
    pub auth: Option<Auth>,
    /// Default fields for single origins.
    pub origin_headers: Vec<OriginHeaders>,
    /// Cookies stored before the first exchange.
    pub cookies: Vec<StoredCookie>,
    /// Whether there is a jar.
    pub cookie_mode: CookieMode,
    /// Whether the jar asks the public suffix list.
    #[serde(deserialize_with = "present")]
    pub public_suffix: Option<bool>,
    /// The preset of rules.
    #[serde(deserialize_with = "present")]
    pub compat: Option<Compat>,
    /// The rules for redirects.
    #[serde(deserialize_with = "present")]
    pub redirect: Option<Redirect>,
    /// Whether only https is asked.
    #[serde(deserialize_with = "present")]
    pub https_only: Option<bool>,
    /// Whether HSTS is learned and obeyed.
    #[serde(deserialize_with = "present")]
    pub hsts: Option<bool>,
    /// The rules for retries.
    #[serde(deserialize_with = "present")]
    pub retry: Option<Retry>,
    /// The proxies.
    #[serde(deserialize_with = "present")]
    pub proxy: Option<Proxy>,
    /// An environment snapshot.
    #[serde(deserialize_with = "present")]
    pub env: Option<BTreeMap<String, String>>,
    /// The text of a netrc file.
    #[serde(deserialize_with = "present")]
    pub netrc: Option<String>,
}

/// A credential, of the session or of one request.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "WrittenAuth")]
#[non_exhaustive]
pub struct Auth {
    /// The credential.
    pub credential: Credential,
    /// The origin that it belongs to, where the case names it.
    pub origin: Option<String>,
}

/// What proves who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the schemes that the format knows")]
pub enum Credential {
    /// User and password, sent at once.
    Basic(String, String),
    /// A token.
    Bearer(String),
    /// User and password, proved to a challenge.
    Digest(String, String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAuth {
    #[serde(default, deserialize_with = "present")]
    basic: Option<(String, String)>,
    #[serde(default, deserialize_with = "present")]
    bearer: Option<String>,
    #[serde(default, deserialize_with = "present")]
    digest: Option<(String, String)>,
    #[serde(default, deserialize_with = "present")]
    origin: Option<String>,
}

impl TryFrom<WrittenAuth> for Auth {
    type Error = &'static str;

    fn try_from(written: WrittenAuth) -> Result<Self, Self::Error> {
        let credential = match (written.basic, written.bearer, written.digest) {
            (Some((user, password)), None, None) => Credential::Basic(user, password),
            (None, Some(token), None) => Credential::Bearer(token),
            (None, None, Some((user, password))) => Credential::Digest(user, password),
            _ => return Err("auth names exactly one of basic, bearer and digest"),
        };
        Ok(Self { credential, origin: written.origin })
    }
}

/// Default fields for one origin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OriginHeaders {
    /// The origin.
    pub origin: String,
    /// The fields.
    pub headers: Pairs,
}

/// A cookie that a response from a URL is taken to have set.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StoredCookie {
    /// The URL.
    pub url: String,
    /// The Set-Cookie line.
    pub set_cookie: String,
}

/// Whether there is a jar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "there is a jar or there is none")]
pub enum CookieMode {
    /// There is.
    #[default]
    On,
    /// There is none.
    Off,
}

/// A preset of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the presets that the format knows")]
#[expect(missing_docs, reason = "the names are those of the clients")]
pub enum Compat {
    Fetch,
    Requests,
    Aiohttp,
    Curl,
}

/// Rules for redirects; of a session, or of one request over its session's.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Redirect {
    /// How many are followed.
    #[serde(deserialize_with = "present")]
    pub max: Option<u32>,
    /// Whether any is followed.
    #[serde(deserialize_with = "present")]
    pub follow: Option<bool>,
    /// Whether https may lead to http.
    #[serde(deserialize_with = "present")]
    pub allow_downgrade: Option<bool>,
    /// The schemes that may be led to.
    #[serde(deserialize_with = "present")]
    pub schemes: Option<Vec<String>>,
}

/// Rules for retries.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Retry {
    /// How many retries there are.
    #[serde(default, deserialize_with = "present")]
    pub max: Option<u32>,
    /// The statuses that are retried.
    #[serde(default, deserialize_with = "present")]
    pub statuses: Option<Vec<u16>>,
    /// The shortest and the longest pause, in seconds.
    #[serde(default, deserialize_with = "present")]
    pub backoff: Option<(f64, f64)>,
    /// Whether Retry-After is obeyed.
    #[serde(default, deserialize_with = "present")]
    pub respect_retry_after: Option<bool>,
}

/// The proxies.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Proxy {
    /// For http URLs.
    #[serde(deserialize_with = "present")]
    pub http: Option<String>,
    /// For https URLs.
    #[serde(deserialize_with = "present")]
    pub https: Option<String>,
    /// For both.
    #[serde(deserialize_with = "present")]
    pub all: Option<String>,
    /// The hosts that are asked directly.
    #[serde(deserialize_with = "present")]
    pub no_proxy: Option<String>,
}

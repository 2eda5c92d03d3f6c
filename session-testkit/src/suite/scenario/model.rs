//! Kind "scenario": what a case says. The settings of its session stand in a file of their own.

use crate::suite::scenario::settings::{Auth, Redirect, Settings};
use crate::suite::value::{Fields, given, present};
use serde::Deserialize;
use serde_json::Value;

/// Pairs of name and value, in order.
pub type Pairs = Vec<(String, String)>;

/// A case of kind "scenario".
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    #[serde(rename = "kind")]
    _kind: String,
    /// The case's name.
    pub name: String,
    /// One sentence on what it is about.
    #[serde(default, deserialize_with = "present")]
    pub about: Option<String>,
    /// Where the rule stands.
    #[serde(default)]
    pub source: Vec<String>,
    /// The session's settings.
    #[serde(default)]
    pub session: Settings,
    /// What is asked, one after the other.
    pub exchanges: Vec<Exchange>,
}

/// One request, the hops that it takes, and what comes of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Exchange {
    /// Seconds after the case's start.
    #[serde(default, deserialize_with = "present")]
    pub at: Option<f64>,
    /// What is asked.
    pub request: Request,
    /// The requests that the peer sees, and its answers.
    #[serde(default)]
    pub hops: Vec<Hop>,
    /// What is delivered.
    #[serde(default)]
    pub outcome: Outcome,
    /// Every cookie held afterwards.
    #[serde(default, deserialize_with = "present")]
    pub jar: Option<Vec<String>>,
}

/// What is asked of a session.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Request {
    /// The method; default GET.
    #[serde(default = "get")]
    pub method: String,
    /// The URL, absolute or relative to `base_url`.
    pub url: String,
    /// The request's own fields.
    #[serde(default)]
    pub headers: Pairs,
    /// Defaults that are not sent.
    #[serde(default)]
    pub remove_headers: Vec<String>,
    /// Query parameters.
    #[serde(default)]
    pub params: Pairs,
    /// A form as the body.
    #[serde(default, deserialize_with = "present")]
    pub form: Option<Pairs>,
    /// JSON as the body; `null` is a body too.
    #[serde(default, deserialize_with = "present")]
    pub json: Option<Value>,
    /// Text as the body.
    #[serde(default, deserialize_with = "present")]
    pub body: Option<String>,
    /// Whether the body can be sent only once.
    #[serde(default)]
    pub stream: bool,
    /// The request's own credential.
    #[serde(default, deserialize_with = "present")]
    pub auth: Option<Auth>,
    /// Cookies of this request alone.
    #[serde(default)]
    pub cookies: Pairs,
    /// Rules for redirects that override the session's.
    #[serde(default, deserialize_with = "present")]
    pub redirect: Option<Redirect>,
    /// The whole exchange's deadline, in seconds.
    #[serde(default, deserialize_with = "present")]
    pub timeout: Option<f64>,
}

fn get() -> String {
    "GET".to_owned()
}

/// One request on the wire and its answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Hop {
    /// What the request must be.
    #[serde(default)]
    pub expect: Expect,
    /// What is answered.
    pub respond: Respond,
}

/// What a request must be; only what is written is checked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Expect {
    /// The method.
    #[serde(deserialize_with = "present")]
    pub method: Option<String>,
    /// The absolute URL without fragment.
    #[serde(deserialize_with = "present")]
    pub url: Option<String>,
    /// Fields.
    pub headers: Fields,
    /// The body.
    #[serde(deserialize_with = "present")]
    pub body: Option<String>,
    /// The proxy's URL, or "direct".
    #[serde(deserialize_with = "present")]
    pub via: Option<String>,
    /// Fields of the CONNECT request.
    #[serde(deserialize_with = "present")]
    pub proxy_headers: Option<Fields>,
    /// Whether it is the first on its connection.
    #[serde(deserialize_with = "present")]
    pub fresh: Option<bool>,
    /// The Digest answer that it must carry.
    #[serde(deserialize_with = "present")]
    pub digest: Option<Digest>,
}

/// A Digest answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Digest {
    /// The user.
    pub username: String,
    /// The realm.
    pub realm: String,
    /// The request target.
    pub uri: String,
    /// The algorithm; checked only where written.
    #[serde(default, deserialize_with = "present")]
    pub algorithm: Option<String>,
    /// The quality of protection; `Some(None)` = the parameter must be absent.
    #[serde(default, deserialize_with = "given")]
    pub qop: Option<Option<String>>,
    /// The nonce count; `Some(None)` = the parameter must be absent.
    #[serde(default, deserialize_with = "given")]
    pub nc: Option<Option<String>>,
    /// The password that the answer must prove.
    pub password: String,
    /// The nonce; checked only where written.
    #[serde(default, deserialize_with = "present")]
    pub nonce: Option<String>,
    /// The opaque value; checked only where written.
    #[serde(default, deserialize_with = "present")]
    pub opaque: Option<String>,
}

/// What a peer answers: a response, a failure, or a proxy's answer to CONNECT.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "WrittenRespond")]
#[expect(clippy::exhaustive_enums, reason = "the answers that the format knows")]
pub enum Respond {
    /// A response.
    Response {
        /// Its status.
        status: u16,
        /// Its fields.
        headers: Pairs,
        /// Its body.
        body: String,
        /// The interim responses before it.
        interim: Vec<(u16, Pairs)>,
    },
    /// A failure.
    Fail(Fail),
    /// The proxy's answer to CONNECT; the request itself is not sent.
    Connect(u16, Pairs),
}

impl Default for Respond {
    fn default() -> Self {
        Self::Response { status: 200, headers: Vec::new(), body: String::new(), interim: Vec::new() }
    }
}

/// How a hop fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the failures that the format knows")]
pub enum Fail {
    /// No connection is made.
    Refused,
    /// The connection is reset after the request.
    Reset,
    /// The connection is closed after the request, without a byte.
    Closed,
    /// The request is never answered.
    Timeout,
    /// The peer's certificate is not trusted.
    Tls,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRespond {
    #[serde(default, deserialize_with = "present")]
    status: Option<u16>,
    #[serde(default, deserialize_with = "present")]
    headers: Option<Pairs>,
    #[serde(default, deserialize_with = "present")]
    body: Option<String>,
    #[serde(default, deserialize_with = "present")]
    interim: Option<Vec<(u16, Pairs)>>,
    #[serde(default, deserialize_with = "present")]
    fail: Option<Fail>,
    #[serde(default, deserialize_with = "present")]
    connect: Option<(u16, Pairs)>,
}

impl TryFrom<WrittenRespond> for Respond {
    type Error = &'static str;

    fn try_from(written: WrittenRespond) -> Result<Self, Self::Error> {
        let WrittenRespond { status, headers, body, interim, fail, connect } = written;
        let bare = headers.is_none() && body.is_none() && interim.is_none();
        match (status, fail, connect) {
            (Some(status), None, None) => Ok(Self::Response {
                status,
                headers: headers.unwrap_or_default(),
                body: body.unwrap_or_default(),
                interim: interim.unwrap_or_default(),
            }),
            (None, Some(fail), None) if bare => Ok(Self::Fail(fail)),
            (None, None, Some((status, headers))) if bare => Ok(Self::Connect(status, headers)),
            _ => Err("respond has a status (and headers, body, interim), or fail alone, or connect alone"),
        }
    }
}

/// What is delivered; only what is written is checked. Without `error` there must be a response.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Outcome {
    /// The status.
    #[serde(deserialize_with = "present")]
    pub status: Option<u16>,
    /// The URL, with its fragment.
    #[serde(deserialize_with = "present")]
    pub url: Option<String>,
    /// The body.
    #[serde(deserialize_with = "present")]
    pub body: Option<String>,
    /// Fields.
    pub headers: Fields,
    /// The statuses of the hops that were followed, oldest first.
    #[serde(deserialize_with = "present")]
    pub history: Option<Vec<u16>>,
    /// The pauses before each retry.
    #[serde(deserialize_with = "present")]
    pub waits: Option<Vec<Pause>>,
    /// The error instead of a response.
    #[serde(deserialize_with = "present")]
    pub error: Option<ErrorName>,
}

/// A pause in seconds, exactly or within bounds.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(untagged, expecting = "a number or [min, max]")]
#[expect(clippy::exhaustive_enums, reason = "the pauses that the format knows")]
pub enum Pause {
    /// This long.
    Exactly(f64),
    /// Between these, both included.
    Between(f64, f64),
}

/// The name of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "the names that the format knows")]
#[expect(missing_docs, reason = "the names are those of the format")]
pub enum ErrorName {
    TooManyRedirects,
    RedirectRefused,
    BodyNotReplayable,
    InvalidUrl,
    InvalidHeader,
    HttpsOnly,
    Proxy,
    Connect,
    Timeout,
    Tls,
    Incomplete,
    Protocol,
    Limit,
    Decode,
}

impl ErrorName {
    /// The name as the suites write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TooManyRedirects => "too_many_redirects",
            Self::RedirectRefused => "redirect_refused",
            Self::BodyNotReplayable => "body_not_replayable",
            Self::InvalidUrl => "invalid_url",
            Self::InvalidHeader => "invalid_header",
            Self::HttpsOnly => "https_only",
            Self::Proxy => "proxy",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Tls => "tls",
            Self::Incomplete => "incomplete",
            Self::Protocol => "protocol",
            Self::Limit => "limit",
            Self::Decode => "decode",
        }
    }
}

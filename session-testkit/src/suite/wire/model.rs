//! Kind "wire": what a case says.

use crate::suite::value::{Fields, Octets, present};
use serde::Deserialize;

/// A case of kind "wire".
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Wire {
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
    /// The request sent before.
    #[serde(default)]
    pub request: Request,
    /// What the peer sends.
    pub input: Octets,
    /// Whether the peer closes after it.
    #[serde(default)]
    pub eof: bool,
    /// What must come of it.
    pub expect: Expect,
}

/// The request that the response answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Request {
    /// The method; default GET.
    #[serde(default = "get")]
    pub method: String,
    /// The fields, besides those that every request has.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
}

impl Default for Request {
    fn default() -> Self {
        Self { method: get(), headers: Vec::new() }
    }
}

fn get() -> String {
    "GET".to_owned()
}

/// What must come; only what is written is checked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Expect {
    /// The final status.
    #[serde(default, deserialize_with = "present")]
    pub status: Option<u16>,
    /// Fields of the final response.
    #[serde(default)]
    pub headers: Fields,
    /// The body, or what of it was delivered before the error.
    #[serde(default, deserialize_with = "present")]
    pub body: Option<Octets>,
    /// Trailer fields; an empty map says that there are none at all.
    #[serde(default, deserialize_with = "present")]
    pub trailers: Option<Fields>,
    /// The statuses of the interim responses.
    #[serde(default, deserialize_with = "present")]
    pub interim: Option<Vec<u16>>,
    /// What becomes of the connection.
    #[serde(default, deserialize_with = "present")]
    pub reuse: Option<Reuse>,
    /// The error; without it there must be none.
    #[serde(default, deserialize_with = "present")]
    pub error: Option<ErrorName>,
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the format knows no fourth")]
pub enum Reuse {
    /// It can carry the next request.
    Keep,
    /// It cannot.
    Close,
    /// It speaks another protocol now.
    Switched,
}

/// The name of a peer's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "the names that the format knows")]
#[expect(missing_docs, reason = "the names are those of the format")]
pub enum ErrorName {
    MalformedHead,
    MalformedFraming,
    MalformedChunk,
    Limit,
    Incomplete,
    UnexpectedBytes,
    UnexpectedSwitch,
}

impl ErrorName {
    /// The name as the suites write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MalformedHead => "malformed_head",
            Self::MalformedFraming => "malformed_framing",
            Self::MalformedChunk => "malformed_chunk",
            Self::Limit => "limit",
            Self::Incomplete => "incomplete",
            Self::UnexpectedBytes => "unexpected_bytes",
            Self::UnexpectedSwitch => "unexpected_switch",
        }
    }
}

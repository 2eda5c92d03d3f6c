//! A HAR 1.2 file as types: <http://www.softwareishard.com/blog/har-12-spec/>. What the format leaves optional is optional here,
//! and what it does not know is passed over.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// A file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Har {
    /// All that is in it.
    pub log: Log,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Log {
    /// `1.2`.
    pub version: String,
    /// Who wrote it.
    pub creator: Creator,
    /// The requests, oldest first.
    pub entries: Vec<Entry>,
}

/// Who wrote a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Creator {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// One request and its answer: a hop of an exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Entry {
    /// When it began, as ISO 8601 has it: `2026-11-21T14:32:07.123Z`.
    pub started_date_time: String,
    /// How long it took, in milliseconds: the sum of its timings.
    pub time: f64,
    /// What was sent.
    pub request: Request,
    /// What came.
    pub response: Response,
    /// Nothing: a session keeps no cache.
    #[serde(default)]
    pub cache: Cache,
    /// How long each phase took.
    pub timings: Timings,
    /// The address that answered.
    #[serde(rename = "serverIPAddress", default, skip_serializing_if = "Option::is_none")]
    pub server_ip_address: Option<String>,
    /// The port that answered, as browsers write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Why it went as it did: the session's reasons, one on each line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What asked, as browsers write it: `fetch`. Their network panels sort by it.
    #[serde(rename = "_resourceType", default, skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Request {
    /// The method.
    pub method: String,
    /// The absolute URL, without a fragment.
    pub url: String,
    /// Such as `HTTP/1.1`.
    pub http_version: String,
    /// The cookies of its Cookie field.
    #[serde(default)]
    pub cookies: Vec<Cookie>,
    /// The fields, without those that framed the body.
    #[serde(default)]
    pub headers: Vec<Pair>,
    /// The parameters of the URL, decoded.
    #[serde(default)]
    pub query_string: Vec<Pair>,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub post_data: Option<PostData>,
    /// The size of the head in bytes; -1 where it is not known.
    #[serde(default = "unknown")]
    pub headers_size: i64,
    /// The size of the body in bytes; -1 where it is not known.
    #[serde(default = "unknown")]
    pub body_size: i64,
}

/// What came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Response {
    /// The status; 0 where no answer came.
    pub status: u16,
    /// The reason phrase, else the usual one.
    #[serde(default)]
    pub status_text: String,
    /// Such as `HTTP/1.1`.
    #[serde(default)]
    pub http_version: String,
    /// The cookies that it sets.
    #[serde(default)]
    pub cookies: Vec<Cookie>,
    /// The fields.
    #[serde(default)]
    pub headers: Vec<Pair>,
    /// The body.
    pub content: Content,
    /// Its Location, or nothing.
    #[serde(rename = "redirectURL", default)]
    pub redirect_url: String,
    /// The size of the head in bytes; -1 where it is not known.
    #[serde(default = "unknown")]
    pub headers_size: i64,
    /// The size of the body in bytes as it came; -1 where it is not known.
    #[serde(default = "unknown")]
    pub body_size: i64,
    /// The same where it is known, as browsers write it: their network panels show it, and add up the other two without it.
    #[serde(rename = "_transferSize", default, skip_serializing_if = "Option::is_none")]
    pub transfer_size: Option<i64>,
    /// Why there is no answer, as browsers write it.
    #[serde(rename = "_error", default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A cookie of a request or a response.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The path that it is set for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The domain that it is set for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// When it expires, as ISO 8601 has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// Whether it is for HTTP alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_only: Option<bool>,
    /// Whether it is for secure connections alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure: Option<bool>,
}

/// A field, or a parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pair {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// The body of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PostData {
    /// Its Content-Type.
    #[serde(default)]
    pub mime_type: String,
    /// The parameters of a form, decoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Pair>,
    /// As text; bytes that are none are U+FFFD.
    #[serde(default)]
    pub text: String,
}

/// The body of a response.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Content {
    /// Its size in bytes, decoded.
    #[serde(default)]
    pub size: i64,
    /// Its Content-Type.
    #[serde(default)]
    pub mime_type: String,
    /// The body, where it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// `base64` where the text is that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
}

/// What a cache did: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Cache {}

/// How long each phase took, in milliseconds; -1 where it did not take place.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Timings {
    /// Waiting for a free connection.
    #[serde(default = "none")]
    pub blocked: f64,
    /// Resolving.
    #[serde(default = "none")]
    pub dns: f64,
    /// Connecting, TLS included.
    #[serde(default = "none")]
    pub connect: f64,
    /// TLS.
    #[serde(default = "none")]
    pub ssl: f64,
    /// Sending the request.
    #[serde(default)]
    pub send: f64,
    /// Waiting for the answer.
    #[serde(default)]
    pub wait: f64,
    /// Reading the answer.
    #[serde(default)]
    pub receive: f64,
}

impl Timings {
    /// How long all of it took. `ssl` is part of `connect`.
    #[must_use]
    pub fn total(&self) -> f64 {
        let Self { blocked, dns, connect, send, wait, receive, .. } = *self;
        let sum: f64 = [blocked, dns, connect, send, wait, receive].into_iter().filter(|part| *part > 0.0).sum();
        // Microseconds are enough: more would be what adding floating point numbers leaves over.
        (sum * 1000.0).round() / 1000.0
    }
}

fn unknown() -> i64 {
    -1
}

fn none() -> f64 {
    -1.0
}

impl Har {
    /// A file of these entries.
    #[must_use]
    pub fn of(entries: Vec<Entry>) -> Self {
        let creator = Creator { name: "session-testkit".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
        Self { log: Log { version: "1.2".to_owned(), creator, entries } }
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// It is no JSON, or not that of a HAR file.
    pub fn parse(text: &str) -> Result<Self, HarError> {
        // Some programs begin their files with a byte order mark.
        serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| HarError(error.to_string()))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or is no HAR file ([`io::ErrorKind::InvalidData`]).
    pub fn load(path: impl AsRef<Path>) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        Self::parse(&text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// The text of the file.
    ///
    /// # Panics
    /// Never: there is nothing in it that JSON cannot hold.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a HAR file is plain data");
        text.push('\n');
        text
    }

    /// Writes the file. One that is new can be read by its owner alone, on Unix: what was recorded may be private, also without
    /// its secrets.
    ///
    /// # Errors
    /// Those of the system.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        options.open(path)?.write_all(self.to_json().as_bytes())
    }
}

impl Content {
    /// A body of this type.
    #[must_use]
    pub fn of(body: &[u8], mime_type: &str) -> Self {
        let (text, encoding) = match std::str::from_utf8(body) {
            Ok(text) => (text.to_owned(), None),
            Err(_) => (STANDARD.encode(body), Some("base64".to_owned())),
        };
        let size = i64::try_from(body.len()).unwrap_or(i64::MAX);
        Self { size, mime_type: mime_type.to_owned(), text: Some(text), encoding }
    }

    /// The body; nothing where it was not kept.
    ///
    /// # Errors
    /// Its encoding is not known, or it is not what it says.
    pub fn bytes(&self) -> Result<Vec<u8>, HarError> {
        let text = self.text.as_deref().unwrap_or_default();
        match self.encoding.as_deref() {
            None | Some("") => Ok(text.as_bytes().to_vec()),
            Some("base64") => {
                STANDARD.decode(text).map_err(|error| HarError(format!("a body that is no base64: {error}")))
            }
            Some(other) => Err(HarError(format!("a body in the unknown encoding {other:?}"))),
        }
    }
}

/// Why a text is no HAR file, or an entry cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HarError(pub(super) String);

impl fmt::Display for HarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a HAR file that can be used: {}", self.0)
    }
}

impl std::error::Error for HarError {}

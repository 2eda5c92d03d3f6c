//! A response's head: what precedes the body on the wire, whatever the protocol's version.

use crate::message::sensitive::{is_secret_when_shown, without_user_info};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, Version};
use std::fmt::{self, Write as _};

/// Status, version, reason and fields of one response, interim or final.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseHead {
    /// The status code, 100 to 999.
    pub status: StatusCode,
    /// The version that the peer spoke.
    pub version: Version,
    /// The reason phrase as it came; it may be empty and need not be UTF-8.
    pub reason: Bytes,
    /// The fields; several lines of one name keep their order.
    pub headers: HeaderMap,
}

impl ResponseHead {
    /// A head of HTTP/1.1 with this status and no fields.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        Self { status, version: Version::HTTP_11, reason: Bytes::new(), headers: HeaderMap::new() }
    }

    /// The same head with these fields.
    #[must_use]
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers = headers;
        self
    }
}

impl fmt::Debug for ResponseHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseHead")
            .field("status", &self.status)
            .field("version", &self.version)
            .field("headers", &ShownFields(&self.headers))
            .finish_non_exhaustive()
    }
}

impl<B> From<http::Response<B>> for ResponseHead {
    fn from(response: http::Response<B>) -> Self {
        let (parts, _) = response.into_parts();
        Self::from(parts)
    }
}

impl<B> From<&http::Response<B>> for ResponseHead {
    fn from(response: &http::Response<B>) -> Self {
        let (status, version) = (response.status(), response.version());
        Self { status, version, reason: Bytes::new(), headers: response.headers().clone() }
    }
}

impl From<http::response::Parts> for ResponseHead {
    fn from(parts: http::response::Parts) -> Self {
        Self { status: parts.status, version: parts.version, reason: Bytes::new(), headers: parts.headers }
    }
}

/// Fields as they may be printed: the values of credential fields and of those marked sensitive are left out.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "a wrapper that only prints")]
pub struct ShownFields<'a>(pub &'a HeaderMap);

impl fmt::Debug for ShownFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.0 {
            if value.is_sensitive() || is_secret_when_shown(name) {
                map.entry(&name.as_str(), &"..");
            } else {
                let value = without_user_info(value.as_bytes());
                map.entry(&name.as_str(), &format_args!("\"{}\"", value.escape_ascii()));
            }
        }
        map.finish()
    }
}

impl fmt::Display for ShownFields<'_> {
    /// One line for each field, `name: value`, without a line end after the last. What is not printable ASCII is escaped, and so
    /// is a backslash.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            if value.is_sensitive() || is_secret_when_shown(name) {
                write!(f, "{name}: (not shown)")?;
            } else {
                write!(f, "{name}: ")?;
                for byte in without_user_info(value.as_bytes()).iter() {
                    match byte {
                        b'"' | b'\'' => f.write_char(char::from(*byte))?,
                        _ => write!(f, "{}", byte.escape_ascii())?,
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{ResponseHead, ShownFields};
    use http::{HeaderMap, HeaderValue, StatusCode};

    #[test]
    fn secrets_do_not_show() {
        let mut headers = HeaderMap::new();
        headers.insert("set-cookie", HeaderValue::from_static("sid=hunter2"));
        headers.insert("x-plain", HeaderValue::from_static("seen"));
        let mut marked = HeaderValue::from_static("hunter2");
        marked.set_sensitive(true);
        headers.insert("x-marked", marked);
        let shown =
            format!("{:?} {}", ResponseHead::new(StatusCode::OK).with_headers(headers.clone()), ShownFields(&headers));
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("seen"), "{shown}");
    }

    #[test]
    fn a_line_has_its_quotes_as_they_are() {
        let mut headers = HeaderMap::new();
        headers.insert("x", HeaderValue::from_bytes(b"a=\"b's\"\\\t\xff").unwrap());
        assert_eq!(ShownFields(&headers).to_string(), r#"x: a="b's"\\\t\xff"#);
        assert_eq!(format!("{:?}", ShownFields(&headers)), r#"{"x": "a=\"b\'s\"\\\t\xff"}"#);
    }
}

//! Which fields count in a trailer section (RFC 9110 section 6.5.1).
//!
//! A trailer comes when framing, routing, authentication and storing were decided on already. A field that would have
//! a say in one of these is ignored there; it is never merged into the head.

use http::HeaderName;

/// Whether a field of this name counts in a trailer section, and so may be sent in one.
#[must_use]
pub fn may_trail(name: &HeaderName) -> bool {
    let name = name.as_str();
    !IGNORED.contains(&name) && !name.starts_with("proxy-") && !name.starts_with("if-")
}

const IGNORED: &[&str] = &[
    // Framing and the connection.
    "connection",
    "content-length",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    // Routing and the modifiers of requests.
    "expect",
    "host",
    "max-forwards",
    "range",
    // Authentication and state.
    "authentication-info",
    "authorization",
    "clear-site-data",
    "cookie",
    "cookie2",
    "set-cookie",
    "set-cookie2",
    "strict-transport-security",
    "www-authenticate",
    // The control data of responses.
    "age",
    "alt-svc",
    "cache-control",
    "date",
    "expires",
    "location",
    "pragma",
    "refresh",
    "retry-after",
    "vary",
    "warning",
    // How the content is to be read.
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-location",
    "content-range",
    "content-type",
];

#[cfg(test)]
mod tests {
    use super::may_trail;
    use http::HeaderName;

    #[test]
    fn only_what_decides_nothing_may_trail() {
        for name in ["content-length", "set-cookie", "proxy-authenticate", "location", "if-match", "content-type"] {
            assert!(!may_trail(&HeaderName::from_static(name)), "{name}");
        }
        for name in ["etag", "server-timing", "digest", "content-digest", "x-sum", "grpc-status"] {
            assert!(may_trail(&HeaderName::from_static(name)), "{name}");
        }
    }
}

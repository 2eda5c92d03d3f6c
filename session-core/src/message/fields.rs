//! Fields by name: the lists that more than one rule asks for, and how a list field is read.

use crate::message::grammar::{is_same_word, list_members};
use http::HeaderMap;
use http::HeaderName;
use http::header::{
    CONNECTION, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_LOCATION,
    CONTENT_RANGE, CONTENT_TYPE, EXPECT, TRAILER, TRANSFER_ENCODING,
};

/// Whether a list field names `token`, in any of its lines, whatever the case (RFC 9110 5.6.1).
#[must_use]
pub fn lists_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .any(|value| list_members(value.as_bytes()).any(|member| is_same_word(member, token.as_bytes())))
}

/// Whether `Connection` names `option` (RFC 9110 7.6.1).
#[must_use]
pub fn connection_has(headers: &HeaderMap, option: &str) -> bool {
    lists_token(headers, &CONNECTION, option)
}

/// Whether `Expect` names `100-continue` (RFC 9110 10.1.1).
#[must_use]
pub fn expects_continue(headers: &HeaderMap) -> bool {
    lists_token(headers, &EXPECT, "100-continue")
}

/// Whether a field of this name describes the body, so that it goes when the body goes: the list of semantics.md,
/// which joins Fetch, RFC 9110 15.4 and the fields that only make sense beside content.
#[must_use]
pub fn describes_body(name: &HeaderName) -> bool {
    *name == CONTENT_LENGTH
        || *name == CONTENT_TYPE
        || *name == CONTENT_ENCODING
        || *name == CONTENT_LANGUAGE
        || *name == CONTENT_LOCATION
        || *name == TRANSFER_ENCODING
        || *name == EXPECT
        || *name == TRAILER
        || *name == CONTENT_DISPOSITION
        || *name == CONTENT_RANGE
        || matches!(name.as_str(), "digest" | "content-digest" | "repr-digest" | "content-md5")
}

#[cfg(test)]
mod tests {
    use super::{connection_has, describes_body};
    use http::{HeaderMap, HeaderName, HeaderValue};

    #[test]
    fn connection_options_stand_in_any_line_and_case() {
        let mut headers = HeaderMap::new();
        headers.append("connection", HeaderValue::from_static("X-Hop, CLOSE"));
        headers.append("connection", HeaderValue::from_static("upgrade"));
        assert!(connection_has(&headers, "close") && connection_has(&headers, "upgrade"));
        assert!(!connection_has(&headers, "keep-alive"));
    }

    #[test]
    fn fields_about_the_body_are_known() {
        for name in ["content-type", "digest", "repr-digest", "content-md5", "expect", "trailer", "content-range"] {
            assert!(describes_body(&HeaderName::from_static(name)), "{name}");
        }
        assert!(!describes_body(&HeaderName::from_static("accept-language")));
        assert!(!describes_body(&HeaderName::from_static("content-security-policy")));
    }
}

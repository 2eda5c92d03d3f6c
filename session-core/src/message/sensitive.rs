//! Secrets and the one list of field names that carry them.

use http::HeaderName;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, ORIGIN, PROXY_AUTHORIZATION, SET_COOKIE,
    USER_AGENT, WWW_AUTHENTICATE,
};
use std::borrow::Cow;
use std::fmt;

/// A value that no `Debug` shows. What it guards is read by [`Secret::expose`] alone.
///
/// It compares and hashes as the value, so that what differs in its secrets alone is never taken for the same.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Guards `value`.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The guarded value.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Fields by which many services take a key or a token: each is dropped at the first cross-origin hop of an exchange.
///
/// The list is public so that callers can see what it covers; a field that is not on it is marked with
/// `HeaderValue::set_sensitive` to be treated alike.
pub const KEY_FIELDS: &[&str] = &[
    "api-key",
    "apikey",
    "private-token",
    "deploy-token",
    "job-token",
    "ocp-apim-subscription-key",
    "x-access-token",
    "x-amz-security-token",
    "x-api-key",
    "x-api-token",
    "x-apikey",
    "x-auth",
    "x-auth-key",
    "x-auth-token",
    "x-csrf-token",
    "x-csrftoken",
    "x-functions-key",
    "x-gitlab-token",
    "x-goog-api-key",
    "x-goog-iam-authorization-token",
    "x-jwt-assertion",
    "x-session-token",
    "x-vault-token",
    "x-xsrf-token",
];

/// Whether `name` is one of the [`KEY_FIELDS`].
#[must_use]
pub fn is_key_field(name: &HeaderName) -> bool {
    KEY_FIELDS.contains(&name.as_str())
}

/// Whether a field of this name carries a credential, so that it belongs to one origin and is never printed:
/// Authorization, Cookie, Proxy-Authorization, Cookie2, or one of the [`KEY_FIELDS`].
#[must_use]
pub fn is_credential_field(name: &HeaderName) -> bool {
    match *name {
        AUTHORIZATION | COOKIE | PROXY_AUTHORIZATION => true,
        // What nearly every request has is not compared with the whole list.
        HOST | USER_AGENT | ACCEPT | ACCEPT_ENCODING | CONTENT_TYPE => false,
        _ => name.as_str() == "cookie2" || is_key_field(name),
    }
}

/// Whether a field of this name belongs to the origin it was meant for and goes at a change of origin, whatever its value:
/// a credential, `WWW-Authenticate`, and `Origin`, which says where a request came from.
#[must_use]
pub fn belongs_to_origin(name: &HeaderName) -> bool {
    is_credential_field(name) || *name == WWW_AUTHENTICATE || *name == ORIGIN
}

/// A URL as it may be shown, whatever it is: what stands between `//` and the last `@` before the path is left out.
#[must_use]
pub fn without_user_info(url: &[u8]) -> Cow<'_, [u8]> {
    let Some(start) = url.windows(2).position(|pair| matches!(pair, [b'/' | b'\\', b'/' | b'\\'])) else {
        return Cow::Borrowed(url);
    };
    let (scheme, rest) = url.split_at(start.saturating_add(2).min(url.len()));
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'\\' | b'?' | b'#')).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.iter().rposition(|&byte| byte == b'@') {
        Some(at) => Cow::Owned([scheme, b"..", authority.get(at..).unwrap_or_default(), path].concat()),
        None => Cow::Borrowed(url),
    }
}

/// Whether the values of a field of this name, in a request or a response, must not be printed.
#[must_use]
pub fn is_secret_when_shown(name: &HeaderName) -> bool {
    is_credential_field(name) || *name == SET_COOKIE || name.as_str() == "authentication-info"
}

#[cfg(test)]
mod tests {
    use super::{KEY_FIELDS, Secret, is_credential_field, is_key_field, without_user_info};
    use http::HeaderName;

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(..)");
    }

    #[test]
    fn user_information_in_a_url_is_not_shown() {
        let shown = |url: &str| String::from_utf8(without_user_info(url.as_bytes()).into_owned()).unwrap();
        assert_eq!(shown("https://eve:hunter2@b.test/x@y"), "https://..@b.test/x@y");
        assert_eq!(shown("//u:p@q@b.test?z"), "//..@b.test?z");
        assert_eq!(shown("\\\\u@b.test\\p"), "\\\\..@b.test\\p");
        for plain in ["https://b.test/a@b", "/x@y", "mailto:x@a.test", "", "//"] {
            assert_eq!(shown(plain), plain);
        }
    }

    #[test]
    fn every_key_field_is_a_lower_case_field_name() {
        for name in KEY_FIELDS {
            let parsed = HeaderName::from_bytes(name.as_bytes()).unwrap();
            assert_eq!(parsed.as_str(), *name);
            assert!(is_key_field(&parsed) && is_credential_field(&parsed));
        }
        assert!(!is_credential_field(&http::header::ACCEPT));
    }
}

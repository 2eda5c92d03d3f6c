//! What is secret in an exchange, and how it is left out of a file: by type, so that nobody has to look through it.

use http::header::{
    AUTHORIZATION, CONTENT_LOCATION, COOKIE, LOCATION, PROXY_AUTHORIZATION, REFERER, REFRESH, SET_COOKIE,
};
use http::{HeaderName, HeaderValue};
use session_core::message::sensitive::{is_secret_when_shown, without_user_info};
use std::collections::BTreeSet;
use url::Url;
use url::form_urlencoded;

/// What stands in a file in the place of a secret.
pub const REDACTED: &str = "REDACTED";

/// Names of parameters, in queries, forms and JSON, whose values are secret wherever they stand. Case plays no part.
pub const SECRET_NAMES: &[&str] = &[
    "access_token",
    "api-key",
    "api_key",
    "apikey",
    "auth_token",
    "authenticity_token",
    "client_assertion",
    "client_secret",
    "code_verifier",
    "csrf_token",
    "csrfmiddlewaretoken",
    "id_token",
    "jwt",
    "otp",
    "passphrase",
    "passwd",
    "password",
    "private_token",
    "pwd",
    "refresh_token",
    "secret",
    "session_id",
    "session_token",
    "sessionid",
    "sig",
    "signature",
    "token",
    "x-amz-credential",
    "x-amz-security-token",
    "x-amz-signature",
    "x-goog-credential",
    "x-goog-signature",
];

/// Names that are secret in a query alone: elsewhere they say many things.
pub const SECRET_IN_QUERIES: &[&str] = &["auth", "code", "key"];

/// What is left out of a file. The default leaves out every secret that is one by its type:
///
/// - the values of `Authorization`, `Cookie`, `Set-Cookie` and their like, of the
///   [`KEY_FIELDS`](session_core::message::sensitive::KEY_FIELDS), and of each field that is marked sensitive. Schemes, names of cookies and
///   their attributes stay, so that a file can be replayed;
/// - user information in URLs;
/// - the values of parameters with one of the [`SECRET_NAMES`], or one that is [`also`](Self::also) named: in the queries of
///   URLs, in forms and, at any depth, in JSON.
///
/// Bodies of other types, other fields and paths are recorded as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redaction {
    names: BTreeSet<String>,
    secrets: Secrets,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secrets {
    LeaveOut,
    Keep,
}

impl Default for Redaction {
    fn default() -> Self {
        Self { names: SECRET_NAMES.iter().map(|name| (*name).to_owned()).collect(), secrets: Secrets::LeaveOut }
    }
}

impl Redaction {
    /// Leaves out nothing: the file holds every secret in the clear.
    #[must_use]
    pub fn none() -> Self {
        Self { secrets: Secrets::Keep, ..Self::default() }
    }

    /// The same, and the values of parameters of these names.
    #[must_use]
    pub fn also<N: AsRef<str>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.names.extend(names.into_iter().map(|name| name.as_ref().to_ascii_lowercase()));
        self
    }

    fn is_off(&self) -> bool {
        self.secrets == Secrets::Keep
    }

    fn is_secret(&self, name: &str) -> bool {
        self.names.contains(&name.to_ascii_lowercase())
    }

    /// A URL without its fragment, as it is told.
    pub(super) fn url(&self, url: &Url) -> String {
        let mut url = url.clone();
        url.set_fragment(None);
        self.reference(url.as_str())
    }

    /// A URL or a relative reference, as it is told.
    pub(super) fn reference(&self, text: &str) -> String {
        if self.is_off() {
            return text.to_owned();
        }
        let text = String::from_utf8_lossy(&without_user_info(text.as_bytes())).into_owned();
        let (rest, fragment) = match text.split_once('#') {
            Some((rest, fragment)) => (rest, Some(fragment)),
            None => (text.as_str(), None),
        };
        let in_query =
            |name: &str| self.is_secret(name) || SECRET_IN_QUERIES.iter().any(|it| it.eq_ignore_ascii_case(name));
        let mut told = match rest.split_once('?') {
            Some((path, query)) => format!("{path}?{}", pairs(query, in_query)),
            None => rest.to_owned(),
        };
        if let Some(fragment) = fragment {
            told.push('#');
            told.push_str(&pairs(fragment, in_query));
        }
        told
    }

    /// The value of a field, as it is told.
    pub(super) fn field(&self, name: &HeaderName, value: &HeaderValue) -> String {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if self.is_off() {
            return text;
        }
        match name {
            &AUTHORIZATION | &PROXY_AUTHORIZATION => match text.split_once(' ') {
                Some((scheme, _)) => format!("{scheme} {REDACTED}"),
                None => REDACTED.to_owned(),
            },
            &COOKIE => {
                let crumbs = text.split(';').map(|crumb| match crumb.trim().split_once('=') {
                    Some((name, _)) => format!("{name}={REDACTED}"),
                    None => REDACTED.to_owned(),
                });
                crumbs.collect::<Vec<_>>().join("; ")
            }
            &SET_COOKIE => {
                let (cookie, attributes) = text.split_at(text.find(';').unwrap_or(text.len()));
                match cookie.split_once('=') {
                    Some((name, _)) => format!("{name}={REDACTED}{attributes}"),
                    None => format!("{REDACTED}{attributes}"),
                }
            }
            _ if value.is_sensitive() || is_secret_when_shown(name) => REDACTED.to_owned(),
            &LOCATION | &CONTENT_LOCATION | &REFERER | &REFRESH => self.reference(&text),
            _ => String::from_utf8_lossy(&without_user_info(text.as_bytes())).into_owned(),
        }
    }

    /// The value of a cookie, as it is told.
    pub(super) fn cookie(&self, value: &[u8]) -> String {
        if self.is_off() { String::from_utf8_lossy(value).into_owned() } else { REDACTED.to_owned() }
    }

    /// A body of this type, as it is told; `None` where it stays as it is.
    pub(super) fn body(&self, mime_type: &str, body: &[u8]) -> Option<String> {
        if self.is_off() {
            return None;
        }
        let text = std::str::from_utf8(body).ok()?;
        let essence = mime_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if essence == "application/x-www-form-urlencoded" {
            let told = pairs(text, |name| self.is_secret(name));
            return (told != text).then_some(told);
        }
        let begins = text.trim_start();
        if essence.ends_with("json") || begins.starts_with('{') || begins.starts_with('[') {
            let mut value = serde_json::from_str(text).ok()?;
            return self.json(&mut value).then(|| value.to_string());
        }
        None
    }

    /// Leaves out the secrets of a value; says whether there were any. How deep it is, the parser has bounded.
    fn json(&self, value: &mut serde_json::Value) -> bool {
        match value {
            serde_json::Value::Array(items) => items.iter_mut().fold(false, |any, item| self.json(item) | any),
            serde_json::Value::Object(members) => members.iter_mut().fold(false, |any, (name, member)| {
                if self.is_secret(name) && (member.is_string() || member.is_number()) {
                    *member = REDACTED.into();
                    return true;
                }
                self.json(member) | any
            }),
            _ => false,
        }
    }
}

/// Parameters, those of secret names without their values. All else stays byte for byte.
fn pairs(text: &str, is_secret: impl Fn(&str) -> bool) -> String {
    let told = text.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decoded = form_urlencoded::parse(name.as_bytes()).next().map(|(name, _)| name.into_owned());
        match decoded {
            Some(decoded) if !value.is_empty() && is_secret(&decoded) => format!("{name}={REDACTED}"),
            _ => pair.to_owned(),
        }
    });
    told.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::Redaction;
    use http::{HeaderName, HeaderValue};

    fn field(name: &str, value: &str) -> String {
        let name: HeaderName = name.parse().unwrap();
        Redaction::default().field(&name, &HeaderValue::from_str(value).unwrap())
    }

    #[test]
    fn credentials_keep_their_shape_and_lose_their_values() {
        for (name, value, expected) in [
            ("authorization", "Bearer hunter2", "Bearer REDACTED"),
            ("authorization", "hunter2", "REDACTED"),
            ("proxy-authorization", "Basic aHVudGVyMg==", "Basic REDACTED"),
            ("cookie", "sid=hunter2; hunter2; a=b=c", "sid=REDACTED; REDACTED; a=REDACTED"),
            ("set-cookie", "sid=hunter2; Path=/; HttpOnly", "sid=REDACTED; Path=/; HttpOnly"),
            ("set-cookie", "hunter2", "REDACTED"),
            ("x-api-key", "hunter2", "REDACTED"),
            ("authentication-info", "rspauth=\"hunter2\"", "REDACTED"),
            (
                "location",
                "/cb?code=hunter2&state=1#access_token=hunter2&x=1",
                "/cb?code=REDACTED&state=1#access_token=REDACTED&x=1",
            ),
            ("referer", "https://eve:hunter2@a.test/?p=1", "https://..@a.test/?p=1"),
            ("x-plain", "seen", "seen"),
        ] {
            assert_eq!(field(name, value), expected);
        }
        let mut marked = HeaderValue::from_static("hunter2");
        marked.set_sensitive(true);
        assert_eq!(Redaction::default().field(&HeaderName::from_static("x-own"), &marked), "REDACTED");
    }

    #[test]
    fn parameters_of_secret_names_lose_their_values_in_urls_forms_and_json() {
        let redaction = Redaction::default().also(["Ticket"]);
        let url =
            "http://a.test/x?a=%20b&TOKEN=hunter2&to%6ben=hunter2&ticket=hunter2&empty=&token=#f".parse().unwrap();
        assert_eq!(
            redaction.url(&url),
            "http://a.test/x?a=%20b&TOKEN=REDACTED&to%6ben=REDACTED&ticket=REDACTED&empty=&token="
        );
        let form =
            redaction.body("application/x-www-form-urlencoded; charset=utf-8", b"user=eve&password=hunter2&code=1");
        assert_eq!(form.unwrap(), "user=eve&password=REDACTED&code=1");
        let json =
            redaction.body("application/problem+json", br#"{"a":[{"access_token":"hunter2","n":1}],"password":7}"#);
        assert_eq!(json.unwrap(), r#"{"a":[{"access_token":"REDACTED","n":1}],"password":"REDACTED"}"#);
        for (mime_type, body) in
            [("text/plain", "token=1"), ("application/json", "{\"a\": 1}"), ("application/json", "{token")]
        {
            assert_eq!(redaction.body(mime_type, body.as_bytes()), None);
        }
    }

    #[test]
    fn nothing_is_left_out_where_that_was_asked_for() {
        let keep = Redaction::none();
        let url = "http://a.test/x?token=hunter2".parse().unwrap();
        assert_eq!(keep.url(&url), "http://a.test/x?token=hunter2");
        assert_eq!(keep.body("application/json", br#"{"token":"hunter2"}"#), None);
        assert_eq!(keep.cookie(b"hunter2"), "hunter2");
    }
}

//! What the next request is: its method, and whether it has the body of the one before (Fetch, HTTP-redirect fetch 12).
//!
//! The rules are a table. Fetch's own stands here; those of other clients are the session's presets.

use crate::message::fields::describes_body;
use crate::message::methods::Methods;
use crate::message::origin::{Origin, Scheme};
use http::header::{CONTENT_LENGTH, EXPECT, TRAILER, TRANSFER_ENCODING};
use http::{HeaderName, Method, StatusCode};

/// What becomes of the request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a body is kept or dropped")]
pub enum BodyFate {
    /// The next request has it again, byte for byte.
    Keep,
    /// It is gone, with every field that described it, for the rest of the exchange.
    Drop,
}

/// The next request's method, and what becomes of the body, by the rules of Fetch.
///
/// 301 and 302 turn POST into GET; 303 turns everything but GET and HEAD into GET; 307 and 308 change nothing.
#[must_use]
pub fn rewrite(status: StatusCode, method: &Method) -> (Method, BodyFate) {
    FETCH.rewrite(status, method)
}

/// What a redirect does to a request, as one client has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RedirectRules {
    /// Which answers are followed.
    pub(crate) statuses: Statuses,
    /// The methods that a 301 turns into GET without body.
    pub(crate) moved_permanently: Methods,
    /// The same for 302.
    pub(crate) found: Methods,
    /// The same for 303.
    pub(crate) see_other: Methods,
    /// Which of the caller's fields go with the body.
    pub(crate) gone: Gone,
    /// Whether the caller's credentials go along from http to https.
    pub(crate) upgrade: Upgrade,
}

/// The rules of Fetch.
pub(crate) const FETCH: RedirectRules = RedirectRules {
    statuses: Statuses::Five,
    moved_permanently: Methods::Only(&["POST"]),
    found: Methods::Only(&["POST"]),
    see_other: Methods::AllBut(&["GET", "HEAD"]),
    gone: Gone::EveryDescription,
    upgrade: Upgrade::OtherOrigin,
};

/// Which answers with a Location are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statuses {
    /// 301, 302, 303, 307 and 308.
    Five,
    /// Everything from 300 to 399.
    Every3xx,
}

/// Which of the caller's fields go when the body goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gone {
    /// Each field that describes a body.
    EveryDescription,
    /// These, and those that would make the message false without a body.
    Only(&'static [&'static str]),
}

/// What a redirect from http to https on the same host is, each on its default port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upgrade {
    /// A change of origin like any other.
    OtherOrigin,
    /// A change of origin that the caller's own credentials survive.
    Trusted,
}

impl RedirectRules {
    /// Whether an answer of this status is followed.
    pub(crate) fn follows(&self, status: StatusCode) -> bool {
        match self.statuses {
            Statuses::Five => matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308),
            Statuses::Every3xx => status.is_redirection(),
        }
    }

    /// The next request's method, and what becomes of the body.
    pub(crate) fn rewrite(&self, status: StatusCode, method: &Method) -> (Method, BodyFate) {
        let to_get = match status.as_u16() {
            301 => self.moved_permanently,
            302 => self.found,
            303 => self.see_other,
            _ => Methods::NONE,
        };
        if to_get.contains(method) { (Method::GET, BodyFate::Drop) } else { (method.clone(), BodyFate::Keep) }
    }

    /// Whether a field of this name goes with the body.
    pub(crate) fn goes_with_body(&self, name: &HeaderName) -> bool {
        // A message without body that announces one is false (RFC 9110 6.6.2, 8.6 and 10.1.1, RFC 9112 6.1).
        let false_without =
            *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING || *name == TRAILER || *name == EXPECT;
        match self.gone {
            Gone::EveryDescription => describes_body(name),
            Gone::Only(names) => false_without || names.contains(&name.as_str()),
        }
    }

    /// Whether the caller's own credentials survive the way from one origin to the other.
    pub(crate) fn trusts(&self, from: &Origin, to: &Origin) -> bool {
        self.upgrade == Upgrade::Trusted
            && (from.scheme(), from.port()) == (Scheme::Http, 80)
            && (to.scheme(), to.port()) == (Scheme::Https, 443)
            && from.host() == to.host()
    }
}

#[cfg(test)]
mod tests {
    use super::{BodyFate, rewrite};
    use http::{Method, StatusCode};

    /// The table of http-rules.md 1.2 and semantics.md "Ours".
    #[test]
    fn methods_are_rewritten_as_fetch_does() {
        let table = [
            ("GET", ["GET", "GET", "GET", "GET", "GET"]),
            ("HEAD", ["HEAD", "HEAD", "HEAD", "HEAD", "HEAD"]),
            ("POST", ["GET", "GET", "GET", "POST", "POST"]),
            ("PUT", ["PUT", "PUT", "GET", "PUT", "PUT"]),
            ("PATCH", ["PATCH", "PATCH", "GET", "PATCH", "PATCH"]),
            ("DELETE", ["DELETE", "DELETE", "GET", "DELETE", "DELETE"]),
            ("OPTIONS", ["OPTIONS", "OPTIONS", "GET", "OPTIONS", "OPTIONS"]),
            ("QUERY", ["QUERY", "QUERY", "GET", "QUERY", "QUERY"]),
        ];
        for (method, expected) in table {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            for (status, expected) in [301, 302, 303, 307, 308].into_iter().zip(expected) {
                let (next, fate) = rewrite(StatusCode::from_u16(status).unwrap(), &method);
                assert_eq!(next.as_str(), expected, "{status} {method}");
                assert_eq!(fate == BodyFate::Drop, next != method, "{status} {method}");
            }
        }
    }
}

//! Presets: the rules of other clients over the one engine, as tables.
//!
//! Each place that decides asks the table of its session; no place asks which client it is. What a preset leaves out on
//! purpose, docs/compat.md tells: a lost body, and a credential or Host that goes where it does not belong, are flaws and
//! not rules. The rows come from the clients' sources and from the wire, where `interop/` compares them.

use crate::content::charset::TextRules;
use crate::message::methods::Methods;
use crate::redirect::rewrite::{self, Gone, RedirectRules, Statuses, Upgrade};
use crate::session::cookie_field::{CookieRules, FieldRule, Order, SameName};
use crate::session::settings::Decoding;
use http::header::{ACCEPT, CONNECTION};
use http::{HeaderName, HeaderValue};

/// Whose rules a session goes by.
///
/// ```
/// # use session_core::session::Session;
/// use session_core::session::compat::Compat;
///
/// // What an application was used to that comes from `requests.Session`.
/// let session = Session::builder().compat(Compat::Requests).build()?;
/// assert_eq!(session.limits().redirects, 30);
/// # Ok::<(), session_core::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compat {
    /// This library's own: the Fetch standard and the RFCs.
    #[default]
    Fetch,
    /// `requests.Session` of Python.
    Requests,
    /// `aiohttp.ClientSession` of Python.
    Aiohttp,
    /// The program `curl` with `--location`.
    Curl,
}

impl Compat {
    /// The table.
    pub(crate) fn rules(self) -> &'static Rules {
        match self {
            Self::Fetch => &FETCH,
            Self::Requests => &REQUESTS,
            Self::Aiohttp => &AIOHTTP,
            Self::Curl => &CURL,
        }
    }
}

/// The rules of one client.
#[derive(Debug)]
pub(crate) struct Rules {
    /// What a redirect does to a request.
    pub(crate) redirect: RedirectRules,
    /// How many redirects are followed: the preset's value of `Limits::redirects`.
    pub(crate) redirects: u32,
    /// How the Cookie field is put together.
    pub(crate) cookies: CookieRules,
    /// The fields that the session adds by itself beside User-Agent, where nobody else has them.
    pub(crate) fields: &'static [(HeaderName, HeaderValue)],
    /// The methods that say `Content-Length: 0` where there is no body.
    pub(crate) empty_length: Methods,
    /// The Content-Type of requests that nobody gave one.
    pub(crate) untyped: Untyped,
    /// What text without a known charset is.
    pub(crate) text: TextRules,
    /// Whether codings are offered and undone.
    pub(crate) decoding: Decoding,
}

/// The Content-Type of requests that nobody gave one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Untyped {
    pub(crate) value: &'static str,
    /// The methods that say it if they have a body.
    pub(crate) with_body: Methods,
    /// The methods that say it if they have none.
    pub(crate) without_body: Methods,
}

impl Untyped {
    const NONE: Self = Self { value: "", with_body: Methods::NONE, without_body: Methods::NONE };
}

static ACCEPT_ANYTHING: [(HeaderName, HeaderValue); 1] = [(ACCEPT, HeaderValue::from_static("*/*"))];

static ACCEPT_AND_CONNECTION: [(HeaderName, HeaderValue); 2] =
    [(ACCEPT, HeaderValue::from_static("*/*")), (CONNECTION, HeaderValue::from_static("keep-alive"))];

static FETCH: Rules = Rules {
    redirect: rewrite::FETCH,
    redirects: 20,
    cookies: CookieRules { field: FieldRule::Merged, same_name: SameName::NewestWord, order: Order::JarFirst },
    fields: &ACCEPT_ANYTHING,
    empty_length: Methods::Only(&["POST", "PUT", "PATCH", "QUERY"]),
    untyped: Untyped::NONE,
    text: TextRules::FETCH,
    decoding: Decoding::On,
};

/// semantics.md 1 (`rebuild_method`), 2 (`resolve_redirects`), 3, 4, 7 and 8. Not here: the body that is lost where the method
/// stays (issue 5686), and cookies of one request that go to every host.
static REQUESTS: Rules = Rules {
    redirect: RedirectRules {
        statuses: Statuses::Five,
        moved_permanently: Methods::Only(&["POST"]),
        // A GET with a body keeps both: the method stays, so losing the body would be the flaw.
        found: Methods::AllBut(&["GET", "HEAD"]),
        see_other: Methods::AllBut(&["HEAD"]),
        gone: Gone::Only(&["content-length", "content-type", "transfer-encoding"]),
        upgrade: Upgrade::Trusted,
    },
    redirects: 30,
    cookies: CookieRules { field: FieldRule::AloneUntilRedirected, same_name: SameName::Both, order: Order::JarFirst },
    fields: &ACCEPT_AND_CONNECTION,
    empty_length: Methods::AllBut(&["GET", "HEAD"]),
    untyped: Untyped::NONE,
    text: TextRules::REQUESTS,
    decoding: Decoding::On,
};

/// semantics.md 1 (`ClientSession._request`), 2, 4, 7 and 8. Its tenth redirect is the error, so nine are followed. Not here: the
/// session's credential that goes to every origin.
static AIOHTTP: Rules = Rules {
    redirect: RedirectRules {
        statuses: Statuses::Five,
        moved_permanently: Methods::Only(&["POST"]),
        found: Methods::Only(&["POST"]),
        see_other: Methods::AllBut(&["HEAD"]),
        gone: Gone::Only(&["content-length"]),
        upgrade: Upgrade::OtherOrigin,
    },
    redirects: 9,
    cookies: CookieRules { field: FieldRule::Merged, same_name: SameName::StrongestSource, order: Order::ByName },
    fields: &ACCEPT_ANYTHING,
    empty_length: Methods::AllBut(&["GET", "HEAD", "OPTIONS", "TRACE"]),
    untyped: Untyped {
        value: "application/octet-stream",
        with_body: Methods::ALL,
        without_body: Methods::Only(&["POST", "PUT", "PATCH"]),
    },
    text: TextRules::UTF8,
    decoding: Decoding::On,
};

/// semantics.md 1 (`Curl_http_follow`), 2, 4 and 7: each method by the option that curl has for it, `-d` and `-T`. Not here: what
/// `-X` does, which repeats the method without its body, and credentials that return to the first host.
static CURL: Rules = Rules {
    redirect: RedirectRules {
        statuses: Statuses::Every3xx,
        moved_permanently: Methods::Only(&["POST"]),
        found: Methods::Only(&["POST"]),
        see_other: Methods::AllBut(&["HEAD"]),
        gone: Gone::Only(&[]),
        upgrade: Upgrade::OtherOrigin,
    },
    redirects: 50,
    cookies: CookieRules { field: FieldRule::Merged, same_name: SameName::Both, order: Order::JarFirst },
    fields: &ACCEPT_ANYTHING,
    empty_length: FETCH.empty_length,
    untyped: Untyped {
        value: "application/x-www-form-urlencoded",
        with_body: Methods::AllBut(&["PUT"]),
        without_body: Methods::NONE,
    },
    text: TextRules::FETCH,
    // Without `--compressed`.
    decoding: Decoding::Off,
};

#[cfg(test)]
mod tests {
    use super::Compat;
    use crate::limits::Limits;
    use crate::redirect::rewrite::BodyFate;
    use http::{HeaderName, Method, StatusCode};

    /// semantics.md 1. A `-` stands for a GET without body, everything else for the same method with its body.
    #[test]
    fn each_preset_rewrites_by_its_row() {
        let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"];
        let table = [
            (Compat::Fetch, ["..-.....", "..-.....", "..------"]),
            (Compat::Requests, ["..-.....", "..------", "-.------"]),
            (Compat::Aiohttp, ["..-.....", "..-.....", "-.------"]),
            (Compat::Curl, ["..-.....", "..-.....", "-.------"]),
        ];
        for (compat, rows) in table {
            let redirect = &compat.rules().redirect;
            for (status, row) in [301, 302, 303, 307, 308].into_iter().zip(rows.into_iter().chain(["........"; 2])) {
                let status = StatusCode::from_u16(status).unwrap();
                for (method, expected) in methods.into_iter().zip(row.chars()) {
                    let method = Method::from_bytes(method.as_bytes()).unwrap();
                    let expected = match expected {
                        '-' => (Method::GET, BodyFate::Drop),
                        _ => (method.clone(), BodyFate::Keep),
                    };
                    assert_eq!(redirect.rewrite(status, &method), expected, "{compat:?} {status} {method}");
                }
            }
        }
    }

    #[test]
    fn no_preset_leaves_a_field_that_frames_a_body_that_is_gone() {
        for compat in [Compat::Fetch, Compat::Requests, Compat::Aiohttp, Compat::Curl] {
            for name in ["content-length", "transfer-encoding", "trailer", "expect"] {
                let goes = compat.rules().redirect.goes_with_body(&HeaderName::from_static(name));
                assert!(goes, "{compat:?} {name}");
            }
        }
    }

    #[test]
    fn the_default_is_the_limit_that_is_documented() {
        assert_eq!(Compat::default().rules().redirects, Limits::default().redirects);
    }
}

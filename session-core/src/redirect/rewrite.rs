//! What the next request is: its method, and whether it has the body of the one before (Fetch, HTTP-redirect fetch 12).

use http::{Method, StatusCode};

/// What becomes of the request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a body is kept or dropped")]
pub enum BodyFate {
    /// The next request has it again, byte for byte.
    Keep,
    /// It is gone, with every field that described it, for the rest of the exchange.
    Drop,
}

/// The next request's method, and what becomes of the body.
///
/// 301 and 302 turn POST into GET; 303 turns everything but GET and HEAD into GET; 307 and 308 change nothing.
#[must_use]
pub fn rewrite(status: StatusCode, method: &Method) -> (Method, BodyFate) {
    let to_get = match status.as_u16() {
        301 | 302 => *method == Method::POST,
        303 => *method != Method::GET && *method != Method::HEAD,
        _ => false,
    };
    if to_get { (Method::GET, BodyFate::Drop) } else { (method.clone(), BodyFate::Keep) }
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

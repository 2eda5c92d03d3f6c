//! Name prefixes that promise something about how a cookie was set (RFC 6265bis 4.1.3 and the layered draft's
//! `__Http-` and `__Host-Http-`). ASCII case does not count, so that no server is deceived that ignores it.

use super::reason::Rejection;
use super::set_cookie::SetCookie;
use crate::message::grammar::is_same_word;

/// Whether the cookie holds what its name promises. A nameless cookie must not look like one with a prefix: on the wire
/// `=__Host-a=1` would be just that.
pub(super) fn check(cookie: &SetCookie<'_>, host_only: bool) -> Result<(), Rejection> {
    let name = cookie.name();
    if name.is_empty() {
        let deceives = ["__Secure-", "__Host-", "__Http-"].iter().any(|prefix| has_prefix(cookie.value(), prefix));
        return if deceives { Err(Rejection::NamelessPrefix) } else { Ok(()) };
    }
    if !name.starts_with(b"__") {
        return Ok(());
    }
    let host = cookie.is_secure() && host_only && cookie.path_bytes() == Some(b"/");
    let http = cookie.is_secure() && cookie.is_http_only();
    for (prefix, kept, rejection) in [
        ("__Host-Http-", host && http, Rejection::HostHttpPrefix),
        ("__Host-", host, Rejection::HostPrefix),
        ("__Http-", http, Rejection::HttpPrefix),
        ("__Secure-", cookie.is_secure(), Rejection::SecurePrefix),
    ] {
        if has_prefix(name, prefix) && !kept {
            return Err(rejection);
        }
    }
    Ok(())
}

fn has_prefix(text: &[u8], prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| is_same_word(head, prefix.as_bytes()))
}

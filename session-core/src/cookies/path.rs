//! Path matching and the default path (RFC 6265bis 5.1.4). Octet by octet: nothing is decoded, case counts.

/// The path of a cookie that names none: the directory of the URL's path.
///
/// ```
/// use session_core::cookies::path::default_path;
///
/// assert_eq!(default_path("/a/b/c"), "/a/b");
/// assert_eq!(default_path("/a"), "/");
/// ```
#[must_use]
pub fn default_path(url_path: &str) -> &str {
    if !url_path.starts_with('/') {
        return "/";
    }
    match url_path.rsplit_once('/') {
        Some((directory, _)) if !directory.is_empty() => directory,
        _ => "/",
    }
}

/// Whether a cookie of path `cookie` goes with a request for the path `request`.
///
/// ```
/// use session_core::cookies::path::path_match;
///
/// assert!(path_match(b"/docs/web", b"/docs"));
/// assert!(!path_match(b"/docsets", b"/docs"));
/// ```
#[must_use]
pub fn path_match(request: &[u8], cookie: &[u8]) -> bool {
    match request.strip_prefix(cookie) {
        Some(rest) => rest.is_empty() || cookie.ends_with(b"/") || rest.starts_with(b"/"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{default_path, path_match};

    /// RFC 6265bis 5.1.4, and the table of Go's cookie jar.
    #[test]
    fn the_default_path_is_the_directory() {
        for (path, expected) in [
            ("/", "/"),
            ("/abc", "/"),
            ("/abc/", "/abc"),
            ("/abc/xyz", "/abc"),
            ("/abc/xyz/", "/abc/xyz"),
            ("/a/b/c.html", "/a/b"),
            ("", "/"),
            ("strange", "/"),
            ("//", "/"),
            ("/a//b", "/a/"),
            ("/a/b//c", "/a/b/"),
        ] {
            assert_eq!(default_path(path), expected, "{path:?}");
        }
    }

    #[test]
    fn a_path_matches_at_a_slash_only() {
        for (request, cookie) in [
            ("/", "/"),
            ("/any", "/any"),
            ("/any/", "/any"),
            ("/any/x", "/any"),
            ("/any/x", "/any/"),
            ("/any//x", "/any/"),
            ("/any/", "/any/"),
            ("/any", "/"),
        ] {
            assert!(path_match(request.as_bytes(), cookie.as_bytes()), "{request} {cookie}");
        }
        for (request, cookie) in [
            ("/anybad", "/any"),
            ("/an", "/any"),
            ("/any", "/any/"),
            ("/Any", "/any"),
            ("/a%6Ey", "/any"),
            ("/", "/any"),
        ] {
            assert!(!path_match(request.as_bytes(), cookie.as_bytes()), "{request} {cookie}");
        }
    }
}

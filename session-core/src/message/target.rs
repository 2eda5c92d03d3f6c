//! A URL that a request can be sent to, and how a reference is resolved against one.

use crate::error::{Error, ErrorKind, Phase};
use crate::message::origin::{Origin, Scheme};
use crate::message::sensitive::{Secret, without_user_info};
use http::Uri;
use percent_encoding::{AsciiSet, percent_decode_str, percent_encode};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// A URL of a known origin, without user information. The fragment stays for the caller and is never sent.
#[derive(Clone)]
pub struct Target(Arc<Parts>);

/// Shared by the clones. What each request needs of the URL is made once.
struct Parts {
    url: Url,
    origin: Origin,
    /// The URL without fragment, as a request's head has it.
    uri: Option<Uri>,
}

/// User name and password that stood in a URL, decoded.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct UserInfo {
    /// The user name.
    pub user: String,
    /// The password; empty where none stood there.
    pub password: Secret<String>,
}

impl fmt::Debug for UserInfo {
    /// Neither part: many services take a key in place of the user name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserInfo(..)")
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        // The rest is made of the URL.
        Arc::ptr_eq(&self.0, &other.0) || self.url() == other.url()
    }
}

impl Eq for Target {}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.url())
    }
}

impl Target {
    /// The target that `url` names, and the user information that stood in it.
    ///
    /// ```
    /// use session_core::message::target::Target;
    ///
    /// let (target, user_info) = Target::new("https://ada:secret@a.test/x#top".parse()?)?;
    /// assert_eq!(target.url().as_str(), "https://a.test/x#top");
    /// assert_eq!(user_info.unwrap().user, "ada");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] where no request can be sent to it: another scheme than http and https, no host, a host
    /// with an empty label, port 0.
    pub fn new(url: Url) -> Result<(Self, Option<UserInfo>), Error> {
        let origin = Origin::of(&url);
        Self::of(url, origin)
    }

    /// The same for a URL that was found at this target. It is likely to have the same origin, which is then not made
    /// anew.
    ///
    /// # Errors
    /// As [`Target::new`].
    pub fn beside(&self, url: Url) -> Result<(Self, Option<UserInfo>), Error> {
        let origin = Origin::of_beside(&url, &self.0.url, &self.0.origin);
        Self::of(url, origin)
    }

    fn of(mut url: Url, origin: Option<Origin>) -> Result<(Self, Option<UserInfo>), Error> {
        let user_info = take_user_info(&mut url);
        let Some(origin) = origin else {
            let expected = if Scheme::of(&url).is_none() { "http or https" } else { "a host and a port above 0" };
            return Err(Error::new(ErrorKind::InvalidUrl, Phase::Build, "no request can be sent to this URL")
                .with_expected(expected)
                .with_url(&url));
        };
        let uri = Uri::try_from(absolute(&url)).ok();
        Ok((Self(Arc::new(Parts { url, origin, uri })), user_info))
    }

    /// The URL, with its fragment.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0.url
    }

    /// The URL, owned.
    #[must_use]
    pub fn into_url(self) -> Url {
        Arc::try_unwrap(self.0).map_or_else(|parts| parts.url.clone(), |parts| parts.url)
    }

    /// The origin.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// Resolves a `Location` against this target (RFC 9110 10.2.2): bytes above 0x7f are percent-encoded, the fragment
    /// of this target is inherited where the reference has none. Gives the plain URL: whether it may be followed is not
    /// decided here.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] where the reference does not parse.
    pub fn resolve(&self, reference: &[u8]) -> Result<Url, Error> {
        let error = || {
            Error::new(ErrorKind::InvalidUrl, Phase::Decide, "the Location is no URL")
                .with_came(&without_user_info(reference))
                .with_url(&self.0.url)
        };
        let mut next =
            self.0.url.join(&percent_encode_above_ascii(reference)).map_err(|source| error().with_source(source))?;
        if let (None, Some(fragment)) = (next.fragment(), self.0.url.fragment()) {
            next.set_fragment(Some(fragment));
        }
        Ok(next)
    }

    /// The request target in origin-form, `path?query` (RFC 9112 3.2.1).
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        let url = &self.0.url;
        url.as_str().get(path_start(url)..fragment_start(url)).unwrap_or("/")
    }

    /// The whole URL without its fragment, as it stands in absolute-form (RFC 9112 3.2.2).
    #[must_use]
    pub fn absolute(&self) -> &str {
        absolute(&self.0.url)
    }

    /// The same as the URI of a request; `None` where it cannot stand in one.
    #[must_use]
    pub fn uri(&self) -> Option<&Uri> {
        self.0.uri.as_ref()
    }
}

fn absolute(url: &Url) -> &str {
    url.as_str().get(..fragment_start(url)).unwrap_or_default()
}

fn path_start(url: &Url) -> usize {
    url[..url::Position::BeforePath].len()
}

fn fragment_start(url: &Url) -> usize {
    url[..url::Position::AfterQuery].len()
}

/// Takes user name and password out of a URL and decodes them.
pub fn take_user_info(url: &mut Url) -> Option<UserInfo> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let user_info = UserInfo {
        user: decoded(url.username()),
        password: Secret::new(url.password().map(decoded).unwrap_or_default()),
    };
    // A URL that holds user information has a host, so neither call can fail.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Some(user_info)
}

/// A reference as text: UTF-8 stays for the URL parser to encode; in anything else each byte above 0x7f is
/// percent-encoded by itself, so that nothing is lost or guessed.
fn percent_encode_above_ascii(reference: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(reference) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => percent_encode(reference, &AsciiSet::EMPTY).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::Target;
    use crate::error::ErrorKind;
    use url::Url;

    fn target(url: &str) -> Target {
        Target::new(Url::parse(url).unwrap()).unwrap().0
    }

    fn resolved(base: &str, reference: &[u8]) -> Option<String> {
        target(base).resolve(reference).ok().map(String::from)
    }

    /// Where a Location leads: what it resolves to, as the target of a request.
    fn led(base: &str, reference: &str) -> Result<String, ErrorKind> {
        let url = target(base).resolve(reference.as_bytes()).map_err(|error| error.kind())?;
        Target::new(url).map(|(target, _)| target.url().to_string()).map_err(|error| error.kind())
    }

    /// The vectors of http-rules.md 1.4, all of them in their order.
    #[test]
    fn locations_resolve_as_in_a_browser() {
        let base = "https://a.test:8443/dir/sub/page?q=1";
        for (reference, expected) in [
            ("", "https://a.test:8443/dir/sub/page?q=1"),
            ("#x", "https://a.test:8443/dir/sub/page?q=1#x"),
            ("?y=2", "https://a.test:8443/dir/sub/page?y=2"),
            ("p", "https://a.test:8443/dir/sub/p"),
            ("../../../../p", "https://a.test:8443/p"),
            ("/p", "https://a.test:8443/p"),
            ("//b.test/p", "https://b.test/p"),
            ("/\\b.test/p", "https://b.test/p"),
            ("\\\\b.test\\p", "https://b.test/p"),
            ("/\\/b.test", "https://b.test/"),
            ("https:p", "https://a.test:8443/dir/sub/p"),
            ("https:/p", "https://a.test:8443/p"),
            ("http:p", "http://p/"),
            ("http:/p", "http://p/"),
            ("https:///c.test/p", "https://c.test/p"),
            ("https:\\\\c.test\\p", "https://c.test/p"),
            ("HTTP://B.TEST:80/", "http://b.test/"),
            ("http://b.test:443/", "http://b.test:443/"),
            ("  /p  ", "https://a.test:8443/p"),
            ("/p\tq", "https://a.test:8443/pq"),
            ("/p\r\nX: y", "https://a.test:8443/pX:%20y"),
            ("/a b", "https://a.test:8443/a%20b"),
            ("/%zz", "https://a.test:8443/%zz"),
            ("/\u{2603}", "https://a.test:8443/%E2%98%83"),
            ("/%\u{2603}", "https://a.test:8443/%%E2%98%83"),
            ("?a b'\"<>", "https://a.test:8443/dir/sub/page?a%20b%27%22%3C%3E"),
            ("https://a.test:8443@b.test/", "https://b.test/"),
            ("https://b.test#@c.test/", "https://b.test/#@c.test/"),
            ("https://b.test\\@c.test/", "https://b.test/@c.test/"),
            ("https://127.1/", "https://127.0.0.1/"),
            ("https://0x7f000001/", "https://127.0.0.1/"),
            ("https://2130706433/", "https://127.0.0.1/"),
            ("https://0177.0.0.1/", "https://127.0.0.1/"),
            ("https://127.0.0.1./", "https://127.0.0.1/"),
            ("https://0x7f.1/", "https://127.0.0.1/"),
            ("https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/"),
            ("https://b\u{3002}test/", "https://b.test/"),
            ("https://b\u{ff0e}test/", "https://b.test/"),
            ("https://stra\u{df}e.de/", "https://xn--strae-oqa.de/"),
            ("https://b.test./", "https://b.test./"),
            ("https://b.test:080/", "https://b.test:80/"),
            ("http://b.test:080/", "http://b.test/"),
            ("https://b.test/%2e%2e/x", "https://b.test/x"),
        ] {
            assert_eq!(led(base, reference).as_deref(), Ok(expected), "{reference:?}");
        }
        for bad in [
            "///b.test/p",
            "////b.test/p",
            "https://b.test%2F10.0.0.1/",
            "https://b.test%00/",
            "http://b test/",
            "https://[::1%25eth0]/",
            "https://1.2.3.4.5/",
            "https://256.1.1.1/",
            "https://xn--example-.com/",
            "https://\u{2100}.test/",
            "https://b..test/",
            "https://.b.test/",
            "https://.../",
            "https://b.test:99999/",
            "https://:80/",
            "https:///",
            "https://",
            "http://",
            "https://b.test:0/",
        ] {
            assert_eq!(led(base, bad), Err(ErrorKind::InvalidUrl), "{bad:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_utf8_are_encoded_one_by_one() {
        assert_eq!(resolved("http://a.test/", b"/\xff\xe9").as_deref(), Some("http://a.test/%FF%E9"));
        assert_eq!(resolved("http://a.test/", b"//\xff.test/"), None);
    }

    #[test]
    fn a_fragment_is_inherited_unless_the_reference_has_its_own() {
        assert_eq!(resolved("http://a.test/x#top", b"/y").as_deref(), Some("http://a.test/y#top"));
        assert_eq!(resolved("http://a.test/x#top", b"/y#").as_deref(), Some("http://a.test/y#"));
        assert_eq!(resolved("http://a.test/x#top", b"/y#new").as_deref(), Some("http://a.test/y#new"));
    }

    #[test]
    fn user_information_is_taken_out_and_decoded() {
        let (target, user_info) = Target::new(Url::parse("https://dan:p%40ss%3Aw@a.test/x?q#f").unwrap()).unwrap();
        let user_info = user_info.unwrap();
        assert_eq!((user_info.user.as_str(), user_info.password.expose().as_str()), ("dan", "p@ss:w"));
        assert_eq!(target.url().as_str(), "https://a.test/x?q#f");
        assert_eq!(target.path_and_query(), "/x?q");
        assert_eq!(target.absolute(), "https://a.test/x?q");
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        for bad in ["ftp://a.test/", "data:,x", "http://a.test:0/", "http://a..test/", "https://.../"] {
            assert_eq!(Target::new(Url::parse(bad).unwrap()).unwrap_err().kind(), ErrorKind::InvalidUrl, "{bad}");
        }
    }
}

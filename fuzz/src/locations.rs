//! A Location against a base: where it leads is what the URL standard says, nothing of its user information is kept, and no
//! other scheme is ever followed.

use crate::exchange::assert_one_request;
use arbitrary::Arbitrary;
use http::{HeaderMap, HeaderValue, StatusCode};
use session_core::error::{Error, ErrorKind};
use session_core::message::head::ResponseHead;
use session_core::message::origin::Scheme;
use session_core::message::target::Target;
use session_core::redirect::follow::{Lead, NotFollowed, locate};
use session_core::redirect::policy::RedirectPolicy;
use url::Url;

/// A base and a Location. As bytes: one that says which base, then the Location; or, where that byte is 255, a base and
/// the Location behind a line end.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Location<'a> {
    /// The number of the base.
    pub base: u8,
    /// The rest.
    pub bytes: &'a [u8],
}

const BASES: [&str; 7] = [
    "https://a.test:8443/dir/sub/page?q=1#top",
    "http://a.test/",
    "http://127.0.0.1/x",
    "https://[::1]:1/",
    "http://xn--strae-oqa.de./%2e%2e/?#",
    "https://localhost/a/b;c/?d#e",
    "http://a_b.test/\u{e9}",
];

/// Any bytes as a Location.
pub fn check_location(location: &Location<'_>) {
    let (base, bytes) = match location.base {
        255 => {
            let mut parts = location.bytes.splitn(2, |&byte| byte == b'\n');
            (
                std::str::from_utf8(parts.next().unwrap_or_default()).unwrap_or_default(),
                parts.next().unwrap_or_default(),
            )
        }
        number => (BASES[usize::from(number) % BASES.len()], location.bytes),
    };
    let Some((base, _)) = Url::parse(base).ok().and_then(|url| Target::new(url).ok()) else { return };
    check_target(&base);
    match base.resolve(bytes) {
        Err(error) => check_error(&error),
        Ok(url) => {
            assert!(url.fragment().is_some() || base.url().fragment().is_none(), "the fragment of {base:?} is lost");
            match Target::new(url.clone()) {
                Ok((target, user_info)) => {
                    check_target(&target);
                    assert_eq!(user_info.is_some(), !url.username().is_empty() || url.password().is_some());
                    let mut expected = url;
                    let _ = expected.set_username("");
                    let _ = expected.set_password(None);
                    assert_eq!(*target.url(), expected, "more than the user information went");
                }
                Err(error) => check_error(&error),
            }
        }
    }
    check_followed(&base, bytes);
}

/// What is true of every target.
fn check_target(target: &Target) {
    let (url, origin) = (target.url(), target.origin());
    assert_eq!((url.username(), url.password()), ("", None));
    assert_eq!(origin.scheme().as_str(), url.scheme());
    assert_eq!(Some(origin.host().to_string().as_str()), url.host_str());
    assert_eq!(Some(origin.port()), url.port_or_known_default());
    assert_eq!(origin.to_string(), url.origin().ascii_serialization(), "an origin is that of the URL standard");
    let (absolute, path) = (target.absolute(), target.path_and_query());
    assert!(path.starts_with('/') && absolute.ends_with(path) && !absolute.contains('#'), "{absolute} {path}");
    assert!(absolute.starts_with(&format!("{origin}/")), "{absolute} of {origin}");
    assert!(absolute.bytes().all(|byte| byte.is_ascii_graphic()), "{absolute:?}");
    let again = Url::parse(url.as_str()).expect("a URL is one after a round trip");
    assert_eq!(Target::new(again).expect("a target is one after a round trip").0, *target);
}

/// The same as a redirect that is followed.
fn check_followed(base: &Target, bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let mut headers = HeaderMap::new();
    headers.insert("location", value);
    let head = ResponseHead::new(StatusCode::FOUND).with_headers(headers);
    match locate(&RedirectPolicy::default(), 20, base, &head) {
        Ok(Lead::Nowhere(why)) => assert!(bytes.is_empty() && why == NotFollowed::NoLocation),
        Ok(Lead::To { target, .. }) => {
            assert!(matches!(target.origin().scheme(), Scheme::Http | Scheme::Https));
            check_target(&target);
            assert_one_request(&target);
        }
        Err(error) => check_error(&error),
    }
}

fn check_error(error: &Error) {
    assert!(matches!(error.kind(), ErrorKind::InvalidUrl | ErrorKind::RedirectRefused), "{error:?}");
    let shown = error.came().unwrap_or_default();
    assert!(shown.len() <= 64 * 4 + 3 && shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{shown:?}");
}

#[cfg(test)]
mod tests {
    use super::{Location, check_location};

    #[test]
    fn locations_of_every_kind_are_followed_or_refused() {
        for bytes in [
            &b""[..],
            b"/x?y#z",
            b"//eve:pw@b.test:80/",
            b"\\\\b.test\\c",
            b"ftp://a.test/",
            b"data:,x",
            b"https://[::ffff:127.0.0.1]/",
            b"https://b.test/\xff\xe9 \t\"<>",
            b"#",
            b"?",
            b"https://b..test/",
            b"https:///b.test",
            b"http://0x7f.1:80/../..",
        ] {
            for base in 0..7 {
                check_location(&Location { base, bytes });
            }
        }
        check_location(&Location { base: 255, bytes: b"https://b.test/x#f\n../y" });
        check_location(&Location { base: 255, bytes: b"not a base" });
    }
}

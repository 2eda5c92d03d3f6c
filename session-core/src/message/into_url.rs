//! What may be given where a URL is asked for: text, a parsed `Url`, an `http::Uri`.

use crate::error::{Error, ErrorKind, Phase};
use crate::message::sensitive::without_user_info;
use http::Uri;
use std::fmt;
use url::Url;

/// A URL as a caller gave it: parsed, or text that may be relative to the session's base.
#[derive(Clone, PartialEq, Eq)]
pub struct Reference(Given);

impl fmt::Debug for Reference {
    /// Without user information.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match &self.0 {
            // In what is no absolute URL nobody can say where user information ends.
            Given::Text(text) if text.contains('@') && !Url::parse(text).is_ok_and(|url| url.has_host()) => "..",
            Given::Text(text) => text,
            Given::Parsed(url) => url.as_str(),
        };
        write!(f, "Reference({})", without_user_info(text.as_bytes()).escape_ascii())
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Given {
    Text(String),
    Parsed(Url),
}

/// How a relative URL is joined to a base.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BaseJoin {
    /// By RFC 3986: `/users` is the path of the whole host, and a base should end with a slash. A reference without a scheme
    /// that names another host (`//b.test/`) is refused: ask for another host by an absolute URL.
    #[default]
    Rfc3986,
    /// Below the base, as httpx and axios do: `users` and `/users` are both a path under that of the base, whether that
    /// ends with a slash or not. Only an absolute URL leads to another host; `..` still climbs.
    Append,
}

impl BaseJoin {
    fn join(self, base: &Url, text: &str) -> Result<Url, url::ParseError> {
        match self {
            // `//host` and its spellings with backslashes look like paths and are hosts: a path that came from elsewhere
            // must not lead away from the base (RT-07).
            Self::Rfc3986 => match Url::parse(text) {
                Err(url::ParseError::RelativeUrlWithoutBase) => {
                    let joined = base.join(text)?;
                    if joined.origin() == base.origin() {
                        Ok(joined)
                    } else {
                        Err(url::ParseError::RelativeUrlWithoutBase)
                    }
                }
                _ => base.join(text),
            },
            Self::Append => match Url::parse(text) {
                Err(url::ParseError::RelativeUrlWithoutBase) => {
                    let mut folder = base.clone();
                    if !folder.path().ends_with('/') {
                        folder.set_path(&format!("{}/", folder.path()));
                    }
                    // What the parser would strip must not hide a slash that leads to another host.
                    let text = text.trim_start_matches(|c: char| c <= ' ' || c == '/' || c == '\\');
                    folder.join(&format!("./{text}"))
                }
                done => done,
            },
        }
    }
}

impl Reference {
    /// The absolute URL: the text is parsed, or joined to `base` by RFC 3986 where there is one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] where the text is no URL, or is relative and there is no base.
    pub fn absolute(&self, base: Option<&Url>) -> Result<Url, Error> {
        self.joined(base, BaseJoin::Rfc3986)
    }

    /// The text, where it is not parsed yet.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.0 {
            Given::Text(text) => Some(text),
            Given::Parsed(_) => None,
        }
    }

    /// The same, joined in this way.
    ///
    /// # Errors
    /// As [`Reference::absolute`].
    pub fn joined(&self, base: Option<&Url>, join: BaseJoin) -> Result<Url, Error> {
        match &self.0 {
            Given::Parsed(url) => Ok(url.clone()),
            Given::Text(text) => match base {
                Some(base) => join.join(base, text),
                None => Url::parse(text),
            }
            .map_err(|source| refused(base, text, source)),
        }
    }
}

fn refused(base: Option<&Url>, text: &str, source: url::ParseError) -> Error {
    let expected = match base {
        Some(_) => "an absolute URL or one relative to the base",
        None => "an absolute URL, such as https://a.test/path (the session has no base_url)",
    };
    let error = Error::new(ErrorKind::InvalidUrl, Phase::Build, format!("the URL is not valid: {source}"))
        .with_expected(expected)
        .with_source(source);
    // Where there is user information in what is no URL, nobody can say where it ends.
    if text.contains('@') { error } else { error.with_came(text.as_bytes()) }
}

/// What a URL can be made of: `&str`, `String`, `Url`, `http::Uri` and references to them.
pub trait IntoUrl: sealed::Sealed {
    /// The reference as given; nothing is checked yet.
    fn into_reference(self) -> Reference;
}

mod sealed {
    #[expect(unnameable_types, reason = "the seal: nobody else may implement `IntoUrl`")]
    pub trait Sealed {}
}

macro_rules! into_url {
    ($($from:ty, $given:ident => $made:expr;)*) => { $(
        impl sealed::Sealed for $from {}
        impl IntoUrl for $from {
            fn into_reference(self) -> Reference {
                let $given = self;
                Reference($made)
            }
        }
    )* };
}

into_url! {
    &str, given => Given::Text(given.to_owned());
    String, given => Given::Text(given);
    &String, given => Given::Text(given.clone());
    Url, given => Given::Parsed(given);
    &Url, given => Given::Parsed(given.clone());
    Uri, given => Given::Text(given.to_string());
    &Uri, given => Given::Text(given.to_string());
}

#[cfg(test)]
mod tests {
    use super::{BaseJoin, IntoUrl};
    use crate::error::ErrorKind;
    use http::Uri;
    use url::Url;

    #[test]
    fn text_is_joined_to_the_base_and_an_absolute_url_replaces_it() {
        let base = Url::parse("https://a.test/v1/").unwrap();
        let joined = |text: &str| text.into_reference().absolute(Some(&base)).unwrap().to_string();
        assert_eq!(joined("users"), "https://a.test/v1/users");
        assert_eq!(joined("/users"), "https://a.test/users");
        assert_eq!(joined("?q"), "https://a.test/v1/?q");
        assert_eq!(joined("http://b.test/x"), "http://b.test/x");
        assert_eq!(Uri::from_static("/x").into_reference().absolute(Some(&base)).unwrap().as_str(), "https://a.test/x");
    }

    /// httpx `_merge_url`: what is relative stays below the base.
    #[test]
    fn appended_text_stays_below_the_base_whatever_slashes_it_has() {
        for base in ["https://a.test/v1/", "https://a.test/v1"] {
            let base = Url::parse(base).unwrap();
            let joined = |text: &str| text.into_reference().joined(Some(&base), BaseJoin::Append).unwrap().to_string();
            assert_eq!(joined("users"), "https://a.test/v1/users");
            assert_eq!(joined("/users"), "https://a.test/v1/users");
            assert_eq!(joined("../x"), "https://a.test/x");
            assert_eq!(joined(""), "https://a.test/v1/");
            assert_eq!(joined("?q#f"), "https://a.test/v1/?q#f");
            assert_eq!(joined("http://b.test/x"), "http://b.test/x");
            for text in ["//b.test/x", "\\\\b.test/x", " //b.test/x", "\t/\t/b.test/x", "/\\b.test/x"] {
                assert_eq!(joined(text), "https://a.test/v1/b.test/x", "{text:?}");
            }
        }
    }

    /// RT-07.
    #[test]
    fn a_reference_without_a_scheme_does_not_leave_the_base() {
        let base = Url::parse("https://a.test/api/").unwrap();
        for away in ["//evil.test/x", "/\\evil.test/x", "\\\\evil.test/x", "\t//evil.test", "//a.test:8443/"] {
            assert_eq!(
                away.into_reference().absolute(Some(&base)).unwrap_err().kind(),
                ErrorKind::InvalidUrl,
                "{away}"
            );
        }
        for home in ["//a.test/x", "x", "/x", "?q", "#f", ""] {
            assert!(home.into_reference().absolute(Some(&base)).is_ok(), "{home}");
        }
    }

    #[test]
    fn what_is_no_url_is_told_with_the_reason_unless_it_may_hold_a_secret() {
        let told = |text: &str| text.into_reference().absolute(None).unwrap_err().to_string();
        assert!(told("a.test/x").contains("(the session has no base_url), got \"a.test/x\""), "{}", told("a.test/x"));
        assert!(told("https://").starts_with("the URL is not valid: empty host; expected"), "{}", told("https://"));
        for secret in ["https://dan:secret@[", "//dan:secret@a.test", "dan@secret"] {
            assert!(!told(secret).contains("secret"), "{}", told(secret));
            assert_eq!(format!("{:?}", secret.into_reference()), "Reference(..)");
        }
        // A URL, of the scheme `dan`.
        assert_eq!(format!("{:?}", "dan:secret@a.test".into_reference()), "Reference(..)");
    }

    #[test]
    fn a_relative_url_without_a_base_is_refused_and_not_shown() {
        let error = "//u:secret@a.test/x".into_reference().absolute(None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidUrl);
        assert!(!format!("{error}{error:?}").contains("secret"));
    }
}

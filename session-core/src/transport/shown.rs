//! What of an exchange may stand in a log: URLs without user information, query and fragment, and reasons that hold no other.
//!
//! A query holds tokens as often as not, and so does that of a Location. A path is shown: what is secret does not belong there.

use crate::session::reason::Reason;
use std::fmt;
use url::{Position, Url};

/// A URL as a log may hold it: scheme, host, port and path. That there is a query is told, not what it says.
#[derive(Clone, Copy)]
pub struct ShownUrl<'a>(&'a Url);

impl<'a> ShownUrl<'a> {
    /// The URL as it may be shown.
    ///
    /// ```
    /// use session_core::transport::shown::ShownUrl;
    ///
    /// let url = "https://ann:pw@a.test:8443/x?token=t0k3n#top".parse()?;
    /// assert_eq!(ShownUrl::of(&url).to_string(), "https://a.test:8443/x?..");
    /// # Ok::<(), url::ParseError>(())
    /// ```
    #[must_use]
    pub fn of(url: &'a Url) -> Self {
        Self(url)
    }
}

impl fmt::Display for ShownUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(url) = self;
        let query = if url.query().is_some() { "?.." } else { "" };
        write!(f, "{}://{}{query}", url.scheme(), &url[Position::BeforeHost..Position::AfterPath])
    }
}

impl fmt::Debug for ShownUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A reason as a log may hold it: its sentence, the URLs in it as [`ShownUrl`].
#[derive(Clone, Copy)]
pub struct ShownReason<'a>(&'a Reason);

impl<'a> ShownReason<'a> {
    /// The reason as it may be shown.
    #[must_use]
    pub fn of(reason: &'a Reason) -> Self {
        Self(reason)
    }
}

impl fmt::Display for ShownReason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Reason::Followed { to, rewritten, crossed } => {
                write!(f, "redirect followed to {}", ShownUrl(to))?;
                rewritten.iter().try_for_each(|method| write!(f, ", now a {method} without body"))?;
                crossed.iter().try_for_each(|origin| write!(f, ", another origin ({origin})"))
            }
            Reason::Upgraded { to } => write!(f, "upgraded to {}", ShownUrl(to)),
            other => write!(f, "{other}"),
        }
    }
}

impl fmt::Debug for ShownReason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::{ShownReason, ShownUrl};
    use crate::session::reason::Reason;
    use http::Method;
    use url::Url;

    #[test]
    fn what_may_be_secret_in_a_url_is_left_out() {
        for (url, shown) in [
            ("http://a.test", "http://a.test/"),
            ("http://s-user:s-pw@a.test/x", "http://a.test/x"),
            ("http://a.test:81/x?s-query", "http://a.test:81/x?.."),
            ("http://[::1]/?#s-fragment", "http://[::1]/?.."),
            ("data:s-text", "data://s-text"),
        ] {
            assert_eq!(ShownUrl::of(&Url::parse(url).unwrap()).to_string(), shown);
        }
    }

    #[test]
    fn the_urls_of_a_reason_are_shown_the_same_way() {
        let to = Url::parse("https://b.test/x?code=s-1").unwrap();
        let followed = Reason::Followed { to: to.clone(), rewritten: Some(Method::GET), crossed: None };
        for reason in [followed, Reason::Upgraded { to }] {
            let shown = ShownReason::of(&reason).to_string();
            assert!(shown.contains("https://b.test/x?..") && !shown.contains("s-1"), "{shown}");
        }
        assert_eq!(ShownReason::of(&Reason::UserInfoDropped).to_string(), Reason::UserInfoDropped.to_string());
    }
}

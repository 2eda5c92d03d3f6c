//! Which answers redirect, where they lead, and whether one may go there. The order is that of http-rules.md 1.6.

use crate::error::{Error, ErrorKind, Fault, Phase};
use crate::message::head::ResponseHead;
use crate::message::origin::Scheme;
use crate::message::sensitive::without_user_info;
use crate::message::target::Target;
use crate::redirect::policy::{Downgrade, Following, RedirectPolicy};
use http::StatusCode;
use http::header::LOCATION;
use std::fmt;

/// Where an answer leads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an answer leads on or it does not")]
pub enum Lead {
    /// Nowhere: it is the answer.
    Nowhere(NotFollowed),
    /// To this target, if the policy permits.
    To {
        /// The next target, without user information.
        target: Target,
        /// The Location held user information, which is not used.
        dropped_user_info: bool,
    },
}

/// Why an answer is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotFollowed {
    /// The status is none of 301, 302, 303, 307 and 308.
    Status,
    /// A redirect status without a Location, or with an empty one.
    NoLocation,
    /// Following is switched off, or at most 0 redirects are allowed.
    SwitchedOff,
    /// The caller's own rule stopped there.
    Stopped,
}

impl fmt::Display for NotFollowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Status => "the status is no redirect",
            Self::NoLocation => "the redirect names no location",
            Self::SwitchedOff => "following redirects is switched off",
            Self::Stopped => "the caller's rule for redirects stopped there",
        })
    }
}

/// Whether `status` is one of the five that redirect: 301, 302, 303, 307, 308.
#[must_use]
pub fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Finds where the answer to `current` leads; at most `max` redirects are followed in the whole exchange.
///
/// # Errors
/// `redirect_refused` for several Location lines and for a scheme that is neither http nor https; `invalid_url` for a
/// Location that is no URL or that no request can be sent to.
pub fn locate(policy: &RedirectPolicy, max: u32, current: &Target, head: &ResponseHead) -> Result<Lead, Error> {
    if !is_redirect(head.status) {
        return Ok(Lead::Nowhere(NotFollowed::Status));
    }
    lead(policy, max, current, head)
}

/// The same for an answer whose status is known to be one that is followed.
pub(crate) fn lead(policy: &RedirectPolicy, max: u32, current: &Target, head: &ResponseHead) -> Result<Lead, Error> {
    match location(policy, max, current, head)? {
        Ok(location) => {
            let (target, dropped_user_info) = resolved(current, location)?;
            Ok(Lead::To { target, dropped_user_info })
        }
        Err(why) => Ok(Lead::Nowhere(why)),
    }
}

/// The Location of an answer whose status is known to be one that is followed; else why it leads nowhere.
pub(crate) fn location<'a>(
    policy: &RedirectPolicy,
    max: u32,
    current: &Target,
    head: &'a ResponseHead,
) -> Result<Result<&'a [u8], NotFollowed>, Error> {
    if policy.follows() == Following::Stop || max == 0 {
        return Ok(Err(NotFollowed::SwitchedOff));
    }
    let mut lines = head.headers.get_all(LOCATION).iter();
    let location = match (lines.next(), lines.next()) {
        (None, _) => return Ok(Err(NotFollowed::NoLocation)),
        (Some(location), None) => location.as_bytes(),
        (Some(_), Some(_)) => return Err(refused(current, "the answer has several Location lines", "one Location")),
    };
    Ok(if location.is_empty() { Err(NotFollowed::NoLocation) } else { Ok(location) })
}

/// The target that a Location names which came from `current`, and whether it held user information, which is not used.
pub(crate) fn resolved(current: &Target, location: &[u8]) -> Result<(Target, bool), Error> {
    let url = current.resolve(location)?;
    if Scheme::of(&url).is_none() {
        return Err(refused(current, "the redirect leads to another scheme", "http or https")
            .with_came(url.scheme().as_bytes()));
    }
    let (target, user_info) = current.beside(url).map_err(|source| {
        Error::new(ErrorKind::InvalidUrl, Phase::Decide, "no request can be sent to the Location")
            .with_came(&without_user_info(location))
            .with_url(current.url())
            .with_source(source)
    })?;
    Ok((target, user_info.is_some()))
}

/// Decides whether `next` may be followed after `followed` redirects, of which `max` are allowed.
///
/// # Errors
/// `redirect_refused` for a scheme that the policy leaves out and for a forbidden downgrade; `too_many_redirects`.
pub fn permit(policy: &RedirectPolicy, current: &Target, next: &Target, followed: u32, max: u32) -> Result<(), Error> {
    let scheme = next.origin().scheme();
    if !policy.allows_scheme(scheme) {
        return Err(refused(current, "the redirect leads to a scheme that the settings leave out", "another scheme")
            .with_came(scheme.as_str().as_bytes()));
    }
    if followed >= max {
        return Err(Error::new(ErrorKind::TooManyRedirects, Phase::Decide, "the server redirects too often")
            .with_expected(format!("at most {max} redirects"))
            .with_url(current.url()));
    }
    let downgrade = current.origin().scheme() == Scheme::Https && scheme == Scheme::Http;
    if downgrade && policy.allows_downgrade() == Downgrade::Refuse {
        return Err(refused(current, "the redirect leads from https to http", "https"));
    }
    Ok(())
}

/// The error of a redirect that the caller's own rule refused.
#[must_use]
pub fn vetoed(current: &Target) -> Error {
    refused(current, "the caller's rule for redirects refused the target", "another target").with_fault(Fault::Caller)
}

fn refused(current: &Target, message: &str, expected: &str) -> Error {
    Error::new(ErrorKind::RedirectRefused, Phase::Decide, message).with_expected(expected).with_url(current.url())
}

#[cfg(test)]
mod tests {
    use super::{Lead, NotFollowed, locate, permit};
    use crate::error::{Error, ErrorKind};
    use crate::message::head::ResponseHead;
    use crate::message::target::Target;
    use crate::redirect::policy::{Downgrade, RedirectPolicy};
    use http::{HeaderMap, HeaderValue, StatusCode};
    use url::Url;

    fn target(url: &str) -> Target {
        Target::new(Url::parse(url).unwrap()).unwrap().0
    }

    fn answer(status: u16, locations: &[&'static str]) -> ResponseHead {
        let mut headers = HeaderMap::new();
        for location in locations {
            headers.append("location", HeaderValue::from_static(location));
        }
        ResponseHead::new(StatusCode::from_u16(status).unwrap()).with_headers(headers)
    }

    fn lead(status: u16, locations: &[&'static str]) -> Result<Lead, Error> {
        locate(&RedirectPolicy::default(), 20, &target("https://a.test/x"), &answer(status, locations))
    }

    #[test]
    fn only_five_statuses_redirect() {
        for status in [200, 201, 300, 304, 305, 306, 309, 401] {
            assert_eq!(lead(status, &["/y"]).unwrap(), Lead::Nowhere(NotFollowed::Status), "{status}");
        }
        for status in [301, 302, 303, 307, 308] {
            assert!(matches!(lead(status, &["/y"]).unwrap(), Lead::To { .. }), "{status}");
            assert_eq!(lead(status, &[]).unwrap(), Lead::Nowhere(NotFollowed::NoLocation), "{status}");
            assert_eq!(lead(status, &[""]).unwrap(), Lead::Nowhere(NotFollowed::NoLocation), "{status}");
        }
    }

    #[test]
    fn an_open_target_is_refused() {
        for lines in [["/y", "/z"], ["/y", "/y"]] {
            assert_eq!(lead(302, &lines).unwrap_err().kind(), ErrorKind::RedirectRefused);
        }
    }

    #[test]
    fn other_schemes_are_refused_before_anything_happens() {
        for location in [
            "file:///etc/passwd",
            "ftp://a.test/",
            "data:,x",
            "javascript:alert(1)",
            "mailto:x@a.test",
            "about:blank",
            "unix:/s",
            "blob:x",
            "gopher://a.test/",
        ] {
            assert_eq!(lead(302, &[location]).unwrap_err().kind(), ErrorKind::RedirectRefused, "{location}");
        }
    }

    #[test]
    fn a_location_that_nobody_can_ask_is_an_invalid_url() {
        for location in ["https://b.test:99999/", "http://b test/", "https://b.test:0/", "https://b..test/", "https://"]
        {
            assert_eq!(lead(302, &[location]).unwrap_err().kind(), ErrorKind::InvalidUrl, "{location}");
        }
    }

    #[test]
    fn user_information_is_told_and_not_kept() {
        let Lead::To { target, dropped_user_info } = lead(302, &["https://eve:pw@b.test/y"]).unwrap() else { panic!() };
        assert!(dropped_user_info);
        assert_eq!(target.url().as_str(), "https://b.test/y");
    }

    #[test]
    fn the_count_is_exact() {
        let (from, to) = (target("https://a.test/1"), target("https://a.test/2"));
        let policy = RedirectPolicy::default();
        assert!(permit(&policy, &from, &to, 1, 2).is_ok());
        assert_eq!(permit(&policy, &from, &to, 2, 2).unwrap_err().kind(), ErrorKind::TooManyRedirects);
    }

    /// RT-04: no redirect at all is the same as not following.
    #[test]
    fn with_a_bound_of_zero_the_answer_is_delivered() {
        let found = locate(&RedirectPolicy::default(), 0, &target("https://a.test/x"), &answer(302, &["/y"]));
        assert_eq!(found.unwrap(), Lead::Nowhere(NotFollowed::SwitchedOff));
    }

    #[test]
    fn a_downgrade_and_a_left_out_scheme_are_refused_where_the_policy_says_so() {
        let (secure, plain) = (target("https://a.test/"), target("http://a.test/"));
        let strict = RedirectPolicy::default().downgrade(Downgrade::Refuse);
        assert!(permit(&RedirectPolicy::default(), &secure, &plain, 0, 20).is_ok());
        assert_eq!(permit(&strict, &secure, &plain, 0, 20).unwrap_err().kind(), ErrorKind::RedirectRefused);
        assert!(permit(&strict, &plain, &plain, 0, 20).is_ok());
        let nowhere = RedirectPolicy::default().schemes([]);
        assert_eq!(permit(&nowhere, &plain, &secure, 0, 20).unwrap_err().kind(), ErrorKind::RedirectRefused);
    }
}

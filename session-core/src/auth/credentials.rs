//! A credential and the one way to its field value. How each scheme writes it stands in the scheme's file; to which
//! origin it may go is the business of [`Bound`](crate::message::bound::Bound).

use crate::auth::bearer;
use crate::auth::challenge::Challenge;
use crate::auth::digest::means::Means;
use crate::auth::scheme::Scheme;
use crate::error::{Error, ErrorKind, Phase};
use crate::limits::Limits;
use crate::message::basic;
use crate::message::sensitive::Secret;
use crate::message::target::UserInfo;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;
use std::sync::Arc;

#[cfg(feature = "serde")]
pub(crate) mod record;

/// What a request proves itself with.
///
/// Nothing of it is ever printed, the user name neither: many services take a key in its place.
///
/// ```
/// use session_core::auth::credentials::Credential;
///
/// let basic = Credential::basic("ada", "secret");
/// assert_eq!(basic.authorization()?, "Basic YWRhOnNlY3JldA==");
/// assert!(!format!("{basic:?}").contains("ada"));
/// assert!(Credential::digest("ada", "secret").answers_challenges());
/// # Ok::<(), session_core::error::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Credential {
    /// User name and password, sent with the first request (RFC 7617).
    #[non_exhaustive]
    Basic {
        /// The user name.
        user: String,
        /// The password; it may be empty.
        password: Secret<String>,
    },
    /// A token, sent with the first request (RFC 6750).
    Bearer(Secret<String>),
    /// A scheme of the caller's own.
    Custom(Arc<dyn Scheme>),
    /// User name and password, proved in answer to a challenge and never sent themselves (RFC 7616).
    #[non_exhaustive]
    Digest {
        /// The user name.
        user: String,
        /// The password; it may be empty.
        password: Secret<String>,
        /// What answers challenges.
        means: Means,
    },
}

impl Credential {
    /// User name and password for Basic. What cannot be sent is refused by [`Credential::authorization`].
    #[must_use]
    pub fn basic(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Basic { user: user.into(), password: Secret::new(password.into()) }
    }

    /// A bearer token.
    #[must_use]
    pub fn bearer(token: impl Into<String>) -> Self {
        Self::Bearer(Secret::new(token.into()))
    }

    /// User name and password for Digest.
    #[must_use]
    pub fn digest(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self::Digest { user: user.into(), password: Secret::new(password.into()), means: Means::ALL }
    }

    /// A scheme of the caller's own.
    #[must_use]
    pub fn custom(scheme: impl Scheme + 'static) -> Self {
        Self::Custom(Arc::new(scheme))
    }

    /// Whether it has something to say to a challenge: Digest, and schemes of the caller's own.
    #[must_use]
    pub fn answers_challenges(&self) -> bool {
        matches!(self, Self::Digest { .. } | Self::Custom(_))
    }

    /// The challenges of an answer, for a credential that may have something to say to them.
    pub(crate) fn challenges(&self, headers: &HeaderMap, field: &HeaderName, limits: &Limits) -> Vec<Challenge> {
        match self {
            Self::Basic { .. } | Self::Bearer(_) => Vec::new(),
            Self::Custom(scheme) => scheme.challenges(headers, field, limits),
            Self::Digest { means, .. } => (means.challenges)(headers, field, limits),
        }
    }

    /// The value of `Authorization` or `Proxy-Authorization`, marked sensitive, of a credential that needs no challenge.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidHeader`] for a user name with a colon, for a control character in user name or password (RFC
    /// 7617 2), for a token that is empty or cannot stand in a field value. [`ErrorKind::InvalidSetting`] for Digest,
    /// whose value is made for one request: see [`authorize`](crate::auth::answer::authorize), which serves all.
    pub fn authorization(&self) -> Result<HeaderValue, Error> {
        match self {
            Self::Basic { user, password } => basic::authorization(user, password),
            Self::Bearer(token) => bearer::authorization(token),
            Self::Digest { .. } | Self::Custom(_) => {
                Err(Error::new(ErrorKind::InvalidSetting, Phase::Build, "this credential has no fixed field value")
                    .with_expected("an answer made for one challenge and one request"))
            }
        }
    }
}

/// Two schemes of a caller's own are equal if they are one.
impl PartialEq for Credential {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Basic { user, password }, Self::Basic { user: other_user, password: other })
            | (Self::Digest { user, password, .. }, Self::Digest { user: other_user, password: other, .. }) => {
                user == other_user && password == other
            }
            (Self::Bearer(token), Self::Bearer(other)) => token == other,
            (Self::Custom(scheme), Self::Custom(other)) => Arc::ptr_eq(scheme, other),
            _ => false,
        }
    }
}

impl Eq for Credential {}

impl From<UserInfo> for Credential {
    /// User information of a URL as Basic.
    fn from(user_info: UserInfo) -> Self {
        Self::Basic { user: user_info.user, password: user_info.password }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic(..)",
            Self::Bearer(_) => "Bearer(..)",
            Self::Digest { .. } => "Digest(..)",
            Self::Custom(_) => "Custom(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Credential;
    use crate::error::ErrorKind;
    use crate::message::target::Target;
    use url::Url;

    #[test]
    fn debug_shows_neither_user_nor_password_nor_token() {
        assert_eq!(format!("{:?}", Credential::basic("key", "hunter2")), "Basic(..)");
        assert_eq!(format!("{:?}", Credential::bearer("hunter2")), "Bearer(..)");
        assert_eq!(format!("{:?}", Credential::digest("key", "hunter2")), "Digest(..)");
    }

    #[test]
    fn user_information_of_a_url_is_basic() {
        let (_, user_info) = Target::new(Url::parse("https://dan:p%40ss%3Aw@a.test/x").unwrap()).unwrap();
        let value = Credential::from(user_info.unwrap()).authorization().unwrap();
        assert_eq!(value, "Basic ZGFuOnBAc3M6dw==");
    }

    /// CVE-2024-47081: what stands before the last at sign is user information and never the host.
    #[test]
    fn a_host_in_the_user_information_is_a_user() {
        let (target, user_info) = Target::new(Url::parse("http://a.test:80@b.test/x").unwrap()).unwrap();
        assert_eq!(target.origin().host().as_str(), "b.test");
        let value = Credential::from(user_info.unwrap()).authorization().unwrap();
        assert_eq!(value, "Basic YS50ZXN0Ojgw");
    }

    #[test]
    fn every_field_value_is_marked_sensitive() {
        for credential in [Credential::basic("u", "p"), Credential::bearer("t")] {
            assert!(credential.authorization().unwrap().is_sensitive());
        }
    }

    #[test]
    fn digest_has_no_fixed_field_value() {
        let error = Credential::digest("u", "hunter2").authorization().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSetting);
        assert!(!format!("{error}{error:?}").contains("hunter2"));
    }
}

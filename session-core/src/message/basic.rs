//! How Basic is written (RFC 7617): `user:password` in UTF-8, as base64. Both origins and proxies take it.

use crate::error::{Error, ErrorKind, Phase};
use crate::message::sensitive::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

/// The field value for `user` and `password`, marked sensitive.
///
/// # Errors
/// [`ErrorKind::InvalidHeader`] for a colon in the user name, which would end it early, and for control characters in
/// either (RFC 7617 2).
pub fn authorization(user: &str, password: &Secret<String>) -> Result<HeaderValue, Error> {
    let refused = |message: &str, expected: &str| {
        Error::new(ErrorKind::InvalidHeader, Phase::Build, message).with_expected(expected)
    };
    if user.contains(':') {
        return Err(refused("the user name cannot be sent as Basic", "a user name without a colon"));
    }
    if user.contains(|c: char| c.is_ascii_control()) {
        return Err(refused("the user name cannot be sent as Basic", "a user name without control characters"));
    }
    if password.expose().contains(|c: char| c.is_ascii_control()) {
        return Err(refused("the password cannot be sent as Basic", "a password without control characters"));
    }
    let encoded = STANDARD.encode(format!("{user}:{}", password.expose()));
    let mut value = HeaderValue::try_from(format!("Basic {encoded}")).map_err(|source| {
        Error::new(ErrorKind::InvalidHeader, Phase::Build, "the credentials are no field value").with_source(source)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::authorization;
    use crate::error::{ErrorKind, Phase};
    use crate::message::sensitive::Secret;

    fn basic(user: &str, password: &str) -> Result<String, ErrorKind> {
        match authorization(user, &Secret::new(password.to_owned())) {
            Ok(value) => Ok(value.to_str().unwrap().to_owned()),
            Err(error) => {
                assert_eq!(error.phase(), Phase::Build);
                let shown = format!("{error} {error:?}");
                assert!(!shown.contains("hunter2"), "{shown}");
                Err(error.kind())
            }
        }
    }

    /// The examples of RFC 7617 2 and 2.1.
    #[test]
    fn user_and_password_are_base64_of_utf8() {
        assert_eq!(basic("Aladdin", "open sesame").as_deref(), Ok("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        assert_eq!(basic("test", "123\u{a3}").as_deref(), Ok("Basic dGVzdDoxMjPCow=="));
    }

    #[test]
    fn a_password_may_hold_colons_and_may_be_empty() {
        assert_eq!(basic("u", "a:b:").as_deref(), Ok("Basic dTphOmI6"));
        assert_eq!(basic("u", "").as_deref(), Ok("Basic dTo="));
        assert_eq!(basic("", "p").as_deref(), Ok("Basic OnA="));
    }

    #[test]
    fn a_colon_or_a_control_character_is_refused() {
        for (user, password) in
            [("a:b", "hunter2"), ("a\nb", "hunter2"), ("a\u{7f}", "hunter2"), ("u", "hunter2\r"), ("u", "hunter2\0")]
        {
            assert_eq!(basic(user, password), Err(ErrorKind::InvalidHeader), "{user:?}");
        }
    }
}

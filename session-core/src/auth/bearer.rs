//! How a bearer token is written (RFC 6750 2.1): as it was given.

use crate::error::{Error, ErrorKind, Phase};
use crate::message::grammar::{is_field_value_byte, trim_blanks};
use crate::message::sensitive::Secret;
use http::HeaderValue;

/// The field value for `token`, marked sensitive. The token need not have the form of RFC 6750: services use others.
///
/// # Errors
/// [`ErrorKind::InvalidHeader`] for a token that could not arrive as it is: an empty one, one with a control character
/// or with a blank at an end.
pub(crate) fn authorization(token: &Secret<String>) -> Result<HeaderValue, Error> {
    let refused = || Error::new(ErrorKind::InvalidHeader, Phase::Build, "the bearer token cannot be sent");
    let bytes = token.expose().as_bytes();
    if bytes.is_empty() {
        return Err(refused().with_expected("a token that is not empty"));
    }
    if !bytes.iter().all(|&byte| is_field_value_byte(byte)) {
        return Err(refused().with_expected("a token without control characters"));
    }
    if trim_blanks(bytes).len() != bytes.len() {
        return Err(refused().with_expected("a token without blanks at its ends"));
    }
    let mut value =
        HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|source| refused().with_source(source))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::authorization;
    use crate::error::{ErrorKind, Phase};
    use crate::message::sensitive::Secret;

    #[test]
    fn a_token_is_sent_as_given() {
        for token in ["abc.DEF-1~+/=", "a b", "\u{fc}"] {
            let value = authorization(&Secret::new(token.to_owned())).unwrap();
            assert_eq!(value.as_bytes(), format!("Bearer {token}").as_bytes());
        }
    }

    /// CVE-2022-35948, CVE-2026-15157: no second field is smuggled in by a token.
    #[test]
    fn a_token_that_would_not_arrive_as_it_is_is_refused() {
        for token in ["", "hunter2\r\nx: y", "hunter2\n", "hunter2\0", " hunter2", "hunter2\t", "hunter2\u{7f}"] {
            let error = authorization(&Secret::new(token.to_owned())).unwrap_err();
            assert_eq!((error.kind(), error.phase()), (ErrorKind::InvalidHeader, Phase::Build), "{token:?}");
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }
}

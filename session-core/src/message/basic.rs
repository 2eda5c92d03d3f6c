//! How Basic is written (RFC 7617): `user:password` in UTF-8, as base64. Both origins and proxies take it.

use crate::error::{Error, ErrorKind, Phase};
use crate::message::sensitive::Secret;
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
    let encoded = base64(format!("{user}:{}", password.expose()).as_bytes());
    let mut value = HeaderValue::try_from(format!("Basic {encoded}")).map_err(|source| {
        Error::new(ErrorKind::InvalidHeader, Phase::Build, "the credentials are no field value").with_source(source)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Base64 with padding (RFC 4648 4). The crate for it, which snapshots have, writes in chunks, at 2 kB of every program.
fn base64(bytes: &[u8]) -> String {
    let of_three = |three: &[u8]| {
        let bits = (0..3).fold(0_u32, |bits, at| (bits << 8) | u32::from(three.get(at).copied().unwrap_or(0)));
        let digits = three.len().saturating_add(1);
        [18, 12, 6, 0].into_iter().enumerate().map(move |(at, shift)| match at < digits {
            true => digit((bits >> shift) & 63),
            false => '=',
        })
    };
    bytes.chunks(3).flat_map(of_three).collect()
}

fn digit(of: u32) -> char {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    usize::try_from(of).ok().and_then(|of| DIGITS.get(of)).map_or('=', |digit| char::from(*digit))
}

#[cfg(test)]
mod tests {
    use super::{authorization, base64};
    use crate::error::{ErrorKind, Phase};
    use crate::message::sensitive::Secret;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

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

    /// The examples of RFC 4648 10, and every digit.
    #[test]
    fn base64_is_padded() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        let all: Vec<u8> = (0..=255).collect();
        for end in 0..=all.len() {
            let bytes = &all[all.len() - end..];
            assert_eq!(base64(bytes), STANDARD.encode(bytes));
        }
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

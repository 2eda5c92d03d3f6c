//! HTTP dates (RFC 9110 5.6.7): the three legal forms, read by the `httpdate` crate.
//!
//! Cookie dates are another algorithm and live with the cookies.

use std::time::SystemTime;

/// The instant that an HTTP-date names, in any of its three forms; `None` for anything else.
#[must_use]
pub fn parse(value: &[u8]) -> Option<SystemTime> {
    httpdate::parse_http_date(std::str::from_utf8(value).ok()?.trim_matches([' ', '\t'])).ok()
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::{Duration, SystemTime};

    #[test]
    fn the_three_forms_are_one_instant() {
        let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for form in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(parse(form.as_bytes()), Some(expected), "{form}");
        }
        assert_eq!(parse(b"tomorrow"), None);
    }
}

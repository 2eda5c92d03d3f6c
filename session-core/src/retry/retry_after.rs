//! `Retry-After` (RFC 9110 10.2.3): how long a server asks to be left alone.

use crate::message::date;
use crate::message::grammar::{decimal, trim_blanks};
use crate::time::Now;
use http::HeaderMap;
use http::header::RETRY_AFTER;
use std::time::Duration;

/// The pause that a response asks for: seconds, or the time until an HTTP-date in any of its three forms.
///
/// `None` where there is none to go by: no field, a value that is neither, a date that is over, or several lines (the
/// field has one value; a second one makes both doubtful). The length is as the server put it, however long.
#[must_use]
pub fn pause(headers: &HeaderMap, now: Now) -> Option<Duration> {
    let mut lines = headers.get_all(RETRY_AFTER).iter();
    let value = trim_blanks(lines.next()?.as_bytes());
    if lines.next().is_some() {
        return None;
    }
    if !value.is_empty() && value.iter().all(u8::is_ascii_digit) {
        // More seconds than a number can hold are still seconds: as many as it can hold.
        return Some(Duration::from_secs(decimal(value).unwrap_or(u64::MAX)));
    }
    date::parse(value, now.wall())?.duration_since(now.wall()).ok()
}

#[cfg(test)]
mod tests {
    use super::pause;
    use crate::time::Now;
    use http::{HeaderMap, HeaderValue};
    use std::time::{Duration, Instant, SystemTime};

    /// The pause asked for at 2026-01-01T00:00:00Z.
    fn asked(lines: &[&str]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("retry-after", HeaderValue::from_str(line).unwrap());
        }
        #[expect(clippy::disallowed_methods, reason = "an Instant has no other source; its value does not matter")]
        let instant = Instant::now();
        pause(&headers, Now::new(instant, SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)))
    }

    #[test]
    fn seconds_are_taken_as_they_are() {
        for (value, seconds) in [("7", 7), ("0", 0), ("30", 30), (" 007\t", 7), ("1000000000000", 1_000_000_000_000)] {
            assert_eq!(asked(&[value]), Some(Duration::from_secs(seconds)), "{value:?}");
        }
    }

    #[test]
    fn more_seconds_than_a_number_holds_are_as_many_as_it_holds() {
        assert_eq!(asked(&["18446744073709551616"]), Some(Duration::from_secs(u64::MAX)));
        assert_eq!(asked(&[&"9".repeat(400)]), Some(Duration::from_secs(u64::MAX)));
    }

    #[test]
    fn a_date_in_any_form_is_counted_from_the_wall_clock() {
        for form in ["Thu, 01 Jan 2026 00:01:50 GMT", "Thursday, 01-Jan-26 00:01:50 GMT", "Thu Jan  1 00:01:50 2026"] {
            assert_eq!(asked(&[form]), Some(Duration::from_secs(110)), "{form}");
        }
        assert!(asked(&["Fri, 31 Dec 9999 23:59:59 GMT"]).is_some());
    }

    #[test]
    fn what_is_over_or_neither_form_asks_for_nothing() {
        for value in ["Sun, 06 Nov 1994 08:49:37 GMT", "-5", "+5", "1.5", "5 s", "soon", "", "0x5", "1,2", "5;q=1"] {
            assert_eq!(asked(&[value]), None, "{value:?}");
        }
        assert_eq!(asked(&[]), None);
    }

    #[test]
    fn two_lines_ask_for_nothing() {
        assert_eq!(asked(&["5", "5"]), None);
    }
}

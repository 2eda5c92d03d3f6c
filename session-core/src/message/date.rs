//! HTTP dates (RFC 9110 5.6.7): the three legal forms, read by the `httpdate` crate; but for the year of the one that has two
//! digits of it.
//!
//! Cookie dates are another algorithm and live with the cookies.

use std::time::{Duration, SystemTime};

/// The instant that an HTTP-date names, in any of its three forms; `None` for anything else.
///
/// A year of two digits is the latest such year that is at most 50 years after `now`.
#[must_use]
pub fn parse(value: &[u8], now: SystemTime) -> Option<SystemTime> {
    let text = std::str::from_utf8(value).ok()?.trim_matches([' ', '\t']);
    match Rfc850::of(text) {
        None => httpdate::parse_http_date(text).ok(),
        Some(date) => {
            // What is more than 50 years ahead is of the century before.
            let latest = now.checked_add(FIFTY_YEARS)?;
            let year = date.year_until(year_of(latest)?)?;
            date.in_year(year).filter(|instant| *instant <= latest).or_else(|| date.in_year(year.checked_sub(100)?))
        }
    }
}

/// 50 years of 365.25 days.
const FIFTY_YEARS: Duration = Duration::from_secs(1_577_880_000);

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// From here on no date is written with four digits of its year.
const YEAR_10000: Duration = Duration::from_secs(253_402_300_800);

/// A date as `Sunday, 06-Nov-94 08:49:37 GMT`.
struct Rfc850<'a> {
    weekday: &'a str,
    day: &'a str,
    month: &'a str,
    year: u32,
    time: &'a str,
}

impl<'a> Rfc850<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let (weekday, rest) = text.split_once(", ")?;
        let (date, time) = rest.split_once(' ')?;
        let mut parts = date.split('-');
        let (day, month, year, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
            return None;
        };
        let weekday = WEEKDAYS.iter().find(|known| **known == weekday)?.get(..3)?;
        let is_year = year.len() == 2 && year.bytes().all(|byte| byte.is_ascii_digit());
        Some(Self { weekday, day, month, year: year.parse().ok().filter(|_| is_year)?, time })
    }

    /// The latest year with these two digits that is not after `last`.
    fn year_until(&self, last: u32) -> Option<u32> {
        last.checked_sub(last.checked_sub(self.year)?.checked_rem(100)?)
    }

    fn in_year(&self, year: u32) -> Option<SystemTime> {
        let Self { weekday, day, month, time, .. } = self;
        httpdate::parse_http_date(&format!("{weekday}, {day} {month} {year:04} {time}")).ok()
    }
}

/// The year of an instant; `None` where it has not four digits, or is before 1970.
fn year_of(instant: SystemTime) -> Option<u32> {
    let since = instant.duration_since(SystemTime::UNIX_EPOCH).ok().filter(|since| *since < YEAR_10000)?;
    // "Sun, 06 Nov 1994 08:49:37 GMT"
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH.checked_add(since)?).get(12..16)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::{Duration, SystemTime};

    /// 2026-01-01T00:00:00Z.
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
    }

    #[test]
    fn the_three_forms_are_one_instant() {
        let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for form in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(parse(form.as_bytes(), now()), Some(expected), "{form}");
            assert_eq!(parse(format!(" {form}\t").as_bytes(), now()), Some(expected), "{form}");
        }
        for other in [
            "tomorrow",
            "",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sunday, 06-Nov-9x 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sonday, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37",
            "Monday, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov-94-1 08:49:37 GMT",
            "Sunday, 31-Feb-94 08:49:37 GMT",
        ] {
            assert_eq!(parse(other.as_bytes(), now()), None, "{other}");
        }
    }

    /// RFC 9110 5.6.7: what would be more than 50 years ahead is the latest such year before.
    #[test]
    fn a_year_of_two_digits_is_at_most_50_years_ahead() {
        for (short, whole) in [
            ("Tuesday, 01-Jan-75 00:00:00 GMT", "Tue, 01 Jan 2075 00:00:00 GMT"),
            ("Wednesday, 01-Jan-76 00:00:00 GMT", "Wed, 01 Jan 2076 00:00:00 GMT"),
            ("Friday, 31-Dec-76 00:00:00 GMT", "Fri, 31 Dec 1976 00:00:00 GMT"),
            ("Saturday, 01-Jan-77 00:00:00 GMT", "Sat, 01 Jan 1977 00:00:00 GMT"),
            ("Thursday, 01-Jan-26 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:00 GMT"),
            ("Friday, 31-Dec-99 23:59:59 GMT", "Fri, 31 Dec 1999 23:59:59 GMT"),
            ("Saturday, 01-Jan-00 00:00:00 GMT", "Sat, 01 Jan 2000 00:00:00 GMT"),
        ] {
            let expected = parse(whole.as_bytes(), now());
            assert!(expected.is_some(), "{whole}");
            assert_eq!(parse(short.as_bytes(), now()), expected, "{short}");
        }
    }

    #[test]
    fn no_clock_breaks_it() {
        let first = SystemTime::UNIX_EPOCH;
        for now in [first, first - Duration::from_secs(1 << 40), first + Duration::from_secs(1 << 40)] {
            let _ = parse(b"Saturday, 01-Jan-00 00:00:00 GMT", now);
            assert!(parse(b"Sat, 01 Jan 2000 00:00:00 GMT", now).is_some());
        }
        assert_eq!(parse(b"Thursday, 01-Jan-70 00:00:00 GMT", first), Some(first));
    }
}

//! Cookie dates (RFC 6265bis 5.1.1): a reader that takes nearly every date a server ever wrote.
//!
//! HTTP dates are another grammar and live in `message::date`.

use ::cookie::time::{Date, Month, Time};
use std::time::{Duration, SystemTime};

/// The instant that a cookie-date names, read as UTC whatever zone is written; `None` where it names none.
///
/// Years from 1601 on are read, so also instants before 1970; two digits are 1970 to 2069.
///
/// ```
/// use session_core::cookies::date;
/// use std::time::{Duration, SystemTime};
///
/// let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
/// assert_eq!(date::parse(b"Sun, 06-Nov-94 08:49:37 GMT"), Some(expected));
/// assert_eq!(date::parse(b"6 november 1994, 8:49:37 (EST)"), Some(expected));
/// assert_eq!(date::parse(b"tomorrow"), None);
/// ```
#[must_use]
pub fn parse(value: &[u8]) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    // Each token is the first thing that it can be and that was not found before; what can be none is passed over.
    let mut rest = value;
    while let Some(token) = next_token(&mut rest) {
        if time.is_some() && day.is_some() && month.is_some() && year.is_some() {
            break;
        }
        if time.is_none()
            && let Some(found) = time_of(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some(found) = number(token, 1, 2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some(found) = number(token, 2, 4)
        {
            year = Some(found);
        }
    }
    let year = match year? {
        short @ 0..=69 => short.saturating_add(2000),
        short @ 70..=99 => short.saturating_add(1900),
        full => full,
    };
    if year < 1601 {
        return None;
    }
    let (hour, minute, second) = time?;
    let date = Date::from_calendar_date(i32::from(year), month?, u8::try_from(day?).ok()?).ok()?;
    instant(date.with_time(Time::from_hms(hour, minute, second).ok()?).assume_utc().unix_timestamp())
}

/// The instant so many seconds after 1970, or before it where the number is negative.
pub(super) fn instant(seconds: i64) -> Option<SystemTime> {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    }
}

/// The next token of `rest`, which then is what is behind it; `None` at the end.
fn next_token<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    while let [byte, behind @ ..] = *rest
        && is_delimiter(*byte)
    {
        *rest = behind;
    }
    let end = rest.iter().position(|&byte| is_delimiter(byte)).unwrap_or(rest.len());
    let (token, behind) = rest.split_at_checked(end)?;
    *rest = behind;
    (!token.is_empty()).then_some(token)
}

fn is_delimiter(byte: u8) -> bool {
    DELIMITERS.get(usize::from(byte)) == Some(&true)
}

static DELIMITERS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    while byte < 0x80 {
        #[expect(clippy::indexing_slicing, reason = "the compiler evaluates it, and an octet is within the table")]
        let place = &mut table[byte as usize];
        *place = matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e);
        byte = byte.wrapping_add(1);
    }
    table
};

/// The number that a token begins with, if it has from `least` to `most` digits and no digit after them.
fn number(token: &[u8], least: usize, most: usize) -> Option<u16> {
    leading(token, least, most).map(|(number, _)| number)
}

fn leading(token: &[u8], least: usize, most: usize) -> Option<(u16, &[u8])> {
    let (mut number, mut count, mut rest) = (0_u16, 0_usize, token);
    while let [digit @ b'0'..=b'9', behind @ ..] = rest {
        if count == most {
            return None;
        }
        // Four digits at most fit.
        number = number.wrapping_mul(10).wrapping_add(u16::from(digit & 0x0f));
        count = count.wrapping_add(1);
        rest = behind;
    }
    (count >= least).then_some((number, rest))
}

fn time_of(token: &[u8]) -> Option<(u8, u8, u8)> {
    let (hour, rest) = leading(token, 1, 2)?;
    let (minute, rest) = leading(rest.strip_prefix(b":")?, 1, 2)?;
    let (second, _) = leading(rest.strip_prefix(b":")?, 1, 2)?;
    Some((u8::try_from(hour).ok()?, u8::try_from(minute).ok()?, u8::try_from(second).ok()?))
}

fn month_of(token: &[u8]) -> Option<Month> {
    let [a, b, c, ..] = token else { return None };
    Some(match &[a.to_ascii_lowercase(), b.to_ascii_lowercase(), c.to_ascii_lowercase()] {
        b"jan" => Month::January,
        b"feb" => Month::February,
        b"mar" => Month::March,
        b"apr" => Month::April,
        b"may" => Month::May,
        b"jun" => Month::June,
        b"jul" => Month::July,
        b"aug" => Month::August,
        b"sep" => Month::September,
        b"oct" => Month::October,
        b"nov" => Month::November,
        b"dec" => Month::December,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::SystemTime;

    /// Seconds from 1970, also before it.
    fn seconds(text: &str) -> Option<i64> {
        let instant = parse(text.as_bytes())?;
        Some(match instant.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).unwrap(),
            Err(before) => -i64::try_from(before.duration().as_secs()).unwrap(),
        })
    }

    #[test]
    fn the_three_http_dates_and_the_netscape_form_are_one_instant() {
        for form in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06-Nov-1994 08:49:37 GMT",
        ] {
            assert_eq!(seconds(form), Some(784_111_777), "{form}");
        }
    }

    #[test]
    fn a_token_is_the_first_thing_it_can_be_that_is_not_yet_found() {
        assert_eq!(seconds("15 17 Apr 21:01:22"), seconds("15 Apr 2017 21:01:22 GMT"));
        assert_eq!(seconds("2017 15 Apr 21:01:22 18 May 2019 1:1:1"), seconds("15 Apr 2017 21:01:22"));
        // The first time counts although it is none of the clock.
        assert_eq!(seconds("15 Apr 17 91:22:33 21:01:22"), None);
        assert_eq!(seconds("98 Apr 17 21:01:22"), None);
    }

    #[test]
    fn zones_weekdays_and_unknown_words_count_for_nothing() {
        let expected = seconds("15 Apr 2017 21:01:22");
        assert!(expected.is_some());
        for form in
            ["Fri, 15 Apr 2017 21:01:22 GMT-0400 (EDT)", "x y 15 Apr 2017 21:01:22 +0200", "15 Apr 2017 21:01:22 PST"]
        {
            assert_eq!(seconds(form), expected, "{form}");
        }
    }

    #[test]
    fn what_follows_a_number_after_a_non_digit_is_passed_over() {
        let expected = seconds("15 Apr 2017 21:01:22");
        for form in
            ["15th Apr 2017 21:01:22", "15 Apr 2017AD 21:01:22", "15 Apr 2017 21:01:22.999", "15 Apr 2017 21:01:22:44"]
        {
            assert_eq!(seconds(form), expected, "{form}");
        }
        for form in ["015 Apr 2017 21:01:22", "15 Apr 20170 21:01:22", "15 Apr 2017 021:01:22", "15 Apr 2017 21:01:022"]
        {
            assert_eq!(seconds(form), None, "{form}");
        }
    }

    #[test]
    fn two_digit_years_are_1970_to_2069() {
        assert_eq!(seconds("1 Jan 70 0:0:0"), Some(0));
        assert_eq!(seconds("1 Jan 99 0:0:0"), seconds("1 Jan 1999 0:0:0"));
        assert_eq!(seconds("1 Jan 69 0:0:0"), seconds("1 Jan 2069 0:0:0"));
        assert_eq!(seconds("1 Jan 00 0:0:0"), seconds("1 Jan 2000 0:0:0"));
    }

    #[test]
    fn years_begin_in_1601() {
        assert_eq!(seconds("1 Jan 1601 0:0:0"), Some(-11_644_473_600));
        assert_eq!(seconds("31 Dec 1600 23:59:59"), None);
        assert_eq!(seconds("1 Jan 170 0:0:0"), None);
        assert_eq!(seconds("31 Dec 9999 23:59:59"), Some(253_402_300_799));
    }

    #[test]
    fn dates_and_times_that_do_not_exist_are_none() {
        assert!(seconds("29 Feb 2024 0:0:0").is_some());
        for form in [
            "29 Feb 2023 0:0:0",
            "30 Feb 2024 0:0:0",
            "31 Apr 2024 0:0:0",
            "0 Jan 2024 0:0:0",
            "32 Jan 2024 0:0:0",
            "1 Jan 2024 24:0:0",
            "1 Jan 2024 0:60:0",
            "1 Jan 2024 0:0:60",
        ] {
            assert_eq!(seconds(form), None, "{form}");
        }
    }

    #[test]
    fn every_part_is_needed() {
        for form in [
            "",
            " ",
            "1 Jan 2024",
            "1 2024 0:0:0",
            "Jan 2024 0:0:0",
            "1 Jan 0:0:0",
            "1 Foo 2024 0:0:0",
            "1 Ja 2024 0:0:0",
        ] {
            assert_eq!(seconds(form), None, "{form}");
        }
    }

    /// RFC 6265bis 5.1.1: the delimiters are exactly these; every other octet belongs to a token.
    #[test]
    fn delimiters_are_exactly_those_of_the_rfc() {
        for byte in 0..=u8::MAX {
            let date = [b"1 Jan 2024".as_slice(), &[byte], b"0:0:0"].concat();
            let splits = matches!(byte, 9 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e);
            assert_eq!(parse(&date).is_some(), splits, "{byte:#x}");
        }
    }
}

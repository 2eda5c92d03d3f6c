//! Dates as HAR writes them: ISO 8601, in UTC, with milliseconds.

use crate::instant;
use std::time::{Duration, SystemTime};

/// `2026-11-21T14:32:07.123Z`. What lies before 1970 or after 9999 is told as the nearest moment within.
pub(super) fn format(time: SystemTime) -> String {
    let since =
        time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().min(Duration::from_secs(253_402_300_799));
    let seconds = instant::format(SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs()));
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), since.subsec_millis())
}

/// Whether a text is such a date: with or without a fraction, in UTC or with an offset.
pub(super) fn is_date(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>, most: u32| {
        let part = text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        part.and_then(|part| part.parse::<u32>().ok()).is_some_and(|number| number <= most)
    };
    let marks = [(4, '-'), (7, '-'), (10, 'T'), (13, ':'), (16, ':')];
    let whole = digits(0..4, 9999)
        && digits(5..7, 12)
        && digits(8..10, 31)
        && digits(11..13, 23)
        && digits(14..16, 59)
        && digits(17..19, 60)
        && marks.iter().all(|(at, mark)| text.get(*at..at + 1) == Some(mark.encode_utf8(&mut [0; 4])));
    let Some(rest) = text.get(19..).filter(|_| whole) else { return false };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let offset = |zone: &str| {
        let shape: String = zone.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        matches!(shape.as_str(), "+00:00" | "-00:00" | "+0000" | "-0000")
    };
    zone == "Z" || offset(zone)
}

#[cfg(test)]
mod tests {
    use super::{format, is_date};
    use std::time::{Duration, SystemTime};

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            let told = format(SystemTime::UNIX_EPOCH + Duration::from_millis(millis));
            assert_eq!(told, expected);
            assert!(is_date(&told));
        }
    }

    #[test]
    fn other_spellings_are_read_and_others_are_none() {
        for good in ["2026-11-21T14:32:07Z", "2026-11-21T14:32:07.1+01:00", "2026-11-21T14:32:07-0800"] {
            assert!(is_date(good), "{good}");
        }
        for bad in
            ["", "2026-11-21", "2026-11-21T14:32:07", "2026-13-21T14:32:07Z", "2026-11-21 14:32:07Z", "21 Nov 2026"]
        {
            assert!(!is_date(bad), "{bad}");
        }
    }
}

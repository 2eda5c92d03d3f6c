//! Cookie dates beside a slow reading of the same algorithm (RFC 6265bis 5.1.1).

use crate::model;
use session_core::cookies::date;
use std::time::SystemTime;

/// What separates the tokens of a date, one of each kind.
const DELIMITERS: &[u8] = b"\t !/;@[`{~";

/// Any bytes: both readings agree, and delimiters around them change nothing.
pub fn check_date(bytes: &[u8]) {
    let found = date::parse(bytes);
    assert_eq!(found.map(seconds), model::cookie_date(bytes), "{}", bytes.escape_ascii());
    let around = [DELIMITERS, bytes, DELIMITERS].concat();
    assert_eq!(date::parse(&around), found, "delimiters around {}", bytes.escape_ascii());
}

fn seconds(date: SystemTime) -> i64 {
    let seconds = |duration: std::time::Duration| i64::try_from(duration.as_secs()).expect("a year of four digits");
    match date.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => seconds(since),
        Err(before) => -seconds(before.duration()),
    }
}

#[cfg(test)]
mod tests {
    use super::{check_date, seconds};
    use std::time::{Duration, SystemTime};

    #[test]
    fn dates_and_garbage_are_read_alike() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "1 Jan 1601 0:0:0",
            "31 Feb 2024 1:1:1",
            "29-feb-00 23:59:59x",
            "0:0:0 0:0:1 1 2 3 jan dec 70",
            "",
            ":::",
            "\u{e9}",
        ] {
            check_date(text.as_bytes());
        }
    }

    #[test]
    fn seconds_may_lie_before_1970() {
        assert_eq!(seconds(SystemTime::UNIX_EPOCH - Duration::from_secs(5)), -5);
    }
}

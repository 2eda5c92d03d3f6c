//! What holds whatever comes, line by line and date by date; the jar as a whole is driven in `machine`.

use crate::model::cookie_date;
use crate::{sent, start, target};
use cookie::time::{Date, Duration as Span, OffsetDateTime};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use session_core::cookies::{Jar, SetCookie, date};
use session_core::limits::Limits;

/// Parts of dates, whole and broken, in any order.
fn date() -> impl Strategy<Value = Vec<u8>> {
    let token = select(vec![
        "1", "01", "31", "30", "0", "32", "jan", "FEB", "december", "de", "2026", "70", "69", "99", "1601", "1600",
        "170", "12345", "0:0:0", "23:59:59", "24:0:0", "1:60:0", "1:2:60", "1:2:3x", "1:2", "1:2:", "001:2:3", "GMT",
        "2024", "29", "1x", "2026y",
    ]);
    let delimiter = select(vec![" ", "-", ",", ", ", "\t", "/", ":", "\u{7f}", "_"]);
    vec((token, delimiter), 0..8).prop_map(|parts| {
        parts.into_iter().flat_map(|(token, between)| [token, between]).collect::<String>().into_bytes()
    })
}

proptest! {
    #[test]
    fn a_line_of_any_bytes_makes_a_cookie_within_bounds_or_none(line in vec(any::<u8>(), 0..200)) {
        let limits = Limits::default();
        if let Ok(set) = SetCookie::parse(&line, &limits) {
            let both = [set.name(), set.value()].concat();
            prop_assert!(!both.is_empty() && both.len() <= limits.cookie_bytes);
            prop_assert!(both.iter().all(|&byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f && byte != b';')));
            prop_assert!(!set.name().contains(&b'='));
            prop_assert!(set.path().is_none_or(|path| path.starts_with('/') && path.is_ascii()));
            prop_assert!(set.domain().is_none_or(|domain| !domain.is_empty() && domain.to_ascii_lowercase() == domain));
        }
    }

    #[test]
    fn what_is_sent_reads_back_as_what_was_set(name in "[!-:<>-~]{1,8}", value in "[!-:<-~]{0,8}") {
        let line = format!("{name}={value}; Secure; HttpOnly; Path=/");
        let mut jar = Jar::new();
        jar.accept(&target("https://a.test/"), line.as_bytes(), start());
        prop_assert_eq!(sent(&mut jar, "https://a.test/"), format!("{name}={value}"));
    }

    #[test]
    fn a_date_is_what_the_model_reads(value in prop_oneof![vec(any::<u8>(), 0..60), date()]) {
        let model = cookie_date(&value).map(|seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap());
        prop_assert_eq!(date::parse(&value).map(OffsetDateTime::from), model);
    }

    #[test]
    fn a_date_that_exists_is_read(year in 1601_i32..=9999, day in 1_u16..=365, second in 0_u32..86400) {
        let time = Date::from_ordinal_date(year, day).unwrap().midnight().assume_utc() + Span::seconds(second.into());
        let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][time.month() as usize - 1];
        let text = format!("{:02} {month} {year:04} {:02}:{:02}:{:02} GMT", time.day(), time.hour(), time.minute(), time.second());
        let found = date::parse(text.as_bytes()).map(OffsetDateTime::from);
        prop_assert_eq!(found, Some(time));
    }
}

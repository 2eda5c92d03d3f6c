//! Times as they are written, and the round ones at which an axis is marked.

use std::time::Duration;

/// `350 µs`, `12.4 ms`, `1.23 s`, `2 min 05 s`.
pub(super) fn told(time: Duration) -> String {
    let micros = time.as_micros();
    let seconds = time.as_secs_f64();
    match micros {
        0 => "0 ms".to_owned(),
        1..1_000 => format!("{micros} µs"),
        1_000..9_995 => format!("{:.2} ms", seconds * 1e3),
        9_995..99_950 => format!("{:.1} ms", seconds * 1e3),
        99_950..999_500 => format!("{:.0} ms", seconds * 1e3),
        999_500..9_995_000 => format!("{seconds:.2} s"),
        9_995_000..119_950_000 => format!("{seconds:.1} s"),
        _ => {
            let (minutes, rest) =
                (time.as_secs().checked_div(60).unwrap_or(0), time.as_secs().checked_rem(60).unwrap_or(0));
            format!("{minutes} min {rest:02} s")
        }
    }
}

/// `0`, `20 ms`, `1.5 s`: a round time, without what it does not need.
pub(super) fn mark(time: Duration) -> String {
    let nanos = time.as_nanos();
    let (unit, name) = match nanos {
        0 => return "0".to_owned(),
        1..1_000_000 => (1e3, "µs"),
        1_000_000..1_000_000_000 => (1e6, "ms"),
        _ => (1e9, "s"),
    };
    let amount = nanos as f64 / unit;
    format!("{amount} {name}")
}

/// Round times from 0 up to `span`: at most `most` of them besides 0, in steps of 1, 2 or 5.
pub(super) fn marks(span: Duration, most: u32) -> Vec<Duration> {
    let span = span.max(Duration::from_micros(1));
    let mut decade = Duration::from_nanos(100);
    let step = loop {
        let fits = [1, 2, 5]
            .map(|factor| decade.saturating_mul(factor))
            .into_iter()
            .find(|step| step.checked_mul(most.max(1)).is_none_or(|all| all >= span));
        match fits {
            Some(step) => break step,
            None => decade = decade.saturating_mul(10),
        }
    };
    let mut marks = vec![Duration::ZERO];
    while let Some(next) = marks.last().and_then(|last| last.checked_add(step)).filter(|next| *next <= span) {
        marks.push(next);
    }
    marks
}

/// Where a time lies on a line of this length, from 0 to 1.
pub(super) fn share(time: Duration, span: Duration) -> f64 {
    if span.is_zero() { 0.0 } else { (time.as_secs_f64() / span.as_secs_f64()).clamp(0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::{mark, marks, share, told};
    use std::time::Duration;

    #[test]
    fn times_have_about_three_digits() {
        for (micros, expected) in [
            (0, "0 ms"),
            (350, "350 µs"),
            (1_234, "1.23 ms"),
            (9_994, "9.99 ms"),
            (9_996, "10.0 ms"),
            (12_400, "12.4 ms"),
            (99_960, "100 ms"),
            (250_400, "250 ms"),
            (999_600, "1.00 s"),
            (12_340_000, "12.3 s"),
            (125_000_000, "2 min 05 s"),
        ] {
            assert_eq!(told(Duration::from_micros(micros)), expected);
        }
        assert_eq!(told(Duration::from_nanos(5)), "0 ms");
        told(Duration::MAX);
    }

    #[test]
    fn marks_are_round_and_few() {
        let told = |span: u64, most| marks(Duration::from_micros(span), most).into_iter().map(mark).collect::<Vec<_>>();
        assert_eq!(told(153_000, 4), ["0", "50 ms", "100 ms", "150 ms"]);
        assert_eq!(told(1_000_000, 5), ["0", "200 ms", "400 ms", "600 ms", "800 ms", "1 s"]);
        assert_eq!(told(7_000_000, 4), ["0", "2 s", "4 s", "6 s"]);
        assert_eq!(told(0, 4), ["0", "0.5 µs", "1 µs"]);
        for span in [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(86_400), Duration::MAX] {
            for most in [0, 1, 4, 10] {
                let marks = marks(span, most);
                assert!(marks.len() <= usize::try_from(most.max(1)).unwrap() + 1, "{span:?} {most}");
            }
        }
    }

    #[test]
    fn a_share_is_never_outside_the_line() {
        assert_eq!(share(Duration::from_secs(2), Duration::from_secs(4)), 0.5);
        assert_eq!(share(Duration::from_secs(9), Duration::from_secs(4)), 1.0);
        assert_eq!(share(Duration::from_secs(9), Duration::ZERO), 0.0);
    }
}

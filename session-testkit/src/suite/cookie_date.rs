//! Kind "cookie-date": one date, and the instant that it names.

use crate::instant::format;
use crate::suite::outcome::Outcome;
use crate::suite::time::Moment;
use crate::suite::value::{nullable, present};
use serde::Deserialize;
use std::time::SystemTime;

/// A case of kind "cookie-date".
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CookieDate {
    #[serde(rename = "kind")]
    _kind: String,
    /// The case's name.
    pub name: String,
    /// One sentence on what it is about.
    #[serde(default, deserialize_with = "present")]
    pub about: Option<String>,
    /// Where the rule stands.
    #[serde(default)]
    pub source: Vec<String>,
    /// The date as it stands in a cookie.
    pub input: String,
    /// The instant; `None` where the date does not parse.
    #[serde(deserialize_with = "nullable")]
    pub expect: Option<Moment>,
}

/// Runs a case. `parse` is the parser under test.
pub fn run(case: &CookieDate, parse: impl Fn(&[u8]) -> Option<SystemTime>) -> Outcome {
    let came = parse(case.input.as_bytes());
    let expected = case.expect.map(Moment::wall);
    if came == expected {
        return Outcome::Passed;
    }
    let shown = |moment: Option<SystemTime>| moment.map_or_else(|| "no date".to_owned(), format);
    Outcome::Failed(vec![format!("expected {}, got {}", shown(expected), shown(came))])
}

#[cfg(test)]
mod tests {
    use super::{CookieDate, run};
    use crate::suite::outcome::Outcome;
    use serde_json::{from_value, json};
    use std::time::{Duration, SystemTime};

    #[test]
    fn only_the_very_instant_passes() {
        let epoch = Some(SystemTime::UNIX_EPOCH);
        let later = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1));
        for (expect, came, passes) in [
            (json!("1970-01-01T00:00:00Z"), epoch, true),
            (json!("1970-01-01T00:00:00Z"), later, false),
            (json!("1970-01-01T00:00:00Z"), None, false),
            (json!(null), None, true),
            (json!(null), epoch, false),
        ] {
            let case: CookieDate =
                from_value(json!({"kind": "cookie-date", "name": "x", "input": "d", "expect": expect})).unwrap();
            assert_eq!(run(&case, |_| came) == Outcome::Passed, passes, "{expect} {came:?}");
        }
    }
}

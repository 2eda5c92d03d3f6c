//! Kind "cookies": steps on one fresh jar.

use crate::suite::outcome::Outcome;
use crate::suite::time::Moment;
use crate::suite::value::{given, present, show};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::time::{Duration, SystemTime};

/// A case of kind "cookies".
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Cookies {
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
    /// When the case starts.
    #[serde(default)]
    pub now: Moment,
    /// What the case assumes.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// What a case assumes. This project's jar does all three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "the tags that the format knows")]
pub enum Tag {
    /// The public suffix list.
    Psl,
    /// Loopback hosts count as secure.
    Localhost,
    /// The name prefixes `__Http-` and `__Host-Http-`.
    Layered,
}

/// One step.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the format knows no other step")]
pub enum Step {
    /// Time passes.
    Advance(Duration),
    /// A response from this URL has these Set-Cookie lines, in order.
    Set {
        /// The URL.
        url: String,
        /// The lines.
        lines: Vec<CookieText>,
    },
    /// A request to this URL has this Cookie field.
    Expect {
        /// The URL.
        url: String,
        /// The field; `None` = there is none.
        cookie: Option<CookieText>,
        /// Other answers that are right too.
        accept: Vec<Option<CookieText>>,
    },
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Written {
            #[serde(default, deserialize_with = "present")]
            advance_ms: Option<u64>,
            #[serde(default, deserialize_with = "present")]
            url: Option<String>,
            #[serde(default, deserialize_with = "present")]
            set_cookie: Option<Vec<CookieText>>,
            #[serde(default, deserialize_with = "given")]
            expect_cookie: Option<Option<CookieText>>,
            #[serde(default, deserialize_with = "present")]
            accept: Option<Vec<Option<CookieText>>>,
        }
        let Written { advance_ms, url, set_cookie, expect_cookie, accept } = Written::deserialize(deserializer)?;
        match (advance_ms, url, set_cookie, expect_cookie, accept) {
            (Some(millis), None, None, None, None) => Ok(Self::Advance(Duration::from_millis(millis))),
            (None, Some(url), Some(lines), None, None) => Ok(Self::Set { url, lines }),
            (None, Some(url), None, Some(cookie), accept) => {
                Ok(Self::Expect { url, cookie, accept: accept.unwrap_or_default() })
            }
            _ => Err(D::Error::custom("a step has advance_ms, or url and one of set_cookie and expect_cookie")),
        }
    }
}

/// The bytes of a cookie line or field: a string stands for its UTF-8 bytes, `{"hex": ...}` for raw ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieText(Vec<u8>);

impl<'de> Deserialize<'de> for CookieText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Hex {
            hex: String,
        }
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a string or {\"hex\": ...}")]
        enum Written {
            Text(String),
            Raw(Hex),
        }
        match Written::deserialize(deserializer)? {
            Written::Text(text) => Ok(Self(text.into_bytes())),
            Written::Raw(Hex { hex }) => {
                decode_hex(&hex).map(Self).ok_or_else(|| D::Error::custom(format!("\"{hex}\" is no hex")))
            }
        }
    }
}

fn decode_hex(hex: &str) -> Option<Vec<u8>> {
    let proper = hex.len().is_multiple_of(2) && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    proper.then(|| (0..hex.len()).step_by(2).map(byte).collect()).flatten()
}

/// The jar under test.
pub trait CookieJar {
    /// Takes the Set-Cookie lines of one response.
    ///
    /// # Errors
    /// Where the URL is none that a response can come from.
    fn accept(&mut self, url: &str, lines: &[&[u8]], now: SystemTime) -> Result<(), String>;

    /// The Cookie field of a request; `None` = no field.
    ///
    /// # Errors
    /// Where the URL is none that a request can go to.
    fn select(&mut self, url: &str, now: SystemTime) -> Result<Option<Vec<u8>>, String>;
}

/// Runs a case on a jar that is empty.
pub fn run(case: &Cookies, jar: &mut impl CookieJar) -> Outcome {
    let mut now = case.now.wall();
    let mut differences = Vec::new();
    for (index, step) in case.steps.iter().enumerate() {
        let done = match step {
            Step::Advance(by) => now.checked_add(*by).map(|later| now = later).ok_or("time ran out".to_owned()),
            Step::Set { url, lines } => {
                let lines: Vec<&[u8]> = lines.iter().map(|line| line.0.as_slice()).collect();
                jar.accept(url, &lines, now)
            }
            Step::Expect { url, cookie, accept } => jar.select(url, now).and_then(|came| {
                let right = std::iter::once(cookie)
                    .chain(accept)
                    .any(|wanted| wanted.as_ref().map(|wanted| wanted.0.as_slice()) == came.as_deref());
                let shown = |cookie: Option<&[u8]>| cookie.map_or_else(|| "no Cookie field".to_owned(), show);
                let wanted = shown(cookie.as_ref().map(|cookie| cookie.0.as_slice()));
                right.then_some(()).ok_or_else(|| format!("expected {wanted}, got {}", shown(came.as_deref())))
            }),
        };
        if let Err(difference) = done {
            differences.push(format!("step {index}: {difference}"));
        }
    }
    Outcome::of(differences)
}

#[cfg(test)]
mod tests {
    use super::{CookieJar, Cookies, run};
    use crate::suite::outcome::Outcome;
    use serde_json::{Value, from_value, json};
    use std::time::SystemTime;

    fn case(steps: Value) -> Result<Cookies, String> {
        from_value(json!({"kind": "cookies", "name": "x", "steps": steps})).map_err(|error| error.to_string())
    }

    /// A jar that answers with the last line it took, and the seconds since the case started.
    struct Echo(Option<Vec<u8>>, SystemTime);

    impl CookieJar for Echo {
        fn accept(&mut self, _: &str, lines: &[&[u8]], _: SystemTime) -> Result<(), String> {
            self.0 = lines.last().map(|line| line.to_vec());
            Ok(())
        }

        fn select(&mut self, url: &str, now: SystemTime) -> Result<Option<Vec<u8>>, String> {
            if url.is_empty() {
                return Err("no URL".to_owned());
            }
            let seconds = now.duration_since(self.1).unwrap().as_secs();
            Ok(self.0.clone().map(|mut line| {
                line.extend(seconds.to_string().bytes());
                line
            }))
        }
    }

    fn outcome(steps: Value) -> Outcome {
        run(&case(steps).unwrap(), &mut Echo(None, crate::suite::time::Moment::default().wall()))
    }

    #[test]
    fn steps_run_in_order_with_time_passing() {
        assert_eq!(
            outcome(json!([
                {"url": "u", "expect_cookie": null},
                {"url": "u", "set_cookie": ["x", {"hex": "61ff"}]},
                {"url": "u", "expect_cookie": {"hex": "61ff30"}},
                {"advance_ms": 7000},
                {"url": "u", "expect_cookie": "no", "accept": [{"hex": "61ff37"}]},
            ])),
            Outcome::Passed
        );
    }

    #[test]
    fn every_wrong_answer_fails() {
        for wrong in [
            json!([{"url": "u", "expect_cookie": "a0"}]),
            json!([{"url": "u", "set_cookie": ["a"]}, {"url": "u", "expect_cookie": null}]),
            json!([{"url": "u", "set_cookie": ["a"]}, {"url": "u", "expect_cookie": "a"}]),
            json!([{"url": "u", "set_cookie": ["a"]}, {"url": "u", "expect_cookie": "b0", "accept": ["c0"]}]),
            json!([{"url": "", "expect_cookie": null}]),
        ] {
            assert!(matches!(outcome(wrong.clone()), Outcome::Failed(_)), "{wrong}");
        }
    }

    #[test]
    fn a_step_does_one_thing() {
        for bad in [
            json!([{}]),
            json!([{"url": "u"}]),
            json!([{"advance_ms": 1, "url": "u", "set_cookie": []}]),
            json!([{"url": "u", "set_cookie": [], "expect_cookie": null}]),
            json!([{"url": "u", "set_cookie": [], "accept": []}]),
            json!([{"url": "u", "expect_cookie": {"hex": "6"}}]),
            json!([{"url": "u", "expect_cookie": {"hex": "+1"}}]),
            json!([{"advance_ms": -1}]),
        ] {
            assert!(case(bad.clone()).is_err(), "{bad}");
        }
        assert!(from_value::<Cookies>(json!({"kind": "cookies", "name": "x", "tags": ["new"], "steps": []})).is_err());
    }
}

//! Values that several kinds of cases share: bytes as code points, parts that repeat, expected fields, present nulls.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;

/// Bytes, written as code points 0 to 255, as a whole or in parts that may repeat.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Octets(Vec<u8>);

impl Octets {
    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a string or a list of strings and [string, count] pairs")]
        enum Written {
            Whole(String),
            Parts(Vec<Part>),
        }
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a string or a [string, count] pair")]
        enum Part {
            Once(String),
            Repeated(String, usize),
        }
        let mut bytes = Vec::new();
        match Written::deserialize(deserializer)? {
            Written::Whole(text) => bytes = octets(&text).map_err(D::Error::custom)?,
            Written::Parts(parts) => {
                for part in parts {
                    let (text, count) = match part {
                        Part::Once(text) => (text, 1),
                        Part::Repeated(text, count) => (text, count),
                    };
                    bytes.extend(octets(&text).map_err(D::Error::custom)?.repeat(count));
                }
            }
        }
        Ok(Self(bytes))
    }
}

/// The bytes that a text of code points 0 to 255 stands for.
///
/// # Errors
/// Where a code point is above 255.
pub fn octets(text: &str) -> Result<Vec<u8>, String> {
    text.chars()
        .map(|char| u8::try_from(char).map_err(|_| format!("the code point {} is no byte", char.escape_unicode())))
        .collect()
}

/// How the text of a case becomes bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the suites write text in these two ways")]
pub enum Text {
    /// Code points 0 to 255, one byte each (kind "wire").
    Octets,
    /// UTF-8 (kind "scenario").
    Utf8,
}

impl Text {
    fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            // A text that is no octets can equal no value; its UTF-8 bytes show what was meant.
            Self::Octets => octets(text).unwrap_or_else(|_| text.as_bytes().to_vec()),
            Self::Utf8 => text.as_bytes().to_vec(),
        }
    }
}

/// What is expected of the lines of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the format knows no fourth expectation")]
pub enum Lines {
    /// There is none.
    Absent,
    /// There is exactly one, with this value.
    One(String),
    /// There are exactly these, in order.
    All(Vec<String>),
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a string, null or a list of strings")]
        enum Written {
            One(String),
            All(Vec<String>),
        }
        Ok(match Option::<Written>::deserialize(deserializer)? {
            None => Self::Absent,
            Some(Written::One(value)) => Self::One(value),
            Some(Written::All(values)) => Self::All(values),
        })
    }
}

/// Expected fields by name.
pub type Fields = BTreeMap<String, Lines>;

/// Compares expected fields with those that came; only what is written is checked. `lines_of` gives the values of all
/// lines of a name, in order. Each difference becomes one line.
pub fn check_fields<'a>(
    what: &str,
    expected: &Fields,
    text: Text,
    lines_of: impl Fn(&str) -> Vec<&'a [u8]>,
    differences: &mut Vec<String>,
) {
    for (name, expected) in expected {
        let came = lines_of(name);
        let wanted = match expected {
            Lines::Absent => Vec::new(),
            Lines::One(value) => vec![text.bytes(value)],
            Lines::All(values) => values.iter().map(|value| text.bytes(value)).collect(),
        };
        if came != wanted {
            differences.push(format!("{what} {name}: expected {}, got {}", show_lines(&wanted), show_lines(&came)));
        }
    }
}

fn show_lines(values: &[impl AsRef<[u8]>]) -> String {
    match values {
        [] => "none".to_owned(),
        [one] => show(one.as_ref()),
        several => format!("[{}]", several.iter().map(|value| show(value.as_ref())).collect::<Vec<_>>().join(", ")),
    }
}

/// Bytes as a message shows them: quoted, escaped, the middle of a long text left out.
#[must_use]
pub fn show(bytes: &[u8]) -> String {
    const ENDS: usize = 100;
    if bytes.len() <= 2 * ENDS {
        return format!("\"{}\"", bytes.escape_ascii());
    }
    let (head, tail) = (&bytes[..ENDS], &bytes[bytes.len() - ENDS..]);
    format!("\"{}\" ... \"{}\" ({} bytes)", head.escape_ascii(), tail.escape_ascii(), bytes.len())
}

/// A key that must be there and may be null. Serde takes a missing key of an `Option` for null otherwise.
///
/// # Errors
/// Those of the value.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(deserializer)
}

/// A key that may be absent, null or a value; to be used with `default`.
///
/// # Errors
/// Those of the value.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A key that may be absent and, where it is there, is not null; to be used with `default`.
///
/// # Errors
/// Those of the value; null is one.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::{Fields, Octets, Text, check_fields};
    use serde_json::{from_value, json};

    #[test]
    fn octets_are_code_points_whole_or_in_parts() {
        let octets = |value| from_value::<Octets>(value).map(|octets| octets.as_slice().to_vec());
        assert_eq!(octets(json!("a\u{e9}\u{0}")).unwrap(), b"a\xe9\0");
        assert_eq!(octets(json!(["a", ["bc", 2], "d"])).unwrap(), b"abcbcd");
        for bad in [json!("\u{100}"), json!(1), json!([["a"]]), json!([["a", -1]]), json!([["a", 1, 2]])] {
            assert!(octets(bad.clone()).is_err(), "{bad}");
        }
    }

    fn differences(expected: serde_json::Value, text: Text, came: &[(&str, &[u8])]) -> Vec<String> {
        let expected: Fields = from_value(expected).unwrap();
        let mut differences = Vec::new();
        let lines_of = |name: &str| came.iter().filter(|(have, _)| *have == name).map(|(_, value)| *value).collect();
        check_fields("field", &expected, text, lines_of, &mut differences);
        differences
    }

    #[test]
    fn only_what_is_written_is_checked() {
        let came: &[(&str, &[u8])] = &[("a", b"1"), ("b", b"1"), ("b", b"2"), ("u", "\u{e9}".as_bytes())];
        let expected = json!({"a": "1", "b": ["1", "2"], "c": null, "u": "\u{e9}"});
        assert_eq!(differences(expected, Text::Utf8, came), Vec::<String>::new());
        assert_eq!(differences(json!({"e": "\u{e9}"}), Text::Octets, &[("e", b"\xe9")]), Vec::<String>::new());
    }

    #[test]
    fn every_wrong_field_is_a_difference() {
        let came: &[(&str, &[u8])] = &[("a", b"1"), ("b", b"1"), ("b", b"2")];
        for wrong in [
            json!({"a": "2"}),
            json!({"a": null}),
            json!({"a": ["1", "1"]}),
            json!({"a": []}),
            json!({"b": "1"}),
            json!({"b": "1, 2"}),
            json!({"b": ["2", "1"]}),
            json!({"b": null}),
            json!({"c": "1"}),
            json!({"c": ""}),
        ] {
            assert_eq!(differences(wrong.clone(), Text::Utf8, came).len(), 1, "{wrong}");
        }
        assert!(differences(json!({"b": null}), Text::Utf8, came)[0].contains("expected none, got [\"1\", \"2\"]"));
    }
}

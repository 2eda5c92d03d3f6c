//! The grammar of `Strict-Transport-Security` (RFC 6797 6.1), read strictly: a field with one fault says nothing.

use crate::message::grammar::{decimal, is_same_word, is_token, members, trim_blanks, unquoted};
use crate::ordered::sorted_by_key;
use std::fmt;

/// What a field asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Seconds; as many as a number can hold where there are more.
    pub(super) max_age: u64,
    pub(super) include_subdomains: bool,
}

/// What is wrong with a `Strict-Transport-Security` field, so that all of it is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MalformedHeader {
    /// A directive is no `name` and no `name=value`, or a quote has no end.
    Syntax,
    /// A directive stands there twice, known or not.
    Repeated,
    /// `max-age` is not there.
    NoMaxAge,
    /// The value of `max-age` is not a number of seconds.
    InvalidMaxAge,
    /// `includeSubDomains` has a value.
    UnexpectedValue,
}

impl fmt::Display for MalformedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "a directive is malformed",
            Self::Repeated => "a directive stands there twice",
            Self::NoMaxAge => "max-age is missing",
            Self::InvalidMaxAge => "max-age is not a number of seconds",
            Self::UnexpectedValue => "includeSubDomains has a value",
        })
    }
}

impl Header {
    pub(super) fn parse(value: &[u8]) -> Result<Self, MalformedHeader> {
        let mut names = Vec::new();
        let mut max_age = None;
        let mut include_subdomains = false;
        for directive in members(value, b';') {
            let (name, value) = split(directive)?;
            match name.as_str() {
                "max-age" => max_age = Some(seconds(value)?),
                "includesubdomains" if value.is_some() => return Err(MalformedHeader::UnexpectedValue),
                "includesubdomains" => include_subdomains = true,
                _ => {}
            }
            names.push(name);
        }
        let names = sorted_by_key(&names, |name| name.as_str());
        if names.windows(2).any(|pair| matches!(pair, [one, next] if one == next)) {
            return Err(MalformedHeader::Repeated);
        }
        Ok(Self { max_age: max_age.ok_or(MalformedHeader::NoMaxAge)?, include_subdomains })
    }
}

/// The name in lower case, and the value without quotes.
fn split(directive: &[u8]) -> Result<(String, Option<Vec<u8>>), MalformedHeader> {
    let mut parts = directive.splitn(2, |&byte| byte == b'=');
    let name = trim_blanks(parts.next().unwrap_or_default());
    if !is_token(name) {
        return Err(MalformedHeader::Syntax);
    }
    let value = match parts.next().map(trim_blanks) {
        None => None,
        Some(value) if is_token(value) => Some(value.to_vec()),
        // `max-age=` is told as what it is: a `max-age` that is no number.
        Some(b"") if is_same_word(name, b"max-age") => Some(Vec::new()),
        Some(value) => Some(unquoted(value).ok_or(MalformedHeader::Syntax)?),
    };
    Ok((String::from_utf8_lossy(name).to_ascii_lowercase(), value))
}

/// Delta-seconds; more than a number holds are as many as it holds.
fn seconds(value: Option<Vec<u8>>) -> Result<u64, MalformedHeader> {
    let digits = value.unwrap_or_default();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(MalformedHeader::InvalidMaxAge);
    }
    Ok(decimal(&digits).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Header, MalformedHeader};
    use proptest::prelude::*;

    fn parsed(value: &str) -> Result<(u64, bool), MalformedHeader> {
        Header::parse(value.as_bytes()).map(|header| (header.max_age, header.include_subdomains))
    }

    /// The examples of RFC 6797 6.2, and http-rules.md H5.
    #[test]
    fn names_have_no_case_values_may_be_quoted_and_unknown_directives_are_skipped() {
        for (value, expected) in [
            ("max-age=31536000", (31_536_000, false)),
            ("max-age=15768000 ; includeSubDomains", (15_768_000, true)),
            ("max-age=\"31536000\"", (31_536_000, false)),
            ("max-age=0", (0, false)),
            ("max-age=0; includeSubDomains", (0, true)),
            ("; Foo=\"a;b\" ;; MAX-AGE = \"60\" ;x;INCLUDESUBDOMAINS", (60, true)),
            ("max-age=007;preload", (7, false)),
            ("max-age=\"\\6\\0\"", (60, false)),
            ("x=\"\";max-age=1;", (1, false)),
        ] {
            assert_eq!(parsed(value), Ok(expected), "{value}");
        }
    }

    /// http-rules.md H15.
    #[test]
    fn more_seconds_than_a_number_holds_are_as_many_as_it_holds() {
        assert_eq!(parsed("max-age=18446744073709551616"), Ok((u64::MAX, false)));
        assert_eq!(parsed(&format!("max-age={}", "9".repeat(400))), Ok((u64::MAX, false)));
    }

    /// http-rules.md H6.
    #[test]
    fn one_fault_spoils_the_field() {
        for (value, fault) in [
            ("", MalformedHeader::NoMaxAge),
            (";", MalformedHeader::NoMaxAge),
            ("includeSubDomains", MalformedHeader::NoMaxAge),
            ("maxage=1", MalformedHeader::NoMaxAge),
            ("max-age", MalformedHeader::InvalidMaxAge),
            ("max-age=", MalformedHeader::InvalidMaxAge),
            ("max-age=\"\"", MalformedHeader::InvalidMaxAge),
            ("max-age=abc", MalformedHeader::InvalidMaxAge),
            ("max-age=-1", MalformedHeader::InvalidMaxAge),
            ("max-age=+1", MalformedHeader::InvalidMaxAge),
            ("max-age=1.5", MalformedHeader::InvalidMaxAge),
            ("max-age=0x10", MalformedHeader::InvalidMaxAge),
            ("max-age=\" 1\"", MalformedHeader::InvalidMaxAge),
            ("max-age=\"1", MalformedHeader::Syntax),
            ("max-age=1\"", MalformedHeader::Syntax),
            ("max-age=1 2", MalformedHeader::Syntax),
            ("max-age=1, max-age=1", MalformedHeader::Syntax),
            ("max-age==1", MalformedHeader::Syntax),
            ("max-age=1; =x", MalformedHeader::Syntax),
            ("max-age=1; a b", MalformedHeader::Syntax),
            ("max-age=1; x=", MalformedHeader::Syntax),
            ("max-age=1; x=\"y\"z", MalformedHeader::Syntax),
            ("max-age=1; \u{e9}", MalformedHeader::Syntax),
            ("max-age=1; max-age=1", MalformedHeader::Repeated),
            ("max-age=1; MAX-AGE=2", MalformedHeader::Repeated),
            ("max-age=1; x; X=1", MalformedHeader::Repeated),
            ("max-age=1; includeSubDomains; includesubdomains", MalformedHeader::Repeated),
            ("max-age=1; includeSubDomains=1", MalformedHeader::UnexpectedValue),
            ("max-age=1; includeSubDomains=\"\"", MalformedHeader::UnexpectedValue),
        ] {
            assert_eq!(parsed(value), Err(fault), "{value}");
        }
    }

    #[test]
    fn every_fault_is_a_sentence() {
        for (fault, sentence) in [
            (MalformedHeader::Syntax, "a directive is malformed"),
            (MalformedHeader::Repeated, "a directive stands there twice"),
            (MalformedHeader::NoMaxAge, "max-age is missing"),
            (MalformedHeader::InvalidMaxAge, "max-age is not a number of seconds"),
            (MalformedHeader::UnexpectedValue, "includeSubDomains has a value"),
        ] {
            assert_eq!(fault.to_string(), sentence);
        }
    }

    proptest! {
        #[test]
        fn no_value_breaks_the_reader(value in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Header::parse(&value);
            let mut spoilt = b"max-age=1;\"".to_vec();
            spoilt.extend(value.iter().filter(|&&byte| byte != b'"'));
            prop_assert!(Header::parse(&spoilt).is_err());
        }

        #[test]
        fn the_order_of_directives_does_not_matter(age in any::<u64>(), order in Just(vec![0, 1, 2]).prop_shuffle()) {
            let directives = [format!("max-age={age}"), "includeSubDomains".to_owned(), "x=\";\"".to_owned()];
            let value: Vec<&str> = order.iter().map(|&index: &usize| directives[index].as_str()).collect();
            prop_assert_eq!(parsed(&value.join(" ; ")), Ok((age, true)));
        }
    }
}

//! Challenges as servers write them (RFC 9110 11.6.1), and the parameters of `Authentication-Info` (RFC 7615).
//!
//! Reading is strict for each challenge by itself: one that is not well formed is left out and takes no other with it.
//! What a scheme does with its parameters is the scheme's business.

use crate::limits::Limits;
use crate::message::grammar::{is_token, list_members, trim_blanks, unquoted};
use http::{HeaderMap, HeaderName};
use std::collections::BTreeMap;

/// One well-formed challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    scheme: String,
    arguments: Arguments,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Arguments {
    Parameters(Parameters),
    Token68(String),
}

impl Challenge {
    /// The scheme's name as it came.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether the challenge is of this scheme, whatever the case.
    #[must_use]
    pub fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// The parameters; `None` where a token stands in their place. A challenge may have none of either.
    #[must_use]
    pub fn parameters(&self) -> Option<&Parameters> {
        match &self.arguments {
            Arguments::Parameters(parameters) => Some(parameters),
            Arguments::Token68(_) => None,
        }
    }

    /// The token that stands in the place of parameters, as `Negotiate` has one.
    #[must_use]
    pub fn token68(&self) -> Option<&str> {
        match &self.arguments {
            Arguments::Parameters(_) => None,
            Arguments::Token68(token) => Some(token),
        }
    }
}

/// Parameters by name, each at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, Vec<u8>>);

impl Parameters {
    /// The value of the parameter of this name (in lower case), without its quotes. It need not be UTF-8.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// Names in lower case, and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// Adds a parameter; `None` where it is not well formed or stands there already.
    fn add(&mut self, parameter: Option<(String, Vec<u8>)>) -> Option<()> {
        let (name, value) = parameter?;
        match self.0.insert(name, value) {
            None => Some(()),
            Some(_) => None,
        }
    }
}

/// The well-formed challenges of a response in their order: `name` is `WWW-Authenticate` or `Proxy-Authenticate`.
///
/// A challenge is left out where a parameter of it stands there twice or is malformed, or a quote in it has no end; it
/// then reaches to the next scheme, or to the end of its line. Challenges do not go on over lines. At most
/// [`Limits::challenge_bytes`] are read; a line that does not fit is passed over.
#[must_use]
pub fn challenges(headers: &HeaderMap, name: &HeaderName, limits: &Limits) -> Vec<Challenge> {
    let mut read = Vec::new();
    for line in lines(headers, name, limits) {
        let mut open: Option<Open> = None;
        for member in list_members(line) {
            match Member::of(member) {
                Member::Parameter(parameter) => {
                    // Parameters that no scheme precedes belong to nothing.
                    open = open.map(|open| open.with(parameter));
                }
                Member::Opening(next) => read.extend(open.replace(next).and_then(Open::closed)),
            }
        }
        read.extend(open.and_then(Open::closed));
    }
    read
}

/// The parameters of `Authentication-Info` or `Proxy-Authentication-Info`, over all lines; `None` where there are none,
/// where one is malformed or stands there twice, or where they do not fit [`Limits::challenge_bytes`].
#[must_use]
pub fn info(headers: &HeaderMap, name: &HeaderName, limits: &Limits) -> Option<Parameters> {
    if lines(headers, name, limits).count() != headers.get_all(name).iter().count() {
        return None;
    }
    let mut parameters = Parameters::default();
    for member in lines(headers, name, limits).flat_map(list_members) {
        parameters.add(parameter(member))?;
    }
    if parameters.0.is_empty() { None } else { Some(parameters) }
}

/// The lines of a field that fit the limit together.
fn lines<'a>(headers: &'a HeaderMap, name: &HeaderName, limits: &Limits) -> impl Iterator<Item = &'a [u8]> {
    let mut left = limits.challenge_bytes;
    headers.get_all(name).into_iter().filter_map(move |line| {
        left = left.checked_sub(line.len())?;
        Some(line.as_bytes())
    })
}

/// A challenge that is being read: `None` for one that is not well formed.
struct Open(Option<Challenge>);

impl Open {
    fn with(self, parameter: Option<(String, Vec<u8>)>) -> Self {
        Self(self.0.and_then(|mut challenge| {
            match &mut challenge.arguments {
                Arguments::Parameters(parameters) => parameters.add(parameter)?,
                Arguments::Token68(_) => return None,
            }
            Some(challenge)
        }))
    }

    fn closed(self) -> Option<Challenge> {
        self.0
    }
}

/// A member of the list: it adds to the challenge before it, or opens one.
enum Member {
    /// `name = value`, or `None` for what has that shape and is malformed.
    Parameter(Option<(String, Vec<u8>)>),
    /// Anything else.
    Opening(Open),
}

impl Member {
    fn of(member: &[u8]) -> Self {
        let (word, rest) = word(member);
        let arguments = trim_blanks(rest);
        if arguments.first() == Some(&b'=') {
            return Self::Parameter(parameter(member));
        }
        let scheme = String::from_utf8_lossy(word).into_owned();
        // Between the scheme and what follows stands a blank.
        if !is_token(word) || (arguments.len() == rest.len() && !rest.is_empty()) {
            return Self::Opening(Open(None));
        }
        let parameters = Arguments::Parameters(Parameters::default());
        let opened = Open(Some(Challenge { scheme, arguments: parameters }));
        if arguments.is_empty() {
            return Self::Opening(opened);
        }
        match token68(arguments) {
            Some(token) => {
                Self::Opening(Open(opened.0.map(|opened| Challenge { arguments: Arguments::Token68(token), ..opened })))
            }
            None => Self::Opening(opened.with(parameter(arguments))),
        }
    }
}

/// What stands before the first blank, equals sign or quote, and the rest.
fn word(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'=' | b'"')).unwrap_or(bytes.len());
    bytes.split_at_checked(end).unwrap_or((bytes, b""))
}

/// `name = value` with the name in lower case and the value without quotes; blanks around the equals sign are allowed.
fn parameter(member: &[u8]) -> Option<(String, Vec<u8>)> {
    let (name, rest) = word(member);
    if !is_token(name) {
        return None;
    }
    let value = trim_blanks(trim_blanks(rest).strip_prefix(b"=")?);
    let value = if is_token(value) { value.to_vec() } else { unquoted(value)? };
    Some((String::from_utf8_lossy(name).to_ascii_lowercase(), value))
}

/// The token of RFC 9110 11.2, where `bytes` is one.
fn token68(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let stem = text.trim_end_matches('=');
    let is_stem = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    if !stem.is_empty() && stem.bytes().all(is_stem) { Some(text.to_owned()) } else { None }
}

#[cfg(test)]
mod tests;

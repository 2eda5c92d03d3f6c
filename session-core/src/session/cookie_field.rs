//! The one Cookie field of a hop: the jar's cookies, then the request's own (RFC 6265bis 5.8.3, semantics.md).

use crate::cookies::jar::Jar;
use crate::error::{Error, ErrorKind, Phase};
use crate::message::grammar::{is_field_value_byte, trim_blanks};
use crate::message::target::Target;
use crate::session::reason::{CookieLeftOut, CookieSource, Reason};
use http::HeaderValue;
use std::time::SystemTime;

/// A cookie that does not come from the jar: `name=value` as it stands in the field.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct OwnCookie {
    pair: Vec<u8>,
    name_length: usize,
}

impl OwnCookie {
    /// A cookie given by name and value.
    pub(crate) fn new(name: &str, value: &str) -> Result<Self, Error> {
        let bad_name = name.bytes().any(|byte| matches!(byte, b';' | b'=' | b'\t') || !is_field_value_byte(byte));
        let bad_value = value.bytes().any(|byte| byte == b';' || !is_field_value_byte(byte));
        if bad_name || bad_value {
            let what = if bad_name { "a cookie's name" } else { "a cookie's value" };
            return Err(Error::new(ErrorKind::InvalidHeader, Phase::Build, format!("{what} is not valid"))
                .with_expected("no semicolon, no control character and no `=` in the name"));
        }
        let mut pair = Vec::with_capacity(name.len().saturating_add(value.len()).saturating_add(1));
        pair.extend_from_slice(name.as_bytes());
        if !name.is_empty() {
            pair.push(b'=');
        }
        pair.extend_from_slice(value.as_bytes());
        Ok(Self { pair, name_length: name.len() })
    }

    /// The cookies of a Cookie field's line.
    pub(crate) fn of_line(line: &HeaderValue) -> impl Iterator<Item = Self> {
        line.as_bytes().split(|&byte| byte == b';').map(trim_blanks).filter(|pair| !pair.is_empty()).map(|pair| {
            let name_length = pair.iter().position(|&byte| byte == b'=').unwrap_or(0);
            Self { pair: pair.to_vec(), name_length }
        })
    }

    fn name(&self) -> &[u8] {
        self.pair.get(..self.name_length).unwrap_or_default()
    }
}

/// What goes into the field of one hop.
pub(crate) struct Ingredients<'a> {
    /// The jar, where it is to be asked.
    pub(crate) jar: Option<&'a mut Jar>,
    /// The request's own cookies, or the session's default ones, and where they come from.
    pub(crate) own: &'a [OwnCookie],
    pub(crate) own_from: CookieSource,
    /// The request's own win by name before the first answer, the jar's afterwards.
    pub(crate) answered: bool,
    /// How long the field may be.
    pub(crate) limit: usize,
}

/// Builds the field; `None` where there is no cookie to send.
pub(crate) fn build(
    from: Ingredients<'_>,
    target: &Target,
    now: SystemTime,
    mut note: impl FnMut(Reason),
) -> Result<Option<HeaderValue>, Error> {
    let Ingredients { jar, own, own_from, answered, limit } = from;
    let held = jar.map(|jar| jar.select(target, now)).unwrap_or_default();
    let mut field = Vec::new();
    // Each cookie takes its pair and a separator; the first one's separator is not written.
    let mut room =
        limit.saturating_add(SEPARATOR.len()).saturating_sub(own.iter().map(|own| taken(own.pair.len())).sum());
    for cookie in &held {
        let name = cookie.name();
        let left_out = if !answered && own.iter().any(|own| own.name() == name) {
            Some(CookieLeftOut::RequestHasIt)
        } else {
            let equals = usize::from(!name.is_empty());
            let pair = name.len().saturating_add(equals).saturating_add(cookie.value().len());
            room.checked_sub(taken(pair)).map_or(Some(CookieLeftOut::FieldFull), |left| {
                room = left;
                None
            })
        };
        let shown = || String::from_utf8_lossy(name).into_owned();
        match left_out {
            Some(why) => note(Reason::CookieLeftOut { name: shown(), why }),
            None => {
                push(&mut field, name, cookie.value());
                note(Reason::CookieSent { name: shown(), from: CookieSource::Jar });
            }
        }
    }
    for cookie in own {
        if answered && held.iter().any(|held| held.name() == cookie.name()) {
            continue;
        }
        separate(&mut field);
        field.extend_from_slice(&cookie.pair);
        note(Reason::CookieSent { name: String::from_utf8_lossy(cookie.name()).into_owned(), from: own_from });
    }
    if field.is_empty() {
        return Ok(None);
    }
    let mut value = HeaderValue::from_maybe_shared(bytes::Bytes::from(field)).map_err(|source| {
        Error::new(ErrorKind::InvalidHeader, Phase::Build, "the Cookie field is not valid").with_source(source)
    })?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn push(field: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    separate(field);
    if !name.is_empty() {
        field.extend_from_slice(name);
        field.push(b'=');
    }
    field.extend_from_slice(value);
}

fn separate(field: &mut Vec<u8>) {
    if !field.is_empty() {
        field.extend_from_slice(SEPARATOR);
    }
}

const SEPARATOR: &[u8] = b"; ";

fn taken(pair: usize) -> usize {
    pair.saturating_add(SEPARATOR.len())
}

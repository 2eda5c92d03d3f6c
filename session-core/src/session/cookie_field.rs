//! The one Cookie field of a hop: the jar's cookies, then the request's own (RFC 6265bis 5.8.3, semantics.md).

use crate::cookies::cookie::Cookie;
use crate::cookies::jar::Jar;
use crate::error::{Error, ErrorKind, Phase};
use crate::message::grammar::{is_field_value_byte, trim_blanks};
use crate::message::target::Target;
use crate::ordered::sorted_by_key;
use crate::session::reason::{CookieLeftOut, CookieSource, Reason};
use http::HeaderValue;
use std::time::SystemTime;

/// How one client puts the Cookie field together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CookieRules {
    /// What a Cookie field of the caller's own, or of the session's defaults, does.
    pub(crate) field: FieldRule,
    /// What is sent where several sources have a cookie of one name.
    pub(crate) same_name: SameName,
    /// In which order.
    pub(crate) order: Order,
}

/// What a Cookie field of the caller's own, or of the session's defaults, does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldRule {
    /// Its cookies are sent beside the others.
    Merged,
    /// It is all that is sent. A redirect drops it, and from then on the others are sent.
    AloneUntilRedirected,
}

/// What is sent where several sources have a cookie of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SameName {
    /// The request's own until an answer came, the jar's afterwards.
    NewestWord,
    /// All of them.
    Both,
    /// One: that given by name, else that of the jar whose path is the longest, else that of the field.
    StrongestSource,
}

/// In which order cookies stand in the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Those of the jar in the order of RFC 6265bis, then the request's own.
    JarFirst,
    /// By their names, byte by byte.
    ByName,
}

/// A cookie that does not come from the jar: `name=value` as it stands in the field.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct OwnCookie {
    pair: Vec<u8>,
    name_length: usize,
    source: OwnSource,
}

/// Where a cookie that does not come from the jar was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnSource {
    /// In the Cookie field that the session has for this origin.
    OriginHeaders,
    /// In the session's default Cookie field.
    Default,
    /// In the request's Cookie field.
    Field,
    /// By name and value.
    Given,
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
        Ok(Self { pair, name_length: name.len(), source: OwnSource::Given })
    }

    /// The cookies of a Cookie field's line.
    pub(crate) fn of_line(line: &HeaderValue, source: OwnSource) -> impl Iterator<Item = Self> {
        line.as_bytes().split(|&byte| byte == b';').map(trim_blanks).filter(|pair| !pair.is_empty()).map(move |pair| {
            let name_length = pair.iter().position(|&byte| byte == b'=').unwrap_or(0);
            Self { pair: pair.to_vec(), name_length, source }
        })
    }

    /// Whether it was given by name and value, and not in a field.
    pub(crate) fn is_given(&self) -> bool {
        self.source == OwnSource::Given
    }

    /// A cookie as one of the two above left it: the pair, how much of it is the name, and where it was written.
    #[cfg(feature = "serde")]
    pub(crate) fn from_parts(pair: Vec<u8>, name_length: usize, source: OwnSource) -> Option<Self> {
        let plain = pair.iter().all(|&byte| byte != b';' && is_field_value_byte(byte));
        let ends_the_name = name_length == 0 || pair.get(name_length) == Some(&b'=');
        (plain && ends_the_name).then_some(Self { pair, name_length, source })
    }

    /// The pair, how much of it is the name, and where it was written.
    #[cfg(feature = "serde")]
    pub(crate) fn parts(&self) -> (&[u8], usize, OwnSource) {
        (&self.pair, self.name_length, self.source)
    }

    /// Its name; empty where it has none.
    pub(crate) fn name(&self) -> &[u8] {
        self.pair.get(..self.name_length).unwrap_or_default()
    }
}

/// What goes into the field of one hop.
pub(crate) struct Ingredients<'a> {
    /// The jar, where it is to be asked.
    pub(crate) jar: Option<&'a mut Jar>,
    /// The cookies of fields, then those given by name.
    pub(crate) own: &'a [OwnCookie],
    /// Whether an answer came in this exchange.
    pub(crate) answered: bool,
    /// How long the field may be.
    pub(crate) limit: usize,
    pub(crate) rules: CookieRules,
}

/// A cookie that is sent.
#[derive(Clone, Copy)]
enum Piece<'a> {
    Held(&'a Cookie),
    Own(&'a OwnCookie),
}

/// Builds the field; `None` where there is no cookie to send.
pub(crate) fn build(
    from: Ingredients<'_>,
    target: &Target,
    now: SystemTime,
    mut note: impl FnMut(Reason),
) -> Result<Option<HeaderValue>, Error> {
    let Ingredients { jar, own, answered, limit, rules } = from;
    let held = jar.map(|jar| jar.select(target, now)).unwrap_or_default();
    // A field with nothing to merge into it stays as it was written.
    let merges = !held.is_empty() || own.iter().any(OwnCookie::is_given);
    let rules = if merges { rules } else { CookieRules { same_name: SameName::Both, order: Order::JarFirst, ..rules } };
    // Each cookie takes its pair and a separator; the first one's separator is not written.
    let mut room =
        limit.saturating_add(SEPARATOR.len()).saturating_sub(own.iter().map(|own| taken(own.pair.len())).sum());
    let mut pieces = Vec::with_capacity(held.len().saturating_add(own.len()));
    for (index, cookie) in held.iter().enumerate() {
        let name = cookie.name();
        let before = || held.iter().take(index).any(|other| other.name() == name);
        let left_out = match rules.same_name {
            SameName::NewestWord if !answered && own.iter().any(|own| own.name() == name) => {
                Some(CookieLeftOut::RequestHasIt)
            }
            SameName::StrongestSource if own.iter().any(|own| own.is_given() && own.name() == name) => {
                Some(CookieLeftOut::RequestHasIt)
            }
            SameName::StrongestSource if before() => Some(CookieLeftOut::SameName),
            SameName::NewestWord | SameName::Both | SameName::StrongestSource => {
                match room.checked_sub(taken(cookie.pair_len())) {
                    Some(left) => {
                        room = left;
                        None
                    }
                    None => Some(CookieLeftOut::FieldFull),
                }
            }
        };
        match left_out {
            Some(why) => note(Reason::CookieLeftOut { name: String::from_utf8_lossy(name).into_owned(), why }),
            None => pieces.push(Piece::Held(cookie)),
        }
    }
    for (index, cookie) in own.iter().enumerate() {
        let of_jar = || held.iter().any(|held| held.name() == cookie.name());
        let left_out = match rules.same_name {
            SameName::NewestWord => answered && of_jar(),
            SameName::Both => false,
            SameName::StrongestSource => {
                let later = own.iter().skip(index.saturating_add(1));
                (!cookie.is_given() && of_jar()) || later.into_iter().any(|later| later.name() == cookie.name())
            }
        };
        if !left_out {
            pieces.push(Piece::Own(cookie));
        }
    }
    if rules.order == Order::ByName {
        let numbered = pieces.into_iter().enumerate();
        let sorted = sorted_by_key(numbered, |(number, piece)| (piece.name(), *number));
        pieces = sorted.into_iter().map(|(_, piece)| piece).collect();
    }
    let mut field = Vec::new();
    for piece in pieces {
        if !field.is_empty() {
            field.extend_from_slice(SEPARATOR);
        }
        piece.write_to(&mut field);
        note(Reason::CookieSent { name: String::from_utf8_lossy(piece.name()).into_owned(), from: piece.source() });
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

impl<'a> Piece<'a> {
    fn name(self) -> &'a [u8] {
        match self {
            Self::Held(cookie) => cookie.name(),
            Self::Own(cookie) => cookie.name(),
        }
    }

    fn source(self) -> CookieSource {
        match self {
            Self::Held(_) => CookieSource::Jar,
            Self::Own(cookie) => match cookie.source {
                OwnSource::OriginHeaders => CookieSource::OriginHeaders,
                OwnSource::Default => CookieSource::Default,
                OwnSource::Field | OwnSource::Given => CookieSource::Request,
            },
        }
    }

    fn write_to(self, field: &mut Vec<u8>) {
        match self {
            Self::Held(cookie) => cookie.write_pair(field),
            Self::Own(cookie) => field.extend_from_slice(&cookie.pair),
        }
    }
}

const SEPARATOR: &[u8] = b"; ";

fn taken(pair: usize) -> usize {
    pair.saturating_add(SEPARATOR.len())
}

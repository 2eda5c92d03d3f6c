//! The Link field (RFC 8288): where a response leads, and how each place stands to it. Targets are resolved; nothing is fetched.
//!
//! Read by RFC 8288 appendix B.2 and B.3, which is lenient: an entry that makes no link is passed over, and the next one is read.
//! What the field looks like on the wire is not kept.

use crate::limits::Limits;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::slice;
use url::Url;

/// The links of one response, in the order of the field.
///
/// ```
/// use http::HeaderValue;
/// use session_core::content::link::Links;
/// use session_core::limits::Limits;
/// use url::Url;
///
/// let field = HeaderValue::from_static("<?page=3>; rel=\"next\", <?page=9>; rel=last");
/// let links = Links::read([&field], &Url::parse("http://a.test/list?page=2")?, &Limits::default());
/// assert_eq!(links.rel("next").unwrap().url().as_str(), "http://a.test/list?page=3");
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links(Vec<Link>);

/// One link: its target, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    url: Url,
    /// What the link starts from, where that is not the response.
    anchor: Option<Url>,
    parameters: Vec<(String, String)>,
}

impl Links {
    /// Reads the lines of the field. Targets and anchors are resolved against `base`, the URL of the response (RFC 8288 3.1).
    ///
    /// An entry is passed over that has no target in angle brackets, or whose target or anchor is no URL. Of all lines
    /// together the first [`Limits::links`] entries are read.
    #[must_use]
    pub fn read<'a>(lines: impl IntoIterator<Item = &'a HeaderValue>, base: &Url, limits: &Limits) -> Self {
        let mut found = Vec::new();
        let mut left = limits.links;
        for line in lines {
            let text = text_of(line.as_bytes());
            let mut rest: &str = &text;
            while left > 0
                && let Some((entry, after)) = next_entry(rest)
            {
                rest = after;
                left = left.saturating_sub(1);
                found.extend(entry.resolved(base));
            }
        }
        Self(found)
    }

    /// The first link of this relation (`next`, `prev`, `last`; RFC 8288 2.1), letters in any case, that starts from the
    /// response itself: one whose `anchor` is elsewhere is a link between others.
    #[must_use]
    pub fn rel(&self, relation: &str) -> Option<&Link> {
        self.0.iter().find(|link| link.anchor.is_none() && link.has_rel(relation))
    }

    /// Every link, also those between others.
    pub fn iter(&self) -> slice::Iter<'_, Link> {
        self.0.iter()
    }

    /// How many links there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Links {
    type Item = &'a Link;
    type IntoIter = slice::Iter<'a, Link>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Links {
    type Item = Link;
    type IntoIter = std::vec::IntoIter<Link>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Link {
    /// Where it leads.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Its relation types as they are written, one or several. A link without `rel` says nothing of what it is, and has none.
    pub fn rels(&self) -> impl Iterator<Item = &str> {
        self.parameter("rel").unwrap_or_default().split_ascii_whitespace()
    }

    /// Whether this is one of its relation types; letters in any case.
    #[must_use]
    pub fn has_rel(&self, relation: &str) -> bool {
        self.rels().any(|rel| rel.eq_ignore_ascii_case(relation))
    }

    /// What it starts from, where that is not the response itself (`anchor`, RFC 8288 3.2).
    #[must_use]
    pub fn anchor(&self) -> Option<&Url> {
        self.anchor.as_ref()
    }

    /// Its title: `title*` where that can be read (RFC 8187, in UTF-8 or ISO-8859-1), else `title`.
    #[must_use]
    pub fn title(&self) -> Option<Cow<'_, str>> {
        let extended = self.parameter("title*").and_then(extended).map(Cow::Owned);
        extended.or_else(|| self.parameter("title").map(Cow::Borrowed))
    }

    /// A parameter's value, unquoted; empty where it has none. Of several of one name it is the first. `name` is in lower case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters().find(|(own, _)| *own == name).map(|(_, value)| value)
    }

    /// All parameters in their order, names in lower case, values unquoted.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// An entry as it is written.
struct Entry<'a> {
    target: &'a str,
    parameters: Vec<(String, String)>,
}

impl Entry<'_> {
    fn resolved(self, base: &Url) -> Option<Link> {
        let url = base.join(self.target).ok()?;
        let anchor = self.parameters.iter().find(|(name, _)| name == "anchor");
        let anchor = anchor.map(|(_, anchor)| base.join(anchor)).transpose().ok()?;
        let anchor = anchor.filter(|anchor| !is_same(anchor, base));
        Some(Link { url, anchor, parameters: self.parameters })
    }
}

/// Whether the anchor names the response itself. A fragment is a place in it, and another context.
fn is_same(anchor: &Url, base: &Url) -> bool {
    let mut base = base.clone();
    base.set_fragment(None);
    *anchor == base
}

/// The next entry that has a target, and what stands behind it.
fn next_entry(text: &str) -> Option<(Entry<'_>, &str)> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return None;
        }
        if let Some((target, after)) = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
            let (parameters, after) = parameters(after);
            return Some((Entry { target: target.trim(), parameters }, after));
        }
        rest = after_comma(rest);
    }
}

/// The parameters of an entry, and what stands behind the comma that ends it.
fn parameters(text: &str) -> (Vec<(String, String)>, &str) {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = blanks_off(rest);
        let Some(after) = rest.strip_prefix(';') else {
            return (found, after_comma(rest));
        };
        let (name, after) = until(blanks_off(after), &['=', ';', ',']);
        let (value, after) = match after.strip_prefix('=') {
            Some(value) => value_of(blanks_off(value)),
            None => (String::new(), after),
        };
        rest = after;
        if !name.is_empty() {
            found.push((name.to_ascii_lowercase(), value));
        }
    }
}

/// A value, quoted or not, and what stands behind it.
fn value_of(text: &str) -> (String, &str) {
    match text.strip_prefix('"') {
        Some(quoted) => quoted_string(quoted),
        None => {
            let (value, rest) = until(text, &[';', ',']);
            (value.to_owned(), rest)
        }
    }
}

/// What stands up to the closing quote, and what stands behind it. An open quote ends with the line.
fn quoted_string(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => value.extend(rest.next()),
            c => value.push(c),
        }
    }
    (value, rest.as_str())
}

/// What stands behind the next comma that is not quoted.
fn after_comma(text: &str) -> &str {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            ',' => break,
            '"' => rest = quoted_string(rest.as_str()).1.chars(),
            _ => {}
        }
    }
    rest.as_str()
}

/// What stands before the first of these, without the blanks behind it, and the rest from there on.
fn until<'a>(text: &'a str, ends: &[char]) -> (&'a str, &'a str) {
    let at = text.find(ends).unwrap_or(text.len());
    let (before, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    (before.trim_end_matches([' ', '\t']), rest)
}

fn blanks_off(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// A field line as text: UTF-8, else ISO-8859-1.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(latin1(bytes)),
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// A value with its charset in front (RFC 8187 3.2); `None` where it cannot be read.
fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, coded) = rest.split_once('\'')?;
    let bytes: Vec<u8> = percent_decode_str(coded).collect();
    match () {
        () if charset.eq_ignore_ascii_case("utf-8") => String::from_utf8(bytes).ok(),
        () if charset.eq_ignore_ascii_case("iso-8859-1") => Some(latin1(&bytes)),
        () => None,
    }
}

#[cfg(test)]
mod tests;

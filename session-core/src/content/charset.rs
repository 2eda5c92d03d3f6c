//! The text of a body: by the charset of its Content-Type, else by a byte order mark, else as UTF-8.
//!
//! Nothing is guessed from the bytes themselves. Bytes that are not valid in the charset become U+FFFD, so reading text
//! never fails. A byte order mark of the charset in use is no part of the text.
//!
//! With the feature `charset` the labels are those of the WHATWG Encoding Standard: `latin1` and `us-ascii` name
//! windows-1252, and the charsets that browsers refuse (`iso-2022-kr` and its like) give one U+FFFD for any body.
//! Without it every body is read as UTF-8, whatever its charset.
//!
//! What a text without a charset looks like is guessed only where a session is told so (feature `detect`).

pub mod decoder;

use crate::message::grammar::is_same_word;
use http::HeaderValue;
use std::borrow::Cow;

/// The text of `bytes`, the whole of a body after its codings, under its Content-Type, by the rules of the web.
#[must_use]
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&HeaderValue>) -> Cow<'a, str> {
    TextRules::FETCH.decode(bytes, content_type)
}

/// What a text is where its Content-Type names no charset, or one that nobody knows.
///
/// ```
/// use http::HeaderValue;
/// use session_core::content::charset::TextRules;
///
/// let html = HeaderValue::from_static("text/html");
/// assert_eq!(TextRules::FETCH.decode(b"gr\xfcn", Some(&html)), "gr\u{fffd}n");
/// # #[cfg(feature = "charset")]
/// assert_eq!(TextRules::REQUESTS.decode(b"gr\xfcn", Some(&html)), "gr\u{fc}n");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextRules {
    /// `text/*` without a charset.
    pub text: Fallback,
    /// `application/json` without a charset.
    pub json: Fallback,
    /// Everything else without a charset, and what has no Content-Type.
    pub other: Fallback,
    /// A charset that is not known.
    pub unknown: Fallback,
}

/// A charset that nobody named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fallback {
    /// That of the byte order mark, else UTF-8.
    Mark,
    /// UTF-8, also where a mark says otherwise.
    Utf8,
    /// ISO-8859-1 as RFC 2616 3.7.1 had it; on the web that label means windows-1252, here too. Without the feature
    /// `charset` it is UTF-8, as everything then.
    Latin1,
    /// That of the byte order mark, else what the bytes look like: a guess, which may be wrong. Text that is read line by line
    /// is not guessed; it is as by [`Fallback::Mark`].
    #[cfg(feature = "detect")]
    Detect,
}

impl TextRules {
    /// By a byte order mark, else UTF-8. The default.
    pub const FETCH: Self = Self::all(Fallback::Mark);
    /// UTF-8, as aiohttp and httpx have it.
    pub const UTF8: Self = Self::all(Fallback::Utf8);
    /// As requests has it: `text/*` is ISO-8859-1, JSON and a charset that is not known are UTF-8. What requests would guess
    /// is read by its mark, else as UTF-8.
    pub const REQUESTS: Self =
        Self { text: Fallback::Latin1, json: Fallback::Utf8, unknown: Fallback::Utf8, ..Self::FETCH };

    /// By a byte order mark, else by a guess (requests' `apparent_encoding`): see [`Fallback::Detect`].
    #[cfg(feature = "detect")]
    pub const DETECT: Self = Self::all(Fallback::Detect);

    const fn all(fallback: Fallback) -> Self {
        Self { text: fallback, json: fallback, other: fallback, unknown: fallback }
    }

    /// The text of `bytes`, the whole of a body after its codings, under its Content-Type.
    #[must_use]
    pub fn decode<'a>(self, bytes: &'a [u8], content_type: Option<&HeaderValue>) -> Cow<'a, str> {
        let (label, fallback) = self.of(content_type);
        decode_labelled(bytes, label.as_deref(), fallback)
    }

    /// The charset that is named, and what holds where it is none or is not known.
    fn of(self, content_type: Option<&HeaderValue>) -> (Option<Cow<'_, str>>, Fallback) {
        let label = content_type.and_then(charset_of);
        let fallback = if label.is_some() { self.unknown } else { self.without_charset(content_type) };
        (label, fallback)
    }

    fn without_charset(self, content_type: Option<&HeaderValue>) -> Fallback {
        let essence = content_type.and_then(|value| value.as_bytes().split(|&byte| byte == b';').next());
        let essence = essence.unwrap_or_default().trim_ascii().to_ascii_lowercase();
        match essence.as_slice() {
            b"application/json" => self.json,
            essence if essence.starts_with(b"text/") => self.text,
            _ => self.other,
        }
    }
}

impl Default for TextRules {
    fn default() -> Self {
        Self::FETCH
    }
}

/// The value of the `charset` parameter of a Content-Type, unquoted and as it was written, whether it is known or not.
///
/// Of several parameters the first counts (WHATWG MIME Sniffing 4.4). What else is wrong with the field does no harm: a
/// parameter without a value is passed over.
#[must_use]
pub fn charset_of(content_type: &HeaderValue) -> Option<Cow<'_, str>> {
    let mut rest = after_semicolon(content_type.as_bytes())?;
    loop {
        let (parameter, next) = parameter(rest);
        if let Some((name, value)) = parameter
            && is_same_word(name, b"charset")
            && !value.is_empty()
        {
            return Some(match value {
                Cow::Borrowed(value) => String::from_utf8_lossy(value),
                Cow::Owned(value) => Cow::Owned(String::from_utf8_lossy(&value).into_owned()),
            });
        }
        rest = next?;
    }
}

/// A charset that is known by its label (WHATWG Encoding 4.2).
#[cfg(feature = "charset")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charset(&'static encoding_rs::Encoding);

#[cfg(feature = "charset")]
impl Charset {
    /// The charset of this label, in any case and with blanks around it; `None` where nobody knows it.
    #[must_use]
    pub fn of_label(label: &str) -> Option<Self> {
        encoding_rs::Encoding::for_label(label.as_bytes()).map(Self)
    }

    /// Its name as the standard writes it: `windows-1252` for `latin1`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The text of `bytes`, the whole of a body: by the charset of its Content-Type, else by a byte order mark, else by this one.
    #[must_use]
    pub fn decode_where_none<'a>(self, bytes: &'a [u8], content_type: Option<&HeaderValue>) -> Cow<'a, str> {
        let label = content_type.and_then(charset_of);
        let encoding = labelled(bytes, label.as_deref()).or_else(|| marked(bytes)).unwrap_or(self.0);
        encoding.decode_with_bom_removal(bytes).0
    }
}

/// What `bytes`, the whole of a body, look like (requests' `apparent_encoding`). It is a guess: the shorter they are, the worse.
/// A byte order mark is no guess, and neither is a body that is UTF-8 throughout.
#[cfg(feature = "detect")]
#[must_use]
pub fn detect(bytes: &[u8]) -> Charset {
    Charset(marked(bytes).unwrap_or_else(|| guessed(bytes)))
}

#[cfg(feature = "detect")]
fn guessed(bytes: &[u8]) -> &'static encoding_rs::Encoding {
    use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
    // ISO-2022-JP switches by escapes within ASCII, by which a page can be made to hide what a filter looks for.
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow)
}

#[cfg(feature = "charset")]
fn decode_labelled<'a>(bytes: &'a [u8], label: Option<&str>, fallback: Fallback) -> Cow<'a, str> {
    let encoding = labelled(bytes, label).unwrap_or_else(|| by_fallback(bytes, fallback));
    encoding.decode_with_bom_removal(bytes).0
}

/// The charset that is named, where it is known.
#[cfg(feature = "charset")]
fn labelled(bytes: &[u8], label: Option<&str>) -> Option<&'static encoding_rs::Encoding> {
    use encoding_rs::{UTF_16BE, UTF_16LE};
    let label = label?;
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes())?;
    // `utf-16` alone leaves the order of bytes to the mark (RFC 2781 4.3).
    if encoding == UTF_16LE && label.eq_ignore_ascii_case("utf-16") {
        return Some(marked(bytes).filter(|marked| *marked == UTF_16BE).unwrap_or(encoding));
    }
    Some(encoding)
}

#[cfg(feature = "charset")]
fn by_fallback(bytes: &[u8], fallback: Fallback) -> &'static encoding_rs::Encoding {
    match fallback {
        Fallback::Mark => marked(bytes).unwrap_or(encoding_rs::UTF_8),
        Fallback::Utf8 => encoding_rs::UTF_8,
        Fallback::Latin1 => encoding_rs::WINDOWS_1252,
        #[cfg(feature = "detect")]
        Fallback::Detect => detect(bytes).0,
    }
}

#[cfg(feature = "charset")]
fn marked(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    encoding_rs::Encoding::for_bom(bytes).map(|(encoding, _)| encoding)
}

#[cfg(not(feature = "charset"))]
fn decode_labelled<'a>(bytes: &'a [u8], _label: Option<&str>, _fallback: Fallback) -> Cow<'a, str> {
    String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
}

/// A parameter's name and its value, unquoted.
type Parameter<'a> = (&'a [u8], Cow<'a, [u8]>);

/// The parameter at the start of `rest`, and what stands after its semicolon.
fn parameter(rest: &[u8]) -> (Option<Parameter<'_>>, Option<&[u8]>) {
    let end = rest.iter().position(|&byte| byte == b'=' || byte == b';').unwrap_or(rest.len());
    let (name, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
    let Some(value) = tail.strip_prefix(b"=") else {
        return (None, tail.strip_prefix(b";"));
    };
    let (value, next) = match value.trim_ascii_start().strip_prefix(b"\"") {
        Some(quoted) => {
            let (value, tail) = quoted_string(quoted);
            (Cow::Owned(value), after_semicolon(tail))
        }
        None => {
            let end = value.iter().position(|&byte| byte == b';').unwrap_or(value.len());
            let (value, tail) = value.split_at_checked(end).unwrap_or((value, &[]));
            (Cow::Borrowed(value.trim_ascii()), tail.strip_prefix(b";"))
        }
    };
    (Some((name.trim_ascii(), value)), next)
}

/// What stands up to the closing quote (RFC 9110 5.6.4), and what stands after it. An open quote ends with the field.
fn quoted_string(bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut value = Vec::new();
    let mut rest = bytes;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        match byte {
            b'"' => break,
            b'\\' => {
                if let [escaped, tail @ ..] = rest {
                    rest = tail;
                    value.push(*escaped);
                }
            }
            other => value.push(*other),
        }
    }
    (value, rest)
}

fn after_semicolon(bytes: &[u8]) -> Option<&[u8]> {
    let at = bytes.iter().position(|&byte| byte == b';')?;
    bytes.get(at.checked_add(1)?..)
}

#[cfg(test)]
mod tests;

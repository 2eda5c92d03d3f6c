//! Content codings (RFC 9110 8.4): which there are, which of them a body has, and what is done about it. Decoding itself is
//! [`decoder`]'s, coding an upload is [`encoder`]'s; each coding has a file of its own beside them.

#[cfg(feature = "br")]
mod br;
pub mod decoder;
#[cfg(feature = "deflate")]
mod deflate;
pub mod encoder;
#[cfg(feature = "gzip")]
mod gzip;
#[cfg(any(feature = "gzip", feature = "deflate"))]
mod inflate;
#[cfg(feature = "serde")]
mod record;
#[cfg(feature = "zstd")]
mod zstd;

use crate::error::{Error, ErrorKind, Phase};
use crate::limits::Limits;
use crate::message::grammar::{is_same_word, list_members};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderValue};
use std::fmt;

/// A content coding that this library knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Coding {
    /// `gzip` and `x-gzip` (RFC 1952): one member or several.
    Gzip,
    /// `deflate`: the zlib format (RFC 1950). Raw deflate data (RFC 1951), which some servers send by that name, is read too.
    Deflate,
    /// `br` (RFC 7932).
    Brotli,
    /// `zstd` (RFC 8878), with the window that RFC 9659 allows.
    Zstd,
}

impl Coding {
    const ALL: [Self; 4] = [Self::Gzip, Self::Deflate, Self::Brotli, Self::Zstd];

    /// Its name in fields.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// The coding of this name, whatever its case.
    #[must_use]
    pub fn named(name: &[u8]) -> Option<Self> {
        if is_same_word(name, b"x-gzip") {
            return Some(Self::Gzip);
        }
        Self::ALL.into_iter().find(|coding| is_same_word(name, coding.name().as_bytes()))
    }

    fn bit(self) -> u8 {
        match self {
            Self::Gzip => 1,
            Self::Deflate => 2,
            Self::Brotli => 4,
            Self::Zstd => 8,
        }
    }
}

/// A set of codings: those that are offered to servers and decoded.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Codings(u8);

/// The Accept-Encoding of each set, by its bits: the order is that of browsers and of requests.
static FIELDS: [HeaderValue; 16] = [
    HeaderValue::from_static(""),
    HeaderValue::from_static("gzip"),
    HeaderValue::from_static("deflate"),
    HeaderValue::from_static("gzip, deflate"),
    HeaderValue::from_static("br"),
    HeaderValue::from_static("gzip, br"),
    HeaderValue::from_static("deflate, br"),
    HeaderValue::from_static("gzip, deflate, br"),
    HeaderValue::from_static("zstd"),
    HeaderValue::from_static("gzip, zstd"),
    HeaderValue::from_static("deflate, zstd"),
    HeaderValue::from_static("gzip, deflate, zstd"),
    HeaderValue::from_static("br, zstd"),
    HeaderValue::from_static("gzip, br, zstd"),
    HeaderValue::from_static("deflate, br, zstd"),
    HeaderValue::from_static("gzip, deflate, br, zstd"),
];

impl Codings {
    /// None.
    pub const NONE: Self = Self(0);

    /// Those that this build of the crate decodes: its features `gzip`, `deflate`, `br` and `zstd`.
    #[must_use]
    pub fn compiled_in() -> Self {
        let mut compiled = Self::NONE;
        for (coding, is_in) in [
            (Coding::Gzip, cfg!(feature = "gzip")),
            (Coding::Deflate, cfg!(feature = "deflate")),
            (Coding::Brotli, cfg!(feature = "br")),
            (Coding::Zstd, cfg!(feature = "zstd")),
        ] {
            if is_in {
                compiled = compiled.with(coding);
            }
        }
        compiled
    }

    /// These and this one.
    #[must_use]
    pub fn with(self, coding: Coding) -> Self {
        Self(self.0 | coding.bit())
    }

    /// These but this one.
    #[must_use]
    pub fn without(self, coding: Coding) -> Self {
        Self(self.0 & !coding.bit())
    }

    /// Those that are in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn contains(self, coding: Coding) -> bool {
        self.0 & coding.bit() != 0
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::NONE
    }

    /// Each of them, in the order in which they are offered.
    pub fn iter(self) -> impl Iterator<Item = Coding> {
        Coding::ALL.into_iter().filter(move |coding| self.contains(*coding))
    }

    /// The Accept-Encoding that offers them (RFC 9110 12.5.3), `gzip, deflate, br, zstd` at most; `None` where there are none.
    #[must_use]
    pub fn accept_encoding(self) -> Option<HeaderValue> {
        FIELDS.get(usize::from(self.0)).filter(|offer| !offer.is_empty()).cloned()
    }
}

impl fmt::Debug for Codings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// How a body stands to its Content-Encoding when it reaches the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyCoding {
    /// It has none.
    Plain,
    /// Every coding is undone: what is read is the content. The fields stay as the server sent them.
    Decoded,
    /// It is delivered as it came, coded as its Content-Encoding says.
    Kept(Kept),
}

/// Why a coded body is delivered as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kept {
    /// One of its codings is not known. Then none is undone, so that the Content-Encoding stays true.
    Unknown,
    /// One of its codings is switched off, or not compiled in.
    SwitchedOff,
    /// It is a part of something coded (206): a part cannot be decoded alone.
    Part,
}

impl BodyCoding {
    /// How a body with these fields stands, where these codings are decoded.
    #[must_use]
    pub fn of(headers: &HeaderMap, codings: Codings) -> Self {
        let mut coding = Self::Plain;
        if !headers.contains_key(CONTENT_ENCODING) {
            return coding;
        }
        let codings = codings.and(Codings::compiled_in());
        for member in members(headers) {
            coding = match (Coding::named(member), coding) {
                (None, _) => return Self::Kept(Kept::Unknown),
                (Some(_), Self::Kept(why)) => Self::Kept(why),
                (Some(known), _) if codings.contains(known) => Self::Decoded,
                (Some(_), _) => Self::Kept(Kept::SwitchedOff),
            };
        }
        coding
    }
}

/// The names in Content-Encoding over all its lines, in the order in which they were applied. `identity` is none.
fn members(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(CONTENT_ENCODING).iter();
    lines.flat_map(|line| list_members(line.as_bytes())).filter(|name| !is_same_word(name, b"identity"))
}

/// The codings to undo, in the order in which they were applied; empty where the body is delivered as it came.
fn to_undo(headers: &HeaderMap, codings: Codings, limits: &Limits) -> Result<Vec<Coding>, Error> {
    if BodyCoding::of(headers, codings) != BodyCoding::Decoded {
        return Ok(Vec::new());
    }
    if members(headers).nth(limits.codings).is_some() {
        return Err(Error::new(ErrorKind::Limit, Phase::Body, "the body has too many content codings")
            .with_expected(format!("at most {} (Limits::codings)", limits.codings)));
    }
    Ok(members(headers).filter_map(Coding::named).collect())
}

#[cfg(test)]
mod tests {
    use super::{BodyCoding, Coding, Codings, Kept};
    use http::header::CONTENT_ENCODING;
    use http::{HeaderMap, HeaderValue};

    fn fields(lines: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(line));
        }
        headers
    }

    #[test]
    fn each_set_is_offered_by_the_names_of_its_members() {
        for bits in 0..16 {
            let set = Codings(bits);
            let names: Vec<_> = set.iter().map(Coding::name).collect();
            let field = set.accept_encoding().map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(field, Some(names.join(", ")).filter(|_| !set.is_empty()));
            assert_eq!(set.iter().fold(Codings::NONE, Codings::with), set);
            assert!(set.without(Coding::Zstd).iter().all(|coding| coding != Coding::Zstd));
        }
    }

    #[test]
    fn names_have_no_case_and_gzip_has_two() {
        assert_eq!(Coding::named(b"X-GZip"), Some(Coding::Gzip));
        assert_eq!(Coding::named(b"BR"), Some(Coding::Brotli));
        assert_eq!(Coding::named(b"compress"), None);
        assert_eq!(Coding::named(b"gzip;q=1"), None);
    }

    #[test]
    fn identity_is_no_coding_and_an_unknown_one_keeps_all() {
        let of = |lines: &[&'static str]| BodyCoding::of(&fields(lines), Codings::compiled_in());
        assert_eq!(of(&[]), BodyCoding::Plain);
        assert_eq!(of(&["", " , identity", "Identity"]), BodyCoding::Plain);
        assert_eq!(of(&["gzip", "compress"]), BodyCoding::Kept(Kept::Unknown));
        assert_eq!(of(&["compress, gzip"]), BodyCoding::Kept(Kept::Unknown));
        let off = BodyCoding::of(&fields(&["gzip"]), Codings::NONE);
        assert_eq!(off, BodyCoding::Kept(Kept::SwitchedOff));
        if let Some(coding) = Codings::compiled_in().iter().next() {
            assert_eq!(of(&[coding.name(), "identity"]), BodyCoding::Decoded);
        }
    }
}

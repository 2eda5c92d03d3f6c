//! What a Digest challenge offers (RFC 7616 3.3), as far as it is understood.

use crate::auth::challenge::{Challenge, Parameters};
use crate::auth::digest::hash::HashAlgorithm;
use crate::message::grammar::list_members;

/// A challenge that can be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(super) realm: Vec<u8>,
    pub(super) nonce: Vec<u8>,
    pub(super) opaque: Option<Vec<u8>>,
    pub(super) algorithm: Algorithm,
    pub(super) protection: Protection,
    /// The references of `domain`, apart.
    pub(super) domain: Vec<String>,
    pub(super) stale: bool,
    pub(super) userhash: bool,
}

/// A hash function and how the secret is made with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) hash: HashAlgorithm,
    /// Whether the name ends in `-sess`.
    pub(super) session: bool,
    /// The name as it came, to be echoed; `None` where none came, which stands for MD5.
    pub(super) name: Option<String>,
}

/// The values of `qop` that are offered and known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// There is no `qop` at all (RFC 2069).
    Unnamed,
    /// `auth`, whatever stands beside it.
    Auth,
    /// `auth-int` without `auth`.
    AuthInt,
}

/// Why a challenge cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// It is of another scheme.
    OtherScheme,
    /// It has no realm or no nonce.
    Incomplete,
    /// Its algorithm is not known.
    Algorithm,
    /// None of its `qop` values is known.
    Protection,
}

impl Offer {
    /// Reads a challenge.
    pub(crate) fn of(challenge: &Challenge) -> Result<Self, Unusable> {
        if !challenge.is("Digest") {
            return Err(Unusable::OtherScheme);
        }
        let parameters = challenge.parameters().ok_or(Unusable::Incomplete)?;
        let needed = |name| parameters.value(name).map(<[u8]>::to_vec).ok_or(Unusable::Incomplete);
        Ok(Self {
            realm: needed("realm")?,
            nonce: needed("nonce")?,
            opaque: parameters.value("opaque").map(<[u8]>::to_vec),
            algorithm: Algorithm::named(parameters.value("algorithm")).ok_or(Unusable::Algorithm)?,
            protection: Protection::of(parameters).ok_or(Unusable::Protection)?,
            domain: domain(parameters),
            stale: is_true(parameters, "stale"),
            userhash: is_true(parameters, "userhash"),
        })
    }

    /// How strong the answer would be: by the hash function, then by whether the answer is counted.
    pub(crate) fn strength(&self) -> impl Ord + use<> {
        (self.algorithm.hash, self.protection != Protection::Unnamed)
    }

    /// Whether the answer must hold the hash of the body.
    pub(crate) fn needs_body_hash(&self) -> bool {
        self.protection == Protection::AuthInt
    }

    /// Whether the challenge says that only the nonce of the last answer was too old.
    pub(crate) fn is_stale(&self) -> bool {
        self.stale
    }

    /// The nonce to answer with.
    pub(crate) fn nonce(&self) -> &[u8] {
        &self.nonce
    }
}

impl Algorithm {
    /// What the parameter's value names; `None` stands for MD5.
    pub(super) fn named(name: Option<&[u8]>) -> Option<Self> {
        let Some(name) = name else {
            return Some(Self { hash: HashAlgorithm::Md5, session: false, name: None });
        };
        let name = std::str::from_utf8(name).ok()?;
        let stem = name.len().checked_sub(5).and_then(|at| name.split_at_checked(at));
        let (stem, session) = match stem {
            Some((stem, ending)) if ending.eq_ignore_ascii_case("-sess") => (stem, true),
            _ => (name, false),
        };
        Some(Self { hash: HashAlgorithm::named(stem)?, session, name: Some(name.to_owned()) })
    }
}

impl Protection {
    fn of(parameters: &Parameters) -> Option<Self> {
        let Some(value) = parameters.value("qop") else { return Some(Self::Unnamed) };
        let offers = |name: &[u8]| list_members(value).any(|member| member.eq_ignore_ascii_case(name));
        if offers(b"auth") {
            Some(Self::Auth)
        } else if offers(b"auth-int") {
            Some(Self::AuthInt)
        } else if list_members(value).next().is_none() {
            // An empty list names nothing, like none at all.
            Some(Self::Unnamed)
        } else {
            None
        }
    }
}

/// The references of `domain`; those that are no text are left out.
fn domain(parameters: &Parameters) -> Vec<String> {
    let value = parameters.value("domain").unwrap_or_default();
    value
        .split(|byte| matches!(byte, b' ' | b'\t'))
        .filter_map(|reference| std::str::from_utf8(reference).ok())
        .filter(|reference| !reference.is_empty())
        .map(str::to_owned)
        .collect()
}

fn is_true(parameters: &Parameters, name: &str) -> bool {
    parameters.value(name).is_some_and(|value| value.eq_ignore_ascii_case(b"true"))
}

#[cfg(test)]
mod tests {
    use super::{Offer, Protection, Unusable};
    use crate::auth::challenge::challenges;
    use crate::auth::digest::hash::HashAlgorithm;
    use crate::limits::Limits;
    use http::header::WWW_AUTHENTICATE;
    use http::{HeaderMap, HeaderValue};

    fn offer(line: &str) -> Result<Offer, Unusable> {
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(line).unwrap());
        Offer::of(&challenges(&headers, &WWW_AUTHENTICATE, &Limits::default())[0])
    }

    fn with(parameter: &str) -> Result<Offer, Unusable> {
        offer(&format!("Digest realm=\"r\", nonce=\"n\"{parameter}"))
    }

    #[test]
    fn realm_and_nonce_are_needed() {
        assert_eq!(offer("Basic realm=r"), Err(Unusable::OtherScheme));
        assert_eq!(offer("Digest realm=r"), Err(Unusable::Incomplete));
        assert_eq!(offer("Digest nonce=r"), Err(Unusable::Incomplete));
        assert_eq!(offer("Digest abc=="), Err(Unusable::Incomplete));
        assert_eq!(offer("Digest"), Err(Unusable::Incomplete));
        assert_eq!(with("").unwrap().nonce(), b"n");
    }

    #[test]
    fn algorithms_are_known_in_any_case_and_quoted() {
        for (name, hash, session) in [
            ("MD5", HashAlgorithm::Md5, false),
            ("md5-SESS", HashAlgorithm::Md5, true),
            ("\"SHA-256\"", HashAlgorithm::Sha256, false),
            ("SHA-256-sess", HashAlgorithm::Sha256, true),
            ("SHA-512-256", HashAlgorithm::Sha512Trunc256, false),
            ("sha-512-256-sess", HashAlgorithm::Sha512Trunc256, true),
        ] {
            let algorithm = with(&format!(", algorithm={name}")).unwrap().algorithm;
            assert_eq!((algorithm.hash, algorithm.session), (hash, session), "{name}");
            assert_eq!(algorithm.name.as_deref(), Some(name.trim_matches('"')));
        }
        assert_eq!(with("").unwrap().algorithm.name, None);
        for name in ["SHA-1", "SHA-512", "X-NEW", "-sess", "MD5-sess-sess", "\"\"", "\"\u{e9}-sess\""] {
            assert_eq!(with(&format!(", algorithm={name}")), Err(Unusable::Algorithm), "{name}");
        }
    }

    #[test]
    fn plain_auth_is_preferred_and_an_unknown_protection_is_none() {
        for (qop, expected) in [
            ("auth", Ok(Protection::Auth)),
            ("\"auth-int, AUTH\"", Ok(Protection::Auth)),
            ("\"auth-conf,auth-int\"", Ok(Protection::AuthInt)),
            ("\"auth-conf\"", Err(Unusable::Protection)),
            ("\"authx\"", Err(Unusable::Protection)),
            ("\"\"", Ok(Protection::Unnamed)),
            ("\" , \"", Ok(Protection::Unnamed)),
        ] {
            assert_eq!(with(&format!(", qop={qop}")).map(|offer| offer.protection), expected, "{qop}");
        }
        assert_eq!(with("").unwrap().protection, Protection::Unnamed);
    }

    #[test]
    fn flags_are_true_by_that_word_alone() {
        assert!(with(", stale=TRUE").unwrap().is_stale() && with(", userhash=\"true\"").unwrap().userhash);
        assert!(!with(", stale=yes").unwrap().is_stale() && !with(", userhash=1").unwrap().userhash);
    }

    /// aiohttp stumbled over an empty `domain`.
    #[test]
    fn domains_stand_between_blanks() {
        assert_eq!(with(", domain=\" /a  https://b.test/ \"").unwrap().domain, ["/a", "https://b.test/"]);
        assert!(with(", domain=\"\"").unwrap().domain.is_empty());
    }

    #[test]
    fn the_hash_decides_on_the_strength_and_then_the_count() {
        let strength = |parameter| with(parameter).unwrap().strength();
        assert!(strength(", algorithm=SHA-256") > strength(", qop=auth"));
        assert!(strength(", algorithm=SHA-512-256") > strength(", algorithm=SHA-256, qop=auth"));
        assert!(strength(", qop=auth-int") > strength(""));
        assert!(strength(", algorithm=MD5-sess, qop=auth") == strength(", qop=auth"));
    }
}

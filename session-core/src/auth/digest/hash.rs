//! The hash functions of Digest, and the hash of a body, which never enters the core.

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};
use std::fmt;
use std::fmt::Write as _;

/// A hash function of Digest, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// MD5 (RFC 1321).
    Md5,
    /// SHA-256 (FIPS 180-4).
    Sha256,
    /// SHA-512/256 (FIPS 180-4 5.3.6.2), which is not SHA-512 cut short.
    Sha512Trunc256,
}

impl HashAlgorithm {
    /// The name as Digest writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512Trunc256 => "SHA-512-256",
        }
    }

    /// The algorithm of this name, whatever the case.
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256, Self::Sha512Trunc256]
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The hash of the parts joined by colons, in lower-case hex.
    pub(super) fn of_joined(self, parts: &[&[u8]]) -> String {
        let mut hasher = BodyHasher::new(self);
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                hasher.update(b":");
            }
            hasher.update(part);
        }
        hasher.finish().hex
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The hash of a whole body as it is sent: after content coding, without transfer coding (RFC 7616 3.4.3).
///
/// Whoever holds the body makes it, of bytes at hand by [`BodyHash::of`] or piece by piece by [`BodyHasher`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyHash {
    algorithm: HashAlgorithm,
    hex: String,
}

impl BodyHash {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(algorithm: HashAlgorithm, body: &[u8]) -> Self {
        let mut hasher = BodyHasher::new(algorithm);
        hasher.update(body);
        hasher.finish()
    }

    /// A hash that was made elsewhere, in lower-case hex; `None` where it is not as long as the function's hashes are.
    #[must_use]
    pub fn from_hex(algorithm: HashAlgorithm, hex: &str) -> Option<Self> {
        let length = match algorithm {
            HashAlgorithm::Md5 => 32,
            HashAlgorithm::Sha256 | HashAlgorithm::Sha512Trunc256 => 64,
        };
        let lower = hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (hex.len() == length && lower).then(|| Self { algorithm, hex: hex.to_owned() })
    }

    /// The function it was made with.
    #[must_use]
    pub fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// The hash in lower-case hex.
    #[must_use]
    pub fn as_hex(&self) -> &str {
        &self.hex
    }
}

/// Hashes a body piece by piece.
#[derive(Clone)]
pub struct BodyHasher(Hasher);

#[derive(Clone)]
enum Hasher {
    Md5(Md5),
    Sha256(Sha256),
    Sha512Trunc256(Sha512_256),
}

impl BodyHasher {
    /// A hasher that has seen nothing.
    #[must_use]
    pub fn new(algorithm: HashAlgorithm) -> Self {
        Self(match algorithm {
            HashAlgorithm::Md5 => Hasher::Md5(Md5::new()),
            HashAlgorithm::Sha256 => Hasher::Sha256(Sha256::new()),
            HashAlgorithm::Sha512Trunc256 => Hasher::Sha512Trunc256(Sha512_256::new()),
        })
    }

    /// Takes the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.0 {
            Hasher::Md5(hasher) => hasher.update(piece),
            Hasher::Sha256(hasher) => hasher.update(piece),
            Hasher::Sha512Trunc256(hasher) => hasher.update(piece),
        }
    }

    /// The hash of all pieces.
    #[must_use]
    pub fn finish(self) -> BodyHash {
        let (algorithm, hex) = match self.0 {
            Hasher::Md5(hasher) => (HashAlgorithm::Md5, hex(&hasher.finalize())),
            Hasher::Sha256(hasher) => (HashAlgorithm::Sha256, hex(&hasher.finalize())),
            Hasher::Sha512Trunc256(hasher) => (HashAlgorithm::Sha512Trunc256, hex(&hasher.finalize())),
        };
        BodyHash { algorithm, hex }
    }
}

impl fmt::Debug for BodyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodyHasher(..)")
    }
}

/// Bytes in lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len().saturating_mul(2)), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{BodyHash, BodyHasher, HashAlgorithm};

    /// RFC 1321 A.5 and the FIPS 180-4 examples for "abc".
    #[test]
    fn the_functions_are_the_named_ones() {
        for (algorithm, expected) in [
            (HashAlgorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (HashAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (HashAlgorithm::Sha512Trunc256, "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
        ] {
            assert_eq!(BodyHash::of(algorithm, b"abc").as_hex(), expected, "{algorithm}");
            assert_eq!(BodyHash::from_hex(algorithm, expected), Some(BodyHash::of(algorithm, b"abc")));
            assert_eq!(BodyHash::from_hex(algorithm, &expected.to_uppercase()), None);
            assert_eq!(BodyHash::from_hex(algorithm, &expected[1..]), None);
            let mut hasher = BodyHasher::new(algorithm);
            hasher.update(b"a");
            hasher.update(b"");
            hasher.update(b"bc");
            assert_eq!(hasher.finish(), BodyHash::of(algorithm, b"abc"));
            assert_eq!(HashAlgorithm::named(&algorithm.name().to_lowercase()), Some(algorithm));
        }
        assert_eq!(HashAlgorithm::named("SHA-1"), None);
        assert_eq!(HashAlgorithm::Md5.of_joined(&[b"a", b"", b"c"]), BodyHash::of(HashAlgorithm::Md5, b"a::c").hex);
    }

    #[test]
    fn later_functions_are_stronger() {
        assert!(HashAlgorithm::Md5 < HashAlgorithm::Sha256 && HashAlgorithm::Sha256 < HashAlgorithm::Sha512Trunc256);
    }
}

//! Records of Digest: challenges, and what an answer was made of. No secret is in them.

use crate::auth::digest::hash::{BodyHash, HashAlgorithm};
use crate::auth::digest::offer::{Algorithm, Offer, Protection};
use crate::auth::digest::proof::Proof;
use crate::auth::digest::terms::{Counted, Qop, SessionTerms, Terms};
use crate::message::grammar::is_field_value_byte;
use crate::message::record::{Damage, option_of, optional_text, required, text};
use serde::{Deserialize, Serialize};

/// A challenge as it was understood.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfferRecord {
    #[serde(with = "text")]
    realm: Vec<u8>,
    #[serde(with = "text")]
    nonce: Vec<u8>,
    #[serde(with = "optional_text")]
    opaque: Option<Vec<u8>>,
    /// The name as it came. What it means is read anew.
    #[serde(deserialize_with = "required")]
    algorithm: Option<String>,
    #[serde(with = "ProtectionRecord")]
    protection: Protection,
    domain: Vec<String>,
    stale: bool,
    userhash: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Protection", rename_all = "snake_case")]
enum ProtectionRecord {
    Unnamed,
    Auth,
    AuthInt,
}

impl OfferRecord {
    pub(super) fn of(offer: &Offer) -> Self {
        let Offer { realm, nonce, opaque, algorithm, protection, domain, stale, userhash } = offer;
        Self {
            realm: realm.clone(),
            nonce: nonce.clone(),
            opaque: opaque.clone(),
            algorithm: algorithm.name.clone(),
            protection: *protection,
            domain: domain.clone(),
            stale: *stale,
            userhash: *userhash,
        }
    }

    /// The way back; `most` bounds the whole challenge, as it does one that comes in a field.
    pub(super) fn restore(self, most: usize) -> Result<Offer, Damage> {
        let Self { realm, nonce, opaque, algorithm, protection, domain, stale, userhash } = self;
        let algorithm = Algorithm::named(algorithm.as_deref().map(str::as_bytes))
            .ok_or_else(|| Damage::new("a known algorithm").at("algorithm"))?;
        let opaque_bytes = opaque.as_deref().unwrap_or_default();
        for (name, bytes) in [("realm", realm.as_slice()), ("nonce", &nonce), ("opaque", opaque_bytes)] {
            check(bytes).map_err(|damage| damage.at(name))?;
        }
        let lengths = domain.iter().map(String::len).chain([realm.len(), nonce.len(), opaque_bytes.len()]);
        if lengths.fold(0, usize::saturating_add) > most {
            return Err(Damage::new(format!("a challenge of at most {most} bytes")).at("realm"));
        }
        Ok(Offer { realm, nonce, opaque, algorithm, protection, domain, stale, userhash })
    }
}

/// What an answer was made of.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Proof", deny_unknown_fields)]
pub(crate) struct ProofRecord {
    #[serde(with = "TermsRecord")]
    terms: Terms,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Terms", deny_unknown_fields)]
struct TermsRecord {
    #[serde(with = "HashRecord")]
    hash: HashAlgorithm,
    #[serde(with = "text")]
    realm: Vec<u8>,
    #[serde(with = "text")]
    nonce: Vec<u8>,
    cnonce: String,
    #[serde(with = "counted")]
    counted: Option<Counted>,
    #[serde(with = "session")]
    session: Option<SessionTerms>,
    uri: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Counted", deny_unknown_fields)]
struct CountedRecord {
    #[serde(with = "QopRecord")]
    qop: Qop,
    count: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SessionTerms", deny_unknown_fields)]
struct SessionTermsRecord {
    #[serde(with = "text")]
    nonce: Vec<u8>,
    cnonce: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Qop", rename_all = "snake_case")]
enum QopRecord {
    Auth,
    AuthInt,
}

option_of!(counted, super::Counted, "super::CountedRecord");
option_of!(session, super::SessionTerms, "super::SessionTermsRecord");

/// A hash function.
#[derive(Serialize, Deserialize)]
#[serde(remote = "HashAlgorithm")]
pub(crate) enum HashRecord {
    #[serde(rename = "MD5")]
    Md5,
    #[serde(rename = "SHA-256")]
    Sha256,
    #[serde(rename = "SHA-512-256")]
    Sha512Trunc256,
}

/// The hash of a request's body, in place of the body.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BodyHashRecord {
    #[serde(with = "HashRecord")]
    algorithm: HashAlgorithm,
    hex: String,
}

impl BodyHashRecord {
    pub(crate) fn of(hash: &BodyHash) -> Self {
        Self { algorithm: hash.algorithm(), hex: hash.as_hex().to_owned() }
    }

    pub(crate) fn restore(self) -> Result<BodyHash, Damage> {
        BodyHash::from_hex(self.algorithm, &self.hex)
            .ok_or_else(|| Damage::new("a hash of its function's length in lower-case hex").at("hex"))
    }
}

/// What comes out of a field, or goes into one, can stand in one.
pub(super) fn check(bytes: &[u8]) -> Result<(), Damage> {
    if bytes.iter().all(|&byte| is_field_value_byte(byte)) {
        Ok(())
    } else {
        Err(Damage::new("what can stand in a field"))
    }
}

/// A client nonce is made here and is hex.
pub(super) fn check_cnonce(cnonce: &str) -> Result<(), Damage> {
    let hex = !cnonce.is_empty() && cnonce.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hex { Ok(()) } else { Err(Damage::new("hex digits")) }
}

//! The signature algorithms by which servers are verified, and which they are told of. Under the compiled-in roots there is no
//! Ed25519 (CA/Browser Forum, Baseline Requirements 7.1.3), so what computes it comes with the settings under which there may be.

use crate::tls::config::provider;
use rustls::SignatureScheme;
use rustls::crypto::WebPkiSupportedAlgorithms;
#[cfg(not(feature = "tls-ring"))]
use webpki::aws_lc_rs as by;
#[cfg(feature = "tls-ring")]
use webpki::ring as by;

/// Every one that the cryptography has.
pub(super) fn every() -> WebPkiSupportedAlgorithms {
    provider().signature_verification_algorithms
}

/// Those of certificates under the compiled-in roots: every one but Ed25519, in the same order.
pub(super) static PUBLIC: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[
        by::ECDSA_P256_SHA256,
        by::ECDSA_P256_SHA384,
        #[cfg(not(feature = "tls-ring"))]
        by::ECDSA_P256_SHA512,
        by::ECDSA_P384_SHA256,
        by::ECDSA_P384_SHA384,
        #[cfg(not(feature = "tls-ring"))]
        by::ECDSA_P384_SHA512,
        #[cfg(not(feature = "tls-ring"))]
        by::ECDSA_P521_SHA256,
        #[cfg(not(feature = "tls-ring"))]
        by::ECDSA_P521_SHA384,
        #[cfg(not(feature = "tls-ring"))]
        by::ECDSA_P521_SHA512,
        by::RSA_PSS_2048_8192_SHA256_LEGACY_KEY,
        by::RSA_PSS_2048_8192_SHA384_LEGACY_KEY,
        by::RSA_PSS_2048_8192_SHA512_LEGACY_KEY,
        by::RSA_PKCS1_2048_8192_SHA256,
        by::RSA_PKCS1_2048_8192_SHA384,
        by::RSA_PKCS1_2048_8192_SHA512,
        by::RSA_PKCS1_2048_8192_SHA256_ABSENT_PARAMS,
        by::RSA_PKCS1_2048_8192_SHA384_ABSENT_PARAMS,
        by::RSA_PKCS1_2048_8192_SHA512_ABSENT_PARAMS,
        #[cfg(not(feature = "tls-ring"))]
        by::ML_DSA_44,
        #[cfg(not(feature = "tls-ring"))]
        by::ML_DSA_65,
        #[cfg(not(feature = "tls-ring"))]
        by::ML_DSA_87,
    ],
    // In TLS 1.2 a scheme of ECDSA leaves the curve open; TLS 1.3 takes the first of its line alone.
    mapping: &[
        (
            SignatureScheme::ECDSA_NISTP384_SHA384,
            &[
                by::ECDSA_P384_SHA384,
                by::ECDSA_P256_SHA384,
                #[cfg(not(feature = "tls-ring"))]
                by::ECDSA_P521_SHA384,
            ],
        ),
        (
            SignatureScheme::ECDSA_NISTP256_SHA256,
            &[
                by::ECDSA_P256_SHA256,
                by::ECDSA_P384_SHA256,
                #[cfg(not(feature = "tls-ring"))]
                by::ECDSA_P521_SHA256,
            ],
        ),
        #[cfg(not(feature = "tls-ring"))]
        (
            SignatureScheme::ECDSA_NISTP521_SHA512,
            &[by::ECDSA_P521_SHA512, by::ECDSA_P384_SHA512, by::ECDSA_P256_SHA512],
        ),
        (SignatureScheme::RSA_PSS_SHA512, &[by::RSA_PSS_2048_8192_SHA512_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA384, &[by::RSA_PSS_2048_8192_SHA384_LEGACY_KEY]),
        (SignatureScheme::RSA_PSS_SHA256, &[by::RSA_PSS_2048_8192_SHA256_LEGACY_KEY]),
        (SignatureScheme::RSA_PKCS1_SHA512, &[by::RSA_PKCS1_2048_8192_SHA512]),
        (SignatureScheme::RSA_PKCS1_SHA384, &[by::RSA_PKCS1_2048_8192_SHA384]),
        (SignatureScheme::RSA_PKCS1_SHA256, &[by::RSA_PKCS1_2048_8192_SHA256]),
        #[cfg(not(feature = "tls-ring"))]
        (SignatureScheme::ML_DSA_44, &[by::ML_DSA_44]),
        #[cfg(not(feature = "tls-ring"))]
        (SignatureScheme::ML_DSA_65, &[by::ML_DSA_65]),
        #[cfg(not(feature = "tls-ring"))]
        (SignatureScheme::ML_DSA_87, &[by::ML_DSA_87]),
    ],
};

#[cfg(test)]
mod tests {
    use super::{PUBLIC, every};
    use rustls::SignatureScheme;
    use rustls::pki_types::SignatureVerificationAlgorithm;

    /// By its name: an algorithm has no other.
    fn names(of: &[&dyn SignatureVerificationAlgorithm]) -> Vec<String> {
        of.iter().map(|algorithm| format!("{algorithm:?}")).collect()
    }

    #[test]
    fn none_but_ed25519_is_missing_and_their_order_is_the_same() {
        let (theirs, key) = (every(), rustls::pki_types::alg_id::ED25519);
        let other: Vec<_> = theirs.all.iter().copied().filter(|one| one.public_key_alg_id() != key).collect();
        assert_eq!(other.len() + 1, theirs.all.len());
        assert_eq!(names(PUBLIC.all), names(&other));
        let of = |mapping: &[(SignatureScheme, &[&dyn SignatureVerificationAlgorithm])]| -> Vec<_> {
            mapping.iter().map(|(scheme, algorithms)| (*scheme, names(algorithms))).collect()
        };
        let mut schemes = of(theirs.mapping);
        schemes.retain(|(scheme, _)| *scheme != SignatureScheme::ED25519);
        assert_eq!(of(PUBLIC.mapping), schemes);
    }
}

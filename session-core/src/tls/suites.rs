//! The cipher suites of rustls' ring, all of them in its order, without what they have for QUIC: no HTTP/1.1 has a use for that,
//! and every program would have its code.

use rustls::crypto::ring::cipher_suite::{
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, TLS13_AES_128_GCM_SHA256,
    TLS13_AES_256_GCM_SHA384, TLS13_CHACHA20_POLY1305_SHA256,
};
use rustls::{CipherSuiteCommon, SupportedCipherSuite, Tls13CipherSuite};

static AES_256: Option<Tls13CipherSuite> = without_quic(&TLS13_AES_256_GCM_SHA384);
static AES_128: Option<Tls13CipherSuite> = without_quic(&TLS13_AES_128_GCM_SHA256);
static CHACHA20: Option<Tls13CipherSuite> = without_quic(&TLS13_CHACHA20_POLY1305_SHA256);

/// Those of TLS 1.3, then those of TLS 1.2.
pub(super) fn all() -> Vec<SupportedCipherSuite> {
    let newer = [&AES_256, &AES_128, &CHACHA20].into_iter().flatten().map(SupportedCipherSuite::Tls13);
    let older = [
        TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ];
    newer.chain(older).collect()
}

const fn without_quic(suite: &SupportedCipherSuite) -> Option<Tls13CipherSuite> {
    match suite {
        SupportedCipherSuite::Tls13(suite) => Some(Tls13CipherSuite {
            common: CipherSuiteCommon {
                suite: suite.common.suite,
                hash_provider: suite.common.hash_provider,
                confidentiality_limit: suite.common.confidentiality_limit,
            },
            hkdf_provider: suite.hkdf_provider,
            aead_alg: suite.aead_alg,
            quic: None,
        }),
        SupportedCipherSuite::Tls12(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::all;
    use rustls::crypto::ring::default_provider;

    #[test]
    fn none_is_missing_and_their_order_is_the_same() {
        let theirs: Vec<_> = default_provider().cipher_suites.iter().map(rustls::SupportedCipherSuite::suite).collect();
        assert_eq!(all().iter().map(rustls::SupportedCipherSuite::suite).collect::<Vec<_>>(), theirs);
    }
}

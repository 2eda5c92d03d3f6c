//! Who checks a server's certificate: the full check, which also tells a self-signed certificate from one of an unknown
//! authority, and the one that accepts every certificate.

use crate::tls::signatures::PUBLIC;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};
use std::fmt;
use std::sync::Arc;

/// The full check by somebody else, as a platform's verifier.
pub(super) struct Checked<V>(pub(super) V);

/// The check by these roots, made of rustls' own parts: chain, dates, use and name. Its `WebPkiServerVerifier` does the same, and
/// brings what reads lists of revoked certificates into every program, where nothing hands any in.
pub(super) struct ByRoots {
    pub(super) roots: RootCertStore,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

/// No check of the certificate. The server must still have its key.
pub(super) struct Unchecked(pub(super) WebPkiSupportedAlgorithms);

impl ByRoots {
    /// By compiled-in roots, or by none. A root of the caller's own brings further algorithms.
    pub(super) fn new(roots: RootCertStore) -> Self {
        Self { roots, algorithms: PUBLIC }
    }
}

// None shows the roots and algorithms that it has: each would bring what writes them out into every program.
impl<V> fmt::Debug for Checked<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checked(..)")
    }
}

impl fmt::Debug for ByRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByRoots(..)")
    }
}

impl fmt::Debug for Unchecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unchecked(..)")
    }
}

/// A certificate that its own key has signed.
#[derive(Debug)]
pub(super) struct SelfSigned;

impl fmt::Display for SelfSigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("issuer and subject are the same")
    }
}

impl std::error::Error for SelfSigned {}

impl<V: ServerCertVerifier> ServerCertVerifier for Checked<V> {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        verified.map_err(|error| judged(error, end_entity))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

impl ServerCertVerifier for ByRoots {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&certificate, &self.roots, intermediates, now, algorithms)
            .map_err(|error| judged(error, end_entity))?;
        verify_server_name(&certificate, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ServerCertVerifier for Unchecked {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

/// The error, or that the certificate has signed itself, where no root was found for it.
fn judged(error: Error, end_entity: &CertificateDer<'_>) -> Error {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) if is_self_issued(end_entity) == Some(true) => {
            CertificateError::Other(OtherError(Arc::new(SelfSigned))).into()
        }
        error => error,
    }
}

/// Whether a certificate names the same issuer and subject (RFC 5280 section 3.2). Only looked at where no root was
/// found, to say why.
fn is_self_issued(certificate: &[u8]) -> Option<bool> {
    let (_, certificate, _) = item(certificate)?;
    let (_, mut fields, _) = item(certificate)?;
    if let (VERSION, _, rest) = item(fields)? {
        fields = rest;
    }
    let (_, _, after_serial) = item(fields)?;
    let (_, _, after_algorithm) = item(after_serial)?;
    let (_, issuer, after_issuer) = item(after_algorithm)?;
    let (_, _, after_validity) = item(after_issuer)?;
    let (_, subject, _) = item(after_validity)?;
    Some(issuer == subject)
}

/// The tag of a certificate's version, which is optional.
const VERSION: u8 = 0xa0;

/// The first DER item: its tag, its content, and what follows it.
fn item(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().try_fold(0_usize, |sum, &byte| sum.checked_mul(256)?.checked_add(byte.into()))?, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::is_self_issued;
    use session_testkit::ca::{Issued, TestCa};

    #[test]
    fn a_certificate_that_signed_itself_is_told_from_one_that_an_authority_signed() {
        let ca = TestCa::new();
        assert_eq!(is_self_issued(&ca.certificate_der()), Some(true));
        assert_eq!(is_self_issued(&Issued::self_signed(&["a.test"]).chain[0]), Some(true));
        assert_eq!(is_self_issued(&ca.issue(&["a.test"]).chain[0]), Some(false));
    }

    #[test]
    fn bytes_that_are_cut_short_say_nothing() {
        let der = TestCa::new().certificate_der();
        assert!((0..der.len()).all(|cut| is_self_issued(&der[..cut]).is_none()));
    }
}

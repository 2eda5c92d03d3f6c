//! A certificate authority for tests: good certificates, and bad ones of each kind. Plain bytes; whoever needs a server
//! of them makes it with the TLS library that it has.

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SignatureAlgorithm, date_time_ymd,
};
use std::fmt;

/// A certificate authority whose root nobody trusts who was not told to.
pub struct TestCa {
    issuer: Issuer<'static, KeyPair>,
    certificate: Certificate,
    keys: &'static SignatureAlgorithm,
}

/// A certificate with its key.
#[derive(Clone)]
#[non_exhaustive]
pub struct Issued {
    /// The certificates in DER, the one of the holder first, without the root.
    pub chain: Vec<Vec<u8>>,
    /// The key of the first certificate, PKCS #8 in DER.
    pub key: Vec<u8>,
    pem: String,
    key_pem: String,
}

/// What a certificate is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Validity {
    /// It holds from 1970 to 3000.
    Now,
    /// It ended in 2001.
    Expired,
    /// It begins in 2999.
    NotYet,
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Use {
    /// A server.
    Server,
    /// A client.
    Client,
}

impl TestCa {
    /// A new authority, with a key of its own. It and all that it issues have keys of ECDSA P-256.
    ///
    /// # Panics
    /// Where the system has no random bytes.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each one is another")]
    pub fn new() -> Self {
        Self::of(&PKCS_ECDSA_P256_SHA256)
    }

    /// A new authority that has Ed25519 keys (RFC 8410), it and all that it issues. No authority whom the public trusts does.
    ///
    /// # Panics
    /// Where the system has no random bytes.
    #[must_use]
    pub fn ed25519() -> Self {
        Self::of(&PKCS_ED25519)
    }

    fn of(keys: &'static SignatureAlgorithm) -> Self {
        let key = new_key(keys);
        // No two roots have the same name.
        let number: String = key.public_key_raw().iter().skip(1).take(8).map(|byte| format!("{byte:02x}")).collect();
        let mut params = with_name(&format!("session test root {number}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).expect("the parameters are valid");
        Self { issuer: Issuer::new(params, key), certificate, keys }
    }

    /// The root certificate in DER.
    #[must_use]
    pub fn certificate_der(&self) -> Vec<u8> {
        self.certificate.der().to_vec()
    }

    /// The root certificate in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A server's certificate for these names. An IP address becomes an IP address in it, any other a DNS name; one that
    /// begins with `*.` is a wildcard.
    ///
    /// # Panics
    /// For a name that no certificate can hold.
    #[must_use]
    pub fn issue(&self, names: &[&str]) -> Issued {
        self.issue_as(names, Use::Server, Validity::Now)
    }

    /// A client's certificate in this name.
    ///
    /// # Panics
    /// For a name that no certificate can hold.
    #[must_use]
    pub fn issue_client(&self, name: &str) -> Issued {
        self.issue_as(&[name], Use::Client, Validity::Now)
    }

    /// A certificate that is what is asked for, also a bad one.
    ///
    /// # Panics
    /// For a name that no certificate can hold.
    #[must_use]
    pub fn issue_as(&self, names: &[&str], purpose: Use, validity: Validity) -> Issued {
        let key = new_key(self.keys);
        let params = leaf(names, purpose, validity);
        let certificate = params.signed_by(&key, &self.issuer).expect("the parameters are valid");
        issued(&[&certificate], &key)
    }

    /// A server's certificate that names its host in the subject's common name alone, as it was done long ago.
    ///
    /// # Panics
    /// For a name that no certificate can hold.
    #[must_use]
    pub fn issue_common_name_only(&self, name: &str) -> Issued {
        let key = new_key(self.keys);
        let mut params = leaf(&[], Use::Server, Validity::Now);
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.issuer).expect("the parameters are valid");
        issued(&[&certificate], &key)
    }

    /// A server's certificate under an intermediate authority, which is in the chain. Take it out of the chain for a
    /// server that forgets it.
    ///
    /// # Panics
    /// For a name that no certificate can hold.
    #[must_use]
    pub fn issue_through_intermediate(&self, names: &[&str]) -> Issued {
        let middle_key = new_key(self.keys);
        let mut middle = with_name("session test intermediate");
        middle.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        middle.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let middle_certificate = middle.signed_by(&middle_key, &self.issuer).expect("the parameters are valid");
        let key = new_key(self.keys);
        let certificate = leaf(names, Use::Server, Validity::Now)
            .signed_by(&key, &Issuer::new(middle, middle_key))
            .expect("the parameters are valid");
        issued(&[&certificate, &middle_certificate], &key)
    }
}

impl fmt::Debug for TestCa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TestCa(..)")
    }
}

impl Issued {
    /// A certificate that nobody but its own key has signed.
    ///
    /// # Panics
    /// For a name that no certificate can hold.
    #[must_use]
    pub fn self_signed(names: &[&str]) -> Self {
        let key = new_key(&PKCS_ECDSA_P256_SHA256);
        let certificate = leaf(names, Use::Server, Validity::Now).self_signed(&key).expect("the parameters are valid");
        issued(&[&certificate], &key)
    }

    /// The chain in PEM.
    #[must_use]
    pub fn chain_pem(&self) -> &str {
        &self.pem
    }

    /// The key in PEM.
    #[must_use]
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("chain", &self.chain.len()).finish_non_exhaustive()
    }
}

fn issued(chain: &[&Certificate], key: &KeyPair) -> Issued {
    Issued {
        chain: chain.iter().map(|certificate| certificate.der().to_vec()).collect(),
        key: key.serialize_der(),
        pem: chain.iter().map(|certificate| certificate.pem()).collect(),
        key_pem: key.serialize_pem(),
    }
}

fn leaf(names: &[&str], purpose: Use, validity: Validity) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("names that a certificate can hold");
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "session test");
    params.use_authority_key_identifier_extension = true;
    params.extended_key_usages = vec![match purpose {
        Use::Server => ExtendedKeyUsagePurpose::ServerAuth,
        Use::Client => ExtendedKeyUsagePurpose::ClientAuth,
    }];
    let (from, to) = match validity {
        Validity::Now => (1970, 3000),
        Validity::Expired => (2000, 2001),
        Validity::NotYet => (2999, 3000),
    };
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
    params
}

fn with_name(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn new_key(of: &'static SignatureAlgorithm) -> KeyPair {
    KeyPair::generate_for(of).expect("the system has random bytes")
}

#[cfg(test)]
mod tests {
    use super::{Issued, TestCa, Use, Validity};

    #[test]
    fn certificates_differ_and_print_no_key() {
        let ca = TestCa::new();
        let (one, other) = (ca.issue(&["a.test", "127.0.0.1"]), ca.issue(&["a.test"]));
        assert_ne!(one.key, other.key);
        assert_eq!(format!("{one:?}"), "Issued { chain: 1, .. }");
        assert_ne!(ca.certificate_der(), TestCa::new().certificate_der());
        assert!(ca.pem().starts_with("-----BEGIN CERTIFICATE-----"));
    }

    #[test]
    fn a_chain_has_its_intermediate_and_never_the_root() {
        let ca = TestCa::new();
        let issued = ca.issue_through_intermediate(&["a.test"]);
        assert_eq!(issued.chain.len(), 2);
        assert!(!issued.chain.contains(&ca.certificate_der()));
        assert_eq!(issued.chain_pem().matches("BEGIN CERTIFICATE").count(), 2);
        assert!(issued.key_pem().contains("PRIVATE KEY"));
        let singles = [
            ca.issue_client("ann"),
            ca.issue_as(&["a.test"], Use::Server, Validity::Expired),
            ca.issue_common_name_only("a.test"),
            Issued::self_signed(&["a.test"]),
        ];
        assert!(singles.iter().all(|issued| issued.chain.len() == 1));
    }
}

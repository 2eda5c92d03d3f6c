//! What carries out the caller's settings: reads his certificates and keys, accepts every certificate. A setting that needs it
//! brings it along as a function, from where the setting is made: a program that makes none has no code that reads certificates,
//! none that signs with their keys, and none for algorithms that no certificate under the compiled-in roots has.

use crate::error::Error;
use crate::tls::config::{provider, refused};
use crate::tls::settings::{Certificate, Encoded, Identity};
use crate::tls::signatures::every;
use crate::tls::verify::{ByRoots, Unchecked};
use rustls::client::ResolvesClientCert;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use std::sync::Arc;

/// Reads a certificate, or several in PEM, and adds each to the roots that are trusted, with the algorithms that may be under it.
pub(super) type Trust = fn(&Certificate, &mut ByRoots) -> Result<Vec<CertificateDer<'static>>, Error>;

/// Reads the caller's chain and key into what is shown to a server that asks for them.
pub(super) type Show = fn(&Identity) -> Result<Arc<dyn ResolvesClientCert>, Error>;

/// Makes what accepts every certificate.
pub(super) type Accept = fn() -> Arc<dyn ServerCertVerifier>;

pub(super) fn trust(root: &Certificate, trusted: &mut ByRoots) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = certificates(root)?;
    for der in &read {
        let added = trusted.roots.add(der.clone());
        added.map_err(|source| refused("a root certificate cannot be read").with_source(source))?;
    }
    trusted.algorithms = every();
    Ok(read)
}

pub(super) fn accept() -> Arc<dyn ServerCertVerifier> {
    Arc::new(Unchecked(every()))
}

pub(super) fn show(identity: &Identity) -> Result<Arc<dyn ResolvesClientCert>, Error> {
    let (chain, key) = identity.parts();
    let mut read = Vec::new();
    for certificate in chain {
        read.append(&mut certificates(certificate)?);
    }
    if read.is_empty() {
        return Err(refused("there is no certificate in the client's chain"));
    }
    let certified = CertifiedKey::from_der(read, private_key(key)?, &provider());
    let certified =
        certified.map_err(|source| refused("the client's key does not fit its certificate").with_source(source))?;
    Ok(Arc::new(SingleCertAndKey::from(certified)))
}

/// The certificates in DER, in their order.
fn certificates(certificate: &Certificate) -> Result<Vec<CertificateDer<'static>>, Error> {
    match certificate.encoded() {
        Encoded::Der(der) => Ok(vec![CertificateDer::from(der.clone())]),
        Encoded::Pem(pem) => {
            let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
            let read = read.map_err(|_| refused("the PEM of a certificate cannot be read"))?;
            if read.is_empty() {
                return Err(refused("there is no certificate in the PEM"));
            }
            Ok(read)
        }
    }
}

/// The key. What is wrong with it is not told: the error could hold a part of it.
fn private_key(encoded: &Encoded) -> Result<PrivateKeyDer<'static>, Error> {
    let key = match encoded {
        Encoded::Der(der) => PrivateKeyDer::try_from(der.clone()).ok(),
        Encoded::Pem(pem) => PrivateKeyDer::from_pem_slice(pem).ok(),
    };
    key.ok_or_else(|| refused("the client's key cannot be read"))
}

//! Settings made into what connections are begun with, once for each distinct set of them. Each set has a store of its own
//! for the sessions that can be resumed, so that none is resumed under other settings than it was made under.

use crate::error::{Error, Phase};
use crate::limits::Limits;
use crate::ordered::Ordered;
use crate::time::Now;
use crate::tls::error::{TlsError, TlsErrorKind};
use crate::tls::settings::{Certificate, Roots, TlsSettings, TlsVersion};
use crate::tls::signatures::PUBLIC;
#[cfg(feature = "tls-ring")]
use crate::tls::suites;
use crate::tls::verify::{ByRoots, Checked};
use rustls::client::{Resumption, danger::ServerCertVerifier};
use rustls::crypto::{CryptoProvider, KeyProvider};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::sign::SigningKey;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What connections with the same settings are begun with. Clones share the sessions that can be resumed.
#[derive(Clone)]
pub struct TlsConfig(Arc<ClientConfig>);

/// Somebody else who checks certificates, as a platform's own verifier. A transport makes it and hands it in.
#[derive(Clone, Debug)]
pub struct PlatformVerifier(Arc<dyn ServerCertVerifier>);

/// Every set of settings that is in use, made into what connections are begun with.
///
/// Bounded by [`Limits::tls_configs`]: beyond that one is given up and made again when it is needed.
#[derive(Debug)]
pub struct TlsConfigs {
    made: Ordered<Arc<TlsSettings>, TlsConfig>,
    most: usize,
    sessions: usize,
    /// Makes the platform's verifier, which reads files: not before somebody wants it.
    platform: Option<MakePlatform>,
}

/// What makes the platform's verifier, which trusts these roots too. It fails with
/// [`ErrorKind::InvalidSetting`](crate::error::ErrorKind::InvalidSetting) where it cannot, and leaves none of them out.
pub type MakePlatform = fn(FurtherRoots) -> Result<PlatformVerifier, Error>;

/// Root certificates to trust beside those of the platform, in DER. Each of them was read and is one.
#[derive(Debug)]
pub struct FurtherRoots(Vec<CertificateDer<'static>>);

impl FurtherRoots {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for FurtherRoots {
    type Item = CertificateDer<'static>;
    type IntoIter = std::vec::IntoIter<CertificateDer<'static>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl TlsConfigs {
    /// None yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { made: Ordered::new(), most: limits.tls_configs, sessions: limits.tls_sessions, platform: None }
    }

    /// The same with what makes the verifier for [`Roots::Platform`] and [`Roots::PlatformMerge`], once such settings are
    /// first used.
    #[must_use]
    pub fn with_platform(mut self, make: MakePlatform) -> Self {
        self.platform = Some(make);
        self
    }

    /// What connections with these settings are begun with.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSetting`](crate::error::ErrorKind::InvalidSetting): a certificate or key that is none, a key of
    /// another certificate, no version that is allowed, no root, or no verifier of the platform.
    pub fn config(&mut self, settings: &Arc<TlsSettings>) -> Result<TlsConfig, Error> {
        if let Some(config) = self.made.get(settings) {
            return Ok(config.clone());
        }
        let config = TlsConfig::new(settings, self.sessions, self.platform)?;
        let mut surplus = self.made.len().saturating_add(1).saturating_sub(self.most.max(1));
        self.made.retain(|_| {
            let goes = surplus > 0;
            surplus = surplus.saturating_sub(1);
            !goes
        });
        self.made.insert(settings.clone(), config.clone());
        Ok(config)
    }
}

impl TlsConfig {
    /// Of settings, with room for `sessions` sessions that can be resumed.
    fn new(settings: &TlsSettings, sessions: usize, platform: Option<MakePlatform>) -> Result<Self, Error> {
        // Keys and algorithms that a setting needs come with it.
        let own = CryptoProvider { key_provider: &NoKeys, signature_verification_algorithms: PUBLIC, ..provider() };
        let builder = ClientConfig::builder_with_provider(Arc::new(own))
            .with_protocol_versions(&versions(settings))
            .map_err(|source| refused("no version of TLS is allowed").with_source(source))?;
        let verifier = match settings.accept() {
            None => checker(settings.trusted(), platform)?,
            Some(accept) => accept(),
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        let mut config = match settings.own() {
            None => builder.with_no_client_auth(),
            Some(identity) => builder.with_client_cert_resolver(identity.show()(identity)?),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.enable_sni = settings.indicates();
        config.resumption = Resumption::in_memory_sessions(sessions);
        Ok(Self(Arc::new(config)))
    }

    /// The same for a connection that is begun at `now`: certificates must be valid then.
    pub(super) fn at(&self, now: Now) -> Arc<ClientConfig> {
        let mut config = ClientConfig::clone(&self.0);
        config.time_provider = Arc::new(At(now.wall()));
        Arc::new(config)
    }
}

impl PlatformVerifier {
    /// The verifier that `make` makes with this crate's cryptography. It must check all that there is: chain, dates, name,
    /// use.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSetting`](crate::error::ErrorKind::InvalidSetting): `make` failed.
    pub fn new<V: ServerCertVerifier + 'static>(
        make: impl FnOnce(Arc<CryptoProvider>) -> Result<V, rustls::Error>,
    ) -> Result<Self, Error> {
        let verifier = make(Arc::new(provider()));
        let verifier = verifier.map_err(|source| refused("the platform's roots cannot be read").with_source(source))?;
        Ok(Self(Arc::new(Checked(verifier))))
    }
}

impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsConfig(..)")
    }
}

/// The time at which a connection was begun. A handshake is over soon, and what is measured later by it, the age of a
/// ticket, is only taken for greater than it is.
struct At(SystemTime);

impl fmt::Debug for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("At(..)")
    }
}

impl TimeProvider for At {
    fn current_time(&self) -> Option<UnixTime> {
        let since: Duration = self.0.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(UnixTime::since_unix_epoch(since))
    }
}

/// The caller's keys are read with what the caller sets (`tls/load.rs`), so a configuration has no need of what reads any.
#[derive(Debug)]
struct NoKeys;

impl KeyProvider for NoKeys {
    fn load_private_key(&self, _: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, rustls::Error> {
        Err(rustls::Error::General("no key is read here".to_owned()))
    }
}

/// The cryptography, always named and never the process's own choice.
#[expect(clippy::inline_always, reason = "whoever puts other parts in place of some has no code for these then")]
#[inline(always)]
pub(super) fn provider() -> CryptoProvider {
    #[cfg(feature = "tls-ring")]
    return CryptoProvider { cipher_suites: suites::all(), ..rustls::crypto::ring::default_provider() };
    #[cfg(not(feature = "tls-ring"))]
    return rustls::crypto::aws_lc_rs::default_provider();
}

fn versions(settings: &TlsSettings) -> Vec<&'static SupportedProtocolVersion> {
    let all = [(TlsVersion::V1_3, &rustls::version::TLS13), (TlsVersion::V1_2, &rustls::version::TLS12)];
    all.into_iter().filter(|(version, _)| settings.allows(*version)).map(|(_, version)| version).collect()
}

fn checker(roots: &Roots, platform: Option<MakePlatform>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let (compiled_in, further): (&[_], &[Certificate]) = match roots {
        Roots::Webpki => (webpki_roots::TLS_SERVER_ROOTS, &[]),
        Roots::Merge(further) => (webpki_roots::TLS_SERVER_ROOTS, further),
        Roots::Only(further) => (&[], further),
        Roots::Platform => return by_platform(&[], platform),
        Roots::PlatformMerge(further) => return by_platform(further, platform),
    };
    let mut trusted = ByRoots::new(RootCertStore { roots: compiled_in.to_vec() });
    for root in further {
        root.trust()(root, &mut trusted)?;
    }
    if trusted.roots.is_empty() {
        return Err(refused("there is no root certificate"));
    }
    Ok(Arc::new(trusted))
}

/// The platform's verifier with further roots.
fn by_platform(further: &[Certificate], platform: Option<MakePlatform>) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let make = platform.ok_or_else(|| refused("this build has no verifier of the platform's"))?;
    // A verifier may pass over what it cannot read. Here nothing is passed over.
    let mut readable = ByRoots::new(RootCertStore::empty());
    let mut read = Vec::new();
    for root in further {
        read.append(&mut root.trust()(root, &mut readable)?);
    }
    Ok(make(FurtherRoots(read))?.0)
}

pub(super) fn refused(what: &str) -> Error {
    TlsError::new(TlsErrorKind::Settings).with_detail(what).into_error(Phase::Build)
}

#[cfg(test)]
mod tests;

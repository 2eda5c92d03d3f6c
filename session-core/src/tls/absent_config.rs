//! What connections are begun with in a build without TLS: nothing, and an error that says so.

use crate::error::{Error, ErrorKind, Phase};
use crate::limits::Limits;
use crate::tls::settings::TlsSettings;
use std::sync::Arc;

/// What connections are begun with. This build has none: it is without the feature `tls`.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is no value of it")]
pub enum TlsConfig {}

/// Somebody else who checks certificates. In this build nobody does.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is no value of it")]
pub enum PlatformVerifier {}

/// What makes it. In this build it is never asked.
pub type MakePlatform = fn(FurtherRoots) -> Result<PlatformVerifier, Error>;

/// Root certificates to trust beside those of the platform. In this build there is none.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is no value of it")]
pub enum FurtherRoots {}

/// Every set of settings that is in use. In this build there is none.
#[derive(Debug)]
#[non_exhaustive]
pub struct TlsConfigs {}

impl TlsConfigs {
    /// None.
    #[must_use]
    pub fn new(_limits: &Limits) -> Self {
        Self {}
    }

    /// The same.
    #[must_use]
    pub fn with_platform(self, _make: MakePlatform) -> Self {
        self
    }

    /// What connections with these settings are begun with.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`], always.
    pub fn config(&mut self, _settings: &Arc<TlsSettings>) -> Result<TlsConfig, Error> {
        Err(Error::new(ErrorKind::Unsupported, Phase::Connect, "https is not in this build")
            .with_expected("an http URL, or the feature `tls`"))
    }
}

//! What makes the platform's verifier of certificates, in a build that has one.

use session_core::tls::config::MakePlatform;
#[cfg(feature = "platform-verifier")]
use session_core::tls::config::PlatformVerifier;

#[cfg(all(feature = "platform-verifier", not(target_os = "android")))]
pub(super) const PLATFORM: Option<MakePlatform> = Some(|further| {
    PlatformVerifier::new(|provider| rustls_platform_verifier::Verifier::new_with_extra_roots(further, provider))
});

/// Android's takes no further roots.
#[cfg(all(feature = "platform-verifier", target_os = "android"))]
pub(super) const PLATFORM: Option<MakePlatform> = Some(|further| {
    use session_core::error::{Error, ErrorKind, Phase};
    if !further.is_empty() {
        return Err(Error::new(ErrorKind::InvalidSetting, Phase::Build, "the platform takes no roots beside its own"));
    }
    PlatformVerifier::new(rustls_platform_verifier::Verifier::new)
});

#[cfg(not(feature = "platform-verifier"))]
pub(super) const PLATFORM: Option<MakePlatform> = None;

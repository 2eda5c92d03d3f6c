//! What TLS connections are to be like, as plain data: whom to trust, who the caller is, which versions. Two connections
//! whose settings are equal may share a pool and resume each other's sessions; none else may.

#[cfg(feature = "__tls")]
use crate::means::Means;
use crate::message::sensitive::Secret;
#[cfg(feature = "__tls")]
use crate::tls::load::{Accept, Show, Trust, accept, show, trust};
use std::fmt;
use std::sync::Arc;

/// The settings of TLS connections.
///
/// Default: the roots of Mozilla's programme as this version has them compiled in, no client certificate, TLS 1.2 and 1.3,
/// everything verified.
///
/// ```
/// use session_core::tls::settings::{Roots, TlsSettings, TlsVersion};
///
/// let settings = TlsSettings::new().roots(Roots::Only(vec![])).min_version(TlsVersion::V1_3);
/// assert_ne!(settings, TlsSettings::new());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TlsSettings {
    roots: Roots,
    identity: Option<Identity>,
    min: Option<TlsVersion>,
    max: Option<TlsVersion>,
    verification: Verification,
    #[cfg(feature = "__tls")]
    accept: Option<Means<Accept>>,
    server_name: ServerNameIndication,
}

/// Whose certificates are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Roots {
    /// The compiled-in roots.
    #[default]
    Webpki,
    /// The compiled-in roots and these.
    Merge(Vec<Certificate>),
    /// These alone.
    Only(Vec<Certificate>),
    /// Whatever the platform trusts, by the verifier that a transport hands in; where it has none, that is an error.
    Platform,
    /// Whatever the platform trusts, and these.
    PlatformMerge(Vec<Certificate>),
}

/// One certificate, or several in PEM.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Certificate {
    encoded: Encoded,
    #[cfg(feature = "__tls")]
    trust: Means<Trust>,
}

/// The caller's certificate and its key, for servers that ask for one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    chain: Vec<Certificate>,
    key: Secret<Encoded>,
    #[cfg(feature = "__tls")]
    show: Means<Show>,
}

/// How certificates and keys are written.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Encoded {
    Der(Vec<u8>),
    Pem(Vec<u8>),
}

/// A version of TLS. Older ones are not spoken at all (RFC 8996).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    V1_2,
    /// TLS 1.3 (RFC 8446).
    V1_3,
}

/// What is verified of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Verification {
    /// The chain up to a root, the dates, the name, the use.
    #[default]
    Full,
    /// Only that the server has the key of whatever certificate it shows. **Whoever stands between reads and changes
    /// everything.**
    DangerAcceptInvalid,
}

/// Whether the name of the host is told in the clear as the handshake begins (RFC 6066 section 3). An IP address never is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ServerNameIndication {
    /// It is, without a trailing dot.
    #[default]
    Send,
    /// It is not. The certificate must hold the name all the same.
    Omit,
}

/// The TLS that a hop takes: with its https origin, and with the https proxy on its way. It is part of what two requests
/// must have in common to share a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a way has two ends")]
pub struct TlsPath {
    /// With the origin, where it is an https one.
    pub origin: Option<Arc<TlsSettings>>,
    /// With the proxy, where it is an https one.
    pub proxy: Option<Arc<TlsSettings>>,
}

impl TlsSettings {
    /// Every setting at its default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These settings with other roots.
    #[must_use]
    pub fn roots(mut self, roots: Roots) -> Self {
        self.roots = roots;
        self
    }

    /// These settings with roots beside those that they have.
    #[must_use]
    pub fn add_roots(mut self, more: impl IntoIterator<Item = Certificate>) -> Self {
        let add = |mut roots: Vec<Certificate>| {
            roots.extend(more);
            roots
        };
        self.roots = match self.roots {
            Roots::Only(roots) => Roots::Only(add(roots)),
            Roots::Merge(roots) => Roots::Merge(add(roots)),
            Roots::Webpki => Roots::Merge(add(Vec::new())),
            Roots::PlatformMerge(roots) => Roots::PlatformMerge(add(roots)),
            Roots::Platform => Roots::PlatformMerge(add(Vec::new())),
        };
        self
    }

    /// These settings with a certificate of the caller's own.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// These settings, and no older version than this. Default: [`TlsVersion::V1_2`].
    #[must_use]
    pub fn min_version(mut self, version: TlsVersion) -> Self {
        self.min = Some(version);
        self
    }

    /// These settings, and no newer version than this. Default: the newest.
    #[must_use]
    pub fn max_version(mut self, version: TlsVersion) -> Self {
        self.max = Some(version);
        self
    }

    /// These settings with another verification.
    #[must_use]
    pub fn verification(mut self, verification: Verification) -> Self {
        self.verification = verification;
        #[cfg(feature = "__tls")]
        {
            self.accept = (!self.verifies()).then_some(Means(accept));
        }
        self
    }

    /// These settings, telling the server's name in the clear or not.
    #[must_use]
    pub fn server_name(mut self, server_name: ServerNameIndication) -> Self {
        self.server_name = server_name;
        self
    }

    /// Whether a server must prove who it is.
    #[must_use]
    pub fn verifies(&self) -> bool {
        self.verification == Verification::Full
    }

    /// Whose certificates are trusted.
    pub(crate) fn trusted(&self) -> &Roots {
        &self.roots
    }
}

#[cfg(feature = "__tls")]
impl TlsSettings {
    pub(super) fn own(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// What makes the verifier that accepts every certificate, where that is what is wanted.
    pub(super) fn accept(&self) -> Option<Accept> {
        self.accept.map(|means| means.0)
    }

    pub(super) fn allows(&self, version: TlsVersion) -> bool {
        self.min.is_none_or(|min| min <= version) && self.max.is_none_or(|max| version <= max)
    }

    pub(super) fn indicates(&self) -> bool {
        self.server_name == ServerNameIndication::Send
    }
}

impl Certificate {
    /// A certificate in DER.
    #[must_use]
    pub fn der(der: impl Into<Vec<u8>>) -> Self {
        Self::of(Encoded::Der(der.into()))
    }

    /// Every certificate of a text in PEM. There must be one at least.
    #[must_use]
    pub fn pem(pem: impl Into<Vec<u8>>) -> Self {
        Self::of(Encoded::Pem(pem.into()))
    }

    fn of(encoded: Encoded) -> Self {
        Self {
            encoded,
            #[cfg(feature = "__tls")]
            trust: Means(trust),
        }
    }
}

impl Identity {
    /// A certificate, with those between it and its root, and its key (PKCS #8, PKCS #1 or SEC1), all in DER.
    #[must_use]
    pub fn der(chain: Vec<Vec<u8>>, key: Vec<u8>) -> Self {
        Self::of(chain.into_iter().map(Certificate::der).collect(), Encoded::Der(key))
    }

    /// The same in PEM. One text may hold both: give it twice.
    #[must_use]
    pub fn pem(chain: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        Self::of(vec![Certificate::pem(chain)], Encoded::Pem(key.into()))
    }

    fn of(chain: Vec<Certificate>, key: Encoded) -> Self {
        Self {
            chain,
            key: Secret::new(key),
            #[cfg(feature = "__tls")]
            show: Means(show),
        }
    }
}

#[cfg(feature = "__tls")]
impl Certificate {
    pub(super) fn encoded(&self) -> &Encoded {
        &self.encoded
    }

    /// What adds it to the roots that are trusted.
    pub(super) fn trust(&self) -> Trust {
        self.trust.0
    }
}

#[cfg(feature = "__tls")]
impl Identity {
    pub(super) fn parts(&self) -> (&[Certificate], &Encoded) {
        (&self.chain, self.key.expose())
    }

    /// What makes it into that which a server is shown.
    pub(super) fn show(&self) -> Show {
        self.show.0
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate(..)")
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::{Certificate, Identity, Roots, TlsSettings, TlsVersion, Verification};

    #[test]
    fn settings_are_equal_by_what_they_say_and_differ_in_each_single_part() {
        let base = || TlsSettings::new().identity(Identity::der(vec![vec![1]], vec![2]));
        assert_eq!(base(), base());
        let others = [
            TlsSettings::new(),
            base().identity(Identity::der(vec![vec![1]], vec![3])),
            base().identity(Identity::der(vec![vec![2]], vec![2])),
            base().roots(Roots::Only(vec![])),
            base().add_roots([Certificate::der([1])]),
            base().min_version(TlsVersion::V1_3),
            base().max_version(TlsVersion::V1_2),
            base().verification(Verification::DangerAcceptInvalid),
        ];
        for (index, one) in others.iter().enumerate() {
            assert_ne!(*one, base());
            assert!(others.iter().skip(index + 1).all(|other| other != one));
        }
    }

    #[test]
    fn roots_are_added_to_those_that_there_are() {
        let (one, other) = (Certificate::der([1]), Certificate::der([2]));
        let only = TlsSettings::new().roots(Roots::Only(vec![one.clone()])).add_roots([other.clone()]);
        assert_eq!(only, TlsSettings::new().roots(Roots::Only(vec![one.clone(), other.clone()])));
        let merged = TlsSettings::new().add_roots([one.clone()]).add_roots([other.clone()]);
        assert_eq!(merged, TlsSettings::new().roots(Roots::Merge(vec![one.clone(), other.clone()])));
        let platform = TlsSettings::new().roots(Roots::Platform).add_roots([one.clone()]).add_roots([other.clone()]);
        assert_eq!(platform, TlsSettings::new().roots(Roots::PlatformMerge(vec![one, other])));
    }

    #[test]
    fn no_key_is_printed_and_a_verification_that_is_off_is() {
        let settings = TlsSettings::new()
            .identity(Identity::pem("PUBLIC", "HUNTER2"))
            .verification(Verification::DangerAcceptInvalid);
        let shown = format!("{settings:?}");
        assert!(!shown.contains("HUNTER2") && !shown.contains("72, 85, 78"), "{shown}");
        assert!(shown.contains("DangerAcceptInvalid"), "{shown}");
        assert!(!settings.verifies());
    }
}

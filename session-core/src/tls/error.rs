//! What goes wrong in TLS, each kind by its name.

use crate::error::{Error, ErrorKind, Phase, excerpt};
use std::fmt;

/// Something that went wrong in TLS. It is the [`source`](std::error::Error::source) of an [`Error`] of the kind
/// [`ErrorKind::Tls`], or [`ErrorKind::Incomplete`] where the peer only broke off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsError {
    kind: TlsErrorKind,
    detail: Option<String>,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsErrorKind {
    /// The server's certificate was not accepted.
    Certificate(CertificateFault),
    /// The peer sent this fatal alert (RFC 8446 section 6.2): 40 handshake failure, 42 bad certificate, 48 unknown CA, 70
    /// protocol version, 112 unrecognised name, 116 certificate required, 120 no application protocol.
    Alert(u8),
    /// What answered speaks no TLS.
    NotTls,
    /// The connection ended within the handshake.
    ClosedInHandshake,
    /// The connection ended without saying so (RFC 8446 section 6.1): whoever stands between may have cut it short.
    Truncated,
    /// A record did not decrypt: it was changed on its way.
    Decrypt,
    /// The two sides have no version, cipher suite or protocol in common.
    Incompatible,
    /// The peer broke the protocol.
    Protocol,
    /// Nothing that the settings or the caller asked for can be done.
    Settings,
    /// Anything else, as a system without randomness.
    Other,
}

/// Why a certificate was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateFault {
    /// It is another host's (RFC 9525). A common name does not count.
    WrongName,
    /// It is no longer valid.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// No chain leads from it to a trusted root: another root, or an intermediate is missing.
    UnknownIssuer,
    /// The server's key signed it itself, and it is not a trusted root.
    SelfSigned,
    /// It was revoked.
    Revoked,
    /// A signature in the chain, or of the handshake, is not right.
    BadSignature,
    /// It is not encoded as certificates are.
    BadEncoding,
    /// It is not for servers, or one that may not sign signed it.
    WrongUse,
    /// It is no good for another reason.
    Other,
}

impl TlsError {
    /// An error of this kind.
    #[must_use]
    pub fn new(kind: TlsErrorKind) -> Self {
        Self { kind, detail: None }
    }

    /// The same with what is known beside; a peer may have had its say in it, so it is escaped and cut short.
    #[must_use]
    pub fn with_detail(mut self, detail: &str) -> Self {
        self.detail = Some(excerpt(detail.as_bytes()));
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> TlsErrorKind {
        self.kind
    }

    /// The same as the error of an exchange, which was in `phase`.
    #[must_use]
    pub fn into_error(self, phase: Phase) -> Error {
        let kind = match self.kind {
            TlsErrorKind::Truncated => ErrorKind::Incomplete,
            TlsErrorKind::Settings => ErrorKind::InvalidSetting,
            _ => ErrorKind::Tls,
        };
        Error::new(kind, phase, self.to_string()).with_source(self)
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TlsErrorKind::Certificate(fault) => write!(f, "the server's certificate {fault}")?,
            TlsErrorKind::Alert(alert) => write!(f, "the peer ended TLS with alert {alert}{}", named(alert))?,
            TlsErrorKind::NotTls => f.write_str("what answered speaks no TLS")?,
            TlsErrorKind::ClosedInHandshake => {
                f.write_str("the peer closed the connection within the TLS handshake")?
            }
            TlsErrorKind::Truncated => f.write_str("the connection ended without TLS's word that it ends")?,
            TlsErrorKind::Decrypt => f.write_str("a TLS record did not decrypt")?,
            TlsErrorKind::Incompatible => f.write_str("there is no kind of TLS that both sides speak")?,
            TlsErrorKind::Protocol => f.write_str("the peer broke the TLS protocol")?,
            TlsErrorKind::Settings => f.write_str("the TLS settings cannot hold")?,
            TlsErrorKind::Other => f.write_str("TLS failed")?,
        }
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WrongName => "is for another name",
            Self::Expired => "has expired",
            Self::NotYetValid => "is not valid yet",
            Self::UnknownIssuer => "leads to no trusted root",
            Self::SelfSigned => "is signed by itself alone",
            Self::Revoked => "was revoked",
            Self::BadSignature => "has a signature that is not right",
            Self::BadEncoding => "cannot be read",
            Self::WrongUse => "is not for this use",
            Self::Other => "was not accepted",
        })
    }
}

impl std::error::Error for TlsError {}

/// What an alert means, for those that say something to a client.
fn named(alert: u8) -> &'static str {
    match alert {
        20 => " (bad record)",
        40 => " (handshake failure)",
        42 => " (bad certificate)",
        43 => " (unsupported certificate)",
        44 => " (certificate revoked)",
        45 => " (certificate expired)",
        46 => " (certificate unknown)",
        48 => " (unknown authority)",
        49 => " (access denied)",
        70 => " (protocol version)",
        71 => " (insufficient security)",
        80 => " (internal error)",
        112 => " (unrecognised name)",
        116 => " (certificate required)",
        120 => " (no application protocol)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::{CertificateFault, TlsError, TlsErrorKind};
    use crate::error::{ErrorKind, Phase};

    #[test]
    fn a_cut_is_incomplete_and_everything_else_is_tls() {
        let of = |kind| TlsError::new(kind).into_error(Phase::Body).kind();
        assert_eq!(of(TlsErrorKind::Truncated), ErrorKind::Incomplete);
        assert_eq!(of(TlsErrorKind::Settings), ErrorKind::InvalidSetting);
        assert_eq!(of(TlsErrorKind::Decrypt), ErrorKind::Tls);
        assert_eq!(of(TlsErrorKind::Alert(40)), ErrorKind::Tls);
    }

    #[test]
    fn the_kind_is_the_source_and_the_detail_is_escaped() {
        let kind = TlsErrorKind::Certificate(CertificateFault::WrongName);
        let error = TlsError::new(kind).with_detail("for b.test\r\n").into_error(Phase::Tls);
        let source = std::error::Error::source(&error).unwrap().downcast_ref::<TlsError>().unwrap();
        assert_eq!(source.kind(), kind);
        assert!(error.to_string().contains("is for another name: for b.test\\r\\n"), "{error}");
        assert_eq!(
            TlsError::new(TlsErrorKind::Alert(112)).to_string(),
            "the peer ended TLS with alert 112 (unrecognised name)"
        );
    }
}

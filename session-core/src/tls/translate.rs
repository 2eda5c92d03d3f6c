//! What the TLS library says went wrong, in this crate's words.

use crate::tls::error::{CertificateFault, TlsError, TlsErrorKind};
use crate::tls::verify::SelfSigned;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage};

/// The error; `heard` is whether a message of TLS had come from the peer before.
pub(super) fn translate(error: &Error, heard: bool) -> TlsError {
    let kind = match error {
        Error::InvalidCertificate(error) => match TlsErrorKind::Certificate(fault(error)) {
            other @ TlsErrorKind::Certificate(CertificateFault::Other) => other,
            // The fault says it all.
            named => return TlsError::new(named),
        },
        Error::NoCertificatesPresented => TlsErrorKind::Certificate(CertificateFault::Other),
        // After the handshake this is no error.
        Error::AlertReceived(AlertDescription::CloseNotify) => TlsErrorKind::ClosedInHandshake,
        Error::AlertReceived(alert) => return TlsError::new(TlsErrorKind::Alert(u8::from(*alert))),
        Error::InvalidMessage(message) if !heard && is_foreign(message) => {
            return TlsError::new(TlsErrorKind::NotTls);
        }
        Error::DecryptError => return TlsError::new(TlsErrorKind::Decrypt),
        Error::PeerIncompatible(_) | Error::NoApplicationProtocol => TlsErrorKind::Incompatible,
        Error::InvalidMessage(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerMisbehaved(_)
        | Error::PeerSentOversizedRecord => TlsErrorKind::Protocol,
        _ => TlsErrorKind::Other,
    };
    TlsError::new(kind).with_detail(&error.to_string())
}

/// Whether the first bytes of a peer are no record of TLS at all.
fn is_foreign(message: &InvalidMessage) -> bool {
    matches!(
        message,
        InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload
    )
}

fn fault(error: &CertificateError) -> CertificateFault {
    match error {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::WrongName
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => CertificateFault::NotYetValid,
        CertificateError::UnknownIssuer => CertificateFault::UnknownIssuer,
        CertificateError::Revoked => CertificateFault::Revoked,
        CertificateError::BadSignature => CertificateFault::BadSignature,
        CertificateError::BadEncoding => CertificateFault::BadEncoding,
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => CertificateFault::WrongUse,
        CertificateError::Other(other) if other.0.is::<SelfSigned>() => CertificateFault::SelfSigned,
        _ => CertificateFault::Other,
    }
}

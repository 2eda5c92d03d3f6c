//! The server's proof that it knows the password too: `rspauth` (RFC 7616 3.5).

use crate::auth::challenge::Parameters;
use crate::auth::credentials::Credential;
use crate::auth::digest::hash::{BodyHash, HashAlgorithm};
use crate::auth::digest::terms::{Qop, Terms};
use crate::error::{Error, ErrorKind, Phase};
use std::fmt;

/// What an answer was made of: kept with the hop that carries it, to check what the server says in return. No secret is
/// in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    pub(super) terms: Terms,
}

/// What a response shows of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerProof {
    /// It knows the password.
    Verified,
    /// It did not say.
    Absent,
    /// Only the hash of the response's body can tell, by this function: check again at the end of the body.
    NeedsBodyHash(HashAlgorithm),
}

/// Whether a response without proof passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofRule {
    /// It does; a wrong proof is an error all the same.
    #[default]
    IfPresent,
    /// It does not.
    Required,
}

impl Proof {
    /// Whether the answer was made with this nonce.
    pub(crate) fn used(&self, nonce: &[u8]) -> bool {
        self.terms.nonce == nonce
    }

    /// Checks the parameters of `Authentication-Info`. `body` is the hash of the response's body, where it is known.
    ///
    /// # Errors
    /// [`ErrorKind::Protocol`] where the proof is wrong, or required and not there. The response is then not to be
    /// trusted: who sent it does not know the password, or the answer is not to this request.
    pub fn check(
        &self,
        credential: &Credential,
        info: Option<&Parameters>,
        body: Option<&BodyHash>,
        rule: ProofRule,
    ) -> Result<ServerProof, Error> {
        let (Credential::Digest { user, password, .. }, Some((info, rspauth))) =
            (credential, info.and_then(|info| Some((info, info.value("rspauth")?))))
        else {
            return absent(rule);
        };
        let terms = &self.terms;
        let echoes = |name, sent: &str| info.value(name).is_none_or(|came| came.eq_ignore_ascii_case(sent.as_bytes()));
        if let Some(counted) = &terms.counted
            && !(echoes("cnonce", &terms.cnonce) && echoes("nc", &counted.nc()))
        {
            return Err(wrong("the cnonce and nc of the request in Authentication-Info"));
        }
        let qop = match (&terms.counted, info.value("qop")) {
            (None, _) => None,
            (Some(sent), None) => Some(sent.qop),
            (Some(_), Some(came)) if came.eq_ignore_ascii_case(b"auth") => Some(Qop::Auth),
            (Some(_), Some(came)) if came.eq_ignore_ascii_case(b"auth-int") => Some(Qop::AuthInt),
            (Some(_), Some(_)) => return Err(wrong("a known qop in Authentication-Info")),
        };
        let body = match (qop, body.filter(|body| body.algorithm() == terms.hash)) {
            (Some(Qop::AuthInt), None) => return Ok(ServerProof::NeedsBodyHash(terms.hash)),
            (_, body) => body.map(BodyHash::as_hex).unwrap_or_default(),
        };
        let expected = terms.response(&terms.secret(user, password), "", qop, body);
        if rspauth.eq_ignore_ascii_case(expected.as_bytes()) {
            Ok(ServerProof::Verified)
        } else {
            Err(wrong("the right rspauth in Authentication-Info"))
        }
    }
}

/// What follows where there is no proof.
pub(crate) fn absent(rule: ProofRule) -> Result<ServerProof, Error> {
    match rule {
        ProofRule::IfPresent => Ok(ServerProof::Absent),
        ProofRule::Required => Err(wrong("rspauth in Authentication-Info")),
    }
}

fn wrong(expected: &str) -> Error {
    Error::new(ErrorKind::Protocol, Phase::Decide, "the server did not prove that it knows the password")
        .with_expected(expected)
}

impl fmt::Debug for Proof {
    /// What was asked is not shown: a query may hold a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").field("hash", &self.terms.hash).finish_non_exhaustive()
    }
}

impl fmt::Display for ServerProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verified => f.write_str("the server proved that it knows the password"),
            Self::Absent => f.write_str("the server did not say whether it knows the password"),
            Self::NeedsBodyHash(_) => f.write_str("the server's proof is in the hash of the response's body"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Proof, ProofRule, ServerProof};
    use crate::auth::challenge::{Parameters, info};
    use crate::auth::credentials::Credential;
    use crate::auth::digest::hash::{BodyHash, HashAlgorithm};
    use crate::auth::digest::terms::{Counted, Qop, Terms};
    use crate::error::{ErrorKind, Fault};
    use crate::limits::Limits;
    use http::{HeaderMap, HeaderName, HeaderValue};

    /// The request of RFC 2617 3.5, whose proof was computed with another implementation.
    fn proof(qop: Option<Qop>) -> Proof {
        Proof {
            terms: Terms {
                hash: HashAlgorithm::Md5,
                realm: b"testrealm@host.com".to_vec(),
                nonce: b"dcd98b7102dd2f0e8b11d0f600bfb0c093".to_vec(),
                cnonce: "0a4f113b".to_owned(),
                counted: qop.map(|qop| Counted { qop, count: 1 }),
                session: None,
                uri: "/dir/index.html".to_owned(),
            },
        }
    }

    fn parameters(line: &str) -> Parameters {
        let name = HeaderName::from_static("authentication-info");
        let mut headers = HeaderMap::new();
        headers.append(&name, HeaderValue::from_str(line).unwrap());
        info(&headers, &name, &Limits::default()).unwrap()
    }

    fn checked(
        qop: Option<Qop>,
        line: Option<&str>,
        body: Option<&[u8]>,
        rule: ProofRule,
    ) -> Result<ServerProof, ErrorKind> {
        let credential = Credential::digest("Mufasa", "Circle Of Life");
        let body = body.map(|body| BodyHash::of(HashAlgorithm::Md5, body));
        proof(qop).check(&credential, line.map(parameters).as_ref(), body.as_ref(), rule).map_err(|error| {
            assert_eq!(error.fault(), Fault::Peer);
            assert!(!format!("{error}{error:?}").contains("Circle"));
            error.kind()
        })
    }

    const AUTH: &str = "376602cfd2f4e8e5e78b948a85263e85";
    const AUTH_INT: &str = "b132f1a6fcf3b31b06cef6f942d49c5b";
    const PLAIN: &str = "2a38c66e35e2b1f6763297add4c6c66f";

    #[test]
    fn the_right_proof_is_verified() {
        let line = format!("qop=auth, rspauth=\"{AUTH}\", cnonce=\"0a4f113b\", nc=00000001");
        let short = format!("rspauth=\"{}\"", AUTH.to_uppercase());
        for line in [line.as_str(), short.as_str()] {
            assert_eq!(
                checked(Some(Qop::Auth), Some(line), None, ProofRule::Required),
                Ok(ServerProof::Verified),
                "{line}"
            );
        }
        let line = format!("rspauth=\"{PLAIN}\"");
        assert_eq!(checked(None, Some(&line), None, ProofRule::IfPresent), Ok(ServerProof::Verified));
    }

    #[test]
    fn the_proof_of_auth_int_is_in_the_response_body() {
        let line = format!("qop=auth-int, rspauth=\"{AUTH_INT}\"");
        for sent in [Qop::Auth, Qop::AuthInt] {
            let checked = |body| checked(Some(sent), Some(&line), body, ProofRule::Required);
            assert_eq!(checked(None), Ok(ServerProof::NeedsBodyHash(HashAlgorithm::Md5)));
            assert_eq!(checked(Some(b"hello")), Ok(ServerProof::Verified));
            assert_eq!(checked(Some(b"hellO")), Err(ErrorKind::Protocol));
        }
    }

    /// Threat AU-07 (CVE-2026-40542, CVE-2014-8650).
    #[test]
    fn a_wrong_proof_is_an_error_and_a_missing_one_where_it_is_required() {
        for line in [
            "rspauth=\"\"".to_owned(),
            format!("rspauth=\"{}\"", &AUTH[1..]),
            format!("rspauth=\"{PLAIN}\""),
            format!("rspauth=\"{AUTH}\", cnonce=\"other\""),
            format!("rspauth=\"{AUTH}\", nc=00000002"),
            format!("rspauth=\"{AUTH}\", qop=auth-conf"),
        ] {
            assert_eq!(
                checked(Some(Qop::Auth), Some(&line), None, ProofRule::IfPresent),
                Err(ErrorKind::Protocol),
                "{line}"
            );
        }
        for line in [None, Some("nextnonce=\"n\"")] {
            assert_eq!(checked(Some(Qop::Auth), line, None, ProofRule::IfPresent), Ok(ServerProof::Absent));
            assert_eq!(checked(Some(Qop::Auth), line, None, ProofRule::Required), Err(ErrorKind::Protocol));
        }
    }

    #[test]
    fn what_was_shown_is_a_sentence() {
        assert_eq!(ServerProof::Verified.to_string(), "the server proved that it knows the password");
        assert_eq!(ServerProof::Absent.to_string(), "the server did not say whether it knows the password");
        assert_eq!(
            ServerProof::NeedsBodyHash(HashAlgorithm::Md5).to_string(),
            "the server's proof is in the hash of the response's body"
        );
    }
}

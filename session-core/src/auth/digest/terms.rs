//! What one answer is computed over (RFC 7616 3.4), and the computing. No secret stays here.

use crate::auth::digest::hash::HashAlgorithm;
use crate::message::sensitive::Secret;

/// Everything an answer and the server's proof have in common, but for user and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) hash: HashAlgorithm,
    pub(super) realm: Vec<u8>,
    pub(super) nonce: Vec<u8>,
    pub(super) cnonce: String,
    /// `None` for a challenge without `qop`.
    pub(super) counted: Option<Counted>,
    /// For a `-sess` algorithm.
    pub(super) session: Option<SessionTerms>,
    pub(super) uri: String,
}

/// The protection of an answer that counts its uses of the nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) qop: Qop,
    /// How often the nonce was used, this time included.
    pub(super) count: u32,
}

/// What the secret of a `-sess` algorithm was made with once, at the first answer after the challenge (3.4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SessionTerms {
    pub(super) nonce: Vec<u8>,
    pub(super) cnonce: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Qop {
    Auth,
    AuthInt,
}

impl Qop {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

impl Counted {
    /// The count as it is written: eight hex digits.
    pub(super) fn nc(&self) -> String {
        format!("{:08x}", self.count)
    }
}

impl Terms {
    /// H(A1): what only who knows the password can compute.
    pub(super) fn secret(&self, user: &str, password: &Secret<String>) -> String {
        let plain = self.hash.of_joined(&[user.as_bytes(), &self.realm, password.expose().as_bytes()]);
        match &self.session {
            None => plain,
            Some(session) => self.hash.of_joined(&[plain.as_bytes(), &session.nonce, session.cnonce.as_bytes()]),
        }
    }

    /// The `response` of a request of `method`, or `rspauth` of a response for an empty `method`. `body` is the body's
    /// hash for auth-int.
    pub(super) fn response(&self, secret: &str, method: &str, qop: Option<Qop>, body: &str) -> String {
        let hash = self.hash;
        let uri = self.uri.as_bytes();
        let asked = match qop {
            Some(Qop::AuthInt) => hash.of_joined(&[method.as_bytes(), uri, body.as_bytes()]),
            Some(Qop::Auth) | None => hash.of_joined(&[method.as_bytes(), uri]),
        };
        match (qop, &self.counted) {
            (Some(qop), Some(counted)) => hash.of_joined(&[
                secret.as_bytes(),
                &self.nonce,
                counted.nc().as_bytes(),
                self.cnonce.as_bytes(),
                qop.as_str().as_bytes(),
                asked.as_bytes(),
            ]),
            _ => hash.of_joined(&[secret.as_bytes(), &self.nonce, asked.as_bytes()]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Counted, Qop, SessionTerms, Terms};
    use crate::auth::digest::hash::{BodyHash, HashAlgorithm};
    use crate::message::sensitive::Secret;

    /// The terms of the example of RFC 7616 3.9.1.
    fn mufasa(hash: HashAlgorithm, qop: Qop) -> Terms {
        Terms {
            hash,
            realm: b"http-auth@example.org".to_vec(),
            nonce: b"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v".to_vec(),
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ".to_owned(),
            counted: Some(Counted { qop, count: 1 }),
            session: None,
            uri: "/dir/index.html".to_owned(),
        }
    }

    fn response(terms: &Terms, user: &str, password: &str, method: &str, body: &[u8]) -> String {
        let secret = terms.secret(user, &Secret::new(password.to_owned()));
        let qop = terms.counted.as_ref().map(|counted| counted.qop);
        terms.response(&secret, method, qop, BodyHash::of(terms.hash, body).as_hex())
    }

    /// RFC 7616 3.9.1 for MD5 and SHA-256, the other one computed with another implementation.
    #[test]
    fn the_example_of_the_rfc() {
        for (hash, expected) in [
            (HashAlgorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (HashAlgorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
            (HashAlgorithm::Sha512Trunc256, "430d05014cecc49cab6fbe03176d41a1da86cbfe24a16580e22aaad928d960d0"),
        ] {
            let terms = mufasa(hash, Qop::Auth);
            assert_eq!(response(&terms, "Mufasa", "Circle of Life", "GET", b"not looked at"), expected, "{hash}");
        }
    }

    #[test]
    fn a_session_algorithm_mixes_both_nonces_into_the_secret() {
        for (hash, expected) in [
            (HashAlgorithm::Md5, "e783283f46242139c486a698fec7211d"),
            (HashAlgorithm::Sha256, "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7"),
            (HashAlgorithm::Sha512Trunc256, "3f2a34f923c38b0fb26dce2fdfc2ce326c23cecf86fbb1444f3e51fbbc2cb92e"),
        ] {
            let mut terms = mufasa(hash, Qop::Auth);
            terms.session = Some(SessionTerms { nonce: terms.nonce.clone(), cnonce: terms.cnonce.clone() });
            assert_eq!(response(&terms, "Mufasa", "Circle of Life", "GET", b""), expected, "{hash}");
        }
    }

    #[test]
    fn auth_int_covers_the_body() {
        for (hash, method, body, expected) in [
            (HashAlgorithm::Md5, "GET", &b""[..], "8804a53d3640a40a4f73cea12c5ba451"),
            (HashAlgorithm::Sha256, "GET", b"", "8bdf6f15638e260831e905028de5450562816d093c9bfc5c13d3a46adcdde940"),
            (HashAlgorithm::Md5, "POST", b"v=1", "beb71ce784d939e8a8030380ddf6b456"),
            (HashAlgorithm::Sha256, "POST", b"v=1", "90cc45fb9f237c41d070611a21a42189a5fc07acb164650c5538b033e7e8e555"),
        ] {
            let terms = mufasa(hash, Qop::AuthInt);
            assert_eq!(response(&terms, "Mufasa", "Circle of Life", method, body), expected, "{hash} {method}");
        }
    }

    /// RFC 2617 3.5, and the same challenge without `qop` as RFC 2069 has it.
    #[test]
    fn the_examples_of_the_older_rfcs() {
        let mut terms = Terms {
            hash: HashAlgorithm::Md5,
            realm: b"testrealm@host.com".to_vec(),
            nonce: b"dcd98b7102dd2f0e8b11d0f600bfb0c093".to_vec(),
            cnonce: "0a4f113b".to_owned(),
            counted: Some(Counted { qop: Qop::Auth, count: 1 }),
            session: None,
            uri: "/dir/index.html".to_owned(),
        };
        let computed = |terms: &Terms| response(terms, "Mufasa", "Circle Of Life", "GET", b"");
        assert_eq!(computed(&terms), "6629fae49393a05397450978507c4ef1");
        terms.counted = None;
        assert_eq!(computed(&terms), "670fd8c2df070c60b045671b8b24ff02");
    }

    /// RFC 7616 3.9.2 as it should be: the values printed there were made with SHA-512 cut short.
    #[test]
    fn sha_512_256_is_not_sha_512_cut_short() {
        let terms = Terms {
            hash: HashAlgorithm::Sha512Trunc256,
            realm: b"api@example.org".to_vec(),
            nonce: b"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK".to_vec(),
            cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v".to_owned(),
            counted: Some(Counted { qop: Qop::Auth, count: 1 }),
            session: None,
            uri: "/doe.json".to_owned(),
        };
        assert_eq!(
            response(&terms, "J\u{e4}s\u{f8}n Doe", "Secret, or not?", "GET", b""),
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
        );
    }

    #[test]
    fn a_count_is_eight_hex_digits() {
        let nc = |count| Counted { qop: Qop::Auth, count }.nc();
        assert_eq!((nc(1).as_str(), nc(171).as_str(), nc(u32::MAX).as_str()), ("00000001", "000000ab", "ffffffff"));
    }
}

//! `expect.digest`: an Authorization field must be one Digest answer, and the answer must verify (RFC 7616 3.4).
//!
//! Computed here from the challenge last sent, the request as received, the answer's own `cnonce`, and the password.

use crate::suite::scenario::challenge::{Challenge, parse_credentials};
use crate::suite::scenario::model::Digest as Expected;
use crate::suite::scenario::observe::{Seen, SeenRequest};
use crate::suite::value::show;
use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512, Sha512_256};

/// Compares the Digest answer of a request with what is expected, and verifies it. Each difference becomes one line.
pub fn check(expected: &Expected, seen: &Seen, request: &SeenRequest, differences: &mut Vec<String>) {
    let answer = match request.values("authorization").as_slice() {
        [one] => std::str::from_utf8(one).ok().and_then(parse_credentials).filter(Challenge::is_digest),
        _ => None,
    };
    let Some(answer) = answer else {
        let lines = request.values("authorization");
        differences
            .push(format!("digest: expected one Digest answer, got {} Authorization lines that are none", lines.len()));
        return;
    };
    let mut differ = |what: &str, wanted: Option<&str>, came: Option<&str>| {
        if wanted != came {
            let shown = |value: Option<&str>| value.map_or("none".to_owned(), |value| show(value.as_bytes()));
            differences.push(format!("digest {what}: expected {}, got {}", shown(wanted), shown(came)));
        }
    };
    let hash = Hash::named(answer.parameter("algorithm").unwrap_or("MD5"));
    let user = answer.parameter("username").map(ToOwned::to_owned).or_else(|| extended(answer.parameter("username*")?));
    let wanted_user = match (&hash, answer.parameter("userhash")) {
        (Some((hash, _)), Some(flag)) if flag.eq_ignore_ascii_case("true") => {
            hash.hex(&[expected.username.as_bytes(), expected.realm.as_bytes()])
        }
        _ => expected.username.clone(),
    };
    differ("username", Some(&wanted_user), user.as_deref());
    differ("realm", Some(&expected.realm), answer.parameter("realm"));
    differ("uri", Some(&expected.uri), answer.parameter("uri"));
    for (name, wanted) in [("qop", &expected.qop), ("nc", &expected.nc)] {
        if let Some(wanted) = wanted {
            differ(name, wanted.as_deref(), answer.parameter(name));
        }
    }
    for (name, wanted) in [("algorithm", &expected.algorithm), ("nonce", &expected.nonce), ("opaque", &expected.opaque)]
    {
        if wanted.is_some() {
            differ(name, wanted.as_deref(), answer.parameter(name));
        }
    }
    let challenge = check_against_challenge(&answer, seen, differences);
    match hash {
        Some((hash, is_session)) => {
            let session_nonce = is_session.then(|| challenge.unwrap_or(&answer).session_nonce().unwrap_or_default());
            let wanted = response(hash, session_nonce, &answer, expected, request);
            let came = answer.parameter("response");
            if came != Some(&wanted) {
                differences.push(format!(
                    "digest response: expected {wanted}, got {}",
                    came.map_or("none".to_owned(), |came| show(came.as_bytes()))
                ));
            }
        }
        None => differences.push(format!(
            "digest algorithm: expected a known one, got {}",
            show(answer.parameter("algorithm").unwrap_or_default().as_bytes())
        )),
    }
}

/// The answer must fit one of the challenges that the origin sent last: that one.
fn check_against_challenge<'a>(
    answer: &Challenge,
    seen: &'a Seen,
    differences: &mut Vec<String>,
) -> Option<&'a Challenge> {
    let nonce = answer.parameter("nonce");
    let fits = |challenge: &&Challenge| {
        let algorithm = |of: &Challenge| of.parameter("algorithm").unwrap_or("MD5").to_ascii_lowercase();
        challenge.parameter("nonce") == nonce && algorithm(challenge) == algorithm(answer)
    };
    let Some(challenge) = seen.challenges.iter().find(fits) else {
        differences.push(format!(
            "digest: expected an answer to a challenge last sent, got nonce {} and algorithm {}",
            show(nonce.unwrap_or_default().as_bytes()),
            answer.parameter("algorithm").unwrap_or("none")
        ));
        return None;
    };
    for name in ["realm", "opaque"] {
        if challenge.parameter(name) != answer.parameter(name) {
            differences.push(format!("digest {name}: expected that of the challenge unchanged, got another"));
        }
    }
    let offered = challenge.parameter("qop").map(|qop| qop.split(',').map(str::trim).collect::<Vec<_>>());
    let right = match (&offered, answer.parameter("qop")) {
        (None, came) => came.is_none(),
        (Some(offered), Some(came)) => offered.iter().any(|offered| offered.eq_ignore_ascii_case(came)),
        (Some(_), None) => false,
    };
    if !right {
        differences.push(format!("digest qop: expected one of {offered:?}, got {:?}", answer.parameter("qop")));
    }
    Some(challenge)
}

/// The response that proves the password; `session_nonce` is there where the algorithm is a `-sess` one.
fn response(
    hash: Hash,
    session_nonce: Option<&str>,
    answer: &Challenge,
    expected: &Expected,
    request: &SeenRequest,
) -> String {
    let value = |name: &str| answer.parameter(name).unwrap_or_default().as_bytes();
    let mut secret = hash.hex(&[expected.username.as_bytes(), expected.realm.as_bytes(), expected.password.as_bytes()]);
    if let Some(nonce) = session_nonce {
        secret = hash.hex(&[secret.as_bytes(), nonce.as_bytes(), value("cnonce")]);
    }
    let method = request.method.as_bytes();
    let asked = if answer.parameter("qop") == Some("auth-int") {
        let body = hash.hex(&[request.body.as_deref().unwrap_or_default()]);
        hash.hex(&[method, value("uri"), body.as_bytes()])
    } else {
        hash.hex(&[method, value("uri")])
    };
    if answer.parameter("qop").is_some() {
        let between = [value("nonce"), value("nc"), value("cnonce"), value("qop")];
        hash.hex(&[secret.as_bytes(), between[0], between[1], between[2], between[3], asked.as_bytes()])
    } else {
        hash.hex(&[secret.as_bytes(), value("nonce"), asked.as_bytes()])
    }
}

#[derive(Clone, Copy)]
enum Hash {
    Md5,
    Sha256,
    Sha512,
    Sha512By256,
}

impl Hash {
    /// The hash of an algorithm, and whether it is a `-sess` one.
    fn named(algorithm: &str) -> Option<(Self, bool)> {
        let name = algorithm.to_ascii_uppercase();
        let (name, is_session) = match name.strip_suffix("-SESS") {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        };
        let hash = match name {
            "MD5" => Self::Md5,
            "SHA-256" => Self::Sha256,
            "SHA-512" => Self::Sha512,
            "SHA-512-256" => Self::Sha512By256,
            _ => return None,
        };
        Some((hash, is_session))
    }

    /// The hash of the parts joined by colons, in lower-case hex.
    fn hex(self, parts: &[&[u8]]) -> String {
        let text = parts.join(&b':');
        let bytes = match self {
            Self::Md5 => Md5::digest(&text).to_vec(),
            Self::Sha256 => Sha256::digest(&text).to_vec(),
            Self::Sha512 => Sha512::digest(&text).to_vec(),
            Self::Sha512By256 => Sha512_256::digest(&text).to_vec(),
        };
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The text of an extended parameter, `UTF-8''percent-encoded` (RFC 8187 3.2).
fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let mut bytes = Vec::new();
    let mut rest = encoded.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{check, extended};
    use crate::suite::scenario::challenge::parse_challenges;
    use crate::suite::scenario::model::Digest;
    use crate::suite::scenario::observe::{Seen, SeenRequest};
    use bytes::Bytes;
    use serde_json::{Value, from_value, json};

    /// RFC 7616 3.9.1, the MD5 answer.
    const MD5: &str = "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", \
        algorithm=MD5, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, \
        cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, \
        response=\"8ca523f5e9506fed4657c9700eebdbec\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
    const CHALLENGES: &str = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, \
        nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", \
        Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, \
        nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

    fn expected(changes: Value) -> Digest {
        let mut digest = json!({"username": "Mufasa", "realm": "http-auth@example.org", "uri": "/dir/index.html",
            "algorithm": "MD5", "qop": "auth", "nc": "00000001", "password": "Circle of Life"});
        for (key, value) in changes.as_object().unwrap() {
            digest[key] = value.clone();
        }
        from_value(digest).unwrap()
    }

    fn differences(expected: &Digest, authorization: &[&str], challenges: &str) -> Vec<String> {
        let headers =
            authorization.iter().map(|value| ("Authorization".to_owned(), value.as_bytes().to_vec())).collect();
        let request = SeenRequest {
            method: "GET".to_owned(),
            url: "http://www.example.org/dir/index.html".to_owned(),
            headers,
            body: Some(Bytes::new()),
        };
        let seen = Seen {
            origin: "http://www.example.org".to_owned(),
            via: "direct".to_owned(),
            request: Some(request.clone()),
            connect: None,
            fresh: true,
            challenges: parse_challenges(challenges),
        };
        let mut differences = Vec::new();
        check(expected, &seen, &request, &mut differences);
        differences
    }

    #[test]
    fn the_answers_of_rfc_7616_verify() {
        assert_eq!(differences(&expected(json!({})), &[MD5], CHALLENGES), Vec::<String>::new());
        let sha = MD5.replace("algorithm=MD5", "algorithm=SHA-256").replace(
            "8ca523f5e9506fed4657c9700eebdbec",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        );
        assert_eq!(differences(&expected(json!({"algorithm": "SHA-256"})), &[&sha], CHALLENGES), Vec::<String>::new());
    }

    #[test]
    fn every_wrong_part_of_an_answer_fails() {
        for (from, to) in [
            ("response=\"8", "response=\"9"),
            ("username=\"Mufasa\"", "username=\"Simba\""),
            ("uri=\"/dir", "uri=\"/other"),
            ("nc=00000001", "nc=00000002"),
            ("qop=auth", "qop=auth-int"),
            ("opaque=\"FQ", "opaque=\"XX"),
            (", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"", ""),
            ("nonce=\"7y", "nonce=\"8y"),
            ("cnonce=\"f2", "cnonce=\"f3"),
            ("algorithm=MD5", "algorithm=SHA-256"),
            ("algorithm=MD5", "algorithm=X"),
            ("realm=\"http-auth@", "realm=\"http-auth#"),
        ] {
            let answer = MD5.replacen(from, to, 1);
            assert_ne!(answer, MD5);
            assert!(!differences(&expected(json!({})), &[&answer], CHALLENGES).is_empty(), "{from} -> {to}");
        }
        assert!(!differences(&expected(json!({"password": "other"})), &[MD5], CHALLENGES).is_empty());
        assert!(!differences(&expected(json!({"qop": null})), &[MD5], CHALLENGES).is_empty());
        assert!(!differences(&expected(json!({"nc": null})), &[MD5], CHALLENGES).is_empty());
        assert!(!differences(&expected(json!({"nonce": "x"})), &[MD5], CHALLENGES).is_empty());
    }

    #[test]
    fn anything_but_one_digest_answer_fails() {
        for lines in [&[][..], &[MD5, MD5], &["Basic dTpw"], &["Digest"]] {
            assert_eq!(differences(&expected(json!({})), lines, CHALLENGES).len(), 1, "{lines:?}");
        }
    }

    #[test]
    fn an_answer_to_no_challenge_fails() {
        assert!(!differences(&expected(json!({})), &[MD5], "").is_empty());
        let other = CHALLENGES.replace("7ypf", "8ypf");
        assert!(!differences(&expected(json!({})), &[MD5], &other).is_empty());
    }

    /// RFC 2069 2.4, with the response as its erratum 749 has it.
    #[test]
    fn an_answer_without_qop_is_computed_the_old_way() {
        let answer = "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", \
            nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", \
            response=\"1949323746fe6a43ef61f9606e7febea\", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let challenge = "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
            opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
        let expected: Digest = from_value(json!({"username": "Mufasa", "realm": "testrealm@host.com",
            "uri": "/dir/index.html", "qop": null, "nc": null, "password": "CircleOfLife"}))
        .unwrap();
        assert_eq!(differences(&expected, &[answer], challenge), Vec::<String>::new());
    }

    #[test]
    fn an_extended_user_name_is_decoded() {
        assert_eq!(extended("UTF-8''J%C3%A4s%C3%B8n%20Doe").as_deref(), Some("J\u{e4}s\u{f8}n Doe"));
        assert_eq!(extended("UTF-8''%C3"), None);
        assert_eq!(extended("plain"), None);
    }
}

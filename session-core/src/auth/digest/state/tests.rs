//! The answers made of what is known: RFC 7616 3.3 to 3.6, http-rules.md 7, threats AU-01, AU-06, AU-08.

use super::{DigestAnswer, DigestState};
use crate::auth::challenge::{Parameters, challenges, info};
use crate::auth::credentials::Credential;
use crate::auth::digest::asked::Asked;
use crate::auth::digest::hash::{BodyHash, HashAlgorithm};
use crate::auth::digest::offer::Offer;
use crate::auth::digest::terms::SessionTerms;
use crate::entropy::Entropy;
use crate::error::ErrorKind;
use crate::limits::Limits;
use crate::message::body::{BodySize, RequestBody};
use crate::message::target::Target;
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::BTreeSet;
use url::Url;

fn target(url: &str) -> Target {
    Target::new(Url::parse(url).unwrap()).unwrap().0
}

fn offer(parameters: &str) -> Offer {
    let mut headers = HeaderMap::new();
    headers.append(WWW_AUTHENTICATE, HeaderValue::from_bytes(format!("Digest {parameters}").as_bytes()).unwrap());
    Offer::of(&challenges(&headers, &WWW_AUTHENTICATE, &Limits::default())[0]).unwrap()
}

/// A state that was challenged at `url`.
fn challenged(parameters: &str, url: &str) -> DigestState {
    let mut state = DigestState::default();
    state.learn(offer(parameters), &Asked::of_origin(&Method::GET, &target(url)));
    state
}

struct Client {
    credential: Credential,
    entropy: Entropy,
}

impl Client {
    fn new(user: &str, password: &str) -> Self {
        Self { credential: Credential::digest(user, password), entropy: Entropy::from_seed([1; 32]) }
    }

    fn answer(&mut self, state: &mut DigestState, asked: &Asked<'_>) -> Option<DigestAnswer> {
        state.answer(&self.credential, asked, &mut self.entropy).unwrap()
    }

    /// The parameters of the answer to a GET of `url`.
    fn get(&mut self, state: &mut DigestState, url: &str) -> Option<Written> {
        let target = target(url);
        Some(written(&self.answer(state, &Asked::of_origin(&Method::GET, &target))?.value))
    }
}

struct Written {
    raw: String,
    parameters: Parameters,
}

impl Written {
    fn value(&self, name: &str) -> Option<String> {
        self.parameters.value(name).map(|value| String::from_utf8_lossy(value).into_owned())
    }
}

fn written(value: &HeaderValue) -> Written {
    assert!(value.is_sensitive());
    let mut headers = HeaderMap::new();
    headers.append(WWW_AUTHENTICATE, value.clone());
    let parsed = challenges(&headers, &WWW_AUTHENTICATE, &Limits::default());
    assert!(parsed[0].is("Digest") && parsed.len() == 1);
    Written {
        raw: String::from_utf8_lossy(value.as_bytes()).into_owned(),
        parameters: parsed[0].parameters().unwrap().clone(),
    }
}

fn next_nonce(nonce: &str) -> Parameters {
    let name = HeaderName::from_static("authentication-info");
    let mut headers = HeaderMap::new();
    headers.append(&name, HeaderValue::from_str(&format!("nextnonce=\"{nonce}\"")).unwrap());
    info(&headers, &name, &Limits::default()).unwrap()
}

const PLAIN: &str = "realm=\"r\", nonce=\"n\", qop=\"auth\"";

#[test]
fn nothing_is_answered_before_a_challenge() {
    let mut client = Client::new("u", "p");
    assert!(client.get(&mut DigestState::default(), "https://a.test/x").is_none());
    client.credential = Credential::basic("u", "p");
    assert!(client.get(&mut challenged(PLAIN, "https://a.test/x"), "https://a.test/x").is_none());
}

#[test]
fn what_is_a_word_is_bare_and_what_is_text_is_quoted() {
    let parameters = "realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=\"sha-256\", opaque=\"o/1\"";
    let raw =
        Client::new("u", "p").get(&mut challenged(parameters, "https://a.test/"), "https://a.test/x?q").unwrap().raw;
    for part in [
        "Digest username=\"u\", ",
        ", realm=\"r\",",
        ", nonce=\"n\",",
        ", uri=\"/x?q\",",
        ", response=\"",
        ", algorithm=sha-256,",
        ", cnonce=\"",
        ", opaque=\"o/1\",",
        ", qop=auth,",
        ", nc=00000001",
    ] {
        assert!(raw.contains(part), "{part} in {raw}");
    }
    assert!(!raw.contains("userhash") && !raw.contains("stale"));
}

#[test]
fn what_the_challenge_does_not_name_is_not_named() {
    let written =
        Client::new("u", "p").get(&mut challenged("realm=r, nonce=n", "https://a.test/"), "https://a.test/").unwrap();
    for name in ["algorithm", "opaque", "qop", "nc", "cnonce", "userhash"] {
        assert_eq!(written.value(name), None, "{name}");
    }
    // MD5 of "MD5(u:r:p):n:MD5(GET:/)".
    assert_eq!(written.value("response").as_deref(), Some("f23121ca97143c6b358da620220c83b4"));
}

#[test]
fn quotes_and_backslashes_come_back_as_they_came() {
    let parameters = "realm=\"a \\\"b\\\" \\\\ \u{e9}\", nonce=\"n\", qop=auth, opaque=\"\\\"\"";
    let written =
        Client::new("u\"\\", "p").get(&mut challenged(parameters, "https://a.test/"), "https://a.test/").unwrap();
    assert_eq!(written.value("realm").as_deref(), Some("a \"b\" \\ \u{e9}"));
    assert_eq!(written.value("opaque").as_deref(), Some("\""));
    assert_eq!(written.value("username").as_deref(), Some("u\"\\"));
}

/// The server's side of RFC 7616 3.4, computed from the answer as it was written.
#[test]
fn a_server_computes_the_same_response() {
    for (name, hash) in [
        ("MD5", HashAlgorithm::Md5),
        ("SHA-256", HashAlgorithm::Sha256),
        ("SHA-512-256", HashAlgorithm::Sha512Trunc256),
    ] {
        for (ending, qop) in [("", "auth"), ("", "auth-int"), ("-sess", "auth"), ("-sess", "auth-int")] {
            let parameters = format!("realm=\"r s\", nonce=\"n/1\", qop=\"{qop}\", algorithm={name}{ending}");
            let mut state = challenged(&parameters, "https://a.test/");
            let target = target("https://a.test/x?q");
            let body_hash = |algorithm| Some(BodyHash::of(algorithm, b"v=1"));
            let asked = Asked::of_origin(&Method::PUT, &target)
                .with_body(RequestBody::replayable(BodySize::Sized(3)))
                .with_hash(&body_hash);
            let mut client = Client::new("Mufasa", "Circle of Life");
            for _ in 0..2 {
                let answer = written(&client.answer(&mut state, &asked).unwrap().value);
                let value = |name: &str| answer.value(name).unwrap();
                let joined = |parts: &[&str]| BodyHash::of(hash, parts.join(":").as_bytes()).as_hex().to_owned();
                let mut secret = joined(&["Mufasa", "r s", "Circle of Life"]);
                if ending == "-sess" {
                    secret = joined(&[&secret, "n/1", &value("cnonce")]);
                }
                let asked = match qop {
                    "auth" => joined(&["PUT", "/x?q"]),
                    _ => joined(&["PUT", "/x?q", &joined(&["v=1"])]),
                };
                let expected = joined(&[&secret, "n/1", &value("nc"), &value("cnonce"), qop, &asked]);
                assert_eq!(value("response"), expected, "{parameters}");
            }
        }
    }
}

/// Threat AU-06 (aiohttp#12436).
#[test]
fn the_uri_is_the_request_target() {
    let mut client = Client::new("u", "p");
    let mut state = challenged(PLAIN, "https://a.test/");
    for (url, uri) in [
        ("https://a.test", "/"),
        ("https://a.test/a%20b/%C3%A4?q=1&r=%2F#top", "/a%20b/%C3%A4?q=1&r=%2F"),
        ("https://a.test/?", "/?"),
        ("https://a.test/\"?\"", "/%22?%22"),
    ] {
        assert_eq!(client.get(&mut state, url).unwrap().value("uri").as_deref(), Some(uri));
    }
    let mut state = DigestState::default();
    let asked = Asked::of_proxy(&Method::CONNECT, "a.test:443");
    state.learn(offer("realm=r, nonce=n, domain=\"/x\""), &asked);
    assert_eq!(written(&client.answer(&mut state, &asked).unwrap().value).value("uri").as_deref(), Some("a.test:443"));
}

/// Threat AU-08: the count belongs to the nonce and only grows; client nonces do not come twice.
#[test]
fn uses_of_a_nonce_are_counted() {
    let mut client = Client::new("u", "p");
    let mut state = challenged(PLAIN, "https://a.test/");
    let mut cnonces = BTreeSet::new();
    for count in 1..=17 {
        let written = client.get(&mut state, "https://a.test/x").unwrap();
        assert_eq!(written.value("nc"), Some(format!("{count:08x}")));
        assert!(cnonces.insert(written.value("cnonce").unwrap()));
    }
    let asked = target("https://a.test/");
    state.learn(offer(PLAIN), &Asked::of_origin(&Method::GET, &asked));
    assert_eq!(client.get(&mut state, "https://a.test/").unwrap().value("nc").as_deref(), Some("00000012"));
    state.learn(offer("realm=r, nonce=m, qop=auth"), &Asked::of_origin(&Method::GET, &asked));
    assert_eq!(client.get(&mut state, "https://a.test/").unwrap().value("nc").as_deref(), Some("00000001"));
}

#[test]
fn a_nonce_that_is_used_up_is_not_used_again() {
    let mut state = challenged(PLAIN, "https://a.test/");
    state.known.as_mut().unwrap().count = u32::MAX - 1;
    let mut client = Client::new("u", "p");
    assert_eq!(client.get(&mut state, "https://a.test/").unwrap().value("nc").as_deref(), Some("ffffffff"));
    assert!(client.get(&mut state, "https://a.test/").is_none());
}

#[test]
fn a_session_keeps_its_client_nonce_and_its_first_nonce() {
    let parameters = "realm=r, nonce=n, qop=auth, algorithm=MD5-sess";
    let mut state = challenged(parameters, "https://a.test/");
    let mut client = Client::new("u", "p");
    let asked = target("https://a.test/");
    let asked = Asked::of_origin(&Method::GET, &asked);
    let first = client.answer(&mut state, &asked).unwrap();
    state.take_next_nonce(&first.proof, &next_nonce("m"));
    let second = client.answer(&mut state, &asked).unwrap();
    let cnonce = written(&first.value).value("cnonce");
    assert_eq!(written(&second.value).value("cnonce"), cnonce);
    assert_eq!(written(&second.value).value("nonce").as_deref(), Some("m"));
    let session = SessionTerms { nonce: b"n".to_vec(), cnonce: cnonce.unwrap() };
    assert_eq!(first.proof.terms.session, Some(session));
    assert_eq!(second.proof.terms.session, first.proof.terms.session);
}

#[test]
fn a_session_without_qop_names_its_client_nonce() {
    let mut state = challenged("realm=r, nonce=n, algorithm=MD5-sess", "https://a.test/");
    let written = Client::new("u", "p").get(&mut state, "https://a.test/").unwrap();
    assert!(written.value("cnonce").is_some() && written.value("nc").is_none());
}

/// RFC 7616 3.9.2, with the user name's hash as SHA-512/256 really gives it.
#[test]
fn a_user_name_may_be_hashed() {
    let parameters =
        "realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, nonce=\"n\", charset=UTF-8, userhash=true";
    let mut state = challenged(parameters, "https://a.test/");
    let written =
        Client::new("J\u{e4}s\u{f8}n Doe", "Secret, or not?").get(&mut state, "https://a.test/doe.json").unwrap();
    assert_eq!(
        written.value("username").as_deref(),
        Some("793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b")
    );
    assert!(written.raw.contains(", userhash=true") && written.value("username*").is_none());
}

#[test]
fn a_user_name_beyond_ascii_is_an_extended_value() {
    let mut state = challenged(PLAIN, "https://a.test/");
    let written = Client::new("J\u{e4}s\u{f8}n Doe!'%", "p").get(&mut state, "https://a.test/").unwrap();
    assert!(written.raw.contains("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe!%27%25, "), "{}", written.raw);
    assert_eq!(written.value("username"), None);
}

#[test]
fn a_user_name_with_a_control_character_is_refused() {
    for user in ["a\nhunter2", "a\0hunter2", "a\u{7f}hunter2", "\u{e4}\u{85}hunter2"] {
        let mut state = challenged(PLAIN, "https://a.test/");
        let target = target("https://a.test/");
        let asked = Asked::of_origin(&Method::GET, &target);
        let mut entropy = Entropy::from_seed([1; 32]);
        let error = state.answer(&Credential::digest(user, "hunter2"), &asked, &mut entropy).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidHeader);
        assert!(!format!("{error}{error:?}").contains("hunter2"));
    }
}

#[test]
fn auth_int_asks_for_the_hash_of_the_body_once() {
    let parameters = "realm=r, nonce=n, qop=auth-int, algorithm=SHA-256";
    let mut state = challenged(parameters, "https://a.test/");
    assert_eq!(state.needs_body_hash(), Some(HashAlgorithm::Sha256));
    let asked_for = Cell::new(0);
    let hash = |algorithm| {
        asked_for.set(asked_for.get() + 1);
        Some(BodyHash::of(algorithm, b"v=1"))
    };
    let target = target("https://a.test/x");
    let body = RequestBody::replayable(BodySize::Sized(3));
    let asked = Asked::of_origin(&Method::POST, &target).with_body(body);
    let mut client = Client::new("u", "p");
    assert!(client.answer(&mut state, &asked).is_none(), "no hash, no answer");
    let answer = client.answer(&mut state, &asked.with_hash(&hash)).unwrap();
    assert_eq!(asked_for.get(), 1);
    let written = written(&answer.value);
    assert_eq!((written.value("qop").as_deref(), written.value("nc").as_deref()), (Some("auth-int"), Some("00000001")));
    let wrong = |_| Some(BodyHash::of(HashAlgorithm::Md5, b"v=1"));
    assert!(client.answer(&mut state, &asked.with_hash(&wrong)).is_none(), "the hash of another function");
    let empty = Asked::of_origin(&Method::GET, &target).with_hash(&hash);
    assert!(client.answer(&mut state, &empty).is_some());
    assert_eq!(asked_for.get(), 1, "an empty body needs no help");
    assert_eq!(challenged(PLAIN, "https://a.test/").needs_body_hash(), None);
}

#[test]
fn the_next_nonce_starts_at_one_and_an_old_answer_brings_no_nonce_back() {
    let mut client = Client::new("u", "p");
    let mut state = challenged(PLAIN, "https://a.test/");
    let target = target("https://a.test/");
    let asked = Asked::of_origin(&Method::GET, &target);
    let one = client.answer(&mut state, &asked).unwrap().proof;
    let two = client.answer(&mut state, &asked).unwrap().proof;
    state.take_next_nonce(&one, &next_nonce("m"));
    let nonce_and_count = |client: &mut Client, state: &mut DigestState| {
        let written = client.get(state, "https://a.test/").unwrap();
        (written.value("nonce").unwrap(), written.value("nc").unwrap())
    };
    assert_eq!(nonce_and_count(&mut client, &mut state), ("m".to_owned(), "00000001".to_owned()));
    state.take_next_nonce(&two, &next_nonce("other"));
    state.take_next_nonce(&two, &next_nonce("m"));
    assert_eq!(nonce_and_count(&mut client, &mut state), ("m".to_owned(), "00000002".to_owned()));
    let three = client.answer(&mut state, &asked).unwrap().proof;
    state.take_next_nonce(&three, &next_nonce("m"));
    state.take_next_nonce(&three, &next_nonce(""));
    assert_eq!(nonce_and_count(&mut client, &mut state), ("m".to_owned(), "00000004".to_owned()));
}

/// Threat AU-01 (CVE-2026-54276): `domain` names paths of this origin and opens no other.
#[test]
fn the_protection_space_is_what_domain_names_of_this_origin() {
    let covered = |domain: &str, url: &str| {
        let mut state = challenged(&format!("{PLAIN}, domain=\"{domain}\""), "https://a.test/asked/x");
        Client::new("u", "p").get(&mut state, url).is_some()
    };
    for domain in ["", "/", "https://b.test/", "https://a.test/", "http://a.test/p https://a.test:8443/p", "http://["] {
        assert!(covered(domain, "https://a.test/any"), "{domain}");
    }
    for (url, expected) in [
        ("https://a.test/p", true),
        ("https://a.test/p?q", true),
        ("https://a.test/p/x", true),
        ("https://a.test/px", false),
        ("https://a.test/", false),
        ("https://a.test/q/", true),
        ("https://a.test/q/x", true),
        ("https://a.test/q", false),
        ("https://a.test/asked/x", true),
        ("https://a.test/asked/x/y", false),
        ("https://a.test/asked", false),
    ] {
        assert_eq!(covered("/p  https://a.test/q/ https://b.test/", url), expected, "{url}");
    }
}

#[test]
fn after_a_refusal_nothing_is_sent_ahead_and_the_count_goes_on() {
    let mut client = Client::new("u", "p");
    let mut state = challenged(PLAIN, "https://a.test/");
    assert!(client.get(&mut state, "https://a.test/").is_some());
    state.refuse();
    assert!(client.get(&mut state, "https://a.test/").is_none());
    let asked = target("https://a.test/");
    state.learn(offer(PLAIN), &Asked::of_origin(&Method::GET, &asked));
    assert_eq!(client.get(&mut state, "https://a.test/").unwrap().value("nc").as_deref(), Some("00000002"));
}

#[test]
fn debug_shows_neither_password_nor_query() {
    let mut state = challenged(PLAIN, "https://a.test/");
    let target = target("https://a.test/?token=hunter2");
    let asked = Asked::of_origin(&Method::GET, &target);
    let answer = Client::new("u", "hunter2").answer(&mut state, &asked).unwrap();
    let shown = format!("{asked:?} {answer:?} {state:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

proptest! {
    #[test]
    fn an_answer_can_be_read_back(
        user in "[ -~]{0,12}|[ -~\u{a1}-\u{2ff}]{1,8}",
        password in ".{0,12}",
        realm in "[ -~]{0,12}",
        nonce in "[ -~]{1,12}",
        path in "[ -~]{0,12}",
    ) {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let parameters = format!("realm=\"{}\", nonce=\"{}\", qop=auth", quoted(&realm), quoted(&nonce));
        let url = Url::parse("https://a.test/").unwrap().join(&format!("/x{}", path.replace('\\', ""))).unwrap();
        let mut state = challenged(&parameters, "https://a.test/");
        let written = Client::new(&user, &password).get(&mut state, url.as_str()).unwrap();
        prop_assert_eq!(written.value("realm"), Some(realm));
        prop_assert_eq!(written.value("nonce"), Some(nonce));
        prop_assert_eq!(written.value("username").is_some(), user.is_ascii());
        prop_assert_eq!(written.value("response").unwrap().len(), 32);
        prop_assert!(written.raw.is_ascii());
    }
}

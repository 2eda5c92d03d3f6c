//! Challenges for credentials: what is read stands in the lines, a good one is found whatever else stands beside it, and a
//! session that answers sends no password and stops.

use crate::exchange::now;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use session_core::auth::challenge::{Challenge, challenges};
use session_core::auth::credentials::Credential;
use session_core::limits::Limits;
use session_core::message::head::ResponseHead;
use session_core::session::Session;
use session_core::session::request::Request;
use session_core::session::step::Step;

const GOOD: &str = "Digest realm=\"r, \\\"q\\\"\", nonce=n, qop=\"auth\", algorithm=SHA-256";

/// Any bytes as the lines of a `WWW-Authenticate`.
pub fn check_challenges(bytes: &[u8]) {
    let lines: Vec<HeaderValue> =
        bytes.split(|&byte| byte == b'\n').take(16).filter_map(|line| HeaderValue::from_bytes(line).ok()).collect();
    let good = HeaderValue::from_static(GOOD);
    let alone = read(&lines, usize::MAX);
    let length: usize = lines.iter().map(HeaderValue::len).sum();
    assert!(alone.iter().map(size).sum::<usize>() <= length, "more is read than there is");
    alone.iter().for_each(|challenge| check_challenge(challenge, &lines));
    // A line is read by itself: what stands in others takes nothing from it and adds nothing.
    let one = read(std::slice::from_ref(&good), usize::MAX);
    assert_eq!(one.len(), 1);
    let each: Vec<Challenge> = lines.iter().flat_map(|line| read(std::slice::from_ref(line), usize::MAX)).collect();
    assert_eq!(each, alone);
    let before = read(&[std::slice::from_ref(&good), &lines].concat(), usize::MAX);
    assert_eq!(before, [&one[..], &alone].concat());
    let after = read(&[&lines, std::slice::from_ref(&good)].concat(), usize::MAX);
    assert_eq!(after, [&alone[..], &one].concat());
    // With a limit, the lines that fit are read.
    let small = read(&lines, length / 2);
    assert!(small.iter().all(|challenge| alone.contains(challenge)));
    assert!(small.iter().map(size).sum::<usize>() <= length / 2);
    check_answer(&lines);
}

fn read(lines: &[HeaderValue], most: usize) -> Vec<Challenge> {
    let name = HeaderName::from_static("www-authenticate");
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(&name, line.clone());
    }
    let mut limits = Limits::default();
    limits.challenge_bytes = most;
    challenges(&headers, &name, &limits)
}

fn size(challenge: &Challenge) -> usize {
    let parameters = challenge.parameters().into_iter().flat_map(|parameters| parameters.iter());
    challenge.scheme().len()
        + challenge.token68().map_or(0, str::len)
        + parameters.map(|(name, value)| name.len() + value.len()).sum::<usize>()
}

/// A challenge is made of one of the lines.
fn check_challenge(challenge: &Challenge, lines: &[HeaderValue]) {
    let is_token = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(&byte))
    };
    assert!(is_token(challenge.scheme()), "{challenge:?}");
    let stands_in = |line: &HeaderValue| {
        let has = |part: &[u8]| {
            part.is_empty() || line.as_bytes().windows(part.len()).any(|found| found.eq_ignore_ascii_case(part))
        };
        // A value in quotes may have escapes in it: without backslashes it is in the line without backslashes.
        let plain: Vec<u8> = line.as_bytes().iter().copied().filter(|byte| *byte != b'\\').collect();
        let has_value = |part: &[u8]| {
            let part: Vec<u8> = part.iter().copied().filter(|byte| *byte != b'\\').collect();
            part.is_empty() || plain.windows(part.len()).any(|found| found == part)
        };
        has(challenge.scheme().as_bytes())
            && challenge.token68().is_none_or(|token| has(token.as_bytes()))
            && challenge
                .parameters()
                .is_none_or(|all| all.iter().all(|(name, value)| has(name.as_bytes()) && has_value(value)))
    };
    assert!(lines.iter().any(stands_in), "{challenge:?} stands in no line");
    let names = challenge.parameters().into_iter().flat_map(|all| all.iter()).map(|(name, _)| name);
    names.for_each(|name| assert!(is_token(name) && name.to_ascii_lowercase() == name, "{challenge:?}"));
}

/// A session with a Digest credential, asked like that again and again.
fn check_answer(lines: &[HeaderValue]) {
    let credential = Credential::digest("user", "hunter2");
    let mut session = Session::builder().auth(credential).build().expect("a session of our own");
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("www-authenticate", line.clone());
        headers.append("authentication-info", line.clone());
    }
    let refused = ResponseHead::new(StatusCode::UNAUTHORIZED).with_headers(headers.clone());
    let accepted = ResponseHead::new(StatusCode::OK).with_headers(headers);
    for end in [&refused, &accepted] {
        let mut step = session.begin(Request::get("http://a.test/x?y"), now());
        for hop in 1.. {
            assert!(hop <= 4, "the challenges are answered without end");
            step = match step {
                Ok(Step::Send(sent)) => {
                    let fields = sent.head().headers();
                    assert!(fields.get_all("authorization").iter().count() <= 1);
                    let value = fields.get("authorization").map(|value| value.as_bytes().to_vec()).unwrap_or_default();
                    assert!(value.is_empty() || value.starts_with(b"Digest "), "{}", value.escape_ascii());
                    let secret = b"hunter2";
                    let challenged =
                        lines.iter().any(|line| line.as_bytes().windows(secret.len()).any(|part| part == secret));
                    assert!(
                        challenged || !value.windows(secret.len()).any(|part| part == secret),
                        "the password was sent"
                    );
                    session.handle_response(sent, if hop == 1 { refused.clone() } else { end.clone() }, now())
                }
                Ok(Step::Wait(_)) => panic!("nothing asked for a pause"),
                Ok(Step::Done(_)) | Err(_) => break,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{GOOD, check_challenges};

    #[test]
    fn good_and_bad_lines_are_read() {
        for text in [
            "",
            GOOD,
            "Basic realm=\"x\", Digest realm=r, nonce=n, stale=true\nNegotiate abc==\nDigest realm=\"unfinished",
            "Digest realm=r, realm=r\n,,,=,\"\\\"\n\u{e9} \u{a0}",
            "Digest realm=r, nonce=n, qop=auth-int, algorithm=MD5-sess, domain=\"/ http://b.test\", userhash=true",
        ] {
            check_challenges(text.as_bytes());
        }
    }
}

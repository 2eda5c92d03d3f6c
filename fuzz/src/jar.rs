//! A jar beside the naive model of the core's own tests, through its whole life: lines, requests, time, editing, files.

use crate::cookies::Script;
use crate::model::{Answer, Held, Model, Request, SameSite};
use session_core::cookies::{self, Cookie, Decision, Jar, SingleLabels};
use session_core::limits::Limits;
use session_core::message::target::Target;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use url::Url;

const PER_DOMAIN: usize = 3;
const TOTAL: usize = 7;
/// The most lines that are looked at.
const LINES: usize = 64;

/// Plays a script, as [`Script`] has it, with these lines beside `@URL` and `+N`: `-N` removes the N-th cookie, `!` writes
/// the jar to a cookie file and goes on with what is read from it, `~` ends the browser's session, `=D` clears a domain, and
/// `#` takes a snapshot and goes on with it.
pub fn check_jar(script: &Script<'_>) {
    let mut jar = empty();
    let mut model = Model::new(PER_DOMAIN, TOTAL, &[]);
    let mut now = 1_767_225_600_i64;
    let mut url = Url::parse("http://a.test/x/y").expect("a URL of our own");
    for line in script.text.split(|&byte| byte == b'\n').take(LINES) {
        match line {
            [b'@', rest @ ..] => {
                let next = std::str::from_utf8(rest).ok().and_then(|text| Url::parse(text).ok());
                url = next.filter(|url| Target::new(url.clone()).is_ok()).unwrap_or(url);
            }
            [b'+', rest @ ..] => now += number(rest, 6),
            [b'-', rest @ ..] => remove(&mut jar, &mut model, number(rest, 2)),
            b"!" => jar = through_a_file(jar, &mut model, now),
            b"#" => {
                jar.remove_expired(instant(now));
                model.remove_expired(now);
                let snapshot = jar.snapshot();
                jar = empty();
                assert!(jar.restore(&snapshot, instant(now)).expect("its own version").is_empty());
            }
            b"~" => {
                jar.clear_session();
                model.cookies.retain(|held| held.expires.is_some());
            }
            [b'=', rest @ ..]
                if rest.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'.') && rest.len() > 3 =>
            {
                let domain = String::from_utf8_lossy(rest);
                let domain = domain.trim_matches('.');
                jar.clear_domain(domain);
                model.cookies.retain(|held| held.domain != domain && !held.domain.ends_with(&format!(".{domain}")));
            }
            line => accept(&mut jar, &mut model, &url, line, now),
        }
        check(&mut jar, &mut model, &url, now);
    }
}

fn number(digits: &[u8], most: usize) -> i64 {
    let digits = digits.iter().filter(|byte| byte.is_ascii_digit()).take(most);
    digits.fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0'))
}

fn empty() -> Jar {
    let mut limits = Limits::default();
    limits.cookies_per_domain = PER_DOMAIN;
    limits.cookies_total = TOTAL;
    Jar::with_public_suffix(Arc::new(SingleLabels)).with_limits(&limits)
}

fn instant(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).expect("after 1970"))
}

/// A URL taken apart by hand.
fn request(url: &Url) -> Request {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let address = host.parse::<IpAddr>().ok();
    let name = host.strip_suffix('.').unwrap_or(&host);
    let local = name == "localhost"
        || name.ends_with(".localhost")
        || address.is_some_and(|address| address.to_canonical().is_loopback());
    Request {
        is_address: address.is_some(),
        trustworthy: local || url.scheme() == "https",
        path: url.path().to_owned(),
        host,
    }
}

fn target(url: &Url) -> Target {
    Target::new(url.clone()).expect("it was looked at").0
}

fn accept(jar: &mut Jar, model: &mut Model, url: &Url, line: &[u8], now: i64) {
    let decision = jar.accept(&target(url), line, instant(now));
    let answer = match decision {
        Decision::Stored(_) => Answer::Stored,
        Decision::Replaced(_) => Answer::Replaced,
        Decision::Deleted(_) => Answer::Deleted,
        Decision::Rejected(..) => Answer::Rejected,
    };
    assert_eq!(answer, model.set(&request(url), line, now), "{decision}: {}", line.escape_ascii());
}

fn remove(jar: &mut Jar, model: &mut Model, nth: i64) {
    let goes = usize::try_from(nth).ok().and_then(|nth| jar.iter().nth(nth).cloned());
    let Some(goes) = goes else { return };
    assert!(jar.remove(goes.name(), goes.domain(), goes.path()) > 0);
    model.cookies.retain(|held| {
        (&held.name[..], &held.domain[..], &held.path[..]) != (goes.name(), goes.domain(), goes.path().as_bytes())
    });
}

/// What the file cannot hold is told, and everything else comes back.
fn through_a_file(mut jar: Jar, model: &mut Model, now: i64) -> Jar {
    jar.remove_expired(instant(now));
    model.remove_expired(now);
    let mut text = Vec::new();
    let left_out = jar.write_netscape(&mut text).len();
    let before = model.cookies.len();
    model.cookies = model.listed();
    model.cookies.retain(|held| ![&held.name, &held.value, &held.path].iter().any(|text| text.contains(&b'\t')));
    assert_eq!(left_out, before - model.cookies.len());
    for held in &mut model.cookies {
        model.clock += 1;
        (held.same_site, held.created, held.used) = (SameSite::Default, model.clock, model.clock);
    }
    let mut read = empty();
    assert!(read.read_netscape(&text, instant(now)).is_empty(), "{}", text.escape_ascii());
    read
}

/// The same cookies in the same order, and the same ones sent.
fn check(jar: &mut Jar, model: &mut Model, url: &Url, now: i64) {
    jar.remove_expired(instant(now));
    model.remove_expired(now);
    let listed: Vec<Held> = jar.iter().map(held).collect();
    assert_eq!(listed, bare(&model.listed()), "not what the model holds");
    let sent: Vec<Held> = jar.select(&target(url), instant(now)).into_iter().map(held).collect();
    assert_eq!(sent, bare(&model.get(&request(url), now)), "not what the model sends to {url}");
}

/// What can be seen of a cookie.
fn held(cookie: &Cookie) -> Held {
    let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    Held {
        name: cookie.name().to_vec(),
        value: cookie.value().to_vec(),
        domain: cookie.domain().to_owned(),
        host_only: cookie.is_host_only(),
        path: cookie.path().as_bytes().to_vec(),
        expires: cookie.expires().map(|time| i64::try_from(seconds(time)).expect("within 400 days")),
        secure: cookie.is_secure(),
        http_only: cookie.is_http_only(),
        same_site: match cookie.same_site() {
            cookies::SameSite::Default => SameSite::Default,
            cookies::SameSite::None => SameSite::None,
            cookies::SameSite::Lax => SameSite::Lax,
            cookies::SameSite::Strict => SameSite::Strict,
        },
        created: 0,
        used: 0,
    }
}

fn bare(cookies: &[Held]) -> Vec<Held> {
    cookies.iter().map(|held| Held { created: 0, used: 0, ..held.clone() }).collect()
}

/// Any bytes as a cookie file: each line makes a cookie or a warning, what is held keeps the jar's bounds, and what is
/// written is read again as it was.
pub fn check_netscape(bytes: &[u8]) {
    let now = instant(1_767_225_600);
    let mut jar = empty();
    let warnings = jar.read_netscape(bytes, now);
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let says = |line: &&[u8]| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let bare = line.trim_ascii_start();
        line.starts_with(b"#HttpOnly_") || !(bare.is_empty() || bare.starts_with(b"#"))
    };
    let lines = text.split(|&byte| byte == b'\n').filter(says).count();
    assert!(
        jar.len() + warnings.len() <= lines,
        "{} cookies and {} warnings of {lines} lines",
        jar.len(),
        warnings.len()
    );
    assert!(jar.len() + warnings.len() > 0 || lines == 0, "a line was lost without a word");
    assert!(warnings.windows(2).all(|pair| pair[0].line < pair[1].line), "in order, each line once");
    assert!(warnings.iter().all(|warning| !warning.to_string().is_empty()));
    assert!(jar.len() <= TOTAL);
    for cookie in jar.iter() {
        assert!(jar.iter().filter(|other| other.domain() == cookie.domain()).count() <= PER_DOMAIN);
        let pair = [cookie.name(), cookie.value()].concat();
        assert!(!pair.is_empty() && pair.len() <= 4096, "{cookie:?}");
        assert!(pair.iter().all(|&byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f)), "{cookie:?}");
        assert!(cookie.path().starts_with('/') && !cookie.is_expired(now), "{cookie:?}");
        assert!(cookie.is_host_only() || cookie.domain().contains('.'), "{cookie:?} for a public suffix");
    }
    let (mut first, mut second) = (Vec::new(), Vec::new());
    assert!(jar.write_netscape(&mut first).is_empty(), "a file holds no tab in a field");
    let mut again = empty();
    assert!(again.read_netscape(&first, now).is_empty(), "{}", first.escape_ascii());
    assert!(again.write_netscape(&mut second).is_empty());
    assert_eq!(first.escape_ascii().to_string(), second.escape_ascii().to_string(), "the file of a file is another");
}

#[cfg(test)]
mod tests {
    use super::{check_jar, check_netscape};
    use crate::cookies::Script;

    #[test]
    fn a_life_is_played() {
        let text = b"a=1; Path=/\n@https://x.a.test/p/q\nb=2; Domain=a.test; Secure; Max-Age=5\nc=\ta\tb\n!\n+6\n#\n-0\n~\n=a.test\n\
                     @https://[::1]/\nd=1; Domain=[::1]\n@http://127.0.0.1/x\n__Host-e=1; Secure; Path=/\n=\x00\n@://\n";
        check_jar(&Script { how: 0, text });
    }

    #[test]
    fn files_and_garbage_are_read() {
        for text in [
            &b""[..],
            b"# Netscape HTTP Cookie File\n#HttpOnly_a.test\tFALSE\t/\tTRUE\t1893456000\tsid\t1\n.b.test\tTRUE\t/x\tFALSE\t0\t\tv\n",
            b"a.test\tTRUE\n\t\t\t\t\t\t\n\xff\xfe\ncom\tTRUE\t/\tFALSE\t0\ta\tb\r\n[::1]:80\tFALSE\t/\tFALSE\t0\ta\tb",
        ] {
            check_netscape(text);
        }
    }
}

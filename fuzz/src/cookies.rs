//! A jar under any Set-Cookie lines: no cookie goes where it may not, `select` does what `explain` says, and every bound
//! holds. The rules are stated anew here, from the text of RFC 6265bis, and compared.

use arbitrary::Arbitrary;
use session_core::cookies::{Cookie, Decision, Jar, Verdict, cookie_field};
use session_core::limits::Limits;
use session_core::message::target::Target;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};
use url::Url;

/// A conversation with a jar, as the fuzzer makes it up. As bytes: one that says how, then lines.
///
/// A line `@URL` goes to another URL, `+N` lets N seconds pass, and every other line is a Set-Cookie field's value that
/// the URL sends.
#[derive(Arbitrary, Clone, Copy, Debug)]
pub struct Script<'a> {
    /// Bit 0: the limits are small enough to be met.
    pub how: u8,
    /// The lines.
    pub text: &'a [u8],
}

/// The most lines that are looked at.
const LINES: usize = 64;

/// Other places that a jar is asked about.
const PROBES: [&str; 8] = [
    "http://a.test/",
    "https://a.test/x/y",
    "https://x.a.test/x",
    "http://ba.test/",
    "https://test/",
    "http://127.0.0.1/",
    "http://localhost/x/",
    "https://[::1]/",
];

/// Plays a script and checks the jar after every line, and all around each URL before it is left.
pub fn check_script(script: &Script<'_>) {
    let limits = limits(script.how);
    let mut jar = Jar::new().with_limits(&limits);
    let mut now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600);
    let mut target = target("http://a.test/x/y").expect("a URL of our own");
    for line in script.text.split(|&byte| byte == b'\n').take(LINES) {
        match line {
            [b'@', url @ ..] => {
                if let Some(next) = std::str::from_utf8(url).ok().and_then(self::target) {
                    check_around(&mut jar, &limits, &target, now);
                    target = next;
                }
            }
            [b'+', seconds @ ..] => {
                let seconds = seconds.iter().filter(|byte| byte.is_ascii_digit()).take(9);
                let seconds = seconds.fold(0_u64, |sum, byte| sum * 10 + u64::from(byte - b'0'));
                now += Duration::from_secs(seconds);
                jar.remove_expired(now);
            }
            line => check_line(&mut jar, &limits, &target, line, now),
        }
        check_bounds(&jar, &limits, now);
        check_select(&mut jar, &limits, &target, now);
    }
    check_around(&mut jar, &limits, &target, now);
}

/// Asks the jar about every URL that a mistake would show at.
fn check_around(jar: &mut Jar, limits: &Limits, target: &Target, now: SystemTime) {
    // A jar without cookies has none to send anywhere.
    if jar.is_empty() {
        return;
    }
    for probe in PROBES.iter().filter_map(|url| self::target(url)).chain(neighbours(target)) {
        check_select(jar, limits, &probe, now);
    }
}

fn limits(how: u8) -> Limits {
    let mut limits = Limits::default();
    if how & 1 != 0 {
        limits.cookie_bytes = 24;
        limits.cookie_attribute_bytes = 24;
        limits.cookies_per_domain = 3;
        limits.cookies_total = 5;
        limits.cookie_field = 40;
        limits.cookie_seconds = 1000;
    }
    limits
}

fn target(url: &str) -> Option<Target> {
    Target::new(Url::parse(url).ok()?).ok().map(|(target, _)| target)
}

/// URLs that a mistake in matching hosts or paths would take for this one.
fn neighbours(target: &Target) -> Vec<Target> {
    let (url, host) = (target.url(), target.url().host_str().unwrap_or_default());
    let hosts = [
        format!("x.{host}"),
        format!("x{host}"),
        format!("{host}."),
        host.split_once('.').map_or(host, |(_, above)| above).to_owned(),
    ];
    let elsewhere = hosts.into_iter().map(|host| format!("{}://{host}{}", url.scheme(), url.path()));
    let paths = ["", "/", "x", "/x"].into_iter().map(|more| format!("https://{host}{}{more}", url.path()));
    elsewhere.chain(paths).chain([format!("https://{host}/")]).filter_map(|url| self::target(&url)).collect()
}

/// What makes a cookie the one it is.
type Identity<'a> = (&'a [u8], &'a str, bool, &'a str);

fn identity(cookie: &Cookie) -> Identity<'_> {
    (cookie.name(), cookie.domain(), cookie.is_host_only(), cookie.path())
}

fn id_of(decision: &Decision) -> Identity<'_> {
    let id = decision.cookie();
    (id.name(), id.domain(), id.is_host_only(), id.path())
}

fn find<'a>(jar: &'a Jar, id: Identity<'_>) -> Option<&'a Cookie> {
    jar.iter().find(|cookie| identity(cookie) == id)
}

/// Numbers stand for cookies where they must be known beyond a change of the jar: copies would cost more than the checks.
fn number(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// A number that changes with any cookie.
fn sum(jar: &Jar) -> u64 {
    let one = |cookie: &Cookie| number((identity(cookie), cookie.value(), cookie.expires()));
    jar.iter().map(one).fold(0, u64::wrapping_add)
}

/// One line: what the jar says it did is what it did.
fn check_line(jar: &mut Jar, limits: &Limits, target: &Target, line: &[u8], now: SystemTime) {
    jar.remove_expired(now);
    let (before, count) = (sum(jar), jar.len());
    let held: Vec<u64> = jar.iter().map(|cookie| number(identity(cookie))).collect();
    let decision = jar.accept(target, line, now);
    let was_there = held.contains(&number(id_of(&decision)));
    let is_there = find(jar, id_of(&decision)).is_some();
    match &decision {
        Decision::Stored(_) => assert!(is_there && !was_there, "{decision:?}"),
        Decision::Replaced(_) => assert!(is_there && was_there && jar.len() == count, "{decision:?}"),
        Decision::Deleted(_) => assert!(!is_there, "{decision:?}"),
        Decision::Rejected(..) => assert_eq!((sum(jar), jar.len()), (before, count), "{decision:?}"),
    }
    assert!(!decision.to_string().is_empty());
    let control = line.iter().any(|&byte| (byte < b' ' && byte != b'\t') || byte == 0x7f);
    assert!(!control || decision.rejection().is_some(), "a control character was let in");
    if !matches!(decision, Decision::Stored(_) | Decision::Replaced(_)) {
        return;
    }
    let stored = find(jar, id_of(&decision)).expect("it is held, as was seen");
    let host = target.origin().host();
    if stored.is_host_only() {
        assert_eq!(stored.domain(), host.as_str());
    } else {
        assert!(matches_domain(host.as_str(), host.ip().is_some(), stored.domain()), "{stored:?} from {host}");
    }
    assert!(!stored.is_secure() || is_trustworthy(target), "a Secure cookie came in clear text");
    assert!(stored.name().len() + stored.value().len() <= limits.cookie_bytes);
}

/// What must hold of a jar at any time.
fn check_bounds(jar: &Jar, limits: &Limits, now: SystemTime) {
    assert_eq!(jar.iter().count(), jar.len());
    let identities: BTreeSet<Identity<'_>> = jar.iter().map(identity).collect();
    assert_eq!(identities.len(), jar.len(), "two cookies of one identity");
    assert!(jar.len() <= limits.cookies_total);
    let mut domains: BTreeMap<&str, usize> = BTreeMap::new();
    for cookie in jar.iter() {
        *domains.entry(cookie.domain()).or_default() += 1;
        assert!(cookie.name().len() + cookie.value().len() <= limits.cookie_bytes);
        assert!(!cookie.name().is_empty() || !cookie.value().is_empty());
        let latest = now + Duration::from_secs(limits.cookie_seconds);
        assert!(cookie.expires().is_none_or(|expires| expires <= latest), "{cookie:?} lives too long");
        for (prefix, host_too) in [(&b"__secure-"[..], false), (b"__host-", true)] {
            if cookie.name().to_ascii_lowercase().starts_with(prefix) {
                assert!(cookie.is_secure(), "{cookie:?}");
                assert!(!host_too || (cookie.is_host_only() && cookie.path() == "/"), "{cookie:?}");
            }
        }
    }
    assert!(domains.values().all(|&count| count <= limits.cookies_per_domain));
    assert!(jar.to_map().len() <= jar.len());
}

/// One request: what is sent may be sent, in the right order, and is what `explain` says.
fn check_select(jar: &mut Jar, limits: &Limits, target: &Target, now: SystemTime) {
    let explained: Vec<(u64, Verdict)> =
        jar.explain(target, now).into_iter().map(|(cookie, verdict)| (number(identity(cookie)), verdict)).collect();
    assert_eq!(explained.len(), jar.len(), "every cookie is explained");
    let may_go: Vec<u64> =
        jar.iter().filter(|cookie| may_go(cookie, target, now)).map(|cookie| number(identity(cookie))).collect();
    let selected = jar.select(target, now);
    let field = cookie_field(&selected);
    assert_eq!(field.is_none(), selected.is_empty());
    assert!(field.is_none_or(|field| field.is_sensitive() && field.len() <= limits.cookie_field));
    let longer_first = selected.windows(2).all(|pair| pair[0].path().len() >= pair[1].path().len());
    assert!(longer_first, "longer paths come first");
    let sent = selected.iter().map(|cookie| number(identity(cookie)));
    let said = explained.iter().filter(|(_, verdict)| *verdict == Verdict::Sent).map(|(number, _)| *number);
    assert!(sent.eq(said), "`select` and `explain` disagree on {}", target.url());
    for cookie in &selected {
        assert!(may_go.contains(&number(identity(cookie))), "{cookie:?} may not go to {}", target.url());
    }
    let full = explained.iter().any(|(_, verdict)| matches!(verdict, Verdict::Withheld(why) if is_full(*why)));
    assert!(
        full || selected.len() == may_go.len(),
        "a cookie is missing at {}: {selected:?} of {may_go:?}",
        target.url()
    );
}

fn is_full(why: session_core::cookies::Withheld) -> bool {
    why == session_core::cookies::Withheld::FieldFull
}

/// RFC 6265bis 5.8.3, for a request of the client's own.
fn may_go(cookie: &Cookie, target: &Target, now: SystemTime) -> bool {
    let host = target.origin().host();
    let domain = if cookie.is_host_only() {
        host.as_str() == cookie.domain()
    } else {
        matches_domain(host.as_str(), host.ip().is_some(), cookie.domain())
    };
    let secure = !cookie.is_secure() || is_trustworthy(target);
    let alive = cookie.expires().is_none_or(|expires| expires > now);
    domain && secure && alive && matches_path(target.url().path(), cookie.path())
}

/// RFC 6265bis 5.1.3.
fn matches_domain(host: &str, is_ip: bool, domain: &str) -> bool {
    host == domain || (!is_ip && !domain.is_empty() && host.ends_with(&format!(".{domain}")))
}

/// RFC 6265bis 5.1.4.
fn matches_path(request: &str, cookie: &str) -> bool {
    request == cookie
        || (request.starts_with(cookie) && (cookie.ends_with('/') || request[cookie.len()..].starts_with('/')))
}

/// https, or a host that is this machine.
fn is_trustworthy(target: &Target) -> bool {
    let host = target.url().host_str().unwrap_or_default();
    let name = host.strip_suffix('.').unwrap_or(host);
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let loopback =
        name == "localhost" || name.ends_with(".localhost") || address.is_ok_and(|ip| ip.to_canonical().is_loopback());
    target.url().scheme() == "https" || loopback
}

#[cfg(test)]
mod tests {
    use super::{Script, check_script, matches_domain, matches_path, may_go, target};
    use session_core::cookies::Jar;
    use std::time::SystemTime;

    #[test]
    fn a_script_is_played() {
        let text = b"a=1; Path=/\n@https://x.a.test/p/q\nb=2; Domain=a.test; Secure; Max-Age=5\nb=3; Domain=a.test\n+6\n\n=\x00\n\
                     __Host-c=1; Secure; Path=/\n@http://127.0.0.1/\nd=1; Domain=127.0.0.1\n@://\n";
        for how in [0, 1] {
            check_script(&Script { how, text });
        }
    }

    #[test]
    fn the_rules_are_those_of_the_text() {
        assert!(matches_domain("x.a.test", false, "a.test") && matches_domain("a.test", false, "a.test"));
        assert!(!matches_domain("xa.test", false, "a.test") && !matches_domain("1.2.3.4", true, "3.4"));
        assert!(matches_path("/a/b", "/a") && matches_path("/a/b", "/a/") && matches_path("/a", "/a"));
        assert!(!matches_path("/ab", "/a") && !matches_path("/a", "/a/"));
    }

    #[test]
    fn the_rules_know_a_cookie_that_may_not_go() {
        let mut jar = Jar::new();
        jar.accept(&target("https://a.test/").unwrap(), b"a=1; Secure", SystemTime::UNIX_EPOCH);
        let cookie = jar.iter().next().unwrap();
        let may_go = |url| may_go(cookie, &target(url).unwrap(), SystemTime::UNIX_EPOCH);
        assert!(may_go("https://a.test/x"));
        assert!(!may_go("http://a.test/x") && !may_go("https://x.a.test/") && !may_go("https://b.test/"));
    }
}

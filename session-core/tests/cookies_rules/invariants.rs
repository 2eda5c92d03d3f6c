//! What holds whatever comes: a jar driven by arbitrary steps, checked against rules restated in the plainest way.

use crate::{limited, sent, start, target};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use session_core::cookies::{Cookie, Decision, Jar, SetCookie, Verdict, date};
use session_core::limits::Limits;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

const PER_DOMAIN: usize = 3;
const TOTAL: usize = 9;

#[derive(Clone, Debug)]
enum Step {
    Accept { url: String, line: Vec<u8> },
    Select { url: String },
    Advance { seconds: u64 },
    Remove { nth: usize },
}

fn url() -> impl Strategy<Value = String> {
    let scheme = select(vec!["http", "https"]);
    let host = select(vec![
        "a.test",
        "w.a.test",
        "x.w.a.test",
        "ba.test",
        "a.test.",
        "test",
        "localhost",
        "10.0.0.1",
        "110.0.0.1",
        "[::1]",
        "b.example",
    ]);
    let path = select(vec!["/", "/x", "/x/", "/x/y", "/xy", "/x/y/z?q=/x"]);
    (scheme, host, path).prop_map(|(scheme, host, path)| format!("{scheme}://{host}{path}"))
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let name = select(vec!["a=", "b=", "A=", "=", "", "__Host-a=", "__secure-b=", "__Http-c=", " a\t= "]);
    let value = prop_oneof![
        4 => select(vec!["1", "2", "\"q; r\"", ""]).prop_map(|value| value.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..12),
    ];
    let attribute = select(vec![
        "Secure",
        "HttpOnly",
        "Path=/",
        "Path=/x",
        "Path=/x/",
        "Path=/x/y",
        "Path=rel",
        "Domain=a.test",
        "Domain=.W.a.test",
        "Domain=test",
        "Domain=",
        "Domain=.",
        "Domain=10.0.0.1",
        "Domain=0.0.1",
        "Domain=a.test.",
        "Max-Age=0",
        "Max-Age=5",
        "Max-Age=50",
        "Max-Age=x",
        "Expires=Thu, 01 Jan 2026 00:00:30 GMT",
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "SameSite=None",
        "SameSite=Lax",
        "junk",
    ]);
    (name, value, vec(attribute, 0..5)).prop_map(|(name, value, attributes)| {
        let mut line = [name.as_bytes(), &value].concat();
        for attribute in attributes {
            line.extend_from_slice(b"; ");
            line.extend_from_slice(attribute.as_bytes());
        }
        line
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (url(), line()).prop_map(|(url, line)| Step::Accept { url, line }),
        3 => url().prop_map(|url| Step::Select { url }),
        1 => (0_u64..20).prop_map(|seconds| Step::Advance { seconds }),
        1 => (0_usize..TOTAL).prop_map(|nth| Step::Remove { nth }),
    ];
    vec(step, 1..60)
}

fn small() -> Jar {
    limited(|limits| {
        limits.cookies_per_domain = PER_DOMAIN;
        limits.cookies_total = TOTAL;
    })
}

/// A cookie as the model holds it; the order of the model is that of creation.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    id: (Vec<u8>, String, String, bool),
    value: Vec<u8>,
    secure: bool,
    expires: Option<SystemTime>,
    used: usize,
}

fn held(cookie: &Cookie) -> Held {
    Held {
        id: (cookie.name().to_vec(), cookie.domain().to_owned(), cookie.path().to_owned(), cookie.is_host_only()),
        value: cookie.value().to_vec(),
        secure: cookie.is_secure(),
        expires: cookie.expires(),
        used: 0,
    }
}

/// Identity, use, expiry and eviction of RFC 6265bis, by scanning a list. Whether a cookie may be set is not its matter.
#[derive(Default)]
struct Model(Vec<Held>);

impl Model {
    fn apply(&mut self, decision: &Decision, line: &[u8], used: usize, now: SystemTime) {
        let id = decision.cookie();
        let id = (id.name().to_vec(), id.domain().to_owned(), id.path().to_owned(), id.is_host_only());
        let place = self.0.iter().position(|held| held.id == id);
        match decision {
            Decision::Rejected(..) => return,
            Decision::Deleted(_) => {
                if let Some(place) = place {
                    self.0.remove(place);
                }
                return;
            }
            Decision::Stored(_) => assert_eq!(place, None, "stored beside itself"),
            Decision::Replaced(_) => assert!(place.is_some(), "replaced nothing"),
        }
        let set = SetCookie::parse(line, &Limits::default()).unwrap();
        let expires = set.max_age().map(|age| now + age).or(set.expires());
        let new = Held { id, value: set.value().to_vec(), secure: set.is_secure(), expires, used };
        match place {
            Some(place) => self.0[place] = new,
            None => self.0.push(new),
        }
        let domain = decision.cookie().domain();
        let of_domain: Vec<usize> = (0..self.0.len()).filter(|&at| self.0[at].id.1 == domain).collect();
        if of_domain.len() > PER_DOMAIN {
            let goes = of_domain.into_iter().min_by_key(|&at| (self.0[at].secure, self.0[at].used)).unwrap();
            self.0.remove(goes);
        }
        if self.0.len() > TOTAL {
            let goes = (0..self.0.len()).min_by_key(|&at| self.0[at].used).unwrap();
            self.0.remove(goes);
        }
    }
}

/// Host, path and whether the connection is trustworthy, read from a URL by hand.
fn asked(url: &str) -> (String, String, bool) {
    let url = url::Url::parse(url).unwrap();
    let host = url.host_str().unwrap().trim_matches(['[', ']']).to_owned();
    let local = ["localhost", "::1"].contains(&host.as_str());
    (host, url.path().to_owned(), local || url.scheme() == "https")
}

fn may_go(cookie: &Cookie, url: &str, now: SystemTime) -> bool {
    let (host, path, trustworthy) = asked(url);
    let below = host.parse::<IpAddr>().is_err() && host.ends_with(&format!(".{}", cookie.domain()));
    let directory = format!("{}/", cookie.path().trim_end_matches('/'));
    (host == cookie.domain() || (below && !cookie.is_host_only()))
        && (path == cookie.path() || path.starts_with(&directory))
        && (trustworthy || !cookie.is_secure())
        && cookie.expires().is_none_or(|expires| now < expires)
}

fn ids<'a>(cookies: impl IntoIterator<Item = &'a Cookie>) -> Vec<Held> {
    cookies.into_iter().map(held).collect()
}

proptest! {
    #[test]
    fn the_jar_keeps_its_promises(steps in steps()) {
        let mut jar = small();
        let mut model = Model::default();
        let mut now = start();
        for (count, step) in steps.into_iter().enumerate() {
            match step {
                Step::Advance { seconds } => now += Duration::from_secs(seconds),
                Step::Remove { nth } => {
                    let cookie = jar.iter().nth(nth).cloned();
 if let Some(cookie) = cookie {
                        let gone = jar.remove(cookie.name(), cookie.domain(), cookie.path());
                        let before = model.0.len();
                        model.0.retain(|held| (&held.id.0[..], &held.id.1[..], &held.id.2[..]) != (cookie.name(), cookie.domain(), cookie.path()));
                        prop_assert_eq!(gone, before - model.0.len());
                    }
                    continue;
                }
                Step::Accept { url, line } => {
                    model.0.retain(|held| held.expires.is_none_or(|expires| now < expires));
                    let decision = jar.accept(&target(&url), &line, now);
                    let (host, _, trustworthy) = asked(&url);
                    if decision.rejection().is_none() {
                        let id = decision.cookie();
                        let above = host.parse::<IpAddr>().is_err() && host.ends_with(&format!(".{}", id.domain()));
                        prop_assert!(id.domain() == host || (above && !id.is_host_only()), "{} set {}", url, decision);
                        let secure = SetCookie::parse(&line, &Limits::default()).unwrap().is_secure();
                        prop_assert!(trustworthy || !secure, "{} set a Secure cookie", url);
                    }
                    model.apply(&decision, &line, count, now);
                }
                Step::Select { url } => {
                    model.0.retain(|held| held.expires.is_none_or(|expires| now < expires));
                    let explained: Vec<Held> = {
                        let verdicts = jar.explain(&target(&url), now);
                        prop_assert_eq!(verdicts.len(), jar.len());
                        for (cookie, verdict) in &verdicts {
                            prop_assert_eq!(*verdict == Verdict::Sent, may_go(cookie, &url, now), "{} {:?} {}", url, cookie, verdict);
                        }
                        ids(verdicts.into_iter().filter(|(_, verdict)| *verdict == Verdict::Sent).map(|(cookie, _)| cookie))
                    };
                    let sent = ids(jar.select(&target(&url), now));
                    prop_assert_eq!(&sent, &explained, "select and explain differ");
                    let creation = |held: &Held| model.0.iter().position(|other| other.id == held.id).unwrap();
                    let mut ordered = sent.clone();
                    ordered.sort_by_key(|held| (std::cmp::Reverse(held.id.2.len()), creation(held)));
                    prop_assert_eq!(&sent, &ordered, "not in order");
                    for held in &mut model.0 {
                        if sent.iter().any(|sent| sent.id == held.id) {
                            held.used = count;
                        }
                    }
                }
            }
            let mut expected = model.0.clone();
            expected.iter_mut().for_each(|held| held.used = 0);
            // Time alone frees nothing before the jar is told.
            expected.retain(|held| held.expires.is_none_or(|expires| now < expires));
            let mut listed = jar.clone();
            listed.remove_expired(now);
            prop_assert_eq!(ids(listed.iter()), expected);
            prop_assert_eq!(listed.len(), listed.iter().count());
            prop_assert!(jar.len() <= TOTAL);
            for cookie in jar.iter() {
                prop_assert!(jar.iter().filter(|other| other.domain() == cookie.domain()).count() <= PER_DOMAIN);
            }
        }
    }

    #[test]
    fn a_line_of_any_bytes_makes_a_cookie_within_bounds_or_none(line in vec(any::<u8>(), 0..200)) {
        let limits = Limits::default();
        if let Ok(set) = SetCookie::parse(&line, &limits) {
            let both = [set.name(), set.value()].concat();
            prop_assert!(!both.is_empty() && both.len() <= limits.cookie_bytes);
            prop_assert!(both.iter().all(|&byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f && byte != b';')));
            prop_assert!(!set.name().contains(&b'='));
            prop_assert!(set.path().is_none_or(|path| path.starts_with('/') && path.is_ascii()));
            prop_assert!(set.domain().is_none_or(|domain| !domain.is_empty() && domain.to_ascii_lowercase() == domain));
        }
    }

    #[test]
    fn what_is_sent_reads_back_as_what_was_set(name in "[!-:<>-~]{1,8}", value in "[!-:<-~]{0,8}") {
        let line = format!("{name}={value}; Secure; HttpOnly; Path=/");
        let mut jar = small();
        jar.accept(&target("https://a.test/"), line.as_bytes(), start());
        prop_assert_eq!(sent(&mut jar, "https://a.test/"), format!("{name}={value}"));
    }

    #[test]
    fn any_bytes_are_a_date_or_none(value in vec(any::<u8>(), 0..60)) {
        if let Some(found) = date::parse(&value) {
            prop_assert!(found >= date::parse(b"1 Jan 1601 0:0:0").unwrap());
        }
    }

    #[test]
    fn a_date_that_exists_is_read(year in 1601_i32..=9999, day in 1_u16..=365, second in 0_u32..86400) {
        use cookie::time::{Date, Duration as Span, OffsetDateTime};
        let time = Date::from_ordinal_date(year, day).unwrap().midnight().assume_utc() + Span::seconds(second.into());
        let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][time.month() as usize - 1];
        let text = format!("{:02} {month} {year:04} {:02}:{:02}:{:02} GMT", time.day(), time.hour(), time.minute(), time.second());
        let found = date::parse(text.as_bytes()).map(OffsetDateTime::from);
        prop_assert_eq!(found, Some(time));
    }
}

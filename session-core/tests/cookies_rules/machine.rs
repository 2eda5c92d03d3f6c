//! The jar beside the model, driven by the same arbitrary steps in virtual time.

use crate::model::{Answer, Held, Model, Request, SameSite, Seconds, domain_match};
use crate::target;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use session_core::cookies::{self, Cookie, Decision, Jar, PublicSuffix, SingleLabels, Verdict};
use session_core::limits::Limits;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const PER_DOMAIN: usize = 3;
const TOTAL: usize = 7;
const SUFFIXES: [&str; 1] = ["co.test"];

#[derive(Clone, Debug)]
enum Step {
    Accept {
        url: String,
        line: Vec<u8>,
    },
    Select {
        url: String,
    },
    Advance {
        seconds: Seconds,
    },
    Remove {
        nth: usize,
    },
    ClearDomain {
        domain: &'static str,
    },
    ClearSession,
    /// The jar is written to a cookie file and goes on as what is read from it.
    Netscape,
    /// The jar goes on as what is restored from its snapshot.
    Snapshot,
    /// The jar goes on as a copy.
    Clone,
}

#[derive(Clone, Debug)]
struct Reference {
    model: Model,
    now: Seconds,
    answer: Option<Answer>,
    sent: Vec<Held>,
    /// How many cookies a file could not hold.
    left_out: usize,
}

impl ReferenceStateMachine for Reference {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let model = Model::new(PER_DOMAIN, TOTAL, &SUFFIXES);
        Just(Self { model, now: 1_767_225_600, answer: None, sent: Vec::new(), left_out: 0 }).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        prop_oneof![
            12 => (url(), line()).prop_map(|(url, line)| Step::Accept { url, line }),
            6 => url().prop_map(|url| Step::Select { url }),
            2 => (0_i64..20).prop_map(|seconds| Step::Advance { seconds }),
            1 => (0_usize..TOTAL).prop_map(|nth| Step::Remove { nth }),
            1 => select(vec!["a.test", "x.w.a.test", "co.test", "10.0.0.1"]).prop_map(|domain| Step::ClearDomain { domain }),
            1 => Just(Step::ClearSession),
            1 => Just(Step::Netscape),
            1 => Just(Step::Snapshot),
            1 => Just(Step::Clone),
        ]
        .boxed()
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        let model = &mut state.model;
        match step {
            Step::Accept { url, line } => state.answer = Some(model.set(&request(url), line, state.now)),
            Step::Select { url } => state.sent = model.get(&request(url), state.now),
            Step::Advance { seconds } => state.now += seconds,
            Step::Remove { nth } => {
                if let Some(goes) = model.listed().get(*nth).cloned() {
                    model.cookies.retain(|held| {
                        (&held.name, &held.domain, &held.path) != (&goes.name, &goes.domain, &goes.path)
                    });
                }
            }
            Step::ClearDomain { domain } => {
                model.cookies.retain(|held| held.domain != *domain && !held.domain.ends_with(&format!(".{domain}")))
            }
            Step::ClearSession => model.cookies.retain(|held| held.expires.is_some()),
            Step::Netscape => {
                model.remove_expired(state.now);
                let before = model.cookies.len();
                model.cookies = model.listed();
                model
                    .cookies
                    .retain(|held| ![&held.name, &held.value, &held.path].iter().any(|text| text.contains(&b'\t')));
                state.left_out = before - model.cookies.len();
                // Neither SameSite nor the last use is in the file.
                for held in &mut model.cookies {
                    model.clock += 1;
                    (held.same_site, held.created, held.used) = (SameSite::Default, model.clock, model.clock);
                }
            }
            Step::Snapshot => model.remove_expired(state.now),
            Step::Clone => {}
        }
        state
    }
}

struct JarTest;

impl StateMachineTest for JarTest {
    type SystemUnderTest = Jar;
    type Reference = Reference;

    fn init_test(_: &Reference) -> Jar {
        empty()
    }

    fn apply(mut jar: Jar, state: &Reference, step: Step) -> Jar {
        let now = instant(state.now);
        match step {
            Step::Accept { url, line } => {
                let decision = jar.accept(&target(&url), &line, now);
                let answer = match decision {
                    Decision::Stored(_) => Answer::Stored,
                    Decision::Replaced(_) => Answer::Replaced,
                    Decision::Deleted(_) => Answer::Deleted,
                    Decision::Rejected(..) => Answer::Rejected,
                };
                assert_eq!(Some(answer), state.answer, "{decision}");
            }
            Step::Select { url } => {
                let request = request(&url);
                let explained: Vec<Held> = {
                    let verdicts = jar.explain(&target(&url), now);
                    assert_eq!(verdicts.len(), jar.len());
                    let sent = verdicts.into_iter().filter(|(_, verdict)| *verdict == Verdict::Sent);
                    sent.map(|(cookie, _)| held(cookie)).collect()
                };
                let selected = jar.select(&target(&url), now);
                for cookie in &selected {
                    assert!(domain_match(&request, cookie.domain()), "{cookie:?} to another domain");
                    assert!(!cookie.is_host_only() || cookie.domain() == request.host, "{cookie:?} to another host");
                    assert!(!cookie.is_secure() || request.trustworthy, "{cookie:?} over clear text");
                    assert!(!cookie.is_expired(now), "{cookie:?} after its time");
                }
                let selected: Vec<Held> = selected.into_iter().map(held).collect();
                assert_eq!(selected, explained, "select and explain differ");
                assert_eq!(selected, bare(&state.sent), "not what the model sends");
            }
            Step::Advance { .. } => {}
            Step::Remove { nth } => {
                let goes = jar.iter().nth(nth).cloned();
                if let Some(goes) = goes {
                    assert!(jar.remove(goes.name(), goes.domain(), goes.path()) > 0);
                }
            }
            Step::ClearDomain { domain } => jar.clear_domain(domain),
            Step::ClearSession => jar.clear_session(),
            Step::Netscape => {
                jar.remove_expired(now);
                let mut text = Vec::new();
                assert_eq!(jar.write_netscape(&mut text).len(), state.left_out);
                jar = empty();
                assert_eq!(jar.read_netscape(&text, now), []);
                let mut again = Vec::new();
                assert!(jar.write_netscape(&mut again).is_empty());
                assert_eq!(text, again, "the file of a file is another");
            }
            Step::Snapshot => {
                jar.remove_expired(now);
                jar = restored(&jar, now);
            }
            Step::Clone => jar = jar.clone(),
        }
        jar
    }

    fn check_invariants(jar: &Jar, state: &Reference) {
        // Time alone frees nothing before the jar is told.
        let (mut told, mut model) = (jar.clone(), state.model.clone());
        told.remove_expired(instant(state.now));
        model.remove_expired(state.now);
        let listed: Vec<Held> = told.iter().map(held).collect();
        assert_eq!(listed, bare(&model.listed()), "not what the model holds");
        assert_eq!(told.len(), listed.len());
        assert!(jar.len() <= TOTAL);
        for cookie in jar.iter() {
            assert!(jar.iter().filter(|other| other.domain() == cookie.domain()).count() <= PER_DOMAIN);
        }
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_jar_does_what_the_model_does(sequential 1..100 => JarTest);
}

struct Registry;

impl PublicSuffix for Registry {
    fn is_public_suffix(&self, domain: &str) -> bool {
        SingleLabels.is_public_suffix(domain) || SUFFIXES.contains(&domain)
    }
}

fn empty() -> Jar {
    let mut limits = Limits::default();
    limits.cookies_per_domain = PER_DOMAIN;
    limits.cookies_total = TOTAL;
    Jar::with_public_suffix(Arc::new(Registry)).with_limits(&limits)
}

#[cfg(all(feature = "serde", feature = "json"))]
fn restored(jar: &Jar, now: SystemTime) -> Jar {
    let text = serde_json::to_string(&jar.snapshot()).unwrap();
    let mut restored = empty();
    assert_eq!(restored.restore(&serde_json::from_str(&text).unwrap(), now).unwrap(), []);
    restored
}

#[cfg(not(all(feature = "serde", feature = "json")))]
fn restored(jar: &Jar, _: SystemTime) -> Jar {
    jar.clone()
}

fn instant(seconds: Seconds) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap())
}

/// A URL taken apart by hand.
fn request(url: &str) -> Request {
    let url = url::Url::parse(url).unwrap();
    let host = url.host_str().unwrap().trim_matches(['[', ']']).to_owned();
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    let local = host == "localhost" || host.ends_with(".localhost") || host == "::1" || host.starts_with("127.");
    Request { is_address, trustworthy: local || url.scheme() == "https", path: url.path().to_owned(), host }
}

/// What can be seen of a cookie from outside.
fn held(cookie: &Cookie) -> Held {
    let expires = cookie.expires().map(|expires| expires.duration_since(SystemTime::UNIX_EPOCH).unwrap());
    assert!(expires.is_none_or(|expires| expires.subsec_nanos() == 0));
    Held {
        name: cookie.name().to_vec(),
        value: cookie.value().to_vec(),
        domain: cookie.domain().to_owned(),
        host_only: cookie.is_host_only(),
        path: cookie.path().as_bytes().to_vec(),
        expires: expires.map(|expires| i64::try_from(expires.as_secs()).unwrap()),
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

// Most of what comes is about a few cookies of a few hosts: only so do they replace, shadow and push out each other.

fn url() -> impl Strategy<Value = String> {
    let scheme = select(vec!["http", "https", "https"]);
    let host = prop_oneof![
        8 => select(vec!["a.test", "w.a.test", "x.w.a.test"]),
        2 => select(vec![
            "ba.test", "a.test.", "test", "b.co.test", "co.test", "localhost", "10.0.0.1", "110.0.0.1", "[::1]",
        ]),
    ];
    let path = prop_oneof![
        6 => select(vec!["/", "/x/", "/x/y"]),
        1 => select(vec!["/x", "/xy", "/x;y/z", "/x/y/z?q=/x", "/\u{e9}/z"]),
    ];
    (scheme, host, path).prop_map(|(scheme, host, path)| format!("{scheme}://{host}{path}"))
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![
        8 => select(vec!["a=", "b="]),
        2 => select(vec!["c=", "d=", "A=", "=", "", "__Host-a=", "__secure-b=", "__Http-c=", " a\t= "]),
    ];
    let value = prop_oneof![
        12 => select(vec!["1", "2"]).prop_map(|value| value.as_bytes().to_vec()),
        2 => select(vec!["\"q; r\"", "", "a\tb", "base64:", "__host-", "x=y"]).prop_map(|value| value.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..12),
        1 => vec(0x20..=0xff_u8, 0..12),
    ];
    let attribute = prop_oneof![
        16 => select(vec!["Secure", "Path=/", "Path=/x", "Domain=a.test", "Max-Age=5", "Max-Age=50", "HttpOnly"])
            .prop_map(|attribute| attribute.as_bytes().to_vec()),
        6 => select(vec![
            "secure=no", "Path=/x/", "Path=/x/y", "Path=rel", "Path=/\t", "Path=/a\tb", "Domain=.W.a.test", "Domain=test",
            "Domain=", "Domain=.", "Domain=..a.test", "Domain=10.0.0.1", "Domain=0.0.1", "Domain=a.test.", "Domain=co.test",
            "Domain=[::1]", "Max-Age=0", "Max-Age=-1", "Max-Age=x", "Max-Age=99999999999999999999", "SameSite=None",
            "SameSite=Lax", "samesite=strict", "junk", "\u{2003}Secure", "Path=/\u{e9}",
        ]).prop_map(|attribute| attribute.as_bytes().to_vec()),
        2 => date().prop_map(|date| [b"Expires=".as_slice(), date.as_bytes()].concat()),
        1 => vec(any::<u8>(), 0..12),
    ];
    (name, value, vec(attribute, 0..5)).prop_map(|(name, value, attributes)| {
        let mut line = [name.as_bytes(), &value].concat();
        for attribute in attributes {
            line.extend_from_slice(b"; ");
            line.extend_from_slice(&attribute);
        }
        line
    })
}

fn date() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..60_u32).prop_map(|second| format!("Thu, 01 Jan 2026 00:00:{second:02} GMT")),
        vec(
            select(vec![
                "Thu,", "1", "01", "31", "30", "feb", "JANUARY", "dec", "2026", "70", "69", "99", "1601", "1600", "0",
                "170", "0:0:0", "23:59:59", "24:0:0", "1:2:3x", "1:2", "GMT", "2024", "29", "1x", "2026y",
            ]),
            0..8
        )
        .prop_map(|tokens| tokens.join(" ")),
        "[ -~]{0,30}",
    ]
}

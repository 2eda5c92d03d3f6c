//! A session and an exchange that are saved and restored at every step go on as if nothing had been.
//!
//! Random scripts run twice: once as they are, once with everything written as JSON and read in "another process" before
//! each step: one whose monotonic clock shows something else, and which was given the same settings.

mod damage;
mod difference;
mod kept;

use crate::clock::now;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use proptest::prelude::*;
use session_core::auth::credentials::Credential;
use session_core::auth::netrc::Netrc;
use session_core::entropy::Entropy;
use session_core::error::{Error, ErrorKind, Phase};
use session_core::message::body::{BodySize, RequestBody};
use session_core::message::head::ResponseHead;
use session_core::message::origin::Origin;
use session_core::message::proxy::ProxyServer;
use session_core::proxy::select::ProxyConfig;
use session_core::redirect::policy::RedirectPolicy;
use session_core::retry::failure::{ConnectionAge, Failure, FailureKind, Sent};
use session_core::retry::policy::RetryPolicy;
use session_core::session::Session;
use session_core::session::builder::SessionBuilder;
use session_core::session::compat::Compat;
use session_core::session::origin_settings::OriginSettings;
use session_core::session::request::Request;
use session_core::session::settings::{CookieMode, Setting};
use session_core::session::snapshot::{HopSnapshot, PauseSnapshot, Snapshot};
use session_core::session::step::{ExchangeError, Hop, Step};
use session_core::time::Now;
use std::fmt::Write as _;
use std::time::Duration;

/// The origins of a script. The first three share a name, the first two a host.
const ORIGINS: [&str; 4] = ["https://a.test", "http://a.test", "https://w.a.test", "http://b.test:8080"];

#[derive(Clone, Debug)]
struct Script {
    flags: [bool; 6],
    /// The session's credential: which kind, and for which origin, or for the first.
    credential: Option<(bool, Option<usize>)>,
    proxy: Option<bool>,
    compat: Compat,
    exchanges: Vec<Exchange>,
}

/// One request and what becomes of its hops.
#[derive(Clone, Debug)]
struct Exchange {
    origin: usize,
    method: usize,
    body: usize,
    flags: [bool; 6],
    credential: Option<bool>,
    redirect: Option<(u32, bool)>,
    mode: Option<bool>,
    timeout: bool,
    outcomes: Vec<Outcome>,
}

#[derive(Clone, Debug)]
enum Outcome {
    Answer { status: u16, to: usize, fields: [bool; 6] },
    Failure { kind: FailureKind, sent: Sent, reused: bool },
}

fn script() -> impl Strategy<Value = Script> {
    let origin = 0..ORIGINS.len();
    let status = prop::sample::select(vec![301_u16, 302, 303, 307, 308, 307, 200, 401, 401, 401, 421, 503, 503]);
    let answer = (status, origin.clone(), any::<[bool; 6]>());
    let kind =
        prop::sample::select(vec![FailureKind::Closed, FailureKind::Reset, FailureKind::Connect, FailureKind::Tls]);
    let failure = (kind, prop::sample::select(vec![Sent::Nothing, Sent::Part, Sent::All]), any::<bool>());
    let outcome = prop_oneof![
        4 => answer.prop_map(|(status, to, fields)| Outcome::Answer { status, to, fields }),
        1 => failure.prop_map(|(kind, sent, reused)| Outcome::Failure { kind, sent, reused }),
    ];
    let asked =
        (
            (origin.clone(), 0..METHODS.len(), 0..4_usize, any::<[bool; 6]>()),
            (
                prop::option::of(any::<bool>()),
                prop::option::of((0..4_u32, any::<bool>())),
                prop::option::of(any::<bool>()),
            ),
            any::<bool>(),
            prop::collection::vec(outcome, 1..8),
        )
            .prop_map(|((origin, method, body, flags), (credential, redirect, mode), timeout, outcomes)| {
                Exchange { origin, method, body, flags, credential, redirect, mode, timeout, outcomes }
            });
    let session = (
        any::<[bool; 6]>(),
        prop::option::weighted(0.7, (prop::bool::weighted(0.8), prop::option::of(origin))),
        prop::option::of(any::<bool>()),
        prop::sample::select(vec![Compat::Fetch, Compat::Fetch, Compat::Requests, Compat::Aiohttp, Compat::Curl]),
        prop::collection::vec(asked, 1..4),
    );
    session.prop_map(|(flags, credential, proxy, compat, exchanges)| Script {
        flags,
        credential,
        proxy,
        compat,
        exchanges,
    })
}

const METHODS: [Method; 4] = [Method::GET, Method::POST, Method::PUT, Method::DELETE];

fn header(value: &[u8], sensitive: bool) -> HeaderValue {
    let mut value = HeaderValue::from_bytes(value).unwrap();
    value.set_sensitive(sensitive);
    value
}

fn credential(digest: bool) -> Credential {
    if digest { Credential::digest("Mufasa", "s-digest") } else { Credential::basic("u\u{e4}", "s-basic") }
}

/// What the program gives to each of its sessions.
fn settings(script: &Script) -> SessionBuilder<Session> {
    let retry = RetryPolicy::new(2).budget(20);
    let builder = Session::builder().compat(script.compat).retry(retry).param("p", "1");
    let builder = builder.timeout(Duration::from_secs(3600));
    let server = || ProxyServer::parse("http://pu:s-proxy@proxy.test:3128").unwrap();
    match script.proxy {
        Some(true) => builder.proxy(ProxyConfig::new().all(server())),
        Some(false) => builder.proxy(ProxyConfig::new().http(ProxyServer::parse("socks5://u:s-p@[::1]").unwrap())),
        None => builder,
    }
}

/// The first session, with all that the later ones have from their snapshot.
fn first(script: &Script) -> Session {
    let mut builder = settings(script);
    let [authorization, cookie, key, raw, origin_headers, netrc] = script.flags;
    if authorization && script.credential.is_none() {
        builder = builder.default_header("Authorization", "Default s-default-auth");
    }
    if cookie {
        builder = builder.default_header("cookie", "dc=s-default-cookie; d2=2");
    }
    if key {
        builder = builder.default_header("x-api-key", "s-default-key");
    }
    if raw {
        builder = builder.default_header("x-raw", header(b"base64:\xff\xfe \"%41\\", true));
        builder = builder.default_header("x-raw", header("second \u{e9}".as_bytes(), false));
    }
    if origin_headers {
        let mut fields = HeaderMap::new();
        fields.insert("x-auth-token", header(b"s-origin\xff", false));
        builder = builder.origin_headers(ORIGINS[3], fields);
        let own = OriginSettings::new().head_timeout(Duration::from_secs(2)).cookies(Setting::Off);
        let way = OriginSettings::new().proxy(ProxyServer::parse("http://u:s-way@way.test").unwrap());
        builder = builder.origin_settings(ORIGINS[3], own.read_timeout(Setting::Off).proxy(Setting::Off));
        builder = builder.origin_settings(ORIGINS[1], way.cookies(CookieMode::ReplaceJar));
    }
    if netrc {
        let text = "machine a.test login n password s-netrc machine b.test login x default login d password s-rest";
        builder = builder.netrc(Netrc::parse(text).0).auth_for(ORIGINS[3], Credential::bearer("s-given"));
    }
    builder = match script.credential {
        Some((digest, Some(bound))) => builder.auth_for(ORIGINS[bound], credential(digest)),
        Some((digest, None)) => builder.auth(credential(digest)),
        None => builder,
    };
    builder.build().unwrap()
}

fn request(asked: &Exchange) -> Request {
    let [authorization, cookie_field, cookie, marked, user_info, removed] = asked.flags;
    let url = ORIGINS[asked.origin];
    let url = if user_info { url.replace("://", "://u:s-info@") } else { url.to_owned() };
    let mut request = Request::new(METHODS[asked.method].clone(), format!("{url}/a;b/start?q=%ff#top"));
    match asked.body {
        1 => {
            let bytes = Bytes::from_static(b"\x00body\xff");
            request.set_body(RequestBody::replayable(BodySize::Sized(bytes.len() as u64)));
            request.set_hashable(bytes);
            request.append_header("content-type", "text/plain").unwrap();
        }
        2 => {
            request.set_body(RequestBody::once(BodySize::Sized(7)));
            request.set_body_type(header(b"application/json", false));
        }
        3 => {
            request.set_body(RequestBody::once(BodySize::Streaming));
            request.append_header("content-length", "12").unwrap();
        }
        _ => {}
    }
    if authorization && asked.credential.is_none() {
        request.append_header("Authorization", "Own s-own-auth").unwrap();
    }
    if cookie_field {
        request.append_header("Cookie", header(b"f=s-own-\xff; bare; =x", false)).unwrap();
    }
    if cookie {
        request.add_cookie("c", "s-own-cookie");
    }
    if marked {
        request.append_header("x-mine", header(b"s-own-marked", true)).unwrap();
        request.append_header("x-other", "1").unwrap();
        request.append_header("x-mine", "2").unwrap();
    }
    if removed {
        request.remove_header(HeaderName::from_static("x-api-key"));
    }
    if let Some(digest) = asked.credential {
        request.set_auth(Setting::Set(credential(digest)));
    }
    if let Some((max, trusts)) = asked.redirect {
        let origins = ORIGINS[..2].iter().map(|origin| Origin::parse(origin).unwrap());
        let policy = RedirectPolicy::limited(max).keep_across_origins([HeaderName::from_static("x-mine")]);
        request.set_redirect(if trusts { policy.trust_origins(origins) } else { policy });
    }
    if let Some(replaces) = asked.mode {
        request.set_cookie_mode(if replaces { CookieMode::ReplaceJar } else { CookieMode::Off });
    }
    if asked.timeout {
        request.set_timeout(Setting::Set(Duration::from_secs(4)));
    }
    request
}

fn answer(hop: &Hop, status: u16, to: usize, fields: [bool; 6]) -> ResponseHead {
    let [sets, more, weak, hsts, later, stale] = fields;
    let mut headers = HeaderMap::new();
    headers.insert("location", HeaderValue::try_from(format!("{}/next?x#f", ORIGINS[to])).unwrap());
    if sets {
        let host = hop.origin().host().as_str();
        headers.append("set-cookie", HeaderValue::try_from(format!("j=s-jar-{host}; Path=/; Max-Age=3")).unwrap());
        headers.append("set-cookie", header(b"r=base64:\xff\xfe; Domain=a.test", false));
        headers.append("set-cookie", header(b"c=s-jar-evil; Domain=bank.test", false));
    }
    if more {
        headers.append("set-cookie", HeaderValue::from_static("__Host-h=1; Secure; Path=/; HttpOnly; SameSite=Lax"));
        headers.append("authentication-info", HeaderValue::from_static("nextnonce=\"n3\""));
    }
    if hsts {
        headers.append("strict-transport-security", HeaderValue::from_static("max-age=60; includeSubDomains"));
    }
    if later {
        headers.append("retry-after", HeaderValue::from_static("2"));
    }
    let (algorithm, qop) = if weak { ("MD5-sess", "auth,auth-int") } else { ("SHA-256", "auth-int") };
    let stale = if stale { ", stale=true" } else { "" };
    let nonce = if more { "n2" } else { "n1" };
    let challenge = format!(
        "Digest realm=\"r\u{e9}\", nonce=\"{nonce}\", opaque=\"o\", domain=\"/a /next\", algorithm={algorithm}, qop=\"{qop}\"{stale}"
    );
    headers.append("www-authenticate", HeaderValue::from_bytes(challenge.as_bytes()).unwrap());
    let mut head = ResponseHead::new(StatusCode::from_u16(status).unwrap()).with_headers(headers);
    head.reason = Bytes::from_static(b"Who \xff knows");
    head
}

/// A process: its session, its clocks, and whether it ends after each step.
struct Process<'a> {
    script: &'a Script,
    session: Session,
    now: Now,
    ends: bool,
}

impl Process<'_> {
    /// Ends, and goes on as another one.
    fn end(&mut self, step: Step) -> Step {
        let saved = self.session.snapshot(self.now).to_json().unwrap();
        let step = match step {
            Step::Send(hop) => Err(Ok(hop.snapshot(self.now).unwrap().to_json().unwrap())),
            Step::Wait(pause) => Err(Err(pause.snapshot(self.now).unwrap().to_json().unwrap())),
            done => Ok(done),
        };
        // Another monotonic clock, the same wall clock.
        self.now = Now::new(self.now.instant() + Duration::from_secs(10_000), self.now.wall());
        let snapshot = Snapshot::from_json(&saved).unwrap();
        self.session = settings(self.script).restore(snapshot, self.now).build().unwrap();
        assert_eq!(self.session.snapshot(self.now).to_json().unwrap(), saved);
        match step {
            Err(Ok(hop)) => {
                let resumed = self.session.resume_hop(HopSnapshot::from_json(&hop).unwrap(), self.now).unwrap();
                assert_eq!(resumed.snapshot(self.now).unwrap().to_json().unwrap(), hop);
                Step::Send(resumed)
            }
            Err(Err(pause)) => {
                let resumed = self.session.resume_pause(PauseSnapshot::from_json(&pause).unwrap(), self.now).unwrap();
                assert_eq!(resumed.snapshot(self.now).unwrap().to_json().unwrap(), pause);
                Step::Wait(resumed)
            }
            Ok(done) => done,
        }
    }

    fn exchange(&mut self, asked: &Exchange, told: &mut String) {
        let mut outcomes = asked.outcomes.iter();
        let mut drawn = 0_u8;
        self.session.set_entropy(Entropy::from_seed([drawn; 32]));
        let mut next = self.session.begin(request(asked), self.now);
        let outcome: Result<_, ExchangeError> = loop {
            let step = match next {
                Ok(Step::Done(delivery)) => break Ok(delivery),
                Ok(step) if self.ends => self.end(step),
                Ok(step) => step,
                Err(error) => break Err(error),
            };
            drawn += 1;
            assert!(drawn < 60, "the exchange does not end");
            // Randomness is handed in, like the time.
            self.session.set_entropy(Entropy::from_seed([drawn; 32]));
            next = match step {
                Step::Send(hop) => {
                    tell(&hop, self.now, told);
                    self.now = self.now.advanced(Duration::from_secs(1));
                    match outcomes.next() {
                        Some(Outcome::Answer { status, to, fields }) => {
                            let head = answer(&hop, *status, *to, *fields);
                            self.session.handle_response(hop, head, self.now)
                        }
                        Some(Outcome::Failure { kind, sent, reused }) => {
                            let error = Error::new(ErrorKind::Io, Phase::Head, "it failed");
                            let age = if *reused { ConnectionAge::Reused } else { ConnectionAge::Fresh };
                            self.session.handle_failure(hop, Failure::new(*kind, *sent, age, error), self.now)
                        }
                        None => self.session.handle_response(hop, ResponseHead::new(StatusCode::OK), self.now),
                    }
                }
                Step::Wait(pause) => {
                    let left = pause.until() - self.now.instant();
                    writeln!(told, "wait {left:?}").unwrap();
                    self.now = self.now.advanced(left);
                    self.session.handle_timeout(pause, self.now)
                }
                Step::Done(_) => unreachable!("the loop ended there"),
            };
        };
        match outcome {
            Ok(delivery) => {
                let head = delivery.head();
                writeln!(told, "{} {:?} {} {:?}", head.status, head.reason, delivery.url(), lines(&head.headers))
                    .unwrap();
                writeln!(told, "{}{:?}", delivery.history(), delivery.history()).unwrap();
                for hop in delivery.history().hops() {
                    writeln!(
                        told,
                        "{:?} {:?}",
                        lines(hop.request_headers()),
                        hop.response().map(|head| lines(&head.headers))
                    )
                    .unwrap();
                }
            }
            Err(error) => writeln!(told, "{error} {error:?} {}", error.history()).unwrap(),
        }
    }
}

fn lines(fields: &HeaderMap) -> Vec<(&HeaderName, &[u8], bool)> {
    fields.iter().map(|(name, value)| (name, value.as_bytes(), value.is_sensitive())).collect()
}

fn tell(hop: &Hop, now: Now, told: &mut String) {
    let head = hop.head();
    writeln!(told, "{} {} {:?} {:?}", head.method(), head.uri(), head.version(), lines(head.headers())).unwrap();
    writeln!(told, "{:?} {:?} {:?} {:?}", hop.target(), hop.pool_key(), hop.body(), hop.framing()).unwrap();
    let left = hop.deadline().map(|deadline| deadline.saturating_duration_since(now.instant()));
    writeln!(told, "{left:?} {:?} {} {}", hop.timeouts(), hop.number(), hop.fresh_connection()).unwrap();
    if let Some(connect) = hop.connect_head().unwrap() {
        writeln!(told, "{} {:?}", connect.uri(), lines(connect.headers())).unwrap();
    }
}

/// Everything that the world gets to see, and what the session knows in the end.
fn run(script: &Script, start: Now, ends: bool) -> (String, String) {
    let mut process = Process { script, session: first(script), now: start, ends };
    let mut told = String::new();
    for asked in &script.exchanges {
        process.exchange(asked, &mut told);
    }
    process.session.close();
    (told, process.session.snapshot(process.now).to_json().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn saved_and_restored_at_every_step_it_goes_on_as_if_nothing_had_been(script in script()) {
        let start = now();
        let (straight, knows) = run(&script, start, false);
        let (broken, knew) = run(&script, start, true);
        prop_assert_eq!(straight, broken);
        prop_assert_eq!(knows, knew);
    }
}

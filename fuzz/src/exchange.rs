//! A session under any operations: several exchanges under way at once, answered, failed, timed out, dropped, while time
//! passes and settings change. No secret reaches an origin it is not bound to, none is printed, every hop is one request,
//! and every exchange ends.
//!
//! Every secret is a text of its own that begins with `s-`, so that finding it in a hop tells where it came from.

mod operation;
mod shown;

use operation::Operation;
pub use operation::{Life, seeds};
pub use shown::{assert_one_request, now};
use shown::{assert_wire, everything};

use http::header::{AUTHORIZATION, COOKIE, HOST, PROXY_AUTHORIZATION};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use session_core::auth::credentials::Credential;
use session_core::auth::netrc::Netrc;
use session_core::error::{Error, ErrorKind, Phase};
use session_core::h1::TargetForm;
use session_core::limits::Limits;
use session_core::message::body::{BodySize, RequestBody};
use session_core::message::head::ResponseHead;
use session_core::message::origin::{Origin, Scheme};
use session_core::message::proxy::{Passage, ProxyServer};
use session_core::proxy::no_proxy::NoProxy;
use session_core::proxy::select::ProxyConfig;
use session_core::retry::failure::{ConnectionAge, Failure, FailureKind, Sent};
use session_core::retry::policy::RetryPolicy;
use session_core::session::Session;
use session_core::session::request::Request;
use session_core::session::settings::{CookieMode, Setting};
use session_core::session::step::{ExchangeError, Hop, Pause, Step};
use session_core::time::Now;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

const SLOTS: usize = 3;

/// More operations than these teach nothing.
const OPERATIONS: usize = 96;

const ORIGINS: [&str; 8] = [
    "https://a.test",
    "http://a.test",
    "http://a.test:8080",
    "https://w.a.test",
    "https://b.test",
    "https://evil-b.test",
    "http://127.0.0.1",
    "https://a.test.",
];

const PROXIES: [&str; 3] = ["http://u:s-proxy-0@p.test", "https://u:s-proxy-1@q.test", "socks5h://u:s-proxy-2@r.test"];

const STATUSES: [u16; 12] = [200, 301, 302, 303, 307, 308, 401, 407, 421, 503, 304, 500];

const KINDS: [FailureKind; 7] = [
    FailureKind::Closed,
    FailureKind::Reset,
    FailureKind::Connect,
    FailureKind::Timeout,
    FailureKind::Tls,
    FailureKind::Protocol,
    FailureKind::Body,
];

/// Plays a life.
pub fn check_life(life: &Life<'_>) {
    let mut playing = Playing::of(life);
    for bytes in life.operations.chunks_exact(4).take(OPERATIONS) {
        playing.play(Operation::of([bytes[0], bytes[1], bytes[2], bytes[3]]));
    }
    playing.silent(&format!("{:?}", playing.session));
}

/// A session under way, and what is known of it.
struct Playing {
    session: Session,
    now: Now,
    slots: [Option<Exchange>; SLOTS],
    begun: usize,
    /// How often the session's credential and default were set.
    generation: usize,
    proxies: ProxyConfig,
    /// Those of [`PROXIES`].
    servers: [Option<ProxyServer>; 3],
    origin_headers: Option<Origin>,
    netrc: Option<Origin>,
    /// Where each secret of the session is bound.
    bound: BTreeMap<String, Origin>,
    /// The hosts that asked to be asked over https alone.
    strict: BTreeSet<String>,
}

/// One exchange, and what must hold of it.
struct Exchange {
    token: Token,
    watch: Watch,
}

enum Token {
    Hop(Box<Hop>),
    Pause(Pause),
}

fn origin(number: u8) -> Origin {
    Origin::parse(ORIGINS[usize::from(number) % ORIGINS.len()]).expect("an origin of our own")
}

fn credential(digest: bool, secret: String) -> Credential {
    if digest { Credential::digest(secret, "s-password") } else { Credential::bearer(secret) }
}

impl Playing {
    fn of(life: &Life<'_>) -> Self {
        let has = |bit: u8| life.has & (1 << bit) != 0;
        let [credential_of, netrc_of, fields_of, way] = life.about;
        let mut bound = BTreeMap::new();
        let mut limits = Limits::default();
        limits.redirects = 5;
        let mut builder = Session::builder().limits(limits).timeout(Duration::from_secs(600));
        if has(0) {
            builder = builder.default_header("Authorization", "Default s-default-auth-0;");
        }
        if has(1) {
            builder = builder.default_header("cookie", "dc=s-default-cookie-0;");
        }
        if has(2) {
            builder = builder.default_header("x-api-key", "s-default-key;");
        }
        if has(3) {
            builder = builder.retry(RetryPolicy::new(2));
        }
        if has(4) {
            let credential = credential(has(5), "s-session-0-".to_owned());
            builder = if usize::from(credential_of) < ORIGINS.len() {
                bound.insert("s-session-0-".to_owned(), origin(credential_of));
                builder.auth_for(ORIGINS[usize::from(credential_of)], credential)
            } else {
                builder.auth(credential)
            };
        }
        let netrc = has(6).then(|| origin(netrc_of));
        if let Some(netrc) = &netrc {
            let text = format!("machine {} login n password s-netrc", netrc.host());
            builder = builder.netrc(Netrc::parse(&text).0);
        }
        let origin_headers = has(7).then(|| origin(fields_of));
        if let Some(origin) = &origin_headers {
            let mut fields = HeaderMap::new();
            fields.insert("x-auth-token", HeaderValue::from_static("s-origin-header"));
            builder = builder.origin_headers(&origin.to_string(), fields);
        }
        let server = |number: u8| PROXIES.get(usize::from(number)).map(|url| ProxyServer::parse(url).expect("a proxy"));
        let mut proxies =
            ProxyConfig::new().no_proxy(NoProxy::parse(["", "a.test", "127.0.0.1"][usize::from(way / 16 % 3)]));
        if let Some(http) = server(way % 4) {
            proxies = proxies.http(http);
        }
        if let Some(https) = server(way / 4 % 4) {
            proxies = proxies.https(https);
        }
        let session = builder.proxy(proxies.clone()).build().expect("a session of our own");
        Self {
            session,
            now: now(),
            slots: [None, None, None],
            begun: 0,
            generation: 0,
            proxies,
            servers: PROXIES.map(|url| ProxyServer::parse(url).ok()),
            origin_headers,
            netrc,
            bound,
            strict: BTreeSet::new(),
        }
    }

    fn play(&mut self, operation: Operation) {
        match operation {
            Operation::Begin { slot, origin, own } => self.begin(slot, origin, own),
            Operation::Answer { slot, status, to, gives } => self.answer(slot, status, to, gives),
            Operation::Fail { slot, kind, sent, reused } => self.fail(slot, kind, sent, reused),
            Operation::Timeout { slot } => self.timeout(slot),
            Operation::Drop { slot } => self.slots[slot] = None,
            Operation::Advance(seconds) => self.now = self.now.advanced(Duration::from_secs(seconds.into())),
            Operation::SetAuth { origin: of, digest } => {
                self.generation += 1;
                let secret = format!("s-session-{}-", self.generation);
                let credential = credential(digest, secret.clone());
                if usize::from(of) < ORIGINS.len() {
                    self.bound.insert(secret, origin(of));
                    self.session.set_auth(None);
                    self.session.set_auth_for(origin(of), credential);
                } else {
                    self.session.set_auth(Some(credential));
                }
            }
            Operation::SetDefault => {
                self.generation += 1;
                let value = format!("Default s-default-auth-{};", self.generation);
                let value = HeaderValue::try_from(value).expect("a value of our own");
                self.session.headers_mut().insert(AUTHORIZATION, value);
            }
            Operation::ClearCookies => self.session.cookies_mut().clear(),
        }
    }

    /// Bits of `own`: Authorization; Cookie; a cookie; a key; a marked field; a credential, Digest; user information; a body,
    /// that can be sent again; POST; Proxy-Authorization; a Host; the cookie mode.
    fn begin(&mut self, slot: usize, of: u8, own: u16) {
        let number = self.begun;
        self.begun += 1;
        let has = |bit: u16| own & (1 << bit) != 0;
        let url = ORIGINS[usize::from(of) % ORIGINS.len()];
        let url = if has(7) { url.replace("://", &format!("://u:s-own-{number}-info@")) } else { url.to_owned() };
        let mut request = Request::new(if has(10) { Method::POST } else { Method::GET }, format!("{url}/start?q#f"));
        let mut add = |bit, name: &'static str, value: String, marked: bool| {
            if has(bit) {
                let mut value = HeaderValue::try_from(value).expect("a value of our own");
                value.set_sensitive(marked);
                request.append_header(name, value).expect("a field of our own");
            }
        };
        add(0, "aUthorization", format!("Own s-own-{number}-auth"), false);
        add(1, "cOOkie", format!("f=s-own-{number}-field; c=1"), false);
        add(3, "X-Csrf-Token", format!("s-own-{number}-key"), false);
        add(4, "x-mine", format!("s-own-{number}-marked"), true);
        add(11, "Proxy-Authorization", format!("Own s-own-{number}-proxy"), false);
        add(12, "Host", "virtual.test:81".to_owned(), false);
        if has(2) {
            request.add_cookie("c", format!("s-own-{number}-cookie"));
        }
        if has(5) {
            request.set_auth(Setting::Set(credential(has(6), format!("s-own-{number}-credential"))));
        }
        if has(8) {
            let size = if has(13) { BodySize::Streaming } else { BodySize::Sized(7) };
            request.set_body(if has(9) { RequestBody::replayable(size) } else { RequestBody::once(size) });
        }
        request.set_cookie_mode(
            [CookieMode::Merge, CookieMode::ReplaceJar, CookieMode::Off, CookieMode::Merge][usize::from(own >> 14)],
        );
        self.silent(&format!("{request:?}"));
        let preview = self.session.preview(request.clone(), self.now);
        let step = self.session.begin(request, self.now);
        if let (Ok(preview), Ok(Step::Send(hop))) = (&preview, &step) {
            assert_eq!(preview.head.headers(), hop.head().headers(), "a preview is what is sent");
        }
        self.silent(&format!("{preview:?}"));
        self.slots[slot] = None;
        self.goes_on(slot, Watch { number, first: None, crossed: false, before: None, spent: BTreeSet::new() }, step);
    }

    fn answer(&mut self, slot: usize, status: u8, to: u8, gives: u8) {
        let Some((hop, watch)) = self.take_hop(slot) else { return };
        let has = |bit: u8| gives & (1 << bit) != 0;
        let status = STATUSES[usize::from(status) % STATUSES.len()];
        let mut headers = HeaderMap::new();
        let mut add = |name: &'static str, value: String| {
            headers.append(name, HeaderValue::try_from(value).expect("a value of our own"));
        };
        let location = format!("{}/next", origin(to));
        add("location", if has(3) { location.replace("://", "://eve:theirs@") } else { location });
        let here = hop.origin().clone();
        if has(0) {
            let host = here.host();
            for line in
                [format!("j=s-jar-{host};"), format!("c=s-jar-{host};"), "c=s-jar-evil; Domain=bank.test".to_owned()]
            {
                add("set-cookie", format!("{line} Path=/"));
            }
        }
        if has(1) {
            add("strict-transport-security", if has(2) { "max-age=0" } else { "max-age=99999" }.to_owned());
            if here.scheme() == Scheme::Https && here.host().ip().is_none() {
                let host = here.host().without_dot().to_owned();
                if has(2) {
                    self.strict.remove(&host)
                } else {
                    self.strict.insert(host)
                };
            }
        }
        if status == 401 {
            let domain = if has(4) { format!(", domain=\"{}\"", ORIGINS.join(" ")) } else { String::new() };
            let stale = if has(5) { ", stale=true" } else { "" };
            add("www-authenticate", "Negotiate abc".to_owned());
            let fresh = if has(6) { format!("{}", self.begun) } else { String::new() };
            add(
                "www-authenticate",
                format!("Digest realm=\"r\", nonce=\"nonce of {here};{fresh}\", qop=\"auth\"{domain}{stale}"),
            );
        }
        let head = ResponseHead::new(StatusCode::from_u16(status).expect("a status of our own")).with_headers(headers);
        let step = self.session.handle_response(hop, head, self.now);
        self.goes_on(slot, watch, step);
    }

    fn fail(&mut self, slot: usize, kind: u8, sent: u8, reused: bool) {
        let Some((hop, watch)) = self.take_hop(slot) else { return };
        let error = Error::new(ErrorKind::Io, Phase::Head, "it failed");
        let kind = KINDS[usize::from(kind) % KINDS.len()];
        let sent = [Sent::Nothing, Sent::Part, Sent::All][usize::from(sent) % 3];
        let age = if reused { ConnectionAge::Reused } else { ConnectionAge::Fresh };
        let step = self.session.handle_failure(hop, Failure::new(kind, sent, age, error), self.now);
        self.goes_on(slot, watch, step);
    }

    fn timeout(&mut self, slot: usize) {
        let (pause, watch) = match self.slots[slot].take() {
            Some(Exchange { token: Token::Pause(pause), watch }) => (pause, watch),
            other => return self.slots[slot] = other,
        };
        let early = self.now.instant() < pause.until();
        let step = self.session.handle_timeout(pause, self.now);
        assert!(!early || matches!(step, Ok(Step::Wait(_))), "a pause ends too early");
        self.goes_on(slot, watch, step);
    }

    fn take_hop(&mut self, slot: usize) -> Option<(Hop, Watch)> {
        match self.slots[slot].take()? {
            Exchange { token: Token::Hop(hop), watch } => Some((*hop, watch)),
            paused => {
                self.slots[slot] = Some(paused);
                None
            }
        }
    }

    /// Checks a step, and keeps its token.
    fn goes_on(&mut self, slot: usize, mut watch: Watch, step: Result<Step, ExchangeError>) {
        let token = match step {
            Ok(Step::Send(hop)) => {
                self.check(&mut watch, &hop);
                Token::Hop(Box::new(hop))
            }
            Ok(Step::Wait(pause)) => {
                assert!(
                    pause.deadline().is_none_or(|deadline| pause.until() < deadline),
                    "a pause outlasts its exchange"
                );
                self.silent(&format!("{pause:?}"));
                Token::Pause(pause)
            }
            Ok(Step::Done(delivery)) => {
                let again = delivery.next_request();
                return self.silent(&format!("{delivery:?}{}{again:?}", delivery.history()));
            }
            Err(error) => return self.silent(&format!("{error:?}{error}{}", error.history())),
        };
        self.slots[slot] = Some(Exchange { token, watch });
    }

    /// What must hold of every hop.
    fn check(&mut self, watch: &mut Watch, hop: &Hop) {
        // Five redirects; at each hop two answers to challenges, a silent retry and one for a 421; two retries in all.
        assert!(hop.number() <= 6 * 5 + 2, "the exchange does not end");
        let here = hop.origin().clone();
        self.check_form(hop);
        self.check_way(hop);
        let first = watch.first.get_or_insert_with(|| here.clone()).clone();
        watch.crossed |= here != first;
        let seen = everything(hop.head());
        assert!(!seen.contains("s-password"), "Digest sent a password");
        for number in 0..self.begun {
            if seen.contains(&format!("s-own-{number}-")) {
                assert_eq!(number, watch.number, "of another request: {seen}");
                assert!(!watch.crossed, "of {first}: {seen}");
            }
        }
        if let Some((last, carried)) = watch.before.take()
            && last != here
        {
            watch.spent.extend(carried);
        }
        let mut carried = Vec::new();
        for generation in 0..=self.generation {
            let names = [
                format!("s-default-auth-{generation};"),
                format!("s-default-cookie-{generation}"),
                format!("s-session-{generation}-"),
            ];
            for secret in names.into_iter().filter(|secret| seen.contains(secret)) {
                let bound = self.bound.entry(secret.clone()).or_insert_with(|| here.clone());
                assert_eq!(*bound, here, "bound elsewhere: {seen}");
                assert!(!watch.spent.contains(&secret), "it came back: {seen}");
                carried.push(secret);
            }
        }
        watch.before = Some((here.clone(), carried));
        assert!(!seen.contains("s-default-key") || !watch.crossed, "a key went over a change of origin: {seen}");
        assert!(!seen.contains("s-origin-header") || self.origin_headers.as_ref() == Some(&here), "{seen}");
        let netrc = self.netrc.as_ref().map(Origin::host);
        assert!(!seen.contains("s-netrc") || netrc == Some(here.host()), "{seen}");
        let mine = format!("s-jar-{};", here.host());
        let jar = seen.replace("; ", ";; ").replace('\n', ";\n") + ";";
        assert_eq!(jar.matches("s-jar-").count(), jar.matches(&mine).count(), "{seen}");
        let mine = format!("nonce of {here};");
        assert_eq!(seen.matches("nonce of ").count(), seen.matches(&mine).count(), "{seen}");
    }

    /// One request, and nothing secret in print.
    fn check_form(&self, hop: &Hop) {
        let fields = hop.head().headers();
        for name in [COOKIE, AUTHORIZATION, HOST] {
            assert!(fields.get_all(&name).iter().count() <= 1, "{name} twice");
        }
        assert_eq!((hop.target().url().username(), hop.target().url().password()), ("", None));
        let form = if hop.passage() == Some(Passage::Forward) { TargetForm::Absolute } else { TargetForm::Origin };
        assert_wire(hop.head(), form, hop.framing());
        self.silent(&format!("{hop:?}{:?}{:?}{:?}{:?}", hop.head(), hop.connect_head(), hop.route(), hop.pool_key()));
    }

    /// The way is that of the settings, and each proxy sees its own credential alone.
    fn check_way(&self, hop: &Hop) {
        let here = hop.origin();
        let strict = here.host().ip().is_none() && self.strict.contains(here.host().without_dot());
        // What was under way when a host asked for it goes on.
        assert!(here.scheme() == Scheme::Https || !strict || hop.number() > 1, "{here} is asked over https alone");
        assert_eq!(*hop.route(), self.proxies.select(here).route());
        let (seen, connect) = (
            everything(hop.head()),
            hop.connect_head().ok().flatten().map(|head| everything(&head)).unwrap_or_default(),
        );
        for (number, server) in self.servers.iter().enumerate() {
            let secret = format!("s-proxy-{number}");
            let mine = hop.route().proxy() == server.as_ref();
            let own = seen.contains("-proxy\n") || seen.ends_with("-proxy");
            let forward = mine && hop.passage() == Some(Passage::Forward) && !own;
            assert_eq!(seen.contains(&secret), forward, "{seen}");
            assert_eq!(connect.contains(&secret), mine && hop.passage() == Some(Passage::Tunnel), "{connect}");
        }
        let inside = hop.passage().is_some_and(|passage| passage != Passage::Forward);
        assert!(!inside || !hop.head().headers().contains_key(PROXY_AUTHORIZATION), "in a tunnel: {seen}");
        assert_eq!(connect.matches("s-").count(), connect.matches("s-proxy-").count(), "{connect}");
    }

    fn silent(&self, shown: &str) {
        assert!(!shown.contains("s-"), "a secret was printed: {shown}");
    }
}

/// What must hold of the hops of one exchange.
struct Watch {
    number: usize,
    first: Option<Origin>,
    crossed: bool,
    /// The origin of the hop before, and which of the session's secrets it carried.
    before: Option<(Origin, Vec<String>)>,
    /// The secrets that a change of origin took away.
    spent: BTreeSet<String>,
}

#[cfg(test)]
mod tests {
    use super::{Life, check_life, seeds};

    #[test]
    fn lives_are_played() {
        let operations = [
            [0x00, 0, 0x00, 0xff],
            [0x10, 1, 0, 0],
            [0x03, 6, 0, 0x11],
            [0x13, 2, 4, 0x09],
            [0x03, 4, 1, 0x03],
            [0x0d, 9, 0, 0],
            [0x20, 1, 0x3f, 0xff],
            [0x03, 4, 4, 0x01],
            [0x13, 6, 4, 0x70],
            [0x2a, 0, 0, 0],
            [0x2b, 0, 0, 0],
            [0x0c, 60, 0, 0],
            [0x2b, 0, 0, 0],
            [0x0e, 0, 0, 0],
            [0x03, 9, 0, 0],
            [0x0e, 1, 0, 0],
            [0x13, 0, 0, 0],
            [0x0f, 0, 0, 0],
        ];
        for has in [0, 0x0f, 0x30, 0x1f, 0xff] {
            for about in [[0; 4], [9, 1, 1, 5], [1, 0, 4, 0b100100], [9, 4, 0, 0xff]] {
                check_life(&Life { has, about, operations: operations.as_flattened() });
            }
        }
    }

    #[test]
    fn the_first_inputs_are_played() {
        for seed in seeds() {
            let [has, a, b, c, d, operations @ ..] = &seed[..] else { panic!("too short") };
            check_life(&Life { has: *has, about: [*a, *b, *c, *d], operations });
        }
    }
}

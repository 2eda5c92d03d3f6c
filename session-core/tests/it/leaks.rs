//! No random script of requests and redirects over several origins lets a secret reach an origin it is not bound to.
//!
//! Every secret is a text of its own, so that finding it in a hop tells where it came from. The rules checked here are
//! those of semantics.md "Ours", written down a second time and plainly: not what the session does, but what must hold.

use crate::clock::now;
use http::header::{AUTHORIZATION, COOKIE, HOST};
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;
use session_core::auth::credentials::Credential;
use session_core::auth::netrc::Netrc;
use session_core::error::ErrorKind;
use session_core::message::head::ResponseHead;
use session_core::message::origin::Origin;
use session_core::session::Session;
use session_core::session::request::Request;
use session_core::session::settings::Setting;
use session_core::session::step::{Hop, Step};

/// The origins of a script. The first two share a host, the second and third a name, the last two look alike.
const ORIGINS: [&str; 6] = [
    "https://a.test",
    "http://a.test",
    "http://a.test:8080",
    "https://w.a.test",
    "https://b.test",
    "https://evil-b.test",
];

#[derive(Clone, Debug)]
struct Script {
    session: Defaults,
    exchanges: Vec<Asked>,
}

/// What the session has from the start.
#[derive(Clone, Debug)]
struct Defaults {
    authorization: bool,
    cookie: bool,
    key: bool,
    credential: Option<Option<usize>>,
    origin_headers: Option<usize>,
    netrc: Option<usize>,
}

/// One request and the answers to its hops.
#[derive(Clone, Debug)]
struct Asked {
    origin: usize,
    authorization: bool,
    cookie_field: bool,
    cookie: bool,
    key: bool,
    marked: bool,
    credential: bool,
    user_info: bool,
    answers: Vec<(u16, usize, bool)>,
}

fn script() -> impl Strategy<Value = Script> {
    let origin = 0..ORIGINS.len();
    let defaults = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        prop::option::of(prop::option::of(origin.clone())),
        prop::option::of(origin.clone()),
        prop::option::of(origin.clone()),
    )
        .prop_map(|(authorization, cookie, key, credential, origin_headers, netrc)| Defaults {
            authorization,
            cookie,
            key,
            credential,
            origin_headers,
            netrc,
        });
    let status = prop::sample::select(vec![301_u16, 302, 303, 307, 308, 307, 302, 200, 401, 421, 503]);
    let answer = (status, origin.clone(), any::<bool>());
    let asked =
        (origin, any::<[bool; 7]>(), prop::collection::vec(answer, 1..7)).prop_map(|(origin, flags, answers)| {
            let [authorization, cookie_field, cookie, key, marked, credential, user_info] = flags;
            Asked { origin, authorization, cookie_field, cookie, key, marked, credential, user_info, answers }
        });
    (defaults, prop::collection::vec(asked, 1..5)).prop_map(|(session, exchanges)| Script { session, exchanges })
}

fn origin(index: usize) -> Origin {
    Origin::parse(ORIGINS[index]).unwrap()
}

fn session(defaults: &Defaults) -> Session {
    let mut builder = Session::builder();
    if defaults.authorization {
        builder = builder.default_header("Authorization", "Default s-default-auth");
    }
    if defaults.cookie {
        builder = builder.default_header("cookie", "dc=s-default-cookie");
    }
    if defaults.key {
        builder = builder.default_header("x-api-key", "s-default-key");
    }
    match defaults.credential {
        Some(Some(bound)) => builder = builder.auth_for(ORIGINS[bound], Credential::bearer("s-session-credential")),
        Some(None) => builder = builder.auth(Credential::bearer("s-session-credential")),
        None => {}
    }
    if let Some(bound) = defaults.origin_headers {
        let mut fields = HeaderMap::new();
        fields.insert("x-auth-token", HeaderValue::from_static("s-origin-header"));
        builder = builder.origin_headers(ORIGINS[bound], fields);
    }
    if let Some(bound) = defaults.netrc {
        let text = format!("machine {} login n password s-netrc", origin(bound).host().as_str());
        builder = builder.netrc(Netrc::parse(&text).0);
    }
    builder.build().unwrap()
}

fn request(asked: &Asked, number: usize) -> Request {
    let url = ORIGINS[asked.origin];
    let url = if asked.user_info { url.replace("://", &format!("://u:s-own-{number}-info@")) } else { url.to_owned() };
    let mut request = Request::get(format!("{url}/start"));
    if asked.authorization {
        request.append_header("Authorization", format!("Own s-own-{number}-auth")).unwrap();
    }
    if asked.cookie_field {
        request.append_header("Cookie", format!("f=s-own-{number}-field")).unwrap();
    }
    if asked.cookie {
        request.add_cookie("c", format!("s-own-{number}-cookie"));
    }
    if asked.key {
        request.append_header("X-Csrf-Token", format!("s-own-{number}-key")).unwrap();
    }
    if asked.marked {
        let mut value = HeaderValue::try_from(format!("s-own-{number}-marked")).unwrap();
        value.set_sensitive(true);
        request.append_header("x-mine", value).unwrap();
    }
    if asked.credential {
        request.set_auth(Setting::Set(Credential::bearer(format!("s-own-{number}-credential"))));
    }
    request
}

/// What must hold of one hop.
struct Watch<'a> {
    script: &'a Script,
    /// The exchange's number and first origin, and whether another origin was reached since.
    number: usize,
    first: Origin,
    crossed: bool,
    /// Where the defaults and the session's credential were bound, from their first use.
    bound: [Option<Origin>; 3],
    /// The hop before, which of them it carried, and which a change of origin took away for this exchange.
    before: Option<(Origin, [bool; 3])>,
    spent: [bool; 3],
}

impl Watch<'_> {
    fn check(&mut self, hop: &Hop) {
        let here = hop.origin().clone();
        self.crossed |= here != self.first;
        if let Some((last, carried)) = &self.before
            && *last != here
        {
            self.spent.iter_mut().zip(carried).for_each(|(spent, carried)| *spent |= *carried);
        }
        let mut carried = [false; 3];
        let fields = hop.head().headers();
        assert_eq!(fields.get_all(HOST).iter().count(), 1);
        assert!(fields.get_all(COOKIE).iter().count() <= 1);
        assert!(fields.get_all(AUTHORIZATION).iter().count() <= 1);
        assert_eq!(hop.target().url().username(), "");
        let shown = format!("{hop:?}{:?}", hop.head());
        assert!(!shown.contains("s-"), "a secret was printed: {shown}");
        let seen = everything(hop);
        for own in ["auth", "field", "cookie", "key", "marked", "credential", "info"] {
            for number in 0..self.script.exchanges.len() {
                if seen.contains(&format!("s-own-{number}-{own}")) {
                    assert_eq!(number, self.number, "{own} of another request at {here}");
                    assert!(!self.crossed && here == self.first, "{own} reached {here}, it belongs to {}", self.first);
                }
            }
        }
        for (index, secret) in ["s-default-auth", "s-default-cookie", "s-session-credential"].into_iter().enumerate() {
            if seen.contains(secret) {
                let bound = self.bound[index].get_or_insert_with(|| self.first.clone());
                assert_eq!(*bound, here, "{secret} reached another origin");
                assert!(!self.spent[index], "{secret} came back within the exchange");
                carried[index] = true;
            }
        }
        self.before = Some((here.clone(), carried));
        if seen.contains("s-default-key") {
            assert!(!self.crossed, "a key went over a change of origin to {here}");
        }
        if seen.contains("s-origin-header") {
            assert_eq!(Some(&here), self.script.session.origin_headers.map(origin).as_ref());
        }
        if seen.contains("s-netrc") {
            let host = self.script.session.netrc.map(|index| origin(index).host().clone());
            assert_eq!(Some(here.host()), host.as_ref());
        }
        if seen.contains("s-jar-") {
            let mine = format!("s-jar-{}", here.host().as_str());
            assert_eq!(seen.matches("s-jar-").count(), seen.matches(&mine).count(), "{seen} at {here}");
        }
    }
}

/// All that leaves with a hop, with every Basic credential decoded.
fn everything(hop: &Hop) -> String {
    let mut text = hop.head().uri().to_string();
    for (name, value) in hop.head().headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        text.push_str(&format!("\n{name}: {value}"));
        if let Some(encoded) = value.strip_prefix("Basic ") {
            text.push_str(&decoded(encoded));
        }
    }
    text
}

/// Base64, decoded by the book.
fn decoded(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut bytes) = (0_u32, 0_u32, Vec::new());
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let value = ALPHABET.iter().position(|letter| *letter == byte).unwrap();
        (bits, held) = ((bits << 6) | u32::try_from(value).unwrap(), held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn answer(hop: &Hop, (status, to, sets): (u16, usize, bool)) -> ResponseHead {
    let mut headers = HeaderMap::new();
    headers.insert("location", HeaderValue::try_from(format!("{}/next", ORIGINS[to])).unwrap());
    if sets {
        let host = hop.origin().host().as_str();
        headers.append("set-cookie", HeaderValue::try_from(format!("j=s-jar-{host}; Path=/")).unwrap());
        headers.append("set-cookie", HeaderValue::from_static("c=s-jar-evil; Domain=bank.test"));
    }
    ResponseHead::new(StatusCode::from_u16(status).unwrap()).with_headers(headers)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_reaches_an_origin_it_is_not_bound_to(script in script()) {
        let mut session = session(&script.session);
        let mut bound = [None, None, script.session.credential.flatten().map(origin)];
        for (number, asked) in script.exchanges.iter().enumerate() {
            let first = origin(asked.origin);
            let mut watch = Watch { script: &script, number, first, crossed: false, bound, before: None, spent: [false; 3] };
            let mut answers = asked.answers.iter();
            let mut step = session.begin(request(asked, number), now()).unwrap();
            let mut hops = 0;
            let outcome = loop {
                hops += 1;
                prop_assert!(hops < 40, "the exchange does not end");
                let next = match step {
                    Step::Send(hop) => {
                        watch.check(&hop);
                        let head = answer(&hop, *answers.next().unwrap_or(&(200, 0, false)));
                        session.handle_response(hop, head, now())
                    }
                    Step::Wait(_) => return Err(TestCaseError::fail("nothing asked for a pause")),
                    Step::Done(delivery) => break Ok(delivery),
                };
                step = match next {
                    Ok(step) => step,
                    Err(error) => break Err(error),
                };
            };
            let told = match &outcome {
                Ok(delivery) => format!("{delivery:?}{}", delivery.history()),
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::TooManyRedirects);
                    format!("{error:?}{error}{}", error.history())
                }
            };
            prop_assert!(!told.contains("s-"), "a secret was printed: {}", told);
            bound = watch.bound;
        }
        let shown = format!("{session:?}");
        prop_assert!(!shown.contains("s-"), "a secret was printed: {}", shown);
    }
}

//! What happens: a session, its requests, and what comes of each hop.

use crate::driver::{Outcome, origin};
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;
use session_core::auth::credentials::Credential;
use session_core::auth::netrc::Netrc;
use session_core::message::head::ResponseHead;
use session_core::message::origin::Origin;
use session_core::message::proxy::ProxyServer;
use session_core::message::route::Route;
use session_core::proxy::no_proxy::NoProxy;
use session_core::proxy::select::ProxyConfig;
use session_core::retry::failure::{ConnectionAge, FailureKind, Sent};
use session_core::retry::policy::RetryPolicy;
use session_core::session::Session;
use session_core::session::compat::Compat;
use session_core::session::origin_settings::OriginSettings;
use session_core::session::request::Request;
use session_core::session::settings::Setting;
use session_core::session::step::Hop;
use std::sync::Arc;

/// The origins of a script. The first two share a host, the second and third a name, the last two look alike.
pub(super) const ORIGINS: [&str; 6] = [
    "https://a.test",
    "http://a.test",
    "http://a.test:8080",
    "https://w.a.test",
    "https://b.test",
    "https://evil-b.test",
];

/// The proxies, each with a secret of its own.
pub(super) const PROXIES: [&str; 3] =
    ["http://u:s-proxy-0@p.test", "https://u:s-proxy-1@q.test", "socks5h://u:s-proxy-2@r.test"];

#[derive(Clone, Debug)]
pub(super) struct Script {
    /// Whose rules the session goes by.
    pub(super) compat: Compat,
    pub(super) session: Defaults,
    pub(super) exchanges: Vec<Asked>,
}

/// What the session has from the start.
#[derive(Clone, Debug)]
pub(super) struct Defaults {
    authorization: bool,
    cookie: bool,
    key: bool,
    /// Bound to an origin, or to none yet.
    pub(super) credential: Option<(Option<usize>, Scheme)>,
    pub(super) origin_headers: Option<usize>,
    pub(super) netrc: Option<usize>,
    /// The proxies for http and for https, and the origin whose host is asked without.
    proxies: [Option<usize>; 2],
    direct: Option<usize>,
    /// An origin that goes by a proxy of its own, or by none.
    own_way: Option<(usize, Option<usize>)>,
    retries: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Scheme {
    Bearer,
    Digest,
}

/// One request and what comes of its hops.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    origin: usize,
    authorization: bool,
    cookie_field: bool,
    cookie: bool,
    key: bool,
    marked: bool,
    credential: Option<Scheme>,
    user_info: bool,
    pub(super) answers: Vec<Given>,
}

/// What comes of a hop. A status of 0 is a connection that closes.
#[derive(Clone, Debug)]
pub(super) struct Given {
    status: u16,
    to: usize,
    sets: bool,
    strict: Option<bool>,
    lures: bool,
}

pub(super) fn script() -> impl Strategy<Value = Script> {
    let origin = 0..ORIGINS.len();
    let scheme = prop::sample::select(vec![Scheme::Bearer, Scheme::Digest]);
    let defaults = (
        any::<[bool; 4]>(),
        prop::option::of((prop::option::of(origin.clone()), scheme.clone())),
        prop::option::of(origin.clone()),
        prop::option::of(origin.clone()),
        [prop::option::of(0..PROXIES.len()), prop::option::of(0..PROXIES.len())],
        prop::option::of(origin.clone()),
        prop::option::of((origin.clone(), prop::option::of(0..PROXIES.len()))),
    )
        .prop_map(|(flags, credential, origin_headers, netrc, proxies, direct, own_way)| {
            let [authorization, cookie, key, retries] = flags;
            Defaults {
                authorization,
                cookie,
                key,
                credential,
                origin_headers,
                netrc,
                proxies,
                direct,
                own_way,
                retries,
            }
        });
    let status = prop::sample::select(vec![301_u16, 302, 303, 307, 308, 307, 302, 200, 401, 401, 421, 503, 0]);
    let answer = (status, origin.clone(), any::<bool>(), prop::option::of(any::<bool>()), any::<bool>())
        .prop_map(|(status, to, sets, strict, lures)| Given { status, to, sets, strict, lures });
    let own = prop::option::of(scheme);
    let asked = (origin, any::<[bool; 6]>(), own, prop::collection::vec(answer, 1..7)).prop_map(
        |(origin, flags, credential, answers)| {
            let [authorization, cookie_field, cookie, key, marked, user_info] = flags;
            Asked { origin, authorization, cookie_field, cookie, key, marked, credential, user_info, answers }
        },
    );
    let compat = prop::sample::select(vec![Compat::Fetch, Compat::Requests, Compat::Aiohttp, Compat::Curl]);
    (compat, defaults, prop::collection::vec(asked, 1..5)).prop_map(|(compat, session, exchanges)| Script {
        compat,
        session,
        exchanges,
    })
}

/// The origin of this number.
pub(super) fn origin_of(index: usize) -> Origin {
    origin(ORIGINS[index])
}

/// A credential whose user name or token is `secret`; a password is never sent by Digest.
fn credential(scheme: Scheme, secret: String) -> Credential {
    match scheme {
        Scheme::Bearer => Credential::bearer(secret),
        Scheme::Digest => Credential::digest(secret, "s-password"),
    }
}

pub(super) fn session(script: &Script) -> Session {
    let Script { compat, session: defaults, .. } = script;
    let mut builder = Session::builder().compat(*compat);
    if defaults.authorization {
        builder = builder.default_header("Authorization", "Default s-default-auth");
    }
    if defaults.cookie {
        builder = builder.default_header("cookie", "dc=s-default-cookie");
    }
    if defaults.key {
        builder = builder.default_header("x-api-key", "s-default-key");
    }
    if let Some((bound, scheme)) = defaults.credential {
        let credential = credential(scheme, "s-session-credential".to_owned());
        builder = match bound {
            Some(bound) => builder.auth_for(ORIGINS[bound], credential),
            None => builder.auth(credential),
        };
    }
    if let Some(bound) = defaults.origin_headers {
        let mut fields = HeaderMap::new();
        fields.insert("x-auth-token", HeaderValue::from_static("s-origin-header"));
        builder = builder.origin_headers(ORIGINS[bound], fields);
    }
    if let Some(bound) = defaults.netrc {
        let text = format!("machine {} login n password s-netrc", origin_of(bound).host().as_str());
        builder = builder.netrc(Netrc::parse(&text).0);
    }
    if defaults.retries {
        builder = builder.retry(RetryPolicy::new(2));
    }
    if let Some((origin, way)) = defaults.own_way {
        let way = way.map_or(Setting::Off, |index| Setting::Set(ProxyServer::parse(PROXIES[index]).unwrap()));
        builder = builder.origin_settings(ORIGINS[origin], OriginSettings::new().proxy(way));
    }
    builder.proxy(proxies(defaults)).build().unwrap()
}

/// The way to an origin.
pub(super) fn way(defaults: &Defaults, to: &Origin) -> Route {
    match defaults.own_way {
        Some((index, None)) if origin_of(index) == *to => Route::Direct,
        Some((index, Some(way))) if origin_of(index) == *to => {
            Route::Via(Arc::new(ProxyServer::parse(PROXIES[way]).unwrap()))
        }
        _ => proxies(defaults).select(to).route(),
    }
}

/// The proxies of a session.
fn proxies(defaults: &Defaults) -> ProxyConfig {
    let mut proxies = ProxyConfig::new();
    let server = |index: usize| ProxyServer::parse(PROXIES[index]).unwrap();
    let [http, https] = defaults.proxies;
    if let Some(http) = http {
        proxies = proxies.http(server(http));
    }
    if let Some(https) = https {
        proxies = proxies.https(server(https));
    }
    let direct = defaults.direct.map(|direct| origin_of(direct).host().to_string()).unwrap_or_default();
    proxies.no_proxy(NoProxy::parse(&direct))
}

pub(super) fn request(asked: &Asked, number: usize) -> Request {
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
    if let Some(scheme) = asked.credential {
        request.set_auth(Setting::Set(credential(scheme, format!("s-own-{number}-credential"))));
    }
    request
}

/// The nonce that an origin gives out: nobody else may get to see it.
pub(super) fn nonce(origin: &Origin) -> String {
    format!("nonce of {origin};")
}

/// What a hop gets.
pub(super) fn answer(hop: &Hop, given: &Given) -> Outcome {
    let Given { status, to, sets, strict, lures } = *given;
    if status == 0 {
        return Outcome::Failure(FailureKind::Closed, Sent::All, ConnectionAge::Reused);
    }
    let mut headers = HeaderMap::new();
    let mut add = |name: &'static str, value: String| {
        headers.append(name, HeaderValue::try_from(value).unwrap());
    };
    let to = if lures { ORIGINS[to].replace("://", "://eve:theirs@") } else { ORIGINS[to].to_owned() };
    add("location", format!("{to}/next"));
    if sets {
        let host = hop.origin().host().as_str();
        add("set-cookie", format!("j=s-jar-{host}; Path=/"));
        add("set-cookie", format!("c=s-jar-{host}; Path=/"));
        add("set-cookie", "c=s-jar-evil; Domain=bank.test".to_owned());
    }
    if let Some(strict) = strict {
        add("strict-transport-security", format!("max-age={}", if strict { 60 } else { 0 }));
    }
    if status == 401 {
        let domain = if lures { format!(", domain=\"{}\"", ORIGINS.join(" ")) } else { String::new() };
        add("www-authenticate", "Negotiate abc".to_owned());
        add("www-authenticate", format!("Digest realm=\"r\", nonce=\"{}\", qop=\"auth\"{domain}", nonce(hop.origin())));
    }
    Outcome::Answer(ResponseHead::new(StatusCode::from_u16(status).unwrap()).with_headers(headers))
}

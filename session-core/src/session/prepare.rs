//! From an exchange's state to the head of its next hop. Every hop is computed anew from what the session and the
//! request have for its own origin; nothing is copied from the hop before.

use crate::auth::answer;
use crate::auth::credentials::Credential;
use crate::auth::digest::state::DigestState;
use crate::entropy::Entropy;
use crate::error::{Error, ErrorKind, Phase};
use crate::message::body::Framing;
use crate::message::fields::{connection_has, expects_continue};
use crate::message::origin::{Origin, Scheme};
use crate::message::proxy::{Passage, ProxyScheme};
use crate::message::sensitive::belongs_to_origin;
use crate::proxy::select::{Choice, Direct};
use crate::session::cookie_field::{self, FieldRule, Ingredients, OwnCookie, OwnSource, SameName};
use crate::session::decide::clear_text;
use crate::session::exchange::{Exchange, SentCredentials, check_host};
use crate::session::fields::Fields;
use crate::session::hooks::Sending;
use crate::session::memory::{LedTo, Memory};
use crate::session::origin_settings;
use crate::session::plain::Plain;
use crate::session::reason::{CredentialSource, LeftOut, Reason};
use crate::session::settings::{CookieMode, Recording, Settings};
use crate::time::Now;
use crate::tls::settings::TlsPath;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT, HOST,
    PROXY_AUTHORIZATION, RANGE, TE, TRAILER, TRANSFER_ENCODING, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

/// Makes the head of the next hop.
pub(crate) fn head(
    settings: &Settings,
    memory: &mut Memory,
    plain: &mut Plain,
    entropy: &mut Entropy,
    exchange: &mut Exchange,
    now: Now,
) -> Result<(), Error> {
    let origin = exchange.target.origin().clone();
    if settings.https_only && origin.scheme() == Scheme::Http {
        return Err(clear_text(phase(exchange)));
    }
    let uri = uri(exchange)?.clone();
    let fields = &mut Fields::default();
    exchange.sent = SentCredentials::default();
    (exchange.digest, exchange.proof) = (None, None);
    let of_origin = memory.origin_settings.get(&origin);
    (exchange.timeouts, exchange.cookie_mode) =
        (exchange.begun.timeouts(of_origin), exchange.begun.cookie_mode(of_origin));
    route(origin_settings::choose(&exchange.own_proxy, of_origin, &settings.proxy, &origin), exchange);
    exchange.tls = tls(settings, exchange);
    if exchange.tls.origin.as_ref().is_some_and(|tls| !tls.verifies()) {
        exchange.note(|| Reason::Unverified);
    }
    let plain_host = origin.host_field().filter(|_| is_plain(memory, exchange, &origin));
    match plain_host.and_then(|host| plain.find(settings, exchange, host)) {
        Some(known) => *fields = known,
        None => {
            host(memory, exchange, &origin, fields)?;
            defaults(settings, memory, exchange, &origin, fields)?;
            if plain_host.is_some() {
                plain.keep(settings, exchange, fields);
            }
        }
    }
    for (name, value) in &exchange.own {
        if *name != HOST {
            fields.append(name.clone(), value.clone())?;
        }
    }
    expectation(exchange, fields);
    trailers(exchange, fields)?;
    proxy_authorization(exchange, &origin, fields)?;
    if let Some(given) = &settings.proxy_auth {
        given.prove(&mut memory.proxies, entropy, exchange, fields)?;
    }
    authorization(settings, memory, entropy, exchange, &origin, fields)?;
    cookie(settings, memory, exchange, &origin, now, fields)?;
    if let Some(show) = settings.hooks.show() {
        show(settings, memory, exchange, fields)?;
    }
    set_head(exchange, uri, fields.take());
    Ok(())
}

/// Shows the head to the hooks. What they edited holds for this hop: nothing of it is read again.
pub(super) fn show(
    settings: &Settings,
    memory: &Memory,
    exchange: &mut Exchange,
    fields: &mut Fields,
) -> Result<(), Error> {
    let Exchange { method, target, hop_number, route, .. } = &*exchange;
    let forwarded = route.proxy().is_some_and(|proxy| proxy.passage(target.origin().scheme()) == Passage::Forward);
    let (number, jar) = (*hop_number, &memory.jar);
    let mut map = fields.take();
    let sending = Sending { method, target, number, forwarded, jar, fields: &mut map, edited: Vec::new() };
    let edited = settings.hooks.sending(sending)?;
    *fields = Fields::of(map);
    if edited.contains(&AUTHORIZATION) {
        // The server proves itself against what was sent, which is not what was computed.
        exchange.proof = None;
    }
    edited.into_iter().for_each(|name| exchange.note(|| Reason::EditedByHook { name }));
    expectation(exchange, fields);
    Ok(())
}

/// Makes the head of a hop whose fields are known.
#[cfg(feature = "serde")]
pub(crate) fn head_of(exchange: &mut Exchange, fields: HeaderMap) -> Result<(), Error> {
    let uri = uri(exchange)?.clone();
    set_head(exchange, uri, fields);
    Ok(())
}

/// The target as a request has it.
fn uri(exchange: &Exchange) -> Result<&Uri, Error> {
    let none = || Error::new(ErrorKind::InvalidUrl, phase(exchange), "the URL cannot stand in a request");
    exchange.target.uri().ok_or_else(none)
}

fn set_head(exchange: &mut Exchange, uri: Uri, fields: HeaderMap) {
    exchange.head.method_mut().clone_from(&exchange.method);
    *exchange.head.uri_mut() = uri;
    *exchange.head.headers_mut() = fields;
    *exchange.head.version_mut() = exchange.version;
}

/// Whose words an error in a hop's head concerns: the caller's on the first hop, the server's after a redirect.
fn phase(exchange: &Exchange) -> Phase {
    if exchange.followed == 0 { Phase::Build } else { Phase::Decide }
}

/// Takes the way to this hop's origin, which is chosen anew for each.
fn route(choice: Choice, exchange: &mut Exchange) {
    exchange.route = choice.route();
    if !matches!(choice, Choice::Direct(Direct::NoneSet)) {
        exchange.note(|| Reason::Routed(choice));
    }
}

/// What TLS is spoken on that way, chosen anew. A proxy is no origin: it has the session's.
pub(crate) fn tls(settings: &Settings, exchange: &Exchange) -> TlsPath {
    let origin = exchange.target.origin();
    let proxy = exchange.route.proxy().filter(|proxy| proxy.scheme() == ProxyScheme::Https);
    TlsPath {
        origin: (origin.scheme() == Scheme::Https)
            .then(|| exchange.own_tls.as_ref().unwrap_or(settings.tls.of(origin)).clone()),
        proxy: proxy.map(|_| settings.tls.default.clone()),
    }
}

/// Expect asks about a body: without one it must not be sent, and it is not sent again where it was refused (RFC 9110
/// 10.1.1).
fn expectation(exchange: &mut Exchange, fields: &mut Fields) {
    let why = match exchange.framing {
        Framing::None | Framing::Length(0) => LeftOut::NoBody,
        Framing::Length(_) | Framing::Chunked if exchange.expectation_failed => LeftOut::ExpectationFailed,
        Framing::Length(_) | Framing::Chunked => return,
    };
    if fields.has(&EXPECT) && expects_continue(fields.map()) {
        fields.remove(&EXPECT);
        exchange.note(|| Reason::FieldLeftOut { name: EXPECT, why });
    }
}

/// Trailer names what follows the body (RFC 9110 6.6.2), and TE is a matter of this connection (RFC 9110 10.1.4).
fn trailers(exchange: &Exchange, fields: &mut Fields) -> Result<(), Error> {
    if !exchange.trailers.is_empty() && !fields.has(&TRAILER) {
        let names = exchange.trailers.keys().map(HeaderName::as_str).collect::<Vec<_>>().join(", ");
        let names = HeaderValue::try_from(names).map_err(|source| {
            Error::new(ErrorKind::InvalidHeader, Phase::Build, "the trailers cannot be named").with_source(source)
        })?;
        fields.append(TRAILER, names)?;
    }
    if fields.has(&TE) && !connection_has(fields.map(), "te") {
        fields.append(CONNECTION, HeaderValue::from_static("TE"))?;
    }
    Ok(())
}

/// What proves the caller to the proxy, whoever gave it: it goes with a request that is forwarded, in one field, and never
/// to an origin.
fn proxy_authorization(exchange: &Exchange, origin: &Origin, fields: &mut Fields) -> Result<(), Error> {
    let forwards = exchange.route.proxy().filter(|proxy| proxy.passage(origin.scheme()) == Passage::Forward);
    let Some(proxy) = forwards else {
        fields.remove(&PROXY_AUTHORIZATION);
        return Ok(());
    };
    if let Some(value) = proxy.authorization().filter(|_| !exchange.own.contains_key(PROXY_AUTHORIZATION)) {
        fields.remove(&PROXY_AUTHORIZATION);
        fields.append(PROXY_AUTHORIZATION, value.clone())?;
    }
    Ok(())
}

/// Whether nobody gave a field or left one out, so that [`host`] and [`defaults`] add what they always add. Not so where more is to
/// come behind that: to make room for it takes longer than what this saves.
fn is_plain(memory: &Memory, exchange: &Exchange, origin: &Origin) -> bool {
    exchange.own.is_empty()
        && exchange.removed.is_empty()
        && exchange.body_type.is_none()
        && exchange.credential.is_none()
        && memory.jar.is_empty()
        && memory.defaults.ordinary().is_empty()
        && memory.origin_headers.of(origin).is_none()
}

/// The one Host field, first of all: the caller's own for its origin, what the session has for it, else the target's
/// (RFC 9110 7.2).
fn host(memory: &Memory, exchange: &Exchange, origin: &Origin, fields: &mut Fields) -> Result<(), Error> {
    let held = |fields: &HeaderMap| {
        let kept = fields.contains_key(HOST) && !exchange.removed.contains(&HOST);
        if kept { check_host(fields).map(|()| fields.get(HOST).cloned()) } else { Ok(None) }
    };
    let mut wanted = exchange.own.get(HOST).cloned();
    if let (None, Some(for_origin)) = (&wanted, memory.origin_headers.of(origin)) {
        wanted = held(for_origin)?;
    }
    if wanted.is_none() && !exchange.moved {
        wanted = held(memory.defaults.ordinary())?;
    }
    let value = wanted
        .or_else(|| origin.host_field().cloned())
        .ok_or_else(|| Error::new(ErrorKind::InvalidUrl, phase(exchange), "the host cannot stand in a field"))?;
    fields.append(HOST, value)
}

/// The fields that the session has for every request, for this origin, and by itself.
fn defaults(
    settings: &Settings,
    memory: &Memory,
    exchange: &mut Exchange,
    origin: &Origin,
    fields: &mut Fields,
) -> Result<(), Error> {
    let for_origin = memory.origin_headers.of(origin);
    let rules = exchange.compat.rules();
    let gone = |exchange: &Exchange, name: &HeaderName| exchange.body_dropped && rules.redirect.goes_with_body(name);
    // Host, Cookie and the framing have a place of their own.
    let elsewhere = |name: &HeaderName| matches!(*name, HOST | COOKIE | CONTENT_LENGTH | TRANSFER_ENCODING);
    let overridden = |exchange: &Exchange, name: &HeaderName| {
        elsewhere(name) || exchange.own.contains_key(name) || exchange.removed.contains(name)
    };
    for (name, value) in memory.defaults.ordinary() {
        if exchange.removed.contains(name) {
            exchange.note(|| Reason::FieldLeftOut { name: name.clone(), why: LeftOut::Removed });
        }
        if overridden(exchange, name) || for_origin.is_some_and(|own| own.contains_key(name)) {
            continue;
        }
        let secret = belongs_to_origin(name) || value.is_sensitive();
        let why = if exchange.crossed && secret && !exchange.redirect.keeps(name) {
            LeftOut::CrossedOrigin
        } else if gone(exchange, name) {
            LeftOut::BodyDropped
        } else {
            fields.append(name.clone(), value.clone())?;
            continue;
        };
        exchange.note(|| Reason::FieldLeftOut { name: name.clone(), why });
    }
    for (name, value) in for_origin.into_iter().flatten() {
        if !overridden(exchange, name) && !gone(exchange, name) {
            fields.append(name.clone(), value.clone())?;
        }
    }
    // A part of something coded cannot be decoded alone.
    let ranged = exchange.own.contains_key(RANGE) || fields.has(&RANGE);
    let mut add = |name: &HeaderName, value: Option<&HeaderValue>| match value {
        Some(value) if !overridden(exchange, name) && !fields.has(name) => fields.append(name.clone(), value.clone()),
        _ => Ok(()),
    };
    add(&USER_AGENT, settings.user_agent.as_ref())?;
    rules.fields.iter().try_for_each(|(name, value)| add(name, Some(value)))?;
    add(&ACCEPT_ENCODING, exchange.codings.accept_encoding().filter(|_| !ranged).as_ref())?;
    // What a body says of itself is no default: it stays where that was removed.
    match &exchange.body_type {
        Some(of) if !exchange.own.contains_key(CONTENT_TYPE) && !fields.has(&CONTENT_TYPE) => {
            fields.append(CONTENT_TYPE, of.clone())
        }
        _ => Ok(()),
    }
}

/// The Authorization field, from the strongest source there is for this origin.
fn authorization(
    settings: &Settings,
    memory: &mut Memory,
    entropy: &mut Entropy,
    exchange: &mut Exchange,
    origin: &Origin,
    fields: &mut Fields,
) -> Result<(), Error> {
    if exchange.own.contains_key(AUTHORIZATION) {
        exchange.note(|| Reason::CredentialSent { from: CredentialSource::Field });
        return Ok(());
    }
    if exchange.credential.is_some() || exchange.without_session_credential {
        fields.remove(&AUTHORIZATION);
    }
    if exchange.credential.is_none() {
        if fields.has(&AUTHORIZATION) {
            exchange.note(|| Reason::CredentialSent { from: CredentialSource::OriginHeaders });
            return Ok(());
        }
        if exchange.removed.contains(&AUTHORIZATION) || exchange.without_session_credential {
            return Ok(());
        }
        if let Some(lines) = default_lines(Default::Authorization, memory, exchange, origin) {
            for line in lines {
                fields.append(AUTHORIZATION, line)?;
            }
            exchange.sent.default_authorization = true;
            exchange.note(|| Reason::CredentialSent { from: CredentialSource::Default });
            return Ok(());
        }
    }
    let Some((credential, from)) = credential(memory, exchange, origin) else { return Ok(()) };
    exchange.sent.session = from == CredentialSource::Session;
    let mut answers = std::mem::take(&mut exchange.answers);
    let mut authorize = |state: &mut DigestState| {
        exchange.asked(|asked| answer::authorize(&credential, state, asked, entropy, &mut answers))
    };
    let authorization = if credential.answers_challenges() {
        memory.digests.with(origin, settings.limits.digest_origins, authorize)
    } else {
        authorize(&mut DigestState::default())
    }?;
    exchange.answers = answers;
    if let Some(answer::Authorization { value, proof, .. }) = authorization {
        fields.remove(&AUTHORIZATION);
        fields.append(AUTHORIZATION, value)?;
        exchange.proof = proof.map(Box::new);
        exchange.note(|| Reason::CredentialSent { from });
    }
    exchange.digest = credential.answers_challenges().then(|| Box::new(credential));
    Ok(())
}

/// The credential for this hop: the request's own, the session's for this origin, that of netrc.
fn credential(memory: &mut Memory, exchange: &mut Exchange, origin: &Origin) -> Option<(Credential, CredentialSource)> {
    if let Some(own) = &exchange.credential {
        return Some((**own).clone());
    }
    let from = CredentialSource::Session;
    if exchange.left.contains(origin) {
        exchange.note(|| Reason::CredentialLeftOut { from, why: LeftOut::CrossedOrigin });
        return None;
    }
    if let Some(credential) = memory.credentials.of(origin, exchange.led_to()) {
        return Some((credential.clone(), from));
    }
    if let Some(other) = memory.credentials.first_origin() {
        exchange.note(|| Reason::CredentialLeftOut { from, why: LeftOut::BelongsTo(other.clone()) });
    }
    Some((memory.netrc.lookup(origin.host())?.clone(), CredentialSource::Netrc))
}

/// The two session defaults that are bound to an origin.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Default {
    Authorization,
    Cookie,
}

/// The lines of a bound default, where they may go to this origin in this exchange.
fn default_lines(
    which: Default,
    memory: &mut Memory,
    exchange: &mut Exchange,
    origin: &Origin,
) -> Option<Vec<HeaderValue>> {
    let (bound, gone) = match which {
        Default::Authorization => (memory.defaults.authorization_mut()?, exchange.gone.default_authorization),
        Default::Cookie => (memory.defaults.cookie_mut()?, exchange.gone.default_cookie),
    };
    let why = if gone {
        LeftOut::CrossedOrigin
    } else if let Some(lines) = match exchange.led_to() {
        LedTo::ByCaller => bound.value_for(origin),
        LedTo::ByServer => bound.bound_value(origin),
    } {
        return Some(lines.clone());
    } else {
        LeftOut::BelongsTo(bound.origin().cloned()?)
    };
    exchange.note(|| match which {
        Default::Authorization => Reason::CredentialLeftOut { from: CredentialSource::Default, why },
        Default::Cookie => Reason::FieldLeftOut { name: COOKIE, why },
    });
    None
}

/// The Cookie field: the jar's cookies and the request's own, or the session's default ones, in one line.
fn cookie(
    settings: &Settings,
    memory: &mut Memory,
    exchange: &mut Exchange,
    origin: &Origin,
    now: Now,
    fields: &mut Fields,
) -> Result<(), Error> {
    let for_origin = memory.origin_headers.of(origin).filter(|fields| fields.contains_key(COOKIE));
    let none_given = exchange.own_cookies.is_empty() && for_origin.is_none() && memory.defaults.get(&COOKIE).is_none();
    if none_given && memory.jar.is_empty() {
        return Ok(());
    }
    let rules = exchange.compat.rules().cookies;
    let mut own = exchange.own_cookies.clone();
    // A Cookie field of the session's is replaced by the request's, and laid under what is given by name.
    let alone = rules.field == FieldRule::AloneUntilRedirected;
    let redirected = alone && exchange.followed > 0;
    if !exchange.has_cookie_field && !redirected && !exchange.removed.contains(&COOKIE) {
        let (lines, source) = match for_origin {
            Some(fields) => (fields.get_all(COOKIE).iter().cloned().collect(), OwnSource::OriginHeaders),
            None => {
                let lines = default_lines(Default::Cookie, memory, exchange, origin);
                exchange.sent.default_cookie = lines.is_some();
                (lines.unwrap_or_default(), OwnSource::Default)
            }
        };
        let once = rules.same_name == SameName::NewestWord;
        let mut under = Vec::new();
        for line in &lines {
            for cookie in OwnCookie::of_line(line, source) {
                if !once || own.iter().all(|given| given.name() != cookie.name()) {
                    under.push(cookie);
                }
            }
        }
        under.append(&mut own);
        own = under;
    }
    let mut mode = exchange.cookie_mode;
    if alone && own.iter().any(|cookie| !cookie.is_given()) {
        own.retain(|cookie| !cookie.is_given());
        mode = CookieMode::Off;
    }
    let jar = match mode {
        CookieMode::Off => None,
        CookieMode::ReplaceJar if !own.is_empty() => None,
        CookieMode::ReplaceJar | CookieMode::Merge => Some(&mut memory.jar),
    };
    let (answered, limit) = (exchange.answered, settings.limits.cookie_field);
    let from = Ingredients { jar, own: &own, answered, limit, rules };
    let mut reasons = std::mem::take(&mut exchange.reasons);
    let recording = exchange.recording;
    let value = cookie_field::build(from, &exchange.target, now.wall(), |reason| {
        if recording == Recording::On {
            reason.add_to(&mut reasons);
        }
    });
    exchange.reasons = reasons;
    match value? {
        Some(value) => fields.append(COOKIE, value),
        None => Ok(()),
    }
}

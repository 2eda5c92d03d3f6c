//! From a request to an exchange: the caller's words, checked, with the session's settings laid under them.

use crate::auth::answer;
use crate::auth::credentials::Credential;
use crate::error::{Error, ErrorKind, Phase};
use crate::means::Means;
use crate::message::present::Present;
use crate::message::route::Route;
use crate::message::target::{Target, UserInfo};
use crate::retry::policy::Attempts;
use crate::session::compat::Rules;
use crate::session::cookie_field::{OwnCookie, OwnSource};
use crate::session::exchange::{Exchange, SentCredentials, check_host, check_server_wide, framing, framing_with};
use crate::session::history::History;
use crate::session::memory::Memory;
use crate::session::origin_settings::Begun;
use crate::session::reason::CredentialSource;
use crate::session::recent::Recent;
use crate::session::request::Request;
use crate::session::settings::{Setting, Settings};
use crate::session::version::check_version;
use crate::time::Now;
use crate::time::timings::Timings;
use crate::tls::settings::TlsPath;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, TRANSFER_ENCODING};
use http::{HeaderValue, Method};
use std::sync::Arc;
use url::Url;

/// The state of a new exchange. Nothing of it has been sent.
pub(crate) fn exchange(
    settings: &Settings,
    memory: &Memory,
    recent: &mut Recent,
    mut request: Box<Request>,
    now: Now,
) -> Result<Box<Exchange>, Error> {
    if let Some(before) = request.resumes.take() {
        return before.go_on(settings, *request, now);
    }
    let (target, user_info) = target(settings, recent, &request)?;
    let at = |error: Error| error.with_url(target.url());
    if request.method == Method::CONNECT {
        return Err(at(Error::new(ErrorKind::Unsupported, Phase::Build, "CONNECT is sent by a transport only")));
    }
    if request.method == Method::TRACE && !request.body.is_empty() {
        let error = Error::new(ErrorKind::InvalidHeader, Phase::Build, "a TRACE cannot have a body");
        return Err(at(error.with_expected("no body (RFC 9110 9.3.8)")));
    }
    if request.server_wide {
        check_server_wide(&request.method, &target).map_err(at)?;
    }
    let own = Present::of(&request.headers);
    if !own.lacks(Present::HOST) {
        check_host(&request.headers).map_err(at)?;
    }
    inherit_framing(memory, &target, &mut request);
    let rules = settings.compat.rules();
    let framing = framing(&request.method, request.body, &mut request.headers, rules.empty_length).map_err(at)?;
    let framing = framing_with(&request.trailers, framing).map_err(at)?;
    check_version(request.version, framing, &request.headers).map_err(at)?;
    let body_type = body_type(rules, &mut request);
    let has_cookie_field = !own.lacks(Present::COOKIE);
    let own_cookies = own_cookies(&mut request).map_err(at)?;
    let without_session_credential = request.auth == Setting::Off;
    let credential = match request.auth {
        Setting::Set(credential) => Some(Box::new((*credential, CredentialSource::Request))),
        Setting::Inherit | Setting::Off => {
            user_info.map(|user_info| Box::new((Credential::from(user_info), CredentialSource::UserInfo)))
        }
    };
    let timeouts = Arc::clone(&settings.timeouts);
    let begun = Begun::new(timeouts, request.timeouts, settings.cookie_mode, request.cookie_mode);
    Ok(Box::new(Exchange {
        head: http::Request::new(()),
        method: request.method,
        compat: settings.compat,
        text: settings.text,
        codings: request.decoding.unwrap_or(settings.decoding).of(settings.codings),
        own: request.headers,
        own_cookies,
        has_cookie_field,
        left: Vec::new(),
        removed: request.removed,
        credential,
        without_session_credential,
        body: request.body,
        framing,
        trailers: request.trailers,
        body_type,
        redirect: request.redirect.unwrap_or_else(|| Arc::clone(&settings.redirect)),
        own_retry: request.retry,
        version: request.version,
        cookie_mode: begun.cookie_mode(None),
        deadline: begun.total().and_then(|total| now.deadline(total)),
        begun,
        timeouts: Arc::clone(&settings.timeouts),
        followed: 0,
        hop_number: 0,
        answered: false,
        moved: false,
        crossed: false,
        body_dropped: false,
        server_wide: request.server_wide,
        expectation_failed: false,
        body_unread: false,
        sent: SentCredentials::default(),
        gone: SentCredentials::default(),
        attempts: Attempts::new(),
        hashable: request.hashable,
        digest: None,
        proof: None,
        answers: answer::Attempts::default(),
        route: Route::Direct,
        proxied: None,
        tls: TlsPath::default(),
        own_tls: request.tls,
        own_proxy: request.proxy,
        timings: Timings::default(),
        history: History::default(),
        reasons: Vec::new(),
        recording: settings.recording,
        target,
    }))
}

/// The first target: the URL joined to the base, with the session's parameters and the request's own.
fn target(settings: &Settings, recent: &mut Recent, request: &Request) -> Result<(Target, Option<UserInfo>), Error> {
    recent.joined_to(settings.base_url.as_ref(), settings.base_join);
    let append = request.append_params.or(settings.append_params);
    let append = append.filter(|_| !request.params.is_empty() || inherited_params(settings, request).next().is_some());
    let text = request.url.text().filter(|_| append.is_none());
    if let Some(known) = text.and_then(|text| recent.find(text)) {
        return Ok((known.clone(), None));
    }
    let mut url = request.url.joined(settings.base_url.as_ref(), settings.base_join)?;
    if let Some(Means(append)) = append {
        append(settings, request, &mut url);
    }
    let (target, user_info) = Target::new(url)?;
    if let (Some(text), None) = (text, &user_info) {
        recent.keep(text, &target);
    }
    Ok((target, user_info))
}

/// The session's parameters that the request takes.
fn inherited_params<'a>(settings: &'a Settings, request: &'a Request) -> impl Iterator<Item = &'a (String, String)> {
    let inherited = request.session_params != Setting::Off && !request.server_wide;
    settings.params.iter().filter(move |(name, _)| inherited && !request.removed_params.contains(name))
}

/// What adds the parameters to the first URL: it comes with the first of them.
pub(crate) type AppendParams = fn(&Settings, &Request, &mut Url);

/// Adds the session's parameters and the request's own.
pub(crate) const APPEND_PARAMS: Option<Means<AppendParams>> = Some(Means(|settings, request, url| {
    let inherited: Vec<_> = inherited_params(settings, request).cloned().collect();
    append_params(url, &inherited, &request.params);
}));

/// What the session's defaults say of the framing is the request's word, where it has none of its own: it must be as true.
fn inherit_framing(memory: &Memory, target: &Target, request: &mut Request) {
    let for_origin = memory.origin_headers.of(target.origin());
    if for_origin.is_none() && memory.defaults.ordinary().is_empty() {
        return;
    }
    for name in [CONTENT_LENGTH, TRANSFER_ENCODING] {
        if request.headers.contains_key(&name) || request.removed.contains(&name) {
            continue;
        }
        let for_origin = for_origin.filter(|fields| fields.contains_key(&name));
        for value in for_origin.unwrap_or(memory.defaults.ordinary()).get_all(&name) {
            request.headers.append(name.clone(), value.clone());
        }
    }
}

/// The request's own cookies: those of its Cookie field, then those given by name.
pub(crate) fn own_cookies(request: &mut Request) -> Result<Vec<OwnCookie>, Error> {
    let mut cookies = Vec::new();
    if request.headers.contains_key(COOKIE) {
        for line in request.headers.get_all(COOKIE) {
            cookies.extend(OwnCookie::of_line(line, OwnSource::Field));
        }
        request.headers.remove(COOKIE);
    }
    for (name, value) in &request.cookies {
        cookies.push(OwnCookie::new(name, value)?);
    }
    Ok(cookies)
}

/// The Content-Type that the body has by itself: that of a form or of JSON, else what the preset has for it.
fn body_type(rules: &Rules, request: &mut Request) -> Option<HeaderValue> {
    let untyped = &rules.untyped;
    let set = if request.body.is_empty() { untyped.without_body } else { untyped.with_body };
    let own = request.body_type.take();
    let is_wanted = || set.contains(&request.method) && !request.removed.contains(&CONTENT_TYPE);
    own.or_else(|| is_wanted().then(|| HeaderValue::from_static(untyped.value)))
}

/// Adds the parameters after the URL's own query: the session's, those of the same name replaced by the request's, then
/// the request's others. What the query already holds stays as it is written.
pub(crate) fn append_params(url: &mut Url, session: &[(String, String)], request: &[(String, String)]) {
    if session.is_empty() && request.is_empty() {
        return;
    }
    let mut query = url.query_pairs_mut();
    for (index, (name, value)) in session.iter().enumerate() {
        if !request.iter().any(|(own, _)| own == name) {
            query.append_pair(name, value);
        } else if !session.iter().take(index).any(|(earlier, _)| earlier == name) {
            query.extend_pairs(request.iter().filter(|(own, _)| own == name));
        }
    }
    query.extend_pairs(request.iter().filter(|(name, _)| !session.iter().any(|(default, _)| default == name)));
}

#[cfg(test)]
mod tests {
    use super::append_params;
    use url::Url;

    #[test]
    fn params_come_after_the_query_and_the_requests_replace_the_sessions() {
        let appended = |url: &str, session: &[(&str, &str)], request: &[(&str, &str)]| {
            let owned = |pairs: &[(&str, &str)]| {
                pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>()
            };
            let mut url = Url::parse(url).unwrap();
            append_params(&mut url, &owned(session), &owned(request));
            url.query().map(str::to_owned)
        };
        let url = "http://a.test/x?u=1&k=%0aurl";
        assert_eq!(appended(url, &[], &[]).unwrap(), "u=1&k=%0aurl");
        assert_eq!(appended(url, &[("k", "s"), ("z", "s")], &[("k", "r")]).unwrap(), "u=1&k=%0aurl&k=r&z=s");
        assert_eq!(
            appended(url, &[("k", "s")], &[("k", "1"), ("k", "2"), ("n", "&=#")]).unwrap(),
            "u=1&k=%0aurl&k=1&k=2&n=%26%3D%23"
        );
        assert_eq!(appended("http://a.test/x", &[], &[("a b", "c d")]).unwrap(), "a+b=c+d");
        assert_eq!(appended("http://a.test/x", &[], &[]), None);
    }
}

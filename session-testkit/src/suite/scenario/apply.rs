//! A case's settings and requests, put to the builders of the library: the same for every driver.
//!
//! What the library does not do yet is never left out in silence: the case fails, and the message names the setting.

use crate::suite::jar;
use crate::suite::scenario::model::{Pairs, Request};
use crate::suite::scenario::observe::origin_of;
use crate::suite::scenario::settings::{
    self as written, Auth, CookieMode, Credential, Proxy, Redirect, Retry, Settings,
};
use http::{HeaderMap, StatusCode};
use session_core::auth::credentials;
use session_core::auth::netrc::Netrc;
use session_core::error::Error;
use session_core::message::origin::Scheme;
use session_core::message::proxy::ProxyServer;
use session_core::proxy::environment::from_environment;
use session_core::proxy::no_proxy::NoProxy;
use session_core::proxy::select::ProxyConfig;
use session_core::redirect::policy::{Downgrade, Following, RedirectPolicy};
use session_core::request::{Dispatch, RequestBuilder};
use session_core::retry::policy::RetryPolicy;
use session_core::session::builder::SessionBuilder;
use session_core::session::compat::Compat;
use session_core::session::request::{field, method};
use session_core::session::settings::{self, HstsMode};
use session_core::session::transport::Transport;
use std::time::Duration;

/// Why a case's settings or request could not be put to the library.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "the library refuses something or does not know it")]
pub enum NotApplied {
    /// The library refused it: that is the outcome of the exchange.
    Refused(Box<Error>),
    /// The library does not do it, or the case contradicts itself: the case fails.
    Unsupported(String),
}

impl From<Error> for NotApplied {
    fn from(error: Error) -> Self {
        Self::Refused(Box::new(error))
    }
}

fn unsupported(setting: &str) -> NotApplied {
    NotApplied::Unsupported(format!("the setting `{setting}` is not supported yet"))
}

/// Puts a case's settings to a session's builder. The clock, resolver and randomness are the driver's business.
///
/// # Errors
/// What the library refuses or does not do.
pub fn session<T: Transport>(
    mut builder: SessionBuilder<T>,
    settings: &Settings,
) -> Result<SessionBuilder<T>, NotApplied> {
    if let Some(compat) = settings.compat {
        builder = builder.compat(preset(compat));
    }
    if let Some(hsts) = settings.hsts {
        builder = builder.hsts(if hsts { HstsMode::On } else { HstsMode::Off });
    }
    if let Some(variables) = &settings.env {
        let variables: Vec<_> = variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        builder = builder.proxy(from_environment(&variables)?);
    }
    if let Some(proxies) = &settings.proxy {
        builder = builder.proxy(proxy_config(proxies)?);
    }
    for (name, value) in &settings.headers {
        builder = builder.default_header(name.as_bytes(), value.as_bytes());
    }
    for (name, value) in &settings.params {
        builder = builder.param(name, value);
    }
    if let Some(url) = &settings.base_url {
        builder = builder.base_url(url);
    }
    builder = match &settings.user_agent {
        None => builder,
        Some(None) => builder.no_user_agent(),
        Some(Some(value)) => builder.user_agent(value.as_bytes()),
    };
    if let Some(auth) = &settings.auth {
        let credential = credential(auth);
        builder = match &auth.origin {
            None => builder.auth(credential),
            Some(origin) => builder.auth_for(origin, credential),
        };
    }
    // The builder takes all fields of an origin at once; a case may name it in several entries.
    let mut of_origins: Vec<(&str, Pairs)> = Vec::new();
    for fields in &settings.origin_headers {
        match of_origins.iter_mut().find(|(origin, _)| origin_of(origin) == origin_of(&fields.origin)) {
            Some((_, of_origin)) => of_origin.extend(fields.headers.iter().cloned()),
            None => of_origins.push((&fields.origin, fields.headers.clone())),
        }
    }
    for (origin, fields) in &of_origins {
        builder = builder.origin_headers(origin, header_map(fields)?);
    }
    if let Some(text) = &settings.netrc {
        builder = builder.netrc(Netrc::parse(text).0);
    }
    if let Some(rules) = &settings.redirect {
        builder = builder.redirect(redirect_policy(&[rules]));
    }
    if let Some(rules) = &settings.retry {
        builder = builder.retry(retry_policy(rules)?);
    }
    if let Some(only) = settings.https_only {
        builder = builder.https_only(only);
    }
    if settings.cookie_mode == CookieMode::Off {
        builder = builder.cookie_mode(settings::CookieMode::Off);
    }
    let mut jar = jar::empty(settings.public_suffix.unwrap_or(true));
    for cookie in &settings.cookies {
        let target = jar::target(&cookie.url).map_err(NotApplied::Unsupported)?;
        jar.accept(&target, cookie.set_cookie.as_bytes(), settings.now.wall());
    }
    Ok(builder.cookie_jar(jar))
}

/// Builds a case's request. `stream` makes the body of a request that can be sent only once.
///
/// # Errors
/// What the library refuses before a builder is there (the method), or does not do.
pub fn request<D: Dispatch>(
    dispatch: D,
    settings: &Settings,
    request: &Request,
    stream: impl FnOnce(String) -> D::Body,
) -> Result<RequestBuilder<D>, NotApplied> {
    let mut builder = RequestBuilder::new(dispatch, method(request.method.as_bytes())?, request.url.as_str());
    for (name, value) in &request.headers {
        builder = builder.header(name.as_bytes(), value.as_bytes());
    }
    for name in &request.remove_headers {
        builder = builder.remove_header(name.as_bytes());
    }
    builder = builder.query(&request.params);
    builder = match (&request.form, &request.json, &request.body, request.stream) {
        (None, None, None, false) => builder,
        (Some(form), None, None, false) => builder.form(form),
        (None, Some(json), None, false) => builder.json(json),
        (None, None, Some(body), false) => builder.body(bytes::Bytes::from(body.clone())),
        (None, None, body, true) => builder.body(stream(body.clone().unwrap_or_default())),
        _ => return Err(NotApplied::Unsupported("the request names more than one of form, json and body".to_owned())),
    };
    if let Some(auth) = &request.auth {
        // A request's credential belongs to the origin of its URL.
        let elsewhere = |origin: &str| origin_of(origin) != origin_of(&request.url);
        if auth.origin.as_deref().is_some_and(elsewhere) {
            return Err(unsupported("request.auth.origin, another one than that of its URL"));
        }
        builder = builder.auth(credential(auth));
    }
    for (name, value) in &request.cookies {
        builder = builder.cookie(name, value);
    }
    if let Some(rules) = &request.redirect {
        let rules: Vec<&Redirect> = settings.redirect.iter().chain([rules]).collect();
        builder = builder.redirect(redirect_policy(&rules));
    }
    if let Some(seconds) = request.timeout {
        builder = builder.timeout(duration(seconds)?);
    }
    Ok(builder)
}

fn preset(compat: written::Compat) -> Compat {
    match compat {
        written::Compat::Fetch => Compat::Fetch,
        written::Compat::Requests => Compat::Requests,
        written::Compat::Aiohttp => Compat::Aiohttp,
        written::Compat::Curl => Compat::Curl,
    }
}

fn credential(auth: &Auth) -> credentials::Credential {
    match &auth.credential {
        Credential::Basic(user, password) => credentials::Credential::basic(user, password),
        Credential::Bearer(token) => credentials::Credential::bearer(token),
        Credential::Digest(user, password) => credentials::Credential::digest(user, password),
    }
}

fn proxy_config(proxies: &Proxy) -> Result<ProxyConfig, NotApplied> {
    let mut config = ProxyConfig::new();
    if let Some(url) = &proxies.http {
        config = config.http(ProxyServer::parse(url)?);
    }
    if let Some(url) = &proxies.https {
        config = config.https(ProxyServer::parse(url)?);
    }
    if let Some(url) = &proxies.all {
        config = config.all(ProxyServer::parse(url)?);
    }
    if let Some(list) = &proxies.no_proxy {
        config = config.no_proxy(NoProxy::parse(list));
    }
    Ok(config)
}

fn header_map(pairs: &Pairs) -> Result<HeaderMap, NotApplied> {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        let (name, value) = field(name.as_bytes(), value.as_bytes())?;
        map.append(name, value);
    }
    Ok(map)
}

/// The rules for redirects, the later ones over the earlier.
fn redirect_policy(rules: &[&Redirect]) -> RedirectPolicy {
    let mut policy = RedirectPolicy::default();
    for rules in rules {
        if let Some(max) = rules.max {
            policy = policy.max(max);
        }
        if let Some(follow) = rules.follow {
            policy = policy.following(if follow { Following::Follow } else { Following::Stop });
        }
        if let Some(allow) = rules.allow_downgrade {
            policy = policy.downgrade(if allow { Downgrade::Allow } else { Downgrade::Refuse });
        }
        if let Some(schemes) = &rules.schemes {
            // Whatever else a case names: nothing else is ever followed.
            let known = |name: &String| match name.as_str() {
                "http" => Some(Scheme::Http),
                "https" => Some(Scheme::Https),
                _ => None,
            };
            policy = policy.schemes(schemes.iter().filter_map(known));
        }
    }
    policy
}

/// The rules for retries. `max` is 2 unless the case says otherwise.
fn retry_policy(rules: &Retry) -> Result<RetryPolicy, NotApplied> {
    let mut policy = RetryPolicy::new(rules.max.unwrap_or(2));
    if let Some(statuses) = &rules.statuses {
        let known: Result<Vec<_>, _> = statuses.iter().map(|status| StatusCode::from_u16(*status)).collect();
        policy = policy.statuses(known.map_err(|error| NotApplied::Unsupported(format!("retry.statuses: {error}")))?);
    }
    if let Some((min, max)) = rules.backoff {
        policy = policy.backoff(duration(min)?, duration(max)?);
    }
    if rules.respect_retry_after == Some(false) {
        policy = policy.ignore_retry_after();
    }
    Ok(policy)
}

fn duration(seconds: f64) -> Result<Duration, NotApplied> {
    Duration::try_from_secs_f64(seconds).map_err(|error| NotApplied::Unsupported(format!("{seconds} seconds: {error}")))
}

#[cfg(test)]
mod tests {
    use super::{NotApplied, request, session};
    use serde_json::{Value, from_value, json};
    use session_core::error::Error;
    use session_core::message::body::{BodySize, RequestBody};
    use session_core::request::{Dispatch, RequestContent};
    use session_core::session::Session;
    use session_core::session::request::Request;

    struct Sink;
    struct Content;

    impl From<bytes::Bytes> for Content {
        fn from(_: bytes::Bytes) -> Self {
            Self
        }
    }

    impl RequestContent for Content {
        fn describe(&self) -> RequestBody {
            RequestBody::replayable(BodySize::Sized(1))
        }
    }

    impl Dispatch for Sink {
        type Body = Content;
        type Outcome = Result<Request, Error>;

        fn dispatch(self, request: Result<(Box<Request>, Option<Content>), Error>) -> Self::Outcome {
            request.map(|(request, _)| *request)
        }
    }

    fn told(applied: Result<(), NotApplied>) -> String {
        match applied {
            Ok(()) => "applied".to_owned(),
            Err(NotApplied::Refused(error)) => error.kind().name().to_owned(),
            Err(NotApplied::Unsupported(message)) => message,
        }
    }

    fn settings(settings: Value) -> String {
        told(
            session(Session::builder(), &from_value(settings).unwrap())
                .and_then(|builder| Ok(builder.build().map(|_| ())?)),
        )
    }

    fn asked(asked: Value) -> String {
        let built = request(Sink, &from_value(json!({})).unwrap(), &from_value(asked).unwrap(), |_| Content);
        told(built.and_then(|builder| Ok(builder.send().map(|_| ())?)))
    }

    #[test]
    fn what_the_library_does_not_do_is_named() {
        let told = asked(json!({"url": "http://a.test/", "auth": {"basic": ["u", "p"], "origin": "http://b.test"}}));
        assert!(told.contains("not supported yet") && told.contains("request.auth.origin"), "{told}");
        assert!(asked(json!({"url": "http://a.test/", "form": [], "body": ""})).contains("more than one"));
    }

    #[test]
    fn what_the_library_refuses_is_the_outcome() {
        assert_eq!(settings(json!({"headers": [["x", "a\r\nb"]]})), "invalid_header");
        assert_eq!(settings(json!({"user_agent": "a\r\nb"})), "invalid_header");
        assert_eq!(asked(json!({"url": "http://a.test/", "method": "G T"})), "invalid_header");
        assert_eq!(asked(json!({"url": "http://a.test/", "headers": [["x y", ""]]})), "invalid_header");
    }

    #[test]
    fn what_the_library_does_is_applied() {
        assert_eq!(settings(json!({"compat": "fetch", "user_agent": null, "headers": [["x", "\u{e9}"]]})), "applied");
        assert_eq!(asked(json!({"url": "http://a.test/", "json": null, "timeout": 0.5})), "applied");
        assert_eq!(asked(json!({"url": "http://a.test/", "auth": {"digest": ["u", "p"]}})), "applied");
        let own = json!({"url": "http://a.test:80/x", "auth": {"bearer": "t", "origin": "http://A.test"}});
        assert_eq!(asked(own), "applied");
        assert_eq!(settings(json!({"redirect": {"schemes": ["https", "ftp"]}})), "applied");
        for (name, value) in [
            ("proxy", json!({"all": "http://p.test", "no_proxy": "a.test"})),
            ("env", json!({"http_proxy": "p.test:3128"})),
            ("hsts", json!(false)),
            ("compat", json!("requests")),
            ("compat", json!("aiohttp")),
            ("compat", json!("curl")),
            ("auth", json!({"digest": ["u", "p"]})),
        ] {
            assert_eq!(settings(json!({ name: value })), "applied", "{name}");
        }
        assert_eq!(settings(json!({"proxy": {"all": "ftp://p.test"}})), "invalid_url");
    }
}

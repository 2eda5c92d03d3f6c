//! One exchange under way: everything that a hop's token carries, so that the session keeps no registry.

use crate::auth::answer;
use crate::auth::credentials::Credential;
use crate::auth::digest::asked::Asked;
use crate::auth::digest::proof::Proof;
use crate::content::charset::TextRules;
use crate::content::coding::Codings;
use crate::error::{Error, ErrorKind, Phase};
use crate::message::body::{BodySize, Framing, RequestBody};
use crate::message::grammar::{decimal, is_same_word};
use crate::message::head::ResponseHead;
use crate::message::host::CanonicalHost;
use crate::message::methods::Methods;
use crate::message::origin::Origin;
use crate::message::proxy::ProxyServer;
use crate::message::route::Route;
use crate::message::sensitive::belongs_to_origin;
use crate::message::target::Target;
use crate::message::trailers::may_trail;
use crate::redirect::policy::RedirectPolicy;
use crate::redirect::rewrite::BodyFate;
use crate::retry::policy::{Attempts, RetryPolicy};
use crate::session::compat::Compat;
use crate::session::cookie_field::{FieldRule, OwnCookie};
use crate::session::hashable::Hashable;
use crate::session::history::{Ending, History, HopRecord};
use crate::session::hooks::Arrived;
use crate::session::memory::LedTo;
use crate::session::origin_settings::Begun;
use crate::session::proxy_auth::Standing;
use crate::session::reason::{CredentialSource, LeftOut, Reason};
use crate::session::settings::{CookieMode, Recording, Setting};
use crate::time::Timeouts;
use crate::time::timings::Timings;
use crate::tls::settings::{TlsPath, TlsSettings};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, ORIGIN, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version};
use std::sync::Arc;
use std::time::Instant;

/// The state of one exchange. It lives in the token that the last step handed out, and nowhere else. Each hop costs less where
/// it is small, so what few exchanges have is boxed.
#[derive(Clone)]
pub(crate) struct Exchange {
    /// The head of the hop under way. It stands here so that it need not be moved with the token.
    pub(crate) head: http::Request<()>,
    pub(crate) target: Target,
    pub(crate) method: Method,
    /// Whose rules it goes by.
    pub(crate) compat: Compat,
    pub(crate) text: TextRules,
    /// The content codings that are offered and undone.
    pub(crate) codings: Codings,
    /// The caller's own fields that are still to be sent; Cookie and the framing fields are taken out.
    pub(crate) own: HeaderMap,
    pub(crate) own_cookies: Vec<OwnCookie>,
    pub(crate) removed: Vec<HeaderName>,
    /// The caller's own credential; gone after the first change of origin.
    pub(crate) credential: Option<Box<(Credential, CredentialSource)>>,
    /// The caller wants neither the session's credential nor that of netrc.
    pub(crate) without_session_credential: bool,
    pub(crate) body: RequestBody,
    pub(crate) framing: Framing,
    /// What follows the body; the framing is chunked where there is anything.
    pub(crate) trailers: HeaderMap,
    /// The Content-Type that the body has by itself, where neither the request nor the session names one.
    pub(crate) body_type: Option<HeaderValue>,
    /// The body, where a Digest challenge may ask for its hash.
    pub(crate) hashable: Option<Hashable>,
    pub(crate) redirect: Arc<RedirectPolicy>,
    /// The request's word on the session's retry rules.
    pub(crate) own_retry: Setting<Arc<RetryPolicy>>,
    /// The version that its hops are sent in.
    pub(crate) version: Version,
    /// What the settings of a hop's origin stand between.
    pub(crate) begun: Begun,
    /// What this hop and its answer have to do with the jar.
    pub(crate) cookie_mode: CookieMode,
    /// How long each phase of this hop may take.
    pub(crate) timeouts: Arc<Timeouts>,
    pub(crate) deadline: Option<Instant>,
    pub(crate) followed: u32,
    pub(crate) hop_number: u32,
    /// An answer came to some hop: from now on the jar's cookies win over the request's own.
    pub(crate) answered: bool,
    /// A redirect led to another origin: a Host of the caller's own and the request's own cookies are gone.
    pub(crate) moved: bool,
    /// A redirect led to an origin that is not trusted with the caller's credentials: those are gone too.
    pub(crate) crossed: bool,
    /// The body was dropped by a rewrite, and with it each field that describes one.
    pub(crate) body_dropped: bool,
    /// The server as a whole is asked: `OPTIONS *`.
    pub(crate) server_wide: bool,
    /// A server answered 417: Expect is not sent any more.
    pub(crate) expectation_failed: bool,
    /// Nothing was taken out of the body for the hop that was answered last.
    pub(crate) body_unread: bool,
    pub(crate) sent: SentCredentials,
    pub(crate) gone: SentCredentials,
    /// The origins that were left with a credential: the session has none for them any more in this exchange.
    pub(crate) left: Vec<Origin>,
    /// The request has a Cookie field of its own, be it empty: the session's default one is replaced.
    pub(crate) has_cookie_field: bool,
    pub(crate) attempts: Attempts,
    /// The Digest credential of this hop's origin, whether it was sent with the hop or waits for a challenge.
    pub(crate) digest: Option<Box<Credential>>,
    /// What the Digest answer of this hop proves.
    pub(crate) proof: Option<Box<Proof>>,
    pub(crate) answers: answer::Attempts,
    /// The request's word on the proxy, for each of its hops.
    pub(crate) own_proxy: Setting<Arc<ProxyServer>>,
    pub(crate) route: Route,
    pub(crate) proxied: Option<Box<Standing>>,
    /// What TLS there is on the way, where there is any; not saved with the exchange, but of the session that it is in.
    pub(crate) tls: TlsPath,
    /// The request's own settings for TLS with the origin.
    pub(crate) own_tls: Option<Arc<TlsSettings>>,
    /// What was measured of this hop.
    pub(crate) timings: Timings,
    pub(crate) history: History,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) recording: Recording,
}

/// Which of the session's bound credentials a hop carried, or which a change of origin took away for good.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SentCredentials {
    pub(crate) default_authorization: bool,
    pub(crate) default_cookie: bool,
    pub(crate) session: bool,
}

/// What a session says of where a redirect leads, apart from the redirect's own rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lead {
    /// The https target that its host asks for (RFC 6797).
    pub(crate) upgrade: Option<Target>,
    /// Clear text is refused.
    pub(crate) https_only: bool,
}

/// The next request of a redirect.
pub(crate) struct Next {
    pub(crate) target: Target,
    pub(crate) method: Method,
    pub(crate) fate: BodyFate,
}

impl Exchange {
    /// Does something with this hop's request as Digest sees it.
    pub(crate) fn asked<R>(&self, act: impl FnOnce(&Asked<'_>) -> R) -> R {
        let asked = Asked::of_origin(&self.method, &self.target).with_body(self.body_at_hand());
        let asked = if self.server_wide { asked.server_wide() } else { asked };
        match &self.hashable {
            Some(Hashable::Bytes(bytes)) => act(&asked.with_bytes(bytes)),
            #[cfg(feature = "serde")]
            Some(Hashable::Hashes(hashes)) => {
                let known = |algorithm| hashes.iter().find(|hash| hash.algorithm() == algorithm).cloned();
                act(&asked.with_hash(&known))
            }
            None => act(&asked),
        }
    }

    /// What the next hop has for a body. One that can be read only once is still whole where no byte of it was taken.
    pub(crate) fn body_at_hand(&self) -> RequestBody {
        if self.body_unread { RequestBody::replayable(self.body.size()) } else { self.body }
    }

    /// Who chose this hop's origin.
    pub(crate) fn led_to(&self) -> LedTo {
        if self.moved { LedTo::ByServer } else { LedTo::ByCaller }
    }

    /// This hop's answer, to be shown to hooks.
    pub(crate) fn arrived<'a>(&'a self, head: &'a ResponseHead) -> Arrived<'a> {
        Arrived { method: &self.method, target: &self.target, number: self.hop_number, head }
    }

    /// Records a reason, unless recording is off.
    pub(crate) fn note(&mut self, reason: impl FnOnce() -> Reason) {
        if self.recording == Recording::On {
            reason().add_to(&mut self.reasons);
        }
    }

    /// Closes the record of the hop that is over.
    pub(crate) fn end_hop(&mut self, status: Option<StatusCode>, received: Option<ResponseHead>, ending: Ending) {
        self.history.push(HopRecord {
            method: self.method.clone(),
            target: self.target.clone(),
            sent: std::mem::take(self.head.headers_mut()),
            status,
            received,
            ending,
            timings: self.timings,
            reasons: std::mem::take(&mut self.reasons),
        });
    }

    /// Goes on to a redirect's target.
    pub(crate) fn follow(&mut self, next: Next) {
        self.followed = self.followed.saturating_add(1);
        self.attempts.next_hop();
        (self.answers, self.proxied) = (answer::Attempts::default(), None);
        self.method = next.method;
        // The server said which resource to ask.
        self.server_wide = false;
        self.go_to(next.target);
        if self.compat.rules().cookies.field == FieldRule::AloneUntilRedirected {
            self.drop_cookie_field();
        }
        if next.fate == BodyFate::Drop {
            self.drop_body();
        }
    }

    /// Goes on to `next`. Where the origin changes, what belonged to the old one is dropped and never comes back.
    pub(crate) fn go_to(&mut self, next: Target) {
        let moved = next.origin() != self.target.origin();
        let (from, to) = (self.target.origin(), next.origin());
        let trusted = moved && (self.redirect.trusts(from, to) || self.compat.rules().redirect.trusts(from, to));
        let left = std::mem::replace(&mut self.target, next);
        if !moved {
            return;
        }
        self.moved = true;
        // What the request had in its place is not replaced by what the session has, on the way back to this origin.
        let replaced = self.own.contains_key(AUTHORIZATION) || self.credential.is_some();
        self.gone.default_authorization |= replaced;
        if (self.sent.session || replaced) && !self.left.contains(left.origin()) {
            self.left.push(left.origin().clone());
        }
        self.gone.default_authorization |= self.sent.default_authorization;
        self.gone.default_cookie |= self.sent.default_cookie;
        if !self.own_cookies.is_empty() {
            self.own_cookies.clear();
            self.note(|| Reason::FieldLeftOut { name: COOKIE, why: LeftOut::CrossedOrigin });
        }
        if trusted {
            return self.drop_own(LeftOut::CrossedOrigin, &|name, _| *name == HOST || *name == ORIGIN);
        }
        self.crossed = true;
        self.own_tls = None;
        let policy = self.redirect.clone();
        if !policy.keeps(&AUTHORIZATION)
            && let Some(held) = self.credential.take()
        {
            let from = held.1;
            self.note(|| Reason::CredentialLeftOut { from, why: LeftOut::CrossedOrigin });
        }
        let secret: Vec<HeaderName> = self
            .trailers
            .iter()
            .filter(|(name, value)| (belongs_to_origin(name) || value.is_sensitive()) && !policy.keeps(name))
            .map(|(name, _)| name.clone())
            .collect();
        for name in secret {
            if self.trailers.remove(&name).is_some() {
                self.note(|| Reason::FieldLeftOut { name, why: LeftOut::CrossedOrigin });
            }
        }
        self.drop_own(LeftOut::CrossedOrigin, &|name, value| {
            *name == HOST || ((belongs_to_origin(name) || value.is_sensitive()) && !policy.keeps(name))
        });
    }

    /// Drops the body and each of the caller's fields that describes it.
    fn drop_body(&mut self) {
        self.body = RequestBody::EMPTY;
        self.hashable = None;
        self.framing = Framing::None;
        self.trailers.clear();
        self.body_dropped = true;
        if self.body_type.take().is_some() {
            self.note(|| Reason::FieldLeftOut { name: CONTENT_TYPE, why: LeftOut::BodyDropped });
        }
        let rules = self.compat.rules();
        self.drop_own(LeftOut::BodyDropped, &|name, _| rules.redirect.goes_with_body(name));
    }

    /// Drops the cookies that the request had in a field; those given by name stay.
    fn drop_cookie_field(&mut self) {
        let before = self.own_cookies.len();
        self.own_cookies.retain(OwnCookie::is_given);
        if self.own_cookies.len() < before {
            self.note(|| Reason::FieldLeftOut { name: COOKIE, why: LeftOut::Redirected });
        }
    }

    /// Drops the caller's fields that `goes` names, all lines of a name together, the others in their order.
    fn drop_own(&mut self, why: LeftOut, goes: &dyn Fn(&HeaderName, &HeaderValue) -> bool) {
        let goes_with_a_line = |name: &HeaderName| self.own.get_all(name).iter().any(|value| goes(name, value));
        let gone: Vec<HeaderName> = self.own.keys().filter(|name| goes_with_a_line(name)).cloned().collect();
        if gone.is_empty() {
            return;
        }
        let mut kept = HeaderMap::with_capacity(self.own.keys_len());
        for (name, value) in &self.own {
            if !gone.contains(name) {
                kept.append(name.clone(), value.clone());
            }
        }
        self.own = kept;
        for name in gone {
            self.note(|| Reason::FieldLeftOut { name, why: why.clone() });
        }
    }
}

/// How the body is framed, and the check of what the caller said about that (RFC 9110 8.6, RFC 9112 6). The framing
/// fields are taken out of `own`: the codec writes them. The methods of `empty_length` say so where there is no body.
pub(crate) fn framing(
    method: &Method,
    body: RequestBody,
    own: &mut HeaderMap,
    empty_length: Methods,
) -> Result<Framing, Error> {
    let refused = |message: &str, expected: String| {
        Error::new(ErrorKind::InvalidHeader, Phase::Build, message.to_owned()).with_expected(expected)
    };
    // One look for both, as most requests have neither.
    if own.is_empty() && body.is_empty() {
        return Ok(if empty_length.contains(method) { Framing::Length(0) } else { Framing::None });
    }
    let mut lengths = own.get_all(CONTENT_LENGTH).iter();
    let stated = match (lengths.next(), lengths.next()) {
        (None, _) => None,
        (Some(length), None) => Some(
            decimal(length.as_bytes())
                .ok_or_else(|| refused("the request's Content-Length is not valid", "decimal digits".to_owned()))?,
        ),
        (Some(_), Some(_)) => {
            return Err(refused("the request has several Content-Length lines", "one".to_owned()));
        }
    };
    let mut codings = own.get_all(TRANSFER_ENCODING).iter();
    let chunked = match (codings.next(), codings.next()) {
        (None, _) => false,
        (Some(coding), None) if is_same_word(coding.as_bytes(), b"chunked") => true,
        _ => return Err(refused("the request's Transfer-Encoding is not supported", "chunked".to_owned())),
    };
    if chunked && (stated.is_some() || body.is_empty()) {
        let message = "the request's Transfer-Encoding contradicts its Content-Length or its missing body";
        return Err(refused(message, "either one".to_owned()));
    }
    let framing = match (body.size(), stated) {
        (BodySize::Empty, None) if empty_length.contains(method) => Framing::Length(0),
        (BodySize::Empty, None) => Framing::None,
        (BodySize::Empty, Some(0)) => Framing::Length(0),
        (BodySize::Sized(_), None) if chunked => Framing::Chunked,
        (BodySize::Sized(size), None) => Framing::Length(size),
        (BodySize::Sized(size), Some(stated)) if stated == size => Framing::Length(size),
        (BodySize::Streaming, None) => Framing::Chunked,
        (BodySize::Streaming, Some(stated)) => Framing::Length(stated),
        (BodySize::Empty, Some(stated)) | (BodySize::Sized(_), Some(stated)) => {
            let size = if let BodySize::Sized(size) = body.size() { size } else { 0 };
            return Err(refused("the request's Content-Length contradicts its body", size.to_string())
                .with_came(stated.to_string().as_bytes()));
        }
    };
    if stated.is_some() {
        own.remove(CONTENT_LENGTH);
    }
    if chunked {
        own.remove(TRANSFER_ENCODING);
    }
    Ok(framing)
}

/// How a body with these trailers is framed: in chunks, where it has any (RFC 9112 7.1.2).
pub(crate) fn framing_with(trailers: &HeaderMap, framing: Framing) -> Result<Framing, Error> {
    let refused = |message| Error::new(ErrorKind::InvalidHeader, Phase::Build, message);
    if let Some(name) = trailers.keys().find(|name| !may_trail(name)) {
        return Err(refused("a field that must not stand in a trailer section").with_came(name.as_str().as_bytes()));
    }
    match framing {
        _ if trailers.is_empty() => Ok(framing),
        Framing::None | Framing::Length(0) => Err(refused("trailers follow a body").with_expected("a body")),
        Framing::Length(_) | Framing::Chunked => Ok(Framing::Chunked),
    }
}

/// Checks that a request to the server as a whole is one (RFC 9112 3.2.4).
pub(crate) fn check_server_wide(method: &Method, target: &Target) -> Result<(), Error> {
    if *method == Method::OPTIONS && target.path_and_query() == "/" {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidUrl, Phase::Build, "only a server can be asked as a whole, not a resource of it")
        .with_expected("OPTIONS, and a URL without path and query"))
}

/// Checks a Host field that the caller wants instead of the URL's (RFC 9110 7.2): one line, `host` or `host:port`.
pub(crate) fn check_host(fields: &HeaderMap) -> Result<(), Error> {
    let mut lines = fields.get_all(HOST).iter();
    let Some(line) = lines.next() else { return Ok(()) };
    let valid = lines.next().is_none() && std::str::from_utf8(line.as_bytes()).is_ok_and(is_host_and_port);
    if valid {
        return Ok(());
    }
    Err(Error::new(ErrorKind::InvalidHeader, Phase::Build, "the Host field is not valid")
        .with_expected("one host, or host:port"))
}

fn is_host_and_port(text: &str) -> bool {
    let after_address = text.rfind(']').map_or(0, |end| end.saturating_add(1));
    let (host, port) = match text.get(after_address..).and_then(|rest| rest.rfind(':')) {
        Some(colon) => {
            let (host, port) = text.split_at(after_address.saturating_add(colon));
            (host, port.strip_prefix(':'))
        }
        None => (text, None),
    };
    let plain =
        host.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'%' | b'@' | b'/' | b'\\' | b'?' | b'#'));
    plain
        && CanonicalHost::parse(host).is_some()
        && port.is_none_or(|port| decimal(port.as_bytes()).is_some_and(|port| u16::try_from(port).is_ok()))
}

#[cfg(test)]
mod tests {
    use super::{framing, is_host_and_port};
    use crate::error::ErrorKind;
    use crate::message::body::{BodySize, Framing, RequestBody};
    use crate::session::compat::Compat;
    use http::{HeaderMap, HeaderName, HeaderValue, Method};

    fn framed(method: &str, body: BodySize, own: &[(&'static str, &'static str)]) -> Result<Framing, ErrorKind> {
        let mut headers = HeaderMap::new();
        for (name, value) in own {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let body = RequestBody::replayable(body);
        let empty_length = Compat::Fetch.rules().empty_length;
        let framing = framing(&method, body, &mut headers, empty_length).map_err(|error| error.kind())?;
        assert!(!headers.contains_key("content-length") && !headers.contains_key("transfer-encoding"));
        Ok(framing)
    }

    #[test]
    fn framing_follows_the_body() {
        assert_eq!(framed("GET", BodySize::Empty, &[]), Ok(Framing::None));
        assert_eq!(framed("DELETE", BodySize::Empty, &[]), Ok(Framing::None));
        for method in ["POST", "PUT", "PATCH", "QUERY"] {
            assert_eq!(framed(method, BodySize::Empty, &[]), Ok(Framing::Length(0)), "{method}");
        }
        assert_eq!(framed("GET", BodySize::Sized(3), &[]), Ok(Framing::Length(3)));
        assert_eq!(framed("PUT", BodySize::Streaming, &[]), Ok(Framing::Chunked));
    }

    #[test]
    fn what_the_caller_says_must_be_true() {
        let refused = Err(ErrorKind::InvalidHeader);
        assert_eq!(framed("POST", BodySize::Sized(3), &[("content-length", "3")]), Ok(Framing::Length(3)));
        assert_eq!(framed("POST", BodySize::Streaming, &[("content-length", "3")]), Ok(Framing::Length(3)));
        assert_eq!(framed("POST", BodySize::Sized(3), &[("transfer-encoding", "Chunked")]), Ok(Framing::Chunked));
        for wrong in ["4", "+3", "", "3, 3", "abc", "-3", "99999999999999999999"] {
            assert_eq!(framed("POST", BodySize::Sized(3), &[("content-length", wrong)]), refused, "{wrong}");
        }
        assert_eq!(framed("POST", BodySize::Sized(3), &[("content-length", "3"), ("content-length", "3")]), refused);
        assert_eq!(framed("GET", BodySize::Empty, &[("content-length", "1")]), refused);
        assert_eq!(framed("GET", BodySize::Empty, &[("transfer-encoding", "chunked")]), refused);
        assert_eq!(framed("POST", BodySize::Sized(3), &[("transfer-encoding", "gzip, chunked")]), refused);
        let both = [("transfer-encoding", "chunked"), ("content-length", "3")];
        assert_eq!(framed("POST", BodySize::Streaming, &both), refused);
    }

    #[test]
    fn a_host_field_is_host_and_port() {
        for good in ["a.test", "A.test:8080", "127.0.0.1", "[::1]", "[::1]:80", "xn--strae-oqa.de", "a_b"] {
            assert!(is_host_and_port(good), "{good}");
        }
        for bad in [
            "",
            "a.test/evil",
            "u@a.test",
            "a.test:",
            "a.test:x",
            "a.test:99999",
            "a b",
            "::1",
            "a,b.test:80:80",
            "a.test:+80",
            "a%2e",
            "a\\b",
        ] {
            assert!(!is_host_and_port(bad), "{bad}");
        }
    }
}

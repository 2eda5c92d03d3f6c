//! What must hold of every hop: which secret may be in it.

use super::script::{ORIGINS, PROXIES, Script, nonce, origin_of, way};
use crate::driver::{Outcome, connect, everything};
use http::header::{AUTHORIZATION, COOKIE, HOST, PROXY_AUTHORIZATION};
use session_core::message::origin::{Origin, Scheme};
use session_core::message::proxy::{Passage, ProxyServer};
use session_core::message::route::Route;
use session_core::session::compat::Compat;
use session_core::session::step::Hop;
use std::collections::BTreeSet;

/// What one exchange leaves to the next.
pub(super) struct Bound {
    /// Where the defaults and the session's credential are bound, from their first use.
    to: [Option<Origin>; 3],
    /// The origins of the exchanges' first hops: a use binds, and it need not be seen (Digest keeps its password).
    firsts: BTreeSet<String>,
    /// The hosts that asked to be asked over https alone.
    strict: BTreeSet<String>,
}

impl Bound {
    pub(super) fn of(script: &Script) -> Self {
        let credential = script.session.credential.and_then(|(bound, _)| bound).map(origin_of);
        Self { to: [None, None, credential], firsts: BTreeSet::new(), strict: BTreeSet::new() }
    }
}

/// What must hold of the hops of one exchange.
pub(super) struct Watch<'a> {
    script: &'a Script,
    number: usize,
    /// The origin of the first hop.
    first: Option<Origin>,
    /// Another origin was reached since.
    moved: bool,
    /// One that is not trusted with what the request has.
    crossed: bool,
    bound: Bound,
    /// The hop before, which of the bound secrets it carried, and which a change of origin took away for this exchange.
    before: Option<(Origin, [bool; 3])>,
    spent: [bool; 3],
}

impl<'a> Watch<'a> {
    pub(super) fn new(script: &'a Script, number: usize, bound: Bound) -> Self {
        Self { script, number, first: None, moved: false, crossed: false, bound, before: None, spent: [false; 3] }
    }

    pub(super) fn check(&mut self, hop: &Hop) {
        let here = hop.origin().clone();
        let first = self.first.get_or_insert_with(|| here.clone()).clone();
        self.bound.firsts.insert(first.to_string());
        if let Some((last, carried)) = &self.before
            && *last != here
        {
            self.moved = true;
            self.crossed |= !self.trusts(last, &here);
            self.spent.iter_mut().zip(carried).for_each(|(spent, carried)| *spent |= *carried);
        }
        check_form(hop);
        self.check_way(hop);
        let seen = everything(hop);
        assert!(!seen.contains("s-password"), "Digest sent a password: {seen}");
        for own in ["auth", "field", "cookie", "key", "marked", "credential", "info"] {
            for number in 0..self.script.exchanges.len() {
                if seen.contains(&format!("s-own-{number}-{own}")) {
                    assert_eq!(number, self.number, "{own} of another request at {here}");
                    let gone = if matches!(own, "field" | "cookie") { self.moved } else { self.crossed };
                    assert!(!gone, "{own} reached {here}, it belongs to {first}");
                }
            }
        }
        let mut carried = [false; 3];
        for (index, secret) in ["s-default-auth", "s-default-cookie", "s-session-credential"].into_iter().enumerate() {
            if seen.contains(secret) {
                let bound = self.bound.to[index].get_or_insert_with(|| here.clone());
                assert_eq!(*bound, here, "{secret} reached another origin");
                let own = index == 2 && self.script.session.credential.is_some_and(|(bound, _)| bound.is_some());
                assert!(own || self.bound.firsts.contains(&here.to_string()), "{secret} was bound by a redirect");
                assert!(!self.spent[index], "{secret} came back within the exchange");
                carried[index] = true;
            }
        }
        self.before = Some((here.clone(), carried));
        self.check_settings(&here, &seen);
    }

    /// The one exception, of [`Compat::Requests`]: from http to https on the same host, each on its default port, the
    /// request's own fields and credential and key fields go along. Cookies and what the session has bound do not.
    fn trusts(&self, from: &Origin, to: &Origin) -> bool {
        self.script.compat == Compat::Requests
            && from.host() == to.host()
            && (from.scheme(), from.port(), to.scheme(), to.port()) == (Scheme::Http, 80, Scheme::Https, 443)
    }

    /// What a setting holds for an origin or a host goes there alone.
    fn check_settings(&self, here: &Origin, seen: &str) {
        if seen.contains("s-default-key") {
            assert!(!self.crossed, "a key went over a change of origin to {here}");
        }
        if seen.contains("s-origin-header") {
            assert_eq!(Some(here), self.script.session.origin_headers.map(origin_of).as_ref());
        }
        if seen.contains("s-netrc") {
            let host = self.script.session.netrc.map(|index| origin_of(index).host().clone());
            assert_eq!(Some(here.host()), host.as_ref());
        }
        if seen.contains("s-jar-") {
            let mine = format!("s-jar-{}", here.host().as_str());
            assert_eq!(seen.matches("s-jar-").count(), seen.matches(&mine).count(), "{seen} at {here}");
        }
        let secure = ORIGINS.map(|origin| origin.replace("http://", "https://"));
        let others =
            ORIGINS.iter().copied().chain(secure.iter().map(String::as_str)).filter(|other| *other != here.to_string());
        for other in others {
            assert!(!seen.contains(&nonce(&crate::driver::origin(other))), "the nonce of {other} at {here}: {seen}");
        }
    }

    /// The way is that of the settings, and each proxy gets its own credential, by the one field or the one request for it.
    fn check_way(&self, hop: &Hop) {
        let here = hop.origin();
        let strict = self.bound.strict.contains(here.host().as_str());
        assert!(here.scheme() == Scheme::Https || !strict, "{here} is asked over https alone");
        assert_eq!(*hop.route(), way(&self.script.session, here), "the way to {here}");
        let (seen, connect) = (everything(hop), connect(hop));
        for (index, url) in PROXIES.iter().enumerate() {
            let secret = format!("s-proxy-{index}");
            let mine = matches!(hop.route(), Route::Via(proxy) if **proxy == ProxyServer::parse(url).unwrap());
            let (forward, tunnel) = (Some(Passage::Forward), Some(Passage::Tunnel));
            assert_eq!(seen.contains(&secret), mine && hop.passage() == forward, "{secret} in {seen}");
            assert_eq!(connect.contains(&secret), mine && hop.passage() == tunnel, "{secret} in {connect}");
        }
        let proven = hop.head().headers().contains_key(PROXY_AUTHORIZATION);
        assert_eq!(proven, seen.contains("s-proxy-"), "{seen}");
        assert_eq!(connect.matches("s-").count(), connect.matches("s-proxy-").count(), "{connect}");
    }

    /// Notes what an answer asks for.
    pub(super) fn learn(&mut self, hop: &Hop, outcome: &Outcome) {
        let Outcome::Answer(head) = outcome else { return };
        let host = hop.origin().host().as_str();
        match head.headers.get("strict-transport-security").filter(|_| hop.origin().scheme() == Scheme::Https) {
            Some(value) if value == "max-age=0" => self.bound.strict.remove(host),
            Some(_) => self.bound.strict.insert(host.to_owned()),
            None => false,
        };
    }

    /// What the exchange leaves behind.
    pub(super) fn after(self) -> Bound {
        self.bound
    }
}

/// One line of each field that may stand there once, and nothing secret in print.
fn check_form(hop: &Hop) {
    let fields = hop.head().headers();
    assert_eq!(fields.get_all(HOST).iter().count(), 1);
    for name in [COOKIE, AUTHORIZATION, PROXY_AUTHORIZATION] {
        assert!(fields.get_all(&name).iter().count() <= 1, "{name}");
    }
    assert_eq!((hop.target().url().username(), hop.target().url().password()), ("", None));
    let shown = format!("{hop:?}{:?}{:?}{:?}{:?}", hop.head(), hop.connect_head(), hop.route(), hop.pool_key());
    assert!(!shown.contains("s-"), "a secret was printed: {shown}");
}

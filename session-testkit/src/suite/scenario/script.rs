//! The peer that plays the hops of an exchange and keeps what it saw.
//!
//! It is a handle: a copy is the responder of the in-memory peer or of the socket server, another one stays with the
//! driver, which sets the hops of each exchange and takes what was seen.

use crate::script::answer::Answer;
use crate::script::endpoint::{Endpoint, Role};
use crate::script::log::{Place, Recorded};
use crate::script::request::Request;
use crate::script::responder::{Admission, Responder};
use crate::suite::scenario::challenge::{Challenge, parse_challenges};
use crate::suite::scenario::model::{Fail, Hop, Respond};
use crate::suite::scenario::observe::{FieldLines, Seen, SeenRequest, origin_of};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A handle on the peer of a case.
#[derive(Clone, Debug, Default)]
pub struct Script(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    hops: VecDeque<Hop>,
    seen: Vec<Seen>,
    challenges: HashMap<String, Vec<Challenge>>,
    met: Vec<Endpoint>,
}

impl Script {
    /// A peer without hops.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the hops of the next exchange.
    pub fn play(&self, hops: &[Hop]) {
        let mut state = self.state();
        state.hops = hops.iter().cloned().collect();
        state.seen.clear();
    }

    /// What was seen since the hops were set.
    #[must_use]
    pub fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state().seen)
    }

    /// Whether the next hop fails before a request can be sent, so that an idle connection must not be used for it.
    #[must_use]
    pub fn next_needs_a_connection_that_fails(&self) -> bool {
        self.state().next_needs_a_connection_that_fails()
    }

    /// Whether the next hop fails so at this endpoint (in this tunnel), as far as the case says where it goes: no such
    /// connection may be at hand then.
    #[must_use]
    pub fn next_fails_at(&self, endpoint: &Endpoint, tunnel: Option<&Endpoint>) -> bool {
        let state = self.state();
        let Some(Hop { expect, .. }) = state.hops.front() else { return false };
        let origin = expect.url.as_deref().and_then(Endpoint::origin);
        let way = match (expect.via.as_deref(), endpoint.role()) {
            (Some("direct"), Role::Proxy) => return false,
            // Any proxy that the session has may be the way.
            (None, Role::Proxy) => None,
            (None | Some("direct"), Role::Origin) => origin.clone(),
            (Some(proxy), _) => Endpoint::proxy(proxy),
        };
        let is = |at: &Endpoint, wanted: Option<Endpoint>| {
            wanted.is_none_or(|wanted| (wanted.host(), wanted.port()) == (at.host(), at.port()))
        };
        state.next_needs_a_connection_that_fails() && is(endpoint, way) && tunnel.is_none_or(|to| is(to, origin))
    }

    /// Refuses a connection to `endpoint` where that is what the next hop says, and says whether it did.
    #[must_use]
    pub fn refuse(&self, endpoint: &Endpoint) -> bool {
        let mut state = self.state();
        let Some(Hop { expect, respond: Respond::Fail(Fail::Refused) }) = state.hops.front() else { return false };
        let elsewhere = match expect.via.as_deref() {
            None => false,
            Some("direct") => endpoint.role() == Role::Proxy,
            Some(proxy) => Endpoint::proxy(proxy).as_ref() != Some(endpoint),
        };
        if !elsewhere {
            state.hops.pop_front();
            state.seen.push(Seen::no_connection(endpoint));
        }
        !elsewhere
    }

    /// Where the next hop is to connect to; `None` where the case does not say.
    #[must_use]
    pub fn next_endpoint(&self) -> Option<Endpoint> {
        let state = self.state();
        let expect = &state.hops.front()?.expect;
        match expect.via.as_deref() {
            None | Some("direct") => Endpoint::origin(expect.url.as_deref()?),
            Some(proxy) => Endpoint::proxy(proxy),
        }
    }

    /// Every endpoint to which a connection was asked for.
    #[must_use]
    pub fn met(&self) -> Vec<Endpoint> {
        self.state().met.clone()
    }

    /// Says what request could not be sent on the connection that was last refused, and by what CONNECT that was asked for.
    pub fn not_sent(&self, request: SeenRequest, connect: Option<FieldLines>) {
        if let Some(last) = self.state().seen.last_mut() {
            last.connect = last.connect.take().or(connect);
            last.request.get_or_insert(request);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Responder for Script {
    fn admit(&mut self, endpoint: &Endpoint) -> Admission {
        let mut state = self.state();
        state.met.push(endpoint.clone());
        let admission = match state.hops.front().map(|hop| &hop.respond) {
            Some(Respond::Fail(Fail::Refused)) => Admission::Refuse,
            Some(Respond::Fail(Fail::Tls)) => Admission::FailTls,
            _ => return Admission::Accept,
        };
        state.hops.pop_front();
        state.seen.push(Seen::no_connection(endpoint));
        admission
    }

    fn admit_tls(&mut self, place: &Place) -> Admission {
        let mut state = self.state();
        let Some(Hop { expect, respond: Respond::Fail(Fail::Tls) }) = state.hops.front() else {
            return Admission::Accept;
        };
        // The peer of a request that a proxy forwards is the proxy; of any other it is the origin.
        let is_forwarded = expect.url.as_deref().is_some_and(|url| url.starts_with("http:"));
        let is_proxy = place.endpoint.role() == Role::Proxy && place.tunnel.is_none();
        if is_forwarded == is_proxy { state.not_reached(place, Admission::FailTls) } else { Admission::Accept }
    }

    fn admit_tunnel(&mut self, place: &Place) -> Admission {
        let mut state = self.state();
        match state.hops.front().map(|hop| &hop.respond) {
            Some(Respond::Connect(..)) => state.not_reached(place, Admission::Refuse),
            _ => Admission::Accept,
        }
    }

    fn respond(&mut self, request: &Request, place: &Place) -> Answer {
        let mut state = self.state();
        let recorded = Recorded { place: place.clone(), request: request.clone() };
        let method = request.head.method.as_str();
        if place.endpoint.role() == Role::Proxy && place.tunnel.is_none() && method == "CONNECT" {
            return match state.hops.front().map(|hop| hop.respond.clone()) {
                Some(Respond::Connect(status, headers)) => {
                    state.hops.pop_front();
                    state.seen.push(Seen::refused_tunnel(&recorded));
                    response(status, &headers, "", &[], method)
                }
                _ => Answer::status(200).answer_to(method),
            };
        }
        let url = place.url_of(&request.head.target);
        let origin = origin_of(&url);
        let challenges = state.challenges.get(&origin).cloned().unwrap_or_default();
        state.seen.push(Seen::of(&recorded, challenges));
        match state.hops.pop_front().map(|hop| hop.respond) {
            Some(Respond::Response { status, mut headers, body, interim }) => {
                state.remember_challenges(origin, status, &headers);
                if state.next_fails_beside(place, &url) {
                    // What fails is a new connection, so this one must not be at hand.
                    headers.push(("connection".to_owned(), "close".to_owned()));
                }
                response(status, &headers, &body, &interim, method)
            }
            Some(Respond::Fail(Fail::Reset)) => Answer::reset(),
            Some(Respond::Fail(Fail::Timeout)) => Answer::stall(),
            Some(Respond::Fail(Fail::Closed | Fail::Refused | Fail::Tls)) => Answer::closed(),
            Some(Respond::Connect(..)) | None => {
                Answer::status(500).field("connection", "close").body("no hop is left").answer_to(method)
            }
        }
    }

    fn ends_others(&mut self, endpoint: &Endpoint, tunnel: Option<&Endpoint>) -> bool {
        self.next_fails_at(endpoint, tunnel)
    }
}

impl State {
    fn next_needs_a_connection_that_fails(&self) -> bool {
        let fails = |hop: &Hop| matches!(hop.respond, Respond::Fail(Fail::Refused | Fail::Tls) | Respond::Connect(..));
        self.hops.front().is_some_and(fails)
    }

    /// Whether the next hop fails so and, as far as the case says where it goes, could use this connection, which was asked
    /// for `url`, in its place.
    fn next_fails_beside(&self, place: &Place, url: &str) -> bool {
        let Some(Hop { expect, .. }) = self.hops.front() else { return false };
        let same_way = expect.via.as_deref().is_none_or(|via| match place.endpoint.role() {
            Role::Origin => via == "direct",
            Role::Proxy => Endpoint::proxy(via).as_ref() == Some(&place.endpoint),
        });
        // A connection through a proxy is kept for one origin as well.
        let same_origin = expect.url.as_deref().is_none_or(|next| origin_of(next) == origin_of(url));
        self.next_needs_a_connection_that_fails() && same_way && same_origin
    }

    /// Plays a hop whose request is never sent, because the connection that was made does not lead to its origin.
    fn not_reached(&mut self, place: &Place, admission: Admission) -> Admission {
        self.hops.pop_front();
        self.seen.push(Seen::not_reached(place));
        admission
    }

    /// Keeps the Digest challenges of a 401, and a nonce that an answer hands out for the next request.
    fn remember_challenges(&mut self, origin: String, status: u16, headers: &[(String, String)]) {
        let named = |wanted: &'static str| {
            headers.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
        };
        if status == 401 {
            let challenges: Vec<_> =
                named("www-authenticate").flat_map(parse_challenges).filter(Challenge::is_digest).collect();
            if !challenges.is_empty() {
                self.challenges.insert(origin, challenges);
            }
            return;
        }
        for line in named("authentication-info") {
            // The field is a list of parameters without a scheme (RFC 7616 3.5).
            let parameters = parse_challenges(&format!("Digest {line}"));
            let next = parameters.first().and_then(|info| info.parameter("nextnonce")).map(ToOwned::to_owned);
            let known = self.challenges.entry(origin.clone()).or_default();
            // Whichever was answered, the new nonce is for it.
            let renewed: Vec<_> = next.iter().flat_map(|next| known.iter().map(|it| it.renewed(next))).collect();
            known.extend(renewed);
        }
    }
}

fn response(
    status: u16,
    headers: &[(String, String)],
    body: &str,
    interim: &[(u16, Vec<(String, String)>)],
    method: &str,
) -> Answer {
    let mut response = Answer::status(status).body(body.to_owned());
    for (name, value) in headers {
        response = response.field(name, value);
    }
    for (status, fields) in interim {
        response = response.interim(*status, fields.clone());
    }
    response.answer_to(method)
}

#[cfg(test)]
mod tests {
    use super::Script;
    use crate::memory::clock::Clock;
    use crate::memory::peer::{MemoryPeer, NotConnected, Received};
    use crate::script::endpoint::Endpoint;
    use crate::suite::scenario::model::Hop;
    use crate::suite::scenario::observe::SeenRequest;
    use serde_json::{Value, from_value, json};
    use std::time::SystemTime;

    fn start(hops: Value) -> (Script, MemoryPeer<Script>) {
        let hops: Vec<Hop> = from_value(hops).unwrap();
        let script = Script::new();
        script.play(&hops);
        (script.clone(), MemoryPeer::new(script, Clock::starting_at(SystemTime::UNIX_EPOCH)))
    }

    fn request(method: &str, target: &str) -> String {
        format!("{method} {target} HTTP/1.1\r\nHost: x\r\n\r\n")
    }

    fn ask(peer: &mut MemoryPeer<Script>, origin: &str, target: &str) -> Received {
        let connection = peer.connect(&Endpoint::origin(origin).unwrap()).unwrap();
        peer.send(connection, request("GET", target).as_bytes());
        peer.receive(connection)
    }

    fn text(received: &Received) -> String {
        match received {
            Received::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn hops_are_played_in_order_and_requests_kept() {
        let (script, mut peer) = start(json!([
            {"respond": {"status": 302, "headers": [["location", "/y"]]}},
            {"respond": {"fail": "closed"}},
            {"respond": {"fail": "reset"}},
            {"respond": {"fail": "timeout"}},
        ]));
        let first = ask(&mut peer, "http://a.test", "/x");
        assert!(text(&first).starts_with("HTTP/1.1 302 Found\r\nlocation: /y\r\n"));
        assert_eq!(ask(&mut peer, "http://a.test", "/y"), Received::End);
        assert_eq!(ask(&mut peer, "http://a.test", "/y"), Received::Reset);
        assert_eq!(ask(&mut peer, "http://a.test", "/y"), Received::Nothing);
        assert!(text(&ask(&mut peer, "http://b.test", "/z")).contains("no hop is left"));
        let urls: Vec<_> = script.take_seen().into_iter().map(|seen| seen.request.unwrap().url).collect();
        assert_eq!(
            urls,
            ["http://a.test/x", "http://a.test/y", "http://a.test/y", "http://a.test/y", "http://b.test/z"]
        );
    }

    #[test]
    fn a_connection_that_fails_is_a_hop_and_knows_what_was_not_sent() {
        let (script, mut peer) = start(json!([{"respond": {"fail": "refused"}}, {"respond": {"fail": "tls"}}]));
        let endpoint = Endpoint::origin("https://a.test").unwrap();
        assert!(script.next_needs_a_connection_that_fails());
        assert_eq!(peer.connect(&endpoint), Err(NotConnected::Refused));
        script.not_sent(SeenRequest::not_sent("POST", "https://a.test/x", Vec::new()), None);
        assert_eq!(peer.connect(&endpoint), Err(NotConnected::Tls));
        assert!(!script.next_needs_a_connection_that_fails());
        let seen = script.take_seen();
        assert_eq!(seen[0].request.as_ref().unwrap().method, "POST");
        assert_eq!((seen[1].origin.as_str(), seen[1].request.is_none()), ("https://a.test", true));
    }

    #[test]
    fn before_a_connection_that_fails_no_other_is_left_at_hand() {
        let (script, mut peer) = start(json!([
            {"respond": {"status": 302, "headers": [["location", "/y"]]}}, {"respond": {"fail": "refused"}}]));
        assert!(text(&ask(&mut peer, "http://a.test", "/x")).contains("\r\nconnection: close\r\n"));
        let endpoint = Endpoint::origin("http://a.test").unwrap();
        assert!(script.refuse(&endpoint) && !script.refuse(&endpoint));
        assert_eq!(script.met(), [endpoint]);
        let (script, mut peer) = start(json!([{"respond": {"status": 200}}]));
        assert!(!text(&ask(&mut peer, "http://a.test", "/x")).contains("connection"));
        assert_eq!(script.next_endpoint(), None);
    }

    #[test]
    fn a_tunnel_is_opened_or_refused_as_the_hop_says() {
        let (script, mut peer) =
            start(json!([{"respond": {"status": 200, "body": "ok"}}, {"respond": {"connect": [502, []]}}]));
        let proxy = Endpoint::proxy("http://proxy.test:3128").unwrap();
        let open = peer.connect(&proxy).unwrap();
        peer.send(open, request("CONNECT", "a.test:443").as_bytes());
        assert_eq!(text(&peer.receive(open)), "HTTP/1.1 200 OK\r\n\r\n");
        peer.send(open, request("GET", "/x").as_bytes());
        assert!(text(&peer.receive(open)).ends_with("ok"));
        let refused = peer.connect(&proxy).unwrap();
        peer.send(refused, request("CONNECT", "a.test:443").as_bytes());
        assert!(text(&peer.receive(refused)).starts_with("HTTP/1.1 502"));
        let seen = script.take_seen();
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].request.as_ref().unwrap().url, "https://a.test/x");
        assert_eq!(seen[0].via, "http://proxy.test:3128");
        assert!(seen[0].connect.is_some() && seen[1].connect.is_some());
        assert!(seen[1].request.is_none());
        assert_eq!(seen[1].origin, "https://a.test");
    }

    #[test]
    fn challenges_are_kept_for_each_origin_until_new_ones_come() {
        let challenge = |nonce: &str| {
            json!({"respond": {"status": 401,
            "headers": [["www-authenticate", format!("Basic realm=r, Digest realm=r, nonce={nonce}")]]}})
        };
        let next = json!({"respond": {"status": 200, "headers": [["authentication-info", "nextnonce=\"n3\""]]}});
        let plain = json!({"respond": {"status": 200}});
        let (script, mut peer) = start(json!([challenge("n1"), challenge("n2"), plain, next, plain]));
        for origin in ["http://a.test", "http://a.test", "http://b.test", "http://a.test", "http://a.test"] {
            ask(&mut peer, origin, "/");
        }
        let nonces: Vec<Vec<String>> = script
            .take_seen()
            .into_iter()
            .map(|seen| {
                seen.challenges.iter().map(|challenge| challenge.parameter("nonce").unwrap().to_owned()).collect()
            })
            .collect();
        assert_eq!(nonces, [vec![], vec!["n1"], vec![], vec!["n2"], vec!["n2", "n3"]]);
    }
}

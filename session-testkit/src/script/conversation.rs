//! One connection of a scripted peer, without its IO: the client's bytes go in, the peer's deeds come out.

use crate::script::answer::{Answer, Deed};
use crate::script::endpoint::{Endpoint, Role};
use crate::script::log::{Log, Place, Recorded, Tunnel};
use crate::script::request::{Framing, Head, Parsed, Request, RequestParser};
use crate::script::responder::{Early, Responder};

/// The state of one connection.
#[derive(Debug)]
pub struct Conversation {
    parser: RequestParser,
    place: Place,
    answered_early: bool,
    over: bool,
}

impl Conversation {
    /// A connection that was just accepted at an endpoint. It is counted in the log.
    #[must_use]
    pub fn new(endpoint: Endpoint, log: &mut Log) -> Self {
        let connection = log.connections;
        log.connections += 1;
        let place = Place { endpoint, connection, fresh: true, tunnel: None };
        Self { parser: RequestParser::new(), place, answered_early: false, over: false }
    }

    /// The endpoint that the client connected to.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.place.endpoint
    }

    /// Where the next request comes in.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Says that the client meant this endpoint, as far as can be told before its first request.
    pub fn came_in_at(&mut self, endpoint: Endpoint) {
        self.place.endpoint = endpoint;
    }

    /// Says that what comes next comes within this tunnel.
    pub fn enter(&mut self, tunnel: Tunnel) {
        self.place.tunnel = Some(tunnel);
        self.place.fresh = true;
    }

    /// Says that clear text is spoken in the tunnel that was opened.
    pub fn speaks_clear_text(&mut self) {
        self.place.tunnel = self.place.tunnel.take().map(Tunnel::in_clear);
    }

    /// Takes bytes of the client and gives what the peer does about them, in order.
    ///
    /// What is no request is written to the log, answered by 400 and ends the connection.
    pub fn receive(&mut self, bytes: &[u8], responder: &mut dyn Responder, log: &mut Log) -> Vec<Deed> {
        let mut deeds = Vec::new();
        if self.over {
            return deeds;
        }
        self.parser.push(bytes);
        while !self.over {
            let answer = match self.parser.parse_next() {
                Ok(None) => break,
                Ok(Some(Parsed::Head(head))) => self.head_came(&head, responder),
                Ok(Some(Parsed::Whole(request))) => self.request_came(request, responder, log),
                Err(error) => {
                    log.faults.push(format!("{}: {error}", self.place.endpoint));
                    Answer::status(400).field("connection", "close").body(error.to_string()).answer_to("GET")
                }
            };
            for deed in answer.into_deeds() {
                self.over |= deed.is_last();
                deeds.push(deed);
            }
        }
        deeds
    }

    /// Takes the end of the client's bytes. A request that broke off is written to the log.
    pub fn receive_end(&mut self, log: &mut Log) {
        if !self.over && !self.parser.is_between_requests() {
            log.faults.push(format!("{}: the client ended within a request", self.place.endpoint));
        }
        self.over = true;
    }

    fn head_came(&mut self, head: &Head, responder: &mut dyn Responder) -> Answer {
        self.answered_early = false;
        if matches!(head.framing, Framing::None | Framing::Length(0)) {
            return Answer::default();
        }
        match responder.respond_early(head, &self.place) {
            Early::Wait => Answer::default(),
            Early::Interim(answer) => answer,
            Early::Final(answer) => {
                self.answered_early = true;
                answer
            }
        }
    }

    fn request_came(&mut self, request: Request, responder: &mut dyn Responder, log: &mut Log) -> Answer {
        let opens_tunnel = self.place.endpoint.role() == Role::Proxy
            && self.place.tunnel.is_none()
            && request.head.method == "CONNECT";
        let answer = if self.answered_early { Answer::default() } else { responder.respond(&request, &self.place) };
        log.requests.push(Recorded { place: self.place.clone(), request: request.clone() });
        if opens_tunnel && is_success(&answer) {
            // The first request within the tunnel is the first on the connection to the origin.
            let tunnel = Tunnel::to(&request.head.target);
            if tunnel.is_none() {
                log.faults.push(format!("{}: CONNECT to {:?}", self.place.endpoint, request.head.target));
            }
            // A target that names no place leads to the proxy itself.
            let mut tunnel = tunnel.unwrap_or_else(|| Tunnel::of(self.place.endpoint.clone()));
            tunnel.connect = Some(request);
            self.enter(tunnel);
        } else {
            self.place.fresh = false;
        }
        answer
    }
}

/// Whether the answer is a 2xx, with or without interim responses before it.
fn is_success(answer: &Answer) -> bool {
    let success = b"\r\n\r\nHTTP/1.1 2";
    answer.deeds().iter().any(|deed| match deed {
        Deed::Write(bytes) => {
            bytes.starts_with(&success[4..]) || bytes.windows(success.len()).any(|window| window == success)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::Conversation;
    use crate::script::answer::{Answer, Deed};
    use crate::script::endpoint::Endpoint;
    use crate::script::log::{Log, Place};
    use crate::script::request::{Head, Request};
    use crate::script::responder::{Early, Responder};

    const GET: &[u8] = b"GET /x HTTP/1.1\r\nHost: other.test\r\n\r\n";

    fn start(endpoint: &Endpoint) -> (Conversation, Log) {
        let mut log = Log::default();
        (Conversation::new(endpoint.clone(), &mut log), log)
    }

    fn origin() -> Endpoint {
        Endpoint::origin("http://a.test").unwrap()
    }

    fn ok(_: &Request, _: &Place) -> Answer {
        Answer::status(200).body("ok").answer_to("GET")
    }

    #[test]
    fn only_the_first_request_on_a_connection_is_fresh_and_the_host_field_changes_nothing() {
        let (mut conversation, mut log) = start(&origin());
        for _ in 0..2 {
            assert_eq!(conversation.receive(GET, &mut ok, &mut log).len(), 1);
        }
        let seen: Vec<_> = log
            .requests
            .iter()
            .map(|recorded| (recorded.place.url_of(&recorded.request.head.target), recorded.place.fresh))
            .collect();
        assert_eq!(seen, [("http://a.test/x".to_owned(), true), ("http://a.test/x".to_owned(), false)]);
    }

    #[test]
    fn after_its_last_deed_a_peer_answers_nothing() {
        for (answer, last) in
            [(Answer::closed(), Deed::Close), (Answer::reset(), Deed::Reset), (Answer::stall(), Deed::Stall)]
        {
            let (mut conversation, mut log) = start(&origin());
            let mut responder = move |_: &Request, _: &Place| answer.clone();
            assert_eq!(conversation.receive(GET, &mut responder, &mut log), [last]);
            assert!(conversation.receive(GET, &mut responder, &mut log).is_empty());
            assert_eq!(log.requests.len(), 1);
        }
    }

    #[test]
    fn what_is_no_request_is_a_fault_and_ends_the_connection() {
        let (mut conversation, mut log) = start(&origin());
        let deeds = conversation.receive(b"GET / HTTP/1.1\r\n\r\n", &mut ok, &mut log);
        assert!(matches!(&deeds[..], [Deed::Write(bytes), Deed::Finish] if bytes.starts_with(b"HTTP/1.1 400")));
        assert!(log.faults[0].contains("exactly one Host"), "{:?}", log.faults);
    }

    #[test]
    fn a_request_that_breaks_off_is_a_fault() {
        let (mut conversation, mut log) = start(&origin());
        assert!(conversation.receive(&GET[..10], &mut ok, &mut log).is_empty());
        conversation.receive_end(&mut log);
        assert_eq!(log.faults.len(), 1);
    }

    #[test]
    fn a_tunnel_starts_over_with_requests_to_its_origin() {
        let (mut conversation, mut log) = start(&Endpoint::proxy("http://proxy.test:3128").unwrap());
        let connect = b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n";
        conversation.receive(connect, &mut ok, &mut log);
        conversation.receive(GET, &mut ok, &mut log);
        let place = &log.requests[1].place;
        assert_eq!(place.url_of("/x"), "https://a.test/x");
        assert!(place.fresh);
        assert_eq!(place.tunnel.as_ref().unwrap().connect.as_ref().unwrap().head.text("host"), Some("a.test:443"));
    }

    #[test]
    fn a_refused_tunnel_is_none_and_a_proxy_takes_absolute_targets() {
        let (mut conversation, mut log) = start(&Endpoint::proxy("http://proxy.test:3128").unwrap());
        let mut refuse = |_: &Request, _: &Place| Answer::status(407).answer_to("CONNECT");
        conversation.receive(b"CONNECT a.test:443 HTTP/1.1\r\nHost: a\r\n\r\n", &mut refuse, &mut log);
        conversation.receive(b"GET http://b.test/y HTTP/1.1\r\nHost: b.test\r\n\r\n", &mut ok, &mut log);
        let last = log.requests.last().unwrap();
        assert!(last.place.tunnel.is_none() && !last.place.fresh);
        assert_eq!(last.place.url_of(&last.request.head.target), "http://b.test/y");
    }

    struct Impatient;

    impl Responder for Impatient {
        fn respond_early(&mut self, head: &Head, _: &Place) -> Early {
            if head.text("expect").is_some() {
                Early::Interim(Answer::raw("HTTP/1.1 100 Continue\r\n\r\n"))
            } else {
                Early::Final(Answer::status(413).answer_to("POST"))
            }
        }

        fn respond(&mut self, _: &Request, _: &Place) -> Answer {
            Answer::status(200).answer_to("POST")
        }
    }

    #[test]
    fn an_answer_may_come_before_the_body() {
        let (mut conversation, mut log) = start(&origin());
        let early =
            conversation.receive(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n", &mut Impatient, &mut log);
        assert!(matches!(&early[..], [Deed::Write(bytes)] if bytes.starts_with(b"HTTP/1.1 413")));
        assert!(conversation.receive(b"x", &mut Impatient, &mut log).is_empty());
        let interim = conversation.receive(
            b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
            &mut Impatient,
            &mut log,
        );
        assert!(matches!(&interim[..], [Deed::Write(bytes)] if bytes.starts_with(b"HTTP/1.1 100")));
        let last = conversation.receive(b"x", &mut Impatient, &mut log);
        assert!(matches!(&last[..], [Deed::Write(bytes)] if bytes.starts_with(b"HTTP/1.1 200")));
    }
}

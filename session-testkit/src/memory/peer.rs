//! The peer of an in-memory connection: bytes are handed over by a call, and what the peer does is asked for.

use crate::memory::clock::Clock;
use crate::script::answer::Deed;
use crate::script::conversation::Conversation;
use crate::script::endpoint::Endpoint;
use crate::script::log::{Log, Tunnel};
use crate::script::responder::{Admission, Responder};
use bytes::Bytes;
use std::collections::VecDeque;

/// A connection of the in-memory peer, for its lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConnectionId(usize);

/// Why no connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "an in-memory connection fails in these two ways only")]
pub enum NotConnected {
    /// Nobody listens.
    Refused,
    /// The certificate is not trusted.
    Tls,
}

/// What a client finds when it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a read ends in one of these ways")]
pub enum Received {
    /// These bytes.
    Bytes(Bytes),
    /// The end: the peer closed.
    End,
    /// The connection was reset.
    Reset,
    /// Nothing, and nothing will come before the client sends more or a gate is opened.
    Nothing,
}

/// All connections of one client to scripted peers.
pub struct MemoryPeer<R> {
    responder: R,
    clock: Clock,
    log: Log,
    connections: Vec<Connection>,
}

struct Connection {
    conversation: Conversation,
    deeds: VecDeque<Deed>,
    end: Option<Received>,
}

impl<R: Responder> MemoryPeer<R> {
    /// A peer whose answers this responder decides. A pause in an answer lets this clock go on.
    #[must_use]
    pub fn new(responder: R, clock: Clock) -> Self {
        Self { responder, clock, log: Log::default(), connections: Vec::new() }
    }

    /// Makes a connection.
    ///
    /// # Errors
    /// Where the responder does not accept it.
    pub fn connect(&mut self, endpoint: &Endpoint) -> Result<ConnectionId, NotConnected> {
        match self.responder.admit(endpoint) {
            Admission::Accept => {
                let conversation = Conversation::new(endpoint.clone(), &mut self.log);
                self.connections.push(Connection { conversation, deeds: VecDeque::new(), end: None });
                Ok(ConnectionId(self.connections.len() - 1))
            }
            Admission::Refuse => Err(NotConnected::Refused),
            Admission::FailTls => Err(NotConnected::Tls),
        }
    }

    /// Opens a tunnel through the SOCKS proxy that a connection leads to, as if its bytes had been spoken; `origin` is
    /// `http(s)://host[:port]`. Says whether it is open: where it is not, the connection is over.
    pub fn tunnel(&mut self, connection: ConnectionId, origin: &Endpoint) -> bool {
        let Some(connection) = self.connections.get_mut(connection.0) else { return false };
        let Some(tunnel) = Tunnel::to(&format!("{}:{}", origin.host(), origin.port())) else { return false };
        connection.conversation.enter(tunnel);
        if origin.scheme() == "http" {
            connection.conversation.speaks_clear_text();
        }
        let is_open = self.responder.admit_tunnel(connection.conversation.place()) == Admission::Accept;
        if !is_open {
            connection.end = Some(Received::End);
        }
        is_open
    }

    /// Hands over what the client writes. After the peer closed or reset, it is lost.
    pub fn send(&mut self, connection: ConnectionId, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(connection.0) else { return };
        let deeds = connection.conversation.receive(bytes, &mut self.responder, &mut self.log);
        connection.deeds.extend(deeds);
    }

    /// What the client finds when it reads now. Pauses of the peer pass on the clock.
    pub fn receive(&mut self, connection: ConnectionId) -> Received {
        let Some(connection) = self.connections.get_mut(connection.0) else { return Received::End };
        while connection.end.is_none() {
            match connection.deeds.pop_front() {
                Some(Deed::Write(bytes)) if bytes.is_empty() => {}
                Some(Deed::Write(bytes)) => return Received::Bytes(bytes),
                Some(Deed::Pause(pause)) => self.clock.advance(pause),
                Some(Deed::Wait(gate)) if !gate.is_open() => {
                    connection.deeds.push_front(Deed::Wait(gate));
                    return Received::Nothing;
                }
                Some(Deed::Wait(_)) => {}
                Some(Deed::Open(gate)) => gate.open(),
                Some(Deed::Finish | Deed::Close) => connection.end = Some(Received::End),
                Some(Deed::Reset) => connection.end = Some(Received::Reset),
                Some(Deed::Stall) => connection.end = Some(Received::Nothing),
                None => return Received::Nothing,
            }
        }
        connection.end.clone().unwrap_or(Received::Nothing)
    }

    /// Ends a connection from the client's side.
    pub fn close(&mut self, connection: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(connection.0) {
            connection.conversation.receive_end(&mut self.log);
            self.log.ended += 1;
        }
    }

    /// What the peer saw so far.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The clock that pauses move.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Who decides the answers.
    pub fn responder_mut(&mut self) -> &mut R {
        &mut self.responder
    }
}

#[cfg(test)]
mod tests {
    use super::{MemoryPeer, NotConnected, Received};
    use crate::memory::clock::Clock;
    use crate::script::answer::{Answer, Deed};
    use crate::script::endpoint::Endpoint;
    use crate::script::gate::Gate;
    use crate::script::log::Place;
    use crate::script::request::Request;
    use crate::script::responder::{Admission, Responder};
    use std::time::{Duration, SystemTime};

    const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

    struct ByScheme;

    impl Responder for ByScheme {
        fn admit(&mut self, endpoint: &Endpoint) -> Admission {
            match (endpoint.scheme(), endpoint.port()) {
                ("https", _) => Admission::FailTls,
                (_, 81) => Admission::Refuse,
                _ => Admission::Accept,
            }
        }

        fn respond(&mut self, _: &Request, _: &Place) -> Answer {
            Answer::raw("a").then(Deed::Pause(Duration::from_secs(3))).then(Deed::Write("b".into())).then(Deed::Reset)
        }
    }

    fn peer() -> MemoryPeer<ByScheme> {
        MemoryPeer::new(ByScheme, Clock::starting_at(SystemTime::UNIX_EPOCH))
    }

    /// Opens every tunnel but the one to `b.test`.
    struct Gatekeeper;

    impl Responder for Gatekeeper {
        fn admit_tunnel(&mut self, place: &Place) -> Admission {
            match place.tunnel.as_ref().is_some_and(|tunnel| tunnel.origin.host() == "b.test") {
                true => Admission::Refuse,
                false => Admission::Accept,
            }
        }

        fn respond(&mut self, request: &Request, place: &Place) -> Answer {
            Answer::raw(place.url_of(&request.head.target))
        }
    }

    #[test]
    fn a_socks_proxy_leads_to_the_origin_or_ends() {
        let mut peer = MemoryPeer::new(Gatekeeper, Clock::starting_at(SystemTime::UNIX_EPOCH));
        let proxy = Endpoint::proxy("socks5h://proxy.test").unwrap();
        for (origin, came) in [
            ("http://a.test:8080", Received::Bytes("http://a.test:8080/".into())),
            ("https://a.test", Received::Bytes("https://a.test/".into())),
            ("https://b.test", Received::End),
        ] {
            let connection = peer.connect(&proxy).unwrap();
            let is_open = peer.tunnel(connection, &Endpoint::origin(origin).unwrap());
            peer.send(connection, GET);
            assert_eq!((is_open, peer.receive(connection)), (came != Received::End, came), "{origin}");
        }
    }

    #[test]
    fn a_client_reads_what_the_script_says_and_pauses_pass_on_the_clock() {
        let mut peer = peer();
        let connection = peer.connect(&Endpoint::origin("http://a.test").unwrap()).unwrap();
        peer.send(connection, &GET[..5]);
        assert_eq!(peer.receive(connection), Received::Nothing);
        peer.send(connection, &GET[5..]);
        assert_eq!(peer.receive(connection), Received::Bytes("a".into()));
        assert_eq!(peer.clock().elapsed(), Duration::ZERO);
        assert_eq!(peer.receive(connection), Received::Bytes("b".into()));
        assert_eq!(peer.clock().elapsed(), Duration::from_secs(3));
        assert_eq!(peer.receive(connection), Received::Reset);
        assert_eq!(peer.receive(connection), Received::Reset);
    }

    #[test]
    fn a_gate_holds_back_what_comes_after_it() {
        let (gate, passed) = (Gate::new(), Gate::new());
        let answer = Answer::raw("a").then(Deed::Wait(gate.clone())).then(Deed::Open(passed.clone()));
        let answer = answer.then(Deed::Write("b".into()));
        let responder = move |_: &Request, _: &Place| answer.clone();
        let mut peer = MemoryPeer::new(responder, Clock::starting_at(SystemTime::UNIX_EPOCH));
        let connection = peer.connect(&Endpoint::origin("http://a.test").unwrap()).unwrap();
        peer.send(connection, GET);
        assert_eq!(peer.receive(connection), Received::Bytes("a".into()));
        for _ in 0..2 {
            assert_eq!(peer.receive(connection), Received::Nothing);
        }
        assert!(!passed.is_open());
        gate.open();
        assert_eq!(peer.receive(connection), Received::Bytes("b".into()));
        assert!(passed.is_open());
    }

    #[test]
    fn a_connection_may_be_refused() {
        let mut peer = peer();
        assert_eq!(peer.connect(&Endpoint::origin("http://a.test:81").unwrap()), Err(NotConnected::Refused));
        assert_eq!(peer.connect(&Endpoint::origin("https://a.test").unwrap()), Err(NotConnected::Tls));
        assert_eq!(peer.log().connections, 0);
    }
}

//! The peer's side of one in-memory connection: SOCKS, TLS once or twice, and the script engine on top; bytes in, bytes and
//! deeds out.

use crate::ca::TestCa;
use crate::script::answer::Deed;
use crate::script::conversation::Conversation;
use crate::script::endpoint::Endpoint;
use crate::script::log::{Log, Tunnel};
use crate::script::responder::Responder;
use crate::tls::{ClientCertificate, server_config};
use rustls::{ProtocolVersion, ServerConfig, ServerConnection};
use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

/// An authority and the certificates that it has issued so far. It is shared by many networks: a key takes time to make.
pub struct Authority {
    ca: TestCa,
    issued: Mutex<BTreeMap<String, Arc<ServerConfig>>>,
}

impl Authority {
    /// A new one.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each one is another")]
    pub fn new() -> Self {
        Self { ca: TestCa::new(), issued: Mutex::default() }
    }

    /// What clients are to trust.
    #[must_use]
    pub fn ca(&self) -> &TestCa {
        &self.ca
    }

    fn config(&self, host: &str) -> Arc<ServerConfig> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = issued.get(host) {
            return Arc::clone(config);
        }
        let config = Arc::new(server_config(&self.ca.issue(&[host]), ClientCertificate::None, &[]));
        issued.insert(host.to_owned(), Arc::clone(&config));
        config
    }
}

/// What the peer does next.
pub(crate) enum Said {
    Bytes(Vec<u8>),
    Deed(Deed),
}

/// Where in what the peer writes its parts end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Marks {
    /// How many bytes it wrote.
    pub written: u64,
    /// After how many of them the proxy had answered; 0 where there is none.
    pub tunnel: u64,
    /// After how many of them the client can know that each TLS handshake is over, the outer one first.
    pub handshakes: Vec<u64>,
    /// After how many of them a record of the origin's is whole, and how much of what the origin says came by then.
    pub records: Vec<(u64, u64)>,
    /// After how many of them the peer waited for the client.
    pub flights: Vec<u64>,
    /// After how many of them TLS with the origin said that it ends, where it did.
    pub farewell: Option<u64>,
    /// Whether the origin speaks in clear text.
    pub is_clear: bool,
}

impl Marks {
    /// How many bytes of what the origin says a client can read once `at` bytes came.
    #[must_use]
    pub fn plaintext_at(&self, at: u64) -> u64 {
        if self.is_clear {
            return at.min(self.written).saturating_sub(self.tunnel);
        }
        self.records.iter().rev().find(|(wire, _)| *wire <= at).map_or(0, |(_, plain)| *plain)
    }
}

pub(crate) struct Stack {
    /// The one next to the wire first.
    layers: Vec<ServerConnection>,
    stage: Stage,
    conversation: Conversation,
    authority: Arc<Authority>,
    said: Vec<Said>,
    /// What SOCKS is said to be in pieces.
    pending: Vec<u8>,
    plain: u64,
    pub(crate) marks: Marks,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Greeting,
    Asking,
    /// The first byte within a tunnel tells whether it is TLS.
    Entering,
    Http,
}

/// The first byte of a TLS record that holds a handshake.
const HANDSHAKE: u8 = 22;

impl Stack {
    pub(crate) fn new(endpoint: &Endpoint, authority: Arc<Authority>, log: &mut Log) -> io::Result<Self> {
        let stage = if endpoint.scheme().starts_with("socks") { Stage::Greeting } else { Stage::Http };
        let mut stack = Self {
            layers: Vec::new(),
            stage,
            conversation: Conversation::new(endpoint.clone(), log),
            authority,
            said: Vec::new(),
            pending: Vec::new(),
            plain: 0,
            marks: Marks { is_clear: endpoint.scheme() != "https", ..Marks::default() },
        };
        if endpoint.scheme() == "https" {
            stack.push_layer(endpoint.host())?;
        }
        Ok(stack)
    }

    /// Takes what the client wrote, and gives what the peer does about it.
    pub(crate) fn receive(&mut self, bytes: &[u8], responder: &mut dyn Responder, log: &mut Log) -> Vec<Said> {
        if let Err(error) = self.take_in(bytes.to_vec(), 0, responder, log) {
            log.handshakes.push(error.to_string());
            self.said.push(Said::Deed(Deed::Close));
        }
        if self.marks.flights.last() != Some(&self.marks.written) {
            self.marks.flights.push(self.marks.written);
        }
        std::mem::take(&mut self.said)
    }

    pub(crate) fn receive_end(&mut self, log: &mut Log) {
        self.conversation.receive_end(log);
        log.ended += 1;
    }

    fn push_layer(&mut self, host: &str) -> io::Result<()> {
        let mut layer = ServerConnection::new(self.authority.config(host)).map_err(io::Error::other)?;
        layer.set_buffer_limit(None);
        self.layers.push(layer);
        Ok(())
    }

    /// Takes what came for the layer of this number, or for what is on top of all layers.
    fn take_in(
        &mut self,
        mut bytes: Vec<u8>,
        level: usize,
        responder: &mut dyn Responder,
        log: &mut Log,
    ) -> io::Result<()> {
        if level < self.layers.len() {
            bytes = self.decrypt(level, &bytes)?;
            return if bytes.is_empty() { Ok(()) } else { self.take_in(bytes, level + 1, responder, log) };
        }
        match self.stage {
            Stage::Http => {
                let was_in_tunnel = self.conversation.place().tunnel.is_some();
                let deeds = self.conversation.receive(&bytes, responder, log);
                let enters = !was_in_tunnel && self.conversation.place().tunnel.is_some();
                for deed in deeds {
                    self.act(deed);
                }
                if enters {
                    self.enter();
                }
                Ok(())
            }
            Stage::Entering => {
                self.stage = Stage::Http;
                if bytes.first() == Some(&HANDSHAKE) {
                    let place = self.conversation.place();
                    let host = place.tunnel.as_ref().map_or(place.endpoint.host(), |tunnel| tunnel.origin.host());
                    let host = host.to_owned();
                    self.push_layer(&host)?;
                    self.marks.is_clear = false;
                } else {
                    self.conversation.speaks_clear_text();
                    self.marks.is_clear = self.layers.is_empty();
                }
                self.take_in(bytes, level, responder, log)
            }
            Stage::Greeting | Stage::Asking => {
                self.pending.extend_from_slice(&bytes);
                self.socks()
            }
        }
    }

    /// From here on it is the origin that speaks; what the proxy said does not count as its words.
    fn enter(&mut self) {
        self.stage = Stage::Entering;
        self.marks.tunnel = self.marks.written;
        (self.plain, self.marks.records) = (0, Vec::new());
    }

    fn act(&mut self, deed: Deed) {
        match deed {
            Deed::Write(bytes) => {
                self.put(self.layers.len(), &bytes);
                self.plain += bytes.len() as u64;
                self.marks.records.push((self.marks.written, self.plain));
            }
            Deed::Finish | Deed::Close => {
                for level in (0..self.layers.len()).rev() {
                    if let Some(layer) = self.layers.get_mut(level) {
                        layer.send_close_notify();
                    }
                    self.flush(level);
                    self.marks.farewell.get_or_insert(self.marks.written);
                }
                self.said.push(Said::Deed(deed));
            }
            deed => self.said.push(Said::Deed(deed)),
        }
    }

    fn decrypt(&mut self, level: usize, mut bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        while !bytes.is_empty() {
            let before = self.marks.written;
            let Some(layer) = self.layers.get_mut(level) else { break };
            let was_handshaking = layer.is_handshaking();
            layer.read_tls(&mut bytes)?;
            let fed = layer.process_new_packets().map_err(io::Error::other);
            let read = layer.reader().read_to_end(&mut plain);
            let is_over = was_handshaking && !layer.is_handshaking();
            let is_old = layer.protocol_version() == Some(ProtocolVersion::TLSv1_2);
            self.flush(level);
            if is_over {
                // In TLS 1.3 the server has said all of it before the client has.
                self.marks.handshakes.push(if is_old { self.marks.written } else { before });
            }
            fed?;
            match read {
                Ok(_) => {}
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::UnexpectedEof) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(plain)
    }

    /// Puts on the wire what a layer has to say.
    fn flush(&mut self, level: usize) {
        let mut records = Vec::new();
        if let Some(layer) = self.layers.get_mut(level) {
            while layer.wants_write() {
                layer.write_tls(&mut records).expect("memory takes everything");
            }
        }
        if !records.is_empty() {
            self.put(level, &records);
        }
    }

    /// Writes bytes through the layers below this one.
    fn put(&mut self, level: usize, bytes: &[u8]) {
        match level.checked_sub(1) {
            None => {
                self.marks.written += bytes.len() as u64;
                self.said.push(Said::Bytes(bytes.to_vec()));
            }
            Some(below) => {
                if let Some(layer) = self.layers.get_mut(below) {
                    layer.writer().write_all(bytes).expect("memory takes everything");
                }
                self.flush(below);
            }
        }
    }

    /// SOCKS5 without a login (RFC 1928), and a name as the destination.
    fn socks(&mut self) -> io::Result<()> {
        let fault = |what: &str| Err(io::Error::new(io::ErrorKind::InvalidData, what.to_owned()));
        if self.stage == Stage::Greeting {
            let [5, count, methods @ ..] = self.pending.as_slice() else { return Ok(()) };
            if methods.len() < usize::from(*count) {
                return Ok(());
            }
            if !methods.contains(&0) {
                return fault("the client offers no method without a login");
            }
            self.pending.clear();
            self.stage = Stage::Asking;
            self.put(0, &[5, 0]);
            return Ok(());
        }
        let [5, 1, 0, kind, length, rest @ ..] = self.pending.as_slice() else { return Ok(()) };
        let length = usize::from(*length);
        if *kind != 3 {
            return fault("the destination is no name");
        }
        let (Some(name), Some([high, low])) = (rest.get(..length), rest.get(length..length + 2)) else {
            return Ok(());
        };
        let authority = format!("{}:{}", String::from_utf8_lossy(name), u16::from_be_bytes([*high, *low]));
        let Some(tunnel) = Tunnel::to(&authority) else { return fault("the destination is no host") };
        self.pending.clear();
        self.conversation.enter(tunnel);
        self.put(0, &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        self.enter();
        Ok(())
    }
}

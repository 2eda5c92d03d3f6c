//! The server's side of TLS: certificates of the server's own authority for whatever host is asked for, and one that no
//! client trusts.

use crate::ca::{Issued, TestCa};
use crate::server::line::{HandshakeFailed, Layer, Line, Shown};
use crate::tls::{ClientCertificate, server_config};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

/// The authority of a server, and the certificates that it has issued so far.
pub(super) struct Identities {
    ca: TestCa,
    issued: Mutex<BTreeMap<(String, Shown), Arc<ServerConfig>>>,
}

impl Identities {
    pub(super) fn new() -> Self {
        Self { ca: TestCa::new(), issued: Mutex::default() }
    }

    /// The authority, which clients are to trust.
    pub(super) fn ca(&self) -> &TestCa {
        &self.ca
    }

    /// Puts TLS around a connection as the server of `host`, and shakes hands.
    ///
    /// # Errors
    /// Those of the handshake, such as a client that does not trust the certificate.
    pub(super) fn wrap(&self, line: Line, host: &str, shown: Shown) -> io::Result<Line> {
        let config = self.config(host, shown);
        line.wrapped(|layers| {
            let connection = ServerConnection::new(config).map_err(io::Error::other)?;
            let mut tls = StreamOwned::new(connection, layers);
            match shake_hands(&mut tls) {
                Ok(()) => Ok(tls),
                Err(error) => Err(io::Error::new(error.kind(), HandshakeFailed(error))),
            }
        })
    }

    fn config(&self, host: &str, shown: Shown) -> Arc<ServerConfig> {
        // A certificate names the host without the dot at its end (RFC 6066 3), and an address without brackets.
        let host = host.trim_end_matches('.').trim_start_matches('[').trim_end_matches(']').to_owned();
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = issued.get(&(host.clone(), shown)) {
            return Arc::clone(config);
        }
        let certificate = match shown {
            Shown::Trusted => self.ca.issue(&[&host]),
            Shown::Untrusted => Issued::self_signed(&[&host]),
        };
        let config = Arc::new(server_config(&certificate, ClientCertificate::None, &[]));
        issued.insert((host, shown), Arc::clone(&config));
        config
    }
}

fn shake_hands(tls: &mut StreamOwned<ServerConnection, Box<dyn Layer>>) -> io::Result<()> {
    while tls.conn.is_handshaking() {
        tls.conn.complete_io(&mut tls.sock)?;
    }
    // What is left of the handshake, such as tickets.
    tls.flush()
}

impl Layer for StreamOwned<ServerConnection, Box<dyn Layer>> {
    fn finish(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush()?;
        self.sock.finish()
    }
}

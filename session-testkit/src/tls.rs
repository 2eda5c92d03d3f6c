//! A TLS server on loopback, on threads of the standard library, that does on each connection what a test says: well or
//! badly. It counts handshakes, requests and the bytes of plaintext that it saw.

use crate::ca::{Issued, TestCa};
pub use rustls;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoClientAuth, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// What a server asks of its clients.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ClientCertificate<'a> {
    /// No certificate.
    None,
    /// One that this authority issued.
    Required(&'a TestCa),
}

/// A server's settings: its certificate, what it asks of clients, the versions it speaks (none: all), http/1.1.
///
/// # Panics
/// For a certificate whose key is another's.
#[must_use]
pub fn server_config(
    issued: &Issued,
    clients: ClientCertificate<'_>,
    versions: &[&'static SupportedProtocolVersion],
) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = match clients {
        ClientCertificate::None => Arc::new(NoClientAuth),
        ClientCertificate::Required(ca) => {
            let mut roots = RootCertStore::empty();
            roots.add(ca.certificate_der().into()).expect("a root");
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().expect("a verifier")
        }
    };
    let versions = if versions.is_empty() { rustls::ALL_VERSIONS } else { versions };
    let chain = issued.chain.iter().map(|der| CertificateDer::from(der.clone())).collect();
    let key = PrivateKeyDer::try_from(issued.key.clone()).expect("a key");
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("versions")
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .expect("a certificate and its key");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// A server that runs until it is dropped.
pub struct TlsServer {
    address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicUsize,
    handshakes: AtomicUsize,
    requests: AtomicUsize,
    plaintext: AtomicUsize,
    closed_in_order: AtomicUsize,
    ended: AtomicUsize,
    stopped: AtomicUsize,
}

/// One connection of a [`TlsServer`] whose handshake is over.
pub struct TlsPeer {
    stream: TcpStream,
    tls: ServerConnection,
    counts: Arc<Counts>,
    plain: Vec<u8>,
}

/// No test waits longer than this for its peer.
const PATIENCE: Duration = Duration::from_secs(20);

impl TlsServer {
    /// A server that calls `serve` with every connection, each on a thread. A connection whose handshake fails is counted
    /// and closed.
    ///
    /// # Panics
    /// Where the system has no port.
    pub fn start(config: ServerConfig, serve: impl Fn(&mut TlsPeer) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let (config, serve) = (Arc::new(config), Arc::new(serve));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let counts = Arc::new(Counts::default());
        let counted = counts.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                if counted.stopped.load(Ordering::SeqCst) > 0 {
                    return;
                }
                counted.connections.fetch_add(1, Ordering::SeqCst);
                let (config, serve, counts) = (config.clone(), serve.clone(), counted.clone());
                thread::spawn(move || {
                    let ended = counts.clone();
                    // What goes wrong on a connection is what the client is tested for.
                    let _ = TlsPeer::accept(stream, config, counts).and_then(|mut peer| serve(&mut peer));
                    ended.ended.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, counts }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// How many handshakes were completed.
    #[must_use]
    pub fn handshakes(&self) -> usize {
        self.counts.handshakes.load(Ordering::SeqCst)
    }

    /// How many requests were read whole.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.counts.requests.load(Ordering::SeqCst)
    }

    /// How many bytes of plaintext were read.
    #[must_use]
    pub fn plaintext(&self) -> usize {
        self.counts.plaintext.load(Ordering::SeqCst)
    }

    /// Waits until every connection so far is over, and gives how many of them the client closed with `close_notify`.
    ///
    /// # Panics
    /// Where that takes long.
    #[must_use]
    pub fn closed_in_order(&self) -> usize {
        for _ in 0..2000 {
            if self.counts.ended.load(Ordering::SeqCst) == self.connections() {
                return self.counts.closed_in_order.load(Ordering::SeqCst);
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("a connection is still open");
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.counts.stopped.store(1, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

impl fmt::Debug for TlsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsServer").field("address", &self.address).finish_non_exhaustive()
    }
}

impl TlsPeer {
    fn accept(stream: TcpStream, config: Arc<ServerConfig>, counts: Arc<Counts>) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let tls = ServerConnection::new(config).map_err(io::Error::other)?;
        let mut peer = Self { stream, tls, counts, plain: Vec::new() };
        while peer.tls.is_handshaking() {
            if let Err(error) = peer.tls.complete_io(&mut peer.stream) {
                // The client reads the alert before the connection is reset.
                let _ = peer.stream.shutdown(Shutdown::Write);
                let _ = peer.stream.read(&mut [0; 1024]);
                return Err(error);
            }
        }
        peer.flush()?;
        peer.counts.handshakes.fetch_add(1, Ordering::SeqCst);
        Ok(peer)
    }

    /// The connection without its TLS.
    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.stream
    }

    /// The TLS without its connection.
    pub fn tls(&mut self) -> &mut ServerConnection {
        &mut self.tls
    }

    /// The next request with its body, which has a Content-Length or none; `None` at the end of the connection.
    ///
    /// # Errors
    /// The connection, or TLS.
    pub fn request(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(length) = whole(&self.plain) {
                self.counts.requests.fetch_add(1, Ordering::SeqCst);
                return Ok(Some(self.plain.drain(..length).collect()));
            }
            if self.more()? == 0 {
                return Ok(None);
            }
        }
    }

    /// Reads on, and gives how much plaintext came; 0 is the client's `close_notify`.
    ///
    /// # Errors
    /// The connection ended without it, or TLS failed.
    pub fn more(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.tls.reader().read(&mut buffer) {
                Ok(0) => {
                    self.counts.closed_in_order.fetch_add(1, Ordering::SeqCst);
                    return Ok(0);
                }
                Ok(n) => {
                    self.counts.plaintext.fetch_add(n, Ordering::SeqCst);
                    self.plain.extend_from_slice(&buffer[..n]);
                    return Ok(n);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            self.tls.read_tls(&mut self.stream)?;
            self.tls.process_new_packets().map_err(io::Error::other)?;
            self.flush()?;
        }
    }

    /// Takes the plaintext that was read and is no request that was given.
    pub fn take_plain(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.plain)
    }

    /// Sends plaintext.
    ///
    /// # Errors
    /// The connection.
    pub fn send(&mut self, mut plain: &[u8]) -> io::Result<()> {
        while !plain.is_empty() {
            let n = self.tls.writer().write(plain)?;
            plain = &plain[n..];
            self.flush()?;
        }
        Ok(())
    }

    /// Answers every request by this response.
    ///
    /// # Errors
    /// The connection, or TLS.
    pub fn answer_all(&mut self, response: &[u8]) -> io::Result<()> {
        while self.request()?.is_some() {
            self.send(response)?;
        }
        Ok(())
    }

    /// Ends TLS in order, and leaves the connection open.
    ///
    /// # Errors
    /// The connection.
    pub fn close_notify(&mut self) -> io::Result<()> {
        self.tls.send_close_notify();
        self.flush()
    }

    /// Ends the connection without a word of TLS, and waits until the client has ended it too.
    ///
    /// # Errors
    /// The connection.
    pub fn cut(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        while self.stream.read(&mut [0; 1024])? > 0 {}
        Ok(())
    }

    /// Encrypts plaintext, and gives the records instead of sending them.
    ///
    /// # Panics
    /// Never: it is memory.
    pub fn records(&mut self, plain: &[u8]) -> Vec<u8> {
        self.tls.writer().write_all(plain).expect("memory");
        let mut records = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut records).expect("memory");
        }
        records
    }

    /// Puts on the connection what TLS has to say.
    ///
    /// # Errors
    /// The connection.
    pub fn flush(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.stream)?;
        }
        Ok(())
    }
}

impl fmt::Debug for TlsPeer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsPeer(..)")
    }
}

/// The length of the first request, where all of it is there.
fn whole(plain: &[u8]) -> Option<usize> {
    let end = plain.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&plain[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let whole = end + length.unwrap_or(0);
    (plain.len() >= whole).then_some(whole)
}

//! A server without manners. What it does on a connection is a function that reads and writes as it likes; once it is told
//! to be calm, every new connection is served as it should be. Its TLS is in [`tls`].

pub mod tls;

use crate::hostile::client::CANARY;
use crate::script::request::{Head, Parsed, Request, RequestParser};
use rustls::{ServerConfig, ServerConnection};
use socket2::SockRef;
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is done on a connection. An error ends it.
pub type Behave = dyn Fn(&mut Peer) -> io::Result<()> + Send + Sync;

/// How long anything is waited for before the row has failed.
pub const LONG: Duration = Duration::from_secs(10);

/// How long a server waits that could not accept.
const RETRY: Duration = Duration::from_millis(10);

/// How long after it came a transport must know what came on an idle connection: well over the 100 microseconds for which
/// one may go by what it knew.
const NOTICED: Duration = Duration::from_millis(1);

/// The answer that is right.
pub const FINE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfine";

/// Where the normal request goes that ends each row.
pub const AFTER: &str = "/after";

/// What that one is answered: fine, with a secret that nothing may show.
fn calm() -> String {
    format!("HTTP/1.1 200 OK\r\nset-cookie: after={CANARY}\r\ncontent-length: 4\r\n\r\nfine")
}

/// The host in the URLs of a server that speaks TLS.
pub const HOST: &str = "a.test";

/// The server, until it is dropped.
pub struct Hostile {
    shared: Arc<Shared>,
    address: SocketAddr,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    behave: Box<Behave>,
    /// Where every connection begins with a handshake.
    secured: Option<Arc<ServerConfig>>,
}

#[derive(Default)]
struct State {
    seen: Seen,
    calm: bool,
    stopping: bool,
    streams: Vec<Arc<TcpStream>>,
    threads: Vec<JoinHandle<()>>,
}

/// What the server saw.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Seen {
    /// The heads of requests that came before the server was calm.
    pub heads: Vec<Head>,
    /// Those of them that came whole.
    pub whole: Vec<Request>,
    /// What was no request.
    pub faults: Vec<String>,
    /// Connections that were made.
    pub connections: usize,
    /// Connections that are over.
    pub ended: usize,
    /// Bytes that were written.
    pub written: u64,
    /// How often a behaviour said that it has come to a certain place.
    pub marks: usize,
}

impl Hostile {
    /// A server that does this on each connection.
    ///
    /// # Errors
    /// Those of the system.
    pub fn start(behave: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static) -> io::Result<Self> {
        Self::listen(None, Box::new(behave))
    }

    fn listen(secured: Option<Arc<ServerConfig>>, behave: Box<Behave>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let state = Mutex::new(State::default());
        let shared = Arc::new(Shared { state, changed: Condvar::new(), behave, secured });
        let accepting = {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name("hostile".to_owned()).spawn(move || accept(&listener, &shared))?
        };
        Ok(Self { shared, address, accepting: Some(accepting) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path there.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        match self.shared.secured {
            Some(_) => format!("https://{HOST}:{}{path}", self.address.port()),
            None => format!("http://{}{path}", self.address),
        }
    }

    /// What it saw so far.
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.shared.state().seen.clone()
    }

    /// From now on every new connection is served as it should be, and no request is counted.
    pub fn calm_down(&self) {
        self.shared.state().calm = true;
        self.shared.changed.notify_all();
    }

    /// Says that the test has come to a certain place.
    pub fn mark(&self) {
        self.shared.saw(|seen| seen.marks += 1);
    }

    /// Lets pass what a transport may take for no time at all: what the server has done before this, it is to know.
    pub fn let_it_be_noticed(&self) {
        let since = Instant::now();
        while since.elapsed() < NOTICED {
            std::thread::yield_now();
        }
    }

    /// Waits until what the server saw is as wanted.
    ///
    /// # Errors
    /// It did not come to be.
    pub fn wait_for(&self, what: &str, mut wanted: impl FnMut(&Seen) -> bool) -> Result<(), String> {
        let until = Instant::now() + LONG;
        let mut state = self.shared.state();
        while !wanted(&state.seen) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("the server waited in vain for {what}"));
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        let streams = {
            let mut state = self.shared.state();
            state.stopping = true;
            std::mem::take(&mut state.streams)
        };
        self.shared.changed.notify_all();
        for stream in streams {
            // Wakes its thread; one that is over needs no waking.
            let _ = stream.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect_timeout(&self.address, LONG);
        let accepting = self.accepting.take().map(JoinHandle::join);
        drop(accepting);
        let threads = std::mem::take(&mut self.shared.state().threads);
        for thread in threads {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn saw(&self, what: impl FnOnce(&mut Seen)) {
        what(&mut self.state().seen);
        self.changed.notify_all();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    loop {
        let accepted = listener.accept();
        let mut state = shared.state();
        if state.stopping {
            return;
        }
        let Ok((stream, _)) = accepted else {
            // There may be no descriptor for it now, and one later.
            drop(shared.changed.wait_timeout(state, RETRY));
            continue;
        };
        let stream = Arc::new(stream);
        let number = state.seen.connections;
        state.seen.connections += 1;
        state.streams.retain(|stream| Arc::strong_count(stream) > 1);
        state.streams.push(Arc::clone(&stream));
        let (calm, for_thread) = (state.calm, Arc::clone(shared));
        let spawned = std::thread::Builder::new().name("hostile".to_owned()).spawn(move || {
            let mut peer = Peer { stream, tls: None, parser: RequestParser::new(), number, shared: for_thread };
            let ready = peer.stream.set_nodelay(true).and_then(|()| peer.stream.set_read_timeout(Some(LONG)));
            let ready = ready.and_then(|()| peer.stream.set_write_timeout(Some(LONG)));
            let ready = ready.and_then(|()| peer.shared.secured.clone().map_or(Ok(()), |config| peer.secure(&config)));
            // A client that left, or was sent away, is no failure of the server.
            let _ = ready.and_then(|()| if calm { peer.serve() } else { (Arc::clone(&peer.shared).behave)(&mut peer) });
            peer.end();
        });
        state.threads.extend(spawned.ok());
    }
}

/// One connection of the server.
pub struct Peer {
    stream: Arc<TcpStream>,
    tls: Option<Box<ServerConnection>>,
    parser: RequestParser,
    number: usize,
    shared: Arc<Shared>,
}

impl Peer {
    /// Which connection it is, from 0.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// Whether the server is to behave by now.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.shared.state().calm
    }

    /// Reads the head of the next request.
    ///
    /// # Errors
    /// The client ended, or what came is no request.
    pub fn read_head(&mut self) -> io::Result<Head> {
        loop {
            match self.parse_next()? {
                Some(Parsed::Head(head)) => return Ok(head),
                Some(Parsed::Whole(_)) => {}
                None => self.read_more()?,
            }
        }
    }

    /// Reads the next request whole, or what is left of the one whose head was read.
    ///
    /// # Errors
    /// As [`Peer::read_head`].
    pub fn read_request(&mut self) -> io::Result<Request> {
        loop {
            match self.parse_next()? {
                Some(Parsed::Whole(request)) => return Ok(request),
                Some(Parsed::Head(_)) => {}
                None => self.read_more()?,
            }
        }
    }

    /// Reads whatever comes next, as it comes.
    ///
    /// # Errors
    /// The client ended.
    pub fn read_more(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        let read = if self.tls.is_some() { self.read_plain(&mut buffer) } else { (&*self.stream).read(&mut buffer) };
        match read? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                self.parser.push(buffer.get(..n).unwrap_or_default());
                Ok(())
            }
        }
    }

    /// Whether more has come than was read.
    #[must_use]
    pub fn has_come(&mut self) -> bool {
        let looked = self.stream.set_nonblocking(true).and_then(|()| self.stream.peek(&mut [0]));
        let back = self.stream.set_nonblocking(false);
        self.parser.holds_input() || looked.is_ok_and(|n| n > 0) || back.is_err()
    }

    fn parse_next(&mut self) -> io::Result<Option<Parsed>> {
        let parsed = self.parser.parse_next().map_err(|error| {
            self.shared.saw(|seen| seen.faults.push(error.to_string()));
            io::Error::new(io::ErrorKind::InvalidData, error)
        })?;
        if !self.is_calm() {
            match &parsed {
                Some(Parsed::Head(head)) => self.shared.saw(|seen| seen.heads.push(head.clone())),
                Some(Parsed::Whole(request)) => self.shared.saw(|seen| seen.whole.push(request.clone())),
                None => {}
            }
        }
        Ok(parsed)
    }

    /// Writes all of it, by TLS where there is TLS.
    ///
    /// # Errors
    /// The client is gone, or takes nothing for too long.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        if self.tls.is_some() {
            let records = self.records(bytes)?;
            return self.write_bare(records);
        }
        self.write_bare(bytes)
    }

    /// Writes all of it as it is.
    ///
    /// # Errors
    /// As [`Peer::write`].
    pub fn write_bare(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let mut rest = bytes.as_ref();
        while !rest.is_empty() {
            let n = (&*self.stream).write(rest)?;
            rest = rest.get(n..).unwrap_or_default();
            self.shared.saw(|seen| seen.written += n as u64);
        }
        Ok(())
    }

    /// Writes byte by byte, with a pause after each.
    ///
    /// # Errors
    /// The client is gone, or the server stops.
    pub fn drip(&mut self, bytes: impl AsRef<[u8]>, every: Duration) -> io::Result<()> {
        for byte in bytes.as_ref() {
            self.write([*byte])?;
            self.pause(every)?;
        }
        Ok(())
    }

    /// Does nothing for a while.
    ///
    /// # Errors
    /// The server stops.
    pub fn pause(&mut self, long: Duration) -> io::Result<()> {
        let until = Instant::now() + long;
        let mut state = self.shared.state();
        while !state.stopping {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Err(io::ErrorKind::ConnectionAborted.into())
    }

    /// The socket itself.
    #[must_use]
    pub fn socket(&self) -> &TcpStream {
        &self.stream
    }

    /// Says that nothing more will be written.
    ///
    /// # Errors
    /// The connection is over.
    pub fn fin(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Makes the connection end by RST once the behaviour returns.
    ///
    /// # Errors
    /// Those of the system.
    pub fn rst(&mut self) -> io::Result<()> {
        SockRef::from(&*self.stream).set_linger(Some(Duration::ZERO))
    }

    /// Takes nothing more in.
    ///
    /// # Errors
    /// Those of the system.
    pub fn shut_reading(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Read)
    }

    /// Does nothing until the server stops.
    ///
    /// # Errors
    /// Always: the connection ends.
    pub fn stall(&mut self) -> io::Result<()> {
        self.pause(LONG)?;
        Err(io::ErrorKind::TimedOut.into())
    }

    /// Reads and drops what comes until the client ends.
    ///
    /// # Errors
    /// None that matters.
    pub fn until_gone(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        while (&*self.stream).read(&mut buffer)? > 0 {}
        Ok(())
    }

    /// Says that it has come here.
    pub fn mark(&mut self) {
        self.shared.saw(|seen| seen.marks += 1);
    }

    /// Waits until what the server saw is as wanted.
    ///
    /// # Errors
    /// The server stops before.
    pub fn wait_for(&mut self, mut wanted: impl FnMut(&Seen) -> bool) -> io::Result<()> {
        let until = Instant::now() + LONG;
        let mut state = self.shared.state();
        while !wanted(&state.seen) {
            let left = until.saturating_duration_since(Instant::now());
            if state.stopping || left.is_zero() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// Answers each request as it should be, until the client ends.
    ///
    /// # Errors
    /// As [`Peer::read_head`]: this is how it ends.
    pub fn serve(&mut self) -> io::Result<()> {
        loop {
            let request = self.read_request()?;
            if request.head.target == AFTER { self.write(calm())? } else { self.write(FINE)? }
        }
    }

    fn end(self) {
        let Self { stream, shared, .. } = self;
        // The socket goes before it is told; the list of streams holds it too.
        let mut state = shared.state();
        state.streams.retain(|have| !Arc::ptr_eq(have, &stream));
        drop(stream);
        state.seen.ended += 1;
        drop(state);
        shared.changed.notify_all();
    }
}

//! The server: its listeners, what it saw, and its end.

#[cfg(feature = "tls")]
use crate::ca::TestCa;
use crate::script::answer::Response;
use crate::script::endpoint::{Endpoint, Role};
use crate::script::log::{Log, Place, Tunnel};
use crate::script::request::Request;
use crate::script::responder::Responder;
use crate::server::connection;
use crate::server::line::{Line, Shown};
#[cfg(feature = "tls")]
use crate::server::tls::Identities;
use socket2::{Domain, SockRef, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What a server takes before it gives up.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Bounds {
    /// Connections accepted over its lifetime, then the listeners close. Default 4096.
    pub connections: u64,
    /// How long a connection may be silent, and how long a write may take. Default 30 s.
    pub idle: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { connections: 4096, idle: Duration::from_secs(30) }
    }
}

/// Listeners that nobody serves yet: their ports are known, so a responder can name them.
#[derive(Debug)]
pub struct Sockets(Vec<TcpListener>);

impl Sockets {
    /// Binds this many free loopback ports.
    ///
    /// # Errors
    /// Those of the system.
    pub fn bind(count: usize) -> io::Result<Self> {
        (0..count).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<io::Result<_>>().map(Self)
    }

    /// Their addresses.
    ///
    /// # Errors
    /// Those of the system.
    pub fn addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.0.iter().map(TcpListener::local_addr).collect()
    }

    /// Serves an endpoint on each, in order.
    ///
    /// # Errors
    /// Those of the system, and another number of endpoints than of listeners.
    pub fn serve(self, endpoints: Vec<Endpoint>, responder: impl Responder + 'static) -> io::Result<Server> {
        self.serve_within(endpoints, responder, Bounds::default())
    }

    /// The same with bounds of one's own.
    ///
    /// # Errors
    /// As [`Sockets::serve`].
    pub fn serve_within(
        self,
        endpoints: Vec<Endpoint>,
        responder: impl Responder + 'static,
        bounds: Bounds,
    ) -> io::Result<Server> {
        if endpoints.len() != self.0.len() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "one endpoint is needed for each listener"));
        }
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                responder: Box::new(responder),
                log: Log::default(),
                is_stopping: false,
                streams: Vec::new(),
                addresses: Vec::new(),
                threads: Vec::new(),
            }),
            changed: Condvar::new(),
            bounds,
            #[cfg(feature = "tls")]
            identities: Identities::new(),
        });
        let mut server = Server { shared, listeners: Vec::new(), refused: None };
        for (endpoint, listener) in endpoints.into_iter().zip(self.0) {
            server.listen(endpoint, listener)?;
        }
        Ok(server)
    }
}

/// A scripted peer that listens on loopback ports until it is dropped.
pub struct Server {
    shared: Arc<Shared>,
    listeners: Vec<Listener>,
    refused: Option<Socket>,
}

struct Listener {
    endpoint: Endpoint,
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// A server for these endpoints, each on a free port of its own.
    ///
    /// # Errors
    /// Those of the system.
    pub fn start(
        endpoints: impl IntoIterator<Item = Endpoint>,
        responder: impl Responder + 'static,
    ) -> io::Result<Self> {
        let endpoints: Vec<Endpoint> = endpoints.into_iter().collect();
        Sockets::bind(endpoints.len())?.serve(endpoints, responder)
    }

    /// A server for one endpoint, `http://127.0.0.1:PORT`, which needs no resolver.
    ///
    /// # Errors
    /// Those of the system.
    pub fn local(responder: impl Responder + 'static) -> io::Result<Self> {
        let sockets = Sockets::bind(1)?;
        let endpoints =
            sockets.addresses()?.into_iter().filter_map(|address| Endpoint::origin(&format!("http://{address}")));
        let endpoints = endpoints.collect();
        sockets.serve(endpoints, responder)
    }

    /// The same, where each request is answered by what `answer` gives for it.
    ///
    /// # Errors
    /// Those of the system.
    pub fn answering(mut answer: impl FnMut(&Request) -> Response + Send + 'static) -> io::Result<Self> {
        Self::local(move |request: &Request, _: &Place| answer(request).answer_to(&request.head.method))
    }

    /// The URL of a path at the first endpoint.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        self.listeners.first().map_or_else(String::new, |listener| format!("{}{path}", listener.endpoint))
    }

    /// Each endpoint and the address at which it is served.
    pub fn addresses(&self) -> impl Iterator<Item = (&Endpoint, SocketAddr)> {
        self.listeners.iter().map(|listener| (&listener.endpoint, listener.address))
    }

    /// The address at which an endpoint is served.
    #[must_use]
    pub fn address(&self, endpoint: &Endpoint) -> Option<SocketAddr> {
        self.addresses().find(|(have, _)| *have == endpoint).map(|(_, address)| address)
    }

    /// An address at which nobody listens and, for as long as the server lives, nobody else will.
    ///
    /// # Errors
    /// Those of the system.
    pub fn refused_address(&mut self) -> io::Result<SocketAddr> {
        let socket = match self.refused.take() {
            Some(socket) => socket,
            None => {
                let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
                socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
                socket
            }
        };
        let address = socket.local_addr()?.as_socket();
        self.refused = Some(socket);
        address.ok_or_else(|| io::Error::other("the socket has no address"))
    }

    /// Stops listening at an endpoint: connections to it are refused. Those that are open stay.
    pub fn refuse(&mut self, endpoint: &Endpoint) {
        for listener in self.listeners.iter_mut().filter(|listener| listener.endpoint == *endpoint) {
            listener.end();
        }
    }

    /// Listens again at the address of an endpoint that refused.
    ///
    /// # Errors
    /// Those of the system: another program may have taken the port.
    pub fn accept_again(&mut self, endpoint: &Endpoint) -> io::Result<()> {
        let Some(at) = self.listeners.iter().position(|it| it.endpoint == *endpoint && it.thread.is_none()) else {
            return Ok(());
        };
        let listener = TcpListener::bind(self.listeners[at].address)?;
        self.listeners.remove(at);
        self.listen(endpoint.clone(), listener)
    }

    /// Closes the connections to an endpoint that are open, and waits until the client's system knows of it: a client that
    /// looks finds them closed.
    pub fn close_connections(&self, endpoint: &Endpoint) {
        self.close_connections_where(|have, _| have == endpoint);
    }

    /// The same for each connection of which `is_meant` says so: it is given the endpoint, and the origin of the tunnel in it.
    pub fn close_connections_where(&self, is_meant: impl Fn(&Endpoint, Option<&Endpoint>) -> bool) {
        let state = self.shared.state();
        let meant = state.streams.iter().filter(|open| is_meant(&open.endpoint, open.tunnel.as_ref()));
        let streams: Vec<_> = meant.map(|open| Weak::clone(&open.stream)).collect();
        drop(state);
        self.shared.close(&streams);
    }

    /// The authority that has issued the certificates of the `https` endpoints: clients are to trust it.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn ca(&self) -> &TestCa {
        self.shared.identities.ca()
    }

    /// What the server saw so far.
    #[must_use]
    pub fn log(&self) -> Log {
        self.shared.state().log.clone()
    }

    /// The requests that came in whole, in the order in which they were answered.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().log.requests.iter().map(|recorded| recorded.request.clone()).collect()
    }

    /// How many connections were made.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.state().log.connections
    }

    /// The address of the first endpoint.
    #[must_use]
    pub fn first_address(&self) -> Option<SocketAddr> {
        self.listeners.first().map(|listener| listener.address)
    }

    /// Waits until what the server saw is as wanted, for at most this long; says whether it came to be.
    pub fn wait_for(&self, at_most: Duration, mut wanted: impl FnMut(&Log) -> bool) -> bool {
        let until = Instant::now() + at_most;
        let mut state = self.shared.state();
        loop {
            if wanted(&state.log) {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn listen(&mut self, endpoint: Endpoint, listener: TcpListener) -> io::Result<()> {
        let address = listener.local_addr()?;
        self.shared.state().addresses.push((endpoint.clone(), address));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = {
            let (shared, endpoint, stop) = (Arc::clone(&self.shared), endpoint.clone(), Arc::clone(&stop));
            let name = format!("accept {endpoint}");
            std::thread::Builder::new().name(name).spawn(move || accept(&listener, &endpoint, &stop, &shared))?
        };
        self.listeners.push(Listener { endpoint, address, stop, thread: Some(thread) });
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let (streams, threads) = {
            let mut state = self.shared.state();
            state.is_stopping = true;
            (std::mem::take(&mut state.streams), std::mem::take(&mut state.threads))
        };
        self.shared.changed.notify_all();
        for stream in streams.iter().filter_map(|open| open.stream.upgrade()) {
            // Wakes the thread that reads or writes there. One that is over already needs no waking.
            let _ = stream.shutdown(Shutdown::Both);
        }
        for listener in &mut self.listeners {
            listener.end();
        }
        // What was accepted meanwhile saw that the server is stopping.
        let late = std::mem::take(&mut self.shared.state().threads);
        for thread in threads.into_iter().chain(late) {
            let _ = thread.join();
        }
    }
}

impl Listener {
    fn end(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts; where that fails, it has ended.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(5));
        let _ = thread.join();
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.addresses().map(|(endpoint, address)| (endpoint.as_str(), address))).finish()
    }
}

/// What the threads of a server share.
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) changed: Condvar,
    pub(super) bounds: Bounds,
    #[cfg(feature = "tls")]
    identities: Identities,
}

pub(super) struct State {
    pub(super) responder: Box<dyn Responder>,
    pub(super) log: Log,
    pub(super) is_stopping: bool,
    streams: Vec<Open>,
    addresses: Vec<(Endpoint, SocketAddr)>,
    threads: Vec<JoinHandle<()>>,
}

/// A connection that was accepted.
struct Open {
    endpoint: Endpoint,
    /// Where the tunnel in it leads, once there is one.
    tunnel: Option<Endpoint>,
    stream: Weak<TcpStream>,
}

impl State {
    /// A connection is a tunnel to `origin` from now on.
    pub(super) fn enter(&mut self, line: &Line, origin: &Endpoint) {
        let own = self.streams.iter_mut().find(|open| std::ptr::eq(open.stream.as_ptr(), line.socket()));
        own.into_iter().for_each(|open| open.tunnel = Some(origin.clone()));
    }

    /// The connections that the responder ends beside that of `line`.
    pub(super) fn ended_by_responder(&mut self, line: &Line) -> Vec<Weak<TcpStream>> {
        let Self { responder, streams, .. } = self;
        let others = streams.iter().filter(|open| !std::ptr::eq(open.stream.as_ptr(), line.socket()));
        let ended = others.filter(|open| responder.ends_others(&open.endpoint, open.tunnel.as_ref()));
        ended.map(|open| Weak::clone(&open.stream)).collect()
    }
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A responder that panicked has failed its test; the server must still end.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes these connections, and waits until the client's system knows of it.
    pub(super) fn close(&self, streams: &[Weak<TcpStream>]) {
        for stream in streams.iter().filter_map(Weak::upgrade) {
            // Where one of these fails, the connection is over already.
            let _ = SockRef::from(&*stream).set_linger(Some(self.bounds.idle));
            let _ = stream.shutdown(Shutdown::Both);
        }
        let until = Instant::now() + self.bounds.idle;
        let mut state = self.state();
        while streams.iter().any(|stream| stream.strong_count() > 0) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || state.is_stopping {
                return;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The origin that is served at the address to which a tunnel leads: a client that resolves names itself asks for
    /// addresses.
    pub(super) fn endpoint_at(&self, tunnel: &Tunnel) -> Option<Endpoint> {
        let asked: SocketAddr = format!("{}:{}", tunnel.origin.host(), tunnel.origin.port()).parse().ok()?;
        let state = self.state();
        state.addresses.iter().find(|(_, address)| *address == asked).map(|(endpoint, _)| endpoint.clone())
    }

    /// The origin of the other scheme at the same host and port: a client that is sent to either may come to both.
    pub(super) fn twin(&self, endpoint: &Endpoint) -> Option<Endpoint> {
        let is_twin = |other: &Endpoint| {
            let same = (other.host(), other.port(), other.role()) == (endpoint.host(), endpoint.port(), Role::Origin);
            same && other.role() == endpoint.role() && other.scheme() != endpoint.scheme()
        };
        self.state().addresses.iter().map(|(other, _)| other).find(|other| is_twin(other)).cloned()
    }

    /// Puts TLS around a connection as the server of `host`.
    #[cfg(feature = "tls")]
    pub(super) fn secure(&self, line: Line, host: &str, shown: Shown) -> io::Result<Line> {
        self.identities.wrap(line, host, shown)
    }

    /// There is no TLS to put around a connection.
    #[cfg(not(feature = "tls"))]
    pub(super) fn secure(&self, _: Line, host: &str, _: Shown) -> io::Result<Line> {
        Err(io::Error::new(io::ErrorKind::Unsupported, format!("{host} is served by the feature `tls` alone")))
    }
}

fn accept(listener: &TcpListener, endpoint: &Endpoint, stop: &AtomicBool, shared: &Arc<Shared>) {
    let mut faults = 0;
    while !stop.load(Ordering::SeqCst) && faults < 16 {
        let Ok((stream, _)) = listener.accept() else {
            faults += 1;
            continue;
        };
        let mut state = shared.state();
        if stop.load(Ordering::SeqCst) || state.is_stopping || state.log.connections >= shared.bounds.connections {
            return;
        }
        let stream = Arc::new(stream);
        state.streams.retain(|open| open.stream.strong_count() > 0);
        state.streams.push(Open { endpoint: endpoint.clone(), tunnel: None, stream: Arc::downgrade(&stream) });
        let conversation = crate::script::conversation::Conversation::new(endpoint.clone(), &mut state.log);
        let for_thread = Arc::clone(shared);
        let name = format!("serve {endpoint}");
        let spawned =
            std::thread::Builder::new().name(name).spawn(move || connection::serve(stream, conversation, &for_thread));
        state.threads.extend(spawned.ok());
    }
}

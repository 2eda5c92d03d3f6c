//! The server: its listeners, what it saw, and its end.

use crate::script::answer::Response;
use crate::script::endpoint::Endpoint;
use crate::script::log::{Log, Place};
use crate::script::request::Request;
use crate::script::responder::Responder;
use crate::server::connection;
use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
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
                threads: Vec::new(),
            }),
            changed: Condvar::new(),
            bounds,
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
        for stream in streams.iter().filter_map(Weak::upgrade) {
            // Wakes the thread that reads or writes there. One that is over already needs no waking.
            let _ = stream.shutdown(std::net::Shutdown::Both);
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
}

pub(super) struct State {
    pub(super) responder: Box<dyn Responder>,
    pub(super) log: Log,
    pub(super) is_stopping: bool,
    pub(super) streams: Vec<Weak<TcpStream>>,
    threads: Vec<JoinHandle<()>>,
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        // A responder that panicked has failed its test; the server must still end.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
        state.streams.retain(|stream| stream.strong_count() > 0);
        state.streams.push(Arc::downgrade(&stream));
        let conversation = crate::script::conversation::Conversation::new(endpoint.clone(), &mut state.log);
        let for_thread = Arc::clone(shared);
        let name = format!("serve {endpoint}");
        let spawned =
            std::thread::Builder::new().name(name).spawn(move || connection::serve(stream, conversation, &for_thread));
        state.threads.extend(spawned.ok());
    }
}

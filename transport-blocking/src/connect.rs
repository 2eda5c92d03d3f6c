//! Addresses and sockets: resolve, connect, and read and write until a deadline. What the bytes mean is left to `wire`.

use crate::error::Cause;
use session_core::error::{Error as CoreError, ErrorKind, Phase};
use session_core::message::origin::{Origin, Scheme};
use session_core::message::route::Route;
use session_core::retry::failure::{Failure, FailureKind};
use session_core::session::step::Hop;
use session_core::session::transport::ConnectSettings;
use session_core::time::Timeouts;
use std::io::{self, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// What bounds the time of one exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    timeouts: Timeouts,
    total: Option<Instant>,
}

/// A moment at which something must be over, and which bound says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    pub(crate) at: Instant,
    pub(crate) bound: Bound,
    pub(crate) allowed: Option<Duration>,
}

/// The bounds by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Connect,
    Head,
    Idle,
    Drain,
    Total,
}

/// How long an unwanted body is waited for: about what another connection would cost.
const DRAIN: Duration = Duration::from_secs(1);

/// What one address gets at least of the time for connecting, where there is that much.
const LEAST_SHARE: Duration = Duration::from_secs(2);

impl Bounds {
    /// `deadline` is one of the session's clock. Sockets wait by the system's.
    pub(crate) fn new(timeouts: Timeouts, deadline: Option<Instant>, settings: &ConnectSettings) -> Self {
        let total = match (deadline, &settings.clock) {
            (Some(deadline), Some(clock)) => {
                Instant::now().checked_add(deadline.saturating_duration_since(clock.now().instant()))
            }
            (deadline, _) => deadline,
        };
        Self { timeouts, total }
    }

    /// For resolving and connecting, from now.
    pub(crate) fn connect(&self) -> Option<Deadline> {
        self.nearest(Bound::Connect, self.timeouts.connect)
    }

    /// For the response head, from now.
    pub(crate) fn head(&self) -> Option<Deadline> {
        self.nearest(Bound::Head, self.timeouts.head)
    }

    /// For the next byte of a body, from now.
    pub(crate) fn idle(&self) -> Option<Deadline> {
        self.nearest(Bound::Idle, self.timeouts.idle)
    }

    /// For all of an unwanted body, from now.
    pub(crate) fn drain(&self) -> Option<Deadline> {
        self.nearest(Bound::Drain, Some(self.timeouts.idle.map_or(DRAIN, |idle| idle.min(DRAIN))))
    }

    fn nearest(&self, bound: Bound, allowed: Option<Duration>) -> Option<Deadline> {
        let own = allowed.and_then(|allowed| {
            // A moment that the clock cannot hold never comes.
            let at = Instant::now().checked_add(allowed)?;
            Some(Deadline { at, bound, allowed: Some(allowed) })
        });
        let total = self.total.map(|at| Deadline { at, bound: Bound::Total, allowed: self.timeouts.total });
        match (own, total) {
            (Some(own), Some(total)) if own.at < total.at => Some(own),
            (own, total) => total.or(own),
        }
    }
}

impl Deadline {
    /// What is left of the time.
    pub(crate) fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }
}

impl Bound {
    pub(crate) fn message(self) -> &'static str {
        match self {
            Self::Connect => "no connection was made in time",
            Self::Head => "no response head came in time",
            Self::Idle => "no byte of the body could be sent or received in time",
            Self::Drain => "an unwanted body did not end in time",
            Self::Total => "the exchange took longer than it may",
        }
    }
}

/// Connects to the origin of a hop: to each of its addresses in turn, until one accepts.
pub(crate) fn connect(settings: &ConnectSettings, hop: &Hop, deadline: Option<Deadline>) -> Result<Socket, Failure> {
    check_supported(hop)?;
    let origin = hop.origin();
    let addresses = resolve(settings, origin, deadline)?;
    let mut last = None;
    for (tried, address) in addresses.iter().enumerate() {
        let waiting = addresses.len().saturating_sub(tried);
        let share = deadline.map(|deadline| share(deadline.left(), waiting));
        match open(*address, share) {
            Ok(stream) => return Ok(Socket::new(stream, *address)),
            Err(error) => last = Some((*address, error)),
        }
        if deadline.is_some_and(|deadline| deadline.left().is_zero()) {
            break;
        }
    }
    Err(no_connection(origin, last, deadline))
}

/// Refuses what there is no connection for, before one is made.
fn check_supported(hop: &Hop) -> Result<(), Failure> {
    let (kind, message) = match (hop.origin().scheme(), hop.route()) {
        (Scheme::Http, Route::Direct) => return Ok(()),
        (Scheme::Https, Route::Direct) => (FailureKind::Tls, "https is not supported yet"),
        _ => (FailureKind::Proxy, "proxies are not supported yet"),
    };
    let error = CoreError::new(ErrorKind::Unsupported, Phase::Connect, message).with_expected("an http URL");
    Err(Failure::before_sending(kind, error))
}

/// The addresses of an origin: those set for it, itself where it is one, else what the system says.
fn resolve(
    settings: &ConnectSettings,
    origin: &Origin,
    deadline: Option<Deadline>,
) -> Result<Vec<SocketAddr>, Failure> {
    let (host, port) = (origin.host().as_str(), origin.port());
    let addresses = match (settings.addresses(host, port), origin.host().ip()) {
        (Some(addresses), _) => Ok(addresses),
        (None, Some(address)) => Ok(vec![SocketAddr::new(address, port)]),
        (None, None) => look_up(host, port, deadline),
    };
    let unresolved = || CoreError::new(ErrorKind::Connect, Phase::Resolve, format!("{host} has no address"));
    match addresses {
        Ok(addresses) if addresses.is_empty() => Err(Failure::before_sending(FailureKind::Resolve, unresolved())),
        Ok(addresses) => Ok(addresses),
        Err(Cause::Io(error)) => Err(Failure::before_sending(FailureKind::Resolve, unresolved().with_source(error))),
        Err(cause) => Err(Failure::before_sending(cause.kind(false), cause.into_error(Phase::Resolve))),
    }
}

/// Asks the system, on a thread of its own: it cannot be told to stop, and the caller must not wait for it longer than it
/// may. A thread that is left alone ends with its answer.
fn look_up(host: &str, port: u16, deadline: Option<Deadline>) -> Result<Vec<SocketAddr>, Cause> {
    let name = (host.to_owned(), port);
    let ask = move || (name.0.as_str(), name.1).to_socket_addrs().map(Iterator::collect);
    let Some(deadline) = deadline else { return ask().map_err(Cause::Io) };
    let (answer, answered) = mpsc::sync_channel(1);
    let asking = thread::Builder::new().name("resolve".to_owned()).spawn(move || {
        // Nobody listens any more where the deadline passed.
        let _ = answer.send(ask());
    });
    asking.map_err(Cause::Io)?;
    match answered.recv_timeout(deadline.left()) {
        Ok(addresses) => addresses.map_err(Cause::Io),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(Cause::Late(deadline)),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(Cause::Io(io::Error::other("the look-up gave no answer"))),
    }
}

/// One connection, within `share` of the time.
fn open(address: SocketAddr, share: Option<Duration>) -> io::Result<TcpStream> {
    let stream = match share {
        Some(share) => TcpStream::connect_timeout(&address, share)?,
        None => TcpStream::connect(address)?,
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What the next of `waiting` addresses gets of the time left.
fn share(left: Duration, waiting: usize) -> Duration {
    let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
    let fair = left.checked_div(waiting).unwrap_or(left);
    // Zero is no time to a socket but a mistake.
    fair.max(LEAST_SHARE).min(left).max(LEAST)
}

fn no_connection(origin: &Origin, last: Option<(SocketAddr, io::Error)>, deadline: Option<Deadline>) -> Failure {
    let timed_out = last.as_ref().is_none_or(|(_, error)| error.kind() == io::ErrorKind::TimedOut);
    if let Some(deadline) = deadline.filter(|deadline| timed_out && deadline.left().is_zero()) {
        let cause = Cause::Late(deadline);
        return Failure::before_sending(cause.kind(false), cause.into_error(Phase::Connect));
    }
    let error = match last {
        Some((address, error)) => {
            let message = format!("no connection to {}: {address} failed: {error}", origin.host());
            CoreError::new(ErrorKind::Connect, Phase::Connect, message).with_source(error)
        }
        None => CoreError::new(ErrorKind::Connect, Phase::Connect, format!("no connection to {}", origin.host())),
    };
    Failure::before_sending(FailureKind::Connect, error)
}

/// A connected socket that waits no longer than it is told to.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: TcpStream,
    peer: SocketAddr,
    /// What the system was told last, so that it is told only what changes.
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

/// How long a write waits before its caller may look for what the peer says meanwhile.
const LOOK: Duration = Duration::from_millis(200);

/// The shortest time that is given to a socket.
const LEAST: Duration = Duration::from_millis(1);

impl Socket {
    fn new(stream: TcpStream, peer: SocketAddr) -> Self {
        Self { stream, peer, read_timeout: None, write_timeout: None }
    }

    /// The address that it is connected to.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Reads what comes next; 0 is the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8], deadline: Option<Deadline>) -> Result<usize, Cause> {
        loop {
            let timeout = patience(deadline)?;
            if self.read_timeout != timeout {
                self.stream.set_read_timeout(timeout).map_err(Cause::Io)?;
                self.read_timeout = timeout;
            }
            match self.stream.read(buffer) {
                Err(error) if is_pause(&error) => {}
                read => return read.map_err(Cause::Io),
            }
        }
    }

    /// Reads what has come already: `None` is nothing, 0 the end.
    pub(crate) fn read_arrived(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Cause> {
        loop {
            let read = match peek(&self.stream) {
                Ok(0) => Ok(0),
                Ok(_) => self.stream.read(buffer),
                Err(error) => Err(error),
            };
            return match read {
                Ok(n) => Ok(Some(n)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                Err(error) => Err(Cause::Io(error)),
            };
        }
    }

    /// Writes some of `parts`. `None`: the peer takes nothing for now, look whether it says something and come again.
    pub(crate) fn write(&mut self, parts: &[IoSlice<'_>], deadline: Option<Deadline>) -> Result<Option<usize>, Cause> {
        let timeout = Some(patience(deadline)?.map_or(LOOK, |patience| patience.min(LOOK)));
        if self.write_timeout != timeout {
            self.stream.set_write_timeout(timeout).map_err(Cause::Io)?;
            self.write_timeout = timeout;
        }
        match self.stream.write_vectored(parts) {
            Ok(0) => Err(Cause::Io(io::ErrorKind::WriteZero.into())),
            Ok(n) => Ok(Some(n)),
            Err(error) if is_pause(&error) => Ok(None),
            Err(error) => Err(Cause::Io(error)),
        }
    }
}

/// How long the system may wait before the deadline is looked at again: in whole seconds where there is more than one
/// left, so that it is the same from one request to the next.
fn patience(deadline: Option<Deadline>) -> Result<Option<Duration>, Cause> {
    let Some(deadline) = deadline else { return Ok(None) };
    match deadline.left() {
        Duration::ZERO => Err(Cause::Late(deadline)),
        left if left.as_secs() > 0 => Ok(Some(Duration::from_secs(left.as_secs()))),
        left => Ok(Some(left.max(LEAST))),
    }
}

/// Whether a socket says that it has waited as long as it was told to, or was woken for something else.
fn is_pause(error: &io::Error) -> bool {
    match error.kind() {
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock => true,
        // Elsewhere this is the peer that no longer answers.
        io::ErrorKind::TimedOut => cfg!(windows),
        _ => false,
    }
}

/// Whether something has come, without waiting and without taking it.
#[cfg(unix)]
fn peek(stream: &TcpStream) -> io::Result<usize> {
    let mut byte = [std::mem::MaybeUninit::uninit()];
    socket2::SockRef::from(stream).recv_with_flags(&mut byte, libc::MSG_PEEK | libc::MSG_DONTWAIT)
}

/// Whether something has come, without waiting and without taking it.
#[cfg(not(unix))]
fn peek(stream: &TcpStream) -> io::Result<usize> {
    stream.set_nonblocking(true)?;
    let seen = stream.peek(&mut [0]);
    stream.set_nonblocking(false)?;
    seen
}

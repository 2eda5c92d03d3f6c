//! Addresses and sockets: resolve, connect, and read and write until a deadline. What the bytes mean is left to `wire`.

use crate::error::Cause;
use session_core::error::{Error as CoreError, ErrorKind, Phase};
use session_core::message::origin::{Origin, Scheme};
use session_core::message::route::Route;
use session_core::retry::failure::{Failure, FailureKind};
use session_core::session::step::Hop;
use session_core::session::transport::ConnectSettings;
use session_core::time::Timeouts;
use std::future::Future;
use std::io::{self, IoSlice, Read};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Sleep, sleep_until, timeout, timeout_at};

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
pub(crate) async fn connect(
    settings: &ConnectSettings,
    hop: &Hop,
    deadline: Option<Deadline>,
) -> Result<Socket, Failure> {
    check_supported(hop)?;
    let origin = hop.origin();
    let addresses = resolve(settings, origin, deadline).await?;
    let mut last = None;
    for (tried, address) in addresses.iter().enumerate() {
        let waiting = addresses.len().saturating_sub(tried);
        let share = deadline.map(|deadline| share(deadline.left(), waiting));
        match open(*address, share).await {
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
async fn resolve(
    settings: &ConnectSettings,
    origin: &Origin,
    deadline: Option<Deadline>,
) -> Result<Vec<SocketAddr>, Failure> {
    let (host, port) = (origin.host().as_str(), origin.port());
    let addresses = match (settings.addresses(host, port), origin.host().ip()) {
        (Some(addresses), _) => Ok(addresses),
        (None, Some(address)) => Ok(vec![SocketAddr::new(address, port)]),
        (None, None) => look_up(host, port, deadline).await,
    };
    let unresolved = || CoreError::new(ErrorKind::Connect, Phase::Resolve, format!("{host} has no address"));
    match addresses {
        Ok(addresses) if addresses.is_empty() => Err(Failure::before_sending(FailureKind::Resolve, unresolved())),
        Ok(addresses) => Ok(addresses),
        Err(Cause::Io(error)) => Err(Failure::before_sending(FailureKind::Resolve, unresolved().with_source(error))),
        Err(cause) => Err(Failure::before_sending(cause.kind(false), cause.into_error(Phase::Resolve))),
    }
}

/// Asks the system; tokio does that on a thread of its own.
async fn look_up(host: &str, port: u16, deadline: Option<Deadline>) -> Result<Vec<SocketAddr>, Cause> {
    let asked = lookup_host((host, port));
    let answer = match deadline {
        Some(deadline) => timeout_at(deadline.at.into(), asked).await.map_err(|_| Cause::Late(deadline))?,
        None => asked.await,
    };
    answer.map(Iterator::collect).map_err(Cause::Io)
}

/// One connection, within `share` of the time.
async fn open(address: SocketAddr, share: Option<Duration>) -> io::Result<TcpStream> {
    let stream = match share {
        Some(share) => timeout(share, TcpStream::connect(address)).await.map_err(|_| io::ErrorKind::TimedOut)??,
        None => TcpStream::connect(address).await?,
    };
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// What the next of `waiting` addresses gets of the time left.
fn share(left: Duration, waiting: usize) -> Duration {
    let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
    let fair = left.checked_div(waiting).unwrap_or(left);
    fair.max(LEAST_SHARE).min(left)
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
    /// What wakes the task where the peer does not.
    timer: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    fn new(stream: TcpStream, peer: SocketAddr) -> Self {
        Self { stream, peer, timer: None }
    }

    /// The address that it is connected to.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Reads what comes next; 0 is the end.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        deadline: Option<Deadline>,
    ) -> Poll<Result<usize, Cause>> {
        let mut buffer = ReadBuf::new(buffer);
        match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
            Poll::Ready(read) => Poll::Ready(read.map(|()| buffer.filled().len()).map_err(Cause::Io)),
            Poll::Pending => self.poll_late(cx, deadline).map(Err),
        }
    }

    /// Reads what has come already: `None` is nothing, 0 the end. It asks the system, whatever the runtime knows.
    pub(crate) fn read_arrived(&self, buffer: &mut [u8]) -> Result<Option<usize>, Cause> {
        loop {
            return match (&*socket2::SockRef::from(&self.stream)).read(buffer) {
                Ok(n) => Ok(Some(n)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                Err(error) => Err(Cause::Io(error)),
            };
        }
    }

    /// Whether there is something to read, as far as the runtime knows.
    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<Result<(), Cause>> {
        self.stream.poll_read_ready(cx).map_err(Cause::Io)
    }

    /// Writes some of `parts`. With [`Listen::ToPeer`] it gives `None` where the peer takes nothing for now and says
    /// something.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
        listen: Listen,
        deadline: Option<Deadline>,
    ) -> Poll<Result<Option<usize>, Cause>> {
        match Pin::new(&mut self.stream).poll_write_vectored(cx, parts) {
            Poll::Ready(Ok(0)) => return Poll::Ready(Err(Cause::Io(io::ErrorKind::WriteZero.into()))),
            Poll::Ready(written) => return Poll::Ready(written.map(Some).map_err(Cause::Io)),
            Poll::Pending => {}
        }
        if listen == Listen::ToPeer && self.poll_readable(cx).is_ready() {
            return Poll::Ready(Ok(None));
        }
        self.poll_late(cx, deadline).map(Err)
    }

    /// Ends with the deadline. Ask it last: it sees to it that the task is woken for that.
    pub(crate) fn poll_late(&mut self, cx: &mut Context<'_>, deadline: Option<Deadline>) -> Poll<Cause> {
        let Some(deadline) = deadline else { return Poll::Pending };
        let at = deadline.at.into();
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() != at {
            timer.as_mut().reset(at);
        }
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Cause::Late(deadline))
    }

    /// Waits for nothing any more.
    pub(crate) fn rest(&mut self) {
        self.timer = None;
    }
}

/// Whether a write that waits looks for what the peer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    ToPeer,
    ToNobody,
}

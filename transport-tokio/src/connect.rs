//! Addresses and sockets: resolve, connect, and read and write until a deadline. What the bytes mean is left to `wire`.

use session_core::message::origin::Origin;
use session_core::retry::failure::Failure;
use session_core::transport::ConnectSettings;
use session_core::transport::address::{known, no_connection, resolved};
use session_core::transport::bounds::Deadline;
use session_core::transport::cause::Cause;
use std::future::Future;
use std::io::{self, IoSlice, Read};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Sleep, sleep_until, timeout, timeout_at};

/// Connects to an origin: to each of its addresses in turn, until one accepts.
pub(crate) async fn connect(
    settings: &ConnectSettings,
    origin: &Origin,
    deadline: Option<Deadline>,
) -> Result<Socket, Failure> {
    let addresses = resolve(settings, origin, deadline).await?;
    let mut last = None;
    for (tried, address) in addresses.iter().enumerate() {
        let waiting = addresses.len().saturating_sub(tried);
        let share = deadline.map(|deadline| deadline.share(Instant::now(), waiting));
        match open(*address, share).await {
            Ok(stream) => return Ok(Socket::new(stream, *address)),
            Err(error) => last = Some((*address, error)),
        }
        if deadline.is_some_and(|deadline| deadline.is_over(Instant::now())) {
            break;
        }
    }
    Err(no_connection(origin, last, deadline, Instant::now()))
}

/// The addresses of an origin: those that are known, else what the system says.
async fn resolve(
    settings: &ConnectSettings,
    origin: &Origin,
    deadline: Option<Deadline>,
) -> Result<Vec<SocketAddr>, Failure> {
    let addresses = match known(settings, origin) {
        Some(addresses) => Ok(addresses),
        None => look_up(origin.host().as_str(), origin.port(), deadline).await,
    };
    resolved(settings, origin, addresses)
}

/// Asks the system; tokio does that on a thread of its own.
async fn look_up(host: &str, port: u16, deadline: Option<Deadline>) -> Result<Vec<SocketAddr>, Cause> {
    let asked = lookup_host((host, port));
    let answer = match deadline {
        Some(deadline) => timeout_at(deadline.at().into(), asked).await.map_err(|_| Cause::Late(deadline))?,
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
        let at = deadline.at().into();
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

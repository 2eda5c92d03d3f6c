//! A connected socket: read and write until a deadline, in clear text or through TLS. What the bytes mean is left to `wire`.

use super::runtime::Timer;
use super::stream::Stream;
use bytes::Bytes;
use session_core::error::Phase;
use session_core::message::host::CanonicalHost;
use session_core::retry::failure::Failure;
use session_core::time::Now;
use session_core::tls::config::TlsConfig;
use session_core::tls::plain::Plain;
use session_core::transport::address::failure;
use session_core::transport::bounds::{Bounds, Deadline};
use session_core::transport::cause::Cause;
use session_core::transport::channel::{Channel, Handshake};
use session_core::transport::setup::Setup;
use session_core::transport::tunnel::{Tunnel, feed};
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::task::{Context, Poll, ready};
use std::time::Instant;

/// A connected socket that waits no longer than it is told to.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Stream,
    /// None for a unix socket.
    peer: Option<SocketAddr>,
    /// What lies between the stream and the wire. In clear text that is nothing.
    channel: Option<Box<Channel>>,
    /// What wakes the task where the peer does not.
    timer: Option<Timer>,
}

impl Socket {
    pub(super) fn new(stream: Stream, peer: Option<SocketAddr>) -> Self {
        Self { stream, peer, channel: None, timer: None }
    }

    /// The address that it is connected to, where it is one of TCP.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Asks the proxy at the other end to let the way through. Gives what came behind its answer.
    pub(super) async fn pass(
        &mut self,
        mut tunnel: Tunnel,
        bounds: &Bounds,
        deadline: Option<Deadline>,
    ) -> Result<Bytes, Failure> {
        self.set_up(&mut tunnel, deadline).await.map_err(|cause| failure(cause, Phase::Tunnel))?;
        // What it says beside its refusal is worth a moment, and no other error.
        let moment = Deadline::nearer(deadline, bounds.drain(Instant::now()));
        while tunnel.wants_rest() {
            let Ok(n) = poll_fn(|cx| self.poll_read(cx, tunnel.spare(), moment)).await else { break };
            if tunnel.received(n).is_err() {
                break;
            }
        }
        tunnel.finish().map_err(|error| failure(Cause::Setup(error), Phase::Tunnel))
    }

    /// Says what is to be said before the first request.
    async fn set_up(&mut self, setup: &mut (dyn Setup + Send), deadline: Option<Deadline>) -> Result<(), Cause> {
        // The peer may have said why before it closed: what is still to be said to it is dropped, and it is heard.
        let mut is_gone = false;
        loop {
            if is_gone {
                setup.wrote(setup.out().len());
            }
            if !is_gone && (!setup.out().is_empty() || self.holds()) {
                match self.write(&[IoSlice::new(setup.out())], deadline).await {
                    Ok(n) => setup.wrote(n.unwrap_or(0)),
                    Err(cause) if cause.is_lost() => is_gone = true,
                    Err(cause) => return Err(cause),
                }
            } else if setup.is_done() {
                return Ok(());
            } else {
                let n = poll_fn(|cx| self.poll_read(cx, setup.spare(), deadline)).await?;
                if let Err(error) = setup.received(n) {
                    self.tell(setup.out());
                    return Err(Cause::Setup(error));
                }
            }
        }
    }

    /// Tells the peer a last thing, as much of it as goes without waiting. Nobody hears whether it went.
    fn tell(&mut self, last: &[u8]) {
        match &mut self.channel {
            None => drop(self.stream.try_write(last)),
            Some(channel) => {
                if channel.write(&[IoSlice::new(last)]).is_ok() {
                    flush(&self.stream, channel);
                }
            }
        }
    }

    /// Makes it a TLS connection with `host`, which has said `early` already, through the one that it is, if it is.
    pub(super) async fn secure(
        &mut self,
        config: &TlsConfig,
        host: &CanonicalHost,
        early: &[u8],
        now: Now,
        deadline: Option<Deadline>,
    ) -> Result<(), Failure> {
        let mut handshake = Handshake::new(config, host, now)?;
        feed(&mut handshake, early).map_err(|error| Handshake::failure(Cause::Setup(error)))?;
        self.set_up(&mut handshake, deadline).await.map_err(Handshake::failure)?;
        let outer = self.channel.take().map(|channel| *channel);
        self.channel = Some(Box::new(handshake.into_channel(outer)));
        Ok(())
    }

    async fn write(&mut self, parts: &[IoSlice<'_>], deadline: Option<Deadline>) -> Result<Option<usize>, Cause> {
        poll_fn(|cx| self.poll_write(cx, parts, Listen::ToNobody, deadline)).await
    }

    /// Whether something that counts as written is still to be put on the stream.
    pub(crate) fn holds(&self) -> bool {
        self.channel.as_ref().is_some_and(|channel| !channel.out().is_empty())
    }

    /// Whether it may lie idle, as far as is known without asking the system.
    pub(crate) fn may_rest(&mut self) -> bool {
        self.channel.as_mut().is_none_or(|channel| channel.may_rest())
    }

    /// Reads what comes next; 0 is the end.
    pub(crate) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        deadline: Option<Deadline>,
    ) -> Poll<Result<usize, Cause>> {
        loop {
            match self.read_channel(buffer)? {
                None => return self.poll_read_stream(cx, Some(buffer), deadline),
                Some(Plain::Data(n)) => return Poll::Ready(Ok(n)),
                Some(Plain::Closed) => return Poll::Ready(Ok(0)),
                Some(Plain::Pending) => ready!(self.poll_read_stream(cx, None, deadline))?,
            };
        }
    }

    /// What the channel has of plaintext, where there is one.
    fn read_channel(&mut self, buffer: &mut [u8]) -> Result<Option<Plain>, Cause> {
        let Some(channel) = &mut self.channel else { return Ok(None) };
        let plain = channel.read(buffer);
        if !channel.out().is_empty() {
            flush(&self.stream, channel);
        }
        Ok(Some(plain?))
    }

    /// Reads the stream: into `buffer`, or else into the channel.
    fn poll_read_stream(
        &mut self,
        cx: &mut Context<'_>,
        buffer: Option<&mut [u8]>,
        deadline: Option<Deadline>,
    ) -> Poll<Result<usize, Cause>> {
        let read = match (buffer, &mut self.channel) {
            (Some(buffer), _) => self.stream.poll_read(cx, buffer),
            (None, Some(channel)) => self.stream.poll_read(cx, channel.spare()).map_ok(|n| {
                channel.received(n);
                n
            }),
            (None, None) => Poll::Ready(Ok(0)),
        };
        match read {
            Poll::Ready(read) => Poll::Ready(read.map_err(Cause::Io)),
            Poll::Pending => self.poll_late(cx, deadline).map(Err),
        }
    }

    /// Reads what has come already: `None` is nothing, 0 the end.
    pub(crate) fn read_arrived(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Cause> {
        loop {
            match self.read_channel(buffer)? {
                None => return arrived(&self.stream, buffer),
                Some(Plain::Data(n)) => return Ok(Some(n)),
                Some(Plain::Closed) => return Ok(Some(0)),
                Some(Plain::Pending) => {}
            }
            let Some(channel) = &mut self.channel else { return Ok(None) };
            match arrived(&self.stream, channel.spare())? {
                None => return Ok(None),
                Some(n) => channel.received(n),
            }
        }
    }

    /// Whether something has come since this was asked before. It may not be for the wire: what counts is reading it.
    pub(crate) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<Result<(), Cause>> {
        self.stream.poll_read_ready(cx).map_err(Cause::Io)
    }

    /// Writes some of `parts`. With [`Listen::ToPeer`] it gives `None` where the peer takes nothing for now and says
    /// something. What counts as written may still be held: write until nothing [is](Self::holds).
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
        listen: Listen,
        deadline: Option<Deadline>,
    ) -> Poll<Result<Option<usize>, Cause>> {
        let written = match &mut self.channel {
            None => self.stream.poll_write_vectored(cx, parts),
            Some(channel) => {
                channel.write(parts)?;
                if channel.out().is_empty() {
                    // What it held went out in reading.
                    return Poll::Ready(Ok(Some(channel.take_accepted())));
                }
                self.stream.poll_write(cx, channel.out())
            }
        };
        match written {
            Poll::Ready(Ok(0)) => return Poll::Ready(Err(Cause::Io(io::ErrorKind::WriteZero.into()))),
            Poll::Ready(Ok(n)) => {
                return Poll::Ready(Ok(Some(self.channel.as_mut().map_or(n, |channel| channel.wrote(n)))));
            }
            Poll::Ready(Err(error)) => return Poll::Ready(Err(Cause::Io(error))),
            Poll::Pending => {}
        }
        if listen == Listen::ToPeer
            && let Poll::Ready(readable) = self.poll_readable(cx)
        {
            return Poll::Ready(readable.map(|()| None));
        }
        self.poll_late(cx, deadline).map(Err)
    }

    /// Writes what is held.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Cause>> {
        while self.holds() {
            ready!(self.poll_write(cx, &[], Listen::ToNobody, None))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Takes some of `parts`, which may be others the next time: what TLS has encrypted of them is taken.
    pub(crate) fn poll_take(&mut self, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<Result<usize, Cause>> {
        ready!(self.poll_flush(cx))?;
        let written = self.poll_write(cx, parts, Listen::ToNobody, None);
        match (written, &mut self.channel) {
            (Poll::Ready(Err(cause)), _) => Poll::Ready(Err(cause)),
            (Poll::Ready(Ok(Some(n))), _) if n > 0 => Poll::Ready(Ok(n)),
            (_, Some(channel)) => match channel.take_accepted() {
                0 => Poll::Pending,
                n => Poll::Ready(Ok(n)),
            },
            (_, None) => Poll::Pending,
        }
    }

    /// Says that nothing more will be written.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Cause>> {
        ready!(self.poll_flush(cx))?;
        if let Some(channel) = &mut self.channel {
            // Said once, however often this is asked.
            channel.close();
            ready!(self.poll_flush(cx))?;
        }
        self.stream.poll_shutdown(cx).map_err(Cause::Io)
    }

    /// Ends with the deadline. Ask it last: it sees to it that the task is woken for that.
    pub(crate) fn poll_late(&mut self, cx: &mut Context<'_>, deadline: Option<Deadline>) -> Poll<Cause> {
        let Some(deadline) = deadline else { return Poll::Pending };
        let at = deadline.at();
        let timer = self.timer.get_or_insert_with(|| Timer::new(at));
        ready!(timer.poll_until(cx, at));
        Poll::Ready(Cause::Late(deadline))
    }

    /// Waits for nothing any more.
    pub(crate) fn rest(&mut self) {
        self.timer = None;
    }
}

impl Drop for Socket {
    /// TLS says that it ends, where that takes no waiting.
    fn drop(&mut self) {
        if let Some(channel) = &mut self.channel {
            channel.close();
            flush(&self.stream, channel);
        }
    }
}

/// Writes what the channel holds, as much as goes without waiting. What does not go goes with the next write.
fn flush(stream: &Stream, channel: &mut Channel) {
    let n = stream.try_write(channel.out()).unwrap_or(0);
    channel.flushed(n);
}

/// Reads what the system has already: `None` is nothing, 0 the end.
fn arrived(stream: &Stream, buffer: &mut [u8]) -> Result<Option<usize>, Cause> {
    loop {
        return match stream.try_read(buffer) {
            Ok(n) => Ok(Some(n)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(Cause::Io(error)),
        };
    }
}

/// Whether a write that waits looks for what the peer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    ToPeer,
    ToNobody,
}

//! A connected stream, of either kind, as the system has it: what waits, what does not, and what differs from one system to
//! another.

use socket2::Socket;
use std::io::{self, IoSlice, Read};
use std::net::Shutdown;
use std::time::Duration;

/// A connected stream.
#[derive(Debug)]
pub(super) struct Stream {
    socket: Socket,
    /// What the system was told last, so that it is told only what changes.
    read_timeout: Option<Duration>,
}

/// Why a wait for room to write ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wake {
    /// There is something to read, or may be.
    PeerSpoke,
    /// There may be room, or the time is up.
    TryAgain,
}

impl Stream {
    pub(super) fn new(socket: Socket) -> Self {
        Self { socket, read_timeout: None }
    }

    /// Reads, waiting for it for so long.
    pub(super) fn read(&mut self, buffer: &mut [u8], timeout: Option<Duration>) -> io::Result<usize> {
        if self.read_timeout != timeout {
            self.socket.set_read_timeout(timeout)?;
            self.read_timeout = timeout;
        }
        self.socket.read(buffer)
    }

    /// Reads what the system has already.
    pub(super) fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.peek()? {
            0 => Ok(0),
            _ => (&self.socket).read(buffer),
        }
    }

    /// Writes what goes without waiting.
    pub(super) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.try_write_vectored(&[IoSlice::new(bytes)])
    }

    /// Says that nothing more will be written.
    pub(super) fn shutdown(&self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)
    }
}

#[cfg(unix)]
impl Stream {
    /// Whether something has come, without waiting and without taking it.
    fn peek(&self) -> io::Result<usize> {
        let mut byte = [std::mem::MaybeUninit::uninit()];
        self.socket.recv_with_flags(&mut byte, libc::MSG_PEEK | libc::MSG_DONTWAIT)
    }

    /// Writes what goes of several pieces without waiting.
    pub(super) fn try_write_vectored(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        // A peer that is gone is an error to be told and no signal; elsewhere the socket was set up for that.
        #[cfg(target_vendor = "apple")]
        const FLAGS: i32 = libc::MSG_DONTWAIT;
        #[cfg(not(target_vendor = "apple"))]
        const FLAGS: i32 = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        self.socket.send_vectored_with_flags(parts, FLAGS)
    }

    /// Waits for so long until there is room to write.
    pub(super) fn await_room(&self, timeout: Option<Duration>) -> io::Result<Wake> {
        self.await_any(rustix::event::PollFlags::OUT, timeout)
    }

    /// Waits for so long until there is room to write or something to read.
    pub(super) fn await_room_or_word(&self, timeout: Option<Duration>) -> io::Result<Wake> {
        use rustix::event::PollFlags;
        self.await_any(PollFlags::OUT | PollFlags::IN, timeout)
    }

    fn await_any(&self, wanted: rustix::event::PollFlags, timeout: Option<Duration>) -> io::Result<Wake> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut sockets = [PollFd::new(&self.socket, wanted)];
        // A time that the system cannot hold is none.
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        match poll(&mut sockets, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let [socket] = sockets;
        Ok(if socket.revents().contains(PollFlags::IN) { Wake::PeerSpoke } else { Wake::TryAgain })
    }
}

/// How long it is waited where a wait for two things at once is not to be had.
#[cfg(not(unix))]
const LOOK: Duration = Duration::from_millis(5);

#[cfg(not(unix))]
impl Stream {
    /// Whether something has come, without waiting and without taking it.
    fn peek(&self) -> io::Result<usize> {
        self.socket.set_nonblocking(true)?;
        let seen = self.socket.peek(&mut [std::mem::MaybeUninit::uninit()]);
        self.socket.set_nonblocking(false)?;
        seen
    }

    /// Writes what goes of several pieces without waiting.
    pub(super) fn try_write_vectored(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.socket.set_nonblocking(true)?;
        let sent = io::Write::write_vectored(&mut &self.socket, parts);
        self.socket.set_nonblocking(false)?;
        sent
    }

    /// Waits a little.
    pub(super) fn await_room(&self, timeout: Option<Duration>) -> io::Result<Wake> {
        std::thread::sleep(timeout.map_or(LOOK, |timeout| timeout.min(LOOK)));
        Ok(Wake::TryAgain)
    }

    /// Waits a little: a wait for two things at once is asked of unix alone.
    pub(super) fn await_room_or_word(&self, timeout: Option<Duration>) -> io::Result<Wake> {
        self.await_room(timeout).map(|_| Wake::PeerSpoke)
    }
}

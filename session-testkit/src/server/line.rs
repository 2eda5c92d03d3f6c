//! The bytes of one accepted connection: the socket, and the TLS that was put around it, once or twice (to an https proxy,
//! and to the origin behind it).

use std::fmt;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// A connection as its thread reads and writes it.
pub(super) struct Line {
    socket: Arc<TcpStream>,
    layers: Box<dyn Layer>,
}

/// Something that bytes go through.
pub(super) trait Layer: Read + Write + Send {
    /// Says that nothing more will be written. The socket itself is left open.
    fn finish(&mut self) -> io::Result<()>;
}

impl Line {
    /// The bare socket.
    pub(super) fn new(socket: Arc<TcpStream>) -> Self {
        Self { layers: Box::new(Bare(Arc::clone(&socket))), socket }
    }

    /// The socket below everything.
    pub(super) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// The same with one more layer around those that there are.
    ///
    /// # Errors
    /// Those of making the layer, such as a handshake that fails.
    #[cfg(feature = "tls")]
    pub(super) fn wrapped<L: Layer + 'static>(
        self,
        wrap: impl FnOnce(Box<dyn Layer>) -> io::Result<L>,
    ) -> io::Result<Self> {
        Ok(Self { layers: Box::new(wrap(self.layers)?), socket: self.socket })
    }

    /// The first byte that comes next, which stays to be read; `None` at the end.
    ///
    /// # Errors
    /// Those of the socket.
    pub(super) fn peek(mut self) -> io::Result<(Option<u8>, Self)> {
        let mut first = [0];
        let count = self.read(&mut first)?;
        let first = first.get(..count).unwrap_or_default().first().copied();
        let layers = Box::new(Peeked { first, rest: self.layers });
        Ok((first, Self { socket: self.socket, layers }))
    }

    /// Reads what comes; 0 at the end, also where TLS was not closed as it should be.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.layers.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(0),
                read => return read,
            }
        }
    }

    /// Reads until `buffer` is full.
    ///
    /// # Errors
    /// An end before that, and those of the socket.
    pub(super) fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        self.layers.read_exact(buffer)
    }

    /// Writes all of it.
    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.layers.write_all(bytes)?;
        self.layers.flush()
    }

    /// Says that nothing more will be written: by TLS where there is TLS. The socket itself is left open.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.layers.finish()
    }
}

/// Which certificate a server shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shown {
    /// One of the authority that its clients trust.
    Trusted,
    /// One that nobody but itself has signed.
    Untrusted,
}

/// A TLS handshake that did not come to its end.
#[derive(Debug)]
pub(super) struct HandshakeFailed(pub(super) io::Error);

impl fmt::Display for HandshakeFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the TLS handshake failed: {}", self.0)
    }
}

impl std::error::Error for HandshakeFailed {}

struct Bare(Arc<TcpStream>);

impl Read for Bare {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

impl Write for Bare {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Layer for Bare {
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What was read to look at it comes once more.
struct Peeked {
    first: Option<u8>,
    rest: Box<dyn Layer>,
}

impl Read for Peeked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match (buffer.first_mut(), self.first.take()) {
            (Some(place), Some(first)) => {
                *place = first;
                Ok(1)
            }
            (_, first) => {
                self.first = first;
                self.rest.read(buffer)
            }
        }
    }
}

impl Write for Peeked {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.rest.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.rest.flush()
    }
}

impl Layer for Peeked {
    fn finish(&mut self) -> io::Result<()> {
        self.rest.finish()
    }
}

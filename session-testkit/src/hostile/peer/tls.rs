//! TLS on the connections of the hostile server: as it should be, and step by step for whoever does it badly.

use super::{Behave, Hostile, Peer};
use rustls::{ServerConfig, ServerConnection};
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;

impl Hostile {
    /// A server whose connections begin with a handshake, also once it is calm.
    ///
    /// # Errors
    /// Those of the system.
    pub fn start_secured(config: ServerConfig, behave: Box<Behave>) -> io::Result<Self> {
        Self::listen(Some(Arc::new(config)), behave)
    }
}

impl Peer {
    /// Goes through a handshake. From then on requests are read, and answers written, by TLS.
    ///
    /// # Errors
    /// The handshake failed; the client has had the time to read why.
    pub fn secure(&mut self, config: &Arc<ServerConfig>) -> io::Result<()> {
        self.begin_tls(config)?;
        while self.tls()?.is_handshaking() {
            self.flush()?;
            self.take_records()?;
        }
        self.flush()
    }

    /// Begins with TLS, and does nothing yet.
    ///
    /// # Errors
    /// Settings with which nothing can be begun.
    pub fn begin_tls(&mut self, config: &Arc<ServerConfig>) -> io::Result<()> {
        self.tls = Some(Box::new(ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?));
        Ok(())
    }

    /// The TLS of this connection.
    ///
    /// # Errors
    /// There is none.
    pub fn tls(&mut self) -> io::Result<&mut ServerConnection> {
        self.tls.as_deref_mut().ok_or_else(|| io::Error::other("there is no TLS"))
    }

    /// Reads what the client sent, and takes it in. What there is to say about it waits to be written.
    ///
    /// # Errors
    /// The client ended, or broke TLS; it has had the time to read so.
    pub fn take_records(&mut self) -> io::Result<()> {
        let stream = Arc::clone(&self.stream);
        let tls = self.tls()?;
        if tls.read_tls(&mut &*stream)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Err(error) = tls.process_new_packets() {
            self.flush()?;
            self.fin()?;
            self.until_gone()?;
            return Err(io::Error::other(error));
        }
        Ok(())
    }

    /// Reads plaintext; 0 is the client's `close_notify`.
    pub(super) fn read_plain(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.tls()?.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return read,
            }
            self.take_records()?;
            self.flush()?;
        }
    }

    /// What stands to be written, and then these bytes, as records.
    ///
    /// # Errors
    /// There is no TLS.
    pub fn records(&mut self, plain: impl AsRef<[u8]>) -> io::Result<Vec<u8>> {
        let (tls, mut rest, mut records) = (self.tls()?, plain.as_ref(), Vec::new());
        loop {
            // A connection that has failed takes nothing, and has still to say why.
            if !rest.is_empty() {
                let n = tls.writer().write(rest)?;
                rest = rest.get(n..).unwrap_or_default();
            }
            while tls.wants_write() {
                tls.write_tls(&mut records)?;
            }
            if rest.is_empty() {
                return Ok(records);
            }
        }
    }

    /// Writes what TLS has to say.
    ///
    /// # Errors
    /// The client is gone.
    pub fn flush(&mut self) -> io::Result<()> {
        self.write([])
    }

    /// Says by TLS that nothing more will be written, and leaves the connection open.
    ///
    /// # Errors
    /// The client is gone.
    pub fn close_notify(&mut self) -> io::Result<()> {
        self.tls()?.send_close_notify();
        self.flush()
    }
}

//! A listener whose connections a function of the test's own talks on, byte by byte: for what is no HTTP server, as a SOCKS
//! proxy or one that breaks off.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a connection may be silent, and how long a write may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest head that is listened to.
const LONGEST: usize = 64 * 1024;

/// A listener on a free loopback port. It takes one connection after another; dropping it ends and joins its thread.
#[derive(Debug)]
pub struct Talker {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    is_stopping: AtomicBool,
    /// What was heard on each connection.
    heard: Mutex<Vec<Vec<u8>>>,
    peers: Mutex<Vec<SocketAddr>>,
}

/// One connection.
#[derive(Debug)]
pub struct Line {
    stream: TcpStream,
    shared: Arc<Shared>,
}

impl Talker {
    /// Listens. `talk` is given each connection, which closes when it returns; its error only ends that connection.
    ///
    /// # Errors
    /// Those of the system.
    pub fn serve(mut talk: impl FnMut(&mut Line) -> io::Result<()> + Send + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let own = Arc::clone(&shared);
        let thread = thread::Builder::new().name("talker".to_owned()).spawn(move || {
            while let Ok((stream, peer)) = listener.accept() {
                if own.is_stopping.load(Ordering::Acquire) {
                    return;
                }
                lock(&own.heard).push(Vec::new());
                lock(&own.peers).push(peer);
                let mut line = Line { stream, shared: Arc::clone(&own) };
                // What goes wrong on a connection shows in what was heard.
                let _ = line.begin().and_then(|()| talk(&mut line));
            }
        })?;
        Ok(Self { address, shared, thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it, once the connection under way is over. Gives what was heard on each.
    #[must_use]
    pub fn end(mut self) -> Vec<Vec<u8>> {
        self.stop();
        std::mem::take(&mut *lock(&self.shared.heard))
    }

    fn stop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.shared.is_stopping.store(true, Ordering::Release);
        // The last connection wakes the listener.
        let _ = TcpStream::connect(self.address);
        // Its panic was told on its own thread.
        let _ = thread.join();
    }

    /// Where each connection came from.
    #[must_use]
    pub fn peers(&self) -> Vec<SocketAddr> {
        lock(&self.shared.peers).clone()
    }
}

impl Line {
    fn begin(&self) -> io::Result<()> {
        self.stream.set_read_timeout(Some(PATIENCE))?;
        self.stream.set_write_timeout(Some(PATIENCE))
    }

    /// The next `n` bytes.
    ///
    /// # Errors
    /// Fewer came, or none for 10 s.
    pub fn hear(&mut self, n: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; n];
        for byte in &mut bytes {
            self.stream.read_exact(std::slice::from_mut(byte))?;
            if let Some(heard) = lock(&self.shared.heard).last_mut() {
                heard.push(*byte);
            }
        }
        Ok(bytes)
    }

    /// The next head: all up to an empty line.
    ///
    /// # Errors
    /// As [`Line::hear`]; a head of more than 64 KiB.
    pub fn hear_head(&mut self) -> io::Result<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.extend(self.hear(1)?);
            if head.len() > LONGEST {
                return Err(io::Error::other("the head is too long"));
            }
        }
        Ok(String::from_utf8_lossy(&head).into_owned())
    }

    /// Everything until the peer closes.
    ///
    /// # Errors
    /// The peer says nothing for 10 s, or breaks off.
    pub fn hear_out(&mut self) -> io::Result<()> {
        loop {
            match self.hear(1) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Says nothing more.
    ///
    /// # Errors
    /// Those of the system.
    pub fn finish(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Says this.
    ///
    /// # Errors
    /// Those of the system.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        self.stop();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::Talker;
    use std::io::{Read, Write};
    use std::net::TcpStream;

    #[test]
    fn it_talks_on_one_connection_after_another_and_keeps_what_it_heard() {
        let talker = Talker::serve(|line| {
            let head = line.hear_head()?;
            line.say(head.to_uppercase())
        });
        let talker = talker.unwrap();
        for _ in 0..2 {
            let mut stream = TcpStream::connect(talker.address()).unwrap();
            stream.write_all(b"a: b\r\n\r\n").unwrap();
            let mut said = String::new();
            stream.read_to_string(&mut said).unwrap();
            assert_eq!(said, "A: B\r\n\r\n");
        }
        assert!(talker.peers().iter().all(|peer| peer.ip().is_loopback()));
        assert_eq!(talker.end(), [b"a: b\r\n\r\n", b"a: b\r\n\r\n"]);
    }
}

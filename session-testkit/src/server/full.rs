//! A listener whose queue is full: connecting to it neither succeeds nor fails.

use socket2::{Domain, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// A listener that takes no further connection for as long as it lives.
#[derive(Debug)]
pub struct FullListener {
    address: SocketAddr,
    _listener: Socket,
    _queued: Vec<TcpStream>,
}

/// How long a connection that is not taken is waited for, and how many are tried.
const PATIENCE: Duration = Duration::from_millis(100);
const MOST: usize = 64;

impl FullListener {
    /// Binds a free loopback port and fills its queue.
    ///
    /// # Errors
    /// Those of the system, and a queue that does not fill.
    pub fn bind() -> io::Result<Self> {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        listener.listen(0)?;
        let address =
            listener.local_addr()?.as_socket().ok_or_else(|| io::Error::other("the socket has no address"))?;
        let mut queued = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, PATIENCE) {
            queued.push(stream);
            if queued.len() > MOST {
                return Err(io::Error::other("the queue of the listener does not fill"));
            }
        }
        Ok(Self { address, _listener: listener, _queued: queued })
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::FullListener;
    use std::io;
    use std::net::TcpStream;
    use std::time::Duration;

    #[test]
    fn connecting_to_it_takes_for_ever() {
        let full = FullListener::bind().unwrap();
        let error = TcpStream::connect_timeout(&full.address(), Duration::from_millis(1)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}

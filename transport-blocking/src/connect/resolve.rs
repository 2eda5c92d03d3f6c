//! Finding the addresses of a name: the system's way, or one of the caller's own, and for how long it is waited for.

use session_core::transport::bounds::Deadline;
use session_core::transport::cause::Cause;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

/// Finds the addresses of names, in place of the system's resolver: see
/// [`dns_resolver`](session_core::session::builder::SessionBuilder::dns_resolver).
///
/// ```no_run
/// use std::io;
/// use std::net::SocketAddr;
/// use std::sync::Arc;
/// use transport_blocking::{Resolve, Session};
///
/// struct Local;
///
/// impl Resolve for Local {
///     fn resolve(&self, _host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
///         Ok(vec![([127, 0, 0, 1], port).into()])
///     }
/// }
///
/// let session = Session::builder().dns_resolver(Arc::new(Local)).build()?;
/// # Ok::<(), session_core::error::Error>(())
/// ```
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `host` with `port`, best first; port 0 stands for it. None is told by an empty list or by an error.
    ///
    /// It may wait: where connecting has a deadline, it runs on a thread of its own that is not waited for any longer.
    ///
    /// # Errors
    /// The name could not be asked for.
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>>;
}

/// The system's resolver.
pub(crate) struct System;

impl Resolve for System {
    fn resolve(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        (host, port).to_socket_addrs().map(Iterator::collect)
    }
}

/// Asks on a thread of its own: the system cannot be told to stop, and the caller must not wait for it longer than it may.
/// A thread that is left alone ends with its answer.
pub(super) fn look_up(
    resolver: &Arc<dyn Resolve>,
    host: &str,
    port: u16,
    deadline: Option<Deadline>,
) -> Result<Vec<SocketAddr>, Cause> {
    let Some(deadline) = deadline else { return resolver.resolve(host, port).map_err(Cause::Io) };
    let (resolver, host) = (Arc::clone(resolver), host.to_owned());
    let (answer, answered) = mpsc::sync_channel(1);
    let asking = thread::Builder::new().name("resolve".to_owned()).spawn(move || {
        // Nobody listens any more where the deadline passed.
        let _ = answer.send(resolver.resolve(&host, port));
    });
    asking.map_err(Cause::Io)?;
    match answered.recv_timeout(deadline.left(Instant::now())) {
        Ok(addresses) => addresses.map_err(Cause::Io),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(Cause::Late(deadline)),
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(Cause::Io(io::Error::other("the look-up gave no answer"))),
    }
}

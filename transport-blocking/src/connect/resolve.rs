//! Finding the addresses of a name: the system's way, or one of the caller's own, and for how long it is waited for.

use super::runtime::timeout_at;
use session_core::transport::bounds::Deadline;
use session_core::transport::cause::Cause;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

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

/// Asks, for no longer than there is time.
pub(super) fn look_up(
    resolver: &Arc<dyn Resolve>,
    host: &str,
    port: u16,
    deadline: Option<Deadline>,
) -> Result<Vec<SocketAddr>, Cause> {
    let Some(deadline) = deadline else { return resolver.resolve(host, port).map_err(Cause::Io) };
    let (resolver, host) = (Arc::clone(resolver), host.to_owned());
    // On a thread of its own: the system cannot be told to stop.
    let answer = timeout_at(deadline.at(), "resolve", move || resolver.resolve(&host, port));
    answer.map_err(Cause::Io)?.ok_or(Cause::Late(deadline))
}

//! Finding the addresses of a name: the system's way, or one of the caller's own, and for how long it is waited for.

use super::runtime::timeout_at;
use session_core::transport::bounds::Deadline;
use session_core::transport::cause::Cause;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use tokio::net::lookup_host;

/// The addresses of a name, once they are found.
pub type Resolving = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Finds the addresses of names, in place of the system's resolver: see
/// [`dns_resolver`](session_core::session::builder::SessionBuilder::dns_resolver).
///
/// ```no_run
/// use std::sync::Arc;
/// use transport_tokio::{Resolve, Resolving, Session};
///
/// struct Local;
///
/// impl Resolve for Local {
///     fn resolve(&self, _host: &str, port: u16) -> Resolving {
///         Box::pin(async move { Ok(vec![([127, 0, 0, 1], port).into()]) })
///     }
/// }
///
/// let session = Session::builder().dns_resolver(Arc::new(Local)).build()?;
/// # Ok::<(), session_core::error::Error>(())
/// ```
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `host` with `port`, best first; port 0 stands for it. None is told by an empty list or by an error.
    ///
    /// The future is dropped where the deadline for connecting passes.
    fn resolve(&self, host: &str, port: u16) -> Resolving;
}

/// The system's resolver; tokio asks it on a thread of its own.
pub(crate) struct System;

impl Resolve for System {
    fn resolve(&self, host: &str, port: u16) -> Resolving {
        let host = host.to_owned();
        Box::pin(async move { lookup_host((host, port)).await.map(Iterator::collect) })
    }
}

/// Asks, for no longer than there is time.
pub(super) async fn look_up(
    resolver: &dyn Resolve,
    host: &str,
    port: u16,
    deadline: Option<Deadline>,
) -> Result<Vec<SocketAddr>, Cause> {
    let asked = resolver.resolve(host, port);
    let answer = match deadline {
        Some(deadline) => timeout_at(deadline.at(), asked).await.ok_or(Cause::Late(deadline))?,
        None => asked.await,
    };
    answer.map_err(Cause::Io)
}

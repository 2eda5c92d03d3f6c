//! Finding the addresses of a name: the system's way, or one of the caller's own, and for how long it is waited for.

use session_core::transport::bounds::Deadline;
use session_core::transport::cause::Cause;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
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
    let answer = Arc::new(Answer::default());
    let asked = Asked(Arc::clone(&answer));
    let asking =
        thread::Builder::new().name("resolve".to_owned()).spawn(move || asked.tell(resolver.resolve(&host, port)));
    asking.map_err(Cause::Io)?;
    let told = answer.told.lock().unwrap_or_else(PoisonError::into_inner);
    let left = deadline.left(Instant::now());
    let (mut told, _) =
        answer.bell.wait_timeout_while(told, left, |told| told.is_none()).unwrap_or_else(PoisonError::into_inner);
    match told.take() {
        Some(addresses) => addresses.map_err(Cause::Io),
        None => Err(Cause::Late(deadline)),
    }
}

/// What a thread was asked for, and the bell that it rings. A channel would do, at ten times the code.
#[derive(Default)]
struct Answer {
    told: Mutex<Option<io::Result<Vec<SocketAddr>>>>,
    bell: Condvar,
}

/// Who owes an answer: dropped without one, it tells that there is none.
struct Asked(Arc<Answer>);

impl Asked {
    fn tell(self, addresses: io::Result<Vec<SocketAddr>>) {
        // Nobody listens any more where the deadline passed.
        *self.0.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(addresses);
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let mut told = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.get_or_insert_with(|| Err(io::Error::other("the look-up gave no answer")));
        self.0.bell.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::{Resolve, look_up};
    use session_core::time::Timeouts;
    use session_core::transport::bounds::Bounds;
    use session_core::transport::cause::Cause;
    use std::io;
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    struct Fails;

    impl Resolve for Fails {
        fn resolve(&self, _: &str, _: u16) -> io::Result<Vec<SocketAddr>> {
            panic!("a resolver of somebody else's")
        }
    }

    #[test]
    fn a_resolver_that_panics_gave_no_answer_and_is_not_waited_for() {
        let now = Instant::now();
        let bounds = Bounds::new(Timeouts::default(), now.checked_add(Duration::from_secs(600)), now, now);
        let resolver: Arc<dyn Resolve> = Arc::new(Fails);
        let Err(Cause::Io(error)) = look_up(&resolver, "a.test", 80, bounds.connect(now)) else { panic!("no error") };
        assert_eq!(error.to_string(), "the look-up gave no answer");
    }
}

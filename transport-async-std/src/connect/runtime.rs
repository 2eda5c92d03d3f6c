//! What is asked of a runtime, all in one place: timers, and threads for work that blocks. Sockets ask async-io, as both
//! runtimes do; it drives itself, so a session works in whatever executor polls its futures.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

#[cfg(not(any(feature = "async-std", feature = "smol")))]
compile_error!("transport-async-std needs its feature `async-std` (which is on by default) or `smol`");

/// The end of work on a thread of its own. A panic there goes on where it is awaited.
pub(crate) type Unblocked<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Does work that blocks where it holds up no task: with async-std's threads, where that is here.
#[cfg(feature = "async-std")]
pub(crate) fn unblock<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Unblocked<T> {
    Box::pin(async_std::task::spawn_blocking(work))
}

/// Does work that blocks where it holds up no task: with smol's threads.
#[cfg(all(feature = "smol", not(feature = "async-std")))]
pub(crate) fn unblock<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Unblocked<T> {
    Box::pin(blocking::unblock(work))
}

/// Waits for so long.
pub(crate) async fn sleep(duration: Duration) {
    async_io::Timer::after(duration).await;
}

/// Waits for a future, and until this instant at most: `None` is that it did not end by then.
pub(crate) async fn timeout_at<F: Future>(at: Instant, future: F) -> Option<F::Output> {
    let (mut future, mut timer) = (pin!(future), async_io::Timer::at(at));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Pin::new(&mut timer).poll(cx).map(|_| None),
    })
    .await
}

/// What wakes the task of a connection where its peer does not.
#[derive(Debug)]
pub(super) struct Timer {
    timer: async_io::Timer,
    at: Instant,
}

impl Timer {
    pub(super) fn new(at: Instant) -> Self {
        Self { timer: async_io::Timer::at(at), at }
    }

    /// Is over at this moment.
    pub(super) fn poll_until(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        if self.at != at {
            self.at = at;
            self.timer.set_at(at);
        }
        ready!(Pin::new(&mut self.timer).poll(cx));
        // One that has fired does not fire again.
        *self = Self::new(at);
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use super::{sleep, timeout_at, unblock};
    use std::future::{pending, ready};
    use std::thread;
    use std::time::{Duration, Instant};

    #[test]
    fn what_blocks_runs_on_another_thread() {
        let elsewhere = async_io::block_on(unblock(|| thread::current().id()));
        assert_ne!(elsewhere, thread::current().id());
    }

    #[test]
    fn a_wait_ends_with_its_future_or_with_its_time() {
        async_io::block_on(async {
            let now = Instant::now();
            // What is there is taken, also after the time.
            assert_eq!(timeout_at(now, ready(7)).await, Some(7));
            let soon = now + Duration::from_millis(5);
            assert_eq!(timeout_at(soon, pending::<()>()).await, None);
            assert!(Instant::now() >= soon);
            assert_eq!(timeout_at(now + Duration::from_secs(60), sleep(Duration::ZERO)).await, Some(()));
        });
    }
}

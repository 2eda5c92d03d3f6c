//! What is asked of the runtime for time, all in one place.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::runtime::{Handle, Id};
use tokio::time::{Sleep, sleep_until};

pub(crate) use tokio::time::sleep;

/// Waits for a future, and until this instant at most: `None` is that it did not end by then.
pub(crate) async fn timeout_at<F: Future>(at: Instant, future: F) -> Option<F::Output> {
    tokio::time::timeout_at(at.into(), future).await.ok()
}

/// What wakes the task of a connection where its peer does not, and the runtime that it belongs to.
///
/// It stays where the connection lies idle: to move it on costs the runtime far less than to make another for each request,
/// and a task that it wakes for nothing finds that there is nothing.
#[derive(Debug)]
pub(super) struct Timer {
    sleep: Pin<Box<Sleep>>,
    /// When it is to be over. The sleep may be over sooner: it was for an earlier wait, and most waits end before it.
    at: Instant,
    /// None where it is unknown: outside of all runtimes.
    runtime: Option<Id>,
}

impl Timer {
    pub(super) fn new(at: Instant) -> Self {
        Self { sleep: Box::pin(sleep_until(at.into())), at, runtime: current_runtime() }
    }

    /// Is over at this moment.
    pub(super) fn poll_until(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        self.move_to(at);
        let at = at.into();
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            if self.sleep.deadline() >= at {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(at);
        }
    }

    /// A connection may be used in another runtime than before, and the one before may stand still: its timers wake nobody.
    fn move_to(&mut self, at: Instant) {
        if self.at == at {
            return;
        }
        let runtime = current_runtime();
        if runtime.is_some() && runtime != self.runtime {
            *self = Self::new(at);
            return;
        }
        self.at = at;
        let at = at.into();
        if at < self.sleep.deadline() {
            self.sleep.as_mut().reset(at);
        }
    }
}

fn current_runtime() -> Option<Id> {
    Handle::try_current().ok().map(|runtime| runtime.id())
}

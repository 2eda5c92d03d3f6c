//! The two runtimes that the tests run on. A test asks for the one that it is on.

use std::cell::Cell;
use std::pin::Pin;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runtime {
    AsyncStd,
    Smol,
}

/// A task, and what comes of it.
pub(crate) type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

thread_local! {
    /// What the test of this thread runs on.
    static CURRENT: Cell<Runtime> = const { Cell::new(Runtime::AsyncStd) };
}

impl Runtime {
    pub(crate) const ALL: [Self; 2] = [Self::AsyncStd, Self::Smol];

    /// Runs a test on this thread, and what it spawns on the threads of the runtime.
    pub(crate) fn block_on<T>(self, test: impl Future<Output = T>) -> T {
        CURRENT.set(self);
        match self {
            Self::AsyncStd => async_std::task::block_on(test),
            Self::Smol => smol::block_on(test),
        }
    }
}

/// Runs a task on the runtime of the test that calls it. Dropping what it gives stops it on smol alone.
pub(crate) fn spawn<T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> Task<T> {
    match CURRENT.get() {
        Runtime::AsyncStd => Box::pin(async_std::task::spawn(task)),
        Runtime::Smol => Box::pin(smol::spawn(task)),
    }
}

/// Does work that blocks on a thread of the runtime of the test that calls it.
pub(crate) fn unblock<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Task<T> {
    match CURRENT.get() {
        Runtime::AsyncStd => Box::pin(async_std::task::spawn_blocking(work)),
        Runtime::Smol => Box::pin(smol::unblock(work)),
    }
}

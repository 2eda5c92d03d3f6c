//! A bound for the time of a test: what hangs fails instead.

use std::sync::mpsc;
use std::time::Duration;

/// How long a test may take: less than the deadlines that a session has by default, so that a test that ends by one of
/// them fails as one that hangs.
const MOST: Duration = Duration::from_secs(40);

/// Runs a test and fails where it takes longer than 40 s. Its thread is then left behind.
///
/// # Panics
/// Where the test does, and where it takes too long.
pub fn bounded(test: impl FnOnce() + Send + 'static) {
    within(MOST, test);
}

fn within(most: Duration, test: impl FnOnce() + Send + 'static) {
    let (done, wait) = mpsc::channel();
    let name = std::thread::current().name().unwrap_or("test").to_owned();
    let running = std::thread::Builder::new().name(name).spawn(move || {
        test();
        // Nobody listens any more where the time was up.
        let _ = done.send(());
    });
    let running = running.expect("a thread for the test");
    if wait.recv_timeout(most) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("the test takes too long");
    }
    if let Err(panic) = running.join() {
        std::panic::resume_unwind(panic);
    }
}

#[cfg(test)]
mod tests {
    use super::{bounded, within};
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    #[should_panic(expected = "the test takes too long")]
    fn what_hangs_fails() {
        let (_keep, never) = mpsc::channel::<()>();
        within(Duration::from_millis(1), move || assert!(never.recv().is_ok()));
    }

    #[test]
    #[should_panic(expected = "on purpose")]
    fn a_panic_comes_through() {
        bounded(|| panic!("on purpose"));
    }
}

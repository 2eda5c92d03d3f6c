//! What is asked of the system for time, all in one place: how long it may wait, and a thread for work that cannot be told to
//! stop.

use session_core::transport::bounds::Deadline;
use session_core::transport::cause::Cause;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The shortest time that is given to a socket.
const LEAST: Duration = Duration::from_millis(1);

/// How long the system may wait before the deadline is looked at again: in whole seconds where there is more than one
/// left, so that it is the same from one request to the next.
pub(super) fn patience(deadline: Option<Deadline>) -> Result<Option<Duration>, Cause> {
    let Some(deadline) = deadline else { return Ok(None) };
    match deadline.left(Instant::now()) {
        Duration::ZERO => Err(Cause::Late(deadline)),
        left if left.as_secs() > 0 => Ok(Some(Duration::from_secs(left.as_secs()))),
        left => Ok(Some(left.max(LEAST))),
    }
}

/// Waits for work on a thread of its own, and until this instant at most: `None` is that it did not end by then. A thread that
/// is left alone ends with its work.
///
/// # Errors
/// There is no thread to be had, the work failed, or it ended in a panic.
pub(super) fn timeout_at<T: Send + 'static>(
    at: Instant,
    name: &str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<Option<T>> {
    let answer = Arc::new(Answer { told: Mutex::new(None), bell: Condvar::new() });
    let asked = Asked(Arc::clone(&answer));
    thread::Builder::new().name(name.to_owned()).spawn(move || asked.tell(work()))?;
    let told = answer.told.lock().unwrap_or_else(PoisonError::into_inner);
    let left = at.saturating_duration_since(Instant::now());
    let (mut told, _) =
        answer.bell.wait_timeout_while(told, left, |told| told.is_none()).unwrap_or_else(PoisonError::into_inner);
    told.take().transpose()
}

/// What a thread was asked for, and the bell that it rings. A channel would do, at ten times the code.
struct Answer<T> {
    told: Mutex<Option<io::Result<T>>>,
    bell: Condvar,
}

/// Who owes an answer: dropped without one, it tells that there is none.
struct Asked<T>(Arc<Answer<T>>);

impl<T> Asked<T> {
    fn tell(self, answer: io::Result<T>) {
        // Nobody listens any more where the time was up.
        *self.0.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
    }
}

impl<T> Drop for Asked<T> {
    fn drop(&mut self) {
        let mut told = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.get_or_insert_with(|| Err(io::Error::other("the look-up gave no answer")));
        self.0.bell.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::timeout_at;
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    #[test]
    fn work_is_waited_for_and_no_longer_than_there_is_time() {
        let long = Instant::now() + Duration::from_secs(60);
        let elsewhere = timeout_at(long, "work", || Ok(thread::current().id())).unwrap().unwrap();
        assert_ne!(elsewhere, thread::current().id());
        let (open, gate) = mpsc::channel::<()>();
        let soon = Instant::now() + Duration::from_millis(5);
        assert_eq!(timeout_at(soon, "work", move || Ok(gate.recv().is_ok())).unwrap(), None);
        assert!(Instant::now() >= soon);
        drop(open);
    }
}

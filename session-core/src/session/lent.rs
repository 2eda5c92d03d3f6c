//! Another jar in the place of the session's own, for as long as something is done with it: so sessions share one. The lock around
//! a shared jar is its owner's.

use crate::cookies::jar::Jar;
use crate::session::Session;
use std::mem;

impl Session {
    /// Does something with `jar` in the place of the session's own. Both are back where they were afterwards, also where `act`
    /// panics.
    ///
    /// ```
    /// # use session_core::cookies::jar::Jar;
    /// # use session_core::message::target::Target;
    /// # use session_core::session::Session;
    /// # use std::time::SystemTime;
    /// let (mut session, mut shared) = (Session::builder().build()?, Jar::default());
    /// let target = Target::new("https://a.test/".parse()?)?.0;
    /// session.with_jar(&mut shared, |session| {
    ///     session.cookies_mut().insert(&target, ("lang", "de"), SystemTime::now());
    /// });
    /// assert_eq!((session.cookies().len(), shared.len()), (0, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_jar<R>(&mut self, jar: &mut Jar, act: impl FnOnce(&mut Self) -> R) -> R {
        act(Lent::new(self, jar).session)
    }
}

/// A session with a jar that is not its own. Dropping this gives both back.
struct Lent<'a> {
    session: &'a mut Session,
    jar: &'a mut Jar,
}

impl<'a> Lent<'a> {
    // A jar is large, and every verb of a session that shares one comes by here.
    #[inline(never)]
    fn new(session: &'a mut Session, jar: &'a mut Jar) -> Self {
        mem::swap(session.cookies_mut(), jar);
        Self { session, jar }
    }
}

impl Drop for Lent<'_> {
    #[inline(never)]
    fn drop(&mut self) {
        mem::swap(self.session.cookies_mut(), self.jar);
    }
}

#[cfg(test)]
mod tests {
    use crate::cookies::jar::Jar;
    use crate::message::target::Target;
    use crate::session::Session;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::SystemTime;

    #[test]
    fn both_jars_are_back_after_a_panic() {
        let target = Target::new("https://a.test/".parse().unwrap()).unwrap().0;
        let mut session = Session::builder().build().unwrap();
        let mut shared = Jar::ignoring();
        session.cookies_mut().insert(&target, ("own", "1"), SystemTime::UNIX_EPOCH);
        let stopped = catch_unwind(AssertUnwindSafe(|| session.with_jar(&mut shared, |_| panic!("the caller's code"))));
        assert!(stopped.is_err() && shared.is_empty());
        assert_eq!(session.cookies().len(), 1);
    }
}

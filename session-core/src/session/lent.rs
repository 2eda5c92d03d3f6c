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
        self.with_jar_or_own(Some(jar), act)
    }

    /// The same with the session's own jar where there is no other.
    pub fn with_jar_or_own<R>(&mut self, jar: Option<&mut Jar>, act: impl FnOnce(&mut Self) -> R) -> R {
        let mut lent = Lent { session: self, jar };
        lent.swap();
        act(lent.session)
    }
}

/// A session with a jar that is not its own, if there is one. Dropping this gives both back.
struct Lent<'a, 'b> {
    session: &'a mut Session,
    jar: Option<&'b mut Jar>,
}

impl Lent<'_, '_> {
    fn swap(&mut self) {
        if let Some(jar) = &mut self.jar {
            swap(self.session.cookies_mut(), jar);
        }
    }
}

impl Drop for Lent<'_, '_> {
    fn drop(&mut self) {
        self.swap();
    }
}

// A jar is large, and every verb of a session that shares one comes by here twice.
#[inline(never)]
fn swap(own: &mut Jar, other: &mut Jar) {
    mem::swap(own, other);
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

//! The hooks of a shared session, to be added and removed while it stands.

use crate::handle::Access;
use crate::session::hooks::Hooks;
use std::fmt;

/// The hooks of a shared session: see [`Hooks`].
#[must_use]
#[derive(Clone, Copy)]
pub struct SessionHooks<'a, A>(&'a A);

impl<'a, A: Access> SessionHooks<'a, A> {
    /// The hooks of `session`.
    ///
    /// ```
    /// # use session_core::handle::hooks::SessionHooks;
    /// # use session_core::session::Session;
    /// # use std::cell::RefCell;
    /// # let session = RefCell::new(Session::builder().build()?);
    /// use session_core::session::hooks::Hooks;
    ///
    /// let hooks = SessionHooks::of(&session);
    /// hooks.add(Hooks::new().response(|arrived| {
    ///     println!("{} {}", arrived.head().status, arrived.url());
    ///     Ok(())
    /// }));
    /// assert_eq!(hooks.len(), 1);
    /// hooks.clear();
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn of(session: &'a A) -> Self {
        Self(session)
    }

    /// Adds these, after those that are there.
    pub fn add(&self, hooks: Hooks) {
        self.0.with(|session| session.hooks_mut().append(hooks));
    }

    /// Sets these in the place of all that are there.
    pub fn set(&self, hooks: Hooks) {
        // What was there is dropped without the lock: a closure may hold anything.
        drop(self.0.with(|session| std::mem::replace(session.hooks_mut(), hooks)));
    }

    /// Removes all of them.
    pub fn clear(&self) {
        self.set(Hooks::new());
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.with(|session| session.hooks().len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<A> fmt::Debug for SessionHooks<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionHooks(..)")
    }
}

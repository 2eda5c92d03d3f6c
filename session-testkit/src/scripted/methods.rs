//! What the sessions over a script have in common with a transport's beside requests and handles, for both kinds of them.

/// Gives a session over a script what is the same whether sending gives a result or a future. It must have its `Shared` by
/// `shared()`.
macro_rules! session_methods {
    (impl[$($parameter:ident)?] $session:ty) => {
        impl$(<$parameter>)? $session {
            /// A session with every default over a script that expects nothing: each request is an error that says so. One that
            /// has answers is made by the [`Script`](crate::Script).
            ///
            /// # Panics
            /// Never: a default session cannot fail over a script.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "as the transports have it")]
            pub fn new() -> Self {
                Self::builder().build().expect("a default session over a script has nothing that could fail")
            }

            /// A builder with every default, over a script that expects nothing; that of [`Script::builder`](crate::Script::builder)
            /// has one.
            pub fn builder() -> session_core::session::builder::SessionBuilder<Self> {
                session_core::session::builder::SessionBuilder::new()
            }

            /// Takes no further request. For all clones.
            pub fn close(&self) {
                self.with(Core::close);
            }

            /// Does nothing: there are no connections that could be idle for too long.
            pub fn close_expired(&self) {}

            /// How many connections lie idle: none, as there are none.
            #[must_use]
            pub fn idle_connections(&self) -> usize {
                0
            }

            /// From now on this session and its clones have the cookies of `jar`. Those that they had of their own are gone.
            /// Exchanges under way go on with the cookies of `jar`.
            pub fn share_cookies(&self, jar: &crate::scripted::shared_jar::SharedJar) {
                self.shared().share_cookies(jar);
            }

            /// What the session knows now: see [the module](session_core::session::snapshot). Where it shares a jar, the jar's
            /// cookies are in it.
            #[cfg(feature = "serde")]
            #[must_use]
            pub fn snapshot(&self) -> session_core::session::snapshot::Snapshot {
                let now = self.shared().now();
                self.with(|core| core.snapshot(now))
            }

            /// What changed since `earlier`, told without values.
            #[cfg(feature = "serde")]
            #[must_use]
            pub fn diff(
                &self,
                earlier: &session_core::session::snapshot::Snapshot,
            ) -> Vec<session_core::session::snapshot::Change> {
                let now = self.shared().now();
                self.with(|core| core.diff(earlier, now))
            }
        }
    };
}

pub(super) use session_methods;

//! From a session to its handles: the functions of every transport's session that read and change what it knows. They are the same
//! text over [`Access`](crate::handle::Access), so a macro writes them.

/// Gives a session `cookies`, `headers`, `headers_mut`, `auth`, `hooks` and `is_closed`. It must be an
/// [`Access`](crate::handle::Access).
#[doc(hidden)]
#[macro_export]
macro_rules! handle_methods {
    (impl[$($parameter:ident)?] $session:ty) => {
        /// What the session knows, at any time. It is locked for single calls.
        impl$(<$parameter>)? $session {
            /// The cookies, to be read and changed.
            ///
            /// ```
            /// # let session = session_testkit::Script::new().session();
            /// session.cookies().set("https://a.test/", "lang", "de")?;
            /// assert_eq!(session.cookies().get("https://a.test/", "lang")?.as_deref(), Some("de"));
            /// session.cookies().clear();
            /// # Ok::<(), session_core::error::Error>(())
            /// ```
            pub fn cookies(&self) -> $crate::handle::Cookies<'_, Self> {
                $crate::handle::Cookies::of(self)
            }

            /// The default fields, to be read and changed.
            pub fn headers(&self) -> $crate::handle::Headers<'_, Self> {
                $crate::handle::Headers::of(self)
            }

            /// The same as [`headers`](Self::headers).
            pub fn headers_mut(&self) -> $crate::handle::Headers<'_, Self> {
                self.headers()
            }

            /// The credentials, to be set and removed.
            pub fn auth(&self) -> $crate::handle::auth::Auth<'_, Self> {
                $crate::handle::auth::Auth::of(self)
            }

            /// The hooks, to be added and removed.
            pub fn hooks(&self) -> $crate::handle::hooks::SessionHooks<'_, Self> {
                $crate::handle::hooks::SessionHooks::of(self)
            }

            /// Whether [`close`](Self::close) was called.
            #[must_use]
            pub fn is_closed(&self) -> bool {
                $crate::handle::Access::with(self, |core| core.is_closed())
            }
        }
    };
}

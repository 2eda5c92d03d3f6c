//! The credentials of a shared session, to be set and removed while it stands.

use crate::auth::credentials::Credential;
use crate::error::Error;
use crate::handle::Access;
use crate::message::origin::Origin;
use crate::session::builder::sendable;
use std::fmt;

/// The credentials of a shared session.
///
/// What is set holds from the next hop on, also of exchanges under way. A credential of the request's own goes before.
#[must_use]
#[derive(Clone, Copy)]
pub struct Auth<'a, A>(&'a A);

impl<'a, A: Access> Auth<'a, A> {
    /// The credentials of `session`.
    ///
    /// ```
    /// # use session_core::handle::auth::Auth;
    /// # use session_core::session::Session;
    /// # use std::cell::RefCell;
    /// # let session = RefCell::new(Session::builder().build()?);
    /// use session_core::auth::credentials::Credential;
    ///
    /// let auth = Auth::of(&session);
    /// auth.set(Credential::basic("ann", "secret"))?;
    /// auth.set_for("https://api.test", Credential::bearer("token"))?;
    /// assert_eq!(auth.origins().len(), 1);
    /// auth.clear();
    /// assert!(auth.is_empty());
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn of(session: &'a A) -> Self {
        Self(session)
    }

    /// Sets the session's credential (`requests`: `session.auth = (user, password)`). It belongs to the origin of the first
    /// request that uses it and goes nowhere else; what was set for single origins stays.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidHeader`](crate::error::ErrorKind::InvalidHeader) for one that cannot be sent: see
    /// [`Credential::authorization`].
    pub fn set(&self, credential: Credential) -> Result<(), Error> {
        sendable(&credential)?;
        self.0.with(|session| session.set_auth(Some(credential)));
        Ok(())
    }

    /// Sets the credential of one origin: scheme, host and port.
    ///
    /// # Errors
    /// As [`Auth::set`], and [`ErrorKind::InvalidUrl`](crate::error::ErrorKind::InvalidUrl) for what is no origin.
    pub fn set_for(&self, origin: &str, credential: Credential) -> Result<(), Error> {
        let origin = Origin::parse(origin)?;
        sendable(&credential)?;
        self.0.with(|session| session.set_auth_for(origin, credential));
        Ok(())
    }

    /// Removes the credential of one origin, be it set for it or bound to it by its use; says whether there was one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`](crate::error::ErrorKind::InvalidUrl) for what is no origin.
    pub fn remove_for(&self, origin: &str) -> Result<bool, Error> {
        let origin = Origin::parse(origin)?;
        Ok(self.0.with(|session| session.remove_auth_for(&origin)))
    }

    /// Removes all of them. The entries of netrc stay.
    pub fn clear(&self) {
        self.0.with(|session| session.set_auth(None));
    }

    /// The origins that have one. A credential that was not used yet has no origin, and is not among them.
    #[must_use]
    pub fn origins(&self) -> Vec<Origin> {
        self.0.with(|session| session.auth_origins().cloned().collect())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.with(|session| !session.has_auth())
    }
}

impl<A> fmt::Debug for Auth<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Auth(..)")
    }
}

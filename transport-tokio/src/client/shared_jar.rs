//! A cookie jar that several sessions share because they were told to, and the session's machine with or without one.

use super::{Session, lock};
use session_core::cookies::jar::Jar;
use session_core::session::Session as Core;
use std::fmt;
use std::sync::{Arc, Mutex};

/// A cookie jar for several sessions. Clones are the same jar.
///
/// Each session that is given it by [`Session::share_cookies`] reads and changes it as if it were its own. It is locked for
/// a decision of one of them at a time, never while bytes move.
///
/// ```
/// use transport_tokio::{Session, SharedJar};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
///
/// let (one, other) = (Session::new(), Session::new());
/// let jar = SharedJar::default();
/// one.share_cookies(&jar);
/// other.share_cookies(&jar);
/// one.cookies().set("https://a.test/", "lang", "de")?;
/// assert_eq!(other.cookies().to_map()["lang"], "de");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct SharedJar(Arc<Mutex<Jar>>);

impl SharedJar {
    /// Shares this jar. It keeps its own bounds and public suffixes.
    ///
    /// ```
    /// use session_core::cookies::jar::Jar;
    /// use transport_tokio::SharedJar;
    ///
    /// let jar = SharedJar::new(Jar::ignoring());
    /// assert!(jar.clone().edit(|jar| jar.is_empty()));
    /// ```
    #[must_use]
    pub fn new(jar: Jar) -> Self {
        Self(Arc::new(Mutex::new(jar)))
    }

    /// Does anything with the jar. A session that shares it cannot be used in there: it would wait for the jar.
    ///
    /// ```
    /// let jar = transport_tokio::SharedJar::default();
    /// jar.edit(|jar| jar.clear());
    /// assert_eq!(jar.edit(|jar| jar.len()), 0);
    /// ```
    pub fn edit<R>(&self, act: impl FnOnce(&mut Jar) -> R) -> R {
        act(&mut lock(&self.0))
    }
}

impl fmt::Debug for SharedJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedJar(..)")
    }
}

impl Session {
    /// From now on this session and its clones have the cookies of `jar`. Those that they had of their own are gone.
    /// Exchanges under way go on with the cookies of `jar`.
    ///
    /// ```
    /// use transport_tokio::{Session, SharedJar};
    ///
    /// let (session, jar) = (Session::new(), SharedJar::default());
    /// session.share_cookies(&jar);
    /// assert_eq!(session.cookies().len(), jar.edit(|jar| jar.len()));
    /// ```
    pub fn share_cookies(&self, jar: &SharedJar) {
        let mut machine = lock(&self.shared().core);
        machine.core.cookies_mut().clear();
        machine.jar = Some(jar.clone());
    }
}

/// The machine of a session, and the jar that it shares, if any.
pub(super) struct Machine {
    core: Core,
    jar: Option<SharedJar>,
}

impl Machine {
    pub(super) fn new(core: Core) -> Self {
        Self { core, jar: None }
    }

    /// Does something with the machine, its jar being the shared one. The one way to the machine: nothing is decided
    /// with another jar.
    pub(super) fn with<R>(&mut self, act: impl FnOnce(&mut Core) -> R) -> R {
        let mut shared = self.jar.as_ref().map(|jar| lock(&jar.0));
        self.core.with_jar_or_own(shared.as_deref_mut(), act)
    }
}

//! A cookie jar that several sessions over scripts share, and a session's machine with or without one.

use session_core::cookies::jar::Jar;
use session_core::session::Session as Core;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A cookie jar for several sessions, of either kind. Clones are the same jar.
///
/// ```
/// use session_testkit::Script;
/// use session_testkit::scripted::blocking::SharedJar;
///
/// let script = Script::new().any("/login").reply(200).cookie("sid=1").any("/data").with_header("cookie", "sid=1").reply(200);
/// let (one, other, jar) = (script.session(), script.session(), SharedJar::default());
/// one.share_cookies(&jar);
/// other.share_cookies(&jar);
/// one.get("http://a.test/login").send()?;
/// other.get("http://a.test/data").send()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct SharedJar(Arc<Mutex<Jar>>);

impl SharedJar {
    /// Shares this jar. It keeps its own bounds and public suffixes.
    #[must_use]
    pub fn new(jar: Jar) -> Self {
        Self(Arc::new(Mutex::new(jar)))
    }

    /// Does anything with the jar. A session that shares it cannot be used in there: it would wait for the jar.
    pub fn edit<R>(&self, act: impl FnOnce(&mut Jar) -> R) -> R {
        act(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Jar> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SharedJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedJar(..)")
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

    pub(super) fn with<R>(&mut self, act: impl FnOnce(&mut Core) -> R) -> R {
        match &self.jar {
            None => act(&mut self.core),
            Some(jar) => self.core.with_jar(&mut jar.lock(), act),
        }
    }

    pub(super) fn share(&mut self, jar: &SharedJar) {
        self.core.cookies_mut().clear();
        self.jar = Some(jar.clone());
    }
}

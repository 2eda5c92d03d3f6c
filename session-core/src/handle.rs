//! Reading and changing what a shared session knows: one handle for cookies, one for default fields, one for credentials and
//! one for hooks, shared by every transport. Setting cookies and default fields by text stands in `handle/short.rs`.
//!
//! A transport keeps its machine behind a lock of its own. Each call here takes that lock for the call and no longer, so
//! a handle may be kept while requests are under way.

pub mod auth;
pub mod hooks;
mod methods;
mod short;

use crate::cookies::cookie::Cookie;
use crate::cookies::jar::Jar;
use crate::headers::DefaultHeaders;
use crate::session::Session;
use crate::time::Now;
use http::{HeaderName, HeaderValue};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

/// Something that has a session and can reach it: a transport's session.
pub trait Access {
    /// Does something with the session, alone with it.
    fn with<R>(&self, act: impl FnOnce(&mut Session) -> R) -> R;
}

/// A session that knows what time it is: a transport's. The bare machine in a [`RefCell`] is none, for it reads no clock: what is set
/// there by hand goes by [`Cookies::edit`], with the time that its driver has.
pub trait Clocked: Access {
    /// What its clocks show.
    fn now(&self) -> Now;
}

/// The session of a driver with one thread. It panics where `act` uses the session through the cell again.
impl Access for RefCell<Session> {
    fn with<R>(&self, act: impl FnOnce(&mut Session) -> R) -> R {
        act(&mut self.borrow_mut())
    }
}

/// The cookies of a shared session.
#[must_use]
#[derive(Clone, Copy)]
pub struct Cookies<'a, A>(&'a A);

impl<'a, A: Access> Cookies<'a, A> {
    /// The cookies of `session`.
    ///
    /// ```
    /// # use session_core::handle::Cookies;
    /// # use session_core::message::target::Target;
    /// # use session_core::session::Session;
    /// # use std::cell::RefCell;
    /// # use std::time::SystemTime;
    /// # let session = RefCell::new(Session::builder().build()?);
    /// # let target = Target::new("https://a.test/".parse()?)?.0;
    /// let cookies = Cookies::of(&session);
    /// cookies.edit(|jar| jar.insert(&target, ("lang", "de"), SystemTime::now()));
    /// assert_eq!(cookies.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(session: &'a A) -> Self {
        Self(session)
    }

    /// Names and values (`requests`: `session.cookies.get_dict()`). See [`Jar::to_map`].
    ///
    /// ```
    /// # let session = session_testkit::Script::new().session();
    /// let cookies = session.cookies();
    /// cookies.set("https://a.test/", "lang", "de")?;
    /// assert_eq!(cookies.to_map()["lang"], "de");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    #[must_use]
    pub fn to_map(&self) -> BTreeMap<String, String> {
        self.0.with(|session| session.cookies().to_map())
    }

    /// The cookie of this name, wherever it is for. See [`Jar::find`]; [`Cookies::get`] is for one URL.
    ///
    /// ```
    /// # let session = session_testkit::Script::new().session();
    /// let cookies = session.cookies();
    /// cookies.set("https://a.test/", "lang", "de")?;
    /// let lang = cookies.find("lang").expect("it was set");
    /// assert_eq!((lang.value_str(), lang.domain()), (Some("de"), "a.test"));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    #[must_use]
    pub fn find(&self, name: impl AsRef<[u8]>) -> Option<Cookie> {
        self.0.with(|session| session.cookies().find(name).cloned())
    }

    /// Every cookie, as it is now, in the order of creation.
    ///
    /// ```
    /// # let session = session_testkit::Script::new().session();
    /// let cookies = session.cookies();
    /// cookies.set("https://a.test/", "lang", "de")?;
    /// assert_eq!(cookies.to_vec()[0].domain(), "a.test");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    #[must_use]
    pub fn to_vec(&self) -> Vec<Cookie> {
        self.0.with(|session| session.cookies().iter().cloned().collect())
    }

    /// How many there are.
    ///
    /// ```
    /// # let session = session_testkit::Script::new().session();
    /// let cookies = session.cookies();
    /// cookies.set("https://a.test/", "lang", "de")?;
    /// assert_eq!(cookies.len(), 1);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.with(|session| session.cookies().len())
    }

    /// Whether there is none.
    ///
    /// ```
    /// # let session = session_testkit::Script::new().session();
    /// let cookies = session.cookies();
    /// cookies.set("https://a.test/", "lang", "de")?;
    /// assert!(!cookies.is_empty());
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes all of them.
    ///
    /// ```
    /// # let session = session_testkit::Script::new().session();
    /// let cookies = session.cookies();
    /// cookies.set("https://a.test/", "lang", "de")?;
    /// cookies.clear();
    /// assert!(cookies.is_empty());
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn clear(&self) {
        self.edit(Jar::clear);
    }

    /// Does anything else with the jar, several things under one lock: retain, explain, clear a domain.
    ///
    /// ```
    /// # let session = session_testkit::Script::new().session();
    /// let cookies = session.cookies();
    /// cookies.set("https://a.test/", "lang", "de")?;
    /// cookies.edit(|jar| jar.retain(|cookie| cookie.name() != b"lang"));
    /// assert!(cookies.is_empty());
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn edit<R>(&self, act: impl FnOnce(&mut Jar) -> R) -> R {
        self.0.with(|session| act(session.cookies_mut()))
    }
}

impl<A> fmt::Debug for Cookies<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookies(..)")
    }
}

/// The default fields of a shared session.
#[must_use]
#[derive(Clone, Copy)]
pub struct Headers<'a, A>(&'a A);

impl<'a, A: Access> Headers<'a, A> {
    /// The default fields of `session`.
    pub fn of(session: &'a A) -> Self {
        Self(session)
    }

    /// Sets a default. [`Headers::set`] is the same for text.
    pub fn insert(&self, name: HeaderName, value: HeaderValue) {
        self.edit(|headers| headers.insert(name, value));
    }

    /// Adds a line to a default.
    pub fn append(&self, name: HeaderName, value: HeaderValue) {
        self.edit(|headers| headers.append(name, value));
    }

    /// Removes a default, named by text or as a [`HeaderName`]; says whether there was one.
    ///
    /// ```
    /// # let session = session_testkit::Script::new().session();
    /// session.headers_mut().set("x-app", "demo")?;
    /// assert!(session.headers_mut().remove("X-App"));
    /// assert_eq!(session.headers().get("x-app"), None);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn remove(&self, name: impl TryInto<HeaderName>) -> bool {
        // What is no name has no field.
        name.try_into().is_ok_and(|name| self.edit(|headers| headers.remove(&name)))
    }

    /// The first line of a default, named by text or as a [`HeaderName`].
    #[must_use]
    pub fn get(&self, name: impl TryInto<HeaderName>) -> Option<HeaderValue> {
        let name = name.try_into().ok()?;
        self.edit(|headers| headers.get(&name).cloned())
    }

    /// Does anything else with them.
    pub fn edit<R>(&self, act: impl FnOnce(&mut DefaultHeaders) -> R) -> R {
        self.0.with(|session| act(session.headers_mut()))
    }
}

impl<A> fmt::Debug for Headers<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Headers(..)")
    }
}

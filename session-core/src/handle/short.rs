//! Short forms of what is set by hand most: a cookie by URL, name and value, a default field as text. What is accepted is decided
//! by the jar and by the grammar of fields, as for everything else; what they refuse is an error here.

use crate::cookies::cookie::Cookie;
use crate::cookies::reason::{Decision, Verdict, Withheld};
use crate::error::{Error, ErrorKind, Phase};
use crate::handle::{Access, Clocked, Cookies, Headers};
use crate::message::into_url::IntoUrl;
use crate::message::target::Target;
use crate::session::Session;
use crate::session::request::field;
use http::{HeaderName, HeaderValue};
use std::time::SystemTime;

impl<A: Clocked> Cookies<'_, A> {
    /// Sets a cookie (`requests`: `session.cookies.set(name, value, domain=..)`; `aiohttp`: `jar.update_cookies({name: value}, url)`).
    /// It is one that `url` itself would have set by its name and value alone: for its host and no other, for the folder of its
    /// path and below, until the session ends. So `https://a.test/` is for all of `a.test`. A relative URL is joined to the
    /// session's `base_url`; user information is left out.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// session.cookies().set("https://a.test/", "lang", "de")?;
    /// assert_eq!(session.cookies().to_map()["lang"], "de");
    /// let preview = session.get("https://a.test/shop").preview()?;
    /// assert_eq!(preview.head.headers()["cookie"], "lang=de");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] for what is no URL, and [`ErrorKind::InvalidSetting`] for a cookie that the jar refuses: the
    /// [`Rejection`](crate::cookies::reason::Rejection) is its source.
    pub fn set(&self, url: impl IntoUrl, name: impl AsRef<str>, value: impl AsRef<str>) -> Result<(), Error> {
        self.with_target(url, |session, target, now| {
            let decision = session.cookies_mut().insert(target, (name.as_ref(), value.as_ref()), now);
            held(target, decision)
        })
    }

    /// Sets a cookie as a Set-Cookie field of `url` would, attributes included: the field's value.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// use session_core::cookies::Rejection;
    ///
    /// session.cookies().set_cookie("https://shop.a.test/", "sid=1; Domain=a.test; Path=/; Secure")?;
    /// assert_eq!(session.cookies().get("https://a.test/", "sid")?.as_deref(), Some("1"));
    /// let refused = session.cookies().set_cookie("https://a.test/", "sid=1; Domain=bank.test").unwrap_err();
    /// let why = std::error::Error::source(&refused).and_then(|source| source.downcast_ref());
    /// assert_eq!(why, Some(&Rejection::DomainMismatch));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Cookies::set`].
    pub fn set_cookie(&self, url: impl IntoUrl, line: impl AsRef<[u8]>) -> Result<(), Error> {
        self.with_target(url, |session, target, now| {
            let decision = session.cookies_mut().accept(target, line.as_ref(), now);
            held(target, decision)
        })
    }

    /// The value of the cookie of this name that a request to `url` would carry, as text: what is not UTF-8 is replaced by
    /// U+FFFD. Of several, the one that is sent first. For a cookie wherever it is for, see [`Cookies::find`].
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// session.cookies().set("https://a.test/", "csrf", "x1")?;
    /// assert_eq!(session.cookies().get("https://a.test/form", "csrf")?.as_deref(), Some("x1"));
    /// assert_eq!(session.cookies().get("https://b.test/", "csrf")?, None);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] for what is no URL.
    pub fn get(&self, url: impl IntoUrl, name: impl AsRef<[u8]>) -> Result<Option<String>, Error> {
        let cookies = self.sent_to(url)?;
        let found = cookies.iter().find(|cookie| cookie.name() == name.as_ref());
        Ok(found.map(|cookie| String::from_utf8_lossy(cookie.value()).into_owned()))
    }

    /// The cookies that a request to `url` would carry, in the order of the Cookie field (`aiohttp`: `jar.filter_cookies(url)`).
    /// None of them counts as used by that.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// session.cookies().set_cookie("https://a.test/", "sid=1; Secure")?;
    /// assert_eq!(session.cookies().sent_to("https://a.test/")?.len(), 1);
    /// assert!(session.cookies().sent_to("http://a.test/")?.is_empty());
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] for what is no URL.
    pub fn sent_to(&self, url: impl IntoUrl) -> Result<Vec<Cookie>, Error> {
        self.with_target(url, |session, target, now| {
            let explained = session.cookies().explain(target, now).into_iter();
            let sent = explained.filter(|(_, verdict)| *verdict == Verdict::Sent);
            Ok(sent.map(|(cookie, _)| cookie.clone()).collect())
        })
    }

    /// Removes the cookies of this name that are for `url`; says how many it were. They are those that a request to it would carry,
    /// were there room for all.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// session.cookies().set("https://a.test/", "lang", "de")?;
    /// assert_eq!(session.cookies().remove("https://b.test/", "lang")?, 0);
    /// assert_eq!(session.cookies().remove("https://a.test/", "lang")?, 1);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] for what is no URL.
    pub fn remove(&self, url: impl IntoUrl, name: impl AsRef<[u8]>) -> Result<usize, Error> {
        self.with_target(url, |session, target, now| {
            let meant = |verdict| matches!(verdict, Verdict::Sent | Verdict::Withheld(Withheld::FieldFull));
            let explained = session.cookies().explain(target, now).into_iter();
            let named = explained.filter(|(cookie, verdict)| cookie.name() == name.as_ref() && meant(*verdict));
            let gone: Vec<Cookie> = named.map(|(cookie, _)| cookie.clone()).collect();
            session.cookies_mut().retain(|cookie| !gone.iter().any(|gone| gone.is_same(cookie)));
            Ok(gone.len())
        })
    }

    fn with_target<R>(
        &self,
        url: impl IntoUrl,
        act: impl FnOnce(&mut Session, &Target, SystemTime) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let now = self.0.now().wall();
        let url = url.into_reference();
        self.0.with(|session| {
            let url = url.joined(session.base_url(), session.base_join())?;
            let (target, _) = Target::new(url)?;
            act(session, &target, now)
        })
    }
}

/// What the jar refused, as an error.
fn held(target: &Target, decision: Decision) -> Result<(), Error> {
    match decision.rejection() {
        None => Ok(()),
        Some(rejection) => {
            let told = format!("the cookie {} is not taken: {rejection}", decision.cookie());
            Err(Error::new(ErrorKind::InvalidSetting, Phase::Build, told).with_url(target.url()).with_source(rejection))
        }
    }
}

impl<A: Access> Headers<'_, A> {
    /// Sets a default (`requests`: `session.headers[name] = value`), name and value as text or as what they are in [`http`].
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// session.headers_mut().set("x-app", "demo")?;
    /// assert_eq!(session.headers().get("x-app").unwrap(), "demo");
    /// assert!(session.headers_mut().set("x app", "demo").is_err());
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidHeader`] for a name that is no token and for a value with a control character.
    pub fn set<N, V>(&self, name: N, value: V) -> Result<(), Error>
    where
        N: AsRef<[u8]> + TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let (name, value) = field(name, value)?;
        self.insert(name, value);
        Ok(())
    }
}

//! Hooks: closures of the caller's own that see what a session is about to do, and may change or stop it.
//!
//! They are data to the machine, which asks them at four places: where the head of a hop is ready ([`Sending`]), where a
//! final head has come ([`Arrived`]), where a redirect would be followed, and where a hop would be tried again
//! ([`Retrying`]). What they decide is the same in every transport.
//!
//! A hook runs within a verb, so a transport's session is locked meanwhile: it must not use that session, which would
//! wait for itself, and nothing goes on until it returns. What it may want of the session it is handed.

use crate::cookies::jar::Jar;
use crate::error::{Error, ErrorKind, Phase};
use crate::means::Means;
use crate::message::head::ResponseHead;
use crate::message::origin::Origin;
use crate::message::sensitive::is_credential_field;
use crate::message::target::Target;
use crate::redirect::policy::{Action, Attempt};
use crate::retry::policy::{Outcome, RetryReason};
use crate::session::exchange::{Exchange, check_host};
use crate::session::fields::Fields;
use crate::session::memory::Memory;
use crate::session::prepare::show;
use crate::session::request::field;
use crate::session::settings::Settings;
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, COOKIE, HOST, HeaderName, HeaderValue, PROXY_AUTHORIZATION, TRAILER,
    TRANSFER_ENCODING,
};
use http::{HeaderMap, Method};
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Why a hook stops an exchange: any error. One of [`Error`] ends the exchange as it is, any other is the source of an
/// [`ErrorKind::Stopped`].
pub type Stop = Box<dyn StdError + Send + Sync>;

/// Shows the head of a hop to those that edit or stop requests.
pub(super) type Show = fn(&Settings, &Memory, &mut Exchange, &mut Fields) -> Result<(), Error>;

type RequestHook = dyn Fn(&mut Sending<'_>) -> Result<(), Stop> + Send + Sync;
type ResponseHook = dyn Fn(&Arrived<'_>) -> Result<(), Stop> + Send + Sync;
type RedirectHook = dyn Fn(&Attempt<'_>) -> Action + Send + Sync;
type RetryHook = dyn Fn(&Retrying<'_>) -> Course + Send + Sync;

/// What a hook says to a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it goes on or it does not")]
pub enum Course {
    /// It is made.
    Proceed,
    /// It is not: what came is delivered, or what failed is the error.
    Stop,
}

/// The hooks of a session, each kind in the order in which they were added.
///
/// They are no part of a snapshot: closures cannot be written down.
///
/// ```
/// use http::StatusCode;
/// use session_core::message::head::ResponseHead;
/// use session_core::session::hooks::Hooks;
/// use session_core::session::{Session, request::Request, step::Step};
/// # use session_core::time::Now;
/// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
///
/// let hooks = Hooks::new()
///     .request(|sending| {
///         let number = sending.number().to_string();
///         sending.insert("x-hop", number)?;
///         Ok(())
///     })
///     .response(|arrived| match arrived.head().status {
///         StatusCode::IM_A_TEAPOT => Err("no coffee here".into()),
///         _ => Ok(()),
///     });
/// let mut session = Session::builder().hooks(hooks).build()?;
/// let Step::Send(hop) = session.begin(Request::get("http://a.test/"), now)? else { panic!() };
/// assert_eq!(hop.head().headers()["x-hop"], "1");
/// let stopped = session.handle_response(hop, ResponseHead::new(StatusCode::IM_A_TEAPOT), now).unwrap_err();
/// assert_eq!(stopped.kind().name(), "stopped");
/// # Ok::<(), session_core::error::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Hooks {
    request: Vec<Arc<RequestHook>>,
    /// What shows them a head: it comes with the first of them.
    show: Option<Means<Show>>,
    response: Vec<Arc<ResponseHook>>,
    redirect: Vec<Arc<RedirectHook>>,
    retry: Vec<Arc<RetryHook>>,
}

impl Hooks {
    /// No hook.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a hook that is shown the head of each hop, of redirects, answered challenges and retries too, before it is sent.
    ///
    /// It may edit fields. An edit holds for this hop alone: the next one is computed anew, and the hook is asked again. What
    /// it sets goes to [`Sending::origin`], so a hook that sets a credential looks at that first. An error ends the
    /// exchange, and nothing of the hop is sent. A [preview](crate::session::Session::preview) asks it too.
    #[must_use]
    pub fn request(mut self, hook: impl Fn(&mut Sending<'_>) -> Result<(), Stop> + Send + Sync + 'static) -> Self {
        self.request.push(Arc::new(hook));
        self.show = Some(Means(show));
        self
    }

    /// Adds a hook that is shown the final head that came for each hop (`hooks={'response': ..}` in requests), after its
    /// cookies were stored and before it is decided on. An error ends the exchange.
    #[must_use]
    pub fn response(mut self, hook: impl Fn(&Arrived<'_>) -> Result<(), Stop> + Send + Sync + 'static) -> Self {
        self.response.push(Arc::new(hook));
        self
    }

    /// Adds a hook that is asked about each redirect that the rules would follow, after a rule of one's own
    /// ([`RedirectPolicy::custom`](crate::redirect::policy::RedirectPolicy::custom)). The first that says other than
    /// [`Action::Follow`] is heeded.
    #[must_use]
    pub fn redirect(mut self, hook: impl Fn(&Attempt<'_>) -> Action + Send + Sync + 'static) -> Self {
        self.redirect.push(Arc::new(hook));
        self
    }

    /// Adds a hook that is asked about each retry, the silent one and the one after a 421 too. The first [`Course::Stop`] is
    /// heeded. A challenge that is answered and a 417 are no retries.
    #[must_use]
    pub fn retry(mut self, hook: impl Fn(&Retrying<'_>) -> Course + Send + Sync + 'static) -> Self {
        self.retry.push(Arc::new(hook));
        self
    }

    /// Adds these, after those that are there.
    pub fn append(&mut self, mut further: Self) {
        self.request.append(&mut further.request);
        self.show = self.show.or(further.show);
        self.response.append(&mut further.response);
        self.redirect.append(&mut further.redirect);
        self.retry.append(&mut further.retry);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        let counts = [self.request.len(), self.response.len(), self.redirect.len(), self.retry.len()];
        counts.into_iter().fold(0, usize::saturating_add)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The asking.
impl Hooks {
    /// What shows heads, where somebody edits or stops requests.
    pub(super) fn show(&self) -> Option<Show> {
        self.show.map(|Means(show)| show)
    }

    /// Shows a head that is ready. Gives the names of the fields that were edited.
    pub(crate) fn sending(&self, mut sending: Sending<'_>) -> Result<Vec<HeaderName>, Error> {
        for hook in &self.request {
            hook(&mut sending).map_err(|stop| stopped(stop, Phase::Build))?;
        }
        Ok(sending.edited)
    }

    /// Shows a head that came.
    pub(crate) fn arrived(&self, arrived: &Arrived<'_>) -> Result<(), Error> {
        self.response.iter().try_for_each(|hook| hook(arrived)).map_err(|stop| stopped(stop, Phase::Decide))
    }

    /// Whether somebody is asked about redirects.
    pub(crate) fn see_redirects(&self) -> bool {
        !self.redirect.is_empty()
    }

    /// Asks about a redirect.
    pub(crate) fn redirecting(&self, attempt: &Attempt<'_>) -> Action {
        let mut said = self.redirect.iter().map(|hook| hook(attempt));
        said.find(|action| *action != Action::Follow).unwrap_or(Action::Follow)
    }

    /// Whether somebody is asked about retries.
    pub(crate) fn see_retries(&self) -> bool {
        !self.retry.is_empty()
    }

    /// Asks about a retry.
    pub(crate) fn retrying(&self, retrying: &Retrying<'_>) -> Course {
        let stops = self.retry.iter().any(|hook| hook(retrying) == Course::Stop);
        if stops { Course::Stop } else { Course::Proceed }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks")
            .field("request", &self.request.len())
            .field("response", &self.response.len())
            .field("redirect", &self.redirect.len())
            .field("retry", &self.retry.len())
            .finish()
    }
}

fn stopped(stop: Stop, phase: Phase) -> Error {
    match stop.downcast::<Error>() {
        Ok(error) => *error,
        Err(source) => Error::new(ErrorKind::Stopped, phase, "a hook stopped the exchange").with_source(source),
    }
}

/// A hop that is about to be sent. Its fields may be edited, within what the session answers for: see
/// [`Sending::insert`].
pub struct Sending<'a> {
    pub(crate) method: &'a Method,
    pub(crate) target: &'a Target,
    pub(crate) number: u32,
    /// Whether a proxy reads the fields, and so may be told who asks.
    pub(crate) forwarded: bool,
    pub(crate) jar: &'a Jar,
    pub(crate) fields: &'a mut HeaderMap,
    pub(crate) edited: Vec<HeaderName>,
}

impl Sending<'_> {
    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.method
    }

    /// The URL, without user information.
    #[must_use]
    pub fn url(&self) -> &Url {
        self.target.url()
    }

    /// The origin that it goes to.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        self.target.origin()
    }

    /// Which hop of the exchange it is, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The fields as they will be sent, without those that frame the body.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.fields
    }

    /// The session's cookies, as for a token that a form field repeats.
    #[must_use]
    pub fn cookies(&self) -> &Jar {
        self.jar
    }

    /// Sets a field in the place of all its lines. Authorization, Cookie and Host are the hook's to set: they go with this
    /// hop, whatever the session has, and with no other.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidHeader`] for what is no field, for Content-Length, Transfer-Encoding and Trailer, which say how
    /// the body ends, for a Host that is none, and for a Proxy-Authorization that an origin would read. The fields are as
    /// before then.
    pub fn insert<N, V>(&mut self, name: N, value: V) -> Result<(), Error>
    where
        N: AsRef<[u8]> + TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let (name, value) = self.permitted(name, value)?;
        self.fields.try_insert(name.clone(), value).map_err(too_many)?;
        self.edited.push(name);
        Ok(())
    }

    /// Adds a line to a field.
    ///
    /// # Errors
    /// As [`Sending::insert`], and for a second line of Host, Authorization, Cookie and Proxy-Authorization.
    pub fn append<N, V>(&mut self, name: N, value: V) -> Result<(), Error>
    where
        N: AsRef<[u8]> + TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let (name, value) = self.permitted(name, value)?;
        if matches!(name, HOST | AUTHORIZATION | COOKIE | PROXY_AUTHORIZATION) && self.fields.contains_key(&name) {
            return Err(refused(&name, "this field has one line"));
        }
        self.fields.try_append(name.clone(), value).map_err(too_many)?;
        self.edited.push(name);
        Ok(())
    }

    /// Removes a field, all its lines; says whether there was one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidHeader`] for Host, without which nothing may be sent, and for Trailer, which names what follows
    /// the body.
    pub fn remove(&mut self, name: &HeaderName) -> Result<bool, Error> {
        if matches!(*name, HOST | TRAILER) {
            return Err(refused(name, "this field cannot be removed"));
        }
        // Not by `remove`, which changes the order of the others.
        let before = std::mem::take(self.fields);
        let was_there = before.contains_key(name);
        for (held, value) in &before {
            if held != name {
                self.fields.append(held.clone(), value.clone());
            }
        }
        if was_there {
            self.edited.push(name.clone());
        }
        Ok(was_there)
    }

    /// A field that may stand in the head.
    fn permitted<N, V>(&self, name: N, value: V) -> Result<(HeaderName, HeaderValue), Error>
    where
        N: AsRef<[u8]> + TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let (name, mut value) = field(name, value)?;
        match name {
            CONTENT_LENGTH | TRANSFER_ENCODING | TRAILER => {
                return Err(refused(&name, "how the body ends is not a hook's to say"));
            }
            PROXY_AUTHORIZATION if !self.forwarded => {
                return Err(refused(&name, "an origin would read what is meant for a proxy"));
            }
            HOST => check_host(&HeaderMap::from_iter([(HOST, value.clone())]))?,
            _ => {}
        }
        if is_credential_field(&name) {
            value.set_sensitive(true);
        }
        Ok((name, value))
    }
}

fn refused(name: &HeaderName, why: &str) -> Error {
    let expected = "another field of the hook's";
    Error::new(ErrorKind::InvalidHeader, Phase::Build, why).with_expected(expected).with_came(name.as_str().as_bytes())
}

fn too_many(source: http::header::MaxSizeReached) -> Error {
    Error::new(ErrorKind::InvalidHeader, Phase::Build, "the request has too many fields").with_source(source)
}

impl fmt::Debug for Sending<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending")
            .field("number", &self.number)
            .field("method", self.method)
            .field("url", &self.url().as_str())
            .finish_non_exhaustive()
    }
}

/// The final head that came for a hop.
#[derive(Clone, Copy)]
pub struct Arrived<'a> {
    pub(crate) method: &'a Method,
    pub(crate) target: &'a Target,
    pub(crate) number: u32,
    pub(crate) head: &'a ResponseHead,
}

impl<'a> Arrived<'a> {
    /// The method that was sent.
    #[must_use]
    pub fn method(&self) -> &'a Method {
        self.method
    }

    /// The URL that was asked, without user information.
    #[must_use]
    pub fn url(&self) -> &'a Url {
        self.target.url()
    }

    /// The origin that was asked.
    #[must_use]
    pub fn origin(&self) -> &'a Origin {
        self.target.origin()
    }

    /// Which hop of the exchange it answers, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Status and fields.
    #[must_use]
    pub fn head(&self) -> &'a ResponseHead {
        self.head
    }
}

impl fmt::Debug for Arrived<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrived")
            .field("number", &self.number)
            .field("method", self.method)
            .field("url", &self.url().as_str())
            .field("head", self.head)
            .finish()
    }
}

/// A retry that would be made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Retrying<'a> {
    /// The method of the hop.
    pub method: &'a Method,
    /// What was asked, and will be asked again.
    pub target: &'a Target,
    /// Which hop of the exchange came to nothing, from 1.
    pub number: u32,
    /// What it came to.
    pub outcome: Outcome<'a>,
    /// Why it would be tried again.
    pub why: RetryReason,
    /// How long it would wait first, where it would.
    pub pause: Option<Duration>,
}

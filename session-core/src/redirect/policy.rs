//! The settings of redirects.

use crate::message::head::ResponseHead;
use crate::message::origin::{Origin, Scheme};
use crate::message::target::Target;
use http::{HeaderMap, HeaderName, StatusCode};
use std::fmt;
use std::sync::Arc;
use url::Url;

#[cfg(feature = "serde")]
pub(crate) mod record;

/// Whether redirects are followed, how many, and where to.
#[derive(Clone)]
pub struct RedirectPolicy {
    follow: Following,
    max: Option<u32>,
    downgrade: Downgrade,
    schemes: Schemes,
    keep: Vec<HeaderName>,
    trusted: Vec<Origin>,
    decides: Option<Arc<Decide>>,
}

/// A set of schemes. Each request has a copy of its rules, so it is one that costs nothing to copy.
#[derive(Clone, Copy, Default)]
pub(crate) struct Schemes {
    http: Option<Scheme>,
    https: Option<Scheme>,
}

impl Schemes {
    pub(crate) fn iter(self) -> impl Iterator<Item = Scheme> {
        self.http.into_iter().chain(self.https)
    }
}

impl FromIterator<Scheme> for Schemes {
    fn from_iter<I: IntoIterator<Item = Scheme>>(schemes: I) -> Self {
        let mut set = Self::default();
        for scheme in schemes {
            match scheme {
                Scheme::Http => set.http = Some(scheme),
                Scheme::Https => set.https = Some(scheme),
            }
        }
        set
    }
}

impl fmt::Debug for Schemes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// A rule of the caller's own.
type Decide = dyn Fn(&Attempt<'_>) -> Action + Send + Sync;

/// A redirect that the rules would follow, shown to [`RedirectPolicy::custom`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// What was asked.
    pub from: &'a Target,
    /// Where the answer leads.
    pub to: &'a Target,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's fields.
    pub headers: &'a HeaderMap,
    /// The URLs whose answers were redirects that were followed in this exchange, oldest first; `from` is not among them.
    pub previous: &'a [&'a Url],
}

impl<'a> Attempt<'a> {
    /// The redirect of `head`, which came from `from`, to `to`.
    #[must_use]
    pub fn new(from: &'a Target, to: &'a Target, head: &'a ResponseHead, previous: &'a [&'a Url]) -> Self {
        Self { from, to, status: head.status, headers: &head.headers, previous }
    }
}

/// What becomes of a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a redirect is followed, handed out, or an error")]
pub enum Action {
    /// It is followed.
    Follow,
    /// The 3xx answer is delivered as it is.
    Stop,
    /// It is `redirect_refused`.
    Refuse,
}

/// Whether redirects are followed at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a redirect is followed or handed out")]
pub enum Following {
    /// They are followed.
    #[default]
    Follow,
    /// The 3xx answer is delivered as it is.
    Stop,
}

/// Whether a redirect may lead from https to http.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a downgrade is allowed or refused")]
pub enum Downgrade {
    /// It may; credentials do not go along.
    #[default]
    Allow,
    /// It is `redirect_refused`.
    Refuse,
}

impl Default for RedirectPolicy {
    fn default() -> Self {
        Self {
            follow: Following::Follow,
            max: None,
            downgrade: Downgrade::Allow,
            schemes: [Scheme::Http, Scheme::Https].into_iter().collect(),
            keep: Vec::new(),
            trusted: Vec::new(),
            decides: None,
        }
    }
}

impl fmt::Debug for RedirectPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedirectPolicy")
            .field("follow", &self.follow)
            .field("max", &self.max)
            .field("downgrade", &self.downgrade)
            .field("schemes", &self.schemes)
            .field("keep", &self.keep)
            .field("trusted", &self.trusted)
            .field("decides", &self.decides.is_some())
            .finish()
    }
}

impl RedirectPolicy {
    /// Follows at most `max` redirects; the next one is `too_many_redirects`. 0 follows none: the 3xx is delivered.
    ///
    /// ```
    /// # use session_core::redirect::policy::RedirectPolicy;
    /// assert_eq!(RedirectPolicy::limited(5).maximum(), Some(5));
    /// ```
    #[must_use]
    pub fn limited(max: u32) -> Self {
        Self::default().max(max)
    }

    /// Follows none: the 3xx answer is delivered.
    #[must_use]
    pub fn none() -> Self {
        Self::default().following(Following::Stop)
    }

    /// Asks `decide` about each redirect that the rules would follow, before anything is sent there. It can only narrow:
    /// what the other settings refuse stays refused.
    ///
    /// ```
    /// use session_core::redirect::policy::{Action, RedirectPolicy};
    ///
    /// let policy = RedirectPolicy::custom(|attempt| match attempt.to.origin().host().is_loopback() {
    ///     true => Action::Refuse,
    ///     false => Action::Follow,
    /// });
    /// # let _ = policy;
    /// ```
    #[must_use]
    pub fn custom(decide: impl Fn(&Attempt<'_>) -> Action + Send + Sync + 'static) -> Self {
        Self { decides: Some(Arc::new(decide)), ..Self::default() }
    }

    /// Whether redirects are followed. Default: they are.
    #[must_use]
    pub fn following(mut self, follow: Following) -> Self {
        self.follow = follow;
        self
    }

    /// How many are followed. Default: [`Limits::redirects`](crate::limits::Limits::redirects).
    #[must_use]
    pub fn max(mut self, max: u32) -> Self {
        self.max = Some(max);
        self
    }

    /// Whether https may lead to http. Default: it may.
    #[must_use]
    pub fn downgrade(mut self, downgrade: Downgrade) -> Self {
        self.downgrade = downgrade;
        self
    }

    /// The schemes a redirect may lead to. Default: both. None means: nowhere.
    #[must_use]
    pub fn schemes(mut self, schemes: impl IntoIterator<Item = Scheme>) -> Self {
        self.schemes = schemes.into_iter().collect();
        self
    }

    /// Field names whose values the caller wants to keep when a redirect leads to another origin, though they carry a
    /// credential; `Authorization` stands for a credential given to the request, too. Cookies and Host are never kept this way: the
    /// jar decides on cookies, and Host is that of the target. Default: none.
    ///
    /// ```
    /// # use session_core::redirect::policy::RedirectPolicy;
    /// let policy = RedirectPolicy::default().keep_across_origins(["x-api-key".parse().unwrap()]);
    /// assert!(policy.keeps(&"x-api-key".parse().unwrap()));
    /// ```
    #[must_use]
    pub fn keep_across_origins(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.keep = names.into_iter().collect();
        self
    }

    /// Origins that may have each other's credentials: what the caller set on a request (its Authorization, credential and
    /// key fields) stays where a redirect leads from one of them to another. Name them all. The request's own cookies and
    /// its Host never go along, and the session's own credentials stay bound to their origin. Default: none.
    ///
    /// ```
    /// # use session_core::redirect::policy::RedirectPolicy;
    /// use session_core::message::origin::Origin;
    ///
    /// let policy = RedirectPolicy::default()
    ///     .trust_origins([Origin::parse("https://a.test")?, Origin::parse("https://login.a.test")?]);
    /// assert!(policy.trusts(&Origin::parse("https://a.test")?, &Origin::parse("https://login.a.test")?));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    #[must_use]
    pub fn trust_origins(mut self, origins: impl IntoIterator<Item = Origin>) -> Self {
        self.trusted = origins.into_iter().collect();
        self
    }

    /// Whether redirects are followed.
    #[must_use]
    pub fn follows(&self) -> Following {
        self.follow
    }

    /// The bound that was set here, if any.
    #[must_use]
    pub fn maximum(&self) -> Option<u32> {
        self.max
    }

    /// Whether https may lead to http.
    #[must_use]
    pub fn allows_downgrade(&self) -> Downgrade {
        self.downgrade
    }

    /// Whether a redirect may lead to `scheme`.
    #[must_use]
    pub fn allows_scheme(&self, scheme: Scheme) -> bool {
        self.schemes.iter().any(|allowed| allowed == scheme)
    }

    /// Whether the caller wants to keep this field across origins.
    #[must_use]
    pub fn keeps(&self, name: &HeaderName) -> bool {
        self.keep.contains(name)
    }

    /// Whether the caller's credentials may go along from one of these origins to the other.
    #[must_use]
    pub fn trusts(&self, from: &Origin, to: &Origin) -> bool {
        self.trusted.contains(from) && self.trusted.contains(to)
    }

    /// Whether the caller has a rule of its own: [`RedirectPolicy::custom`].
    pub(crate) fn is_custom(&self) -> bool {
        self.decides.is_some()
    }

    /// What the caller's own rule says of a redirect; without one it is followed.
    #[must_use]
    pub fn decide(&self, attempt: &Attempt<'_>) -> Action {
        self.decides.as_ref().map_or(Action::Follow, |decide| decide(attempt))
    }
}

//! The settings of redirects.

use crate::message::origin::Scheme;
use http::HeaderName;

/// Whether redirects are followed, how many, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectPolicy {
    follow: Following,
    max: Option<u32>,
    downgrade: Downgrade,
    schemes: Vec<Scheme>,
    keep: Vec<HeaderName>,
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
            schemes: vec![Scheme::Http, Scheme::Https],
            keep: Vec::new(),
        }
    }
}

impl RedirectPolicy {
    /// Follows at most `max` redirects; the next one is `too_many_redirects`. 0 follows none: the 3xx is delivered.
    #[must_use]
    pub fn limited(max: u32) -> Self {
        Self::default().max(max)
    }

    /// Follows none: the 3xx answer is delivered.
    #[must_use]
    pub fn none() -> Self {
        Self::default().following(Following::Stop)
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
    /// credential. Cookies are never kept this way: the jar decides on them. Default: none.
    #[must_use]
    pub fn keep_across_origins(mut self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.keep = names.into_iter().collect();
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
        self.schemes.contains(&scheme)
    }

    /// Whether the caller wants to keep this field across origins.
    #[must_use]
    pub fn keeps(&self, name: &HeaderName) -> bool {
        self.keep.contains(name)
    }
}

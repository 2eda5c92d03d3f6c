//! How cookies come back from where they were saved, whatever the format: by the rules for a Set-Cookie line.

use super::context::Context;
use super::domain::is_public_suffix;
use super::index::Key;
use super::jar::Jar;
use super::reason::{CookieId, Decision, Rejection};
use super::set_cookie::{Parts, SetCookie};
use crate::message::host::CanonicalHost;
use crate::message::target::Target;
use std::fmt;
use std::net::Ipv6Addr;
use std::time::SystemTime;
use url::Url;

/// Why a saved cookie was not loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoadProblem {
    /// The line has another number of fields than seven, or six where the value is empty.
    Fields {
        /// How many it has.
        found: usize,
    },
    /// A flag is neither `TRUE` nor `FALSE`.
    Flag,
    /// The expiry is no number of seconds.
    Expiry,
    /// The domain is no host.
    Domain,
    /// The path does not begin with a slash.
    Path,
    /// A name or value is said to be base64 and is not.
    Encoding,
    /// It expired before it was loaded.
    Expired,
    /// As a Set-Cookie line it would be rejected too.
    Rejected(Rejection),
}

impl fmt::Display for LoadProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fields { found } => write!(f, "it has {found} fields and not seven"),
            Self::Flag => f.write_str("a flag is neither TRUE nor FALSE"),
            Self::Expiry => f.write_str("its expiry is no number of seconds"),
            Self::Domain => f.write_str("its domain is no host"),
            Self::Path => f.write_str("its path does not begin with a slash"),
            Self::Encoding => f.write_str("its name or value is no base64"),
            Self::Expired => f.write_str("it is expired"),
            Self::Rejected(rejection) => rejection.fmt(f),
        }
    }
}

/// A cookie as it was saved.
pub(super) struct Saved<'a> {
    pub(super) domain: &'a str,
    pub(super) host_only: bool,
    pub(super) parts: Parts<'a>,
}

impl Jar {
    /// Puts a saved cookie in, as if a trustworthy answer of its own domain had set it at `now`.
    pub(super) fn load(&mut self, saved: Saved<'_>, now: SystemTime) -> Result<CookieId, LoadProblem> {
        let Saved { domain, host_only, mut parts } = saved;
        let target = own_target(domain).ok_or(LoadProblem::Domain)?;
        if !parts.path.is_some_and(|path| path.starts_with(b"/")) {
            return Err(LoadProblem::Path);
        }
        // A line that is expired would delete what is held; one that was saved is only too old.
        if parts.expires.is_some_and(|expires| expires <= now) {
            return Err(LoadProblem::Expired);
        }
        let host = target.origin().host();
        if !host_only && host.ip().is_none() {
            // From the suffix itself a line would make a host-only cookie; who set this one is not known.
            if is_public_suffix(&*self.list, host.as_str()) {
                return Err(LoadProblem::Rejected(Rejection::PublicSuffix));
            }
            parts.domain = Some(host.as_str().as_bytes());
        }
        let set = SetCookie::from_parts(parts, &self.limits).map_err(LoadProblem::Rejected)?;
        self.sweep(now);
        match self.store(&set, &target, Context::default(), now) {
            Decision::Stored(id) | Decision::Replaced(id) => Ok(id),
            Decision::Deleted(_) => Err(LoadProblem::Expired),
            Decision::Rejected(_, rejection) => Err(LoadProblem::Rejected(rejection)),
        }
    }

    /// Which of the cookies that were loaded had to go again, for want of room.
    pub(super) fn gone<'l>(
        &self,
        loaded: &'l [(usize, CookieId)],
    ) -> impl Iterator<Item = (usize, LoadProblem)> + use<'l, '_> {
        loaded
            .iter()
            .filter(|(_, id)| !self.holds(id))
            .map(|(place, _)| (*place, LoadProblem::Rejected(Rejection::NoRoom)))
    }

    fn holds(&self, id: &CookieId) -> bool {
        let cookies = self.index.of(Key::of(id.domain()));
        cookies.iter().any(|held| held.is(id.name(), id.path().as_bytes(), id.is_host_only()))
    }
}

/// The root of a host over https, from a domain as people and programs write it.
fn own_target(domain: &str) -> Option<Target> {
    let host = match domain.parse::<Ipv6Addr>() {
        Ok(address) => CanonicalHost::parse(&format!("[{address}]"))?,
        Err(_) => CanonicalHost::parse(domain)?,
    };
    let url = Url::parse(&format!("https://{host}/")).ok()?;
    Some(Target::new(url).ok()?.0)
}

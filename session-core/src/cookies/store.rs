//! The storage rules of RFC 6265bis 5.7: may this cookie be set from there, and what becomes of it.

use super::context::Context;
use super::cookie::Cookie;
use super::domain::{Scope, is_public_suffix, scope};
use super::index::Key;
use super::jar::{Jar, Put};
use super::path::{default_path, path_match};
use super::prefix;
use super::reason::{CookieId, Decision, Rejection};
use super::set_cookie::{SameSite, SetCookie};
use crate::message::target::Target;
use std::time::{Duration, SystemTime};

impl Jar {
    /// Decides on one cookie that the target has set, and does it. What is expired is gone already.
    pub(super) fn store(
        &mut self,
        set: &SetCookie<'_>,
        target: &Target,
        context: Context,
        now: SystemTime,
    ) -> Decision {
        let host = target.origin().host();
        if self.ignoring {
            let id = CookieId::new(set.name(), self.index.intern(Key::of(host.as_str())), b"", true);
            return Decision::Rejected(id, Rejection::Ignored);
        }
        let path = set.path_bytes().unwrap_or_else(|| default_path(target.url().path()).as_bytes());
        let mut looked_up = None;
        let is_suffix = |domain| {
            let key = Key::of(domain);
            let place = self.index.find(key);
            looked_up = Some((key, place));
            // For what is held already the list was asked when it came.
            let held = place.map_or(&[][..], |place| self.index.at(place));
            let known = held.iter().any(|held| !held.is_host_only() && !held.is_on_suffix());
            !known && is_public_suffix(&*self.list, domain)
        };
        let checked = scope(host, set.domain_bytes(), is_suffix)
            .and_then(|scope| self.check(set, scope, path, target, context).map(|()| scope));
        let scope = match checked {
            Ok(scope) => scope,
            Err(rejection) => {
                let id = CookieId::new(set.name(), self.index.intern(Key::of(host.as_str())), path, true);
                return Decision::Rejected(id, rejection);
            }
        };
        let (key, place) = looked_up.unwrap_or_else(|| {
            let key = Key::of(scope.domain);
            (key, self.index.find(key))
        });
        let domain = self.index.intern_at(place, key);
        let expires = self.expiry(set, now);
        if expires.is_some_and(|expires| expires <= now) {
            self.index.take(key, |held| held.is(set.name(), path, scope.host_only));
            return Decision::Deleted(CookieId::new(set.name(), domain, path, scope.host_only));
        }
        let Some(cookie) = Cookie::new(set, domain, scope.host_only, path, expires) else {
            let id = CookieId::new(&[], self.index.intern_at(place, key), path, scope.host_only);
            return Decision::Rejected(id, Rejection::TooLong);
        };
        let id = cookie.id();
        match self.put(key, place, cookie) {
            Put::Added => Decision::Stored(id),
            Put::Replaced => Decision::Replaced(id),
            Put::Evicted => Decision::Rejected(id, Rejection::NoRoom),
        }
    }

    /// The reasons to refuse a cookie whose domain is settled, in the order of RFC 6265bis 5.7.
    fn check(
        &mut self,
        set: &SetCookie<'_>,
        scope: Scope<'_>,
        path: &[u8],
        target: &Target,
        context: Context,
    ) -> Result<(), Rejection> {
        let trustworthy = target.origin().is_trustworthy();
        if set.is_secure() && !trustworthy {
            return Err(Rejection::SecureFromClearText);
        }
        if set.is_http_only() && context.is_script() {
            return Err(Rejection::HttpOnlyFromScript);
        }
        if !set.is_secure() && !trustworthy && self.shadows_secure(set.name(), scope.domain, path) {
            return Err(Rejection::ShadowsSecure);
        }
        if !context.may_store(set.same_site()) {
            return Err(Rejection::CrossSite);
        }
        if set.same_site() == SameSite::None && !set.is_secure() {
            return Err(Rejection::SameSiteNoneWithoutSecure);
        }
        prefix::check(set, scope.host_only)?;
        if context.is_script() {
            let mut held = self.index.of(Key::of(scope.domain)).iter();
            if held.any(|held| held.is_http_only() && held.is(set.name(), path, scope.host_only)) {
                return Err(Rejection::HttpOnlyFromScript);
            }
        }
        Ok(())
    }

    /// Whether a Secure cookie of this name is held whose domain is the same, above or below, and whose path the new
    /// path is at or below ("leave secure cookies alone").
    fn shadows_secure(&mut self, name: &[u8], domain: &str, path: &[u8]) -> bool {
        let shadowed = |held: &Cookie| held.is_secure() && held.name() == name && path_match(path, held.path_bytes());
        let mut above = false;
        self.index.for_each_place(domain, |place, _| above |= self.index.at(place).iter().any(shadowed));
        above || self.index.any_below(domain, shadowed)
    }

    /// When the cookie expires, no later than the limit allows; `None` for a session cookie. What is expired already
    /// expires at `now` or before.
    fn expiry(&self, set: &SetCookie<'_>, now: SystemTime) -> Option<SystemTime> {
        let longest = Duration::from_secs(self.limits.cookie_seconds);
        match set.max_age() {
            // A clock that cannot hold the sum is at its end: the cookie lives as long as the session.
            Some(age) => now.checked_add(age.min(longest)),
            None => {
                let latest = now.checked_add(longest);
                set.expires().map(|expires| latest.map_or(expires, |latest| latest.min(expires)))
            }
        }
    }
}

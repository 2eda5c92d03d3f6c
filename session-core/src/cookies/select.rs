//! Which cookies go with a request, in which order, and why the others do not (RFC 6265bis 5.8.3).

use super::context::Context;
use super::cookie::Cookie;
use super::domain::domain_match;
use super::index::Place;
use super::jar::Jar;
use super::path::path_match;
use super::reason::{Verdict, Withheld};
use crate::message::host::CanonicalHost;
use crate::message::target::Target;
use crate::ordered::sorted_by_key;
use bytes::Bytes;
use http::HeaderValue;
use std::cmp::Reverse;
use std::time::SystemTime;

impl Jar {
    /// The cookies for a request to `target`, in the order of the Cookie field: longer paths first, then the older ones.
    /// They count as used now.
    ///
    /// Together they fit in [`Limits::cookie_field`](crate::limits::Limits::cookie_field); one for which there is no room
    /// is left out. Expired cookies are freed on the way.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1", now);
    /// jar.accept(&target, b"b=2; Path=/x", now);
    /// let names: Vec<_> = jar.select(&target, now).iter().filter_map(|cookie| cookie.name_str()).collect();
    /// assert_eq!(names, ["a"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn select(&mut self, target: &Target, now: SystemTime) -> Vec<&Cookie> {
        self.select_in(target, Context::default(), now)
    }

    /// As [`Jar::select`], for a request that came about in this way.
    ///
    /// ```
    /// # use session_core::cookies::{Context, Jar, SameSite};
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1; SameSite=Strict", now);
    /// let link_from_elsewhere = Context::cross_site_navigation(&http::Method::GET);
    /// assert!(jar.select_in(&target, link_from_elsewhere, now).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn select_in(&mut self, target: &Target, context: Context, now: SystemTime) -> Vec<&Cookie> {
        self.sweep(now);
        let tick = self.tick();
        let asked = Asked::new(target, context, now);
        let host = asked.host.as_str();
        let mut places: Vec<(Place, &str)> = Vec::new();
        self.index.for_each_place(host, |place, domain| places.push((place, domain)));
        let mut found: usize = 0;
        for &(place, domain) in &places {
            // The parts of an address are no domains above it.
            let relation = if domain.len() == host.len() { Relation::Same } else { asked.below() };
            for cookie in self.index.at_mut(place) {
                if asked.withheld_as(relation, cookie).is_none() {
                    cookie.touch(tick);
                    found = found.saturating_add(1);
                }
            }
        }
        if found == 0 {
            return Vec::new();
        }
        let mut selected = Vec::with_capacity(found);
        for (place, _) in places {
            selected.extend(self.index.at(place).iter().filter(|cookie| cookie.access() == tick));
        }
        if selected.len() > 1 {
            selected = sorted_by_key(selected, |cookie| place(cookie));
        }
        let mut room = Room::new(self.limits.cookie_field);
        selected.retain(|cookie| room.takes(cookie));
        selected
    }

    /// What would become of every cookie of the jar in a request to `target`, in the order of the Cookie field: what
    /// [`Jar::select`] gives is what is [`Verdict::Sent`] here. Nothing counts as used.
    ///
    /// ```
    /// # use session_core::cookies::{Jar, Verdict, Withheld};
    /// # use session_core::message::target::Target;
    /// # use std::time::SystemTime;
    /// # let target = |url: &str| Target::new(url::Url::parse(url).unwrap()).unwrap().0;
    /// # let now = SystemTime::UNIX_EPOCH;
    /// let mut jar = Jar::new();
    /// jar.accept(&target("https://a.test/"), b"sid=1; Secure", now);
    /// let [(cookie, verdict)] = jar.explain(&target("http://a.test/"), now)[..] else { panic!() };
    /// assert_eq!((cookie.name(), verdict), (b"sid".as_slice(), Verdict::Withheld(Withheld::ClearText)));
    /// ```
    #[must_use]
    pub fn explain(&self, target: &Target, now: SystemTime) -> Vec<(&Cookie, Verdict)> {
        self.explain_in(target, Context::default(), now)
    }

    /// As [`Jar::explain`], for a request that came about in this way.
    ///
    /// ```
    /// # use session_core::cookies::{Context, Jar};
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1; HttpOnly", now);
    /// let explained = jar.explain_in(&target, Context::default().from_script(), now);
    /// assert_eq!(explained[0].1.to_string(), "it is withheld: it is HttpOnly and a script asks");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn explain_in(&self, target: &Target, context: Context, now: SystemTime) -> Vec<(&Cookie, Verdict)> {
        let asked = Asked::new(target, context, now);
        let cookies: Vec<&Cookie> = sorted_by_key(self.index.iter(), |cookie| place(cookie));
        let mut room = Room::new(self.limits.cookie_field);
        let verdict = |cookie: &'_ Cookie| match asked.withheld(cookie) {
            Some(reason) => Verdict::Withheld(reason),
            None if room.takes(cookie) => Verdict::Sent,
            None => Verdict::Withheld(Withheld::FieldFull),
        };
        let verdicts: Vec<Verdict> = cookies.iter().copied().map(verdict).collect();
        cookies.into_iter().zip(verdicts).collect()
    }
}

/// The value of the Cookie field that these cookies make, marked as sensitive; `None` for none.
///
/// ```
/// # use session_core::cookies::{Jar, cookie_field};
/// # use session_core::message::target::Target;
/// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
/// # let now = std::time::SystemTime::UNIX_EPOCH;
/// # let mut jar = Jar::new();
/// jar.accept(&target, b"a=1", now);
/// jar.accept(&target, b"b=2", now);
/// let field = cookie_field(&jar.select(&target, now)).unwrap();
/// assert_eq!(field.as_bytes(), b"a=1; b=2");
/// assert!(field.is_sensitive());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn cookie_field(cookies: &[&Cookie]) -> Option<HeaderValue> {
    let (first, rest) = cookies.split_first()?;
    let length = cookies.iter().fold(0_usize, |sum, cookie| sum.saturating_add(cookie.pair_len()).saturating_add(2));
    let mut field = Vec::with_capacity(length);
    first.write_pair(&mut field);
    for cookie in rest {
        field.extend_from_slice(b"; ");
        cookie.write_pair(&mut field);
    }
    // What a jar holds has no controls in it, so it always is a field value.
    let mut value = HeaderValue::from_maybe_shared(Bytes::from(field)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The request as far as cookies care.
struct Asked<'a> {
    host: &'a CanonicalHost,
    path: &'a [u8],
    trustworthy: bool,
    context: Context,
    now: SystemTime,
}

impl<'a> Asked<'a> {
    fn new(target: &'a Target, context: Context, now: SystemTime) -> Self {
        let origin = target.origin();
        let path = target.url().path().as_bytes();
        Self { host: origin.host(), path, trustworthy: origin.is_trustworthy(), context, now }
    }

    /// Why this cookie does not go with the request; `None` where it does.
    fn withheld(&self, cookie: &Cookie) -> Option<Withheld> {
        let relation = if self.host.as_str() == cookie.domain() {
            Relation::Same
        } else if domain_match(self.host, cookie.domain()) {
            Relation::Below
        } else {
            Relation::Other
        };
        self.withheld_as(relation, cookie)
    }

    /// How the host stands to a domain whose text ends it.
    fn below(&self) -> Relation {
        if self.host.ip().is_none() { Relation::Below } else { Relation::Other }
    }

    fn withheld_as(&self, relation: Relation, cookie: &Cookie) -> Option<Withheld> {
        Some(if relation == Relation::Other {
            Withheld::OtherDomain
        } else if cookie.is_host_only() && relation == Relation::Below {
            Withheld::HostOnly
        } else if cookie.is_on_suffix() {
            Withheld::PublicSuffix
        } else if !path_match(self.path, cookie.path_bytes()) {
            Withheld::OtherPath
        } else if cookie.is_expired(self.now) {
            Withheld::Expired
        } else if cookie.is_secure() && !self.trustworthy {
            Withheld::ClearText
        } else if cookie.is_http_only() && self.context.is_script() {
            Withheld::HttpOnly
        } else if !self.context.may_send(cookie.same_site()) {
            Withheld::CrossSite
        } else {
            return None;
        })
    }
}

/// How the host of a request stands to a cookie's domain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    Same,
    Below,
    Other,
}

/// Where a cookie stands in the Cookie field.
fn place(cookie: &Cookie) -> (Reverse<usize>, u64) {
    (Reverse(cookie.path_len()), cookie.sequence())
}

/// What is left of the Cookie field's bound.
struct Room(usize);

impl Room {
    /// Each cookie is counted with two bytes to part it from the one before, which the first one has not.
    fn new(limit: usize) -> Self {
        Self(limit.saturating_add(2))
    }

    fn takes(&mut self, cookie: &Cookie) -> bool {
        match self.0.checked_sub(cookie.pair_len().saturating_add(2)) {
            Some(left) => {
                self.0 = left;
                true
            }
            None => false,
        }
    }
}

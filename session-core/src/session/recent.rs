//! The URLs that were asked for last, and the places that redirects led to, as they were written and as they were understood.
//! Reading a URL is the dearest part of a small request, and most programs ask the same few places again and again.

use crate::message::into_url::BaseJoin;
use crate::message::target::Target;
use std::fmt;
use url::Url;

/// A few URLs. It saves time and decides nothing: what it gives is what reading the text again would give.
#[derive(Clone, Default)]
pub(crate) struct Recent {
    /// What the texts were joined to, and how.
    base: Option<Url>,
    join: BaseJoin,
    asked: Ring<Box<str>>,
    /// Where redirects led: from which target, by which Location.
    led: Ring<(Target, Box<[u8]>)>,
}

/// The last few targets, by what they were known from.
#[derive(Clone)]
struct Ring<K> {
    held: Vec<(K, Target)>,
    /// Which one goes next.
    oldest: usize,
    /// Which one comes after that which was found last.
    next: usize,
}

/// How many are held: a look at all of them must cost less than reading one URL.
const MOST: usize = 8;

/// The same for where redirects lead: as many as an exchange follows by default.
const MOST_LED: usize = 20;

/// A text that is longer is not held.
const LONGEST: usize = 1024;

impl Recent {
    /// Forgets all that was joined to another base, or in another way.
    pub(crate) fn joined_to(&mut self, base: Option<&Url>, join: BaseJoin) {
        if (self.base.as_ref(), self.join) != (base, join) {
            *self = Self { base: base.cloned(), join, ..Self::default() };
        }
    }

    /// What `text` was understood as.
    pub(crate) fn find(&mut self, text: &str) -> Option<&Target> {
        self.asked.find(|held| **held == *text)
    }

    /// Keeps `target` for `text`, which must mean the same as long as the base does: no user information was in it, and no
    /// parameters were added.
    pub(crate) fn keep(&mut self, text: &str, target: &Target) {
        if text.len() <= LONGEST {
            self.asked.keep(text.into(), target, MOST);
        }
    }

    /// What a Location was understood as that led on from this target.
    pub(crate) fn led(&mut self, from: &Target, location: &[u8]) -> Option<&Target> {
        self.led.find(|(base, held)| **held == *location && base == from)
    }

    /// Keeps `to` for a Location in which no user information was. One with a query or a fragment is not held: what stands there
    /// is mostly made for one time, and may be a secret (RFC 6749 4.2.2: a token in a fragment).
    pub(crate) fn keep_led(&mut self, from: &Target, location: &[u8], to: &Target) {
        if location.len() <= LONGEST && !location.iter().any(|byte| matches!(byte, b'?' | b'#')) {
            self.led.keep((from.clone(), location.into()), to, MOST_LED);
        }
    }
}

impl<K> Ring<K> {
    /// Looks from where the last one was found: what came after it once is likely to do so again.
    fn find(&mut self, is_it: impl Fn(&K) -> bool) -> Option<&Target> {
        let (before, after) = self.held.split_at_checked(self.next).unwrap_or((&self.held, &[]));
        let place = |(at, (known, _)): (usize, &(K, Target))| is_it(known).then_some(at);
        let in_after = after.iter().enumerate().find_map(place).map(|at| at.saturating_add(before.len()));
        let at = in_after.or_else(|| before.iter().enumerate().find_map(place))?;
        self.next = at.saturating_add(1);
        self.held.get(at).map(|(_, target)| target)
    }

    fn keep(&mut self, known: K, target: &Target, most: usize) {
        let new = (known, target.clone());
        match self.held.get_mut(self.oldest) {
            Some(slot) => *slot = new,
            None => self.held.push(new),
        }
        self.oldest = self.oldest.saturating_add(1).checked_rem(most).unwrap_or_default();
    }
}

impl<K> Default for Ring<K> {
    fn default() -> Self {
        Self { held: Vec::new(), oldest: 0, next: 0 }
    }
}

impl fmt::Debug for Recent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent").field("asked", &self.asked.held.len()).field("led", &self.led.held.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, MOST, MOST_LED, Recent};
    use crate::message::into_url::BaseJoin;
    use crate::message::target::Target;
    use url::Url;

    fn target(url: &str) -> Target {
        Target::new(Url::parse(url).unwrap()).unwrap().0
    }

    #[test]
    fn the_last_few_are_found_until_they_are_forgotten() {
        let mut recent = Recent::default();
        let urls: Vec<String> = (0..=MOST).map(|n| format!("http://a.test/{n}")).collect();
        for url in &urls {
            recent.keep(url, &target(url));
        }
        assert!(recent.find(&urls[0]).is_none(), "the oldest goes first");
        for url in &urls[1..] {
            assert_eq!(recent.find(url).unwrap().url().as_str(), url);
        }
        assert_eq!(recent.asked.held.len(), MOST);
    }

    #[test]
    fn another_base_or_way_of_joining_means_that_nothing_is_known() {
        let base = Url::parse("http://a.test/x").unwrap();
        let mut recent = Recent::default();
        for (base, join) in [
            (None, BaseJoin::Rfc3986),
            (Some(&base), BaseJoin::Rfc3986),
            (Some(&base), BaseJoin::Append),
            (None, BaseJoin::Append),
        ] {
            recent.joined_to(base, join);
            assert!(recent.find("y").is_none(), "{base:?} {join:?}");
            recent.keep("y", &target("http://a.test/y"));
            recent.joined_to(base, join);
            assert!(recent.find("y").is_some(), "{base:?} {join:?}");
        }
    }

    #[test]
    fn where_a_location_leads_is_found_for_the_target_that_it_came_from() {
        let mut recent = Recent::default();
        let (a, b) = (target("http://a.test/x"), target("http://b.test/x"));
        recent.keep_led(&a, b"/y", &target("http://a.test/y"));
        assert_eq!(recent.led(&target("http://a.test/x"), b"/y").unwrap().url().as_str(), "http://a.test/y");
        assert!(recent.led(&b, b"/y").is_none() && recent.led(&a, b"/z").is_none());
        for location in [&b"/once?code=1"[..], b"/once#token=1", &[b'x'; LONGEST + 1]] {
            recent.keep_led(&a, location, &target("http://a.test/z"));
            assert!(recent.led(&a, location).is_none());
        }
        for n in 0..MOST_LED {
            recent.keep_led(&a, n.to_string().as_bytes(), &b);
        }
        assert!(recent.led(&a, b"/y").is_none(), "the oldest goes first");
        assert!((0..MOST_LED).all(|n| recent.led(&a, n.to_string().as_bytes()).is_some()));
    }

    #[test]
    fn a_long_text_is_not_held() {
        let mut recent = Recent::default();
        let of_length = |length: usize| format!("http://a.test/{}", "x".repeat(length - "http://a.test/".len()));
        for (length, held) in [(LONGEST, true), (LONGEST + 1, false)] {
            recent.keep(&of_length(length), &target(&of_length(length)));
            assert_eq!(recent.find(&of_length(length)).is_some(), held);
        }
    }
}

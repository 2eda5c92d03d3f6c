//! The URLs that were asked for last, as they were written and as they were understood. Reading a URL is the dearest part of
//! a small request, and most programs ask the same few places again and again.

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
    held: Vec<(Box<str>, Target)>,
    /// Which one goes next.
    oldest: usize,
}

/// How many are held: a look at all of them must cost less than reading one URL.
const MOST: usize = 8;

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
    pub(crate) fn find(&self, text: &str) -> Option<&Target> {
        self.held.iter().find(|(held, _)| **held == *text).map(|(_, target)| target)
    }

    /// Keeps `target` for `text`, which must mean the same as long as the base does: no user information was in it, and no
    /// parameters were added.
    pub(crate) fn keep(&mut self, text: &str, target: &Target) {
        if text.len() > LONGEST {
            return;
        }
        let new = (text.into(), target.clone());
        match self.held.get_mut(self.oldest) {
            Some(slot) => *slot = new,
            None => self.held.push(new),
        }
        self.oldest = self.oldest.saturating_add(1).checked_rem(MOST).unwrap_or_default();
    }
}

impl fmt::Debug for Recent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recent").field("held", &self.held.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, MOST, Recent};
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
        assert_eq!(recent.held.len(), MOST);
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
    fn a_long_text_is_not_held() {
        let mut recent = Recent::default();
        let of_length = |length: usize| format!("http://a.test/{}", "x".repeat(length - "http://a.test/".len()));
        for (length, held) in [(LONGEST, true), (LONGEST + 1, false)] {
            recent.keep(&of_length(length), &target(&of_length(length)));
            assert_eq!(recent.find(&of_length(length)).is_some(), held);
        }
    }
}

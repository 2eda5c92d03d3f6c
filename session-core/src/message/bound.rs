//! The one chokepoint between a secret and the wire: who wants it must name the origin that it would go to.

use crate::message::origin::Origin;
use std::fmt;

/// A value that belongs to one origin: to the one it was given for, or to the origin of its first use.
///
/// What is sent is got by naming an origin, and a binding never changes: scheme, host and port must be the
/// same (CVE-2018-18074, CVE-2021-41125, CVE-2022-27774).
#[derive(Clone, PartialEq, Eq)]
pub struct Bound<T> {
    origin: Option<Origin>,
    value: T,
}

impl<T> Bound<T> {
    /// A value for `origin` alone.
    pub fn to(origin: Origin, value: T) -> Self {
        Self { origin: Some(origin), value }
    }

    /// A value that will belong to the origin of its first use.
    pub fn unbound(value: T) -> Self {
        Self { origin: None, value }
    }

    /// The value, where it belongs to `origin`. The first call binds a value that is not bound yet, so call it only for a
    /// request that is really made; [`Bound::peek`] looks without binding.
    pub fn value_for(&mut self, origin: &Origin) -> Option<&T> {
        if self.origin.get_or_insert_with(|| origin.clone()) == origin { Some(&self.value) } else { None }
    }

    /// The value, where it belongs to `origin` already. One that is not bound yet is not given: for what a server led to,
    /// which must bind nothing.
    #[must_use]
    pub fn bound_value(&self, origin: &Origin) -> Option<&T> {
        self.origin.as_ref().filter(|own| *own == origin).map(|_| &self.value)
    }

    /// The value that [`Bound::value_for`] would give, without binding it.
    #[must_use]
    pub fn peek(&self, origin: &Origin) -> Option<&T> {
        if self.would_serve(origin) { Some(&self.value) } else { None }
    }

    /// The value itself, for showing it to the one who set it. What is sent comes from [`Bound::value_for`].
    #[must_use]
    pub fn expose(&self) -> &T {
        &self.value
    }

    /// The value, no longer bound.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }

    /// Whether a request to `origin` would get the value.
    #[must_use]
    pub fn would_serve(&self, origin: &Origin) -> bool {
        self.origin.as_ref().is_none_or(|own| own == origin)
    }

    /// The origin that the value belongs to; `None` before its first use.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }
}

impl<T> fmt::Debug for Bound<T> {
    /// The origin alone: the value is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Bound");
        match &self.origin {
            Some(origin) => out.field("origin", &format_args!("{origin}")),
            None => out.field("origin", &format_args!("(of the first use)")),
        };
        out.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Bound;
    use crate::message::origin::Origin;

    fn origin(text: &str) -> Origin {
        Origin::parse(text).unwrap()
    }

    #[test]
    fn a_bound_value_serves_its_origin_alone() {
        let mut bound = Bound::to(origin("https://a.test"), "hunter2");
        for other in ["http://a.test", "https://a.test:8443", "https://sub.a.test", "https://b.test", "https://a.test."]
        {
            assert_eq!(bound.value_for(&origin(other)), None, "{other}");
            assert!(!bound.would_serve(&origin(other)));
            assert_eq!(bound.peek(&origin(other)), None);
        }
        assert_eq!(bound.value_for(&origin("https://A.test:443")), Some(&"hunter2"));
    }

    #[test]
    fn the_first_use_binds() {
        let mut bound = Bound::unbound("hunter2");
        assert_eq!(bound.value_for(&origin("https://a.test")), Some(&"hunter2"));
        assert_eq!(bound.value_for(&origin("https://b.test")), None);
        assert_eq!(bound.value_for(&origin("https://a.test")), Some(&"hunter2"));
        assert_eq!(bound.origin(), Some(&origin("https://a.test")));
    }

    #[test]
    fn a_look_does_not_bind() {
        let bound = Bound::unbound("hunter2");
        assert!(bound.would_serve(&origin("https://b.test")));
        assert_eq!(bound.peek(&origin("https://a.test")), Some(&"hunter2"));
        assert_eq!(bound.origin(), None);
    }

    #[test]
    fn debug_shows_no_value() {
        let bound = Bound::to(origin("https://a.test"), "hunter2");
        assert_eq!(format!("{bound:?}"), "Bound { origin: https://a.test, .. }");
        assert!(!format!("{:?}", Bound::unbound("hunter2")).contains("hunter2"));
    }
}

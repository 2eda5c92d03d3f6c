//! A secret and the one origin it belongs to: who wants the secret must name where it goes.

use crate::message::origin::Origin;

/// A value that belongs to one origin, from the start or from its first use on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound<T> {
    origin: Option<Origin>,
    value: T,
}

impl<T> Bound<T> {
    /// A value that belongs to `origin`.
    pub fn to(origin: Origin, value: T) -> Self {
        Self { origin: Some(origin), value }
    }

    /// A value that will belong to the first origin that uses it.
    pub fn at_first_use(value: T) -> Self {
        Self { origin: None, value }
    }

    /// The origin that the value belongs to; `None` before the first use.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// The value itself, for showing it to its owner; whoever sends it calls [`Bound::bind`].
    pub fn peek(&self) -> &T {
        &self.value
    }

    /// The value, no longer bound.
    pub fn into_value(self) -> T {
        self.value
    }

    /// The value, if it belongs to `origin`. An unbound value belongs to it from now on.
    pub fn bind(&mut self, origin: &Origin) -> Option<&T> {
        let bound = self.origin.get_or_insert_with(|| origin.clone());
        (bound == origin).then_some(&self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::Bound;
    use crate::message::origin::Origin;

    #[test]
    fn a_bound_value_goes_to_its_origin_alone() {
        let home = Origin::parse("https://a.test").unwrap();
        let mut bound = Bound::to(home.clone(), "secret");
        for other in ["http://a.test", "https://a.test:8443", "https://sub.a.test", "https://b.test"] {
            assert_eq!(bound.bind(&Origin::parse(other).unwrap()), None, "{other}");
        }
        assert_eq!(bound.bind(&home), Some(&"secret"));
    }

    #[test]
    fn the_first_use_binds() {
        let mut bound = Bound::at_first_use("secret");
        assert_eq!(bound.origin(), None);
        assert!(bound.bind(&Origin::parse("https://a.test").unwrap()).is_some());
        assert!(bound.bind(&Origin::parse("https://b.test").unwrap()).is_none());
        assert!(bound.bind(&Origin::parse("https://a.test").unwrap()).is_some());
    }
}

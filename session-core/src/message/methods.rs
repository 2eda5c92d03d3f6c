//! Sets of methods, as plain data for the tables of rules.

use http::Method;

/// A set of methods. Methods are case-sensitive (RFC 9110 9.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Methods {
    /// These.
    Only(&'static [&'static str]),
    /// Every method but these.
    AllBut(&'static [&'static str]),
}

impl Methods {
    /// No method.
    pub(crate) const NONE: Self = Self::Only(&[]);
    /// Every method.
    pub(crate) const ALL: Self = Self::AllBut(&[]);

    /// Whether `method` is in the set.
    pub(crate) fn contains(self, method: &Method) -> bool {
        match self {
            Self::Only(names) => names.contains(&method.as_str()),
            Self::AllBut(names) => !names.contains(&method.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Methods;
    use http::Method;

    #[test]
    fn a_set_names_what_is_in_it_or_what_is_not() {
        for (method, named) in [(Method::GET, true), (Method::HEAD, true), (Method::POST, false)] {
            assert_eq!(Methods::Only(&["GET", "HEAD"]).contains(&method), named, "{method}");
            assert_eq!(Methods::AllBut(&["GET", "HEAD"]).contains(&method), !named, "{method}");
            assert!(!Methods::NONE.contains(&method) && Methods::ALL.contains(&method));
        }
        assert!(!Methods::Only(&["GET"]).contains(&Method::from_bytes(b"get").unwrap()));
    }
}

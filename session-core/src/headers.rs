//! The session's default fields, laid under a request's own.
//!
//! Ordinary defaults go with every request. A default named Authorization or Cookie is a credential: it is kept apart,
//! bound to the origin of the first request that uses it. Fields for one origin go there alone. Which of all these
//! reach a hop is decided by the session; this file only holds them.

use crate::message::bound::Bound;
use crate::message::origin::Origin;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;

#[cfg(feature = "serde")]
pub(crate) mod record;

/// The default fields of a session.
///
/// ```
/// use http::{HeaderValue, header};
/// use session_core::headers::DefaultHeaders;
///
/// let mut headers = DefaultHeaders::new();
/// headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
/// assert_eq!(headers.get(&header::ACCEPT).unwrap(), "application/json");
/// ```
#[derive(Clone, Default)]
pub struct DefaultHeaders {
    ordinary: HeaderMap,
    authorization: Option<Bound<Vec<HeaderValue>>>,
    cookie: Option<Bound<Vec<HeaderValue>>>,
}

impl DefaultHeaders {
    /// No defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the default of this name to `value` alone. An Authorization or Cookie loses the origin it was bound to.
    pub fn insert(&mut self, name: HeaderName, value: HeaderValue) {
        match self.credential(&name) {
            Some(slot) => *slot = Some(Bound::unbound(vec![sensitive(value)])),
            None => {
                self.ordinary.insert(name, value);
            }
        }
    }

    /// Adds a further line to the default of this name.
    pub fn append(&mut self, name: HeaderName, value: HeaderValue) {
        match self.credential(&name) {
            Some(slot) => {
                let mut lines = slot.take().map(Bound::into_value).unwrap_or_default();
                lines.push(sensitive(value));
                *slot = Some(Bound::unbound(lines));
            }
            None => {
                self.ordinary.append(name, value);
            }
        }
    }

    /// Sets every name of `fields`, each with all its lines.
    pub fn extend(&mut self, fields: &HeaderMap) {
        for name in fields.keys() {
            self.remove(name);
        }
        for (name, value) in fields {
            self.append(name.clone(), value.clone());
        }
    }

    /// Removes the default of this name; says whether there was one.
    pub fn remove(&mut self, name: &HeaderName) -> bool {
        match self.credential(name) {
            Some(slot) => slot.take().is_some(),
            None => self.ordinary.remove(name).is_some(),
        }
    }

    /// Removes all defaults.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The first line of the default of this name.
    #[must_use]
    pub fn get(&self, name: &HeaderName) -> Option<&HeaderValue> {
        let bound = match *name {
            AUTHORIZATION => &self.authorization,
            COOKIE => &self.cookie,
            _ => return self.ordinary.get(name),
        };
        bound.as_ref().and_then(|bound| bound.expose().first())
    }

    /// Every default that is no bound credential, several lines of one name in their order.
    #[must_use]
    pub fn ordinary(&self) -> &HeaderMap {
        &self.ordinary
    }

    /// The default Authorization, bound to its origin.
    pub fn authorization_mut(&mut self) -> Option<&mut Bound<Vec<HeaderValue>>> {
        self.authorization.as_mut()
    }

    /// The default Cookie lines, bound to their origin.
    pub fn cookie_mut(&mut self) -> Option<&mut Bound<Vec<HeaderValue>>> {
        self.cookie.as_mut()
    }

    fn credential(&mut self, name: &HeaderName) -> Option<&mut Option<Bound<Vec<HeaderValue>>>> {
        match *name {
            AUTHORIZATION => Some(&mut self.authorization),
            COOKIE => Some(&mut self.cookie),
            _ => None,
        }
    }
}

impl fmt::Debug for DefaultHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DefaultHeaders")
            .field("ordinary", &crate::message::head::ShownFields(&self.ordinary))
            .field("authorization", &self.authorization.as_ref().map(Bound::origin))
            .field("cookie", &self.cookie.as_ref().map(Bound::origin))
            .finish()
    }
}

/// Fields that go to one origin alone, on every hop that reaches it.
#[derive(Clone, Default)]
pub struct OriginHeaders(Vec<(Origin, HeaderMap)>);

impl OriginHeaders {
    /// Sets the fields for `origin`; an empty map removes them.
    pub fn set(&mut self, origin: Origin, fields: HeaderMap) {
        self.0.retain(|(held, _)| *held != origin);
        if !fields.is_empty() {
            self.0.push((origin, fields));
        }
    }

    /// The fields for `origin`.
    #[must_use]
    pub fn of(&self, origin: &Origin) -> Option<&HeaderMap> {
        self.0.iter().find(|(held, _)| held == origin).map(|(_, fields)| fields)
    }
}

impl fmt::Debug for OriginHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.iter().map(|(origin, fields)| (origin.to_string(), fields.keys().collect::<Vec<_>>())))
            .finish()
    }
}

/// The value, marked so that it is never printed.
fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::{DefaultHeaders, OriginHeaders};
    use crate::message::origin::Origin;
    use http::header::{ACCEPT, AUTHORIZATION, COOKIE};
    use http::{HeaderMap, HeaderValue};

    #[test]
    fn credentials_are_kept_apart_and_not_printed() {
        let mut defaults = DefaultHeaders::new();
        defaults.insert(AUTHORIZATION, HeaderValue::from_static("Bearer hunter2"));
        defaults.append(COOKIE, HeaderValue::from_static("k=hunter2"));
        defaults.insert(ACCEPT, HeaderValue::from_static("a/b"));
        assert_eq!(defaults.ordinary().len(), 1);
        assert_eq!(defaults.get(&AUTHORIZATION).unwrap(), "Bearer hunter2");
        assert!(!format!("{defaults:?}").contains("hunter2"));
        assert!(defaults.remove(&COOKIE) && !defaults.remove(&COOKIE));
    }

    #[test]
    fn a_new_value_is_bound_anew() {
        let (a, b) = (Origin::parse("https://a.test").unwrap(), Origin::parse("https://b.test").unwrap());
        let mut defaults = DefaultHeaders::new();
        defaults.insert(AUTHORIZATION, HeaderValue::from_static("one"));
        assert!(defaults.authorization_mut().unwrap().value_for(&a).is_some());
        assert!(defaults.authorization_mut().unwrap().value_for(&b).is_none());
        defaults.insert(AUTHORIZATION, HeaderValue::from_static("two"));
        assert!(defaults.authorization_mut().unwrap().value_for(&b).is_some());
    }

    #[test]
    fn fields_of_an_origin_are_found_by_the_whole_origin() {
        let mut headers = OriginHeaders::default();
        let mut fields = HeaderMap::new();
        fields.insert("x-api-key", HeaderValue::from_static("k"));
        headers.set(Origin::parse("https://a.test").unwrap(), fields);
        assert!(headers.of(&Origin::parse("https://A.TEST:443").unwrap()).is_some());
        for other in ["http://a.test", "https://a.test:8443", "https://w.a.test"] {
            assert!(headers.of(&Origin::parse(other).unwrap()).is_none(), "{other}");
        }
        headers.set(Origin::parse("https://a.test").unwrap(), HeaderMap::new());
        assert!(headers.of(&Origin::parse("https://a.test").unwrap()).is_none());
    }
}

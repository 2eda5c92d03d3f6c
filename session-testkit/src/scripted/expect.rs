//! Which requests a line of a script is for: method, URL, and what else is asked of them.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use session_core::message::host::CanonicalHost;
use session_core::message::origin::Origin;
use std::fmt;
use std::sync::Arc;
use url::Url;

/// A request as the session sent it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Asked {
    /// The method.
    pub method: Method,
    /// The whole URL, without user information and fragment.
    pub url: Url,
    /// The fields, without those that frame the body.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Asked {
    pub(super) fn new(method: Method, mut url: Url, headers: HeaderMap, body: Bytes) -> Self {
        url.set_fragment(None);
        Self { method, url, headers, body }
    }

    /// The value of the first line of this field, where it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text; bytes that are none become U+FFFD.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

/// The values of fields and the body may be secret, and are left out.
impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Asked({self}, {} fields, {} bytes)", self.headers.len(), self.body.len())
    }
}

/// Which requests a line of a script is for.
#[derive(Clone)]
pub struct Pattern {
    /// `None` is any.
    method: Option<Method>,
    /// As it was written.
    target: String,
    /// Scheme, host and port, where the target names them.
    origin: Option<Origin>,
    /// With `*` for any run of characters.
    path: String,
    /// The whole query, where the target has one.
    query: Option<String>,
    further: Vec<Test>,
}

#[derive(Clone)]
enum Test {
    /// A host as it was written, and which one that is.
    Host(String, Option<CanonicalHost>),
    Query(String, String),
    Field(HeaderName, HeaderValue),
    NoField(HeaderName),
    Body(Bytes),
    /// Path and query; the parameters that are named may have any value.
    #[cfg(feature = "har")]
    Exactly(Box<Url>, Vec<String>),
    Custom(Arc<dyn Fn(&Asked) -> bool + Send + Sync>),
}

impl Pattern {
    /// Requests of a method, or of any, to a target: a path (`/a`) at any origin, or a whole URL. In the path, `*` stands for any
    /// characters. A query in it must be the request's own, in any order; where it has none, any query will do.
    pub(super) fn new(method: Option<Method>, target: &str) -> Result<Self, String> {
        let (origin, rest) = match target.find("://") {
            Some(_) => {
                let url = Url::parse(target).map_err(|error| format!("{target:?} is no URL: {error}"))?;
                let origin =
                    Origin::of(&url).ok_or_else(|| format!("{target:?} is no URL that a request can be sent to"))?;
                let start = target.find("://").map_or(0, |at| at.saturating_add(3));
                let after = target.get(start..).unwrap_or_default();
                let path = after.find(['/', '?']).and_then(|at| after.get(at..)).unwrap_or("/");
                (Some(origin), path.to_owned())
            }
            None => (None, target.to_owned()),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (rest, None),
        };
        if !(path.is_empty() || path.starts_with(['/', '*'])) {
            return Err(format!("{target:?} is neither a path nor a URL"));
        }
        let path = if path.is_empty() { "/".to_owned() } else { spelled(path) };
        Ok(Self { method, target: target.to_owned(), origin, path, query, further: Vec::new() })
    }

    /// Requests of this method to this very URL, of whose query these names may have any value.
    #[cfg(feature = "har")]
    pub(crate) fn exactly(method: Method, mut url: Url, any_value: Vec<String>) -> Self {
        url.set_fragment(None);
        let origin = Origin::of(&url);
        let (target, path) = (url.to_string(), "*".to_owned());
        let further = vec![Test::Exactly(Box::new(url), any_value)];
        Self { method: Some(method), target, origin, path, query: None, further }
    }

    pub(super) fn host(&mut self, host: &str) {
        self.further.push(Test::Host(host.to_owned(), CanonicalHost::parse(host)));
    }

    pub(super) fn query(&mut self, name: &str, value: &str) {
        self.further.push(Test::Query(name.to_owned(), value.to_owned()));
    }

    pub(super) fn field(&mut self, name: HeaderName, value: HeaderValue) {
        self.further.push(Test::Field(name, value));
    }

    pub(super) fn no_field(&mut self, name: HeaderName) {
        self.further.push(Test::NoField(name));
    }

    pub(super) fn body(&mut self, body: Bytes) {
        self.further.push(Test::Body(body));
    }

    pub(crate) fn custom(&mut self, test: impl Fn(&Asked) -> bool + Send + Sync + 'static) {
        self.further.push(Test::Custom(Arc::new(test)));
    }

    /// The origin that it names, if any.
    pub(super) fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// Why a request is not one of these; `None` where it is.
    pub(super) fn mismatch(&self, asked: &Asked) -> Option<String> {
        if self.method.as_ref().is_some_and(|method| *method != asked.method) {
            return Some("another method".to_owned());
        }
        if self.origin.is_some() && self.origin != Origin::of(&asked.url) {
            return Some("another origin".to_owned());
        }
        if !fits(self.path.as_bytes(), asked.url.path().as_bytes()) {
            return Some("another path".to_owned());
        }
        if let Some(query) = &self.query {
            let sorted = |query: &[u8]| {
                let mut pairs: Vec<_> = url::form_urlencoded::parse(query).into_owned().collect();
                pairs.sort();
                pairs
            };
            if sorted(query.as_bytes()) != sorted(asked.url.query().unwrap_or_default().as_bytes()) {
                return Some("another query".to_owned());
            }
        }
        self.further.iter().find_map(|test| test.mismatch(asked))
    }
}

impl Test {
    fn mismatch(&self, asked: &Asked) -> Option<String> {
        let (fits, why) = match self {
            Self::Host(text, host) => {
                (host.is_some() && *host == CanonicalHost::of(&asked.url), format!("another host than {text}"))
            }
            Self::Query(name, value) => {
                let has = asked.url.query_pairs().any(|(have, with)| have == *name && with == *value);
                (has, format!("the query has no {name}={value}"))
            }
            Self::Field(name, value) => {
                (asked.headers.get_all(name).iter().any(|have| have == value), format!("another {name}"))
            }
            Self::NoField(name) => (!asked.headers.contains_key(name), format!("it has {name}")),
            Self::Body(body) => (asked.body == *body, "another body".to_owned()),
            #[cfg(feature = "har")]
            Self::Exactly(url, _) if asked.url.path() != url.path() => (false, "another path".to_owned()),
            #[cfg(feature = "har")]
            Self::Exactly(url, any_value) => {
                let known = |url: &Url| {
                    let pairs = url.query_pairs().into_owned();
                    let known = pairs.map(|(name, value)| {
                        let any = any_value.contains(&name);
                        (name, if any { String::new() } else { value })
                    });
                    known.collect::<Vec<_>>()
                };
                (known(&asked.url) == known(url), "another query".to_owned())
            }
            Self::Custom(test) => (test(asked), "its own test says no".to_owned()),
        };
        (!fits).then_some(why)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.method {
            Some(method) => write!(f, "{method} {}", self.target),
            None => write!(f, "any method {}", self.target),
        }
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({self})")
    }
}

/// A path as a URL has it, its `*` kept.
fn spelled(path: &str) -> String {
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let spelled = Url::parse("http://a.test/").and_then(|base| base.join(&path)).map(|url| url.path().to_owned());
    let spelled = spelled.unwrap_or(path);
    match spelled.strip_prefix("/*") {
        Some("") => "*".to_owned(),
        _ => spelled,
    }
}

/// Whether a text fits a pattern in which `*` stands for any run of bytes. It goes back to the last `*` only, so it takes no longer
/// than the one length times the other.
fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star = None;
    while read < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, read));
            at += 1;
        } else if pattern.get(at) == text.get(read) {
            at += 1;
            read += 1;
        } else if let Some((star_at, taken)) = star {
            star = Some((star_at, taken + 1));
            at = star_at + 1;
            read = taken + 1;
        } else {
            return false;
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::{Asked, Pattern, fits};
    use bytes::Bytes;
    use http::{HeaderMap, Method};

    fn matches(target: &str, url: &str) -> bool {
        let asked = Asked::new(Method::GET, url.parse().unwrap(), HeaderMap::new(), Bytes::new());
        Pattern::new(Some(Method::GET), target).unwrap().mismatch(&asked).is_none()
    }

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("/a/*", "/a/b/c", true),
            ("/a/*", "/a", false),
            ("/*/b", "/x/b/b", true),
            ("/*/b", "/x/b/c", false),
            ("/a", "/a/", false),
            ("a*b*c", "aXbYbZc", true),
        ] {
            assert_eq!(fits(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_path_is_that_of_any_origin_and_a_url_that_of_one() {
        assert!(matches("/a", "https://x.test:8443/a?any=1"));
        assert!(matches("http://a.test/x", "http://a.test:80/x"));
        assert!(!matches("http://a.test/x", "https://a.test/x"));
        assert!(matches("http://a.test", "http://a.test/"));
        assert!(matches("*", "http://a.test/any/path"));
        assert!(matches("http://a.test/*", "http://a.test/any/path"));
        assert!(matches("/gr\u{fc}n", "http://a.test/gr%C3%BCn"));
    }

    #[test]
    fn a_host_is_the_same_in_every_spelling() {
        let at = |host: &str| {
            let mut pattern = Pattern::new(None, "/").unwrap();
            pattern.host(host);
            pattern
        };
        let asked = |url: &str| Asked::new(Method::GET, url.parse().unwrap(), HeaderMap::new(), Bytes::new());
        for host in ["b\u{fc}cher.test", "xn--bcher-kva.TEST"] {
            assert_eq!(at(host).mismatch(&asked("http://b\u{fc}cher.test:81/")), None);
        }
        assert_eq!(at("a.test").mismatch(&asked("http://b.test/")), Some("another host than a.test".to_owned()));
        assert!(at("no host").mismatch(&asked("http://b.test/")).is_some());
    }

    #[test]
    fn a_query_is_compared_in_any_order() {
        assert!(matches("/a?x=1&y=2", "http://a.test/a?y=2&x=1"));
        assert!(!matches("/a?x=1", "http://a.test/a?x=1&y=2"));
        assert!(!matches("/a?x=1", "http://a.test/a"));
    }

    #[test]
    fn what_is_no_target_is_told() {
        assert!(Pattern::new(None, "a/b").unwrap_err().contains("neither a path nor a URL"));
        assert!(Pattern::new(None, "http://").is_err());
    }
}

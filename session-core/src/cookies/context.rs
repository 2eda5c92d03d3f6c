//! How a request came about, as far as cookies care: only who embeds the jar in a browser or the like has anything to
//! say here. A plain client's requests are all its own: same-site, and through HTTP.

use super::set_cookie::SameSite;
use http::Method;

/// Who asks for cookies or sets them. The default is a client's own request over HTTP, from the same site.
///
/// ```
/// use http::Method;
/// use session_core::cookies::Context;
///
/// let link_from_elsewhere = Context::cross_site_navigation(&Method::GET);
/// let image_from_elsewhere = Context::cross_site();
/// let document_cookie = Context::default().from_script();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context {
    relation: Relation,
    api: Api,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Relation {
    #[default]
    SameSite,
    CrossSite,
    /// A cross-site navigation of the top-level context; whether its method is a safe one.
    Navigation {
        safe: bool,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Api {
    #[default]
    Http,
    Script,
}

impl Context {
    /// A request that another site caused, such as an image in its page (RFC 6265bis 5.2).
    ///
    /// ```
    /// # use session_core::cookies::{Context, Jar, SameSite};
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1; SameSite=Lax", now);
    /// assert!(jar.select_in(&target, Context::cross_site(), now).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn cross_site() -> Self {
        Self { relation: Relation::CrossSite, api: Api::Http }
    }

    /// A request that another site caused and that replaces the page at the top, such as a link that was followed.
    ///
    /// ```
    /// # use session_core::cookies::{Context, Jar, SameSite};
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1; SameSite=Lax", now);
    /// let link = Context::cross_site_navigation(&http::Method::GET);
    /// assert_eq!(jar.select_in(&target, link, now).len(), 1);
    /// let form = Context::cross_site_navigation(&http::Method::POST);
    /// assert!(jar.select_in(&target, form, now).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn cross_site_navigation(method: &Method) -> Self {
        Self { relation: Relation::Navigation { safe: method.is_safe() }, api: Api::Http }
    }

    /// The same, asked by a script rather than by HTTP: HttpOnly cookies are out of reach.
    ///
    /// ```
    /// # use session_core::cookies::{Context, Jar};
    /// # use session_core::message::target::Target;
    /// # let (target, _) = Target::new("https://w.a.test/".parse()?)?;
    /// # let now = std::time::SystemTime::UNIX_EPOCH;
    /// # let mut jar = Jar::new();
    /// jar.accept(&target, b"a=1; HttpOnly", now);
    /// assert!(jar.select_in(&target, Context::default().from_script(), now).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn from_script(self) -> Self {
        Self { api: Api::Script, ..self }
    }

    /// Whether HttpOnly cookies are out of reach.
    ///
    /// ```
    /// # use session_core::cookies::Context;
    /// assert!(Context::default().from_script().is_script());
    /// assert!(!Context::default().is_script());
    /// ```
    #[must_use]
    pub fn is_script(self) -> bool {
        self.api == Api::Script
    }

    /// Whether a cookie of this SameSite may be stored (RFC 6265bis 5.7).
    pub(super) fn may_store(self, same_site: SameSite) -> bool {
        same_site == SameSite::None || self.relation != Relation::CrossSite
    }

    /// Whether a cookie of this SameSite may be sent (RFC 6265bis 5.8.3).
    pub(super) fn may_send(self, same_site: SameSite) -> bool {
        match self.relation {
            Relation::SameSite => true,
            Relation::CrossSite | Relation::Navigation { safe: false } => same_site == SameSite::None,
            Relation::Navigation { safe: true } => same_site != SameSite::Strict,
        }
    }
}

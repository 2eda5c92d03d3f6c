//! What lives between requests: cookies, default fields, credentials, settings for single origins.

use crate::auth::credentials::Credential;
use crate::auth::digest::state::DigestState;
use crate::auth::netrc::Netrc;
use crate::cookies::jar::Jar;
use crate::headers::{DefaultHeaders, OriginHeaders};
use crate::hsts::HstsStore;
use crate::message::bound::Bound;
use crate::message::origin::Origin;
use crate::ordered::Ordered;
use crate::retry::budget::Budget;
use crate::session::origin_settings::OriginSettings;
use crate::session::proxy_auth::ProxyStates;

/// The state that one exchange leaves to the next.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    pub(crate) jar: Jar,
    pub(crate) defaults: DefaultHeaders,
    pub(crate) origin_headers: OriginHeaders,
    /// What a session does otherwise at single origins; each says something.
    pub(crate) origin_settings: Ordered<Origin, OriginSettings>,
    pub(crate) credentials: Credentials,
    pub(crate) netrc: Netrc,
    pub(crate) digests: Digests,
    /// The same of proxies.
    pub(crate) proxies: ProxyStates,
    pub(crate) hsts: HstsStore,
    pub(crate) retries: Budget,
    pub(crate) open: Openness,
}

/// Whether the session takes requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Openness {
    Open,
    Closed,
}

/// What is known of the Digest challenges of each origin. It holds no secret.
#[derive(Clone, Debug, Default)]
pub(crate) struct Digests(Ordered<Origin, DigestState>);

impl Digests {
    /// Does something with the state of `origin`. Beyond `most` origins, one is forgotten: it will be challenged again.
    pub(crate) fn with<R>(&mut self, origin: &Origin, most: usize, act: impl FnOnce(&mut DigestState) -> R) -> R {
        let mut state = self.0.remove(origin).unwrap_or_default();
        let done = act(&mut state);
        if self.0.len() >= most {
            self.0.remove_first();
        }
        self.0.insert(origin.clone(), state);
        done
    }

    /// Each state with its origin.
    #[cfg(feature = "serde")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Origin, &DigestState)> {
        self.0.iter()
    }
}

/// The session's credentials, each bound to one origin, from the start or from its first use on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    /// The one that belongs to the first origin that uses it.
    pub(crate) general: Option<Bound<Credential>>,
    /// Those that were given for an origin.
    pub(crate) of_origins: Vec<Bound<Credential>>,
}

impl Credentials {
    /// Sets the credential that will belong to the first origin that uses it. Those given for an origin stay.
    pub(crate) fn set(&mut self, credential: Credential) {
        self.general = Some(Bound::unbound(credential));
    }

    /// Sets the credential of one origin, beside those of others.
    pub(crate) fn set_for(&mut self, origin: Origin, credential: Credential) {
        self.of_origins.retain(|held| held.origin() != Some(&origin));
        self.of_origins.push(Bound::to(origin, credential));
    }

    /// Removes all of them.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The credential for `origin`: the one given for it, else the general one. A request of the caller's own binds the
    /// general one to its origin; where a redirect led to binds nothing.
    pub(crate) fn of(&mut self, origin: &Origin, led_to: LedTo) -> Option<&Credential> {
        let given = self.of_origins.iter().find_map(|held| held.bound_value(origin));
        given.or_else(|| match (self.general.as_mut()?, led_to) {
            (general, LedTo::ByCaller) => general.value_for(origin),
            (general, LedTo::ByServer) => general.bound_value(origin),
        })
    }

    /// Removes the credential that belongs to `origin`; says whether there was one.
    pub(crate) fn remove_for(&mut self, origin: &Origin) -> bool {
        let had = self.origins().any(|held| held == origin);
        self.general.take_if(|held| held.origin() == Some(origin));
        self.of_origins.retain(|held| held.origin() != Some(origin));
        had
    }

    /// The origins that a credential belongs to.
    pub(crate) fn origins(&self) -> impl Iterator<Item = &Origin> {
        self.general.iter().chain(&self.of_origins).filter_map(Bound::origin)
    }

    /// An origin that a credential belongs to, for saying why another origin gets none.
    pub(crate) fn first_origin(&self) -> Option<&Origin> {
        self.origins().next()
    }
}

/// Who chose the origin of a hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LedTo {
    /// The caller: it is the origin of the request.
    ByCaller,
    /// A redirect.
    ByServer,
}

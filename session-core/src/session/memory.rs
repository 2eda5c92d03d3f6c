//! What lives between requests: cookies, default fields, credentials.

use crate::auth::credentials::Credential;
use crate::auth::digest::state::DigestState;
use crate::auth::netrc::Netrc;
use crate::cookies::jar::Jar;
use crate::headers::{DefaultHeaders, OriginHeaders};
use crate::hsts::HstsStore;
use crate::message::bound::Bound;
use crate::message::origin::Origin;
use crate::retry::budget::Budget;
use std::collections::BTreeMap;

/// The state that one exchange leaves to the next.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    pub(crate) jar: Jar,
    pub(crate) defaults: DefaultHeaders,
    pub(crate) origin_headers: OriginHeaders,
    pub(crate) credentials: Credentials,
    pub(crate) netrc: Netrc,
    pub(crate) digests: Digests,
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
pub(crate) struct Digests(BTreeMap<Origin, DigestState>);

impl Digests {
    /// The state of `origin`. Beyond `most` origins, one is forgotten: it will be challenged again.
    pub(crate) fn of(&mut self, origin: &Origin, most: usize) -> &mut DigestState {
        if !self.0.contains_key(origin) && self.0.len() >= most {
            self.0.pop_first();
        }
        self.0.entry(origin.clone()).or_default()
    }
}

/// The session's credentials, each bound to one origin, from the start or from its first use on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials(Vec<Bound<Credential>>);

impl Credentials {
    /// Sets the credential that will belong to the first origin that uses it.
    pub(crate) fn set(&mut self, credential: Credential) {
        self.0.clear();
        self.0.push(Bound::unbound(credential));
    }

    /// Sets the credential of one origin, beside those of others.
    pub(crate) fn set_for(&mut self, origin: Origin, credential: Credential) {
        self.0.retain(|held| held.origin() != Some(&origin));
        self.0.push(Bound::to(origin, credential));
    }

    /// Removes all of them.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The credential for `origin`: the one bound to it, else the one not bound yet, which is bound by that.
    pub(crate) fn bind(&mut self, origin: &Origin) -> Option<&Credential> {
        let bound = self.0.iter().position(|held| held.origin() == Some(origin));
        let index = bound.or_else(|| self.0.iter().position(|held| held.origin().is_none()))?;
        self.0.get_mut(index)?.value_for(origin)
    }

    /// An origin that a credential belongs to, for saying why another origin gets none.
    pub(crate) fn first_origin(&self) -> Option<&Origin> {
        self.0.first()?.origin()
    }
}

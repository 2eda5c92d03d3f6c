//! What is known of Digest at one origin (or one proxy), and the answers made of it.

use crate::auth::challenge::Parameters;
use crate::auth::credentials::Credential;
use crate::auth::digest::asked::Asked;
use crate::auth::digest::field::field;
use crate::auth::digest::hash::{HashAlgorithm, hex};
use crate::auth::digest::offer::{Offer, Protection};
use crate::auth::digest::proof::Proof;
use crate::auth::digest::terms::{Counted, Qop, SessionTerms, Terms};
use crate::entropy::Entropy;
use crate::error::Error;
use crate::message::origin::Origin;
use crate::message::target::Target;
use http::HeaderValue;
use url::Url;

#[cfg(feature = "serde")]
pub(crate) mod record;

/// The last challenge of one origin, the nonce in use and how often it was used.
///
/// Whoever owns the states keeps one for each origin and hands in no other: nothing of a state may reach another origin.
/// A new one (`default`) knows nothing and answers nothing. It holds no secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DigestState {
    known: Option<Known>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    offer: Offer,
    /// The nonce in use: that of the challenge, or a `nextnonce` that came later.
    nonce: Vec<u8>,
    /// How often it was used.
    count: u32,
    /// The client nonce of the first answer to the challenge, for a `-sess` algorithm.
    session_cnonce: Option<String>,
    space: Space,
    standing: Standing,
}

/// Where an answer may be sent ahead of a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Space {
    /// To any path of the origin.
    Origin,
    /// To the path that was challenged, and to these and what lies below them.
    Paths { challenged: String, named: Vec<String> },
}

/// Whether answers are sent ahead of a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Good,
    /// The last answer was refused: the count is kept, but no answer is sent before the next challenge.
    Refused,
}

/// An answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DigestAnswer {
    /// The value of `Authorization` or `Proxy-Authorization`, marked sensitive.
    pub value: HeaderValue,
    /// To be kept with the hop, for what the server says in return.
    pub proof: Proof,
}

impl DigestState {
    /// The answer for a request, where one can be made of what is known: also ahead of a challenge, within the
    /// protection space. Each call counts as a use of the nonce.
    ///
    /// `None` where nothing is known, the path is outside of the protection space, the last answer was refused, the hash
    /// of the body is missing, or the nonce is used up; then the request goes without, and may be challenged. `None` too
    /// for a credential that is not Digest.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidHeader`](crate::error::ErrorKind::InvalidHeader) for a control character in the user name.
    pub fn answer(
        &mut self,
        credential: &Credential,
        asked: &Asked<'_>,
        entropy: &mut Entropy,
    ) -> Result<Option<DigestAnswer>, Error> {
        let (Credential::Digest { user, password, .. }, Some(known)) = (credential, &mut self.known) else {
            return Ok(None);
        };
        let Some((terms, body)) = known.next_terms(asked, entropy) else { return Ok(None) };
        let qop = terms.counted.as_ref().map(|counted| counted.qop);
        let response = terms.response(&terms.secret(user, password), asked.method.as_str(), qop, &body);
        let value = field(&known.offer, &terms, user, &response)?;
        Ok(Some(DigestAnswer { value, proof: Proof { terms } }))
    }

    /// The function by which the next answer needs the hash of the request's body, where it needs one.
    #[must_use]
    pub fn needs_body_hash(&self) -> Option<HashAlgorithm> {
        let known = self.known.as_ref().filter(|known| known.offer.needs_body_hash())?;
        Some(known.offer.algorithm.hash)
    }

    /// Takes the nonce that `Authentication-Info` names for the next request (RFC 7616 3.5). Only the response to an
    /// answer with the nonce in use can do that, so that of several requests under way none brings an old nonce back.
    pub fn take_next_nonce(&mut self, proof: &Proof, info: &Parameters) {
        let Some(next) = info.value("nextnonce").filter(|next| !next.is_empty()) else { return };
        let Some(known) = &mut self.known else { return };
        if known.nonce == proof.terms.nonce && known.nonce != next {
            known.nonce = next.to_vec();
            known.count = 0;
        }
    }

    /// Takes a challenge for this request. Uses of a nonce that is in use already are counted on.
    pub(crate) fn learn(&mut self, offer: Offer, asked: &Asked<'_>) {
        let space = Space::of(&offer, asked.target);
        let before = self.known.take().filter(|known| known.nonce == offer.nonce);
        let count = before.map_or(0, |known| known.count);
        self.known = Some(Known {
            nonce: offer.nonce.clone(),
            offer,
            count,
            session_cnonce: None,
            space,
            standing: Standing::Good,
        });
    }

    /// Notes that the last answer was refused.
    pub(crate) fn refuse(&mut self) {
        if let Some(known) = &mut self.known {
            known.standing = Standing::Refused;
        }
    }
}

impl Known {
    /// What the next answer is computed over, and the hash of the body where that is part of it.
    fn next_terms(&mut self, asked: &Asked<'_>, entropy: &mut Entropy) -> Option<(Terms, String)> {
        if self.standing == Standing::Refused || !self.space.holds(asked.target) {
            return None;
        }
        let hash = self.offer.algorithm.hash;
        let (qop, body) = match self.offer.protection {
            Protection::Unnamed => (None, String::new()),
            Protection::Auth => (Some(Qop::Auth), String::new()),
            Protection::AuthInt => (Some(Qop::AuthInt), asked.body_hash(hash)?.as_hex().to_owned()),
        };
        let counted = match qop {
            Some(qop) => {
                self.count = self.count.checked_add(1)?;
                Some(Counted { qop, count: self.count })
            }
            None => None,
        };
        // A server of a `-sess` algorithm keeps the secret, which holds the first client nonce; one that makes it anew
        // takes the client nonce of the answer. Both agree while it stays the same.
        let mut fresh = || hex(&entropy.block());
        let (cnonce, session) = if self.offer.algorithm.session {
            let cnonce = self.session_cnonce.get_or_insert_with(fresh).clone();
            (cnonce.clone(), Some(SessionTerms { nonce: self.offer.nonce.clone(), cnonce }))
        } else {
            (fresh(), None)
        };
        let realm = self.offer.realm.clone();
        let nonce = self.nonce.clone();
        Some((Terms { hash, realm, nonce, cnonce, counted, session, uri: asked.uri.to_owned() }, body))
    }
}

impl Space {
    /// The protection space of a challenge for `target` (RFC 7616 3.3, `domain`): it never reaches beyond the origin.
    fn of(offer: &Offer, target: Option<&Target>) -> Self {
        let Some(target) = target else { return Self::Origin };
        // References are absolute, or a path from the root.
        let Ok(root) = Url::parse(&target.origin().to_string()) else { return Self::Origin };
        let named: Vec<String> = offer
            .domain
            .iter()
            .filter_map(|reference| root.join(reference).ok())
            .filter(|url| Origin::of(url).as_ref() == Some(target.origin()))
            .map(|url| url.path().to_owned())
            .collect();
        if named.is_empty() {
            return Self::Origin;
        }
        Self::Paths { challenged: target.url().path().to_owned(), named }
    }

    fn holds(&self, target: Option<&Target>) -> bool {
        let (Self::Paths { challenged, named }, Some(target)) = (self, target) else { return true };
        let path = target.url().path();
        let lies_below = |stem: &String| {
            path.strip_prefix(stem.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || stem.ends_with('/'))
        };
        path == challenged || named.iter().any(lies_below)
    }
}

#[cfg(test)]
mod tests;

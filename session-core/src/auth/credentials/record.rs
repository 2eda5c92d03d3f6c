//! The record of a credential. It holds the secret: that is what it is for.

use crate::auth::credentials::Credential;
use crate::auth::scheme::Scheme;
use crate::message::record::wire::secret;
use crate::message::sensitive::Secret;
use serde::{Deserialize, Serialize};

/// A credential that is data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum CredentialRecord {
    Basic {
        user: String,
        #[serde(with = "secret")]
        password: Secret<String>,
    },
    Bearer(#[serde(with = "secret")] Secret<String>),
    Digest {
        user: String,
        #[serde(with = "secret")]
        password: Secret<String>,
    },
}

impl CredentialRecord {
    /// A scheme of the caller's own is no data, and given back.
    pub(crate) fn of(credential: &Credential) -> Result<Self, &dyn Scheme> {
        match credential {
            Credential::Basic { user, password } => Ok(Self::Basic { user: user.clone(), password: password.clone() }),
            Credential::Bearer(token) => Ok(Self::Bearer(token.clone())),
            Credential::Digest { user, password, .. } => {
                Ok(Self::Digest { user: user.clone(), password: password.clone() })
            }
            Credential::Custom(scheme) => Err(scheme.as_ref()),
        }
    }

    pub(crate) fn restore(self) -> Credential {
        match self {
            Self::Basic { user, password } => Credential::Basic { user, password },
            Self::Bearer(token) => Credential::Bearer(token),
            Self::Digest { user, password } => Credential::digest(user, password.expose().clone()),
        }
    }
}

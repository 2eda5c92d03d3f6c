//! The record of what was decided about a cookie.

use super::{CookieId, Decision, Rejection};
use serde::{Deserialize, Serialize};

/// What became of one Set-Cookie line.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Decision", rename_all = "snake_case")]
pub(crate) enum DecisionRecord {
    Stored(#[serde(with = "id")] CookieId),
    Replaced(#[serde(with = "id")] CookieId),
    Deleted(#[serde(with = "id")] CookieId),
    Rejected(#[serde(with = "id")] CookieId, #[serde(with = "RejectionRecord")] Rejection),
}

mod id {
    use super::CookieId;
    use crate::message::record::text;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::sync::Arc;

    #[derive(Serialize, Deserialize)]
    #[serde(rename = "CookieId", deny_unknown_fields)]
    struct IdRecord {
        #[serde(with = "text")]
        name: Vec<u8>,
        domain: String,
        path: String,
        host_only: bool,
    }

    pub(super) fn serialize<S: Serializer>(id: &CookieId, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, domain, path) = (id.name().to_vec(), id.domain().to_owned(), id.path().to_owned());
        IdRecord { name, domain, path, host_only: id.is_host_only() }.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<CookieId, D::Error> {
        let IdRecord { name, domain, path, host_only } = IdRecord::deserialize(deserializer)?;
        Ok(CookieId::new(&name, Arc::from(domain), path.as_bytes(), host_only))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Rejection", rename_all = "snake_case")]
enum RejectionRecord {
    ControlCharacter,
    Empty,
    TooLong,
    Unwritable,
    InvalidDomain,
    InvalidPath,
    DomainMismatch,
    PublicSuffix,
    SecureFromClearText,
    ShadowsSecure,
    HttpOnlyFromScript,
    CrossSite,
    SameSiteNoneWithoutSecure,
    SecurePrefix,
    HostPrefix,
    HttpPrefix,
    HostHttpPrefix,
    NamelessPrefix,
    TooManyInResponse,
    NoRoom,
    Ignored,
}

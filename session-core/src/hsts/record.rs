//! Records of the HSTS store and of what was learned of a field.

use crate::hsts::{HstsEntry, Ignored, Learned, MalformedHeader, Subdomains};
use crate::message::host::CanonicalHost;
use crate::message::record::{moment, text};
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

/// One entry.
#[derive(Serialize, Deserialize)]
#[serde(remote = "HstsEntry", deny_unknown_fields)]
pub(crate) struct EntryRecord {
    #[serde(with = "text")]
    host: CanonicalHost,
    #[serde(with = "moment")]
    expires: SystemTime,
    #[serde(with = "SubdomainsRecord")]
    subdomains: Subdomains,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Subdomains", rename_all = "snake_case")]
enum SubdomainsRecord {
    Included,
    Excluded,
}

/// What was learned of a response.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Learned", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum LearnedRecord {
    Nothing,
    Stored {
        #[serde(with = "moment")]
        expires: SystemTime,
        #[serde(with = "SubdomainsRecord")]
        subdomains: Subdomains,
    },
    Removed,
    Ignored(#[serde(with = "IgnoredRecord")] Ignored),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Ignored", rename_all = "snake_case")]
enum IgnoredRecord {
    ClearText,
    Unverified,
    Address,
    LongName,
    Malformed(#[serde(with = "MalformedRecord")] MalformedHeader),
    Full,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "MalformedHeader", rename_all = "snake_case")]
enum MalformedRecord {
    Syntax,
    Repeated,
    NoMaxAge,
    InvalidMaxAge,
    UnexpectedValue,
}

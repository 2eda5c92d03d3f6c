//! The records of whose rules an exchange goes by.

use crate::content::charset::{Fallback, TextRules};
use crate::session::compat::Compat;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Compat", rename_all = "snake_case")]
pub(super) enum CompatRecord {
    Fetch,
    Requests,
    Aiohttp,
    Curl,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "TextRules", deny_unknown_fields)]
pub(super) struct TextRecord {
    #[serde(with = "FallbackRecord")]
    text: Fallback,
    #[serde(with = "FallbackRecord")]
    json: Fallback,
    #[serde(with = "FallbackRecord")]
    other: Fallback,
    #[serde(with = "FallbackRecord")]
    unknown: Fallback,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Fallback", rename_all = "snake_case")]
enum FallbackRecord {
    Mark,
    Utf8,
    Latin1,
    #[cfg(feature = "detect")]
    Detect,
}

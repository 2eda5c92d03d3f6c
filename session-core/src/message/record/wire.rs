//! Records of heads, bodies and secrets.

use crate::message::body::{BodySize, Framing, RequestBody};
use crate::message::head::ResponseHead;
use crate::message::record::{fields, text};
use crate::message::sensitive::Secret;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, Version};
use serde::{Deserialize, Serialize};

/// A response's head.
#[derive(Serialize, Deserialize)]
#[serde(remote = "ResponseHead", deny_unknown_fields)]
pub(crate) struct HeadRecord {
    #[serde(with = "status")]
    status: StatusCode,
    #[serde(with = "text")]
    version: Version,
    #[serde(with = "text")]
    reason: Bytes,
    #[serde(with = "fields")]
    headers: HeaderMap,
}

/// What a request has for a body.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BodyRecord {
    #[serde(with = "SizeRecord")]
    size: BodySize,
    replayable: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "BodySize", rename_all = "snake_case")]
enum SizeRecord {
    Empty,
    Sized(u64),
    Streaming,
}

impl From<RequestBody> for BodyRecord {
    fn from(body: RequestBody) -> Self {
        Self { size: body.size(), replayable: body.is_replayable() }
    }
}

impl From<BodyRecord> for RequestBody {
    fn from(record: BodyRecord) -> Self {
        if record.replayable { Self::replayable(record.size) } else { Self::once(record.size) }
    }
}

/// How a request's body is framed.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Framing", rename_all = "snake_case")]
pub(crate) enum FramingRecord {
    None,
    Length(u64),
    Chunked,
}

/// For `#[serde(with = "status")]`.
pub(crate) mod status {
    use http::StatusCode;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(status.as_u16())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StatusCode, D::Error> {
        StatusCode::from_u16(u16::deserialize(deserializer)?).map_err(|_| D::Error::custom("expected a status code"))
    }
}

/// For `#[serde(with = "secret")]`.
pub(crate) mod secret {
    use super::Secret;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(secret: &Secret<String>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
        String::deserialize(deserializer).map(Secret::new)
    }
}

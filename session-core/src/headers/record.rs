//! Records of the default fields and of the fields for single origins.

use crate::headers::{DefaultHeaders, OriginHeaders};
use crate::message::bound::Bound;
use crate::message::origin::Origin;
use crate::message::record::{Damage, fields, optional_text, required, text};
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

/// The default fields.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefaultsRecord {
    #[serde(with = "fields")]
    pub(crate) ordinary: HeaderMap,
    #[serde(deserialize_with = "required")]
    pub(crate) authorization: Option<BoundRecord>,
    #[serde(deserialize_with = "required")]
    pub(crate) cookie: Option<BoundRecord>,
}

/// The lines of a default that is a credential.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoundRecord {
    /// `None` before its first use.
    #[serde(with = "optional_text")]
    pub(crate) origin: Option<Origin>,
    #[serde(with = "lines")]
    lines: Vec<HeaderValue>,
}

/// The fields for one origin.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OriginRecord {
    #[serde(with = "text")]
    pub(crate) origin: Origin,
    #[serde(with = "fields")]
    pub(crate) fields: HeaderMap,
}

impl BoundRecord {
    /// The lines, whatever origin they belong to.
    pub(crate) fn lines(&self) -> &[HeaderValue] {
        &self.lines
    }
}

impl DefaultsRecord {
    pub(crate) fn of(headers: &DefaultHeaders) -> Self {
        let DefaultHeaders { ordinary, authorization, cookie } = headers;
        let bound = |bound: &Bound<Vec<HeaderValue>>| BoundRecord {
            origin: bound.origin().cloned(),
            lines: bound.expose().clone(),
        };
        Self {
            ordinary: ordinary.clone(),
            authorization: authorization.as_ref().map(bound),
            cookie: cookie.as_ref().map(bound),
        }
    }

    pub(crate) fn restore(self) -> Result<DefaultHeaders, Damage> {
        let Self { ordinary, authorization, cookie } = self;
        if ordinary.contains_key(AUTHORIZATION) || ordinary.contains_key(COOKIE) {
            return Err(Damage::new("no Authorization and no Cookie, which stand apart").at("ordinary"));
        }
        let mut headers = DefaultHeaders { ordinary, ..DefaultHeaders::default() };
        put(&mut headers, AUTHORIZATION, authorization).map_err(|damage| damage.at("authorization"))?;
        put(&mut headers, COOKIE, cookie).map_err(|damage| damage.at("cookie"))?;
        Ok(headers)
    }
}

/// Puts the lines of a credential in, as a caller does, and binds them to their origin.
fn put(headers: &mut DefaultHeaders, name: HeaderName, record: Option<BoundRecord>) -> Result<(), Damage> {
    let Some(BoundRecord { origin, lines }) = record else { return Ok(()) };
    if lines.is_empty() {
        return Err(Damage::new("a line").at("lines"));
    }
    for line in lines {
        headers.append(name.clone(), line);
    }
    let bound = if name == COOKIE { headers.cookie_mut() } else { headers.authorization_mut() };
    if let (Some(bound), Some(origin)) = (bound, origin) {
        bound.value_for(&origin);
    }
    Ok(())
}

/// The fields for single origins, in the order they were set.
pub(crate) fn of_origins(headers: &OriginHeaders) -> Vec<OriginRecord> {
    let record =
        |(origin, fields): &(Origin, HeaderMap)| OriginRecord { origin: origin.clone(), fields: fields.clone() };
    headers.0.iter().map(record).collect()
}

/// The way back.
///
/// # Errors
/// An origin that stands there twice or has no fields.
pub(crate) fn restore_origins(records: Vec<OriginRecord>) -> Result<OriginHeaders, Damage> {
    let mut headers = OriginHeaders::default();
    for (index, OriginRecord { origin, fields }) in records.into_iter().enumerate() {
        if fields.is_empty() || headers.of(&origin).is_some() {
            return Err(Damage::new("fields, once for each origin").at(format_args!("[{index}]")));
        }
        headers.set(origin, fields);
    }
    Ok(headers)
}

/// Lines that are all marked sensitive, as every line of a credential is.
mod lines {
    use super::HeaderValue;
    use crate::message::record::Text;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(lines: &[HeaderValue], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(lines.iter().cloned().map(Text))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<HeaderValue>, D::Error> {
        Ok(Vec::<Text<HeaderValue>>::deserialize(deserializer)?.into_iter().map(|Text(line)| line).collect())
    }
}

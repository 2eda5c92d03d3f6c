//! The instants that cases are dated with.

use crate::instant::parse;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::time::{Duration, SystemTime};

/// An instant of a case, such as `2026-01-01T00:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment(pub(crate) SystemTime);

impl Moment {
    /// The instant.
    #[must_use]
    pub fn wall(self) -> SystemTime {
        self.0
    }
}

impl Default for Moment {
    /// 2026-01-01T00:00:00Z, at which every case starts that names no other time.
    fn default() -> Self {
        Self(SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).map(Self).ok_or_else(|| D::Error::custom(format!("\"{text}\" is no RFC 3339 instant")))
    }
}

//! What snapshots are written with: one spelling for each word of the vocabulary, and a way back that takes this spelling
//! and no other. Which words a snapshot holds is not known here.
//!
//! A record is data: reading one builds values by the same doors that live input takes, and runs nothing. Bytes are text
//! where they are UTF-8, else base64 after `base64:`, so that they survive in any format. `#[serde(default)]` stands nowhere:
//! what is missing is a fault.

use crate::error::{Error, ErrorKind, Phase};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::{Duration, SystemTime};

mod spelling;
pub(crate) mod wire;

/// What is wrong with a record that could be read: where, and what should stand there. The value itself is not told: it may
/// be a secret.
#[derive(Debug)]
pub(crate) struct Damage {
    place: String,
    expected: Cow<'static, str>,
}

impl Damage {
    pub(crate) fn new(expected: impl Into<Cow<'static, str>>) -> Self {
        Self { place: String::new(), expected: expected.into() }
    }

    /// The same damage, seen from the record around it.
    pub(crate) fn at(mut self, part: impl fmt::Display) -> Self {
        let between = if self.place.is_empty() || self.place.starts_with('[') { "" } else { "." };
        self.place = format!("{part}{between}{}", self.place);
        self
    }
}

impl From<Damage> for Error {
    fn from(damage: Damage) -> Self {
        let message = format!("the snapshot is refused at {}", damage.place);
        Self::new(ErrorKind::InvalidSetting, Phase::Build, message).with_expected(damage.expected)
    }
}

/// Something that has one spelling.
pub(crate) trait Spelled: Sized {
    /// What a fault says was expected.
    const EXPECTED: &'static str;

    fn spelled(&self) -> Cow<'_, str>;

    /// What the text names, in whatever spelling: the other ones are refused by who calls this.
    fn read(text: &str) -> Option<Self>;
}

/// A spelled value where no `with` can stand: in a list or an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text<T>(pub(crate) T);

impl<T: Spelled> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        text::serialize(&self.0, serializer)
    }
}

impl<'de, T: Spelled> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer).map(Self)
    }
}

/// For `#[serde(with = "text")]`.
pub(crate) mod text {
    use super::{Deserializer, Reader, Serializer, Spelled};

    pub(crate) fn serialize<T: Spelled, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.spelled())
    }

    pub(crate) fn deserialize<'de, T: Spelled, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(Reader::new())
    }
}

/// For `#[serde(with = "optional_text")]`.
pub(crate) mod optional_text {
    use super::{Deserialize, Deserializer, Serializer, Spelled, Text};

    pub(crate) fn serialize<T: Spelled, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.serialize_some(&value.spelled()),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T: Spelled, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        Ok(Option::<Text<T>>::deserialize(deserializer)?.map(|Text(value)| value))
    }
}

/// For `#[serde(deserialize_with = "required")]`: an option that is not there at all is a fault.
pub(crate) fn required<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::deserialize(deserializer)
}

/// For `#[serde(with = "fields")]`: every line, in its order, and whether it is marked sensitive.
pub(crate) mod fields {
    use super::{
        Cow, Deserialize, Deserializer, HeaderMap, HeaderName, HeaderValue, Serialize, Serializer, Spelled, text,
    };
    use serde::de::Error as _;

    #[derive(Serialize)]
    #[serde(rename = "Field")]
    struct Line<'a> {
        name: &'a str,
        value: Cow<'a, str>,
        sensitive: bool,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename = "Field")]
    struct OwnedLine {
        #[serde(with = "text")]
        name: HeaderName,
        #[serde(with = "text")]
        value: HeaderValue,
        sensitive: bool,
    }

    pub(crate) fn serialize<S: Serializer>(fields: &HeaderMap, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(fields.iter().map(|(name, value)| Line {
            name: name.as_str(),
            value: value.spelled(),
            sensitive: value.is_sensitive(),
        }))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HeaderMap, D::Error> {
        let mut fields = HeaderMap::new();
        for OwnedLine { name, mut value, sensitive } in Vec::deserialize(deserializer)? {
            value.set_sensitive(sensitive);
            fields.try_append(name, value).map_err(|_| D::Error::custom("there are too many fields"))?;
        }
        Ok(fields)
    }
}

/// For `#[serde(with = "moment")]`: seconds since 1970, also before it, and nanoseconds.
pub(crate) mod moment {
    use super::{Deserialize, Deserializer, Duration, Serialize, Serializer, SystemTime};
    use serde::de::Error as _;
    use serde::ser::Error as _;

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Moment {
        seconds: i64,
        nanos: u32,
    }

    pub(crate) fn serialize<S: Serializer>(moment: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        of(*moment).ok_or_else(|| S::Error::custom("the time cannot be written"))?.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        time(&Moment::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("expected a time"))
    }

    fn of(moment: SystemTime) -> Option<Moment> {
        match moment.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => Some(Moment { seconds: i64::try_from(after.as_secs()).ok()?, nanos: after.subsec_nanos() }),
            Err(before) => {
                let before = before.duration();
                let whole = i64::try_from(before.as_secs()).ok()?.checked_neg()?;
                match before.subsec_nanos() {
                    0 => Some(Moment { seconds: whole, nanos: 0 }),
                    nanos => {
                        Some(Moment { seconds: whole.checked_sub(1)?, nanos: 1_000_000_000_u32.checked_sub(nanos)? })
                    }
                }
            }
        }
    }

    fn time(moment: &Moment) -> Option<SystemTime> {
        if moment.nanos >= 1_000_000_000 {
            return None;
        }
        let seconds = Duration::from_secs(moment.seconds.unsigned_abs());
        let whole = if moment.seconds < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(seconds)?
        } else {
            SystemTime::UNIX_EPOCH.checked_add(seconds)?
        };
        whole.checked_add(Duration::from_nanos(u64::from(moment.nanos)))
    }
}

/// Makes the module of this name for `#[serde(with = ..)]` on a list of a type that has a remote record.
macro_rules! list_of {
    ($module:ident, $live:ty, $record:literal) => {
        mod $module {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            #[derive(Serialize)]
            struct Lent<'a>(#[serde(with = $record)] &'a $live);

            #[derive(Deserialize)]
            struct Held(#[serde(with = $record)] $live);

            pub(super) fn serialize<S: Serializer>(list: &[$live], serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(list.iter().map(Lent))
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<$live>, D::Error> {
                Ok(Vec::<Held>::deserialize(deserializer)?.into_iter().map(|Held(live)| live).collect())
            }
        }
    };
}

/// Makes the module of this name for `#[serde(with = ..)]` on an option of a type that has a remote record.
macro_rules! option_of {
    ($module:ident, $live:ty, $record:literal) => {
        mod $module {
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            #[derive(Serialize)]
            struct Lent<'a>(#[serde(with = $record)] &'a $live);

            #[derive(Deserialize)]
            struct Held(#[serde(with = $record)] $live);

            pub(super) fn serialize<S: Serializer>(value: &Option<$live>, serializer: S) -> Result<S::Ok, S::Error> {
                value.as_ref().map(Lent).serialize(serializer)
            }

            pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<$live>, D::Error> {
                Ok(Option::<Held>::deserialize(deserializer)?.map(|Held(live)| live))
            }
        }
    };
}

pub(crate) use {list_of, option_of};

/// Reads a text and takes the one spelling.
struct Reader<T>(PhantomData<fn() -> T>);

impl<T> Reader<T> {
    fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T: Spelled> Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        T::read(text)
            .filter(|value| value.spelled() == text)
            .ok_or_else(|| E::custom(format_args!("expected {}", T::EXPECTED)))
    }
}

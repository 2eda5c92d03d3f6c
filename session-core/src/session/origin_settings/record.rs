//! Records of the settings for single origins, and of words that may be inherited.

use crate::message::origin::Origin;
use crate::message::proxy::ProxyServer;
use crate::message::record::{Damage, text};
use crate::ordered::Ordered;
use crate::proxy::record::server;
use crate::session::origin_settings::OriginSettings;
use crate::session::request::RequestTimeouts;
use crate::session::settings::{CookieMode, Setting};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// The settings for one origin.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OriginRecord {
    #[serde(with = "text")]
    pub(crate) origin: Origin,
    #[serde(with = "SettingsRecord")]
    pub(crate) settings: OriginSettings,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "OriginSettings", deny_unknown_fields)]
struct SettingsRecord {
    #[serde(with = "setting")]
    connect: Setting<Duration>,
    #[serde(with = "setting")]
    resolve: Setting<Duration>,
    #[serde(with = "setting")]
    tls: Setting<Duration>,
    #[serde(with = "setting")]
    head: Setting<Duration>,
    #[serde(with = "setting")]
    expect: Setting<Duration>,
    #[serde(with = "setting")]
    idle: Setting<Duration>,
    #[serde(with = "setting")]
    drain: Setting<Duration>,
    #[serde(with = "cookie_setting")]
    cookies: Setting<CookieMode>,
    #[serde(with = "proxy_setting")]
    proxy: Setting<Arc<ProxyServer>>,
}

/// A request's word on each bound of time.
#[derive(Serialize, Deserialize)]
#[serde(remote = "RequestTimeouts", deny_unknown_fields)]
pub(crate) struct RequestTimeoutsRecord {
    #[serde(with = "setting")]
    connect: Setting<Duration>,
    #[serde(with = "setting")]
    resolve: Setting<Duration>,
    #[serde(with = "setting")]
    tls: Setting<Duration>,
    #[serde(with = "setting")]
    head: Setting<Duration>,
    #[serde(with = "setting")]
    expect: Setting<Duration>,
    #[serde(with = "setting")]
    idle: Setting<Duration>,
    #[serde(with = "setting")]
    drain: Setting<Duration>,
    #[serde(with = "setting")]
    total: Setting<Duration>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CookieMode", rename_all = "snake_case")]
pub(crate) enum CookieModeRecord {
    Merge,
    ReplaceJar,
    Off,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SettingRecord<T> {
    Inherit,
    Off,
    Set(T),
}

/// The settings, the least origin first.
pub(crate) fn of(settings: &Ordered<Origin, OriginSettings>) -> Vec<OriginRecord> {
    let record = |(origin, settings): (&Origin, &OriginSettings)| OriginRecord {
        origin: origin.clone(),
        settings: settings.clone(),
    };
    settings.iter().map(record).collect()
}

/// The way back.
///
/// # Errors
/// An origin out of order, or of which nothing is said.
pub(crate) fn restore(records: Vec<OriginRecord>) -> Result<Ordered<Origin, OriginSettings>, Damage> {
    let mut settings = Ordered::new();
    for (index, record) in records.into_iter().enumerate() {
        let follows = settings.last_key().is_none_or(|last| *last < record.origin);
        if !follows || record.settings.says_nothing() {
            return Err(Damage::new("settings, once for each origin, in order").at(format_args!("[{index}]")));
        }
        settings.insert(record.origin, record.settings);
    }
    Ok(settings)
}

impl<T> From<Setting<T>> for SettingRecord<T> {
    fn from(setting: Setting<T>) -> Self {
        match setting {
            Setting::Inherit => Self::Inherit,
            Setting::Off => Self::Off,
            Setting::Set(value) => Self::Set(value),
        }
    }
}

impl<T> From<SettingRecord<T>> for Setting<T> {
    fn from(record: SettingRecord<T>) -> Self {
        match record {
            SettingRecord::Inherit => Self::Inherit,
            SettingRecord::Off => Self::Off,
            SettingRecord::Set(value) => Self::Set(value),
        }
    }
}

/// For `#[serde(with = "setting")]`.
pub(crate) mod setting {
    use super::{Setting, SettingRecord};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<T: Serialize + Clone, S: Serializer>(
        setting: &Setting<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        SettingRecord::from(setting.clone()).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Setting<T>, D::Error> {
        SettingRecord::deserialize(deserializer).map(Setting::from)
    }
}

/// Makes the module of this name for `#[serde(with = ..)]` on a setting of a type that has a record of this name.
macro_rules! setting_of {
    ($module:ident, $live:ty, $record:literal) => {
        pub(crate) mod $module {
            use super::Setting;
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            #[derive(Clone, Serialize, Deserialize)]
            struct Held(#[serde(with = $record)] $live);

            pub(crate) fn serialize<S: Serializer>(setting: &Setting<$live>, serializer: S) -> Result<S::Ok, S::Error> {
                super::setting::serialize(&setting.clone().map(Held), serializer)
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Setting<$live>, D::Error> {
                super::setting::deserialize(deserializer).map(|setting| setting.map(|Held(live)| live))
            }
        }
    };
}

setting_of!(cookie_setting, super::CookieMode, "super::CookieModeRecord");
setting_of!(proxy_setting, super::Arc<super::ProxyServer>, "super::server");

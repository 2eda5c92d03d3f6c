//! The record of what an exchange began with, and of the time that a hop's phases have.

use crate::message::record::required;
use crate::session::origin_settings::Begun;
use crate::session::origin_settings::record::{CookieModeRecord, RequestTimeoutsRecord, cookie_setting};
use crate::session::request::RequestTimeouts;
use crate::session::settings::{CookieMode, Setting};
use crate::time::Timeouts;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the exchange began with.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BegunRecord {
    #[serde(with = "TimeoutsRecord")]
    timeouts: Timeouts,
    #[serde(with = "RequestTimeoutsRecord")]
    own_timeouts: RequestTimeouts,
    #[serde(with = "CookieModeRecord")]
    cookie_mode: CookieMode,
    #[serde(with = "cookie_setting")]
    own_cookie_mode: Setting<CookieMode>,
}

impl BegunRecord {
    pub(super) fn of(begun: &Begun) -> Self {
        // Taken apart as a whole, so that a new part is not forgotten here.
        let Begun { timeouts, own_timeouts, cookie_mode, own_cookie_mode } = begun;
        Self {
            timeouts: **timeouts,
            own_timeouts: own_timeouts.as_deref().copied().unwrap_or_default(),
            cookie_mode: *cookie_mode,
            own_cookie_mode: *own_cookie_mode,
        }
    }

    pub(super) fn restore(self) -> Begun {
        let Self { timeouts, own_timeouts, cookie_mode, own_cookie_mode } = self;
        let said = own_timeouts != RequestTimeouts::default();
        Begun::new(timeouts.into(), said.then(|| Box::new(own_timeouts)), cookie_mode, own_cookie_mode)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Timeouts", deny_unknown_fields)]
pub(super) struct TimeoutsRecord {
    #[serde(deserialize_with = "required")]
    connect: Option<Duration>,
    #[serde(deserialize_with = "required")]
    resolve: Option<Duration>,
    #[serde(deserialize_with = "required")]
    tls: Option<Duration>,
    #[serde(deserialize_with = "required")]
    head: Option<Duration>,
    #[serde(deserialize_with = "required")]
    expect: Option<Duration>,
    #[serde(deserialize_with = "required")]
    idle: Option<Duration>,
    #[serde(deserialize_with = "required")]
    total: Option<Duration>,
    #[serde(deserialize_with = "required")]
    drain: Option<Duration>,
}

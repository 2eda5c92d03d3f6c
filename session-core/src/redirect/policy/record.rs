//! The record of redirect rules, as far as they are data.

use crate::message::origin::{Origin, Scheme};
use crate::message::record::{Text, required};
use crate::redirect::policy::{Downgrade, Following, RedirectPolicy};
use http::HeaderName;
use serde::{Deserialize, Serialize};

/// Rules without a callback.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyRecord {
    #[serde(with = "FollowingRecord")]
    follow: Following,
    #[serde(deserialize_with = "required")]
    max: Option<u32>,
    #[serde(with = "DowngradeRecord")]
    downgrade: Downgrade,
    schemes: Vec<Text<Scheme>>,
    keep: Vec<Text<HeaderName>>,
    trusted: Vec<Text<Origin>>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Following", rename_all = "snake_case")]
enum FollowingRecord {
    Follow,
    Stop,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Downgrade", rename_all = "snake_case")]
enum DowngradeRecord {
    Allow,
    Refuse,
}

impl PolicyRecord {
    /// `None` for rules with a callback, which is no data.
    pub(crate) fn of(policy: &RedirectPolicy) -> Option<Self> {
        let RedirectPolicy { follow, max, downgrade, schemes, keep, trusted, decides } = policy;
        decides.is_none().then(|| Self {
            follow: *follow,
            max: *max,
            downgrade: *downgrade,
            schemes: schemes.iter().map(Text).collect(),
            keep: keep.iter().cloned().map(Text).collect(),
            trusted: trusted.iter().cloned().map(Text).collect(),
        })
    }

    pub(crate) fn restore(self) -> RedirectPolicy {
        let Self { follow, max, downgrade, schemes, keep, trusted } = self;
        RedirectPolicy {
            follow,
            max,
            downgrade,
            schemes: schemes.into_iter().map(|Text(scheme)| scheme).collect(),
            keep: keep.into_iter().map(|Text(name)| name).collect(),
            trusted: trusted.into_iter().map(|Text(origin)| origin).collect(),
            decides: None,
        }
    }
}

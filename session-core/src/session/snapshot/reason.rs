//! The record of a reason.

use crate::auth::answer;
use crate::auth::answer::record::VerdictRecord;
use crate::cookies::reason::Decision;
use crate::cookies::reason::record::DecisionRecord;
use crate::error::ErrorKind;
use crate::hsts::Learned;
use crate::hsts::record::LearnedRecord;
use crate::message::origin::Origin;
use crate::message::record::{optional_text, required, text};
use crate::proxy::select::Choice;
use crate::proxy::select::record::ChoiceRecord;
use crate::redirect::follow::NotFollowed;
use crate::retry::policy::record::{NoRetryRecord, RetryRecord};
use crate::retry::policy::{NoRetry, RetryReason};
use crate::session::reason::{CookieLeftOut, CookieSource, CredentialSource, LeftOut, Reason};
use http::{HeaderName, Method};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use url::Url;

/// One decision.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Reason", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ReasonRecord {
    Cookie(#[serde(with = "DecisionRecord")] Decision),
    CookieSent {
        name: String,
        #[serde(with = "CookieSourceRecord")]
        from: CookieSource,
    },
    CookieLeftOut {
        name: String,
        #[serde(with = "CookieLeftOutRecord")]
        why: CookieLeftOut,
    },
    FieldLeftOut {
        #[serde(with = "text")]
        name: HeaderName,
        #[serde(with = "LeftOutRecord")]
        why: LeftOut,
    },
    EditedByHook {
        #[serde(with = "text")]
        name: HeaderName,
    },
    CredentialSent {
        #[serde(with = "CredentialSourceRecord")]
        from: CredentialSource,
    },
    CredentialLeftOut {
        #[serde(with = "CredentialSourceRecord")]
        from: CredentialSource,
        #[serde(with = "LeftOutRecord")]
        why: LeftOut,
    },
    Challenge(#[serde(with = "VerdictRecord")] answer::Verdict),
    Upgraded {
        #[serde(with = "text")]
        to: Url,
    },
    Hsts(#[serde(with = "LearnedRecord")] Learned),
    Unverified,
    Routed(#[serde(with = "ChoiceRecord")] Choice),
    Followed {
        #[serde(with = "text")]
        to: Url,
        #[serde(with = "optional_text")]
        rewritten: Option<Method>,
        #[serde(with = "optional_text")]
        crossed: Option<Origin>,
    },
    UserInfoDropped,
    NotFollowed(#[serde(with = "NotFollowedRecord")] NotFollowed),
    Retried {
        #[serde(with = "RetryRecord")]
        why: RetryReason,
        #[serde(deserialize_with = "required")]
        pause: Option<Duration>,
    },
    NotRetried(#[serde(with = "NoRetryRecord")] NoRetry),
    ExpectationFailed,
    Failed(#[serde(with = "KindRecord")] ErrorKind),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CookieSource", rename_all = "snake_case")]
enum CookieSourceRecord {
    Jar,
    Request,
    Default,
    OriginHeaders,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CookieLeftOut", rename_all = "snake_case")]
enum CookieLeftOutRecord {
    RequestHasIt,
    FieldFull,
    SameName,
}

/// Where a credential comes from.
#[derive(Serialize, Deserialize)]
#[serde(remote = "CredentialSource", rename_all = "snake_case")]
pub(super) enum CredentialSourceRecord {
    Field,
    Request,
    UserInfo,
    OriginHeaders,
    Default,
    Session,
    Netrc,
    Proxy,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "LeftOut", rename_all = "snake_case")]
enum LeftOutRecord {
    CrossedOrigin,
    BelongsTo(#[serde(with = "text")] Origin),
    BodyDropped,
    Removed,
    Redirected,
    NoBody,
    ExpectationFailed,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "NotFollowed", rename_all = "snake_case")]
enum NotFollowedRecord {
    Status,
    NoLocation,
    SwitchedOff,
    Stopped,
}

/// The names are those of [`ErrorKind::name`].
#[derive(Serialize, Deserialize)]
#[serde(remote = "ErrorKind", rename_all = "snake_case")]
enum KindRecord {
    TooManyRedirects,
    RedirectRefused,
    BodyNotReplayable,
    InvalidUrl,
    InvalidHeader,
    InvalidSetting,
    HttpsOnly,
    Proxy,
    Connect,
    AddressRefused,
    Timeout,
    Tls,
    Incomplete,
    Protocol,
    Limit,
    Decode,
    Body,
    Io,
    Closed,
    Status,
    Stopped,
    Unsupported,
}

//! Why: each decision as data, printed as one plain sentence.

use crate::auth::answer;
use crate::cookies::reason::Decision;
use crate::error::ErrorKind;
use crate::hsts::Learned;
use crate::message::origin::Origin;
use crate::proxy::select::Choice;
use crate::redirect::follow::NotFollowed;
use crate::retry::policy::{NoRetry, RetryReason};
use http::{HeaderName, Method};
use std::fmt;
use std::time::Duration;
use url::Url;

/// One decision of the session, and why it was taken. No secret is in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// What became of a `Set-Cookie` line.
    Cookie(Decision),
    /// A cookie was sent.
    CookieSent {
        /// Its name.
        name: String,
        /// Where it came from.
        from: CookieSource,
    },
    /// A cookie that the jar would have sent was left out.
    CookieLeftOut {
        /// Its name.
        name: String,
        /// Why.
        why: CookieLeftOut,
    },
    /// A field was left out of the hop, or dropped for the rest of the exchange.
    FieldLeftOut {
        /// Its name.
        name: HeaderName,
        /// Why.
        why: LeftOut,
    },
    /// A [hook](crate::session::hooks) set or removed a field of this hop.
    EditedByHook {
        /// Its name.
        name: HeaderName,
    },
    /// An Authorization field was sent.
    CredentialSent {
        /// Where it came from.
        from: CredentialSource,
    },
    /// A credential was not sent.
    CredentialLeftOut {
        /// Where it would have come from.
        from: CredentialSource,
        /// Why.
        why: LeftOut,
    },
    /// What became of a challenge for credentials.
    Challenge(answer::Verdict),
    /// The host asked to be asked over https alone, so this is the URL.
    Upgraded {
        /// The https URL.
        to: Url,
    },
    /// What was learned of a `Strict-Transport-Security` field.
    Hsts(Learned),
    /// Nobody checks that the server is who it says: the TLS settings for this origin accept any certificate.
    Unverified,
    /// Which proxy the hop takes, or why none.
    Routed(Choice),
    /// A redirect was followed.
    Followed {
        /// To this URL.
        to: Url,
        /// The new method, where it changed.
        rewritten: Option<Method>,
        /// The new origin, where it changed.
        crossed: Option<Origin>,
    },
    /// The Location held user information, which was not used.
    UserInfoDropped,
    /// The answer was not followed.
    NotFollowed(NotFollowed),
    /// The hop is tried again.
    Retried {
        /// Why.
        why: RetryReason,
        /// How long it waits first, where it does.
        pause: Option<Duration>,
    },
    /// The hop is not tried again.
    NotRetried(NoRetry),
    /// The server answered 417 (RFC 9110 15.5.18): the hop is sent once more without Expect. It counts as no retry.
    ExpectationFailed,
    /// The exchange ended with an error.
    Failed(ErrorKind),
}

/// Where a cookie that was sent came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookieSource {
    /// The session's jar.
    Jar,
    /// The request itself.
    Request,
    /// The Cookie field that the session has for this origin.
    OriginHeaders,
    /// The session's default Cookie field.
    Default,
}

/// Why a cookie of the jar that matches was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookieLeftOut {
    /// The request has one of that name, and it is the first hop.
    RequestHasIt,
    /// The Cookie field would grow beyond its limit.
    FieldFull,
    /// A more specific one of that name is sent, and the session sends one of each name.
    SameName,
}

/// Where a credential comes from, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialSource {
    /// The request's own Authorization field.
    Field,
    /// The request's credential.
    Request,
    /// The user information of the request's URL.
    UserInfo,
    /// The fields that the session has for this origin.
    OriginHeaders,
    /// The session's default Authorization field.
    Default,
    /// The session's credential.
    Session,
    /// The netrc entry of the host.
    Netrc,
    /// The credential that was given for the proxy, to which it goes.
    Proxy,
}

/// Why something was left out of a hop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOut {
    /// A redirect led to another origin; it never comes back within this exchange.
    CrossedOrigin,
    /// It belongs to another origin.
    BelongsTo(Origin),
    /// The body it describes was dropped.
    BodyDropped,
    /// The request asked for it to be left out.
    Removed,
    /// A redirect was followed, and by the rules of the session's preset that drops it.
    Redirected,
    /// It asks about a body, and the hop has none.
    NoBody,
    /// An answer of this exchange was that the server cannot meet it.
    ExpectationFailed,
}

impl Reason {
    /// Adds it to those of a hop. It is called in some thirty places, so it is inlined in none.
    #[inline(never)]
    pub(crate) fn add_to(self, reasons: &mut Vec<Self>) {
        // Most hops have one at most, and they are large.
        if reasons.is_empty() {
            reasons.reserve_exact(1);
        }
        reasons.push(self);
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cookie(decision) => write!(f, "{decision}"),
            Self::CookieSent { name, from } => write!(f, "cookie \"{}\" sent: {from}", name.escape_debug()),
            Self::CookieLeftOut { name, why } => {
                write!(f, "cookie \"{}\" of the jar left out: {why}", name.escape_debug())
            }
            Self::FieldLeftOut { name, why } => {
                write!(f, "field {name} left out: {why}")?;
                if let LeftOut::BelongsTo(_) = why {
                    f.write_str("; for several origins use `origin_headers`, or the jar")?;
                }
                Ok(())
            }
            Self::EditedByHook { name } => write!(f, "field {name} edited by a hook"),
            Self::CredentialSent { from } => write!(f, "authorization sent: {from}"),
            Self::CredentialLeftOut { from, why } => {
                write!(f, "authorization left out, though there is {from}: {why}")?;
                match (from, why) {
                    (CredentialSource::Default, LeftOut::BelongsTo(_)) => {
                        f.write_str("; for several origins use `origin_headers` or `auth` with an origin")
                    }
                    _ => Ok(()),
                }
            }
            Self::Challenge(verdict) => write!(f, "{verdict}"),
            Self::Upgraded { to } => write!(f, "upgraded to {to}: the host asked to be asked over https alone"),
            Self::Hsts(learned) => write!(f, "{learned}"),
            Self::Unverified => f.write_str("nobody checked that the server is who it says"),
            Self::Routed(choice) => write!(f, "{choice}"),
            Self::Followed { to, rewritten, crossed } => {
                write!(f, "redirect followed to {to}")?;
                if let Some(method) = rewritten {
                    write!(f, ", now a {method} without body")?;
                }
                if let Some(origin) = crossed {
                    write!(f, ", another origin ({origin})")?;
                }
                Ok(())
            }
            Self::UserInfoDropped => f.write_str("user information in the Location dropped: it is never used"),
            Self::NotFollowed(why) => write!(f, "delivered: {why}"),
            Self::Retried { why, pause: Some(pause) } => write!(f, "{why}, after {:.3} s", pause.as_secs_f64()),
            Self::Retried { why, pause: None } => write!(f, "{why}"),
            Self::NotRetried(why) => write!(f, "{why}"),
            Self::ExpectationFailed => f.write_str("sent again without Expect: the server answered 417"),
            Self::Failed(kind) => write!(f, "ended with the error {kind}"),
        }
    }
}

impl fmt::Display for CookieSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jar => "the jar has it for this URL",
            Self::Request => "the request gave it for this origin",
            Self::OriginHeaders => "the session has it for this origin",
            Self::Default => "the session's default Cookie field belongs to this origin",
        })
    }
}

impl fmt::Display for CookieLeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RequestHasIt => "the request has one of that name",
            Self::FieldFull => "the Cookie field would grow beyond its limit",
            Self::SameName => "a more specific one of that name is sent",
        })
    }
}

impl fmt::Display for CredentialSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Field => "the request's own field",
            Self::Request => "the request's credential",
            Self::UserInfo => "the user information of the URL",
            Self::OriginHeaders => "a field for this origin",
            Self::Default => "the session's default field",
            Self::Session => "the session's credential",
            Self::Netrc => "the netrc entry of this host",
            Self::Proxy => "what was given for the proxy",
        })
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CrossedOrigin => f.write_str("a redirect led to another origin"),
            Self::BelongsTo(origin) => write!(f, "it belongs to {origin}"),
            Self::BodyDropped => f.write_str("the body it describes was dropped"),
            Self::Removed => f.write_str("the request asked for that"),
            Self::Redirected => f.write_str("a redirect was followed"),
            Self::NoBody => f.write_str("the request has no body"),
            Self::ExpectationFailed => f.write_str("the server answered 417"),
        }
    }
}

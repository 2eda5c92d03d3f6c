//! What a session learned, and an exchange in its middle, as data that another process goes on with (feature `serde`).
//!
//! A [`Snapshot`] holds what a session *knows*: its cookies, default fields, fields and settings for single origins,
//! credentials with the origins they are bound to, netrc entries, Digest states, HSTS entries, what is left of its budget of
//! retries, and whether it was closed. It does not hold what a session was *told* for all origins: preset, limits, timeouts,
//! policies, proxies, public suffixes, the rule on addresses, the base URL and the entropy. Those are the program's to give
//! again, and so no snapshot can loosen them. The settings for an origin are timeouts, cookie mode and proxy, the proxy with
//! its credential: who can write a snapshot chooses those, as it chooses fields and credentials. A credential of a scheme of one's own is code:
//! its binding is saved, and the scheme is taken from the session that restores, which must have been given it.
//!
//! A [`HopSnapshot`] or [`PauseSnapshot`] holds one exchange whole, with the settings it was begun with (preset, redirect
//! rules, timeouts, deadline) and its history: but never a body, which stays with the caller. Save it together with its session.
//!
//! Snapshots serialise by `serde` into any format, and by `to_json` with the feature `json`. They begin with a [`VERSION`].
//! They are data and nothing else: reading one runs nothing, what is unknown, missing or not valid is an error that tells
//! the place, and each value is taken by the rules that live input is taken by. Bytes that are no UTF-8 survive.
//!
//! **A snapshot holds secrets in clear text.** No `Debug` here shows one, but whoever reads the serialised text reads them
//! all: keep it like a password. A format's own errors may quote what they read; those of `from_json` do not.

mod diff;
mod exchange;
#[cfg(feature = "json")]
pub mod file;
#[cfg(feature = "json")]
mod json;
mod memory;
mod reason;
mod version;

pub use diff::{Change, Difference};
pub use version::VERSION;

use crate::error::{Error, ErrorKind, Phase};
use crate::message::record::{Damage, fields};
use crate::retry::policy::ConnectionChoice;
use crate::retry::policy::record::ConnectionRecord;
use crate::session::Session;
use crate::session::exchange::Exchange;
use crate::session::prepare;
use crate::session::snapshot::exchange::{ExchangeRecord, check_fields};
use crate::session::snapshot::memory::MemoryRecord;
use crate::session::snapshot::version::Version;
use crate::session::step::{Hop, Pause, Rest};
use crate::time::Now;
use http::HeaderMap;
use http::header::{COOKIE, HOST};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// What a session knows. See [the module](self).
///
/// ```
/// # use session_core::auth::credentials::Credential;
/// # use session_core::session::{Session, snapshot::Snapshot};
/// # use session_core::time::Now;
/// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
/// let session = Session::builder().auth_for("https://a.test", Credential::bearer("t0k3n")).build()?;
/// let saved = serde_json::to_string(&session.snapshot(now))?;
///
/// // In another process: the settings are given again, what was learned comes back.
/// let snapshot: Snapshot = serde_json::from_str(&saved)?;
/// let session = Session::builder().https_only(true).restore(snapshot, now).build()?;
/// # assert_eq!(serde_json::to_string(&session.snapshot(now))?, saved);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    version: Version,
    session_state: Box<MemoryRecord>,
}

/// An exchange whose hop is to be answered. See [the module](self), and [`Session::resume_hop`] for an example.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HopSnapshot {
    version: Version,
    hop_state: Box<HopRecord>,
}

/// An exchange that waits. See [the module](self), and [`Session::resume_pause`] for an example.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PauseSnapshot {
    version: Version,
    pause_state: Box<PauseRecord>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HopRecord {
    exchange: ExchangeRecord,
    #[serde(with = "fields")]
    fields: HeaderMap,
    #[serde(with = "ConnectionRecord")]
    connection: ConnectionChoice,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseRecord {
    exchange: ExchangeRecord,
    /// How long it still lasts.
    left: Duration,
    #[serde(with = "ConnectionRecord")]
    connection: ConnectionChoice,
}

impl Session {
    /// What the session knows now. It holds secrets: see [the module](crate::session::snapshot). What is expired is left
    /// out. For an example see [`Snapshot`].
    #[must_use]
    pub fn snapshot(&self, now: Now) -> Snapshot {
        Snapshot { version: Version, session_state: Box::new(MemoryRecord::of(&self.memory, now)) }
    }

    /// Forgets what the session knows and takes what the snapshot holds, within the session's own limits. Cookies and HSTS
    /// entries that expired meanwhile are left out; where there are more than the limits allow, those go that would go in a
    /// live session. Settings stay as they are.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSetting`] with the place, where a part of the snapshot is none that a session can have. The
    /// session is then as it was.
    ///
    /// ```
    /// # use session_core::session::Session;
    /// # use session_core::time::Now;
    /// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
    /// let mut session = Session::builder().default_header("x-app", "demo").build()?;
    /// let before = session.snapshot(now);
    /// session.headers_mut().clear();
    /// session.restore(before, now)?;
    /// assert!(session.headers().ordinary().contains_key("x-app"));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn restore(&mut self, snapshot: Snapshot, now: Now) -> Result<(), Error> {
        let memory = snapshot.session_state.restore(&self.memory, &self.settings.limits, now);
        self.memory = memory.map_err(|damage| damage.at("session_state"))?;
        Ok(())
    }

    /// What changed since `earlier`, in the order of kinds and names. No value is told: see [`Change`].
    ///
    /// ```
    /// # use session_core::message::target::Target;
    /// # use session_core::session::Session;
    /// # use session_core::time::Now;
    /// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
    /// let mut session = Session::builder().build()?;
    /// let earlier = session.snapshot(now);
    /// let (page, _) = Target::new(url::Url::parse("https://a.test/")?)?;
    /// session.cookies_mut().accept(&page, b"sid=s3cret; Path=/", now.wall());
    /// let changes: Vec<String> = session.diff(&earlier, now).iter().map(ToString::to_string).collect();
    /// assert_eq!(changes, ["the cookie \"sid\" of a.test/ was added"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn diff(&self, earlier: &Snapshot, now: Now) -> Vec<Change> {
        self.snapshot(now).diff(earlier)
    }

    /// Goes on with a hop that was saved, here or in another process: hand it to the verbs as if they had given it. Its
    /// deadline holds, with the time in between taken off by the wall clock. Its request is for the caller to send, with
    /// the same body, or its answer to hand in.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSetting`] with the place, where the snapshot holds what no exchange can be in.
    ///
    /// ```
    /// # use session_core::session::{Session, request::Request, step::Step};
    /// # use session_core::session::snapshot::{HopSnapshot, Snapshot};
    /// # use session_core::time::Now;
    /// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
    /// let mut session = Session::builder().build()?;
    /// let Step::Send(hop) = session.begin(Request::get("http://a.test/x"), now)? else { panic!() };
    /// let saved = serde_json::to_string(&(session.snapshot(now), hop.snapshot(now)?))?;
    ///
    /// // In another process:
    /// let (knows, hop): (Snapshot, HopSnapshot) = serde_json::from_str(&saved)?;
    /// let session = Session::builder().restore(knows, now).build()?;
    /// let hop = session.resume_hop(hop, now)?;
    /// assert_eq!(hop.head().uri(), "http://a.test/x");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resume_hop(&self, snapshot: HopSnapshot, now: Now) -> Result<Hop, Error> {
        let HopRecord { exchange, fields, connection } = *snapshot.hop_state;
        check_hop(&exchange, &fields).map_err(in_hop)?;
        let mut exchange = exchange.restore(now).map_err(|damage| in_hop(damage.at("exchange")))?;
        exchange.tls = prepare::tls(&self.settings, &exchange);
        exchange.proxied = self.settings.proxy_auth.as_ref().and_then(|given| given.standing(&exchange));
        prepare::head_of(&mut exchange, fields)?;
        Ok(Hop::new(connection, Box::new(exchange)))
    }

    /// Goes on with a pause that was saved. The time in between, by the wall clock, is taken off it.
    ///
    /// # Errors
    /// As [`Session::resume_hop`].
    ///
    /// ```
    /// # use session_core::error::{Error, ErrorKind, Phase};
    /// # use session_core::retry::{failure::{Failure, FailureKind}, policy::RetryPolicy};
    /// # use session_core::session::{Session, request::Request, snapshot::PauseSnapshot, step::Step};
    /// # use session_core::time::Now;
    /// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
    /// # let error = Error::new(ErrorKind::Connect, Phase::Connect, "no address answered");
    /// # let failure = Failure::before_sending(FailureKind::Connect, error);
    /// let mut session = Session::builder().retry(RetryPolicy::new(3)).build()?;
    /// let Step::Send(hop) = session.begin(Request::get("http://a.test/x"), now)? else { panic!() };
    /// let Step::Wait(pause) = session.handle_failure(hop, failure, now)? else { panic!() };
    /// let saved = serde_json::to_string(&pause.snapshot(now)?)?;
    ///
    /// let saved: PauseSnapshot = serde_json::from_str(&saved)?;
    /// let pause = session.resume_pause(saved, now)?;
    /// assert!(pause.until() > now.instant());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn resume_pause(&self, snapshot: PauseSnapshot, now: Now) -> Result<Pause, Error> {
        let PauseRecord { exchange, left, connection } = *snapshot.pause_state;
        let damaged = |damage: Damage| Error::from(damage.at("pause_state"));
        if !counts(&exchange, 0) {
            return Err(damaged(Damage::new("as many hops as are counted").at("exchange.history")));
        }
        let left = left.saturating_sub(exchange.passed(now));
        let until =
            now.deadline(left).ok_or_else(|| damaged(Damage::new("a time that the clock can hold").at("left")))?;
        let exchange = exchange.restore(now).map_err(|damage| damaged(damage.at("exchange")))?;
        Ok(Pause { rest: Box::new(Rest { until, connection }), exchange: Box::new(exchange) })
    }
}

impl Hop {
    /// The exchange as it is now, to go on with by [`Session::resume_hop`]. It holds secrets: see
    /// [the module](crate::session::snapshot).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSetting`] where the exchange hangs on a callback, which is no data: the redirect rules, the
    /// request's or the session's, are [`RedirectPolicy::custom`](crate::redirect::policy::RedirectPolicy::custom), or the
    /// hop's credential is [`Credential::custom`](crate::auth::credentials::Credential::custom).
    ///
    /// ```
    /// # use session_core::session::{Session, request::Request, step::Step};
    /// # use session_core::time::Now;
    /// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
    /// let mut session = Session::builder().build()?;
    /// let Step::Send(hop) = session.begin(Request::get("http://a.test/x"), now)? else { panic!() };
    /// let saved = serde_json::to_string(&hop.snapshot(now)?)?;
    /// assert!(saved.starts_with(r#"{"version":1,"hop_state":"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self, now: Now) -> Result<HopSnapshot, Error> {
        let exchange = record(&self.exchange, now)?;
        let connection = if self.fresh_connection() { ConnectionChoice::Fresh } else { ConnectionChoice::Any };
        let hop_state = Box::new(HopRecord { exchange, fields: self.head().headers().clone(), connection });
        Ok(HopSnapshot { version: Version, hop_state })
    }
}

impl Pause {
    /// The exchange as it is now, to go on with by [`Session::resume_pause`]. It holds secrets: see
    /// [the module](crate::session::snapshot).
    ///
    /// For an example see [`Session::resume_pause`].
    ///
    /// # Errors
    /// As [`Hop::snapshot`].
    pub fn snapshot(&self, now: Now) -> Result<PauseSnapshot, Error> {
        let exchange = record(&self.exchange, now)?;
        let left = self.rest.until.saturating_duration_since(now.instant());
        let pause_state = Box::new(PauseRecord { exchange, left, connection: self.rest.connection });
        Ok(PauseSnapshot { version: Version, pause_state })
    }
}

fn record(exchange: &Exchange, now: Now) -> Result<ExchangeRecord, Error> {
    ExchangeRecord::of(exchange, now).map_err(|what| {
        Error::new(ErrorKind::InvalidSetting, Phase::Build, format!("{what} cannot be saved: it is a callback"))
            .with_expected("settings that are data")
            .with_url(exchange.target.url())
    })
}

fn in_hop(damage: Damage) -> Error {
    damage.at("hop_state").into()
}

/// What must hold of the head that a hop sends, whoever wrote it.
fn check_hop(exchange: &ExchangeRecord, fields: &HeaderMap) -> Result<(), Damage> {
    if !counts(exchange, 1) {
        return Err(Damage::new("as many hops as are counted").at("exchange.history"));
    }
    check_fields(fields).map_err(|damage| damage.at("fields"))?;
    if fields.keys().next() != Some(&HOST) || fields.get_all(COOKIE).iter().count() > 1 {
        return Err(Damage::new("a Host before all others and at most one Cookie").at("fields"));
    }
    Ok(())
}

/// Whether all hops but those under way are over.
fn counts(exchange: &ExchangeRecord, under_way: usize) -> bool {
    usize::try_from(exchange.hop_number()).is_ok_and(|number| exchange.hops().checked_add(under_way) == Some(number))
}

impl fmt::Debug for Snapshot {
    /// How much there is of each kind.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = &self.session_state;
        f.debug_struct("Snapshot")
            .field("version", &self.version)
            .field("cookies", &state.cookies.len())
            .field("headers", &state.headers.ordinary.keys_len())
            .field("credentials", &state.credentials.len().saturating_add(usize::from(state.credential.is_some())))
            .field("hsts", &state.hsts.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for HopSnapshot {
    /// Where to, and which hop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "HopSnapshot", self.version, &self.hop_state.exchange)
    }
}

impl fmt::Debug for PauseSnapshot {
    /// Where to, and which hop was the last.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "PauseSnapshot", self.version, &self.pause_state.exchange)
    }
}

fn show(f: &mut fmt::Formatter<'_>, name: &str, version: Version, exchange: &ExchangeRecord) -> fmt::Result {
    f.debug_struct(name)
        .field("version", &version)
        .field("url", &exchange.target().url().as_str())
        .field("hop", &exchange.hop_number())
        .finish_non_exhaustive()
}

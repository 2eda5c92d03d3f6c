//! The jar as data, for serde: everything that the jar knows of its cookies survives.
//!
//! The format is that of [`JarSnapshot`]'s fields: `version`, which is 1, and `cookies`, a list in the order of creation.
//! Each has `name` and `value` (text; or `base64:` and base64, where it is not UTF-8 or begins like that), `domain`,
//! `path`, `host_only`, `secure`, `http_only`, `same_site` (`Default`, `None`, `Lax`, `Strict`), `expires` (`seconds`
//! since 1970 and `nanoseconds`, or nothing for a session cookie) and `used` (the rank by last use: what was used later
//! has the larger number, what was used at once the same).

use super::cookie::Cookie;
use super::date;
use super::evict::Eldest;
use super::index::Key;
use super::jar::Jar;
use super::load::{LoadProblem, Saved};
use super::reason::CookieId;
use super::set_cookie::{Parts, SameSite};
use crate::error::{Error, ErrorKind, Phase};
use crate::message::record::required;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

mod compare;

pub(crate) use compare::Said;

/// The cookies of a jar as data. It holds every value in the clear once it is serialised; `Debug` shows none.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JarSnapshot {
    version: u32,
    cookies: Vec<Record>,
}

/// A record of a snapshot that made no cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SnapshotWarning {
    /// Its number, counted from 1.
    pub record: usize,
    /// Why it made none.
    pub problem: LoadProblem,
}

impl fmt::Display for SnapshotWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} was skipped: {}", self.record, self.problem)
    }
}

impl JarSnapshot {
    /// The version of the format that this library writes, and the only one that it reads.
    pub const VERSION: u32 = 1;

    /// How many cookies there are.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # let jar = Jar::new();
    /// assert_eq!(jar.snapshot().len(), 0);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.cookies.len()
    }

    /// Whether there is no cookie.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # let jar = Jar::new();
    /// assert!(jar.snapshot().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cookies.is_empty()
    }
}

impl fmt::Debug for JarSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JarSnapshot(version {}, {} cookies)", self.version, self.cookies.len())
    }
}

impl Jar {
    /// The jar's cookies as data. This is the only way by which a serialiser gets at them.
    ///
    /// ```
    /// # #[cfg(feature = "json")] {
    /// # use session_core::cookies::{Jar, JarSnapshot};
    /// # use session_core::message::target::Target;
    /// # use std::time::SystemTime;
    /// # let target = Target::new(url::Url::parse("https://a.test/").unwrap()).unwrap().0;
    /// # let now = SystemTime::UNIX_EPOCH;
    /// let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1; Secure", now);
    /// let saved = serde_json::to_string(&jar.snapshot()).unwrap();
    ///
    /// let mut later = Jar::new();
    /// let snapshot: JarSnapshot = serde_json::from_str(&saved).unwrap();
    /// assert!(later.restore(&snapshot, now).unwrap().is_empty());
    /// assert_eq!(later.to_map()["sid"], "1");
    /// # }
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> JarSnapshot {
        let mut uses: Vec<u64> = self.iter().map(Cookie::access).collect();
        uses.sort_unstable();
        uses.dedup();
        // Ranks and not the jar's own numbers: what was saved, loaded and saved again is the same.
        let rank = |cookie: &Cookie| uses.partition_point(|used| *used < cookie.access());
        let record = |cookie| Record::of(cookie, u64::try_from(rank(cookie)).unwrap_or(u64::MAX));
        JarSnapshot { version: JarSnapshot::VERSION, cookies: self.iter().map(record).collect() }
    }

    /// Takes the cookies of a snapshot, beside those that it holds, in their order of creation and of last use. The
    /// rules for a Set-Cookie line hold, as if the cookie's own domain had set it over https.
    ///
    /// Gives back which records made no cookie. The example of [`Jar::snapshot`] goes through JSON.
    ///
    /// ```
    /// use session_core::cookies::jar::Jar;
    /// use std::time::SystemTime;
    ///
    /// let (saved, mut jar) = (Jar::default().snapshot(), Jar::default());
    /// assert!(jar.restore(&saved, SystemTime::now())?.is_empty());
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] for a snapshot of another version; the jar is as before.
    pub fn restore(&mut self, snapshot: &JarSnapshot, now: SystemTime) -> Result<Vec<SnapshotWarning>, Error> {
        if snapshot.version != JarSnapshot::VERSION {
            let came = snapshot.version.to_string();
            return Err(Error::new(ErrorKind::Unsupported, Phase::Build, "the jar's snapshot is of another version")
                .with_expected(JarSnapshot::VERSION.to_string())
                .with_came(came.as_bytes()));
        }
        let (mut warnings, mut loaded, mut used) = (Vec::new(), Vec::new(), Vec::new());
        for (count, record) in snapshot.cookies.iter().enumerate() {
            let number = count.saturating_add(1);
            match record.load(self, now) {
                Ok(id) => {
                    used.push((record.used, id.clone()));
                    loaded.push((number, id));
                }
                Err(problem) => warnings.push(SnapshotWarning { record: number, problem }),
            }
        }
        // What was used at once still was used at once.
        used.sort_by_key(|(used, _)| *used);
        for together in used.chunk_by(|(one, _), (other, _)| one == other) {
            let tick = self.tick();
            for (_, id) in together {
                let Some(place) = self.index.find(Key::of(id.domain())) else { continue };
                let cookies = self.index.at_mut(place).iter_mut();
                let is = |cookie: &&mut Cookie| cookie.is(id.name(), id.path().as_bytes(), id.is_host_only());
                cookies.filter(is).for_each(|cookie| cookie.touch(tick));
            }
        }
        self.eldest = Eldest::default();
        warnings.extend(self.gone(&loaded).map(|(record, problem)| SnapshotWarning { record, problem }));
        warnings.sort_by_key(|warning| warning.record);
        Ok(warnings)
    }
}

/// One cookie of a snapshot.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    name: String,
    value: String,
    domain: String,
    path: String,
    host_only: bool,
    secure: bool,
    http_only: bool,
    same_site: SavedSameSite,
    #[serde(deserialize_with = "required")]
    expires: Option<SavedInstant>,
    used: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum SavedSameSite {
    Default,
    None,
    Lax,
    Strict,
}

/// An instant: whole seconds, rounded down, and what is left.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedInstant {
    seconds: i64,
    nanoseconds: u32,
}

impl Record {
    fn of(cookie: &Cookie, used: u64) -> Self {
        Self {
            name: written(cookie.name()),
            value: written(cookie.value()),
            domain: cookie.domain().to_owned(),
            path: cookie.path().to_owned(),
            host_only: cookie.is_host_only(),
            secure: cookie.is_secure(),
            http_only: cookie.is_http_only(),
            same_site: match cookie.same_site() {
                SameSite::Default => SavedSameSite::Default,
                SameSite::None => SavedSameSite::None,
                SameSite::Lax => SavedSameSite::Lax,
                SameSite::Strict => SavedSameSite::Strict,
            },
            expires: cookie.expires().map(SavedInstant::of),
            used,
        }
    }

    fn load(&self, jar: &mut Jar, now: SystemTime) -> Result<CookieId, LoadProblem> {
        let (name, value) = (read(&self.name)?, read(&self.value)?);
        let expires = match self.expires {
            Some(saved) => Some(saved.instant().ok_or(LoadProblem::Expiry)?),
            None => None,
        };
        let parts = Parts {
            name: &name,
            value: &value,
            domain: None,
            path: Some(self.path.as_bytes()),
            expires,
            secure: self.secure,
            http_only: self.http_only,
            same_site: match self.same_site {
                SavedSameSite::Default => SameSite::Default,
                SavedSameSite::None => SameSite::None,
                SavedSameSite::Lax => SameSite::Lax,
                SavedSameSite::Strict => SameSite::Strict,
            },
        };
        jar.load(Saved { domain: &self.domain, host_only: self.host_only, parts }, now)
    }
}

impl SavedInstant {
    fn of(instant: SystemTime) -> Self {
        match instant.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => {
                Self { seconds: i64::try_from(after.as_secs()).unwrap_or(i64::MAX), nanoseconds: after.subsec_nanos() }
            }
            Err(before) => {
                let before = before.duration();
                let whole = i64::try_from(before.as_secs()).unwrap_or(i64::MAX).saturating_neg();
                match before.subsec_nanos() {
                    0 => Self { seconds: whole, nanoseconds: 0 },
                    part => Self { seconds: whole.saturating_sub(1), nanoseconds: NANOSECONDS.saturating_sub(part) },
                }
            }
        }
    }

    fn instant(self) -> Option<SystemTime> {
        let whole = date::instant(self.seconds)?;
        (self.nanoseconds < NANOSECONDS).then_some(())?;
        whole.checked_add(Duration::from_nanos(self.nanoseconds.into()))
    }
}

const NANOSECONDS: u32 = 1_000_000_000;

const BASE64: &str = "base64:";

/// Bytes as text that says what it is.
fn written(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with(BASE64) => text.to_owned(),
        _ => format!("{BASE64}{}", STANDARD.encode(bytes)),
    }
}

fn read(text: &str) -> Result<Cow<'_, [u8]>, LoadProblem> {
    match text.strip_prefix(BASE64) {
        None => Ok(Cow::Borrowed(text.as_bytes())),
        Some(encoded) => STANDARD.decode(encoded).map(Cow::Owned).map_err(|_| LoadProblem::Encoding),
    }
}

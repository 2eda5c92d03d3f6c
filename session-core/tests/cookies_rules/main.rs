//! The cookie jar from outside: RFC 6265bis rule by rule, its bounds, its editing, and what must hold whatever comes.

mod bounds;
mod edit;
mod formats;
mod invariants;
mod machine;
mod model;
mod parse;
#[cfg(feature = "psl")]
mod public_suffix;
mod reasons;
mod select;
mod store;

use session_core::cookies::{Decision, Jar, NoSuffixes, Rejection, cookie_field};
use session_core::limits::Limits;
use session_core::message::target::Target;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use url::Url;

fn target(url: &str) -> Target {
    Target::new(Url::parse(url).unwrap()).unwrap().0
}

/// 2026-01-01T00:00:00Z.
fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

fn after(seconds: u64) -> SystemTime {
    start() + Duration::from_secs(seconds)
}

/// A jar that has accepted these lines, each from its URL.
fn jar(lines: &[(&str, &str)]) -> Jar {
    let mut jar = Jar::new();
    for (url, line) in lines {
        accept(&mut jar, url, line);
    }
    jar
}

fn limited(change: impl FnOnce(&mut Limits)) -> Jar {
    let mut limits = Limits::default();
    change(&mut limits);
    Jar::with_public_suffix(Arc::new(NoSuffixes)).with_limits(&limits)
}

fn accept(jar: &mut Jar, url: &str, line: &str) -> Decision {
    jar.accept(&target(url), line.as_bytes(), start())
}

/// Why a fresh jar rejects this line.
fn rejected(url: &str, line: &str) -> Option<Rejection> {
    accept(&mut Jar::new(), url, line).rejection()
}

/// The Cookie field for a request at the start; empty for none.
fn sent(jar: &mut Jar, url: &str) -> String {
    sent_at(jar, url, start())
}

fn sent_at(jar: &mut Jar, url: &str, now: SystemTime) -> String {
    let field = cookie_field(&jar.select(&target(url), now));
    field.map(|field| String::from_utf8_lossy(field.as_bytes()).into_owned()).unwrap_or_default()
}

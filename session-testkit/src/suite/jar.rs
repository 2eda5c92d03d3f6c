//! The jar of `session_core::cookies` under test.

use crate::suite::cookies::CookieJar;
use crate::suite::scenario::observe::{CookieLine, jar_line};
use session_core::cookies::{CompiledList, Jar, NoSuffixes, cookie_field};
use session_core::message::target::Target;
use std::sync::Arc;
use std::time::SystemTime;
use url::Url;

/// An empty jar with the public suffix list, or without any list.
#[must_use]
pub fn empty(public_suffix: bool) -> Jar {
    if public_suffix {
        Jar::with_public_suffix(Arc::new(CompiledList))
    } else {
        Jar::with_public_suffix(Arc::new(NoSuffixes))
    }
}

/// Every cookie that a jar holds at this time, as the suites list them.
#[must_use]
pub fn lines(jar: &Jar, now: SystemTime) -> Vec<String> {
    let mut lines: Vec<String> = jar
        .iter()
        .filter(|cookie| !cookie.is_expired(now))
        .map(|cookie| {
            jar_line(&CookieLine {
                name: &String::from_utf8_lossy(cookie.name()),
                value: &String::from_utf8_lossy(cookie.value()),
                domain: cookie.domain(),
                path: cookie.path(),
                secure: cookie.is_secure(),
                http_only: cookie.is_http_only(),
                host_only: cookie.is_host_only(),
                persistent: cookie.is_persistent(),
            })
        })
        .collect();
    lines.sort();
    lines
}

/// The target that a case's URL names.
///
/// # Errors
/// Where no request can go there.
pub fn target(url: &str) -> Result<Target, String> {
    let parsed = Url::parse(url).map_err(|error| format!("expected a URL, got \"{url}\": {error}"))?;
    Target::new(parsed).map(|(target, _)| target).map_err(|error| format!("expected a URL of a request: {error}"))
}

impl CookieJar for Jar {
    fn accept(&mut self, url: &str, lines: &[&[u8]], now: SystemTime) -> Result<(), String> {
        let target = target(url)?;
        for line in lines {
            Self::accept(self, &target, line, now);
        }
        Ok(())
    }

    fn select(&mut self, url: &str, now: SystemTime) -> Result<Option<Vec<u8>>, String> {
        let target = target(url)?;
        Ok(cookie_field(&Self::select(self, &target, now)).map(|field| field.as_bytes().to_vec()))
    }
}

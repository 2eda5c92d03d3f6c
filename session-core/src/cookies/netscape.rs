//! The Netscape cookie file, in the dialect of curl and wget: text from and to memory, no files.
//!
//! A line has seven fields, parted by tabs: domain, whether names below it are included, path, whether it is Secure,
//! expiry in seconds since 1970 (0 for a session cookie), name, value. `#HttpOnly_` before the domain says HttpOnly;
//! any other line that begins with `#` is a comment. Names and values are bytes.
//!
//! What the format cannot hold: SameSite (a loaded cookie has none), when a cookie was last used (it counts as used in
//! the order of the lines), fractions of a second, and names, values or paths with a tab in them. The order of creation
//! is that of the lines.

use super::cookie::Cookie;
use super::date;
use super::jar::Jar;
use super::load::{LoadProblem, Saved};
use super::reason::CookieId;
use super::set_cookie::{Parts, SameSite};
use crate::limits::Limits;
use crate::message::grammar::decimal;
use std::fmt;
use std::time::SystemTime;

/// A line of a cookie file that made no cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct NetscapeWarning {
    /// Its number, counted from 1.
    pub line: usize,
    /// Why it made none.
    pub problem: LoadProblem,
}

impl fmt::Display for NetscapeWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} was skipped: {}", self.line, self.problem)
    }
}

impl Jar {
    /// Appends every cookie to `out`, in the order of creation, below a line that says what it is. The text holds every
    /// value in the clear.
    ///
    /// Gives back which cookies the format cannot hold, and which are therefore not in it: those with a tab in them, and
    /// those that expire no later than 1970.
    ///
    /// ```
    /// # use session_core::cookies::Jar;
    /// # use session_core::message::target::Target;
    /// # use std::time::SystemTime;
    /// # let target = Target::new(url::Url::parse("https://a.test/").unwrap()).unwrap().0;
    /// # let now = SystemTime::UNIX_EPOCH;
    /// let mut jar = Jar::new();
    /// jar.accept(&target, b"sid=1; Max-Age=60; Secure; HttpOnly", now);
    /// let mut text = Vec::new();
    /// let left_out = jar.write_netscape(&mut text);
    /// assert!(left_out.is_empty());
    /// assert_eq!(text, b"# Netscape HTTP Cookie File\n#HttpOnly_a.test\tFALSE\t/\tTRUE\t60\tsid\t1\n");
    /// ```
    #[must_use = "what the format cannot hold is lost unless somebody looks"]
    pub fn write_netscape(&self, out: &mut Vec<u8>) -> Vec<CookieId> {
        out.extend_from_slice(b"# Netscape HTTP Cookie File\n");
        self.iter().filter(|cookie| !write(cookie, out)).map(Cookie::id).collect()
    }

    /// Takes every cookie of a cookie file. The rules for a Set-Cookie line hold, as if the cookie's own domain had set
    /// it over https at `now`: prefixes, public suffixes, limits, characters. Of two lines for one cookie the later
    /// counts. What the jar holds already stays beside them.
    ///
    /// Gives back each line that made no cookie and is no comment. None is lost without that.
    ///
    /// Lines end with LF or CRLF; `TRUE` and `FALSE` have no case; a dot before the domain means nothing, the flag
    /// counts; an empty value may lack its tab; a missing path is `/`, and a port behind the domain is passed over.
    ///
    /// ```
    /// # use session_core::cookies::{Jar, LoadProblem};
    /// # use std::time::SystemTime;
    /// # let now = SystemTime::UNIX_EPOCH;
    /// let mut jar = Jar::new();
    /// let text = b".a.test\tTRUE\t/\tFALSE\t0\tlang\tde\n.a.test\tTRUE\t/\n";
    /// let warnings = jar.read_netscape(text, now);
    /// assert_eq!(jar.to_map()["lang"], "de");
    /// assert_eq!((warnings.len(), warnings[0].line), (1, 2));
    /// assert_eq!(warnings[0].problem, LoadProblem::Fields { found: 3 });
    /// ```
    pub fn read_netscape(&mut self, text: &[u8], now: SystemTime) -> Vec<NetscapeWarning> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let (mut warnings, mut loaded) = (Vec::new(), Vec::new());
        for (count, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let number = count.saturating_add(1);
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match read(line).and_then(|saved| saved.map(|saved| self.load(saved, now)).transpose()) {
                Ok(id) => loaded.extend(id.map(|id| (number, id))),
                Err(problem) => warnings.push(NetscapeWarning { line: number, problem }),
            }
        }
        warnings.extend(self.gone(&loaded).map(|(line, problem)| NetscapeWarning { line, problem }));
        warnings.sort_by_key(|warning| warning.line);
        warnings
    }
}

/// How many bytes a file of cookies may have that is read whole: as many as [`Limits::cookies_total`] lines need, each as long as
/// [`Limits::cookie_bytes`] and [`Limits::cookie_attribute_bytes`] allow, and one more for the comment above them.
#[must_use]
pub fn longest_file(limits: &Limits) -> u64 {
    let attributes = limits.cookie_attribute_bytes.saturating_mul(2);
    let line = limits.cookie_bytes.saturating_add(attributes).saturating_add(FRAME);
    let text = limits.cookies_total.saturating_add(1).saturating_mul(line);
    u64::try_from(text).unwrap_or(u64::MAX)
}

/// What a line has beside name, value, domain and path: `#HttpOnly_`, two flags, a time, tabs, the line's end.
const FRAME: usize = 64;

const HTTP_ONLY: &[u8] = b"#HttpOnly_";

/// Appends a cookie's line; false, and nothing, where the format cannot hold it.
fn write(cookie: &Cookie, out: &mut Vec<u8>) -> bool {
    let expires = match cookie.expires().map(|expires| expires.duration_since(SystemTime::UNIX_EPOCH)) {
        None => 0,
        Some(Ok(since)) if since.as_secs() > 0 => since.as_secs(),
        // As 0 it would outlive its time.
        Some(_) => return false,
    };
    let (name, value, path) = (cookie.name(), cookie.value(), cookie.path().as_bytes());
    if [name, value, path].iter().any(|text| text.contains(&b'\t')) {
        return false;
    }
    if cookie.is_http_only() {
        out.extend_from_slice(HTTP_ONLY);
    }
    if !cookie.is_host_only() {
        out.push(b'.');
    }
    let expires = expires.to_string();
    let fields = [
        cookie.domain().as_bytes(),
        flag(!cookie.is_host_only()),
        path,
        flag(cookie.is_secure()),
        expires.as_bytes(),
        name,
        value,
    ];
    out.extend_from_slice(&fields.join(&b'\t'));
    out.push(b'\n');
    true
}

fn flag(holds: bool) -> &'static [u8] {
    if holds { b"TRUE" } else { b"FALSE" }
}

/// What a line says; nothing for a comment or an empty line.
fn read(line: &[u8]) -> Result<Option<Saved<'_>>, LoadProblem> {
    let (http_only, line) = match line.strip_prefix(HTTP_ONLY) {
        Some(rest) => (true, rest),
        None if line.trim_ascii_start().is_empty() || line.trim_ascii_start().starts_with(b"#") => return Ok(None),
        None => (false, line),
    };
    let fields: Vec<&[u8]> = line.split(|&byte| byte == b'\t').collect();
    let (domain, below, path, secure, expires, name, value) = match *fields.as_slice() {
        [domain, below, path, secure, expires, name, value] => (domain, below, path, secure, expires, name, value),
        // Old writers leave the path out, and a flag stands in its place.
        [domain, below, secure, expires, name, value] if parse_flag(secure).is_ok() => {
            (domain, below, b"/".as_slice(), secure, expires, name, value)
        }
        [domain, below, path, secure, expires, name] => (domain, below, path, secure, expires, name, b"".as_slice()),
        _ => return Err(LoadProblem::Fields { found: fields.len() }),
    };
    let host_only = !parse_flag(below)?;
    let secure = parse_flag(secure)?;
    let expires = parse_expiry(expires)?;
    let domain = std::str::from_utf8(domain).map_err(|_| LoadProblem::Domain)?;
    let domain = domain.strip_prefix('.').unwrap_or(domain);
    let parts =
        Parts { name, value, domain: None, path: Some(path), expires, secure, http_only, same_site: SameSite::Default };
    Ok(Some(Saved { domain: without_port(domain), host_only, parts }))
}

fn parse_flag(field: &[u8]) -> Result<bool, LoadProblem> {
    if field.eq_ignore_ascii_case(b"TRUE") {
        Ok(true)
    } else if field.eq_ignore_ascii_case(b"FALSE") {
        Ok(false)
    } else {
        Err(LoadProblem::Flag)
    }
}

/// The instant, or none for a session cookie. What is too large to count is the latest instant that there is.
fn parse_expiry(field: &[u8]) -> Result<Option<SystemTime>, LoadProblem> {
    if field.is_empty() || !field.iter().all(u8::is_ascii_digit) {
        return Err(LoadProblem::Expiry);
    }
    match decimal(field) {
        Some(0) => Ok(None),
        number => {
            let seconds = number.and_then(|number| i64::try_from(number).ok()).unwrap_or(LAST_SECOND).min(LAST_SECOND);
            date::instant(seconds).map(Some).ok_or(LoadProblem::Expiry)
        }
    }
}

/// 9999-12-31T23:59:59Z; the jar's own limit is nearer.
const LAST_SECOND: i64 = 253_402_300_799;

/// A domain without the port that wget writes behind it; an IPv6 address has no port.
fn without_port(domain: &str) -> &str {
    match domain.rsplit_once(':') {
        Some((host, port))
            if (!host.contains(':') || host.ends_with(']'))
                && !port.is_empty()
                && port.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            host
        }
        _ => domain,
    }
}

//! A cookie jar written straight from the text of RFC 6265bis (and, where it leaves a choice, from browsers): a list that
//! is scanned for everything. Slow and obvious; it shares nothing with the jar, not even its date parser.
//!
//! It stands on std alone, so that a fuzz target can include this file.

/// Seconds since 1970.
pub(crate) type Seconds = i64;

/// What a jar is asked about: the parts of a URL, read by whoever asks.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Lower case, A-labels, IPv6 without brackets.
    pub(crate) host: String,
    pub(crate) is_address: bool,
    /// https, or a host that is this machine.
    pub(crate) trustworthy: bool,
    /// Without the query.
    pub(crate) path: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SameSite {
    Default,
    None,
    Lax,
    Strict,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) name: Vec<u8>,
    pub(crate) value: Vec<u8>,
    pub(crate) domain: String,
    pub(crate) host_only: bool,
    pub(crate) path: Vec<u8>,
    pub(crate) expires: Option<Seconds>,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: SameSite,
    pub(crate) created: u64,
    pub(crate) used: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Stored,
    Replaced,
    Deleted,
    Rejected,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) cookies: Vec<Held>,
    pub(crate) per_domain: usize,
    pub(crate) total: usize,
    pub(crate) field: usize,
    /// Beside single labels, which always are public suffixes.
    pub(crate) suffixes: Vec<String>,
    pub(crate) clock: u64,
}

const LONGEST: Seconds = 34_560_000;

impl Model {
    pub(crate) fn new(per_domain: usize, total: usize, suffixes: &[&str]) -> Self {
        let suffixes = suffixes.iter().map(|suffix| (*suffix).to_owned()).collect();
        Self { cookies: Vec::new(), per_domain, total, field: 8190, suffixes, clock: 0 }
    }

    pub(crate) fn remove_expired(&mut self, now: Seconds) {
        self.cookies.retain(|cookie| cookie.expires.is_none_or(|expires| expires > now));
    }

    /// RFC 6265bis 5.6 and 5.7.
    pub(crate) fn set(&mut self, request: &Request, line: &[u8], now: Seconds) -> Answer {
        self.remove_expired(now);
        match self.make(request, line, now) {
            Some(cookie) => self.put(cookie, now),
            None => Answer::Rejected,
        }
    }

    fn make(&self, request: &Request, line: &[u8], now: Seconds) -> Option<Held> {
        if line.iter().any(|&byte| byte <= 0x08 || (0x0a..=0x1f).contains(&byte) || byte == 0x7f) {
            return None;
        }
        let mut parts = line.split(|&byte| byte == b';');
        let pair = parts.next().unwrap();
        let (name, value) = match pair.iter().position(|&byte| byte == b'=') {
            Some(at) => (trim(&pair[..at]), trim(&pair[at + 1..])),
            None => (Vec::new(), trim(pair)),
        };
        if name.len() + value.len() > 4096 || (name.is_empty() && value.is_empty()) {
            return None;
        }
        let (mut expires, mut max_age, mut domain, mut path) = (None, None, None, None);
        let (mut secure, mut http_only, mut same_site) = (false, false, SameSite::Default);
        for part in parts {
            let (attribute, value) = match part.iter().position(|&byte| byte == b'=') {
                Some(at) => (trim(&part[..at]), trim(&part[at + 1..])),
                None => (trim(part), Vec::new()),
            };
            if value.len() > 1024 {
                continue;
            }
            match attribute.to_ascii_lowercase().as_slice() {
                b"expires" => expires = cookie_date(&value).or(expires),
                b"max-age" => max_age = seconds(&value).or(max_age),
                b"domain" => domain = Some(value),
                b"path" => path = Some(value),
                b"secure" => secure = true,
                b"httponly" => http_only = true,
                b"samesite" => {
                    same_site = match value.to_ascii_lowercase().as_slice() {
                        b"none" => SameSite::None,
                        b"lax" => SameSite::Lax,
                        b"strict" => SameSite::Strict,
                        _ => SameSite::Default,
                    }
                }
                _ => {}
            }
        }
        let expires = match max_age {
            Some(age) => Some(now + age.min(LONGEST)),
            None => expires.map(|expires: Seconds| expires.min(now + LONGEST)),
        };
        // An empty Domain is none, a lone dot is refused as browsers do.
        let mut domain = match domain {
            None => None,
            Some(domain) if domain.is_empty() => None,
            Some(domain) => {
                let domain = domain.strip_prefix(b".").unwrap_or(&domain).to_ascii_lowercase();
                if domain.is_empty() || !domain.is_ascii() {
                    return None;
                }
                Some(String::from_utf8(domain).unwrap())
            }
        };
        if path.as_ref().is_some_and(|path| !path.is_ascii()) {
            return None;
        }
        let explicit_path = path.filter(|path| path.first() == Some(&b'/'));
        let path = explicit_path.clone().unwrap_or_else(|| default_path(&request.path));
        if let Some(wanted) = &domain {
            if request.is_address {
                // As written in a URL or as the canonical host.
                if wanted.trim_start_matches('[').trim_end_matches(']') != request.host {
                    return None;
                }
                domain = None;
            } else if self.is_suffix(wanted) {
                if *wanted != request.host {
                    return None;
                }
                domain = None;
            } else if !domain_match(request, wanted) {
                return None;
            }
        }
        let host_only = domain.is_none();
        let domain = domain.unwrap_or_else(|| request.host.clone());
        if secure && !request.trustworthy {
            return None;
        }
        let stands_in = |held: &Held| {
            held.secure
                && held.name == name
                && (held.domain == domain
                    || held.domain.ends_with(&format!(".{domain}"))
                    || domain.ends_with(&format!(".{}", held.domain)))
                && path_match(&path, &held.path)
        };
        if !secure && !request.trustworthy && self.cookies.iter().any(stands_in) {
            return None;
        }
        if same_site == SameSite::None && !secure {
            return None;
        }
        let prefixed = |text: &[u8], prefix: &str| text.to_ascii_lowercase().starts_with(prefix.as_bytes());
        let as_host = secure && host_only && explicit_path.as_deref() == Some(b"/");
        let broken = (prefixed(&name, "__secure-") && !secure)
            || (prefixed(&name, "__host-") && !as_host)
            || (prefixed(&name, "__http-") && !(secure && http_only))
            || (prefixed(&name, "__host-http-") && !(as_host && http_only));
        let deceiving = ["__secure-", "__host-", "__http-"].iter().any(|prefix| prefixed(&value, prefix));
        if broken || (name.is_empty() && deceiving) {
            return None;
        }
        Some(Held { name, value, domain, host_only, path, expires, secure, http_only, same_site, created: 0, used: 0 })
    }

    /// The end of RFC 6265bis 5.7.
    fn put(&mut self, mut cookie: Held, now: Seconds) -> Answer {
        let same = |held: &Held| {
            (&held.name, &held.domain, held.host_only, &held.path)
                == (&cookie.name, &cookie.domain, cookie.host_only, &cookie.path)
        };
        let old = self.cookies.iter().position(same);
        if cookie.expires.is_some_and(|expires| expires <= now) {
            if let Some(old) = old {
                self.cookies.remove(old);
            }
            return Answer::Deleted;
        }
        self.clock += 1;
        (cookie.created, cookie.used) = (self.clock, self.clock);
        if let Some(old) = old {
            cookie.created = self.cookies[old].created;
            self.cookies[old] = cookie;
            return Answer::Replaced;
        }
        let (created, domain) = (cookie.created, cookie.domain.clone());
        self.cookies.push(cookie);
        while self.cookies.iter().filter(|held| held.domain == domain).count() > self.per_domain {
            let of_domain = (0..self.cookies.len()).filter(|&at| self.cookies[at].domain == domain);
            let goes = of_domain.min_by_key(|&at| {
                let held = &self.cookies[at];
                (held.secure, held.used, held.created)
            });
            self.cookies.remove(goes.unwrap());
        }
        while self.cookies.len() > self.total {
            let goes = (0..self.cookies.len()).min_by_key(|&at| (self.cookies[at].used, self.cookies[at].created));
            self.cookies.remove(goes.unwrap());
        }
        if self.cookies.iter().any(|held| held.created == created) { Answer::Stored } else { Answer::Rejected }
    }

    /// RFC 6265bis 5.8.3.
    pub(crate) fn get(&mut self, request: &Request, now: Seconds) -> Vec<Held> {
        self.remove_expired(now);
        self.clock += 1;
        let clock = self.clock;
        let mut found = Vec::new();
        for held in &mut self.cookies {
            let matches =
                if held.host_only { held.domain == request.host } else { domain_match(request, &held.domain) };
            if matches && path_match(request.path.as_bytes(), &held.path) && (request.trustworthy || !held.secure) {
                held.used = clock;
                found.push(held.clone());
            }
        }
        found.sort_by_key(|held| (std::cmp::Reverse(held.path.len()), held.created));
        let mut length = 0;
        found.retain(|held| {
            let pair = held.name.len() + usize::from(!held.name.is_empty()) + held.value.len();
            let longer = length + pair + if length == 0 { 0 } else { 2 };
            let fits = longer <= self.field;
            if fits {
                length = longer;
            }
            fits
        });
        found
    }

    /// In the order of creation.
    pub(crate) fn listed(&self) -> Vec<Held> {
        let mut cookies = self.cookies.clone();
        cookies.sort_by_key(|held| held.created);
        cookies
    }

    fn is_suffix(&self, domain: &str) -> bool {
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        !domain.contains('.') || self.suffixes.iter().any(|suffix| suffix == domain)
    }
}

/// RFC 6265bis 5.1.3.
pub(crate) fn domain_match(request: &Request, domain: &str) -> bool {
    request.host == domain || (!request.is_address && request.host.ends_with(&format!(".{domain}")))
}

/// RFC 6265bis 5.1.4.
pub(crate) fn path_match(request: &[u8], cookie: &[u8]) -> bool {
    request == cookie
        || (request.starts_with(cookie) && (cookie.last() == Some(&b'/') || request.get(cookie.len()) == Some(&b'/')))
}

/// RFC 6265bis 5.1.4.
fn default_path(path: &str) -> Vec<u8> {
    if !path.starts_with('/') || path.matches('/').count() == 1 {
        return b"/".to_vec();
    }
    path.as_bytes()[..path.rfind('/').unwrap()].to_vec()
}

fn trim(text: &[u8]) -> Vec<u8> {
    let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let first = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let last = text.iter().rposition(|byte| !blank(byte)).map_or(first, |at| at + 1);
    text[first..last].to_vec()
}

/// RFC 6265bis 5.6.2: how long from now, not more than the longest; below zero where it is over.
fn seconds(value: &[u8]) -> Option<Seconds> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if digits.is_empty() || digits.iter().any(|byte| !byte.is_ascii_digit()) {
        return None;
    }
    if digits.len() < value.len() {
        return Some(0);
    }
    let digits: String = digits.iter().map(|&byte| char::from(byte)).collect();
    let digits = digits.trim_start_matches('0');
    Some(if digits.len() > 8 { LONGEST } else { digits.parse().unwrap_or(0) })
}

/// RFC 6265bis 5.1.1, its steps in order.
pub(crate) fn cookie_date(value: &[u8]) -> Option<Seconds> {
    let delimiter = |byte: &u8| matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e);
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in value.split(delimiter).filter(|token| !token.is_empty()) {
        if time.is_none() && clock(token).is_some() {
            time = clock(token);
        } else if day.is_none() && number(token, 1, 2).is_some() {
            day = number(token, 1, 2);
        } else if month.is_none() && month_of(token).is_some() {
            month = month_of(token);
        } else if year.is_none() && number(token, 2, 4).is_some() {
            year = number(token, 2, 4);
        }
    }
    let ((hour, minute, second), day, month, mut year) = (time?, day?, month?, year?);
    if (70..=99).contains(&year) {
        year += 1900;
    } else if (0..=69).contains(&year) {
        year += 2000;
    }
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    if day < 1 || day > lengths[month] || year < 1601 || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let leap_years = |year: i64| year / 4 - year / 100 + year / 400;
    let days =
        (year - 1970) * 365 + leap_years(year - 1) - leap_years(1969) + lengths[..month].iter().sum::<i64>() + day - 1;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// The digits that a token begins with, where there are so many and no more.
fn number(token: &[u8], least: usize, most: usize) -> Option<i64> {
    let digits: String = token.iter().take_while(|byte| byte.is_ascii_digit()).map(|&byte| char::from(byte)).collect();
    if (least..=most).contains(&digits.len()) { digits.parse().ok() } else { None }
}

fn clock(token: &[u8]) -> Option<(i64, i64, i64)> {
    let mut fields = token.splitn(3, |&byte| byte == b':');
    let (hour, minute, second) = (fields.next()?, fields.next()?, fields.next()?);
    // Only behind the seconds may something else follow.
    if !hour.iter().chain(minute).all(u8::is_ascii_digit) {
        return None;
    }
    Some((number(hour, 1, 2)?, number(minute, 1, 2)?, number(second, 1, 2)?))
}

fn month_of(token: &[u8]) -> Option<usize> {
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let start = token.get(..3)?.to_ascii_lowercase();
    months.iter().position(|month| month.as_bytes() == start)
}

//! Sessions in files: where a named one is kept, and what is taken of a file that was read. Reading and writing is the
//! transport's.

use crate::error::{Error, ErrorKind, Fault, Phase};
use crate::message::origin::Origin;
use crate::session::snapshot::Snapshot;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Where the session of this name for a host is kept: `FOLDER/HOST/NAME.json`, as HTTPie has it. A host is one of its own
/// with each port: `a.test`, `a.test_8080`. The default port of a scheme is not written, and the scheme never.
///
/// `host` is a host, a host and a port, or an origin. It is written in its canonical form, so that each spelling leads to the
/// same file, and no other host does: lower-case letters, digits, `-`, `.` and the `_` before the port stand for themselves, an
/// IPv6 address stands in brackets with `_` for each colon (`[__1]_8080`), and every other byte is written as `%` and two
/// hexadecimal digits. So are what no file of Windows may have: a dot at the end, and the first letter of a name that is a
/// device's (`%63on.test`).
///
/// # Errors
/// [`ErrorKind::InvalidSetting`] for a name that is no file's: other than letters, digits, `-`, `_` and `.`, or beginning with
/// a dot, or longer than 100 bytes. [`ErrorKind::InvalidUrl`] for what is no host, or is longer than 240 bytes when written so.
///
/// ```
/// use session_core::session::snapshot::file::named;
///
/// let path = named("sessions", "API.test:8443", "work")?;
/// assert_eq!(path, std::path::Path::new("sessions").join("api.test_8443").join("work.json"));
/// assert!(named("sessions", "a.test", "../work").is_err());
/// # Ok::<(), session_core::error::Error>(())
/// ```
pub fn named(folder: impl AsRef<Path>, host: &str, name: &str) -> Result<PathBuf, Error> {
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > LONGEST_NAME || name.starts_with('.') || !name.bytes().all(may_stand) {
        return Err(Error::new(ErrorKind::InvalidSetting, Phase::Build, "the name of a session is not valid")
            .with_expected("letters, digits, '-', '_' and '.'")
            .with_came(name.as_bytes()));
    }
    let origin = if host.contains("://") { Origin::parse(host)? } else { Origin::parse(&format!("https://{host}"))? };
    // A folder that is hidden, this one, the one above it.
    if origin.host().as_str().starts_with('.') {
        return Err(Error::new(ErrorKind::InvalidUrl, Phase::Build, "a session's host begins with a dot"));
    }
    let place = place(&origin);
    if place.len() > LONGEST_PLACE {
        let error = Error::new(ErrorKind::InvalidUrl, Phase::Build, "a session's host is too long for a file's name");
        return Err(error.with_expected(format!("at most {LONGEST_PLACE} bytes")).with_came(place.as_bytes()));
    }
    Ok(folder.as_ref().join(place).join(format!("{name}.json")))
}

/// The longest name of a session. Most systems stop at 255 bytes, and a file that is written has a longer one first.
const LONGEST_NAME: usize = 100;

/// The longest name of a folder: every name of the DNS (RFC 1035 2.3.4) but the very longest.
const LONGEST_PLACE: usize = 240;

/// The name of a host's folder. No two hosts and ports have the same: what stands for itself never stands for something else.
fn place(origin: &Origin) -> String {
    let host = origin.host().as_str();
    let mut place = match origin.host().ip() {
        // An address of IPv6 has colons, which no file of Windows may have.
        Some(IpAddr::V6(_)) => format!("[{}]", host.replace(':', "_")),
        Some(IpAddr::V4(_)) => host.to_owned(),
        None => written(host),
    };
    if origin.port() != origin.scheme().default_port() {
        place = format!("{place}_{}", origin.port());
    }
    place
}

fn written(name: &str) -> String {
    let device = is_device(name.split('.').next().unwrap_or_default());
    let last = name.len().saturating_sub(1);
    let mut written = String::with_capacity(name.len());
    for (index, byte) in name.bytes().enumerate() {
        let stands = match byte {
            b'a'..=b'z' => index > 0 || !device,
            b'.' => index < last,
            _ => byte.is_ascii_digit() || byte == b'-',
        };
        if stands {
            written.push(char::from(byte));
        } else {
            written.push_str(&format!("%{byte:02x}"));
        }
    }
    written
}

/// Whether Windows has a device of this name, whatever stands behind a dot after it.
fn is_device(label: &str) -> bool {
    let numbered = || {
        let number = label.strip_prefix("com").or_else(|| label.strip_prefix("lpt"));
        number.is_some_and(|number| number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit()))
    };
    matches!(label, "con" | "prn" | "aux" | "nul") || numbered()
}

/// The snapshot in a file that was read.
pub(crate) fn read(path: &Path, text: &[u8], longest: u64) -> Result<Snapshot, Error> {
    let at = |error: Error| {
        let message = format!("the session file {path:?} cannot be taken");
        Error::new(error.kind(), Phase::Build, message).with_fault(Fault::Caller).with_source(error)
    };
    if u64::try_from(text.len()).map_or(true, |length| length > longest) {
        let error = Error::new(ErrorKind::Limit, Phase::Build, "it is too long");
        return Err(at(error.with_expected(format!("at most {longest} bytes (`session_file`)"))));
    }
    let text = std::str::from_utf8(text).map_err(|_| {
        at(Error::new(ErrorKind::InvalidSetting, Phase::Build, "it is no UTF-8").with_expected("a snapshot as JSON"))
    })?;
    Snapshot::from_json(text).map_err(at)
}

/// The error of a session file that must be there and is not.
pub(crate) fn absent(path: &Path) -> Error {
    let message = format!("the session file {path:?} is not there");
    Error::new(ErrorKind::Io, Phase::Build, message).with_fault(Fault::Caller)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_NAME, LONGEST_PLACE, named};
    use crate::error::ErrorKind;
    use std::collections::BTreeMap;
    use std::path::Path;

    #[test]
    fn each_spelling_of_a_host_leads_to_the_same_file_and_each_port_to_its_own() {
        for (host, place) in [
            ("a.test", "a.test"),
            ("A.Test", "a.test"),
            ("https://a.test", "a.test"),
            ("http://a.test/", "a.test"),
            ("http://a.test:8080", "a.test_8080"),
            ("a.test:443", "a.test"),
            ("b\u{fc}cher.test", "xn--bcher-kva.test"),
            ("127.1:81", "127.0.0.1_81"),
            ("[::1]:81", "[__1]_81"),
            ("[::1:81]", "[__1_81]"),
            ("a.test_8080", "a.test%5f8080"),
            ("a_b.test:8080", "a%5fb.test_8080"),
            ("a.test.", "a.test%2e"),
            ("a!$&.test", "a%21%24%26.test"),
            ("con.test", "%63on.test"),
            ("LPT9:81", "%6cpt9_81"),
            ("console.test", "console.test"),
            ("com10", "com10"),
        ] {
            assert_eq!(named("s", host, "n").unwrap(), Path::new("s").join(place).join("n.json"), "{host}");
        }
    }

    /// Every host of up to four of these pieces, alone and with a port: different ones have different folders, and each folder
    /// has a name that every file system takes.
    #[test]
    fn no_two_hosts_share_a_folder() {
        let pieces = ["a", "_", "8", "80", ".", "-", "%5f", "~", "con", "x"];
        let mut hosts = vec![String::new()];
        let mut all = Vec::new();
        for _ in 0..4 {
            hosts = hosts.iter().flat_map(|host| pieces.map(|piece| format!("{host}{piece}"))).collect();
            all.extend(hosts.iter().cloned());
        }
        let addresses =
            ["::1", "::1:8", "1::8", "::1:80", "1::", "127.0.0.1"].map(|address| match address.contains(':') {
                true => format!("[{address}]"),
                false => address.to_owned(),
            });
        let mut seen = BTreeMap::new();
        for host in all.iter().map(String::as_str).chain(addresses.iter().map(String::as_str)) {
            for port in ["", ":8", ":80"] {
                let host = format!("{host}{port}");
                let Ok(path) = named("s", &host, "n") else { continue };
                let canonical = url::Url::parse(&format!("https://{host}")).unwrap().origin().ascii_serialization();
                let folder = path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.%[]".contains(&byte);
                assert!(folder.bytes().all(is_plain) && !folder.starts_with('.') && !folder.ends_with('.'), "{folder}");
                let first = seen.entry(folder.clone()).or_insert_with(|| canonical.clone());
                assert_eq!(*first, canonical, "{folder}");
            }
        }
        assert!(seen.len() > 1000, "{}", seen.len());
    }

    #[test]
    fn a_host_too_long_for_a_folder_is_refused() {
        let host = |length: usize| vec!["a".repeat(59); 5].join(".")[..length].to_owned();
        assert!(named("s", &host(LONGEST_PLACE - 1), "n").is_ok());
        let refused = named("s", &format!("{}:8080", host(LONGEST_PLACE - 1)), "n").unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidUrl);
    }

    #[test]
    fn what_would_lead_out_of_the_folder_is_refused() {
        let longest = "n".repeat(LONGEST_NAME);
        assert!(named("s", "a.test", &longest).is_ok());
        for name in ["", ".", "..", ".hidden", "../x", "a/b", "a\\b", "a b", "a\0", "\u{e9}", &(longest + "n")] {
            assert_eq!(named("s", "a.test", name).unwrap_err().kind(), ErrorKind::InvalidSetting, "{name}");
        }
        for host in [
            "",
            ".",
            "..",
            "...",
            ".a",
            "../x",
            "a/b",
            "a\\b",
            "u@a.test",
            "a.test?x",
            "a b",
            "https://..",
            "ftp://a.test",
        ] {
            assert_eq!(named("s", host, "n").map_err(|error| error.kind()), Err(ErrorKind::InvalidUrl), "{host}");
        }
    }
}

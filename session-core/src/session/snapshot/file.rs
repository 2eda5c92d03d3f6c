//! Sessions in files: where a named one is kept, and what is taken of a file that was read. Reading and writing is the
//! transport's.

use crate::error::{Error, ErrorKind, Fault, Phase};
use crate::message::origin::Origin;
use crate::session::snapshot::Snapshot;
use std::path::{Path, PathBuf};

/// Where the session of this name for a host is kept: `FOLDER/HOST/NAME.json`, as HTTPie has it. A host is one of its own
/// with each port: `a.test`, `a.test_8080`.
///
/// `host` is a host, a host and a port, or an origin. It is written in its canonical form, so that each spelling leads to the
/// same file.
///
/// # Errors
/// [`ErrorKind::InvalidSetting`] for a name that is no file's: other than letters, digits, `-`, `_` and `.`, or beginning with
/// a dot, or longer than 100 bytes. [`ErrorKind::InvalidUrl`] for what is no host.
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
    // An address of IPv6 has colons, which no file of Windows may have.
    let mut place = origin.host().as_str().replace(':', "_").replace(['[', ']'], "");
    if origin.port() != origin.scheme().default_port() {
        place = format!("{place}_{}", origin.port());
    }
    Ok(folder.as_ref().join(place).join(format!("{name}.json")))
}

/// The longest name of a session. Most systems stop at 255 bytes, and a file that is written has a longer one first.
const LONGEST_NAME: usize = 100;

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
    use super::{LONGEST_NAME, named};
    use crate::error::ErrorKind;
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
            ("[::1]:81", "__1_81"),
        ] {
            assert_eq!(named("s", host, "n").unwrap(), Path::new("s").join(place).join("n.json"), "{host}");
        }
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

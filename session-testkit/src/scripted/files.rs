//! Cookies and sessions in files: real ones, so that a test of a program that keeps them sees what it would see. They are written in
//! place, and not replaced as a whole as the transports do it.

use session_core::cookies::netscape::longest_file;
use session_core::error::{Error, ErrorKind, Fault, Phase};
use session_core::limits::Limits;
#[cfg(feature = "serde")]
use session_core::time::Now;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
#[cfg(feature = "serde")]
use std::time::{Instant, SystemTime};

/// Writes a file of `what`, which on Unix only its owner may read.
pub(super) fn write(what: &str, path: &Path, text: &[u8]) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(text));
    written.map_err(|source| failed(what, path, "saved", source))
}

/// Reads a file of cookies, which must be there.
pub(super) fn read_cookies(path: &Path, limits: &Limits) -> Result<Vec<u8>, Error> {
    let text = fs::read(path).map_err(|source| failed("cookie", path, "read", source))?;
    let longest = longest_file(limits);
    if u64::try_from(text.len()).is_ok_and(|length| length <= longest) {
        return Ok(text);
    }
    let error = Error::new(ErrorKind::Limit, Phase::Build, format!("the cookie file {path:?} is too long"));
    Err(error.with_fault(Fault::Caller).with_expected(format!("at most {longest} bytes")))
}

/// A session file, as a builder asks for it, and what the clocks show.
#[cfg(feature = "serde")]
pub(super) fn session_file(path: &Path) -> Result<Option<(Vec<u8>, Now)>, Error> {
    let now = Now::new(Instant::now(), SystemTime::now());
    match fs::read(path) {
        Ok(text) => Ok(Some((text, now))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("session", path, "read", error)),
    }
}

/// The same as [`write`], in a folder that is made where it is not there.
#[cfg(feature = "serde")]
pub(super) fn write_in_folder(what: &str, path: &Path, text: &[u8]) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| failed(what, path, "saved: its folder cannot be made", source))?;
    }
    write(what, path, text)
}

fn failed(what: &str, path: &Path, how: &str, source: io::Error) -> Error {
    let message = format!("the {what} file {path:?} could not be {how}");
    Error::new(ErrorKind::Io, Phase::Build, message).with_source(source)
}

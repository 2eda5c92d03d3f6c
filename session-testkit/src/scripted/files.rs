//! Cookies and sessions in files: real ones, so that a test of a program that keeps them sees what it would see. They are written in
//! place, and not replaced as a whole as the transports do it.

use session_core::error::{Error, ErrorKind, Phase};
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

/// Reads a file of `what`; `None` where there is none.
pub(super) fn read(what: &str, path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(what, path, "read", error)),
    }
}

/// The same of one that must be there.
pub(super) fn read_required(what: &str, path: &Path) -> Result<Vec<u8>, Error> {
    read(what, path)?.ok_or_else(|| failed(what, path, "read", io::ErrorKind::NotFound.into()))
}

/// A session file, as a builder asks for it, and what the clocks show.
#[cfg(feature = "serde")]
pub(super) fn session_file(path: &Path) -> Result<Option<(Vec<u8>, Now)>, Error> {
    let now = Now::new(Instant::now(), SystemTime::now());
    Ok(read("session", path)?.map(|text| (text, now)))
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

//! A whole session in a file: the core makes the text of it and says where a named one is kept, here it is written and read.

use super::Session;
use super::replace::replace;
use crate::error::Result;
use session_core::error::{Error as CoreError, ErrorKind, Phase};
use session_core::session::snapshot::file::named;
use std::fs::{DirBuilder, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

impl Session {
    /// Writes what the session knows to a file, as JSON: [`Session::snapshot`] says what that is.
    /// [`SessionBuilder::load`](session_core::session::builder::SessionBuilder::load) takes it. Every secret is in it in the
    /// clear; on Unix only its owner may read and write it (mode 0600).
    ///
    /// The file is replaced as a whole: an error before that leaves what was there. A symbolic link is replaced, not
    /// followed. A session that is closed can still be saved.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], which names the path and what failed.
    ///
    /// ```
    /// # use transport_blocking::Session;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("session.json");
    /// let session = Session::builder().default_header("x-app", "demo").build()?;
    /// session.save(&path)?;
    ///
    /// // In another process:
    /// let session = Session::builder().load(&path).build()?;
    /// assert_eq!(session.headers().get("x-app").unwrap(), "demo");
    /// # Ok(())
    /// # }
    /// ```
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref().to_owned();
        let text = self.snapshot().to_json()?;
        write(&path, text.as_bytes())?;
        Ok(())
    }

    /// Writes what the session knows under a name, for one host: see [`Session::save`]. The file is
    /// `FOLDER/HOST/NAME.json`, as HTTPie has it; folders that are not there are made, on Unix for their owner alone (mode
    /// 0700). [`SessionBuilder::load_named`](session_core::session::builder::SessionBuilder::load_named) takes it.
    ///
    /// # Errors
    /// As [`Session::save`], and those of [`named`].
    ///
    /// ```
    /// # use transport_blocking::Session;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let folder = folder.path();
    /// // The first time there is none, and the session begins with nothing.
    /// let session = Session::builder().load_named(folder, "api.test", "work").build()?;
    /// session.headers_mut().set("x-app", "demo")?;
    /// session.save_named(folder, "api.test", "work")?;
    ///
    /// let later = Session::builder().load_named(folder, "api.test", "work").build()?;
    /// assert!(later.headers().get("x-app").is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn save_named(&self, folder: impl AsRef<Path>, host: &str, name: &str) -> Result<PathBuf> {
        let path = named(folder, host, name)?;
        let (text, file) = (self.snapshot().to_json()?, path.clone());
        write_in_folder(&file, text.as_bytes())?;
        Ok(path)
    }
}

fn write(path: &Path, text: &[u8]) -> Result<(), CoreError> {
    replace(path, text).map_err(|error| failed(path, error.what, error.source))
}

fn write_in_folder(path: &Path, text: &[u8]) -> Result<(), CoreError> {
    let mut folders = DirBuilder::new();
    folders.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
    if let Some(folder) = path.parent() {
        folders.create(folder).map_err(|source| failed(path, "saved: its folder cannot be made", source))?;
    }
    write(path, text)
}

/// The file's bytes, one more than `longest` where there are more; `None` where there is no file.
pub(super) fn read(path: &Path, longest: u64) -> Result<Option<Vec<u8>>, CoreError> {
    let mut text = Vec::new();
    match File::open(path).and_then(|file| file.take(longest.saturating_add(1)).read_to_end(&mut text)) {
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, "read", error)),
    }
}

fn failed(path: &Path, what: &str, source: io::Error) -> CoreError {
    let message = format!("the session file {path:?} could not be {what}");
    CoreError::new(ErrorKind::Io, Phase::Build, message).with_source(source)
}

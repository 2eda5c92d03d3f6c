//! Request bodies from files.

use super::Body;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

impl Body {
    /// What a file holds from where it stands to its end, with its length as Content-Length. It can be sent again.
    ///
    /// A file that has become shorter or longer by the time it is read is [`ErrorKind::Body`](session_core::error::ErrorKind::Body): what was promised is never
    /// padded, and nothing is sent beyond it.
    ///
    /// # Errors
    /// Those of the system, and [`io::ErrorKind::InvalidInput`] for what is no regular file.
    pub fn file(mut file: File) -> io::Result<Self> {
        let (start, length) = extent(&mut file)?;
        Ok(Self::of_extent(file, start, length))
    }

    fn of_extent(file: File, start: u64, length: u64) -> Self {
        let file = Arc::new(Mutex::new(file));
        Self::replayable(Some(length), move || Ok(Placed { file: Arc::clone(&file), at: start }))
    }

    /// The same for the file of this name.
    ///
    /// # Errors
    /// As [`Body::file`], with the path.
    pub fn from_path(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        File::open(path).and_then(Self::file).map_err(|error| naming(path, &error))
    }
}

impl From<File> for Body {
    /// [`Body::file`]; what is no regular file is read as [`Body::reader`] reads.
    fn from(mut file: File) -> Self {
        match extent(&mut file) {
            Ok((start, length)) => Self::of_extent(file, start, length),
            Err(_) => Self::reader(file),
        }
    }
}

/// A file from one place on. Each read names its place: several of one file do not disturb each other.
struct Placed {
    file: Arc<Mutex<File>>,
    at: u64,
}

impl Read for Placed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at))?;
        let n = file.read(buffer)?;
        self.at = self.at.saturating_add(u64::try_from(n).unwrap_or(u64::MAX));
        Ok(n)
    }
}

/// The system's error does not say of which file it is.
fn naming(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Where a file stands, and how much of it is left. Only of a regular file that is known.
fn extent(file: &mut File) -> io::Result<(u64, u64)> {
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "only a regular file has a length: send it as a reader",
        ));
    }
    let start = file.stream_position()?;
    Ok((start, about.len().saturating_sub(start)))
}

//! Request bodies from files.

use super::Body;
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::path::Path;

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
        Ok(Self::replayable(Some(length), move || {
            let mut file = file.try_clone()?;
            file.seek(SeekFrom::Start(start))?;
            Ok(file)
        }))
    }

    /// The same for the file of this name.
    ///
    /// # Errors
    /// As [`Body::file`].
    pub fn from_path(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::file(File::open(path)?)
    }
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

//! Request bodies from files.

use super::{Body, PIECE};
use bytes::Bytes;
use futures_core::Stream;
use std::fs::File;
use std::future::Future;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::task::{JoinHandle, spawn_blocking};

impl Body {
    /// What a file holds from where it stands to its end, with its length as Content-Length. It can be sent again.
    ///
    /// A file that has become shorter or longer by the time it is read is [`ErrorKind::Body`](session_core::error::ErrorKind::Body): what was promised is never
    /// padded, and nothing is sent beyond it.
    ///
    /// It is read on a thread for blocking work of the runtime, a piece at a time, so that no task waits for a disk.
    ///
    /// # Errors
    /// Those of the system, and [`io::ErrorKind::InvalidInput`] for what is no regular file.
    pub fn file(mut file: File) -> io::Result<Self> {
        let (start, length) = extent(&mut file)?;
        Ok(Self::of_extent(file, start, length))
    }

    fn of_extent(file: File, start: u64, length: u64) -> Self {
        let file = Arc::new(Mutex::new(file));
        Self::replayable(Some(length), move || Pieces { file: Arc::clone(&file), at: Some(start), reading: None })
    }

    /// The same for the file of this name, which is opened on a thread for blocking work.
    ///
    /// # Errors
    /// As [`Body::file`], with the path.
    pub async fn from_path(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_owned();
        spawn_blocking(move || File::open(&path).and_then(Self::file).map_err(|error| naming(&path, &error))).await?
    }
}

impl From<File> for Body {
    /// [`Body::file`]; what is no regular file is read as it comes, and once.
    fn from(mut file: File) -> Self {
        match extent(&mut file) {
            Ok((start, length)) => Self::of_extent(file, start, length),
            Err(_) => Self::stream(Pieces { file: Arc::new(Mutex::new(file)), at: None, reading: None }),
        }
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
            "only a regular file has a length: send it as a stream",
        ));
    }
    let start = file.stream_position()?;
    Ok((start, about.len().saturating_sub(start)))
}

/// The pieces of a file. Each read names its place: one that nobody waits for any more does not disturb the next.
struct Pieces {
    file: Arc<Mutex<File>>,
    /// None: wherever it stands.
    at: Option<u64>,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl Stream for Pieces {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { file, at, reading } = self.get_mut();
        let place = *at;
        let under_way = reading.get_or_insert_with(|| {
            let file = Arc::clone(file);
            spawn_blocking(move || read(&file, place))
        });
        let piece = ready!(Pin::new(under_way).poll(cx));
        *reading = None;
        let piece = piece.unwrap_or_else(|error| Err(error.into()));
        if let Ok(piece) = &piece {
            *at = place.map(|at| at.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX)));
        }
        Poll::Ready(Some(piece).filter(|piece| !matches!(piece, Ok(piece) if piece.is_empty())))
    }
}

/// The piece at this place; empty at the end. Without a place, what one read gives: more may take long to come.
fn read(file: &Mutex<File>, at: Option<u64>) -> io::Result<Bytes> {
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(at) = at else {
        let mut piece = vec![0; PIECE];
        let n = file.read(&mut piece)?;
        piece.truncate(n);
        return Ok(piece.into());
    };
    file.seek(SeekFrom::Start(at))?;
    let mut piece = Vec::with_capacity(PIECE);
    let most = u64::try_from(PIECE).unwrap_or(u64::MAX);
    (&mut *file).take(most).read_to_end(&mut piece)?;
    Ok(piece.into())
}

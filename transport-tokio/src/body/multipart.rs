//! Forms of several parts: text, bytes, files and streams.
//!
//! ```no_run
//! use transport_tokio::Session;
//! use transport_tokio::multipart::{Form, Part};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let avatar = Part::bytes(vec![0x89, b'P', b'N', b'G']).file_name("me.png").mime_str("image/png")?;
//! let form = Form::new().text("name", "Ada").part("avatar", avatar).file("paper", "notes.pdf").await?;
//! Session::new().post("http://a.test/profile").multipart(form).send().await?;
//! # Ok(())
//! # }
//! ```

use super::Body;
use bytes::Bytes;
use futures_core::Stream;
use session_core::content::multipart::{FromFile, FromSource};
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;

/// A form: see [`session_core::content::multipart::Form`]. `Form::file` opens the file and gives a future of an [`io::Result`].
pub type Form = session_core::content::multipart::Form<Body>;

/// A part of a form: see [`session_core::content::multipart::Part`]. `Part::stream` takes a [`Stream`] of [`Bytes`], `Part::file` gives
/// a future of an [`io::Result`].
pub type Part = session_core::content::multipart::Part<Body>;

impl<S: Stream<Item = io::Result<Bytes>> + Send + 'static> FromSource<S> for Body {
    fn from_source(source: S, length: Option<u64>) -> Self {
        Self::of_source(Some(Box::pin(source)), None, length)
    }
}

impl FromFile for Body {
    type Opening<T: Send + 'static> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

    fn from_file<T: Send + 'static>(path: PathBuf, then: impl FnOnce(Self) -> T + Send + 'static) -> Self::Opening<T> {
        Box::pin(async move { Ok(then(Self::from_path(path).await?)) })
    }
}

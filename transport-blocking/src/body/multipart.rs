//! Forms of several parts: text, bytes, files and readers.
//!
//! ```no_run
//! use transport_blocking::Session;
//! use transport_blocking::multipart::{Form, Part};
//!
//! let avatar = Part::bytes(vec![0x89, b'P', b'N', b'G']).file_name("me.png").mime_str("image/png")?;
//! let form = Form::new().text("name", "Ada").part("avatar", avatar).file("paper", "notes.pdf")?;
//! Session::new().post("http://a.test/profile").multipart(form).send()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use super::Body;
use session_core::content::multipart::{FromFile, FromSource};
use std::io::{self, Read};
use std::path::PathBuf;

/// A form: see [`session_core::content::multipart::Form`]. `Form::file` opens the file and gives an [`io::Result`].
pub type Form = session_core::content::multipart::Form<Body>;

/// A part of a form: see [`session_core::content::multipart::Part`]. `Part::reader` takes any [`Read`], `Part::file` gives an
/// [`io::Result`].
pub type Part = session_core::content::multipart::Part<Body>;

impl<R: Read + Send + 'static> FromSource<R> for Body {
    fn from_source(source: R, length: Option<u64>) -> Self {
        Self::of_source(Some(Box::new(source)), None, length)
    }
}

impl FromFile for Body {
    type Opening<T: Send + 'static> = io::Result<T>;

    fn from_file<T: Send + 'static>(path: PathBuf, then: impl FnOnce(Self) -> T + Send + 'static) -> io::Result<T> {
        Ok(then(Self::from_path(path)?))
    }
}

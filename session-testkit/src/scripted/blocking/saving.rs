//! What a session knows, in files: as the transports have it, but for how the file is written.

use super::{Result, Session};
use crate::scripted::files;
use session_core::cookies::netscape::NetscapeWarning;
use session_core::cookies::reason::CookieId;
use session_core::handle::Access;
#[cfg(feature = "serde")]
use session_core::session::snapshot::file::named;
use std::path::Path;
#[cfg(feature = "serde")]
use std::path::PathBuf;

impl Session {
    /// Writes the cookies to a file in Netscape's format. Gives which of them the format cannot hold.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](session_core::error::ErrorKind::Io), which names the path.
    pub fn save_cookies(&self, path: impl AsRef<Path>) -> Result<Vec<CookieId>> {
        let mut text = Vec::new();
        let left_out = self.with(|core| core.cookies().write_netscape(&mut text));
        files::write("cookie", path.as_ref(), &text)?;
        Ok(left_out)
    }

    /// Takes the cookies of a file in Netscape's format, beside those that the session has. Gives each line that made none and is no
    /// comment.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](session_core::error::ErrorKind::Io), which names the path; [`ErrorKind::Limit`](session_core::error::ErrorKind::Limit)
    /// where the file is longer than [`longest_file`](session_core::cookies::netscape::longest_file) says.
    pub fn load_cookies(&self, path: impl AsRef<Path>) -> Result<Vec<NetscapeWarning>> {
        let text = files::read_cookies(path.as_ref(), self.shared().limits())?;
        let now = self.shared().now();
        Ok(self.with(|core| core.cookies_mut().read_netscape(&text, now.wall())))
    }

    /// Writes what the session knows to a file, as JSON; the builder's `load` takes it.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](session_core::error::ErrorKind::Io), which names the path.
    #[cfg(feature = "serde")]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        Ok(files::write("session", path.as_ref(), self.snapshot().to_json()?.as_bytes())?)
    }

    /// Writes what the session knows under a name, for one host, as `FOLDER/HOST/NAME.json`; the builder's `load_named` takes it.
    ///
    /// # Errors
    /// As [`Session::save`], and those of [`named`].
    #[cfg(feature = "serde")]
    pub fn save_named(&self, folder: impl AsRef<Path>, host: &str, name: &str) -> Result<PathBuf> {
        let path = named(folder, host, name)?;
        files::write_in_folder("session", &path, self.snapshot().to_json()?.as_bytes())?;
        Ok(path)
    }
}

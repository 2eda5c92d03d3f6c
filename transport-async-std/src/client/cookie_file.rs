//! The session's cookies in a file: the core has the text of it, here it is written and read.

use super::Session;
use super::replace::replace;
use crate::connect::runtime::unblock;
use crate::error::Result;
use session_core::cookies::netscape::{NetscapeWarning, longest_file};
use session_core::cookies::reason::CookieId;
use session_core::error::{Error as CoreError, ErrorKind, Fault, Phase};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

impl Session {
    /// Writes the cookies to a file in Netscape's format, which curl, wget and `http.cookiejar` read too. Session cookies
    /// are in it. The file holds every value in the clear; on Unix only its owner may read and write it (mode 0600).
    ///
    /// The file is replaced as a whole: an error before that leaves what was there. A symbolic link is replaced, not
    /// followed. A session that is closed can still be saved.
    ///
    /// Gives which cookies the format cannot hold, and which are therefore not in the file: see
    /// [`Jar::write_netscape`](session_core::cookies::jar::Jar::write_netscape).
    /// The file is written on a thread for blocking work. Dropping the future does not stop what has begun there: the file
    /// is then the old one or the new one.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], which names the path and what failed.
    ///
    /// ```
    /// # use transport_async_std::Session;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # async_io::block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("cookies.txt");
    /// let session = Session::new();
    /// session.cookies().set("https://a.test/", "lang", "de")?;
    /// let left_out = session.save_cookies(&path).await?;
    /// assert!(left_out.is_empty());
    /// assert!(std::fs::read_to_string(&path)?.ends_with("lang\tde\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })
    /// # }
    /// ```
    pub async fn save_cookies(&self, path: impl AsRef<Path>) -> Result<Vec<CookieId>> {
        let path = path.as_ref().to_owned();
        let mut text = Vec::new();
        let left_out = self.shared().verb(|core, _| core.cookies().write_netscape(&mut text));
        unblock(move || write_file(&path, &text)).await?;
        Ok(left_out)
    }

    /// Takes the cookies of a file in Netscape's format, beside those that the session has; where both have a cookie, the
    /// file's counts.
    ///
    /// Gives each line that made no cookie and is no comment, with its number: see
    /// [`Jar::read_netscape`](session_core::cookies::jar::Jar::read_netscape).
    /// The file is read on a thread for blocking work.
    ///
    /// # Errors
    /// [`ErrorKind::Io`], which names the path; [`ErrorKind::Limit`] where the file is longer than as many cookies as
    /// [`Limits::cookies_total`] allows, each as large as [`Limits::cookie_bytes`] and
    /// [`Limits::cookie_attribute_bytes`] allow. Then no cookie is taken.
    ///
    /// [`Limits::cookies_total`]: session_core::limits::Limits::cookies_total
    /// [`Limits::cookie_bytes`]: session_core::limits::Limits::cookie_bytes
    /// [`Limits::cookie_attribute_bytes`]: session_core::limits::Limits::cookie_attribute_bytes
    ///
    /// ```
    /// # use transport_async_std::Session;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # async_io::block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("cookies.txt");
    /// std::fs::write(&path, "a.test\tFALSE\t/\tFALSE\t0\tlang\tde\nno cookie\n")?;
    /// let session = Session::new();
    /// let warnings = session.load_cookies(&path).await?;
    /// assert_eq!(session.cookies().to_map()["lang"], "de");
    /// assert_eq!((warnings.len(), warnings[0].line), (1, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })
    /// # }
    /// ```
    pub async fn load_cookies(&self, path: impl AsRef<Path>) -> Result<Vec<NetscapeWarning>> {
        let path = path.as_ref().to_owned();
        let longest = longest_file(&self.shared().limits);
        let text = unblock(move || read_file(&path, longest)).await?;
        Ok(self.shared().verb(|core, now| core.cookies_mut().read_netscape(&text, now.wall())))
    }
}

/// Puts `text` in the place of the file, all of it or nothing.
fn write_file(path: &Path, text: &[u8]) -> Result<(), CoreError> {
    replace(path, text).map_err(|error| failed(path, error.what, error.source))
}

/// The file's bytes, of which there may be `longest`.
fn read_file(path: &Path, longest: u64) -> Result<Vec<u8>, CoreError> {
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(longest.saturating_add(1)).read_to_end(&mut text))
        .map_err(|source| failed(path, "read", source))?;
    if u64::try_from(text.len()).is_ok_and(|length| length <= longest) {
        return Ok(text);
    }
    let message = format!("the cookie file {path:?} is too long");
    let error = CoreError::new(ErrorKind::Limit, Phase::Build, message).with_fault(Fault::Caller);
    Err(error.with_expected(format!("at most {longest} bytes")))
}

fn failed(path: &Path, what: &str, source: io::Error) -> CoreError {
    let message = format!("the cookie file {path:?} could not be {what}");
    CoreError::new(ErrorKind::Io, Phase::Build, message).with_source(source)
}

//! The settings for content codings, by reqwest's names.

use super::SessionBuilder;
use crate::content::coding::{Coding, Codings};
use crate::session::settings::Decoding;
use crate::session::transport::Transport;

/// Content codings. A transport's session decodes those that it is compiled with; the bare machine offers none until it is told
/// to, and leaves the decoding to whoever reads the bodies.
impl<T: Transport> SessionBuilder<T> {
    /// Whether content codings are offered and undone at all. Default: they are, but for
    /// [`Compat::Curl`](crate::session::compat::Compat::Curl).
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::session::settings::Decoding;
    ///
    /// let session = Session::builder().decoding(Decoding::Off).build()?;
    /// assert!(!session.get("http://a.test/").preview()?.head.headers().contains_key("accept-encoding"));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn decoding(mut self, decoding: Decoding) -> Self {
        self.settings.decoding = decoding;
        self
    }

    /// Which codings are offered and undone while that is on. Default: those that are compiled in.
    ///
    /// ```
    /// # use session_testkit::scripted::blocking::Session;
    /// use session_core::content::coding::{Coding, Codings};
    ///
    /// let session = Session::builder().codings(Codings::NONE.with(Coding::Gzip)).build()?;
    /// assert_eq!(session.get("http://a.test/").preview()?.head.headers()["accept-encoding"], "gzip");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn codings(mut self, codings: Codings) -> Self {
        self.settings.codings = codings;
        self
    }

    /// Whether gzip is among them.
    #[cfg(feature = "gzip")]
    pub fn gzip(self, enable: bool) -> Self {
        self.with(Coding::Gzip, enable)
    }

    /// Whether deflate is among them.
    #[cfg(feature = "deflate")]
    pub fn deflate(self, enable: bool) -> Self {
        self.with(Coding::Deflate, enable)
    }

    /// Whether Brotli (`br`) is among them.
    #[cfg(feature = "br")]
    pub fn brotli(self, enable: bool) -> Self {
        self.with(Coding::Brotli, enable)
    }

    /// Whether Zstandard (`zstd`) is among them.
    #[cfg(feature = "zstd")]
    pub fn zstd(self, enable: bool) -> Self {
        self.with(Coding::Zstd, enable)
    }

    /// Neither offers gzip nor undoes it, whatever is compiled in.
    pub fn no_gzip(self) -> Self {
        self.with(Coding::Gzip, false)
    }

    /// Neither offers deflate nor undoes it, whatever is compiled in.
    pub fn no_deflate(self) -> Self {
        self.with(Coding::Deflate, false)
    }

    /// Neither offers Brotli nor undoes it, whatever is compiled in.
    pub fn no_brotli(self) -> Self {
        self.with(Coding::Brotli, false)
    }

    /// Neither offers Zstandard nor undoes it, whatever is compiled in.
    pub fn no_zstd(self) -> Self {
        self.with(Coding::Zstd, false)
    }

    fn with(mut self, coding: Coding, enable: bool) -> Self {
        let codings = self.settings.codings;
        self.settings.codings = if enable { codings.with(coding) } else { codings.without(coding) };
        self
    }
}

//! Copying a body to a writer.

use super::Response;
use crate::error::Result;
use session_core::transport::response::ResponseInfo;
use std::io::Write;

impl Response {
    /// Copies the rest of the body, and flushes the writer. Gives how many bytes that were.
    ///
    /// # Errors
    /// As [`Response::chunk`]; [`ErrorKind::Io`] where the writer fails.
    ///
    /// [`ErrorKind::Io`]: session_core::error::ErrorKind::Io
    pub fn copy_to(&mut self, writer: &mut (impl Write + ?Sized)) -> Result<u64> {
        self.copy_to_with(writer, |_, _| {})
    }

    /// The same, telling `progress` how far it is: how many bytes were copied, and how many that will be, where it is known (not
    /// for a body in chunks, and not for one that is decoded). It is told at the start, and after each piece.
    ///
    /// ```no_run
    /// # let session = transport_blocking::Session::new();
    /// let mut response = session.get("http://a.test/file").send()?.error_for_status()?;
    /// let mut file = std::io::sink();
    /// response.copy_to_with(&mut file, |copied, total| println!("{copied} of {total:?} bytes"))?;
    /// # Ok::<(), transport_blocking::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Response::copy_to`].
    pub fn copy_to_with(
        &mut self,
        writer: &mut (impl Write + ?Sized),
        mut progress: impl FnMut(u64, Option<u64>),
    ) -> Result<u64> {
        let total = self.0.body.left();
        let mut copied: u64 = 0;
        progress(copied, total);
        while let Some(chunk) = self.chunk()? {
            writer.write_all(&chunk).map_err(|source| ResponseInfo::copy_error(self, source))?;
            copied = copied.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
            progress(copied, total);
        }
        writer.flush().map_err(|source| ResponseInfo::copy_error(self, source))?;
        Ok(copied)
    }
}

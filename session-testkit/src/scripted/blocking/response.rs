//! What a request gives: the response's head, and the reading of its body.

pub(super) mod parts;
pub(super) mod reading;

use super::{Error, Result};
use crate::scripted::content::Content;
use bytes::Bytes;
use http::HeaderMap;
use session_core::error::Error as CoreError;
use session_core::time::timings::Timings;
use session_core::transport::response::ResponseInfo;
use std::fmt;
use std::io::{self, Read};
use std::ops::Deref;

/// A response: its head, which is [`ResponseInfo`], and its body as far as it has not been read.
pub struct Response {
    info: ResponseInfo,
    body: Content,
}

impl Response {
    pub(super) fn new(info: ResponseInfo, body: Content) -> Self {
        Self { info, body }
    }
}

impl Deref for Response {
    type Target = ResponseInfo;

    fn deref(&self) -> &ResponseInfo {
        &self.info
    }
}

impl Response {
    /// When the hop that gave this response began, and how long its stages took, in virtual time; [`body`](Timings::body) once the end
    /// of the body was read.
    #[must_use]
    pub fn timings(&self) -> Timings {
        self.body.timings(&self.info)
    }

    /// The trailer fields that came after the body; `None` before its end was read.
    #[must_use]
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.body.trailers()
    }

    /// The response itself, unless its status is 400 to 599.
    ///
    /// # Errors
    /// [`ErrorKind::Status`](session_core::error::ErrorKind::Status). The error keeps the response.
    pub fn error_for_status(self) -> Result<Self> {
        match ResponseInfo::status_error::<Self>(&self) {
            Some(error) => Err(error.with_response(self)),
            None => Ok(self),
        }
    }

    /// The same without taking the response; the error does not hold it.
    ///
    /// # Errors
    /// [`ErrorKind::Status`](session_core::error::ErrorKind::Status) for a status of 400 to 599.
    pub fn error_for_status_ref(&self) -> Result<&Self> {
        ResponseInfo::status_error(self).map_or(Ok(self), Err)
    }

    /// The body as text, as a transport reads it.
    ///
    /// # Errors
    /// As [`Response::bytes`].
    pub fn text(mut self) -> Result<String> {
        let bytes = self.gather()?;
        Ok(ResponseInfo::decode_text(&self, &bytes))
    }

    /// The same, by the charset `default` (a label, as `koi8-r`) where neither the Content-Type nor a byte order mark names one that
    /// is known.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSetting`](session_core::error::ErrorKind::InvalidSetting) where nobody knows `default`; the error keeps
    /// the response. Else as [`Response::bytes`].
    #[cfg(feature = "charset")]
    pub fn text_with_charset(mut self, default: &str) -> Result<String> {
        let charset = match ResponseInfo::charset_of_label::<Self>(&self, default) {
            Ok(charset) => charset,
            Err(error) => return Err(error.with_response(self)),
        };
        let bytes = self.gather()?;
        Ok(ResponseInfo::decode_text_by(&self, &bytes, charset))
    }

    /// The body read as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](session_core::error::ErrorKind::Decode) where it is no such JSON; else as [`Response::bytes`].
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(mut self) -> Result<T> {
        let bytes = self.gather()?;
        Ok(ResponseInfo::decode_json(&self, &bytes)?)
    }

    /// All of the body.
    ///
    /// # Errors
    /// Those of a transport: it is longer than the session's limits allow, it was cut, or it does not decode.
    pub fn bytes(mut self) -> Result<Bytes> {
        self.gather()
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// As [`Response::bytes`], but for its length.
    pub fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.body.chunk().map_err(|error| self.located(error))
    }

    fn gather(&mut self) -> Result<Bytes> {
        let most = ResponseInfo::limits(&self.info).gathered_body;
        self.body.gather(most).map_err(|error| self.located(error))
    }

    fn located(&self, error: CoreError) -> Error {
        ResponseInfo::located(&self.info, error)
    }
}

impl Read for Response {
    /// Reads the body. An error holds an [`Error`] as its inner one.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.body.read(buffer).map_err(|error| self.located(error).into())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.info, f)
    }
}

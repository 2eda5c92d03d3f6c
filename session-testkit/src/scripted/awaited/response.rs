//! What a request gives: the response's head, and the reading of its body.

use super::{Error, Result};
use crate::scripted::content::Content;
use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;
use session_core::error::Error as CoreError;
use session_core::time::timings::Timings;
use session_core::transport::response::ResponseInfo;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A response: its head, which is [`ResponseInfo`], and its body as far as it has not been read.
///
/// It is a [`Stream`] of the body's pieces, and an `AsyncRead` of its family.
pub struct Response<T> {
    info: ResponseInfo,
    pub(super) body: Content,
    family: PhantomData<fn() -> T>,
}

impl<T> Response<T> {
    pub(super) fn new(info: ResponseInfo, body: Content) -> Self {
        Self { info, body, family: PhantomData }
    }

    pub(super) fn take_apart(self) -> (ResponseInfo, Content) {
        (self.info, self.body)
    }
}

impl<T> Deref for Response<T> {
    type Target = ResponseInfo;

    fn deref(&self) -> &ResponseInfo {
        &self.info
    }
}

impl<T> Response<T> {
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
    pub fn error_for_status(self) -> Result<Self, T>
    where
        T: 'static,
    {
        match ResponseInfo::status_error::<Self>(&self) {
            Some(error) => Err(error.with_response(self)),
            None => Ok(self),
        }
    }

    /// The same without taking the response; the error does not hold it.
    ///
    /// # Errors
    /// [`ErrorKind::Status`](session_core::error::ErrorKind::Status) for a status of 400 to 599.
    pub fn error_for_status_ref(&self) -> Result<&Self, T> {
        ResponseInfo::status_error(self).map_or(Ok(self), Err)
    }

    /// The body as text, as a transport reads it.
    ///
    /// # Errors
    /// As [`Response::bytes`].
    pub async fn text(mut self) -> Result<String, T> {
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
    pub async fn text_with_charset(mut self, default: &str) -> Result<String, T>
    where
        T: 'static,
    {
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
    pub async fn json<V: serde::de::DeserializeOwned>(mut self) -> Result<V, T> {
        let bytes = self.gather()?;
        Ok(ResponseInfo::decode_json(&self, &bytes)?)
    }

    /// All of the body.
    ///
    /// # Errors
    /// Those of a transport: it is longer than the session's limits allow, it was cut, or it does not decode.
    pub async fn bytes(mut self) -> Result<Bytes, T> {
        self.gather()
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// As [`Response::bytes`], but for its length.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, T> {
        self.next_chunk()
    }

    pub(super) fn next_chunk(&mut self) -> Result<Option<Bytes>, T> {
        self.body.chunk().map_err(|error| self.located(error))
    }

    fn gather(&mut self) -> Result<Bytes, T> {
        let most = ResponseInfo::limits(&self.info).gathered_body;
        self.body.gather(most).map_err(|error| self.located(error))
    }

    pub(super) fn located(&self, error: CoreError) -> Error<T> {
        ResponseInfo::located(&self.info, error)
    }
}

impl<T> fmt::Debug for Response<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.info, f)
    }
}

impl<T> Stream for Response<T> {
    type Item = Result<Bytes, T>;

    /// The pieces of the body. After an error there are no more.
    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let response = self.get_mut();
        if response.body.has_failed() {
            return Poll::Ready(None);
        }
        Poll::Ready(response.next_chunk().transpose())
    }
}

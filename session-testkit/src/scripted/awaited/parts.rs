//! A response taken apart: its head, and a body that stands alone; and the way into [`http::Response`].

use super::{Error, Response, Result};
use crate::scripted::content::Content;
use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;
use session_core::error::Error as CoreError;
use session_core::transport::response::ResponseInfo;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use url::Url;

/// The body of a response without its head, as far as it has not been read. It is a [`Stream`], and an `AsyncRead` of its family.
pub struct ResponseBody<T> {
    pub(super) body: Content,
    url: Url,
    most: u64,
    family: PhantomData<fn() -> T>,
}

impl<T> Response<T> {
    /// Head and body, each by itself.
    #[must_use]
    pub fn into_parts(self) -> (ResponseInfo, ResponseBody<T>) {
        let (info, body) = self.take_apart();
        let (url, most) = (info.url().clone(), ResponseInfo::limits(&info).gathered_body);
        (info, ResponseBody { body, url, most, family: PhantomData })
    }
}

impl<T> From<Response<T>> for http::Response<ResponseBody<T>> {
    /// Status, version, fields and body. The extensions hold the URL ([`Url`]) and the
    /// [`History`](session_core::session::history::History). Content-Encoding and Content-Length are left out where the body is
    /// decoded.
    fn from(response: Response<T>) -> Self {
        let (info, body) = response.into_parts();
        ResponseInfo::into_http(info).map(|()| body)
    }
}

impl<T> ResponseBody<T> {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// As [`Response::chunk`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, T> {
        self.next_chunk()
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`Response::bytes`].
    pub async fn bytes(mut self) -> Result<Bytes, T> {
        self.body.gather(self.most).map_err(|error| self.located(error))
    }

    /// The trailer fields that came after it; `None` before its end was read.
    #[must_use]
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.body.trailers()
    }

    fn next_chunk(&mut self) -> Result<Option<Bytes>, T> {
        self.body.chunk().map_err(|error| self.located(error))
    }

    pub(super) fn located(&self, error: CoreError) -> Error<T> {
        error.with_url(&self.url).into()
    }
}

impl<T> Stream for ResponseBody<T> {
    type Item = Result<Bytes, T>;

    /// The pieces. After an error there are no more.
    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let body = self.get_mut();
        if body.body.has_failed() {
            return Poll::Ready(None);
        }
        Poll::Ready(body.next_chunk().transpose())
    }
}

impl<T> fmt::Debug for ResponseBody<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

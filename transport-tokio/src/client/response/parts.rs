//! A response taken apart: its head, and a body that stands alone; and the way into [`http::Response`].

use super::{Response, Whole};
use crate::body::Incoming;
use crate::error::{Error, Result};
use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;
use session_core::error::Error as CoreError;
use session_core::transport::response::ResponseInfo;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};
use url::Url;

/// The body of a response without its head, as far as it has not been read. It is a [`Stream`] and an [`AsyncRead`].
///
/// Its connection goes back to the session at its end, as that of a [`Response`] does.
pub struct ResponseBody {
    body: Incoming,
    url: Url,
    most: u64,
}

impl Response {
    /// Head and body, each by itself.
    #[must_use]
    pub fn into_parts(self) -> (ResponseInfo, ResponseBody) {
        let Whole { info, body } = *self.0;
        let (url, most) = (info.url().clone(), ResponseInfo::limits(&info).gathered_body);
        (info, ResponseBody { body, url, most })
    }
}

impl From<Response> for http::Response<ResponseBody> {
    /// Status, version, fields and body. The extensions hold the URL ([`Url`]), the
    /// [`History`](session_core::session::history::History) and the address that answered
    /// ([`SocketAddr`](std::net::SocketAddr)). Content-Encoding and Content-Length are left out where the body is decoded.
    fn from(response: Response) -> Self {
        let (info, body) = response.into_parts();
        ResponseInfo::into_http(info).map(|()| body)
    }
}

impl ResponseBody {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// As [`Response::chunk`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        let chunk = ready!(self.body.poll_chunk(cx));
        Poll::Ready(chunk.map_err(|error| self.located(error)))
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`Response::bytes`].
    pub async fn bytes(mut self) -> Result<Bytes> {
        self.body.gather(self.most).await.map_err(|error| self.located(error))
    }

    /// The trailer fields that came after it; `None` before its end was read.
    #[must_use]
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.body.trailers()
    }

    fn located(&self, error: CoreError) -> Error {
        error.with_url(&self.url).into()
    }
}

impl Stream for ResponseBody {
    type Item = Result<Bytes>;

    /// The pieces as they come. After an error there are no more.
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let body = self.get_mut();
        if body.body.has_failed() {
            return Poll::Ready(None);
        }
        body.poll_chunk(cx).map(Result::transpose)
    }
}

impl AsyncRead for ResponseBody {
    /// Reads the body. An error holds an [`Error`] as its inner one.
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let body = self.get_mut();
        let read = ready!(body.body.poll_read(cx, buffer.initialize_unfilled()));
        buffer.advance(read.map_err(|error| body.located(error))?);
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

//! A response taken apart: its head, and a body that stands alone; and the way into [`http::Response`].

use super::{Response, Whole};
use crate::body::Incoming;
use crate::error::{Error, Result};
use bytes::Bytes;
use http::HeaderMap;
use session_core::error::Error as CoreError;
use session_core::transport::response::ResponseInfo;
use std::fmt;
use std::io::{self, Read};
use url::Url;

/// The body of a response without its head, as far as it has not been read. It is a [`Read`].
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
        let Whole { info, body } = self.0;
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
    pub fn chunk(&mut self) -> Result<Option<Bytes>> {
        self.body.chunk().map_err(|error| self.located(error))
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`Response::bytes`].
    pub fn bytes(mut self) -> Result<Bytes> {
        self.body.gather(self.most).map_err(|error| self.located(error))
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

impl Read for ResponseBody {
    /// Reads the body. An error holds an [`Error`] as its inner one.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.body.read(buffer).map_err(|error| self.located(error).into())
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

//! What a request gives: the response's head, and the reading of its body.

mod copy;
pub(crate) mod events;
pub(crate) mod lines;
pub(crate) mod parts;

use crate::body::Incoming;
use crate::body::upgrade::Upgraded;
use crate::error::{Error, Result};
use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;
use session_core::error::Error as CoreError;
use session_core::time::timings::{Stage, Timings};
use session_core::transport::response::ResponseInfo;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// A response: its head, which is [`ResponseInfo`], and its body as far as it has not been read.
///
/// The connection goes back to the session at the body's end. A response that is dropped before closes it, unless the
/// rest has come already.
pub struct Response(Box<Whole>);

/// Head and body. They are boxed: each future that they go through would copy them.
struct Whole {
    info: ResponseInfo,
    body: Incoming,
}

impl Response {
    /// What was delivered, and the body that follows it.
    pub(crate) fn new(info: ResponseInfo, body: Incoming) -> Self {
        Self(Box::new(Whole { info, body }))
    }
}

impl Deref for Response {
    type Target = ResponseInfo;

    fn deref(&self) -> &ResponseInfo {
        &self.0.info
    }
}

impl Response {
    /// When the hop that gave this response began, and how long its stages took; [`body`](Timings::body) once the end of the
    /// body was read. Those of the other hops are in the [history](ResponseInfo::history).
    ///
    /// ```no_run
    /// # async fn run(session: transport_tokio::Session) -> Result<(), Box<dyn std::error::Error>> {
    /// let response = session.get("http://a.test/").send().await?;
    /// let timings = response.timings();
    /// println!("connected in {:?}, waited {:?}", timings.connect(), timings.wait());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn timings(&self) -> Timings {
        let timings = ResponseInfo::timings(&self.0.info);
        self.0.body.ended().map_or(timings, |ended| timings.with(Stage::Body, ended))
    }

    /// The trailer fields that came after the body; `None` before its end was read.
    ///
    /// ```no_run
    /// # async fn run(session: transport_tokio::Session) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut response = session.get("http://a.test/large").send().await?;
    /// while response.chunk().await?.is_some() {}
    /// println!("{:?}", response.trailers().and_then(|trailers| trailers.get("digest")));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn trailers(&self) -> Option<&HeaderMap> {
        self.0.body.trailers()
    }

    /// The connection as a stream of the protocol that was offered by
    /// [`upgrade`](session_core::request::RequestBuilder::upgrade), where the server switched to it (101).
    ///
    /// ```no_run
    /// # async fn run(session: transport_tokio::Session) -> Result<(), Box<dyn std::error::Error>> {
    /// let response = session.get("http://a.test/chat").upgrade("websocket").send().await?;
    /// let stream = response.upgrade()?; // what a WebSocket crate runs over
    /// # drop(stream);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Status`] where it did not, or the body was read already. The error keeps the response: see
    /// [`Error::into_response`].
    ///
    /// [`ErrorKind::Status`]: session_core::error::ErrorKind::Status
    pub fn upgrade(mut self) -> Result<Upgraded> {
        match self.0.body.upgrade() {
            Some(stream) => Ok(stream),
            None => Err(ResponseInfo::switch_error::<Self>(&self).with_response(self)),
        }
    }

    /// The response itself, unless its status is 400 to 599 (`raise_for_status` in requests).
    ///
    /// ```no_run
    /// # async fn run(session: transport_tokio::Session) -> Result<(), Box<dyn std::error::Error>> {
    /// match session.get("http://a.test/").send().await?.error_for_status() {
    ///     Ok(response) => println!("{}", response.status()),
    ///     Err(error) => {
    ///         let refused = error.into_response().ok_or("a status is told by a response")?;
    ///         println!("{}: {}", refused.status(), refused.text().await?);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Status`]. The error keeps the response: see [`Error::into_response`].
    ///
    /// [`ErrorKind::Status`]: session_core::error::ErrorKind::Status
    pub fn error_for_status(self) -> Result<Self> {
        match ResponseInfo::status_error::<Self>(&self) {
            Some(error) => Err(error.with_response(self)),
            None => Ok(self),
        }
    }

    /// The same without taking the response; the error does not hold it.
    ///
    /// # Errors
    /// [`ErrorKind::Status`] for a status of 400 to 599.
    ///
    /// [`ErrorKind::Status`]: session_core::error::ErrorKind::Status
    pub fn error_for_status_ref(&self) -> Result<&Self> {
        ResponseInfo::status_error(self).map_or(Ok(self), Err)
    }
}

/// Reading the body. Every error of it has the phase [`Phase::Body`] and the URL, and what came before it is not all.
///
/// [`Phase::Body`]: session_core::error::Phase::Body
impl Response {
    /// The body as text, by the charset of its Content-Type, else by a byte order mark, else as UTF-8; or as the session's
    /// [`text_rules`](session_core::session::builder::SessionBuilder::text_rules) say. Bytes that are not valid in it become U+FFFD.
    ///
    /// ```no_run
    /// # async fn run(session: transport_tokio::Session) -> Result<(), Box<dyn std::error::Error>> {
    /// println!("{}", session.get("http://a.test/").send().await?.text().await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Response::bytes`].
    pub async fn text(mut self) -> Result<String> {
        let bytes = self.gather().await?;
        Ok(ResponseInfo::decode_text(&self, &bytes))
    }

    /// The same, by the charset `default` (a label, as `koi8-r`) where neither the Content-Type nor a byte order mark names one that is
    /// known.
    ///
    /// ```no_run
    /// # async fn run(session: transport_tokio::Session) -> Result<(), Box<dyn std::error::Error>> {
    /// println!("{}", session.get("http://a.test/").send().await?.text_with_charset("koi8-r").await?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidSetting`] where nobody knows `default`, told before anything is read; the error keeps the response. Else as
    /// [`Response::bytes`].
    ///
    /// [`ErrorKind::InvalidSetting`]: session_core::error::ErrorKind::InvalidSetting
    #[cfg(feature = "charset")]
    pub async fn text_with_charset(mut self, default: &str) -> Result<String> {
        let charset = match ResponseInfo::charset_of_label::<Self>(&self, default) {
            Ok(charset) => charset,
            Err(error) => return Err(error.with_response(self)),
        };
        let bytes = self.gather().await?;
        Ok(ResponseInfo::decode_text_by(&self, &bytes, charset))
    }

    /// The body read as JSON: in UTF-8, or in the charset that its Content-Type or a byte order mark names.
    ///
    /// ```no_run
    /// # async fn run(session: transport_tokio::Session) -> Result<(), Box<dyn std::error::Error>> {
    /// let names: Vec<String> = session.get("http://a.test/names").send().await?.json().await?;
    /// # drop(names);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] where it is no such JSON; else as [`Response::bytes`].
    ///
    /// [`ErrorKind::Decode`]: session_core::error::ErrorKind::Decode
    #[cfg(feature = "json")]
    pub async fn json<T: serde::de::DeserializeOwned>(mut self) -> Result<T> {
        let bytes = self.gather().await?;
        Ok(ResponseInfo::decode_json(&self, &bytes)?)
    }

    /// All of the body.
    ///
    /// ```no_run
    /// # async fn run(session: transport_tokio::Session) -> Result<(), Box<dyn std::error::Error>> {
    /// let photo = session.get("http://a.test/photo").send().await?.error_for_status()?.bytes().await?;
    /// println!("{} bytes", photo.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] where it is longer than [`Limits::gathered_body`], [`ErrorKind::Incomplete`] where it broke
    /// off, [`ErrorKind::Timeout`] where it paused for too long. Where it is coded: [`ErrorKind::Decode`] where it
    /// does not decode, and [`ErrorKind::Limit`] where it decodes to far more than came ([`Limits::decoded_ratio`]).
    ///
    /// [`ErrorKind::Limit`]: session_core::error::ErrorKind::Limit
    /// [`Limits::gathered_body`]: session_core::limits::Limits::gathered_body
    /// [`ErrorKind::Incomplete`]: session_core::error::ErrorKind::Incomplete
    /// [`ErrorKind::Timeout`]: session_core::error::ErrorKind::Timeout
    /// [`ErrorKind::Decode`]: session_core::error::ErrorKind::Decode
    /// [`Limits::decoded_ratio`]: session_core::limits::Limits::decoded_ratio
    pub async fn bytes(mut self) -> Result<Bytes> {
        self.gather().await
    }

    /// The next piece of the body as it came, or as it was decoded; `None` at its end.
    ///
    /// ```no_run
    /// # async fn run(session: transport_tokio::Session) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut response = session.get("http://a.test/large").send().await?;
    /// while let Some(piece) = response.chunk().await? {
    ///     println!("{} bytes", piece.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Response::bytes`], but for [`Limits::gathered_body`].
    ///
    /// [`Limits::gathered_body`]: session_core::limits::Limits::gathered_body
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        let chunk = ready!(self.0.body.poll_chunk(cx));
        Poll::Ready(chunk.map_err(|error| self.located(error)))
    }

    async fn gather(&mut self) -> Result<Bytes> {
        self.0.body.gather(ResponseInfo::limits(&self.0.info).gathered_body).await.map_err(|error| self.located(error))
    }

    fn located(&self, error: CoreError) -> Error {
        ResponseInfo::located(&self.0.info, error)
    }
}

impl Stream for Response {
    type Item = Result<Bytes>;

    /// The pieces of the body as they come. After an error there are no more.
    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let response = self.get_mut();
        if response.0.body.has_failed() {
            return Poll::Ready(None);
        }
        response.poll_chunk(cx).map(Result::transpose)
    }
}

impl AsyncRead for Response {
    /// Reads the body. An error holds an [`Error`] as its inner one.
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let response = self.get_mut();
        let read = ready!(response.0.body.poll_read(cx, buffer.initialize_unfilled()));
        buffer.advance(read.map_err(|error| response.located(error))?);
        Poll::Ready(Ok(()))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.info, f)
    }
}

//! What a request is given for a body: forms, JSON, anything that can be one, and its coding on the way.

use super::draft::BodyType;
use super::{ComposedContent, Dispatch, RequestBuilder};
use crate::content::coding::Coding;
use crate::content::coding::encoder::Encoder;
use crate::content::multipart::{Boundary, Form, Piece};
use crate::error::{Error, ErrorKind, Phase};
use bytes::Bytes;
use http::HeaderValue;
use std::borrow::Borrow;
use std::fmt::Display;
use url::form_urlencoded;

/// The type of a form.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

impl<D: Dispatch> RequestBuilder<D> {
    /// A form as the body, `application/x-www-form-urlencoded` unless a Content-Type is given. Its pairs are those of
    /// [`query`](RequestBuilder::query).
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// let preview = session.post("http://a.test/login").form(&[("user", "ada"), ("password", "...")]).preview()?;
    /// assert_eq!(preview.head.headers()["content-type"], "application/x-www-form-urlencoded");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn form<I, K, V>(self, pairs: I) -> Self
    where
        I: IntoIterator<Item: Borrow<(K, V)>>,
        K: AsRef<str>,
        V: Display,
    {
        let mut text = form_urlencoded::Serializer::new(String::new());
        for pair in pairs {
            let (name, value) = pair.borrow();
            text.append_pair(name.as_ref(), &value.to_string());
        }
        self.typed(FORM, text.finish())
    }

    /// JSON as the body, `application/json` unless a Content-Type is given.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// # #[derive(serde::Serialize)]
    /// # struct Item<'a> { name: &'a str }
    /// # use session_core::request::RequestContent;
    /// let request = session.post("http://a.test/items").json(&Item { name: "lamp" }).build()?;
    /// assert_eq!(request.body().and_then(|body| body.bytes()).unwrap(), r#"{"name":"lamp"}"#);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(text) => self.typed("application/json", text),
            Err(source) => {
                let error = Error::new(ErrorKind::Body, Phase::Build, "the body cannot be written as JSON");
                self.keep_error(Err(error.with_source(source)))
            }
        }
    }

    /// The body. It has no Content-Type unless one is given.
    pub fn body(mut self, body: impl Into<D::Body>) -> Self {
        self.draft.set(BodyType::Untold, body.into());
        self
    }

    /// A form of several parts as the body, `multipart/form-data` (RFC 7578). Its Content-Type holds the boundary, so it goes before
    /// the session's default, and one of the request's own is an error. Where the length of each part is known, the form has a
    /// Content-Length; else it is sent in chunks. It can be sent again where each part can.
    ///
    /// ```
    /// # use session_core::content::multipart::{Form, Part};
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// let photo = Part::bytes(vec![0xff, 0xd8]).file_name("sunset.jpg");
    /// let form = Form::new().text("title", "Sunset").part("photo", photo);
    /// let request = session.post("http://a.test/photos").multipart(form).build()?;
    /// assert!(request.headers()["content-type"].to_str().unwrap().starts_with("multipart/form-data; boundary="));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn multipart(mut self, form: Form<D::Body>) -> Self
    where
        D::Body: ComposedContent,
    {
        let Some(random) = self.dispatch.random() else {
            let error =
                Error::new(ErrorKind::Unsupported, Phase::Build, "there is no randomness for a form's boundary");
            return self.keep_error(Err(error));
        };
        let boundary = Boundary::from_random(random);
        match form.into_pieces(&boundary) {
            Ok(pieces) => {
                let of = |piece| match piece {
                    Piece::Bytes(bytes) => D::Body::from(bytes),
                    Piece::Body(body) => body,
                };
                let mut bodies: Vec<_> = pieces.into_iter().map(of).collect();
                let only = if bodies.len() == 1 { bodies.pop() } else { None };
                let body = only.unwrap_or_else(|| D::Body::sequence(bodies));
                self.draft.set(BodyType::Form(boundary.content_type()), body);
                self
            }
            Err(error) => self.keep_error(Err(error)),
        }
    }

    /// Codes the body and says so in Content-Encoding (RFC 9110 8.4), behind the codings that the request names itself. Bytes in
    /// memory are coded once and have a length; anything else is coded as it is read, each time that it is sent, in chunks. Without
    /// a body there is nothing to do.
    ///
    /// gzip and deflate can be coded, each with the feature of its name; any other is [`ErrorKind::Unsupported`].
    ///
    /// ```
    /// # #[cfg(feature = "gzip")] {
    /// # use session_core::content::coding::Coding;
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// let request = session.put("http://a.test/log").body("a line\n".repeat(1000)).compress(Coding::Gzip).build()?;
    /// assert_eq!(request.headers()["content-encoding"], "gzip");
    /// # }
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn compress(mut self, coding: Coding) -> Self
    where
        D::Body: ComposedContent,
    {
        match Encoder::new(coding) {
            Ok(encoder) => {
                self.draft.encoder = Some((encoder, D::Body::coded));
                self
            }
            Err(error) => self.keep_error(Err(error)),
        }
    }

    /// A body in memory, which has this type by itself.
    pub(super) fn typed(mut self, of: &'static str, body: impl Into<Bytes>) -> Self {
        self.draft.set(BodyType::Default(HeaderValue::from_static(of)), D::Body::from(body.into()));
        self
    }
}

//! A request with its body, before it is sent: what `build` gives and `execute` takes, and the way from and to [`http::Request`].

use super::RequestContent;
use super::draft::describe;
use crate::error::{Error, ErrorKind, Phase};
use crate::message::into_url::Reference;
use crate::session::request::Request;
use crate::session::start::append_params;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, Uri, Version};
use std::fmt;

/// A request and its body. What its session adds (default fields, cookies, parameters, credentials) is added when it is sent.
///
/// An [`http::Request`] becomes one by `into()`. Its extensions are left behind. Of its version only 1.1 and 1.0 can be sent.
pub struct BuiltRequest<B> {
    request: Box<Request>,
    body: Option<B>,
}

impl<B: RequestContent> BuiltRequest<B> {
    /// A request with this body, whatever it said of one before.
    #[must_use]
    pub fn new(request: Request, body: Option<B>) -> Self {
        let mut built = Self { request: Box::new(request), body };
        describe(&mut built.request, built.body.as_ref());
        built
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        self.request.method()
    }

    /// The URL: absolute where a builder of a session built the request, else as it was given.
    #[must_use]
    pub fn url(&self) -> &Reference {
        self.request.url()
    }

    /// The request's own fields.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }

    /// The request's own fields, to be changed.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        self.request.headers_mut()
    }

    /// The version of HTTP that it is sent in.
    #[must_use]
    pub fn version(&self) -> Version {
        self.request.version()
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> Option<&B> {
        self.body.as_ref()
    }

    /// All else that it says: credential, cookies, timeouts, redirect and retry rules.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The same, to be changed. What it says of the body is said anew when it is sent.
    pub fn request_mut(&mut self) -> &mut Request {
        &mut self.request
    }

    /// The request and its body.
    #[must_use]
    pub fn into_parts(mut self) -> (Box<Request>, Option<B>) {
        describe(&mut self.request, self.body.as_ref());
        (self.request, self.body)
    }

    /// The same request once more; `None` where its body can be read only once.
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        let body = match &self.body {
            Some(body) => Some(body.try_clone()?),
            None => None,
        };
        Some(Self { request: self.request.clone(), body })
    }

    pub(super) fn of(request: Box<Request>, body: Option<B>) -> Self {
        Self { request, body }
    }
}

impl<B> fmt::Debug for BuiltRequest<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BuiltRequest").field(&self.request).finish()
    }
}

impl<B: RequestContent> From<Request> for BuiltRequest<B> {
    /// A request without a body.
    fn from(request: Request) -> Self {
        Self::new(request, None)
    }
}

impl<T: Into<B>, B: RequestContent> From<http::Request<T>> for BuiltRequest<B> {
    /// Method, URI, fields, version and body; the extensions are left behind.
    fn from(request: http::Request<T>) -> Self {
        let (parts, body) = request.into_parts();
        Self::new(Request::from(parts), Some(body.into()))
    }
}

impl<B: RequestContent> TryFrom<BuiltRequest<B>> for http::Request<B> {
    type Error = Error;

    /// Method, absolute URL with the request's own parameters, its own fields with the Content-Type that its body has, version and
    /// body. Lost is what an [`http::Request`] has no place for: fragment and user information of the URL, credential, cookies,
    /// trailers, timeouts, rules, TLS settings, what of the session's is left out. What the session would send is
    /// [`RequestBuilder::preview`](super::RequestBuilder::preview)'s to tell.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUrl`] for a relative URL, which the builder of a session makes absolute, and for one that cannot be a URI.
    fn try_from(built: BuiltRequest<B>) -> Result<Self, Error> {
        let (parts, body) = built.into_parts();
        let mut url = parts.url.absolute(None)?;
        append_params(&mut url, &[], &parts.params);
        url.set_fragment(None);
        // Neither fails for a URL that can be sent to.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        let uri = Uri::try_from(url.as_str()).map_err(|source| {
            Error::new(ErrorKind::InvalidUrl, Phase::Build, "the URL cannot be a URI")
                .with_url(&url)
                .with_source(source)
        })?;
        let mut request = Self::new(body.unwrap_or_else(|| B::from(Bytes::new())));
        *request.method_mut() = parts.method;
        *request.uri_mut() = uri;
        *request.version_mut() = parts.version;
        *request.headers_mut() = parts.headers;
        if let Some(of) = parts.body_type
            && !request.headers().contains_key(CONTENT_TYPE)
        {
            request.headers_mut().insert(CONTENT_TYPE, of);
        }
        Ok(request)
    }
}

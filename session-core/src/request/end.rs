//! What becomes of a request that is described: it is sent, built, previewed or copied.

use super::built::BuiltRequest;
use super::{Dispatch, RequestBuilder};
use crate::error::Error;
use crate::message::into_url::IntoUrl;
use crate::session::preview::Preview;

impl<D: Dispatch> RequestBuilder<D> {
    /// The same builder once more. `None` where its body can be read only once, and where something is wrong already, which
    /// `send` tells.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// let request = session.get("http://a.test/").header("x-app", "demo");
    /// let again = request.try_clone().expect("it has no body that could be read only once");
    /// assert_eq!(request.build()?.headers(), again.build()?.headers());
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    #[must_use]
    pub fn try_clone(&self) -> Option<Self>
    where
        D: Clone,
    {
        if self.error.is_some() {
            return None;
        }
        let (dispatch, request) = (self.dispatch.clone(), self.request.clone());
        Some(Self { dispatch, request, draft: self.draft.try_clone()?, error: None })
    }

    /// The method, URI and fields that would be sent, and why. Nothing is sent, and nothing changes in the session.
    ///
    /// # Errors
    /// What `send` would tell before it sends anything.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// let preview = session.get("http://a.test/").bearer_auth("token").preview()?;
    /// assert!(preview.head.headers().contains_key("authorization"));
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn preview(mut self) -> Result<Preview, Error> {
        self.settle()?;
        self.dispatch.preview(*self.request)
    }

    /// The request with its body, to be looked at, changed or kept, and sent by a session's `execute`. Its URL is joined to the
    /// session's `base_url` here; what the session adds (fields, cookies, parameters, credentials) is added when it is sent.
    ///
    /// # Errors
    /// What is wrong with the request, where that can be told before it is sent.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// let mut request = session.get("http://a.test/").build()?;
    /// request.headers_mut().insert("x-late", http::HeaderValue::from_static("1"));
    /// let response = session.execute(request);
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn build(mut self) -> Result<BuiltRequest<D::Body>, Error> {
        let body = self.settle()?;
        let url = self.request.url.joined(self.dispatch.base_url().as_ref(), self.dispatch.base_join())?;
        self.request.url = url.into_reference();
        Ok(BuiltRequest::of(self.request, body))
    }

    /// Sends the request.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// # let script = script.any("http://a.test/").reply(200).body("hello");
    /// assert_eq!(session.get("http://a.test/").send()?.text()?, "hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send(mut self) -> D::Outcome {
        match self.settle() {
            Ok(body) => self.dispatch.dispatch(Ok((self.request, body))),
            Err(error) => self.dispatch.dispatch(Err(error)),
        }
    }

    /// Writes into the request what its body means for it, and gives the body.
    fn settle(&mut self) -> Result<Option<D::Body>, Error> {
        let settled = match self.error.take() {
            Some(error) => Err(error),
            None => std::mem::take(&mut self.draft).settle(&mut self.request),
        };
        settled.map_err(|error| {
            match self.request.url.joined(self.dispatch.base_url().as_ref(), self.dispatch.base_join()) {
                Ok(url) => error.with_url(&url),
                Err(_) => error,
            }
        })
    }
}

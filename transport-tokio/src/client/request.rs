//! From a session to a request: a function for each method, and requests that were built before.

use crate::body::Body;
use crate::client::{ResponseFuture, Session};
use http::Method;
use session_core::message::into_url::IntoUrl;
use session_core::request::Dispatch;

/// Builds a request; [`send`](session_core::request::RequestBuilder::send) gives a [`ResponseFuture`].
///
/// ```no_run
/// # async fn run(session: transport_tokio::Session) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use transport_tokio::multipart::{Form, Part};
///
/// let found = session.get("https://a.test/s").query(&[("q", "lamp")]).query(&[("page", 2)]).bearer_auth("token");
/// println!("{}", found.timeout(Duration::from_secs(5)).send().await?.text().await?);
///
/// session.post("https://a.test/login").form(&[("user", "ada"), ("password", "1234")]).send().await?.error_for_status()?;
///
/// let form = Form::new().text("title", "Sunset").part("photo", Part::file("sunset.jpg").await?);
/// session.post("https://a.test/photos").multipart(form).header("x-app", "demo").send().await?;
/// # Ok(())
/// # }
/// ```
pub type RequestBuilder<'a> = session_core::request::RequestBuilder<&'a Session>;

/// A request with its body, as [`build`](session_core::request::RequestBuilder::build) gives it and [`Session::execute`] takes it.
pub type Request = session_core::request::built::BuiltRequest<Body>;

impl Session {
    /// A GET request.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::GET, url)
    }

    /// A POST request.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::POST, url)
    }

    /// A PUT request.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::PUT, url)
    }

    /// A PATCH request.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::PATCH, url)
    }

    /// A DELETE request.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::DELETE, url)
    }

    /// A HEAD request.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::HEAD, url)
    }

    /// An OPTIONS request.
    pub fn options(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::OPTIONS, url)
    }

    /// A TRACE request: what came at the server is sent back. It has no body.
    pub fn trace(&self, url: impl IntoUrl) -> RequestBuilder<'_> {
        self.request(Method::TRACE, url)
    }

    /// A request of any method: a [`Method`], or text. A relative URL is joined to the session's `base_url`.
    pub fn request<M>(&self, method: M, url: impl IntoUrl) -> RequestBuilder<'_>
    where
        M: AsRef<str> + TryInto<Method, Error: Into<http::Error>>,
    {
        RequestBuilder::new(self, method, url)
    }

    /// Sends a request that was built before, or an [`http::Request`] with whatever can be a [`Body`]. What the session has for it is
    /// added now.
    ///
    /// ```no_run
    /// # use transport_tokio::Session;
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let session = Session::new();
    /// let request = session.get("http://a.test/").query(&[("page", "1")]).build()?;
    /// let again = request.try_clone().expect("it has no body");
    /// session.execute(request).await?;
    /// session.execute(again).await?;
    /// session.execute(http::Request::post("http://a.test/").header("x-y", "z").body("text")?).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn execute(&self, request: impl Into<Request>) -> ResponseFuture {
        self.dispatch(Ok(request.into().into_parts()))
    }
}

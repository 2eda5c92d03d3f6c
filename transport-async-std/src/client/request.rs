//! From a session to a request: a function for each method, and requests that were built before.

use crate::body::Body;
use crate::client::{ResponseFuture, Session};
use session_core::request::Dispatch;
use session_core::request_methods;

/// Builds a request; [`send`](session_core::request::RequestBuilder::send) gives a [`ResponseFuture`].
///
/// ```no_run
/// # async fn run(session: transport_async_std::Session) -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use transport_async_std::multipart::{Form, Part};
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

request_methods!(impl[] Session);

impl Session {
    /// Sends a request that was built before, or an [`http::Request`] with whatever can be a [`Body`]. What the session has for it is
    /// added now.
    ///
    /// ```no_run
    /// # use transport_async_std::Session;
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

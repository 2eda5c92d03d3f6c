//! From a session to a request: the functions of every transport's session, one for each method. They are the same text over
//! [`Dispatch`](crate::request::Dispatch), so a macro writes them.

/// Gives a session `get`, `post` and their like, and `request`. A reference to it must be a
/// [`Dispatch`](crate::request::Dispatch).
#[doc(hidden)]
#[macro_export]
macro_rules! request_methods {
    (impl[$($parameter:ident)?] $session:ty) => {
        /// Requests: each goes nowhere until it is sent.
        impl$(<$parameter>)? $session {
            /// A GET request.
            pub fn get(&self, url: impl $crate::message::into_url::IntoUrl) -> $crate::request::RequestBuilder<&Self> {
                self.request(::http::Method::GET, url)
            }

            /// A POST request.
            pub fn post(&self, url: impl $crate::message::into_url::IntoUrl) -> $crate::request::RequestBuilder<&Self> {
                self.request(::http::Method::POST, url)
            }

            /// A PUT request.
            pub fn put(&self, url: impl $crate::message::into_url::IntoUrl) -> $crate::request::RequestBuilder<&Self> {
                self.request(::http::Method::PUT, url)
            }

            /// A PATCH request.
            pub fn patch(&self, url: impl $crate::message::into_url::IntoUrl) -> $crate::request::RequestBuilder<&Self> {
                self.request(::http::Method::PATCH, url)
            }

            /// A DELETE request.
            pub fn delete(&self, url: impl $crate::message::into_url::IntoUrl) -> $crate::request::RequestBuilder<&Self> {
                self.request(::http::Method::DELETE, url)
            }

            /// A HEAD request.
            pub fn head(&self, url: impl $crate::message::into_url::IntoUrl) -> $crate::request::RequestBuilder<&Self> {
                self.request(::http::Method::HEAD, url)
            }

            /// An OPTIONS request.
            pub fn options(&self, url: impl $crate::message::into_url::IntoUrl) -> $crate::request::RequestBuilder<&Self> {
                self.request(::http::Method::OPTIONS, url)
            }

            /// A TRACE request: what came at the server is sent back. It has no body.
            pub fn trace(&self, url: impl $crate::message::into_url::IntoUrl) -> $crate::request::RequestBuilder<&Self> {
                self.request(::http::Method::TRACE, url)
            }

            /// A request of any method: a [`Method`](http::Method), or text. A relative URL is joined to the session's `base_url`.
            pub fn request<M>(
                &self,
                method: M,
                url: impl $crate::message::into_url::IntoUrl,
            ) -> $crate::request::RequestBuilder<&Self>
            where
                M: AsRef<str> + TryInto<::http::Method, Error: Into<::http::Error>>,
            {
                $crate::request::RequestBuilder::new(self, method, url)
            }
        }
    };
}

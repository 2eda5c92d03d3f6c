//! Queries and forms from what serde can write: structs, maps, sequences of pairs.

use crate::error::{Error, ErrorKind, Phase};
use crate::request::content::FORM;
use crate::request::{Dispatch, RequestBuilder};
use serde::Serialize;
use url::form_urlencoded;

impl<D: Dispatch> RequestBuilder<D> {
    /// Adds the fields of a struct, or the entries of a map, to the URL's own query, as [`query`](RequestBuilder::query) does pairs. A
    /// sequence (`Vec`, a slice) is one parameter for each of its items, and what is `None` is left out. What has further fields within, as
    /// a struct in a struct, is no parameter: an error, told by `send`. So is an array, which serde has as a tuple.
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// #[derive(serde::Serialize)]
    /// struct Search<'a> {
    ///     q: &'a str,
    ///     tag: Vec<&'a str>,
    ///     page: Option<u32>,
    /// }
    ///
    /// let search = Search { q: "a b", tag: vec!["x", "y"], page: None };
    /// let found = session.get("http://a.test/search?lang=en").query_of(&search);
    /// assert_eq!(found.preview()?.head.uri(), "http://a.test/search?lang=en&q=a+b&tag=x&tag=y");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn query_of<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_html_form::to_string(value) {
            Ok(text) => {
                for (name, value) in form_urlencoded::parse(text.as_bytes()) {
                    self.request.add_param(name, value);
                }
                self
            }
            Err(source) => self.keep_error(Err(unwritable("the query", ErrorKind::InvalidUrl, source))),
        }
    }

    /// A form as the body, as [`form`](RequestBuilder::form), of a value: see [`query_of`](RequestBuilder::query_of).
    ///
    /// ```
    /// # let script = session_testkit::Script::new();
    /// # let session = script.session();
    /// #[derive(serde::Serialize)]
    /// struct Login<'a> {
    ///     user: &'a str,
    ///     password: &'a str,
    /// }
    ///
    /// let login = session.post("http://a.test/login").form_of(&Login { user: "ada", password: "1234" });
    /// assert_eq!(login.preview()?.head.headers()["content-type"], "application/x-www-form-urlencoded");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn form_of<T: Serialize + ?Sized>(self, value: &T) -> Self {
        match serde_html_form::to_string(value) {
            Ok(text) => self.typed(FORM, text),
            Err(source) => self.keep_error(Err(unwritable("the form", ErrorKind::Body, source))),
        }
    }
}

fn unwritable(what: &str, kind: ErrorKind, source: serde_html_form::ser::Error) -> Error {
    Error::new(kind, Phase::Build, format!("{what} cannot be written: {source}"))
        .with_expected("a struct, a map or pairs, of text, numbers, `bool` and sequences of these")
        .with_source(source)
}

//! What is told where requests and script do not agree: a request that the script does not have, and one that did not come.

use crate::scripted::expect::Asked;
use session_core::error::{Error, ErrorKind, Phase};
use session_core::retry::failure::{Failure, FailureKind};
use std::error::Error as StdError;
use std::fmt;

/// A request that nothing in the script is for. It is the source of the error that the caller gets, see [`Unexpected::of`].
#[derive(Clone, Debug)]
pub struct Unexpected {
    asked: Asked,
    why: Vec<String>,
}

/// How many lines of a script are named where none fits.
const LINES: usize = 12;

impl Unexpected {
    pub(super) fn new(asked: Asked, why: Vec<String>) -> Self {
        Self { asked, why }
    }

    /// The request.
    #[must_use]
    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    /// Each line of the script, and why it is not for this request.
    #[must_use]
    pub fn expected(&self) -> &[String] {
        &self.why
    }

    /// The one among the causes of an error, where the script had nothing for the request.
    ///
    /// ```
    /// use session_testkit::Script;
    /// use session_testkit::scripted::unexpected::Unexpected;
    ///
    /// let error = Script::new().session().get("http://a.test/x").send().unwrap_err();
    /// assert_eq!(Unexpected::of(&error).unwrap().asked().url.path(), "/x");
    /// ```
    #[must_use]
    pub fn of<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref() {
                return Some(found);
            }
            next = error.source();
        }
        None
    }

    /// The same as what the session is told: it is not tried again.
    pub(super) fn into_failure(self: Box<Self>) -> Failure {
        let error = Error::new(ErrorKind::Unsupported, Phase::Send, self.to_string()).with_source(*self);
        Failure::before_sending(FailureKind::Request, error)
    }
}

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing in the script is for {}", self.asked)?;
        if self.why.is_empty() {
            return f.write_str("; it expects nothing");
        }
        for (index, why) in self.why.iter().take(LINES).enumerate() {
            f.write_str(if index == 0 { "; it has " } else { ", " })?;
            f.write_str(why)?;
        }
        match self.why.len().checked_sub(LINES).filter(|more| *more > 0) {
            Some(more) => write!(f, ", and {more} more"),
            None => Ok(()),
        }
    }
}

impl StdError for Unexpected {}

/// What a script and its requests do not agree on, at the end of a test.
#[derive(Clone, Debug)]
pub struct Unmet {
    pub(super) missing: Vec<String>,
    pub(super) unexpected: Vec<Unexpected>,
}

impl Unmet {
    /// The lines of the script that were asked too seldom, each with how often.
    #[must_use]
    pub fn missing(&self) -> &[String] {
        &self.missing
    }

    /// The requests that nothing in the script was for.
    #[must_use]
    pub fn unexpected(&self) -> &[Unexpected] {
        &self.unexpected
    }
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the script was not followed")?;
        for missing in &self.missing {
            write!(f, "\n  not asked: {missing}")?;
        }
        for unexpected in &self.unexpected {
            write!(f, "\n  {unexpected}")?;
        }
        Ok(())
    }
}

impl StdError for Unmet {}

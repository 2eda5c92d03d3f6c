//! What an exchange went through: each hop with what was sent, what came and why.

use crate::message::head::{ResponseHead, ShownFields};
use crate::message::target::Target;
use crate::session::reason::Reason;
use crate::time::timings::Timings;
use http::{HeaderMap, Method, StatusCode};
use std::fmt;
use url::Url;

/// The hops of one exchange, oldest first. Its `Display` tells them as a story, without secrets.
///
/// ```
/// # let script = session_testkit::Script::new().any("/a").redirect(302, "/b").any("/b").reply(200);
/// # let session = script.session();
/// let response = session.get("http://a.test/a").send()?;
/// for hop in response.history().hops() {
///     println!("{} {} {:?}", hop.method(), hop.url(), hop.status());
///     for reason in hop.reasons() {
///         println!("  {reason}");
///     }
/// }
/// # assert_eq!(response.history().hops().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct History {
    hops: Vec<HopRecord>,
}

/// One hop that is over.
#[derive(Clone)]
pub struct HopRecord {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) sent: HeaderMap,
    pub(crate) status: Option<StatusCode>,
    pub(crate) received: Option<ResponseHead>,
    pub(crate) ending: Ending,
    pub(crate) timings: Timings,
    pub(crate) reasons: Vec<Reason>,
}

/// How a hop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// Its answer was delivered.
    Delivered,
    /// Its answer was a redirect, and was followed.
    Followed,
    /// Its answer was a challenge for credentials, which the next hop answers.
    Answered,
    /// It was, or will be, tried again.
    Retried,
    /// The exchange ended there with an error.
    Failed,
}

impl History {
    pub(crate) fn push(&mut self, record: HopRecord) {
        // Most exchanges are one hop, and a record is large.
        if self.hops.is_empty() {
            self.hops.reserve_exact(1);
        }
        self.hops.push(record);
    }

    pub(crate) fn last_mut(&mut self) -> Option<&mut HopRecord> {
        self.hops.last_mut()
    }

    /// Every hop, the last one too.
    #[must_use]
    pub fn hops(&self) -> &[HopRecord] {
        &self.hops
    }

    /// The hops whose answers were redirects that were followed, oldest first (`response.history` in requests).
    pub fn redirects(&self) -> impl Iterator<Item = &HopRecord> {
        self.hops.iter().filter(|hop| hop.ending == Ending::Followed)
    }

    /// The statuses of the redirects that were followed.
    #[must_use]
    pub fn statuses(&self) -> Vec<u16> {
        self.redirects().filter_map(|hop| hop.status).map(|status| status.as_u16()).collect()
    }

    /// Every reason of every hop, oldest first.
    pub fn reasons(&self) -> impl Iterator<Item = &Reason> {
        self.hops.iter().flat_map(|hop| &hop.reasons)
    }
}

impl HopRecord {
    /// The method that was sent.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The URL that was asked, with its fragment, without user information.
    #[must_use]
    pub fn url(&self) -> &Url {
        self.target.url()
    }

    /// The fields that were sent, without those that frame the body.
    #[must_use]
    pub fn request_headers(&self) -> &HeaderMap {
        &self.sent
    }

    /// The status that came; `None` where no answer came.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// The response head that came. For the hop whose answer was delivered it is with the delivery, and not here.
    #[must_use]
    pub fn response(&self) -> Option<&ResponseHead> {
        self.received.as_ref()
    }

    /// How the hop ended.
    #[must_use]
    pub fn ending(&self) -> Ending {
        self.ending
    }

    /// When it began and how long its stages took, as far as the transport measured that. The body is never among them: that
    /// of a delivered answer is still to be read then, and any other was not wanted. A history from a snapshot has none.
    #[must_use]
    pub fn timings(&self) -> &Timings {
        &self.timings
    }

    /// The decisions taken for and after this hop, in their order. Empty where recording is off.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }
}

impl fmt::Debug for HopRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HopRecord")
            .field("method", &self.method)
            .field("url", &self.url().as_str())
            .field("sent", &ShownFields(&self.sent))
            .field("status", &self.status)
            .field("received", &self.received)
            .field("ending", &self.ending)
            .field("reasons", &self.reasons)
            .finish()
    }
}

impl fmt::Display for HopRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.method, self.url())?;
        for line in ShownFields(&self.sent).to_string().lines() {
            writeln!(f, "  > {line}")?;
        }
        match self.status {
            Some(status) => writeln!(f, "  < {status}")?,
            None => writeln!(f, "  < no answer")?,
        }
        if let Some(head) = self.received.as_ref().filter(|head| !head.headers.is_empty()) {
            for line in ShownFields(&head.headers).to_string().lines() {
                writeln!(f, "  < {line}")?;
            }
        }
        for reason in &self.reasons {
            writeln!(f, "  = {reason}")?;
        }
        Ok(())
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, hop) in self.hops.iter().enumerate() {
            write!(f, "{}. {hop}", index.saturating_add(1))?;
        }
        Ok(())
    }
}

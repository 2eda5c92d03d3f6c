//! What a session knows, as data for another process (feature `serde`): the core makes it, here it is handed out.

use super::Session;
use session_core::session::snapshot::{Change, Snapshot};

impl Session {
    /// What the session knows now: cookies, default fields, fields and settings for single origins, credentials, netrc, Digest
    /// states, hosts that are asked over https alone, the budget of retries. Its settings for all origins are not in it, nor
    /// are connections. It holds secrets in the clear: see [the module](session_core::session::snapshot).
    ///
    /// Where the session shares a jar, the snapshot holds the jar's cookies as they are now, also those that another session
    /// put there. What is restored has them in a jar of its own; [`Session::share_cookies`] leaves these behind for the jar
    /// that it is given.
    ///
    /// [`SessionBuilder::restore`](session_core::session::builder::SessionBuilder::restore) makes a session of it, with the
    /// settings of that builder.
    ///
    /// ```
    /// use session_core::time::Now;
    /// use std::time::{Instant, SystemTime};
    /// use transport_tokio::Session;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let session = Session::builder().default_header("x-app", "demo").build()?;
    /// let saved = serde_json::to_string(&session.snapshot())?;
    ///
    /// // In another process:
    /// let now = Now::new(Instant::now(), SystemTime::now());
    /// let session = Session::builder().restore(serde_json::from_str(&saved)?, now).build()?;
    /// assert_eq!(session.headers().get("x-app").unwrap(), "demo");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.shared().verb(|core, now| core.snapshot(now))
    }

    /// What changed since `earlier`, told without values.
    ///
    /// ```
    /// # use transport_tokio::Session;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let session = Session::new();
    /// let earlier = session.snapshot();
    /// session.close();
    /// assert_eq!(session.diff(&earlier)[0].to_string(), "the session was closed");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn diff(&self, earlier: &Snapshot) -> Vec<Change> {
        self.shared().verb(|core, now| core.diff(earlier, now))
    }
}

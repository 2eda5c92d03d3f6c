//! What would be sent, without sending it.

use crate::error::Error;
use crate::message::body::Framing;
use crate::session::Session;
use crate::session::exchange::Exchange;
use crate::session::plain::Plain;
use crate::session::reason::Reason;
use crate::session::request::Request;
use crate::session::start;
use crate::session::{decide, prepare};
use crate::time::Now;

/// The first hop that a request would make.
///
/// ```
/// # let script = session_testkit::Script::new();
/// # let session = script.session();
/// session.cookies().set("https://a.test/", "lang", "de")?;
/// let preview = session.get("https://a.test/").preview()?;
/// assert_eq!(preview.head.headers()["cookie"], "lang=de");
/// for reason in &preview.reasons {
///     println!("{reason}");
/// }
/// # Ok::<(), session_core::error::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Preview {
    /// Method, URI and fields as they would be sent, the framing fields left out.
    pub head: http::Request<()>,
    /// How the body would be framed.
    pub framing: Framing,
    /// Why: cookies and credentials sent or left out.
    pub reasons: Vec<Reason>,
}

impl Session {
    /// Exactly what `begin` would have sent for this request, now. Nothing changes: no credential is bound to an origin, no
    /// cookie counts as used.
    ///
    /// # Errors
    /// As [`Session::begin`], but for a closed session.
    ///
    /// ```
    /// # use session_core::session::{Session, request::Request};
    /// # use session_core::time::Now;
    /// # let now = Now::new(std::time::Instant::now(), std::time::SystemTime::now());
    /// let session = Session::builder().default_header("x-app", "demo").build()?;
    /// let preview = session.preview(Request::get("http://a.test/x"), now)?;
    /// assert_eq!(preview.head.headers()["x-app"], "demo");
    /// # Ok::<(), session_core::error::Error>(())
    /// ```
    pub fn preview(&self, request: Request, now: Now) -> Result<Preview, Error> {
        let request = Box::new(request);
        let mut exchange = start::exchange(&self.settings, &self.memory, &mut self.recent.clone(), request, now)?;
        let (mut memory, mut entropy) = (self.memory.clone(), self.entropy.clone());
        decide::upgrade(&self.settings, &memory, &mut exchange, now);
        prepare::head(&self.settings, &mut memory, &mut Plain::default(), &mut entropy, &mut exchange, now)
            .map_err(|error| error.with_url(exchange.target.url()))?;
        let Exchange { head, framing, reasons, .. } = *exchange;
        Ok(Preview { head, framing, reasons })
    }
}

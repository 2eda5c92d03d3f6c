//! What exchanges did when: their hops on one line of time, as text for a terminal or as a page for a browser. It only formats
//! what history and timings hold.

mod html;
mod scale;
mod text;

use crate::error::ErrorKind;
use crate::message::head::{ResponseHead, ShownFields};
use crate::session::history::{Ending, History, HopRecord};
use crate::time::timings::{Stage, Timings};
use crate::transport::error::Error;
use crate::transport::response::ResponseInfo;
use http::{HeaderMap, Method, StatusCode};
use std::fmt;
use std::time::{Duration, SystemTime};
use url::Url;

/// Exchanges on one line of time, hop by hop.
///
/// URLs are shown with their queries and without user information, fields without the values of credentials.
///
/// ```
/// # use session_core::session::{Session, request::Request, step::Step};
/// # use session_core::{message::head::ResponseHead, time::Now, transport::response::ResponseInfo};
/// # use session_core::time::timings::{Stage, Timings};
/// # use std::time::{Duration, Instant, SystemTime};
/// use session_core::transport::waterfall::Waterfall;
///
/// # let now = Now::new(Instant::now(), SystemTime::now());
/// # let mut session = Session::builder().build()?;
/// # let Step::Send(mut hop) = session.begin(Request::get("http://a.test/x"), now)? else { panic!() };
/// # let ms = Duration::from_millis;
/// # hop.set_timings(Timings::default().with(Stage::Connect, ms(20)).with(Stage::Wait, ms(70)).with(Stage::Head, ms(80)));
/// # let Step::Done(delivery) = session.handle_response(hop, ResponseHead::new(http::StatusCode::OK), now)? else { panic!() };
/// # let response = ResponseInfo::new(delivery, None, ms(80), Default::default());
/// let mut waterfall = Waterfall::new();
/// waterfall.add(&response);
/// println!("{}", waterfall.text(100));
/// assert!(waterfall.text(60).contains("GET http://a.test/x"));
///
/// let page = waterfall.html("What the session did");
/// assert!(page.starts_with("<!doctype html>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Waterfall {
    exchanges: Vec<Exchange>,
    alignment: Alignment,
}

/// Where on the line exchanges begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "they begin when they did, or together")]
pub enum Alignment {
    /// When they did, by the wall clock. One whose clock is not known begins where the one before it ended.
    #[default]
    AsMeasured,
    /// All at the beginning, to be compared.
    Together,
}

#[derive(Clone)]
struct Exchange {
    /// What the wall clock showed when it began.
    begun: Option<SystemTime>,
    hops: Vec<Hop>,
}

/// One hop, its times since its exchange began.
#[derive(Clone)]
struct Hop {
    lead: Lead,
    method: Method,
    url: Url,
    status: Option<StatusCode>,
    /// The error that ended the exchange there.
    error: Option<ErrorKind>,
    timings: Timings,
    sent: String,
    received: String,
    reasons: Vec<String>,
}

/// Why a hop was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lead {
    Asked,
    Redirected,
    Retried,
    Challenged,
}

impl Waterfall {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with exchanges that begin there. Default: [`Alignment::AsMeasured`].
    #[must_use]
    pub fn aligned(mut self, alignment: Alignment) -> Self {
        self.alignment = alignment;
        self
    }

    /// Adds the exchange that gave a response. How long its body took is not known to it: see
    /// [`add_with`](Self::add_with).
    pub fn add(&mut self, response: &ResponseInfo) {
        self.add_with(response, ResponseInfo::timings(response));
    }

    /// The same with the timings of the last hop: those of a response whose body was read tell how long that took.
    pub fn add_with(&mut self, response: &ResponseInfo, last: Timings) {
        self.push(response.history(), Some(response.head()), Some(last), None);
    }

    /// Adds an exchange that ended with an error, as far as it went. An error before anything was sent adds nothing.
    pub fn add_failure<R>(&mut self, error: &Error<R>) {
        self.push(error.history(), None, None, Some(error.kind()));
    }

    /// Adds an exchange by its history alone.
    pub fn add_history(&mut self, history: &History) {
        self.push(history, None, None, None);
    }

    /// How many exchanges are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.exchanges.len()
    }

    /// Whether none is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }

    /// As lines of text of at most this many columns: 60 to 400, what is outside is taken as the nearest. One line for each hop,
    /// one character for each column. Its last line ends without a line end.
    #[must_use]
    pub fn text(&self, width: usize) -> String {
        text::write(self, width)
    }

    /// As a page of its own: HTML with its style in it, without scripts, and with nothing to be loaded. Whatever peers wrote is
    /// escaped. It is UTF-8, and follows the reader's choice of light or dark.
    #[must_use]
    pub fn html(&self, title: &str) -> String {
        html::write(self, title)
    }

    fn push(
        &mut self,
        history: &History,
        delivered: Option<&ResponseHead>,
        last: Option<Timings>,
        error: Option<ErrorKind>,
    ) {
        let mut lead = Lead::Asked;
        let mut hops = Vec::new();
        let mut records = history.hops().iter().peekable();
        while let Some(record) = records.next() {
            let is_last = records.peek().is_none();
            let head = record.response().or(delivered.filter(|_| is_last));
            let timings = last.filter(|_| is_last).unwrap_or_else(|| *record.timings());
            hops.push(Hop::new(lead, record, head, timings, error.filter(|_| is_last)));
            lead = match record.ending() {
                Ending::Followed => Lead::Redirected,
                Ending::Answered => Lead::Challenged,
                Ending::Retried | Ending::Delivered | Ending::Failed => Lead::Retried,
            };
        }
        let begun = hops.iter().find_map(|hop| hop.timings.wall()?.checked_sub(hop.timings.started()));
        if !hops.is_empty() {
            self.exchanges.push(Exchange { begun, hops });
        }
    }

    /// Each exchange with its beginning on the line.
    fn placed(&self) -> Vec<(Duration, &Exchange)> {
        let first = self.exchanges.iter().filter_map(|exchange| exchange.begun).min();
        let mut end = Duration::ZERO;
        let place = |exchange: &Exchange, end: Duration| match (self.alignment, exchange.begun, first) {
            (Alignment::Together, ..) => Duration::ZERO,
            (Alignment::AsMeasured, Some(begun), Some(first)) => begun.duration_since(first).unwrap_or_default(),
            (Alignment::AsMeasured, ..) => end,
        };
        let placed = self.exchanges.iter().map(|exchange| {
            let start = place(exchange, end);
            end = start.saturating_add(exchange.took());
            (start, exchange)
        });
        placed.collect()
    }

    /// How long the line is.
    fn span(&self) -> Duration {
        let ends = self.placed().into_iter().map(|(start, exchange)| start.saturating_add(exchange.took()));
        ends.max().unwrap_or_default()
    }
}

impl Exchange {
    fn took(&self) -> Duration {
        self.hops.iter().map(Hop::ended).max().unwrap_or_default()
    }
}

impl Hop {
    fn new(
        lead: Lead,
        record: &HopRecord,
        head: Option<&ResponseHead>,
        timings: Timings,
        error: Option<ErrorKind>,
    ) -> Self {
        let shown = |fields: &HeaderMap| ShownFields(fields).to_string();
        Self {
            lead,
            method: record.method().clone(),
            url: record.url().clone(),
            status: record.status(),
            error,
            timings,
            sent: shown(record.request_headers()),
            received: head.map(|head| shown(&head.headers)).unwrap_or_default(),
            reasons: record.reasons().iter().map(ToString::to_string).collect(),
        }
    }

    fn ended(&self) -> Duration {
        self.timings.ended()
    }

    fn took(&self) -> Duration {
        self.ended().saturating_sub(self.timings.started())
    }

    /// Its stages, and what came after the last one until it failed.
    fn parts(&self) -> Vec<(Part, Duration, Duration)> {
        let mut parts: Vec<_> = self.timings.stages().map(|(stage, from, to)| (Part::Stage(stage), from, to)).collect();
        let last = parts.last().map_or(self.timings.started(), |(_, _, to)| *to);
        if self.status.is_none() {
            parts.push((Part::Broken, last, self.ended()));
        }
        parts
    }

    /// Its status, or what happened instead.
    fn outcome(&self) -> String {
        match (self.status, self.error) {
            (Some(status), _) => status.as_str().to_owned(),
            (None, Some(error)) => error.to_string(),
            (None, None) => "lost".to_owned(),
        }
    }
}

/// A part of a hop on the line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Stage(Stage),
    /// What a hop that failed was at when it did.
    Broken,
}

impl Lead {
    fn told(self) -> &'static str {
        match self {
            Self::Asked => "request",
            Self::Redirected => "redirect",
            Self::Retried => "again",
            Self::Challenged => "with a credential",
        }
    }
}

impl fmt::Display for Waterfall {
    /// In 100 columns.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(100))
    }
}

impl fmt::Debug for Waterfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Waterfall({} exchanges)", self.len())
    }
}

#[cfg(test)]
mod tests;
